//! The pages that list: `index.html` with what the archive is and all conversations, its further pages, and the pages that
//! list each conversation's people and days.
//!
//! Rows are rendered when a conversation comes, and wait in a file until all are counted: lists have pages of a bounded
//! number of rows, which work without scripts.

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

use super::markup::Html;
use super::paths;
use crate::archive::formats::{Chat, List as Formats, ListedConversation};
use crate::archive::manifest::{Header, Totals};
use crate::archive::records::ConversationEntry;
use crate::format;
use crate::model::{ConversationKind, Timestamp};

/// The lists of conversations, each with pages of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum List {
    /// Teams with items.
    Teams,
    /// Conversations of people with items.
    People,
    /// All that have no item in the range.
    Empty,
}

impl List {
    /// In their order on the page.
    pub const ALL: [Self; 3] = [Self::Teams, Self::People, Self::Empty];

    /// The list that a conversation belongs to.
    #[must_use]
    pub const fn of(kind: ConversationKind, items: u64) -> Self {
        match (items, kind.is_people()) {
            (0, _) => Self::Empty,
            (_, true) => Self::People,
            (_, false) => Self::Teams,
        }
    }

    /// As in the names of its further pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Teams => "teams",
            Self::People => "people",
            Self::Empty => "empty",
        }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Teams => "Teams",
            Self::People => "People and groups",
            Self::Empty => "Nothing posted in this range",
        }
    }

    const fn id(self) -> &'static str {
        match self {
            Self::Teams => "<h2 id=\"teams\">",
            Self::People => "<h2 id=\"people\">",
            Self::Empty => "<h2 id=\"empty\">",
        }
    }
}

/// What the index shows of the whole archive.
#[derive(Clone, Copy)]
pub struct Index<'a> {
    /// Request, account, cut, coverage.
    pub header: &'a Header,
    /// The request's zone.
    pub zone: Tz,
    pub totals: Totals,
    /// The parts that hold texts, the first and the last: where the search finds them.
    pub parts: (i32, i32),
    /// The formats of the archive.
    pub formats: &'a Formats,
}

impl Index<'_> {
    /// Begins `index.html`, which goes on with the first page of each list.
    pub fn begin(&self, text: &mut Vec<u8>) {
        let request = &self.header.request;
        let days = format::day_range(request.first_day, request.last_day);
        let mut html = Html(text);
        html.begin(0, &format!("{}, {days}", self.header.account.name), true);
        html.raw("<header class=\"top\">\n<h1>").name(&self.header.account.name).raw("</h1>\n");
        html.raw("<p class=\"day\">");
        html.raw(if request.filters.is_some() { "Some conversations, " } else { "All conversations, " });
        html.text(&days).raw("</p>\n<p class=\"quiet\">");
        let totals = self.totals;
        for (number, one, many) in [
            (totals.conversations, "conversation, ", "conversations, "),
            (totals.items, "item, ", "items, "),
            (totals.deleted, "of them deleted.", "of them deleted."),
        ] {
            html.text(&count(number, one, many));
        }
        html.raw("</p>\n<dl>\n<dt>Days and times</dt><dd>").text(self.zone.name());
        if let Some(filters) = &request.filters {
            html.raw("</dd>\n<dt>Limited to</dt><dd>");
            let people = filters.people.iter().map(|person| person.name.as_str());
            let chats = filters.conversations.iter().map(|chat| chat.name.as_str());
            for (words, names) in [
                ("conversations with ", people.collect::<Vec<_>>()),
                ("these conversations: ", chats.collect::<Vec<_>>()),
            ] {
                for (index, name) in names.iter().enumerate() {
                    html.raw(if index == 0 { words } else { ", " }).name(name);
                }
                html.raw(if names.is_empty() { "" } else { ". " });
            }
        }
        html.raw("</dd>\n<dt>As it stood at</dt><dd>").instant(self.header.cut, self.zone);
        html.raw("</dd>\n<dt>Requested by</dt><dd>").name(&request.requested_by.name).raw(" on ");
        html.instant(request.requested_at, self.zone).raw("</dd>\n<dt>Deleted messages</dt><dd>");
        let gaps = &self.header.coverage.gaps;
        for gap in gaps {
            html.raw("Not kept from ").instant(gap.from, self.zone).raw(" to ").instant(gap.to, self.zone).raw(". ");
        }
        html.raw(match (gaps.is_empty(), self.header.coverage.captured.is_empty()) {
            (true, _) => "Kept throughout, and marked.</dd>\n",
            (false, false) => "Kept at all other times, and marked.</dd>\n",
            (false, true) => "Those deleted later are kept, and marked.</dd>\n",
        });
        for pointer in self.formats.iter().filter_map(|format| format.about().pointer.as_ref()) {
            html.raw("<dt>").raw(pointer.title).raw("</dt><dd>").link(0, pointer.file, None);
            html.raw(pointer.file).raw("</a>").raw(pointer.words).raw("</dd>\n");
        }
        html.raw("</dl>\n<p class=\"quiet\">This is a copy for reading. The JSON files beside it are the record, and ");
        html.raw("<code>SHA256SUMS</code> vouches for both.</p>\n</header>\n<main>\n");
        html.raw("<form id=\"search\" role=\"search\" hidden data-first=\"").text(&self.parts.0.to_string());
        html.raw("\" data-last=\"").text(&self.parts.1.to_string());
        html.raw("\" data-items=\"").text(&totals.items.to_string());
        html.raw("\">\n<label for=\"words\">Search names and texts</label>\n<div class=\"pair\">");
        html.raw(
            "<input id=\"words\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"how\">",
        );
        html.raw("<button>Search</button><button type=\"button\" id=\"stop\" hidden>Stop</button></div>\n<p class=\"quiet\" ");
        html.raw("id=\"how\">Every word must be found; “in quotation marks” as they stand. Earlier and deleted texts ");
        html.raw(
            "are searched, too.</p>\n</form>\n<noscript><p class=\"quiet\">The search needs JavaScript; the lists ",
        );
        html.raw("do without.</p></noscript>\n<p id=\"progress\" role=\"status\"></p>\n<div id=\"found\"></div>\n");
    }

    /// Begins a list on `index.html`, of so many conversations.
    pub fn begin_list(text: &mut Vec<u8>, list: List, length: u64) {
        let mut html = Html(text);
        html.raw("<section>\n").raw(list.id()).raw(list.heading()).raw(" <span class=\"quiet\">");
        html.text(&count(length, "conversation", "conversations")).raw("</span></h2>\n");
        html.raw(if length == 0 { "<p class=\"quiet\">None.</p>\n" } else { "<ul class=\"chats\">\n" });
    }

    /// Ends page `number` of a list of so many conversations, on whatever page it stands.
    pub fn end_list(text: &mut Vec<u8>, list: List, number: u64, length: u64) {
        let mut html = Html(text);
        let (up, last) = (usize::from(number > 1), length.div_ceil(paths::ROWS_PER_PAGE).max(1));
        html.raw(if length == 0 { "" } else { "</ul>\n" });
        if last > 1 {
            html.raw("<nav class=\"pages\" aria-label=\"Pages of this list\">Page ");
            // Of many pages only those around this one, the first and the last.
            let mut before = 0;
            for page in (1..=last).filter(|page| *page == 1 || *page == last || page.abs_diff(number) <= 5) {
                html.raw(if page > before + 1 { "… " } else { "" });
                before = page;
                if page == number {
                    html.raw("<strong aria-current=\"page\">").text(&page.to_string()).raw("</strong> ");
                } else {
                    let place = (page == 1).then_some(list.name());
                    html.link(up, &paths::list_page(list.name(), page), place).text(&page.to_string()).raw("</a> ");
                }
            }
            html.raw("</nav>\n");
        }
        html.raw("</section>\n");
    }

    /// Begins a further page of a list.
    pub fn begin_page(&self, text: &mut Vec<u8>, list: List, number: u64) {
        let mut html = Html(text);
        html.begin(1, &format!("{}, page {number} – {}", list.heading(), self.header.account.name), false);
        html.raw("<header class=\"top\">\n<nav aria-label=\"Archive\">").link(1, paths::INDEX, None);
        html.raw("All conversations</a></nav>\n<h1>").name(&self.header.account.name).raw("</h1>\n</header>\n<main>\n");
        html.raw("<section>\n<h2>").raw(list.heading()).raw("</h2>\n<ul class=\"chats\">\n");
    }

    /// Ends a page.
    pub fn end(text: &mut Vec<u8>) {
        text.extend_from_slice(b"</main>\n</body>\n</html>\n");
    }
}

/// The row of a conversation, as it stands on the first page of its list and as it stands on a further one, which lies elsewhere.
pub fn row(text: &mut Vec<u8>, further: bool, listed: &ListedConversation<'_>) {
    let ListedConversation { chat, entry, days, .. } = *listed;
    let mut html = Html(text);
    html.raw("<li>").link(usize::from(further), &paths::days_page(chat.rank), Some(&format!("c{}", chat.id)));
    html.name(if chat.name.trim().is_empty() { "(no name)" } else { chat.name }).raw("</a> ");
    if entry.kind == ConversationKind::Team {
        html.raw(if entry.public == Some(true) { "<span class=\"tag\">Public</span> " } else { "" });
    } else {
        html.raw("<span class=\"tag\">").raw(kind_words(entry.kind)).raw("</span> ");
    }
    let counts = entry.counts;
    if let (Some(first), Some(last)) = (days.first(), days.last()) {
        html.raw("<span class=\"facts\">").text(&count(counts.item_count, "item", "items"));
        if counts.deleted_count > 0 {
            html.raw(", ").text(&count(counts.deleted_count, "deleted", "deleted"));
        }
        html.raw(" · ").text(&format::day_range(first.day, last.day)).raw("</span>");
    }
    html.raw("</li>\n");
}

/// Begins a page of days.
pub fn begin_days(text: &mut Vec<u8>, header: &Header) {
    let mut html = Html(text);
    html.begin(1, &format!("Conversations and their days – {}", header.account.name), false);
    html.raw("<header class=\"top\">\n<nav aria-label=\"Archive\">").link(1, paths::INDEX, None);
    html.raw("All conversations</a></nav>\n<h1>Conversations and their days</h1>\n</header>\n<main>\n");
}

/// A conversation on a page of days: about it, its people, its days, and its files of the other `formats`.
pub fn days(text: &mut Vec<u8>, listed: &ListedConversation<'_>, zone: Tz, formats: &Formats) {
    let ListedConversation { chat, entry, days, portions } = *listed;
    let mut html = Html(text);
    html.raw("<section class=\"chat\" id=\"c")
        .text(&chat.id.to_string())
        .raw("\">\n<h2>")
        .name(chat.name)
        .raw("</h2>\n");
    html.raw("<p class=\"quiet\">").raw(kind_words(entry.kind));
    html.raw(match entry.public {
        Some(true) => ", public",
        Some(false) => ", private",
        None => "",
    });
    html.raw(", owned by ").name(&entry.owner.name);
    if let Some(at) = entry.created_at {
        html.raw(", started ").instant(at, zone);
    } else if entry.started_by.is_some() {
        html.raw(", started");
    }
    if let Some(starter) = &entry.started_by {
        html.raw(" by ").name(&starter.name);
    }
    if let Some(at) = entry.archived_at {
        html.raw(", archived ").instant(at, zone);
    }
    html.raw(". ");
    let counts = entry.counts;
    if counts.item_count == 0 {
        html.raw("Nothing was posted in this range.</p>\n");
    } else {
        html.text(&count(counts.item_count, "item", "items")).raw(" in this range, ");
        html.text(&count(counts.deleted_count, "deleted", "deleted")).raw(".</p>\n");
    }
    people(&mut html, entry, zone);
    let mut month = None;
    for count in days {
        let this = (count.day.year(), count.day.month());
        if month != Some(this) {
            html.raw(if month.is_some() { "</ul>\n<h3>" } else { "<h3>" });
            html.text(&count.day.format("%B %Y").to_string()).raw("</h3>\n<ul class=\"days\">\n");
            month = Some(this);
        }
        day(&mut html, &chat, count.day, count.items);
    }
    html.raw(if month.is_some() { "</ul>\n" } else { "" });
    for format in formats {
        let Some(pointer) = &format.about().pointer else { continue };
        for path in format.files_of(chat.folder, portions) {
            html.raw("<p class=\"quiet\">").raw(pointer.one).raw(": ").link(1, &path, None);
            html.name(path.rsplit('/').next().unwrap_or(&path)).raw("</a></p>\n");
        }
    }
    html.raw("</section>\n");
}

fn people(html: &mut Html<'_>, entry: &ConversationEntry, zone: Tz) {
    if entry.members.is_empty() {
        return;
    }
    html.raw("<details><summary>People, present and past</summary>\n<ul>\n");
    for member in &entry.members {
        html.raw("<li>").name(&member.person.name);
        if let Some(email) = &member.person.email {
            html.raw(", ").name(email);
        }
        html.raw(" <span class=\"quiet\">").name(&member.person.account);
        let mut moment = |words: &'static str, at: Option<Timestamp>| {
            if let Some(at) = at {
                html.raw(words).instant(at, zone);
            }
        };
        moment(", joined ", member.joined_at);
        moment(", left ", member.left_at);
        html.raw("</span></li>\n");
    }
    html.raw("</ul>\n</details>\n");
}

fn day(html: &mut Html<'_>, chat: &Chat<'_>, day: NaiveDate, items: u64) {
    html.raw("<li>").link(1, &paths::day_page(chat.folder, day), None);
    html.day(day, &day.format("%a %-d").to_string()).raw("</a> <span class=\"quiet\">");
    html.text(&count(items, "item", "items")).raw("</span></li>\n");
}

/// Ends a page of days.
pub fn end_days(text: &mut Vec<u8>) {
    Index::end(text);
}

const fn kind_words(kind: ConversationKind) -> &'static str {
    match kind {
        ConversationKind::Personal => "Notes to oneself",
        ConversationKind::Direct => "One to one",
        ConversationKind::Group => "Group",
        ConversationKind::Team => "Team",
    }
}

fn count(number: u64, one: &str, many: &str) -> String {
    format::count(number, one, many)
}
