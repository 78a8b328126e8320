//! The check of completeness: what was counted for the plan and what was written must agree, by conversation and day;
//! only what has been erased meanwhile (C4) may be missing.
//!
//! The application never does what happens to the rows here, between the plan and the reading: it would be a fault of
//! ours, a repair by hand gone wrong, or a broken database.

use chrono::TimeDelta;
use compliance_exports::jobs::Stop;
use compliance_exports::model::{RequestId, Status};
use serde_json::json;

use crate::support::events::{OFFICE, deletion, message};
use crate::support::{Archive, Person, TestApp};

/// In one part, and in several of which each holds some days of a conversation.
const PART_ENTRIES: [u32; 2] = [65_534, 16];
const DAYS: u64 = 10;

/// Acme with two teams and three messages on each of ten days, of which one each has been deleted and kept.
fn acme(part_entries: u32) -> (TestApp, Person) {
    let app = TestApp::start_with(|settings| settings.exports.part_entries = part_entries);
    let (_, ada) = app.account_with_exports_on("Acme");
    app.at("2026-03-16T12:00:00Z");
    let mut events = String::from(
        "{\"type\":\"user\",\"id\":\"u1\",\"name\":\"Ada\"}\n{\"type\":\"user\",\"id\":\"u2\",\"name\":\"Grace\"}\n",
    );
    for (id, name) in [("berths", "Berths"), ("quays", "Quays")] {
        let team = json!({"type": "conversation", "id": id, "kind": "Team", "name": name, "members": [{"user": "u1"}]});
        events += &format!("{team}\n");
        for day in 1..=DAYS {
            for number in 1..=3 {
                events +=
                    &message(id, &format!("{day}-{number}"), &format!("2026-03-{day:02}T1{number}:00:00Z"), "Hello");
            }
            events += &deletion(id, &format!("{day}-3"), "2026-03-16T11:00:00Z");
        }
    }
    app.record("Acme", &events);
    (app, ada)
}

/// The condition that finds one message of the second team.
fn quays(id: &str) -> String {
    format!("external_id = '{id}' AND conversation_id = (SELECT id FROM conversations WHERE external_id = 'quays')")
}

/// The reason for which an export fails when this has happened between its plan and the reading.
fn reason_after(part_entries: u32, sql: &str) -> String {
    let (app, ada) = acme(part_entries);
    let id = planned(&app, &ada);
    app.run_sql(sql);
    app.build();
    let request = app.find_request(id);
    assert_eq!(request.status, Status::Failed, "{sql}");
    // At once: it does not pass by itself.
    assert_eq!((request.attempts, app.files()), (1, (vec![], vec![])), "{sql}");
    request.reason.unwrap()
}

fn planned(app: &TestApp, by: &Person) -> RequestId {
    let id = app.request(by, "2026-03-01", "2026-03-15");
    assert!(app.worker.exports.next(Some(id), &Stop::default()).unwrap());
    assert_eq!(app.find_request(id).status, Status::InProgress);
    id
}

fn assert_fails(sql: &str, told: &str) {
    for part_entries in PART_ENTRIES {
        let reason = reason_after(part_entries, sql);
        let told = format!("The check of completeness failed: {told}. Retry; ");
        assert!(reason.starts_with(&told), "{reason}\n{told}\n{part_entries}: {sql}");
    }
}

#[test]
fn an_item_that_vanishes_without_a_trace_fails_the_export() {
    assert_fails(
        &format!("DELETE FROM items WHERE {}", quays("7-2")),
        "in Team_Chats/Quays - 2 on 2026-03-07, 3 items (1 deleted) were counted, but 2 (1 deleted) were written",
    );
    // All of a day, and the last of a part.
    assert_fails(
        "DELETE FROM items WHERE external_id LIKE '10-%' AND conversation_id = 2",
        "in Team_Chats/Quays - 2 on 2026-03-10, 3 items (1 deleted) were counted, but 0 (0 deleted) were written",
    );
}

/// What is read is also no longer what was recorded, which shows first.
fn assert_damaged(sql: &str, item: &str) {
    for part_entries in PART_ENTRIES {
        let reason = reason_after(part_entries, sql);
        let told =
            format!("The database is damaged: the item “{item}” of conversation 2 is no longer what was recorded.");
        assert!(reason.starts_with(&told), "{reason}\n{told}\n{part_entries}: {sql}");
    }
}

#[test]
fn an_item_that_appears_with_an_old_recording_fails_the_export() {
    assert_damaged(
        &format!(
            "INSERT INTO items (conversation_id, external_id, kind, created_at, recording, size, check_sum)
             SELECT conversation_id, 'new', kind, created_at, recording, 0, 0 FROM items WHERE {}",
            quays("7-2")
        ),
        "new",
    );
}

#[test]
fn an_item_that_moves_to_another_day_fails_the_export() {
    let hours = 5 * 24 * 3_600_000_000_i64;
    assert_damaged(&format!("UPDATE items SET created_at = created_at - {hours} WHERE {}", quays("9-1")), "9-1");
}

#[test]
fn a_mark_of_deletion_that_comes_or_goes_fails_the_export() {
    assert_damaged(
        &format!("UPDATE items SET deleted_at = NULL, deletion_recording = NULL WHERE {}", quays("5-3")),
        "5-3",
    );
    assert_damaged(
        &format!("UPDATE items SET deleted_at = created_at + 1, deletion_recording = recording WHERE {}", quays("5-2")),
        "5-2",
    );
}

#[test]
fn a_conversation_that_vanishes_or_appears_fails_the_export() {
    assert_fails(
        "DELETE FROM conversation_accounts WHERE conversation_id = 1",
        "conversation 1 was planned, but it was not found",
    );
    assert_fails(
        "DELETE FROM conversation_accounts WHERE conversation_id = 2",
        "conversation 2 was planned, but it was not found",
    );
    assert_fails(
        "INSERT INTO conversations (source_id, external_id, kind, name, is_public, owner_account_id, recording)
            SELECT source_id, 'new', kind, 'New', is_public, owner_account_id, recording FROM conversations
            WHERE external_id = 'quays';
         INSERT INTO conversation_accounts (account_id, conversation_id)
            SELECT owner_account_id, id FROM conversations WHERE external_id = 'new'",
        "Team_Chats/New - 3 was not planned, but it was found",
    );
}

#[test]
fn what_vanishes_beside_what_was_erased_fails_the_export() {
    for part_entries in PART_ENTRIES {
        let (app, ada) = acme(part_entries);
        let id = planned(&app, &ada);
        app.turn_off(&ada);
        app.record("Acme", &deletion("quays", "8-1", "2026-03-16T12:00:00Z"));
        app.run_sql(&format!("DELETE FROM items WHERE {} ", quays("8-2")));
        app.build();
        let reason = app.find_request(id).reason.expect("a reason");
        let told =
            "in Team_Chats/Quays - 2 on 2026-03-08, 3 items (1 deleted) were counted, but 1 (1 deleted) were written";
        assert!(reason.contains(told), "{part_entries}: {reason}");
    }
}

/// As many are lost as had been erased before the plan, or on other days, since the cut.
#[test]
fn what_was_erased_before_the_plan_or_on_other_days_hides_nothing() {
    for part_entries in PART_ENTRIES {
        for (before, meanwhile) in [(["8-1", "9-1"], ["3-1", "3-2"]), (["2-1", "3-1"], ["4-1", "5-1"])] {
            let (app, ada) = acme(part_entries);
            let id = app.request(&ada, "2026-03-01", "2026-03-15");
            app.take_cut(id);
            app.turn_off(&ada);
            let erase = |ids: [&str; 2]| ids.map(|id| deletion("quays", id, "2026-03-16T12:00:00Z")).concat();
            app.record("Acme", &erase(before));
            assert!(app.worker.exports.next(Some(id), &Stop::default()).unwrap());
            app.record("Acme", &erase(meanwhile));
            app.record("Acme", &message("quays", "8-4", "2026-03-08T20:00:00Z", "Too late"));
            app.run_sql(&format!("DELETE FROM items WHERE {}", quays("8-2")));
            app.build();
            let request = app.find_request(id);
            assert_eq!(request.status, Status::Failed, "{part_entries}: {before:?} {meanwhile:?}");
            let reason = request.reason.unwrap();
            assert!(reason.contains("in Team_Chats/Quays - 2 on 2026-03-08, "), "{part_entries}: {reason}");
        }
    }
}

/// What the manifest says of a team: items and deleted ones by day.
fn counts(archive: &Archive, folder: &str) -> Vec<(String, u64, u64)> {
    let counts = archive.manifest()["counts"].as_array().unwrap().clone();
    let Some(count) = counts.iter().find(|count| count["folder"] == folder) else { return Vec::new() };
    let day = |day: &serde_json::Value| {
        (day["day"].as_str().unwrap().to_owned(), day["items"].as_u64().unwrap(), day["deleted"].as_u64().unwrap())
    };
    count["days"].as_array().unwrap().iter().map(day).collect()
}

#[test]
fn c4_what_is_erased_between_plan_and_reading_is_missing_and_the_manifest_counts_what_was_written() {
    for part_entries in PART_ENTRIES {
        let (app, ada) = acme(part_entries);
        // Here the day that is wholly erased is the last of the last part.
        app.record("Acme", &message("quays", "alone", "2026-03-14T12:00:00Z", "Alone"));
        let id = planned(&app, &ada);
        app.advance(TimeDelta::minutes(1));
        app.turn_off(&ada);
        app.advance(TimeDelta::minutes(1));
        let erased = ["8-1", "8-2", "9-1", "alone"].map(|id| deletion("quays", id, "2026-03-16T12:02:00Z"));
        app.record("Acme", &erased.concat());
        app.build();
        let archive = app.archive_without_fault(id);
        let all = |day: u64| (format!("2026-03-{day:02}"), 3, 1);
        assert_eq!(counts(&archive, "Team_Chats/Berths - 1"), (1..=DAYS).map(all).collect::<Vec<_>>());
        let mut expected: Vec<_> = (1..=DAYS).map(all).collect();
        (expected[7].1, expected[8].1) = (1, 2);
        assert_eq!(counts(&archive, "Team_Chats/Quays - 2"), expected);
        assert_eq!(archive.manifest()["totals"]["items"], 60 - 3);
        assert_eq!(archive.json("Team_Chats/Quays - 2/2026-03-08.json").as_array().unwrap().len(), 1);
        assert!(!archive.files.contains_key("Team_Chats/Quays - 2/2026-03-14.json"));
    }
}

#[test]
fn c4_a_part_of_which_all_is_erased_before_it_is_read_holds_nothing() {
    let app = TestApp::start_with(|settings| settings.exports.part_entries = 16);
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record("Acme", OFFICE);
    // Beside what every part has, there is room for six folders and days: the last part has the end of the team's days.
    let days = (1..=14).map(|day| message("team", &format!("m{day}"), &format!("2026-03-{day:02}T12:00:00Z"), "Hello"));
    app.record("Acme", &days.collect::<String>());
    let id = planned(&app, &ada);
    let plans = app.query_sql("SELECT planned AS value FROM part_job_counts ORDER BY number");
    assert_eq!(plans.len(), 4);
    app.turn_off(&ada);
    app.record(
        "Acme",
        &(12..=14).map(|day| deletion("team", &format!("m{day}"), "2026-03-16T12:00:00Z")).collect::<String>(),
    );
    app.build();
    let archive = app.archive_without_fault(id);
    assert_eq!(archive.manifest()["totals"]["items"], 11, "{plans:?}");
}

#[test]
fn c7_what_comes_after_the_cut_does_not_change_how_an_export_is_divided() {
    use compliance_exports::config::ByteSize;
    let app = TestApp::start_with(|settings| settings.exports.part_bytes = ByteSize::bytes(64 << 10));
    let (_, ada) = app.account_with_exports_on("Acme");
    app.at("2026-03-16T12:00:00Z");
    app.record(
        "Acme",
        r#"{"type":"user","id":"u1","name":"Ada"}
        {"type":"conversation","id":"c1","kind":"Team","name":"Berths","members":[{"user":"u1"}]}"#,
    );
    let days = (1..=15)
        .map(|day| message("c1", &format!("m{day}"), &format!("2026-03-{day:02}T12:00:00Z"), &"x".repeat(6_000)));
    app.record("Acme", &days.collect::<String>());
    let id = app.request_all(&ada);
    app.build();
    let moves = (0..500).map(|minute| {
        let kind = if minute % 2 == 0 { "joined" } else { "left" };
        format!(
            "{{\"type\":\"{kind}\",\"conversation\":\"c1\",\"user\":\"u1\",\"at\":\"2026-03-01T{:02}:{:02}:00Z\"}}\n",
            minute / 60,
            minute % 60
        )
    });
    app.record("Acme", &moves.collect::<String>());
    let folder = tempfile::tempdir().unwrap();
    let again = app.worker.exports.rebuild(id, folder.path(), &Stop::default(), &|_| {}).unwrap();
    assert!(again.len() > 2 && again.iter().all(|part| part.same), "{again:?}");
}
