//! Rows of the parts of exports that are being made: each a job, claimed by lease. Whoever changes one holds its
//! request ([`crate::exports::rows::exports::lock`]).
//!
//! What a part holds is as long as the part, and so kept beside its row, which stays short: workers look at the rows of all
//! jobs and write their own twice a second.

use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::exports::Locked;
use crate::db::schema::{export_requests, part_job_counts, part_jobs};
use crate::db::{AT_ONCE, Conn, Tx, UNREADABLE};
use crate::error::{Error, Result};
use crate::jobs::lease::Due;
use crate::jobs::rows::{ended, free, leases};
use crate::model::{RequestId, Status, Timestamp};

/// A job to be made.
#[derive(Clone, Debug)]
pub struct NewPartJob {
    pub number: i32,
    /// What it holds.
    pub plan: String,
    pub items: i64,
}

/// Makes a job that waits for a worker.
pub fn create(tx: &mut Tx<'_>, request: &Locked, new: &NewPartJob) -> Result<()> {
    diesel::insert_into(part_jobs::table)
        .values((
            part_jobs::request_id.eq(request.id()),
            part_jobs::number.eq(new.number),
            part_jobs::items_total.eq(new.items),
            part_jobs::items_done.eq(0),
            part_jobs::attempts.eq(0),
            part_jobs::not_before.eq(AT_ONCE),
        ))
        .execute(tx.sql())?;
    diesel::insert_into(part_job_counts::table)
        .values((
            part_job_counts::request_id.eq(request.id()),
            part_job_counts::number.eq(new.number),
            part_job_counts::planned.eq(&new.plan),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// Whether a request has a job of this number.
pub fn is_made(c: &mut Conn, request: RequestId, number: i32) -> Result<bool> {
    Ok(diesel::select(exists(part_jobs::table.find((request, number)))).get_result(c)?)
}

/// A job that waits for a worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Waiting {
    /// Number of the part.
    pub number: i32,
    /// How often it has been taken up.
    pub attempts: i32,
}

/// The jobs of a request that are not built.
macro_rules! unbuilt {
    ($request:expr) => {
        part_jobs::table.filter(part_jobs::request_id.eq($request)).filter(part_jobs::built_at.is_null())
    };
}

const WAITING: (part_jobs::number, part_jobs::attempts) = (part_jobs::number, part_jobs::attempts);

/// The job of a request that is taken up next: the first that nobody holds and whose wait is over; part 1 only when it is
/// the last.
pub fn find_waiting(c: &mut Conn, request: RequestId, due: &Due) -> Result<Option<Waiting>> {
    let left = unbuilt!(request).order(part_jobs::number);
    let others = left.filter(part_jobs::number.gt(1));
    let mut row = others.filter(free!(part_jobs, due)).select(WAITING).first(c).optional()?;
    if row.is_none() && !diesel::select(exists(others)).get_result(c)? {
        row = left.filter(free!(part_jobs, due)).select(WAITING).first(c).optional()?;
    }
    Ok(row.map(|(number, attempts)| Waiting { number, attempts }))
}

/// How many jobs of a request workers hold.
pub fn count_held(c: &mut Conn, request: RequestId, now: Timestamp) -> Result<i64> {
    let held = part_jobs::table
        .filter(part_jobs::request_id.eq(request))
        .filter(part_jobs::lease_key.is_not_null())
        .filter(part_jobs::lease_until.ge(now.micros()));
    Ok(held.count().get_result(c)?)
}

/// A job of a request that is locked.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The request.
    pub request: &'a Locked,
    /// Number of the part.
    pub number: i32,
}

leases!(
    part_jobs,
    job: Job<'_> => part_jobs::table.find((job.request.id(), job.number)),
    request: &Locked => part_jobs::table.filter(part_jobs::request_id.eq(request.id()))
);

/// The requests in progress of which a job's lease lies beyond `latest`: it was noted before the clock was put back.
pub fn list_leased_beyond(c: &mut Conn, latest: Timestamp) -> Result<Vec<RequestId>> {
    let held = part_jobs::table.filter(part_jobs::lease_key.is_not_null());
    let beyond = held.filter(part_jobs::lease_until.gt(latest.micros()));
    Ok(beyond.select(part_jobs::request_id).distinct().load(c)?)
}

/// What a part holds, as planned.
pub fn find_plan(c: &mut Conn, request: RequestId, number: i32) -> Result<Option<String>> {
    let counts = part_job_counts::table.find((request, number));
    Ok(counts.select(part_job_counts::planned).first(c).optional()?)
}

/// Notes how many items of a job are done.
pub fn update_done(tx: &mut Tx<'_>, job: Job<'_>, done: i64) -> Result<()> {
    diesel::update(part_jobs::table.find((job.request.id(), job.number)))
        .set(part_jobs::items_done.eq(done))
        .execute(tx.sql())?;
    Ok(())
}

/// A part as it was built.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Built {
    /// Number of the part.
    pub number: i32,
    /// The counts of what was written, as its plan's, if they are not the same.
    pub counts: Option<String>,
    /// The same items by kind, as [`crate::exports::rules::summary`] writes them.
    pub kinds: String,
    pub items: i64,
    /// Under which its bytes are kept.
    pub storage_key: String,
    /// Bytes.
    pub size: i64,
    /// Of the whole file, lower-case hexadecimal.
    pub sha256: String,
    /// Of its list of check sums.
    pub sums_sha256: String,
}

/// Notes that a job has been built, which ends the lease.
pub fn update_built(tx: &mut Tx<'_>, job: Job<'_>, built: &Built, now: Timestamp) -> Result<()> {
    diesel::update(part_jobs::table.find((job.request.id(), job.number)))
        .set((
            part_jobs::items_done.eq(built.items),
            part_jobs::built_at.eq(now.micros()),
            part_jobs::storage_key.eq(&built.storage_key),
            part_jobs::size.eq(built.size),
            part_jobs::sha256.eq(&built.sha256),
            part_jobs::sums_sha256.eq(&built.sums_sha256),
            ended!(part_jobs),
        ))
        .execute(tx.sql())?;
    diesel::update(part_job_counts::table.find((job.request.id(), job.number)))
        .set((part_job_counts::written.eq(&built.counts), part_job_counts::kinds.eq(&built.kinds)))
        .execute(tx.sql())?;
    Ok(())
}

/// Ends all leases on a request's jobs: whoever holds one learns that the request has ended.
pub fn update_leases_ended(tx: &mut Tx<'_>, request: &Locked) -> Result<()> {
    diesel::update(part_jobs::table.filter(part_jobs::request_id.eq(request.id())))
        .filter(part_jobs::lease_key.is_not_null())
        .set(ended!(part_jobs))
        .execute(tx.sql())?;
    Ok(())
}

/// Items done of all jobs of a request.
pub fn sum_done(c: &mut Conn, request: RequestId) -> Result<i64> {
    let done = sql::<BigInt>("CAST(coalesce(sum(items_done), 0) AS BIGINT)");
    Ok(part_jobs::table.filter(part_jobs::request_id.eq(request)).select(done).first(c)?)
}

/// How many jobs a request has: they are numbered from 1.
pub fn count(c: &mut Conn, request: RequestId) -> Result<i32> {
    let last = part_jobs::table.filter(part_jobs::request_id.eq(request)).order(part_jobs::number.desc());
    Ok(last.select(part_jobs::number).first(c).optional()?.unwrap_or(0))
}

/// Whether any job of a request has been built.
pub fn is_any_built(c: &mut Conn, request: RequestId) -> Result<bool> {
    let ours = part_jobs::table.filter(part_jobs::request_id.eq(request));
    Ok(diesel::select(exists(ours.filter(part_jobs::built_at.is_not_null()))).get_result(c)?)
}

/// Under which key a part is kept, once it is built.
pub fn find_storage_key(c: &mut Conn, request: RequestId, number: i32) -> Result<Option<String>> {
    let key: Option<Option<String>> =
        part_jobs::table.find((request, number)).select(part_jobs::storage_key).first(c).optional()?;
    Ok(key.flatten())
}

type BuiltRow = (i32, i64, Option<String>, Option<i64>, Option<String>, Option<String>);

/// The built jobs of a request in order, without their counts, which are long: [`find_counts`] and [`find_kinds`] return them.
pub fn list_built(c: &mut Conn, request: RequestId) -> Result<Vec<Built>> {
    let rows: Vec<BuiltRow> = part_jobs::table
        .filter(part_jobs::request_id.eq(request).and(part_jobs::built_at.is_not_null()))
        .order(part_jobs::number)
        .select((
            part_jobs::number,
            part_jobs::items_done,
            part_jobs::storage_key,
            part_jobs::size,
            part_jobs::sha256,
            part_jobs::sums_sha256,
        ))
        .load(c)?;
    rows.into_iter().map(built).collect()
}

/// What is built has all of these: without them it would be a part of another size, or of none.
fn built((number, items, storage_key, size, sha256, sums_sha256): BuiltRow) -> Result<Built> {
    let missing = || Error::internal(UNREADABLE, format!("part {number} is built, and something of it is not noted"));
    Ok(Built {
        number,
        counts: None,
        kinds: String::new(),
        items,
        storage_key: storage_key.ok_or_else(missing)?,
        size: size.ok_or_else(missing)?,
        sha256: sha256.ok_or_else(missing)?,
        sums_sha256: sums_sha256.ok_or_else(missing)?,
    })
}

/// The counts of what was written into a part, once it is built: those of the plan, if nothing else was noted.
pub fn find_counts(c: &mut Conn, request: RequestId, number: i32) -> Result<Option<String>> {
    let counts = part_job_counts::table.find((request, number));
    let written: Option<Option<String>> = counts.select(part_job_counts::written).first(c).optional()?;
    match written {
        Some(None) => find_plan(c, request, number),
        written => Ok(written.flatten()),
    }
}

/// The items by kind of what was written into a part, once it is built.
pub fn find_kinds(c: &mut Conn, request: RequestId, number: i32) -> Result<Option<String>> {
    let kinds: Option<Option<String>> =
        part_job_counts::table.find((request, number)).select(part_job_counts::kinds).first(c).optional()?;
    Ok(kinds.flatten())
}

/// The requests that are no longer in progress and still have jobs, which belong to nothing now.
pub fn list_ended_requests(c: &mut Conn) -> Result<Vec<RequestId>> {
    Ok(part_jobs::table
        .inner_join(export_requests::table)
        .filter(export_requests::status.ne(Status::InProgress.as_str()))
        .select(part_jobs::request_id)
        .distinct()
        .load(c)?)
}

/// Removes a request's jobs, with what they hold.
pub fn delete(tx: &mut Tx<'_>, request: &Locked) -> Result<()> {
    diesel::delete(part_jobs::table.filter(part_jobs::request_id.eq(request.id()))).execute(tx.sql())?;
    Ok(())
}

/// The keys of the jobs that workers hold.
pub fn list_lease_keys(c: &mut Conn) -> Result<Vec<String>> {
    let keys: Vec<Option<String>> =
        part_jobs::table.filter(part_jobs::lease_key.is_not_null()).select(part_jobs::lease_key).load(c)?;
    Ok(keys.into_iter().flatten().collect())
}

/// The keys under which built parts are kept.
pub fn list_storage_keys(c: &mut Conn) -> Result<Vec<String>> {
    let keys: Vec<Option<String>> =
        part_jobs::table.filter(part_jobs::storage_key.is_not_null()).select(part_jobs::storage_key).load(c)?;
    Ok(keys.into_iter().flatten().collect())
}
