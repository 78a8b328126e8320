//! Downloads and their end: B6 and B7.

use std::fs::{self, File, OpenOptions};
use std::io::Read;

use chrono::TimeDelta;
use compliance_exports::audit::{Actor, AuditEvent};
use compliance_exports::jobs::Stop;
use compliance_exports::model::{RequestId, Status};
use compliance_exports::{archive, exports, keys, sums};
use reqwest::Method;

use crate::support::{Browser, Page, Person, TestApp};

/// A completed export of Acme, with its requester signed in.
struct Exported {
    app: TestApp,
    ada: Person,
    browser: Browser,
    id: RequestId,
    part: String,
}

fn exported() -> Exported {
    exported_from(TestApp::start(), "Acme")
}

fn exported_from(app: TestApp, account: &str) -> Exported {
    let (_, ada) = app.account_with_exports_on(account);
    app.record_messages(account, "2026-03-10T10:00:00Z", 3, "Hello");
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    app.work();
    let browser = app.signed_in(&ada);
    Exported { app, ada, browser, id, part: part(id) }
}

fn part(id: RequestId) -> String {
    format!("/administration/exports/{id}/parts/1")
}

impl Exported {
    /// Moves on, beyond the end of the session, and signs in again.
    fn advance(&mut self, by: TimeDelta) {
        self.app.advance(by);
        self.browser = self.app.signed_in(&self.ada);
    }

    fn row(&self) -> String {
        self.browser.get("/administration").row(self.id)
    }

    fn get(&self, headers: &[(&str, &str)]) -> Page {
        self.browser.get_with(&self.part, headers)
    }

    /// Part of the bytes that a range gives, checked against the whole.
    fn assert_range(&self, range: &str, first: usize, last: usize) {
        let whole = self.get(&[]).body;
        let page = self.get(&[("range", range)]);
        assert_eq!(page.status, 206, "{range}");
        assert_eq!(page.header("content-range"), format!("bytes {first}-{last}/{}", whole.len()), "{range}");
        assert_eq!(page.header("content-length"), (last - first + 1).to_string(), "{range}");
        assert_eq!(page.body, whole[first..=last], "{range}");
    }

    /// Says it is gone, in words, whatever is asked.
    fn assert_gone(&self, when: &str) {
        let page = self.get(&[]);
        assert_eq!(page.status, 410, "{when}");
        let text = page.text();
        assert!(text.contains("This export has expired"), "{when}: {text}");
        assert!(
            text.contains(
                "This export was available until 15 April 2026, 10:30 (Europe/London, BST), and has been erased."
            ),
            "{when}: {text}"
        );
        assert_eq!(self.get(&[("range", "bytes=0-9")]).status, 410, "{when}");
        assert_eq!(self.browser.send(Method::HEAD, &self.part, &[]).status, 410, "{when}");
        assert!(
            self.row().contains("Expired Erased after 15 Apr 2026, 10:30 BST No longer available"),
            "{}",
            self.row()
        );
    }
}

#[test]
fn b6_available_for_thirty_days_and_gone_at_that_instant() {
    let mut export = exported();
    export.advance(TimeDelta::days(30) - TimeDelta::microseconds(1));
    export.app.worker.exports.sweep().unwrap();
    assert!(export.row().contains("Completed"), "{}", export.row());
    assert_eq!(export.get(&[]).status, 200);

    export.app.advance(TimeDelta::microseconds(1));
    // The sweep has not come by: the label and the address say it all the same.
    assert_eq!(export.app.files().1.len(), 1);
    export.assert_gone("before the sweep");
    export.app.worker.exports.sweep().unwrap();
    assert_eq!(export.app.files(), (vec![], vec![]));
    assert_eq!(export.app.find_request(export.id).status, Status::Expired);
    export.assert_gone("after the sweep");
}

#[test]
fn b6_how_long_is_a_setting() {
    let mut export = exported_from(TestApp::start_with(|settings| settings.exports.keep_days = 2), "Acme");
    assert!(export.row().contains("Available until 18 Mar 2026, 09:30 GMT"), "{}", export.row());
    export.advance(TimeDelta::days(2));
    assert_eq!(export.get(&[]).status, 410);
    export.app.worker.exports.sweep().unwrap();
    assert_eq!(export.app.files().1, [""; 0]);
}

#[test]
fn b6_the_days_count_from_the_completion_not_from_the_request() {
    let mut export = exported();
    let late = export.app.request(&export.ada, "2026-03-01", "2026-03-16");
    export.advance(TimeDelta::days(10));
    export.app.work();
    export.advance(TimeDelta::days(25));
    export.app.worker.exports.sweep().unwrap();
    assert_eq!(export.get(&[]).status, 410);
    assert_eq!(export.browser.get(&part(late)).status, 200);
}

#[test]
fn b6_a_retry_keeps_the_archive_thirty_days_from_when_it_completes() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let id = app.fail(&ada, "no reason");
    // One that failed has nothing to expire, however old it is.
    app.advance(TimeDelta::days(100));
    app.worker.exports.sweep().unwrap();
    assert_eq!(app.find_request(id).status, Status::Failed);
    let browser = app.signed_in(&ada);
    assert_eq!(browser.get(&part(id)).status, 409);

    browser.post(&format!("/administration/exports/{id}/retry"), &[]);
    app.work();
    app.worker.exports.sweep().unwrap();
    assert_eq!(app.find_request(id).expires_at, Some(app.now().plus(TimeDelta::days(30))));
    assert_eq!(browser.get(&part(id)).status, 200);
}

#[test]
fn b6_what_has_expired_is_neither_retried_nor_cancelled() {
    let mut export = exported();
    export.advance(TimeDelta::days(31));
    for swept in [false, true] {
        if swept {
            export.app.worker.exports.sweep().unwrap();
        }
        for button in ["retry", "cancel"] {
            let page = export.browser.post(&format!("/administration/exports/{}/{button}", export.id), &[]);
            assert_eq!(page.status, 409, "{button}, swept: {swept}");
        }
    }
    export.app.work();
    assert_eq!(export.app.find_request(export.id).status, Status::Expired);
}

#[test]
fn b6_bytes_that_are_gone_already_do_not_stop_the_sweep() {
    let mut export = exported();
    let key = export.app.files().1.remove(0);
    export.app.app.blobs.delete(&key).unwrap();
    export.advance(TimeDelta::days(31));
    export.app.worker.exports.sweep().unwrap();
    assert_eq!(export.app.find_request(export.id).status, Status::Expired);
}

#[test]
fn b6_any_administrator_with_access_downloads() {
    let export = exported();
    let bob = export.app.admin("Acme", "Bob");
    let browser = export.app.signed_in(&bob);
    assert_eq!(browser.get(&export.part).status, 403);
    export.app.set_access(&export.ada, &[export.ada.id, bob.id]).unwrap();
    assert_eq!(browser.get(&export.part).body, export.get(&[]).body);
}

#[test]
fn b7_rights_are_those_of_that_moment() {
    let export = exported();
    let bob = export.app.admin("Acme", "Bob");
    let set = |with_access: &[i64]| {
        export.app.set_access(&bob, with_access).unwrap();
    };
    export.app.set_access(&export.ada, &[export.ada.id, bob.id]).unwrap();
    assert_eq!(export.get(&[]).status, 200);
    set(&[bob.id]);
    let tag = format!("\"{}\"", sha256(&export));
    // Nor is it told whether anything has changed.
    for headers in [vec![], vec![("range", "bytes=0-9")], vec![("if-none-match", &*tag)]] {
        assert_eq!(export.get(&headers).status, 403, "{headers:?}");
    }
    set(&[bob.id, export.ada.id]);
    assert_eq!(export.get(&[]).status, 200);
}

#[test]
fn b7_strangers_are_led_to_the_sign_in_page_and_other_accounts_find_nothing() {
    let export = exported();
    let page = export.app.browser().get(&export.part);
    assert_eq!(page.status, 303);
    assert!(page.location().starts_with("/sign-in?next=%2Fadministration%2Fexports%2F"), "{}", page.location());
    let (_, other) = export.app.account_with_exports_on("Brightwater");
    let browser = export.app.signed_in(&other);
    assert_eq!(browser.get(&export.part).status, 404);
    assert_eq!(browser.get(&export.part).text(), browser.get(&part(9_999)).text());
    // Also not, later, that there was something.
    export.app.advance(TimeDelta::days(31));
    assert_eq!(export.app.signed_in(&other).get(&export.part).status, 404);
}

#[test]
fn b7_only_parts_that_there_are() {
    let export = exported();
    for path in ["parts/0", "parts/2", "parts/-1", "parts/x", "parts/99999999999", "parts/"] {
        let page = export.browser.get(&format!("/administration/exports/{}/{path}", export.id));
        assert_eq!(page.status, 404, "{path}");
    }
}

fn sha256(export: &Exported) -> String {
    let parts = export.app.store().read(|c| exports::rows::exports::list_parts(c, export.id)).unwrap();
    parts[0].0.sha256.clone()
}

#[test]
fn b7_the_whole_with_its_length_tag_and_name() {
    let export = exported();
    let page = export.get(&[]);
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "application/zip");
    assert_eq!(page.header("content-length"), page.body.len().to_string());
    assert_eq!(page.header("accept-ranges"), "bytes");
    assert_eq!(page.header("etag"), format!("\"{}\"", sha256(&export)));
    assert_eq!(keys::hex(&sums::sha256(&page.body)), sha256(&export));
    let name = format!("Acme-2026-03-01-to-2026-03-16-{}.zip", export.id);
    let disposition = page.header("content-disposition");
    assert!(
        disposition.starts_with(&format!("attachment; filename=\"{name}\"; filename*=UTF-8''Acme")),
        "{disposition}"
    );
    // Nobody between keeps a copy.
    assert!(page.header("cache-control").contains("private"), "{}", page.header("cache-control"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
}

#[test]
fn b7_head_tells_all_but_the_bytes() {
    let export = exported();
    let whole = export.get(&[]);
    let page = export.browser.send(Method::HEAD, &export.part, &[]);
    assert_eq!((page.status, page.body.len()), (200, 0));
    for header in ["content-length", "etag", "accept-ranges", "content-disposition", "content-type"] {
        assert_eq!(page.header(header), whole.header(header), "{header}");
    }
    // A range is one of bytes, and there are none.
    let page = export.browser.send(Method::HEAD, &export.part, &[("range", "bytes=0-9")]);
    assert_eq!((page.status, page.header("content-length")), (200, whole.header("content-length")));
}

#[test]
fn b7_the_name_of_the_file_keeps_letters_of_all_languages() {
    let export = exported_from(TestApp::start(), "Grünwald & 貿易 \"Söhne\"");
    let page = export.get(&[]);
    let tail = format!("-2026-03-01-to-2026-03-16-{}.zip", export.id);
    let (name, full_name) = page.header("content-disposition").split_once("; filename*=").unwrap();
    // For old browsers without them, for all others in full; and quotation marks end nothing.
    assert_eq!(name, format!("attachment; filename=\"Gr_nwald _ __ _S_hne_{tail}\""));
    let start = "UTF-8''Gr%C3%BCnwald%20&%20%E8%B2%BF%E6%98%93%20_S%C3%B6hne_";
    assert_eq!(full_name.replace("%2D", "-"), format!("{start}{tail}"));
}

#[test]
fn b7_a_range_of_bytes() {
    let export = exported();
    let end = export.get(&[]).body.len() - 1;
    export.assert_range("bytes=0-0", 0, 0);
    export.assert_range("bytes=100-199", 100, 199);
    export.assert_range("bytes=100-", 100, end);
    export.assert_range("bytes=-10", end - 9, end);
    export.assert_range("bytes=100-99999999", 100, end);
    export.assert_range("bytes=-99999999", 0, end);
}

#[test]
fn b7_a_range_beyond_the_end_is_refused_with_the_length() {
    let export = exported();
    let length = export.get(&[]).body.len();
    for range in [format!("bytes={length}-"), "bytes=99999999-".to_owned(), "bytes=-0".to_owned()] {
        let page = export.get(&[("range", &range)]);
        assert_eq!(page.status, 416, "{range}");
        assert_eq!(page.header("content-range"), format!("bytes */{length}"), "{range}");
    }
}

#[test]
fn b7_what_is_no_single_range_gets_the_whole() {
    let export = exported();
    let whole = export.get(&[]).body;
    for range in ["bytes=0-1,5-6", "bytes=9-2", "pages=1-2", "bytes", "bytes=", "bytes=a-b"] {
        let page = export.get(&[("range", range)]);
        assert_eq!((page.status, page.body.len()), (200, whole.len()), "{range}");
    }
}

#[test]
fn b7_a_download_that_broke_off_is_resumed() {
    let export = exported();
    let whole = export.get(&[]);
    let mut got = whole.body[..500].to_vec();
    let page = export.get(&[("range", "bytes=500-"), ("if-range", whole.header("etag"))]);
    assert_eq!(page.status, 206);
    got.extend(page.body);
    assert_eq!(keys::hex(&sums::sha256(&got)), sha256(&export));
}

#[test]
fn b7_a_part_is_given_only_of_the_same_file() {
    let export = exported();
    let tag = export.get(&[]).header("etag").to_owned();
    let weak = format!("W/{tag}");
    let unquoted = tag.trim_matches('"').to_owned();
    for known in ["\"another\"", &*weak, &*unquoted, "Mon, 16 Mar 2026 09:30:00 GMT", "nonsense"] {
        let page = export.get(&[("range", "bytes=500-"), ("if-range", known)]);
        assert_eq!(page.status, 200, "{known}");
    }
}

#[test]
fn b7_what_the_browser_has_already_is_not_sent_again() {
    let export = exported();
    let tag = export.get(&[]).header("etag").to_owned();
    for known in [tag.clone(), format!("\"another\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
        let page = export.get(&[("if-none-match", &known)]);
        assert_eq!((page.status, page.body.len()), (304, 0), "{known}");
        assert_eq!(page.header("etag"), tag, "{known}");
    }
    assert_eq!(export.get(&[("if-none-match", "\"another\"")]).status, 200);
}

#[test]
fn b7_whoever_takes_bytes_is_audited_once_however_often_it_is_resumed() {
    let export = exported();
    let (account, ada) = (export.app.find_account("Acme").id, export.ada.id);
    let file = format!("Acme-2026-03-01-to-2026-03-16-{}.zip", export.id);
    let told = (Actor::User(ada), AuditEvent::PartDownloaded { export: export.id, file });
    let is_download = |(_, event): &(Actor, AuditEvent)| matches!(event, AuditEvent::PartDownloaded { .. });
    let downloads = || export.app.audit(account).into_iter().filter(is_download).collect::<Vec<_>>();
    // These take none.
    export.browser.send(Method::HEAD, &export.part, &[]);
    export.get(&[("if-none-match", "*")]);
    export.get(&[("range", "bytes=99999999-")]);
    assert_eq!(downloads(), []);
    // Leaving out the first byte hides nothing.
    export.get(&[("range", "bytes=1-")]);
    assert_eq!(downloads(), std::slice::from_ref(&told));
    export.get(&[]);
    export.get(&[("range", "bytes=500-")]);
    assert_eq!(downloads(), std::slice::from_ref(&told));
    // Another hour, another download.
    export.app.advance(TimeDelta::hours(1));
    export.get(&[]);
    assert_eq!(downloads(), [told.clone(), told]);
}

/// Puts a file of this size in the place of the archive: all of it nothing, so that it takes no room on the disk.
fn enlarge(export: &Exported, size: u64) {
    let parts = export.app.store().read(|c| exports::rows::exports::list_parts(c, export.id)).unwrap();
    let path = export.app.work_folder().join("large");
    File::create_new(&path).unwrap().set_len(size).unwrap();
    let sha256 = archive::sha256_of(File::open(&path).unwrap(), "large").unwrap();
    export.app.app.blobs.bring(&path, &parts[0].1, &sha256, &|| Ok(())).unwrap();
    // A folder takes it, an object store leaves it.
    let _ = fs::remove_file(path);
    export.app.run_sql(&format!("UPDATE export_parts SET size = {size}"));
}

/// Bytes of memory that this process holds; 0 where the system does not tell.
pub fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn b7_a_large_archive_is_streamed() {
    const SIZE: u64 = 300 << 20;
    let export = exported();
    enlarge(&export, SIZE);
    let before = memory();
    let mut response = export.browser.open(&export.part);
    assert_eq!(response.content_length(), Some(SIZE));
    let (mut job, mut read, mut most) = (vec![0; 1 << 20], 0_u64, before);
    loop {
        match response.read(&mut job).unwrap() {
            0 => break,
            count => read += count as u64,
        }
        most = most.max(memory());
    }
    assert_eq!(read, SIZE);
    // Other tests run beside this one, so a good part of its size is allowed for them.
    assert!(most < before + SIZE * 2 / 3, "{before} bytes before, {most} at most");
    let end = format!("bytes={}-", SIZE - 5);
    assert_eq!(export.get(&[("range", &end)]).body, [0; 5]);
}

#[test]
fn b7_a_download_that_has_begun_is_finished_although_the_export_expires() {
    const SIZE: u64 = 50 << 20;
    let export = exported();
    if !export.app.has_folder() {
        return;
    }
    enlarge(&export, SIZE);
    let mut response = export.browser.open(&export.part);
    let mut first = [0; 1024];
    response.read_exact(&mut first).unwrap();
    export.app.advance(TimeDelta::days(31));
    export.app.worker.exports.sweep().unwrap();
    assert_eq!(export.app.files().1, [""; 0]);
    assert_eq!(std::io::copy(&mut response, &mut std::io::sink()).unwrap(), SIZE - 1024);
}

#[test]
fn b7_an_archive_cut_short_ends_the_download_with_an_error_not_with_less() {
    let export = exported();
    if !export.app.has_folder() {
        return;
    }
    // More than lies between the server and us.
    enlarge(&export, 64 << 20);
    let mut response = export.browser.open(&export.part);
    // It is whole when the download begins, and cut short while it goes on.
    let file = export.app.app.settings.data_dir.join("archives").join(export.app.files().1.remove(0));
    OpenOptions::new().write(true).open(file).unwrap().set_len(10).unwrap();
    assert!(std::io::copy(&mut response, &mut std::io::sink()).is_err());
}

#[test]
fn b7_an_archive_that_is_missing_is_a_fault_of_ours_in_words() {
    let export = exported();
    let key = export.app.files().1.remove(0);
    export.app.app.blobs.delete(&key).unwrap();
    let page = export.get(&[]);
    assert_eq!(page.status, 503);
    assert!(
        page.text().contains("Part 1 of this export is missing on the server. Ask its operator"),
        "{}",
        page.text()
    );
    let row = export.row();
    assert!(row.contains("1 file is missing on the server and can’t be downloaded."), "{row}");
    assert!(!row.contains("Download"), "{row}");
    let page = export.browser.get(&format!("/administration/exports/{}", export.id)).text();
    assert!(page.contains("1 file is missing on the server and can’t be downloaded."), "{page}");
    assert!(!page.contains(&format!("href=\"{}\"", export.part)), "{page}");
}

#[test]
fn b7a_an_archive_of_another_size_is_never_sent_and_the_operator_puts_it_back() {
    let export = exported();
    if !export.app.has_folder() {
        return;
    }
    let key = export.app.files().1.remove(0);
    let file = export.app.app.settings.data_dir.join("archives").join(key);
    let whole = std::fs::read(&file).unwrap();
    let nothing_to_do = export.app.worker.exports.restore(export.id, &Stop::default(), &|_| {}).unwrap_err();
    assert!(nothing_to_do.message().contains("has all its files"), "{nothing_to_do}");
    for damaged in [&whole[..whole.len() - 1], &[], &[whole.as_slice(), b"more"].concat()] {
        std::fs::write(&file, damaged).unwrap();
        let page = export.get(&[]);
        assert_eq!(page.status, 503);
        assert!(page.text().contains("is damaged on the server"), "{}", page.text());
        assert!(export.row().contains("1 file is damaged on the server"), "{}", export.row());
        let restored = export.app.worker.exports.restore(export.id, &Stop::default(), &|_| {}).unwrap();
        assert_eq!(restored.len(), 1);
        assert_eq!((std::fs::read(&file).unwrap(), export.get(&[]).body), (whole.clone(), whole.clone()));
    }
    std::fs::remove_file(&file).unwrap();
    export.app.worker.exports.restore(export.id, &Stop::default(), &|_| {}).unwrap();
    assert_eq!(export.get(&[]).body, whole);
    assert!(export.row().contains("Download") && export.app.files().0.is_empty());
    let audit = export.app.audit(export.app.find_account("Acme").id);
    let restored = (Actor::Operator, AuditEvent::ExportRestored { export: export.id, files: 1 });
    assert!(audit.contains(&restored), "{audit:?}");
    // What can't be the same again is left as it is.
    export.app.run_sql("DELETE FROM item_edits");
    export.app.run_sql("DELETE FROM items WHERE external_id = 'm1'");
    std::fs::remove_file(&file).unwrap();
    assert!(export.app.worker.exports.restore(export.id, &Stop::default(), &|_| {}).is_err());
    assert!(!file.exists());
}

#[test]
fn b7_each_part_is_downloaded_by_itself() {
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
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    app.build();
    let parts = app.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap();
    assert!(parts.len() > 1, "{parts:?}");
    let browser = app.signed_in(&ada);
    let text = browser.get(&format!("/administration/exports/{id}")).text();
    for (part, _) in parts {
        let path = format!("/administration/exports/{id}/parts/{}", part.number);
        assert!(text.contains(&format!(r#"href="{path}""#)), "{text}");
        let page = browser.get(&path);
        assert_eq!(keys::hex(&sums::sha256(&page.body)), part.sha256);
        assert!(page.header("content-disposition").contains(&part.file_name));
    }
}
