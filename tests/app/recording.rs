//! Ingest: what is known already changes nothing; what can't be recorded is refused with its reason, and nothing around
//! it is lost.

use std::path::Path;

use compliance_exports::audit::Actor;
use compliance_exports::capture::sources::{self, Import, ImportFormat, ImportSummary, OutcomeCount, Subject};
use compliance_exports::capture::switch;
use compliance_exports::db;
use compliance_exports::error::{Error, Kind};
use compliance_exports::identity::{self, commands};
use compliance_exports::model::User;
use diesel::RunQueryDsl;
use serde_json::Value;

use crate::support::events::{OFFICE, deletion, edit, message, reasons, texts_before};
use crate::support::{Archive, TestApp};

/// Every kind of fact, deletions before and after what they delete.
const EVERY_KIND: &str = r#"
    {"type":"account","id":"halcyon","name":"Halcyon Ports"}
    {"type":"user","id":"u1","name":"Ada","email":"ada@acme.example","admin":true}
    {"type":"user","id":"u2","name":"Grace","email":"Grace@Acme.example","deactivatedAt":"2026-03-12T00:00:00Z"}
    {"type":"user","id":"u3","name":"Edsger"}
    {"type":"user","id":"b1","name":"Berth Planner","bot":true,"email":"ada@acme.example"}
    {"type":"user","id":"u4","account":"halcyon","name":"Tomo Arai","email":"tomo@halcyon.example"}
    {"type":"conversation","id":"team","kind":"Team","name":"Berths","public":true,"startedBy":"u1","createdAt":"2026-03-01T08:00:00Z","archivedAt":"2026-03-15T08:00:00Z","members":[{"user":"u1","joinedAt":"2026-03-01T08:00:00Z"},{"user":"b1"}]}
    {"type":"conversation","id":"direct","kind":"Direct","startedBy":"u4","members":[{"user":"u1"},{"user":"u4"}]}
    {"type":"conversation","id":"group","kind":"Group","members":[{"user":"u1"},{"user":"u2"},{"user":"u3"}]}
    {"type":"conversation","id":"notes","kind":"Personal","members":[{"user":"u1"}]}
    {"type":"joined","conversation":"team","user":"u2","at":"2026-03-02T09:00:00Z"}
    {"type":"left","conversation":"team","user":"u2","at":"2026-03-03T09:00:00Z"}
    {"type":"item_deleted","conversation":"team","id":"early-on","at":"2026-03-16T09:30:00Z","by":"u1"}
    {"type":"item_deleted","conversation":"team","id":"early-off","at":"2026-03-10T09:30:00Z","by":"u1"}
    {"type":"item_created","conversation":"team","id":"m1","kind":"Message","at":"2026-03-02T09:15:00.250Z","by":"b1","content":{"text":"Berth 4"},"attachments":[{"id":"f1","name":"plan.pdf","type":"application/pdf","size":48211}]}
    {"type":"item_created","conversation":"team","id":"m2","kind":"Message","at":"2026-03-02T09:16:00Z","by":"u2","parent":"m1","content":{"text":"Thanks"}}
    {"type":"item_created","conversation":"direct","id":"m3","kind":"Message","at":"2026-03-02T09:17:00Z","content":{}}
    {"type":"item_created","conversation":"notes","id":"n1","kind":"Note","at":"2026-03-02T10:00:00Z","by":"u1","content":{"title":"Tides","text":"14:20"}}
    {"type":"item_created","conversation":"group","id":"t1","kind":"Task","at":"2026-03-02T10:05:00Z","by":"u1","content":{"title":"Call","details":{"status":"Pending","assignees":["u2"],"dueAt":"2026-03-03T08:00:00Z"}}}
    {"type":"item_created","conversation":"group","id":"e1","kind":"Event","at":"2026-03-02T10:10:00Z","by":"u1","content":{"title":"Walk","details":{"time":{"startsAt":"2026-03-04T09:00:00Z","endsAt":"2026-03-04T10:00:00Z"},"location":"Gate 2"}}}
    {"type":"item_created","conversation":"team","id":"early-on","kind":"Message","at":"2026-03-02T11:00:00Z","by":"u1","content":{"text":"kept"}}
    {"type":"item_created","conversation":"team","id":"early-off","kind":"Message","at":"2026-03-02T11:01:00Z","by":"u1","content":{"text":"erased"}}
    {"type":"item_edited","conversation":"team","id":"m1","at":"2026-03-02T09:20:00Z","by":"u1","content":{"text":"Berth 5"}}
    {"type":"item_edited","conversation":"group","id":"t1","at":"2026-03-02T09:20:00Z","content":{"title":"Call","details":{"status":"Completed","assignees":["u3"]}}}
    {"type":"item_deleted","conversation":"team","id":"m2","at":"2026-03-02T11:00:00Z","by":"u2"}
    {"type":"item_deleted","conversation":"direct","id":"m3"}
"#;

const ALL_SUBJECTS: [Subject; 7] = [
    Subject::Companies,
    Subject::People,
    Subject::Conversations,
    Subject::Memberships,
    Subject::Items,
    Subject::Edits,
    Subject::Deletions,
];

fn counts(summary: &ImportSummary) -> [(u64, u64, u64); 7] {
    ALL_SUBJECTS.map(|subject| {
        let OutcomeCount { added, unchanged, erased } = summary.of(subject);
        (added, unchanged, erased)
    })
}

/// What an archive shows, but for what tells one request from another.
fn shown(archive: &Archive) -> (Vec<Value>, Vec<Value>) {
    (archive.conversations(), archive.items())
}

/// The account's person with this address.
fn person_at(app: &TestApp, account: &str, email: &str) -> Option<User> {
    let account = app.find_account(account).id;
    app.store().read(|c| identity::rows::users::find_by_email(c, account, email)).unwrap()
}

/// The person to whom the events' id is tied, and their company.
fn person_of(app: &TestApp, account: &str, id: &str) -> (User, String) {
    let account = app.find_account(account).id;
    let found = app.store().write(|tx| {
        let source = identity::rows::sources::find_or_create(tx, account, "events")?;
        let user = identity::rows::sources::find_user(tx, source, id)?.expect("a person");
        identity::rows::users::find_at_cut(tx, user, db::cuts::Cut::Now)
    });
    found.unwrap().expect("a person")
}

fn import(app: &TestApp, account: &str, path: &Path, strict: bool) -> Result<ImportSummary, Error> {
    let account = app.find_account(account).id;
    let import = Import { strict, ..Import::new(account, ImportFormat::Events, path) };
    sources::import(app.store(), &app.clock, &import, &mut |_, _| {})
}

#[test]
fn recording_everything_twice_changes_nothing() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let first = app.record("Acme", EVERY_KIND);
    assert_eq!(
        counts(&first),
        [(1, 0, 0), (5, 0, 0), (4, 0, 0), (2, 0, 0), (7, 0, 1), (2, 0, 0), (4, 0, 0)],
        "each fact adds something"
    );
    let before = shown(&app.export_all(&ada));
    let second = app.record("Acme", EVERY_KIND);
    assert_eq!(counts(&second), [(0, 1, 0), (0, 5, 0), (0, 4, 0), (0, 2, 0), (0, 6, 2), (0, 2, 0), (0, 4, 0)]);
    assert_eq!(shown(&app.export_all(&ada)), before);
}

#[test]
fn the_database_refuses_items_that_refer_to_nothing() {
    let (app, _) = TestApp::with_office();
    let insert = |conversation: &str, author: &str| {
        let sql = format!(
            "INSERT INTO items (conversation_id, external_id, kind, author_id, created_at, recording, size, check_sum)
             VALUES ({conversation}, 'm1', 'message', {author}, 0, 1, 0, 0)"
        );
        app.store().write(|tx| Ok(diesel::sql_query(&sql).execute(tx.sql())?))
    };
    let (conversation, author) = ("(SELECT MIN(id) FROM conversations)", "(SELECT MIN(id) FROM users)");
    assert!(insert("0", author).is_err());
    assert!(insert(conversation, "0").is_err());
    assert_eq!(insert(conversation, author).unwrap(), 1);
    for referred in ["conversations", "users"] {
        let delete = format!("DELETE FROM {referred}");
        assert!(app.store().write(|tx| Ok(diesel::sql_query(&delete).execute(tx.sql())?)).is_err());
    }
}

#[test]
fn an_event_that_comes_twice_in_a_row_is_recorded_once() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let doubled: String = EVERY_KIND.lines().map(|line| format!("{line}\n{line}\n")).collect();
    let summary = app.record("Acme", &doubled);
    assert_eq!(
        counts(&summary),
        [(1, 1, 0), (5, 5, 0), (4, 4, 0), (2, 2, 0), (7, 7, 2), (2, 2, 0), (4, 4, 0)],
        "each of the doubles is known"
    );
    assert_eq!(app.export_all(&ada).items().len(), 6);
}

#[test]
fn c4_a_deletion_that_comes_before_its_item_keeps_it_if_capture_was_on() {
    let (app, ada) = TestApp::with_office();
    app.at("2026-03-16T12:00:00Z");
    let early = [deletion("team", "m1", "2026-03-16T10:00:00Z"), edit("team", "m1", "2026-03-16T09:50:00Z", "b")];
    let summary = app.try_record("Acme", &early.concat());
    assert_eq!(reasons(&summary), ["the item “m1”, which it changes, has not been recorded"]);
    app.record("Acme", &message("team", "m1", "2026-03-16T09:45:00Z", "a"));
    app.record("Acme", &edit("team", "m1", "2026-03-16T09:50:00Z", "b"));
    let item = app.export_all(&ada).item("m1");
    assert_eq!((&item["text"], texts_before(&item)), (&Value::from("b"), vec![Some("a")]));
    assert_eq!(item["deleted"]["at"], "2026-03-16T10:00:00Z");
    assert_eq!(item["deleted"]["by"]["name"], "Grace");
}

#[test]
fn c4_a_deletion_that_comes_before_its_item_erases_it_if_capture_was_off() {
    let (app, ada) = TestApp::with_office();
    app.record("Acme", &deletion("team", "m1", "2026-03-16T09:29:59.999999Z"));
    let created = app.record("Acme", &message("team", "m1", "2026-03-16T09:00:00Z", "a"));
    assert_eq!(created.of(Subject::Items), OutcomeCount { erased: 1, ..OutcomeCount::default() });
    let edited = app.record("Acme", &edit("team", "m1", "2026-03-16T09:10:00Z", "b"));
    assert_eq!(edited.of(Subject::Edits), OutcomeCount { erased: 1, ..OutcomeCount::default() });
    assert_eq!(app.export_all(&ada).texts(), Vec::<String>::new());
}

#[test]
fn c4_what_was_erased_stays_gone_even_if_its_deletion_was_dated_into_a_later_capture() {
    let (app, ada) = TestApp::with_office();
    let posted = message("team", "m1", "2026-03-16T09:00:00Z", "a");
    app.record("Acme", &posted);
    app.turn_off(&ada);
    app.record("Acme", &deletion("team", "m1", "2026-03-18T12:00:00Z"));
    app.at("2026-03-17T12:00:00Z");
    app.turn_on(&ada);
    app.at("2026-03-19T12:00:00Z");
    let again = app.record("Acme", &posted);
    assert_eq!(again.of(Subject::Items), OutcomeCount { erased: 1, ..OutcomeCount::default() });
    assert_eq!(app.export_all(&ada).texts(), Vec::<String>::new());
}

#[test]
fn the_first_deletion_of_an_item_stays() {
    let (app, ada) = TestApp::with_office();
    app.at("2026-03-16T12:00:00Z");
    app.record("Acme", &message("team", "m1", "2026-03-16T09:45:00Z", "a"));
    app.record("Acme", &deletion("team", "m1", "2026-03-16T10:00:00Z"));
    let again = app.record("Acme", &deletion("team", "m1", "2026-03-16T09:00:00Z"));
    assert_eq!(again.of(Subject::Deletions), OutcomeCount { unchanged: 1, ..OutcomeCount::default() });
    assert_eq!(app.export_all(&ada).item("m1")["deleted"]["at"], "2026-03-16T10:00:00Z");
}

#[test]
fn c3_edits_are_ordered_by_their_time_however_they_come() {
    let (app, ada) = TestApp::with_office();
    app.record("Acme", &message("team", "m1", "2026-03-10T10:00:00Z", "one"));
    for (minute, text) in [("30", "four"), ("10", "two"), ("20", "three")] {
        app.record("Acme", &edit("team", "m1", &format!("2026-03-10T10:{minute}:00Z"), text));
    }
    let item = app.export_all(&ada).item("m1");
    assert_eq!(item["text"], "four");
    assert_eq!(texts_before(&item), [Some("one"), Some("two"), Some("three")]);
}

#[test]
fn c3_edits_of_the_same_instant_are_ordered_as_they_came() {
    let (app, ada) = TestApp::with_office();
    app.record("Acme", &message("team", "m1", "2026-03-10T10:00:00Z", "one"));
    for text in ["two", "three", "two"] {
        app.record("Acme", &edit("team", "m1", "2026-03-10T10:10:00Z", text));
    }
    let item = app.export_all(&ada).item("m1");
    assert_eq!((&item["text"], texts_before(&item)), (&Value::from("three"), vec![Some("one"), Some("two")]));
}

#[test]
fn an_edit_of_what_has_not_been_recorded_is_refused_and_the_rest_recorded() {
    let (app, ada) = TestApp::with_office();
    let events = [
        message("team", "m1", "2026-03-10T10:00:00Z", "a"),
        edit("team", "m9", "2026-03-10T10:01:00Z", "b"),
        // An item's id is unique within its conversation only.
        edit("direct", "m1", "2026-03-10T10:01:00Z", "b"),
        message("team", "m2", "2026-03-10T10:02:00Z", "c"),
    ];
    let summary = app.try_record("Acme", &events.concat());
    let expected = ["m9", "m1"].map(|id| format!("the item “{id}”, which it changes, has not been recorded"));
    assert_eq!(reasons(&summary), expected);
    assert_eq!(app.export_all(&ada).texts(), ["a", "c"]);
}

#[test]
fn whoever_is_unknown_is_named_and_the_rest_recorded() {
    let facts = [
        r#"{"type":"conversation","id":"c9","kind":"Team","name":"T","startedBy":"stranger"}"#,
        r#"{"type":"conversation","id":"c9","kind":"Team","name":"T","members":[{"user":"u1"},{"user":"stranger"}]}"#,
        r#"{"type":"joined","conversation":"team","user":"stranger","at":"2026-03-10T10:00:00Z"}"#,
        r#"{"type":"left","conversation":"team","user":"stranger","at":"2026-03-10T10:00:00Z"}"#,
        r#"{"type":"item_created","conversation":"team","id":"x","kind":"Message","at":"2026-03-10T10:00:00Z","by":"stranger","content":{"text":"x"}}"#,
        r#"{"type":"item_created","conversation":"team","id":"x","kind":"Task","at":"2026-03-10T10:00:00Z","content":{"details":{"assignees":["u1","stranger"]}}}"#,
        r#"{"type":"item_edited","conversation":"team","id":"m1","at":"2026-03-10T10:00:00Z","by":"stranger","content":{"text":"x"}}"#,
        r#"{"type":"item_edited","conversation":"team","id":"m1","at":"2026-03-10T10:00:00Z","content":{"details":{"assignees":["stranger"]}}}"#,
        r#"{"type":"item_deleted","conversation":"team","id":"m1","at":"2026-03-10T10:00:00Z","by":"stranger"}"#,
    ];
    let (app, ada) = TestApp::with_office();
    let mut events = message("team", "m1", "2026-03-10T10:00:00Z", "before");
    events += &facts.join("\n");
    events += &format!("\n{}", message("team", "m2", "2026-03-10T10:00:00Z", "after"));
    let summary = app.try_record("Acme", &events);
    assert_eq!(reasons(&summary), vec!["the person “stranger” has not been recorded"; facts.len()]);
    let archive = app.export_all(&ada);
    assert_eq!(archive.texts(), ["before", "after"]);
    assert!(archive.items().iter().all(|item| item.get("edits").is_none() && item.get("deleted").is_none()));
    assert_eq!(archive.conversations().len(), 4);
}

#[test]
fn where_is_unknown_is_named_and_the_rest_recorded() {
    let facts = [
        r#"{"type":"joined","conversation":"nowhere","user":"u1","at":"2026-03-10T10:00:00Z"}"#.to_owned(),
        r#"{"type":"left","conversation":"nowhere","user":"u1","at":"2026-03-10T10:00:00Z"}"#.to_owned(),
        message("nowhere", "m1", "2026-03-10T10:00:00Z", "x"),
        edit("nowhere", "m1", "2026-03-10T10:00:00Z", "x"),
        deletion("nowhere", "m1", "2026-03-10T10:00:00Z"),
        message("team", "m1", "2026-03-10T10:00:00Z", "after"),
    ];
    let (app, ada) = TestApp::with_office();
    let summary = app.try_record("Acme", &facts.join("\n"));
    assert_eq!(reasons(&summary), vec!["the conversation “nowhere” has not been recorded"; 5]);
    assert_eq!(app.export_all(&ada).texts(), ["after"]);
}

#[test]
fn facts_without_an_id_are_refused() {
    let (app, _) = TestApp::with_office();
    let facts = [
        r#"{"type":"account","id":"","name":"Halcyon"}"#,
        r#"{"type":"account","id":"halcyon","name":" "}"#,
        r#"{"type":"user","id":"","name":"Nobody"}"#,
        r#"{"type":"conversation","id":"","kind":"Team","name":"T"}"#,
        r#"{"type":"item_created","conversation":"team","id":"","kind":"Message","at":"2026-03-10T10:00:00Z"}"#,
        r#"{"type":"item_deleted","conversation":"team","id":"","at":"2026-03-10T10:00:00Z"}"#,
    ];
    let summary = app.try_record("Acme", &facts.join("\n"));
    let needs = ["a company needs an id and a name", "a person needs an id", "a conversation needs an id"];
    let [company, person, conversation] = needs;
    let item = "an item needs an id";
    assert_eq!(reasons(&summary), [company, company, person, conversation, item, item]);
    assert!(summary.counts.values().all(|count| count.added == 0));
}

#[test]
fn kinds_of_conversation_have_the_people_and_the_name_that_make_them() {
    let (app, _) = TestApp::with_office();
    let refused = [
        (r#""kind":"Personal""#, "a Personal conversation has exactly one person, not 0"),
        (
            r#""kind":"Personal","members":[{"user":"u1"},{"user":"u2"}]"#,
            "a Personal conversation has exactly one person, not 2",
        ),
        (
            r#""kind":"Direct","members":[{"user":"u1"},{"user":"u1"}]"#,
            "a Direct conversation has exactly two people, not 1",
        ),
        (
            r#""kind":"Direct","members":[{"user":"u1"},{"user":"u2"},{"user":"u3"}]"#,
            "a Direct conversation has exactly two people, not 3",
        ),
        (r#""kind":"Group","members":[{"user":"u1"},{"user":"u2"}]"#, "a Group has three or more people, not 2"),
        (r#""kind":"Team","members":[{"user":"u1"}]"#, "a Team needs a name"),
        (r#""kind":"Team","name":" ""#, "a Team needs a name"),
        (
            r#""kind":"Direct","name":"Us","members":[{"user":"u1"},{"user":"u2"}]"#,
            "only a Team has a name, a Direct conversation has none",
        ),
    ];
    for (record, reason) in refused {
        let summary = app.try_record("Acme", &format!(r#"{{"type":"conversation","id":"c9",{record}}}"#));
        assert_eq!(reasons(&summary), [reason], "{record}");
    }
    app.record("Acme", r#"{"type":"conversation","id":"c9","kind":"Team","name":"Nobody yet"}"#);
}

#[test]
fn a_conversation_keeps_its_kind() {
    let (app, _) = TestApp::with_office();
    let summary = app.try_record("Acme", r#"{"type":"conversation","id":"group","kind":"Team","name":"Berths"}"#);
    assert_eq!(reasons(&summary), ["the conversation has been recorded as Group, not as Team"]);
}

#[test]
fn c2_nobody_comes_into_someone_elses_personal_or_direct_conversation() {
    let (app, ada) = TestApp::with_office();
    let others = [
        r#"{"type":"conversation","id":"notes","kind":"Personal","members":[{"user":"u1"},{"user":"u2"}]}"#,
        r#"{"type":"joined","conversation":"notes","user":"u2","at":"2026-03-10T10:00:00Z"}"#,
        r#"{"type":"left","conversation":"notes","user":"u2","at":"2026-03-10T10:00:00Z"}"#,
        r#"{"type":"conversation","id":"direct","kind":"Direct","members":[{"user":"u1"},{"user":"u3"}]}"#,
        r#"{"type":"joined","conversation":"direct","user":"u3","at":"2026-03-10T10:00:00Z"}"#,
    ];
    let summary = app.try_record("Acme", &others.join("\n"));
    let [personal, direct] = ["Personal", "Direct"].map(|kind| format!("a {kind} conversation can't get other people"));
    assert_eq!(reasons(&summary), [&personal, &personal, &personal, &direct, &direct]);
    app.record("Acme", r#"{"type":"joined","conversation":"group","user":"u4","at":"2026-03-10T10:00:00Z"}"#);
    let conversations = app.export_all(&ada).conversations();
    let people = |kind: &str| {
        let found = conversations.iter().find(|conversation| conversation["type"] == kind).expect(kind);
        found["members"].as_array().map(Vec::len)
    };
    assert_eq!(["Personal", "Direct", "Group"].map(people), [Some(1), Some(2), Some(4)]);
}

#[test]
fn a_person_without_a_name_is_called_by_the_id_until_a_name_comes() {
    let (app, _) = TestApp::with_office();
    let name = || person_of(&app, "Acme", "U0123").0.name;
    app.record("Acme", r#"{"type":"user","id":"U0123","name":"  "}"#);
    assert_eq!(name(), "U0123");
    app.record("Acme", r#"{"type":"user","id":"U0123","name":" Barbara "}"#);
    assert_eq!(name(), "Barbara");
    let again = app.record("Acme", r#"{"type":"user","id":"U0123"}"#);
    assert_eq!((name().as_str(), again.of(Subject::People).unchanged), ("Barbara", 1));
}

#[test]
fn a_conversation_shows_its_last_name_and_stays_closed() {
    let (app, ada) = TestApp::with_office();
    app.record(
        "Acme",
        r#"{"type":"conversation","id":"team","kind":"Team","name":"Berths","archivedAt":"2026-03-15T08:00:00Z"}
           {"type":"conversation","id":"team","kind":"Team","name":"Berths and tides","public":true}"#,
    );
    let teams = app.export_all(&ada).json("Teams/teams.json");
    let [team] = teams.as_array().unwrap().as_slice() else { panic!("{teams}") };
    assert_eq!((&team["name"], &team["public"]), (&Value::from("Berths and tides"), &Value::from(true)));
    assert_eq!(team["archivedAt"], "2026-03-15T08:00:00Z");
    assert_eq!(team["members"].as_array().map(Vec::len), Some(4), "who was in it still is");
}

#[test]
fn an_address_links_to_the_person_whom_the_operator_made() {
    let app = TestApp::start();
    app.account("Acme");
    let ada = app.admin("Acme", "Ada");
    let event = r#"{"type":"user","id":"u1","name":"Ada Lovelace","email":" ADA@acme.example "}"#;
    app.record("Acme", event);
    let (user, _) = person_of(&app, "Acme", "u1");
    assert_eq!((user.id, user.name.as_str(), user.is_admin), (ada.id, "Ada Lovelace", true));
    let again = app.record("Acme", event);
    assert_eq!(again.of(Subject::People), OutcomeCount { unchanged: 1, ..OutcomeCount::default() });
    app.signed_in(&ada);
}

#[test]
fn the_operator_gives_a_recorded_person_a_sign_in() {
    let app = TestApp::start();
    app.account("Acme");
    app.record("Acme", r#"{"type":"user","id":"u1","name":"Ada","email":"ADA@acme.example"}"#);
    let ada = app.admin("Acme", "Ada");
    assert_eq!(person_of(&app, "Acme", "u1").0.id, ada.id);
}

#[test]
fn two_people_of_one_address_stay_two_people() {
    let (app, ada) = TestApp::with_office();
    let events = r#"
        {"type":"user","id":"p1","name":"Front desk","email":"office@acme.example"}
        {"type":"user","id":"p2","name":"Back office","email":"office@acme.example"}
        {"type":"conversation","id":"d","kind":"Direct","members":[{"user":"p1"},{"user":"p2"}]}
        {"type":"item_created","conversation":"d","id":"m1","kind":"Message","at":"2026-03-10T10:00:00Z","by":"p2","content":{"text":"a"}}
    "#;
    app.record("Acme", events);
    assert_eq!(app.export_all(&ada).item("m1")["author"]["name"], "Back office");
    let again = app.record("Acme", events);
    assert_eq!(again.of(Subject::People), OutcomeCount { unchanged: 2, ..OutcomeCount::default() });
    assert_eq!(person_at(&app, "Acme", "office@acme.example").map(|user| user.name), Some("Front desk".to_owned()));
}

#[test]
fn a_program_with_its_makers_address_stays_a_program() {
    let (app, ada) = TestApp::with_office();
    let event = r#"{"type":"user","id":"b1","name":"Planner","bot":true,"email":"ada@acme.example"}"#;
    app.record("Acme", event);
    let again = app.record("Acme", event);
    assert_eq!(again.of(Subject::People), OutcomeCount { unchanged: 1, ..OutcomeCount::default() });
    let (bot, _) = person_of(&app, "Acme", "b1");
    assert!(bot.is_bot && bot.id != ada.id && bot.email.is_none());
}

#[test]
fn an_address_that_someone_else_has_is_refused_and_nothing_of_that_record_happens() {
    let (app, ada) = TestApp::with_office();
    let summary = app.try_record(
        "Acme",
        r#"{"type":"user","id":"u2","name":"Grace","email":"grace@acme.example"}
           {"type":"user","id":"u2","name":"G","email":"ada@acme.example","admin":true,"deactivatedAt":"2026-03-12T00:00:00Z"}"#,
    );
    assert_eq!(reasons(&summary), ["the address ada@acme.example already belongs to another person of the company"]);
    let (grace, _) = person_of(&app, "Acme", "u2");
    assert_eq!((grace.name.as_str(), grace.is_admin, grace.deactivated_at), ("Grace", false, None));
    assert_eq!(person_at(&app, "Acme", "ada@acme.example").map(|user| user.id), Some(ada.id));
}

#[test]
fn an_address_that_signs_in_to_another_account_is_refused_and_the_rest_recorded() {
    let (app, ada) = TestApp::with_office();
    app.account("Globex");
    app.admin("Globex", "Bob");
    let moved = r#"{"type":"user","id":"u1","name":"Ada","email":"bob@globex.example"}"#;
    let summary = app.try_record("Acme", &[moved, &message("team", "m1", "2026-03-10T10:00:00Z", "a")].join("\n"));
    assert_eq!(reasons(&summary), ["the address bob@globex.example signs in to another account"]);
    assert_eq!(app.export_all(&ada).texts(), ["a"]);
}

#[test]
fn a5_one_who_loses_the_admin_role_by_an_import_loses_access_at_that_moment() {
    let (app, ada) = TestApp::with_office();
    let browser = app.signed_in(&ada);
    assert_eq!(browser.get("/administration").status, 200);
    app.record("Acme", r#"{"type":"user","id":"u1","name":"Ada","admin":false}"#);
    assert_eq!(browser.get("/administration").status, 403);
    app.record("Acme", r#"{"type":"user","id":"u1","name":"Ada","admin":true}"#);
    assert!(!browser.get("/administration").text().contains("Export History"), "access does not come back by itself");
}

const HALCYON: &str = r#"
    {"type":"account","id":"halcyon","name":"Halcyon Ports"}
    {"type":"user","id":"h1","account":"halcyon","name":"Tomo Arai","email":"tomo@halcyon.example"}
"#;

#[test]
fn a_company_is_known_by_its_name_without_regard_to_case() {
    let (app, _) = TestApp::with_office();
    let halcyon = app.account("Halcyon Ports");
    app.record("Acme", HALCYON);
    app.record("Acme", r#"{"type":"account","id":"other","name":" halcyon PORTS "}"#);
    app.record("Acme", r#"{"type":"user","id":"h2","account":"other","name":"Ines"}"#);
    assert_eq!(["h1", "h2"].map(|id| person_of(&app, "Acme", id).0.account_id), [halcyon; 2]);
}

#[test]
fn people_of_other_companies_are_added_but_not_changed() {
    let (app, _) = TestApp::with_office();
    app.record("Acme", HALCYON);
    let events = r#"
        {"type":"user","id":"h1","account":"halcyon","name":"Somebody Else","email":"x@halcyon.example","bot":true,"deactivatedAt":"2026-03-01T00:00:00Z"}
    "#;
    let changed = app.record("Acme", events);
    assert_eq!(changed.of(Subject::People), OutcomeCount { unchanged: 1, ..OutcomeCount::default() });
    let (tomo, company) = person_of(&app, "Acme", "h1");
    assert_eq!((tomo.name.as_str(), company.as_str()), ("Tomo Arai", "Halcyon Ports"));
    assert_eq!(tomo.email.as_deref(), Some("tomo@halcyon.example"));
    assert!(!tomo.is_bot && tomo.deactivated_at.is_none());
}

#[test]
fn what_an_import_may_not_say_of_other_companies_is_refused() {
    let (app, _) = TestApp::with_office();
    app.record("Acme", HALCYON);
    let facts = [
        r#"{"type":"user","id":"h2","account":"halcyon","name":"Ines","admin":true}"#,
        r#"{"type":"user","id":"h1","account":"halcyon","name":"Tomo Arai","admin":false}"#,
        r#"{"type":"user","id":"h3","account":"unheard-of","name":"Kit"}"#,
        r#"{"type":"user","id":"h1","name":"Tomo Arai"}"#,
        r#"{"type":"user","id":"u1","account":"halcyon","name":"Ada"}"#,
    ];
    let summary = app.try_record("Acme", &facts.join("\n"));
    let roles = "an import can give or take the admin role only in its own account";
    let belongs = |id| format!("the person “{id}” has been recorded as belonging to another company");
    let expected = [roles, roles, "the company “unheard-of” has not been recorded", &belongs("h1"), &belongs("u1")];
    assert_eq!(reasons(&summary), expected);
}

#[test]
fn nul_characters_are_shown_and_change_nothing_else() {
    let (app, ada) = TestApp::with_office();
    let events = r#"
        {"type":"account","id":"hal\u0000cyon","name":"Hal\u0000cyon"}
        {"type":"user","id":"h\u00001","account":"hal\u0000cyon","name":"To\u0000mo","email":"to\u0000mo@halcyon.example"}
        {"type":"conversation","id":"c\u00001","kind":"Team","name":"Ti\u0000des","startedBy":"u1","members":[{"user":"h\u00001"}]}
        {"type":"item_deleted","conversation":"c\u00001","id":"gone\u0000","at":"2026-03-01T00:00:00Z","by":"h\u00001"}
        {"type":"item_created","conversation":"c\u00001","id":"gone\u0000","kind":"Message","at":"2026-03-01T00:00:00Z","content":{"text":"gone"}}
        {"type":"item_created","conversation":"c\u00001","id":"m\u00001","kind":"Event","at":"2026-03-10T10:00:00Z","by":"h\u00001","parent":"m\u00000","content":{"title":"a\u0000b","text":"c\u0000d","details":{"location":"e\u0000f","assignees":["h\u00001"]}},"attachments":[{"id":"f\u00001","name":"g\u0000h","type":"i\u0000j"}]}
        {"type":"item_edited","conversation":"c\u00001","id":"m\u00001","at":"2026-03-10T11:00:00Z","by":"h\u00001","content":{"title":"a\u0000b","text":"k\u0000l","details":{"location":"e\u0000f"}}}
    "#;
    app.record("Acme", events);
    let again = app.record("Acme", events);
    assert!(again.counts.values().all(|count| count.added == 0), "{:?}", again.counts);
    let archive = app.export_all(&ada);
    let item = archive.item("m\u{2400}1");
    let fields = ["title", "text", "location", "parentId"].map(|field| item[field].as_str().unwrap_or_default());
    assert_eq!(fields, ["a\u{2400}b", "k\u{2400}l", "e\u{2400}f", "m\u{2400}0"]);
    assert_eq!(texts_before(&item), [Some("c\u{2400}d")]);
    assert_eq!(item["author"]["name"], "To\u{2400}mo");
    assert_eq!(item["conversation"]["name"], "Ti\u{2400}des");
    assert_eq!(item["attachments"][0]["name"], "g\u{2400}h");
    assert_eq!(archive.items().len(), 1);
}

#[test]
fn people_come_and_go_in_whatever_order_it_is_told() {
    let (app, ada) = TestApp::with_office();
    app.record(
        "Acme",
        r#"{"type":"left","conversation":"team","user":"u2","at":"2026-03-09T10:00:00Z"}
           {"type":"joined","conversation":"team","user":"u2","at":"2026-03-11T10:00:00Z"}
           {"type":"joined","conversation":"team","user":"u2","at":"2026-03-02T10:00:00Z"}"#,
    );
    let teams = app.export_all(&ada).json("Teams/teams.json");
    let members = teams[0]["members"].as_array().unwrap();
    let stays: Vec<_> = members.iter().filter(|member| member["name"] == "Grace").collect();
    let borders: Vec<_> = stays.iter().map(|stay| (stay["joinedAt"].as_str(), stay["leftAt"].as_str())).collect();
    assert_eq!(
        borders,
        [(Some("2026-03-02T10:00:00Z"), Some("2026-03-09T10:00:00Z")), (Some("2026-03-11T10:00:00Z"), None)]
    );
    assert_eq!(members.len(), 5, "the others are there once");
}

/// A file with something malformed and something that can't be recorded.
fn faulty_file(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("events.jsonl");
    let lines = [
        format!("{}\n", OFFICE.trim()),
        message("team", "m1", "2026-03-10T10:00:00Z", "a"),
        "{\"type\":\"user\",\"id\":\"u9\",\"nmae\":\"Slip of the pen\"}\n".to_owned(),
        message("nowhere", "m2", "2026-03-10T10:00:00Z", "b"),
        message("team", "m3", "2026-03-10T10:01:00Z", "c"),
    ];
    std::fs::write(&path, lines.concat()).unwrap();
    path
}

fn told(summary: &ImportSummary) -> Vec<(String, Option<u64>)> {
    summary.problems.iter().map(|(place, _)| (place.file.clone(), place.line)).collect()
}

#[test]
fn an_import_tells_file_line_and_reason_and_records_the_rest() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let folder = tempfile::tempdir().unwrap();
    let summary = import(&app, "Acme", &faulty_file(folder.path()), false).unwrap();
    assert_eq!(told(&summary), [("events.jsonl".to_owned(), Some(10)), ("events.jsonl".to_owned(), Some(11))]);
    let reasons = reasons(&summary);
    assert!(reasons[0].starts_with("unknown field `nmae`"), "{reasons:?}");
    assert_eq!(reasons[1], "the conversation “nowhere” has not been recorded");
    assert_eq!(summary.of(Subject::Items).added, 2);
    assert_eq!(app.export_all(&ada).texts(), ["a", "c"]);
}

#[test]
fn a_strict_import_records_all_or_nothing() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let folder = tempfile::tempdir().unwrap();
    let path = faulty_file(folder.path());
    let summary = import(&app, "Acme", &path, true).unwrap();
    assert_eq!(told(&summary).len(), 2, "all that is wrong is told at once");
    assert!(summary.counts.is_empty());
    assert_eq!(app.export_all(&ada).conversations(), Vec::<Value>::new());

    let without_fault = format!("{}\n{}", OFFICE.trim(), message("team", "m1", "2026-03-10T10:00:00Z", "a"));
    std::fs::write(&path, without_fault).unwrap();
    let summary = import(&app, "Acme", &path, true).unwrap();
    assert_eq!((summary.has_problems(), summary.of(Subject::Items).added), (false, 1));
    assert_eq!(app.export_all(&ada).texts(), ["a"]);
}

/// A folder whose second file can't be read at all.
fn folder_that_ends_in_the_middle() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let first = format!("{}\n{}", OFFICE.trim(), message("team", "m1", "2026-03-10T10:00:00Z", "a"));
    std::fs::write(folder.path().join("1.jsonl"), first).unwrap();
    std::fs::write(folder.path().join("2.jsonl"), b"PK\x03\x04 renamed").unwrap();
    std::fs::write(folder.path().join("3.jsonl"), message("team", "m2", "2026-03-10T10:00:00Z", "b")).unwrap();
    folder
}

#[test]
fn an_archive_that_is_refused_in_the_middle_leaves_what_came_before() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let folder = folder_that_ends_in_the_middle();
    let error = import(&app, "Acme", folder.path(), false).unwrap_err();
    assert!(error.kind() == Kind::Invalid && error.message().contains("2.jsonl"), "{error}");
    assert_eq!(app.export_all(&ada).texts(), ["a"]);
}

#[test]
fn a_strict_import_of_an_archive_that_is_refused_in_the_middle_leaves_nothing() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let folder = folder_that_ends_in_the_middle();
    assert!(import(&app, "Acme", folder.path(), true).is_err());
    assert_eq!(app.export_all(&ada).conversations(), Vec::<Value>::new());
}

#[test]
fn one_refusal_among_many_batches_loses_nothing_else() {
    let (app, ada) = TestApp::with_office();
    let many = 1..=1_203;
    let events: String = many
        .map(|number| {
            let conversation = if number == 700 { "nowhere" } else { "team" };
            message(conversation, &format!("m{number}"), "2026-03-10T10:00:00Z", &number.to_string())
        })
        .collect();
    let summary = app.try_record("Acme", &events);
    assert_eq!(summary.problems.len(), 1);
    assert_eq!(summary.of(Subject::Items).added, 1_202);
    let expected: Vec<String> = (1..=1_203).filter(|number| *number != 700).map(|number| number.to_string()).collect();
    assert_eq!(app.export_all(&ada).texts(), expected, "of one instant, in the order in which they came");
}

#[test]
fn a_company_that_an_import_made_can_be_given_the_feature() {
    let (app, _) = TestApp::with_office();
    app.record("Acme", HALCYON);
    let halcyon = commands::run(
        app.store(),
        Actor::Operator,
        &switch::IncludeExports { account: "Halcyon Ports", included: true },
        app.now(),
    )
    .unwrap();
    let tomo = app.admin("Halcyon Ports", "Tomo");
    assert!(halcyon.exports_included);
    app.turn_on(&tomo);
    assert_eq!(app.export_all(&tomo).manifest()["account"]["name"], "Halcyon Ports");
}
