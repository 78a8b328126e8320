//! Manage of a company with more administrators than anyone looks through.

use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::identity::{access, commands};
use compliance_exports::model::UserId;
use fantoccini::key::Key;

use crate::stage::{self, COMPANY};
use crate::support::TestApp;
use crate::window::Window;

const MANAGE: &str = "Manage who can request and download exports";

/// The company with 5,000 more administrators, and Ruth before the Administration page.
fn many() -> Option<(TestApp, Window)> {
    let app = TestApp::start();
    let ruth = stage::company(&app).ruth;
    commands::run(app.store(), Actor::User(ruth.id), &switch::TurnOn, app.now()).unwrap();
    app.many_admins(app.find_account(COMPANY).id, 5_000);
    let window = Window::signed_in(&app, &ruth)?;
    Some((app, window))
}

fn holders(app: &TestApp) -> Vec<String> {
    let account = app.find_account(COMPANY);
    let holders = app.store().read(|c| access::holders(c, &account)).unwrap();
    holders.into_iter().map(|user| user.name).collect()
}

fn id(app: &TestApp, name: &str) -> UserId {
    let ids = app.query_sql(&format!("SELECT CAST(id AS TEXT) AS value FROM users WHERE name = '{name}'"));
    ids[0].parse().unwrap()
}

#[test]
fn a4_among_thousands_one_is_found_while_one_types() {
    let Some((app, window)) = many() else { return };
    window.press(MANAGE);
    window.waits_for("dialog[open] #find");
    window.focus_is_on("find");
    window.sees("those with access first. Find the others by name or email.");
    window.pictures("dialog-manage-many");
    window.fill("Find by name or email", "PERSON 4321");
    window.sees("1 of 5,003 administrators found.");
    window.focus_is_on("find");
    window.picture("manage-found");
    let found = format!("label[for=user-{}]", id(&app, "Person 4321"));
    window.click(&found);
    // What is ticked stays, whatever is looked for next; and Enter looks for it rather than saving.
    window.fill("Find by name or email", "nobody at all");
    window.click("#find");
    window.key(Key::Enter);
    window.sees("None of the 5,003 administrators fits. Changes are not saved yet.");
    assert!(window.has(&found) && holders(&app) == ["Ruth Adeyemi"]);
    window.picture("manage-not-found");
    window.press("Save");
    window.sees("Access saved.");
    window.sees("Person 4321, Ruth Adeyemi (you)");
    assert_eq!(holders(&app), ["Person 4321", "Ruth Adeyemi"]);
}

#[test]
fn a4_among_thousands_one_is_found_without_scripts() {
    let Some((app, window)) = many() else { return };
    window.allow_scripts(false);
    window.go("/administration/access");
    for (name, others) in [("Person 1234", "Person 1235"), ("Person 0042", "Person 0043")] {
        window.fill("Find by name or email", name);
        window.press("Find");
        window.sees(name);
        assert!(!window.text("body").contains(others));
        window.click(&format!("label[for=user-{}]", id(&app, name)));
    }
    window.sees("Person 1234");
    window.picture("without-scripts-manage-many");
    window.press("Save");
    window.sees("Access saved.");
    assert_eq!(holders(&app), ["Person 0042", "Person 1234", "Ruth Adeyemi"]);
}
