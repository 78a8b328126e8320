//! Signing in and out: sessions, their cookies, and the limits on attempts.

use std::io::{Read, Write};
use std::net::TcpStream;

use chrono::TimeDelta;
use compliance_exports::audit::{self, Actor, AuditEvent, Named};
use compliance_exports::capture::switch;
use compliance_exports::db;
use compliance_exports::identity::accounts::{self, NewSignIn};
use compliance_exports::identity::{self, commands};

use crate::support::{Browser, PASSWORD, Page, Person, TestApp};

const MISMATCH: &str = "That email address and password don't match.";
const TOO_MANY: &str = "Too many attempts to sign in failed. Try again in 15 minutes.";

/// Acme with Ada.
fn acme(app: &TestApp) -> Person {
    app.account("Acme");
    app.admin("Acme", "Ada")
}

/// Fills in the sign-in form of a fresh visitor, which leads to `next`.
fn try_sign_in(app: &TestApp, email: &str, password: &str, next: &str) -> Page {
    let browser = app.browser();
    browser.get("/sign-in");
    browser.post("/sign-in", &[("email", email), ("password", password), ("next", next)])
}

/// Signs in and gives what the browser would send from then on: `session=…`.
fn session_cookie(app: &TestApp, person: &Person) -> String {
    let page = try_sign_in(app, &person.email, PASSWORD, "/");
    value_of(page.set_cookie("session").expect("a session"))
}

/// Name and value of a cookie, without its attributes.
fn value_of(set_cookie: &str) -> String {
    set_cookie.split(';').next().unwrap().to_owned()
}

/// Whether this cookie opens the Administration page.
fn opens(app: &TestApp, cookie: &str) -> bool {
    match app.browser().get_with("/administration", &[("cookie", cookie)]).status {
        200 => true,
        303 => false,
        other => panic!("{other}"),
    }
}

fn sessions(app: &TestApp) -> Vec<String> {
    app.query_sql("SELECT key_hash AS value FROM sessions")
}

/// As if this had failed so often.
fn failures(app: &TestApp, times: u32, email: &str, address: &str) {
    let note = |tx: &mut db::Tx<'_>| {
        (0..times).try_for_each(|_| identity::rows::sessions::create_failure(tx, email, address, app.now()).map(drop))
    };
    app.store().write(note).unwrap();
}

#[test]
fn the_session_cookie_is_kept_from_scripts_and_other_sites() {
    let app = TestApp::start();
    let ada = acme(&app);
    let page = try_sign_in(&app, &ada.email, PASSWORD, "/");
    let cookie = page.set_cookie("session").unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[test]
fn over_https_cookies_travel_encrypted_only() {
    let app = TestApp::start_with_variables(&[("COMPLIANCE_EXPORTS_PUBLIC_ADDRESS", "https://exports.example")]);
    let ada = acme(&app);
    let browser = app.browser();
    let form = browser.get("/sign-in");
    assert_eq!(form.header("strict-transport-security"), "max-age=31536000");
    let token = form.set_cookie("__Host-sign-in").unwrap();
    let (csrf, sent) = (form.field("csrf").unwrap(), value_of(token));
    let fields = [("email", ada.email.as_str()), ("password", PASSWORD), ("csrf", &csrf)];
    // In a browser of its own, which sends what it is told to send.
    let page = app.browser().post_with("/sign-in", &fields, &[("cookie", &sent)]);
    let session = page.set_cookie("__Host-session").unwrap();
    for cookie in [token, session] {
        for attribute in ["Secure", "HttpOnly", "SameSite=", "Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert!(opens(&app, &value_of(session)));
}

#[test]
fn a_signed_out_cookie_is_dead() {
    let app = TestApp::start();
    let ada = acme(&app);
    let browser = app.browser();
    let cookie = value_of(browser.sign_in(&ada.email, PASSWORD).set_cookie("session").unwrap());
    assert!(opens(&app, &cookie));
    let page = browser.post("/sign-out", &[]);
    assert_eq!((page.status, page.location()), (303, "/sign-in"));
    assert!(page.set_cookie("session").unwrap().contains("Max-Age=0"), "the browser forgets it");
    assert!(!opens(&app, &cookie), "and so does the server");
    assert_eq!(sessions(&app), [""; 0]);
}

#[test]
fn signing_out_ends_this_session_only() {
    let app = TestApp::start();
    let ada = acme(&app);
    let (here, there) = (app.signed_in(&ada), session_cookie(&app, &ada));
    here.post("/sign-out", &[]);
    assert!(opens(&app, &there));
}

#[test]
fn a_new_password_ends_all_sessions_of_the_person_and_of_nobody_else() {
    let app = TestApp::start();
    let (ada, bob) = (acme(&app), app.admin("Acme", "Bob"));
    let cookies = [session_cookie(&app, &ada), session_cookie(&app, &ada)];
    let bobs = session_cookie(&app, &bob);
    let new = NewSignIn { account: "Acme", email: &ada.email, name: "Ada", admin: true };
    commands::run(
        app.store(),
        Actor::Operator,
        &accounts::SetSignIn::new(new, "another long password").unwrap(),
        app.now(),
    )
    .unwrap();
    assert!(!opens(&app, &cookies[0]) && !opens(&app, &cookies[1]));
    assert!(opens(&app, &bobs));
    assert_eq!(try_sign_in(&app, &ada.email, PASSWORD, "/").status, 422);
    assert_eq!(try_sign_in(&app, &ada.email, "another long password", "/").status, 303);
}

#[test]
fn a_session_ends_when_its_hours_are_over_however_much_it_is_used() {
    let app = TestApp::start_with(|settings| settings.server.session_hours = 2);
    let ada = acme(&app);
    let cookie = session_cookie(&app, &ada);
    for _ in 0..2 {
        app.advance(TimeDelta::minutes(59));
        assert!(opens(&app, &cookie));
    }
    app.advance(TimeDelta::minutes(2));
    assert!(!opens(&app, &cookie));
    app.worker.exports.sweep().unwrap();
    assert_eq!(sessions(&app), [""; 0]);
}

#[test]
fn the_database_knows_a_hash_of_the_key_only() {
    let app = TestApp::start();
    let ada = acme(&app);
    let cookie = session_cookie(&app, &ada);
    let key = &cookie[cookie.len() - 64..];
    let hash = compliance_exports::keys::hex(&compliance_exports::sums::sha256(key.as_bytes()));
    assert_eq!(sessions(&app), [hash]);
    let rows = app.query_sql("SELECT key_hash || state AS value FROM sessions");
    assert!(!rows[0].contains(key));
}

#[test]
fn a_session_gets_a_new_key_when_someone_signs_in() {
    let app = TestApp::start();
    let (ada, bob) = (acme(&app), app.admin("Acme", "Bob"));
    let browser = app.browser();
    let planted = value_of(browser.sign_in(&ada.email, PASSWORD).set_cookie("session").unwrap());
    let signed_in = value_of(browser.sign_in(&bob.email, PASSWORD).set_cookie("session").unwrap());
    assert_ne!(planted, signed_in);
    assert!(!opens(&app, &planted), "whoever knew the old key knows nothing");
    assert!(browser.get("/administration").text().contains("<strong><bdi>Bob</bdi></strong>"));
}

#[test]
fn a_session_key_of_ones_own_making_is_not_taken() {
    let app = TestApp::start();
    let ada = acme(&app);
    let cookie = session_cookie(&app, &ada);
    let (signature, _) = cookie.split_at(cookie.len() - 64);
    for forged in [format!("session={}", "a".repeat(64)), format!("{signature}{}", "a".repeat(64)), "session=".into()] {
        assert!(!opens(&app, &forged), "{forged}");
    }
    assert!(opens(&app, &cookie));
}

#[test]
fn nobody_learns_who_has_an_account_here() {
    let app = TestApp::start();
    let (ada, bob) = (acme(&app), app.admin("Acme", "Bob"));
    app.record(
        "Acme",
        r#"
        {"type":"user","id":"g","name":"Grace","email":"grace@acme.example"}
        {"type":"user","id":"b","name":"Bob","email":"bob@acme.example","deactivatedAt":"2026-03-01T00:00:00Z"}
        "#,
    );
    let wrong = [
        (ada.email.as_str(), "wrong password"),
        ("nobody@acme.example", PASSWORD),
        // Without a password, and deactivated.
        ("grace@acme.example", PASSWORD),
        (&bob.email, PASSWORD),
        ("", ""),
    ];
    for (email, password) in wrong {
        let page = try_sign_in(&app, email, password, "/");
        assert_eq!(page.status, 422, "{email:?}: {}", page.text());
        assert!(page.text().contains(MISMATCH), "{email:?}: {}", page.text());
        assert!(page.set_cookie("session").is_none(), "{email:?}");
    }
}

#[test]
fn case_and_spaces_around_the_address_do_not_matter() {
    let app = TestApp::start();
    acme(&app);
    assert_eq!(try_sign_in(&app, " ADA@Acme.Example ", PASSWORD, "/").status, 303);
}

#[test]
fn what_was_typed_is_shown_again_except_the_password() {
    let app = TestApp::start();
    let text = try_sign_in(&app, "ada@acme.example", "my secret password", "/administration?page=2").text();
    assert!(text.contains("value=\"ada@acme.example\"") && text.contains("value=\"/administration?page=2\""), "{text}");
    assert!(!text.contains("my secret password"), "{text}");
}

#[test]
fn after_ten_failures_an_address_of_mail_waits_and_nobody_else_does() {
    let app = TestApp::start();
    let (ada, bob) = (acme(&app), app.admin("Acme", "Bob"));
    let signed_in = session_cookie(&app, &ada);
    for attempt in 0..10 {
        // Spelt differently it is the same address.
        let email = if attempt % 2 == 0 { ada.email.clone() } else { ada.email.to_uppercase() };
        assert_eq!(try_sign_in(&app, &email, "wrong password", "/").status, 422);
    }
    let refused = try_sign_in(&app, &ada.email, PASSWORD, "/");
    assert_eq!(refused.status, 429);
    assert!(refused.text().contains(TOO_MANY), "{}", refused.text());
    assert!(refused.set_cookie("session").is_none());
    assert_eq!(try_sign_in(&app, &bob.email, PASSWORD, "/").status, 303);
    assert!(opens(&app, &signed_in), "who is signed in already is not bothered");

    app.advance(TimeDelta::minutes(15) + TimeDelta::seconds(1));
    assert_eq!(try_sign_in(&app, &ada.email, PASSWORD, "/").status, 303);
}

#[test]
fn a_success_forgives_the_failures_before_it() {
    let app = TestApp::start();
    let ada = acme(&app);
    failures(&app, 9, &ada.email, "192.0.2.1");
    assert_eq!(try_sign_in(&app, &ada.email, PASSWORD, "/").status, 303);
    assert_eq!(try_sign_in(&app, &ada.email, "wrong password", "/").status, 422);
    assert_eq!(try_sign_in(&app, &ada.email, PASSWORD, "/").status, 303);
}

#[test]
fn after_fifty_failures_a_network_address_waits_whomever_it_tries() {
    let app = TestApp::start();
    let ada = acme(&app);
    failures(&app, 49, "somebody@acme.example", "127.0.0.1");
    assert_eq!(try_sign_in(&app, &ada.email, PASSWORD, "/").status, 303);
    failures(&app, 1, "somebody@acme.example", "127.0.0.1");
    assert_eq!(try_sign_in(&app, &ada.email, PASSWORD, "/").status, 429);
}

/// Tries to sign in with these headers of a proxy.
fn behind(app: &TestApp, headers: &[(&str, &str)], email: &str, password: &str) -> u16 {
    let browser = app.browser();
    let csrf = browser.get("/sign-in").field("csrf").unwrap();
    browser.post_with("/sign-in", &[("email", email), ("password", password), ("csrf", &csrf)], headers).status
}

#[test]
fn without_a_proxy_nobody_chooses_the_own_network_address() {
    let app = TestApp::start();
    let ada = acme(&app);
    failures(&app, 50, "somebody@acme.example", "127.0.0.1");
    for header in [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=192.0.2.7")] {
        assert_eq!(behind(&app, &[header], &ada.email, PASSWORD), 429, "{header:?}");
    }
}

#[test]
fn behind_a_proxy_the_address_is_the_one_that_the_proxy_saw() {
    let app = TestApp::start_with(|settings| settings.server.behind_proxy = true);
    let ada = acme(&app);
    failures(&app, 50, "somebody@acme.example", "192.0.2.7");
    assert_eq!(behind(&app, &[("x-forwarded-for", "192.0.2.7")], &ada.email, PASSWORD), 429);
    assert_eq!(behind(&app, &[("x-forwarded-for", "192.0.2.8")], &ada.email, PASSWORD), 303);
    // A proxy puts what it saw after what the visitor claimed, and passes on other headers as they are.
    let claims: [&[(&str, &str)]; 3] = [
        &[("x-forwarded-for", "198.51.100.1, 192.0.2.7")],
        &[("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "192.0.2.7")],
        &[("forwarded", "for=198.51.100.1"), ("x-forwarded-for", "192.0.2.7")],
    ];
    for headers in claims {
        assert_eq!(behind(&app, headers, &ada.email, PASSWORD), 429, "{headers:?}");
    }
}

#[test]
fn signing_in_leads_nowhere_else() {
    let app = TestApp::start();
    let ada = acme(&app);
    let elsewhere = [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\r\nset-cookie: session=x",
        "javascript:alert(1)",
        "/\u{1}",
        "/caf\u{e9}",
        " //evil.example",
    ];
    for next in elsewhere {
        let page = try_sign_in(&app, &ada.email, PASSWORD, next);
        assert_eq!((page.status, page.location()), (303, "/"), "{next:?}");
    }
    let form = app.browser().get("/sign-in?next=https%3A%2F%2Fevil.example%2F");
    assert_eq!(form.field("next").as_deref(), Some("/"));
}

#[test]
fn the_sign_in_form_is_taken_from_our_own_page_only() {
    let app = TestApp::start();
    let ada = acme(&app);
    let browser = app.browser();
    let csrf = browser.get("/sign-in").field("csrf").unwrap();
    let with = |csrf: &str| [("email", ada.email.clone()), ("password", PASSWORD.into()), ("csrf", csrf.to_owned())];
    let post = |browser: &Browser, csrf: &str| {
        let fields = with(csrf);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post_raw("/sign-in", &fields)
    };
    // Another site knows neither the token in the form nor the cookie that repeats it.
    for page in [post(&browser, "wrong"), post(&browser, ""), post(&app.browser(), &csrf), post(&app.browser(), "")] {
        assert_eq!(page.status, 403);
        assert!(page.set_cookie("session").is_none());
        assert!(page.text().contains("reload the page and submit it once more"), "{}", page.text());
    }
    assert_eq!(post(&browser, &csrf).status, 303);
    let cookie = app.browser().get("/sign-in").set_cookie("sign-in").unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
}

#[test]
fn one_password_is_for_one_account_only() {
    let app = TestApp::start();
    let ada = acme(&app);
    app.account("Borealis");
    let new = NewSignIn { account: "Borealis", email: &ada.email, name: "Not Ada", admin: true };
    let command = accounts::SetSignIn::new(new, "another long password").unwrap();
    commands::run(app.store(), Actor::Operator, &command, app.now()).unwrap_err();
    assert_eq!(try_sign_in(&app, &ada.email, "another long password", "/").status, 422);
    assert!(opens(&app, &session_cookie(&app, &ada)));
}

#[test]
fn looking_at_a_page_writes_no_session() {
    let app = TestApp::start();
    let browser = app.signed_in(&acme(&app));
    let page = browser.get("/administration");
    assert!(page.set_cookie("session").is_none(), "{:?}", page.headers);
}

#[test]
fn a_message_is_said_once() {
    let app = TestApp::start();
    let browser = app.signed_in(&acme(&app));
    browser.post("/administration/exports/on", &[]);
    assert!(browser.get("/administration").text().contains("data-flash"));
    assert!(!browser.get("/administration").text().contains("data-flash"));
}

#[test]
fn two_cookies_of_the_same_name_are_no_fault() {
    let app = TestApp::start();
    let cookie = session_cookie(&app, &acme(&app));
    let address = app.address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /administration HTTP/1.1\r\nhost: {address}\r\ncookie: session=x; {cookie}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 303"), "{answer}");
}

#[test]
fn who_signs_in_and_out_and_whose_password_did_not_fit_is_in_the_audit_trail() {
    let app = TestApp::start();
    let ada = acme(&app);
    let account = app.find_account("Acme").id;
    try_sign_in(&app, &ada.email, "not the password", "/");
    try_sign_in(&app, "nobody@acme.example", PASSWORD, "/");
    let browser = app.signed_in(&ada);
    browser.post("/sign-out", &[]);
    commands::run(
        app.store(),
        Actor::Operator,
        &switch::IncludeExports { account: "Acme", included: false },
        app.now(),
    )
    .unwrap();
    let entries = app.store().read(|c| audit::list(c, account)).unwrap();
    let told: Vec<_> = entries.into_iter().map(|entry| (entry.actor, entry.event)).collect();
    let address = "127.0.0.1".to_owned();
    let user = Named { id: ada.id, name: "Ada".to_owned() };
    let expected = [
        (Actor::System, AuditEvent::SignInRefused { user, address: address.clone() }),
        (Actor::User(ada.id), AuditEvent::SignedIn { address }),
        (Actor::User(ada.id), AuditEvent::SignedOut),
    ];
    assert!(told.windows(3).any(|told| told == expected), "{told:?}");
    // Signing in where nothing is included is an event too.
    try_sign_in(&app, &ada.email, PASSWORD, "/");
    let last = app.store().read(|c| audit::list(c, account)).unwrap().pop().unwrap();
    assert!(matches!(last.event, AuditEvent::SignedIn { .. }), "{last:?}");
}
