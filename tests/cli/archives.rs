//! `archives`, and what else an operator meets after an incident: an older copy of the database, files that are missing, another
//! folder, another user.

use std::fs;

use compliance_exports::config::DatabaseUrl;

use crate::support::House;

const MARCH: &str = "export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31 --output out";

/// Columns, and without what differs from run to run: keys in names of files, sizes, days.
fn shown(text: &str) -> String {
    let mut text = text.replace('\t', " | ");
    for (pattern, instead) in
        [("[0-9a-f]{64}", "[CLAIM]"), (r"\d+(\.\d+)? kB", "[SIZE]"), (r"until \d.*\.", "until [DAY].")]
    {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, instead).into_owned();
    }
    text
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

    let session = house.session(
        "archives list
         archives erase 9
         archives erase 2
         archives erase 2 --yes
         archives adopt 2
         archives adopt 1
         archives list",
    );
    insta::assert_snapshot!(shown(&session), @"
    $ archives list
    quarantine | 1 | Acme | part 1 of 1 | [SIZE] | export-1-[CLAIM]-part-1.zip
    quarantine | 2 | Acme | part 1 of 1 | [SIZE] | export-2-[CLAIM]-part-1.zip
    2| Kept: 0 files, 0 bytes. Missing: 0. Damaged: 0. In quarantine: 2 files, [SIZE].
    2| “archives adopt NUMBER” takes an archive in quarantine into this database, “archives erase NUMBER” erases it.
    $ archives erase 9
    2| error: There is nothing in quarantine that is 9. “archives list” tells what there is.
    [exit 1]
    $ archives erase 2
    quarantine | 2 | Acme | part 1 of 1 | [SIZE] | export-2-[CLAIM]-part-1.zip
    2| error: Erase 1 file, [SIZE], for good? Nobody is there to be asked: say --yes if that is meant. Nothing was erased.
    [exit 1]
    $ archives erase 2 --yes
    Erased: 1 file, [SIZE].
    $ archives adopt 2
    2| error: There is nothing in quarantine that is 2. “archives list” tells what there is.
    [exit 1]
    $ archives adopt 1
    The archive of “Acme” (1 part, [SIZE]) is complete, unchanged and signed by this server, and is export 1 of this database.
    It can be downloaded until [DAY].
    $ archives list
    kept | 1 | Acme | part 1 | [SIZE] | export-1-[CLAIM]-part-1.zip
    2| Kept: 1 file, [SIZE]. Missing: 0. Damaged: 0. In quarantine: 0 files, 0 bytes.
    ");
    let run = house.ok(MARCH);
    // Taking export 1 in has used up a number; those of archives in quarantine are not given again.
    assert!(run.stdout.trim_end().ends_with("-4.zip"), "{run}");
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
    let session = house.session(
        "archives list
         export --again 1 --restore
         export --again 1 --restore
         archives list",
    );
    insta::assert_snapshot!(shown(&session), @"
    $ archives list
    MISSING | 1 | Acme | part 1 | [SIZE] | export-1-[CLAIM]-part-1.zip
    2| Kept: 0 files, 0 bytes. Missing: 1. Damaged: 0. In quarantine: 0 files, 0 bytes.
    2| “export --again NUMBER --restore” puts missing and damaged files back, if what they were made of is still there.
    $ export --again 1 --restore
    Export 1 has its files again: 1 file put back, the same, byte for byte.
      Acme-2026-03-01-to-2026-03-31-1.zip ([SIZE])
    $ export --again 1 --restore
    2| error: Export 1 has all its files, so there is nothing to put back.
    [exit 1]
    $ archives list
    kept | 1 | Acme | part 1 | [SIZE] | export-1-[CLAIM]-part-1.zip
    2| Kept: 1 file, [SIZE]. Missing: 0. Damaged: 0. In quarantine: 0 files, 0 bytes.
    ");
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
