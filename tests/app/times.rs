//! C4: times that can't be, and clocks that are set, erase nothing that was deleted while capture was on.

use chrono::TimeDelta;
use compliance_exports::audit::AuditEvent;
use compliance_exports::capture::rules::times::Why;
use compliance_exports::capture::sources::{self, Import, ImportFormat, ImportSummary, Subject};
use serde_json::json;

use crate::support::TestApp;
use crate::support::events::{deletion, edit, message};

const POSTED: &str = "2026-03-16T10:00:00Z";
const NOW: &str = "2026-03-16T12:00:00Z";
/// Seconds that were read as milliseconds.
const SLIP: &str = "1970-01-21T12:59:38.400Z";

/// Records the lines, and tells the line of each note.
fn record(app: &TestApp, lines: &str) -> ImportSummary {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    std::fs::write(&path, lines).unwrap();
    let account = app.find_account("Acme").id;
    let import = Import { strict: true, ..Import::new(account, ImportFormat::Events, &path) };
    sources::import(app.store(), &app.clock, &import, &mut |_, _| {}).unwrap()
}

fn notes(summary: &ImportSummary) -> Vec<(Option<u64>, &str)> {
    summary.notes.iter().map(|(place, text)| (place.line, text.as_str())).collect()
}

#[test]
fn c4_an_impossible_time_of_a_deletion_erases_nothing() {
    let (app, ada) = TestApp::with_office();
    app.at(NOW);
    let first = [message("team", "m1", POSTED, "a"), deletion("team", "m1", SLIP)].concat();
    let told = record(&app, &first);
    let slip = format!("the deletion is told for {SLIP}, before the item was posted: it counts as of {POSTED}");
    assert_eq!(notes(&told), [(Some(2), slip.as_str())]);
    assert_eq!(told.doubts.get(&Why::BeforeItem), Some(&1));
    // The deletion comes first, in another recording and in the same one.
    assert_eq!(notes(&record(&app, &deletion("team", "m2", SLIP))), []);
    let told = record(&app, &message("team", "m2", POSTED, "b"));
    assert_eq!(notes(&told), [(Some(1), slip.as_str())]);
    let both = [deletion("team", "m3", SLIP), message("team", "m3", POSTED, "c")].concat();
    let told = record(&app, &both);
    assert_eq!(notes(&told), [(Some(2), slip.as_str())]);
    // What is known is not told again.
    assert_eq!(notes(&record(&app, &first)), []);

    let archive = app.export_all(&ada);
    for id in ["m1", "m2", "m3"] {
        assert_eq!(archive.item(id)["deleted"]["at"], POSTED, "{id}");
    }
}

#[test]
fn c4_an_item_posted_while_capture_was_off_is_erased_by_an_impossible_deletion_in_either_order() {
    let (app, ada) = TestApp::with_office();
    app.at(NOW);
    let before = "2026-03-10T10:00:00Z";
    app.record("Acme", &[message("team", "m1", before, "a"), deletion("team", "m1", SLIP)].concat());
    app.record("Acme", &[deletion("team", "m2", SLIP), message("team", "m2", before, "b")].concat());
    let again = app.record("Acme", &["m1", "m2"].map(|id| edit("team", id, POSTED, "c")).concat());
    assert_eq!(again.of(Subject::Edits).erased, 2, "{again:?}");
    assert_eq!(app.export_all(&ada).items().len(), 0);
}

#[test]
fn times_that_cant_be_are_told_with_their_place_and_kept_as_told() {
    let (app, ada) = TestApp::with_office();
    app.at(NOW);
    let future = "2062-01-01T00:00:00Z";
    let join = json!({"type": "joined", "conversation": "team", "user": "u4", "at": future});
    let room = json!({"type": "conversation", "id": "room", "kind": "Team", "name": "Room", "createdAt": future,
        "members": [{"user": "u1", "joinedAt": future}]});
    let leaver = json!({"type": "user", "id": "u9", "name": "Leaver", "deactivatedAt": future});
    let lines = [
        message("team", "m1", POSTED, "a"),
        edit("team", "m1", SLIP, "b"),
        edit("team", "m1", future, "c"),
        message("team", "m2", future, "d"),
        message("team", "m3", POSTED, "e"),
        deletion("team", "m3", future),
        deletion("team", "m2", POSTED),
        format!("{join}\n{room}\n{leaver}\n"),
    ];
    let told = record(&app, &lines.concat());
    let kept = |what: &str| format!("{what} is told for {future}, after the present: it is kept as told");
    let expected = [
        (2, format!("the change is told for {SLIP}, before the item was posted: it is kept as told")),
        (3, kept("the change")),
        (4, kept("the item")),
        (6, format!("the deletion is told for {future}, after the present: it counts as of {NOW}")),
        (7, format!("the deletion is told for {POSTED}, before the item was posted: it counts as of {NOW}")),
        (8, kept("the join")),
        (9, kept("the conversation")),
        (9, kept("the join")),
        (10, kept("the deactivation")),
    ];
    let expected: Vec<(Option<u64>, &str)> = expected.iter().map(|(line, text)| (Some(*line), text.as_str())).collect();
    assert_eq!(notes(&told), expected);
    assert_eq!((told.doubts.get(&Why::BeforeItem), told.doubts.get(&Why::AfterNow)), (Some(&2), Some(&7)));
    let item = app.export_all(&ada).item("m3");
    assert_eq!(item["deleted"]["at"], NOW);
}

/// The clock was an hour ahead when capture was switched on, and was then put right.
#[test]
fn c4_a_clock_that_is_put_right_erases_nothing_while_the_toggle_says_on() {
    let app = TestApp::start();
    app.at("2026-03-16T10:00:00Z");
    let ada = app.account_in("Acme", chrono_tz::UTC);
    app.record("Acme", crate::support::events::OFFICE);
    app.record("Acme", &["m1", "m2", "m3"].map(|id| message("team", id, "2026-03-10T10:00:00Z", id)).concat());
    app.advance(-TimeDelta::hours(1));
    app.record("Acme", &deletion("team", "m1", "2026-03-16T09:00:00Z"));
    app.advance(TimeDelta::minutes(30));
    app.record("Acme", &deletion("team", "m2", "2026-03-16T09:20:00Z"));
    let deleted = |archive: &crate::support::Archive| {
        ["m1", "m2"].map(|id| archive.item(id)["deleted"]["at"].as_str().map(str::to_owned))
    };
    let expected = ["2026-03-16T09:00:00Z", "2026-03-16T09:20:00Z"].map(|at| Some(at.to_owned()));
    assert_eq!(deleted(&app.export_all(&ada)), expected);
    // It stays so when the clock has caught up, and when capture is off again.
    app.advance(TimeDelta::hours(3));
    assert_eq!(deleted(&app.export_all(&ada)), expected);
    app.turn_off(&ada);
    app.advance(TimeDelta::hours(1));
    app.record("Acme", &deletion("team", "m3", "2026-03-16T13:20:00Z"));
    app.turn_on(&ada);
    let archive = app.export_all(&ada);
    assert_eq!(deleted(&archive), expected);
    assert_eq!(archive.items().len(), 2, "what was deleted while capture was off is gone");
    // What is not known does not count as covered.
    let gap = &archive.manifest()["coverage"]["gaps"][0];
    assert_eq!(gap["to"], "2026-03-16T09:00:00Z", "{gap}");
    let audit = app.audit(app.find_account("Acme").id);
    assert_eq!(
        audit.iter().filter(|(_, event)| matches!(event, AuditEvent::ClockSetBack { .. })).count(),
        1,
        "{audit:?}"
    );
}
