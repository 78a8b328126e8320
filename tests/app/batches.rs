//! Ingest takes many facts at once: what becomes of each must not depend on what else is in the batch, nor on who else
//! records meanwhile.

use std::cell::Cell;

use compliance_exports::capture::ingest::{Outcome, Recorder};
use compliance_exports::capture::sources::{self, Import, ImportFormat, Subject, events};
use compliance_exports::model::{AccountId, OperatorFact};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::events::{OFFICE, deletion, edit, message, reasons, texts_before};
use crate::support::{Person, TestApp};

/// Capture is on since 09:30.
const NOON: &str = "2026-03-16T12:00:00Z";
const WHILE_ON: &str = "2026-03-16T10:00:00Z";
const WHILE_OFF: &str = "2026-03-16T09:00:00Z";
const POSTED: &str = "2026-03-10T10:00:00Z";

fn post(id: &str, text: &str) -> String {
    message("team", id, POSTED, text)
}

fn facts(lines: &str) -> Vec<OperatorFact> {
    lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| events::parse(line.as_bytes()).unwrap())
        .collect()
}

fn recorder(app: &TestApp, account: AccountId) -> Recorder {
    app.store().write(|tx| Recorder::new(tx, account, "events", app.now())).unwrap()
}

/// Records the lines in one transaction.
fn record(app: &TestApp, recorder: &mut Recorder, lines: &str) -> Vec<Outcome> {
    let facts = facts(lines);
    let recorded = app.store().write(|tx| {
        recorder.begin(tx, app.now())?;
        recorder.record(tx, &facts)
    });
    recorded.unwrap()
}

fn office() -> (TestApp, Person, Recorder) {
    let (app, ada) = TestApp::with_office();
    app.at(NOON);
    let recorder = recorder(&app, app.find_account("Acme").id);
    (app, ada, recorder)
}

#[test]
fn of_two_items_with_one_id_in_a_batch_the_first_is_recorded() {
    let (app, ada, mut recorder) = office();
    let lines = [post("m1", "a"), post("m2", "b"), post("m1", "c"), message("direct", "m1", POSTED, "d")];
    let outcomes = record(&app, &mut recorder, &lines.concat());
    assert_eq!(outcomes, [Outcome::Added, Outcome::Added, Outcome::Unchanged, Outcome::Added]);
    assert_eq!(app.export_all(&ada).texts().len(), 3);
    assert_eq!(app.export_all(&ada).texts().iter().filter(|text| *text == "c").count(), 0);
    let again = record(&app, &mut recorder, &[post("m1", "e"), post("m3", "f"), post("m2", "g")].concat());
    assert_eq!(again, [Outcome::Unchanged, Outcome::Added, Outcome::Unchanged], "some are known, some are not");
}

#[test]
fn c4_item_and_deletion_in_one_batch_come_to_the_same_in_either_order() {
    for (at, kept) in [(WHILE_ON, true), (WHILE_OFF, false)] {
        let (app, ada, mut recorder) = office();
        let lines = [
            post("m1", "a"),
            deletion("team", "m1", at),
            deletion("team", "m2", at),
            post("m2", "b"),
            post("m1", "a"),
            post("m2", "b"),
        ];
        let outcomes = record(&app, &mut recorder, &lines.concat());
        let [again, after] =
            if kept { [Outcome::Unchanged, Outcome::Added] } else { [Outcome::Erased, Outcome::Erased] };
        let expected = [Outcome::Added, Outcome::Added, Outcome::Added, after, again.clone(), again];
        assert_eq!(outcomes, expected, "deleted at {at}");
        let items = app.export_all(&ada).items();
        assert_eq!(items.len(), if kept { 2 } else { 0 });
        assert!(items.iter().all(|item| item["deleted"]["at"] == at));
    }
}

#[test]
fn an_edit_follows_its_item_in_the_same_batch() {
    let (app, ada, mut recorder) = office();
    let lines = [
        post("m1", "a"),
        edit("team", "m1", "2026-03-10T10:01:00Z", "b"),
        post("m2", "c"),
        edit("team", "m1", "2026-03-10T10:02:00Z", "d"),
        edit("team", "m1", "2026-03-10T10:01:00Z", "b"),
        edit("team", "m3", "2026-03-10T10:01:00Z", "too early"),
        post("m3", "e"),
    ];
    let outcomes = record(&app, &mut recorder, &lines.concat());
    assert_eq!(outcomes[..5], [Outcome::Added, Outcome::Added, Outcome::Added, Outcome::Added, Outcome::Unchanged]);
    assert!(matches!(&outcomes[5..], [Outcome::Refused(_), Outcome::Added]), "{outcomes:?}");
    let item = app.export_all(&ada).item("m1");
    assert_eq!((item["text"].as_str(), texts_before(&item)), (Some("d"), vec![Some("a"), Some("b")]));
}

#[test]
fn c4_a_deletion_that_another_recorder_tells_first_is_heeded() {
    let (app, ada, mut one) = office();
    let mut other = recorder(&app, app.find_account("Acme").id);
    assert_eq!(record(&app, &mut one, &post("m0", "a")), [Outcome::Added]);
    let early = [deletion("team", "m1", WHILE_OFF), deletion("team", "m2", WHILE_ON), post("m3", "b")];
    assert_eq!(record(&app, &mut other, &early.concat()), [Outcome::Added, Outcome::Added, Outcome::Added]);
    let outcomes = record(&app, &mut one, &["m1", "m2", "m3", "m4"].map(|id| post(id, id)).concat());
    assert_eq!(outcomes, [Outcome::Erased, Outcome::Added, Outcome::Unchanged, Outcome::Added]);
    assert_eq!(app.export_all(&ada).item("m2")["deleted"]["at"], WHILE_ON);

    // What was erased by one stays erased for the other, and so on, turn by turn.
    assert_eq!(record(&app, &mut one, &deletion("team", "m4", WHILE_OFF)), [Outcome::Added]);
    assert_eq!(record(&app, &mut other, &post("m4", "again")), [Outcome::Erased]);
    assert_eq!(record(&app, &mut other, &deletion("team", "m5", WHILE_OFF)), [Outcome::Added]);
    assert_eq!(
        record(&app, &mut one, &[post("m5", "c"), post("m4", "d")].concat()),
        [Outcome::Erased, Outcome::Erased]
    );
}

#[test]
fn a_known_item_stays_known_though_it_is_told_of_a_stranger() {
    let (app, _, mut recorder) = office();
    let stranger = |id| post(id, "b").replace("\"u1\"", "\"nobody\"");
    let lines = [post("m1", "a"), stranger("m1"), stranger("m2"), post("m3", "c")];
    let outcomes = record(&app, &mut recorder, &lines.concat());
    let refused = Outcome::Refused("the person “nobody” has not been recorded".to_owned());
    assert_eq!(outcomes, [Outcome::Added, Outcome::Unchanged, refused, Outcome::Added]);
}

#[test]
fn refusals_and_slips_are_told_in_the_order_of_the_lines() {
    let (app, _) = TestApp::with_office();
    let lines = [
        message("nowhere", "m1", POSTED, "a"),
        "{\"type\":\"left\"}\n".to_owned(),
        edit("team", "m1", POSTED, "b"),
        "{\n".to_owned(),
        post("m1", "c"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    std::fs::write(&path, lines.concat()).unwrap();
    let account = app.find_account("Acme").id;
    let import = Import::new(account, ImportFormat::Events, &path);
    let summary = sources::import(app.store(), &app.clock, &import, &mut |_, _| {}).unwrap();
    let places: Vec<_> = summary.problems.iter().map(|(place, _)| place.line).collect();
    assert_eq!(places, [Some(1), Some(2), Some(3), Some(4)], "{:?}", reasons(&summary));
    assert_eq!(summary.of(Subject::Items).added, 1);
}

/// Records so many lines at a time, by one recorder; single ones by a recorder each.
fn record_in_batches(app: &TestApp, account: AccountId, history: &[String], size: usize) -> Vec<Outcome> {
    let mut one = recorder(app, account);
    let mut outcomes = Vec::new();
    for lines in history.chunks(size) {
        if size == 1 {
            one = recorder(app, account);
        }
        outcomes.extend(record(app, &mut one, &lines.concat()));
    }
    outcomes
}

/// Items are m0 to m2 of two conversations; moments are hours.
fn history() -> impl Strategy<Value = Vec<String>> {
    let conversation = || prop_oneof![Just("team"), Just("direct")];
    let at = |hour: u8| format!("2026-03-16T{hour:02}:00:00Z");
    let fact = prop_oneof![
        5 => (conversation(), 0..3_u8).prop_map(|(c, item)| message(c, &format!("m{item}"), POSTED, "posted")),
        2 => (conversation(), 0..3_u8, 8..11_u8)
            .prop_map(move |(c, item, hour)| edit(c, &format!("m{item}"), &at(hour), &format!("changed at {hour}"))),
        2 => (conversation(), 0..3_u8, 8..11_u8)
            .prop_map(move |(c, item, hour)| deletion(c, &format!("m{item}"), &at(hour))),
        1 => (0..3_u8).prop_map(|item| post(&format!("m{item}"), "b").replace("\"u1\"", "\"nobody\"")),
    ];
    proptest::collection::vec(fact, 1..40)
}

#[test]
fn who_comes_with_an_address_that_is_given_up_afterwards_does_not_have_it() {
    let (app, _, mut recorder) = office();
    let user = |id: &str, address: &str| {
        format!("{{\"type\":\"user\",\"id\":\"{id}\",\"name\":\"\",\"email\":\"{address}\"}}\n")
    };
    record(&app, &mut recorder, &user("v1", "one@acme.example"));
    record(&app, &mut recorder, &[user("v2", "one@acme.example"), user("v1", "other@acme.example")].concat());
    let addresses = "SELECT t.external_id || ' ' || COALESCE(u.email, '-') AS value
         FROM source_users t JOIN users u ON u.id = t.user_id WHERE t.external_id LIKE 'v%' ORDER BY value";
    assert_eq!(app.query_sql(addresses), ["v1 other@acme.example", "v2 -"]);
}

/// People are u1 to u4, who have three addresses between them; conversations c1 to c4, of all kinds.
fn coming_and_going() -> impl Strategy<Value = Vec<String>> {
    let person = || 1..5_u8;
    let email = prop_oneof![
        3 => Just(String::new()),
        2 => (1..4_u8).prop_map(|number| format!(r#","email":"Person{number}@acme.example""#)),
    ];
    let conversation = (1..5_u8, 0..4_usize, 0..3_u8, proptest::collection::vec(person(), 0..4));
    let fact = prop_oneof![
        4 => (person(), 0..3_u8, email, any::<bool>()).prop_map(|(id, name, email, bot)| {
            let name = ["", "Grace", "Hopper"][usize::from(name)];
            format!(r#"{{"type":"user","id":"u{id}","name":"{name}","bot":{bot}{email}}}"#)
        }),
        4 => conversation.prop_map(|(id, kind, name, members)| {
            let kind = ["Team", "Group", "Direct", "Personal"][kind];
            let name = if kind == "Team" { format!(r#","name":"Harbour {name}""#) } else { String::new() };
            let users: Vec<_> = members.iter().map(|id| format!(r#"{{"user":"u{id}"}}"#)).collect();
            let starter = members.first().map(|id| format!(r#","startedBy":"u{id}""#)).unwrap_or_default();
            format!(r#"{{"type":"conversation","id":"c{id}","kind":"{kind}"{name}{starter},"members":[{}]}}"#, users.join(","))
        }),
        1 => (person(), 1..5_u8, 8..11_u8, any::<bool>()).prop_map(|(user, id, hour, comes)| {
            let what = if comes { "joined" } else { "left" };
            format!(r#"{{"type":"{what}","conversation":"c{id}","user":"u{user}","at":"2026-03-16T{hour:02}:00:00Z"}}"#)
        }),
        1 => (1..5_u8, person()).prop_map(|(id, user)| {
            let (conversation, user) = (format!("c{id}"), format!("\"u{user}\""));
            message(&conversation, "m", POSTED, "Hello").replace("\"u1\"", &user)
        }),
    ];
    proptest::collection::vec(fact.prop_map(|line| line.trim().to_owned() + "\n"), 1..40)
}

/// The source's people, conversations and who takes part, as the database holds them.
fn recorded(app: &TestApp, account: AccountId) -> Vec<String> {
    let name = |user: &str| format!("(SELECT MIN(external_id) FROM source_users WHERE user_id = {user})");
    let people = format!(
        "SELECT t.external_id || ' is ' || {} || ': ' || u.name || ', ' || COALESCE(u.email, '-') || ', '
             || CASE WHEN u.is_bot THEN 'bot' ELSE 'person' END AS value
         FROM source_users t JOIN users u ON u.id = t.user_id JOIN sources s ON s.id = t.source_id",
        name("u.id")
    );
    let conversations = format!(
        "SELECT c.external_id || ': ' || c.kind || ', ' || COALESCE(c.name, '-') || ', ' || COALESCE({}, '-') || ', for '
             || (SELECT CAST(COUNT(*) AS TEXT) FROM conversation_accounts WHERE conversation_id = c.id) AS value
         FROM conversations c JOIN sources s ON s.id = c.source_id",
        name("c.starter_id")
    );
    let members = format!(
        "SELECT c.external_id || ': ' || {} || ' at ' || COALESCE(CAST(m.at AS TEXT), '-') || ' ' || m.kind AS value
         FROM membership_events m JOIN conversations c ON c.id = m.conversation_id JOIN sources s ON s.id = c.source_id",
        name("m.user_id")
    );
    let participants = format!(
        "SELECT c.external_id || ': ' || {} || ' takes part' AS value
         FROM participants p JOIN conversations c ON c.id = p.conversation_id JOIN sources s ON s.id = c.source_id",
        name("p.user_id")
    );
    let counts =
        "SELECT CAST(s.conversations AS TEXT) || ' are counted' AS value FROM conversation_counts s".to_owned();
    let all = [people, conversations, members, participants, counts].into_iter();
    all.flat_map(|sql| app.query_sql(&format!("{sql} WHERE s.account_id = {account} ORDER BY value"))).collect()
}

/// One by one: each in a transaction and by a recorder of its own.
#[test]
fn people_and_conversations_in_a_batch_come_to_the_same_as_one_by_one() {
    let app = TestApp::start();
    let number = Cell::new(0);
    let config = Config { cases: 48, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let result = TestRunner::new(config).run(&coming_and_going(), |history| {
        let mut found = Vec::new();
        for size in [1, history.len()] {
            number.set(number.get() + 1);
            let (account, _) = app.account_with_exports_on(&format!("Acme {}", number.get()));
            let outcomes = record_in_batches(&app, account, &history, size);
            found.push((outcomes, recorded(&app, account)));
        }
        prop_assert_eq!(&found[0], &found[1]);
        Ok(())
    });
    result.unwrap();
}

/// One by one: each in a transaction and by a recorder of its own.
#[test]
fn a_batch_comes_to_the_same_as_its_facts_one_by_one() {
    let app = TestApp::start();
    let number = Cell::new(0);
    let config = Config { cases: 24, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let result = TestRunner::new(config).run(&(history(), 1..40_usize), |(history, size)| {
        let mut told = Vec::new();
        for size in [1, size] {
            number.set(number.get() + 1);
            let name = format!("Acme {}", number.get());
            let (account, ada) = app.account_with_exports_on(&name);
            app.record(&name, &OFFICE.replace("ada@acme.example", &ada.email));
            let outcomes = record_in_batches(&app, account, &history, size);
            let items: Vec<_> = app
                .export_all(&ada)
                .items()
                .into_iter()
                .map(|item| {
                    let before: Vec<_> = texts_before(&item).into_iter().map(|text| text.map(str::to_owned)).collect();
                    (item["id"].clone(), item["text"].clone(), before, item["deleted"]["at"].clone())
                })
                .collect();
            told.push((outcomes, items));
        }
        prop_assert_eq!(&told[0], &told[1]);
        Ok(())
    });
    result.unwrap();
}
