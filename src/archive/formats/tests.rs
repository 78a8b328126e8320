//! Reading copies of hostile conversations.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use proptest::prelude::*;
use serde_json::Value;

use super::csv::{read, restored, table as csv};
use super::html::day::Day;
use super::html::{self, index, search};
use super::{Chat, ListedConversation, Tally};
use crate::archive::manifest::DayCount;
use crate::archive::records::{
    AccountRef, ConversationEntry, ConversationRef, Counts, Deletion, Edit, Id, ItemEntry, Member, Person, Repeated,
};
use crate::model::{Attachment, ConversationKind, ItemKind, TaskStatus, Timestamp};

const ZONE: Tz = Tz::Europe__London;
const CHAT: Chat<'_> = Chat { id: 12, name: "Risk & <Audit>", folder: "Team_Chats/Risk & _Audit_ - 12", rank: 61 };

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn on(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn person(name: &str) -> Arc<Repeated<Person>> {
    let (email, account) = (Some("p@northwind.example".to_owned()), "Northwind".to_owned());
    Repeated::new(Person { id: Id(1), name: name.to_owned(), email, account, bot: false })
}

fn item(id: &str, time: &str, text: &str) -> ItemEntry {
    let conversation = Repeated::new(ConversationRef { id: Id(12), name: CHAT.name.to_owned() });
    let mut item = ItemEntry::new(id.to_owned(), ItemKind::Message, conversation, at(time), Vec::new());
    item.author = Some(person("Ana Ruiz"));
    item.text = Some(text.to_owned());
    item
}

fn reply(id: &str, time: &str, text: &str, parent: &str) -> ItemEntry {
    let mut item = item(id, time, text);
    item.parent_id = Some(parent.to_owned());
    item
}

/// An item that has everything, everywhere with this text.
fn full(id: &str, words: &str) -> ItemEntry {
    let conversation = Repeated::new(ConversationRef { id: Id(12), name: words.to_owned() });
    let edit = |before: Option<&str>| Edit {
        edited_at: at("2026-03-28T10:00:00Z"),
        editor: Some(person(words)),
        text_before: before.map(str::to_owned),
        title_before: before.map(str::to_owned),
    };
    let edits = vec![edit(Some(words)), edit(None)];
    let mut item = ItemEntry::new(id.to_owned(), ItemKind::Task, conversation, at("2026-03-28T09:00:00.5Z"), edits);
    item.author = Some(person(words));
    item.parent_id = Some(words.to_owned());
    (item.title, item.text, item.location) = (Some(words.into()), Some(words.into()), Some(words.into()));
    item.status = Some(TaskStatus::InProgress);
    item.assignees =
        serde_json::from_value(serde_json::json!([{ "id": "1", "name": words }, { "name": words }])).unwrap();
    item.due_at = Some(at("2026-03-29T10:00:00Z"));
    item.attachments =
        vec![Attachment { id: words.into(), name: words.into(), media_type: Some(words.into()), size: Some(12_345) }];
    item.deleted = Some(Deletion { at: at("2026-03-28T11:00:00Z"), by: Some(person(words)) });
    item
}

fn page(chat: Chat<'_>, items: &[ItemEntry], parents: &HashMap<String, NaiveDate>) -> String {
    let (previous, next) = (Some(on("2026-03-27")), Some(on("2026-03-30")));
    let day = Day { chat, day: on("2026-03-28"), zone: ZONE, previous, next };
    let mut text = Vec::new();
    day.begin(&mut text);
    day.items(&mut text, items, parents);
    day.end(&mut text);
    String::from_utf8(text).unwrap()
}

fn entry(words: &str) -> ConversationEntry {
    ConversationEntry {
        id: Id(12),
        kind: ConversationKind::Team,
        name: Some(words.to_owned()),
        public: Some(true),
        folder: CHAT.folder.to_owned(),
        owner: AccountRef { id: Id(1), name: words.to_owned() },
        created_at: Some(at("2025-01-01T08:00:00Z")),
        archived_at: None,
        started_by: Some((**person(words)).clone()),
        members: vec![Member {
            person: (**person(words)).clone(),
            joined_at: Some(at("2025-01-01T08:00:00Z")),
            left_at: None,
        }],
        counts: Counts { item_count: 3, deleted_count: 1, days: 2 },
    }
}

/// The page of days and the rows of the lists.
fn listing(chat: Chat<'_>, words: &str) -> String {
    let days = [("2026-03-28", 2), ("2026-04-02", 1)].map(|(day, items)| DayCount { day: on(day), items, deleted: 0 });
    let (mut text, entry) = (Vec::new(), entry(words));
    let listed = ListedConversation { chat, entry: &entry, days: &days, portions: &[None] };
    index::row(&mut text, false, &listed);
    index::row(&mut text, true, &listed);
    index::days(&mut text, &listed, ZONE, crate::archive::formats::ALL);
    String::from_utf8(text).unwrap()
}

/// A shard, as JSON.
fn shard(chat: Chat<'_>, items: &[ItemEntry]) -> Value {
    let mut text = Vec::new();
    search::begin(&mut text);
    search::items(&mut text, &chat, on("2026-03-28"), ZONE, items);
    search::end(&mut text, true);
    let text = String::from_utf8(text).unwrap();
    let array = text.strip_prefix("reading.texts(").unwrap().strip_suffix(",true);\n").unwrap();
    serde_json::from_str(&array.replace(",\n]", "]")).unwrap()
}

/// The markup of a page without its text: what a browser takes for tags.
fn skeleton(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        // Of attributes only the names: values are text, too.
        tags.push(tag.split('"').step_by(2).collect());
        rest = after;
    }
    tags
}

const HOSTILE: &str =
    "</script><script>alert(1)</script><!-- \u{2028}\u{0}\u{202E}'\"`&amp; javascript:alert(1) ]]>\r\n=1+1";

#[test]
fn a_page_shows_threads_edits_and_deletions_in_place() {
    let mut edited = full("t1", "Words");
    edited.parent_id = None;
    let items = [
        item("m1", "2026-03-28T09:00:00Z", "Who has the keys?"),
        item("m2", "2026-03-28T09:01:00Z", "Lunch?"),
        reply("m3", "2026-03-28T09:02:00Z", "I do.", "m1"),
        reply("m4", "2026-03-28T09:03:00Z", "Thanks.", "m3"),
        reply("m5", "2026-03-28T09:04:00Z", "Still open.", "old/1"),
        reply("m6", "2026-03-28T09:05:00Z", "Gone.", "nowhere"),
        edited,
    ];
    let parents = HashMap::from([("old/1".to_owned(), on("2026-03-20"))]);
    let page = page(CHAT, &items, &parents);
    insta::assert_snapshot!(page);
    let mut tally = Tally::default();
    items.iter().for_each(|item| tally.add(&item.id));
    assert_eq!(html::page(&mut page.as_bytes()), Ok(tally));
    assert!(html::page(&mut page.replace("i-m3\"", "i-m7\"").as_bytes()).is_ok_and(|other| other != tally));
    assert!(html::page(&mut &page.as_bytes()[..page.len() - 9]).is_err());
}

#[test]
fn replies_that_answer_one_another_in_a_circle_are_all_shown() {
    let items = [
        reply("a", "2026-03-28T09:00:00Z", "A", "b"),
        reply("b", "2026-03-28T09:01:00Z", "B", "a"),
        reply("c", "2026-03-28T09:02:00Z", "C", "c"),
    ];
    let page = page(CHAT, &items, &HashMap::new());
    assert_eq!(html::page(&mut page.as_bytes()).unwrap().items, 3);
    assert!(page.contains("In reply to <a href=\"#i-b\">an item of this day</a>"));
}

#[test]
fn nothing_that_people_write_becomes_markup() {
    let chat = Chat { name: HOSTILE, ..CHAT };
    let page_of = |words: &str, chat| page(chat, &[full("1", words)], &HashMap::new());
    let hostile = page_of(HOSTILE, chat);
    assert_eq!(skeleton(&hostile), skeleton(&page_of("Words", CHAT)));
    assert!(!hostile.contains(['\0', '\u{202E}']));
    assert!(hostile.contains(
        "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;!-- \u{2028}␀[U+202E]&#39;&quot;`&amp;amp; javascript"
    ));
    assert_eq!(skeleton(&listing(chat, HOSTILE)), skeleton(&listing(CHAT, "Words")));
    insta::assert_snapshot!(listing(CHAT, "Words"));
}

#[test]
fn a_shard_is_one_call_with_strings() {
    let shard = shard(Chat { name: HOSTILE, ..CHAT }, &[full("1", HOSTILE), item("2", "2026-03-28T09:00:00Z", "Hi")]);
    assert_eq!(shard[0][1], "./Team_Chats/Risk%20%26%20_Audit_%20-%2012/2026-03-28.html");
    assert_eq!(shard[0][3][1], serde_json::json!(["i-2", "09:00:00 GMT", "Ana Ruiz", "Hi"]));
    let shown = HOSTILE.replace('\0', "␀").replace('\u{202E}', "[U+202E]");
    assert_eq!(shard[0][0], shown);
    assert_eq!(shard[0][3][0][3].as_str().unwrap().matches(&shown).count(), 6);
    assert_eq!(shard[0][3][0][4], format!("{shown}\n{shown}"));
}

/// The spreadsheet of these items: its rows.
fn table(items: &[ItemEntry]) -> (Vec<u8>, Vec<Vec<String>>) {
    let mut text = Vec::new();
    csv::begin(&mut text, ZONE);
    csv::items(&mut text, ZONE, items);
    let mut rows = Vec::new();
    read::rows(&mut text.as_slice(), &mut |_, row| {
        rows.push(row.to_vec());
        Ok(())
    })
    .unwrap();
    (text, rows)
}

#[test]
fn a_spreadsheet_has_a_row_for_each_item() {
    let (text, rows) = table(&[item("1700000000.000100", "2026-03-29T09:00:00.5Z", "Say \"two\",\nplease")]);
    assert!(text.starts_with(b"\xEF\xBB\xBF\"Conversation id\",\"Conversation\",") && text.ends_with(b"\"\r\n"));
    assert_eq!(rows[0][5], "Time (Europe/London)");
    let expected =
        ["12", "Risk & <Audit>", "'1700000000.000100", "Message", "2026-03-29T09:00:00.500Z", "2026-03-29 10:00:00"];
    assert_eq!(rows[1][..6], expected);
    assert_eq!(rows[1][11], "Say \"two\",\nplease");
    let mut found = Vec::new();
    read::spreadsheet(&mut text.as_slice(), &mut |item| found.push((item.id.to_owned(), item.deleted))).unwrap();
    assert_eq!(found, [("1700000000.000100".to_owned(), false)]);
    let (_, rows) = table(&[full("1", "Words")]);
    insta::assert_snapshot!(
        rows[0].iter().zip(&rows[1]).map(|(column, field)| format!("{column}: {field}\n")).collect::<String>()
    );
}

#[test]
fn a_text_too_long_for_a_field_goes_on_below() {
    let long = "🎉;=".repeat(40_000);
    let (_, rows) = table(&[item("1", "2026-03-28T09:00:00Z", &long), item("2", "2026-03-28T09:00:00Z", "Next")]);
    let texts: Vec<String> = rows[1..].iter().map(|row| restored(&row[11])).collect();
    assert!(rows.iter().all(|row| row[11].encode_utf16().count() <= 32_767));
    assert_eq!(texts[..texts.len() - 1].concat(), long);
    assert_eq!(rows[rows.len() - 2][24], (rows.len() - 2).to_string());
    assert_eq!(rows[rows.len() - 1][24], "1");
}

#[test]
fn what_could_be_a_formula_or_become_a_number_is_guarded() {
    let guarded = |text: &str| table(&[item("1", "2026-03-28T09:00:00Z", text)]).1[1][11].clone();
    for text in [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\nx",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        " =1",
        "\"=1",
        "\u{FEFF}=1",
        "'x",
        "007",
        "1e5",
        "3/4",
        "5 May",
        "12:30",
        "2026-03-01",
        "(5)",
        "TRUE",
        "1700000000.000100",
    ] {
        assert_eq!(guarded(text), format!("'{text}"));
    }
    for text in ["Hello", "2 tickets, please", "", "a=b", "it's", "One\n\nTwo", "Well - no", "5 o'clock"] {
        assert_eq!(guarded(text), text);
    }
    assert_eq!(guarded("x;=1+1"), "x;'=1+1");
    assert_eq!(guarded("List:\n- one\n- two"), "List:\n'- one\n'- two");
}

#[test]
fn other_csv_than_ours_is_refused() {
    let refused = |text: &[u8]| read::rows(&mut &*text, &mut |_, _| Ok(())).is_err();
    assert!(!refused(b"\xEF\xBB\xBF\"a\",\"b\"\r\n"));
    let others: [&[u8]; 6] = [
        b"\"a\"\r\n",
        b"\xEF\xBB\xBF",
        b"\xEF\xBB\xBFa\r\n",
        b"\xEF\xBB\xBF\"a\"\n",
        b"\xEF\xBB\xBF\"a\r\n",
        b"\xEF\xBB\xBF\"a\"b\"\r\n",
    ];
    assert!(others.iter().all(|text| refused(text)));
}

/// Where a program that knows other separators and no quotation marks might begin a field.
fn beginnings(table: &str) -> impl Iterator<Item = &str> {
    table
        .split([',', ';', '\t', '\n', '\r'])
        .map(|field| field.trim_start_matches(|c: char| c.is_whitespace() || c == '"'))
}

proptest! {
    #[test]
    fn any_text_comes_back_from_a_spreadsheet_and_none_is_a_formula(
        text in "\\PC{0,40}|[-=+@;'\"\t\r\n a1\u{0}＝,]{0,24}",
        name in "\\PC{0,12}|[-=+@;'\"\n]{0,6}",
    ) {
        let mut one = item(&name, "2026-03-28T09:00:00Z", &text);
        one.author = Some(person(&name));
        let (table, rows) = table(&[one]);
        prop_assert_eq!(rows.len(), 2);
        prop_assert_eq!(restored(&rows[1][11]), text.replace('\0', "␀"));
        prop_assert_eq!(restored(&rows[1][2]), name.replace('\0', "␀"));
        prop_assert_eq!(restored(&rows[1][6]), name.replace('\0', "␀"));
        // Commas separate nothing where the quotation marks are heeded.
        let table = String::from_utf8(table).unwrap();
        for field in rows[1].iter().map(String::as_str).chain(beginnings(&table.replace(',', "x"))) {
            prop_assert!(!field.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{field:?}");
        }
    }

    #[test]
    fn any_text_leaves_the_markup_as_it_is(text in "\\PC{0,30}|[<>&\"'/!a=\u{0}-\u{1f} -]{0,30}") {
        let chat = Chat { name: &text, ..CHAT };
        let hostile = page(chat, &[full("1", &text)], &HashMap::new());
        // An empty text has no paragraph.
        if !text.is_empty() {
            prop_assert_eq!(skeleton(&hostile), skeleton(&page(CHAT, &[full("1", "x")], &HashMap::new())));
            prop_assert_eq!(skeleton(&listing(chat, &text)), skeleton(&listing(CHAT, "x")));
        }
        prop_assert!(!hostile.contains(|c: char| c.is_control() && c != '\n' && c != '\r' && c != '\t'));
    }

    #[test]
    fn any_text_is_a_string_in_a_shard(text in "\\PC{0,30}|[<>&\"'\\\\/\u{0}-\u{1f}\u{2028}]{0,30}") {
        let found = shard(CHAT, &[item("1", "2026-03-28T09:00:00Z", &text)]);
        let shown: String = text.chars().map(|c| html::visible(c).map_or_else(|| c.to_string(), str::to_owned)).collect();
        prop_assert_eq!(found[0][3][0][3].as_str(), Some(shown.as_str()));
    }
}
