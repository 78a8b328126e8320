//! Recording the corpus from its file of events; beside it a bare loop of prepared INSERTs into the same tables and
//! indexes, of rows that need no reading, parsing or checking.

use std::time::Instant;

use compliance_exports::capture::sources::{self, Import, ImportFormat};
use rusqlite::Connection;

use super::support::corpus::{Corpus, Message};
use super::support::stage::{self, Stage};

/// Rows of the bare loop in one transaction.
const BATCH: usize = 10_000;

/// Makes the account in the stage's data folder and records the corpus in it, as `import events` does. In seconds.
pub fn record(stage: &Stage) -> f64 {
    let app = stage.app();
    let account = stage::create_account(&app);
    let began = Instant::now();
    let import = Import::new(account, ImportFormat::Events, &stage.events);
    let summary = sources::import(&app.store, &app.clock, &import, &mut |_, _| {}).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    assert!(!summary.has_problems(), "refused: {:?}", summary.problems.first());
    seconds
}

/// Inserts the same rows into a fresh database with the same tables, indexes and settings. In seconds, without the time that
/// the making of the rows takes.
pub fn insert_bare(stage: &Stage, corpus: &Corpus) -> f64 {
    let data = stage.path("bare");
    let account = {
        let app = stage::open(&data);
        stage::create_account(&app)
    };
    let mut db = Connection::open(data.join("compliance-exports.db")).unwrap();
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;").unwrap();
    let (first_person, first_conversation) = insert_scene(&mut db, account, corpus);

    let mut seconds = 0.0;
    let mut messages = corpus.messages();
    loop {
        let batch: Vec<Message> = messages.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        let began = Instant::now();
        let transaction = db.transaction().unwrap();
        {
            let mut item = transaction
                .prepare(
                    "INSERT INTO items (conversation_id, external_id, kind, author_id, created_at, text, recording, size, check_sum)
                     VALUES (?, ?, 'Message', ?, ?, ?, 1, ?, 0)",
                )
                .unwrap();
            let mut edit = transaction
                .prepare(
                    "INSERT INTO item_edits
                     (item_id, edited_at, editor_id, text, recording, conversation_id, item_created_at, check_sum)
                     VALUES (?, ?, ?, ?, 1, ?, ?, 0)",
                )
                .unwrap();
            for message in &batch {
                let conversation = first_conversation + number(message.conversation);
                let author = first_person + number(message.author);
                let at = micros(message.at);
                let id = format!("m{}", message.number);
                item.execute((conversation, &id, author, at, &message.text, number(message.text.len()))).unwrap();
                if let Some((edited_at, text)) = &message.edit {
                    let item = transaction.last_insert_rowid();
                    edit.execute((item, micros(*edited_at), author, text, conversation, at)).unwrap();
                }
            }
        }
        transaction.commit().unwrap();
        seconds += began.elapsed().as_secs_f64();
    }
    drop(messages);
    drop(db);
    std::fs::remove_dir_all(&data).unwrap();
    seconds
}

/// The people and conversations, which are few, outside the time that is taken. Tells the numbers of the first of each.
fn insert_scene(db: &mut Connection, account: i64, corpus: &Corpus) -> (i64, i64) {
    let transaction = db.transaction().unwrap();
    transaction
        .execute(
            "INSERT INTO sources (account_id, kind, name, name_key) VALUES (?, 'events', 'events', 'events')",
            [account],
        )
        .unwrap();
    let source = transaction.last_insert_rowid();
    let mut first_person = None;
    for (name, email) in Corpus::people() {
        let sql = "INSERT INTO users (account_id, name, email, is_bot, is_admin, created_at, search_key) VALUES (?, ?, ?, 0, 0, 0, '')";
        transaction.execute(sql, (account, name, email)).unwrap();
        first_person.get_or_insert(transaction.last_insert_rowid());
    }
    let mut first_conversation = None;
    for (number, conversation) in corpus.conversations.iter().enumerate() {
        let sql = "INSERT INTO conversations
                   (source_id, external_id, kind, name, is_public, owner_account_id, recording)
                   VALUES (?, ?, ?, ?, 0, ?, 1)";
        let id = format!("c{number}");
        transaction.execute(sql, (source, id, conversation.kind, &conversation.name, account)).unwrap();
        first_conversation.get_or_insert(transaction.last_insert_rowid());
    }
    transaction.commit().unwrap();
    (first_person.unwrap(), first_conversation.unwrap())
}

fn number(number: usize) -> i64 {
    i64::try_from(number).unwrap()
}

fn micros(millis: u64) -> i64 {
    i64::try_from(millis * 1_000).unwrap()
}
