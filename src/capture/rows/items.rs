//! Rows of items, their edits, and the facts of deletions.

use diesel::dsl::min;
use diesel::prelude::*;

mod change;
mod check;
mod create;
mod parents;
mod read;

use check::{OfEdit, OfItem};

use super::ledger::{Changes, LedgerCount};
use crate::db::schema::{conversation_accounts, item_deletions, item_edits, items};
use crate::db::{Conn, Tx, instant, instant_opt, parsed};
use crate::error::{Error, Result};
use crate::model::{AccountId, Attachment, Content, ConversationId, Details, ItemKind, Timestamp, UserId};
pub use change::{ExistingItem, NewEdit, create_edits, find_all, list_edits_at, update_deleted};
pub use create::{NewItem, create_all};
pub use parents::{Origin, list_origins};
pub use read::{
    Erased, Planned, PlannedEdit, Position, list_edits, list_edits_of_several, list_erased, list_of_several, page,
    plan_edits, plan_edits_of_several, plan_page, plan_several,
};

pub type ItemId = i64;

/// An item as recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    pub id: ItemId,
    /// Where it was posted.
    pub conversation_id: ConversationId,
    /// The source's id.
    pub external_id: String,
    pub kind: ItemKind,
    /// Who posted it.
    pub author_id: Option<UserId>,
    pub created_at: Timestamp,
    /// The source's id of the item that it replies to.
    pub parent: Option<String>,
    /// What it said when it was posted.
    pub content: Content,
    pub attachments: Vec<Attachment>,
    /// When and by whom it was deleted, and the number of that recording.
    pub deleted: Option<(Timestamp, Option<UserId>, i64)>,
    /// Number of its recording.
    pub recording: i64,
}

/// A change of an item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edit {
    pub item_id: ItemId,
    pub edited_at: Timestamp,
    pub editor_id: Option<UserId>,
    /// What it says since.
    pub content: Content,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = items)]
struct Row {
    id: ItemId,
    conversation_id: ConversationId,
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
    check_sum: i64,
    deletion_check_sum: Option<i64>,
}

impl Row {
    /// The item, if it is what was recorded.
    fn checked(self) -> Result<Item> {
        let posted = OfItem {
            conversation_id: self.conversation_id,
            external_id: &self.external_id,
            kind: &self.kind,
            author_id: self.author_id,
            created_at: self.created_at,
            parent: self.parent.as_deref(),
            title: self.title.as_deref(),
            text: self.text.as_deref(),
            details: self.details.as_deref(),
            attachments: self.attachments.as_deref(),
            recording: self.recording,
        };
        let deletion = match (self.deleted_at, self.deleted_by, self.deletion_recording) {
            (None, None, None) => Some(None),
            (Some(at), by, Some(recording)) => Some(Some(check::of_deletion(at, by, recording))),
            _ => None,
        };
        if posted.sum() != self.check_sum || deletion != Some(self.deletion_check_sum) {
            return Err(check::damaged(&format!("the item “{}”", self.external_id), self.conversation_id));
        }
        self.into_model()
    }

    fn into_model(self) -> Result<Item> {
        let deleted = match (instant_opt(self.deleted_at)?, self.deletion_recording) {
            (Some(at), Some(recording)) => Some((at, self.deleted_by, recording)),
            _ => None,
        };
        Ok(Item {
            id: self.id,
            conversation_id: self.conversation_id,
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

/// Erases an item with its edits and attachments, also from the ledger.
pub fn delete(tx: &mut Tx<'_>, conversation: ConversationId, item: &ExistingItem) -> Result<()> {
    let edits: i64 = item_edits::table.filter(item_edits::item_id.eq(item.id)).count().get_result(tx.sql())?;
    diesel::delete(items::table.find(item.id)).execute(tx.sql())?;
    let mut counted = Changes::default();
    counted.add(conversation, item.created_at, -LedgerCount::of_item(item.created_at));
    counted.add(conversation, item.created_at, -LedgerCount::of_edits(edits));
    counted.write(tx)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = item_edits)]
struct EditRow {
    item_id: ItemId,
    edited_at: i64,
    editor_id: Option<UserId>,
    title: Option<String>,
    text: Option<String>,
    details: Option<String>,
    recording: i64,
    conversation_id: ConversationId,
    item_created_at: i64,
    check_sum: i64,
}

impl EditRow {
    /// The edit, if it is what was recorded, with the number of its recording.
    fn checked(self) -> Result<(Edit, i64)> {
        let recording = self.recording;
        let made = OfEdit {
            conversation_id: self.conversation_id,
            item_created_at: self.item_created_at,
            item_id: self.item_id,
            edited_at: self.edited_at,
            editor_id: self.editor_id,
            title: self.title.as_deref(),
            text: self.text.as_deref(),
            details: self.details.as_deref(),
            recording,
        };
        if made.sum() != self.check_sum {
            return Err(check::damaged(&format!("a change of item {}", self.item_id), self.conversation_id));
        }
        Ok((self.into_model()?, recording))
    }

    fn into_model(self) -> Result<Edit> {
        Ok(Edit {
            item_id: self.item_id,
            edited_at: instant(self.edited_at)?,
            editor_id: self.editor_id,
            content: content(self.title, self.text, self.details.as_deref())?,
        })
    }
}

/// A deletion that is known without its item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deletion {
    pub at: Timestamp,
    pub by: Option<UserId>,
    /// The item has been seen, and was erased: it stays so, whatever is reported of it.
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

/// Notes the fact of a deletion, and of the item that was erased, if it had been seen.
pub fn create_deletion(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    external: &str,
    at: Timestamp,
    by: Option<UserId>,
    recording: i64,
    erased: Option<&ExistingItem>,
) -> Result<()> {
    diesel::insert_into(item_deletions::table)
        .values((
            item_deletions::conversation_id.eq(conversation),
            item_deletions::external_id.eq(external),
            item_deletions::deleted_at.eq(at.micros()),
            item_deletions::deleted_by.eq(by),
            item_deletions::recording.eq(recording),
            item_deletions::erased.eq(erased.map(|item| item.recording)),
            item_deletions::item_created_at.eq(erased.map(|item| item.created_at.micros())),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// Notes that an item of which only the deletion was known has been seen by the recording of this number, and counts as erased
/// at this instant.
pub fn update_erased(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    external: &str,
    at: Timestamp,
    recording: i64,
) -> Result<()> {
    diesel::update(item_deletions::table.find((conversation, external)))
        .set((item_deletions::deleted_at.eq(at.micros()), item_deletions::erased.eq(recording)))
        .execute(tx.sql())?;
    Ok(())
}

/// Forgets the fact of a deletion, once the item itself says so.
pub fn delete_deletion(tx: &mut Tx<'_>, conversation: ConversationId, external: &str) -> Result<()> {
    diesel::delete(item_deletions::table.find((conversation, external))).execute(tx.sql())?;
    Ok(())
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
