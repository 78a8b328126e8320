//! The Administration page, its live part, and the toggle (A1–A3, B4, B8).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::{fragment, page, see_other};
use crate::blobs::Blobs;
use crate::capture::switch;
use crate::db::Conn;
use crate::error::Result;
use crate::exports::archives;
use crate::exports::requests::{self, HistoryRow, Policy, Stretch};
use crate::http::forms::Submission;
use crate::http::sessions::Visitor;
use crate::http::views::access::TurnOff;
use crate::http::views::administration::{Administration, Checking, Holder, Holders, Section};
use crate::http::views::history::{History, Requesting, Row};
use crate::http::{State, chrome};
use crate::identity::access::{self, Administrator};
use crate::identity::rules::Standing;
use crate::model::{RequestId, Timestamp, User, UserId};

/// Rows of the Export History on one page: so few that the page stays small.
const ROWS: u16 = 10;

/// So many of those with access are named on the page of one of them, and to one who is to ask them.
const NAMED: u16 = 6;
const TO_ASK: u16 = 10;

/// Which page of the history.
#[derive(Deserialize)]
pub struct Query {
    #[serde(default)]
    before: Option<RequestId>,
    #[serde(default)]
    after: Option<RequestId>,
}

impl Query {
    fn stretch(&self) -> Stretch {
        match (self.before, self.after) {
            (Some(before), _) => Stretch::Before(before),
            (None, Some(after)) => Stretch::After(after),
            (None, None) => Stretch::Newest,
        }
    }
}

/// `GET /administration`: administrators of the account.
///
/// # Errors
/// Those of [`access::administrator`].
pub async fn get(state: web::Data<State>, visitor: Visitor, query: web::Query<Query>) -> Result<HttpResponse> {
    let Visitor { user, session } = visitor;
    let (csrf, policy, stretch) = (session.csrf(), state.policy, query.stretch());
    let blobs = state.blobs.clone();
    let (administrator, section) =
        state.read(move |c, now| section(c, &blobs, user, csrf, policy, stretch, now)).await?;
    let chrome = chrome::for_person(&state, &session, &administrator.user, &administrator.account);
    let checking = Checking::new(&state.public_key);
    page(StatusCode::OK, &Administration { chrome, account: administrator.account.name, section, checking })
}

fn section(
    c: &mut Conn,
    blobs: &Blobs,
    user: UserId,
    csrf: String,
    policy: Policy,
    stretch: Stretch,
    now: Timestamp,
) -> Result<(Administrator, Section)> {
    let administrator = access::administrator(c, user)?;
    let section = match administrator.standing {
        Standing::NotIncluded => Section::NotIncluded,
        Standing::Off { access: false } => Section::Off { history: None },
        Standing::Off { access: true } => {
            let history = history(c, blobs, &administrator, csrf, policy, stretch, now)?;
            // Without any export there is nothing to be looked after.
            Section::Off {
                history: Some(history).filter(|history| !history.rows.is_empty() || history.is_later_page()),
            }
        }
        Standing::OnWithAccess => Section::On {
            holders: holders(c, &administrator, NAMED)?,
            history: history(c, blobs, &administrator, csrf, policy, stretch, now)?,
        },
        Standing::OnWithoutAccess => Section::OnWithoutAccess {
            holders: holders(c, &administrator, TO_ASK)?,
            email: administrator.user.email.clone().unwrap_or_default(),
        },
    };
    Ok((administrator, section))
}

fn holders(c: &mut Conn, administrator: &Administrator, limit: u16) -> Result<Holders> {
    let holder = |user: User| Holder { is_you: user.id == administrator.user.id, name: user.name, email: user.email };
    let found = access::some_holders(c, administrator, limit)?;
    Ok(Holders { people: found.people.into_iter().map(holder).collect(), others: found.others })
}

fn history(
    c: &mut Conn,
    blobs: &Blobs,
    administrator: &Administrator,
    csrf: String,
    policy: Policy,
    stretch: Stretch,
    now: Timestamp,
) -> Result<History> {
    let zone = administrator.account.time_zone;
    let requesting = if administrator.account.exports_on {
        requests::refusal(c, administrator, policy)?.map_or(Requesting::Open, Requesting::Full)
    } else {
        Requesting::Off
    };
    let found = requests::history(c, administrator, stretch, ROWS)?;
    let ids: Vec<RequestId> = found.rows.iter().map(|row| row.request.id).collect();
    let broken = archives::broken(c, blobs, Some(&ids), now)?;
    let row = |row: &HistoryRow| Row::new(&row.request, &row.requester, &row.parts, &broken, zone, now);
    let rows = found.rows.iter().map(row).collect();
    Ok(History { csrf, zone, requesting, rows, stretch, newer: found.newer, older: found.older })
}

/// `GET /administration/exports/history`: the live part of the page, for administrators with access. To an open page that
/// has it already it answers 304: what is asked every few seconds costs a few indexed queries, and next to no bytes.
///
/// # Errors
/// Those of [`access::administrator_with_access`].
pub async fn live(
    request: HttpRequest,
    state: web::Data<State>,
    visitor: Visitor,
    query: web::Query<Query>,
) -> Result<HttpResponse> {
    let (csrf, policy, stretch) = (visitor.session.csrf(), state.policy, query.stretch());
    let blobs = state.blobs.clone();
    let history = state
        .read(move |c, now| {
            let administrator = access::administrator_with_access(c, visitor.user)?;
            history(c, &blobs, &administrator, csrf, policy, stretch, now)
        })
        .await?;
    fragment(&request, &history)
}

/// `POST /administration/exports/on`: any administrator of an account that includes the feature (A3).
///
/// # Errors
/// Those of [`switch::TurnOn`].
pub async fn turn_on(state: web::Data<State>, submission: Submission) -> Result<HttpResponse> {
    let Submission { user, session, .. } = submission;
    let was_off = state.run(user, switch::TurnOn).await?;
    session.say(if was_off {
        "Compliance Exports is on. What people delete from now on is kept, and you have access."
    } else {
        "Compliance Exports was on already. Nothing has changed."
    })?;
    Ok(see_other("/administration"))
}

/// `GET /administration/exports/off`: says what will stop being kept; administrators with access.
///
/// # Errors
/// Those of [`access::administrator_with_access_while_on`].
pub async fn confirm_off(state: web::Data<State>, visitor: Visitor) -> Result<HttpResponse> {
    let Visitor { user, session } = visitor;
    let (administrator, open) = state
        .read(move |c, _| {
            let administrator = access::administrator_with_access_while_on(c, user)?;
            let open = requests::open_exports(c, &administrator)?;
            Ok((administrator, open))
        })
        .await?;
    let chrome = chrome::for_person(&state, &session, &administrator.user, &administrator.account);
    page(StatusCode::OK, &TurnOff { chrome, account: administrator.account.name, open })
}

/// `POST /administration/exports/off`: administrators with access (A3, B8).
///
/// # Errors
/// Those of [`switch::TurnOff`].
pub async fn turn_off(state: web::Data<State>, submission: Submission) -> Result<HttpResponse> {
    let Submission { user, session, .. } = submission;
    state.run(user, switch::TurnOff).await?;
    session.say("Compliance Exports is off. What people delete from now on is no longer kept.")?;
    Ok(see_other("/administration"))
}
