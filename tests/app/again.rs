//! Building an archive again, for the operator: the same bytes, whatever has come since; less only what was erased (C7, C4).

use std::fs;

use chrono::TimeDelta;
use compliance_exports::error::Kind;
use compliance_exports::exports::build::Rebuilt;
use compliance_exports::jobs::Stop;
use compliance_exports::model::RequestId;

use crate::support::{Person, TestApp};

/// Acme with some months of two teams, and parts of 16 entries at most.
fn acme() -> (TestApp, Person) {
    let app = TestApp::start_with(|settings| settings.exports.part_entries = 16);
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 30, "Hello");
    let mut events =
        String::from(r#"{"type":"conversation","id":"c2","kind":"Team","name":"Quay","members":[{"user":"u1"}]}"#);
    for day in 1..=14 {
        events += &format!(
            "\n{{\"type\":\"item_created\",\"conversation\":\"c2\",\"id\":\"d{day}\",\"kind\":\"Message\",\
             \"at\":\"2026-03-{day:02}T12:00:00Z\",\"by\":\"u1\",\"content\":{{\"text\":\"Day {day}\"}}}}"
        );
    }
    app.record("Acme", &events);
    (app, ada)
}

fn completed(app: &TestApp, by: &Person) -> RequestId {
    let id = app.request(by, "2026-03-01", "2026-03-16");
    app.work();
    id
}

/// Builds again, into a folder of its own; each part with its bytes.
fn rebuild(app: &TestApp, id: RequestId) -> Vec<(Rebuilt, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let rebuilt = app.worker.exports.rebuild(id, folder.path(), &Stop::default(), &|_| {}).unwrap();
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, rebuilt.len(), "nothing but the parts lies there");
    rebuilt.into_iter().map(|part| (fs::read(&part.path).unwrap(), part)).map(|(bytes, part)| (part, bytes)).collect()
}

fn bytes_of(app: &TestApp, id: RequestId) -> Vec<Vec<u8>> {
    let parts = app.store().read(|c| compliance_exports::exports::requests::stored_parts(c, id)).unwrap();
    parts.iter().map(|(_, key)| app.stored(key)).collect()
}

#[test]
fn c7_an_archive_built_again_is_the_same_byte_for_byte_whatever_has_come_since() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    let before = bytes_of(&app, id);
    assert!(before.len() > 2, "{} parts", before.len());

    app.advance(TimeDelta::hours(1));
    app.record(
        "Acme",
        r#"{"type":"user","id":"u1","name":"Grace Hopper","email":"grace@acme.example"}
        {"type":"conversation","id":"c2","kind":"Team","name":"Quayside","public":true,"archivedAt":"2026-03-16T10:00:00Z"}
        {"type":"user","id":"u2","name":"Mia"}
        {"type":"joined","conversation":"c1","user":"u2","at":"2026-03-02T10:00:00Z"}
        {"type":"item_created","conversation":"c1","id":"late","kind":"Message","at":"2026-03-10T10:00:05Z","content":{"text":"Late"}}
        {"type":"item_edited","conversation":"c1","id":"m1","at":"2026-03-10T11:00:00Z","content":{"text":"Edited"}}
        {"type":"item_deleted","conversation":"c1","id":"m2","at":"2026-03-16T09:45:00Z"}"#,
    );
    let bob = app.admin("Acme", "Bob");
    app.set_access(&ada, &[ada.id, bob.id]).unwrap();
    compliance_exports::identity::commands::run(
        app.store(),
        compliance_exports::audit::Actor::User(bob.id),
        &compliance_exports::capture::switch::TurnOff,
        app.now(),
    )
    .unwrap();

    let again = rebuild(&app, id);
    assert!(again.iter().all(|(part, _)| part.same));
    assert!(again.into_iter().map(|(_, bytes)| bytes).eq(before));
    assert_eq!(app.files().0, [""; 0]);
}

#[test]
fn an_expired_archive_is_built_again_and_settings_of_today_do_not_matter() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    let before = bytes_of(&app, id);
    app.advance(TimeDelta::days(31));
    app.worker.exports.sweep().unwrap();
    app.run_sql("UPDATE accounts SET time_zone = 'Asia/Tokyo'");
    let mut settings = app.app.settings.clone();
    settings.exports.part_entries = 60_000;
    let folder = tempfile::tempdir().unwrap();
    let key = compliance_exports::archive::sign::SigningKey::load_or_create(
        &app.app.settings.data_dir.join("keys").join("archives.key"),
    );
    let worker = compliance_exports::worker::Worker::new(
        &settings,
        app.store().clone(),
        app.app.blobs.clone(),
        key.unwrap(),
        app.clock.clone(),
    );
    let again = worker.unwrap().exports.rebuild(id, folder.path(), &Stop::default(), &|_| {}).unwrap();
    assert!(again.iter().all(|part| part.same));
    assert_eq!(again.len(), before.len());
}

#[test]
fn c4_what_was_erased_since_is_missing_and_told() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    compliance_exports::identity::commands::run(
        app.store(),
        compliance_exports::audit::Actor::User(ada.id),
        &compliance_exports::capture::switch::TurnOff,
        app.now(),
    )
    .unwrap();
    app.advance(TimeDelta::hours(1));
    app.record("Acme", r#"{"type":"item_deleted","conversation":"c1","id":"m2","at":"2026-03-16T10:15:00Z"}"#);
    let again = rebuild(&app, id);
    assert!(again.iter().any(|(part, _)| !part.same));
}

#[test]
fn only_what_was_completed_is_built_again_and_nothing_is_overwritten() {
    let (app, ada) = acme();
    let folder = tempfile::tempdir().unwrap();
    let rebuild = |id| app.worker.exports.rebuild(id, folder.path(), &Stop::default(), &|_| {}).unwrap_err();
    let queued = app.request(&ada, "2026-03-01", "2026-03-16");
    assert_eq!(rebuild(queued).kind(), Kind::Conflict);
    assert_eq!(rebuild(999).kind(), Kind::NotFound);
    app.work();
    app.worker.exports.rebuild(queued, folder.path(), &Stop::default(), &|_| {}).unwrap();
    let error = rebuild(queued);
    assert!(error.kind() == Kind::Conflict && error.message().contains("-part-1.zip"), "{error}");
    let stop = Stop::default();
    stop.ask();
    let other = tempfile::tempdir().unwrap();
    // Too little to be stopped in its midst: either it was done before, or nothing lies there.
    if app.worker.exports.rebuild(queued, other.path(), &stop, &|_| {}).is_err() {
        assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
    }
}

/// Read as "up to recording 0", a cut that is missing would make an archive of nothing, and say nothing of it.
#[test]
fn c7_an_export_that_has_lost_its_cut_is_not_built_of_nothing() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    let folder = tempfile::tempdir().unwrap();
    for (lost, why) in [
        ("DELETE FROM export_cuts", "The database is damaged: the cut of this export had numbers of"),
        ("UPDATE export_requests SET cut_at = NULL", "An export can't be read before its cut is taken."),
    ] {
        app.run_sql(lost);
        let refused = app.worker.exports.rebuild(id, folder.path(), &Stop::default(), &|_| {}).unwrap_err();
        assert!(refused.message().starts_with(why), "{refused}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn parts_of_a_size_that_is_not_known_are_not_built_again_as_the_settings_say() {
    let (app, ada) = acme();
    let id = completed(&app, &ada);
    app.run_sql("UPDATE export_requests SET part_entries = NULL, part_bytes = NULL");
    let folder = tempfile::tempdir().unwrap();
    let refused = app.worker.exports.rebuild(id, folder.path(), &Stop::default(), &|_| {}).unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
}
