//! What an operator's server meets: disks full or read-only, a database that others hold, rows that can't be read. The
//! export concerned fails with a reason or completes later; pages and the exports of others go on.
//!
//! What the workers do by themselves (leases, attempts, the sweep) is tested in `work`.

use std::fs;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use compliance_exports::config::{ByteSize, DatabaseUrl};
use compliance_exports::db::postgres::PgConnection;
use compliance_exports::error::Kind;
use compliance_exports::jobs::Stop;
use compliance_exports::model::{RequestId, Status};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use crate::support::{Disk, Person, TestApp};

const MARCH: (&str, &str) = ("2026-03-01", "2026-03-16");

/// An account with its administrator and a few messages.
fn account(app: &TestApp, name: &str) -> Person {
    let (_, ada) = app.account_with_exports_on(name);
    app.record_messages(name, "2026-03-10T10:00:00Z", 3, "Hello");
    ada
}

fn request(app: &TestApp, by: &Person) -> RequestId {
    app.request(by, MARCH.0, MARCH.1)
}

/// Works on what is queued, with all its attempts.
fn work_to_the_end(app: &TestApp) {
    for _ in 0..10 {
        app.work();
        app.advance(TimeDelta::minutes(5));
    }
}

/// It failed, said why and who can help, and left nothing behind.
fn assert_failed(app: &TestApp, id: RequestId, archives: usize) {
    let request = app.find_request(id);
    assert_eq!(request.status, Status::Failed);
    let reason = request.reason.unwrap();
    assert!(reason.contains("server's operator"), "{reason}");
    let mails = app.take_mails();
    assert!(mails.iter().any(|mail| mail.text.contains(&reason)), "{mails:?}");
    let (unfinished, finished) = app.files();
    assert_eq!((unfinished.len(), finished.len()), (0, archives));
}

/// Once it is put right, a retry completes.
fn assert_retry_completes(app: &TestApp, id: RequestId, by: &Person) {
    assert_eq!(app.signed_in(by).post(&format!("/administration/exports/{id}/retry"), &[]).status, 303);
    app.work();
    assert_eq!(app.archive(id).texts(), ["Hello"; 3]);
}

#[test]
fn while_the_databases_disk_is_full_pages_open_and_what_is_queued_completes_when_there_is_room() {
    let (mut disk, mut sqlite) = (None, false);
    let app = TestApp::start_with(|settings| {
        sqlite = matches!(settings.database_url(), DatabaseUrl::Sqlite(_));
        if sqlite {
            let folder = settings.data_dir.join("database");
            disk = Disk::mount(&folder, "4m");
            settings.set_database_url(DatabaseUrl::Sqlite(folder.join("test.db")));
        }
    });
    // PostgreSQL's disk is its own business.
    let Some(disk) = disk else { return };
    let ada = account(&app, "Acme");
    let id = request(&app, &ada);
    let browser = app.signed_in(&ada);
    let form_key = browser.get("/administration/exports/new").field("form_key").unwrap();
    // Empties the log, in which there would be room left.
    app.worker.exports.sweep().unwrap();
    disk.fill();

    let error = app.worker.exports.next(None, &Stop::default()).unwrap_err();
    assert!(error.message().contains("disk is full"), "{error}");
    assert!(browser.get("/administration").row(id).contains("Queued"));
    let days = [("first_day", MARCH.0), ("last_day", MARCH.1), ("form_key", &*form_key)];
    let page = browser.post("/administration/exports", &days);
    assert_eq!(page.status, 503);
    assert!(page.text().contains("The server's disk is full. Please ask its operator to free some space."));

    disk.free();
    assert_eq!(browser.post("/administration/exports", &days).status, 303);
    app.work();
    assert_eq!(app.archive(id).texts(), ["Hello"; 3]);
    assert_eq!(app.archive(id + 1).texts(), ["Hello"; 3]);
    assert_eq!(app.take_mails().len(), 2);
}

#[test]
fn a_read_only_data_folder_fails_exports_while_finished_ones_can_be_downloaded() {
    let mut disk = None;
    let app = TestApp::start_with(|settings| {
        settings.exports.keep_free = ByteSize::bytes(0);
        disk = Disk::mount(&settings.data_dir, "20m");
    });
    let Some(disk) = disk else { return };
    let ada = account(&app, "Acme");
    let finished = request(&app, &ada);
    app.work();
    app.take_mails();

    disk.remount("ro");
    let id = request(&app, &ada);
    work_to_the_end(&app);
    let reason = app.find_request(id).reason.unwrap();
    assert!(reason.contains("can't write to its data folder"), "{reason}");
    assert_failed(&app, id, 1);
    let download = app.signed_in(&ada).get(&format!("/administration/exports/{finished}/parts/1"));
    assert_eq!(download.status, 200);
    app.advance(TimeDelta::days(31));
    app.worker.exports.sweep().unwrap();
    assert_eq!(app.find_request(finished).status, Status::Expired);
    assert_eq!(app.files().1.len(), 1, "can't be erased yet");

    disk.remount("rw");
    app.worker.exports.sweep().unwrap();
    assert_eq!(app.files().1.len(), 0);
    assert_retry_completes(&app, id, &ada);
}

#[test]
fn an_archives_folder_that_is_none_fails_exports_with_a_reason() {
    let app = TestApp::start();
    let ada = account(&app, "Acme");
    let archives = app.app.settings.data_dir.join("archives");
    fs::remove_dir(&archives).unwrap();
    // Root may write anywhere, but not below a file.
    fs::write(&archives, "").unwrap();
    let id = request(&app, &ada);
    work_to_the_end(&app);
    fs::remove_file(&archives).unwrap();
    fs::create_dir(&archives).unwrap();
    assert_failed(&app, id, 0);
    assert_retry_completes(&app, id, &ada);
}

/// Another process holds what every change of the queue needs, until this is dropped.
enum Lock {
    Sqlite { _connection: SqliteConnection },
    Postgres { _connection: Box<PgConnection> },
}

impl Lock {
    fn take(app: &TestApp) -> Self {
        match app.app.settings.database_url() {
            DatabaseUrl::Sqlite(path) => {
                let mut connection = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
                connection.batch_execute("PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE").unwrap();
                Self::Sqlite { _connection: connection }
            }
            DatabaseUrl::Postgres(url) => {
                let mut connection = PgConnection::establish(url.expose()).unwrap();
                let lock = "BEGIN; LOCK TABLE export_requests, export_parts, part_jobs IN EXCLUSIVE MODE";
                connection.batch_execute(lock).unwrap();
                Self::Postgres { _connection: Box::new(connection) }
            }
        }
    }
}

#[test]
fn while_the_database_is_locked_pages_open_and_what_is_queued_waits() {
    let app = TestApp::start_with(|settings| settings.database.busy_timeout_ms = 100);
    let ada = account(&app, "Acme");
    let id = request(&app, &ada);
    let browser = app.signed_in(&ada);
    let form_key = browser.get("/administration/exports/new").field("form_key").unwrap();
    let days = [("first_day", MARCH.0), ("last_day", MARCH.1), ("form_key", &*form_key)];

    let lock = Lock::take(&app);
    assert_eq!(app.worker.exports.next(None, &Stop::default()).unwrap_err().kind(), Kind::Unavailable);
    assert!(browser.get("/administration").row(id).contains("Queued"));
    let page = browser.post("/administration/exports", &days);
    assert_eq!(page.status, 503);
    assert!(page.text().contains("The database is busy. Please try again in a moment."));
    drop(lock);

    assert_eq!(browser.post("/administration/exports", &days).status, 303);
    app.work();
    assert_eq!(app.archive(id).texts(), ["Hello"; 3]);
    assert_eq!(app.find_request(id).attempts, 1);
    assert_eq!(app.archive(id + 1).texts(), ["Hello"; 3]);
}

#[test]
fn an_export_during_which_the_database_is_locked_completes_afterwards() {
    let app = TestApp::start_with(|settings| settings.database.busy_timeout_ms = 100);
    let ada = account(&app, "Acme");
    let (_, bo) = app.account_with_exports_on("Brightwater");
    app.record_messages("Brightwater", "2026-03-10T10:00:00Z", 4_000, "Hello");
    let id = request(&app, &bo);
    let worker = app.worker.clone().with_patience(Duration::ZERO);
    std::thread::scope(|scope| {
        let working = scope.spawn(|| worker.run_pending());
        let patience = Instant::now() + Duration::from_secs(60);
        while app.find_request(id).status != Status::InProgress {
            assert!(Instant::now() < patience, "nobody takes it up");
            std::thread::yield_now();
        }
        let lock = Lock::take(&app);
        // However it takes the lock: it does not wait for ever, and does not take the thread down.
        let _outcome = working.join().unwrap();
        drop(lock);
    });
    let other = request(&app, &ada);
    work_to_the_end(&app);
    app.worker.exports.sweep().unwrap();
    assert_eq!(app.archive(id).items().len(), 4_000);
    assert_eq!(app.archive(other).items().len(), 3);
    let (unfinished, finished) = app.files();
    assert_eq!((unfinished.len(), finished.len()), (0, 2));
    assert_eq!(app.take_mails().len(), 2);
}

#[test]
fn rows_that_cannot_be_read_fail_the_export_they_belong_to_and_no_other() {
    for poison in [
        "UPDATE items SET details = '{not JSON' WHERE external_id = 'm2' AND conversation_id = 1",
        "UPDATE items SET attachments = 'none' WHERE external_id = 'm2' AND conversation_id = 1",
        "UPDATE items SET kind = 'Poem' WHERE external_id = 'm2' AND conversation_id = 1",
        "UPDATE conversations SET kind = 'Choir' WHERE id = 1",
    ] {
        let app = TestApp::start();
        let (ada, bo) = (account(&app, "Acme"), account(&app, "Brightwater"));
        app.run_sql(poison);
        let (poisoned, sound) = (request(&app, &ada), request(&app, &bo));
        work_to_the_end(&app);
        assert_failed(&app, poisoned, 1);
        assert_eq!(app.archive(sound).texts(), ["Hello"; 3]);
    }
}

/// What a request's row may say that no version wrote.
const UNREADABLE: [&str; 3] = ["time_zone = 'Mars/Olympus'", "first_day = 'yesterday'", "last_day = ''"];

#[test]
fn a_request_of_unknown_status_holds_up_nobody() {
    let app = TestApp::start();
    let (ada, bo) = (account(&app, "Acme"), account(&app, "Brightwater"));
    let (poisoned, sound) = (request(&app, &ada), request(&app, &bo));
    app.run_sql(&format!("UPDATE export_requests SET status = 'Dreaming' WHERE id = {poisoned}"));
    app.work();
    app.worker.exports.sweep().unwrap();
    assert_eq!(app.archive(sound).texts(), ["Hello"; 3]);
}

#[test]
fn a_request_that_cannot_be_read_does_not_hold_up_those_of_others() {
    for poison in UNREADABLE {
        let app = TestApp::start();
        let (ada, bo) = (account(&app, "Acme"), account(&app, "Brightwater"));
        let (poisoned, sound) = (request(&app, &ada), request(&app, &bo));
        app.run_sql(&format!("UPDATE export_requests SET {poison} WHERE id = {poisoned}"));
        for _ in 0..10 {
            // It may fail as often as it has attempts.
            let _failed = app.worker.run_pending();
            app.advance(TimeDelta::minutes(5));
        }
        assert_eq!(app.archive(sound).texts(), ["Hello"; 3], "{poison}");
        assert_eq!(app.signed_in(&bo).get("/administration").status, 200);
    }
}

#[test]
fn a_request_that_cannot_be_read_does_not_keep_others_from_being_erased() {
    for poison in UNREADABLE {
        let app = TestApp::start();
        let (ada, bo) = (account(&app, "Acme"), account(&app, "Brightwater"));
        let (poisoned, sound) = (request(&app, &ada), request(&app, &bo));
        app.work();
        app.run_sql(&format!("UPDATE export_requests SET {poison} WHERE id = {poisoned}"));
        app.advance(TimeDelta::days(31));
        let _failed = app.worker.exports.sweep();
        assert_eq!(app.find_request(sound).status, Status::Expired, "{poison}");
        assert!(app.files().1.len() <= 1, "{poison}");
    }
}

#[test]
fn a_request_that_cannot_be_read_does_not_take_the_administration_page_away() {
    for poison in UNREADABLE {
        let app = TestApp::start();
        let ada = account(&app, "Acme");
        let (poisoned, sound) = (request(&app, &ada), request(&app, &ada));
        let browser = app.signed_in(&ada);
        app.run_sql(&format!("UPDATE export_requests SET {poison} WHERE id = {poisoned}"));
        let page = browser.get("/administration");
        assert_eq!(page.status, 200, "{poison}");
        assert!(page.row(sound).contains("Queued"));
    }
}
