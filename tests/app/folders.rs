//! A data folder and its database belong together, and to one user: whatever is exchanged for another is refused before anything
//! is done, and a folder that is moved goes on.

use std::fs;
use std::path::{Path, PathBuf};

use compliance_exports::app::App;
use compliance_exports::config::Settings;
use compliance_exports::error::{Error, Kind};

use crate::support::TestApp;

/// The settings of an application, with another data folder.
fn with_folder(app: &TestApp, folder: PathBuf) -> Settings {
    let mut settings = app.app.settings.clone();
    settings.data_dir = folder;
    settings
}

fn open(app: &TestApp, folder: PathBuf) -> Result<App, Error> {
    App::open(with_folder(app, folder), app.clock.clone())
}

fn key_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("keys/archives.key")).unwrap()
}

/// Where another folder might be.
fn beside(app: &TestApp, name: &str) -> PathBuf {
    app.app.settings.data_dir.with_file_name(name)
}

fn assert_refused(opened: Result<App, Error>, told: &str) {
    let error = opened.expect_err("it opens");
    assert_eq!(error.kind(), Kind::Conflict, "{error:?}");
    assert!(error.message().contains(told), "{error}");
}

#[test]
fn another_folder_is_refused_and_gets_no_key() {
    let app = TestApp::start();
    let other = beside(&app, "typo");
    assert_refused(open(&app, other.clone()), "has another data folder than");
    assert!(!other.join("keys/archives.key").exists() && !other.join("installation").exists());
    // The folder of another database is refused as well, by its own word.
    let stranger = TestApp::start();
    assert_refused(open(&app, stranger.app.settings.data_dir.clone()), "belongs to another database");
    assert_refused(open(&stranger, app.app.settings.data_dir.clone()), "belongs to another database");
    // And so is a second folder of the same database.
    fs::write(other.join("installation"), fs::read(app.app.settings.data_dir.join("installation")).unwrap()).unwrap();
    assert!(open(&app, other).is_err_and(|error| error.message().contains("The key that signs archives is missing")));
    open(&app, app.app.settings.data_dir.clone()).unwrap();
}

#[test]
fn a_folder_that_was_moved_and_several_processes_with_one_folder_go_on() {
    let app = TestApp::start();
    let (here, there) = (app.app.settings.data_dir.clone(), beside(&app, "moved"));
    open(&app, here.clone()).unwrap();
    open(&app, here.clone()).unwrap().worker().unwrap();
    fs::rename(&here, &there).unwrap();
    let key = key_of(&there);
    let moved = open(&app, there.clone()).unwrap();
    assert_eq!((moved.public_key.line(), key_of(&there)), (app.app.public_key.line(), key));
    fs::rename(&there, &here).unwrap();
}

#[test]
fn a_key_that_is_missing_or_another_is_refused_and_not_replaced() {
    let app = TestApp::start();
    let folder = app.app.settings.data_dir.clone();
    let path = folder.join("keys/archives.key");
    let key = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_refused(open(&app, folder.clone()), "The key that signs archives is missing");
    assert!(!path.exists());
    let other = TestApp::start();
    fs::write(&path, fs::read(other.app.settings.data_dir.join("keys/archives.key")).unwrap()).unwrap();
    assert_refused(open(&app, folder.clone()), "is another key");
    fs::write(&path, key).unwrap();
    open(&app, folder).unwrap();
}

#[test]
fn the_operator_can_say_that_another_folder_takes_the_place_of_a_lost_one() {
    let app = TestApp::start();
    let other = beside(&app, "new");
    let settings = with_folder(&app, other.clone());
    let opened = App::open_with_another_folder(settings.clone(), app.clock.clone()).unwrap();
    assert_ne!(opened.public_key.line(), app.app.public_key.line(), "another key, which is said");
    assert_eq!(open(&app, other).unwrap().public_key.line(), opened.public_key.line());
    assert_refused(open(&app, app.app.settings.data_dir.clone()), "has another data folder than");
    // And back again.
    App::open_with_another_folder(app.app.settings.clone(), app.clock.clone()).unwrap();
    open(&app, app.app.settings.data_dir.clone()).unwrap();
    assert_refused(App::open(settings, app.clock.clone()), "has another data folder than");
}

#[test]
fn a_first_start_that_was_broken_off_goes_on() {
    let app = TestApp::start();
    let folder = app.app.settings.data_dir.clone();
    app.run_sql("DELETE FROM installation");
    fs::remove_file(folder.join("keys/archives.key")).unwrap();
    open(&app, folder.clone()).unwrap();
    // With a key it is the folder of a database that is gone.
    app.run_sql("DELETE FROM installation");
    assert_refused(open(&app, folder), "belongs to another database");
}

#[test]
fn whoever_only_looks_makes_nothing() {
    let app = TestApp::start();
    let look = |settings| App::open_to_look(settings, app.clock.clone());
    look(app.app.settings.clone()).unwrap();
    let nowhere = beside(&app, "nowhere");
    let error = look(with_folder(&app, nowhere.clone())).unwrap_err();
    assert!(error.kind() == Kind::NotFound && error.message().contains("There is no data folder"), "{error}");
    let mut settings = Settings::default();
    settings.data_dir = nowhere.clone();
    let error = look(settings).unwrap_err();
    assert!(error.kind() == Kind::NotFound && error.message().contains("There is no database"), "{error}");
    assert!(!nowhere.exists());
    fs::create_dir(&nowhere).unwrap();
    assert!(look(with_folder(&app, nowhere.clone())).is_err());
    assert_eq!(fs::read_dir(&nowhere).unwrap().count(), 0);
}

#[test]
fn a_database_of_a_newer_program_is_refused_and_of_an_older_one_only_by_those_who_look() {
    let app = TestApp::start();
    let (settings, folder) = (app.app.settings.clone(), app.app.settings.data_dir.clone());
    app.run_sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001')");
    for opened in [open(&app, folder.clone()), App::open_to_look(settings.clone(), app.clock.clone())] {
        assert_refused(opened, "A newer version of this program has changed the tables");
    }
    app.run_sql("DELETE FROM __diesel_schema_migrations WHERE version = '20991231000001'");
    open(&app, folder).unwrap();
    app.run_sql("DELETE FROM __diesel_schema_migrations");
    assert_refused(App::open_to_look(settings, app.clock.clone()), "are not up to date");
}

/// The volume on which archives lie goes away under the server, and the empty folder where it was mounted comes to light.
#[test]
fn archives_do_not_go_to_a_folder_that_comes_to_light() {
    let mut disk = None;
    let app =
        TestApp::start_with(|settings| disk = crate::support::Disk::mount(&settings.data_dir.join("archives"), "20m"));
    let Some(disk) = disk else { return };
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 3, "Hello");
    let folder = app.app.settings.data_dir.join("archives");
    drop(disk);
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    for _ in 0..10 {
        app.work();
        app.advance(chrono::TimeDelta::minutes(5));
    }
    assert_eq!(app.find_request(id).status, compliance_exports::model::Status::Failed);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    assert!(app.worker.exports.sweep().is_err());
}

/// Another user of this system, whoever that is.
const OTHER: u32 = 65_533;

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_folder_of_another_user_is_refused_before_anything_is_written() {
    let app = TestApp::start();
    let folder = app.app.settings.data_dir.clone();
    let files = || {
        let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    fs::remove_dir_all(folder.join("archives")).unwrap();
    let before = files();
    if let Err(error) = std::os::unix::fs::chown(&folder, Some(OTHER), None) {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "only root can give a folder away: {error}");
        eprintln!("skipped: only root can give a folder away");
        return;
    }
    for opened in [open(&app, folder.clone()), App::open_to_look(app.app.settings.clone(), app.clock.clone())] {
        let error = opened.unwrap_err();
        assert_eq!(error.kind(), Kind::Forbidden);
        assert!(error.message().contains("Run it as that user: sudo -u"), "{error}");
        assert!(error.message().contains("(65533)"), "{error}");
    }
    assert_eq!(files(), before);
    // A database file elsewhere counts as well.
    std::os::unix::fs::chown(&folder, Some(0), None).unwrap();
    if let compliance_exports::config::DatabaseUrl::Sqlite(path) = app.app.settings.database_url() {
        std::os::unix::fs::chown(&path, Some(OTHER), None).unwrap();
        assert_eq!(open(&app, folder.clone()).unwrap_err().kind(), Kind::Forbidden);
        std::os::unix::fs::chown(&path, Some(0), None).unwrap();
    }
    open(&app, folder).unwrap();
}
