//! Export requests, for those who ask: B1–B4, B6, B7.

use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};

pub use super::rows::exports::Stretch;
use super::rules::filters::{CONVERSATIONS, PEOPLE, check_finished};
use super::rules::parts::Limits;
use super::rules::requests as rules;
use super::{filters, rows};
use crate::audit::{self, Actor, AuditEvent};
use crate::db::{Conn, Store};
use crate::error::{Error, Kind, Result};
use crate::identity;
use crate::identity::access::{self, Administrator};
use crate::model::{ExportRequest, Formats, Part, RequestId, Status, Timestamp, UserId, Way};
use crate::{capture, days, format, numbers};

/// What may be set about exports.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Requests of an account that may be queued or in progress (B2).
    pub max_open: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self { max_open: 2 }
    }
}

/// What is asked for, as typed.
#[derive(Clone, Debug, Default)]
pub struct Ask<'a> {
    pub first_day: &'a str,
    pub last_day: &'a str,
    /// Key of the form: the same key makes the same request (B2).
    pub form_key: &'a str,
    /// The people that it is limited to, by number or address.
    pub people: &'a [String],
    /// The conversations that it is limited to, by number.
    pub conversations: &'a [String],
    /// What stands in the fields in which people and conversations are searched for.
    pub searched: [&'a str; 2],
    /// In which formats it shall be readable beside the JSON.
    pub formats: Formats,
}

/// Requests an export.
///
/// # Errors
/// One for each field that does not do (B1); or the one reason why nothing can be requested now (A3, B2).
pub fn request(
    store: &Store,
    user: UserId,
    ask: &Ask<'_>,
    policy: Policy,
    now: Timestamp,
) -> Result<RequestId, Vec<Error>> {
    let mut errors = Vec::new();
    let made = store.write(|tx| {
        let account = access::administrator(tx, user)?.account.id;
        identity::rows::accounts::lock(tx, account)?;
        let Administrator { user, account, .. } = access::administrator_with_access_while_on(tx, user)?;
        if ask.form_key.is_empty() || ask.form_key.len() > 100 {
            return Err(Error::invalid("form_key", "The form is incomplete. Open it again and submit it once more."));
        }
        if let Some(made) = rows::exports::find_by_form_key(tx, account.id, ask.form_key)? {
            return Ok(made);
        }
        let today = days::day_of(now, account.time_zone);
        let days = rules::check_days(ask.first_day, ask.last_day, today);
        let filters = filters::check(tx, account.id, ask.people, ask.conversations);
        let [person, conversation] = ask.searched;
        let finished = [(PEOPLE, person), (CONVERSATIONS, conversation)];
        let unfinished = finished.into_iter().filter_map(|(field, typed)| check_finished(field, typed).err());
        let unfinished: Vec<Error> = unfinished.collect();
        let ((first_day, last_day), filters) = match (days, filters) {
            (Ok(days), Ok(filters)) if unfinished.is_empty() => (days, filters),
            (days, filters) => {
                errors = days.err().into_iter().chain(filters.err()).flatten().chain(unfinished).collect();
                return Err(Error::new(Kind::Invalid, "What was filled in does not do."));
            }
        };
        rules::check_open(rows::exports::count_open(tx, account.id)?, policy.max_open)?;
        let new = rows::exports::NewRequest {
            account_id: account.id,
            requester_id: user.id,
            form_key: ask.form_key,
            first_day,
            last_day,
            time_zone: account.time_zone,
            filters: &filters,
            requested_at: now,
            formats: &ask.formats,
        };
        let id = rows::exports::create(tx, &new)?;
        let event = AuditEvent::ExportRequested { export: id, first_day, last_day, filters };
        audit::append(tx, account.id, Actor::User(user.id), &event, now)?;
        Ok(id)
    });
    made.map_err(|error| if errors.is_empty() { vec![error] } else { errors })
}

/// What the form shows before it is filled in.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Today in the account's zone.
    pub today: NaiveDate,
    /// The day of the account's first item.
    pub earliest: Option<NaiveDate>,
    /// Why nothing can be requested just now (B2).
    pub refusal: Option<String>,
}

/// What can be requested.
///
/// # Errors
/// Those of [`access::administrator_with_access_while_on`].
pub fn offer(c: &mut Conn, user: UserId, policy: Policy, now: Timestamp) -> Result<(Administrator, Offer)> {
    let administrator = access::administrator_with_access_while_on(c, user)?;
    let account = &administrator.account;
    let today = days::day_of(now, account.time_zone);
    let earliest = capture::rows::items::first_created_at(c, account.id)?.map(|at| days::day_of(at, account.time_zone));
    let refusal = refusal(c, &administrator, policy)?;
    Ok((administrator, Offer { today, earliest, refusal }))
}

/// Why nothing can be requested just now (B2).
pub fn refusal(c: &mut Conn, administrator: &Administrator, policy: Policy) -> Result<Option<String>> {
    let open = rows::exports::count_open(c, administrator.account.id)?;
    Ok(rules::check_open(open, policy.max_open).err().map(|error| error.message().to_owned()))
}

/// How many exports of the account are queued or in progress: they finish when the feature is turned off (B8).
pub fn open_exports(c: &mut Conn, administrator: &Administrator) -> Result<i64> {
    rows::exports::count_open(c, administrator.account.id)
}

/// Cancels a request that is queued or in progress (B3).
///
/// # Errors
/// Those of [`access::administrator_with_access`]; when there is no such request, or it has ended.
pub fn cancel(store: &Store, user: UserId, id: RequestId, now: Timestamp) -> Result<()> {
    store.write(|tx| {
        let (administrator, request) = find_with_access(tx, user, id)?;
        let ended = || Error::conflict("This export has ended already, so there is nothing to cancel.");
        let locked = rows::exports::lock(tx, id)?.ok_or_else(ended)?;
        if !rules::can_be_cancelled(request.status) || !rows::exports::update_cancelled(tx, id, now)? {
            return Err(ended());
        }
        rows::part_jobs::update_leases_ended(tx, &locked)?;
        let by = Actor::User(administrator.user.id);
        audit::append(tx, request.account_id, by, &AuditEvent::ExportCancelled { export: id }, now)
    })
}

/// Queues a failed request again (B3).
///
/// # Errors
/// Those of [`access::administrator_with_access_while_on`]; when there is no such request, it has not failed, or too many
/// are open (B2).
pub fn retry(store: &Store, user: UserId, id: RequestId, policy: Policy, now: Timestamp) -> Result<()> {
    store.write(|tx| {
        let account = access::administrator(tx, user)?.account.id;
        identity::rows::accounts::lock(tx, account)?;
        access::administrator_with_access_while_on(tx, user)?;
        let (administrator, request) = find_with_access(tx, user, id)?;
        if !rules::can_be_retried(request.status) {
            return Err(Error::conflict("Only an export that failed can be retried."));
        }
        rules::check_open(rows::exports::count_open(tx, account)?, policy.max_open)?;
        if !rows::exports::update_retried(tx, id)? {
            return Err(Error::conflict("Only an export that failed can be retried."));
        }
        let by = Actor::User(administrator.user.id);
        audit::append(tx, account, by, &AuditEvent::ExportRetried { export: id }, now)
    })
}

/// Deletes a completed export before its time is over (B6): from now on nothing of it is given out. Gives the keys under
/// which its bytes are kept, to be erased at once; what can't be is erased by the sweeper.
///
/// # Errors
/// Those of [`access::administrator_with_access`]; when there is no such request, or nothing to delete.
pub fn delete(store: &Store, user: UserId, id: RequestId, now: Timestamp) -> Result<Vec<String>> {
    store.write(|tx| {
        let (administrator, _) = find_to_delete(tx, user, id, now)?;
        let Administrator { user, account, .. } = administrator;
        if !rows::exports::update_deleted(tx, id, user.id, now)? {
            return Err(Error::conflict(NOTHING_TO_DELETE));
        }
        audit::append(tx, account.id, Actor::User(user.id), &AuditEvent::ExportDeleted { export: id }, now)?;
        Ok(rows::exports::list_parts(tx, id)?.into_iter().map(|(_, key)| key).collect())
    })
}

const NOTHING_TO_DELETE: &str =
    "This export has no files that could be deleted: it is not completed, or they have been erased already.";

/// A request whose files can be deleted.
fn find_to_delete(c: &mut Conn, user: UserId, id: RequestId, now: Timestamp) -> Result<(Administrator, ExportRequest)> {
    let found = find_with_access(c, user, id)?;
    if rules::is_available(found.1.status, found.1.expires_at, now) {
        return Ok(found);
    }
    Err(Error::conflict(NOTHING_TO_DELETE))
}

/// What is asked before an export is deleted: the request, and how many parts and bytes would be erased.
///
/// # Errors
/// Those of [`delete`].
pub fn to_delete(
    c: &mut Conn,
    user: UserId,
    id: RequestId,
    now: Timestamp,
) -> Result<(Administrator, ExportRequest, i64, i64)> {
    let (administrator, request) = find_to_delete(c, user, id, now)?;
    let (_, parts, bytes) = rows::exports::page_of_parts(c, id, 0, 0)?;
    Ok((administrator, request, parts, bytes))
}

/// An earlier request, to be asked for again.
///
/// # Errors
/// Those of [`access::administrator_with_access_while_on`]; when there is no such request.
pub fn to_ask_again(c: &mut Conn, user: UserId, id: RequestId) -> Result<ExportRequest> {
    access::administrator_with_access_while_on(c, user)?;
    Ok(find_with_access(c, user, id)?.1)
}

/// A request of the person's own account.
pub(super) fn find_with_access(c: &mut Conn, user: UserId, id: RequestId) -> Result<(Administrator, ExportRequest)> {
    let administrator = access::administrator_with_access(c, user)?;
    let request = rows::exports::find(c, id)?.filter(|request| request.account_id == administrator.account.id);
    let request = request.ok_or_else(|| Error::not_found("There is no such export in your account."))?;
    Ok((administrator, request))
}

/// One row of the Export History (B4).
#[derive(Clone, Debug)]
pub struct HistoryRow {
    pub request: ExportRequest,
    /// Name of who asked.
    pub requester: String,
    /// Its parts, once completed.
    pub parts: Vec<Part>,
}

/// One page of the Export History.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Newest first.
    pub rows: Vec<HistoryRow>,
    /// A page of newer ones lies after this request.
    pub newer: Option<RequestId>,
    /// A page of older ones lies before this request.
    pub older: Option<RequestId>,
}

/// A page of an account's Export History, of at most so many rows. The caller has checked that the person has access.
pub fn history(c: &mut Conn, administrator: &Administrator, stretch: Stretch, rows: u16) -> Result<History> {
    let page = rows::exports::page(c, administrator.account.id, stretch, rows.into())?;
    let ids: Vec<RequestId> = page.rows.iter().map(|(request, _)| request.id).collect();
    let mut parts: HashMap<RequestId, Vec<Part>> = HashMap::new();
    for (request, part) in rows::exports::list_parts_of(c, &ids)? {
        parts.entry(request).or_default().push(part);
    }
    let row = |(request, requester): (ExportRequest, String)| HistoryRow {
        parts: parts.remove(&request.id).unwrap_or_default(),
        request,
        requester,
    };
    Ok(History { rows: page.rows.into_iter().map(row).collect(), newer: page.newer, older: page.older })
}

/// A part to be downloaded, and where its bytes are kept (B6, B7).
///
/// # Errors
/// Those of [`access::administrator_with_access`]; [`Kind::NotFound`], [`Kind::Gone`] once it has expired, or
/// [`Kind::Conflict`] while it is not completed.
pub fn find_part(c: &mut Conn, user: UserId, id: RequestId, number: i32, now: Timestamp) -> Result<(Part, String)> {
    let (_, request) = find_with_access(c, user, id)?;
    let part = rows::exports::find_part(c, id, number)?;
    if rules::is_available(request.status, request.expires_at, now) {
        return part.ok_or_else(|| Error::not_found("This export has no such part."));
    }
    Err(match (request.deleted_at, request.expires_at) {
        (Some(deleted_at), _) => {
            let by = rows::exports::find_deleter(c, id)?.map_or_else(String::new, |name| format!(" by {name}"));
            let at = format::instant_and_zone(deleted_at, request.time_zone);
            Error::new(Kind::Gone, format!("This export was deleted{by} on {at}, and has been erased."))
        }
        (None, Some(expires_at)) => {
            let until = format::instant_and_zone(expires_at, request.time_zone);
            Error::new(Kind::Gone, format!("This export was available until {until}, and has been erased."))
        }
        (None, None) => Error::conflict("This export has not been completed, so there is nothing to download."),
    })
}

/// A request by its number, for the operator.
pub fn find(c: &mut Conn, id: RequestId) -> Result<Option<ExportRequest>> {
    rows::exports::find(c, id)
}

/// A request that has been completed, the SHA-256 of its parts by number, and how large they could be: for building it again.
pub type Completed = (ExportRequest, Vec<(i32, String)>, Limits);

/// A completed request, also one that has expired since, for the operator.
///
/// # Errors
/// [`Kind::NotFound`] if there is none, [`Kind::Conflict`] if it was never completed.
pub fn completed(c: &mut Conn, id: RequestId) -> Result<Completed> {
    let request = rows::exports::find(c, id)?.ok_or_else(|| Error::not_found(format!("There is no export {id}.")))?;
    if !matches!(request.status, Status::Completed | Status::Expired) {
        return Err(Error::conflict(format!("Export {id} was not completed, so there is nothing to build again.")));
    }
    if crate::exports::evidence::find_kept(c, id)?.is_some_and(|evidence| evidence.adoption.is_some()) {
        return Err(Error::conflict(format!(
            "Export {id} was taken into this database as a finished archive. What it was made of is not here, so that it \
             can't be built again."
        )));
    }
    let parts = rows::exports::list_parts(c, id)?.into_iter().map(|(part, _)| (part.number, part.sha256)).collect();
    let Some((entries, bytes)) = rows::exports::find_part_limits(c, id)? else {
        let message =
            format!("It is not known how large the parts of export {id} could be, so it can't be built again.");
        return Err(Error::conflict(message));
    };
    Ok((request, parts, Limits { entries: numbers::exact(entries)?, bytes: numbers::exact(bytes)? }))
}

/// A request's parts with the keys under which their bytes are kept, for the operator.
pub fn stored_parts(c: &mut Conn, id: RequestId) -> Result<Vec<(Part, String)>> {
    rows::exports::list_parts(c, id)
}

/// Notes that the operator has built an archive again, with so many parts.
pub fn note_rebuilt(store: &Store, id: RequestId, parts: usize, now: Timestamp) -> Result<()> {
    store.write(|tx| {
        let Some(request) = rows::exports::find(tx, id)? else { return Ok(()) };
        for (number, _) in (1..).zip(0..parts) {
            rows::downloads::create(tx, id, number, Way::Rebuild, None, now)?;
        }
        let event = AuditEvent::ExportBuiltAgain { export: id };
        audit::append(tx, request.account_id, Actor::Operator, &event, now)
    })
}

/// Notes that the operator has put files of an archive back, so many, after they were missing or damaged.
pub fn note_restored(store: &Store, id: RequestId, parts: usize, now: Timestamp) -> Result<()> {
    store.write(|tx| {
        let Some(request) = rows::exports::find(tx, id)? else { return Ok(()) };
        let event = AuditEvent::ExportRestored { export: id, files: parts };
        audit::append(tx, request.account_id, Actor::Operator, &event, now)
    })
}

/// Notes that the operator has copied a part out of the server.
pub fn note_copy(store: &Store, id: RequestId, part: &Part, now: Timestamp) -> Result<()> {
    store.write(|tx| {
        let Some(request) = rows::exports::find(tx, id)? else { return Ok(()) };
        rows::downloads::create(tx, id, part.number, Way::Copy, None, now)?;
        let event = AuditEvent::PartCopied { export: id, file: part.file_name.clone() };
        audit::append(tx, request.account_id, Actor::Operator, &event, now)
    })
}

/// Stretches of one part that someone downloads within this time are one download.
const ONE_DOWNLOAD: TimeDelta = TimeDelta::hours(1);

/// Notes that someone downloads a part, or a stretch of it: once for a download that is resumed.
pub fn note_download(store: &Store, user: UserId, id: RequestId, part: &Part, now: Timestamp) -> Result<()> {
    let since = now.plus(-ONE_DOWNLOAD);
    let resumed = |c: &mut Conn| rows::downloads::exists_since(c, id, part.number, user, since);
    // A download in many stretches must not take the writer's place for each.
    if store.statement(resumed)? {
        return Ok(());
    }
    store.write(|tx| {
        let Some(request) = rows::exports::find(tx, id)? else { return Ok(()) };
        if resumed(tx)? {
            return Ok(());
        }
        rows::downloads::create(tx, id, part.number, Way::Download, Some(user), now)?;
        let event = AuditEvent::PartDownloaded { export: id, file: part.file_name.clone() };
        audit::append(tx, request.account_id, Actor::User(user), &event, now)
    })
}
