//! The form that requests an export (B1): the page, and the parts of it that follow what is filled in.
//!
//! `exports` takes what is submitted. With scripts, the preview and what is searched for are fetched as fragments; without,
//! the whole form is given again.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::page;
use crate::db::Conn;
use crate::error::{Context, Error, Field, Kind, Result};
use crate::exports::preview::{self, PreviewCache, Question};
use crate::exports::request::{self, Draft, RequestExport};
use crate::exports::requests::{self, Offer, Policy};
use crate::exports::rules::filters::check_finished;
use crate::exports::rules::requests::{check_days, parse_days};
use crate::exports::search::{self, Strides};
use crate::http::forms::{Fields, Submission};
use crate::http::sessions::{Session, Visitor};
use crate::http::views::found::{FilterOption, Results};
use crate::http::views::preview::PreviewFragment;
use crate::http::views::request::{
    CONVERSATIONS, Errors, FIRST_DAY, Filter, LAST_DAY, PEOPLE, Preset, Request, ticked,
};
use crate::http::{State, chrome};
use crate::identity::access::{self, Administrator};
use crate::keys;
use crate::model::{ExportRequest, Filters, Formats, Timestamp, UserId};

/// Fields in which people and conversations are searched for.
const FIND_PERSON: &str = "find_person";
const FIND_CONVERSATION: &str = "find_conversation";

/// What is filled in.
#[derive(Clone, Default)]
pub(super) struct Typed {
    pub(super) first_day: String,
    pub(super) last_day: String,
    pub(super) people: Vec<String>,
    pub(super) conversations: Vec<String>,
    /// What stands in the fields in which people and conversations are searched for.
    pub(super) searched: [String; 2],
    pub(super) form_key: String,
    pub(super) formats: Formats,
}

impl Typed {
    pub(super) fn of(fields: &Fields) -> Self {
        let all = |field: &str| fields.all(field).map(str::to_owned).collect();
        Self {
            first_day: fields.get(FIRST_DAY).to_owned(),
            last_day: fields.get(LAST_DAY).to_owned(),
            people: all(PEOPLE),
            conversations: all(CONVERSATIONS),
            searched: [FIND_PERSON, FIND_CONVERSATION].map(|field| fields.get(field).to_owned()),
            form_key: fields.get("form_key").to_owned(),
            formats: ticked(fields.all("copy")),
        }
    }

    /// What an earlier request asked.
    fn again(request: ExportRequest) -> Self {
        let texts = |numbers: Vec<i64>| numbers.into_iter().map(|number| number.to_string()).collect();
        Self {
            first_day: request.first_day.to_string(),
            last_day: request.last_day.to_string(),
            people: texts(request.filters.people),
            conversations: texts(request.filters.conversations),
            formats: request.formats,
            ..Self::default()
        }
    }

    /// What is chosen, as far as it can be understood.
    fn filters(&self) -> Filters {
        let numbers = |texts: &[String]| {
            let mut numbers: Vec<i64> = texts.iter().filter_map(|text| text.trim().parse().ok()).collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        };
        Filters { people: numbers(&self.people), conversations: numbers(&self.conversations) }
    }

    fn draft(&self) -> Draft<'_> {
        Draft {
            first_day: &self.first_day,
            last_day: &self.last_day,
            people: &self.people,
            conversations: &self.conversations,
            formats: self.formats.clone(),
        }
    }

    /// Searches that have not come to their end.
    fn unfinished(&self) -> Vec<Error> {
        let [person, conversation] = &self.searched;
        let searches = [(Field::People, person), (Field::Conversations, conversation)];
        searches.into_iter().filter_map(|(field, typed)| check_finished(field, typed).err()).collect()
    }

    /// As a command; none if something of it can't be understood, or a search has not come to its end.
    pub(super) fn parse(&self, policy: Policy) -> Option<RequestExport> {
        let command = self.draft().parse(&self.form_key, policy.max_open)?;
        self.unfinished().is_empty().then_some(command)
    }

    /// Why it is no command.
    pub(super) fn problems(&self, c: &mut Conn, user: UserId, now: Timestamp) -> Result<Error> {
        let mut errors = request::problems(c, user, &self.draft(), now)?;
        errors.extend(self.unfinished());
        Ok(Error::several(errors))
    }

    /// The days, if they do.
    fn days(&self, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let (first, last) = parse_days(&self.first_day, &self.last_day).ok()?;
        check_days(first, last, today).is_empty().then_some((first, last))
    }
}

/// `GET /administration/exports/new`: administrators with access, while the feature is on. The address may fill it in, or
/// name an earlier request (`?again=7`) whose days and limits it begins with.
///
/// # Errors
/// Those of [`requests::offer`]; [`Kind::NotFound`] if there is no such request.
pub async fn get(state: web::Data<State>, visitor: Visitor, request: HttpRequest) -> Result<HttpResponse> {
    let Visitor { user, session } = visitor;
    let fields = Fields::of_query(&request);
    let typed = match fields.get("again").trim() {
        "" => Typed::of(&fields),
        earlier => {
            let id = earlier.parse().map_err(|_| Error::not_found("There is no such export in your account."))?;
            Typed::again(state.read(move |c, _| requests::to_ask_again(c, user, id)).await?)
        }
    };
    let typed = Typed { form_key: keys::new_key(), searched: Default::default(), ..typed };
    form(&state, &session, user, StatusCode::OK, typed, Errors::default(), fields.get("preset").to_owned()).await
}

/// `POST /administration/exports/new`: the form again with what was searched for, added or removed; administrators with
/// access, while the feature is on.
///
/// # Errors
/// Those of [`requests::offer`].
pub async fn again(state: web::Data<State>, submission: Submission) -> Result<HttpResponse> {
    let Submission { user, session, fields } = submission;
    let mut typed = Typed::of(&fields);
    let [find_person, find_conversation] = &mut typed.searched;
    for (field, chosen, searched) in
        [(PEOPLE, &mut typed.people, find_person), (CONVERSATIONS, &mut typed.conversations, find_conversation)]
    {
        let remove = format!("remove_{field}");
        let removed: Vec<&str> = fields.all(&remove).map(str::trim).collect();
        chosen.retain(|one| !removed.contains(&one.trim()));
        let added: Vec<String> = fields.all(&format!("add_{field}")).map(str::to_owned).collect();
        if !added.is_empty() {
            searched.clear();
            chosen.extend(added);
        }
    }
    form(&state, &session, user, StatusCode::OK, typed, Errors::default(), String::new()).await
}

/// The form as it was filled in, with what is wrong with it.
pub(super) async fn form(
    state: &State,
    session: &Session,
    user: UserId,
    status: StatusCode,
    typed: Typed,
    errors: Errors,
    preset: String,
) -> Result<HttpResponse> {
    let (policy, counts) = (state.policy, state.counts.clone());
    let filling = Filling { typed, errors, preset };
    let (administrator, filled) = state.read(move |c, now| filled(c, user, policy, &counts, filling, now)).await?;
    let (Filled { offer, people, conversations, preview }, Filling { typed, errors, .. }) = filled;
    let view = Request {
        chrome: chrome::for_person(state, session, &administrator.user, &administrator.account),
        zone: administrator.account.time_zone.name().to_owned(),
        today: offer.today,
        earliest: offer.earliest,
        first_day: typed.first_day,
        last_day: typed.last_day,
        people,
        conversations,
        preview,
        form_key: typed.form_key,
        formats: typed.formats,
        errors,
    };
    page(status, &view)
}

struct Filling {
    typed: Typed,
    errors: Errors,
    preset: String,
}

/// What the database adds to what was filled in.
struct Filled {
    offer: Offer,
    people: Filter,
    conversations: Filter,
    preview: PreviewFragment,
}

fn filled(
    c: &mut Conn,
    user: UserId,
    policy: Policy,
    counts: &PreviewCache,
    mut filling: Filling,
    now: Timestamp,
) -> Result<(Administrator, (Filled, Filling))> {
    let (administrator, offer) = requests::offer(c, user, policy, now)?;
    let Filling { typed, errors, preset } = &mut filling;
    if let Some(preset) = Preset::named(preset, offer.today, offer.earliest) {
        typed.first_day = preset.first.to_string();
        typed.last_day = preset.last.to_string();
    }
    if errors.is_empty() {
        errors.form.clone_from(&offer.refusal);
    }
    let (account, company) = (administrator.account.id, administrator.account.name.as_str());
    let (people, conversations, filters) = chosen(c, &administrator, &typed.filters())?;
    let (mut people, mut conversations) = (Filter::people(people), Filter::conversations(conversations));
    let [person, conversation] = &typed.searched;
    if !person.trim().is_empty() {
        people.found = Some(Results::new(PEOPLE, search::people(c, account, company, person)?));
    }
    if !conversation.trim().is_empty() {
        conversations.found =
            Some(Results::new(CONVERSATIONS, search::conversations(c, account, conversation, Strides::default())?));
    }
    (people.searched, conversations.searched) = (person.clone(), conversation.clone());
    (people.error, conversations.error) = (errors.people.clone(), errors.conversations.clone());
    let preview = shown(c, counts, &administrator, &offer, (typed.days(offer.today), &filters), now)?;
    Ok((administrator, (Filled { offer, people, conversations, preview }, filling)))
}

/// What is chosen as it is called; what the account does not know is left out.
fn chosen(
    c: &mut Conn,
    administrator: &Administrator,
    filters: &Filters,
) -> Result<(Vec<FilterOption>, Vec<FilterOption>, Filters)> {
    let of = (administrator.account.id, administrator.account.name.as_str());
    let (people, conversations) = search::named(c, of, &filters.people, &filters.conversations)?;
    let known = Filters {
        people: people.iter().map(|person| person.id).collect(),
        conversations: conversations.iter().map(|conversation| conversation.id).collect(),
    };
    let people = people.into_iter().map(Into::into).collect();
    Ok((people, conversations.into_iter().map(Into::into).collect(), known))
}

fn shown(
    c: &mut Conn,
    counts: &PreviewCache,
    administrator: &Administrator,
    offer: &Offer,
    (days, filters): (Option<(NaiveDate, NaiveDate)>, &Filters),
    now: Timestamp,
) -> Result<PreviewFragment> {
    let ask = Question { history: (offer.earliest, offer.today), days, filters, now };
    Ok(PreviewFragment::new(&preview::preview(c, counts, administrator, ask)?))
}

/// `GET /administration/exports/preview`: what an export of what is filled in would hold; administrators with access, while
/// the feature is on.
///
/// # Errors
/// Those of [`requests::offer`].
pub async fn preview(state: web::Data<State>, visitor: Visitor, request: HttpRequest) -> Result<HttpResponse> {
    let typed = Typed::of(&Fields::of_query(&request));
    let (policy, counts) = (state.policy, state.counts.clone());
    let shown = state
        .read(move |c, now| {
            let (administrator, offer) = requests::offer(c, visitor.user, policy, now)?;
            let (.., filters) = chosen(c, &administrator, &typed.filters())?;
            shown(c, &counts, &administrator, &offer, (typed.days(offer.today), &filters), now)
        })
        .await?;
    fragment(&shown)
}

/// `GET /administration/exports/find?person=ann` or `?conversation=berths`: administrators with access, while the feature is
/// on.
///
/// # Errors
/// Those of [`access::administrator_with_access_while_on`].
pub async fn find(state: web::Data<State>, visitor: Visitor, request: HttpRequest) -> Result<HttpResponse> {
    let fields = Fields::of_query(&request);
    let results = state
        .read(move |c, _| {
            let account = access::administrator_with_access_while_on(c, visitor.user)?.account;
            let conversation = fields.get(CONVERSATIONS);
            if conversation.is_empty() {
                let people = search::people(c, account.id, &account.name, fields.get(PEOPLE))?;
                Ok(Results::new(PEOPLE, people))
            } else {
                Ok(Results::new(CONVERSATIONS, search::conversations(c, account.id, conversation, Strides::default())?))
            }
        })
        .await?;
    fragment(&results)
}

fn fragment(view: &impl Template) -> Result<HttpResponse> {
    let text = view.render().context(|| "The page could not be made.".to_owned())?;
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(text))
}

/// Puts each message beside its field; what the form can't show is passed on.
pub(super) fn sort_errors(error: Error, shown: &mut Errors) -> Result<StatusCode> {
    if !matches!(error.kind(), Kind::Invalid | Kind::Conflict) {
        return Err(error);
    }
    for error in error.each() {
        let message = error.message().to_owned();
        match error.field() {
            Some(Field::FirstDay) => shown.first_day = Some(message),
            Some(Field::LastDay) => shown.last_day = Some(message),
            Some(Field::People) => add(&mut shown.people, message),
            Some(Field::Conversations) => add(&mut shown.conversations, message),
            None => shown.form = Some(message),
        }
    }
    Ok(if error.kind() == Kind::Conflict { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY })
}

/// Of several messages about one field, each is shown.
fn add(shown: &mut Option<String>, message: String) {
    *shown = Some(match shown.take() {
        Some(before) => format!("{before} {message}"),
        None => message,
    });
}
