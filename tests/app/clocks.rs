//! Clocks that are wrong: of one machine among several, and of the database when it is put back (B3, B5).
//!
//! The fixed clock of a test stands for the database's; a machine that is off has the same one, skewed.

use chrono::{TimeDelta, Utc};
use compliance_exports::app::App;
use compliance_exports::audit::Actor;
use compliance_exports::clock::Clock;
use compliance_exports::db::{PoolOptions, Store};
use compliance_exports::exports::queue::{self, Claim, Release, Task};
use compliance_exports::exports::request::Draft;
use compliance_exports::exports::rows::mails::Unsent;
use compliance_exports::exports::{mails, requests};
use compliance_exports::identity::commands;
use compliance_exports::jobs::Stop;
use compliance_exports::jobs::attempts::{Failure, Trouble};
use compliance_exports::jobs::lease::Settled;
use compliance_exports::mail::transport::Transport;
use compliance_exports::model::{MailTrouble, RequestId, Status};
use compliance_exports::worker::Worker;

use crate::support::{Person, TestApp};

const INSTANT: TimeDelta = TimeDelta::microseconds(1);

fn acme() -> (TestApp, Person) {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 3, "Hello");
    (app, ada)
}

fn request(app: &TestApp, by: &Person) -> RequestId {
    app.request(by, "2026-03-01", "2026-03-15")
}

/// The same application on a machine whose clock is so much ahead.
fn machine(app: &TestApp, ahead: TimeDelta) -> (App, Worker) {
    let clock = app.clock.skewed(ahead);
    let app = App { store: app.app.store.clone().with_clock(clock.clone()), clock, ..app.app.clone() };
    let worker = app.worker().unwrap().with_transport(Transport::Memory(std::sync::Arc::default()));
    (app, worker)
}

fn claim_on(app: &App, of: &TestApp) -> Option<Claim> {
    queue::claim(&app.store, &of.policy(), None, app.clock.now()).unwrap()
}

/// Takes up the plan, and then, planned by a worker, the part.
fn claims(app: &TestApp, plan: bool, claim: impl Fn() -> Option<Claim>) -> Claim {
    if !plan {
        assert!(app.worker.exports.next(None, &Stop::default()).unwrap());
    }
    let claim = claim().expect("a claim");
    assert_eq!(matches!(claim.task, Task::Plan), plan);
    claim
}

const OFF: [TimeDelta; 4] = [TimeDelta::minutes(5), TimeDelta::minutes(-5), TimeDelta::days(2), TimeDelta::days(-2)];

#[test]
fn b3_a_machine_whose_clock_is_off_takes_nothing_from_those_who_live() {
    for (off, plan) in OFF.iter().flat_map(|off| [(*off, true), (*off, false)]) {
        let (app, ada) = acme();
        let (_, other) = machine(&app, off);
        let id = request(&app, &ada);
        let claim = claims(&app, plan, || app.claim());
        for _ in 0..3 {
            app.advance(app.policy().lease);
            assert!(!other.exports.next(None, &Stop::default()).unwrap(), "{off} {plan}");
            assert!(queue::heartbeat(app.store(), &claim, &app.policy(), 0).unwrap());
        }
        // And what a dead one has left is taken up as soon as by any other.
        app.advance(app.policy().lease + INSTANT);
        assert!(other.exports.next(None, &Stop::default()).unwrap());
        app.work();
        assert_eq!(app.find_request(id).status, Status::Completed);
    }
}

#[test]
fn b3_what_a_machine_whose_clock_is_off_has_left_waits_no_longer_than_any_other() {
    for (off, plan) in OFF.iter().flat_map(|off| [(*off, true), (*off, false)]) {
        let (app, ada) = acme();
        let (off_app, _) = machine(&app, off);
        let id = request(&app, &ada);
        claims(&app, plan, || claim_on(&off_app, &app));
        assert!(app.claim().is_none());
        app.advance(app.policy().lease + INSTANT);
        app.work();
        assert_eq!(app.archive(id).items().len(), 3, "{off} {plan}");
    }
}

#[test]
fn b3_what_a_machine_whose_clock_is_off_asks_for_or_puts_off_waits_as_long_as_it_should() {
    for off in OFF {
        let (app, ada) = acme();
        let (off_app, _) = machine(&app, off);
        let draft = Draft { first_day: "2026-03-01", last_day: "2026-03-10", ..Draft::default() };
        let policy = app.app.state().policy;
        let command = draft.parse("key", policy.max_open).unwrap();
        let id = commands::run(&off_app.store, Actor::User(ada.id), &command, off_app.clock.now()).unwrap();
        let claim = app.claim().expect("at once");
        let wait = TimeDelta::seconds(30);
        assert!(queue::release(&off_app.store, &claim, Release::Later(wait)).unwrap());
        app.advance(wait - INSTANT);
        assert!(app.claim().is_none());
        app.advance(INSTANT);
        let claim = app.claim().expect("after its wait");
        assert!(queue::fail(&off_app.store, &claim, "no reason", off_app.clock.now()).unwrap());
        commands::run(
            &off_app.store,
            Actor::User(ada.id),
            &requests::Retry { export: id, max_open: policy.max_open },
            off_app.clock.now(),
        )
        .unwrap();
        app.work();
        assert_eq!(app.find_request(id).status, Status::Completed);
        assert_eq!(app.take_mails().len(), 2);
    }
}

#[test]
fn b5_a_machine_whose_clock_is_off_sends_no_mail_that_another_is_sending() {
    for off in OFF {
        let (app, ada) = acme();
        let (off_app, off_worker) = machine(&app, off);
        app.fail(&ada, "no reason");
        let ours = mails::claim(app.store(), app.now()).unwrap().expect("a mail");
        assert!(!off_worker.mails.next().unwrap(), "{off}");
        mails::sent(app.store(), &ours, app.now()).unwrap();
        app.fail(&ada, "no reason");
        mails::claim(&off_app.store, off_app.clock.now()).unwrap().expect("a mail");
        app.work();
        assert_eq!(app.take_mails(), []);
        app.advance(TimeDelta::seconds(30) + INSTANT);
        app.work();
        assert_eq!(app.take_mails().len(), 1, "{off}");
    }
}

/// Two days ahead, until it is put right.
const AHEAD: TimeDelta = TimeDelta::days(2);

#[test]
fn b3_a_lease_that_was_taken_before_the_clock_was_put_back_does_not_hold_an_export() {
    for plan in [true, false] {
        let (app, ada) = acme();
        let id = request(&app, &ada);
        app.advance(AHEAD);
        claims(&app, plan, || app.claim());
        app.advance(-AHEAD);
        assert!(!app.worker.exports.next(None, &Stop::default()).unwrap(), "it may live");
        app.advance(app.policy().lease + INSTANT);
        app.work();
        assert_eq!((app.find_request(id).status, app.find_request(id).attempts), (Status::Completed, 2));
    }
}

#[test]
fn b3_a_worker_that_lives_while_the_clock_is_put_back_keeps_its_work() {
    for (plan, by) in [true, false].into_iter().flat_map(|plan| [(plan, AHEAD), (plan, TimeDelta::seconds(3))]) {
        let (app, ada) = acme();
        request(&app, &ada);
        app.advance(AHEAD);
        let claim = claims(&app, plan, || app.claim());
        app.advance(-by);
        for _ in 0..3 {
            assert!(!app.worker.exports.next(None, &Stop::default()).unwrap());
            app.advance(app.policy().lease);
            assert!(!app.worker.exports.next(None, &Stop::default()).unwrap());
            assert!(queue::heartbeat(app.store(), &claim, &app.policy(), 0).unwrap());
        }
    }
}

#[test]
fn b3_what_was_put_off_before_the_clock_was_put_back_waits_no_longer() {
    for plan in [true, false] {
        let (app, ada) = acme();
        let id = request(&app, &ada);
        app.advance(AHEAD);
        let claim = claims(&app, plan, || app.claim());
        assert!(queue::release(app.store(), &claim, Release::Later(TimeDelta::seconds(30))).unwrap());
        app.advance(-AHEAD);
        app.work();
        assert_eq!(app.find_request(id).status, Status::Completed);
    }
}

#[test]
fn b5_no_mail_waits_for_a_clock_that_was_put_back() {
    let (app, ada) = acme();
    app.fail(&ada, "no reason");
    // One whose sender died, and one that could not leave for a day.
    app.advance(AHEAD);
    mails::claim(app.store(), app.now()).unwrap().expect("a mail");
    app.advance(-AHEAD);
    assert!(!app.worker.mails.next().unwrap(), "it may be on its way");
    app.advance(TimeDelta::seconds(30) + INSTANT);
    app.work();
    assert_eq!(app.take_mails().len(), 1);

    app.fail(&ada, "no reason");
    app.advance(AHEAD);
    let claim = mails::claim(app.store(), app.now()).unwrap().expect("a mail");
    let why = Unsent { trouble: MailTrouble::Unreachable, error: "nobody answers".to_owned() };
    let failure = Failure { trouble: Trouble::Unknown, why };
    assert!(matches!(mails::not_sent(app.store(), &claim, &failure, app.now()).unwrap(), Settled::Later(_)));
    app.advance(-AHEAD);
    app.work();
    assert_eq!(app.take_mails().len(), 1);
}

/// Without a fixed clock it is the database's machine that tells the time: this one, however wrong this process has it.
#[test]
fn the_time_of_leases_is_not_that_of_the_process() {
    let app = TestApp::start();
    let store = Store::open(&app.app.settings.database_url(), PoolOptions::default()).unwrap();
    let store = store.with_clock(Clock::default().skewed(TimeDelta::minutes(5)));
    let told = store.read(|c| store.time(c)).unwrap();
    let off = told.to_utc() - Utc::now();
    assert!(off.abs() < TimeDelta::minutes(1), "{off}");
}
