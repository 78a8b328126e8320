//! The main path in one go: requested, built, mailed, opened. The rules it stands on have tests of their own.

use crate::support::TestApp;

#[test]
fn an_export_is_requested_built_mailed_and_opened() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record(
        "Acme",
        r#"
        {"type":"user","id":"u1","name":"Ada","email":"ada@acme.example"}
        {"type":"user","id":"u2","name":"Grace"}
        {"type":"conversation","id":"c1","kind":"Direct","members":[{"user":"u1"},{"user":"u2"}]}
        {"type":"item_created","conversation":"c1","id":"m1","kind":"Message","at":"2026-03-10T10:00:00Z","by":"u2","content":{"text":"Hello"}}
        "#,
    );
    let archive = app.export(&ada, "2026-03-01", "2026-03-16");
    assert_eq!(archive.texts(), ["Hello"]);
    let mails = app.take_mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("/administration"));
    assert!(app.signed_in(&ada).get("/administration").text().contains("Download"));
}
