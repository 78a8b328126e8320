//! The page of one export: what it tells in each state, to whom, and what can be done there (B3–B8, C4, C7).

use std::collections::BTreeMap;

use chrono::TimeDelta;
use compliance_exports::audit::{Actor, AuditEvent};
use compliance_exports::capture::switch;
use compliance_exports::exports::queue::{self, Task};
use compliance_exports::exports::request::Draft;
use compliance_exports::exports::requests;
use compliance_exports::exports::rows::summaries::{self, Summary};
use compliance_exports::identity::commands;
use compliance_exports::jobs::Stop;
use compliance_exports::mail::transport::Transport;
use compliance_exports::model::{RequestId, Status};

use crate::support::{Browser, Page, Person, TestApp};

/// Acme with a team, a group, a direct conversation and personal notes; parts of so many entries at most.
fn acme(part_entries: u32) -> (TestApp, Person) {
    let app = TestApp::start_with(|settings| settings.exports.part_entries = part_entries);
    let (_, ada) = app.account_with_exports_on("Acme");
    app.record(
        "Acme",
        r#"{"type":"user","id":"u1","name":"Grace"}
        {"type":"user","id":"u2","name":"Linus"}
        {"type":"user","id":"u3","name":"Mia"}
        {"type":"user","id":"u4","name":"Noor"}
        {"type":"conversation","id":"team","kind":"Team","name":"Harbour","startedBy":"u1","members":[{"user":"u1"},{"user":"u2"}]}
        {"type":"conversation","id":"quiet","kind":"Team","name":"Quiet","startedBy":"u1","members":[{"user":"u1"}]}
        {"type":"conversation","id":"group","kind":"Group","startedBy":"u1","members":[{"user":"u1"},{"user":"u2"},{"user":"u3"},{"user":"u4"}]}
        {"type":"conversation","id":"direct","kind":"Direct","startedBy":"u1","members":[{"user":"u1"},{"user":"u2"}]}
        {"type":"conversation","id":"own","kind":"Personal","startedBy":"u1","members":[{"user":"u1"}]}"#,
    );
    let mut events = String::new();
    let mut post = |conversation: &str, id: &str, kind: &str, day: u32| {
        events += &format!(
            "{{\"type\":\"item_created\",\"conversation\":\"{conversation}\",\"id\":\"{id}\",\"kind\":\"{kind}\",\
             \"at\":\"2026-03-{day:02}T10:00:00Z\",\"by\":\"u1\",\"content\":{{\"title\":\"T\",\"text\":\"Text\"}}}}\n"
        );
    };
    for day in 1..=14 {
        post("team", &format!("m{day}"), "Message", day);
        post("group", &format!("g{day}"), "Message", day);
    }
    post("team", "n1", "Note", 3);
    post("team", "t1", "Task", 3);
    post("team", "e1", "Event", 4);
    post("team", "m15", "Message", 4);
    post("direct", "d1", "Message", 5);
    post("own", "p1", "Note", 6);
    app.record("Acme", &events);
    app.record("Acme", r#"{"type":"item_deleted","conversation":"team","id":"m4","at":"2026-03-16T09:30:00Z"}"#);
    (app, ada)
}

fn completed(app: &TestApp, by: &Person) -> RequestId {
    let id = app.request(by, "2026-03-01", "2026-03-15");
    app.work();
    assert_eq!(app.find_request(id).status, Status::Completed);
    id
}

fn path(id: RequestId) -> String {
    format!("/administration/exports/{id}")
}

/// What can be read, without markup.
fn words(page: &Page) -> String {
    let text = page.text();
    let plain = regex::Regex::new("<[^>]*>").unwrap().replace_all(&text, " ").into_owned();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The page, which must be there.
fn open(browser: &Browser, id: RequestId) -> String {
    let page = browser.get(&path(id));
    assert_eq!(page.status, 200, "{}", page.text());
    words(&page)
}

fn assert_says(text: &str, all: &[&str]) {
    for words in all {
        assert!(text.contains(words), "“{words}” is missing: {text}");
    }
}

fn assert_does_not_say(text: &str, none: &[&str]) {
    for words in none {
        assert!(!text.contains(words), "“{words}”: {text}");
    }
}

/// Counts of an opened archive by kind of conversation: items by kind, and deleted ones.
fn counted(app: &TestApp, id: RequestId) -> BTreeMap<String, BTreeMap<String, u64>> {
    let archive = app.archive(id);
    let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let kinds: BTreeMap<String, String> = archive
        .conversations()
        .iter()
        .map(|it| (it["id"].as_str().unwrap().to_owned(), it["type"].as_str().unwrap().to_owned()))
        .collect();
    for kind in kinds.values() {
        *counts.entry(kind.clone()).or_default().entry("listed".to_owned()).or_default() += 1;
    }
    for item in archive.items() {
        let of = counts.entry(kinds[item["conversation"]["id"].as_str().unwrap()].clone()).or_default();
        *of.entry(item["type"].as_str().unwrap().to_owned()).or_default() += 1;
        *of.entry("deleted".to_owned()).or_default() += u64::from(!item["deleted"].is_null());
    }
    counts
}

/// The rows of the table of kinds: name, then its numbers.
fn shown_counts(page: &Page) -> BTreeMap<String, Vec<String>> {
    let text = page.text();
    let table = text.split_once("<table role=\"table\" class=\"tally\">").unwrap().1.split_once("</table>").unwrap().0;
    let tags = regex::Regex::new("<[^>]*>").unwrap();
    let rows = table.split("<tr").skip(2).map(|row| {
        let cells: Vec<String> =
            row.split("<t").skip(1).map(|cell| tags.replace_all(&format!("<t{cell}"), "").trim().to_owned()).collect();
        (cells[0].clone(), cells[1..].to_vec())
    });
    rows.collect()
}

#[test]
fn it_tells_what_was_asked_and_what_is_inside() {
    let (app, ada) = acme(65_534);
    let id = completed(&app, &ada);
    let text = open(&app.signed_in(&ada), id);
    assert_says(
        &text,
        &[
            "Export of 1–15 March 2026",
            "Status: Completed",
            "34 items,",
            "It can be downloaded until 15 Apr 2026, 10:30 BST (30 days left). Then its files are erased.",
            "1–15 March 2026 15 days of Europe/London, first and last day included",
            "Requested by Ada ada@acme.example",
            "Requested 16 Mar 2026, 09:30 GMT",
            "16 March 2026, 09:30:00 (Europe/London, GMT)",
            "Exactly: 2026-03-16T09:30:00Z, recording number ",
            "Harbour Team_Chats/Harbour - 1 Team 15 1 1 1 1",
            "Grace, Linus, Mia and 1 other People_Chats/Grace, Linus, Mia, Noor - 3 Group 14 0 0 0 0",
            "Grace, Linus People_Chats/Grace, Linus - 4 Direct 1 0 0 0 0",
            "Conversations with items",
            "Items by day",
            "4 March 2026 4 items",
            "Ada ada@acme.example “It is ready” Sent 16 Mar 2026, 09:30 GMT",
            "Who has downloaded it Nobody yet.",
        ],
    );
    // Listed, without items.
    assert_does_not_say(&text, &["Quiet"]);
}

#[test]
fn its_counts_are_those_of_the_archive_however_it_is_divided() {
    for part_entries in [65_534, 16] {
        let (app, ada) = acme(part_entries);
        let id = completed(&app, &ada);
        let shown = shown_counts(&app.signed_in(&ada).get(&path(id)));
        let names = [
            ("Team", "Teams"),
            ("Group", "Groups"),
            ("Direct", "Direct conversations"),
            ("Personal", "Personal notes"),
        ];
        for (kind, name) in names {
            let counts = &counted(&app, id)[kind];
            let of = |what: &str| counts.get(what).copied().unwrap_or(0);
            let row = &shown[name];
            let items = ["Message", "Note", "Task", "Event"].map(of);
            let expected: Vec<String> = [of("listed")]
                .into_iter()
                .chain([1])
                .chain(items)
                .chain([items.iter().sum(), of("deleted")])
                .map(|number| number.to_string())
                .collect();
            assert_eq!(*row, expected, "{kind} with parts of {part_entries} entries");
        }
        assert_eq!(shown["All"], ["5", "4", "30", "2", "1", "1", "34", "1"]);
        // Nothing of the work stays behind.
        for table in ["part_jobs", "part_job_counts"] {
            assert_eq!(app.query_sql(&format!("SELECT CAST(number AS TEXT) AS value FROM {table}")), [""; 0]);
        }
    }
}

#[test]
fn an_export_of_an_earlier_version_says_that_it_has_no_counts() {
    let (app, ada) = acme(65_534);
    let id = completed(&app, &ada);
    app.run_sql("DELETE FROM export_conversations; DELETE FROM export_summaries");
    assert_says(&open(&app.signed_in(&ada), id), &["An earlier version of this server built it, and kept no counts."]);
}

#[test]
fn b7_every_part_has_its_size_its_sum_and_its_download() {
    let (app, ada) = acme(16);
    let id = completed(&app, &ada);
    let browser = app.signed_in(&ada);
    let page = browser.get(&path(id));
    let parts = app.store().read(|c| requests::stored_parts(c, id)).unwrap();
    assert!(parts.len() > 2, "{parts:?}");
    assert_says(&words(&page), &[&format!("All {} parts", parts.len())]);
    let text = page.text();
    let all = browser.get(&format!("{}/parts", path(id))).text();
    for (part, _) in &parts {
        assert_eq!(text.contains(&part.file_name), part.number <= 6, "the first ones");
        let text = &all;
        assert!(text.contains(&format!("<code class=\"sum\">{}</code>", part.sha256)), "{text}");
        assert!(text.contains(&part.file_name), "{text}");
        assert_eq!(browser.get(&format!("{}/parts/{}", path(id), part.number)).status, 200);
    }
    assert_says(
        &words(&page),
        &[
            "in all. Download all of them, and unpack them into the same folder.",
            "open a terminal in the folder Acme-2026-03-01-to-2026-03-15-1 that this makes",
        ],
    );
    let key = app.app.public_key.clone();
    for command in compliance_exports::archive::review::commands(&key, 2) {
        assert!(text.contains(&command), "{command}: {text}");
    }
}

#[test]
fn b3_it_follows_an_export_from_the_queue_to_its_end() {
    let (app, ada) = acme(65_534);
    let browser = app.signed_in(&ada);
    let id = app.request(&ada, "2026-03-01", "2026-03-15");
    let live = || {
        let page = browser.get(&format!("{}/live", path(id)));
        assert_eq!(page.status, 200);
        (page.text().contains(" data-active"), words(&page))
    };
    let (active, text) = live();
    assert!(active);
    assert_says(&text, &["Status: Queued", "It waits for its turn", "Cancel export"]);
    assert_does_not_say(&text, &["What is inside", "Request again", "Delete now", "Who has downloaded"]);

    assert!(app.worker.exports.next(None, &Stop::default()).unwrap(), "the plan");
    let claim = app.claim().unwrap();
    assert!(matches!(claim.task, Task::Part(_)));
    assert!(queue::heartbeat(app.store(), &claim, &app.policy(), 17).unwrap());
    let (active, text) = live();
    assert!(active);
    assert_says(&text, &["Status: In progress", "17 of 34 items", "Cancel export", "Shows the data of"]);

    assert!(queue::release(app.store(), &claim, queue::Release::Stopping).unwrap());
    app.build();
    let (active, text) = live();
    assert!(active, "a mail is about to leave");
    assert_says(&text, &["Status: Completed", "About to be sent since 16 Mar 2026, 09:30 GMT", "Delete now"]);
    app.work();
    let (active, text) = live();
    assert!(!active);
    assert_says(&text, &["Sent 16 Mar 2026, 09:30 GMT"]);
}

#[test]
fn b3_a_failed_export_is_retried_and_a_queued_one_cancelled_from_its_page() {
    let (app, ada) = acme(65_534);
    let id = app.fail(&ada, "The disk is full.");
    let browser = app.signed_in(&ada);
    let text = open(&browser, id);
    assert_says(&text, &["Status: Failed", "The disk is full.", "Retry", "Request again", "“It could not be made”"]);
    assert_does_not_say(&text, &["Files", "What is inside", "Delete now"]);

    let page = browser.post(&format!("{}/retry", path(id)), &[("back", "export")]);
    assert_eq!((page.status, page.location()), (303, path(id).as_str()));
    assert_says(&open(&browser, id), &["The export is queued again.", "Status: Queued"]);
    let page = browser.post(&format!("{}/cancel", path(id)), &[("back", "export")]);
    assert_eq!((page.status, page.location()), (303, path(id).as_str()));
    let text = open(&browser, id);
    assert_says(&text, &["Export cancelled.", "Status: Cancelled", "Nothing of it was kept.", "Request again"]);
    assert_does_not_say(&text, &["Retry", "Delete now", "What is inside"]);
    // The history leads back to itself.
    let other = app.request(&ada, "2026-03-01", "2026-03-15");
    assert_eq!(
        browser.post(&format!("{}/cancel", path(other)), &[("back", "//evil.example")]).location(),
        "/administration"
    );
}

#[test]
fn b2_what_is_full_says_when_to_try_again() {
    let (app, ada) = acme(65_534);
    let id = app.fail(&ada, "The disk is full.");
    for _ in 0..2 {
        app.request(&ada, "2026-03-01", "2026-03-02");
    }
    let page = app.signed_in(&ada).get(&path(id));
    let text = page.text();
    assert!(text.contains("id=\"retry-1\" disabled") && text.contains("id=\"again\" disabled"), "{text}");
    assert_says(&words(&page), &["2 exports are already queued or in progress", "Try again when one of them"]);
}

#[test]
fn b1_request_again_opens_the_form_with_the_same_days() {
    let (app, ada) = acme(65_534);
    let id = app.request(&ada, "2026-02-03", "2026-03-15");
    let (_, bea) = app.account_with_exports_on("Borealis");
    app.work();
    let browser = app.signed_in(&ada);
    assert!(browser.get(&path(id)).text().contains(&format!("href=\"/administration/exports/new?again={id}\"")));
    let page = browser.get(&format!("/administration/exports/new?again={id}"));
    assert_eq!(page.field("form_key").map(|key| key.len()), Some(64));
    let text = page.text();
    assert!(text.contains("value=\"2026-02-03\"") && text.contains("value=\"2026-03-15\""), "{text}");
    for (browser, again) in [(&browser, 999), (&app.signed_in(&bea), id)] {
        assert_eq!(browser.get(&format!("/administration/exports/new?again={again}")).status, 404);
    }
}

#[test]
fn b1_what_an_export_is_limited_to_is_told_and_asked_for_again() {
    let (app, ada) = acme(65_534);
    let number = |sql: &str| app.query_sql(sql).remove(0);
    let grace = number("SELECT CAST(id AS TEXT) AS value FROM users WHERE name = 'Grace'");
    let harbour = number("SELECT CAST(id AS TEXT) AS value FROM conversations WHERE name = 'Harbour'");
    let draft = Draft {
        first_day: "2026-03-01",
        last_day: "2026-03-15",
        people: std::slice::from_ref(&grace),
        conversations: std::slice::from_ref(&harbour),
        ..Draft::default()
    };
    let command = draft.parse("limited", 2).unwrap();
    let id = commands::run(app.store(), Actor::User(ada.id), &command, app.now()).unwrap();
    let browser = app.signed_in(&ada);
    let limits = "Only of Grace The conversations in which one of them takes part or took part, whole Only in Harbour";
    assert_says(&open(&browser, id), &[limits]);
    app.work();
    // As they were called at the cut.
    app.record("Acme", r#"{"type":"conversation","id":"team","kind":"Team","name":"Port","members":[{"user":"u1"}]}"#);
    let page = browser.get(&path(id));
    assert_says(&words(&page), &[limits, "18 items", "Harbour Team_Chats/Harbour - 1 Team 15 1 1 1 1"]);
    assert_eq!(shown_counts(&page)["Teams"][..2], ["1", "1"]);
    let form = browser.get(&format!("/administration/exports/new?again={id}")).text();
    for field in [format!("name=\"person\" value=\"{grace}\""), format!("name=\"conversation\" value=\"{harbour}\"")] {
        assert!(form.contains(&field), "{field}: {form}");
    }
}

#[test]
fn b4_an_open_page_that_has_it_all_already_gets_nothing() {
    let (app, ada) = acme(65_534);
    let id = completed(&app, &ada);
    let browser = app.signed_in(&ada);
    let live = format!("{}/live", path(id));
    let tag = browser.get(&live).header("etag").to_owned();
    let same = browser.get_with(&live, &[("if-none-match", &tag)]);
    assert_eq!((same.status, same.body.len()), (304, 0));
    browser.get(&format!("{}/parts/1", path(id)));
    assert_eq!(browser.get_with(&live, &[("if-none-match", &tag)]).status, 200);
}

#[test]
fn b6_what_has_expired_keeps_all_but_its_files() {
    let (app, ada) = acme(65_534);
    let id = completed(&app, &ada);
    app.advance(TimeDelta::days(30) - TimeDelta::minutes(61));
    let browser = app.signed_in(&ada);
    assert_says(&open(&browser, id), &["61 minutes left"]);
    app.advance(TimeDelta::minutes(61));
    assert_says(
        &open(&browser, id),
        &[
            "Status: Expired",
            "It could be downloaded until 15 Apr 2026, 10:30 BST . Its files",
            "and are being erased.",
        ],
    );
    app.worker.exports.sweep().unwrap();
    let text = open(&browser, id);
    assert_says(&text, &["Its files were erased on 15 Apr 2026, 10:30 BST.", "What is inside", "Check it", "Nobody."]);
    assert_does_not_say(&text, &["Delete now", "Download part", "being erased"]);
    assert!(browser.get(&format!("{}/delete", path(id))).status == 409);
}

#[test]
fn b6_delete_now_erases_the_bytes_and_keeps_the_fact() {
    let (app, ada) = acme(16);
    let id = completed(&app, &ada);
    let account = app.find_account("Acme").id;
    let (bob, mia) = (app.admin("Acme", "Bob"), app.admin("Acme", "Mia"));
    app.set_access(&ada, &[ada.id, bob.id]).unwrap();
    let browser = app.signed_in(&bob);
    assert!(app.files().1.len() > 2);
    let page = browser.get(&format!("{}/delete", path(id)));
    assert_says(
        &words(&page),
        &[
            "Delete the export of 1–15 March 2026?",
            "files, ",
            "available until 15 Apr 2026, 10:30 BST",
            "Its files are erased.",
        ],
    );
    assert_eq!(app.signed_in(&mia).post(&format!("{}/delete", path(id)), &[]).status, 403);

    app.advance(TimeDelta::minutes(5));
    let page = browser.post(&format!("{}/delete", path(id)), &[]);
    assert_eq!((page.status, page.location()), (303, path(id).as_str()));
    assert_eq!(app.files().1, [""; 0], "the bytes are gone at once");
    let text = open(&browser, id);
    assert_says(
        &text,
        &[
            "Export deleted. Its files have been erased.",
            "Status: Expired",
            "Deleted by Bob on 16 Mar 2026, 09:35 GMT , before it had expired.",
            "Its files were erased on 16 Mar 2026, 09:35 GMT.",
            "What is inside",
            "Teams 2 1 15 1 1 1 18 1",
        ],
    );
    let ada_browser = app.signed_in(&ada);
    assert!(ada_browser.get("/administration").row(id).contains("Expired Deleted 16 Mar 2026, 09:35 GMT"));
    let gone = ada_browser.get(&format!("{}/parts/1", path(id)));
    assert_eq!(gone.status, 410);
    assert_says(
        &words(&gone),
        &["This export was deleted by Bob on 16 March 2026, 09:35 (Europe/London, GMT), and has been erased."],
    );
    let audit = app.audit(account);
    let told = [
        (Actor::User(bob.id), AuditEvent::ExportDeleted { export: id }),
        (Actor::System, AuditEvent::ExportErased { export: id }),
    ];
    assert!(audit.ends_with(&told), "{audit:?}");

    // Once is enough, and neither sweeping nor time changes what is told.
    assert_eq!(browser.post(&format!("{}/delete", path(id)), &[]).status, 409);
    app.worker.exports.sweep().unwrap();
    app.advance(TimeDelta::days(40));
    app.worker.exports.sweep().unwrap();
    assert_eq!(app.audit(account), audit);
    assert_says(&open(&app.signed_in(&ada), id), &["Deleted by Bob on 16 Mar 2026, 09:35 GMT"]);

    // The operator can build it once more, and that is told.
    let folder = tempfile::tempdir().unwrap();
    let again = app.worker.exports.rebuild(id, folder.path(), &Stop::default(), &|_| {}).unwrap();
    assert!(again.iter().all(|part| part.same));
    commands::run(
        app.store(),
        Actor::Operator,
        &requests::NoteHandling { export: id, handling: requests::Handling::Rebuilt { parts: again.len() } },
        app.now(),
    )
    .unwrap();
    assert_says(&open(&app.signed_in(&ada), id), &["The operator of this server Built again on the server: part "]);
}

#[test]
fn b6_bytes_that_can_not_be_erased_at_once_are_later() {
    let (app, ada) = acme(65_534);
    let id = completed(&app, &ada);
    let key = app.store().read(|c| requests::stored_parts(c, id)).unwrap().remove(0).1;
    let file = app.app.blobs.location(&key).unwrap();
    std::fs::remove_file(&file).unwrap();
    // A folder can't be removed as a file.
    std::fs::create_dir(&file).unwrap();
    let browser = app.signed_in(&ada);
    assert_eq!(browser.post(&format!("{}/delete", path(id)), &[]).status, 303);
    let text = open(&browser, id);
    assert_says(
        &text,
        &["the server erases them as soon as it can", "Its files can no longer be downloaded, and are being erased."],
    );
    assert_eq!(browser.get(&format!("{}/parts/1", path(id))).status, 410);
    std::fs::remove_dir(&file).unwrap();
    std::fs::write(&file, "zip").unwrap();
    app.worker.exports.sweep().unwrap();
    assert!(!file.exists());
    assert_says(&open(&browser, id), &["Its files were erased on"]);
}

#[test]
fn b3_only_what_is_completed_can_be_deleted() {
    let (app, ada) = acme(65_534);
    let failed = app.fail(&ada, "No.");
    let queued = app.request(&ada, "2026-03-01", "2026-03-02");
    let browser = app.signed_in(&ada);
    for id in [failed, queued] {
        assert_eq!(browser.get(&format!("{}/delete", path(id))).status, 409);
        let page = browser.post(&format!("{}/delete", path(id)), &[]);
        assert_eq!(page.status, 409);
        assert!(page.text().contains("This export has no files that could be deleted"), "{}", page.text());
    }
    assert_eq!(app.find_request(queued).status, Status::Accepted);
}

#[test]
fn b7_it_tells_who_downloaded_which_part_and_a_resumed_download_once() {
    let (app, ada) = acme(16);
    let id = completed(&app, &ada);
    let bob = app.admin("Acme", "Bob");
    app.set_access(&ada, &[ada.id, bob.id]).unwrap();
    let (first, second) = (app.signed_in(&ada), app.signed_in(&bob));
    let part = |number| format!("{}/parts/{number}", path(id));
    first.get(&part(2));
    first.get_with(&part(2), &[("range", "bytes=0-9")]);
    app.advance(TimeDelta::minutes(20));
    first.get_with(&part(2), &[("range", "bytes=10-19")]);
    second.get(&part(2));
    second.get(&part(1));
    // None of these takes anything.
    first.send(reqwest::Method::HEAD, &part(3), &[]);
    assert_eq!(first.get(&part(99)).status, 404);
    let (copied, _) = app.store().read(|c| requests::stored_parts(c, id)).unwrap().remove(0);
    commands::run(
        app.store(),
        Actor::Operator,
        &requests::NoteHandling { export: id, handling: requests::Handling::Copied(copied.clone()) },
        app.now(),
    )
    .unwrap();

    let text = open(&first, id);
    let told = text.split_once("Who has downloaded it").unwrap().1;
    let expected = "Who What When it began \
                    The operator of this server Copied on the server: part 1 16 Mar 2026, 09:50 GMT \
                    Bob Downloaded: part 1 16 Mar 2026, 09:50 GMT \
                    Bob Downloaded: part 2 16 Mar 2026, 09:50 GMT \
                    Ada Downloaded: part 2 16 Mar 2026, 09:30 GMT";
    assert!(told.trim().starts_with(expected), "{told}");
    // Another hour, another download.
    app.advance(TimeDelta::minutes(45));
    first.get(&part(2));
    assert_eq!(app.query_sql("SELECT way AS value FROM export_downloads").len(), 5);
    let audit = app.audit(app.find_account("Acme").id);
    let count = |is: fn(&AuditEvent) -> bool| audit.iter().filter(|(_, event)| is(event)).count();
    assert_eq!(count(|event| matches!(event, AuditEvent::PartDownloaded { .. })), 4);
    assert_eq!(count(|event| matches!(event, AuditEvent::PartCopied { .. })), 1);
}

#[test]
fn b5_a_mail_that_did_not_leave_says_why_in_plain_words() {
    let (app, ada) = acme(65_534);
    let id = app.request(&ada, "2026-03-01", "2026-03-15");
    app.build();
    let file = app.app.settings.data_dir.join("not-a-folder");
    std::fs::write(&file, "").unwrap();
    let worker = app.worker.clone().with_transport(Transport::Files(file.clone()));
    assert!(worker.mails.next().unwrap());
    let browser = app.signed_in(&ada);
    let text = open(&browser, id);
    assert_says(
        &text,
        &["Not sent yet, after 1 attempt. The next one is at 16 Mar 2026, 09:31 GMT. It could not be written."],
    );
    assert_does_not_say(&text, &["not-a-folder", "os error"]);
    assert!(!browser.get(&format!("{}/live", path(id))).text().contains("data-active"), "nobody waits for that");
    for _ in 0..60 {
        while worker.mails.next().unwrap() {}
        app.advance(TimeDelta::hours(8));
    }
    assert_says(&open(&app.signed_in(&ada), id), &["Not sent. Given up", "after 7 attempts. It could not be written."]);

    let other = app.request(&ada, "2026-03-01", "2026-03-15");
    app.build();
    app.run_sql(&format!("UPDATE users SET email = NULL WHERE id = {}", ada.id));
    app.work();
    app.run_sql(&format!("UPDATE users SET email = 'ada@acme.example' WHERE id = {}", ada.id));
    assert_says(&open(&app.signed_in(&ada), other), &["after 1 attempt. They have no email address."]);
}

#[test]
fn c4_it_says_when_deleted_items_were_not_kept() {
    let (app, ada) = acme(65_534);
    let browser = app.signed_in(&ada);
    let id = completed(&app, &ada);
    assert_says(
        &open(&browser, id),
        &[
            "Not kept while Compliance Exports was off, which it was on all of these days: until 16 Mar 2026, 09:30 GMT. What people deleted then is missing.",
        ],
    );
    app.advance(TimeDelta::days(3));
    commands::run(app.store(), Actor::User(ada.id), &switch::TurnOff, app.now()).unwrap();
    app.advance(TimeDelta::days(2));
    commands::run(app.store(), Actor::User(ada.id), &switch::TurnOn, app.now()).unwrap();
    app.advance(TimeDelta::days(2));
    let told = |first: &str, last: &str| {
        let id = app.request(&ada, first, last);
        app.work();
        open(&app.signed_in(&ada), id)
    };
    assert_says(
        &told("2026-03-16", "2026-03-23"),
        &[
            "Not kept while Compliance Exports was off: until 16 Mar 2026, 09:30 GMT; from 19 Mar 2026, 09:30 GMT to 21 Mar 2026, 09:30 GMT. What people deleted then is missing.",
        ],
    );
    assert_says(
        &told("2026-03-17", "2026-03-18"),
        &[
            "Kept throughout these days. It was off after these days, from 19 Mar 2026, 09:30 GMT to 21 Mar 2026, 09:30 GMT",
        ],
    );
    assert_says(&told("2026-03-22", "2026-03-22"), &["Kept throughout: what people deleted is in it"]);
}

#[test]
fn a5_what_is_not_there_and_what_is_another_companys_look_the_same() {
    let (app, ada) = acme(65_534);
    let id = completed(&app, &ada);
    let (_, bea) = app.account_with_exports_on("Borealis");
    let browser = app.signed_in(&bea);
    for tail in ["", "/live", "/delete", "/conversations", "/parts", "/downloads"] {
        let (theirs, none) =
            (browser.get(&format!("{}{tail}", path(id))), browser.get(&format!("{}{tail}", path(999))));
        assert_eq!((theirs.status, none.status), (404, 404), "{tail}");
        assert_eq!(theirs.text(), none.text(), "{tail}");
        assert!(theirs.text().contains("There is no such export in your account."));
    }
    assert_eq!(browser.get("/administration/exports/first").status, 404);
    assert_eq!(app.signed_in(&ada).get(&format!("{}/conversations?page=2", path(id))).status, 404);
}

#[test]
fn a1_a4_it_is_closed_with_the_right_to_see_it() {
    let (app, ada) = acme(65_534);
    let id = completed(&app, &ada);
    let bob = app.admin("Acme", "Bob");
    let browser = app.signed_in(&ada);
    app.set_access(&ada, &[bob.id]).unwrap();
    for tail in ["", "/live"] {
        let page = browser.get(&format!("{}{tail}", path(id)));
        assert_eq!(page.status, 403);
        assert!(page.text().contains("To get it, ask Bob."), "{}", page.text());
    }
    commands::run(
        app.store(),
        Actor::Operator,
        &switch::IncludeExports { account: "Acme", included: false },
        app.now(),
    )
    .unwrap();
    let page = app.signed_in(&bob).get(&path(id));
    assert_eq!(page.status, 403);
    assert!(page.text().contains("not included in the account"), "{}", page.text());
    assert_eq!(app.browser().get(&path(id)).location(), format!("/sign-in?next=%2Fadministration%2Fexports%2F{id}"));
}

#[test]
fn b8_turned_off_it_stays_and_can_be_deleted_but_nothing_can_be_requested() {
    let (app, ada) = acme(65_534);
    let id = completed(&app, &ada);
    let failed = app.fail(&ada, "No.");
    commands::run(app.store(), Actor::User(ada.id), &switch::TurnOff, app.now()).unwrap();
    let browser = app.signed_in(&ada);
    let text = open(&browser, id);
    assert_says(&text, &["Compliance Exports is off, so that nothing can be requested.", "Delete now"]);
    assert_does_not_say(&text, &["Request again"]);
    assert_does_not_say(&open(&browser, failed), &["Retry", "Request again"]);
    assert_eq!(browser.get(&format!("/administration/exports/new?again={id}")).status, 409);
    let page = browser.get(&format!("{}/delete", path(id)));
    assert_does_not_say(&words(&page), &["can be requested again"]);
    assert_eq!(browser.post(&format!("{}/delete", path(id)), &[]).status, 303);
    assert_says(&open(&browser, id), &["Deleted by Ada"]);
}

#[test]
fn hostile_names_do_no_harm_there() {
    let (app, ada) = acme(65_534);
    app.record(
        "Acme",
        r#"{"type":"conversation","id":"bad","kind":"Team","name":"<script>alert(1)</script> \u202egnp \"onfocus=x","members":[{"user":"u1"}]}
        {"type":"item_created","conversation":"bad","id":"b1","kind":"Message","at":"2026-03-02T10:00:00Z","by":"u1","content":{"text":"x"}}"#,
    );
    let id = completed(&app, &ada);
    for tail in ["", "/conversations"] {
        let text = String::from_utf8(app.signed_in(&ada).get(&format!("{}{tail}", path(id))).body).unwrap();
        assert!(
            text.contains("&#60;script&#62;") && !text.contains("<script>alert") && !text.contains("\"onfocus"),
            "{text}"
        );
        for (place, _) in text.match_indices('\u{202e}') {
            let before = &text[..place];
            assert!(before.rfind("<bdi>") > before.rfind("</bdi>"));
        }
    }
}

/// Fills a table by counting: `select` may use the number `n`, from 1.
fn fill(app: &TestApp, table: &str, columns: &str, select: &str, count: usize) {
    app.run_sql(&format!(
        "INSERT INTO {table} ({columns})
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
         SELECT {select} FROM numbers"
    ));
}

#[test]
fn pages_stay_small_however_much_there_is() {
    let (app, ada) = acme(65_534);
    let id = completed(&app, &ada);
    let (account, many) = (app.find_account("Acme").id, 20_000);
    let name = "'Conversation about everything that has to do with number ' || n";
    fill(
        &app,
        "conversations",
        "id, source_id, external_id, kind, name, is_public, owner_account_id, recording",
        &format!("1000 + n, 1, 'x' || n, 'Team', {name}, false, {account}, 1"),
        many,
    );
    fill(&app, "conversation_accounts", "account_id, conversation_id", &format!("{account}, 1000 + n"), many);
    let sum = "3f2a9c1be07d4c5586a1d2f3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7";
    let file = "'Acme-2026-03-01-to-2026-03-15-1-part-' || n || '.zip'";
    app.run_sql("DELETE FROM export_parts; DELETE FROM export_conversations; DELETE FROM export_summaries");
    fill(
        &app,
        "export_parts",
        "request_id, number, file_name, storage_key, size, sha256",
        &format!("{id}, n, {file}, 'key' || n, 1234567890, '{sum}'"),
        400,
    );
    fill(
        &app,
        "export_downloads",
        "request_id, part_number, way, user_id, at",
        &format!("{id}, 7, 'Download', {}, 1773653400000000 + n", ada.id),
        5_000,
    );
    fill(
        &app,
        "mails",
        "request_id, recipient_id, event, created_at, attempts, not_before, sent_at",
        &format!("{id}, {}, 'Completed', 1, 1, 1, 1773653400000000", ada.id),
        500,
    );
    app.store()
        .write(|tx| {
            let counts = |page: usize| {
                (1..=40)
                    .map(|n| format!("{} Team 99999 12 888 1 77 0 66 5\n", 1000 + page * 40 + n))
                    .collect::<String>()
            };
            for page in 0..many / 40 {
                summaries::create_page(tx, id, i32::try_from(page + 1).unwrap(), &counts(page))?;
            }
            let by_day: String =
                (0..3_650).map(|day| format!(" {} 120 3", if day == 0 { 16_800 } else { 1 })).collect();
            let by_kind = "Team 25000 20000 1999980000 12 888 1 77 0 66 5\nGroup 1 1 1 0 0 0 0 0 0 0\n".to_owned();
            summaries::create(tx, id, &Summary { conversations: 20_000, by_kind, by_day: format!("0 1{by_day}\n") })
        })
        .unwrap();
    app.run_sql("UPDATE export_requests SET first_day = '2016-01-01'");

    let browser = app.signed_in(&ada);
    for (tail, words_of_it) in [
        ("", "All 20,000 conversations with items"),
        ("/live", "All 5,000 downloads"),
        ("/conversations", "Page 1 of 500"),
        ("/conversations?page=500", "number 20000"),
        ("/parts", "Page 1 of 10"),
        ("/downloads?page=125", "Page 125 of 125"),
    ] {
        let page = browser.get(&format!("{}{tail}", path(id)));
        assert_eq!(page.status, 200);
        assert!(words(&page).contains(words_of_it), "{}", words(&page));
        // With style sheet and scripts, which are sent compressed, below 50,000.
        assert!(page.body.len() < 36_000, "{tail} has {} bytes", page.body.len());
    }
}
