//! Export requests once they are made: cancelled, retried, deleted, listed, downloaded (B2–B4, B6, B7). How one is made: [`super::request`].

use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};

use super::rows;
pub use super::rows::exports::Stretch;
use super::rules::parts::Limits;
use super::rules::requests as rules;
use crate::audit::{self, Actor, AuditEvent};
use crate::db::{Conn, Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::identity::access::{self, Administrator};
use crate::identity::commands::{Command, Operator, WithAccess, WithAccessWhileOn};
use crate::model::{ExportRequest, Part, RequestId, Status, Timestamp, UserId, Way};
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
#[derive(Clone, Copy, Debug)]
pub struct Cancel {
    /// The export.
    pub export: RequestId,
}

impl Command for Cancel {
    type By = WithAccess;
    type Outcome = ();

    fn run(&self, tx: &mut Tx<'_>, by: &WithAccess, now: Timestamp) -> Result<()> {
        let id = self.export;
        let request = find_own(tx, by, id)?;
        let ended = || Error::conflict("This export has ended already, so there is nothing to cancel.");
        let locked = rows::exports::lock(tx, id)?.ok_or_else(ended)?;
        if !rules::can_be_cancelled(request.status) || !rows::exports::update_cancelled(tx, id, now)? {
            return Err(ended());
        }
        rows::part_jobs::update_leases_ended(tx, &locked)?;
        audit::append(tx, request.account_id, by.actor(), &AuditEvent::ExportCancelled { export: id }, now)
    }
}

/// Queues a failed request again (B3).
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// The export.
    pub export: RequestId,
    /// Requests of the account that may be queued or in progress (B2).
    pub max_open: u32,
}

impl Command for Retry {
    type By = WithAccessWhileOn;
    type Outcome = ();

    fn run(&self, tx: &mut Tx<'_>, by: &WithAccessWhileOn, now: Timestamp) -> Result<()> {
        let id = self.export;
        let request = find_own(tx, by, id)?;
        let not_failed = || Error::conflict("Only an export that failed can be retried.");
        if !rules::can_be_retried(request.status) {
            return Err(not_failed());
        }
        rules::check_open(rows::exports::count_open(tx, by.account.id)?, self.max_open)?;
        if !rows::exports::update_retried(tx, id)? {
            return Err(not_failed());
        }
        audit::append(tx, by.account.id, by.actor(), &AuditEvent::ExportRetried { export: id }, now)
    }
}

/// Deletes a completed export before its time is over (B6): from now on nothing of it is given out. The outcome are the keys under
/// which its bytes are kept, to be erased at once; what can't be is erased by the sweeper.
#[derive(Clone, Copy, Debug)]
pub struct Delete {
    /// The export.
    pub export: RequestId,
}

impl Command for Delete {
    type By = WithAccess;
    type Outcome = Vec<String>;

    fn run(&self, tx: &mut Tx<'_>, by: &WithAccess, now: Timestamp) -> Result<Vec<String>> {
        let id = self.export;
        find_to_delete(tx, by, id, now)?;
        if !rows::exports::update_deleted(tx, id, by.user.id, now)? {
            return Err(Error::conflict(NOTHING_TO_DELETE));
        }
        audit::append(tx, by.account.id, by.actor(), &AuditEvent::ExportDeleted { export: id }, now)?;
        Ok(rows::exports::list_parts(tx, id)?.into_iter().map(|(_, key)| key).collect())
    }
}

const NOTHING_TO_DELETE: &str =
    "This export has no files that could be deleted: it is not completed, or they have been erased already.";

/// A request whose files can be deleted.
fn find_to_delete(c: &mut Conn, by: &Administrator, id: RequestId, now: Timestamp) -> Result<ExportRequest> {
    let request = find_own(c, by, id)?;
    if rules::is_available(request.status, request.expires_at, now) {
        return Ok(request);
    }
    Err(Error::conflict(NOTHING_TO_DELETE))
}

/// What is asked before an export is deleted.
#[derive(Clone, Debug)]
pub struct ToDelete {
    /// The export.
    pub request: ExportRequest,
    /// Parts that would be erased.
    pub parts: i64,
    /// Their bytes.
    pub bytes: i64,
}

/// What is asked before an export is deleted.
///
/// # Errors
/// Those of [`access::administrator_with_access`]; when there is no such request, or nothing to delete.
pub fn to_delete(c: &mut Conn, user: UserId, id: RequestId, now: Timestamp) -> Result<(Administrator, ToDelete)> {
    let administrator = access::administrator_with_access(c, user)?;
    let request = find_to_delete(c, &administrator, id, now)?;
    let (_, parts, bytes) = rows::exports::page_of_parts(c, id, 0, 0)?;
    Ok((administrator, ToDelete { request, parts, bytes }))
}

/// An earlier request, to be asked for again.
///
/// # Errors
/// Those of [`access::administrator_with_access_while_on`]; when there is no such request.
pub fn to_ask_again(c: &mut Conn, user: UserId, id: RequestId) -> Result<ExportRequest> {
    let administrator = access::administrator_with_access_while_on(c, user)?;
    find_own(c, &administrator, id)
}

/// A request of the person's own account.
pub(super) fn find_with_access(c: &mut Conn, user: UserId, id: RequestId) -> Result<(Administrator, ExportRequest)> {
    let administrator = access::administrator_with_access(c, user)?;
    let request = find_own(c, &administrator, id)?;
    Ok((administrator, request))
}

/// A request of the administrator's account; one of another account is not there.
fn find_own(c: &mut Conn, by: &Administrator, id: RequestId) -> Result<ExportRequest> {
    let request = rows::exports::find(c, id)?.filter(|request| request.account_id == by.account.id);
    request.ok_or_else(|| Error::not_found("There is no such export in your account."))
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

/// What the operator has done with a finished archive, on the command line; noted so that its page shows it.
#[derive(Clone, Debug)]
pub struct NoteHandling {
    /// The export. Nothing is noted of one that is not there.
    pub export: RequestId,
    /// What.
    pub handling: Handling,
}

/// What the operator may do with a finished archive.
#[derive(Clone, Debug)]
pub enum Handling {
    /// Built it again.
    Rebuilt {
        /// How many parts it has.
        parts: usize,
    },
    /// Put files back that were missing or damaged.
    Restored {
        /// How many.
        parts: usize,
    },
    /// Copied a part out of the server.
    Copied(Part),
}

impl Command for NoteHandling {
    type By = Operator;
    type Outcome = ();

    fn run(&self, tx: &mut Tx<'_>, _: &Operator, now: Timestamp) -> Result<()> {
        let id = self.export;
        let Some(request) = rows::exports::find(tx, id)? else { return Ok(()) };
        let event = match &self.handling {
            Handling::Rebuilt { parts } => {
                for (number, _) in (1..).zip(0..*parts) {
                    rows::downloads::create(tx, id, number, Way::Rebuild, None, now)?;
                }
                AuditEvent::ExportBuiltAgain { export: id }
            }
            Handling::Restored { parts } => AuditEvent::ExportRestored { export: id, files: *parts },
            Handling::Copied(part) => {
                rows::downloads::create(tx, id, part.number, Way::Copy, None, now)?;
                AuditEvent::PartCopied { export: id, file: part.file_name.clone() }
            }
        };
        audit::append(tx, request.account_id, Actor::Operator, &event, now)
    }
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
