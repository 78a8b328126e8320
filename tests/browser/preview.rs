//! The form that requests an export: what it would hold, live, and the choice of people and conversations by keyboard, by mouse
//! and without scripts.

use chrono::TimeDelta;
use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::exports;
use compliance_exports::exports::requests::Stretch;
use compliance_exports::identity::commands;
use compliance_exports::model::ExportRequest;
use fantoccini::key::Key;

use crate::stage::{self, COMPANY, Company};
use crate::support::TestApp;
use crate::window::{Look, Window};

/// The company with its conversations, in whose midst capture was off for two weeks.
fn busy_company(app: &TestApp) -> Company {
    let company = stage::company(app);
    app.advance(TimeDelta::days(-60));
    commands::run(app.store(), Actor::User(company.ruth.id), &switch::TurnOn, app.now()).unwrap();
    app.advance(TimeDelta::days(30));
    commands::run(app.store(), Actor::User(company.ruth.id), &switch::TurnOff, app.now()).unwrap();
    app.advance(TimeDelta::days(14));
    commands::run(app.store(), Actor::User(company.ruth.id), &switch::TurnOn, app.now()).unwrap();
    app.advance(TimeDelta::days(16));
    stage::record_conversations(app);
    company
}

fn requests(app: &TestApp) -> Vec<ExportRequest> {
    let account = app.find_account(COMPANY).id;
    let page = app.store().read(|c| exports::rows::exports::page(c, account, Stretch::Newest, 100)).unwrap().rows;
    page.into_iter().map(|(request, _)| request).collect()
}

/// Fills in both days as somebody types them.
fn choose_days(window: &Window, first: &str, last: &str) {
    window.fill("First day", first);
    window.fill("Last day", last);
    window.script("document.querySelector('#last-day').dispatchEvent(new Event('input', { bubbles: true }))");
}

/// Types into a field without clearing it.
fn type_into(window: &Window, id: &str, text: &str) {
    window.script(&format!("document.getElementById('{id}').focus()"));
    window.types(text);
}

#[test]
fn b1_the_preview_follows_the_days_and_says_what_was_not_kept() {
    let app = TestApp::start();
    let company = busy_company(&app);
    app.export(&company.ruth, "2026-01-01", "2026-03-16");
    let Some(window) = Window::signed_in(&app, &company.ruth) else { return };
    window.press("Request an export");
    window.waits_for("dialog[open] #preview svg");
    assert!(!window.has(".chart-range") && window.has(".chart-gap"));
    window.picture("request-dialog");

    window.press("Last 7 days");
    window.waits_for("dialog[open] .chart-range");
    let week = window.text("#preview .numbers");
    assert!(week.contains("items\nin ") && week.contains("About"), "{week}");
    window.sees("Deleted messages were kept on all of these days.");
    window.until("it is said", || window.text("dialog [data-announcer]").contains(" in "));
    choose_days(&window, "2026-02-01", "2026-03-16");
    window.until("it has changed", || window.text("#preview .numbers") != week);
    window.sees("Deleted messages were not kept from 14 to 28 February 2026.");
    window.pictures("dialog-request");
    window.look(Look::Desktop);
    // What was opened stays open.
    window.click("#volume-numbers summary");
    choose_days(&window, "2026-03-10", "2026-03-16");
    window.until("the numbers are those of the week", || window.text("#preview .numbers") == week);
    assert!(window.has("#volume-numbers[open]"));
    choose_days(&window, "2026-03-17", "2026-03-16");
    window.sees("Choose the first and the last day to see what they hold.");
}

#[test]
fn b1_people_are_chosen_by_keyboard_alone() {
    let app = TestApp::start();
    let company = busy_company(&app);
    let Some(window) = Window::signed_in(&app, &company.ruth) else { return };
    window.press("Request an export");
    window.waits_for("dialog[open] #filters");
    window.press("Last 30 days");
    window.waits_for("dialog[open] .chart-range");
    let all = window.text("#preview .numbers");

    window.script("document.querySelector('#filters summary').focus()");
    window.key(Key::Enter);
    window.waits_for("#filters[open]");
    let open = "#find-person[aria-expanded=true]";
    type_into(&window, "find-person", "bra");
    window.waits_for(open);
    window.waits_for("#person-options [data-name^='Bram']");
    window.picture("request-people-found");
    // Escape closes the list, not the dialog.
    window.key(Key::Escape);
    window.until("the list is closed", || !window.has(open));
    assert!(window.has("dialog[open]"));
    window.key(Key::Down);
    window.waits_for(open);
    window.key(Key::Down);
    window.waits_for("#person-options [aria-selected=true]");
    window.key(Key::Enter);
    window.waits_for("[data-choose=person] .chip");
    window.focus_is_on("find-person");
    assert_eq!(window.value("find-person"), "");
    window.until("the preview is narrower", || window.text("#preview .numbers") != all);

    // A name that is typed and not chosen is not sent; what is chosen survives that.
    type_into(&window, "find-conversation", "zzz");
    window.until("nothing is found", || window.text("#conversation-options").contains("Nothing found"));
    window.press("Submit");
    window.waits_for("#conversation-error");
    window.focus_is_on("find-conversation");
    assert!(window.has("[data-choose=person] .chip"));
    window.pictures("request-unchosen");
    // No list is open: Escape clears the field.
    window.key(Key::Escape);
    window.until("the field is empty", || window.value("find-conversation").is_empty());
    assert!(requests(&app).is_empty() && window.has("dialog[open]"));

    window.press("Submit");
    window.sees("Only 1 person");
    let made = requests(&app);
    assert_eq!((made.len(), made.first().unwrap().filters.people.as_slice()), (1, &[company.bram.id][..]));
    window.picture("request-limited");
}

#[test]
fn b1_conversations_are_chosen_and_removed_by_mouse() {
    let app = TestApp::start();
    let company = busy_company(&app);
    let Some(window) = Window::signed_in(&app, &company.ruth) else { return };
    window.go("/administration/exports/new?preset=all");
    window.waits_for("#filters");
    window.click("#filters summary");
    for name in ["ruth", "tom"] {
        type_into(&window, "find-conversation", name);
        window.click("#conversation-options [role=option]");
        window.until("the list is closed", || !window.has("#find-conversation[aria-expanded=true]"));
    }
    window.until("both are chosen", || {
        window.holds("document.querySelectorAll('[data-choose=conversation] .chip').length === 2")
    });
    window.until("both are listed", || window.text("#preview").contains("2 conversations are listed"));
    window.pictures("request-conversations");
    window.look(Look::Desktop);
    window.click("[data-choose=conversation] .chip:first-child [data-remove]");
    window.until("one is left", || window.text("#preview").contains("1 conversation is listed"));
    assert!(window.holds("document.activeElement.matches('[data-remove]')"), "the focus is on the one that is left");
    window.press("Submit");
    window.sees("Only 1 conversation");
    assert_eq!(requests(&app).first().unwrap().filters.conversations.len(), 1);
}

#[test]
fn b1_filters_without_scripts() {
    let app = TestApp::start();
    let company = busy_company(&app);
    let Some(window) = Window::open(&app) else { return };
    window.allow_scripts(false);
    window.go("/administration/exports/new");
    window.arrives_at("/sign-in");
    window.sign_in(&company.ruth);
    window.go("/administration/exports/new");
    window.waits_for("#preview svg");
    window.click("#filters summary");
    window.fill("Only with these people", "bram");
    window.press("Search: Only with these people");
    window.waits_for(".found button[name=add_person]");
    window.picture("without-scripts-found");
    window.click(".found button[name=add_person]");
    window.waits_for("[data-choose=person] .chip");
    window.press("Last 30 days");
    window.waits_for(".chart-range");
    assert!(window.has("[data-choose=person] .chip"), "a preset keeps what is chosen");
    window.picture("without-scripts-chosen");
    // Enter in a field of the form sends it: nothing else.
    window.fill("Only these conversations", "harbour");
    window.key(Key::Enter);
    window.waits_for("#conversation-error");
    assert!(requests(&app).is_empty());
    window.fill("Only these conversations", "");
    window.press("Submit");
    window.sees("Only 1 person");
    assert_eq!(requests(&app).len(), 1);
}
