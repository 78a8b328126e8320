//! `archives`, and what else an operator meets after an incident: an older copy of the database, files that are missing, another
//! folder, another user.

use std::fs;

use compliance_exports::config::DatabaseUrl;

use crate::support::House;

const MARCH: &str = "export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31 --output out";

/// Names of files hold keys that differ from run to run.
fn without_keys(text: &str) -> String {
    let key = regex::Regex::new("[0-9a-f]{64}").unwrap();
    let size = regex::Regex::new(r"\d+(\.\d+)? kB").unwrap();
    size.replace_all(&key.replace_all(text, "[CLAIM]"), "[SIZE]").replace(" UTC", "").into_owned_dates()
}

trait Dates {
    fn into_owned_dates(self) -> String;
}

impl Dates for String {
    fn into_owned_dates(self) -> String {
        let date = regex::Regex::new(r"until .*\.").unwrap();
        date.replace_all(&self, "until [DAY].").into_owned()
    }
}

/// As yesterday's copy of the database, in the place of today's, has it: the server sweeps up within moments.
#[test]
fn b6_newer_archives_survive_an_older_database_and_are_listed_adopted_and_erased() {
    let house = House::of_acme();
    if matches!(house.app().settings.database_url(), DatabaseUrl::Postgres(_)) {
        // The same rules are tested on PostgreSQL by the application's tests; here files are copied.
        return;
    }
    let database = house.path("data/compliance-exports.db");
    let older = fs::read(&database).unwrap();
    house.ok(MARCH);
    house.ok(MARCH);
    let newer = house.list("data/archives");
    assert_eq!(newer.len(), 2);
    fs::write(&database, &older).unwrap();
    for more in ["-wal", "-shm"] {
        let _gone = fs::remove_file(house.path(&format!("data/compliance-exports.db{more}")));
    }

    let (server, _) = house.serve();
    crate::support::wait_until("the sweep", || house.list("data/archives").is_empty().then_some(()));
    server.wait_for_log("files=2");
    server.signal("TERM");
    assert_eq!(server.wait().0, "exit 0");
    assert_eq!(house.list("data/quarantine"), newer);

    let shown = house.session(
        "archives list
         archives erase 9
         archives erase 2
         archives erase 2 --yes
         archives adopt 2
         archives adopt 1
         archives list",
    );
    insta::assert_snapshot!(without_keys(&shown), @"");
    let run = house.ok("export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31 --output out");
    assert!(run.stdout.trim_end().ends_with("-3.zip"), "numbers in quarantine are not given again: {run}");
}

#[test]
fn b7a_a_missing_file_is_told_at_start_and_put_back() {
    let house = House::of_acme();
    house.ok(MARCH);
    let name = house.list("data/archives").remove(0);
    let whole = fs::read(house.path("data/archives").join(&name)).unwrap();
    fs::remove_file(house.path("data/archives").join(&name)).unwrap();
    let (server, _) = house.serve();
    server.wait_for_log("files of completed exports are missing or damaged");
    server.signal("TERM");
    assert_eq!(server.wait().0, "exit 0");
    let shown = house.session(
        "archives list
         export --again 1 --restore
         export --again 1 --restore
         archives list",
    );
    insta::assert_snapshot!(without_keys(&shown), @"");
    assert_eq!(fs::read(house.path("data/archives").join(&name)).unwrap(), whole);
}

#[test]
fn a_mistyped_data_folder_is_refused_and_gets_no_key() {
    let mut house = House::new();
    if matches!(house.app().settings.database_url(), DatabaseUrl::Sqlite(_)) {
        house.set("COMPLIANCE_EXPORTS_DATABASE__URL", "sqlite:elsewhere/company.db");
    }
    house.ok("--data-dir folder migrate --accept-folder");
    let key = fs::read(house.path("folder/keys/archives.key")).unwrap();
    for line in ["serve --listen 127.0.0.1:0", "account list", "key show", "migrate"] {
        let run = house.run(&format!("--data-dir typo {line}"));
        assert_eq!(run.code, Some(1), "{run}");
        assert!(!house.path("typo/keys/archives.key").exists(), "{run}");
    }
    let run = house.run("--data-dir typo migrate");
    assert!(run.stderr.contains("has another data folder than typo"), "{run}");
    fs::rename(house.path("folder"), house.path("moved")).unwrap();
    house.ok("--data-dir moved account list");
    let run = house.ok("--data-dir typo migrate --accept-folder");
    assert!(run.stdout.contains("Archives are signed with the key in it: RW"), "{run}");
    assert_eq!(house.run("--data-dir moved account list").code, Some(1));
    assert_ne!(fs::read(house.path("typo/keys/archives.key")).unwrap(), key);
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_folder_of_another_user_is_refused() {
    let house = House::of_acme();
    if let Err(error) = std::os::unix::fs::chown(house.path("data"), Some(65_533), None) {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "only root can give a folder away: {error}");
        eprintln!("skipped: only root can give a folder away");
        return;
    }
    let before = house.list("data");
    for line in [MARCH, "serve --listen 127.0.0.1:0", "account list", "archives list", "demo --exit", "migrate"] {
        let run = house.run(line);
        assert_eq!(run.code, Some(1), "{run}");
        assert!(run.stderr.contains("sudo -u"), "{run}");
    }
    assert_eq!(house.list("data"), before);
    std::os::unix::fs::chown(house.path("data"), Some(0), None).unwrap();
    house.ok(MARCH);
}
