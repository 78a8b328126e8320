//! Two administrators before the same page, and one who presses twice.

use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::exports;
use compliance_exports::exports::requests::Stretch;
use compliance_exports::identity::{access, commands};

use crate::stage::{self, COMPANY, Company};
use crate::support::TestApp;
use crate::window::Window;

const MANAGE: &str = "Manage who can request and download exports";

/// Ruth and Inês, both with access, each before the Administration page.
fn both(app: &TestApp) -> Option<(Company, Window, Window)> {
    let company = stage::company(app);
    commands::run(app.store(), Actor::User(company.ruth.id), &switch::TurnOn, app.now()).unwrap();
    app.set_access(&company.ruth, &[company.ruth.id, company.ines.id]).unwrap();
    let (ruth, ines) = (Window::signed_in(app, &company.ruth)?, Window::signed_in(app, &company.ines)?);
    Some((company, ruth, ines))
}

fn exports(app: &TestApp) -> usize {
    let account = app.find_account(COMPANY).id;
    app.store().read(|c| exports::rows::exports::page(c, account, Stretch::Newest, 100)).unwrap().rows.len()
}

#[test]
fn a4_what_two_change_at_once_is_changed_both() {
    let app = TestApp::start();
    let Some((company, ruth, ines)) = both(&app) else { return };
    let joan = stage::join(&app, "Joan Ferrer", "joan.ferrer@halden.example", true);
    for window in [&ruth, &ines] {
        window.press(MANAGE);
        window.waits_for("dialog[open]");
    }
    ruth.click(&format!("label[for=user-{}]", company.bram.id));
    ruth.press("Save");
    ruth.sees("Access saved.");
    // Her list does not know yet what Ruth has saved.
    assert!(!ines.holds(&format!("document.getElementById('user-{}').checked", company.bram.id)));
    ines.click(&format!("label[for=user-{}]", joan.id));
    ines.press("Save");
    ines.sees("Access saved.");
    for name in ["Bram van der Velde", "Inês Carvalho", "Joan Ferrer", "Ruth Adeyemi"] {
        ines.sees(name);
    }
    let account = app.find_account(COMPANY);
    assert_eq!(app.store().read(|c| access::holders(c, &account)).unwrap().len(), 4);
}

#[test]
fn b2_of_two_who_request_the_last_possible_export_one_is_told_why_not() {
    let app = TestApp::start();
    let Some((company, ruth, ines)) = both(&app) else { return };
    app.request(&company.ruth, "2026-01-01", "2026-01-31");
    for window in [&ruth, &ines] {
        window.go("/administration");
        window.press("Request an export");
        window.press("Last 7 days");
    }
    ruth.press("Submit");
    ruth.sees("Export requested.");
    ines.press("Submit");
    ines.sees("An export cannot be requested just now.");
    ines.picture("request-too-many");
    assert!(ines.has("dialog[open]") && ines.value("last-day") == "2026-03-16");
    assert_eq!(exports(&app), 2);

    // She sees both, and Ruth sees at once what becomes of them.
    ines.press("Cancel");
    ines.go("/administration");
    let newest = "tbody tr:first-child";
    ines.click(&format!("{newest} summary[id^=cancel-]"));
    ines.press("Cancel export");
    ines.sees("Export cancelled.");
    ruth.waits_for(&format!("{newest}[data-status='Cancelled']"));
    ruth.waits_for("a#request");
    assert!(ruth.text("[data-announcer]").contains("is cancelled"));
}

#[test]
fn b2_a_form_that_is_submitted_twice_requests_one_export() {
    let app = TestApp::start();
    let Some((_, window, _)) = both(&app) else { return };
    let twice = "for (const time of [1, 2]) document.querySelector('form[action$=\"/exports\"] .primary').click()";
    window.press("Request an export");
    window.press("Last 7 days");
    window.script(twice);
    window.sees("Export requested.");
    assert_eq!(exports(&app), 1);
    // And on the page of its own.
    window.go("/administration/exports/new");
    window.press("Last 30 days");
    window.script(twice);
    window.sees("Export requested.");
    assert_eq!(exports(&app), 2);
}
