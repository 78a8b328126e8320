//! The least that an export costs on this machine: reading the rows and serialising them, on one thread; and compressing the
//! same bytes, which can be shared by all processors. A pipeline can't be faster than the longer of the two.
//!
//! Reads with bare SQLite, not with the store: what our reader costs beyond that must show.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use compliance_exports::archive;
use compliance_exports::model::Timestamp;
use libdeflater::{CompressionLvl, Compressor};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row, Rows};
use serde::Serialize;

/// Bytes that are compressed at a time, so that reading stays out of the figure and memory is bounded.
const BATCH: usize = 16 << 20;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// What was measured, and of how much.
pub struct Floor {
    /// Seconds for reading and serialising.
    pub read: f64,
    /// Seconds for compressing, on one thread.
    pub deflate: f64,
    pub files: u64,
    pub bytes: u64,
    pub compressed: u64,
}

/// Measures both.
pub fn measure(database: &Path) -> Floor {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let (mut files, mut bytes) = (0, 0);
    let began = Instant::now();
    each_day_file(&db, &mut |file| {
        files += 1;
        bytes += file.len() as u64;
        black_box(file);
    });
    let read = began.elapsed().as_secs_f64();

    let mut deflate = Deflate {
        compressors: BTreeMap::new(),
        waiting: Vec::with_capacity(BATCH * 2),
        ends: Vec::new(),
        output: Vec::new(),
        seconds: 0.0,
        compressed: 0,
    };
    each_day_file(&db, &mut |file| deflate.add(file));
    deflate.compress();
    Floor { read, deflate: deflate.seconds, files, bytes, compressed: deflate.compressed }
}

struct Deflate {
    /// By their levels, which are ours.
    compressors: BTreeMap<u8, Compressor>,
    waiting: Vec<u8>,
    ends: Vec<usize>,
    output: Vec<u8>,
    seconds: f64,
    compressed: u64,
}

impl Deflate {
    fn add(&mut self, file: &[u8]) {
        self.waiting.extend_from_slice(file);
        self.ends.push(self.waiting.len());
        if self.waiting.len() >= BATCH {
            self.compress();
        }
    }

    fn compress(&mut self) {
        let began = Instant::now();
        let mut start = 0;
        for end in self.ends.drain(..) {
            let file = &self.waiting[start..end];
            let level = archive::level(file.len());
            let new = || Compressor::new(CompressionLvl::new(level.into()).unwrap());
            let compressor = self.compressors.entry(level).or_insert_with(new);
            let bound = compressor.deflate_compress_bound(file.len());
            if self.output.len() < bound {
                self.output.resize(bound, 0);
            }
            self.compressed += compressor.deflate_compress(file, &mut self.output).unwrap() as u64;
            start = end;
        }
        self.seconds += began.elapsed().as_secs_f64();
        self.waiting.clear();
    }
}

#[derive(Serialize)]
struct Person {
    #[serde(skip)]
    number: i64,
    id: String,
    name: String,
    email: Option<String>,
    account: String,
}

#[derive(Serialize)]
struct Conversation {
    id: String,
    name: String,
}

/// The fields of a message in the order of the archive's records.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    conversation: &'a Conversation,
    created_at: Timestamp,
    author: &'a Person,
    text: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    edits: &'a [Edit<'a>],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Edit<'a> {
    edited_at: Timestamp,
    editor: &'a Person,
    text_before: String,
}

/// Reads all, conversation by conversation, and hands over each day file as bytes.
fn each_day_file(db: &Connection, found: &mut dyn FnMut(&[u8])) {
    let people = people(db);
    let mut items = db
        .prepare(
            "SELECT id, created_at, external_id, kind, author_id, text FROM items WHERE conversation_id = ?
             ORDER BY created_at, id",
        )
        .unwrap();
    // In the order of the items: both are read side by side.
    let mut edits = db
        .prepare(
            "SELECT item_id, edited_at, editor_id, text FROM item_edits WHERE conversation_id = ?
             ORDER BY item_created_at, item_id, edited_at, id",
        )
        .unwrap();
    let mut file = Vec::new();
    for (number, conversation) in conversations(db) {
        let mut edits = Edits::begin(edits.query([number]).unwrap(), &people);
        let mut items = items.query([number]).unwrap();
        let mut today = None;
        while let Some(row) = items.next().unwrap() {
            let at: i64 = row.get_unwrap(1);
            let day = at.div_euclid(MICROS_PER_DAY);
            if today == Some(day) {
                file.extend_from_slice(b",\n");
            } else {
                end(&mut file, found);
                file.extend_from_slice(b"[\n");
                today = Some(day);
            }
            let (log, after) = edits.of(row.get_unwrap(0), text(row, 5));
            let message = Message {
                id: text(row, 2),
                kind: text(row, 3),
                conversation: &conversation,
                created_at: instant(at),
                author: person(&people, row.get_unwrap(4)),
                text: after.as_deref().unwrap_or(text(row, 5)),
                edits: &log,
            };
            serde_json::to_writer(&mut file, &message).unwrap();
        }
        end(&mut file, found);
    }
}

fn end(file: &mut Vec<u8>, found: &mut dyn FnMut(&[u8])) {
    if !file.is_empty() {
        file.extend_from_slice(b"\n]\n");
        found(file);
        file.clear();
    }
}

/// The edits of a conversation, read as far as its items are.
struct Edits<'a> {
    rows: Rows<'a>,
    people: &'a [Person],
    next: Option<(i64, i64, i64, String)>,
}

impl<'a> Edits<'a> {
    fn begin(rows: Rows<'a>, people: &'a [Person]) -> Self {
        let mut edits = Self { rows, people, next: None };
        edits.read();
        edits
    }

    fn read(&mut self) {
        let row = self.rows.next().unwrap();
        self.next = row.map(|row| (row.get_unwrap(0), row.get_unwrap(1), row.get_unwrap(2), text(row, 3).to_owned()));
    }

    /// The edit log of an item that was posted with this text, and what it says at the end if it was edited.
    fn of(&mut self, item: i64, posted: &str) -> (Vec<Edit<'a>>, Option<String>) {
        let (mut log, mut present) = (Vec::new(), None);
        while self.next.as_ref().is_some_and(|next| next.0 == item) {
            let Some((_, at, editor, after)) = self.next.take() else { break };
            let text_before = present.replace(after).unwrap_or_else(|| posted.to_owned());
            log.push(Edit { edited_at: instant(at), editor: person(self.people, editor), text_before });
            self.read();
        }
        (log, present)
    }
}

fn people(db: &Connection) -> Vec<Person> {
    let sql = "SELECT users.id, users.name, email, accounts.name FROM users JOIN accounts ON accounts.id = account_id
               ORDER BY users.id";
    let mut query = db.prepare(sql).unwrap();
    let person = |row: &Row<'_>| {
        let number: i64 = row.get(0)?;
        Ok(Person { number, id: number.to_string(), name: row.get(1)?, email: row.get(2)?, account: row.get(3)? })
    };
    query.query_map([], person).unwrap().map(Result::unwrap).collect()
}

fn person(people: &[Person], number: i64) -> &Person {
    &people[people.binary_search_by_key(&number, |person| person.number).unwrap()]
}

fn conversations(db: &Connection) -> Vec<(i64, Conversation)> {
    let sql = "SELECT id, coalesce(conversations.name, (
                   SELECT group_concat(name, ', ') FROM (
                       SELECT DISTINCT users.id, users.name FROM membership_events JOIN users ON users.id = user_id
                       WHERE conversation_id = conversations.id ORDER BY users.id
                   )
               )) FROM conversations ORDER BY id";
    let mut query = db.prepare(sql).unwrap();
    let conversation = |row: &Row<'_>| {
        let number: i64 = row.get(0)?;
        Ok((number, Conversation { id: number.to_string(), name: row.get(1)? }))
    };
    query.query_map([], conversation).unwrap().map(Result::unwrap).collect()
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> &'a str {
    match row.get_ref_unwrap(column) {
        ValueRef::Text(text) => std::str::from_utf8(text).unwrap(),
        other => panic!("column {column} holds {other:?}, no text"),
    }
}

fn instant(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}
