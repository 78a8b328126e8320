//! Those who record of one account do not wait for those of another, and a cut is exact nevertheless (C7). The same recorder
//! serves for months: what a transaction that was rolled back has made is no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use compliance_exports::capture::ingest::{Outcome, Recorder};
use compliance_exports::capture::sources::{self, Import, ImportFormat, Subject, events};
use compliance_exports::db::Tx;
use compliance_exports::error::{Error, Result};
use compliance_exports::model::{AccountId, OperatorFact};
use diesel::Connection;
use diesel::connection::InstrumentationEvent;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::support::TestApp;
use crate::support::events::{OFFICE, deletion, edit, message};

const POSTED: &str = "2026-03-16T10:00:00Z";

fn facts(lines: &str) -> Vec<OperatorFact> {
    lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| events::parse(line.as_bytes()).unwrap())
        .collect()
}

fn recorder(app: &TestApp, account: AccountId, source: &str) -> Recorder {
    app.store().write(|tx| Recorder::new(tx, account, source, app.now())).unwrap()
}

fn record(app: &TestApp, tx: &mut Tx<'_>, recorder: &mut Recorder, lines: &str) -> Result<Vec<Outcome>> {
    recorder.begin(tx, app.now())?;
    recorder.record(tx, &facts(lines))
}

/// SQLite has one writer at a time, for all accounts.
#[test]
fn two_accounts_record_at_the_same_time_on_postgresql() {
    let (app, _) = TestApp::with_office();
    if !app.is_postgres() {
        return;
    }
    let (ours, theirs) = (app.find_account("Acme").id, app.account_with_exports_on("Globex").0);
    let (mut one, mut other) = (recorder(&app, ours, "events"), recorder(&app, theirs, "events"));
    let recorded = app.store().write(|tx| {
        record(&app, tx, &mut one, &message("team", "m1", POSTED, "a"))?;
        // The other begins and ends meanwhile, on a connection of its own.
        app.store().write(|tx| record(&app, tx, &mut other, OFFICE))
    });
    assert!(recorded.unwrap().iter().all(|outcome| *outcome == Outcome::Added));
}

/// Acme and Globex share a Direct, which Acme's source tells.
#[test]
fn c7_a_cut_is_exact_while_another_source_is_recording() {
    let (app, ada) = TestApp::with_office();
    let (theirs, bea) = app.account_with_exports_on("Globex");
    let shared = json!({"type": "user", "id": "b1", "account": "globex", "name": "Bea", "email": bea.email});
    let direct =
        json!({"type": "conversation", "id": "shared", "kind": "Direct", "members": [{"user": "u1"}, {"user": "b1"}]});
    let globex = r#"{"type":"account","id":"globex","name":"Globex"}"#;
    app.record("Acme", &format!("{globex}\n{shared}\n{direct}\n"));
    app.record("Acme", &message("shared", "before", POSTED, "a"));
    let (mut one, mut other) = (recorder(&app, app.find_account("Acme").id, "events"), recorder(&app, theirs, "slack"));
    let mut cuts = Vec::new();
    app.store()
        .write(|tx| {
            record(&app, tx, &mut one, &message("shared", "open", POSTED, "b"))?;
            if app.is_postgres() {
                // Theirs commits in the midst of ours: the cut has all of the one and nothing of the other.
                let name = json!({"type": "user", "id": "x1", "name": "Beatrice", "email": bea.email});
                app.store().write(|tx| record(&app, tx, &mut other, &format!("{name}\n")))?;
                cuts = vec![app.request_with_cut(&bea), app.request_with_cut(&ada)];
            }
            record_more(tx, &mut one, &message("shared", "open too", POSTED, "c"))
        })
        .unwrap();
    app.work();
    for id in cuts {
        let archive = app.archive_without_fault(id);
        let items: Vec<_> = archive.items().iter().map(|item| item["id"].clone()).collect();
        assert_eq!(items, ["before"]);
        let listed = archive.conversations();
        let direct = listed.iter().find(|listed| listed["folder"] == archive.item("before")["conversation"]["folder"]);
        assert!(direct.is_none_or(|direct| direct.to_string().contains("Beatrice")), "{direct:?}");
    }
    for person in [&ada, &bea] {
        let ids: Vec<_> = app.export_all(person).items().iter().map(|item| item["id"].clone()).collect();
        assert_eq!(ids, ["before", "open", "open too"]);
    }
}

fn record_more(tx: &mut Tx<'_>, recorder: &mut Recorder, lines: &str) -> Result<()> {
    recorder.record(tx, &facts(lines)).map(drop)
}

/// Two sources of one account, and the operator's words through one of them, change the same person in any order: each cut
/// shows what was so then.
#[test]
fn c7_a_person_whom_two_sources_change_is_called_as_at_each_cut() {
    let app = TestApp::start();
    let number = std::cell::Cell::new(0);
    let config = Config { cases: 8, failure_persistence: None, max_shrink_iters: 20, ..Config::default() };
    let change = (any::<bool>(), 0..3_u8);
    let result = TestRunner::new(config).run(&proptest::collection::vec(change, 1..8), |changes| {
        number.set(number.get() + 1);
        let name = format!("Acme {}", number.get());
        let (account, ada) = app.account_with_exports_on(&name);
        app.record(&name, &OFFICE.replace("ada@acme.example", &ada.email));
        let mut recorders = [recorder(&app, account, "slack"), recorder(&app, account, "mattermost")];
        let mut moments = Vec::new();
        for (other, called) in changes {
            let user = json!({"type": "user", "id": "a", "name": format!("Name {called}"), "email": ada.email});
            let recorder = &mut recorders[usize::from(other)];
            app.store().write(|tx| record(&app, tx, recorder, &format!("{user}\n"))).unwrap();
            let id = app.request_with_cut(&ada);
            app.work();
            moments.push((id, format!("Name {called}")));
        }
        for (id, called) in moments {
            let found = app.store().read(|c| {
                compliance_exports::identity::rows::users::find_at_cut(
                    c,
                    ada.id,
                    compliance_exports::db::cuts::Cut::Of(id),
                )
            });
            prop_assert_eq!(found.unwrap().unwrap().0.name, called);
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn what_was_rolled_back_is_not_remembered() {
    let (app, ada) = TestApp::with_office();
    let account = app.find_account("Acme").id;
    let mut recorder = recorder(&app, account, "events");
    let new = r#"{"type":"user","id":"n1","name":"New"}
        {"type":"conversation","id":"room","kind":"Team","name":"Room","members":[{"user":"n1"}]}
        {"type":"conversation","id":"pair","kind":"Direct","members":[{"user":"n1"},{"user":"u1"}]}"#;
    let post = message("room", "m1", POSTED, "a").replace("\"u1\"", "\"n1\"");
    let failed = app.store().write(|tx| {
        record(&app, tx, &mut recorder, &format!("{new}\n{post}"))?;
        Err::<(), _>(Error::not_found("something else"))
    });
    failed.unwrap_err();
    // Somebody else records in between: the lost number is given again, and goes on.
    app.record("Acme", &[message("team", "m2", POSTED, "b"), message("team", "m3", POSTED, "c")].concat());
    let refused = app.store().write(|tx| record(&app, tx, &mut recorder, &post)).unwrap();
    assert!(matches!(refused.as_slice(), [Outcome::Refused(_)]), "{refused:?}");
    let outcomes = app.store().write(|tx| record(&app, tx, &mut recorder, &format!("{new}\n{post}"))).unwrap();
    recorder.committed();
    assert_eq!(outcomes, vec![Outcome::Added; 4]);
    let outcomes = app.store().write(|tx| record(&app, tx, &mut recorder, &format!("{new}\n{post}"))).unwrap();
    assert_eq!(outcomes, vec![Outcome::Unchanged; 4]);
    let archive = app.export_all(&ada);
    assert_eq!(archive.items().len(), 3);
    assert_eq!(archive.conversations().len(), 6);
}

/// On PostgreSQL a statement is a round trip. A chunk of an import is a handful of them, however many facts it has.
#[test]
fn recording_takes_few_statements_on_postgresql() {
    let (app, _) = TestApp::with_office();
    if !app.is_postgres() {
        return;
    }
    app.at("2026-03-16T12:00:00Z");
    let mut recorder = recorder(&app, app.find_account("Acme").id, "events");
    let mut lines = String::new();
    for number in 0..300 {
        let user = json!({"type": "user", "id": format!("p{number}"), "name": format!("Person {number}")});
        let join = json!({"type": "joined", "conversation": "team", "user": format!("p{number}"), "at": POSTED});
        lines += &format!("{user}\n{join}\n");
        for item in 0..10 {
            let id = format!("m{number}-{item}");
            lines += &message("team", &id, POSTED, "a").replace("\"u1\"", &format!("\"p{number}\""));
        }
        lines += &edit("team", &format!("m{number}-1"), POSTED, "b");
        lines += &deletion("team", &format!("m{number}-2"), POSTED);
    }
    let count = Arc::new(AtomicUsize::new(0));
    app.store()
        .write(|tx| {
            let counted = Arc::clone(&count);
            tx.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                    counted.fetch_add(1, Ordering::SeqCst);
                }
            });
            let outcomes = record(&app, tx, &mut recorder, &lines)?;
            assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Added));
            tx.set_instrumentation(None::<Box<dyn diesel::connection::Instrumentation>>);
            Ok(())
        })
        .unwrap();
    let statements = count.load(Ordering::SeqCst);
    // One for each person, who is new; the rest together.
    assert!(statements > 300 && statements < 300 + 30, "{statements} statements");
}

/// An import of the same source, with `--strict` for one, may take minutes.
#[test]
fn an_import_waits_for_another_one_and_says_so() {
    let (app, ada) = TestApp::with_office();
    let account = app.find_account("Acme").id;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    std::fs::write(&path, message("team", "m2", POSTED, "b")).unwrap();
    let mut recorder = recorder(&app, account, "events");
    let (told, end) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let mut waiting = None;
        app.store()
            .write(|tx| {
                record(&app, tx, &mut recorder, &message("team", "m1", POSTED, "a"))?;
                waiting = Some(scope.spawn(|| {
                    let waits = || told.send(()).unwrap();
                    let import = Import { strict: true, ..Import::new(account, ImportFormat::Events, &path) };
                    sources::import_in_turn(app.store(), &app.clock, &import, &mut |_, _| {}, &waits)
                }));
                end.recv().unwrap();
                Ok(())
            })
            .unwrap();
        let summary = waiting.unwrap().join().unwrap().unwrap();
        assert_eq!(summary.of(Subject::Items).added, 1);
    });
    assert_eq!(app.export_all(&ada).texts(), ["a", "b"]);
}
