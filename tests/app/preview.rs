//! The form's preview (B1): how much a range holds, with and without filters, and when deleted items were not kept (C4), in the
//! account's zone (C6).

use chrono::TimeDelta;
use chrono_tz::{Asia, Pacific};

use crate::support::events::{deletion, message};
use crate::support::{Browser, Person, TestApp};

const PREVIEW: &str = "/administration/exports/preview";

/// What the preview of these days says, without its markup.
fn preview(browser: &Browser, query: &str) -> String {
    let page = browser.get(&format!("{PREVIEW}?{query}"));
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    let (_, numbers) = text.split_once("</figure>").unwrap_or(("", &text));
    let plain = regex::Regex::new("<[^>]*>").unwrap().replace_all(numbers, " ").into_owned();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn days(first: &str, last: &str) -> String {
    format!("first_day={first}&last_day={last}")
}

/// The office with some messages, and Ada signed in.
fn office() -> (TestApp, Person, Browser) {
    let (app, ada) = TestApp::with_office();
    for (conversation, id, at) in [
        ("team", "m1", "2026-03-01T00:00:00Z"),
        ("team", "m2", "2026-03-10T12:00:00Z"),
        ("direct", "m3", "2026-03-10T23:59:59.999999Z"),
        ("notes", "m4", "2026-03-11T00:00:00Z"),
    ] {
        app.record("Acme", &message(conversation, id, at, "Hello"));
    }
    let browser = app.signed_in(&ada);
    (app, ada, browser)
}

#[test]
fn b1_the_preview_counts_what_the_export_will_hold() {
    let (app, ada, browser) = office();
    let told = preview(&browser, &days("2026-03-10", "2026-03-10"));
    assert!(told.contains("2 items in 2 conversations"), "{told}");
    assert!(told.contains("4 conversations are listed, also those without items"), "{told}");
    assert!(told.contains("Estimated size Not known yet Estimated time Not known yet"), "{told}");
    let archive = app.export(&ada, "2026-03-10", "2026-03-10");
    assert_eq!(archive.items().len(), 2);
    assert!(preview(&browser, &days("2026-03-01", "2026-03-16")).contains("4 items in 3 conversations"));
    // Now there is an export to go by.
    let told = preview(&browser, &days("2026-03-10", "2026-03-10"));
    assert!(told.contains("Less than a minute") && told.contains("Going by the last export of this server"), "{told}");
    assert!(regex::Regex::new(r"About \d+\.\d kB").unwrap().is_match(&told), "{told}");

    let user = app.query_sql("SELECT CAST(user_id AS TEXT) AS value FROM source_users WHERE external_id = 'u3'");
    let told = preview(&browser, &format!("{}&person={}", days("2026-03-01", "2026-03-16"), user[0]));
    assert!(told.contains("2 items in 1 conversation") && told.contains("2 conversations are listed"), "{told}");
}

#[test]
fn c6_the_previews_days_are_those_of_the_accounts_zone() {
    for (zone, at, day) in [
        (Asia::Kathmandu, "2026-03-09T18:15:00Z", "2026-03-10"),
        (Asia::Kathmandu, "2026-03-09T18:14:59.999999Z", "2026-03-09"),
        (Pacific::Chatham, "2026-03-09T10:15:00Z", "2026-03-10"),
    ] {
        let app = TestApp::start();
        let ada = app.account_in("Acme", zone);
        app.record_messages("Acme", at, 1, "Hello");
        let told = preview(&app.signed_in(&ada), &days(day, day));
        assert!(told.contains("1 item in 1 conversation"), "{zone} {at}: {told}");
    }
}

#[test]
fn c4_what_was_erased_is_not_counted_and_stretches_without_capture_are_named() {
    let (app, ada, _) = office();
    app.turn_off(&ada);
    app.advance(TimeDelta::days(2));
    app.record("Acme", &deletion("team", "m2", "2026-03-17T10:00:00Z"));
    app.turn_on(&ada);
    app.record("Acme", &deletion("direct", "m3", "2026-03-18T09:30:00Z"));
    let browser = app.signed_in(&ada);
    let told = preview(&browser, &days("2026-03-10", "2026-03-18"));
    // One is erased, one is kept and marked.
    assert!(told.contains("2 items in 2 conversations"), "{told}");
    assert!(told.contains("Deleted messages were not kept before 16 Mar 2026, 09:30 GMT."), "{told}");
    assert!(told.contains("Deleted messages were not kept from 16 to 18 March 2026."), "{told}");
    let told = preview(&browser, &days("2026-03-01", "2026-03-10"));
    assert!(told.contains("Deleted messages were not kept on any of these days."), "{told}");
    let chart = browser.get(&format!("{PREVIEW}?{}", days("2026-03-01", "2026-03-10"))).text();
    assert_eq!(chart.matches("chart-gap").count(), 2, "{chart}");
    assert_eq!(chart.matches("chart-range").count(), 1);
}

#[test]
fn b1_the_preview_follows_what_is_recorded_and_waits_for_days() {
    let (app, _, browser) = office();
    let range = days("2026-03-10", "2026-03-16");
    assert!(preview(&browser, &range).contains("3 items"));
    app.record("Acme", &message("team", "m9", "2026-03-12T12:00:00Z", "More"));
    // It may be a moment old.
    app.advance(TimeDelta::minutes(1));
    assert!(preview(&browser, &range).contains("4 items"));
    for unfinished in ["", "first_day=2026-03-10", "first_day=2026-03-12&last_day=2026-03-10", "first_day=x&last_day=y"]
    {
        assert!(preview(&browser, unfinished).contains("Choose the first and the last day"), "{unfinished}");
    }
    let form = browser.get("/administration/exports/new?preset=last-7-days").text();
    assert!(form.contains("4 items") && form.contains(r#"class="chart-range""#), "{form}");
    assert!(form.len() < 50_000, "{} bytes", form.len());
}

#[test]
fn b1_the_preview_of_an_account_without_anything_says_so() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let told = preview(&app.signed_in(&ada), "");
    assert!(told.starts_with("Nothing has been recorded yet."), "{told}");
}

#[test]
fn a2_nothing_of_another_account_is_counted() {
    let (app, _, _) = office();
    let (_, bea) = app.account_with_exports_on("Borealis");
    let browser = app.signed_in(&bea);
    let theirs = app.query_sql("SELECT CAST(min(id) AS TEXT) AS value FROM conversations");
    for query in
        [days("2026-03-01", "2026-03-16"), format!("{}&conversation={}", days("2026-03-01", "2026-03-16"), theirs[0])]
    {
        let told = preview(&browser, &query);
        assert!(told.contains("0 items in 0 conversations") && told.contains("0 conversations are listed"), "{told}");
    }
}
