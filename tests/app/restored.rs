//! An older copy of the database is restored, as an operator does after an incident: no newer archive is lost. What belongs to
//! nothing lies in quarantine, is listed, taken in again, or erased by the operator.

use std::fs;
use std::path::PathBuf;

use chrono::TimeDelta;
use compliance_exports::archive::sign::SigningKey;
use compliance_exports::audit::{Actor, AuditEvent};
use compliance_exports::blobs::Condition;
use compliance_exports::error::{Error, Kind};
use compliance_exports::exports;
use compliance_exports::exports::archives::{self, Adopted};
use compliance_exports::model::{RequestId, Status};

use crate::support::{Person, TestApp};

/// Exports have several parts: each conversation more is another folder.
fn acme() -> (TestApp, Person) {
    let app = TestApp::start_with(|settings| settings.exports.part_entries = 16);
    let (_, ada) = app.account_with_exports_on("Acme");
    for day in 1..=15 {
        let events = format!(
            r#"{{"type":"user","id":"u1","name":"Grace"}}
            {{"type":"conversation","id":"c{day}","kind":"Team","name":"Team {day}","members":[{{"user":"u1"}}]}}
            {{"type":"item_created","conversation":"c{day}","id":"m","kind":"Message","at":"2026-03-{day:02}T10:00:00Z","content":{{"text":"Hello"}}}}"#
        );
        app.record("Acme", &events);
    }
    (app, ada)
}

fn completed(app: &TestApp, ada: &Person) -> RequestId {
    let id = app.request(ada, "2026-03-01", "2026-03-16");
    app.build();
    assert_eq!(app.find_request(id).status, Status::Completed);
    id
}

/// Makes the database one that knows nothing of an export, as an older copy does.
fn forget(app: &TestApp, id: RequestId) {
    for table in
        ["export_parts", "export_summaries", "export_conversations", "export_downloads", "export_cuts", "mails"]
    {
        app.run_sql(&format!("DELETE FROM {table} WHERE request_id = {id}"));
    }
    app.run_sql(&format!("DELETE FROM export_requests WHERE id = {id}"));
}

fn quarantined(app: &TestApp) -> Vec<String> {
    app.app.blobs.list_quarantined().unwrap().into_iter().map(|file| file.name).collect()
}

fn quarantine(app: &TestApp) -> PathBuf {
    app.app.settings.data_dir.join("quarantine")
}

fn adopt(app: &TestApp, what: &str) -> Result<Adopted, Error> {
    let keep_days = app.app.settings.exports.keep_days;
    archives::adopt(app.store(), &app.app.blobs, &app.app.public_key, what, keep_days, app.now())
}

fn refused(app: &TestApp, what: &str, told: &str) {
    let error = adopt(app, what).unwrap_err();
    assert!(matches!(error.kind(), Kind::Conflict | Kind::NotFound), "{error:?}");
    assert!(error.message().contains(told), "{error}");
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

#[test]
fn b6_what_an_older_database_does_not_know_is_kept_in_quarantine() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    let before = sorted(app.files().1);
    assert!(before.len() > 2, "{before:?}");
    forget(&app, id);
    app.worker.exports.sweep().unwrap();
    assert_eq!(app.files().1, [""; 0]);
    assert_eq!(quarantined(&app), before);
    // Sweep after sweep.
    app.advance(TimeDelta::days(60));
    app.worker.exports.sweep().unwrap();
    assert_eq!(quarantined(&app), before);
}

#[test]
fn b6_no_later_export_gets_the_number_of_one_in_quarantine() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    let later = completed(&app, &ada);
    forget(&app, later);
    forget(&app, id);
    // As the older copy has it.
    reset_numbers(&app);
    app.worker.exports.sweep().unwrap();
    assert_eq!(app.request(&ada, "2026-03-01", "2026-03-16"), later + 1);
}

fn reset_numbers(app: &TestApp) {
    match app.app.settings.database_url() {
        compliance_exports::config::DatabaseUrl::Sqlite(_) => {
            app.run_sql("DELETE FROM sqlite_sequence WHERE name = 'export_requests'");
        }
        compliance_exports::config::DatabaseUrl::Postgres(_) => {
            app.run_sql("SELECT setval(pg_get_serial_sequence('export_requests', 'id'), 1, false)");
        }
    }
}

#[test]
fn b6_when_the_newer_database_comes_back_its_archives_do_too() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    let before = sorted(app.files().1);
    app.run_sql("CREATE TABLE away AS SELECT * FROM export_parts");
    app.run_sql("DELETE FROM export_parts");
    app.worker.exports.sweep().unwrap();
    assert_eq!(quarantined(&app), before);
    app.run_sql("INSERT INTO export_parts SELECT * FROM away");
    app.worker.exports.sweep().unwrap();
    assert_eq!((sorted(app.files().1), quarantined(&app)), (before, vec![]));
    assert_eq!(app.archive(id).items().len(), 15);
}

#[test]
fn b7_an_archive_is_taken_in_and_can_be_downloaded_again() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    let parts = app.files().1.len();
    let before = app.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap();
    forget(&app, id);
    reset_numbers(&app);
    app.worker.exports.sweep().unwrap();
    let adopted = adopt(&app, &id.to_string()).unwrap();
    assert_eq!((adopted.request, adopted.number, adopted.parts, adopted.was_known), (id, id, parts, false));
    assert_eq!(app.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap(), before);
    assert_eq!((app.archive(id).items().len(), quarantined(&app)), (15, vec![]));
    // The next sweep leaves it there, and its time runs.
    app.worker.exports.sweep().unwrap();
    let browser = app.signed_in(&ada);
    let page = browser.get(&format!("/administration/exports/{id}")).text();
    assert!(page.contains("taken into this database by the operator"), "{page}");
    for number in 1..=parts {
        assert_eq!(browser.get(&format!("/administration/exports/{id}/parts/{number}")).status, 200);
    }
    let audit = app.audit(app.find_account("Acme").id);
    let is_adopted = |event: &AuditEvent| matches!(event, AuditEvent::ExportAdopted { export, .. } if *export == id);
    assert!(audit.iter().any(|(actor, event)| *actor == Actor::Operator && is_adopted(event)), "{audit:?}");
    assert!(app.request(&ada, "2026-03-01", "2026-03-16") > id, "its number is taken");
    app.build();
    app.advance(TimeDelta::days(31));
    app.worker.exports.sweep().unwrap();
    assert_eq!((app.find_request(id).status, app.files().1.len()), (Status::Expired, 0));
    // What it was made of this database never knew.
    let folder = tempfile::tempdir().unwrap();
    let again = app.worker.exports.rebuild(id, folder.path(), &compliance_exports::jobs::Stop::default(), &|_| {});
    assert!(again.unwrap_err().message().contains("taken into this database"));
}

#[test]
fn b7_an_archive_whose_number_another_export_has_gets_another() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    forget(&app, id);
    app.worker.exports.sweep().unwrap();
    reset_numbers(&app);
    // Asked for before the sweep had come by, an hour later: another export of the same number.
    app.advance(TimeDelta::hours(1));
    assert_eq!(app.request(&ada, "2026-03-01", "2026-03-10"), id);
    let adopted = adopt(&app, &id.to_string()).unwrap();
    assert!(adopted.request > id && adopted.number == id, "{adopted:?}");
    assert_eq!(app.archive(adopted.request).items().len(), 15);
    app.build();
    assert_eq!(app.archive(id).items().len(), 10);
    // The page names the folder as the archive does.
    let page = app.signed_in(&ada).get(&format!("/administration/exports/{}", adopted.request)).text();
    assert!(page.contains(&format!("Acme-2026-03-01-to-2026-03-16-{id}")), "{page}");
}

#[test]
fn b7_what_is_not_complete_unchanged_and_signed_is_not_taken_in() {
    let (app, ada) = acme();
    if !app.has_folder() {
        return;
    }
    let id = completed(&app, &ada);
    let parts = app.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap();
    forget(&app, id);
    app.worker.exports.sweep().unwrap();
    let what = id.to_string();
    refused(&app, "999", "nothing in quarantine");
    refused(&app, "../keys/archives.key", "nothing in quarantine");

    let second = quarantine(&app).join(&parts[1].1);
    let away = quarantine(&app).with_file_name("away.zip");
    fs::rename(&second, &away).unwrap();
    refused(&app, &what, "Part 2 of");
    let mut bytes = fs::read(&away).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&second, &bytes).unwrap();
    refused(&app, &what, "Part 2 of");
    fs::rename(&away, &second).unwrap();

    let first = quarantine(&app).join(&parts[0].1);
    let whole = fs::read(&first).unwrap();
    // In the text of an entry, not in what lies around it.
    let mut changed = whole.clone();
    let at = changed.windows(4).position(|bytes| bytes == b"PK\x03\x04").unwrap() + 200;
    changed[at] ^= 1;
    fs::write(&first, &changed).unwrap();
    assert!(adopt(&app, &what).is_err());
    fs::write(&first, &whole).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let other = SigningKey::load_or_create(&folder.path().join("key")).unwrap().public();
    let error = archives::adopt(app.store(), &app.app.blobs, &other, &what, 30, app.now()).unwrap_err();
    assert!(error.message().contains("signed by this server"), "{error}");
    assert_eq!(app.files().1, [""; 0], "nothing has moved");
    assert!(app.query_sql("SELECT action AS value FROM audit_events WHERE action = 'export.adopted'").is_empty());
    adopt(&app, &what).unwrap();
}

#[test]
fn b7_an_account_or_a_person_that_the_older_database_does_not_have_is_named() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    forget(&app, id);
    app.worker.exports.sweep().unwrap();
    app.run_sql("UPDATE accounts SET name = 'Other', name_key = 'other'");
    refused(&app, &id.to_string(), "which this database does not have. “account create” makes it");
    app.run_sql("UPDATE accounts SET name = 'Acme', name_key = 'acme'");
    app.run_sql("UPDATE users SET email = 'other@acme.example' WHERE email = 'ada@acme.example'");
    refused(&app, &id.to_string(), "Ada <ada@acme.example>, who had requested the archive, is not known");
    app.run_sql("UPDATE users SET email = 'ada@acme.example' WHERE email = 'other@acme.example'");
    adopt(&app, &id.to_string()).unwrap();
}

/// The older copy has it in progress, with some of its parts: it is built to its end, and is the same.
#[test]
fn b3_an_export_that_the_older_database_has_in_progress_completes_and_the_newer_files_are_told_to_be_the_same() {
    let (app, ada) = acme();
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    let stop = compliance_exports::jobs::Stop::default();
    // The plan and one part.
    app.worker.exports.next(None, &stop).unwrap();
    app.worker.exports.next(None, &stop).unwrap();
    for table in ["export_requests", "export_cuts", "part_jobs", "part_job_counts"] {
        app.run_sql(&format!("CREATE TABLE old_{table} AS SELECT * FROM {table}"));
    }
    app.build();
    let newer = app.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap();
    forget(&app, id);
    for table in ["export_requests", "export_cuts", "part_jobs", "part_job_counts"] {
        app.run_sql(&format!("INSERT INTO {table} SELECT * FROM old_{table}"));
    }
    app.worker.exports.sweep().unwrap();
    assert_eq!(quarantined(&app).len(), newer.len() - 1, "all but the part that the older one knows");
    refused(&app, &id.to_string(), "If export 1 is still in progress in this database, wait for its end");
    app.build();
    let again = app.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap();
    let sums = |parts: &[(compliance_exports::model::Part, String)]| -> Vec<String> {
        parts.iter().map(|(part, _)| part.sha256.clone()).collect()
    };
    assert_eq!(sums(&again), sums(&newer), "the same, byte for byte");
    assert_eq!(app.archive(id).items().len(), 15);
}

#[test]
fn b7_files_that_are_away_are_put_back_by_adopting_the_same() {
    let (app, ada) = acme();
    if !app.has_folder() {
        return;
    }
    let id = completed(&app, &ada);
    let parts = app.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap();
    fs::create_dir_all(quarantine(&app)).unwrap();
    // Copies under other names, as out of a backup of the folder.
    for (part, key) in &parts {
        let claim = compliance_exports::keys::new_key();
        let name = format!("export-{id}-{claim}-part-{}.zip", part.number);
        fs::copy(app.app.settings.data_dir.join("archives").join(key), quarantine(&app).join(name)).unwrap();
    }
    refused(&app, &id.to_string(), "has these files already");
    app.app.blobs.delete(&parts[1].1).unwrap();
    let adopted = adopt(&app, &id.to_string()).unwrap();
    assert!(adopted.was_known && adopted.request == id);
    let kept = app.store().read(|c| archives::kept(c, &app.app.blobs, None, app.now())).unwrap();
    assert!(kept.iter().all(|(_, condition)| *condition == Condition::Whole), "{kept:?}");
    assert_eq!(app.archive(id).items().len(), 15);
}

#[test]
fn b6_quarantine_is_erased_by_the_operator_alone_and_noted() {
    let (app, ada) = acme();
    let (id, other) = (completed(&app, &ada), completed(&app, &ada));
    forget(&app, id);
    forget(&app, other);
    app.worker.exports.sweep().unwrap();
    let all = quarantined(&app).len();
    let meant = archives::meant(&app.app.blobs, &[id.to_string()]).unwrap();
    let erased = archives::erase(app.store(), &app.app.blobs, &meant, app.now()).unwrap();
    assert_eq!((erased.files, quarantined(&app).len()), (all / 2, all / 2));
    let audit = app.audit(app.find_account("Acme").id);
    let of_it =
        |event: &AuditEvent| matches!(event, AuditEvent::QuarantineErased { export, .. } if *export == Some(id));
    let noted = audit.iter().filter(|(_, event)| of_it(event)).count();
    assert_eq!(noted, all / 2);
    assert_eq!(archives::meant(&app.app.blobs, &[id.to_string()]).unwrap_err().kind(), Kind::NotFound);
    let rest = archives::meant(&app.app.blobs, &[]).unwrap();
    archives::erase(app.store(), &app.app.blobs, &rest, app.now()).unwrap();
    assert_eq!(quarantined(&app), [""; 0]);
}

#[test]
fn b6_what_the_database_says_has_expired_is_erased_also_in_quarantine() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    let parts = app.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap();
    app.app.blobs.quarantine(&parts[0].1).unwrap();
    app.advance(TimeDelta::days(31));
    app.worker.exports.sweep().unwrap();
    assert_eq!((quarantined(&app), app.files().1), (vec![], vec![]));
}
