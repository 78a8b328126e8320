//! The Export History while it is looked at: Cancel and Retry, progress, and what ends it.

use chrono::TimeDelta;
use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::exports::queue;
use compliance_exports::identity::commands;

use crate::stage::{self, COMPANY, Workers};
use crate::support::TestApp;
use crate::window::Window;

#[test]
fn b3_a_queued_export_is_cancelled_and_a_failed_one_retried() {
    let app = TestApp::start();
    let ruth = stage::company(&app).ruth;
    commands::run(app.store(), Actor::User(ruth.id), &switch::TurnOn, app.now()).unwrap();
    let reason = "The server's disk is full. Ask the server's operator to free some space, then retry.";
    let failed = stage::failed(&app, &ruth, ("2026-02-01", "2026-02-28"), reason);
    app.request(&ruth, "2026-03-01", "2026-03-15");
    let second = app.request(&ruth, "2026-03-16", "2026-03-16");
    let Some(window) = Window::signed_in(&app, &ruth) else { return };

    // Two are open: no third one, and it says why (B2).
    assert!(window.has("#request:disabled") && window.has(&format!("#retry-{failed}:disabled")));
    window.sees(reason);
    window.picture("history-full");

    window.click(&format!("#cancel-{second}"));
    window.sees("Keep it");
    window.sees("What has been done so far is discarded.");
    window.picture("history-cancel");
    window.click(&format!("#cancel-now-{second}"));
    window.sees("Export cancelled.");
    window.waits_for(&format!("#export-{second}[data-status='Cancelled']"));

    window.press("Retry the export of 1–28 February 2026");
    window.sees("The export is queued again.");
    window.waits_for(&format!("#export-{failed}[data-status='Queued']"));
    window.picture("history-retried");
    let _workers = Workers::start(&app);
    window.waits_for(&format!("#export-{failed}[data-status='Completed']"));
    assert_eq!(app.find_request(second).status.as_str(), "Cancelled");
}

#[test]
fn a5_a_page_that_is_open_ends_with_the_right_to_see_it() {
    let app = TestApp::start();
    let company = stage::company(&app);
    commands::run(app.store(), Actor::User(company.ruth.id), &switch::TurnOn, app.now()).unwrap();
    let id = app.request(&company.ruth, "2026-03-01", "2026-03-15");
    let Some(window) = Window::signed_in(&app, &company.ruth) else { return };
    window.waits_for(&format!("#export-{id}[data-status='Queued']"));

    app.set_access(&company.ruth, &[company.bram.id]).unwrap();
    window.sees("you no longer have access to these exports");
    window.picture("history-ended");
    window.press("Reload the page");
    window.sees("You do not have access");
}

#[test]
fn b4_progress_goes_on_after_a_lost_connection() {
    let app = TestApp::start();
    let ruth = stage::company(&app).ruth;
    commands::run(app.store(), Actor::User(ruth.id), &switch::TurnOn, app.now()).unwrap();
    let id = app.request(&ruth, "2026-03-01", "2026-03-15");
    let claim = stage::begin(&app, 100, 1_000);
    let Some(window) = Window::signed_in(&app, &ruth) else { return };
    window.sees("100 of 1,000 items");
    window.script("window.neverReloaded = true");

    window.connect(false);
    window.sees("the server cannot be reached");
    window.picture("history-offline");
    assert!(window.has(&format!("#export-{id}[data-status='In progress']")), "what was known stays");
    app.advance(TimeDelta::seconds(30));
    assert!(queue::heartbeat(app.store(), &claim, &app.policy(), 400).unwrap());
    window.connect(true);
    window.sees("400 of 1,000 items");
    window.sees("About 1 minute left");
    window.until("the notice is gone", || !window.has("[data-notice=offline]"));
    assert!(window.holds("window.neverReloaded"));
}

#[test]
fn b4_progress_is_announced_at_quarters_and_never_runs_backwards() {
    let app = TestApp::start();
    let ruth = stage::company(&app).ruth;
    commands::run(app.store(), Actor::User(ruth.id), &switch::TurnOn, app.now()).unwrap();
    app.request(&ruth, "2026-03-01", "2026-03-15");
    let claim = stage::begin(&app, 100, 1_000);
    let Some(window) = Window::signed_in(&app, &ruth) else { return };
    window.sees("100 of 1,000 items");
    window.script(
        "window.said = []; window.shown = [];
         new MutationObserver(() => window.said.push(document.querySelector('body > [data-announcer]').textContent))
             .observe(document.querySelector('body > [data-announcer]'), { childList: true });
         new MutationObserver(() => window.shown.push(document.querySelector('progress').value))
             .observe(document.querySelector('progress'), { attributes: true });",
    );
    // An earlier figure that comes late is no news (the store keeps the greater one).
    for (done, shown) in [(200, "200 of"), (260, "260 of"), (150, "260 of"), (400, "400 of"), (510, "510 of")] {
        assert!(queue::heartbeat(app.store(), &claim, &app.policy(), done).unwrap());
        window.comes_back();
        window.sees(shown);
    }
    let said = window.script("return window.said");
    let said = said.as_array().unwrap();
    // 200 is in the first quarter, 260 in the second; half is passed so soon after that it is not said again.
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].as_str().unwrap().contains("260 of 1,000 items"), "{said:?}");
    let shown = window.script("return window.shown");
    assert!(shown.as_array().unwrap().windows(2).all(|pair| pair[0].as_f64() <= pair[1].as_f64()), "{shown}");
}

#[test]
fn a5_signed_out_in_another_tab_the_page_says_so() {
    let app = TestApp::start();
    let ruth = stage::company(&app).ruth;
    commands::run(app.store(), Actor::User(ruth.id), &switch::TurnOn, app.now()).unwrap();
    let Some(window) = Window::signed_in(&app, &ruth) else { return };
    window.go("/administration");
    window.sees("No exports");
    window.in_another_tab(|| {
        window.go("/administration");
        window.click(".profile summary");
        window.press("Sign out");
        window.arrives_at("/sign-in");
    });
    window.comes_back();
    window.sees("you have been signed out");
    window.picture("history-signed-out");
    // Nor does a dialog open: the sign-in page does.
    window.press("Request an export");
    window.arrives_at("/sign-in");
    window.go("/administration");
    window.arrives_at("/sign-in");
}

#[test]
fn a1_excluded_while_the_page_is_open_it_says_so_and_does_nothing_more() {
    let app = TestApp::start();
    let ruth = stage::company(&app).ruth;
    commands::run(app.store(), Actor::User(ruth.id), &switch::TurnOn, app.now()).unwrap();
    let Some(window) = Window::signed_in(&app, &ruth) else { return };
    window.go("/administration");
    window.press("Request an export");
    window.waits_for("dialog[open]");
    commands::run(
        app.store(),
        Actor::Operator,
        &switch::IncludeExports { account: COMPANY, included: false },
        app.now(),
    )
    .unwrap();
    window.press("Last 7 days");
    window.press("Submit");
    window.sees("Compliance Exports is not included in this account");
    window.picture("excluded-while-open");

    commands::run(
        app.store(),
        Actor::Operator,
        &switch::IncludeExports { account: COMPANY, included: true },
        app.now(),
    )
    .unwrap();
    commands::run(app.store(), Actor::User(ruth.id), &switch::TurnOn, app.now()).unwrap();
    window.go("/administration");
    window.sees("No exports");
    commands::run(
        app.store(),
        Actor::Operator,
        &switch::IncludeExports { account: COMPANY, included: false },
        app.now(),
    )
    .unwrap();
    window.comes_back();
    window.sees("you no longer have access to these exports");
    window.press("Reload the page");
    window.sees("not included in this account");
    assert_eq!(app.query_sql("SELECT CAST(count(*) AS TEXT) AS value FROM export_requests"), ["0"]);
}

#[test]
fn b4_an_export_of_many_parts_leads_to_them() {
    let app = TestApp::start();
    let ruth = stage::company(&app).ruth;
    commands::run(app.store(), Actor::User(ruth.id), &switch::TurnOn, app.now()).unwrap();
    let sizes = [4_000_000_000, 3_900_000_000, 3_800_000_000, 2_100_000, 999];
    let id = stage::completed(&app, &ruth, ("2024-02-29", "2026-03-16"), 81_234_567, &sizes);
    let Some(window) = Window::signed_in(&app, &ruth) else { return };
    window.go("/administration");
    window.sees("5 parts");
    assert!(!window.has("a[id^=download-]"));
    window.sees("11.7 GB in all");
    window.pictures("history-parts");
    window.click(&format!("#parts-{id}"));
    window.arrives_at(&format!("/administration/exports/{id}"));
    window.sees("Download all of them, and unpack them into the same folder.");
    let links = window.script("return document.querySelectorAll('a[id^=download-]').length");
    assert_eq!(links.as_u64(), Some(5));
}
