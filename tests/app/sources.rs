//! Several sources of one account, and what a source may not say: each keeps its own ids, and none of them speaks for anybody
//! else's account, nor of rights.

use std::fs;
use std::path::Path;

use compliance_exports::audit::{self, Actor, AuditEvent};
use compliance_exports::capture::ingest::{Outcome, Recorder};
use compliance_exports::capture::sources::{self, Import, ImportFormat, ImportSummary, events};
use compliance_exports::db;
use compliance_exports::error::Result;
use compliance_exports::identity::{self, accounts, commands};
use compliance_exports::model::{Fact, SourceKey, User};
use serde_json::json;

use crate::support::{Person, TestApp};

/// A workspace of Slack: in each the same ids of people, channel, direct conversation and messages.
fn workspace(folder: &Path, name: &str) {
    let post = |user: &str, ts: &str, text: &str| json!({"type": "message", "user": user, "ts": ts, "text": text});
    let files = [
        (
            "users.json",
            json!([
                {"id": "U1", "team_id": "T1", "profile": {"real_name": format!("Ada of {name}")}},
                {"id": "U2", "team_id": "T1", "profile": {"real_name": format!("Grace of {name}")}},
                {"id": "U3", "team_id": "T2", "profile": {"real_name": format!("Tomo of {name}")}},
            ]),
        ),
        ("channels.json", json!([{"id": "C1", "name": format!("berths-{name}"), "members": ["U1", "U2"]}])),
        ("dms.json", json!([{"id": "D1", "members": ["U1", "U3"]}])),
    ];
    fs::create_dir_all(folder).unwrap();
    for (file, content) in files {
        fs::write(folder.join(file), content.to_string()).unwrap();
    }
    for (day, said) in [(format!("berths-{name}"), "team"), ("D1".to_owned(), "direct")] {
        let posts = json!([post("U1", "1767340800.000100", &format!("{said} of {name}"))]);
        fs::create_dir_all(folder.join(&day)).unwrap();
        fs::write(folder.join(day).join("2026-01-02.json"), posts.to_string()).unwrap();
    }
}

fn import_as(app: &TestApp, source: &str, path: &Path) -> Result<ImportSummary> {
    let account = app.find_account("Acme").id;
    let import = Import { source, ..Import::new(account, ImportFormat::Slack, path) };
    sources::import(app.store(), &app.clock, &import, &mut |_, _| {})
}

#[test]
fn two_workspaces_with_the_same_ids_in_one_account_do_not_mix() {
    let app = TestApp::start();
    let (account, ada) = app.account_with_exports_on("Acme");
    let folder = tempfile::tempdir().unwrap();
    let [design, yard] = ["design", "yard"].map(|name| folder.path().join(name));
    workspace(&design, "design");
    workspace(&yard, "yard");
    for (source, path) in [("Design", &design), ("Yard", &yard)] {
        let summary = import_as(&app, source, path).unwrap();
        assert!(!summary.has_problems(), "{:?}", summary.problems);
        assert!(summary.counts.values().all(|count| count.unchanged == 0), "{source}: {:?}", summary.counts);
    }
    let mut texts = app.export_all(&ada).texts();
    texts.sort();
    assert_eq!(texts, ["direct of design", "direct of yard", "team of design", "team of yard"]);
    let archive = app.export_all(&ada);
    for item in archive.items() {
        let (author, text) = (item["author"]["name"].as_str().unwrap(), item["text"].as_str().unwrap());
        assert_eq!(author.rsplit(' ').next(), text.rsplit(' ').next(), "the right speaker: {item}");
    }
    assert_eq!(archive.json("Teams/teams.json").as_array().unwrap().len(), 2);

    // Each again, by its name however it is written: all of it is known.
    for (source, path) in [(" design ", &design), ("YARD", &yard)] {
        let summary = import_as(&app, source, path).unwrap();
        assert!(summary.counts.values().all(|count| count.added == 0), "{source}: {:?}", summary.counts);
    }
    let sources = app.store().read(|c| accounts::sources(c, "Acme")).unwrap();
    let told: Vec<_> = sources.iter().map(|it| (&*it.kind, &*it.name, it.people, it.conversations)).collect();
    assert_eq!(told, [("slack", "Design", 3, 2), ("slack", "Yard", 3, 2)]);

    let audit = app.store().read(|c| audit::list(c, account)).unwrap();
    let named: Vec<_> = audit
        .into_iter()
        .filter_map(|entry| match entry.event {
            AuditEvent::ImportFinished { source, name, items, .. } => Some((source, name, items)),
            _ => None,
        })
        .collect();
    let finished = |name: &str, items| ("slack".to_owned(), name.to_owned(), items);
    assert_eq!(named, [finished("Design", 2), finished("Yard", 2), finished("design", 0), finished("YARD", 0)]);
}

#[test]
fn c7_the_page_of_an_export_tells_the_sources_by_name() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let folder = tempfile::tempdir().unwrap();
    workspace(folder.path(), "yard");
    for source in ["slack", "Yard"] {
        import_as(&app, source, folder.path()).unwrap();
    }
    let id = app.request_all(&ada);
    app.work();
    let page = app.signed_in(&ada).get(&format!("/administration/exports/{id}")).text();
    assert!(
        page.contains("recording number") && page.contains(" of slack, ") && page.contains("of slack “Yard”"),
        "{page}"
    );
}

#[test]
fn a_name_of_a_source_that_won_t_do_is_refused_and_nothing_is_made() {
    let app = TestApp::start();
    app.account_with_exports_on("Acme");
    let folder = tempfile::tempdir().unwrap();
    workspace(folder.path(), "yard");
    for bad in ["", "  ", "two\nlines", "a\u{1b}[31mred", "nul\0", &"ü".repeat(101)] {
        let refused = import_as(&app, bad, folder.path()).unwrap_err();
        let expected = "The name of a source has 1 to 100 characters, without line breaks.";
        assert_eq!(refused.message(), expected, "{bad:?}");
    }
    assert_eq!(app.store().read(|c| accounts::sources(c, "Acme")).unwrap(), []);
}

/// What a connector of Acme says, as it would with a token.
fn connector(app: &TestApp, lines: &[&str]) -> Vec<Outcome> {
    let facts: Vec<Fact> = lines.iter().map(|line| events::parse(line.as_bytes()).unwrap()).collect();
    let account = app.find_account("Acme").id;
    let recorded = app.store().write(|c| {
        let source = SourceKey { kind: "events", name: "Connector" };
        let mut recorder = Recorder::new(c, account, source, app.now())?;
        recorder.begin(c, app.now())?;
        recorder.record(c, &facts)
    });
    recorded.unwrap()
}

/// Who the connector's id is, and the name of the company.
fn told_by_connector(app: &TestApp, id: &str) -> (User, String) {
    let account = app.find_account("Acme").id;
    let found = app.store().read(|c| {
        let source = SourceKey { kind: "events", name: "connector" };
        let source = identity::rows::sources::find(c, account, source)?.expect("a source");
        let user = identity::rows::sources::find_user(c, source, id)?.expect("a person");
        identity::rows::users::find_at_cut(c, user, db::cuts::Cut::Now)
    });
    found.unwrap().expect("a person")
}

fn user(app: &TestApp, person: &Person) -> User {
    app.store().read(|c| identity::rows::users::find(c, person.id)).unwrap().expect("a person")
}

#[test]
fn i12_a_connector_speaks_for_no_other_account() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let (globex, bea) = app.account_with_exports_on("Globex");
    let email = &bea.email;
    let lines = [
        r#"{"type":"account","id":"g","name":"Globex"}"#.to_owned(),
        r#"{"type":"account","id":"own","name":"ACME"}"#.to_owned(),
        format!(r#"{{"type":"user","id":"g1","account":"g","name":"Mallory","email":"{email}","deactivatedAt":"2026-03-01T00:00:00Z"}}"#),
        r#"{"type":"user","id":"u1","account":"own","name":"Grace"}"#.to_owned(),
        r#"{"type":"conversation","id":"d","kind":"Direct","startedBy":"g1","members":[{"user":"g1"},{"user":"u1"}]}"#
            .to_owned(),
        r#"{"type":"item_created","conversation":"d","id":"m1","kind":"Message","at":"2026-03-10T10:00:00Z","by":"g1","content":{"text":"hello"}}"#
            .to_owned(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert!(connector(&app, &lines).iter().all(|outcome| *outcome == Outcome::Added));
    assert!(connector(&app, &lines).iter().all(|outcome| *outcome == Outcome::Unchanged), "again");

    // The company is known by its name only: neither its account nor its people are touched.
    let (mallory, company) = told_by_connector(&app, "g1");
    assert_eq!((company.as_str(), mallory.account_id == globex, mallory.id == bea.id), ("Globex", false, false));
    assert_eq!((user(&app, &bea).name, user(&app, &bea).deactivated_at), ("Ada".to_owned(), None));
    assert_eq!(app.export_all(&bea).texts(), Vec::<String>::new());
    // Its own account it may name.
    assert_eq!(told_by_connector(&app, "u1").0.account_id, app.find_account("Acme").id);
    let item = app.export_all(&ada).item("m1");
    assert_eq!((&item["author"]["name"], &item["author"]["account"]), (&json!("Mallory"), &json!("Globex")));

    let listed = app.store().read(accounts::list).unwrap();
    let names: Vec<_> = listed.into_iter().map(|account| account.name).collect();
    assert_eq!(names, ["Acme", "Globex"], "what is known by its name only is no account of the server");
    commands::run(
        app.store(),
        Actor::Operator,
        &accounts::CreateAccount { name: "Halcyon", time_zone: chrono_tz::Tz::UTC, include_exports: true },
        app.now(),
    )
    .unwrap();
    assert_eq!(connector(&app, &[r#"{"type":"account","id":"h","name":"Halcyon"}"#]), [Outcome::Added]);
}

#[test]
fn a_company_that_a_source_knows_by_name_takes_the_name_from_nobody() {
    let app = TestApp::start();
    app.account_with_exports_on("Acme");
    assert_eq!(connector(&app, &[r#"{"type":"account","id":"g","name":"Globex"}"#]), [Outcome::Added]);
    commands::run(
        app.store(),
        Actor::Operator,
        &accounts::CreateAccount { name: "Globex", time_zone: chrono_tz::Tz::UTC, include_exports: true },
        app.now(),
    )
    .unwrap();
}
