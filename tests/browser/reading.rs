//! The pages of an archive, opened from a disk as a reviewer does: no server, no network, and words that mean harm.

use std::fs;
use std::path::{Path, PathBuf};

use compliance_exports::archive::formats;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage;
use crate::support::{Archive, TestApp};
use crate::window::{Look, Window};

/// Everything that has ever broken a page or a script.
const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!-- --> \u{2028}\u{2029}\u{0}\u{202e}gpj.exe\u{202c} \
    javascript:alert(3) \"' onmouseover='alert(4) ]]> {{7*7}} ${alert(5)} `alert(6)` https://evil.example/ &lt; \\u003cb\\";
const NAME: &str = "Mallory</title><script>alert(7)</script>\u{202e}";

/// A team with hostile words, a thread, edits and deletions; more days and people beside it.
fn record(app: &TestApp) {
    let long = "Wolfeschlegelsteinhausenbergerdorff".repeat(30);
    let mut events = vec![
        json!({"type": "user", "id": "u1", "name": NAME, "email": "\"><script>alert(8)</script>@acme.example"}),
        json!({"type": "user", "id": "u2", "name": "ليلى حداد"}),
        json!({"type": "user", "id": "u3", "name": "佐藤 遥"}),
        json!({"type": "conversation", "id": "c1", "kind": "Team", "name": HOSTILE.replace('\0', ""), "startedBy": "u1",
            "members": [{"user": "u1"}, {"user": "u2"}]}),
        json!({"type": "conversation", "id": "c2", "kind": "Direct", "startedBy": "u2", "members": [{"user": "u2"}, {"user": "u3"}]}),
        json!({"type": "conversation", "id": "c3", "kind": "Team", "name": "Quiet corner", "startedBy": "u1", "members": [{"user": "u1"}]}),
    ];
    let mut post = |conversation: &str, id: &str, at: &str, by: &str, parent: Option<&str>, text: &str| {
        let mut event = json!({"type": "item_created", "conversation": conversation, "id": id, "kind": "Message",
            "at": at, "by": by, "content": {"text": text}});
        if let (Some(parent), Some(event)) = (parent, event.as_object_mut()) {
            event.insert("parent".to_owned(), parent.into());
        }
        events.push(event);
    };
    post("c1", "m1", "2026-03-09T10:00:00Z", "u1", None, &HOSTILE.replace('\0', ""));
    post("c1", "m2", "2026-03-09T10:01:00Z", "u2", Some("m1"), "نعم، المفاتيح معي");
    post("c1", "\"><script>alert(9)</script>", "2026-03-09T10:02:00Z", "u1", None, &long);
    post("c1", "m4", "2026-03-09T10:03:00Z", "u3", None, "The invoice is paid.");
    post("c1", "m5", "2026-03-09T10:04:00Z", "u1", None, "Nobody must read this.");
    post("c1", "m6", "2026-03-10T10:00:00Z", "u2", Some("m1"), "A late answer");
    post("c2", "d1", "2026-03-11T10:00:00Z", "u3", None, "会議は三時です\nSee you there & then");
    let mut lines: Vec<String> = events.iter().map(Value::to_string).collect();
    let change = |kind: &str, id: &str, content: Value| {
        let mut event = json!({"type": kind, "conversation": "c1", "id": id, "at": "2026-03-16T09:30:00Z", "by": "u2"});
        if let Some(event) = event.as_object_mut().filter(|_| !content.is_null()) {
            event.insert("content".to_owned(), content);
        }
        event.to_string()
    };
    lines.push(change("item_edited", "m4", json!({"text": "The invoice is not paid."})));
    lines.push(change("item_deleted", "m5", Value::Null));
    app.record(stage::COMPANY, &lines.join("\n"));
}

/// An archive with pages, unpacked into a folder.
struct Unpacked {
    _folder: TempDir,
    archive: Archive,
    top: PathBuf,
}

impl Unpacked {
    fn make(app: &TestApp) -> Self {
        let ruth = stage::company(app).ruth;
        compliance_exports::identity::commands::run(
            app.store(),
            compliance_exports::audit::Actor::User(ruth.id),
            &compliance_exports::capture::switch::TurnOn,
            app.now(),
        )
        .unwrap();
        record(app);
        let id = app.request_with(&ruth, "2026-03-01", "2026-03-16", formats::every());
        app.work();
        let archive = app.archive(id);
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join(&archive.top);
        for (path, bytes) in archive.files.iter().filter(|(path, _)| !path.is_empty() && !path.ends_with('/')) {
            let target = top.join(path);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, bytes).unwrap();
        }
        Self { _folder: folder, archive, top }
    }

    fn index(&self) -> PathBuf {
        self.top.join("index.html")
    }

    /// The page of this day of the conversation whose folder holds these words.
    fn page(&self, words: &str, day: &str) -> PathBuf {
        let name = format!("{day}.html");
        let found = self.archive.files.keys().find(|path| path.contains(words) && path.ends_with(&name));
        self.top.join(found.expect(day))
    }
}

fn search(window: &Window, words: &str) {
    window.fill("Search names and texts", words);
    window.press("Search");
}

/// Everything that the page has loaded lay on the disk, and nothing has run that is not the archive's.
fn is_harmless(window: &Window) {
    let foreign = window.script(
        "return performance.getEntriesByType('resource').map((it) => it.name).filter((it) => !it.startsWith('file:'))",
    );
    assert_eq!(foreign, json!([]));
    let strange = window.script(
        "return [...document.querySelectorAll('script, img, iframe, object, embed, form[action], [style], [onerror], [onmouseover], a')]
             .filter((it) => it.localName !== 'a' || !/^(file:|#|$)/.test(it.href))
             .filter((it) => it.localName !== 'script' || !/\\/Reading\\/(search\\.js|search\\/[a-z0-9-]+\\.js)$/.test(it.src))
             .map((it) => it.outerHTML.slice(0, 200))",
    );
    assert_eq!(strange, json!([]));
}

fn file_of(window: &Window) -> String {
    window.path().rsplit('/').next().unwrap_or_default().to_owned()
}

#[test]
fn an_archive_is_read_and_searched_from_a_disk() {
    let app = TestApp::start();
    let unpacked = Unpacked::make(&app);
    let Some(window) = Window::open(&app) else { return };
    window.open_file(&unpacked.index());
    window.sees("7 items, 1 of them deleted.");
    window.sees("Quiet corner");
    window.waits_for("#search");
    is_harmless(&window);
    window.pictures("reading-index");

    // By text, by what stood there before an edit, by author and word, by script without spaces, by the deleted.
    for (words, found) in [
        ("invoice", "The invoice is not paid."),
        ("\"invoice is paid\"", "The invoice is paid."),
        ("佐藤 INVOICE", "The invoice is not paid."),
        ("三時", "会議は三時です"),
        ("المفاتيح", "نعم، المفاتيح معي"),
        ("nobody", "Nobody must read this."),
        ("late answer", "A late answer"),
        ("(then", "0 items found. 7 searched."),
        ("[U+202E]gpj", "[U+202E]gpj"),
        ("</script><script>alert(1)", "</script><script>alert(1)</script>"),
    ] {
        search(&window, words);
        window.until(words, || window.text("main").contains(found) && window.text("#progress").contains("7 searched."));
        is_harmless(&window);
    }
    search(&window, "corner");
    window.sees("1 conversation by name");
    search(&window, "\"invoice is paid\"");
    window.waits_for("#found mark");
    window.sees("Before an edit");
    window.pictures("reading-search");
    window.click("#found .results a");
    window.until("the day's page is open", || file_of(&window) == "2026-03-09.html");
    window.waits_for("#i-m4:target");
    window.back();
    window.until("what was found is found again", || window.has("#found mark"));
}

#[test]
fn a_day_shows_threads_edits_and_deletions_and_runs_nothing() {
    let app = TestApp::start();
    let unpacked = Unpacked::make(&app);
    let Some(window) = Window::open(&app) else { return };
    window.open_file(&unpacked.page("script", "2026-03-09"));
    window.waits_for("#i-m1 > .replies > #i-m2");
    window.waits_for("#i-m4 > .edits .text");
    assert_eq!(window.text("#i-m4 > .edits .text"), "The invoice is paid.");
    window.waits_for("#i-m5.deleted > .deletion");
    assert!(window.text("#i-m1 > .text").contains("[U+202E]gpj.exe"));
    assert!(window.text("#i-m1 > .text").contains("https://evil.example/"), "an address stays text");
    is_harmless(&window);
    window.pictures("reading-day");
    window.look(Look::Desktop);
    window.look_as_printed();
    assert!(!window.has("nav") && window.has("#i-m5 > .deletion"));
    window.picture("reading-day-printed");
    window.look(Look::Desktop);

    window.press("10 March 2026 →");
    window.until("the next day is open", || file_of(&window) == "2026-03-10.html");
    window.press("an item of 9 March 2026");
    window.until("the parent's day is open", || file_of(&window) == "2026-03-09.html");
    window.waits_for("#i-m1:target");
    window.press("All days of this conversation");
    window.until("the days are open", || file_of(&window) == "days-1.html");
    is_harmless(&window);
    window.pictures("reading-days");
    window.press("All conversations");
    window.until("the index is open", || file_of(&window) == "index.html");
}

#[test]
fn an_archive_is_read_without_scripts() {
    let app = TestApp::start();
    let unpacked = Unpacked::make(&app);
    let Some(window) = Window::open(&app) else { return };
    window.allow_scripts(false);
    window.open_file(&unpacked.index());
    window.sees("The search needs JavaScript; the lists do without.");
    assert!(!window.has("#search"));
    window.picture("reading-index-without-scripts");
    window.click(".chats a");
    window.until("the days are open", || file_of(&window) == "days-1.html");
    window.click(".days a");
    window.until("a day is open", || file_of(&window) == "2026-03-09.html");
    window.waits_for("#i-m4 > .edits");
}

#[test]
fn a_search_says_which_part_is_not_there() {
    let app = TestApp::start_with(|settings| settings.exports.part_entries = 24);
    let unpacked = Unpacked::make(&app);
    let manifest = unpacked.archive.manifest();
    let parts = manifest.get("parts").and_then(Value::as_array).unwrap().len();
    assert!(parts > 2, "{parts} parts");
    fs::remove_file(unpacked.top.join(Path::new("Reading/search/2-1.js"))).unwrap();
    let Some(window) = Window::open(&app) else { return };
    window.open_file(&unpacked.index());
    search(&window, "三時");
    window.sees("Not searched, because not unpacked here: part 2.");
    window.sees("会議は三時です");
}
