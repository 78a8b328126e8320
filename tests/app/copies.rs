//! Reading copies beside the JSON: asked for on the form, in every part, checked like everything else, and no other for it.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use chrono::TimeDelta;
use compliance_exports::archive::formats::html::paths;
use compliance_exports::archive::formats::{self, csv};
use compliance_exports::jobs::Stop;
use compliance_exports::model::RequestId;
use regex::Regex;
use serde_json::Value;

use crate::support::{Archive, Person, TestApp};

/// Files by path.
type Files = BTreeMap<String, Vec<u8>>;

const ALL: &[&str] = &["html", "csv"];
const HOSTILE: &str = "</script><img src=x onerror=alert(1)><!-- \u{2028}\u{202e}javascript:alert(2) \"';=1+1";

/// A team of hostile words with a thread over two days, edits and a deletion; notes to oneself; a team that says nothing.
fn house(part_entries: u32) -> (TestApp, Person) {
    let app = TestApp::start_with(|settings| settings.exports.part_entries = part_entries);
    let (_, ada) = app.account_with_exports_on("Acme");
    let mut events = vec![
        serde_json::json!({"type": "user", "id": "u1", "name": "Grace <b>"}),
        serde_json::json!({"type": "conversation", "id": "c1", "kind": "Team", "name": HOSTILE, "startedBy": "u1", "members": [{"user": "u1"}]}),
        serde_json::json!({"type": "conversation", "id": "c2", "kind": "Personal", "startedBy": "u1", "members": [{"user": "u1"}]}),
        serde_json::json!({"type": "conversation", "id": "c3", "kind": "Team", "name": "Silent", "startedBy": "u1", "members": [{"user": "u1"}]}),
    ];
    let mut post = |conversation: &str, id: &str, at: &str, parent: Option<&str>, text: &str| {
        let mut event = serde_json::json!({"type": "item_created", "conversation": conversation, "id": id, "kind": "Message",
            "at": at, "by": "u1", "content": {"text": text}});
        if let Some(parent) = parent {
            event["parent"] = parent.into();
        }
        events.push(event);
    };
    post("c1", "m1", "2026-03-09T10:00:00Z", None, HOSTILE);
    post("c1", "m2", "2026-03-09T10:01:00Z", Some("m1"), "On the same day");
    post("c1", "m3", "2026-03-10T10:00:00Z", Some("m1"), "A day later");
    post("c1", "m4", "2026-03-10T11:00:00Z", Some("m0"), "To what is too old");
    post("c1", "m0", "2026-02-10T11:00:00Z", None, "Too old");
    for day in 1..=14 {
        post("c2", &format!("n{day}"), &format!("2026-03-{day:02}T23:30:00Z"), None, "=SUM(A1)");
    }
    let mut lines: Vec<String> = events.iter().map(Value::to_string).collect();
    lines.push(r#"{"type":"item_edited","conversation":"c1","id":"m2","at":"2026-03-09T10:05:00Z","by":"u1","content":{"text":"Edited"}}"#.to_owned());
    lines.push(
        r#"{"type":"item_deleted","conversation":"c1","id":"m3","at":"2026-03-16T09:30:00Z","by":"u1"}"#.to_owned(),
    );
    app.record("Acme", &lines.join("\n"));
    (app, ada)
}

fn made(app: &TestApp, by: &Person, copies: &[&str]) -> (RequestId, Archive) {
    let formats = copies.iter().copied().collect();
    let id = app.request_with(by, "2026-03-01", "2026-03-16", formats);
    app.work();
    (id, app.archive_without_fault(id))
}

fn text<'a>(archive: &'a Archive, path: &str) -> &'a str {
    let bytes = archive.files.get(path).unwrap_or_else(|| panic!("no {path} among {:?}", archive.files.keys()));
    std::str::from_utf8(bytes).unwrap()
}

/// The files that are copies.
fn copied(archive: &Archive) -> Vec<&str> {
    let is_copy = |path: &&str| {
        !path.is_empty() && !path.ends_with('/') && !path.ends_with(".json") && !path.starts_with("SHA256SUMS")
    };
    archive.files.keys().map(String::as_str).filter(is_copy).collect()
}

fn parts(app: &TestApp, id: RequestId) -> Vec<Vec<u8>> {
    let parts = app.store().read(|c| compliance_exports::exports::requests::stored_parts(c, id)).unwrap();
    parts.iter().map(|(_, key)| app.stored(key)).collect()
}

/// Expects that every link and script of every page leads to a file, and every place to an element, of the archive.
fn has_no_dead_link(archive: &Archive) {
    let address = Regex::new("(?:href|src)=\"([^\"]*)\"").unwrap();
    let mut links = 0;
    for path in archive.files.keys().filter(|path| path.ends_with(".html")) {
        for found in address.captures_iter(text(archive, path)) {
            let base = url::Url::parse("file:///top/").unwrap().join(&paths::address(0, path)).unwrap();
            let target = base.join(&found[1]).unwrap();
            let decoded = percent_decoded(target.path());
            let file = decoded.strip_prefix("/top/").expect(&found[1]);
            let there = text(archive, file);
            if let Some(place) = target.fragment() {
                assert!(there.contains(&format!("id=\"{place}\"")), "{path}: {}", &found[1]);
            }
            links += 1;
        }
    }
    assert!(links > 10);
}

fn percent_decoded(path: &str) -> String {
    let query = path.replace('+', "%2B");
    url::form_urlencoded::parse(query.as_bytes()).map(|(text, _)| text.into_owned()).collect()
}

#[test]
fn an_export_has_the_copies_that_were_asked_for_and_no_others() {
    let (app, ada) = house(60_000);
    let told = |id| app.signed_in(&ada).get(&format!("/administration/exports/{id}")).text();
    let (id, plain) = made(&app, &ada, &[]);
    assert!(!told(id).contains("Beside the JSON"));
    assert_eq!(copied(&plain), Vec::<&str>::new());
    assert!(plain.manifest().get("copies").is_none());

    let (_, pages) = made(&app, &ada, &["html"]);
    assert_eq!(pages.manifest()["copies"], serde_json::json!({"html": {"index": "index.html", "days": 16}}));
    assert!(copied(&pages).iter().all(|path| path.ends_with(".html") || path.starts_with("Reading/")));

    let (_, tables) = made(&app, &ada, &["csv"]);
    let csv = serde_json::json!({"csv": {"folder": "Spreadsheets", "files": 2, "conversations": "conversations.csv"}});
    assert_eq!(tables.manifest()["copies"], csv);
    assert!(copied(&tables).iter().all(|path| path.ends_with(".csv")));

    let (id, all) = made(&app, &ada, ALL);
    assert!(told(id).contains("Pages to read in a browser, and spreadsheets (CSV)"));
    assert_eq!(copied(&all).len(), copied(&pages).len() + copied(&tables).len());
    for archive in [&pages, &tables, &all] {
        let json = |archive: &Archive| {
            let files = archive.files.iter().filter(|(path, _)| path.contains('/') && path.ends_with(".json"));
            files.map(|(path, bytes)| (path.clone(), bytes.clone())).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(json(archive), json(&plain), "the JSON is the same with and without copies");
    }
}

#[test]
fn pages_show_threads_edits_and_deletions_and_lead_to_one_another() {
    let (app, ada) = house(60_000);
    let (_, archive) = made(&app, &ada, ALL);
    has_no_dead_link(&archive);
    let page = |day: &str| archive.files.keys().find(|path| path.contains("script") && path.ends_with(day)).unwrap();
    let first = text(&archive, page("2026-03-09.html"));
    assert!(first.contains("<ol class=\"replies\">\n<li id=\"i-m2\">"));
    assert!(first.contains("Before:</p>\n<p class=\"text\" dir=\"auto\">On the same day</p>"));
    assert!(first.contains("2026-03-10.html\">10 March 2026 →</a>"));
    assert!(!first.contains("<img") && first.contains("&lt;img src=x onerror=alert(1)&gt;"));
    let second = text(&archive, page("2026-03-10.html"));
    assert!(second.contains("2026-03-09.html#i-m1\">an item of 9 March 2026</a>"));
    assert!(second.contains("In reply to an item that is not in this archive (<bdi>m0</bdi>)."));
    assert!(second.contains("<li id=\"i-m3\" class=\"deleted\">") && second.contains("<p class=\"deletion\">Deleted "));
    let index = text(&archive, "index.html");
    assert!(index.contains("Nothing posted in this range <span class=\"quiet\">1 conversation</span>"));
    assert!(index.contains("data-first=\"1\" data-last=\"1\" data-items=\"18\""));
    assert!(text(&archive, "Reading/search/1-1.js").ends_with("],true);\n"));
    assert!(text(&archive, "Reading/search/names-1.js").contains("\\u003cimg"));
    let handler = Regex::new("<[^>]* on[a-z]+=").unwrap();
    for path in copied(&archive).into_iter().filter(|path| path.ends_with(".html")) {
        let page = text(&archive, path);
        assert!(page.contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"), "{path}");
        assert!(
            !page.contains("http://")
                && !page.contains("https://")
                && !page.contains(" style=")
                && !handler.is_match(page),
            "{path}"
        );
    }
}

#[test]
fn several_parts_make_one_tree_of_pages_and_spreadsheets() {
    let (app, ada) = house(60_000);
    let (_, one) = made(&app, &ada, ALL);
    let (app, ada) = house(26);
    let (id, archive) = made(&app, &ada, ALL);
    let count = archive.manifest()["parts"].as_array().unwrap().len();
    assert!(count > 2, "{count} parts");
    for (number, part) in parts(&app, id).into_iter().enumerate() {
        let zip = zip::ZipArchive::new(std::io::Cursor::new(part)).unwrap();
        assert!(zip.len() <= 26, "part {}: {}", number + 1, zip.len());
    }
    has_no_dead_link(&archive);
    assert!(text(&archive, "index.html").contains(&format!("data-first=\"2\" data-last=\"{count}\"")));
    for part in 2..=count {
        assert!(text(&archive, &format!("Reading/search/{part}-1.js")).ends_with("],true);\n"));
    }
    // A conversation that goes on in another part has a spreadsheet in each.
    let tables: Vec<&str> = copied(&archive).into_iter().filter(|path| path.starts_with("Spreadsheets/")).collect();
    assert!(tables.iter().any(|path| Regex::new(r" from 2026-03-\d\d\.csv$").unwrap().is_match(path)), "{tables:?}");
    assert_eq!(archive.manifest()["copies"]["csv"]["files"], tables.len());
    let days = |archive: &Archive| archive.files.keys().filter(|path| path.ends_with(".html")).count();
    assert_eq!(days(&archive), days(&one));
}

#[test]
fn c7_copies_built_again_are_the_same_byte_for_byte() {
    let (app, ada) = house(26);
    let (id, _) = made(&app, &ada, ALL);
    let before = parts(&app, id);
    app.advance(TimeDelta::hours(1));
    app.record("Acme", r#"{"type":"item_created","conversation":"c1","id":"late","kind":"Message","at":"2026-03-09T10:00:05Z","content":{"text":"Late"}}"#);
    let folder = tempfile::tempdir().unwrap();
    let again = app.worker.exports.rebuild(id, folder.path(), &Stop::default(), &|_| {}).unwrap();
    assert!(again.iter().all(|part| part.same));
    assert!(again.iter().map(|part| std::fs::read(&part.path).unwrap()).eq(before));
}

#[test]
fn long_days_and_large_shards_come_in_chunks() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    // More than a piece of a day has items, and more than a shard has bytes.
    app.record_messages("Acme", "2026-03-10T08:00:00Z", 4_500, &"Ahoy! ".repeat(70));
    let (_, archive) = made(&app, &ada, ALL);
    let page = text(&archive, archive.files.keys().find(|path| path.ends_with("2026-03-10.html")).unwrap());
    assert_eq!(page.matches("<li id=\"i-m").count(), 4_500);
    assert_eq!(page.matches("<!doctype html>").count(), 1);
    let shards: Vec<&str> = copied(&archive).into_iter().filter(|path| path.starts_with("Reading/search/1-")).collect();
    assert!(shards.len() > 1, "{shards:?}");
    let found: usize = shards.iter().map(|path| text(&archive, path).matches("[\"i-m").count()).sum();
    assert_eq!(found, 4_500);
    let last = |path: &&&str| text(&archive, path).ends_with("],true);\n");
    assert_eq!(shards.iter().filter(last).count(), 1);
}

#[test]
fn pythons_reader_understands_the_spreadsheets() {
    let (app, ada) = house(60_000);
    let (_, archive) = made(&app, &ada, ALL);
    let script = "import csv, io, json, sys\n\
        text = io.TextIOWrapper(sys.stdin.buffer, encoding='utf-8-sig', newline='')\n\
        json.dump(list(csv.DictReader(text, strict=True)), sys.stdout)";
    let read = |path: &str| -> Option<Vec<BTreeMap<String, String>>> {
        let child = Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = child else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "python3 is missing");
            return None;
        };
        child.stdin.take().unwrap().write_all(&archive.files[path]).unwrap();
        Some(serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap())
    };
    let tables = copied(&archive).into_iter().filter(|path| path.starts_with("Spreadsheets/"));
    let Some(rows) = tables.map(read).collect::<Option<Vec<_>>>() else { return };
    let mut rows: Vec<_> = rows.into_iter().flatten().collect();
    rows.sort_by_key(|row| row["Item id"].clone());
    let items = archive.items();
    assert_eq!(rows.len(), items.len());
    for row in &rows {
        let item = archive.item(&csv::restored(&row["Item id"]));
        assert_eq!(csv::restored(&row["Text"]), item["text"].as_str().unwrap());
        assert_eq!(row["Time (UTC)"], item["createdAt"].as_str().unwrap());
        assert_eq!(csv::restored(&row["Author"]), "Grace <b>");
        assert!(!row.values().any(|field| field.starts_with(['=', '+', '-', '@', '\t', '\r'])));
    }
    let list = read("conversations.csv").unwrap();
    assert_eq!(list.iter().map(|row| row["Items"].as_str()).collect::<Vec<_>>(), ["4", "14", "0"]);
    assert_eq!(csv::restored(&list[0]["Name"]), HOSTILE);
}

#[test]
fn verify_finds_copies_that_are_not_those_of_the_json() {
    let (app, ada) = house(60_000);
    let (id, archive) = made(&app, &ada, ALL);
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().join("top");
    // Unpacked, changed, and listed anew: as by someone who has no key.
    let problems = |change: &dyn Fn(&mut Files)| {
        let mut files = archive.files.clone();
        change(&mut files);
        let mut sums = String::new();
        for (path, bytes) in
            files.iter().filter(|(path, _)| !path.is_empty() && !path.ends_with('/') && !path.starts_with("SHA256SUMS"))
        {
            let target = top.join(path);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::write(target, bytes).unwrap();
            sums += &format!("{}  {path}\n", sha256(bytes));
        }
        std::fs::write(top.join("SHA256SUMS"), sums).unwrap();
        let report = compliance_exports::archive::verify(std::slice::from_ref(&top), None).unwrap();
        std::fs::remove_dir_all(&top).unwrap();
        report.problems
    };
    assert_eq!(problems(&|_| {}), Vec::<String>::new());
    let replace = |files: &mut Files, end: &str, from: &str, to: &str| {
        let bytes = files.iter_mut().find(|(path, _)| path.ends_with(end)).unwrap().1;
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.contains(from), "{text}");
        *bytes = text.replace(from, to).into_bytes();
    };
    let expect = |change: &dyn Fn(&mut Files), what: &str| {
        let found = problems(change);
        assert!(found.iter().any(|problem| problem.contains(what)), "{what}: {found:?}");
    };
    expect(
        &|files| replace(files, "09.html", "\"i-n9\"", "\"i-n0\""),
        "2026-03-09.html: does not show the items of the JSON",
    );
    expect(&|files| files.retain(|path, _| !path.ends_with("09.html")), "2026-03-09.html: does not show");
    expect(&|files| files.retain(|path, _| !path.ends_with("09.html")), "counts 16 pages of days; there are ");
    expect(&|files| files.retain(|path, _| path != "index.html"), "index.html: missing");
    expect(&|files| files.retain(|path, _| path != "conversations.csv"), "conversations.csv: does not list");
    expect(&|files| replace(files, "conversations.csv", "\"Silent\"", "Silent"), "is not as a spreadsheet");
    expect(&|files| files.retain(|path, _| !path.starts_with("Spreadsheets/")), "has 0 items; the JSON has 18");
    expect(
        &|files| replace(files, "2.csv", "2026-03-02T", "2026-03-03T"),
        "on 2026-03-02 are not the items of the JSON",
    );
    expect(
        &|files| replace(files, "2.csv", "2026-03-02T", "2026-05-02T"),
        "is of a day that the manifest does not count",
    );
    let extra = |files: &mut Files| {
        let page = files.iter().find(|(path, _)| path.ends_with("09.html")).unwrap();
        let more = (page.0.replace("09.html", "25.html"), page.1.clone());
        files.extend([more]);
    };
    expect(&extra, "25.html: is of a day that the manifest does not count");
    assert_eq!(app.verify(id).problems, Vec::<String>::new());
}

fn sha256(bytes: &[u8]) -> String {
    compliance_exports::keys::hex(&compliance_exports::sums::sha256(bytes))
}

#[test]
fn b1_the_form_asks_for_copies() {
    let (app, ada) = house(60_000);
    let browser = app.signed_in(&ada);
    let form = browser.get("/administration/exports/new");
    let key = form.field("form_key").unwrap();
    assert!(form.text().contains("Pages to read in a browser") && form.text().contains("Spreadsheets (CSV)"));
    let fields =
        [("first_day", "2026-03-10"), ("last_day", "2026-03-08"), ("copy", "Csv"), ("copy", "Pdf"), ("form_key", &key)];
    let refused = browser.post("/administration/exports", &fields);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("value=\"Csv\" checked") && !refused.text().contains("value=\"Html\" checked"));
    let fields = [
        ("first_day", "2026-03-01"),
        ("last_day", "2026-03-09"),
        ("copy", "Html"),
        ("copy", "Csv"),
        ("form_key", &key),
    ];
    assert_eq!(browser.post("/administration/exports", &fields).status, 303);
    assert_eq!(app.find_request(1).formats, formats::every());
}
