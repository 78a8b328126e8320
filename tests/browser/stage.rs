//! What the pages show: the demo's company, and exports that have come as far as a test wants.

use std::time::{Duration, Instant};

use chrono::{NaiveDate, TimeDelta};
use compliance_exports::audit::Actor;
use compliance_exports::capture::sources;
use compliance_exports::demo;
use compliance_exports::exports::queue::{self, Claim, HandedIn, Release, Task, WorkPolicy};
use compliance_exports::exports::rows::part_jobs::Built;
use compliance_exports::exports::rules::parts::Limits;
use compliance_exports::exports::rules::slices::{DayCount, Slice};
use compliance_exports::identity::accounts::{self, NewSignIn};
use compliance_exports::identity::commands;
use compliance_exports::jobs::Stop;
use compliance_exports::model::RequestId;
use compliance_exports::worker::pool::Pool;

use crate::support::{PASSWORD, Person, TestApp};

/// The account of the demo's main company.
pub const COMPANY: &str = "Halden Logistics";
const POLICY: WorkPolicy = WorkPolicy { lease: TimeDelta::seconds(60), attempts: 3, keep_days: 30 };

/// Those of the company who can sign in.
pub struct Company {
    pub ruth: Person,
    pub bram: Person,
    pub ines: Person,
    /// No administrator.
    pub tom: Person,
}

/// Makes the demo's company. The feature is included and off, nothing has been recorded.
pub fn company(app: &TestApp) -> Company {
    let (company, _) = demo::companies();
    commands::run(
        app.store(),
        Actor::Operator,
        &accounts::CreateAccount { name: company.name, time_zone: company.time_zone, include_exports: true },
        app.now(),
    )
    .unwrap();
    let mut people = company.people.into_iter().map(|person| join(app, person.name, &person.email, person.admin));
    let mut named = |name: &str| people.find(|person| person.name.starts_with(name)).expect(name);
    Company { ruth: named("Ruth"), bram: named("Bram"), ines: named("Inês"), tom: named("Tom") }
}

/// Someone more who can sign in.
pub fn join(app: &TestApp, name: &str, email: &str, admin: bool) -> Person {
    let new = NewSignIn { account: COMPANY, email, name, admin };
    let id = commands::run(app.store(), Actor::Operator, &accounts::SetSignIn::new(new, PASSWORD).unwrap(), app.now())
        .unwrap();
    Person { id, email: email.to_owned(), name: name.to_owned() }
}

/// Records the demo's conversations.
pub fn record_conversations(app: &TestApp) {
    let account = app.find_account(COMPANY).id;
    let facts = demo::conversations(app.now());
    let summary = sources::record_all(app.store(), &app.clock, account, facts, &mut |_, _| {}).unwrap();
    assert!(!summary.has_problems(), "{:?}", summary.problems);
}

/// A slice of so many items.
fn slice_of(items: i64) -> Slice {
    let count = DayCount { day: NaiveDate::default(), items: u32::try_from(items).unwrap(), deleted: 0 };
    let mut slice = Slice::default();
    slice.conversation(1, true);
    slice.add(count);
    slice
}

/// Takes up the export that waits, and plans it in so many parts of so many items.
fn plan(app: &TestApp, parts: usize, items: i64) -> Claim {
    let mut claim = queue::claim(app.store(), &POLICY, None, app.now()).unwrap().expect("an export that waits");
    if matches!(claim.task, Task::Plan) {
        assert!(queue::take_cut(app.store(), &mut claim, app.now()).unwrap());
        for number in (1..).take(parts) {
            let slice = if number == 1 { slice_of(items) } else { Slice::default() };
            assert!(queue::add_part(app.store(), &claim, number, &slice).unwrap());
        }
        let total = u64::try_from(items).unwrap();
        assert!(queue::planned(app.store(), &claim, total, Limits::default(), app.now()).unwrap());
        claim = queue::claim(app.store(), &POLICY, Some(claim.request.id), app.now()).unwrap().expect("a part");
    }
    claim
}

/// Takes up the export that waits, as a worker would, and works on it so far.
pub fn begin(app: &TestApp, done: i64, total: i64) -> Claim {
    let claim = plan(app, 1, total);
    assert!(queue::heartbeat(app.store(), &claim, &POLICY, done).unwrap());
    claim
}

/// Lets another worker go on.
pub fn hand_over(app: &TestApp, claim: &Claim) {
    assert!(queue::release(app.store(), claim, Release::Stopping).unwrap());
}

/// An export that has failed for this reason.
pub fn failed(app: &TestApp, by: &Person, days: (&str, &str), reason: &str) -> RequestId {
    let id = app.request(by, days.0, days.1);
    let claim = begin(app, 0, 0);
    assert!(queue::fail(app.store(), &claim, reason, app.now()).unwrap());
    id
}

/// A completed export with parts of these sizes, as the page finds them: its files are as large, and hold nothing.
pub fn completed(app: &TestApp, by: &Person, days: (&str, &str), items: i64, sizes: &[i64]) -> RequestId {
    let id = app.request(by, days.0, days.1);
    let mut claim = plan(app, sizes.len(), items);
    loop {
        let Task::Part(piece) = &claim.task else { panic!("{claim:?}") };
        let number = piece.number;
        let built = Built {
            number,
            counts: Some(String::new()),
            kinds: String::new(),
            items: if number == 1 { items } else { 0 },
            storage_key: format!("none-{id}-{number}"),
            size: *sizes.get(usize::try_from(number).unwrap() - 1).unwrap(),
            sha256: format!("{number}3f2a9c1be07d4c5586a1d2f3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e"),
            sums_sha256: String::new(),
        };
        let file = app.app.blobs.location(&built.storage_key).unwrap();
        std::fs::File::create(file).unwrap().set_len(built.size.try_into().unwrap()).unwrap();
        let name = |number| format!("part-{number}.zip");
        if queue::hand_in(app.store(), &claim, &POLICY, &built, &name, app.now()).unwrap() == HandedIn::Completed {
            return id;
        }
        claim = queue::claim(app.store(), &POLICY, Some(id), app.now()).unwrap().expect("another part");
    }
}

/// Workers in threads, as beside a real server, until it is dropped.
pub struct Workers(Option<Pool>);

impl Workers {
    pub fn start(app: &TestApp) -> Self {
        Self(Some(Pool::start(&app.worker, 1, Stop::default()).unwrap()))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(pool) = self.0.take() {
            pool.stop();
        }
    }
}

/// Waits until the workers have brought something about.
pub fn eventually<T>(what: &str, find: impl Fn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{what} has not happened");
        std::thread::sleep(Duration::from_millis(20));
    }
}
