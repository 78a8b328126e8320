//! Manage, Request and turning off, as dialogs over the Administration page.

use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::exports;
use compliance_exports::exports::requests::Stretch;
use compliance_exports::identity::{access, commands};
use fantoccini::key::Key;

use crate::stage::{self, COMPANY, Company};
use crate::support::TestApp;
use crate::window::Window;

const MANAGE: &str = "Manage who can request and download exports";

/// The company with the feature on, and Ruth before the Administration page.
fn ruth_looks(app: &TestApp) -> Option<(Company, Window)> {
    let company = stage::company(app);
    commands::run(app.store(), Actor::User(company.ruth.id), &switch::TurnOn, app.now()).unwrap();
    let window = Window::signed_in(app, &company.ruth)?;
    Some((company, window))
}

fn holders(app: &TestApp) -> Vec<String> {
    let account = app.find_account(COMPANY);
    let holders = app.store().read(|c| access::holders(c, &account)).unwrap();
    holders.into_iter().map(|user| user.name).collect()
}

fn exports(app: &TestApp) -> usize {
    let account = app.find_account(COMPANY).id;
    app.store().read(|c| exports::rows::exports::page(c, account, Stretch::Newest, 100)).unwrap().rows.len()
}

fn is_closed(window: &Window) {
    window.until("the dialog is closed", || !window.has("dialog"));
}

#[test]
fn a4_manage_saves_cancels_and_keeps_the_last_person() {
    let app = TestApp::start();
    let Some((company, window)) = ruth_looks(&app) else { return };
    let bram = format!("label[for=user-{}]", company.bram.id);

    // Escape closes, and the focus returns to where it was.
    window.press(MANAGE);
    window.waits_for("dialog[open]");
    assert!(window.focused().starts_with("user-"), "{}", window.focused());
    window.key(Key::Escape);
    is_closed(&window);
    window.focus_is_on("manage");

    // So does Cancel, whatever was ticked.
    window.press(MANAGE);
    window.click(&bram);
    window.press("Cancel");
    is_closed(&window);
    window.focus_is_on("manage");
    assert_eq!(holders(&app), ["Ruth Adeyemi"]);

    window.press(MANAGE);
    window.click(&bram);
    window.picture("manage");
    window.press("Save");
    window.sees("Access saved.");
    window.sees("Bram van der Velde, Ruth Adeyemi (you)");
    is_closed(&window);
    window.focus_is_on("manage");
    window.picture("manage-saved");
    assert_eq!(holders(&app), ["Bram van der Velde", "Ruth Adeyemi"]);

    // The last person stays; the dialog says so and puts the focus on what it says.
    window.press(MANAGE);
    window.click(&bram);
    window.click(&format!("label[for=user-{}]", company.ruth.id));
    window.press("Save");
    window.focus_is_on("access-error");
    assert!(window.has("dialog[open] #access-error"));
    window.picture("manage-refused");
    assert_eq!(holders(&app), ["Bram van der Velde", "Ruth Adeyemi"]);
    window.press("Cancel");
    is_closed(&window);
}

#[test]
fn b1_a_range_that_does_not_do_is_said_beside_its_field() {
    let app = TestApp::start();
    let Some((_, window)) = ruth_looks(&app) else { return };

    window.press("Request an export");
    window.waits_for("dialog[open]");
    window.fill("First day", "2026-03-10");
    window.fill("Last day", "2026-03-01");
    window.press("Submit");
    window.waits_for("#first-day-error, #last-day-error");
    window.picture("request-first-after-last");
    assert!(window.holds("document.activeElement.ariaInvalid === 'true'"), "{}", window.focused());
    assert_eq!([window.value("first-day"), window.value("last-day")], ["2026-03-10", "2026-03-01"]);

    window.fill("Last day", "2026-03-17");
    window.press("Submit");
    window.until("the last day is refused", || window.text("#last-day-error").contains("future"));
    window.focus_is_on("last-day");
    window.picture("request-in-the-future");
    assert!(!window.has("#first-day-error"));

    window.fill("Last day", "");
    window.press("Submit");
    window.until("a missing day is refused", || !window.text("#last-day-error").contains("future"));
    window.picture("request-without-a-day");
    assert_eq!(exports(&app), 0);

    window.fill("Last day", "2026-03-16");
    window.press("Submit");
    window.sees("10–16 March 2026");
    is_closed(&window);
    window.focus_is_on("request");
    assert_eq!(exports(&app), 1);
}

#[test]
fn a3_turning_off_asks_first_and_says_what_is_no_longer_kept() {
    let app = TestApp::start();
    let Some((company, window)) = ruth_looks(&app) else { return };
    stage::completed(&app, &company.ruth, ("2026-02-01", "2026-02-28"), 1234, &[812_345]);

    window.go("/administration");
    window.click("#toggle");
    window.waits_for("dialog[open]");
    window.sees("Deleted items are no longer kept.");
    window.picture("turn-off");
    window.press("Keep it on");
    is_closed(&window);
    window.focus_is_on("toggle");
    assert!(app.find_account(COMPANY).exports_on);

    window.click("#toggle");
    window.waits_for("dialog[open]");
    window.press("Turn off");
    window.sees("It is off.");
    window.picture("turned-off");
    assert!(!app.find_account(COMPANY).exports_on);
    // What is finished stays (B8).
    assert!(window.has("a[id^=download-]") && !window.has("#request"));
}
