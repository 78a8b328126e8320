//! What the search reads: scripts, because a page that was opened from a disk may load no other file.
//!
//! Each shard calls a function of `Reading/search.js` with its records, which the page looks through and forgets, one shard
//! after the other. They follow one another by number, and the last one of a part says that it is the last: so no part
//! need know of another's. Everything of anyone is a string of JSON, which is a string of JavaScript too.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::{markup, paths};
use crate::archive::formats::{Chat, anchor};
use crate::archive::records::ItemEntry;
use crate::format;

/// Bytes from which on a shard is full.
pub const SHARD: u64 = 1 << 20;
/// Bytes that an item or an edit has there beside its texts.
pub const RECORD: u64 = 100;

/// Begins a shard of texts.
pub fn begin(text: &mut Vec<u8>) {
    text.extend_from_slice(b"reading.texts([\n");
}

/// Begins a shard of names.
pub fn begin_names(text: &mut Vec<u8>) {
    text.extend_from_slice(b"reading.names([\n");
}

/// Ends a shard, which is the `last` of its part or not.
pub fn end(text: &mut Vec<u8>, last: bool) {
    text.extend_from_slice(if last { b"],true);\n" } else { b"],false);\n" });
}

/// Items of a day: the conversation's name, the page's address, the day in words, and each item with the name of its place,
/// its time, its author and all that can be found in it.
pub fn items(text: &mut Vec<u8>, chat: &Chat<'_>, day: NaiveDate, zone: Tz, items: &[ItemEntry]) {
    text.push(b'[');
    string(text, chat.name);
    text.push(b',');
    string(text, &paths::address(0, &paths::day_page(chat.folder, day)));
    text.push(b',');
    string(text, &format::day(day));
    text.extend_from_slice(b",[");
    for item in items {
        text.push(b'[');
        string(text, &anchor(&item.id));
        text.push(b',');
        string(text, &format::exact_time(item.created_at, zone));
        text.push(b',');
        string(text, item.author.as_ref().map_or("", |author| &author.name));
        text.push(b',');
        let now = [item.title.as_deref(), item.text.as_deref(), item.location.as_deref()];
        let files = item.attachments.iter().map(|file| file.name.as_str());
        let assignees = item.assignees.iter().map(|assignee| assignee.name.as_str());
        strings(text, now.into_iter().flatten().chain(files).chain(assignees));
        let before = item.edits().iter().flat_map(|edit| [edit.title_before.as_deref(), edit.text_before.as_deref()]);
        let mut before = before.flatten().peekable();
        if before.peek().is_some() {
            text.push(b',');
            strings(text, before);
        }
        text.extend_from_slice(b"],\n");
    }
    text.extend_from_slice(b"]],\n");
}

/// A conversation: its name, the address of its days, how many items it has, and the names of its people.
pub fn names<'a>(text: &mut Vec<u8>, chat: &Chat<'_>, items: u64, people: impl Iterator<Item = &'a str>) {
    text.push(b'[');
    string(text, chat.name);
    text.push(b',');
    string(text, &format!("{}#c{}", paths::address(0, &paths::days_page(chat.rank)), chat.id));
    text.push(b',');
    text.extend_from_slice(items.to_string().as_bytes());
    text.push(b',');
    strings(text, people);
    text.extend_from_slice(b"],\n");
}

/// Texts as one string, each on lines of its own.
fn strings<'a>(text: &mut Vec<u8>, parts: impl Iterator<Item = &'a str>) {
    text.push(b'"');
    for (index, part) in parts.filter(|part| !part.is_empty()).enumerate() {
        if index > 0 {
            text.extend_from_slice(b"\\n");
        }
        escape(text, part);
    }
    text.push(b'"');
}

fn string(text: &mut Vec<u8>, value: &str) {
    text.push(b'"');
    escape(text, value);
    text.push(b'"');
}

/// What may stand between quotation marks in JSON, in every version of JavaScript, and in a page.
fn escape(text: &mut Vec<u8>, value: &str) {
    let mut plain = 0;
    for (at, character) in value.char_indices() {
        let escaped = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '<' => "\\u003c",
            '>' => "\\u003e",
            '&' => "\\u0026",
            '\u{2028}' => "\\u2028",
            '\u{2029}' => "\\u2029",
            _ => match markup::visible(character) {
                Some(shown) => shown,
                None => continue,
            },
        };
        text.extend_from_slice(value.get(plain..at).unwrap_or_default().as_bytes());
        text.extend_from_slice(escaped.as_bytes());
        plain = at + character.len_utf8();
    }
    text.extend_from_slice(value.get(plain..).unwrap_or_default().as_bytes());
}
