//! Mail about exports (B5): what it says, and that it leaves once and only with what it tells.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use compliance_exports::config::{Overrides, Settings};
use compliance_exports::exports::mails;
use compliance_exports::jobs::{Stop, lease};
use compliance_exports::mail::transport::{Outgoing, Transport};
use compliance_exports::model::{RequestId, Status};
use compliance_exports::worker::Worker;

use crate::support::{Person, TestApp};

fn acme() -> (TestApp, Person) {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 1_200, "Hello");
    (app, ada)
}

fn completed(app: &TestApp, by: &Person) -> RequestId {
    let id = app.request(by, "2026-03-01", "2026-03-16");
    app.build();
    assert_eq!(app.find_request(id).status, Status::Completed);
    id
}

/// A mail as text, without what differs from run to run.
fn told(app: &TestApp, mail: &Outgoing) -> String {
    let Outgoing { message_id, from, to, subject, text, html } = mail;
    let all =
        format!("Message-ID: {message_id}\nFrom: {from}\nTo: {to}\nSubject: {subject}\n\n{text}\n----------\n{html}");
    let size = regex::Regex::new(r"(Size:\s+)[\d.]+ kB").unwrap();
    size.replace_all(&all.replace(&app.address, "http://SERVER"), "${1}SIZE").into_owned()
}

/// The one mail that leaves now.
fn the_mail(app: &TestApp) -> Outgoing {
    app.work();
    let mut mails = app.take_mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails.remove(0)
}

/// The addresses that a mail leads to.
fn links(mail: &Outgoing) -> Vec<String> {
    let address = regex::Regex::new(r#"https?://[^\s"<>]+"#).unwrap();
    let mut links: Vec<String> = [&mail.text, &mail.html]
        .iter()
        .flat_map(|text| address.find_iter(text))
        .map(|found| found.as_str().to_owned())
        .collect();
    links.dedup();
    links
}

#[test]
fn b5_a_completed_export_is_told_with_a_link_to_the_page_and_none_to_the_data() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    let mail = the_mail(&app);
    insta::assert_snapshot!(told(&app, &mail));
    assert_eq!(links(&mail), [format!("{}/administration/exports/{id}", app.address)]);
}

#[test]
fn b5_a_failed_export_is_told_with_its_reason() {
    let (app, ada) = acme();
    app.fail(
        &ada,
        "The check of completeness failed: in Team_Chats/Harbour - 1 3 items were counted, but 2 were written.",
    );
    insta::assert_snapshot!(told(&app, &the_mail(&app)));
}

#[test]
fn b5_the_link_leads_to_the_sign_in_page_and_from_there_to_the_export() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    let link = links(&the_mail(&app))[0].strip_prefix(&app.address).unwrap().to_owned();
    let page = app.browser().get(&link);
    let next = format!("/sign-in?next=%2Fadministration%2Fexports%2F{id}");
    assert_eq!((page.status, page.location()), (303, next.as_str()));
    let page = app.signed_in(&ada).get(&link).text();
    assert!(page.contains(&format!("href=\"/administration/exports/{id}/parts/1\" download")), "{page}");
}

#[test]
fn b5_only_the_requester_gets_mail_and_none_about_what_was_cancelled() {
    let (app, ada) = acme();
    let bob = app.admin("Acme", "Bob");
    app.set_access(&ada, &[ada.id, bob.id]).unwrap();
    completed(&app, &bob);
    let cancelled = app.request(&ada, "2026-03-01", "2026-03-16");
    compliance_exports::identity::commands::run(
        app.store(),
        compliance_exports::audit::Actor::User(ada.id),
        &compliance_exports::exports::requests::Cancel { export: cancelled },
        app.now(),
    )
    .unwrap();
    app.work();
    let to: Vec<String> = app.take_mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["bob@acme.example"]);
}

#[test]
fn b5_an_export_completes_together_with_its_mail_or_not_at_all() {
    let (app, ada) = acme();
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    app.run_sql("ALTER TABLE mails RENAME TO mails_away");
    assert!(app.worker.exports.next(None, &Stop::default()).unwrap(), "the plan");
    assert!(app.worker.exports.next(None, &Stop::default()).unwrap(), "the part");
    assert_eq!(app.find_request(id).status, Status::InProgress);

    app.run_sql("ALTER TABLE mails_away RENAME TO mails");
    app.advance(TimeDelta::minutes(5));
    app.work();
    // Of the archive that could not be noted nothing stays.
    app.worker.exports.sweep().unwrap();
    let (unfinished, finished) = app.files();
    assert_eq!((unfinished.len(), finished.len()), (0, 1));
    assert_eq!(app.archive(id).items().len(), 1_200);
    assert_eq!(app.take_mails().len(), 1);
}

#[test]
fn b5_an_export_fails_together_with_its_mail_or_not_at_all() {
    let (app, ada) = acme();
    app.request(&ada, "2026-03-01", "2026-03-16");
    let claim = app.claim().unwrap();
    app.run_sql("ALTER TABLE mails RENAME TO mails_away");
    assert!(compliance_exports::exports::queue::fail(app.store(), &claim, "no reason", app.now()).is_err());
    assert_eq!(app.find_request(claim.request.id).status, Status::InProgress);
}

#[test]
fn b5_each_event_is_mailed_once() {
    let (app, ada) = acme();
    let id = app.fail(&ada, "no reason");
    app.work();
    app.signed_in(&ada).post(&format!("/administration/exports/{id}/retry"), &[]);
    app.work();
    for _ in 0..40 {
        app.advance(TimeDelta::days(1));
        app.worker.exports.sweep().unwrap();
        app.work();
    }
    let subjects: Vec<String> = app.take_mails().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(
        subjects,
        ["Your export of 1–16 March 2026 could not be made", "Your export of 1–16 March 2026 is ready"]
    );
}

#[test]
fn b5_of_two_workers_that_found_the_same_mail_one_gets_it() {
    let (app, ada) = acme();
    completed(&app, &ada);
    let queue = mails::Mails { now: app.now() };
    let takes = || lease::take(app.store(), &queue, 1).unwrap().is_some();
    assert_eq!((takes(), takes()), (true, false));
}

#[test]
fn b5_two_workers_do_not_send_the_same_mail() {
    let (app, ada) = acme();
    for _ in 0..6 {
        app.fail(&ada, "no reason");
    }
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| while app.worker.mails.next().unwrap() {});
        }
    });
    app.work();
    let mut ids: Vec<String> = app.take_mails().into_iter().map(|mail| mail.message_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

#[test]
fn b5_a_mail_whose_sender_died_leaves_later_under_the_same_name() {
    let (app, ada) = acme();
    completed(&app, &ada);
    let dead = mails::claim(app.store(), app.now()).unwrap().unwrap().letter;
    app.advance(TimeDelta::seconds(30));
    app.work();
    assert_eq!(app.take_mails(), [], "it may live");
    app.advance(TimeDelta::microseconds(1));
    let name = format!("compliance-export-mail-{}-{}@localhost", dead.id, dead.created_at.micros());
    assert_eq!(the_mail(&app).message_id, name);
}

#[test]
fn b5_a_mail_that_takes_long_to_leave_stays_with_whoever_says_that_it_does() {
    let (app, ada) = acme();
    completed(&app, &ada);
    let slow = mails::claim(app.store(), app.now()).unwrap().unwrap();
    for _ in 0..20 {
        app.advance(TimeDelta::seconds(25));
        assert!(mails::heartbeat(app.store(), &slow).unwrap());
        assert!(!app.worker.mails.next().unwrap());
    }
    mails::sent(app.store(), &slow, app.now()).unwrap();
    app.advance(TimeDelta::days(2));
    app.work();
    assert_eq!(app.take_mails(), []);
    assert!(!mails::heartbeat(app.store(), &slow).unwrap(), "it has left");
}

#[test]
fn b5_a_mail_that_cannot_be_read_does_not_hold_up_others_and_is_given_up_in_the_end() {
    let poisons: [fn(RequestId) -> String; 2] = [
        |id| format!("UPDATE mails SET event = 'Vanished' WHERE request_id = {id}"),
        |id| format!("UPDATE export_requests SET time_zone = 'Mars/Olympus' WHERE id = {id}"),
    ];
    for poison in poisons {
        let (app, ada) = acme();
        let poisoned = completed(&app, &ada);
        let (_, other) = app.account_with_exports_on("Brightwater");
        app.fail(&other, "no reason");
        app.run_sql(&poison(poisoned));
        assert_eq!(the_mail(&app).to, other.email);

        // It is tried again like any other that could not leave.
        for _ in 0..60 {
            app.advance(TimeDelta::hours(8));
            app.work();
        }
        assert_eq!(app.take_mails(), []);
        let fate =
            "SELECT CAST(attempts AS TEXT) || ' ' || last_error AS value FROM mails WHERE given_up_at IS NOT NULL";
        let fate = app.query_sql(fate).concat();
        assert!(fate.starts_with("7 it can't be read: “"), "{fate}");
    }
}

#[test]
fn b5_a_mail_that_can_be_read_again_leaves() {
    let (app, ada) = acme();
    completed(&app, &ada);
    app.run_sql("UPDATE mails SET event = 'Vanished'");
    app.work();
    app.run_sql("UPDATE mails SET event = 'Completed'");
    app.advance(TimeDelta::minutes(1));
    the_mail(&app);
}

/// A worker whose mails go where no mail can go, until the folder in the way is removed.
fn without_mail(app: &TestApp) -> (Worker, PathBuf) {
    let file = app.app.settings.data_dir.join("not-a-folder");
    std::fs::write(&file, "").unwrap();
    (app.worker.clone().with_transport(Transport::Files(file.clone())), file)
}

#[test]
fn b5_what_may_pass_is_tried_again_ever_later() {
    let (app, ada) = acme();
    completed(&app, &ada);
    let (worker, in_the_way) = without_mail(&app);
    assert!(worker.mails.next().unwrap());
    for minutes in [1, 5, 30] {
        app.advance(TimeDelta::minutes(minutes) - TimeDelta::microseconds(1));
        assert!(!worker.mails.next().unwrap(), "it waits {minutes} minutes");
        app.advance(TimeDelta::microseconds(1));
        assert!(worker.mails.next().unwrap(), "after {minutes} minutes");
    }
    std::fs::remove_file(&in_the_way).unwrap();
    app.advance(TimeDelta::hours(2));
    assert!(worker.mails.next().unwrap());
    assert_eq!(std::fs::read_dir(&in_the_way).unwrap().count(), 1);
    app.advance(TimeDelta::days(2));
    assert!(!worker.mails.next().unwrap());
}

#[test]
fn b5_after_the_last_attempt_it_is_given_up_and_the_page_still_tells() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    let (worker, _) = without_mail(&app);
    let mut attempts = 0;
    for _ in 0..60 {
        while worker.mails.next().unwrap() {
            attempts += 1;
        }
        app.advance(TimeDelta::hours(8));
    }
    assert_eq!(attempts, 7);
    assert!(app.signed_in(&ada).get("/administration").row(id).contains("Completed"));
}

#[test]
fn b5_what_is_in_vain_is_given_up_at_once() {
    let (app, ada) = acme();
    completed(&app, &ada);
    app.run_sql(&format!("UPDATE users SET email = NULL WHERE id = {}", ada.id));
    assert!(app.worker.mails.next().unwrap());
    app.advance(TimeDelta::days(2));
    assert!(!app.worker.mails.next().unwrap());
    assert_eq!(app.take_mails(), []);
}

#[test]
fn b5_everything_else_works_without_mail() {
    let (app, ada) = acme();
    // Nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let variable = |name: &str, value: &str| (format!("COMPLIANCE_EXPORTS_MAIL__{name}"), value.to_owned());
    let variables = [
        variable("TRANSPORT", "smtp"),
        variable("SMTP__HOST", "localhost"),
        variable("SMTP__PORT", &port.to_string()),
        variable("SMTP__TLS", "none"),
    ];
    let settings = Settings::load(None, variables, Overrides::default()).unwrap();
    let worker = app.worker.clone().with_transport(Transport::from_settings(&settings).unwrap());
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    worker.run_pending().unwrap();

    let browser = app.signed_in(&ada);
    assert!(browser.get("/administration").row(id).contains("Completed 1,200 items"));
    assert_eq!(browser.get(&format!("/administration/exports/{id}/parts/1")).status, 200);
    // What could not leave leaves when it can.
    app.advance(TimeDelta::minutes(1));
    let sent = Arc::new(Mutex::new(Vec::new()));
    app.worker.clone().with_transport(Transport::Memory(Arc::clone(&sent))).run_pending().unwrap();
    assert_eq!(sent.lock().unwrap().len(), 1);
}
