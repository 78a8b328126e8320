//! Changing items, many at once: what is changed and deleted of those that are there.
//!
//! `capture::ingest` calls this. As with the making of items, PostgreSQL takes all in one statement, SQLite one by one.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use super::check::{self, OfEdit};
use super::{Edit, EditRow, ItemId, details_json};
use crate::capture::rows::ledger::{Changes, LedgerCount};
use crate::db::schema::{item_edits, items};
use crate::db::{Conn, Tx, instant};
use crate::error::Result;
use crate::model::{ConversationId, Timestamp, UserId};

/// What has to be known of an item that is changed or deleted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ExistingItem {
    pub id: ItemId,
    /// When it was posted.
    pub created_at: Timestamp,
    /// It is marked as deleted.
    pub is_deleted: bool,
    /// Number of its recording.
    pub recording: i64,
}

/// A conversation and the source's id of an item in it.
pub type Key<'a> = (ConversationId, &'a str);

type FoundRow = (ItemId, i64, Option<i64>, i64);

fn found((id, created_at, deleted_at, recording): FoundRow) -> Result<ExistingItem> {
    Ok(ExistingItem { id, created_at: instant(created_at)?, is_deleted: deleted_at.is_some(), recording })
}

#[derive(QueryableByName)]
struct NumberedItem {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = BigInt)]
    id: ItemId,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    deleted_at: Option<i64>,
    #[diesel(sql_type = BigInt)]
    recording: i64,
}

/// Those of these items that are there.
pub fn find_all<'a>(c: &mut Conn, keys: &[Key<'a>]) -> Result<HashMap<Key<'a>, ExistingItem>> {
    let mut items = HashMap::with_capacity(keys.len());
    match c {
        Conn::Sqlite(inner) => {
            for &(conversation, external) in keys {
                let row: Option<FoundRow> = items::table
                    .filter(items::conversation_id.eq(conversation).and(items::external_id.eq(external)))
                    .select((items::id, items::created_at, items::deleted_at, items::recording))
                    .first(inner)
                    .optional()?;
                if let Some(row) = row {
                    items.insert((conversation, external), found(row)?);
                }
            }
        }
        Conn::Postgres(inner) if !keys.is_empty() => {
            let rows: Vec<NumberedItem> = diesel::sql_query(
                "SELECT key.place, items.id, items.created_at, items.deleted_at, items.recording
                 FROM unnest($1, $2) WITH ORDINALITY AS key (conversation_id, external_id, place)
                 JOIN items ON items.conversation_id = key.conversation_id AND items.external_id = key.external_id",
            )
            .bind::<Array<BigInt>, _>(keys.iter().map(|key| key.0).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(keys.iter().map(|key| key.1).collect::<Vec<_>>())
            .load(inner)?;
            for row in rows {
                let place = usize::try_from(row.place - 1).unwrap_or(usize::MAX);
                if let Some(&key) = keys.get(place) {
                    items.insert(key, found((row.id, row.created_at, row.deleted_at, row.recording))?);
                }
            }
        }
        Conn::Postgres(_) => {}
    }
    Ok(items)
}

/// A change to be added to an item.
#[derive(Clone, Debug)]
pub struct NewEdit {
    /// The item's conversation.
    pub conversation_id: ConversationId,
    /// When the item was posted.
    pub item_created_at: Timestamp,
    /// The change.
    pub edit: Edit,
}

/// The changes of these items made at these instants, by item and instant.
pub fn list_edits_at(
    c: &mut Conn,
    instants: &[(ItemId, Timestamp)],
) -> Result<HashMap<(ItemId, Timestamp), Vec<Edit>>> {
    let mut edits: HashMap<(ItemId, Timestamp), Vec<Edit>> = HashMap::new();
    let rows: Vec<EditRow> = match c {
        Conn::Sqlite(inner) => {
            let mut rows = Vec::new();
            for (item, at) in instants {
                let query = item_edits::table
                    .filter(item_edits::item_id.eq(item).and(item_edits::edited_at.eq(at.micros())))
                    .select(EditRow::as_select());
                rows.extend(query.load::<EditRow>(inner)?);
            }
            rows
        }
        Conn::Postgres(_) if instants.is_empty() => Vec::new(),
        Conn::Postgres(inner) => {
            let ids: Vec<ItemId> = instants.iter().map(|(item, _)| *item).collect();
            let micros: Vec<i64> = instants.iter().map(|(_, at)| at.micros()).collect();
            // Those of one of the items at another one's instant come as well, and are passed over below.
            item_edits::table
                .filter(item_edits::item_id.eq_any(ids).and(item_edits::edited_at.eq_any(micros)))
                .select(EditRow::as_select())
                .load(inner)?
        }
    };
    for row in rows {
        let edit = row.into_model()?;
        edits.entry((edit.item_id, edit.edited_at)).or_default().push(edit);
    }
    Ok(edits)
}

/// Adds changes, in this order, and counts them in the ledger.
pub fn create_edits(tx: &mut Tx<'_>, new: &[NewEdit], recording: i64) -> Result<()> {
    let mut counted = Changes::default();
    let mut rows = Vec::with_capacity(new.len());
    for NewEdit { conversation_id, item_created_at, edit } in new {
        counted.add(*conversation_id, *item_created_at, LedgerCount::of_edits(1));
        let details = details_json(edit.content.details.as_ref())?;
        let check_sum = OfEdit {
            conversation_id: *conversation_id,
            item_created_at: item_created_at.micros(),
            item_id: edit.item_id,
            edited_at: edit.edited_at.micros(),
            editor_id: edit.editor_id,
            title: edit.content.title.as_deref(),
            text: edit.content.text.as_deref(),
            details: details.as_deref(),
            recording,
        }
        .sum();
        rows.push((edit, *conversation_id, item_created_at.micros(), details, check_sum));
    }
    match tx.sql() {
        Conn::Sqlite(inner) => {
            for (edit, conversation_id, item_created_at, details, check_sum) in &rows {
                diesel::insert_into(item_edits::table)
                    .values((
                        item_edits::item_id.eq(edit.item_id),
                        item_edits::edited_at.eq(edit.edited_at.micros()),
                        item_edits::editor_id.eq(edit.editor_id),
                        item_edits::title.eq(edit.content.title.as_deref()),
                        item_edits::text.eq(edit.content.text.as_deref()),
                        item_edits::details.eq(details),
                        item_edits::recording.eq(recording),
                        item_edits::conversation_id.eq(conversation_id),
                        item_edits::item_created_at.eq(item_created_at),
                        item_edits::check_sum.eq(check_sum),
                    ))
                    .execute(inner)?;
            }
        }
        Conn::Postgres(inner) if !rows.is_empty() => {
            let texts = |of: fn(&Edit) -> Option<&str>| rows.iter().map(|row| of(row.0)).collect::<Vec<_>>();
            diesel::sql_query(
                "INSERT INTO item_edits (item_id, edited_at, editor_id, title, text, details, conversation_id,
                     item_created_at, check_sum, recording)
                 SELECT item_id, edited_at, editor_id, title, text, details, conversation_id, item_created_at, check_sum, $10
                 FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) WITH ORDINALITY
                     AS new (item_id, edited_at, editor_id, title, text, details, conversation_id, item_created_at,
                         check_sum, place)
                 ORDER BY place",
            )
            .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.0.item_id).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.0.edited_at.micros()).collect::<Vec<_>>())
            .bind::<Array<Nullable<BigInt>>, _>(rows.iter().map(|row| row.0.editor_id).collect::<Vec<_>>())
            .bind::<Array<Nullable<Text>>, _>(texts(|edit| edit.content.title.as_deref()))
            .bind::<Array<Nullable<Text>>, _>(texts(|edit| edit.content.text.as_deref()))
            .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|row| row.3.as_deref()).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.1).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.2).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.4).collect::<Vec<_>>())
            .bind::<BigInt, _>(recording)
            .execute(inner)?;
        }
        Conn::Postgres(_) => {}
    }
    counted.write(tx)
}

/// Marks items as deleted, each then and by them; they are kept.
pub fn update_deleted(tx: &mut Tx<'_>, deleted: &[(ItemId, Timestamp, Option<UserId>)], recording: i64) -> Result<()> {
    match tx.sql() {
        Conn::Sqlite(inner) => {
            for (id, at, by) in deleted {
                let set = (
                    items::deleted_at.eq(at.micros()),
                    items::deleted_by.eq(by),
                    items::deletion_recording.eq(recording),
                    items::deletion_check_sum.eq(check::of_deletion(at.micros(), *by, recording)),
                );
                diesel::update(items::table.find(id)).set(set).execute(inner)?;
            }
        }
        Conn::Postgres(inner) if !deleted.is_empty() => {
            diesel::sql_query(
                "UPDATE items SET deleted_at = gone.at, deleted_by = gone.user_id, deletion_recording = $5,
                     deletion_check_sum = gone.check_sum
                 FROM unnest($1, $2, $3, $4) AS gone (id, at, user_id, check_sum) WHERE items.id = gone.id",
            )
            .bind::<Array<BigInt>, _>(deleted.iter().map(|gone| gone.0).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(deleted.iter().map(|gone| gone.1.micros()).collect::<Vec<_>>())
            .bind::<Array<Nullable<BigInt>>, _>(deleted.iter().map(|gone| gone.2).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(sums(deleted, recording))
            .bind::<BigInt, _>(recording)
            .execute(inner)?;
        }
        Conn::Postgres(_) => {}
    }
    Ok(())
}

fn sums(deleted: &[(ItemId, Timestamp, Option<UserId>)], recording: i64) -> Vec<i64> {
    deleted.iter().map(|(_, at, by)| check::of_deletion(at.micros(), *by, recording)).collect()
}
