//! Manage: who can request and download exports (A4).

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{page, see_other};
use crate::error::{Kind, Result};
use crate::http::forms::{Fields, Submission};
use crate::http::sessions::{Session, Visitor};
use crate::http::views::access::{Access, CandidateRow};
use crate::http::{State, chrome};
use crate::identity::access::{self, AccessChange};
use crate::model::UserId;

/// So many are shown at a time: a list that can be looked through, on a page that is quick however many there are.
const SHOWN: usize = 50;

/// Who is looked for.
#[derive(Deserialize)]
pub struct Query {
    #[serde(default)]
    find: String,
}

/// `GET /administration/access`: administrators with access.
///
/// # Errors
/// Those of [`access::candidates`].
pub async fn get(state: web::Data<State>, visitor: Visitor, query: web::Query<Query>) -> Result<HttpResponse> {
    let Visitor { user, session } = visitor;
    form(&state, &session, user, StatusCode::OK, query.into_inner().find, AccessChange::default(), None).await
}

async fn form(
    state: &State,
    session: &Session,
    user: UserId,
    status: StatusCode,
    find: String,
    choices: AccessChange,
    error: Option<String>,
) -> Result<HttpResponse> {
    let sought = find.clone();
    let (administrator, found) = state.read(move |c, _| access::candidates(c, user, &sought, SHOWN, &choices)).await?;
    let chrome = chrome::for_person(state, session, &administrator.user, &administrator.account);
    let candidate = |candidate: access::Candidate| CandidateRow {
        id: candidate.user.id,
        is_you: candidate.user.id == administrator.user.id,
        name: candidate.user.name,
        email: candidate.user.email,
        had: candidate.had,
        checked: candidate.ticked,
    };
    let people = found.people.into_iter().map(candidate).collect();
    let account = administrator.account.name;
    page(status, &Access { chrome, account, people, found: found.found, all: found.all, find, error })
}

/// `POST /administration/access`: administrators with access.
///
/// # Errors
/// Those of [`AccessChange`] as a command; what can be put right is shown on the form.
pub async fn post(state: web::Data<State>, submission: Submission) -> Result<HttpResponse> {
    let Submission { user, session, fields } = submission;
    let choices = AccessChange { had: people(&fields, "had"), ticked: people(&fields, "user") };
    let find = fields.get("find").to_owned();
    // “Find” of a browser without scripts: nothing that was ticked is lost.
    if !fields.get("show").is_empty() {
        return form(&state, &session, user, StatusCode::OK, find, choices, None).await;
    }
    match state.run(user, choices.clone()).await {
        Ok(()) => {
            session.say("Access saved.")?;
            Ok(see_other("/administration"))
        }
        Err(error) if error.kind() == Kind::Invalid => {
            let message = Some(error.message().to_owned());
            form(&state, &session, user, StatusCode::UNPROCESSABLE_ENTITY, find, choices, message).await
        }
        Err(error) => Err(error),
    }
}

fn people(fields: &Fields, name: &str) -> BTreeSet<UserId> {
    fields.all(name).filter_map(|id| id.parse().ok()).collect()
}
