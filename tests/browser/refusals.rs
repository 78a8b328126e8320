//! Pages for those who may not, and for what is not there: each says what to do.

use chrono::TimeDelta;
use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::identity::commands;

use crate::stage::{self, COMPANY};
use crate::support::{Person, TestApp};
use crate::window::Window;

#[test]
fn a1_a2_a3_whoever_may_not_reads_what_to_do() {
    let app = TestApp::start();
    let company = stage::company(&app);
    commands::run(app.store(), Actor::User(company.ruth.id), &switch::TurnOn, app.now()).unwrap();
    let Some(window) = Window::signed_in(&app, &company.bram) else { return };

    window.go("/administration");
    window.sees("You do not have access");
    window.sees("ruth.adeyemi@halden.example");
    assert!(window.has("#toggle:disabled"));
    window.pictures("without-access");
    window.go("/administration/exports/new");
    window.sees("Ruth Adeyemi");
    window.pictures("refused-without-access");

    window.sign_in(&company.tom);
    window.pictures("home-of-a-member");
    window.go("/administration");
    window.sees("administrator");
    window.pictures("refused-member");
    assert!(!window.has("#toggle"));

    window.go("/no-such-page");
    window.pictures("refused-not-found");

    commands::run(
        app.store(),
        Actor::Operator,
        &switch::IncludeExports { account: COMPANY, included: false },
        app.now(),
    )
    .unwrap();
    window.sign_in(&company.ruth);
    window.sees("not included");
    window.pictures("not-included");
}

#[test]
fn a4_when_nobody_has_access_any_more_the_operator_is_named() {
    let app = TestApp::start();
    let company = stage::company(&app);
    commands::run(app.store(), Actor::User(company.ruth.id), &switch::TurnOn, app.now()).unwrap();
    app.record(
        COMPANY,
        r#"{"type":"user","id":"ruth","name":"Ruth Adeyemi","email":"ruth.adeyemi@halden.example","deactivatedAt":"2026-03-13T16:00:00Z"}"#,
    );
    let Some(window) = Window::signed_in(&app, &company.bram) else { return };
    window.sees("nobody has access any more");
    window.pictures("nobody-has-access");
}

#[test]
fn a2_a_stranger_signs_in_and_then_sees_what_was_asked_for() {
    let app = TestApp::start();
    let company = stage::company(&app);
    commands::run(app.store(), Actor::User(company.ruth.id), &switch::TurnOn, app.now()).unwrap();
    let Some(window) = Window::open(&app) else { return };

    window.go("/administration/access");
    window.arrives_at("/sign-in");
    window.pictures("sign-in");
    window.fill("Email", &company.ruth.email);
    window.fill("Password", "not this one");
    window.press("Sign in");
    window.waits_for("#sign-in-error");
    assert_eq!(window.value("email"), company.ruth.email);
    window.pictures("sign-in-refused");
    window.fill("Password", crate::support::PASSWORD);
    window.press("Sign in");
    window.sees("Administrators of Halden Logistics");
    window.arrives_at("/administration/access");

    window.click(".profile summary");
    window.press("Sign out");
    window.sees("Email");
    window.go("/administration");
    window.arrives_at("/sign-in");
}

#[test]
fn b6_what_has_expired_says_so() {
    let app = TestApp::start();
    let ruth: Person = stage::company(&app).ruth;
    commands::run(app.store(), Actor::User(ruth.id), &switch::TurnOn, app.now()).unwrap();
    let id = stage::completed(&app, &ruth, ("2026-02-01", "2026-02-28"), 1234, &[812_345]);
    app.advance(TimeDelta::days(31));
    app.worker.exports.sweep().unwrap();
    let Some(window) = Window::signed_in(&app, &ruth) else { return };
    window.sees("Expired");
    window.pictures("history-expired");
    window.go(&format!("/administration/exports/{id}/parts/1"));
    window.sees("has been erased");
    window.pictures("refused-expired");
}
