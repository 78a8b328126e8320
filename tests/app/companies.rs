//! Several accounts on one server: nothing leaks between them.

use std::collections::BTreeSet;

use compliance_exports::capture::sources::Subject;
use compliance_exports::model::RequestId;

use crate::support::events::{deletion, edit, message, reasons};
use crate::support::{Archive, Person, TestApp};

/// What a source of either company tells, with the same ids, its name in every text.
fn same_ids(company: &str) -> String {
    let mut events = format!(
        r#"{{"type":"user","id":"u1","name":"Ada of {company}","email":"chief@{company}.example"}}
           {{"type":"user","id":"u2","name":"Grace of {company}"}}
           {{"type":"conversation","id":"team","kind":"Team","name":"Berths of {company}","members":[{{"user":"u1"}}]}}
           {{"type":"conversation","id":"direct","kind":"Direct","members":[{{"user":"u1"}},{{"user":"u2"}}]}}
"#
    );
    for conversation in ["team", "direct"] {
        events += &message(conversation, "m1", "2026-03-16T08:00:00Z", &format!("{conversation} of {company}"));
        events += &message(conversation, "m2", "2026-03-16T08:00:00Z", &format!("more of {company}"));
    }
    events
}

/// Acme and Globex with the same ids, both captured, and Ada of each.
fn neighbours() -> (TestApp, Person, Person) {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let (_, other) = app.account_with_exports_on("Globex");
    app.record("Acme", &same_ids("acme"));
    let second = app.record("Globex", &same_ids("globex"));
    assert!(second.counts.values().all(|count| count.unchanged == 0), "nothing of Acme's is Globex's");
    (app, ada, other)
}

fn sorted_texts(archive: &Archive) -> Vec<String> {
    let mut texts = archive.texts();
    texts.sort();
    texts
}

#[test]
fn the_same_ids_in_two_accounts_are_different_things() {
    let (app, ada, other) = neighbours();
    assert_eq!(sorted_texts(&app.export_all(&ada)), ["direct of acme", "more of acme", "more of acme", "team of acme"]);
    let expected = ["direct of globex", "more of globex", "more of globex", "team of globex"];
    assert_eq!(sorted_texts(&app.export_all(&other)), expected);
}

#[test]
fn no_file_of_an_archive_names_another_company_or_its_people() {
    let (app, ada, other) = neighbours();
    for (by, stranger) in [(&ada, "globex"), (&other, "acme")] {
        for (path, bytes) in app.export_all(by).files {
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            assert!(!text.contains(stranger) && !path.to_lowercase().contains(stranger), "{path}: {text}");
        }
    }
}

#[test]
fn what_one_source_changes_and_deletes_stays_with_the_other() {
    let (app, ada, other) = neighbours();
    app.at("2026-03-16T12:00:00Z");
    app.record("Globex", &edit("team", "m1", "2026-03-16T10:00:00Z", "changed"));
    app.record("Globex", &deletion("team", "m1", "2026-03-16T10:00:00Z"));
    app.record("Globex", &deletion("team", "m2", "2026-03-16T09:00:00Z"));
    app.record("Globex", r#"{"type":"left","conversation":"team","user":"u1","at":"2026-03-10T10:00:00Z"}"#);
    app.record("Globex", r#"{"type":"conversation","id":"team","kind":"Team","name":"Renamed"}"#);
    app.record("Globex", r#"{"type":"user","id":"u1","name":"Renamed","email":"renamed@globex.example"}"#);
    let archive = app.export_all(&ada);
    assert_eq!(sorted_texts(&archive), ["direct of acme", "more of acme", "more of acme", "team of acme"]);
    assert!(archive.items().iter().all(|item| item.get("edits").is_none() && item.get("deleted").is_none()));
    let text = archive.files.values().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect::<String>();
    assert!(!text.contains("Renamed") && !text.contains("leftAt") && !text.contains("renamed@"));
    assert_eq!(sorted_texts(&app.export_all(&other)), ["changed", "direct of globex", "more of globex"]);
}

#[test]
fn c4_the_capture_of_one_company_keeps_nothing_for_another() {
    let (app, ada, other) = neighbours();
    app.at("2026-03-16T10:00:00Z");
    app.turn_off(&other);
    app.at("2026-03-16T12:00:00Z");
    for company in ["Acme", "Globex"] {
        app.record(company, &deletion("team", "m1", "2026-03-16T11:00:00Z"));
    }
    app.turn_on(&other);
    assert_eq!(app.export_all(&ada).items().len(), 4);
    assert_eq!(sorted_texts(&app.export_all(&other)), ["direct of globex", "more of globex", "more of globex"]);
}

#[test]
fn b2_open_requests_of_one_company_do_not_count_for_another() {
    let (app, ada, other) = neighbours();
    let requests: Vec<RequestId> = [&ada, &ada, &other, &other].map(|by| app.request_all(by)).into();
    app.work();
    let accounts: BTreeSet<_> = requests.iter().map(|id| app.find_request(*id).account_id).collect();
    assert_eq!(accounts.len(), 2);
}

#[test]
fn b7_an_administrator_of_another_company_finds_nothing_of_this_ones_exports() {
    let (app, ada, other) = neighbours();
    let id = app.request_all(&ada);
    let theirs = app.signed_in(&other);
    let (cancel, retry) =
        (format!("/administration/exports/{id}/cancel"), format!("/administration/exports/{id}/retry"));
    assert_eq!(theirs.post(&cancel, &[]).status, 404);
    app.work();
    assert_eq!(app.find_request(id).status.as_str(), "Completed");
    assert_eq!(theirs.post(&retry, &[]).status, 404);
    let part = format!("/administration/exports/{id}/parts/1");
    assert_eq!(theirs.get(&part).status, 404);
    let page = theirs.get("/administration").text();
    assert!(page.contains("No exports") && !page.contains("Acme"), "{page}");
    assert_eq!(app.signed_in(&ada).get(&part).status, 200);
}

#[test]
fn a4_nobody_of_another_company_can_be_given_access() {
    let (app, ada, other) = neighbours();
    let browser = app.signed_in(&ada);
    let page = browser.get("/administration/access").text();
    assert!(!page.contains(&other.email), "{page}");
    let (own, stranger) = (ada.id.to_string(), other.id.to_string());
    let answer = browser.post("/administration/access", &[("user", &own), ("user", &stranger)]);
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(app.signed_in(&other).get("/administration").status, 200);
    let holders = app.store().read(|c| {
        let account = compliance_exports::identity::accounts::find(c, "Acme")?;
        compliance_exports::identity::access::holders(c, &account)
    });
    let holders: Vec<_> = holders.unwrap().into_iter().map(|user| user.id).collect();
    assert_eq!(holders, [ada.id]);
}

#[test]
fn an_import_can_not_make_itself_an_administrator_of_another_company() {
    let (app, _, other) = neighbours();
    let events = r#"
        {"type":"account","id":"globex","name":"Globex"}
        {"type":"user","id":"g1","account":"globex","name":"Mallory","email":"ada@globex.example"}
        {"type":"user","id":"g2","account":"globex","name":"Mallory","admin":true}
        {"type":"user","id":"g1","account":"globex","name":"Mallory","deactivatedAt":"2026-03-01T00:00:00Z"}
    "#;
    let summary = app.try_record("Acme", events);
    assert_eq!(reasons(&summary), ["an import can give or take the admin role only in its own account"]);
    assert_eq!(summary.of(Subject::People).added, 1, "g1 is the person whom Globex has under that address");
    let page = app.signed_in(&other).get("/administration");
    assert!(page.status == 200 && !page.text().contains("Mallory"), "{}", page.text());
}
