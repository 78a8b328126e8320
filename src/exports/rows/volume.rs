//! How much there is over time, and what the last exports took: what the form that requests an export asks (B1).
//!
//! Counts walk along the index by which exports read, and read nothing else.

use std::fmt::Write as _;
use std::ops::Range;

use diesel::dsl::{count_star, exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use crate::capture::rows::conversations::{ConversationFilter, chosen};
use crate::db::schema::{conversation_accounts, export_parts, export_requests, items};
use crate::db::{Conn, instant};
use crate::error::Result;
use crate::model::{RequestId, Status, Timestamp};
use crate::numbers;

/// An item that shows: one that was not deleted, or while capture was on (C4). Numbers of ours only.
fn shows(on: &[Range<Timestamp>]) -> diesel::expression::SqlLiteral<Bool> {
    let mut text = "(items.deleted_at IS NULL".to_owned();
    for Range { start, end } in on {
        let _infallible =
            write!(text, " OR (items.deleted_at >= {} AND items.deleted_at < {})", start.micros(), end.micros());
    }
    text.push(')');
    sql(&text)
}

/// How many items were posted within each interval of so many microseconds, in order; intervals without items are left
/// out. Each is identified by its beginning.
pub fn count_by_interval(
    c: &mut Conn,
    filter: ConversationFilter<'_>,
    on: &[Range<Timestamp>],
    micros: i64,
) -> Result<Vec<(Timestamp, u64)>> {
    // Counted from the first of all instants: a division rounds towards zero.
    let start = Timestamp::MIN.micros();
    let interval = || sql::<BigInt>(&format!("(items.created_at - ({start})) / {micros}"));
    let query = items::table
        .inner_join(conversation_accounts::table.on(conversation_accounts::conversation_id.eq(items::conversation_id)))
        .filter(shows(on))
        .group_by(interval())
        .select((interval(), count_star()));
    let mut intervals: Vec<(i64, i64)> = chosen!(query, filter).load(c)?;
    intervals.sort_unstable();
    let interval_count = |(number, items): (i64, i64)| Ok((instant(start + number * micros)?, numbers::exact(items)?));
    intervals.into_iter().map(interval_count).collect()
}

/// How many conversations are chosen.
pub fn count_conversations(c: &mut Conn, filter: ConversationFilter<'_>) -> Result<i64> {
    Ok(chosen!(conversation_accounts::table.select(count_star()), filter).get_result(c)?)
}

/// How many of the chosen conversations have items that were posted within these instants.
pub fn count_conversations_within(
    c: &mut Conn,
    filter: ConversationFilter<'_>,
    on: &[Range<Timestamp>],
    range: &Range<Timestamp>,
) -> Result<i64> {
    let within = items::table
        .filter(items::conversation_id.eq(conversation_accounts::conversation_id))
        .filter(items::created_at.ge(range.start.micros()).and(items::created_at.lt(range.end.micros())))
        .filter(shows(on));
    let query = conversation_accounts::table.filter(exists(within)).select(count_star());
    Ok(chosen!(query, filter).get_result(c)?)
}

/// The last exports of this server that were completed and had items: how many, from when until when they were worked on, and
/// the bytes of their parts.
pub fn list_last_completed(c: &mut Conn, limit: i64) -> Result<Vec<(i64, Timestamp, Timestamp, i64)>> {
    let done = [Status::Completed.as_str(), Status::Expired.as_str()];
    let rows: Vec<(RequestId, i64, Option<i64>, Option<i64>)> = export_requests::table
        .filter(export_requests::finished_at.is_not_null().and(export_requests::started_at.is_not_null()))
        .filter(export_requests::status.eq_any(done).and(export_requests::items_done.gt(0)))
        .order(export_requests::finished_at.desc())
        .limit(limit)
        .select((
            export_requests::id,
            export_requests::items_done,
            export_requests::started_at,
            export_requests::finished_at,
        ))
        .load(c)?;
    let ids: Vec<RequestId> = rows.iter().map(|row| row.0).collect();
    let sizes: Vec<(RequestId, i64)> = export_parts::table
        .filter(export_parts::request_id.eq_any(ids))
        .select((export_parts::request_id, export_parts::size))
        .load(c)?;
    let mut past = Vec::with_capacity(rows.len());
    for (id, items, started, finished) in rows {
        let bytes = sizes.iter().filter(|(of, _)| *of == id).map(|(_, size)| size).sum();
        if let Some((started, finished)) = started.zip(finished) {
            past.push((items, instant(started)?, instant(finished)?, bytes));
        }
    }
    Ok(past)
}
