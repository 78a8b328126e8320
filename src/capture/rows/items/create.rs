//! Making items, many at once: what an import spends its time with.
//!
//! `capture::ingest` calls this. An item that is already there stays as it is, which one statement both finds out and
//! respects. PostgreSQL takes all of them in one statement, for it is a round trip away; in SQLite, where a call costs little,
//! one prepared statement taken by one item after the other does better than a long one.

use std::borrow::Cow;
use std::collections::HashSet;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel::sqlite::Sqlite;

use super::check::{self, OfItem};
use super::{details_json, to_json};
use crate::capture::rows::ledger::{Changes, LedgerCount};
use crate::db::postgres::PgConnection;
use crate::db::schema::items;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::model::{Attachment, Content, ConversationId, ItemKind, Timestamp, UserId};

/// An item to be made, as it was posted.
#[derive(Clone, Debug)]
pub struct NewItem<'a> {
    /// Where it was posted.
    pub conversation_id: ConversationId,
    /// The source's id.
    pub external_id: Cow<'a, str>,
    pub kind: ItemKind,
    /// Who posted it.
    pub author_id: Option<UserId>,
    pub created_at: Timestamp,
    /// The source's id of the item that it replies to.
    pub parent: Option<Cow<'a, str>>,
    /// What it said.
    pub content: Cow<'a, Content>,
    pub attachments: Cow<'a, [Attachment]>,
    /// When and by whom it was deleted, for one whose deletion was recorded first.
    pub deleted: Option<(Timestamp, Option<UserId>)>,
    /// Number of the recording.
    pub recording: i64,
}

/// Makes items, but for those that are there already, and counts them in the ledger. Returns for each whether it was made; of two
/// with one id, the first is. Those of one conversation get their numbers in this order.
pub fn create_all(tx: &mut Tx<'_>, new: &[NewItem<'_>]) -> Result<Vec<bool>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = new.iter().enumerate().map(Row::new).collect::<Result<Vec<_>>>()?;
    // What is of one conversation lies on the same pages, both of the table and of its indexes.
    rows.sort_by_key(|row| row.conversation_id);
    let made: Vec<bool> = match tx.sql() {
        Conn::Sqlite(inner) => rows.iter().map(|row| Ok(InsertOne(row).execute(inner)? > 0)).collect::<Result<_>>()?,
        Conn::Postgres(inner) => insert_all(inner, &rows)?,
    };
    let (mut in_order, mut counted) = (vec![false; new.len()], Changes::default());
    for (row, made) in rows.iter().zip(made) {
        if let Some(place) = in_order.get_mut(row.place) {
            *place = made;
        }
    }
    for (item, _) in new.iter().zip(&in_order).filter(|(_, made)| **made) {
        counted.add(item.conversation_id, item.created_at, LedgerCount::of_item(item.created_at));
    }
    counted.write(tx)?;
    Ok(in_order)
}

/// An item as its row holds it.
struct Row<'a> {
    /// Its place among those that are to be made.
    place: usize,
    conversation_id: ConversationId,
    external_id: &'a str,
    kind: &'a str,
    author_id: Option<UserId>,
    created_at: i64,
    parent: Option<&'a str>,
    title: Option<&'a str>,
    text: Option<&'a str>,
    details: Option<String>,
    attachments: Option<String>,
    deleted_at: Option<i64>,
    deleted_by: Option<UserId>,
    deletion_recording: Option<i64>,
    recording: i64,
    size: i64,
    check_sum: i64,
    deletion_check_sum: Option<i64>,
}

impl<'a> Row<'a> {
    fn new((place, new): (usize, &'a NewItem<'a>)) -> Result<Self> {
        let (title, text) = (new.content.title.as_deref(), new.content.text.as_deref());
        let attachments = if new.attachments.is_empty() { None } else { Some(to_json(new.attachments.as_ref())?) };
        let details = details_json(new.content.details.as_ref())?;
        let texts = [title, text, details.as_deref(), attachments.as_deref()];
        let size: usize = texts.iter().flatten().map(|text| text.len()).sum();
        let deleted = new.deleted.map(|(at, by)| (at.micros(), by, new.recording));
        let mut row = Self {
            place,
            conversation_id: new.conversation_id,
            external_id: &new.external_id,
            kind: new.kind.as_str(),
            author_id: new.author_id,
            created_at: new.created_at.micros(),
            parent: new.parent.as_deref(),
            title,
            text,
            details,
            attachments,
            deleted_at: deleted.map(|(at, _, _)| at),
            deleted_by: deleted.and_then(|(_, by, _)| by),
            deletion_recording: deleted.map(|(_, _, recording)| recording),
            recording: new.recording,
            size: i64::try_from(size).unwrap_or(i64::MAX),
            check_sum: 0,
            deletion_check_sum: deleted.map(|(at, by, recording)| check::of_deletion(at, by, recording)),
        };
        row.check_sum = row.unchanging().sum();
        Ok(row)
    }

    fn unchanging(&self) -> OfItem<'_> {
        OfItem {
            conversation_id: self.conversation_id,
            external_id: self.external_id,
            kind: self.kind,
            author_id: self.author_id,
            created_at: self.created_at,
            parent: self.parent,
            title: self.title,
            text: self.text,
            details: self.details.as_deref(),
            attachments: self.attachments.as_deref(),
            recording: self.recording,
        }
    }
}

/// The columns in the order in which both statements give them.
const COLUMNS: &str = "conversation_id, external_id, kind, author_id, created_at, parent, title, text, details, attachments, \
    deleted_at, deleted_by, deletion_recording, recording, size, check_sum, deletion_check_sum";
const UNLESS_KNOWN: &str = " ON CONFLICT (conversation_id, external_id) DO NOTHING";

/// Diesel would write its own statement anew for each row (it can't know that one with `ON CONFLICT` is always the same), which
/// costs as much as the insertion. This one it knows by its type.
struct InsertOne<'a>(&'a Row<'a>);

impl QueryId for InsertOne<'_> {
    type QueryId = InsertOne<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<SqliteConnection> for InsertOne<'_> {}

impl QueryFragment<Sqlite> for InsertOne<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let row = self.0;
        out.push_sql("INSERT INTO items (");
        out.push_sql(COLUMNS);
        out.push_sql(") VALUES (");
        out.push_bind_param::<BigInt, _>(&row.conversation_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(row.external_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(row.kind)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<BigInt>, _>(&row.author_id)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&row.created_at)?;
        for text in [&row.parent, &row.title, &row.text] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(text)?;
        }
        for json in [&row.details, &row.attachments] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(json)?;
        }
        for number in [&row.deleted_at, &row.deleted_by, &row.deletion_recording] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<BigInt>, _>(number)?;
        }
        for number in [&row.recording, &row.size, &row.check_sum] {
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(number)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<BigInt>, _>(&row.deletion_check_sum)?;
        out.push_sql(")");
        out.push_sql(UNLESS_KNOWN);
        Ok(())
    }
}

#[derive(QueryableByName)]
#[diesel(table_name = items)]
struct Made {
    conversation_id: ConversationId,
    external_id: String,
}

fn insert_all(c: &mut PgConnection, rows: &[Row<'_>]) -> Result<Vec<bool>> {
    fn column<'a, T>(rows: &'a [Row<'a>], value: impl FnMut(&'a Row<'a>) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    type Texts = Array<Nullable<Text>>;
    type Numbers = Array<Nullable<BigInt>>;
    // One array a column, so that the statement is the same for any number of rows.
    let arrays = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17";
    let returning = " RETURNING conversation_id, external_id";
    let sql = format!("INSERT INTO items ({COLUMNS}) SELECT * FROM unnest({arrays}){UNLESS_KNOWN}{returning}");
    let made: Vec<Made> = diesel::sql_query(sql)
        .bind::<Array<BigInt>, _>(column(rows, |row| row.conversation_id))
        .bind::<Array<Text>, _>(column(rows, |row| row.external_id))
        .bind::<Array<Text>, _>(column(rows, |row| row.kind))
        .bind::<Numbers, _>(column(rows, |row| row.author_id))
        .bind::<Array<BigInt>, _>(column(rows, |row| row.created_at))
        .bind::<Texts, _>(column(rows, |row| row.parent))
        .bind::<Texts, _>(column(rows, |row| row.title))
        .bind::<Texts, _>(column(rows, |row| row.text))
        .bind::<Texts, _>(column(rows, |row| row.details.as_deref()))
        .bind::<Texts, _>(column(rows, |row| row.attachments.as_deref()))
        .bind::<Numbers, _>(column(rows, |row| row.deleted_at))
        .bind::<Numbers, _>(column(rows, |row| row.deleted_by))
        .bind::<Numbers, _>(column(rows, |row| row.deletion_recording))
        .bind::<Array<BigInt>, _>(column(rows, |row| row.recording))
        .bind::<Array<BigInt>, _>(column(rows, |row| row.size))
        .bind::<Array<BigInt>, _>(column(rows, |row| row.check_sum))
        .bind::<Numbers, _>(column(rows, |row| row.deletion_check_sum))
        .load(c)?;
    let mut made: HashSet<_> = made.iter().map(|made| (made.conversation_id, made.external_id.as_str())).collect();
    Ok(rows.iter().map(|row| made.remove(&(row.conversation_id, row.external_id))).collect())
}
