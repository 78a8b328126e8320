//! Spreadsheets: CSV in the dialect that Excel and LibreOffice open by a double click. UTF-8 with a byte order mark, commas,
//! every field in quotation marks, lines that end in CR LF. By hand: guards and quotation marks are set in one pass over a text,
//! of which the crate `csv` would make a guarded copy first.
//!
//! Spreadsheets take a field that begins with `=`, `+`, `-`, `@` and some others for a formula, and run it. And one whose
//! separator is the semicolon (in much of Europe) begins a new field wherever a text has a `;` or a new line. So a `'` is put
//! before whatever could begin a field and be taken for more than text; and before a `'` that stood there already, so that
//! nothing is lost: [`restored`] gives the text back. A text that would be changed into a number or a date gets one as well.

use chrono_tz::Tz;

use crate::archive::records::{ConversationEntry, ItemEntry};
use crate::format;
use crate::model::Timestamp;

/// Excel takes no more UTF-16 units in a field (32,767): longer texts go on in rows below.
const FIELD: usize = 32_000;
/// A text that is longer is no number and no date.
const NUMBER: usize = 40;
/// Characters that are looked at for the beginning of a formula.
const AHEAD: usize = 64;

/// The columns of a conversation's spreadsheet; the time's is followed by the zone's name.
const COLUMNS: [&str; 25] = [
    "Conversation id",
    "Conversation",
    "Item id",
    "Type",
    "Time (UTC)",
    "Time",
    "Author",
    "Author's email",
    "Author's company",
    "Reply to",
    "Title",
    "Text",
    "Files",
    "Edits",
    "Before the edits",
    "Deleted (UTC)",
    "Deleted by",
    "Status",
    "Assigned to",
    "Due (UTC)",
    "Starts (UTC)",
    "Ends (UTC)",
    "All day",
    "Location",
    "Row of the item",
];
/// Where `verify` finds what it compares.
pub(super) const CONVERSATION_COLUMN: usize = 0;
pub(super) const ITEM_COLUMN: usize = 2;
pub(super) const TIME_COLUMN: usize = 4;
pub(super) const DELETED_COLUMN: usize = 15;
pub(super) const ROW_COLUMN: usize = 24;
pub(super) const WIDTH: usize = COLUMNS.len();

/// The byte order mark, by which Excel knows UTF-8.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Begins a conversation's spreadsheet.
pub fn begin(text: &mut Vec<u8>, zone: Tz) {
    text.extend_from_slice(MARK);
    let mut row = Row::new(text);
    for column in COLUMNS {
        if column == "Time" {
            row.plain(&format!("Time ({})", zone.name()))
        } else {
            row.plain(column)
        };
    }
    row.end();
}

/// Items of a conversation: a row for each, and further rows for what is too long for one.
pub fn items(text: &mut Vec<u8>, zone: Tz, items: &[ItemEntry]) {
    for item in items {
        let before = before(item, zone);
        let files = files(item);
        let assignees: Vec<&str> = item.assignees.iter().map(|assignee| assignee.name.as_str()).collect();
        let assignees = assignees.join("\n");
        let mut long = [
            Chunks(item.title.as_deref().unwrap_or_default()),
            Chunks(item.text.as_deref().unwrap_or_default()),
            Chunks(&files),
            Chunks(&before),
            Chunks(&assignees),
            Chunks(item.location.as_deref().unwrap_or_default()),
        ];
        for number in 1.. {
            let [title, words, files, before, assignees, location] = long.each_mut().map(Chunks::take);
            let mut row = Row::new(text);
            row.plain(&item.conversation.id.to_string()).text(&item.conversation.name).text(&item.id);
            row.plain(item.kind().as_str()).time(Some(item.created_at)).plain(&local(item.created_at, zone));
            match &item.author {
                Some(author) => {
                    row.text(&author.name).text(author.email.as_deref().unwrap_or_default()).text(&author.account)
                }
                None => row.plain("").plain("").plain(""),
            };
            row.text(item.parent_id.as_deref().unwrap_or_default()).text(title).text(words).text(files);
            row.plain(&item.edits().len().to_string()).text(before);
            row.time(item.deleted.as_ref().map(|deleted| deleted.at));
            let by = item.deleted.as_ref().and_then(|deleted| deleted.by.as_deref());
            row.text(by.map_or("", |by| &by.name));
            row.plain(item.status.map_or("", |status| status.as_str())).text(assignees);
            row.time(item.due_at).time(item.starts_at).time(item.ends_at);
            row.plain(item.all_day.map_or("", |all_day| if all_day { "yes" } else { "no" })).text(location);
            row.plain(&number.to_string());
            row.end();
            if long.iter().all(|chunks| chunks.0.is_empty()) {
                break;
            }
        }
    }
}

/// Begins the table of all conversations.
pub fn begin_conversations(text: &mut Vec<u8>) {
    text.extend_from_slice(MARK);
    let mut row = Row::new(text);
    for column in [
        "Conversation id",
        "Type",
        "Name",
        "Folder",
        "Owner",
        "Items",
        "Deleted",
        "Days",
        "Created (UTC)",
        "Archived (UTC)",
        "People",
    ] {
        row.plain(column);
    }
    row.end();
}

/// A row of the table of all conversations; further rows for people that are too many for one.
pub fn conversation(text: &mut Vec<u8>, name: &str, entry: &ConversationEntry) {
    let mut people: Vec<&str> = Vec::new();
    let mut last = None;
    for member in &entry.members {
        if last != Some(member.person.id) {
            people.push(&member.person.name);
            last = Some(member.person.id);
        }
    }
    let people = people.join("\n");
    let mut people = Chunks(&people);
    loop {
        let some = people.take();
        let mut row = Row::new(text);
        row.plain(&entry.id.to_string())
            .plain(entry.kind.as_str())
            .text(name)
            .text(&entry.folder)
            .text(&entry.owner.name);
        for count in [entry.counts.item_count, entry.counts.deleted_count, entry.counts.days] {
            row.plain(&count.to_string());
        }
        row.time(entry.created_at).time(entry.archived_at).text(some);
        row.end();
        if people.0.is_empty() {
            return;
        }
    }
}

/// A time that spreadsheets understand, by the clocks of the zone.
fn local(at: Timestamp, zone: Tz) -> String {
    at.to_utc().with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

fn before(item: &ItemEntry, zone: Tz) -> String {
    let mut before = String::new();
    for edit in item.edits() {
        if !before.is_empty() {
            before.push('\n');
        }
        before += &format!("[Before {}", local(edit.edited_at, zone));
        if let Some(editor) = &edit.editor {
            before += &format!(", by {}", editor.name);
        }
        before += "] ";
        if let Some(title) = &edit.title_before {
            before += title;
            before.push('\n');
        }
        before += edit.text_before.as_deref().unwrap_or("(not known)");
    }
    before
}

fn files(item: &ItemEntry) -> String {
    let mut files = String::new();
    for file in &item.attachments {
        if !files.is_empty() {
            files.push('\n');
        }
        files += &file.name;
        if let Some(kind) = &file.media_type {
            files += &format!(", {kind}");
        }
        if let Some(size) = file.size {
            files += &format!(", {}", format::size(size));
        }
    }
    files
}

/// A text of which as much is taken at a time as a field holds.
struct Chunks<'a>(&'a str);

impl<'a> Chunks<'a> {
    fn take(&mut self) -> &'a str {
        let mut units = 0;
        let end = self.0.char_indices().find_map(|(at, character)| {
            // A guard may come after what separates fields.
            units += character.len_utf16() + usize::from(separates(character));
            (units > FIELD).then_some(at)
        });
        let (chunk, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        chunk
    }
}

/// A row being written.
struct Row<'a> {
    text: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Row<'a> {
    const fn new(text: &'a mut Vec<u8>) -> Self {
        Self { text, first: true }
    }

    fn comma(&mut self) {
        if !self.first {
            self.text.push(b',');
        }
        self.first = false;
    }

    /// A field of ours.
    fn plain(&mut self, field: &str) -> &mut Self {
        self.comma();
        self.text.push(b'"');
        self.text.extend_from_slice(field.as_bytes());
        self.text.push(b'"');
        self
    }

    /// A time in UTC, as the JSON has it.
    fn time(&mut self, at: Option<Timestamp>) -> &mut Self {
        self.plain(&at.map_or_else(String::new, |at| at.to_string()))
    }

    /// A field of anyone.
    fn text(&mut self, field: &str) -> &mut Self {
        self.comma();
        self.text.push(b'"');
        if looks_like_a_number(field) {
            self.text.push(b'\'');
        }
        let (mut begins, mut plain) = (true, 0);
        for (at, character) in field.char_indices() {
            let guard = begins && needs_guard(field.get(at..).unwrap_or_default(), at == 0);
            begins = separates(character);
            // Programs end a field where they read a NUL.
            let nul = character == '\0';
            if guard || nul || character == '"' {
                self.text.extend_from_slice(field.get(plain..at).unwrap_or_default().as_bytes());
                if guard {
                    self.text.push(b'\'');
                }
                if character == '"' {
                    self.text.push(b'"');
                }
                plain = at;
            }
            if nul {
                self.text.extend_from_slice("␀".as_bytes());
                plain = at + 1;
            }
        }
        self.text.extend_from_slice(field.get(plain..).unwrap_or_default().as_bytes());
        self.text.push(b'"');
        self
    }

    fn end(self) {
        self.text.extend_from_slice(b"\r\n");
    }
}

/// Whether what could begin a field here, and is the `first` of it or not, could be taken for a formula, or for guarded text.
/// Blanks, quotation marks and what can't be seen do not help a formula: some programs drop them first.
fn needs_guard(rest: &str, first: bool) -> bool {
    if rest.starts_with('\'') || (first && rest.starts_with(['\t', '\r', '\n'])) {
        return true;
    }
    let hidden = |character: &char| {
        character.is_whitespace()
            || character.is_control()
            || matches!(character, '"' | '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    // Only so far is looked ahead: a text of nothing but blank lines must not be read to its end at each of them.
    let mut characters = rest.chars();
    match characters.by_ref().take(AHEAD).find(|character| !hidden(character)) {
        Some(found) => is_formula(found),
        None => characters.next().is_some(),
    }
}

/// After which a program with other settings may begin a field.
const fn separates(character: char) -> bool {
    matches!(character, ';' | '\t' | '\n' | '\r')
}

/// OWASP's list, with the full-width and small forms that some input methods and programs take for the same.
const fn is_formula(first: char) -> bool {
    matches!(first, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫' | '\u{2212}')
}

/// Whether a spreadsheet would make something else of a text: `007`, `1e5`, `3/4`, `5 May`, `1700000000.000100`.
fn looks_like_a_number(field: &str) -> bool {
    const WORDS: [&str; 7] = ["e", "am", "pm", "t", "z", "true", "false"];
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = field.trim().to_ascii_lowercase();
    if field.len() > NUMBER || !(lower.contains(|c: char| c.is_numeric()) || lower == "true" || lower == "false") {
        return false;
    }
    let words = lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    let known = |word: &str| {
        let month = word.get(..3).is_some_and(|start| MONTHS.contains(&start)) && word.len() < 10;
        month || WORDS.contains(&word)
    };
    words.into_iter().all(known) && !needs_guard(field, true)
}

/// The text of which a field of anyone was made, but for a NUL, instead of which it shows `␀`.
#[must_use]
pub fn restored(field: &str) -> String {
    let (mut text, mut begins) = (String::with_capacity(field.len()), true);
    for character in field.chars() {
        let guard = begins && character == '\'';
        begins = !guard && separates(character);
        if !guard {
            text.push(character);
        }
    }
    text
}
