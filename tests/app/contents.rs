//! What an export holds: C1–C7, read back from the archive.

use std::collections::BTreeMap;
use std::path::Path;

use chrono_tz::Tz;
use compliance_exports::audit::Actor;
use compliance_exports::capture::sources::{self, Subject};
use compliance_exports::capture::{self, switch};
use compliance_exports::config::DatabaseUrl;
use compliance_exports::demo;
use compliance_exports::identity::{self, accounts, commands};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use serde_json::{Value, json};

use crate::support::events::{OFFICE, deletion, edit, message, texts_before};
use crate::support::{Archive, Person, TestApp};

/// Ids of the items in each day file's day, by day.
fn by_day(archive: &Archive) -> BTreeMap<String, Vec<String>> {
    let mut days: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in archive.day_files() {
        let day = path.rsplit('/').next().unwrap().trim_end_matches(".json");
        for item in archive.json(path).as_array().unwrap() {
            days.entry(day.to_owned()).or_default().push(item["id"].as_str().unwrap().to_owned());
        }
    }
    days
}

/// Each item's text, and when it was deleted.
fn deletions(archive: &Archive) -> Vec<(String, Option<String>)> {
    let deleted_at = |item: &Value| item["deleted"]["at"].as_str().map(str::to_owned);
    let items = archive.items();
    items.iter().map(|item| (item["text"].as_str().unwrap().to_owned(), deleted_at(item))).collect()
}

#[test]
fn c1_every_kind_of_conversation_and_item_is_there() {
    let (app, ada) = TestApp::with_office();
    for conversation in ["team", "direct", "group", "notes"] {
        for kind in ["Message", "Note", "Task", "Event"] {
            let event = json!({"type": "item_created", "conversation": conversation, "id": kind, "kind": kind,
                "at": "2026-03-10T10:00:00Z", "by": "u1", "content": {"text": format!("{conversation} {kind}")}});
            app.record("Acme", &event.to_string());
        }
    }
    let id = app.request_all(&ada);
    app.work();
    let archive = app.archive_without_fault(id);
    let mut found: Vec<(String, String)> = Vec::new();
    for conversation in archive.conversations() {
        let folder = conversation["folder"].as_str().unwrap();
        let day = archive.json(&format!("{folder}/2026-03-10.json"));
        let kinds: Vec<&str> = day.as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["Message", "Note", "Task", "Event"]);
        let parent = folder.split('/').next().unwrap();
        found.push((conversation["type"].as_str().unwrap().to_owned(), parent.to_owned()));
    }
    let expected =
        [("Direct", "People_Chats"), ("Group", "People_Chats"), ("Personal", "People_Chats"), ("Team", "Team_Chats")];
    assert_eq!(found, expected.map(|(kind, parent)| (kind.to_owned(), parent.to_owned())));
}

#[test]
fn c1_what_only_tasks_and_events_have_is_there() {
    let (app, ada) = TestApp::with_office();
    app.record(
        "Acme",
        r#"{"type":"item_created","conversation":"team","id":"t1","kind":"Task","at":"2026-03-10T10:00:00Z","by":"u1","content":{"title":"Call","text":"now","details":{"status":"InProgress","assignees":["u2","u3"],"dueAt":"2026-03-11T08:00:00.5Z"}}}
           {"type":"item_created","conversation":"team","id":"e1","kind":"Event","at":"2026-03-10T10:00:00Z","by":"u1","parent":"t1","content":{"title":"Walk","details":{"time":{"startsAt":"2026-03-12T00:00:00Z","endsAt":"2026-03-13T00:00:00Z","allDay":true},"location":"Gate 2"}}}"#,
    );
    let archive = app.export_all(&ada);
    let task = archive.item("t1");
    let assignees: Vec<&Value> =
        task["assignees"].as_array().unwrap().iter().map(|assignee| &assignee["name"]).collect();
    assert_eq!(assignees, ["Grace", "Edsger"]);
    assert_eq!([&task["title"], &task["text"], &task["status"]], ["Call", "now", "InProgress"]);
    assert_eq!(task["dueAt"], "2026-03-11T08:00:00.500Z");
    let event = archive.item("e1");
    assert_eq!([&event["startsAt"], &event["endsAt"]], ["2026-03-12T00:00:00Z", "2026-03-13T00:00:00Z"]);
    assert_eq!((&event["allDay"], &event["location"]), (&json!(true), &json!("Gate 2")));
    assert_eq!((&event["parentId"], &event["text"]), (&json!("t1"), &Value::Null));
}

#[test]
fn c1_a_conversation_without_items_in_the_range_is_listed_with_an_empty_folder() {
    let (app, ada) = TestApp::with_office();
    app.record("Acme", &message("team", "m1", "2026-03-09T23:59:59Z", "the day before"));
    let archive = app.export(&ada, "2026-03-10", "2026-03-11");
    let conversations = archive.conversations();
    assert_eq!(conversations.len(), 4);
    for conversation in conversations {
        let folder = format!("{}/", conversation["folder"].as_str().unwrap());
        let inside: Vec<&String> = archive.files.keys().filter(|path| path.starts_with(&folder)).collect();
        assert_eq!(inside, [&folder]);
        assert_eq!((&conversation["itemCount"], &conversation["days"]), (&json!(0), &json!(0)));
    }
}

/// Acme and Globex, both with the feature on, and all that Acme's source tells of conversations between them: in each a
/// message whose text is the conversation's id. Returns those with access.
fn two_companies() -> (TestApp, Person, Person) {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let (_, hank) = app.account_with_exports_on("Globex");
    let people = r#"
        {"type":"account","id":"globex","name":"Globex"}
        {"type":"user","id":"a1","name":"Ada","email":"ada@acme.example"}
        {"type":"user","id":"a2","name":"Grace"}
        {"type":"user","id":"g1","account":"globex","name":"Hank"}
        {"type":"user","id":"g2","account":"globex","name":"Homer"}
    "#;
    app.record("Acme", people);
    let conversations = [
        ("team-a", "Team", "a1", ["a1", "g1", "g2"].as_slice()),
        ("team-g", "Team", "g1", &["a1", "a2", "g1"]),
        ("group-a", "Group", "a1", &["a1", "g1", "g2"]),
        ("group-g", "Group", "g1", &["a1", "a2", "g1"]),
        ("notes-a", "Personal", "a1", &["a1"]),
        ("notes-g", "Personal", "g1", &["g1"]),
        ("direct-aa", "Direct", "a1", &["a1", "a2"]),
        ("direct-gg", "Direct", "g1", &["g1", "g2"]),
        ("direct-by-a", "Direct", "a1", &["a1", "g1"]),
        ("direct-by-g", "Direct", "g1", &["a1", "g1"]),
    ];
    for (id, kind, starter, members) in conversations {
        let members: Vec<Value> = members.iter().map(|member| json!({"user": member})).collect();
        let name = (kind == "Team").then_some(id);
        let conversation = json!({"type": "conversation", "id": id, "kind": kind, "name": name,
            "startedBy": starter, "members": members});
        let item = json!({"type": "item_created", "conversation": id, "id": "m1", "kind": "Message",
            "at": "2026-03-10T10:00:00Z", "by": starter, "content": {"text": id}});
        app.record("Acme", &format!("{conversation}\n{item}"));
    }
    (app, ada, hank)
}

#[test]
fn c2_an_export_holds_what_the_account_owns_and_every_direct_of_its_people() {
    let (app, ada, hank) = two_companies();
    let archive = app.export_all(&ada);
    let mut texts = archive.texts();
    texts.sort();
    assert_eq!(texts, ["direct-aa", "direct-by-a", "direct-by-g", "group-a", "notes-a", "team-a"]);
    assert_eq!(archive.conversations().len(), 6, "nothing else is even listed");

    let archive = app.export_all(&hank);
    let mut texts = archive.texts();
    texts.sort();
    assert_eq!(texts, ["direct-by-a", "direct-by-g", "direct-gg", "group-g", "notes-g", "team-g"]);
    assert_eq!(archive.conversations().len(), 6, "nothing else is even listed");
}

#[test]
fn c2_a_direct_between_companies_names_its_owner_and_each_persons_company() {
    let (app, ada, _) = two_companies();
    let archive = app.export_all(&ada);
    let of = |text: &str| {
        let item = archive.items().into_iter().find(|item| item["text"] == text).unwrap();
        let all = archive.conversations();
        all.into_iter().find(|conversation| conversation["id"] == item["conversation"]["id"]).unwrap()
    };
    assert_eq!(of("direct-by-a")["owner"]["name"], "Acme");
    let theirs = of("direct-by-g");
    assert_eq!(theirs["owner"]["name"], "Globex");
    assert_eq!(theirs["startedBy"]["name"], "Hank");
    let companies: Vec<&Value> =
        theirs["members"].as_array().unwrap().iter().map(|member| &member["account"]).collect();
    assert_eq!(companies, ["Acme", "Globex"]);
}

#[test]
fn c3_the_edit_log_holds_the_text_before_each_change_and_who_made_it() {
    let (app, ada) = TestApp::with_office();
    app.record(
        "Acme",
        r#"{"type":"item_created","conversation":"team","id":"t1","kind":"Task","at":"2026-03-10T10:00:00Z","by":"u1","content":{"title":"Call","text":"one"}}
           {"type":"item_edited","conversation":"team","id":"t1","at":"2026-03-10T11:00:00Z","by":"u2","content":{"title":"Call back","text":"two"}}
           {"type":"item_edited","conversation":"team","id":"t1","at":"2026-03-10T12:00:00.000001Z","content":{"title":"Call back","text":"three"}}"#,
    );
    let task = app.export_all(&ada).item("t1");
    assert_eq!((&task["title"], &task["text"]), (&json!("Call back"), &json!("three")));
    let [first, second] = task["edits"].as_array().unwrap().as_slice() else { panic!("{task}") };
    assert_eq!([&first["titleBefore"], &first["textBefore"]], ["Call", "one"]);
    assert_eq!([&first["editedAt"], &first["editor"]["name"]], ["2026-03-10T11:00:00Z", "Grace"]);
    assert_eq!([&second["titleBefore"], &second["textBefore"]], ["Call back", "two"]);
    assert_eq!((&second["editedAt"], &second["editor"]), (&json!("2026-03-10T12:00:00.000001Z"), &Value::Null));
}

#[test]
fn c3_a_note_shows_its_present_text_only() {
    let (app, ada) = TestApp::with_office();
    app.record(
        "Acme",
        r#"{"type":"item_created","conversation":"team","id":"n1","kind":"Note","at":"2026-03-10T10:00:00Z","by":"u1","content":{"title":"first title","text":"first text"}}
           {"type":"item_edited","conversation":"team","id":"n1","at":"2026-03-10T11:00:00Z","by":"u2","content":{"title":"Tides","text":"present"}}"#,
    );
    let archive = app.export_all(&ada);
    let note = archive.item("n1");
    assert_eq!([&note["title"], &note["text"]], ["Tides", "present"]);
    assert_eq!(note.get("edits"), None);
    assert!(!contains(&archive, "first t"));
}

#[test]
fn c3_a_text_that_was_changed_after_the_range_shows_as_it_is_at_the_cut() {
    let (app, ada) = TestApp::with_office();
    app.record("Acme", &message("team", "m1", "2026-03-10T10:00:00Z", "one"));
    app.record("Acme", &edit("team", "m1", "2026-03-14T10:00:00Z", "two"));
    let item = app.export(&ada, "2026-03-10", "2026-03-10").item("m1");
    assert_eq!((&item["text"], texts_before(&item)), (&json!("two"), vec![Some("one")]));
}

/// Whether any file holds this text.
fn contains(archive: &Archive, text: &str) -> bool {
    archive.files.values().any(|bytes| String::from_utf8_lossy(bytes).contains(text))
}

/// Capture is on from 09:30 to 11:00 and again from 13:00; now it is 15:00.
fn on_off_on() -> (TestApp, Person) {
    let (app, ada) = TestApp::with_office();
    app.at("2026-03-16T11:00:00Z");
    app.turn_off(&ada);
    app.at("2026-03-16T13:00:00Z");
    app.turn_on(&ada);
    app.at("2026-03-16T15:00:00Z");
    (app, ada)
}

/// When items are deleted, and whether capture was on.
const BORDERS: [(&str, bool); 9] = [
    ("2026-03-16T09:29:59.999999Z", false),
    ("2026-03-16T09:30:00Z", true),
    ("2026-03-16T10:00:00Z", true),
    ("2026-03-16T10:59:59.999999Z", true),
    ("2026-03-16T11:00:00Z", false),
    ("2026-03-16T12:00:00Z", false),
    ("2026-03-16T12:59:59.999999Z", false),
    ("2026-03-16T13:00:00Z", true),
    ("2026-03-16T15:00:00Z", true),
];

/// What shows of items named after the instants of their deletion.
fn kept_at_borders() -> Vec<(String, Option<String>)> {
    let kept = BORDERS.iter().filter(|(_, on)| *on);
    kept.map(|(at, _)| ((*at).to_owned(), Some((*at).to_owned()))).collect()
}

#[test]
fn c4_a_deleted_item_is_kept_if_capture_was_on_at_the_instant_of_its_deletion() {
    let (app, ada) = on_off_on();
    for (at, _) in BORDERS {
        app.record("Acme", &message("team", at, "2026-03-16T08:00:00Z", at));
        app.record("Acme", &deletion("team", at, at));
    }
    assert_eq!(deletions(&app.export_all(&ada)), kept_at_borders());
}

#[test]
fn c4_the_same_holds_for_deletions_that_come_before_what_they_delete() {
    let (app, ada) = on_off_on();
    for (at, _) in BORDERS {
        app.record("Acme", &deletion("team", at, at));
        app.record("Acme", &message("team", at, "2026-03-16T08:00:00Z", at));
    }
    assert_eq!(deletions(&app.export_all(&ada)), kept_at_borders());
}

#[test]
fn c4_a_deletion_without_a_time_happens_when_it_is_recorded() {
    let (app, ada) = TestApp::with_office();
    let delete = |id: &str| {
        app.record("Acme", &message("team", id, "2026-03-16T08:00:00Z", id));
        app.record("Acme", &json!({"type": "item_deleted", "conversation": "team", "id": id}).to_string());
    };
    app.at("2026-03-16T10:00:00Z");
    delete("on");
    app.turn_off(&ada);
    app.at("2026-03-16T11:00:00Z");
    delete("off");
    app.turn_on(&ada);
    app.at("2026-03-16T12:00:00Z");
    delete("on again");
    let at = |hour: &str| Some(format!("2026-03-16T{hour}:00:00Z"));
    // The first was deleted in the instant in which capture was turned off, which no longer belongs to it.
    assert_eq!(deletions(&app.export_all(&ada)), [("on again".to_owned(), at("12"))]);
}

#[test]
fn c4_what_counts_is_when_it_was_deleted_not_when_that_was_recorded() {
    let (app, ada) = TestApp::with_office();
    app.record("Acme", &message("team", "off", "2026-03-16T08:00:00Z", "deleted while off"));
    app.record("Acme", &message("team", "on", "2026-03-16T08:00:00Z", "deleted while on"));
    // Recorded while on.
    app.record("Acme", &deletion("team", "off", "2026-03-16T09:00:00Z"));
    app.at("2026-03-16T11:00:00Z");
    app.turn_off(&ada);
    // Recorded while off.
    app.record("Acme", &deletion("team", "on", "2026-03-16T10:00:00Z"));
    app.turn_on(&ada);
    assert_eq!(app.export_all(&ada).texts(), ["deleted while on"]);
}

#[test]
fn c4_a_deleted_item_says_when_and_by_whom_and_keeps_its_edit_log_and_attachments() {
    let (app, ada) = TestApp::with_office();
    app.at("2026-03-16T12:00:00Z");
    app.record(
        "Acme",
        r#"{"type":"item_created","conversation":"team","id":"m1","kind":"Message","at":"2026-03-16T10:00:00Z","by":"u1","content":{"text":"one"},"attachments":[{"id":"f1","name":"plan.pdf"}]}"#,
    );
    app.record("Acme", &edit("team", "m1", "2026-03-16T10:01:00Z", "two"));
    app.record("Acme", &deletion("team", "m1", "2026-03-16T10:02:00.5Z"));
    let archive = app.export_all(&ada);
    let item = archive.item("m1");
    assert_eq!(item["deleted"]["at"], "2026-03-16T10:02:00.500Z");
    assert_eq!(item["deleted"]["by"]["name"], "Grace");
    assert_eq!((&item["text"], texts_before(&item)), (&json!("two"), vec![Some("one")]));
    assert_eq!(item["attachments"], json!([{"id": "f1", "name": "plan.pdf"}]));
    assert_eq!(archive.manifest()["totals"]["deleted"], 1);
}

#[test]
fn c4_nothing_brings_back_what_was_erased() {
    let app = TestApp::start();
    let ada = {
        app.account("Acme");
        app.admin("Acme", "Ada")
    };
    let item = [
        message("team", "m1", "2026-03-16T08:00:00Z", "one"),
        edit("team", "m1", "2026-03-16T08:10:00Z", "two"),
        deletion("team", "m1", "2026-03-16T09:00:00Z"),
    ]
    .concat();
    app.record("Acme", OFFICE);
    app.record("Acme", &item);
    app.turn_on(&ada);
    assert_eq!(app.export_all(&ada).texts(), Vec::<String>::new(), "turning capture on later");
    let again = app.record("Acme", &item);
    assert_eq!([Subject::Items, Subject::Edits].map(|subject| again.of(subject).erased), [1, 1]);
    assert_eq!(app.export_all(&ada).texts(), Vec::<String>::new(), "importing again");
    app.at("2026-03-16T12:00:00Z");
    app.record("Acme", &deletion("team", "m1", "2026-03-16T11:00:00Z"));
    app.record("Acme", &item);
    assert_eq!(app.export_all(&ada).texts(), Vec::<String>::new(), "another deletion, now that capture is on");
}

#[test]
fn c4_what_is_erased_is_erased_from_the_database() {
    let (app, _) = TestApp::with_office();
    let conversation = app.store().write(|tx| {
        let account = identity::rows::accounts::find_by_name(tx, "Acme")?.expect("Acme").id;
        let source = identity::rows::sources::find_or_create(tx, account, "events")?;
        capture::rows::conversations::find_by_external(tx, source, "team")
    });
    let conversation = conversation.unwrap().expect("the team").id;
    // Longer than a page of the database, so that it lies in several.
    let long = "Zanzibar ".repeat(3_000);
    let events = [
        json!({"type": "item_created", "conversation": "team", "id": "m1", "kind": "Event", "at": "2026-03-16T08:00:00Z",
            "content": {"title": "Zanzibar title", "text": long, "details": {"location": "Zanzibar harbour"}},
            "attachments": [{"id": "f1", "name": "Zanzibar.pdf"}]}),
        json!({"type": "item_edited", "conversation": "team", "id": "m1", "at": "2026-03-16T08:10:00Z",
            "content": {"title": "Zanzibar edited", "text": long}}),
    ];
    app.record("Acme", &events.map(|event| event.to_string()).join("\n"));
    let item = app.store().read(|c| capture::rows::items::find(c, conversation, "m1")).unwrap().expect("the item");
    let found_before = bytes_of_database(&app, "Zanzibar");
    app.record("Acme", &deletion("team", "m1", "2026-03-16T09:00:00Z"));

    let left = app.store().read(|c| {
        let edits = capture::rows::items::list_edits_at(c, &[(item.id, "2026-03-16T08:10:00Z".parse().unwrap())])?;
        Ok((
            capture::rows::items::find(c, conversation, "m1")?,
            edits.len(),
            capture::rows::items::find_deletion(c, conversation, "m1")?,
        ))
    });
    let (left, edits, fact) = left.unwrap();
    assert_eq!((left, edits), (None, 0));
    assert!(fact.is_some(), "the fact of the deletion remains");
    if let (Some(before), Some(after)) = (found_before, bytes_of_database(&app, "Zanzibar")) {
        assert!(before >= 5_000, "{before}");
        assert_eq!(after, 0);
    }
}

/// How often the SQLite database's files hold a text; none on PostgreSQL, whose files are its own affair.
fn bytes_of_database(app: &TestApp, text: &str) -> Option<usize> {
    let DatabaseUrl::Sqlite(path) = app.app.settings.database_url() else { return None };
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let files = path.parent().map(Path::read_dir).unwrap().unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.is_file());
    let held = |file: std::path::PathBuf| {
        let bytes = std::fs::read(file).unwrap();
        bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
    };
    Some(files.map(held).sum())
}

#[test]
fn c4_a_direct_of_two_companies_shows_each_what_was_deleted_during_its_own_capture() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    app.account("Globex");
    let hank = app.admin("Globex", "Hank");
    app.record(
        "Acme",
        r#"{"type":"account","id":"globex","name":"Globex"}
           {"type":"user","id":"u1","name":"Ada"}
           {"type":"user","id":"u2","account":"globex","name":"Hank"}
           {"type":"conversation","id":"direct","kind":"Direct","members":[{"user":"u1"},{"user":"u2"}]}"#,
    );
    // Acme's capture is on from 09:30 to 13:00, that of Globex from 11:00.
    app.at("2026-03-16T11:00:00Z");
    app.turn_on(&hank);
    app.at("2026-03-16T13:00:00Z");
    app.turn_off(&ada);
    app.at("2026-03-16T15:00:00Z");
    for (at, text) in [("09", "neither"), ("10", "Acme's"), ("12", "both"), ("14", "Globex's")] {
        app.record("Acme", &message("direct", text, "2026-03-16T08:00:00Z", text));
        app.record("Acme", &deletion("direct", text, &format!("2026-03-16T{at}:00:00Z")));
    }
    app.turn_on(&ada);
    assert_eq!(app.export_all(&ada).texts(), ["Acme's", "both"]);
    assert_eq!(app.export_all(&hank).texts(), ["both", "Globex's"]);
}

#[test]
fn c4_the_manifest_says_when_capture_was_off() {
    let (app, ada) = on_off_on();
    let archive = app.export(&ada, "2026-03-15", "2026-03-16");
    let span = |from: &str, to: &str| json!({"from": from, "to": to});
    assert_eq!(
        archive.manifest()["coverage"],
        json!({
            "captured": [
                span("2026-03-16T09:30:00Z", "2026-03-16T11:00:00Z"),
                span("2026-03-16T13:00:00Z", "2026-03-16T15:00:00Z"),
            ],
            "gaps": [
                span("2026-03-15T00:00:00Z", "2026-03-16T09:30:00Z"),
                span("2026-03-16T11:00:00Z", "2026-03-16T13:00:00Z"),
            ],
        })
    );
}

#[test]
fn c5_an_attachment_is_its_description_only() {
    let (app, ada) = TestApp::with_office();
    app.record(
        "Acme",
        r#"{"type":"item_created","conversation":"team","id":"m1","kind":"Message","at":"2026-03-10T10:00:00Z","content":{"text":"a"},"attachments":[{"id":"f1","name":"plan.pdf","type":"application/pdf","size":48211},{"id":"f2","name":"b.txt"}]}"#,
    );
    let item = app.export_all(&ada).item("m1");
    let expected = json!([
        {"id": "f1", "name": "plan.pdf", "type": "application/pdf", "size": 48211},
        {"id": "f2", "name": "b.txt"}
    ]);
    assert_eq!(item["attachments"], expected);
}

/// Items at both sides of each border between days, by the instant that is also the id; exports each day, and all.
fn c6_days(zone: Tz, items: &[(&str, &str)]) {
    let app = TestApp::start();
    app.at("2026-11-10T12:00:00Z");
    let ada = app.account_in("Acme", zone);
    app.record("Acme", OFFICE);
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (at, day) in items {
        app.record("Acme", &message("team", at, at, at));
        expected.entry((*day).to_owned()).or_default().push((*at).to_owned());
    }
    let id = app.request_all(&ada);
    app.work();
    assert_eq!(by_day(&app.archive_without_fault(id)), expected, "{zone}");
    for (day, ids) in expected {
        let id = app.request(&ada, &day, &day);
        app.work();
        assert_eq!(by_day(&app.archive_without_fault(id)), BTreeMap::from([(day, ids)]), "{zone}");
    }
}

#[test]
fn c6_an_item_belongs_to_the_day_of_the_accounts_zone_also_when_that_has_23_or_25_hours() {
    c6_days(
        Tz::Europe__London,
        &[
            ("2026-03-28T23:59:59.999999Z", "2026-03-28"),
            ("2026-03-29T00:00:00Z", "2026-03-29"),
            ("2026-03-29T22:59:59.999999Z", "2026-03-29"),
            ("2026-03-29T23:00:00Z", "2026-03-30"),
            ("2026-10-24T22:59:59.999999Z", "2026-10-24"),
            ("2026-10-24T23:00:00Z", "2026-10-25"),
            ("2026-10-25T00:30:00Z", "2026-10-25"),
            ("2026-10-25T01:30:00Z", "2026-10-25"),
            ("2026-10-25T23:59:59.999999Z", "2026-10-25"),
            ("2026-10-26T00:00:00Z", "2026-10-26"),
        ],
    );
}

#[test]
fn c6_days_are_the_accounts_own_east_and_west() {
    let east = [("2026-03-10T14:59:59.999999Z", "2026-03-10"), ("2026-03-10T15:00:00Z", "2026-03-11")];
    c6_days(Tz::Asia__Tokyo, &east);
    let west = [("2026-01-11T05:59:59.999999Z", "2026-01-10"), ("2026-01-11T06:00:00Z", "2026-01-11")];
    c6_days(Tz::America__Chicago, &west);
}

#[test]
fn c6_days_do_not_go_back_where_clocks_once_did_across_midnight() {
    c6_days(
        Tz::America__St_Johns,
        &[
            ("2006-10-29T02:29:59Z", "2006-10-28"),
            // A minute past midnight the clocks went back to 23:01: this is half a minute past midnight.
            ("2006-10-29T02:30:30Z", "2006-10-28"),
            ("2006-10-29T03:29:59.999999Z", "2006-10-28"),
            ("2006-10-29T03:30:00Z", "2006-10-29"),
        ],
    );
}

#[test]
fn c6_the_manifest_says_which_days_and_instants_were_meant() {
    let app = TestApp::start();
    let ada = app.account_in("Acme", Tz::Asia__Tokyo);
    let request = app.export(&ada, "2026-03-10", "2026-03-11").manifest()["request"].clone();
    assert_eq!([&request["firstDay"], &request["lastDay"]], ["2026-03-10", "2026-03-11"]);
    assert_eq!(request["timeZone"], "Asia/Tokyo");
    assert_eq!([&request["rangeStart"], &request["rangeEnd"]], ["2026-03-09T15:00:00Z", "2026-03-11T15:00:00Z"]);
}

#[test]
fn c7_items_edits_and_deletions_recorded_after_the_cut_do_not_show() {
    let (app, ada) = TestApp::with_office();
    app.at("2026-03-16T12:00:00Z");
    for id in ["edited", "deleted", "untouched"] {
        app.record("Acme", &message("team", id, "2026-03-16T10:00:00Z", id));
    }
    let id = app.request_with_cut(&ada);
    app.at("2026-03-16T12:00:30Z");
    app.record("Acme", &edit("team", "edited", "2026-03-16T10:30:00Z", "after the cut"));
    app.record("Acme", &deletion("team", "deleted", "2026-03-16T10:30:00Z"));
    app.record("Acme", &message("team", "new", "2026-03-16T10:00:00Z", "after the cut"));
    app.record("Acme", &deletion("team", "never-seen", "2026-03-16T10:30:00Z"));
    app.work();
    let archive = app.archive_without_fault(id);
    assert_eq!(archive.manifest()["cut"], "2026-03-16T12:00:00Z");
    assert_eq!(archive.texts(), ["edited", "deleted", "untouched"]);
    assert!(archive.items().iter().all(|item| item.get("edits").is_none() && item.get("deleted").is_none()));
    assert_eq!(app.export_all(&ada).texts(), ["after the cut", "deleted", "untouched", "after the cut"]);
}

#[test]
fn c7_conversations_and_people_recorded_after_the_cut_do_not_show() {
    let (app, ada) = TestApp::with_office();
    let id = app.request_with_cut(&ada);
    app.record(
        "Acme",
        r#"{"type":"user","id":"u5","name":"Latecomer"}
           {"type":"conversation","id":"new","kind":"Team","name":"New"}
           {"type":"joined","conversation":"group","user":"u5","at":"2026-03-10T10:00:00Z"}
           {"type":"left","conversation":"group","user":"u2","at":"2026-03-10T10:00:00Z"}"#,
    );
    app.work();
    let archive = app.archive_without_fault(id);
    assert_eq!(archive.conversations().len(), 4);
    assert!(!contains(&archive, "Latecomer") && !contains(&archive, "leftAt"));
}

#[test]
fn c7_capture_that_is_turned_off_after_the_cut_changes_nothing() {
    let (app, ada) = TestApp::with_office();
    app.record("Acme", &message("team", "m1", "2026-03-16T08:00:00Z", "a"));
    app.record("Acme", &deletion("team", "m1", "2026-03-16T09:30:00Z"));
    app.at("2026-03-16T10:00:00Z");
    let id = app.request_with_cut(&ada);
    app.at("2026-03-16T10:00:30Z");
    app.turn_off(&ada);
    app.work();
    let archive = app.archive_without_fault(id);
    assert_eq!(deletions(&archive), [("a".to_owned(), Some("2026-03-16T09:30:00Z".to_owned()))]);
    let captured = &archive.manifest()["coverage"]["captured"];
    assert_eq!(captured, &json!([{"from": "2026-03-16T09:30:00Z", "to": "2026-03-16T10:00:00Z"}]));
}

#[test]
fn c7_not_even_in_the_instant_of_the_cut() {
    let (app, ada) = TestApp::with_office();
    app.at("2026-03-16T10:00:00Z");
    app.record("Acme", &message("team", "m1", "2026-03-16T08:00:00Z", "a"));
    app.record("Acme", &deletion("team", "m1", "2026-03-16T10:00:00Z"));
    let id = app.request_with_cut(&ada);
    app.turn_off(&ada);
    app.work();
    let kept = [("a".to_owned(), Some("2026-03-16T10:00:00Z".to_owned()))];
    assert_eq!(deletions(&app.archive_without_fault(id)), kept);
}

#[test]
fn c4_what_is_erased_after_the_cut_is_erased_all_the_same() {
    let (app, ada) = TestApp::with_office();
    app.record("Acme", &message("team", "m1", "2026-03-16T08:00:00Z", "a"));
    app.record("Acme", &message("team", "m2", "2026-03-16T08:00:00Z", "b"));
    let id = app.request_with_cut(&ada);
    app.record("Acme", &deletion("team", "m1", "2026-03-16T09:00:00Z"));
    app.work();
    assert_eq!(app.archive_without_fault(id).texts(), ["b"]);
}

#[test]
fn two_exports_of_the_same_days_hold_the_same_files() {
    let (app, ada) = TestApp::with_office();
    for (number, conversation) in ["team", "direct", "group", "notes", "team"].into_iter().enumerate() {
        let id = format!("m{number}");
        app.record("Acme", &message(conversation, &id, "2026-03-10T10:00:00Z", &id));
        app.record("Acme", &edit(conversation, &id, "2026-03-10T10:00:00Z", "changed"));
    }
    let first = app.export(&ada, "2026-03-01", "2026-03-16");
    app.at("2026-03-16T12:00:00Z");
    let second = app.export(&ada, "2026-03-01", "2026-03-16");
    let own = ["manifest.json", "SHA256SUMS", "SHA256SUMS.minisig"];
    let without_own = |archive: &Archive| {
        let mut files = archive.files.clone();
        files.retain(|path, _| !own.contains(&path.as_str()));
        files
    };
    assert_eq!(without_own(&first), without_own(&second));
    let mut manifests = [first.manifest(), second.manifest()];
    for manifest in &mut manifests {
        assert_ne!(manifest["cut"], Value::Null);
        for field in ["/cut", "/request/id", "/request/requestedAt", "/parts/0/file", "/coverage"] {
            *manifest.pointer_mut(field).unwrap() = Value::Null;
        }
    }
    assert_eq!(manifests[0], manifests[1], "but for which request it was, and when");
}

/// An export is a function of its request and its cut, the signature included.
#[test]
fn c7_the_same_cut_is_signed_alike() {
    let (app, ada) = TestApp::with_office();
    app.record("Acme", &message("team", "m1", "2026-03-10T10:00:00Z", "a"));
    let id = app.request_with_cut(&ada);
    let twice = [0, 1].map(|_| {
        app.run_sql(&format!(
            "DELETE FROM export_parts; DELETE FROM export_conversations; DELETE FROM export_summaries;
             UPDATE export_requests SET status = 'Accepted', planned_at = NULL WHERE id = {id}"
        ));
        app.at("2026-03-16T12:00:00Z");
        app.work();
        app.archive_without_fault(id).files
    });
    assert!(twice[0].contains_key("SHA256SUMS.minisig"));
    assert_eq!(twice[0], twice[1]);
}

#[test]
fn the_demos_archive_is_without_fault() {
    let app = TestApp::start();
    let now = app.now();
    let (main, partner) = demo::companies();
    let [requester, partners] = [&main, &partner].map(|company| {
        commands::run(
            app.store(),
            Actor::Operator,
            &accounts::CreateAccount { name: company.name, time_zone: company.time_zone, include_exports: true },
            now,
        )
        .unwrap();
        let admin = company.people.iter().find(|person| person.admin).expect("an administrator");
        let new = accounts::NewSignIn { account: company.name, email: &admin.email, name: admin.name, admin: true };
        let id =
            commands::run(app.store(), Actor::Operator, &accounts::SetSignIn::new(new, "demonstration").unwrap(), now)
                .unwrap();
        Person { id, email: admin.email.clone(), name: admin.name.to_owned() }
    });
    commands::run(app.store(), Actor::User(requester.id), &switch::TurnOn, demo::captured_since(now)).unwrap();
    let account = app.find_account(main.name).id;
    let facts = demo::conversations(now);
    let summary = sources::record_all(app.store(), &app.clock, account, facts, &mut |_, _| {}).unwrap();
    assert!(!summary.has_problems(), "{:?}", summary.problems);

    let id = app.request_all(&requester);
    app.turn_on(&partners);
    let partners_id = app.request_all(&partners);
    app.work();
    let archive = app.archive_without_fault(id);
    let deleted = archive.manifest()["totals"]["deleted"].as_u64();
    assert!(deleted > Some(0), "{deleted:?}");
    let kinds = |field: &Value| field.as_str().unwrap().to_owned();
    let items: std::collections::BTreeSet<String> = archive.items().iter().map(|item| kinds(&item["type"])).collect();
    assert_eq!(items.len(), 4, "{items:?}");
    app.archive_without_fault(partners_id);
}
