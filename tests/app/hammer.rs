//! C7 under load: people write, edit, delete, come, go and rename, and capture is turned on and off, while exports are
//! built. Nothing of that shows, except that what is erased (C4) is gone; and nobody waits for an export.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use compliance_exports::jobs::Stop;
use compliance_exports::model::{RequestId, Status};
use serde_json::{Value, json};

use crate::support::events::{deletion, edit, message};
use crate::support::{Archive, Person, TestApp};

/// Threads that write. Each deletes messages of its own among those of [`Companies::new`].
const WRITERS: u64 = 4;
const DAYS: u64 = 12;
/// Acme's conversations, the last of them a Direct with somebody of Globex.
const ACME: [&str; 4] = ["harbour", "quay", "yard", "across"];
const GLOBEX: [&str; 1] = ["depot"];

/// Acme, where capture stays on, and Globex, where it is turned off and on while exports are built.
struct Companies {
    app: TestApp,
    ada: Person,
    gil: Person,
}

impl Companies {
    fn new() -> Self {
        let app = TestApp::start_with(|settings| settings.exports.part_entries = 20);
        let (_, ada) = app.account_with_exports_on("Acme");
        let (_, gil) = app.account_with_exports_on("Globex");
        app.at("2026-03-16T12:00:00Z");
        let mut events = [String::new(), String::new()];
        events[0] += r#"{"type":"account","id":"globex","name":"Globex"}
            {"type":"user","id":"u9","account":"globex","name":"Hank"}
            {"type":"user","id":"u1","name":"Ada"}
            {"type":"user","id":"u2","name":"Grace"}
            {"type":"conversation","id":"across","kind":"Direct","members":[{"user":"u1"},{"user":"u9"}]}
            "#;
        events[1] += r#"{"type":"user","id":"u1","name":"Homer"}
            {"type":"user","id":"u2","name":"Lenny"}
            "#;
        for (events, conversations) in events.iter_mut().zip([&ACME[..3], &GLOBEX[..]]) {
            for id in conversations {
                let team =
                    json!({"type": "conversation", "id": id, "kind": "Team", "name": id, "members": [{"user": "u1"}]});
                *events += &format!("{team}\n");
            }
        }
        for (events, conversations) in events.iter_mut().zip([&ACME[..], &GLOBEX[..]]) {
            for id in conversations {
                for (day, writer) in (1..=DAYS).flat_map(|day| (0..WRITERS).map(move |writer| (day, writer))) {
                    *events += &message(id, &base(day, writer), &noon(day), "As it was.");
                }
            }
        }
        app.record("Acme", &events[0]);
        app.record("Globex", &events[1]);
        Self { app, ada, gil }
    }

    /// Writes some of everything into both companies; tells how much was new.
    fn write(&self, writer: u64, round: u64) -> u64 {
        let now = self.app.now().to_string();
        let mut added = 0;
        for (company, conversations) in [("Acme", &ACME[..]), ("Globex", &GLOBEX[..])] {
            let name = format!("{writer} {round}");
            let mut events = String::new();
            for id in conversations {
                let new = format!("new {name}");
                // On days that have messages, and on days that have none.
                events += &message(id, &new, &noon(1 + (round * 5 + writer) % 16), "New.");
                events += &edit(id, &new, &now, "New and changed.");
                events += &edit(id, &base(1 + (round + 1) % DAYS, writer), &now, &format!("Changed: {name}"));
                events += &deletion(id, &base(1 + round % DAYS, writer), &now);
            }
            let team = conversations[usize::try_from(writer).unwrap() % conversations.len().min(3)];
            let late = format!("late {name}");
            let even = round.is_multiple_of(2);
            let change = if even { "joined" } else { "left" };
            for event in [
                json!({"type": "user", "id": "u2", "name": format!("Grace {name}")}),
                json!({"type": "conversation", "id": team, "kind": "Team", "name": format!("{team} {name}"), "public": even}),
                json!({"type": change, "conversation": team, "user": "u2", "at": now}),
                json!({"type": "conversation", "id": late, "kind": "Team", "name": late, "members": [{"user": "u1"}]}),
            ] {
                events += &format!("{event}\n");
            }
            events += &message(&late, "first", &noon(3), "Late.");
            let summary = self.app.record(company, &events);
            added += summary.counts.values().map(|count| count.added).sum::<u64>();
        }
        added
    }

    /// Gil turns capture on or off for Globex, if it is not so already.
    fn toggle(&self, on: bool) {
        if on { self.app.turn_on(&self.gil) } else { self.app.turn_off(&self.gil) }
    }

    /// All writers at once; each has written something new.
    fn hammer(&self, round: u64) {
        self.app.advance(TimeDelta::minutes(1));
        self.toggle(round % 4 < 2);
        thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || self.write(writer, round))).collect();
            for writer in writers {
                assert!(writer.join().unwrap() > 10);
            }
        });
    }

    /// Builds it again now that nobody writes any more; whether it is the same, byte for byte.
    fn rebuild(&self, id: RequestId) -> (Archive, bool) {
        let folder = tempfile::tempdir().unwrap();
        let parts = self.app.worker.exports.rebuild(id, folder.path(), &Stop::default(), &|_| {}).unwrap();
        let same = parts.iter().all(|part| part.same);
        (Archive::open(parts.iter().map(|part| File::open(&part.path).unwrap())), same)
    }

    /// Acme's is as it is when nobody writes; Globex's, too, but for what was erased, some of it before it was read.
    fn assert_as_in_silence(&self, [acme, globex]: [RequestId; 2]) {
        self.app.archive_without_fault(acme);
        assert!(self.rebuild(acme).1, "Acme's is the same again");

        let loud = self.app.archive_without_fault(globex);
        let (silent, same) = self.rebuild(globex);
        let erased = self.app.query_sql("SELECT external_id AS value FROM item_deletions WHERE erased IS NOT NULL");
        let erased: BTreeSet<_> = erased.into_iter().collect();
        assert!(!erased.is_empty() && !same, "something was erased");
        let (loud, mut silent) = (items(&loud), items(&silent));
        for (key, item) in loud {
            match silent.remove(&key) {
                Some(as_in_silence) => assert_eq!(item, as_in_silence),
                None => assert!(erased.contains(&key.1), "{key:?} was not erased"),
            }
        }
        assert_eq!(silent, BTreeMap::new(), "what there is in silence was there before");
    }
}

/// The id of a message that there was from the beginning.
fn base(day: u64, writer: u64) -> String {
    format!("base {day} {writer}")
}

fn noon(day: u64) -> String {
    format!("2026-03-{day:02}T12:00:00Z")
}

/// Every item by conversation and id.
fn items(archive: &Archive) -> BTreeMap<(String, String), Value> {
    let key = |item: &Value| (item["conversation"]["id"].to_string(), item["id"].as_str().unwrap().to_owned());
    archive.items().into_iter().map(|item| (key(&item), item)).collect()
}

fn without_manifests(mut archive: Archive) -> BTreeMap<String, Vec<u8>> {
    archive.files.retain(|path, _| path.contains('/'));
    archive.files
}

#[test]
fn c7_what_is_written_between_any_two_steps_of_an_export_does_not_show() {
    let companies = Companies::new();
    let Companies { app, ada, gil } = &companies;
    let before = [ada, gil].map(|person| app.export_all(person));
    let ids = [ada, gil].map(|person| app.request_with_cut(person));
    let mut round = 0;
    // Before the plans, between them and the parts, between any two parts, and afterwards.
    loop {
        companies.hammer(round);
        round += 1;
        if !app.worker.exports.next(None, &Stop::default()).unwrap() {
            break;
        }
    }
    assert!(round > 2 + 2 * 3, "{round} steps: two plans, and some parts each");
    let [acme, globex] = before;
    let items_before = items(&globex);
    for item in items(&app.archive(ids[1])) {
        assert_eq!(Some(&item.1), items_before.get(&item.0), "as it was before");
    }
    assert_eq!(without_manifests(app.archive(ids[0])), without_manifests(acme));
    companies.assert_as_in_silence(ids);
}

#[test]
fn c7_what_is_written_at_the_same_time_as_an_export_does_not_show() {
    let companies = Companies::new();
    let Companies { app, ada, gil } = &companies;
    let ids = [ada, gil].map(|person| app.request_all(person));
    let (written, ended) = (AtomicU64::new(0), AtomicBool::new(false));
    let patience = Instant::now() + Duration::from_secs(120);
    let open = || ids.iter().any(|id| matches!(app.find_request(*id).status, Status::Accepted | Status::InProgress));
    thread::scope(|scope| {
        for writer in 0..WRITERS - 1 {
            let (companies, written, ended) = (&companies, &written, &ended);
            scope.spawn(move || {
                for round in 0.. {
                    if writer == 0 {
                        companies.app.advance(TimeDelta::milliseconds(1));
                        companies.toggle(round % 2 == 1);
                    }
                    companies.write(writer, round);
                    written.fetch_add(1, Ordering::SeqCst);
                    if ended.load(Ordering::SeqCst) {
                        break;
                    }
                }
            });
        }
        let builders: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let worker = app.app.worker().unwrap();
                    while open() && Instant::now() < patience {
                        let before = written.load(Ordering::SeqCst);
                        worker.exports.next(None, &Stop::default()).unwrap();
                        // Between any two steps somebody has written.
                        while written.load(Ordering::SeqCst) == before && Instant::now() < patience {
                            thread::yield_now();
                        }
                    }
                })
            })
            .collect();
        let built: Vec<_> = builders.into_iter().map(thread::ScopedJoinHandle::join).collect();
        ended.store(true, Ordering::SeqCst);
        built.into_iter().for_each(|built| built.unwrap());
    });
    let requests = ids.map(|id| app.find_request(id));
    assert!(requests.iter().all(|request| request.status == Status::Completed), "{requests:?}");
    companies.assert_as_in_silence(ids);
}
