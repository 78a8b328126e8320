//! Everybody at once (B2, B3, B5): people request, cancel, retry and delete, while several workers, each with connections of
//! its own as in processes of their own, build, hand in, fail, stop and die.
//!
//! `RACE_SECONDS` says how long; before a release 300, on PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use compliance_exports::audit::Actor;
use compliance_exports::error::{Error, Kind};
use compliance_exports::exports::queue::{self, Release};
use compliance_exports::exports::request::Draft;
use compliance_exports::exports::{self, requests};
use compliance_exports::identity::commands;
use compliance_exports::jobs::Stop;
use compliance_exports::model::{ExportRequest, RequestId, Status};

use crate::support::events::message;
use crate::support::{Alarms, Person, TestApp};

const ACCOUNTS: [&str; 3] = ["Acme", "Brightwater", "Culver"];
const DAYS: u32 = 40;
const MAX_OPEN: u32 = 3;
/// What our own failures say.
const TOLD: &str = "told to fail";
const STOPPED: &str = "stopped unexpectedly";

/// Numbers that look like chance, from a seed: a run that fails can be told apart from another.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn of<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let count = u64::try_from(of.len()).unwrap();
        (count > 0).then(|| of[usize::try_from(self.below(count)).unwrap()])
    }
}

fn is_open(status: Status) -> bool {
    matches!(status, Status::Accepted | Status::InProgress)
}

struct Race {
    app: TestApp,
    people: Vec<Person>,
    end: Instant,
    /// Requests that a worker has left without a word.
    left: Mutex<BTreeSet<RequestId>>,
    faults: Mutex<Vec<String>>,
}

impl Race {
    fn new(seconds: u64) -> Self {
        let app = TestApp::start_with(|settings| {
            settings.exports.part_entries = 16;
            settings.exports.max_open_per_account = MAX_OPEN;
            // The clock runs ten times as fast here: whoever lives has six seconds to say so.
            settings.exports.lease_seconds = 60;
            settings.database.busy_timeout_ms = 30_000;
        });
        let people = ACCOUNTS.map(|name| app.account_with_exports_on(name).1).into();
        for name in ACCOUNTS {
            let mut events = String::from(
                r#"{"type":"user","id":"u1","name":"Grace"}
                {"type":"conversation","id":"c1","kind":"Team","name":"Harbour","members":[{"user":"u1"}]}
                "#,
            );
            for day in 0..DAYS {
                let at = app.now().plus(TimeDelta::days(-i64::from(day))).to_string();
                events += &message("c1", &format!("m{day}"), &at, "Hello");
            }
            app.record(name, &events);
        }
        let end = Instant::now() + Duration::from_secs(seconds);
        Self { app, people, end, left: Mutex::default(), faults: Mutex::default() }
    }

    fn goes_on(&self) -> bool {
        Instant::now() < self.end
    }

    fn fault(&self, what: String) {
        self.faults.lock().unwrap().push(what);
    }

    /// What was refused in words is no fault; what a page would answer with 500 or 503 is.
    fn judge<T>(&self, doing: &str, outcome: Result<T, Error>) -> Option<T> {
        outcome
            .inspect_err(|error| {
                if !matches!(error.kind(), Kind::Conflict | Kind::NotFound | Kind::Gone) {
                    self.fault(format!("{doing}: {error:?}"));
                }
            })
            .ok()
    }

    fn requests_of(&self, person: &Person) -> Vec<ExportRequest> {
        let page = self.app.store().read(|c| {
            let account = compliance_exports::identity::access::administrator(c, person.id)?.account.id;
            exports::rows::exports::page(c, account, exports::rows::exports::Stretch::Newest, 30)
        });
        page.unwrap().rows.into_iter().map(|(request, _)| request).collect()
    }

    /// One of the people, at the page.
    fn person(&self, seed: u64) {
        let mut dice = Dice(seed);
        let (store, policy) = (self.app.store(), self.app.app.state().policy);
        while self.goes_on() {
            let person = &self.people[usize::try_from(seed).unwrap() % self.people.len()];
            let requests = self.requests_of(person);
            let open = requests.iter().filter(|request| is_open(request.status)).count();
            if open > usize::try_from(MAX_OPEN).unwrap() {
                self.fault(format!("{open} exports of one account are open"));
            }
            let now = self.app.now();
            let of = |status: &[Status]| -> Vec<RequestId> {
                requests.iter().filter(|request| status.contains(&request.status)).map(|request| request.id).collect()
            };
            match dice.below(200) {
                0..40 => {
                    let form_key = compliance_exports::keys::new_key();
                    let first_day = self.app.now().plus(TimeDelta::days(-90)).to_utc().date_naive().to_string();
                    let draft = Draft { first_day: &first_day, last_day: "2026-03-16", ..Draft::default() };
                    let command = draft.parse(&form_key, policy.max_open).unwrap();
                    self.judge("request", commands::run(store, Actor::User(person.id), &command, now));
                }
                40..42 => {
                    if let Some(id) = dice.of(&of(&[Status::Accepted, Status::InProgress])) {
                        self.judge(
                            "cancel",
                            commands::run(store, Actor::User(person.id), &requests::Cancel { export: id }, now),
                        );
                    }
                }
                50..70 => {
                    if let Some(id) = dice.of(&of(&[Status::Failed])) {
                        self.judge(
                            "retry",
                            commands::run(
                                store,
                                Actor::User(person.id),
                                &requests::Retry { export: id, max_open: policy.max_open },
                                now,
                            ),
                        );
                    }
                }
                70..73 => {
                    if let Some(id) = dice.of(&of(&[Status::Completed]))
                        && let Some(keys) = self.judge(
                            "delete",
                            commands::run(store, Actor::User(person.id), &requests::Delete { export: id }, now),
                        )
                    {
                        for key in keys {
                            self.judge("erase", self.app.app.blobs.delete(&key));
                        }
                        self.judge("erased", queue::erased(store, id, now));
                    }
                }
                _ => thread::yield_now(),
            }
        }
    }

    /// A worker that does what it should, or, now and then, stops.
    fn builder(&self, seed: u64, stops: bool) {
        let worker = self.app.app.worker().unwrap();
        let mut dice = Dice(seed);
        while self.goes_on() {
            let stop = Stop::default();
            if stops && dice.below(3) == 0 {
                stop.ask();
            }
            self.judge("build", worker.exports.next(None, &stop));
        }
    }

    /// A worker that fails, puts off, or leaves what it takes up without a word.
    fn bungler(&self, seed: u64) {
        let (mut dice, store, policy) = (Dice(seed), self.app.store(), self.app.policy());
        while self.goes_on() {
            let now = self.app.now();
            let Some(Some(claim)) = self.judge("claim", queue::claim(store, &policy, None, now)) else { continue };
            for done in 0..dice.below(4) {
                let done = i64::try_from(done).unwrap();
                self.judge("heartbeat", queue::heartbeat(store, &claim, &policy, done));
            }
            match dice.below(8) {
                0 => {
                    self.left.lock().unwrap().insert(claim.request.id);
                }
                1 => {
                    self.judge("fail", queue::fail(store, &claim, TOLD, now));
                }
                2 => {
                    let later = Release::Later(TimeDelta::seconds(20));
                    self.judge("put off", queue::release(store, &claim, later));
                }
                _ => {
                    self.judge("put back", queue::release(store, &claim, Release::Stopping));
                }
            }
        }
    }

    /// Mail, clearing away, and the time that passes.
    fn keeper(&self) {
        while self.goes_on() {
            let before = Instant::now();
            self.judge("mail", self.app.worker.mails.next());
            self.judge("discard", self.app.worker.exports.discard());
            self.judge("sweep", self.app.worker.exports.sweep());
            thread::yield_now();
            self.app.advance(TimeDelta::from_std(before.elapsed()).unwrap() * 10);
        }
    }

    /// Lets all that is open end, with nobody who bungles.
    fn drain(&self) {
        for _ in 0..12 {
            self.app.advance(TimeDelta::minutes(15));
            self.app.work();
        }
        self.app.worker.exports.discard().unwrap();
        self.app.worker.exports.sweep().unwrap();
    }

    fn assert_sound(&self) {
        let app = &self.app;
        let faults = self.faults.lock().unwrap();
        assert!(faults.is_empty(), "{} faults: {:#?}", faults.len(), &faults[..faults.len().min(10)]);
        let ids = app.query_sql("SELECT CAST(id AS TEXT) AS value FROM export_requests ORDER BY id");
        let left = self.left.lock().unwrap();
        let (mut tally, mut kept) = (BTreeMap::<&str, u32>::new(), BTreeSet::new());
        for id in ids.iter().map(|id| id.parse::<RequestId>().unwrap()) {
            let request = app.find_request(id);
            *tally.entry(request.status.as_str()).or_default() += 1;
            let parts = app.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap();
            let numbers: Vec<i32> = parts.iter().map(|(part, _)| part.number).collect();
            match request.status {
                Status::Completed => {
                    assert_eq!(request.items_total, Some(request.items_done), "{request:?}");
                    assert_eq!(app.archive(id).items().len(), usize::try_from(request.items_done).unwrap());
                    assert_eq!(numbers, (1..=i32::try_from(parts.len()).unwrap()).collect::<Vec<_>>());
                    kept.extend(parts.into_iter().map(|(_, key)| key));
                }
                // Deleted: nothing was kept.
                Status::Expired => assert!(!numbers.is_empty() && request.deleted_at.is_some(), "{request:?}"),
                Status::Failed => {
                    let reason = request.reason.unwrap();
                    assert!(reason == TOLD || reason.contains(STOPPED) && left.contains(&id), "{id}: {reason}");
                }
                Status::Cancelled => assert_eq!(numbers, [0; 0]),
                Status::Accepted | Status::InProgress => panic!("never ends: {request:?}"),
            }
        }
        let held = "SELECT CAST(id AS TEXT) AS value FROM export_requests WHERE lease_until IS NOT NULL";
        assert_eq!(app.query_sql(held), [""; 0]);
        assert_eq!(app.query_sql("SELECT CAST(number AS TEXT) AS value FROM part_jobs"), [""; 0]);
        let (unfinished, finished) = app.files();
        assert_eq!((unfinished, finished.into_iter().collect::<BTreeSet<_>>()), (vec![], kept));
        // Each end but a cancelling is told once.
        let ends = "SELECT details AS value FROM audit_events WHERE action IN ('export.completed', 'export.failed')";
        let names: BTreeSet<String> = app.take_mails().into_iter().map(|mail| mail.message_id).collect();
        assert_eq!(app.query_sql("SELECT CAST(id AS TEXT) AS value FROM mails WHERE sent_at IS NULL"), [""; 0]);
        assert_eq!(names.len(), app.query_sql(ends).len());
        for status in ["Completed", "Cancelled"] {
            assert!(tally.contains_key(status), "{tally:?}");
        }
    }
}

#[test]
fn b3_whoever_races_with_whom_every_export_ends_once_and_truly() {
    let seconds = std::env::var("RACE_SECONDS").ok().map_or(10, |seconds| seconds.parse().unwrap());
    let (race, alarms) = (Race::new(seconds), Alarms::default());
    let (race_of, alarms_of) = (&race, &alarms);
    thread::scope(|scope| {
        for seed in 0..6 {
            scope.spawn(move || race_of.person(seed));
        }
        for seed in 0..4 {
            scope.spawn(move || alarms_of.hear(|| race_of.builder(seed, seed == 0)));
        }
        scope.spawn(|| race_of.bungler(7));
        scope.spawn(|| alarms_of.hear(|| race_of.keeper()));
    });
    race.drain();
    race.assert_sound();
    let alarms = alarms.text();
    assert!(alarms.is_empty(), "false alarms: {}", alarms.chars().take(2_000).collect::<String>());
}
