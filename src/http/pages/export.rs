//! The page of one export, its live part, its lists, and Delete now (B3–B6).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::{fragment, page, see_other};
use crate::audit::Actor;
use crate::blobs::Blobs;
use crate::db::Store;
use crate::error::Result;
use crate::exports::overview::{self, List};
use crate::exports::{archives, queue, requests};
use crate::format;
use crate::http::forms::Submission;
use crate::http::sessions::Visitor;
use crate::http::views::export::{DeleteExport, Export, ExportList, Live};
use crate::http::{State, chrome};
use crate::identity::commands;
use crate::model::{RequestId, Timestamp};

/// `GET /administration/exports/{id}`: administrators with access.
///
/// # Errors
/// Those of [`overview::find`].
pub async fn get(state: web::Data<State>, id: web::Path<RequestId>, visitor: Visitor) -> Result<HttpResponse> {
    let Visitor { user, session } = visitor;
    let (id, policy, blobs) = (*id, state.policy, state.blobs.clone());
    let (administrator, known, now) = state
        .read(move |c, now| overview::find(c, &blobs, user, id, policy, now).map(|found| (found.0, found.1, now)))
        .await?;
    let chrome = chrome::for_person(&state, &session, &administrator.user, &administrator.account);
    let live = Live::new(known, &administrator.account, session.csrf(), &state.public_key, now);
    page(StatusCode::OK, &Export { chrome, live })
}

/// `GET /administration/exports/{id}/live`: the live part of the page, for administrators with access.
///
/// # Errors
/// Those of [`overview::find`].
pub async fn live(
    request: HttpRequest,
    state: web::Data<State>,
    id: web::Path<RequestId>,
    visitor: Visitor,
) -> Result<HttpResponse> {
    let Visitor { user, session } = visitor;
    let (id, policy, blobs) = (*id, state.policy, state.blobs.clone());
    let (administrator, known, now) = state
        .read(move |c, now| overview::find(c, &blobs, user, id, policy, now).map(|found| (found.0, found.1, now)))
        .await?;
    let live = Live::new(known, &administrator.account, session.csrf(), &state.public_key, now);
    fragment(&request, &live)
}

/// Which page of a list.
#[derive(Deserialize)]
pub struct Query {
    #[serde(default)]
    page: Option<u32>,
}

async fn list(state: &State, id: RequestId, visitor: Visitor, query: &Query, list: List) -> Result<HttpResponse> {
    let Visitor { user, session } = visitor;
    let number = query.page.unwrap_or(1).max(1);
    let blobs = state.blobs.clone();
    let (administrator, request, listed, broken) = state
        .read(move |c, now| {
            let (administrator, request, listed) = overview::list(c, user, id, list, number)?;
            let broken = archives::broken(c, &blobs, Some(&[id]), now)?;
            Ok((administrator, request, listed, broken))
        })
        .await?;
    let chrome = chrome::for_person(state, &session, &administrator.user, &administrator.account);
    let zone = administrator.account.time_zone;
    let view = ExportList::new(chrome, &request, listed, (number, overview::PER_PAGE), &broken, zone, state.now());
    page(StatusCode::OK, &view)
}

/// `GET /administration/exports/{id}/conversations`: all conversations with items, for administrators with access.
///
/// # Errors
/// Those of [`overview::list`].
pub async fn conversations(
    state: web::Data<State>,
    id: web::Path<RequestId>,
    visitor: Visitor,
    query: web::Query<Query>,
) -> Result<HttpResponse> {
    list(&state, *id, visitor, &query, List::Conversations).await
}

/// `GET /administration/exports/{id}/parts`: all parts, for administrators with access.
///
/// # Errors
/// Those of [`overview::list`].
pub async fn parts(
    state: web::Data<State>,
    id: web::Path<RequestId>,
    visitor: Visitor,
    query: web::Query<Query>,
) -> Result<HttpResponse> {
    list(&state, *id, visitor, &query, List::Parts).await
}

/// `GET /administration/exports/{id}/downloads`: all downloads, for administrators with access.
///
/// # Errors
/// Those of [`overview::list`].
pub async fn downloads(
    state: web::Data<State>,
    id: web::Path<RequestId>,
    visitor: Visitor,
    query: web::Query<Query>,
) -> Result<HttpResponse> {
    list(&state, *id, visitor, &query, List::Downloads).await
}

/// `GET /administration/exports/{id}/delete`: says what is lost and what stays; administrators with access.
///
/// # Errors
/// Those of [`requests::to_delete`].
pub async fn confirm_delete(
    state: web::Data<State>,
    id: web::Path<RequestId>,
    visitor: Visitor,
) -> Result<HttpResponse> {
    let Visitor { user, session } = visitor;
    let id = *id;
    let (administrator, requests::ToDelete { request, parts, bytes }) =
        state.read(move |c, now| requests::to_delete(c, user, id, now)).await?;
    let chrome = chrome::for_person(&state, &session, &administrator.user, &administrator.account);
    let zone = administrator.account.time_zone;
    let view = DeleteExport {
        chrome,
        id,
        range: format::day_range(request.first_day, request.last_day),
        files: format!("{}, {}", format::count(parts, "file", "files"), format::size(bytes)),
        until: request.expires_at.map_or_else(String::new, |at| format::instant(at, zone)),
        on: administrator.account.exports_on,
    };
    page(StatusCode::OK, &view)
}

/// `POST /administration/exports/{id}/delete`: administrators with access, also after the feature was turned off: what is
/// finished can be downloaded then, so it can be deleted as well (B8).
///
/// # Errors
/// Those of [`requests::Delete`].
pub async fn delete(state: web::Data<State>, id: web::Path<RequestId>, submission: Submission) -> Result<HttpResponse> {
    let (user, id, blobs) = (submission.user, *id, state.blobs.clone());
    let erased = state
        .with_store(move |store, now| {
            let keys = commands::run(store, Actor::User(user), &requests::Delete { export: id }, now)?;
            Ok(erase(store, &blobs, id, &keys, now))
        })
        .await?;
    submission.session.say(if erased {
        "Export deleted. Its files have been erased."
    } else {
        "Export deleted. Its files can no longer be downloaded; the server erases them as soon as it can."
    })?;
    Ok(see_other(&format::export_page(id)))
}

/// Erases the bytes of a deleted export; returns whether that is done. What can't be erased now is by the sweeper.
fn erase(store: &Store, blobs: &Blobs, id: RequestId, keys: &[String], now: Timestamp) -> bool {
    let all = keys.iter().try_for_each(|key| blobs.delete(key));
    let noted = all.and_then(|()| queue::erased(store, id, now));
    noted.inspect_err(|error| tracing::error!(cause = %error.causes(), request = id, "not erased yet: {error}")).is_ok()
}
