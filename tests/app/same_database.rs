//! The database is taken away under the server: removed, replaced, cut off, overwritten, put back to an older copy. Everybody is
//! told, and nothing is said to have been done.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use compliance_exports::config::DatabaseUrl;
use compliance_exports::error::Kind;
use diesel::connection::SimpleConnection;

use crate::support::{Browser, Person, TestApp};

/// Acme, with its database in a folder of its own, and Ada's browser; nothing on PostgreSQL, which looks after its files.
fn acme() -> Option<(TestApp, Person, Browser, PathBuf)> {
    let mut file = None;
    let app = TestApp::start_with(|settings| {
        if let DatabaseUrl::Sqlite(path) = settings.database_url() {
            let path = path.with_file_name("database").join("test.db");
            settings.set_database_url(DatabaseUrl::Sqlite(path.clone()));
            file = Some(path);
        }
    });
    let file = file?;
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 300, "Hello");
    // Everything lies in the file itself, and nothing in its log.
    app.worker.exports.sweep().unwrap();
    let browser = app.signed_in(&ada);
    app.store().empty_log().unwrap();
    assert_eq!(browser.get("/health").status, 200);
    app.store().empty_log().unwrap();
    Some((app, ada, browser, file))
}

/// Everything says that the database is not the one that was opened.
fn assert_told(app: &TestApp, browser: &Browser, how: &str) {
    let health = browser.get("/health");
    assert_eq!(health.status, 503, "{how}: {}", health.text());
    for page in ["/administration", "/administration/exports/new"] {
        let page = browser.get(page);
        assert_eq!(page.status, 503, "{how}: {}", page.text());
        assert!(page.text().contains("The server's database is not the one that it has opened."), "{how}");
    }
    let key = compliance_exports::keys::new_key();
    let days = [("first_day", "2026-03-01"), ("last_day", "2026-03-16"), ("form_key", key.as_str())];
    let page = browser.post("/administration/exports", &days);
    assert_eq!(page.status, 503, "{how}: {}", page.text());
    assert_eq!(app.store().write(|_| Ok(())).unwrap_err().kind(), Kind::Unavailable, "{how}");
    assert!(app.worker.exports.sweep().is_err(), "{how}");
}

#[test]
fn a_database_that_was_removed_is_told_to_everyone() {
    let Some((app, _, browser, file)) = acme() else { return };
    fs::remove_file(&file).unwrap();
    assert_told(&app, &browser, "removed");
    assert!(!file.exists(), "none is made in its place");
}

#[test]
fn a_folder_that_was_removed_is_told_to_everyone_and_one_that_comes_back_is_used_again() {
    let Some((app, _, browser, file)) = acme() else { return };
    let folder = file.parent().unwrap();
    let away = folder.with_file_name("away");
    fs::rename(folder, &away).unwrap();
    assert_told(&app, &browser, "its folder removed");
    fs::rename(&away, folder).unwrap();
    assert_eq!(browser.get("/administration").status, 200);
    assert_eq!(browser.get("/health").status, 200);
}

#[test]
fn another_file_in_the_place_of_the_database_is_told_to_everyone() {
    let Some((app, _, browser, file)) = acme() else { return };
    let copy = file.with_extension("copy");
    fs::copy(&file, &copy).unwrap();
    fs::rename(&copy, &file).unwrap();
    assert_told(&app, &browser, "replaced");
}

#[test]
fn a_database_that_was_cut_off_is_told_to_everyone() {
    for left in [0, 4096, 65_536] {
        let Some((app, _, browser, file)) = acme() else { return };
        fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(left).unwrap();
        assert_told(&app, &browser, &format!("cut off after {left} bytes"));
    }
}

#[test]
fn a_database_that_was_overwritten_is_told_by_the_health_check_and_from_then_on_to_everyone() {
    let Some((app, _, browser, file)) = acme() else { return };
    let length = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
    fs::OpenOptions::new().write(true).open(&file).unwrap().write_all(&vec![b'x'; length]).unwrap();
    assert_eq!(browser.get("/health").status, 503);
    assert_told(&app, &browser, "overwritten");
}

#[test]
fn an_older_copy_in_the_same_file_is_told_by_the_health_check_and_from_then_on_to_everyone() {
    let Some((app, _, browser, file)) = acme() else { return };
    let older = fs::read(&file).unwrap();
    app.run_sql("UPDATE installation SET beats = beats + 1");
    assert_eq!(browser.get("/health").status, 200);
    app.store().empty_log().unwrap();
    let mut file = fs::OpenOptions::new().write(true).open(&file).unwrap();
    file.write_all(&older).unwrap();
    drop(file);
    assert_eq!(browser.get("/health").status, 503);
    assert_told(&app, &browser, "an older copy");
}

/// A database of which a megabyte is free, and its length.
fn with_room() -> Option<(TestApp, Browser, PathBuf, u64)> {
    let (app, _, browser, file) = acme()?;
    app.run_sql("CREATE TABLE large AS SELECT hex(zeroblob(1000000)) AS text");
    app.store().empty_log().unwrap();
    app.store().read(|_| Ok(())).unwrap();
    let before = fs::metadata(&file).unwrap().len();
    app.run_sql("DROP TABLE large");
    Some((app, browser, file, before))
}

#[test]
fn a_database_that_was_compacted_is_still_the_same() {
    let Some((app, browser, file, before)) = with_room() else { return };
    app.run_sql("VACUUM");
    app.store().empty_log().unwrap();
    assert!(fs::metadata(&file).unwrap().len() < before);
    assert_eq!(browser.get("/administration").status, 200);
    assert_eq!(browser.get("/health").status, 200);
}

/// What was written since stands in the log, and the file is still shorter than the database.
#[test]
fn a_database_that_was_compacted_and_grows_again_is_still_the_same() {
    let Some((app, browser, file, before)) = with_room() else { return };
    let again = "VACUUM; PRAGMA wal_checkpoint(TRUNCATE); CREATE TABLE more AS SELECT hex(zeroblob(100000)) AS text";
    app.store().statement(|c| Ok(c.batch_execute(again)?)).unwrap();
    assert!(fs::metadata(&file).unwrap().len() < before);
    assert_eq!(browser.get("/administration").status, 200);
    assert_eq!(browser.get("/health").status, 200);
}

#[test]
fn the_health_check_needs_a_database_that_takes_changes_but_waits_for_nobody() {
    let app = TestApp::start();
    let browser = app.browser();
    // Somebody else changes something just now: a database that takes changes.
    let held = app.store().write(|_| Ok(browser.get("/health").status)).unwrap();
    assert_eq!(held, 200);
    let told = browser.get("/health").text();
    assert!(told.contains("\"ok\""), "{told}");
}
