//! The workers: leases, attempts, cancelling, crashes, full disks, and the sweep (B3, and what B6 leaves to be erased).
//!
//! A worker that died is one that has claimed and never came back: the test claims in its place.

use std::fs;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use compliance_exports::config::ByteSize;
use compliance_exports::db::Tx;
use compliance_exports::error::Kind;
use compliance_exports::exports;
use compliance_exports::exports::queue::{self, Claim, HandedIn, Turn};
use compliance_exports::exports::rows::part_jobs::Built;
use compliance_exports::jobs::{Stop, lease};
use compliance_exports::model::{RequestId, Status};

use crate::support::events::message;
use crate::support::{Alarms, Disk, Person, TestApp};

/// Acme with its administrator and a few messages.
fn acme() -> (TestApp, Person) {
    acme_with(|_| {})
}

fn acme_with(choose: impl FnOnce(&mut compliance_exports::config::Settings)) -> (TestApp, Person) {
    let app = TestApp::start_with(choose);
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 3, "Hello");
    (app, ada)
}

fn request(app: &TestApp, by: &Person) -> RequestId {
    app.request(by, "2026-03-01", "2026-03-16")
}

/// Takes up an export that was found to wait for its plan; tells whether nobody else was quicker.
fn takes(app: &TestApp, id: RequestId) -> bool {
    lease::take(app.store(), &app.exports(), Turn::Plan(id)).unwrap().is_some()
}

/// Plans the export that has waited longest, and takes up its part.
fn claim_part(app: &TestApp) -> Claim {
    assert!(app.worker.exports.next(None, &Stop::default()).unwrap());
    let claim = app.claim().expect("a part");
    assert!(matches!(claim.task, queue::Task::Part(_)), "{claim:?}");
    claim
}

/// Hands in a part that nobody has built.
fn hand_in(app: &TestApp, claim: &Claim) -> HandedIn {
    let name = |number| format!("part-{number}.zip");
    queue::hand_in(app.store(), claim, &app.policy(), &built(claim), &name, app.now()).unwrap()
}

/// A part as nobody has built it.
fn built(claim: &Claim) -> Built {
    Built {
        number: 1,
        counts: Some(String::new()),
        kinds: String::new(),
        items: 3,
        storage_key: format!("export-1-{}-part-1.zip", claim.key),
        size: 1,
        sha256: "00".to_owned(),
        sums_sha256: "00".to_owned(),
    }
}

/// Lets the lease of every worker that says nothing run out.
fn outlive_leases(app: &TestApp) {
    app.advance(app.policy().lease + TimeDelta::microseconds(1));
}

/// Works until it has ended, waiting between attempts by the clock.
fn work_until_ended(app: &TestApp, id: RequestId) {
    for _ in 0..10 {
        app.work();
        if !matches!(app.find_request(id).status, Status::Accepted | Status::InProgress) {
            return;
        }
        app.advance(TimeDelta::minutes(5));
    }
    panic!("export {id} does not end: {:?}", app.find_request(id));
}

fn assert_failed(app: &TestApp, id: RequestId, reason: &str) {
    let request = app.find_request(id);
    assert_eq!(request.status, Status::Failed);
    let told = request.reason.unwrap();
    assert!(told.contains(reason), "{told}");
    assert_eq!(app.files(), (vec![], vec![]));
    let mails = app.take_mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains(&told), "{}", mails[0].text);
}

#[test]
fn b3_a_worker_whose_export_was_cancelled_is_told_so_and_changes_nothing() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    let claim = claim_part(&app);
    assert!(queue::heartbeat(app.store(), &claim, &app.policy(), 1).unwrap());
    app.signed_in(&ada).post(&format!("/administration/exports/{id}/cancel"), &[]);
    let cancelled = app.find_request(id);
    assert_eq!(cancelled.status, Status::Cancelled);

    assert!(!queue::heartbeat(app.store(), &claim, &app.policy(), 2).unwrap());
    assert_eq!(hand_in(&app, &claim), HandedIn::Lost);
    assert!(!queue::fail(app.store(), &claim, "no reason", app.now()).unwrap());
    assert!(!queue::release(app.store(), &claim, queue::Release::Stopping).unwrap());
    assert_eq!(app.find_request(id), cancelled);
    app.work();
    assert_eq!(app.take_mails(), []);
}

#[test]
fn b3_cancelling_ends_the_work_and_leaves_no_files() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 4_000, &"Hello. ".repeat(500));
    // On a busy machine the worker may be through before the cancelling has its turn: then once more.
    let (id, completed) = (0..20)
        .find_map(|completed| {
            let id = request(&app, &ada);
            cancel_in_the_midst(&app, &ada, id).then_some((id, completed))
        })
        .expect("an export that is slower than its cancelling");
    assert_eq!(app.find_request(id).status, Status::Cancelled);
    let (unfinished, finished) = app.files();
    assert_eq!((unfinished, finished.len()), (vec![], completed));
    app.work();
    assert_eq!(app.take_mails().len(), completed);
}

/// What a cancelled export has left is cleared away under whoever still works on it: no failure, and no alarm.
#[test]
fn b3_after_a_cancelling_the_log_has_no_false_alarm() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 1_500, &"Hello. ".repeat(100));
    let alarms = Alarms::default();
    let mut cleared = 0;
    for _ in 0..10 {
        let id = request(&app, &ada);
        assert!(app.worker.exports.next(None, &Stop::default()).unwrap(), "the plan");
        std::thread::scope(|scope| {
            let working = scope.spawn(|| alarms.hear(|| app.worker.exports.next(None, &Stop::default())));
            let patience = Instant::now() + Duration::from_secs(60);
            while app.files().0.is_empty() && !working.is_finished() {
                assert!(Instant::now() < patience, "nobody takes it up");
                std::thread::yield_now();
            }
            if compliance_exports::identity::commands::run(
                app.store(),
                compliance_exports::audit::Actor::User(ada.id),
                &compliance_exports::exports::requests::Cancel { export: id },
                app.now(),
            )
            .is_ok()
            {
                cleared += 1;
                app.worker.exports.sweep().unwrap();
            }
            assert!(working.join().unwrap().unwrap());
        });
    }
    assert!(cleared > 0);
    assert_eq!(alarms.text(), "");
}

/// Whoever loses the answer of the database hands in once more, and must not take that for a loss.
#[test]
fn b3_a_part_that_is_handed_in_again_is_noted_once() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    let claim = claim_part(&app);
    assert_eq!(hand_in(&app, &claim), HandedIn::Completed);
    let completed = app.find_request(id);
    for _ in 0..2 {
        assert_eq!(hand_in(&app, &claim), HandedIn::Completed);
    }
    assert_eq!(app.find_request(id), completed);
    app.work();
    assert_eq!(app.take_mails().len(), 1);
}

#[test]
fn b3_one_of_many_parts_that_is_handed_in_again_is_noted_once() {
    let app = TestApp::start_with(|settings| settings.exports.part_entries = 16);
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 1, "Hello");
    let days: String = (1..29)
        .map(|day| message("c1", &format!("day {day}"), &format!("2026-02-{day:02}T10:00:00Z"), "Hello"))
        .collect();
    app.record("Acme", &days);
    let id = app.request(&ada, "2026-01-01", "2026-03-16");
    let claim = claim_part(&app);
    let queue::Task::Part(job) = &claim.task else { panic!("a part") };
    assert!(job.number > 1 && job.count > 2, "{job:?}");
    let built = Built { number: job.number, ..built(&claim) };
    let hand_in = || {
        let name = |number| format!("part-{number}.zip");
        queue::hand_in(app.store(), &claim, &app.policy(), &built, &name, app.now()).unwrap()
    };
    assert_eq!([hand_in(), hand_in()], [HandedIn::Noted, HandedIn::Noted]);
    assert_eq!(app.find_request(id).items_done, 3);
    // Of what was built by nobody, only the bytes of who noted it are its own.
    let other = Built { storage_key: "export-1-other-part-2.zip".to_owned(), ..built.clone() };
    let name = |number| format!("part-{number}.zip");
    let lost = queue::hand_in(app.store(), &claim, &app.policy(), &other, &name, app.now()).unwrap();
    assert_eq!(lost, HandedIn::Lost);
}

/// Cancels an export while its only part is built; tells whether it came in time.
fn cancel_in_the_midst(app: &TestApp, by: &Person, id: RequestId) -> bool {
    assert!(app.worker.exports.next(None, &Stop::default()).unwrap(), "the plan");
    std::thread::scope(|scope| {
        let working = scope.spawn(|| app.worker.exports.next(None, &Stop::default()));
        let patience = Instant::now() + Duration::from_secs(60);
        while app.files().0.is_empty() && !working.is_finished() {
            assert!(Instant::now() < patience, "nobody takes it up");
            std::thread::yield_now();
        }
        let cancelled = compliance_exports::identity::commands::run(
            app.store(),
            compliance_exports::audit::Actor::User(by.id),
            &compliance_exports::exports::requests::Cancel { export: id },
            app.now(),
        );
        assert!(working.join().unwrap().unwrap());
        if let Err(error) = &cancelled {
            assert_eq!((error.kind(), app.find_request(id).status), (Kind::Conflict, Status::Completed), "{error}");
        }
        cancelled.is_ok()
    })
}

#[test]
fn b3_what_a_dead_worker_held_is_taken_up_again_after_its_lease() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    app.claim().unwrap();
    app.advance(app.policy().lease);
    app.work();
    assert_eq!(app.find_request(id).status, Status::InProgress, "the lease still holds");

    app.advance(TimeDelta::microseconds(1));
    app.work();
    let request = app.find_request(id);
    assert_eq!((request.status, request.attempts), (Status::Completed, 2));
    assert_eq!(app.archive(id).texts(), ["Hello"; 3]);
}

#[test]
fn b3_the_page_says_that_an_earlier_attempt_was_interrupted() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    app.claim().unwrap();
    outlive_leases(&app);
    app.claim().unwrap();
    let row = app.signed_in(&ada).get("/administration").row(id);
    assert!(row.contains("Attempt 2: an earlier one was interrupted"), "{row}");
}

#[test]
fn b3_a_heartbeat_prolongs_the_lease() {
    let (app, ada) = acme();
    request(&app, &ada);
    let claim = app.claim().unwrap();
    for _ in 0..3 {
        app.advance(app.policy().lease);
        assert!(queue::heartbeat(app.store(), &claim, &app.policy(), 1).unwrap());
    }
    assert!(app.claim().is_none());
}

#[test]
fn b3_a_worker_that_lost_its_lease_cannot_end_the_export() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    let late = claim_part(&app);
    outlive_leases(&app);
    let other = app.claim().unwrap();
    let before = app.find_request(id);

    assert!(!queue::heartbeat(app.store(), &late, &app.policy(), 3).unwrap());
    assert_eq!(hand_in(&app, &late), HandedIn::Lost);
    assert!(!queue::fail(app.store(), &late, "no reason", app.now()).unwrap());
    assert!(!queue::release(app.store(), &late, queue::Release::Stopping).unwrap());
    assert_eq!(app.find_request(id), before);

    assert_eq!(hand_in(&app, &other), HandedIn::Completed);
    app.work();
    assert_eq!(app.take_mails().len(), 1);
}

#[test]
fn b3_a_planner_that_lost_its_lease_undoes_nothing_that_another_has_planned() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    let mut late = app.claim().unwrap();
    assert!(queue::take_cut(app.store(), &mut late, app.now()).unwrap());
    outlive_leases(&app);
    // Another plans, and takes up the part.
    let part = claim_part(&app);
    let none = compliance_exports::exports::rules::slices::Slice::default();
    assert!(!queue::begin_plan(app.store(), &late).unwrap());
    assert!(!queue::add_part(app.store(), &late, 2, &none).unwrap());
    assert!(!queue::planned(app.store(), &late, 0, Default::default(), app.now()).unwrap());
    assert!(queue::release(app.store(), &part, queue::Release::Stopping).unwrap());
    app.work();
    assert_eq!(app.archive(id).texts(), ["Hello"; 3]);
}

#[test]
fn b3_after_three_attempts_it_fails_with_a_reason_and_a_mail() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    for attempt in 1..=3 {
        assert_eq!(app.claim().expect("an attempt").request.attempts, attempt);
        outlive_leases(&app);
    }
    app.work();
    assert_failed(&app, id, "The server has begun this export 3 times, and the last time it stopped unexpectedly");
    // It can be retried, with all attempts before it again.
    let browser = app.signed_in(&ada);
    assert_eq!(browser.post(&format!("/administration/exports/{id}/retry"), &[]).status, 303);
    app.work();
    let request = app.find_request(id);
    assert_eq!((request.status, request.attempts), (Status::Completed, 1));
}

#[test]
fn b3_the_number_of_attempts_is_a_setting_and_others_are_worked_on_meanwhile() {
    let (app, ada) = acme_with(|settings| settings.exports.attempts = 1);
    let dead = request(&app, &ada);
    app.claim().unwrap();
    outlive_leases(&app);
    let next = request(&app, &ada);
    // One look is enough to fail the one and to take up the other.
    assert_eq!(app.claim().unwrap().request.id, next);
    assert_eq!(app.find_request(dead).status, Status::Failed);
}

#[test]
fn b3_a_worker_that_stops_gives_the_export_back_without_counting_an_attempt() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    for _ in 0..5 {
        let claim = app.claim().expect("at once");
        assert!(queue::heartbeat(app.store(), &claim, &app.policy(), 1).unwrap());
        assert!(queue::release(app.store(), &claim, queue::Release::Stopping).unwrap());
        let request = app.find_request(id);
        assert_eq!((request.status, request.attempts, request.items_done), (Status::Accepted, 0, 0));
    }
    app.work();
    assert_eq!(app.find_request(id).status, Status::Completed);
}

#[test]
fn b3_a_worker_that_is_to_stop_begins_nothing() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    let stop = Stop::default();
    stop.ask();
    assert!(app.worker.exports.next(None, &stop).unwrap());
    let request = app.find_request(id);
    assert_eq!((request.status, request.attempts, request.cut), (Status::Accepted, 0, None));
    assert_eq!(app.files(), (vec![], vec![]));
}

#[test]
fn a_poisoned_export_fails_with_a_reason_while_those_of_others_complete() {
    let (app, ada) = acme();
    let (_, other) = app.account_with_exports_on("Brightwater");
    app.record_messages("Brightwater", "2026-03-10T10:00:00Z", 2, "Hello");
    app.run_sql("UPDATE membership_events SET at = 9000000000000000000 WHERE conversation_id = 1");
    let (poisoned, sound) = (request(&app, &ada), request(&app, &other));
    app.work();
    assert_eq!(app.find_request(sound).status, Status::Completed);
    app.take_mails();
    app.app.blobs.list().unwrap().iter().for_each(|key| app.app.blobs.delete(key).unwrap());

    // It may have been something that passes: it is tried again, later.
    assert_eq!((app.find_request(poisoned).status, app.find_request(poisoned).attempts), (Status::InProgress, 1));
    work_until_ended(&app, poisoned);
    assert_eq!(app.find_request(poisoned).attempts, 3);
    assert_failed(&app, poisoned, "ask the server's operator to look into the log for export");
    // Once it is put right, a retry completes.
    app.run_sql("UPDATE membership_events SET at = NULL");
    app.signed_in(&ada).post(&format!("/administration/exports/{poisoned}/retry"), &[]);
    app.work();
    assert_eq!(app.archive(poisoned).texts(), ["Hello"; 3]);
}

/// Between the look at the queue and the look at the export itself, another worker has taken it up.
#[test]
fn b3_of_two_workers_that_found_the_same_export_one_gets_it() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    assert_eq!((takes(&app, id), takes(&app, id)), (true, false), "a queued one");
    outlive_leases(&app);
    assert_eq!((takes(&app, id), takes(&app, id)), (true, false), "one whose worker died");
}

/// Whoever holds a request for a moment (or for long, being slow) keeps nobody from another's work.
#[test]
fn b3_on_postgresql_a_request_that_another_has_locked_is_passed_over() {
    let (app, ada) = acme();
    if !app.is_postgres() {
        return;
    }
    let (_, other) = app.account_with_exports_on("Brightwater");
    let (first, second) = (request(&app, &ada), app.request(&other, "2026-03-01", "2026-03-16"));
    let locked = |id: RequestId, then: &dyn Fn()| {
        let lock = |tx: &mut Tx<'_>| {
            exports::rows::exports::lock(tx, id)?.expect("a request");
            then();
            Ok(())
        };
        app.store().write(lock).unwrap();
    };
    let claim = || {
        let begun = Instant::now();
        let claim = app.claim();
        assert!(begun.elapsed() < Duration::from_secs(2), "it has waited");
        claim.map(|claim| (claim.request.id, matches!(claim.task, queue::Task::Plan)))
    };
    locked(first, &|| assert_eq!(claim(), Some((second, true))));
    // Nothing is left but what is locked: found again by the next look.
    locked(first, &|| assert_eq!(claim(), None));
    assert_eq!(claim(), Some((first, true)));
}

/// A worker that clears away what an ended export has left must not find the jobs of its next attempt.
#[test]
fn b3_what_is_in_progress_again_is_not_cleared_away() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    let idle = || !app.store().write(|tx| exports::rows::exports::lock(tx, id)).unwrap().unwrap().is_in_progress();
    assert!(idle(), "it waits");
    let claim = claim_part(&app);
    assert!(!idle(), "it is in progress");
    assert!(queue::fail(app.store(), &claim, "no reason", app.now()).unwrap());
    assert!(idle(), "it has failed");
    app.signed_in(&ada).post(&format!("/administration/exports/{id}/retry"), &[]);
    assert!(idle(), "it waits again");
    app.work();
    assert_eq!(app.archive(id).texts(), ["Hello"; 3]);
}

#[test]
fn two_workers_share_the_queue_without_double_work() {
    let (app, ada) = acme();
    let (_, other) = app.account_with_exports_on("Brightwater");
    app.record_messages("Brightwater", "2026-03-10T10:00:00Z", 2, "Hello");
    let ids = [&ada, &other, &ada, &other].map(|person| request(&app, person));
    let open = || ids.iter().any(|id| app.find_request(*id).status != Status::Completed);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let worker = app.app.worker().unwrap();
                let patience = Instant::now() + Duration::from_secs(60);
                while open() {
                    worker.exports.next(None, &Stop::default()).unwrap();
                    assert!(Instant::now() < patience, "the queue is not drained");
                }
            });
        }
    });
    for id in ids {
        assert_eq!(app.find_request(id).attempts, 1);
    }
    let (unfinished, finished) = app.files();
    assert_eq!((unfinished.len(), finished.len()), (0, 4));
    app.work();
    assert_eq!(app.take_mails().len(), 4);
}

#[test]
fn the_sweep_removes_what_dead_workers_left_and_nothing_of_live_ones() {
    let (app, ada) = acme();
    if !app.has_folder() {
        return;
    }
    request(&app, &ada);
    let dead = app.claim().unwrap();
    outlive_leases(&app);
    request(&app, &ada);
    let (live, other) = (app.claim().unwrap(), app.claim().unwrap());
    assert_eq!(live.request.id, dead.request.id);
    let archives = app.app.settings.data_dir.join("archives");
    let blob_of = |key: &str| format!("export-{}-{key}-part-1.zip", dead.request.id);
    for key in [&dead.key, &live.key, &other.key] {
        let folder = app.work_folder().join(key);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("part-1.zip"), "half of it").unwrap();
        // Moved into place, and not yet noted.
        fs::write(archives.join(blob_of(key)), "all of it").unwrap();
    }
    let unknown = blob_of(&compliance_exports::keys::new_key());
    fs::write(archives.join(&unknown), "left over").unwrap();
    app.worker.exports.sweep().unwrap();

    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let (unfinished, finished) = app.files();
    assert_eq!(sorted(unfinished), sorted(vec![live.key.clone(), other.key.clone()]));
    assert_eq!(sorted(finished), sorted(vec![blob_of(&live.key), blob_of(&other.key)]));
    // What was finished once is not erased because nobody knows it.
    let quarantined: Vec<_> = app.app.blobs.list_quarantined().unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(quarantined, sorted(vec![blob_of(&dead.key), unknown]));
}

/// Files are put back by a process of its own (`export --again 7 --restore`), which may be killed.
#[test]
fn the_sweep_removes_what_a_killed_restore_left_and_nothing_that_one_holds() {
    let (app, _) = acme();
    let folder = |name: &str| {
        let folder = app.work_folder().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("held"), "").unwrap();
        let an_hour_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
        fs::File::open(&folder).unwrap().set_modified(an_hour_ago).unwrap();
        folder
    };
    let (dead, live) = (folder("again-dead"), folder("again-live"));
    let held = fs::File::open(live.join("held")).unwrap();
    held.lock().unwrap();
    // A moment ago: it may not be held yet.
    let young = app.work_folder().join("again-young");
    fs::create_dir(&young).unwrap();
    app.worker.exports.sweep().unwrap();
    assert_eq!((dead.exists(), live.exists(), young.exists()), (false, true, true));
    drop(held);
    app.worker.exports.sweep().unwrap();
    assert!(!live.exists());
}

#[test]
fn the_sweep_leaves_finished_archives_alone() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    app.work();
    for _ in 0..29 {
        app.advance(TimeDelta::days(1));
        app.worker.exports.sweep().unwrap();
    }
    assert_eq!(app.archive(id).texts(), ["Hello"; 3]);
}

#[test]
fn the_sweep_leaves_alone_what_is_not_ours_and_is_not_stopped_by_it() {
    let (app, ada) = acme();
    if !app.has_folder() {
        return;
    }
    let id = request(&app, &ada);
    app.work();
    let archives = app.app.settings.data_dir.join("archives");
    let not_ours = [app.work_folder().join(".DS_Store"), archives.join(".DS_Store"), archives.join("copy of 7.zip")];
    for file in &not_ours {
        fs::write(file, "").unwrap();
    }
    fs::create_dir(archives.join("lost+found")).unwrap();
    app.advance(TimeDelta::days(31));
    app.worker.exports.sweep().unwrap();
    assert_eq!(app.find_request(id).status, Status::Expired);
    assert!(not_ours.iter().all(|file| file.exists()));
    assert_eq!(app.files().1.iter().filter(|name| name.starts_with("export-")).count(), 0);
}

#[test]
fn a_restart_goes_on_and_sweeps_up() {
    let (app, ada) = acme();
    let id = request(&app, &ada);
    let dead = app.claim().unwrap();
    fs::create_dir(app.work_folder().join(&dead.key)).unwrap();
    outlive_leases(&app);
    // A new process has a worker of its own.
    let worker = app.app.worker().unwrap();
    while worker.exports.next(None, &Stop::default()).unwrap() {}
    worker.exports.sweep().unwrap();
    assert_eq!(app.files().0, [""; 0]);
    assert_eq!(app.archive(id).texts(), ["Hello"; 3]);
}

#[test]
fn what_does_not_fit_on_the_disk_fails_in_words_about_it_and_leaves_nothing_behind() {
    let (app, ada) = acme_with(|settings| settings.exports.keep_free = ByteSize::bytes(1 << 60));
    let id = request(&app, &ada);
    work_until_ended(&app, id);
    assert_failed(&app, id, "There is not enough disk space on the server");
    let row = app.signed_in(&ada).get("/administration").row(id);
    assert!(row.contains("Ask the server's operator to free some, then retry. Retry"), "{row}");
}

#[test]
fn a_work_folder_that_was_removed_is_made_again() {
    let (app, ada) = acme();
    fs::remove_dir(app.work_folder()).unwrap();
    app.worker.exports.sweep().unwrap();
    fs::remove_dir_all(app.work_folder()).unwrap();
    let id = request(&app, &ada);
    app.work();
    assert_eq!(app.find_request(id).status, Status::Completed);
}

#[test]
fn a_work_folder_that_cannot_be_written_fails_the_export_with_a_reason() {
    let (app, ada) = acme();
    // Root may write anywhere, but not below a file.
    fs::remove_dir(app.work_folder()).unwrap();
    fs::write(app.work_folder(), "").unwrap();
    let id = request(&app, &ada);
    work_until_ended(&app, id);
    fs::remove_file(app.work_folder()).unwrap();
    fs::create_dir(app.work_folder()).unwrap();
    assert_failed(&app, id, "Something went wrong on the server.");
}

#[test]
fn a_full_disk_fails_the_export_leaves_nothing_behind_and_a_retry_completes() {
    let mut disk = None;
    let app = TestApp::start_with(|settings| {
        settings.exports.keep_free = ByteSize::bytes(0);
        disk = Disk::mount(&settings.data_dir, "3m");
    });
    let Some(disk) = disk else { return };
    let (_, ada) = app.account_with_exports_on("Acme");
    // Text that no compression makes small.
    let text: String = (0..2_000).map(|_| compliance_exports::keys::new_key()).collect();
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 60, &text);
    let id = request(&app, &ada);
    app.work();
    assert_failed(&app, id, "The server's disk is full. Ask the server's operator to free some space, then retry.");

    disk.remount("size=100m");
    app.signed_in(&ada).post(&format!("/administration/exports/{id}/retry"), &[]);
    app.work();
    assert_eq!(app.archive(id).items().len(), 60);
}
