//! Rows of export requests and their parts. The requests are themselves the queue of plans: claimed by lease.
//!
//! One order of locks: the request first, then what belongs to it. [`lock`] is where it is kept, and what it gives is needed
//! for each change of a job ([`crate::exports::rows::part_jobs`]) or a part.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::db::schema::{accounts, export_parts, export_requests, users};
use crate::db::{AT_ONCE, Conn, Tx, UNREADABLE, instant, instant_opt, parsed};
use crate::error::{Error, Result};
use crate::jobs::lease::Due;
use crate::jobs::rows::{ended, free, leases};
use crate::model::{AccountId, ExportRequest, Filters, Formats, Part, RequestId, Status, Timestamp, UserId};

const OPEN: [&str; 2] = [Status::Accepted.as_str(), Status::InProgress.as_str()];

#[derive(Queryable, Selectable)]
#[diesel(table_name = export_requests)]
struct Row {
    id: RequestId,
    account_id: AccountId,
    requester_id: UserId,
    first_day: String,
    last_day: String,
    time_zone: String,
    status: String,
    reason: Option<String>,
    attempts: i32,
    requested_at: i64,
    started_at: Option<i64>,
    planned_at: Option<i64>,
    cut_at: Option<i64>,
    finished_at: Option<i64>,
    expires_at: Option<i64>,
    deleted_at: Option<i64>,
    items_total: Option<i64>,
    items_done: i64,
    formats: String,
    filters: Option<String>,
}

impl Row {
    fn into_model(self) -> Result<ExportRequest> {
        Ok(ExportRequest {
            id: self.id,
            account_id: self.account_id,
            requester_id: self.requester_id,
            first_day: parsed(&self.first_day)?,
            last_day: parsed(&self.last_day)?,
            time_zone: parsed(&self.time_zone)?,
            filters: self.filters.as_deref().map(filters).transpose()?.unwrap_or_default(),
            status: parsed(&self.status)?,
            reason: self.reason,
            attempts: self.attempts,
            requested_at: instant(self.requested_at)?,
            started_at: instant_opt(self.started_at)?,
            planned_at: instant_opt(self.planned_at)?,
            cut: instant_opt(self.cut_at)?,
            finished_at: instant_opt(self.finished_at)?,
            expires_at: instant_opt(self.expires_at)?,
            deleted_at: instant_opt(self.deleted_at)?,
            items_total: self.items_total,
            items_done: self.items_done,
            formats: parsed(&self.formats)?,
        })
    }
}

fn filters(text: &str) -> Result<Filters> {
    serde_json::from_str(text).map_err(|error| Error::internal(UNREADABLE, error))
}

/// A request to be made.
#[derive(Clone, Debug)]
pub struct NewRequest<'a> {
    pub account_id: AccountId,
    pub requester_id: UserId,
    /// Key of the form, so that submitting it twice makes one request (B2).
    pub form_key: &'a str,
    pub first_day: chrono::NaiveDate,
    pub last_day: chrono::NaiveDate,
    /// The account's zone.
    pub time_zone: chrono_tz::Tz,
    /// What it is limited to.
    pub filters: &'a Filters,
    pub requested_at: Timestamp,
    /// In which formats it shall be readable beside the JSON.
    pub formats: &'a Formats,
}

/// Makes a request, queued.
pub fn create(tx: &mut Tx<'_>, new: &NewRequest<'_>) -> Result<RequestId> {
    let filters = (!new.filters.is_empty()).then(|| serde_json::to_string(new.filters)).transpose();
    let filters = filters.map_err(|error| Error::internal("writing down what an export is limited to", error))?;
    Ok(diesel::insert_into(export_requests::table)
        .values((
            export_requests::account_id.eq(new.account_id),
            export_requests::requester_id.eq(new.requester_id),
            export_requests::form_key.eq(new.form_key),
            export_requests::first_day.eq(new.first_day.to_string()),
            export_requests::last_day.eq(new.last_day.to_string()),
            export_requests::time_zone.eq(new.time_zone.name()),
            export_requests::status.eq(Status::Accepted.as_str()),
            export_requests::attempts.eq(0),
            export_requests::requested_at.eq(new.requested_at.micros()),
            export_requests::items_done.eq(0),
            export_requests::not_before.eq(AT_ONCE),
            export_requests::formats.eq(new.formats.to_string()),
            export_requests::filters.eq(filters),
        ))
        .returning(export_requests::id)
        .get_result(tx.sql())?)
}

/// A request whose row is locked until the transaction ends, so that nobody else changes it, nor its jobs and parts.
#[derive(Debug)]
pub struct Locked {
    id: RequestId,
    in_progress: bool,
}

impl Locked {
    /// The request's number.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// Whether it is in progress.
    pub fn is_in_progress(&self) -> bool {
        self.in_progress
    }
}

/// Locks a request, after waiting for whoever else has; none if there is no such request. A transaction locks one request only,
/// and before it touches anything that belongs to it: so no two wait for one another.
pub fn lock(tx: &mut Tx<'_>, id: RequestId) -> Result<Option<Locked>> {
    let row = export_requests::table.find(id).select(export_requests::status);
    let status: Option<String> = match tx.sql() {
        // A writer is alone.
        Conn::Sqlite(inner) => row.first(inner).optional()?,
        // Rows that refer to it can be made meanwhile: a download may be noted while it is worked on.
        Conn::Postgres(inner) => row.for_no_key_update().first(inner).optional()?,
    };
    Ok(status.map(|status| Locked { id, in_progress: status == Status::InProgress.as_str() }))
}

/// Locks a request as [`lock`] does, if that can be done at once; none also if another has locked it.
pub fn lock_at_once(tx: &mut Tx<'_>, id: RequestId) -> Result<Option<Locked>> {
    let row = export_requests::table.find(id).select(export_requests::status);
    let free: Option<String> = match tx.sql() {
        Conn::Sqlite(_) => return lock(tx, id),
        Conn::Postgres(inner) => row.for_no_key_update().skip_locked().first(inner).optional()?,
    };
    Ok(free.map(|status| Locked { id, in_progress: status == Status::InProgress.as_str() }))
}

/// The request with this number.
pub fn find(c: &mut Conn, id: RequestId) -> Result<Option<ExportRequest>> {
    export_requests::table.find(id).select(Row::as_select()).first(c).optional()?.map(Row::into_model).transpose()
}

/// The account that a request is of.
pub fn find_account(c: &mut Conn, id: RequestId) -> Result<Option<AccountId>> {
    Ok(export_requests::table.find(id).select(export_requests::account_id).first(c).optional()?)
}

/// The request that this form made.
pub fn find_by_form_key(c: &mut Conn, account: AccountId, form_key: &str) -> Result<Option<RequestId>> {
    let query = export_requests::table
        .filter(export_requests::account_id.eq(account))
        .filter(export_requests::form_key.eq(form_key));
    Ok(query.select(export_requests::id).first(c).optional()?)
}

/// How many of an account's requests are queued or in progress (B2).
pub fn count_open(c: &mut Conn, account: AccountId) -> Result<i64> {
    let query = export_requests::table.filter(export_requests::account_id.eq(account));
    Ok(query.filter(export_requests::status.eq_any(OPEN)).count().get_result(c)?)
}

/// Which stretch of an account's requests. It is identified by a request rather than by a page's number, so that page 400 costs
/// what page 1 does, and that an address goes on showing the same requests when there are newer ones.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Stretch {
    /// The newest ones.
    #[default]
    Newest,
    /// Those older than this one.
    Before(RequestId),
    /// Those newer than this one, from it on.
    After(RequestId),
}

/// A stretch of an account's requests.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Each with the name of who asked, newest first.
    pub rows: Vec<(ExportRequest, String)>,
    /// A page of newer ones lies after this request.
    pub newer: Option<RequestId>,
    /// A page of older ones lies before this request.
    pub older: Option<RequestId>,
}

/// A stretch of at most `limit` of an account's requests. One that can't be read is left out and logged: it must
/// not take the others with it.
pub fn page(c: &mut Conn, account: AccountId, stretch: Stretch, limit: usize) -> Result<Page> {
    let query = || {
        export_requests::table
            .inner_join(users::table)
            .filter(export_requests::account_id.eq(account))
            .limit(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1))
            .select((Row::as_select(), users::name))
    };
    let newest_first = export_requests::id.desc();
    let mut rows: Vec<(Row, String)> = match stretch {
        Stretch::Newest => query().order(newest_first).load(c)?,
        Stretch::Before(id) => query().filter(export_requests::id.lt(id)).order(newest_first).load(c)?,
        Stretch::After(id) => query().filter(export_requests::id.gt(id)).order(export_requests::id.asc()).load(c)?,
    };
    let more = rows.len() > limit;
    rows.truncate(limit);
    let (newer, older) = match stretch {
        Stretch::Newest => (false, more),
        Stretch::Before(id) => (exists(c, account, id.saturating_sub(1), true)?, more),
        // What is left is less than a page: then they are the newest ones.
        Stretch::After(_) if !more => return page(c, account, Stretch::Newest, limit),
        Stretch::After(id) => {
            rows.reverse();
            (true, exists(c, account, id.saturating_add(1), false)?)
        }
    };
    // An empty page lies beyond the oldest one: from there, newer ones are the oldest.
    let edge = |row: Option<&(Row, String)>| row.map_or(0, |(row, _)| row.id);
    let newer = newer.then(|| edge(rows.first()));
    let older = older.then(|| edge(rows.last()));
    let readable = rows.into_iter().filter_map(|(row, name)| {
        let id = row.id;
        let request = row.into_model().inspect_err(|error| {
            tracing::error!(cause = %error.causes(), request = id, "a request can't be read, and is not shown: {error}");
        });
        Some((request.ok()?, name))
    });
    Ok(Page { rows: readable.collect(), newer, older })
}

/// Whether an account has a request newer (or else older) than this number.
fn exists(c: &mut Conn, account: AccountId, than: RequestId, newer: bool) -> Result<bool> {
    let of_account = export_requests::table.filter(export_requests::account_id.eq(account));
    Ok(if newer {
        diesel::select(diesel::dsl::exists(of_account.filter(export_requests::id.gt(than)))).get_result(c)?
    } else {
        diesel::select(diesel::dsl::exists(of_account.filter(export_requests::id.lt(than)))).get_result(c)?
    })
}

leases!(
    export_requests,
    request: &Locked => export_requests::table.find(request.id),
    request: &Locked => export_requests::table.find(request.id)
);

/// The requests that wait for a worker to plan them: queued, or left by one whose lease has run out; the longest waiting
/// first. Only the request `only` if one is given.
pub fn list_waiting(c: &mut Conn, due: &Due, only: Option<RequestId>) -> Result<Vec<RequestId>> {
    let mut query = export_requests::table
        .filter(export_requests::status.eq_any(OPEN))
        .filter(export_requests::planned_at.is_null())
        .filter(free!(export_requests, due))
        .order(export_requests::id)
        .into_boxed();
    if let Some(id) = only {
        query = query.filter(export_requests::id.eq(id));
    }
    Ok(query.select(export_requests::id).limit(100).load(c)?)
}

/// The requests in progress that are planned, and so have jobs to build; only the request `only` if one is given.
pub fn list_planned(c: &mut Conn, only: Option<RequestId>) -> Result<Vec<RequestId>> {
    let mut query = export_requests::table
        .filter(export_requests::status.eq(Status::InProgress.as_str()))
        .filter(export_requests::planned_at.is_not_null())
        .order(export_requests::id)
        .into_boxed();
    if let Some(id) = only {
        query = query.filter(export_requests::id.eq(id));
    }
    Ok(query.select(export_requests::id).load(c)?)
}

/// The requests whose planner's lease lies beyond `latest`: it was noted before the clock was put back.
pub fn list_leased_beyond(c: &mut Conn, latest: Timestamp) -> Result<Vec<RequestId>> {
    let query = export_requests::table.filter(export_requests::status.eq(Status::InProgress.as_str()));
    Ok(query.filter(export_requests::lease_until.gt(latest.micros())).select(export_requests::id).load(c)?)
}

/// Notes that work on a request has begun: it is in progress.
pub fn update_begun(tx: &mut Tx<'_>, request: &Locked, started: Timestamp) -> Result<()> {
    diesel::update(export_requests::table.find(request.id))
        .set((
            export_requests::status.eq(Status::InProgress.as_str()),
            export_requests::started_at.eq(started.micros()),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// Notes that a request waits again for a worker to plan it.
pub fn update_queued(tx: &mut Tx<'_>, request: &Locked) -> Result<()> {
    diesel::update(export_requests::table.find(request.id))
        .set(export_requests::status.eq(Status::Accepted.as_str()))
        .execute(tx.sql())?;
    Ok(())
}

/// Notes when the cut was taken, and the evidence of that moment as JSON.
pub fn update_cut(tx: &mut Tx<'_>, request: &Locked, at: Timestamp, evidence: &str) -> Result<()> {
    diesel::update(export_requests::table.find(request.id))
        .set((export_requests::cut_at.eq(at.micros()), export_requests::evidence.eq(evidence)))
        .execute(tx.sql())?;
    Ok(())
}

/// The evidence of a request's cut, as JSON.
pub fn find_evidence(c: &mut Conn, id: RequestId) -> Result<Option<String>> {
    Ok(export_requests::table.find(id).select(export_requests::evidence).first(c)?)
}

/// Notes how many items there are, and how large a part may be (entries and bytes), and ends the lease of whoever planned.
pub fn update_planned(
    tx: &mut Tx<'_>,
    request: &Locked,
    total: i64,
    (entries, bytes): (i64, i64),
    now: Timestamp,
) -> Result<()> {
    diesel::update(export_requests::table.find(request.id))
        .set((
            export_requests::items_total.eq(total),
            export_requests::planned_at.eq(now.micros()),
            export_requests::part_entries.eq(entries),
            export_requests::part_bytes.eq(bytes),
            ended!(export_requests),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// How large a part could be when the request was planned: entries and bytes.
pub fn find_part_limits(c: &mut Conn, id: RequestId) -> Result<Option<(i64, i64)>> {
    let limits: Option<(Option<i64>, Option<i64>)> = export_requests::table
        .find(id)
        .select((export_requests::part_entries, export_requests::part_bytes))
        .first(c)
        .optional()?;
    Ok(limits.and_then(|(entries, bytes)| entries.zip(bytes)))
}

/// Notes how many items are done, which never becomes less.
pub fn update_done(tx: &mut Tx<'_>, id: RequestId, done: i64) -> Result<()> {
    diesel::update(export_requests::table.find(id))
        .filter(export_requests::items_done.lt(done))
        .set(export_requests::items_done.eq(done))
        .execute(tx.sql())?;
    Ok(())
}

/// Notes how often a request's work has been taken up, which never becomes less.
pub fn update_attempts(tx: &mut Tx<'_>, id: RequestId, attempts: i32) -> Result<()> {
    diesel::update(export_requests::table.find(id))
        .filter(export_requests::attempts.lt(attempts))
        .set(export_requests::attempts.eq(attempts))
        .execute(tx.sql())?;
    Ok(())
}

/// Completes a request; returns whether it was in progress.
pub fn update_completed(tx: &mut Tx<'_>, id: RequestId, done: i64, now: Timestamp, expires: Timestamp) -> Result<bool> {
    let changed = diesel::update(export_requests::table.find(id))
        .filter(export_requests::status.eq(Status::InProgress.as_str()))
        .set((
            export_requests::status.eq(Status::Completed.as_str()),
            export_requests::items_total.eq(done),
            export_requests::items_done.eq(done),
            export_requests::finished_at.eq(now.micros()),
            export_requests::expires_at.eq(expires.micros()),
        ))
        .execute(tx.sql())?;
    Ok(changed > 0)
}

/// Fails a request that is queued or in progress; returns whether it was.
pub fn update_failed(tx: &mut Tx<'_>, id: RequestId, reason: &str, now: Timestamp) -> Result<bool> {
    let changed = diesel::update(export_requests::table.find(id))
        .filter(export_requests::status.eq_any(OPEN))
        .set((
            export_requests::status.eq(Status::Failed.as_str()),
            export_requests::reason.eq(reason),
            export_requests::finished_at.eq(now.micros()),
            ended!(export_requests),
        ))
        .execute(tx.sql())?;
    Ok(changed > 0)
}

/// Cancels a request that is queued or in progress; returns whether it was.
pub fn update_cancelled(tx: &mut Tx<'_>, id: RequestId, now: Timestamp) -> Result<bool> {
    let changed = diesel::update(export_requests::table.find(id))
        .filter(export_requests::status.eq_any(OPEN))
        .set((
            export_requests::status.eq(Status::Cancelled.as_str()),
            export_requests::finished_at.eq(now.micros()),
            ended!(export_requests),
        ))
        .execute(tx.sql())?;
    Ok(changed > 0)
}

/// Queues a failed request again; returns whether it had failed.
pub fn update_retried(tx: &mut Tx<'_>, id: RequestId) -> Result<bool> {
    let changed = diesel::update(export_requests::table.find(id))
        .filter(export_requests::status.eq(Status::Failed.as_str()))
        .set((
            export_requests::status.eq(Status::Accepted.as_str()),
            export_requests::reason.eq(None::<String>),
            export_requests::attempts.eq(0),
            export_requests::not_before.eq(AT_ONCE),
            export_requests::started_at.eq(None::<i64>),
            export_requests::finished_at.eq(None::<i64>),
            export_requests::cut_at.eq(None::<i64>),
            export_requests::planned_at.eq(None::<i64>),
            export_requests::evidence.eq(None::<String>),
            export_requests::items_total.eq(None::<i64>),
            export_requests::items_done.eq(0),
        ))
        .execute(tx.sql())?;
    if changed > 0 {
        crate::db::cuts::delete(tx, id)?;
    }
    Ok(changed > 0)
}

/// Completed requests whose time is over, and whose bytes have not been erased yet.
pub fn list_to_expire(c: &mut Conn, now: Timestamp) -> Result<Vec<RequestId>> {
    let query = export_requests::table
        .filter(export_requests::expires_at.le(now.micros()))
        .filter(export_requests::erased_at.is_null())
        .order(export_requests::id);
    Ok(query.limit(100).select(export_requests::id).load(c)?)
}

/// Marks a request expired: from now on its bytes are not given out.
pub fn update_expired(tx: &mut Tx<'_>, id: RequestId) -> Result<()> {
    diesel::update(export_requests::table.find(id))
        .filter(export_requests::status.eq(Status::Completed.as_str()))
        .set(export_requests::status.eq(Status::Expired.as_str()))
        .execute(tx.sql())?;
    Ok(())
}

/// Ends the time of a completed request before it is over: from now on its bytes are not given out, and the sweeper finds
/// them if nobody else erases them. Returns whether there was something left to delete.
pub fn update_deleted(tx: &mut Tx<'_>, id: RequestId, by: UserId, now: Timestamp) -> Result<bool> {
    let changed = diesel::update(export_requests::table.find(id))
        .filter(export_requests::status.eq(Status::Completed.as_str()))
        .filter(export_requests::expires_at.gt(now.micros()))
        .set((
            export_requests::status.eq(Status::Expired.as_str()),
            export_requests::expires_at.eq(now.micros()),
            export_requests::deleted_at.eq(now.micros()),
            export_requests::deleted_by.eq(by),
        ))
        .execute(tx.sql())?;
    Ok(changed > 0)
}

/// Name of who deleted a request.
pub fn find_deleter(c: &mut Conn, id: RequestId) -> Result<Option<String>> {
    Ok(export_requests::table
        .inner_join(users::table.on(export_requests::deleted_by.eq(users::id.nullable())))
        .filter(export_requests::id.eq(id))
        .select(users::name)
        .first(c)
        .optional()?)
}

/// Notes that an expired request's bytes have been erased; returns whether nobody had noted it yet.
pub fn update_erased(tx: &mut Tx<'_>, id: RequestId, now: Timestamp) -> Result<bool> {
    let changed = diesel::update(export_requests::table.find(id))
        .filter(export_requests::erased_at.is_null())
        .set(export_requests::erased_at.eq(now.micros()))
        .execute(tx.sql())?;
    Ok(changed > 0)
}

/// When a request's bytes were erased.
pub fn find_erased(c: &mut Conn, id: RequestId) -> Result<Option<Timestamp>> {
    let erased: Option<Option<i64>> =
        export_requests::table.find(id).select(export_requests::erased_at).first(c).optional()?;
    instant_opt(erased.flatten())
}

/// The keys of the exports in progress. One whose lease has run out is still its worker's until another takes it up.
pub fn list_lease_keys(c: &mut Conn) -> Result<Vec<String>> {
    let keys: Vec<Option<String>> = export_requests::table
        .filter(export_requests::status.eq(Status::InProgress.as_str()))
        .select(export_requests::lease_key)
        .load(c)?;
    Ok(keys.into_iter().flatten().collect())
}

/// Adds a part, kept in the store of blobs under `storage_key`.
pub fn create_part(tx: &mut Tx<'_>, request: &Locked, part: &Part, storage_key: &str) -> Result<()> {
    diesel::insert_into(export_parts::table)
        .values((
            export_parts::request_id.eq(request.id),
            export_parts::number.eq(part.number),
            export_parts::file_name.eq(&part.file_name),
            export_parts::storage_key.eq(storage_key),
            export_parts::size.eq(part.size),
            export_parts::sha256.eq(&part.sha256),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// Changes the key under which a part is kept.
pub fn update_storage_key(tx: &mut Tx<'_>, request: RequestId, number: i32, storage_key: &str) -> Result<()> {
    let part = export_parts::table.find((request, number));
    diesel::update(part).set(export_parts::storage_key.eq(storage_key)).execute(tx.sql())?;
    Ok(())
}

type PartRow = (i32, String, String, i64, String);

const PART: (
    export_parts::number,
    export_parts::file_name,
    export_parts::storage_key,
    export_parts::size,
    export_parts::sha256,
) = (
    export_parts::number,
    export_parts::file_name,
    export_parts::storage_key,
    export_parts::size,
    export_parts::sha256,
);

fn part((number, file_name, storage_key, size, sha256): PartRow) -> (Part, String) {
    (Part { number, file_name, size, sha256 }, storage_key)
}

/// A request's parts in order, each with its storage key.
pub fn list_parts(c: &mut Conn, request: RequestId) -> Result<Vec<(Part, String)>> {
    let ours = export_parts::table.filter(export_parts::request_id.eq(request));
    let rows: Vec<PartRow> = ours.order(export_parts::number).select(PART).load(c)?;
    Ok(rows.into_iter().map(part).collect())
}

/// One of a request's parts, with its storage key.
pub fn find_part(c: &mut Conn, request: RequestId, number: i32) -> Result<Option<(Part, String)>> {
    let row: Option<PartRow> = export_parts::table.find((request, number)).select(PART).first(c).optional()?;
    Ok(row.map(part))
}

/// Some of a request's parts in order, and how many it has, with their bytes.
pub fn page_of_parts(c: &mut Conn, request: RequestId, skip: i64, limit: i64) -> Result<(Vec<Part>, i64, i64)> {
    let ours = export_parts::table.filter(export_parts::request_id.eq(request));
    let sums = (diesel::dsl::count_star(), sql::<BigInt>("CAST(coalesce(sum(size), 0) AS BIGINT)"));
    let (count, bytes) = ours.select(sums).first(c)?;
    let rows: Vec<(i32, String, i64, String)> = ours
        .order(export_parts::number)
        .offset(skip)
        .limit(limit)
        .select((export_parts::number, export_parts::file_name, export_parts::size, export_parts::sha256))
        .load(c)?;
    let part = |(number, file_name, size, sha256)| Part { number, file_name, size, sha256 };
    Ok((rows.into_iter().map(part).collect(), count, bytes))
}

/// The parts of several requests, by request and in order.
pub fn list_parts_of(c: &mut Conn, requests: &[RequestId]) -> Result<Vec<(RequestId, Part)>> {
    let rows: Vec<(RequestId, i32, String, i64, String)> = export_parts::table
        .filter(export_parts::request_id.eq_any(requests))
        .order((export_parts::request_id, export_parts::number))
        .select((
            export_parts::request_id,
            export_parts::number,
            export_parts::file_name,
            export_parts::size,
            export_parts::sha256,
        ))
        .load(c)?;
    let part = |(request, number, file_name, size, sha256)| (request, Part { number, file_name, size, sha256 });
    Ok(rows.into_iter().map(part).collect())
}

/// A part that ought to lie among the archives, and whose it is.
#[derive(Clone, Debug)]
pub struct KeptPart {
    pub request: RequestId,
    /// Name of the account.
    pub account: String,
    pub part: Part,
    /// The key under which it is kept.
    pub storage_key: String,
}

/// A part, the status of its export, and until when that is available.
pub type WithEnd = (KeptPart, Status, Option<Timestamp>);

/// The parts of `requests`, or of all that are completed, by request and number.
pub fn list_kept_parts(c: &mut Conn, requests: Option<&[RequestId]>) -> Result<Vec<WithEnd>> {
    let query = export_parts::table
        .inner_join(export_requests::table.on(export_requests::id.eq(export_parts::request_id)))
        .inner_join(accounts::table.on(accounts::id.eq(export_requests::account_id)))
        .order((export_parts::request_id, export_parts::number))
        .into_boxed();
    let query = match requests {
        // Nothing else is asked of a few: SQLite would walk through all that are completed rather than look up these.
        Some(requests) => query.filter(export_parts::request_id.eq_any(requests)),
        None => query.filter(export_requests::status.eq(Status::Completed.as_str())),
    };
    type Kept = (RequestId, String, i32, String, String, i64, String);
    let rows: Vec<(Kept, String, Option<i64>)> = query
        .select((
            (
                export_parts::request_id,
                accounts::name,
                export_parts::number,
                export_parts::file_name,
                export_parts::storage_key,
                export_parts::size,
                export_parts::sha256,
            ),
            export_requests::status,
            export_requests::expires_at,
        ))
        .load(c)?;
    let kept = |(request, account, number, file_name, storage_key, size, sha256)| KeptPart {
        request,
        account,
        part: Part { number, file_name, size, sha256 },
        storage_key,
    };
    let with_end = |(row, status, expires_at): (Kept, String, Option<i64>)| {
        Ok((kept(row), parsed(&status)?, instant_opt(expires_at)?))
    };
    rows.into_iter().map(with_end).collect()
}

/// A completed request that this database did not know, as its archive describes it.
#[derive(Clone, Debug)]
pub struct AdoptedRequest<'a> {
    /// What was asked for, and by whom.
    pub asked: NewRequest<'a>,
    pub cut_at: Timestamp,
    pub items: i64,
    /// When it was taken in.
    pub now: Timestamp,
    /// Until when it can be downloaded.
    pub expires_at: Timestamp,
    /// What was so at the cut, as JSON.
    pub evidence: &'a str,
}

/// Makes a completed request; with this number, if one is given, of which there must be none.
pub fn create_adopted(tx: &mut Tx<'_>, new: &AdoptedRequest<'_>, number: Option<RequestId>) -> Result<RequestId> {
    let made = create(tx, &new.asked)?;
    let id = number.unwrap_or(made);
    diesel::update(export_requests::table.find(made))
        .set((
            export_requests::id.eq(id),
            export_requests::status.eq(Status::Completed.as_str()),
            // No recording of this database: those that it shows came after the copy that was restored.
            export_requests::cut_at.eq(new.cut_at.micros()),
            export_requests::items_total.eq(new.items),
            export_requests::items_done.eq(new.items),
            export_requests::finished_at.eq(new.now.micros()),
            export_requests::expires_at.eq(new.expires_at.micros()),
            export_requests::evidence.eq(new.evidence),
        ))
        .execute(tx.sql())?;
    reserve_numbers(tx, id)?;
    Ok(id)
}

/// Makes sure that no request to come gets a number up to this one: an archive bears it already.
pub fn reserve_numbers(tx: &mut Tx<'_>, up_to: RequestId) -> Result<()> {
    use diesel::sql_types::BigInt;
    match tx.sql() {
        Conn::Sqlite(c) => {
            let update = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'export_requests'";
            if diesel::sql_query(update).bind::<BigInt, _>(up_to).execute(c)? == 0 {
                let insert = "INSERT INTO sqlite_sequence (name, seq) VALUES ('export_requests', ?)";
                diesel::sql_query(insert).bind::<BigInt, _>(up_to).execute(c)?;
            }
        }
        Conn::Postgres(c) => {
            // Until the transaction ends nobody takes a number meanwhile.
            diesel::sql_query("LOCK TABLE export_requests IN SHARE ROW EXCLUSIVE MODE").execute(c)?;
            let set = "SELECT setval(name::regclass, GREATEST($1, nextval(name::regclass)))
                       FROM (SELECT pg_get_serial_sequence('export_requests', 'id') AS name) AS numbers";
            diesel::sql_query(set).bind::<BigInt, _>(up_to).execute(c)?;
        }
    }
    Ok(())
}

/// The largest number of a request.
pub fn find_last_number(c: &mut Conn) -> Result<Option<RequestId>> {
    Ok(export_requests::table.select(diesel::dsl::max(export_requests::id)).first(c)?)
}

/// The keys under which parts are kept that have not been erased.
pub fn list_storage_keys(c: &mut Conn) -> Result<Vec<String>> {
    Ok(export_parts::table
        .inner_join(export_requests::table.on(export_requests::id.eq(export_parts::request_id)))
        .filter(export_requests::erased_at.is_null())
        .select(export_parts::storage_key)
        .load(c)?)
}
