//! The main path in a browser that runs no scripts: pages instead of dialogs, and a reload instead of live progress.

use compliance_exports::model::Status;

use crate::stage::{self, COMPANY};
use crate::support::{Archive, TestApp};
use crate::window::Window;

#[test]
fn everything_works_without_scripts() {
    let app = TestApp::start();
    let company = stage::company(&app);
    let Some(window) = Window::open(&app) else { return };
    window.allow_scripts(false);

    window.go("/administration");
    window.arrives_at("/sign-in");
    window.sign_in(&company.ruth);
    assert!(window.has("html:not(.js)"));
    window.click(".profile summary");
    window.press("Administration");
    window.click("#toggle[aria-checked=false]");
    window.waits_for("#toggle[aria-checked=true]");

    window.press("Manage who can request and download exports");
    window.arrives_at("/administration/access");
    window.picture("without-scripts-manage");
    window.click(&format!("#user-{}", company.ruth.id));
    window.press("Save");
    window.waits_for("#access-error");
    window.click(&format!("#user-{}", company.ruth.id));
    window.press("Save");
    window.sees("Access saved.");

    window.press("Request an export");
    window.arrives_at("/administration/exports/new");
    window.fill("First day", "2026-03-10");
    window.fill("Last day", "2026-03-01");
    window.press("Submit");
    window.waits_for("[aria-invalid=true]");
    window.picture("without-scripts-refused");
    window.press("Last calendar month");
    window.field_holds("first-day", "2026-02-01");
    window.field_holds("last-day", "2026-02-28");
    window.press("Submit");
    window.sees("Export requested.");
    window.picture("without-scripts-queued");

    app.work();
    window.press("Refresh");
    window.waits_for("tr[data-status='Completed']");
    window.picture("without-scripts-completed");
    window.click("a[id^=download-]");
    let archive = Archive::open([std::fs::File::open(window.downloaded()).unwrap()]);
    assert_eq!(archive.items().len(), 0);
    assert_eq!(app.take_mails().len(), 1);

    window.press("Request an export");
    window.press("Last 7 days");
    window.press("Submit");
    window.click("summary[id^=cancel-]");
    window.press("Cancel export");
    window.sees("Export cancelled.");

    window.click("#toggle");
    window.arrives_at("/administration/exports/off");
    window.press("Turn off");
    window.sees("It is off.");
    assert!(!app.find_account(COMPANY).exports_on);
    let cancelled = app.find_request(2);
    assert_eq!(cancelled.status, Status::Cancelled);
}
