//! Every route as each kind of visitor, and every form without its token.

use std::collections::BTreeSet;

use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::http::routes::{Caller, ROUTES, Route};
use compliance_exports::identity::commands;
use compliance_exports::model::RequestId;
use reqwest::Method;

use crate::support::{Browser, Page, Person, TestApp};

/// Acme, where Ada has access, Bob administers without access and Mia is no administrator; and Borealis with Bea, who has
/// access there.
struct House {
    app: TestApp,
    ada: Person,
    bob: Person,
    mia: Person,
    bea: Person,
}

impl House {
    fn start() -> Self {
        let app = TestApp::start_with(|settings| settings.exports.max_open_per_account = 100);
        let (_, ada) = app.account_with_exports_on("Acme");
        let (bob, mia) = (app.admin("Acme", "Bob"), app.member("Acme", "Mia"));
        let (_, bea) = app.account_with_exports_on("Borealis");
        Self { app, ada, bob, mia, bea }
    }

    /// Acme as it is before each call: the feature on, Ada with access, and a request on which the route can work.
    fn prepare(&self, route: Route) -> RequestId {
        let account = self.app.find_account("Acme").id;
        for person in [&self.ada, &self.bea] {
            commands::run(self.app.store(), Actor::User(person.id), &switch::TurnOn, self.app.now()).unwrap();
        }
        self.app.set_access(&self.ada, &[self.ada.id]).unwrap();
        if !route.path.contains("{id}") {
            return 0;
        }
        let id = self.app.request(&self.ada, "2026-03-01", "2026-03-02");
        if route.path.contains("/parts/") || route.path.ends_with("/delete") {
            self.app.work();
        } else if route.path.ends_with("/retry") {
            self.app.run_sql(&format!(
                "UPDATE export_requests SET status = 'Failed', reason = 'A test.' WHERE id = {id} AND account_id = {account}"
            ));
        }
        id
    }

    /// All that a form could change.
    fn state(&self) -> Vec<String> {
        self.app.query_sql(
            "SELECT 'account ' || id || exports_on || exports_included AS value FROM accounts
             UNION ALL SELECT 'access ' || account_id || ' ' || user_id FROM access_grants
             UNION ALL SELECT 'request ' || id || status FROM export_requests
             UNION ALL SELECT 'audit ' || account_id || ' ' || number || action FROM audit_events
             UNION ALL SELECT 'session ' || key_hash FROM sessions
             ORDER BY 1",
        )
    }
}

/// Calls a route as its page would: forms carry `csrf`.
fn call(browser: &Browser, route: Route, id: RequestId, ada: &Person, csrf: Option<&str>) -> Page {
    let page = browser.get("/sign-in").text();
    let style = page.split_once("/static/").unwrap().1.split_once('"').unwrap().0.to_owned();
    let path = route.path.replace("{id}", &id.to_string()).replace("{number}", "1").replace("{file}", &style);
    let (user, key) = (ada.id.to_string(), compliance_exports::keys::new_key());
    match route.method {
        "POST" => {
            let mut fields = vec![
                ("user", user.as_str()),
                ("form_key", key.as_str()),
                ("first_day", "2026-03-01"),
                ("last_day", "2026-03-02"),
                ("email", "nobody@acme.example"),
                ("password", "wrong"),
            ];
            fields.extend(csrf.map(|token| ("csrf", token)));
            browser.post_raw(&path, &fields)
        }
        method => browser.send(Method::from_bytes(method.as_bytes()).unwrap(), &path, &[]),
    }
}

/// What the visitor gets at a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Answer {
    Allowed,
    LedToSignIn,
    Forbidden,
    NotFound,
    Other(u16),
}

fn answer(page: &Page) -> Answer {
    match (page.status, page.location()) {
        (303, location) if location.starts_with("/sign-in?next=") => Answer::LedToSignIn,
        // The sign-in form, which came through to the password.
        (422, _) if page.text().contains("don't match") => Answer::Allowed,
        (200 | 303, _) => Answer::Allowed,
        (403, _) => Answer::Forbidden,
        (404, _) => Answer::NotFound,
        (status, _) => Answer::Other(status),
    }
}

/// Walks all routes as one kind of visitor, signed in afresh each time.
fn walk(visitor: impl Fn(&House) -> Option<Person>, expected: impl Fn(Route) -> Answer) {
    let house = House::start();
    for &route in ROUTES {
        let id = house.prepare(route);
        let (browser, csrf) = match visitor(&house) {
            Some(person) => {
                let browser = house.app.signed_in(&person);
                let token = browser.get("/no-such-page").field("csrf").unwrap();
                (browser, token)
            }
            None => (house.app.browser(), String::new()),
        };
        let csrf = if route.path == "/sign-in" { browser.get("/sign-in").field("csrf").unwrap() } else { csrf };
        let page = call(&browser, route, id, &house.ada, Some(&csrf));
        assert_eq!(answer(&page), expected(route), "{route:?}: {}", page.text());
    }
}

#[test]
fn a2_a_stranger_is_led_to_sign_in_by_every_route_but_the_public_ones() {
    walk(
        |_| None,
        |route| match route.caller {
            Caller::Anyone => Answer::Allowed,
            _ => Answer::LedToSignIn,
        },
    );
}

#[test]
fn a2_a_member_is_refused_by_every_route_of_the_administration_page() {
    walk(
        |house| Some(house.mia.clone()),
        |route| match route.caller {
            Caller::Anyone | Caller::SignedIn => Answer::Allowed,
            Caller::Administrator | Caller::WithAccess => Answer::Forbidden,
        },
    );
}

#[test]
fn a3_an_administrator_without_access_is_refused_by_every_route_that_needs_it() {
    walk(
        |house| Some(house.bob.clone()),
        |route| match route.caller {
            Caller::Anyone | Caller::SignedIn | Caller::Administrator => Answer::Allowed,
            Caller::WithAccess => Answer::Forbidden,
        },
    );
}

#[test]
fn a3_an_administrator_with_access_gets_through_everywhere() {
    walk(|house| Some(house.ada.clone()), |_| Answer::Allowed);
}

#[test]
fn a2_an_administrator_of_another_account_finds_nothing_of_this_one() {
    walk(
        |house| Some(house.bea.clone()),
        |route| match route.path {
            path if path.contains("{id}") => Answer::NotFound,
            // Nobody of the form is an administrator there.
            "/administration/access" if route.method == "POST" => Answer::Other(422),
            _ => Answer::Allowed,
        },
    );
}

#[test]
fn a2_what_an_administrator_of_another_account_submits_changes_nothing_here() {
    let house = House::start();
    let browser = house.app.signed_in(&house.bea);
    let csrf = browser.csrf();
    let of_acme = || {
        let account = house.app.find_account("Acme").id;
        let requests = format!("SELECT id || status AS value FROM export_requests WHERE account_id = {account}");
        (house.app.find_account("Acme"), house.app.audit(account), house.app.query_sql(&requests))
    };
    for &route in ROUTES.iter().filter(|route| route.method == "POST" && route.path.starts_with("/administration")) {
        let id = house.prepare(route);
        let before = of_acme();
        call(&browser, route, id, &house.ada, Some(&csrf));
        assert_eq!(of_acme(), before, "{route:?}");
    }
}

#[test]
fn a1_where_the_feature_is_not_included_every_route_of_exports_refuses() {
    let house = House::start();
    let browser = house.app.signed_in(&house.ada);
    let csrf = browser.csrf();
    for &route in ROUTES.iter().filter(|route| route.path.starts_with("/administration/")) {
        house.app.run_sql("UPDATE accounts SET exports_included = true");
        let id = house.prepare(route);
        house.app.run_sql("UPDATE accounts SET exports_included = false");
        let before = house.state();
        let page = call(&browser, route, id, &house.ada, Some(&csrf));
        assert_eq!(page.status, 403, "{route:?}");
        if route.method != "HEAD" {
            assert!(
                page.text().contains("Ask the operator of this server to include it."),
                "{route:?}: {}",
                page.text()
            );
        }
        assert_eq!(house.state(), before, "{route:?}");
    }
}

#[test]
fn every_form_needs_the_token_of_its_own_session() {
    let house = House::start();
    let (browser, other) = (house.app.signed_in(&house.ada), house.app.signed_in(&house.bob));
    let (own, others) = (browser.csrf(), other.csrf());
    assert_ne!(own, others);
    let wrong = ["", "wrong", others.as_str(), &own[..63]];
    for &route in ROUTES.iter().filter(|route| route.method == "POST") {
        let id = house.prepare(route);
        let before = house.state();
        for token in wrong.into_iter().map(Some).chain([None]) {
            let page = call(&browser, route, id, &house.ada, token);
            assert_eq!(page.status, 403, "{route:?} with {token:?}");
            assert!(page.text().contains("This form is out of date."), "{}", page.text());
        }
        assert_eq!(house.state(), before, "{route:?}");
    }
    assert_eq!(browser.get("/administration").status, 200, "still signed in");
}

#[test]
fn only_what_is_submitted_changes_anything() {
    let house = House::start();
    let browser = house.app.signed_in(&house.ada);
    for &route in ROUTES.iter().filter(|route| route.method == "GET" && !route.path.contains("/parts/")) {
        let id = house.prepare(route);
        let before = house.state();
        call(&browser, route, id, &house.ada, None);
        assert_eq!(house.state(), before, "{route:?}");
    }
}

/// The router is asked: whatever is not in the table leads nowhere, also for who may do everything.
#[test]
fn nothing_but_what_the_table_has_can_be_called() {
    let house = House::start();
    let browser = house.app.signed_in(&house.ada);
    let table: BTreeSet<_> = ROUTES.iter().map(|route| (route.method, route.path)).collect();
    assert_eq!(table.len(), ROUTES.len(), "none twice");
    let before = house.state();
    for path in table.iter().map(|(_, path)| *path).collect::<BTreeSet<_>>() {
        let address = path.replace("{id}", "1").replace("{number}", "1").replace("{file}", "style.css");
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            if !table.contains(&(method, path)) {
                let page = browser.send(Method::from_bytes(method.as_bytes()).unwrap(), &address, &[]);
                assert_eq!(page.status, 404, "{method} {path}");
            }
        }
    }
    assert_eq!(house.state(), before);
}

#[test]
fn the_mails_of_the_demo_are_shown_in_the_demo_only() {
    let house = House::start();
    let request = house.app.request(&house.ada, "2026-03-01", "2026-03-02");
    house.app.work();
    let mail = house.app.query_sql("SELECT CAST(id AS TEXT) AS value FROM mails").remove(0);
    let (list, letter) = ("/demo/mails".to_owned(), format!("/demo/mails/{mail}"));
    assert_eq!(house.app.find_request(request).status.as_str(), "Completed");
    for path in [&list, &letter] {
        assert_eq!(house.app.signed_in(&house.ada).get(path).status, 404);
    }

    let demo = house.app.serve_too(compliance_exports::http::State { demo: true, ..house.app.app.state() });
    let status = |person: &Person, path: &str| {
        let browser = Browser::new(&demo.address);
        assert_eq!(browser.sign_in(&person.email, crate::support::PASSWORD).status, 303);
        browser.get(path).status
    };
    assert_eq!((status(&house.ada, &list), status(&house.ada, &letter)), (200, 200));
    assert_eq!((status(&house.mia, &list), status(&house.mia, &letter)), (403, 403));
    assert_eq!((status(&house.bea, &list), status(&house.bea, &letter)), (200, 404));
    assert!(Browser::new(&demo.address).get(&list).location().starts_with("/sign-in"));
}
