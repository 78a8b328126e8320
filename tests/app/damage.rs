//! A database that has lost something since it was recorded: an index, a row or a page may be damaged, and an export of it
//! must fail rather than be complete without. Each is damaged here, and the export's reason looked at.
//!
//! What happens between an export's plan and its reading is tested in `reconcile`.

use std::fs;

use compliance_exports::config::DatabaseUrl;
use compliance_exports::model::{RequestId, Status};
use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use serde_json::json;

use crate::support::events::{deletion, edit, message};
use crate::support::{Person, TestApp};

/// Messages of each team.
const MESSAGES: u64 = 400;
const RANGE: (&str, &str) = ("2026-03-05", "2026-03-10");

/// Acme with two teams and messages from February to March, of which some have been edited, some deleted and kept, some erased.
fn acme() -> (TestApp, Person) {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    app.at("2026-04-16T12:00:00Z");
    let mut events = String::from(
        "{\"type\":\"user\",\"id\":\"u1\",\"name\":\"Ada\"}\n{\"type\":\"user\",\"id\":\"u2\",\"name\":\"Grace\"}\n",
    );
    for (id, name) in [("berths", "Berths"), ("quays", "Quays")] {
        let team = json!({"type": "conversation", "id": id, "kind": "Team", "name": name, "members": [{"user": "u1"}]});
        events += &format!("{team}\n");
        for number in 0..MESSAGES {
            let at = format!("2026-03-{:02}T{:02}:{:02}:00Z", 1 + number / 20, number % 20, number % 60);
            events += &message(id, &format!("m{number}"), &at, &format!("{name} has the price of lot {number}"));
        }
        events += &edit(id, "m100", "2026-04-01T00:00:00Z", &format!("{name} has a better price"));
        events += &deletion(id, "m101", "2026-04-16T11:00:00Z");
    }
    app.record("Acme", &events);
    app.turn_off(&ada);
    app.record("Acme", &deletion("quays", "m110", "2026-04-16T12:00:00Z"));
    app.turn_on(&ada);
    (app, ada)
}

fn sqlite(app: &TestApp) -> Option<std::path::PathBuf> {
    match app.app.settings.database_url() {
        DatabaseUrl::Sqlite(path) => Some(path.clone()),
        DatabaseUrl::Postgres(_) => None,
    }
}

fn export(app: &TestApp, by: &Person) -> RequestId {
    let id = app.request(by, RANGE.0, RANGE.1);
    app.build();
    id
}

/// The reason for which an export fails, at its first attempt.
fn reason(app: &TestApp, by: &Person) -> String {
    let request = app.find_request(export(app, by));
    assert_eq!((request.status, request.attempts), (Status::Failed, 1), "it must fail: {:?}", request.reason);
    assert_eq!(app.files(), (vec![], vec![]));
    request.reason.unwrap()
}

/// The reason for which an export fails after this.
fn reason_after(damage: &str) -> String {
    let (app, ada) = acme();
    app.run_sql(damage);
    reason(&app, &ada)
}

fn assert_fails(damage: &str, told: &str) {
    let reason = reason_after(damage);
    assert!(reason.contains(told) && reason.contains("operator"), "{damage}: {reason}\n{told}");
}

const LOST: &str = "The check of completeness failed: ";

#[test]
fn an_export_of_a_sound_database_completes() {
    let (app, ada) = acme();
    let archive = app.archive_without_fault(export(&app, &ada));
    assert_eq!(archive.items().len(), 2 * 6 * 20 - 1);
}

#[test]
fn rows_that_are_gone_fail_the_export() {
    let counted = "item_counts";
    for (table, damage, told) in [
        ("items", "DELETE FROM items WHERE external_id = 'm99' AND conversation_id = 2", "“Quays” (conversation 2)"),
        // Beside the range, in its period: how much is missing can't be told apart.
        ("items", "DELETE FROM items WHERE external_id = 'm79' AND conversation_id = 1", "“Berths” (conversation 1)"),
        ("edits", "DELETE FROM item_edits WHERE conversation_id = 1", "1 changes of “Berths” (conversation 1)"),
        (counted, "DELETE FROM item_counts WHERE conversation_id = 2", "0 items and 0 changes of “Quays”"),
        ("account", "DELETE FROM conversation_accounts WHERE conversation_id = 2", "2 conversations were counted"),
    ] {
        assert_fails(damage, told);
        assert!(reason_after(damage).starts_with(LOST), "{table}");
    }
}

#[test]
fn an_item_that_moves_out_of_the_range_or_comes_twice_fails_the_export() {
    let day = 24 * 3_600_000_000_i64;
    let moved = "UPDATE items SET created_at = created_at";
    for damage in [
        format!("{moved} - 7 * {day} WHERE external_id = 'm199' AND conversation_id = 2"),
        format!("{moved} + 1 WHERE external_id = 'm300' AND conversation_id = 2"),
        // Another comes in its place.
        format!(
            "{moved} + 20 * {day} WHERE external_id = 'm150' AND conversation_id = 2;
             {moved} + 8 * {day} WHERE external_id = 'm0' AND conversation_id = 2"
        ),
    ] {
        assert_fails(&damage, "“Quays” (conversation 2)");
    }
    assert_fails(
        "INSERT INTO items (conversation_id, external_id, kind, created_at, recording, size, check_sum)
         SELECT conversation_id, 'new', kind, created_at, recording, 0, 0 FROM items
         WHERE external_id = 'm150' AND conversation_id = 1",
        "“Berths” (conversation 1)",
    );
}

#[test]
fn a_row_that_has_changed_fails_the_export() {
    let item = "external_id = 'm100' AND conversation_id = 2";
    for change in [
        "text = 'Quays has the price of lot 101'",
        "text = NULL",
        "title = ''",
        "author_id = NULL",
        "kind = 'Note'",
        "external_id = 'm1000'",
        "parent = 'm99'",
        "details = '{}'",
        "attachments = '[]'",
        "recording = recording - 1",
    ] {
        let told = if change.starts_with("external") { "the item “m1000” of" } else { "the item “m100” of" };
        assert_fails(&format!("UPDATE items SET {change} WHERE {item}"), &format!("{told} conversation 2"));
    }
    let deleted = "external_id = 'm101' AND conversation_id = 2";
    for change in
        ["deleted_at = deleted_at - 1", "deleted_by = author_id", "deleted_at = NULL, deletion_recording = NULL"]
    {
        assert_fails(&format!("UPDATE items SET {change} WHERE {deleted}"), "the item “m101” of conversation 2");
    }
    for change in ["text = 'nothing'", "edited_at = edited_at + 1", "editor_id = NULL", "recording = recording + 99"] {
        assert_fails(&format!("UPDATE item_edits SET {change} WHERE conversation_id = 2"), "of conversation 2");
    }
}

/// A row whose number says that it came after the cut is left out of the plan: the reading finds it.
#[test]
fn an_item_that_seems_to_come_after_the_cut_fails_the_export() {
    assert_fails(
        "UPDATE items SET recording = recording + 99 WHERE external_id = 'm100' AND conversation_id = 2",
        "the item “m100” of conversation 2",
    );
}

/// Runs SQL on a connection of its own, that may do what the application's may not.
fn outside(app: &TestApp, sql: &str) {
    let path = sqlite(app).unwrap();
    let mut connection = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
    connection.batch_execute(sql).unwrap();
}

/// Changes the database's file under its feet, and has all connections forget what they hold of it.
fn overwrite(app: &TestApp, change: impl FnOnce(&mut [u8])) {
    app.store().empty_log().unwrap();
    let path = sqlite(app).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    outside(app, "PRAGMA user_version = 7");
}

#[test]
fn an_index_that_has_lost_entries_fails_the_export() {
    let (app, ada) = acme();
    if sqlite(&app).is_none() {
        return;
    }
    // The index in whose place it is put knows all but one item.
    outside(
        &app,
        "CREATE INDEX stale ON items (conversation_id, created_at, id, recording, deletion_recording, deleted_at, size)
             WHERE id <> 500;
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'stale')
             WHERE name = 'items_by_time';
         DELETE FROM sqlite_schema WHERE name = 'stale';
         PRAGMA schema_version = 1000;",
    );
    let reason = reason(&app, &ada);
    assert!(reason.starts_with(LOST) && reason.contains("“Quays” (conversation 2)"), "{reason}");
}

/// Where the pages of a table or an index begin that hold its entries, which `kind` tells.
fn leaves(app: &TestApp, bytes: &[u8], name: &str, kind: u8) -> Vec<usize> {
    let number =
        |at: usize, length: usize| bytes[at..at + length].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let size = number(16, 2);
    let root =
        app.query_sql(&format!("SELECT CAST(rootpage AS TEXT) AS value FROM sqlite_schema WHERE name = '{name}'"));
    let (mut pages, mut leaves) = (vec![root[0].parse::<usize>().unwrap()], Vec::new());
    while let Some(page) = pages.pop() {
        let at = (page - 1) * size;
        if bytes[at] == kind {
            leaves.push(at);
            continue;
        }
        let cells = number(at + 3, 2);
        pages.extend((0..cells).map(|cell| number(at + number(at + 12 + 2 * cell, 2), 4)));
        pages.push(number(at + 8, 4));
    }
    leaves
}

/// Each page of entries is the half of what it was, as a page is that was never written after it had grown.
fn halve(app: &TestApp, name: &str, kind: u8) {
    overwrite(app, |bytes| {
        let leaves = leaves(app, bytes, name, kind);
        assert!(leaves.len() > 2, "{name}");
        for at in leaves {
            let cells = u16::from_be_bytes([bytes[at + 3], bytes[at + 4]]) / 2;
            bytes[at + 3..at + 5].copy_from_slice(&cells.to_be_bytes());
        }
    });
}

const OF_INDEX: u8 = 10;
const OF_TABLE: u8 = 13;

#[test]
fn pages_of_the_index_that_have_lost_half_of_their_entries_fail_the_export() {
    let (app, ada) = acme();
    if sqlite(&app).is_some() {
        halve(&app, "items_by_time", OF_INDEX);
        let reason = reason(&app, &ada);
        assert!(reason.starts_with(LOST) && reason.contains("“Berths” (conversation 1)"), "{reason}");
    }
}

#[test]
fn pages_of_the_table_that_have_lost_half_of_their_rows_fail_the_export() {
    let (app, ada) = acme();
    if sqlite(&app).is_some() {
        halve(&app, "items", OF_TABLE);
        let id = export(&app, &ada);
        for _ in 0..5 {
            app.advance(chrono::TimeDelta::minutes(5));
            app.build();
        }
        assert_eq!(app.find_request(id).status, Status::Failed);
        assert_eq!(app.files(), (vec![], vec![]));
    }
}

#[test]
fn a_text_that_has_changed_on_the_disk_fails_the_export() {
    let (app, ada) = acme();
    if sqlite(&app).is_none() {
        return;
    }
    overwrite(&app, |bytes| {
        let text = b"Quays has the price of lot 100";
        let places: Vec<usize> = (0..bytes.len() - text.len()).filter(|at| bytes[*at..].starts_with(text)).collect();
        assert_eq!(places.len(), 1);
        bytes[places[0] + text.len() - 3] = b'9';
    });
    let mut connection = SqliteConnection::establish(&sqlite(&app).unwrap().to_string_lossy()).unwrap();
    let check = diesel::sql_query("PRAGMA integrity_check").execute(&mut connection);
    assert!(check.is_ok());
    let reason = reason(&app, &ada);
    assert!(reason.contains("the item “m100” of conversation 2"), "{reason}");
}
