//! Rows of the parts of exports that are being made: each a piece of work, claimed by lease.
//!
//! What a piece holds is as long as the piece, and so kept beside its row, which stays short: workers look at the rows of all
//! pieces and write their own twice a second.

use diesel::prelude::*;

use super::Conn;
use super::schema::{export_piece_counts, export_pieces, export_requests};
use crate::error::Result;
use crate::model::{RequestId, Status, Timestamp};

/// A piece to be made.
#[derive(Clone, Debug)]
pub struct NewPiece {
    /// Number of the part.
    pub number: i32,
    /// What it holds.
    pub plan: String,
    /// Items in it.
    pub items: i64,
}

/// Makes a piece that waits for a worker.
pub fn create(c: &mut Conn, request: RequestId, new: &NewPiece, now: Timestamp) -> Result<()> {
    diesel::insert_into(export_pieces::table)
        .values((
            export_pieces::request_id.eq(request),
            export_pieces::number.eq(new.number),
            export_pieces::items_total.eq(new.items),
            export_pieces::items_done.eq(0),
            export_pieces::attempts.eq(0),
            export_pieces::not_before.eq(now.micros()),
        ))
        .execute(c)?;
    diesel::insert_into(export_piece_counts::table)
        .values((
            export_piece_counts::request_id.eq(request),
            export_piece_counts::number.eq(new.number),
            export_piece_counts::planned.eq(&new.plan),
        ))
        .execute(c)?;
    Ok(())
}

/// A piece that has not been built, as whoever looks for work sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unbuilt {
    /// The request.
    pub request_id: RequestId,
    /// Number of the part.
    pub number: i32,
    /// How often it has been taken up.
    pub attempts: i32,
    /// Not to be taken up before.
    pub not_before: i64,
    /// Until when a worker holds it.
    pub lease_until: Option<i64>,
}

/// The unbuilt pieces of requests in progress, by request and number; only of the request `only` if one is given.
pub fn list_unbuilt(c: &mut Conn, only: Option<RequestId>) -> Result<Vec<Unbuilt>> {
    let mut query = export_pieces::table
        .inner_join(export_requests::table)
        .filter(export_requests::status.eq(Status::InProgress.as_str()))
        .filter(export_requests::planned_at.is_not_null().and(export_pieces::built_at.is_null()))
        .order((export_pieces::request_id, export_pieces::number))
        .into_boxed();
    if let Some(id) = only {
        query = query.filter(export_pieces::request_id.eq(id));
    }
    let rows: Vec<(RequestId, i32, i32, i64, Option<i64>)> = query
        .select((
            export_pieces::request_id,
            export_pieces::number,
            export_pieces::attempts,
            export_pieces::not_before,
            export_pieces::lease_until,
        ))
        .load(c)?;
    let unbuilt = |(request_id, number, attempts, not_before, lease_until)| Unbuilt {
        request_id,
        number,
        attempts,
        not_before,
        lease_until,
    };
    Ok(rows.into_iter().map(unbuilt).collect())
}

/// Takes up a piece as it was `found`; tells whether nobody else was quicker.
pub fn claim(c: &mut Conn, found: &Unbuilt, key: &str, until: Timestamp) -> Result<bool> {
    let changed = diesel::update(export_pieces::table.find((found.request_id, found.number)))
        .filter(export_pieces::attempts.eq(found.attempts).and(export_pieces::built_at.is_null()))
        .set((
            export_pieces::attempts.eq(found.attempts + 1),
            export_pieces::items_done.eq(0),
            export_pieces::lease_key.eq(key),
            export_pieces::lease_until.eq(until.micros()),
        ))
        .execute(c)?;
    Ok(changed > 0)
}

/// What a piece holds.
pub fn find_plan(c: &mut Conn, request: RequestId, number: i32) -> Result<Option<String>> {
    let counts = export_piece_counts::table.find((request, number));
    Ok(counts.select(export_piece_counts::planned).first(c).optional()?)
}

/// A worker's hold on a piece.
#[derive(Clone, Debug)]
pub struct Lease<'a> {
    /// The request.
    pub request: RequestId,
    /// Number of the part.
    pub number: i32,
    /// Known to the holder alone.
    pub key: &'a str,
}

/// The row that a lease holds, if it still does.
macro_rules! held {
    ($lease:expr) => {
        export_pieces::table
            .find(($lease.request, $lease.number))
            .filter(export_pieces::lease_key.eq($lease.key).and(export_pieces::built_at.is_null()))
    };
}

/// Prolongs a lease and notes the progress; tells whether it still holds.
pub fn update_progress(c: &mut Conn, lease: &Lease<'_>, until: Timestamp, done: i64) -> Result<bool> {
    let set = (export_pieces::lease_until.eq(until.micros()), export_pieces::items_done.eq(done));
    Ok(diesel::update(held!(lease)).set(set).execute(c)? > 0)
}

/// Whether a lease still holds; if so, nobody else changes the piece until the transaction ends.
pub fn hold(c: &mut Conn, lease: &Lease<'_>) -> Result<bool> {
    let unchanged = export_pieces::lease_key.eq(lease.key);
    Ok(diesel::update(held!(lease)).set(unchanged).execute(c)? > 0)
}

/// A part as it was built.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Built {
    /// Number of the part.
    pub number: i32,
    /// The counts of what was written, as its plan's, if they are not the same.
    pub counts: Option<String>,
    /// The same items by kind, as [`crate::domain::rules::summary`] writes them.
    pub kinds: String,
    /// Items in it.
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

/// Notes that a piece has been built, which ends the lease; tells whether it still held.
pub fn update_built(c: &mut Conn, lease: &Lease<'_>, built: &Built, now: Timestamp) -> Result<bool> {
    let changed = diesel::update(held!(lease))
        .set((
            export_pieces::items_done.eq(built.items),
            export_pieces::built_at.eq(now.micros()),
            export_pieces::storage_key.eq(&built.storage_key),
            export_pieces::size.eq(built.size),
            export_pieces::sha256.eq(&built.sha256),
            export_pieces::sums_sha256.eq(&built.sums_sha256),
            export_pieces::lease_key.eq(None::<String>),
            export_pieces::lease_until.eq(None::<i64>),
        ))
        .execute(c)?;
    if changed == 0 {
        return Ok(false);
    }
    diesel::update(export_piece_counts::table.find((lease.request, lease.number)))
        .set((export_piece_counts::written.eq(&built.counts), export_piece_counts::kinds.eq(&built.kinds)))
        .execute(c)?;
    Ok(true)
}

/// Puts a piece back; tells whether the lease still held. `attempts` is what has been used up.
pub fn update_released(c: &mut Conn, lease: &Lease<'_>, attempts: i32, not_before: Timestamp) -> Result<bool> {
    let changed = diesel::update(held!(lease))
        .set((
            export_pieces::attempts.eq(attempts),
            export_pieces::not_before.eq(not_before.micros()),
            export_pieces::lease_key.eq(None::<String>),
            export_pieces::lease_until.eq(None::<i64>),
        ))
        .execute(c)?;
    Ok(changed > 0)
}

/// Ends all leases on a request's pieces: whoever holds one learns that the request has ended.
pub fn update_leases_ended(c: &mut Conn, request: RequestId) -> Result<()> {
    diesel::update(export_pieces::table.filter(export_pieces::request_id.eq(request)))
        .set((export_pieces::lease_key.eq(None::<String>), export_pieces::lease_until.eq(None::<i64>)))
        .execute(c)?;
    Ok(())
}

/// Items done of all pieces of a request.
pub fn sum_done(c: &mut Conn, request: RequestId) -> Result<i64> {
    let done: Vec<i64> =
        export_pieces::table.filter(export_pieces::request_id.eq(request)).select(export_pieces::items_done).load(c)?;
    Ok(done.into_iter().sum())
}

/// The pieces of a request.
pub fn count(c: &mut Conn, request: RequestId) -> Result<i64> {
    Ok(export_pieces::table.filter(export_pieces::request_id.eq(request)).count().get_result(c)?)
}

type BuiltRow = (i32, i64, Option<String>, Option<i64>, Option<String>, Option<String>);

/// The built pieces of a request in order, without their counts, which are long: [`find_counts`] and [`find_kinds`] tell them.
pub fn list_built(c: &mut Conn, request: RequestId) -> Result<Vec<Built>> {
    let rows: Vec<BuiltRow> = export_pieces::table
        .filter(export_pieces::request_id.eq(request).and(export_pieces::built_at.is_not_null()))
        .order(export_pieces::number)
        .select((
            export_pieces::number,
            export_pieces::items_done,
            export_pieces::storage_key,
            export_pieces::size,
            export_pieces::sha256,
            export_pieces::sums_sha256,
        ))
        .load(c)?;
    let built = |(number, items, storage_key, size, sha256, sums_sha256): BuiltRow| Built {
        number,
        counts: None,
        kinds: String::new(),
        items,
        storage_key: storage_key.unwrap_or_default(),
        size: size.unwrap_or_default(),
        sha256: sha256.unwrap_or_default(),
        sums_sha256: sums_sha256.unwrap_or_default(),
    };
    Ok(rows.into_iter().map(built).collect())
}

/// The counts of what was written into a piece, once it is built: those of the plan, if nothing else was noted.
pub fn find_counts(c: &mut Conn, request: RequestId, number: i32) -> Result<Option<String>> {
    let counts = export_piece_counts::table.find((request, number));
    let written: Option<Option<String>> = counts.select(export_piece_counts::written).first(c).optional()?;
    match written {
        Some(None) => find_plan(c, request, number),
        written => Ok(written.flatten()),
    }
}

/// The items by kind of what was written into a piece, once it is built.
pub fn find_kinds(c: &mut Conn, request: RequestId, number: i32) -> Result<Option<String>> {
    let kinds: Option<Option<String>> =
        export_piece_counts::table.find((request, number)).select(export_piece_counts::kinds).first(c).optional()?;
    Ok(kinds.flatten())
}

/// The requests that are no longer in progress and still have pieces, which belong to nothing now.
pub fn list_ended_requests(c: &mut Conn) -> Result<Vec<RequestId>> {
    Ok(export_pieces::table
        .inner_join(export_requests::table)
        .filter(export_requests::status.ne(Status::InProgress.as_str()))
        .select(export_pieces::request_id)
        .distinct()
        .load(c)?)
}

/// Removes a request's pieces, with what they hold.
pub fn delete(c: &mut Conn, request: RequestId) -> Result<()> {
    diesel::delete(export_pieces::table.filter(export_pieces::request_id.eq(request))).execute(c)?;
    Ok(())
}

/// The keys of the pieces that workers hold.
pub fn list_lease_keys(c: &mut Conn) -> Result<Vec<String>> {
    let keys: Vec<Option<String>> =
        export_pieces::table.filter(export_pieces::lease_key.is_not_null()).select(export_pieces::lease_key).load(c)?;
    Ok(keys.into_iter().flatten().collect())
}

/// The keys under which built pieces are kept.
pub fn list_storage_keys(c: &mut Conn) -> Result<Vec<String>> {
    let keys: Vec<Option<String>> = export_pieces::table
        .filter(export_pieces::storage_key.is_not_null())
        .select(export_pieces::storage_key)
        .load(c)?;
    Ok(keys.into_iter().flatten().collect())
}
