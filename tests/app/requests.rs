//! Requests, as an administrator makes and follows them on the page: B1–B4 and B8.

use std::sync::Barrier;

use chrono::TimeDelta;
use chrono_tz::{America, Asia, Pacific, Tz};
use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::error::{Error, Kind};
use compliance_exports::exports::request::Draft;
use compliance_exports::exports::requests::{self, Stretch};
use compliance_exports::exports::{self, queue};
use compliance_exports::identity::commands;
use compliance_exports::jobs::Stop;
use compliance_exports::model::{AccountId, ExportRequest, RequestId, Status};
use compliance_exports::{format, keys, sums};

use crate::support::{Browser, Page, Person, TestApp};

const FORM: &str = "/administration/exports/new";
const EXPORTS: &str = "/administration/exports";

/// Acme in London with its administrator signed in.
fn acme() -> (TestApp, Person, Browser) {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let browser = app.signed_in(&ada);
    (app, ada, browser)
}

/// All requests of an account, newest first.
fn all(app: &TestApp, account: &str) -> Vec<ExportRequest> {
    let account: AccountId = app.find_account(account).id;
    let rows = app.store().read(|c| exports::rows::exports::page(c, account, Stretch::Newest, 1_000)).unwrap();
    rows.rows.into_iter().map(|(request, _)| request).collect()
}

/// What stands in a field for a day.
fn day_field(page: &Page, name: &str) -> String {
    let pattern = format!(r#"name="{name}"[^>]* value="([^"]*)""#);
    regex::Regex::new(&pattern).unwrap().captures(&page.text()).expect("a field")[1].to_owned()
}

/// The message beside a field.
fn field_error(page: &Page, field: &str) -> Option<String> {
    let pattern = format!(r#"(?s)id="{field}-error">([^<]*)<"#);
    regex::Regex::new(&pattern).unwrap().captures(&page.text()).map(|found| found[1].to_owned())
}

/// Opens the form, fills it in and submits it.
fn submit(browser: &Browser, first_day: &str, last_day: &str) -> Page {
    let key = browser.get(FORM).field("form_key").unwrap_or_default();
    submit_with_key(browser, first_day, last_day, &key)
}

fn submit_with_key(browser: &Browser, first_day: &str, last_day: &str, key: &str) -> Page {
    browser.post(EXPORTS, &[("first_day", first_day), ("last_day", last_day), ("form_key", key)])
}

fn assert_accepted(page: &Page) {
    assert_eq!((page.status, page.location()), (303, "/administration"), "{}", page.text());
}

fn press(browser: &Browser, id: RequestId, button: &str) -> Page {
    browser.post(&format!("/administration/exports/{id}/{button}"), &[])
}

/// The row of an export as the page shows it now.
fn row(browser: &Browser, id: RequestId) -> String {
    browser.get("/administration").row(id)
}

#[test]
fn b1_the_form_shows_whose_days_are_meant() {
    let app = TestApp::start();
    let ada = app.account_in("Acme", Asia::Tokyo);
    let page = app.signed_in(&ada).get(FORM).text();
    assert!(
        page.contains("Both days are included, from midnight to midnight in <strong>Asia/Tokyo</strong>"),
        "{page}"
    );
}

#[test]
fn b1_presets_fill_in_both_days() {
    let (app, _, browser) = acme();
    app.record_messages("Acme", "2025-12-24T23:59:59Z", 2, "Hello");
    for (preset, first_day, last_day) in [
        ("last-7-days", "2026-03-10", "2026-03-16"),
        ("last-30-days", "2026-02-15", "2026-03-16"),
        ("last-month", "2026-02-01", "2026-02-28"),
        ("all", "2025-12-24", "2026-03-16"),
        ("", "", ""),
        ("unknown", "", ""),
    ] {
        let page = browser.get(&format!("{FORM}?preset={preset}"));
        assert_eq!(page.status, 200);
        assert_eq!(
            (&*day_field(&page, "first_day"), &*day_field(&page, "last_day")),
            (first_day, last_day),
            "{preset}"
        );
    }
}

#[test]
fn b1_presets_are_days_of_the_accounts_zone() {
    let app = TestApp::start();
    let ada = app.account_in("Acme", Pacific::Auckland);
    // In Auckland it is 1 a.m. of the next day.
    app.advance(TimeDelta::minutes(150));
    app.record_messages("Acme", "2026-03-01T11:00:00Z", 1, "Hello");
    let page = app.signed_in(&ada).get(&format!("{FORM}?preset=all"));
    assert_eq!((&*day_field(&page, "first_day"), &*day_field(&page, "last_day")), ("2026-03-02", "2026-03-17"));
}

#[test]
fn b1_what_is_wrong_stands_beside_its_field_and_nothing_is_created() {
    let (app, _, browser) = acme();
    let not_a_day = |text: &str| Some(format!("“{text}” is not a day. Write it like 2026-03-31."));
    let empty = || Some("Enter a day.".to_owned());
    let future =
        || Some("The last day can't be in the future. Today is 16 March 2026 in the account's time zone.".to_owned());
    let reversed = || Some("The first day can't be after the last day.".to_owned());
    for (first_day, last_day, first_error, last_error) in [
        ("2026-03-02", "2026-03-01", reversed(), None),
        ("2026-03-01", "2026-03-17", None, future()),
        ("2026-03-20", "2026-03-18", reversed(), future()),
        ("", "", empty(), empty()),
        ("2026-02-30", "16/03/2026", not_a_day("2026-02-30"), not_a_day("16/03/2026")),
        ("yesterday", "2026-03-01", not_a_day("yesterday"), None),
    ] {
        let page = submit(&browser, first_day, last_day);
        assert_eq!(page.status, 422, "{first_day} to {last_day}");
        assert_eq!(field_error(&page, "first-day"), first_error, "{first_day} to {last_day}");
        assert_eq!(field_error(&page, "last-day"), last_error, "{first_day} to {last_day}");
        // What was typed is still there to be corrected.
        assert_eq!((&*day_field(&page, "first_day"), &*day_field(&page, "last_day")), (first_day, last_day));
    }
    assert_eq!(all(&app, "Acme"), []);
}

#[test]
fn b1_a_form_that_was_refused_is_corrected_and_submitted_again() {
    let (app, _, browser) = acme();
    let refused = submit(&browser, "2026-03-02", "2026-03-01");
    let key = refused.field("form_key").unwrap();
    assert_accepted(&submit_with_key(&browser, "2026-03-02", "2026-03-03", &key));
    assert_eq!(all(&app, "Acme").len(), 1);
}

#[test]
fn b1_today_is_today_in_the_accounts_zone() {
    let refused_and_taken = |zone: Tz, tomorrow: &str, today: &str| {
        let app = TestApp::start();
        let ada = app.account_in("Acme", zone);
        // 23:30 in London, 16 March.
        app.advance(TimeDelta::hours(14));
        let browser = app.signed_in(&ada);
        let page = submit(&browser, "2026-03-01", tomorrow);
        assert_eq!(page.status, 422, "{zone}");
        let error = field_error(&page, "last-day").unwrap();
        let in_words = compliance_exports::format::day(today.parse().unwrap());
        assert!(error.contains(&format!("Today is {in_words} in")), "{error}");
        assert_accepted(&submit(&browser, "2026-03-01", today));
    };
    refused_and_taken(Pacific::Auckland, "2026-03-18", "2026-03-17");
    refused_and_taken(America::Los_Angeles, "2026-03-17", "2026-03-16");
    refused_and_taken(Tz::UTC, "2026-03-17", "2026-03-16");
    refused_and_taken(Pacific::Kiritimati, "2026-03-18", "2026-03-17");
}

#[test]
fn b1_today_is_still_yesterday_west_of_london() {
    let app = TestApp::start();
    let ada = app.account_in("Acme", America::Los_Angeles);
    // 03:30 of 17 March in London, 20:30 of 16 March in Los Angeles.
    app.advance(TimeDelta::hours(18));
    let browser = app.signed_in(&ada);
    assert_eq!(submit(&browser, "2026-03-01", "2026-03-17").status, 422);
    assert_accepted(&submit(&browser, "2026-03-16", "2026-03-16"));
}

#[test]
fn b1_both_days_are_included_from_midnight_to_midnight() {
    let app = TestApp::start();
    let ada = app.account_in("Acme", Asia::Tokyo);
    let mut events = String::from(
        r#"{"type":"user","id":"u1","name":"Grace"}
        {"type":"conversation","id":"c1","kind":"Personal","startedBy":"u1","members":[{"user":"u1"}]}"#,
    );
    for (id, at) in [
        ("before", "2026-03-08T23:59:59.999999+09:00"),
        ("first", "2026-03-09T00:00:00+09:00"),
        ("last", "2026-03-10T23:59:59.999999+09:00"),
        ("after", "2026-03-11T00:00:00+09:00"),
    ] {
        events += &format!(
            "\n{{\"type\":\"item_created\",\"conversation\":\"c1\",\"id\":\"{id}\",\"kind\":\"Message\",\"at\":\"{at}\",\
             \"by\":\"u1\",\"content\":{{\"text\":\"{id}\"}}}}"
        );
    }
    app.record("Acme", &events);
    assert_accepted(&submit(&app.signed_in(&ada), "2026-03-09", "2026-03-10"));
    app.work();
    assert_eq!(app.archive(all(&app, "Acme")[0].id).texts(), ["first", "last"]);
}

#[test]
fn b2_an_export_can_be_requested_only_while_the_feature_is_on() {
    let app = TestApp::start();
    app.account("Acme");
    let ada = app.admin("Acme", "Ada");
    let browser = app.signed_in(&ada);
    let refused = |when: &str| {
        for page in [browser.get(FORM), submit_with_key(&browser, "2026-03-01", "2026-03-02", &keys::new_key())] {
            assert_eq!(page.status, 409, "{when}");
            assert!(page.text().contains("Compliance Exports is off. Turn it on first"), "{}", page.text());
        }
        assert_eq!(all(&app, "Acme"), [], "{when}");
    };
    refused("before it was turned on");
    commands::run(app.store(), Actor::User(ada.id), &switch::TurnOn, app.now()).unwrap();
    assert_eq!(browser.get(FORM).status, 200);
    commands::run(app.store(), Actor::User(ada.id), &switch::TurnOff, app.now()).unwrap();
    refused("after it was turned off");
}

#[test]
fn b2_a_third_open_request_is_refused_and_told_when_to_try_again() {
    let (app, _, browser) = acme();
    let advice = "2 exports are already queued or in progress, and no more are allowed at a time. Try again when one of \
                  them has finished, or cancel one.";
    assert_accepted(&submit(&browser, "2026-03-01", "2026-03-01"));
    assert_accepted(&submit(&browser, "2026-03-02", "2026-03-02"));
    // One of them in progress counts as well.
    app.claim().unwrap();

    let page = submit(&browser, "2026-03-03", "2026-03-03");
    assert_eq!(page.status, 409);
    assert!(page.text().contains(advice), "{}", page.text());
    assert_eq!(all(&app, "Acme").len(), 2);
    // Both pages say it before anybody tries.
    assert!(browser.get(FORM).text().contains(advice));
    let administration = browser.get("/administration").text();
    assert!(administration.contains(advice), "{administration}");
    assert!(administration.contains(r#"id="request" disabled"#), "{administration}");

    app.build();
    assert_accepted(&submit(&browser, "2026-03-03", "2026-03-03"));
}

#[test]
fn b2_cancelling_one_makes_room() {
    let (app, ada, browser) = acme();
    let first = app.request(&ada, "2026-03-01", "2026-03-01");
    app.request(&ada, "2026-03-02", "2026-03-02");
    assert_eq!(submit(&browser, "2026-03-03", "2026-03-03").status, 409);
    assert_accepted(&press(&browser, first, "cancel"));
    assert_accepted(&submit(&browser, "2026-03-03", "2026-03-03"));
}

#[test]
fn b2_each_account_has_its_own_limit_and_the_limit_is_a_setting() {
    let app = TestApp::start_with(|settings| settings.exports.max_open_per_account = 1);
    for name in ["Acme", "Brightwater"] {
        let (_, ada) = app.account_with_exports_on(name);
        let browser = app.signed_in(&ada);
        assert_accepted(&submit(&browser, "2026-03-01", "2026-03-01"));
        let page = submit(&browser, "2026-03-02", "2026-03-02");
        assert_eq!(page.status, 409);
        assert!(page.text().contains("1 export is already queued or in progress"), "{}", page.text());
    }
}

#[test]
fn b2_submitting_a_form_twice_creates_one_request() {
    let (app, _, browser) = acme();
    let key = browser.get(FORM).field("form_key").unwrap();
    assert_accepted(&submit_with_key(&browser, "2026-03-01", "2026-03-01", &key));
    assert_accepted(&submit_with_key(&browser, "2026-03-01", "2026-03-01", &key));
    assert_eq!(all(&app, "Acme").len(), 1);
    // Nor is the second time refused because the first has filled the queue, or has been done.
    submit(&browser, "2026-03-02", "2026-03-02");
    assert_accepted(&submit_with_key(&browser, "2026-03-01", "2026-03-01", &key));
    app.work();
    assert_accepted(&submit_with_key(&browser, "2026-03-01", "2026-03-01", &key));
    assert_eq!(all(&app, "Acme").len(), 2);
}

#[test]
fn b2_a_form_without_its_key_creates_nothing() {
    let (app, _, browser) = acme();
    for key in ["", &"k".repeat(101)] {
        let page = submit_with_key(&browser, "2026-03-01", "2026-03-01", key);
        assert_eq!(page.status, 422);
        assert!(page.text().contains("Open it again"), "{}", page.text());
    }
    assert_eq!(all(&app, "Acme"), []);
}

#[test]
fn b2_another_account_may_come_upon_the_same_key() {
    let app = TestApp::start();
    for name in ["Acme", "Brightwater"] {
        let (_, ada) = app.account_with_exports_on(name);
        assert_accepted(&submit_with_key(&app.signed_in(&ada), "2026-03-01", "2026-03-01", "the same"));
        assert_eq!(all(&app, name).len(), 1);
    }
}

/// Submits one form for each key at the same moment.
fn submit_at_once(
    app: &TestApp,
    person: &Person,
    keys: &[String],
) -> Vec<compliance_exports::error::Result<RequestId>> {
    let start = Barrier::new(keys.len());
    let submit = |key: &String| {
        start.wait();
        let draft = Draft { first_day: "2026-03-01", last_day: "2026-03-02", ..Draft::default() };
        let command = draft.parse(key, app.app.state().policy.max_open).unwrap();
        commands::run(app.store(), Actor::User(person.id), &command, app.now())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = keys.iter().map(|key| scope.spawn(move || submit(key))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn b2_a_form_submitted_many_times_at_once_creates_one_request() {
    let (app, ada, _) = acme();
    let made = submit_at_once(&app, &ada, &vec![keys::new_key(); 6]);
    let made: Vec<RequestId> = made.into_iter().map(Result::unwrap).collect();
    assert!(made.iter().all(|id| *id == made[0]), "{made:?}");
    assert_eq!(all(&app, "Acme").len(), 1);
}

#[test]
fn b2_the_limit_holds_when_many_ask_at_once() {
    let (app, ada, _) = acme();
    // The first round opens the connections; from then on all ask at the same moment.
    for round in 1..=4 {
        let keys: Vec<String> = (0..6).map(|_| keys::new_key()).collect();
        let (made, refused): (Vec<_>, Vec<_>) = submit_at_once(&app, &ada, &keys).into_iter().partition(Result::is_ok);
        assert_eq!((made.len(), refused.len()), (2, 4), "round {round}");
        for error in refused.into_iter().filter_map(Result::err) {
            assert_eq!(error.each().map(Error::kind).collect::<Vec<_>>(), [Kind::Conflict], "{error:?}");
        }
        for id in made.into_iter().map(Result::unwrap) {
            commands::run(app.store(), Actor::User(ada.id), &requests::Cancel { export: id }, app.now()).unwrap();
        }
        assert_eq!(all(&app, "Acme").len(), 2 * round);
    }
}

#[test]
fn b3_the_page_follows_an_export_from_queued_to_completed() {
    let (app, ada, browser) = acme();
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    let queued = row(&browser, id);
    assert!(
        queued.starts_with(
            "16 Mar 2026 , 09:30 GMT : all about this export 1–16 March 2026 Ada Queued Waiting for its turn"
        ),
        "{queued}"
    );
    let claim = app.claim().unwrap();
    assert!(row(&browser, id).contains("In progress Counting items"), "{}", row(&browser, id));
    queue::release(app.store(), &claim, queue::Release::Stopping).unwrap();
    app.work();
    assert!(row(&browser, id).contains("Completed 0 items Available until 15 Apr 2026"), "{}", row(&browser, id));
}

#[test]
fn b3_a_queued_one_is_cancelled() {
    let (app, ada, browser) = acme();
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    assert_accepted(&press(&browser, id, "cancel"));
    assert!(row(&browser, id).contains("Ada Cancelled None"), "{}", row(&browser, id));
    app.work();
    assert_eq!(app.find_request(id).status, Status::Cancelled);
    assert_eq!((app.files(), app.take_mails()), ((vec![], vec![]), vec![]));
    let page = browser.get(&format!("/administration/exports/{id}/parts/1"));
    assert_eq!(page.status, 409);
    assert!(page.text().contains("has not been completed"), "{}", page.text());
}

#[test]
fn b3_what_has_ended_is_not_cancelled() {
    let (app, ada, browser) = acme();
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    app.work();
    let page = press(&browser, id, "cancel");
    assert_eq!(page.status, 409);
    assert!(page.text().contains("This export has ended already, so there is nothing to cancel."), "{}", page.text());
    assert_eq!(app.find_request(id).status, Status::Completed);
}

#[test]
fn b3_only_one_that_failed_is_retried() {
    let (app, ada, browser) = acme();
    let cancelled = app.request(&ada, "2026-03-01", "2026-03-01");
    press(&browser, cancelled, "cancel");
    let completed = app.request(&ada, "2026-03-01", "2026-03-01");
    app.work();
    let queued = app.request(&ada, "2026-03-01", "2026-03-01");
    for id in [cancelled, completed, queued] {
        let before = app.find_request(id);
        let page = press(&browser, id, "retry");
        assert_eq!(page.status, 409);
        assert!(page.text().contains("Only an export that failed can be retried."), "{}", page.text());
        assert_eq!(app.find_request(id), before);
    }
}

#[test]
fn b3_one_that_failed_shows_why_and_is_retried() {
    let (app, ada, browser) = acme();
    let id = app.fail(&ada, "The moon was in the wrong place.");
    let failed = row(&browser, id);
    assert!(failed.contains("Failed The moon was in the wrong place. Retry"), "{failed}");
    assert_accepted(&press(&browser, id, "retry"));
    let again = app.find_request(id);
    assert_eq!((again.status, again.attempts, again.reason), (Status::Accepted, 0, None));
    app.work();
    assert_eq!(app.find_request(id).status, Status::Completed);
}

#[test]
fn b2_a_retry_counts_like_a_request() {
    let (app, ada, browser) = acme();
    let id = app.fail(&ada, "no reason");
    app.request(&ada, "2026-03-01", "2026-03-01");
    app.request(&ada, "2026-03-02", "2026-03-02");
    let page = press(&browser, id, "retry");
    assert_eq!(page.status, 409);
    assert!(page.text().contains("Try again when one of them has finished"), "{}", page.text());
    assert_eq!(app.find_request(id).status, Status::Failed);
}

#[test]
fn b3_nobody_else_cancels_or_retries() {
    let (app, ada, _) = acme();
    let (_, stranger) = app.account_with_exports_on("Brightwater");
    let bob = app.admin("Acme", "Bob");
    let failed = app.fail(&ada, "no reason");
    let queued = app.request(&ada, "2026-03-01", "2026-03-01");
    for (person, status) in [(&stranger, 404), (&bob, 403)] {
        let browser = app.signed_in(person);
        assert_eq!(press(&browser, queued, "cancel").status, status);
        assert_eq!(press(&browser, failed, "retry").status, status);
    }
    assert_eq!(app.find_request(queued).status, Status::Accepted);
    assert_eq!(app.find_request(failed).status, Status::Failed);
}

#[test]
fn b4_no_exports() {
    let (_app, _, browser) = acme();
    assert!(browser.get("/administration").text().contains(r#"<p class="empty">No exports</p>"#));
}

#[test]
fn b4_newest_first_page_by_page() {
    let app = TestApp::start_with(|settings| settings.exports.max_open_per_account = 100);
    let (_, ada) = app.account_with_exports_on("Acme");
    let ids: Vec<RequestId> = (0..41).map(|_| app.request(&ada, "2026-03-01", "2026-03-02")).collect();
    let browser = app.signed_in(&ada);
    let shown = |text: &str| -> Vec<RequestId> {
        let row = regex::Regex::new(r#"id="export-(\d+)""#).unwrap();
        row.captures_iter(text).map(|found| found[1].parse().unwrap()).collect()
    };
    let link = |text: &str, rel: &str| -> Option<String> {
        let link = regex::Regex::new(&format!(r#"rel="{rel}" href="([^"\#]*)"#)).unwrap();
        link.captures(text).map(|found| found[1].to_owned())
    };
    let mut pages = vec![browser.get("/administration").text()];
    while let Some(older) = link(pages.last().unwrap(), "next") {
        pages.push(browser.get(&older).text());
    }
    assert_eq!(pages.iter().map(|page| shown(page).len()).collect::<Vec<_>>(), [10, 10, 10, 10, 1]);
    let newest_first: Vec<RequestId> = ids.iter().rev().copied().collect();
    assert_eq!(pages.iter().flat_map(|page| shown(page)).collect::<Vec<_>>(), newest_first);

    // And back again, over the same pages; the newest has none before it.
    assert_eq!(link(&pages[0], "prev"), None);
    let middle = browser.get(&link(&pages[4], "prev").unwrap()).text();
    assert_eq!(shown(&middle), shown(&pages[3]));
    let mut newest = middle.clone();
    while let Some(newer) = link(&newest, "prev") {
        newest = browser.get(&newer).text();
    }
    assert_eq!(shown(&newest), shown(&pages[0]));
    assert!(middle.contains("Requested 16 March 2026"), "{middle}");

    // An address goes on showing the same requests when there are newer ones; and beyond the oldest there is a way back.
    let address = link(&pages[0], "next").unwrap();
    app.request(&ada, "2026-03-01", "2026-03-02");
    assert_eq!(shown(&browser.get(&address).text()), shown(&pages[1]));
    let beyond = browser.get(&format!("/administration?before={}", ids[0])).text();
    assert!(beyond.contains("No exports on this page"), "{beyond}");
    assert_eq!(shown(&browser.get(&link(&beyond, "prev").unwrap()).text()), newest_first[31..]);
}

#[test]
fn b4_an_open_page_that_is_up_to_date_gets_no_more_than_that() {
    let (app, ada, browser) = acme();
    let id = app.request(&ada, "2026-03-01", "2026-03-02");
    let ask = |tag: &str| browser.get_with("/administration/exports/history", &[("if-none-match", tag)]);
    let first = ask("\"older\"");
    let tag = first.header("etag").to_owned();
    assert_eq!(first.status, 200);
    assert!(first.text().contains("Queued") && tag.starts_with('"'), "{tag}");
    let unchanged = ask(&tag);
    assert_eq!((unchanged.status, unchanged.body.len(), unchanged.header("etag")), (304, 0, &*tag));
    assert_eq!(unchanged.header("cache-control"), "no-store");

    // Whatever changes what is shown changes the tag: progress, the time, a new name, the account's zone.
    app.worker.exports.next(None, &Stop::default()).unwrap();
    let claim = app.claim().unwrap();
    let changes: [&dyn Fn(); 6] = [
        &|| app.run_sql("UPDATE export_requests SET items_total = 1000"),
        &|| assert!(queue::heartbeat(app.store(), &claim, &app.policy(), 300).unwrap()),
        &|| app.advance(TimeDelta::minutes(10)),
        &|| app.run_sql("UPDATE users SET name = 'Ada Byron'"),
        &|| app.run_sql("UPDATE accounts SET time_zone = 'Asia/Tokyo'"),
        &|| commands::run(app.store(), Actor::User(ada.id), &requests::Cancel { export: id }, app.now()).unwrap(),
    ];
    let mut tag = tag;
    for (number, change) in changes.iter().enumerate() {
        change();
        let changed = ask(&tag);
        assert_eq!(changed.status, 200, "change {number}");
        tag = changed.header("etag").to_owned();
        assert_eq!(ask(&tag).status, 304, "change {number}");
    }
    // The right comes before the tag (A5).
    let other = app.signed_in(&app.admin("Acme", "Bob"));
    let refused = other.get_with("/administration/exports/history", &[("if-none-match", &tag)]);
    assert_eq!((refused.status, refused.header("etag")), (403, ""));
}

#[test]
fn b4_the_history_is_of_ones_own_account() {
    let (app, ada, browser) = acme();
    let (_, other) = app.account_with_exports_on("Brightwater");
    let id = app.request(&ada, "2026-03-01", "2026-03-02");
    let page = app.signed_in(&other).get("/administration").text();
    assert!(page.contains("No exports") && !page.contains(&format!("export-{id}")), "{page}");
    assert!(row(&browser, id).contains("Ada"));
}

#[test]
fn b4_a_running_one_shows_how_far_it_is() {
    let (app, ada, browser) = acme();
    let id = app.request(&ada, "2026-03-01", "2026-03-02");
    app.worker.exports.next(None, &Stop::default()).unwrap();
    let claim = app.claim().unwrap();
    let at = |total, done| {
        app.run_sql(&format!("UPDATE export_requests SET items_total = {total}"));
        assert!(queue::heartbeat(app.store(), &claim, &app.policy(), done).unwrap());
        // The page as a whole, and the part of it that is loaded again and again.
        let fragment = browser.get("/administration/exports/history").row(id);
        assert_eq!(row(&browser, id), fragment);
        fragment
    };
    assert!(at(0, 0).contains("No items in this range. Writing the lists"));
    assert!(at(12_345, 1_200).contains("In progress 1,200 of 12,345 items Cancel"));
    assert!(at(12_345, 12_345).contains("12,345 items written. Checking the archive"));
    // A job that is done again does not count backwards.
    assert!(at(12_345, 300).contains("12,345 items written. Checking the archive"));
}

#[test]
fn b4_a_worker_reports_all_items_that_it_counted() {
    let (app, ada, _) = acme();
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 1_203, "Hello");
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    app.work();
    let request = app.find_request(id);
    assert_eq!((request.items_total, request.items_done), (Some(1_203), 1_203));
}

#[test]
fn b4_a_completed_one_shows_size_hash_and_until_when() {
    let (app, ada, browser) = acme();
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 3, "Hello");
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    app.work();
    let bytes = browser.get(&format!("/administration/exports/{id}/parts/1")).body;
    let page = browser.get("/administration");
    let hash = keys::hex(&sums::sha256(&bytes));
    assert!(page.text().contains(&format!(r#"<code class="hash">{hash}</code>"#)), "{hash} in {}", page.text());
    let size = i64::try_from(bytes.len()).unwrap();
    let exact = format::count(size, "byte", "bytes");
    assert!(page.text().contains(&format!(r#"title="{exact}""#)), "{exact} in {}", page.text());
    let row = page.row(id);
    // 30 days later, when the clocks have gone forward.
    assert!(row.contains("Completed 3 items Available until 15 Apr 2026, 10:30 BST Download"), "{row}");
    assert!(row.contains(&format::size(size)), "{row}");
}

#[test]
fn b8_what_runs_finishes_and_nothing_new_begins() {
    let (app, ada, browser) = acme();
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 3, "Hello");
    let queued = app.request(&ada, "2026-03-01", "2026-03-16");
    let failed = app.fail(&ada, "no reason");
    let page = browser.get("/administration/exports/off").text();
    assert!(page.contains("The one that is queued or running finishes."), "{page}");
    assert_accepted(&browser.post("/administration/exports/off", &[]));

    assert_eq!(submit_with_key(&browser, "2026-03-01", "2026-03-02", &keys::new_key()).status, 409);
    assert_eq!(press(&browser, failed, "retry").status, 409);
    app.work();
    assert_eq!(app.archive(queued).texts(), ["Hello"; 3]);
    assert!(app.take_mails().iter().any(|mail| mail.subject == "Your export of 1–16 March 2026 is ready"));
    assert_eq!(app.find_request(failed).status, Status::Failed);
}

#[test]
fn b8_what_runs_can_still_be_cancelled() {
    let (app, ada, browser) = acme();
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    browser.post("/administration/exports/off", &[]);
    assert_accepted(&press(&browser, id, "cancel"));
    assert_eq!(app.find_request(id).status, Status::Cancelled);
}

#[test]
fn b8_finished_ones_stay_for_those_who_had_access_until_they_expire() {
    let (app, ada, _) = acme();
    let bob = app.admin("Acme", "Bob");
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    app.work();
    commands::run(app.store(), Actor::User(ada.id), &switch::TurnOff, app.now()).unwrap();
    let part = format!("/administration/exports/{id}/parts/1");
    app.advance(TimeDelta::days(29));
    let browser = app.signed_in(&ada);
    assert!(row(&browser, id).contains("Download"), "{}", row(&browser, id));
    assert_eq!(browser.get(&part).status, 200);
    assert_eq!(app.signed_in(&bob).get(&part).status, 403);

    app.advance(TimeDelta::days(1));
    app.worker.exports.sweep().unwrap();
    let browser = app.signed_in(&ada);
    assert!(row(&browser, id).contains("Expired"), "{}", row(&browser, id));
    assert_eq!((browser.get(&part).status, app.files().1), (410, vec![]));
}
