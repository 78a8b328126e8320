//! Reading Slack exports: every edge of both schemas, what is malformed, and the real ones.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up should stop")]

use std::io::Write;

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use super::*;
use crate::capture::sources::testing::{Kept, corpora};
use crate::model::Fact::{self, Company, Conversation, ItemCreated, ItemEdited, Joined, Left, User};
use crate::model::{ConversationKind, ItemRecord};

fn user(id: &str, name: &str) -> Value {
    json!({"id": id, "team_id": "THOME", "name": name, "profile": {"real_name": "", "display_name": name}})
}

/// Meridian Freight as an export: two people, a channel, and `more` files beside or instead.
fn company(more: &[(&str, Value)]) -> Vec<(String, String)> {
    let channel = json!({"id": "C1", "name": "berths", "created": "1767225600", "creator": "U1", "members": ["U1"]});
    let base = [("users.json", json!([user("U1", "harper"), user("U2", "ines")])), ("channels.json", json!([channel]))];
    let kept = base.into_iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    kept.chain(more.iter().cloned()).map(|(name, value)| (name.to_owned(), text(value))).collect()
}

fn read_folder(files: &[(String, String)]) -> Kept {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut kept = Kept::from(read, folder.path()).unwrap();
    // The folder has a name of its own at each run.
    let name = file_name(folder.path());
    for (place, _) in kept.findings.iter_mut().filter(|(place, _)| place.file == name) {
        place.file = "export".to_owned();
    }
    kept
}

fn read_zip(files: &[(String, String)]) -> Result<Kept> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, text) in files {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    Kept::from(read, &path)
}

/// What these messages of one day in C1 are recorded as, without the tables.
fn recorded(messages: Value) -> String {
    let kept = read_folder(&company(&[("berths/2026-01-01.json", messages)]));
    let day = |(place, finding): &(FilePlace, crate::capture::sources::Finding)| match finding {
        crate::capture::sources::Finding::Fact(fact) if place.file.ends_with("01-01.json") => {
            Some(format!("{fact:#?}\n"))
        }
        _ => None,
    };
    let recordings: Vec<String> = kept.findings.iter().filter_map(day).collect();
    format!("{}{}", recordings.concat(), kept.text())
}

fn items(kept: &Kept) -> Vec<&ItemRecord> {
    kept.facts().into_iter().filter_map(|fact| if let ItemCreated(item) = fact { Some(item) } else { None }).collect()
}

#[test]
fn people_of_all_sorts_and_conversations_of_all_kinds() {
    let users = json!([
        {"id": "U1", "team_id": "THOME", "name": "harper", "is_admin": true,
         "profile": {"real_name": "Harper Quayle", "email": "harper@meridian.example"}},
        {"id": "U2", "team_id": "THOME", "name": "", "real_name": " ", "deleted": true, "updated": 1767225600},
        {"id": "U3", "team_id": "TOTHER", "name": "tomo", "deleted": true},
        {"id": "U4", "team_id": "THOME", "name": "planner", "is_bot": true},
        {"name": "no id"}, "oops"]);
    let people = |id: &str, members: Value| json!({"id": id, "created": 1767225600, "members": members});
    let kept = read_folder(&company(&[
        ("users.json", users),
        ("groups.json", json!([{"id": "G1", "name": "board", "creator": "U9", "members": ["U1", "U8"]}])),
        (
            "dms.json",
            json!([people("D1", json!(["U1", "U3"])), people("D2", json!(["U1", "U1"])), people("D3", json!([]))]),
        ),
        (
            "mpims.json",
            json!([{"id": "G2", "name": "mpdm-a--b--c-1", "members": ["U1", "U2", "U3"]}, {"name": "lost"}]),
        ),
    ]));
    let all: Vec<_> = kept.facts().into_iter().map(|fact| format!("{fact:?}\n")).collect();
    insta::assert_snapshot!(format!("{}{}", all.concat(), kept.text()));
}

#[test]
fn threads_joins_leaves_and_reactions() {
    insta::assert_snapshot!(recorded(json!([
        {"type": "message", "subtype": "channel_join", "user": "U2", "text": "<@U2> has joined", "ts": "1767225600.000001"},
        {"type": "message", "user": "U1", "text": "Berth 4?", "ts": "1767225601.000002", "thread_ts": "1767225601.000002",
         "reactions": [{"name": "eyes", "count": 2}, {"name": "ship", "users": ["U1"]}]},
        {"type": "message", "subtype": "thread_broadcast", "user": "U2", "text": "Free", "ts": "1767225602.000003",
         "thread_ts": "1767225601.000002"},
        {"type": "message", "subtype": "channel_leave", "user": "U2", "text": "<@U2> has left", "ts": "1767225603.000004"}])));
}

#[test]
fn edits_and_deletions_old_and_new() {
    let edited = json!({"user": "U1", "text": "Berth 5", "ts": "1767225601.000001", "edited": {"user": "U1", "ts": "1767225609.000000"}});
    insta::assert_snapshot!(recorded(json!([
        edited,
        {"subtype": "message_changed", "ts": "1767225610.000000",
         "message": {"user": "U1", "text": "new", "ts": "1767225602.000001", "edited": {"user": "U2", "ts": "1767225610.000000"}},
         "previous_message": {"user": "U1", "text": "old", "ts": "1767225602.000001"}},
        {"subtype": "message_changed", "ts": "1767225611.000000",
         "message": {"user": "U1", "text": "same", "ts": "1767225603.000001", "attachments": [{"from_url": "x", "title": "t"}]},
         "previous_message": {"user": "U1", "text": "same", "ts": "1767225603.000001"}},
        {"subtype": "message_deleted", "ts": "1767225612.000000", "deleted_ts": "1767225604.000001", "user": "U2",
         "previous_message": {"user": "U1", "text": "gone", "ts": "1767225604.000001"}},
        {"subtype": "message_deleted", "ts": "1767225613.000000", "deleted_ts": "1767225605.000001"},
        {"subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted.", "ts": "1767225606.000001"},
        {"subtype": "message_deleted", "ts": "1767225614.000000"},
        {"subtype": "message_changed", "ts": "1767225615.000000"}])));
}

#[test]
fn authors_of_all_sorts() {
    insta::assert_snapshot!(recorded(json!([
        {"user": "U7", "text": "a", "ts": "1767225601.000001", "user_profile": {"real_name": "Tomo Arai", "team": "TOTHER"}},
        {"user": "U7", "text": "b", "ts": "1767225602.000001"},
        {"subtype": "bot_message", "bot_id": "B1", "username": "Berth Planner", "text": "", "attachments": [{"fallback": "c"}], "ts": "1767225603.000001"},
        {"subtype": "bot_message", "username": "webhook", "text": "d", "ts": "1767225604.000001"},
        {"subtype": "file_comment", "comment": {"user": "U2", "comment": "e"}, "text": "e", "ts": "1767225605.000001"},
        {"user": "USLACKBOT", "text": "f", "ts": "1767225606.000001"},
        {"user": null, "text": "g", "ts": "1767225607.000001"}])));
}

#[test]
fn c5_attachment_has_no_address() {
    let file = |id: &str| {
        json!({"id": id, "name": format!("{id}.pdf"), "title": "Rates", "mimetype": "application/pdf", "size": 9,
        "url_private": "https://files.slack.com/files-pri/THOME-F/x.pdf?t=xoxe-1", "permalink": "https://meridian.slack.com/files/U1/F1/x"})
    };
    let text = recorded(json!([
        {"subtype": "file_share", "user": "U1", "ts": "1767225601.000001", "file": file("F1"),
         "text": "<@U1> uploaded a file: <https://meridian.slack.com/files/U1/F1/x|Rates>"},
        {"user": "U1", "ts": "1767225602.000001", "text": "both", "file": file("F2"), "files": [file("F2"), file("F3"), {"id": "F4", "mode": "tombstone"}, {}]}]));
    assert!(!text.contains("slack.com") && !text.contains("xox"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn nothing_malformed_takes_the_rest_along() {
    let broken = "[\n{\"user\": \"U1\", \"text\": \"a\", \"ts\": \"1767225601.000001\"},\n7,\n{\"text\": \"no time\"},\n{\"ts\": \"soon\"},\n{\"text\": oops},\n{\"user\": \"U1\", \"text\": \"b\", \"ts\": \"1767225602.000001\"}\n]";
    let kept = read_folder(&company(&[
        ("berths/2026-01-01.json", broken.into()),
        ("berths/2026-01-02.json", "{\"not\": \"a list\"}".into()),
        ("berths/2026-01-03.json", "[{\"user\": \"U1\", \"ts\": \"1767225603.000001\"}, {\"te".into()),
        ("berths/2026-13-01.json", "[]".into()),
        ("berths/canvas.html", "x".into()),
        ("unlisted/2026-01-01.json", json!([{"user": "U1", "text": "c", "ts": "1767225601.000001"}])),
        ("integration_logs.json", json!([])),
        ("groups.json", "[".into()),
    ]));
    insta::assert_snapshot!(kept.text());
    let texts: Vec<_> = items(&kept).into_iter().map(|item| item.content.text.as_deref()).collect();
    assert_eq!(texts, [Some("a"), Some("b"), Some(""), Some("c")]);
}

#[test]
fn without_tables_the_days_are_still_read() {
    let day = json!([{"user": "U1", "team": "THOME", "text": "a", "ts": "1767225601.000001"}]).to_string();
    let kept = read_zip(&[("berths/2026-01-01.json".to_owned(), day)]).unwrap();
    assert_eq!(items(&kept).len(), 1);
    assert_eq!(kept.count(|fact| matches!(fact, Company(_))), 0);
    insta::assert_snapshot!(kept.text());
}

#[test]
fn a_zip_reads_as_its_folder_does_also_within_an_outer_folder() {
    let day = json!([{"user": "U1", "text": "a", "ts": "1767225601.000001"}]);
    let files = company(&[("berths/2026-01-01.json", day)]);
    let outer: Vec<_> = files.iter().map(|(name, text)| (format!("export/{name}"), text.clone())).collect();
    let folder = read_folder(&files);
    assert_eq!(read_zip(&files).unwrap().findings, folder.findings);
    assert_eq!(read_zip(&outer).unwrap().findings, folder.findings);
    assert_eq!(read_folder(&outer).findings, folder.findings);
    let (done, total) = folder.progress;
    assert!(total > 0 && done == total);
}

#[test]
fn names_that_lead_out_of_the_zip_and_leftovers_are_told() {
    let mut files = company(&[]);
    files.push(("../evil/2026-01-01.json".to_owned(), "[]".to_owned()));
    files.push(("__MACOSX/._users.json".to_owned(), "x".to_owned()));
    insta::assert_snapshot!(read_zip(&files).unwrap().text());
}

#[test]
fn what_is_no_export_says_what_to_do() {
    let message = |path: &Path| Kept::from(read, path).err().unwrap().message().to_owned();
    let folder = tempfile::tempdir().unwrap();
    assert!(message(folder.path()).contains("It is no Slack export."));
    assert!(message(&folder.path().join("none")).starts_with("There is no file or folder"));
    let text = folder.path().join("export.zip");
    std::fs::write(&text, "hello").unwrap();
    assert!(message(&text).contains("not a zip"));
}

/// First and last time of the items, as text.
fn span(kept: &Kept) -> (String, String) {
    let times: Vec<_> = items(kept).into_iter().map(|item| item.at).collect();
    (times.iter().min().unwrap().to_string(), times.iter().max().unwrap().to_string())
}

fn users_of(kept: &Kept, file: &str) -> usize {
    let such = |(place, finding): &&(FilePlace, crate::capture::sources::Finding)| {
        place.file == file && matches!(finding, crate::capture::sources::Finding::Fact(User(_)))
    };
    kept.findings.iter().filter(such).count()
}

#[test]
fn the_real_export_of_the_old_schema_has_its_counts() {
    let Some(corpora) = corpora() else { return };
    let kept = Kept::from(read, &corpora.join("slack-houstondatavis.zip")).unwrap();
    assert_eq!(users_of(&kept, "users.json"), 71);
    assert_eq!(kept.count(|fact| matches!(fact, User(user) if user.deactivated_at.is_some())), 1);
    assert_eq!(kept.count(|fact| matches!(fact, Conversation(fact) if fact.kind == ConversationKind::Team)), 16);
    assert_eq!(items(&kept).len(), 1382);
    assert_eq!(kept.count(|fact| matches!(fact, ItemEdited(_))), 37);
    assert_eq!(kept.count(|fact| matches!(fact, Joined(_))), 320);
    assert_eq!(kept.count(|fact| matches!(fact, Left(_))), 3);
    assert!(items(&kept).iter().all(|item| item.by.is_some()));
    let (first, last) = span(&kept);
    assert_eq!((first.as_str(), last.as_str()), ("2015-06-06T02:36:47.760577Z", "2016-07-27T20:21:38.000041Z"));
    insta::assert_snapshot!(kept.text());
    let shared: Vec<&Fact> = kept.facts();
    assert!(!format!("{shared:?}").contains("houstondatavis.slack.com/files"), "C5");
}

#[test]
fn the_real_log_in_japanese_has_its_counts() {
    let Some(corpora) = corpora() else { return };
    let kept = Kept::from(read, &corpora.join("slack-haskelljp.zip")).unwrap();
    assert_eq!(users_of(&kept, "users.json"), 1204);
    assert_eq!(kept.count(|fact| matches!(fact, Conversation(_))), 3);
    assert_eq!(items(&kept).len(), 4281);
    assert_eq!(items(&kept).iter().filter(|item| item.parent.is_some()).count(), 868);
    assert!(kept.count(|fact| matches!(fact, User(user) if user.name.trim().is_empty())) == 0);
    let (first, last) = span(&kept);
    assert_eq!((first.as_str(), last.as_str()), ("2017-10-30T10:58:40.000261Z", "2026-08-13T07:31:18.536779Z"));
    assert_eq!(kept.text(), "");
}
