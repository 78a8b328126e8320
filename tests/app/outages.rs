//! A database that goes away for a moment: what was done is not lost, and what is told of it is true (B3, B5).

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use compliance_exports::config::DatabaseUrl;
use compliance_exports::db::postgres::PgConnection;
use compliance_exports::jobs::Stop;
use compliance_exports::model::{RequestId, Status};
use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl};

use crate::support::events::message;
use crate::support::{Person, TestApp};

const ACCOUNTS: [&str; 4] = ["Acme", "Brightwater", "Culver", "Dunmore"];
const DAYS: u32 = 60;

fn app() -> (TestApp, Vec<Person>) {
    let app = TestApp::start_with(|settings| {
        settings.exports.part_entries = 16;
        settings.exports.max_open_per_account = 10;
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
    (app, people)
}

/// Ends some of the connections to this database but its own, as a restart or a broken network does, until `ended`.
fn end_connections(url: &str, ended: &AtomicBool) -> usize {
    let mut connection = PgConnection::establish(url).unwrap();
    let mut times = 0;
    while !ended.load(Ordering::SeqCst) {
        let some = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name <> 'looks' AND random() < 0.3;
            SELECT pg_sleep(0.02 + random() * 0.1)";
        connection.batch_execute(some).unwrap();
        times += 1;
    }
    times
}

/// Only PostgreSQL has connections that are lost.
#[test]
fn b3_connections_that_end_at_any_moment_cost_no_part() {
    let (app, people) = app();
    let DatabaseUrl::Postgres(url) = app.app.settings.database_url() else { return };
    let ids: Vec<RequestId> =
        (0..3).flat_map(|_| &people).map(|person| app.request(person, "2025-12-01", "2026-03-16")).collect();
    let ended = AtomicBool::new(false);
    // Not one that is ended.
    let url = format!("{}?application_name=looks", url.expose());
    let mut looks = PgConnection::establish(&url).unwrap();
    let mut open = || {
        let open = "(SELECT count(*) FROM export_requests WHERE status IN ('Accepted', 'InProgress'))";
        let open = diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(open));
        open.get_result::<i64>(&mut looks).unwrap() > 0
    };
    let workers = [(); 3].map(|()| app.app.worker().unwrap());
    let times = thread::scope(|scope| {
        let ended = &ended;
        let ending = scope.spawn(|| end_connections(&url, ended));
        for worker in workers {
            scope.spawn(move || {
                while !ended.load(Ordering::SeqCst) {
                    // What the queue itself meets is told in the log, and it goes on.
                    let _met = worker.exports.next(None, &Stop::default());
                }
            });
        }
        let patience = Instant::now() + Duration::from_secs(240);
        while open() && Instant::now() < patience {
            thread::yield_now();
        }
        ended.store(true, Ordering::SeqCst);
        ending.join().unwrap()
    });
    assert!(times > 10, "{times}");
    for id in ids {
        let request = app.find_request(id);
        assert_eq!((request.status, request.attempts), (Status::Completed, 1), "{request:?}");
        assert_eq!(app.archive(id).items().len(), usize::try_from(DAYS).unwrap());
    }
    app.worker.exports.sweep().unwrap();
    app.work();
    assert_eq!(app.take_mails().len(), 3 * ACCOUNTS.len());
    assert_eq!(app.files().0, [""; 0]);
}
