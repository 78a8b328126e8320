//! What every page keeps to: headers, refusals that say what to do, names that do no harm, and secrets that stay inside.

use std::io::Read;
use std::time::Duration;

use chrono::TimeDelta;
use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::config::{Overrides, Settings};
use compliance_exports::db::{PoolOptions, Store};
use compliance_exports::http::State;
use compliance_exports::identity::{access, commands};

use crate::support::{Browser, PASSWORD, Page, TestApp};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// That this is a refusal in a page of ours, with each of these words.
fn assert_refusal(page: &Page, status: u16, words: &[&str]) {
    let text = page.text();
    assert_eq!(page.status, status, "{text}");
    assert!(page.header("content-type").starts_with("text/html"), "{:?}", page.headers);
    assert_eq!(page.header("content-security-policy"), POLICY);
    assert!(text.contains("<main id=\"main\"") && text.matches("<h1>").count() == 1, "{text}");
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn every_answer_protects_whoever_looks_at_it() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let (stranger, browser) = (app.browser(), app.signed_in(&ada));
    let answers = [
        browser.get("/administration"),
        browser.get("/administration/exports/history"),
        browser.get("/no-such-page"),
        browser.post_raw("/administration/exports/on", &[]),
        browser.post("/administration/exports/on", &[]),
        stranger.get("/sign-in"),
        stranger.get("/administration"),
        stranger.get("/health"),
    ];
    for page in answers {
        assert_eq!(page.header("content-security-policy"), POLICY);
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert_eq!(page.header("cache-control"), "no-store", "{:?}", page.headers);
        assert_eq!(page.header("strict-transport-security"), "", "this server is reached without encryption");
    }
}

#[test]
fn assets_may_be_kept_for_ever_and_are_what_they_say() {
    let app = TestApp::start();
    let browser = app.browser();
    let text = browser.get("/sign-in").text();
    let assets: Vec<_> = text.split("/static/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(assets.len() >= 5, "{text}");
    for asset in assets {
        let file = browser.get(&format!("/static/{asset}"));
        assert_eq!(file.status, 200, "{asset}");
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        let kind = match asset.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/javascript; charset=utf-8",
        };
        assert_eq!(file.header("content-type"), kind, "{asset}");
        assert_eq!(file.header("content-encoding"), "", "it did not ask for it");
        let packed = browser.get_with(&format!("/static/{asset}"), &[("accept-encoding", "gzip, deflate, br")]);
        assert_eq!((packed.header("content-encoding"), packed.header("vary")), ("gzip", "Accept-Encoding"));
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(packed.body.as_slice()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, file.body, "{asset}");
    }
    for missing in ["style.css", "style.000000000000.css", "..%2fCargo.toml", "%2e%2e/%2e%2e/etc/passwd"] {
        let file = browser.get(&format!("/static/{missing}"));
        assert_eq!((file.status, file.header("cache-control")), (404, "no-store"), "{missing}");
    }
}

#[test]
fn health_says_nothing_about_accounts() {
    let app = TestApp::start();
    app.account_with_exports_on("Acme");
    let page = app.browser().get("/health");
    let expected = format!(r#"{{"status":"ok","version":"{}"}}"#, env!("CARGO_PKG_VERSION"));
    assert_eq!((page.status, page.text()), (200, expected));
}

#[test]
fn refusals_say_what_to_do() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let browser = app.signed_in(&ada);
    let back = "<a class=\"button\" href=\"/administration\">Go to Administration</a>";

    let page = browser.get("/no-such-page");
    assert_refusal(&page, 404, &["There is nothing at this address", "Check the address", back]);
    let page = browser.get("/administration/exports/9999/parts/1");
    assert_refusal(&page, 404, &["There is no such export in your account.", back]);
    let page = browser.get("/administration/exports/first/parts/1");
    assert_refusal(&page, 404, &["This server has no such page.", back]);
    // A method that the page does not have.
    assert_refusal(&browser.get("/administration/exports/on"), 404, &[back]);
    assert_refusal(&browser.get("/administration?before=one"), 422, &["does not understand", back]);
    assert_refusal(&app.browser().get("/no-such-page"), 404, &["<a class=\"button\" href=\"/sign-in\">Sign in</a>"]);

    let mia = app.signed_in(&app.member("Acme", "Mia"));
    assert_refusal(&mia.get("/administration"), 403, &["You do not have access", "ask an administrator", "href=\"/\""]);
    assert_refusal(&mia.get("/administration/exports/1/parts/1"), 403, &["ask an administrator"]);
}

#[test]
fn b6_an_expired_download_says_that_it_was_erased() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let id = app.request(&ada, "2026-03-01", "2026-03-02");
    app.work();
    app.advance(TimeDelta::days(30));
    let page = app.signed_in(&ada).get(&format!("/administration/exports/{id}/parts/1"));
    assert_refusal(&page, 410, &["This export has expired", "until 15 April 2026", "Request a new export"]);
}

#[test]
fn a3_what_does_not_fit_the_present_state_says_what_would() {
    let app = TestApp::start();
    app.account("Acme");
    let ada = app.admin("Acme", "Ada");
    let page = app.signed_in(&ada).get("/administration/exports/new");
    assert_refusal(&page, 409, &["Compliance Exports is off. Turn it on first", "Go to Administration"]);
}

#[test]
fn a_fault_of_ours_shows_its_number_and_never_its_cause() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let browser = app.signed_in(&ada);
    app.run_sql("UPDATE accounts SET time_zone = 'Mars/Olympus'");
    let page = browser.get("/administration");
    assert_refusal(&page, 500, &["Something went wrong on the server", "tell the operator", "Request number: <code>"]);
    let text = page.text();
    let number = text.split_once("Request number: <code>").unwrap().1.split_once("</code>").unwrap().0;
    assert_eq!(number.len(), 36, "{number}");
    assert!(!text.contains("Mars") && !text.contains("time zone"), "{text}");
}

/// Looks at the Administration page while a table is missing, and again afterwards.
fn assert_fault_without(table: &str, told_nothing_of: &[&str]) {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let browser = app.signed_in(&ada);
    app.run_sql(&format!("ALTER TABLE {table} RENAME TO elsewhere"));
    let page = browser.get("/administration");
    assert_refusal(&page, 500, &["Something went wrong on the server", "Request number: <code>"]);
    for word in told_nothing_of {
        assert!(!page.text().contains(word), "{word}: {}", page.text());
    }
    app.run_sql(&format!("ALTER TABLE elsewhere RENAME TO {table}"));
    assert_eq!(browser.get("/administration").status, 200, "nobody was signed out");
}

#[test]
fn a_fault_in_a_query_shows_nothing_of_the_query() {
    assert_fault_without("access_grants", &["access_grants", "SELECT", "no such table", "does not exist"]);
}

#[test]
fn a_fault_with_the_session_itself_has_its_page_too() {
    assert_fault_without("sessions", &["sessions", "no such table", "does not exist"]);
}

/// Signs in, then looks at pages of a server whose only connection is taken.
fn while_busy(look: impl FnOnce(&Browser)) {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let options = PoolOptions { size: 1, checkout_timeout: Duration::from_millis(50), ..PoolOptions::default() };
    let store = Store::open(&app.app.settings.database_url(), options).unwrap();
    let served = app.serve_too(State { store: store.clone(), ..app.app.state() });
    let browser = Browser::new(&served.address);
    assert_eq!(browser.sign_in(&ada.email, PASSWORD).status, 303);
    store
        .read(|_| {
            look(&browser);
            Ok(())
        })
        .unwrap();
    assert_eq!(browser.get("/administration").status, 200, "nothing has been lost, nobody was signed out");
}

#[test]
fn a_busy_server_asks_for_a_minute_and_signs_nobody_out() {
    while_busy(|browser| {
        for page in [browser.get("/administration"), browser.post("/administration/exports/off", &[])] {
            assert_refusal(&page, 503, &["The server is busy", "Nothing has been lost", "Wait a minute"]);
            assert_eq!(page.header("retry-after"), "60");
            assert!(page.set_cookie("session").is_none(), "{:?}", page.headers);
        }
    });
}

#[test]
fn a_busy_server_is_not_healthy() {
    while_busy(|browser| {
        let page = browser.get("/health");
        assert_eq!((page.status, page.text().as_str()), (503, r#"{"status":"database unavailable"}"#));
    });
}

#[test]
fn what_is_no_form_of_ours_is_refused() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let browser = app.signed_in(&ada);
    let huge = "x".repeat(300 * 1024);
    let page = browser.post("/administration/access", &[("user", &huge)]);
    assert_refusal(&page, 422, &["The form is too large"]);
    let page =
        browser.send(reqwest::Method::POST, "/administration/exports/off", &[("content-type", "application/json")]);
    assert_refusal(&page, 422, &["Only forms can be submitted here."]);
    assert!(app.find_account("Acme").exports_on);
}

#[test]
fn zero_bytes_in_a_form_are_no_fault() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let browser = app.signed_in(&ada);
    let fields = [("form_key", "a\0b"), ("first_day", "2026-03-01"), ("last_day", "2026-03-02")];
    assert_refusal(&browser.post("/administration/exports", &fields), 422, &["a character that can't be kept"]);
    let stranger = app.browser();
    stranger.get("/sign-in");
    let fields = [("email", "ada\0@acme.example"), ("password", PASSWORD)];
    assert_refusal(&stranger.post("/sign-in", &fields), 422, &["a character that can't be kept"]);
}

/// Checks that a page shows nothing of markup, and that what turns the text around stays within its element.
fn assert_harmless(page: &Page) {
    let text = String::from_utf8_lossy(&page.body);
    assert!(!text.contains("<script>") && !text.contains("<img src=x") && !text.contains("\"onfocus"), "{text}");
    for (place, _) in text.match_indices('\u{202e}') {
        let before = &text[..place];
        let within = |tag: &str| before.rfind(&format!("<{tag}>")) > before.rfind(&format!("</{tag}>"));
        assert!(within("bdi") || within("code") || within("pre"), "{}", &before[before.len().saturating_sub(200)..]);
    }
}

#[test]
fn hostile_names_do_no_harm() {
    let company = "<script>alert(1)</script> \u{202e}gnp & \"onfocus=x";
    let person = format!("<img src=x onerror=y> \u{202e}{}", "W".repeat(75));
    assert_eq!(person.chars().count(), 98);
    let app = TestApp::start();
    app.account(company);
    let sign_in = |name: &str, email: &str, admin: bool| {
        let new = compliance_exports::identity::accounts::NewSignIn { account: company, email, name, admin };
        let id = compliance_exports::identity::commands::run(
            app.store(),
            compliance_exports::audit::Actor::Operator,
            &compliance_exports::identity::accounts::SetSignIn::new(new, PASSWORD).unwrap(),
            app.now(),
        )
        .unwrap();
        crate::support::Person { id, email: email.into(), name: name.into() }
    };
    let eve = sign_in(&person, "eve@acme.example", true);
    let (bob, mia) = (sign_in("Bob", "bob@acme.example", true), sign_in(&person, "mia@acme.example", false));
    assert_harmless(&app.signed_in(&eve).get("/administration"));
    commands::run(app.store(), Actor::User(eve.id), &switch::TurnOn, app.now()).unwrap();
    app.request(&eve, "2026-03-01", "2026-03-02");
    app.work();

    let browser = app.signed_in(&eve);
    for path in
        ["/administration", "/administration/access", "/administration/exports/new", "/administration/exports/off"]
    {
        let page = browser.get(path);
        assert_eq!(page.status, 200);
        assert!(page.text().contains("&#60;"), "{path} shows a name");
        assert_harmless(&page);
    }
    // Refusals, which name the account or whom to ask.
    assert_harmless(&app.signed_in(&bob).get("/administration"));
    for (person, path) in [(&bob, "/administration/access"), (&mia, "/administration")] {
        let page = app.signed_in(person).get(path);
        assert_eq!(page.status, 403);
        assert!(page.text().contains("&#60;"), "{path} shows a name");
        assert_harmless(&page);
    }
    assert_harmless(&app.signed_in(&mia).get("/"));
    let typed = app.browser();
    typed.get("/sign-in");
    assert_harmless(
        &typed.post("/sign-in", &[("email", "\"onfocus=x <script>"), ("password", "x"), ("next", "/\"onfocus=x")]),
    );
}

#[test]
fn secrets_are_in_no_debug_output() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    app.signed_in(&ada);
    let cookie_key = app.app.cookie_key().unwrap();
    let hashes = app.query_sql("SELECT password_hash AS value FROM users");
    let person = app.store().read(|c| access::find_signed_in(c, ada.id)).unwrap();
    let told = format!("{:?} {:?} {person:?}", app.app, app.app.state());
    assert!(told.contains("Store"), "{told}");
    assert!(!told.contains(&format!("{cookie_key:?}")) && !told.contains(PASSWORD) && !told.contains(&hashes[0]));

    let variables = [
        ("COMPLIANCE_EXPORTS_DATABASE__URL", "postgres://exports:hunter2@db.example/exports"),
        ("COMPLIANCE_EXPORTS_MAIL__SMTP__USERNAME", "exports"),
        ("COMPLIANCE_EXPORTS_MAIL__SMTP__PASSWORD", "hunter2"),
    ];
    let settings = Settings::load(None, variables, Overrides::default()).unwrap();
    let told = format!("{settings:?} {}", settings.database_url());
    assert!(told.contains("db.example") && !told.contains("hunter2"), "{told}");
}
