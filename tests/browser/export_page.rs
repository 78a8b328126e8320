//! The page of one export: alive while it is made, and what can be done there.

use chrono::TimeDelta;
use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::identity::commands;
use compliance_exports::jobs::Stop;

use crate::stage::{self, Workers};
use crate::support::{Person, TestApp};
use crate::window::Window;

/// The demo's company with its conversations, the feature on.
fn halden(part_entries: u32) -> (TestApp, Person) {
    let app = TestApp::start_with(|settings| settings.exports.part_entries = part_entries);
    let ruth = stage::company(&app).ruth;
    commands::run(app.store(), Actor::User(ruth.id), &switch::TurnOn, app.now()).unwrap();
    stage::record_conversations(&app);
    (app, ruth)
}

#[test]
fn b4_the_page_of_an_export_follows_it_to_its_end() {
    let (app, ruth) = halden(65_534);
    let id = app.request(&ruth, "2026-02-01", "2026-03-16");
    let Some(window) = Window::signed_in(&app, &ruth) else { return };
    window.go("/administration");
    window.click(&format!("#page-{id}"));
    window.arrives_at(&format!("/administration/exports/{id}"));
    window.sees("It waits for its turn.");
    window.pictures("export-queued");

    window.script("window.neverReloaded = true");
    assert!(app.worker.exports.next(None, &Stop::default()).unwrap(), "the plan");
    let claim = stage::begin(&app, 400, 0);
    window.waits_for("progress[value='400']");
    window.pictures("export-in-progress");
    window.click("summary[id^=cancel-]");
    window.sees("What has been done so far is discarded.");
    stage::hand_over(&app, &claim);
    let workers = Workers::start(&app);
    window.waits_for("[data-status='Completed']");
    assert!(window.text("[data-announcer]").contains("is completed and can be downloaded"));
    window.sees("What is inside");
    // The mail about it leaves a moment later.
    window.sees("Sent 16 Mar 2026");
    drop(workers);
    assert!(window.holds("window.neverReloaded"));
    assert!(!window.has("[data-live][data-active]"));
    window.pictures("export-completed");

    window.click("#download-1");
    assert!(window.downloaded().exists());
    window.go(&format!("/administration/exports/{id}"));
    window.sees("Downloaded: part 1");
    window.click("#again");
    window.waits_for("dialog[open]");
    window.field_holds("first-day", "2026-02-01");
    window.field_holds("last-day", "2026-03-16");
}

#[test]
fn b6_an_export_is_deleted_after_a_question_and_the_fact_stays() {
    let (app, ruth) = halden(600);
    let id = app.request(&ruth, "2025-03-16", "2026-03-16");
    app.work();
    let Some(window) = Window::signed_in(&app, &ruth) else { return };
    window.go(&format!("/administration/exports/{id}"));
    window.sees("parts,");
    window.pictures("export-parts");
    window.go(&format!("/administration/exports/{id}/conversations"));
    window.pictures("export-conversations");
    window.go(&format!("/administration/exports/{id}/downloads"));
    window.go(&format!("/administration/exports/{id}"));
    window.click("#delete");
    window.waits_for("dialog[open]");
    window.pictures("dialog-delete-export");
    window.press("Keep it");
    window.until("the focus is back", || window.focused() == "delete");
    window.click("#delete");
    window.waits_for("dialog[open]");
    window.press("Delete now");
    window.sees("Its files have been erased.");
    window.waits_for("[data-status='Expired']");
    window.sees("Deleted by Ruth Adeyemi");
    window.pictures("export-deleted");
    assert_eq!(app.files().1, [""; 0]);
    window.go(&format!("/administration/exports/{id}/parts/1"));
    window.sees("was deleted by Ruth Adeyemi");
    window.pictures("refused-deleted");
    window.go("/administration");
    window.sees("Deleted 16 Mar 2026");
}

#[test]
fn every_other_state_of_an_export_has_its_page() {
    let app = TestApp::start();
    let ruth = stage::company(&app).ruth;
    commands::run(app.store(), Actor::User(ruth.id), &switch::TurnOn, app.now()).unwrap();
    let reason = "The server's disk is full. Ask the server's operator to free some space, then retry.";
    let failed = stage::failed(&app, &ruth, ("2026-02-01", "2026-02-28"), reason);
    let cancelled = app.request(&ruth, "2026-03-01", "2026-03-15");
    compliance_exports::identity::commands::run(
        app.store(),
        compliance_exports::audit::Actor::User(ruth.id),
        &compliance_exports::exports::requests::Cancel { export: cancelled },
        app.now(),
    )
    .unwrap();
    let expired = app.request(&ruth, "2026-03-01", "2026-03-15");
    app.work();
    app.advance(TimeDelta::days(31));
    app.worker.exports.sweep().unwrap();
    let Some(window) = Window::signed_in(&app, &ruth) else { return };
    for (name, id) in [("export-failed", failed), ("export-cancelled", cancelled), ("export-expired", expired)] {
        window.go(&format!("/administration/exports/{id}"));
        window.sees("What was asked");
        window.pictures(name);
    }
    window.go(&format!("/administration/exports/{failed}"));
    window.press("Retry");
    window.sees("The export is queued again.");
    window.arrives_at(&format!("/administration/exports/{failed}"));
}

#[test]
fn the_page_of_an_export_needs_no_scripts() {
    let (app, ruth) = halden(65_534);
    let Some(window) = Window::open(&app) else { return };
    window.allow_scripts(false);
    let id = app.request(&ruth, "2026-03-01", "2026-03-16");
    let page = format!("/administration/exports/{id}");
    window.go(&page);
    window.arrives_at("/sign-in");
    window.fill("Email", &ruth.email);
    window.fill("Password", crate::support::PASSWORD);
    window.press("Sign in");
    window.arrives_at(&page);
    window.sees("It waits for its turn.");
    app.work();
    window.press("Refresh");
    window.sees("What is inside");
    assert!(!window.has("#copy-1"), "without scripts nothing can be copied");
    window.pictures("without-scripts-export");
    window.click("#again");
    window.arrives_at("/administration/exports/new");
    window.field_holds("first-day", "2026-03-01");
    window.go(&page);
    window.click("#delete");
    window.arrives_at(&format!("{page}/delete"));
    window.pictures("page-delete-export");
    window.press("Delete now");
    window.arrives_at(&page);
    window.sees("Deleted by Ruth Adeyemi");
}

/// Not "completed", and then an error at the click.
#[test]
fn b7_a_part_whose_file_is_away_is_told_and_not_offered() {
    let (app, ruth) = halden(16);
    let (id, other) = (
        stage::completed(&app, &ruth, ("2026-02-01", "2026-02-28"), 900, &[4_000_000]),
        stage::completed(&app, &ruth, ("2026-01-01", "2026-01-31"), 900, &[4_000_000, 5_000_000]),
    );
    app.app.blobs.delete(&format!("none-{other}-2")).unwrap();
    let Some(window) = Window::signed_in(&app, &ruth) else { return };
    window.go("/administration");
    window.sees("missing on the server");
    let offers = |id, part| window.has(&format!("#download-{id}-{part}"));
    assert!(offers(id, 1) && offers(other, 1) && !offers(other, 2));
    window.pictures("history-missing");
    window.go(&format!("/administration/exports/{other}"));
    window.sees("missing on the server");
    window.pictures("export-missing");
}
