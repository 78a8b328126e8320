//! Archives in an object store (B6, B7): a real one, and the way to it that breaks (`tests/support/object_store.rs`).

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use compliance_exports::blobs::{Blobs, Condition, Quarantined};
use compliance_exports::config::Settings;
use compliance_exports::error::{Error, Kind, Result};
use compliance_exports::exports::{self, archives};
use compliance_exports::jobs::Stop;
use compliance_exports::model::Status;
use compliance_exports::{keys, sums};
use reqwest::Method;
use tempfile::TempDir;

use crate::downloads::memory;
use crate::support::TestApp;
use crate::support::object_store::{ObjectStore, Proxy, Way};

/// A store, and files to bring.
struct Bench {
    store: ObjectStore,
    proxy: Proxy,
    folder: TempDir,
}

/// Goes on.
fn on() -> Result<()> {
    Ok(())
}

impl Bench {
    fn find() -> Option<Self> {
        let store = ObjectStore::find()?;
        let proxy = Proxy::to(&store.endpoint);
        Some(Self { store, proxy, folder: tempfile::tempdir().unwrap() })
    }

    fn settings(&self, choose: impl FnOnce(&mut Settings)) -> Settings {
        let mut settings = self.store.at(&self.proxy.endpoint()).settings();
        settings.data_dir = self.folder.path().join("data");
        choose(&mut settings);
        settings
    }

    fn blobs(&self) -> Blobs {
        self.blobs_with(|_| {})
    }

    fn blobs_with(&self, choose: impl FnOnce(&mut Settings)) -> Blobs {
        Blobs::open(&self.settings(choose), "ours").unwrap()
    }

    /// A file of so many bytes, no two alike, and its SHA-256.
    fn file(&self, name: &str, size: usize) -> (PathBuf, Vec<u8>, String) {
        let mut bytes = Vec::with_capacity(size + 64);
        let mut line = name.as_bytes().to_vec();
        while bytes.len() < size {
            line = sums::sha256(&line).to_vec();
            bytes.extend_from_slice(&line);
        }
        bytes.truncate(size);
        let path = self.folder.path().join(name);
        fs::write(&path, &bytes).unwrap();
        let sha256 = keys::hex(&sums::sha256(&bytes));
        (path, bytes, sha256)
    }
}

fn read(blobs: &Blobs, key: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    blobs.find(key).unwrap().expect("an object").read_to_end(&mut bytes).unwrap();
    bytes
}

/// A failure that passes, told to the operator, and not longer than so many seconds.
fn assert_passing(begun: Instant, seconds: u64, error: &Error, told: &str) {
    assert!(begun.elapsed() < Duration::from_secs(seconds), "{:?}", begun.elapsed());
    assert_eq!((error.kind(), error.is_transient()), (Kind::Unavailable, true), "{error:?}");
    assert!(error.message().contains(told) && error.message().contains("s3://tests/"), "{error:?}");
}

#[test]
fn b6_an_archive_arrives_in_pieces_and_is_read_from_any_place() {
    let Some(bench) = Bench::find() else { return };
    let blobs = bench.blobs();
    let (file, bytes, sha256) = bench.file("new.zip", (20 << 20) + 7);
    assert_eq!(blobs.condition("7-a.zip", 1).unwrap(), Condition::Missing);
    blobs.bring(&file, "7-a.zip", &sha256, &on).unwrap();
    assert!(blobs.location("7-a.zip").is_none());
    assert_eq!(blobs.list().unwrap(), ["7-a.zip"]);
    let size = i64::try_from(bytes.len()).unwrap();
    let conditions = blobs.conditions(&[("7-a.zip", size), ("7-b.zip", 5), ("7-a.zip", 5)]).unwrap();
    assert_eq!(conditions, [Condition::Whole, Condition::Missing, Condition::Damaged(bytes.len() as u64)]);
    assert_eq!(blobs.glance("7-a.zip", size), Some(Condition::Whole));
    assert!(read(&blobs, "7-a.zip") == bytes, "the same bytes");

    let mut stored = blobs.find("7-a.zip").unwrap().unwrap();
    let end = bytes.len() as u64;
    for (place, count) in [(0, 10), (end - 5, 5), (1 << 20, 3 << 20), (7, 1 << 10), ((4 << 20) + 100, 40), (9, 17)] {
        let mut got = vec![0; count];
        assert_eq!(stored.seek(SeekFrom::Start(place)).unwrap(), place);
        stored.read_exact(&mut got).unwrap();
        let place = usize::try_from(place).unwrap();
        assert!(got == bytes[place..place + count], "{count} bytes from {place}");
    }
    assert_eq!(stored.seek(SeekFrom::End(3)).unwrap(), end + 3);
    assert_eq!(stored.read(&mut [0; 9]).unwrap(), 0);

    let copy = bench.folder.path().join("copy.zip");
    blobs.copy("7-a.zip", &copy).unwrap();
    assert!(fs::read(&copy).unwrap() == bytes);
    assert_eq!(blobs.copy("7-a.zip", &copy).unwrap_err().kind(), Kind::Conflict);
    blobs.delete("7-a.zip").unwrap();
    blobs.delete("7-a.zip").unwrap();
    assert!(blobs.find("7-a.zip").unwrap().is_none());
    assert_eq!(blobs.glance("7-a.zip", size), Some(Condition::Missing), "its own doings are known at once");
    for key in ["", "..", "../x", "a/b", ".hidden"] {
        assert!(blobs.find(key).is_err() && blobs.delete(key).is_err(), "{key}");
    }
}

#[test]
fn b6_archives_go_into_quarantine_and_come_back_and_replace_nothing() {
    let Some(bench) = Bench::find() else { return };
    let blobs = bench.blobs();
    let (file, bytes, sha256) = bench.file("one", 3000);
    let (other, _, other_sha256) = bench.file("two", 3000);
    assert_eq!((blobs.list_quarantined().unwrap(), blobs.quarantine("7-a.zip").unwrap()), (vec![], None));
    blobs.bring(&file, "7-a.zip", &sha256, &on).unwrap();
    assert_eq!(blobs.quarantine("7-a.zip").unwrap(), Some(3000));
    let quarantined = Quarantined { name: "7-a.zip".to_owned(), size: 3000 };
    assert_eq!((blobs.list().unwrap(), blobs.list_quarantined().unwrap()), (vec![], vec![quarantined]));
    let local = blobs.local_quarantined("7-a.zip").unwrap();
    assert!(fs::read(local.path()).unwrap() == bytes);
    let path = local.path().to_owned();
    drop(local);
    assert!(!path.exists(), "what was fetched goes when it is not needed any more");

    // Other bytes under the same name are not replaced, in either place.
    blobs.bring(&other, "7-a.zip", &other_sha256, &on).unwrap();
    assert!(blobs.quarantine("7-a.zip").is_err() && blobs.take_back("7-a.zip").is_err());
    // The same bytes are what one leaves that dies between copying and erasing.
    blobs.bring(&file, "7-a.zip", &sha256, &on).unwrap();
    assert_eq!(blobs.quarantine("7-a.zip").unwrap(), Some(3000));
    assert_eq!((blobs.list().unwrap().len(), blobs.list_quarantined().unwrap().len()), (0, 1));
    blobs.take_back("7-a.zip").unwrap();
    assert!(read(&blobs, "7-a.zip") == bytes);
    blobs.quarantine("7-a.zip").unwrap();
    blobs.delete_quarantined("7-a.zip").unwrap();
    assert!(blobs.open_quarantined("7-a.zip").is_err());
    blobs.bring(&file, "7-a.zip", &sha256, &on).unwrap();
    blobs.quarantine("7-a.zip").unwrap();
    blobs.delete("7-a.zip").unwrap();
    assert_eq!(blobs.list_quarantined().unwrap(), [], "what is to be erased is erased wherever it lies");
}

#[test]
fn a_bucket_belongs_to_one_installation() {
    let Some(bench) = Bench::find() else { return };
    let ours = bench.blobs();
    let theirs = Blobs::open(&bench.settings(|_| {}), "theirs").unwrap();
    ours.check(false).unwrap();
    ours.check(true).unwrap();
    ours.check(true).unwrap();
    let refused = theirs.check(true).unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    assert!(refused.message().contains("belongs to another installation"), "{refused}");
    theirs.take_over().unwrap();
    assert!(theirs.check(true).is_ok() && ours.check(true).is_err());
}

#[test]
fn a_store_that_refuses_us_says_so_and_no_secret_is_shown() {
    let Some(bench) = Bench::find() else { return };
    let (file, _, sha256) = bench.file("one", 3000);
    bench.blobs().bring(&file, "7-a.zip", &sha256, &on).unwrap();
    let secret = "wrong-and-not-to-be-shown";
    let settings = bench.settings(|settings| {
        settings.archives.s3.secret_access_key = Some(compliance_exports::config::Secret::new(secret))
    });
    let blobs = Blobs::open(&settings, "ours").unwrap();
    let begun = Instant::now();
    let failures = [
        blobs.check(true).unwrap_err(),
        blobs.find("7-a.zip").unwrap_err(),
        blobs.condition("7-a.zip", 3000).unwrap_err(),
        blobs.bring(&file, "7-b.zip", &sha256, &on).unwrap_err(),
        blobs.list().unwrap_err(),
        blobs.list_quarantined().unwrap_err(),
        blobs.quarantine("7-a.zip").unwrap_err(),
        blobs.delete("7-a.zip").unwrap_err(),
    ];
    for error in &failures {
        assert_passing(begun, 20, error, "refuses this server");
        assert!(!format!("{error:?}").contains(secret), "{error:?}");
    }
    assert!(!format!("{blobs:?} {settings:?}").contains(secret) && !format!("{blobs:?}").contains(&bench.store.secret));
    assert_eq!(blobs.glance("7-a.zip", 3000), None);
    assert_eq!(bench.blobs().condition("7-a.zip", 3000).unwrap(), Condition::Whole, "nothing was done");
}

#[test]
fn a_bucket_that_is_not_there_is_no_bucket_without_archives() {
    let Some(bench) = Bench::find() else { return };
    let blobs = bench.blobs_with(|settings| settings.archives.set_url("s3://tests-mistyped/x".parse().unwrap()));
    let (file, _, sha256) = bench.file("one", 3000);
    let failures = [
        blobs.check(true).unwrap_err(),
        blobs.find("7-a.zip").unwrap_err(),
        blobs.condition("7-a.zip", 3000).unwrap_err(),
        blobs.bring(&file, "7-a.zip", &sha256, &on).unwrap_err(),
        blobs.list().unwrap_err(),
        blobs.quarantine("7-a.zip").unwrap_err(),
    ];
    for error in &failures {
        assert_eq!((error.kind(), error.is_transient()), (Kind::Unavailable, true), "{error:?}");
        assert!(error.message().contains("s3://tests-mistyped/x"), "{error:?}");
    }
}

#[test]
fn b6_connections_that_break_cost_single_pieces() {
    let Some(bench) = Bench::find() else { return };
    let blobs = bench.blobs();
    let (file, bytes, sha256) = bench.file("new.zip", 40 << 20);
    bench.proxy.set(Way::Cut { times: 3, after: 10 << 20 });
    blobs.bring(&file, "7-a.zip", &sha256, &on).unwrap();
    assert_eq!(bench.proxy.way(), Way::Cut { times: 0, after: 10 << 20 });
    bench.proxy.set(Way::Slow(Duration::from_millis(1)));
    assert!(read(&blobs, "7-a.zip") == bytes);
}

#[test]
fn b6_what_is_damaged_on_its_way_does_not_count_as_kept() {
    let Some(bench) = Bench::find() else { return };
    let blobs = bench.blobs();
    let (file, bytes, sha256) = bench.file("new.zip", 12 << 20);
    for back in [false, true] {
        bench.proxy.set(Way::Damaged { back });
        let error = blobs.bring(&file, "7-a.zip", &sha256, &on).unwrap_err();
        assert_eq!((error.kind(), error.is_transient()), (Kind::Unavailable, true), "{error:?}");
        assert_eq!((bench.proxy.way(), blobs.list().unwrap()), (Way::Open, vec![]), "{error:?}");
    }
    blobs.bring(&file, "7-a.zip", &sha256, &on).unwrap();
    assert!(read(&blobs, "7-a.zip") == bytes);
    assert!(blobs.bring(&file, "7-b.zip", &"0".repeat(64), &on).is_err());
    assert_eq!(blobs.list().unwrap(), ["7-a.zip"]);
}

#[test]
fn a_store_that_says_nothing_is_not_waited_for_and_work_that_is_not_wanted_ends() {
    let Some(bench) = Bench::find() else { return };
    let blobs = bench.blobs();
    let (file, _, sha256) = bench.file("new.zip", 30 << 20);
    blobs.check(true).unwrap();
    for way in [Way::Stalled, Way::Closed] {
        bench.proxy.set(way);
        let begun = Instant::now();
        assert_passing(begun, 15, &blobs.find("7-a.zip").unwrap_err(), "does not answer as it should");
        let begun = Instant::now();
        assert_eq!(blobs.glance("7-a.zip", 5), None);
        assert!(begun.elapsed() < Duration::from_millis(500));
        let cancelled =
            || if begun.elapsed() > Duration::from_secs(1) { Err(Error::conflict("cancelled")) } else { Ok(()) };
        let error = blobs.bring(&file, "7-a.zip", &sha256, &cancelled).unwrap_err();
        assert_eq!(error.message(), "cancelled");
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    }
    bench.proxy.set(Way::Open);
    // In the midst of it.
    bench.proxy.set(Way::Slow(Duration::from_millis(5)));
    let begun = Instant::now();
    let cancelled =
        || if begun.elapsed() > Duration::from_millis(600) { Err(Error::conflict("cancelled")) } else { Ok(()) };
    assert_eq!(blobs.bring(&file, "7-a.zip", &sha256, &cancelled).unwrap_err().message(), "cancelled");
    bench.proxy.set(Way::Open);
    assert_eq!(blobs.list().unwrap(), [""; 0]);
}

#[test]
#[expect(clippy::print_stderr, reason = "it measures")]
fn b7_memory_does_not_grow_with_what_is_put() {
    const SIZE: u64 = 192 << 20;
    let Some(bench) = Bench::find() else { return };
    let blobs = bench.blobs_with(|settings| settings.archives.s3 = bench.store.settings().archives.s3);
    let path = bench.folder.path().join("large");
    fs::File::create_new(&path).unwrap().set_len(SIZE).unwrap();
    let sha256 = compliance_exports::archive::sha256_of(fs::File::open(&path).unwrap(), "large").unwrap();
    blobs.check(true).unwrap();
    let (before, most, begun) = (memory(), std::cell::Cell::new(0), Instant::now());
    let measure = || {
        most.set(most.get().max(memory()));
        Ok(())
    };
    blobs.bring(&path, "7-a.zip", &sha256, &measure).unwrap();
    let grown = most.get().saturating_sub(before) >> 20;
    eprintln!("{} MiB put and read back in {:?}; {grown} MiB of memory", SIZE >> 20, begun.elapsed());
    assert!(grown < 96, "{grown} MiB");
}

#[test]
fn nobody_is_sent_to_a_store_without_a_word_who_we_are() {
    let mut settings = Settings::default();
    settings.archives.set_url("s3://bucket".parse().unwrap());
    settings.archives.s3.endpoint = Some("http://127.0.0.1:9".parse().unwrap());
    if std::env::var("AWS_ACCESS_KEY_ID").is_ok() {
        return;
    }
    let error = Blobs::open(&settings, "ours").unwrap_err();
    assert!(error.kind() == Kind::Invalid && error.message().contains("archives.s3.access_key_id"), "{error:?}");
}

#[test]
fn b7_an_export_lives_in_the_store_through_an_outage() {
    let Some(bench) = Bench::find() else { return };
    let s3 = bench.settings(|_| {}).archives;
    let mut app = TestApp::start_with(|settings| settings.archives = s3);
    app.worker = app.worker.clone().with_patience(Duration::from_secs(1));
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record_messages("Acme", "2026-03-10T10:00:00Z", 20, "Hello");
    let browser = app.signed_in(&ada);

    // While it does not answer, the part waits, and the pages do not.
    bench.proxy.set(Way::Closed);
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    app.build();
    let waiting = app.find_request(id);
    assert_eq!(waiting.status, Status::InProgress, "{waiting:?}");
    assert_eq!(browser.get("/administration").status, 200);
    assert!(app.worker.exports.sweep().is_ok(), "the rest is swept");
    bench.proxy.set(Way::Open);
    app.advance(TimeDelta::minutes(1));
    app.run_sql("UPDATE part_jobs SET not_before = 0");
    app.build();
    assert_eq!(app.find_request(id).status, Status::Completed);
    assert_eq!(app.files().0, [""; 0], "nothing is left in the work folder");

    let part = format!("/administration/exports/{id}/parts/1");
    let kept = app.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap();
    let whole = browser.get(&part);
    assert_eq!((whole.status, keys::hex(&sums::sha256(&whole.body))), (200, kept[0].0.sha256.clone()));
    let head = browser.send(Method::HEAD, &part, &[]);
    assert_eq!((head.status, head.header("content-length")), (200, whole.header("content-length")));
    let range = browser.send(Method::GET, &part, &[("range", "bytes=100-199")]);
    assert_eq!((range.status, &range.body[..]), (206, &whole.body[100..200]));

    bench.proxy.set(Way::Closed);
    let page = browser.get(&part);
    assert_eq!(page.status, 503);
    assert!(page.text().contains("does not answer as it should. Nothing is lost"), "{}", page.text());
    let begun = Instant::now();
    let page = browser.get(&format!("/administration/exports/{id}")).text();
    assert!(page.contains(&format!("href=\"{part}\"")) && begun.elapsed() < Duration::from_secs(5), "{page}");
    let error = app.store().read(|c| archives::kept(c, &app.app.blobs, None, app.now())).unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    bench.proxy.set(Way::Open);
    assert_eq!(browser.get(&part).status, 200);

    // What is lost there is put back.
    app.app.blobs.delete(&kept[0].1).unwrap();
    let page = browser.get(&part);
    assert_eq!(page.status, 503);
    assert!(page.text().contains("is missing on the server"), "{}", page.text());
    assert_eq!(app.worker.exports.restore(id, &Stop::default(), &|_| {}).unwrap().len(), 1);
    assert_eq!(browser.get(&part).body, whole.body);

    // What no database knows is put aside, and taken in.
    app.run_sql("DELETE FROM export_parts");
    app.worker.exports.sweep().unwrap();
    assert_eq!((app.files().1.len(), app.app.blobs.list_quarantined().unwrap().len()), (0, 1));
    let found = archives::quarantined(&app.app.blobs).unwrap();
    assert!(found[0].identity.as_ref().is_ok_and(|identity| identity.part == 1), "{found:?}");
    let adopted = archives::adopt(app.store(), &app.app.blobs, &app.app.public_key, &id.to_string(), 30, app.now());
    let adopted = adopted.unwrap();
    let part = format!("/administration/exports/{}/parts/1", adopted.request);
    assert_eq!(browser.get(&part).body, whole.body);
    app.advance(TimeDelta::days(31));
    app.worker.exports.sweep().unwrap();
    assert_eq!((app.files().1.len(), app.app.blobs.list_quarantined().unwrap().len()), (0, 0));
}
