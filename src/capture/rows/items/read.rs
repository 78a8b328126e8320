//! Items and edits as exports read them: along the indexes by time, page by page, or those of several conversations at once.
//!
//! What was recorded after a cut is among them, and is left out by the caller: what is counted and what is read must agree with
//! the ledger, and every row with its check sum, whichever cut is meant.

use std::ops::Range;

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType};

use super::{Edit, EditRow, Item, ItemId, Row};
use crate::db::schema::{item_deletions, item_edits, items};
use crate::db::{Conn, instant, instant_opt};
use crate::error::Result;
use crate::model::{ConversationId, Timestamp};

/// Where a page of items begins: after the item posted at this instant with this number.
pub type Position = (Timestamp, ItemId);

/// After the last page. A row value bounds the walk through the index, however many items were posted at one instant.
/// Diesel has none, and would prepare the statement of a piece of SQL anew for each page: this one it knows by its type.
#[derive(Clone, Copy, QueryId)]
struct Beyond {
    at: i64,
    id: ItemId,
}

impl Beyond {
    fn new(range: &Range<Timestamp>, after: Option<Position>) -> Self {
        let (at, id) = after.map_or((range.start.micros(), ItemId::MIN), |(at, id)| (at.micros(), id));
        Self { at, id }
    }
}

impl Expression for Beyond {
    type SqlType = Bool;
}

impl<G> ValidGrouping<G> for Beyond {
    type IsAggregate = is_aggregate::No;
}

impl AppearsOnTable<items::table> for Beyond {}
impl SelectableExpression<items::table> for Beyond {}

impl<DB> QueryFragment<DB> for Beyond
where
    DB: Backend + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(items.created_at, items.id) > (");
        out.push_bind_param::<BigInt, _>(&self.at)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.id)?;
        out.push_sql(")");
        Ok(())
    }
}

/// What the plan asks of an item, all of which the index knows that it reads along.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Planned {
    pub conversation_id: ConversationId,
    pub id: ItemId,
    /// When it was posted.
    pub created_at: Timestamp,
    /// Number of its recording.
    pub recording: i64,
    /// When it was deleted, and the number of that recording.
    pub deleted: Option<(Timestamp, i64)>,
    /// Bytes of its texts.
    pub size: i64,
}

type PlanRow = (ConversationId, ItemId, i64, i64, Option<i64>, Option<i64>, i64);

const PLAN_COLUMNS: (
    items::conversation_id,
    items::id,
    items::created_at,
    items::recording,
    items::deleted_at,
    items::deletion_recording,
    items::size,
) = (
    items::conversation_id,
    items::id,
    items::created_at,
    items::recording,
    items::deleted_at,
    items::deletion_recording,
    items::size,
);

fn planned((conversation_id, id, created_at, recording, deleted_at, deletion, size): PlanRow) -> Result<Planned> {
    let deleted = instant_opt(deleted_at)?.zip(deletion);
    Ok(Planned { conversation_id, id, created_at: instant(created_at)?, recording, deleted, size })
}

/// As [`page`], for the plan.
pub fn plan_page(
    c: &mut Conn,
    conversation: ConversationId,
    range: &Range<Timestamp>,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Planned>> {
    let rows: Vec<PlanRow> = items::table
        .filter(items::conversation_id.eq(conversation))
        .filter(Beyond::new(range, after))
        .filter(items::created_at.lt(range.end.micros()))
        .order((items::created_at, items::id))
        .limit(limit)
        .select(PLAN_COLUMNS)
        .load(c)?;
    rows.into_iter().map(planned).collect()
}

/// As [`list_of_several`], for the plan.
pub fn plan_several(
    c: &mut Conn,
    ids: &[ConversationId],
    range: &Range<Timestamp>,
    limit: i64,
) -> Result<Vec<Planned>> {
    let rows: Vec<PlanRow> = items::table
        .filter(items::conversation_id.eq_any(ids))
        .filter(items::created_at.ge(range.start.micros()).and(items::created_at.lt(range.end.micros())))
        .order((items::conversation_id, items::created_at, items::id))
        .limit(limit)
        .select(PLAN_COLUMNS)
        .load(c)?;
    rows.into_iter().map(planned).collect()
}

/// What the plan asks of a change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PlannedEdit {
    pub conversation_id: ConversationId,
    /// The item: when it was posted, and its number.
    pub item: Position,
    /// Number of its recording.
    pub recording: i64,
    /// Bytes of what the item says since.
    pub size: i64,
}

type PlanEditRow = (ConversationId, i64, ItemId, i64, Option<i32>, Option<i32>);

fn planned_edit((conversation_id, at, item, recording, title, text): PlanEditRow) -> Result<PlannedEdit> {
    let size = i64::from(title.unwrap_or(0)) + i64::from(text.unwrap_or(0));
    Ok(PlannedEdit { conversation_id, item: (instant(at)?, item), recording, size })
}

diesel::define_sql_function! {
    /// Bytes of a text.
    fn octet_length(text: diesel::sql_types::Nullable<diesel::sql_types::Text>) -> diesel::sql_types::Nullable<diesel::sql_types::Integer>;
}

/// The changes of a conversation's items posted within these instants, both included, in the order of items.
pub fn plan_edits(
    c: &mut Conn,
    conversation: ConversationId,
    (first, last): (Timestamp, Timestamp),
) -> Result<Vec<PlannedEdit>> {
    let rows: Vec<PlanEditRow> = item_edits::table
        .filter(item_edits::conversation_id.eq(conversation))
        .filter(item_edits::item_created_at.ge(first.micros()).and(item_edits::item_created_at.le(last.micros())))
        .order((item_edits::item_created_at, item_edits::item_id))
        .select((
            item_edits::conversation_id,
            item_edits::item_created_at,
            item_edits::item_id,
            item_edits::recording,
            octet_length(item_edits::title),
            octet_length(item_edits::text),
        ))
        .load(c)?;
    rows.into_iter().map(planned_edit).collect()
}

/// The changes of items of these conversations posted within the range, by conversation, in the order of items.
pub fn plan_edits_of_several(
    c: &mut Conn,
    ids: &[ConversationId],
    range: &Range<Timestamp>,
    limit: i64,
) -> Result<Vec<PlannedEdit>> {
    let rows: Vec<PlanEditRow> = item_edits::table
        .filter(item_edits::conversation_id.eq_any(ids))
        .filter(item_edits::item_created_at.ge(range.start.micros()))
        .filter(item_edits::item_created_at.lt(range.end.micros()))
        .order((item_edits::conversation_id, item_edits::item_created_at, item_edits::item_id))
        .limit(limit)
        .select((
            item_edits::conversation_id,
            item_edits::item_created_at,
            item_edits::item_id,
            item_edits::recording,
            octet_length(item_edits::title),
            octet_length(item_edits::text),
        ))
        .load(c)?;
    rows.into_iter().map(planned_edit).collect()
}

/// The next items of a conversation posted within the range, by time and number.
///
/// # Errors
/// [`crate::error::Kind::Conflict`] if a row is not what was recorded.
pub fn page(
    c: &mut Conn,
    conversation: ConversationId,
    range: &Range<Timestamp>,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Item>> {
    let rows: Vec<Row> = items::table
        .filter(items::conversation_id.eq(conversation))
        .filter(Beyond::new(range, after))
        .filter(items::created_at.lt(range.end.micros()))
        .order((items::created_at, items::id))
        .limit(limit)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::checked).collect()
}

/// The items of these conversations posted within the range, by conversation, time and number; so many at most.
///
/// # Errors
/// [`crate::error::Kind::Conflict`] if a row is not what was recorded.
pub fn list_of_several(
    c: &mut Conn,
    ids: &[ConversationId],
    range: &Range<Timestamp>,
    limit: i64,
) -> Result<Vec<Item>> {
    let rows: Vec<Row> = items::table
        .filter(items::conversation_id.eq_any(ids))
        .filter(items::created_at.ge(range.start.micros()).and(items::created_at.lt(range.end.micros())))
        .order((items::conversation_id, items::created_at, items::id))
        .limit(limit)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::checked).collect()
}

/// The changes of a conversation's items posted within these instants, both included, by item (in the order of items) and
/// time, each with the number of its recording.
///
/// # Errors
/// [`crate::error::Kind::Conflict`] if a row is not what was recorded.
pub fn list_edits(
    c: &mut Conn,
    conversation: ConversationId,
    (first, last): (Timestamp, Timestamp),
) -> Result<Vec<(Edit, i64)>> {
    let rows: Vec<EditRow> = item_edits::table
        .filter(item_edits::conversation_id.eq(conversation))
        .filter(item_edits::item_created_at.ge(first.micros()).and(item_edits::item_created_at.le(last.micros())))
        .order((item_edits::item_created_at, item_edits::item_id, item_edits::edited_at, item_edits::id))
        .select(EditRow::as_select())
        .load(c)?;
    rows.into_iter().map(EditRow::checked).collect()
}

/// The same of several conversations, within the range.
///
/// # Errors
/// [`crate::error::Kind::Conflict`] if a row is not what was recorded.
pub fn list_edits_of_several(
    c: &mut Conn,
    ids: &[ConversationId],
    range: &Range<Timestamp>,
) -> Result<Vec<(Edit, i64)>> {
    let rows: Vec<EditRow> = item_edits::table
        .filter(item_edits::conversation_id.eq_any(ids))
        .filter(item_edits::item_created_at.ge(range.start.micros()))
        .filter(item_edits::item_created_at.lt(range.end.micros()))
        .order((item_edits::item_id, item_edits::edited_at, item_edits::id))
        .select(EditRow::as_select())
        .load(c)?;
    rows.into_iter().map(EditRow::checked).collect()
}

/// An item that has been erased (C4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Erased {
    /// Where it was.
    pub conversation_id: ConversationId,
    /// When it had been posted.
    pub created_at: Timestamp,
    /// Number of its own recording.
    pub recording: i64,
    /// Number of the recording that erased it.
    pub by_recording: i64,
}

/// The items of these conversations posted within the range that have been erased.
pub fn list_erased(c: &mut Conn, ids: &[ConversationId], range: &Range<Timestamp>) -> Result<Vec<Erased>> {
    let (start, end) = (Some(range.start.micros()), Some(range.end.micros()));
    let rows: Vec<(ConversationId, Option<i64>, Option<i64>, i64)> = item_deletions::table
        .filter(item_deletions::conversation_id.eq_any(ids))
        .filter(item_deletions::item_created_at.ge(start).and(item_deletions::item_created_at.lt(end)))
        .select((
            item_deletions::conversation_id,
            item_deletions::item_created_at,
            item_deletions::erased,
            item_deletions::recording,
        ))
        .load(c)?;
    let mut erased = Vec::with_capacity(rows.len());
    for (conversation_id, at, recording, by_recording) in rows {
        if let Some((created_at, recording)) = instant_opt(at)?.zip(recording) {
            erased.push(Erased { conversation_id, created_at, recording, by_recording });
        }
    }
    Ok(erased)
}
