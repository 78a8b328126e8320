//! What the manifest tells of those behind an export: who asked, who had turned the feature on, who had access at the cut.

use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::exports::{queue, requests};
use compliance_exports::identity::{accounts, commands};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestApp};

/// Acme with Ada, who has turned the feature on at 09:30, and Bea, to whom she has given access.
fn acme() -> (TestApp, Person, Person) {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let bea = app.admin("Acme", "Bea");
    app.set_access(&ada, &[ada.id, bea.id]).unwrap();
    app.at("2026-03-16T10:00:00Z");
    (app, ada, bea)
}

/// A person as manifests name them.
fn named(person: &Person) -> Value {
    json!({"id": person.id.to_string(), "name": person.name, "email": person.email, "account": "Acme"})
}

fn evidence(manifest: &Value) -> [&Value; 2] {
    ["capture", "access"].map(|field| &manifest[field])
}

#[test]
fn the_manifest_says_who_had_turned_it_on_and_who_had_access() {
    let (app, ada, bea) = acme();
    let id = app.request_all(&bea);
    app.work();
    let manifest = app.archive_without_fault(id).manifest();
    let capture = json!({"enabledAt": "2026-03-16T09:30:00Z", "enabledBy": named(&ada)});
    assert_eq!(evidence(&manifest), [&capture, &json!([named(&ada), named(&bea)])]);
    assert_eq!(manifest["request"]["requestedBy"], named(&bea));
}

#[test]
fn c7_what_changes_after_the_cut_does_not_show() {
    let (app, ada, bea) = acme();
    let id = app.request_with_cut(&ada);
    let new = accounts::NewSignIn { account: "Acme", email: &ada.email, name: "Ada Lovelace", admin: true };
    commands::run(app.store(), Actor::Operator, &accounts::SetSignIn::new(new, PASSWORD).unwrap(), app.now()).unwrap();
    app.set_access(&bea, &[bea.id]).unwrap();
    app.turn_off(&bea);
    app.at("2026-03-16T11:00:00Z");
    app.turn_on(&bea);
    app.work();
    let manifest = app.archive_without_fault(id).manifest();
    let capture = json!({"enabledAt": "2026-03-16T09:30:00Z", "enabledBy": named(&ada)});
    assert_eq!(evidence(&manifest), [&capture, &json!([named(&ada), named(&bea)])]);

    let manifest = app.export_all(&bea).manifest();
    let capture = json!({"enabledAt": "2026-03-16T11:00:00Z", "enabledBy": named(&bea)});
    assert_eq!(evidence(&manifest), [&capture, &json!([named(&bea)])]);
}

#[test]
fn b8_one_that_was_turned_off_after_the_request_says_when_and_by_whom() {
    let (app, ada, bea) = acme();
    let ids = [app.request_all(&ada), app.request_all(&ada)];
    app.turn_off(&bea);
    app.work();
    let capture = json!({"enabledAt": "2026-03-16T09:30:00Z", "enabledBy": named(&ada),
        "disabledAt": "2026-03-16T10:00:00Z", "disabledBy": named(&bea)});
    for id in ids {
        assert_eq!(app.archive_without_fault(id).manifest()["capture"], capture);
    }
}

#[test]
fn a1_what_the_operator_turned_off_names_nobody() {
    let (app, ada, _) = acme();
    let id = app.request_all(&ada);
    commands::run(
        app.store(),
        Actor::Operator,
        &switch::IncludeExports { account: "Acme", included: false },
        app.now(),
    )
    .unwrap();
    app.work();
    let manifest = app.archive_without_fault(id).manifest();
    assert_eq!(manifest["capture"]["disabledAt"], "2026-03-16T10:00:00Z");
    assert_eq!(manifest["capture"].get("disabledBy"), None);
}

#[test]
fn b3_a_retried_export_tells_of_its_new_cut() {
    let (app, ada, _) = acme();
    let id = app.request_with_cut(&ada);
    let claim = app.claim().expect("a claim");
    assert!(queue::fail(app.store(), &claim, "no space", app.now()).unwrap());
    app.set_access(&ada, &[ada.id]).unwrap();
    commands::run(
        app.store(),
        Actor::User(ada.id),
        &requests::Retry { export: id, max_open: app.app.state().policy.max_open },
        app.now(),
    )
    .unwrap();
    let kept = app.query_sql("SELECT evidence AS value FROM export_requests WHERE evidence IS NOT NULL");
    assert_eq!(kept, Vec::<String>::new());
    app.work();
    let access = app.archive_without_fault(id).manifest()["access"].clone();
    assert_eq!(access, json!([named(&ada)]));
}

#[test]
fn a_cut_without_evidence_fails_and_can_be_retried() {
    let (app, ada, _) = acme();
    let id = app.request_with_cut(&ada);
    app.run_sql("UPDATE export_requests SET evidence = NULL");
    app.work();
    let reason = app.find_request(id).reason.expect("a reason");
    assert!(reason.starts_with("An earlier version of the server began this export"), "{reason}");
    commands::run(
        app.store(),
        Actor::User(ada.id),
        &requests::Retry { export: id, max_open: app.app.state().policy.max_open },
        app.now(),
    )
    .unwrap();
    app.work();
    app.archive_without_fault(id);
}
