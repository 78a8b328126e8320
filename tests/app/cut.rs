//! C7: people and conversations are called in an archive what they were called at its cut, whoever changes that afterwards.

use compliance_exports::audit::Actor;
use compliance_exports::capture;
use compliance_exports::capture::rows::conversations::ConversationFilter;
use compliance_exports::db::cuts::Cut;
use compliance_exports::identity::accounts::{self, NewSignIn};
use compliance_exports::identity::{self, commands};
use compliance_exports::model::{ConversationId, Filters, RequestId, UserId};
use serde_json::{Value, json};

use crate::support::events::{deletion, edit, message};
use crate::support::{Archive, PASSWORD, TestApp};

/// Acme's office, in which everybody has done something, with another company's person.
fn office() -> (TestApp, crate::support::Person) {
    let (app, ada) = TestApp::with_office();
    app.at("2026-03-16T12:00:00Z");
    app.record("Acme", &message("team", "m1", "2026-03-16T10:00:00Z", "one"));
    app.record("Acme", &edit("team", "m1", "2026-03-16T10:01:00Z", "two"));
    app.record("Acme", &deletion("team", "m1", "2026-03-16T10:02:00Z"));
    app.record(
        "Acme",
        r#"{"type":"item_created","conversation":"direct","id":"t1","kind":"Task","at":"2026-03-10T10:00:00Z","by":"u2","content":{"title":"Call","details":{"assignees":["u1","u2"]}}}"#,
    );
    (app, ada)
}

/// Whether any file's path or content has this text.
fn tells(archive: &Archive, text: &str) -> bool {
    archive.files.iter().any(|(path, bytes)| path.contains(text) || String::from_utf8_lossy(bytes).contains(text))
}

fn without_manifest(mut archive: Archive) -> Archive {
    archive.files.retain(|path, _| path.contains('/'));
    archive
}

#[test]
fn c7_people_are_called_and_reached_as_at_the_cut() {
    let (app, ada) = office();
    let before = without_manifest(app.export_all(&ada));
    let id = app.request_with_cut(&ada);
    app.record(
        "Acme",
        r#"{"type":"user","id":"u1","name":"Ada Lovelace","email":"lovelace@acme.example"}
           {"type":"user","id":"u2","name":"Grace Hopper","email":"hopper@acme.example"}
           {"type":"user","id":"u3","name":"Edsger","bot":true}"#,
    );
    app.work();
    let archive = app.archive_without_fault(id);
    let requester = archive.manifest()["request"]["requestedBy"].clone();
    assert_eq!([&requester["name"], &requester["email"]], ["Ada", "ada@acme.example"]);
    for new in ["Lovelace", "lovelace", "Hopper", "hopper", "\"bot\""] {
        assert!(!tells(&archive, new), "{new}");
    }
    assert_eq!(without_manifest(archive).files, before.files, "as if nothing had happened");

    let archive = app.export_all(&ada);
    assert_eq!(archive.manifest()["request"]["requestedBy"]["name"], "Ada Lovelace");
    let item = archive.item("m1");
    let names = [&item["author"], &item["edits"][0]["editor"], &item["deleted"]["by"]].map(|who| &who["name"]);
    assert_eq!(names, ["Ada Lovelace", "Grace Hopper", "Grace Hopper"]);
    assert_eq!(item["author"]["email"], "lovelace@acme.example");
    assert_eq!(archive.item("t1")["assignees"][1]["name"], "Grace Hopper");
    assert!(archive.files.keys().any(|path| path.starts_with("People_Chats/Ada Lovelace, Grace Hopper - ")));
    let team = archive.json("Teams/teams.json")[0].clone();
    let bots: Vec<&Value> = team["members"].as_array().unwrap().iter().filter(|who| who["bot"] == true).collect();
    assert_eq!(bots.len(), 1, "{team}");
}

#[test]
fn c7_what_the_operator_calls_somebody_after_the_cut_does_not_show() {
    let (app, ada) = office();
    let id = app.request_with_cut(&ada);
    let new = NewSignIn { account: "Acme", email: &ada.email, name: "Ada Lovelace", admin: true };
    commands::run(app.store(), Actor::Operator, &accounts::SetSignIn::new(new, PASSWORD).unwrap(), app.now()).unwrap();
    app.work();
    let archive = app.archive_without_fault(id);
    assert!(tells(&archive, "Ada") && !tells(&archive, "Lovelace"));
    assert!(tells(&app.export_all(&ada), "Lovelace"));
}

#[test]
fn c7_a_conversation_that_is_renamed_opened_or_closed_after_the_cut_is_as_it_was() {
    let (app, ada) = office();
    let before = without_manifest(app.export_all(&ada));
    let id = app.request_with_cut(&ada);
    for change in [
        r#"{"type":"conversation","id":"team","kind":"Team","name":"Quays"}"#,
        r#"{"type":"conversation","id":"team","kind":"Team","name":"Quays","public":true}"#,
        r#"{"type":"conversation","id":"team","kind":"Team","name":"Quays","public":true,"archivedAt":"2026-03-16T11:00:00Z"}
           {"type":"conversation","id":"direct","kind":"Direct","archivedAt":"2026-03-16T11:00:00Z"}"#,
    ] {
        app.record("Acme", change);
    }
    app.work();
    let archive = app.archive_without_fault(id);
    assert_eq!(without_manifest(archive).files, before.files);

    let archive = app.export_all(&ada);
    let team = archive.json("Teams/teams.json")[0].clone();
    assert_eq!([&team["name"], &team["archivedAt"]], ["Quays", "2026-03-16T11:00:00Z"]);
    assert_eq!(team["public"], true);
    assert_eq!(archive.item("m1")["conversation"]["name"], "Quays");
    assert_eq!(archive.json("People_And_Groups/users.json")[0]["archivedAt"], "2026-03-16T11:00:00Z");
}

/// A request whose cut was taken; what the person, and the team, are called.
type Moment = (RequestId, String, String);

/// What a person and a team were called at a cut.
fn called(app: &TestApp, (user, team): (UserId, ConversationId), request: RequestId) -> (String, String) {
    let cut = Cut::Of(request);
    let account = app.find_account("Acme").id;
    app.store()
        .read(|c| {
            let (person, _) = identity::rows::users::find_at_cut(c, user, cut)?.expect("a person");
            let filter = ConversationFilter { account, cut, filters: &Filters::default() };
            let page =
                capture::rows::conversations::page_chosen(c, filter, (ConversationId::MIN, ConversationId::MAX), 100)?;
            let team = page.into_iter().find(|listed| listed.id == team).expect("a team");
            Ok((person.name, team.name.expect("a name")))
        })
        .unwrap()
}

#[test]
fn c7_every_state_between_two_recordings_can_be_had_again() {
    let (app, ada) = TestApp::with_office();
    let subjects = app.store().write(|tx| {
        let account = identity::rows::accounts::find_by_name(tx, "Acme")?.expect("Acme").id;
        let source = identity::rows::sources::find_or_create(tx, account, "events")?;
        let user = identity::rows::sources::find_user(tx, source, "u2")?.expect("a person");
        Ok((user, capture::rows::conversations::find_by_external(tx, source, "team")?.expect("a team").id))
    });
    let subjects = subjects.unwrap();
    let mut moments: Vec<Moment> = Vec::new();
    // Each inner list is one recording; the last of it stays. Some change one of the two only, some nothing, some come back.
    let recordings: [&[(&str, &str)]; 7] = [
        &[("Grace", "Berths")],
        &[("Grace B", "Berths")],
        &[("Grace C", "Quays"), ("Grace D", "Piers"), ("Grace E", "Locks")],
        &[("Grace E", "Locks")],
        &[("Grace", "Berths"), ("Grace E", "Locks")],
        &[("Grace E", "Berths")],
        &[("Grace", "Sluices")],
    ];
    for recording in recordings {
        let event = |(person, team): &(&str, &str)| {
            let user = json!({"type": "user", "id": "u2", "name": person});
            let team = json!({"type": "conversation", "id": "team", "kind": "Team", "name": team});
            format!("{user}\n{team}\n")
        };
        app.record("Acme", &recording.iter().map(event).collect::<String>());
        let (person, team) = recording.last().copied().unwrap();
        let id = app.request_with_cut(&ada);
        app.work();
        moments.push((id, person.to_owned(), team.to_owned()));
    }
    for (cut, person, team) in &moments {
        assert_eq!(called(&app, subjects, *cut), (person.clone(), team.clone()), "{cut} of {moments:?}");
    }
}

#[test]
fn c7_what_changes_no_name_keeps_no_version() {
    let (app, ada) = office();
    let count = |table: &str| app.query_sql(&format!("SELECT CAST(count(*) AS TEXT) AS value FROM {table}"));
    app.record("Acme", crate::support::events::OFFICE);
    let new = NewSignIn { account: "Acme", email: &ada.email, name: "Ada", admin: true };
    commands::run(app.store(), Actor::Operator, &accounts::SetSignIn::new(new, PASSWORD).unwrap(), app.now()).unwrap();
    assert_eq!([count("user_versions"), count("conversation_versions")], [["0"], ["0"]]);
}
