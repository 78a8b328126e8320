//! Rows of items, their edits, and the facts of deletions.

use std::ops::Range;

use diesel::backend::Backend;
use diesel::dsl::min;
use diesel::expression::{AppearsOnTable, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType};

mod change;
mod create;
mod parents;

pub use change::{Found, NewEdit, create_edits, find_all, list_edits_at, update_deleted};
pub use create::{NewItem, create_all};
pub use parents::{Origin, list_origins};

use super::schema::{conversation_accounts, item_deletions, item_edits, items};
use super::{Conn, instant, instant_opt, parsed};
use crate::error::{Error, Result};
use crate::model::{AccountId, Attachment, Content, ConversationId, Details, ItemKind, Timestamp, UserId};

/// Number of an item.
pub type ItemId = i64;

/// An item as recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// Its number.
    pub id: ItemId,
    /// The source's id.
    pub external_id: String,
    /// What it is.
    pub kind: ItemKind,
    /// Who posted it.
    pub author_id: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// The source's id of the item that it replies to.
    pub parent: Option<String>,
    /// What it said when it was posted.
    pub content: Content,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// When and by whom it was deleted, and the number of that recording.
    pub deleted: Option<(Timestamp, Option<UserId>, i64)>,
    /// Number of its recording.
    pub recording: i64,
}

/// A change of an item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edit {
    /// The item.
    pub item_id: ItemId,
    /// When.
    pub edited_at: Timestamp,
    /// Who.
    pub editor_id: Option<UserId>,
    /// What it says since.
    pub content: Content,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = items)]
struct Row {
    id: ItemId,
    external_id: String,
    kind: String,
    author_id: Option<UserId>,
    created_at: i64,
    parent: Option<String>,
    title: Option<String>,
    text: Option<String>,
    details: Option<String>,
    attachments: Option<String>,
    deleted_at: Option<i64>,
    deleted_by: Option<UserId>,
    deletion_recording: Option<i64>,
    recording: i64,
}

impl Row {
    fn into_model(self) -> Result<Item> {
        let deleted = match (instant_opt(self.deleted_at)?, self.deletion_recording) {
            (Some(at), Some(recording)) => Some((at, self.deleted_by, recording)),
            _ => None,
        };
        Ok(Item {
            id: self.id,
            external_id: self.external_id,
            kind: parsed(&self.kind)?,
            author_id: self.author_id,
            created_at: instant(self.created_at)?,
            parent: self.parent,
            content: content(self.title, self.text, self.details.as_deref())?,
            attachments: self.attachments.as_deref().map(from_json).transpose()?.unwrap_or_default(),
            deleted,
            recording: self.recording,
        })
    }
}

fn content(title: Option<String>, text: Option<String>, details: Option<&str>) -> Result<Content> {
    Ok(Content { title, text, details: details.map(from_json).transpose()? })
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::internal("The database holds an item that this version can't read.", error))
}

fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("An item could not be written as JSON.", error))
}

fn details_json(details: Option<&Details>) -> Result<Option<String>> {
    details.map(to_json).transpose()
}

/// The item with the source's id in a conversation.
pub fn find(c: &mut Conn, conversation: ConversationId, external: &str) -> Result<Option<Item>> {
    let query = items::table.filter(items::conversation_id.eq(conversation)).filter(items::external_id.eq(external));
    query.select(Row::as_select()).first(c).optional()?.map(Row::into_model).transpose()
}

/// Whether there is an item with the source's id in a conversation.
pub fn exists(c: &mut Conn, conversation: ConversationId, external: &str) -> Result<bool> {
    let query = items::table.filter(items::conversation_id.eq(conversation)).filter(items::external_id.eq(external));
    Ok(diesel::select(diesel::dsl::exists(query)).get_result(c)?)
}

/// Erases an item with its edits and attachments.
pub fn delete(c: &mut Conn, id: ItemId) -> Result<()> {
    diesel::delete(items::table.find(id)).execute(c)?;
    Ok(())
}

type EditRow = (ItemId, i64, Option<UserId>, Option<String>, Option<String>, Option<String>);

fn edit((item_id, edited_at, editor_id, title, text, details): EditRow) -> Result<Edit> {
    Ok(Edit { item_id, edited_at: instant(edited_at)?, editor_id, content: content(title, text, details.as_deref())? })
}

const EDIT_COLUMNS: (
    item_edits::item_id,
    item_edits::edited_at,
    item_edits::editor_id,
    item_edits::title,
    item_edits::text,
    item_edits::details,
) = (
    item_edits::item_id,
    item_edits::edited_at,
    item_edits::editor_id,
    item_edits::title,
    item_edits::text,
    item_edits::details,
);

/// A deletion that is known without its item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deletion {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Option<UserId>,
    /// The item has been seen, and was erased: it stays so, whatever is told of it.
    pub is_erased: bool,
}

/// The deletion of an item that was erased or has not been seen.
pub fn find_deletion(c: &mut Conn, conversation: ConversationId, external: &str) -> Result<Option<Deletion>> {
    let row: Option<(i64, Option<UserId>, Option<i64>)> = item_deletions::table
        .find((conversation, external))
        .select((item_deletions::deleted_at, item_deletions::deleted_by, item_deletions::erased))
        .first(c)
        .optional()?;
    row.map(|(at, by, erased)| Ok(Deletion { at: instant(at)?, by, is_erased: erased.is_some() })).transpose()
}

/// The source's ids of the items of these conversations of which only the deletion is known, each with its conversation.
pub fn list_deleted_ids(c: &mut Conn, conversations: &[ConversationId]) -> Result<Vec<(ConversationId, String)>> {
    let columns = (item_deletions::conversation_id, item_deletions::external_id);
    match conversations {
        [] => Ok(Vec::new()),
        // The statement for one is prepared once.
        [one] => Ok(item_deletions::table.filter(item_deletions::conversation_id.eq(one)).select(columns).load(c)?),
        several => {
            let query = item_deletions::table.filter(item_deletions::conversation_id.eq_any(several));
            Ok(query.select(columns).load(c)?)
        }
    }
}

/// Notes the fact of a deletion; `erased` is the recording of the item that was erased, if it had been seen.
pub fn create_deletion(
    c: &mut Conn,
    conversation: ConversationId,
    external: &str,
    at: Timestamp,
    by: Option<UserId>,
    recording: i64,
    erased: Option<i64>,
) -> Result<()> {
    diesel::insert_into(item_deletions::table)
        .values((
            item_deletions::conversation_id.eq(conversation),
            item_deletions::external_id.eq(external),
            item_deletions::deleted_at.eq(at.micros()),
            item_deletions::deleted_by.eq(by),
            item_deletions::recording.eq(recording),
            item_deletions::erased.eq(erased),
        ))
        .execute(c)?;
    Ok(())
}

/// Notes that an item of which only the deletion was known has been seen by the recording of this number, and counts as erased
/// at this instant.
pub fn update_erased(
    c: &mut Conn,
    conversation: ConversationId,
    external: &str,
    at: Timestamp,
    recording: i64,
) -> Result<()> {
    diesel::update(item_deletions::table.find((conversation, external)))
        .set((item_deletions::deleted_at.eq(at.micros()), item_deletions::erased.eq(recording)))
        .execute(c)?;
    Ok(())
}

/// Forgets the fact of a deletion, once the item itself says so.
pub fn delete_deletion(c: &mut Conn, conversation: ConversationId, external: &str) -> Result<()> {
    diesel::delete(item_deletions::table.find((conversation, external))).execute(c)?;
    Ok(())
}

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
    /// Its number.
    pub id: ItemId,
    /// When it was posted.
    pub created_at: Timestamp,
    /// When it was deleted, and the number of that recording.
    pub deleted: Option<(Timestamp, i64)>,
    /// Bytes of its texts.
    pub size: i64,
}

type PlanRow = (ItemId, i64, Option<i64>, Option<i64>, i64);

/// As [`page`], for the plan.
pub fn plan_page(
    c: &mut Conn,
    conversation: ConversationId,
    cut: i64,
    range: &Range<Timestamp>,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Planned>> {
    let rows: Vec<PlanRow> = items::table
        .filter(items::conversation_id.eq(conversation).and(items::recording.le(cut)))
        .filter(Beyond::new(range, after))
        .filter(items::created_at.lt(range.end.micros()))
        .order((items::created_at, items::id))
        .limit(limit)
        .select((items::id, items::created_at, items::deleted_at, items::deletion_recording, items::size))
        .load(c)?;
    let planned = |(id, created_at, deleted_at, recording, size): PlanRow| {
        let deleted = instant_opt(deleted_at)?.zip(recording);
        Ok(Planned { id, created_at: instant(created_at)?, deleted, size })
    };
    rows.into_iter().map(planned).collect()
}

/// When the item of each change was posted, and the bytes of what the item said since; of those that [`list_edits`] lists.
pub fn list_edit_sizes(
    c: &mut Conn,
    conversation: ConversationId,
    cut: i64,
    first: Timestamp,
    last: Timestamp,
) -> Result<Vec<(Timestamp, i64)>> {
    let rows: Vec<(i64, Option<i32>, Option<i32>)> = item_edits::table
        .filter(item_edits::conversation_id.eq(conversation).and(item_edits::recording.le(cut)))
        .filter(item_edits::item_created_at.ge(first.micros()).and(item_edits::item_created_at.le(last.micros())))
        .order(item_edits::item_created_at)
        .select((item_edits::item_created_at, octet_length(item_edits::title), octet_length(item_edits::text)))
        .load(c)?;
    let size = |(at, title, text): (i64, Option<i32>, Option<i32>)| {
        Ok((instant(at)?, i64::from(title.unwrap_or(0)) + i64::from(text.unwrap_or(0))))
    };
    rows.into_iter().map(size).collect()
}

diesel::define_sql_function! {
    /// Bytes of a text.
    fn octet_length(text: diesel::sql_types::Nullable<diesel::sql_types::Text>) -> diesel::sql_types::Nullable<diesel::sql_types::Integer>;
}

/// How many items of a conversation that had been recorded at the cut have been erased since (C4 goes before C7).
pub fn count_erased_since(c: &mut Conn, conversation: ConversationId, cut: i64) -> Result<i64> {
    let query = item_deletions::table.filter(item_deletions::conversation_id.eq(conversation));
    Ok(query.filter(item_deletions::recording.gt(cut).and(item_deletions::erased.le(cut))).count().get_result(c)?)
}

/// Where a page of items begins: after the item posted at this instant with this number.
pub type Position = (Timestamp, ItemId);

/// The next items of a conversation recorded up to the cut and posted within the range, by time and number.
pub fn page(
    c: &mut Conn,
    conversation: ConversationId,
    cut: i64,
    range: &Range<Timestamp>,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Item>> {
    let rows: Vec<Row> = items::table
        .filter(items::conversation_id.eq(conversation).and(items::recording.le(cut)))
        .filter(Beyond::new(range, after))
        .filter(items::created_at.lt(range.end.micros()))
        .order((items::created_at, items::id))
        .limit(limit)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::into_model).collect()
}

/// The changes, recorded up to the cut, of a conversation's items posted within these instants, both included, by item
/// (in the order of items) and time.
pub fn list_edits(
    c: &mut Conn,
    conversation: ConversationId,
    cut: i64,
    first: Timestamp,
    last: Timestamp,
) -> Result<Vec<Edit>> {
    let rows: Vec<EditRow> = item_edits::table
        .filter(item_edits::conversation_id.eq(conversation).and(item_edits::recording.le(cut)))
        .filter(item_edits::item_created_at.ge(first.micros()).and(item_edits::item_created_at.le(last.micros())))
        .order((item_edits::item_created_at, item_edits::item_id, item_edits::edited_at, item_edits::id))
        .select(EDIT_COLUMNS)
        .load(c)?;
    rows.into_iter().map(edit).collect()
}

/// When the first item exported for an account was posted.
pub fn first_created_at(c: &mut Conn, account: AccountId) -> Result<Option<Timestamp>> {
    // One look into the index for each conversation rather than a walk over all items.
    let first_of_each: Vec<Option<i64>> = conversation_accounts::table
        .filter(conversation_accounts::account_id.eq(account))
        .select(
            items::table
                .filter(items::conversation_id.eq(conversation_accounts::conversation_id))
                .select(min(items::created_at))
                .single_value(),
        )
        .load(c)?;
    instant_opt(first_of_each.into_iter().flatten().min())
}
