//! The page of a day of a conversation: its items with their edits and deletions, replies below what they reply to.
//!
//! A long day comes in chunks, as its JSON does. A reply stands below its parent if that is in the same chunk and came before
//! it; otherwise it says where its parent is.

use std::collections::HashMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::markup::Html;
use super::paths;
use crate::archive::formats::{Chat, anchor};
use crate::archive::records::{ItemEntry, Person};
use crate::format;
use crate::model::{ItemKind, TaskStatus};

/// Where the pages of days lie below the top folder.
const UP: usize = 2;
/// With this begins each item and nothing else on a page, so that items can be counted.
pub(super) const ITEM: &str = "<li id=\"";

/// A day of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Day<'a> {
    pub chat: Chat<'a>,
    pub day: NaiveDate,
    /// The zone whose day it is, and by whose clocks times are shown.
    pub zone: Tz,
    /// The day with items before it, where known.
    pub previous: Option<NaiveDate>,
    /// The day with items after it, where known.
    pub next: Option<NaiveDate>,
}

impl Day<'_> {
    /// Begins the page.
    pub fn begin(&self, text: &mut Vec<u8>) {
        let mut html = Html(text);
        html.begin(UP, &format!("{} – {}", format::day(self.day), self.chat.name), false);
        html.raw("<header class=\"top\">\n");
        html.raw("<nav aria-label=\"Archive\">").link(UP, paths::INDEX, None).raw("All conversations</a> ");
        self.all_days(&mut html);
        html.raw("</nav>\n<h1>").name(self.chat.name).raw("</h1>\n<p class=\"day\">");
        html.day(self.day, &format::long_day(self.day)).raw("</p>\n<p class=\"quiet\">Times are those of ");
        html.text(self.zone.name()).raw(".</p>\n");
        self.neighbours(&mut html, "<nav aria-label=\"Days\">");
        html.raw("</header>\n<main>\n<ol class=\"items\">\n");
    }

    /// Ends the page.
    pub fn end(&self, text: &mut Vec<u8>) {
        let mut html = Html(text);
        html.raw("</ol>\n</main>\n<footer>\n");
        self.neighbours(&mut html, "<nav aria-label=\"Days, again\">");
        html.raw("</footer>\n</body>\n</html>\n");
    }

    fn all_days(&self, html: &mut Html<'_>) {
        html.link(UP, &paths::days_page(self.chat.rank), Some(&format!("c{}", self.chat.id)));
        html.raw("All days of this conversation</a>");
    }

    fn neighbours(&self, html: &mut Html<'_>, begin: &'static str) {
        if self.previous.is_none() && self.next.is_none() {
            return;
        }
        html.raw(begin);
        for (day, words) in [(self.previous, "← "), (self.next, "")] {
            if let Some(day) = day {
                html.link(UP, &paths::day_page(self.chat.folder, day), None).raw(words).text(&format::day(day));
                html.raw(if words.is_empty() { " →</a> " } else { "</a> " });
            }
        }
        html.raw("</nav>\n");
    }

    /// The items of the day, or a chunk of them. `parents` returns the days of those that they reply to and that are not
    /// among them, if they are in the archive.
    pub fn items(&self, text: &mut Vec<u8>, items: &[ItemEntry], parents: &HashMap<String, NaiveDate>) {
        let mut places: HashMap<&str, usize> = HashMap::with_capacity(items.len());
        // The item below which each stands: itself, if it begins a thread.
        let mut roots: Vec<usize> = Vec::with_capacity(items.len());
        let mut replies: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            let parent = item.parent_id.as_deref().and_then(|parent| places.get(parent).copied());
            let root = parent.and_then(|parent| roots.get(parent).copied()).unwrap_or(index);
            roots.push(root);
            if root != index {
                replies.entry(root).or_default().push(index);
            }
            places.insert(&item.id, index);
        }
        let mut html = Html(text);
        for (index, item) in items.iter().enumerate() {
            if roots.get(index) != Some(&index) {
                continue;
            }
            let on_page = |parent: &str| places.contains_key(parent);
            self.item(&mut html, item, None, &on_page, parents);
            if let Some(replies) = replies.get(&index) {
                html.raw("<ol class=\"replies\">\n");
                for reply in replies.iter().filter_map(|reply| items.get(*reply)) {
                    self.item(&mut html, reply, Some(&item.id), &on_page, parents);
                    html.raw("</li>\n");
                }
                html.raw("</ol>\n");
            }
            html.raw("</li>\n");
        }
    }

    /// An item, but for its end; `below` is the id of the one below which it stands.
    fn item(
        &self,
        html: &mut Html<'_>,
        item: &ItemEntry,
        below: Option<&str>,
        on_page: &dyn Fn(&str) -> bool,
        parents: &HashMap<String, NaiveDate>,
    ) {
        html.raw(ITEM).text(&anchor(&item.id));
        html.raw(if item.deleted.is_some() { "\" class=\"deleted\">\n" } else { "\">\n" });
        html.raw("<p class=\"by\">");
        match &item.author {
            Some(author) => person(html, author),
            None => html.raw("<b>Unknown author</b>"),
        };
        html.raw(" ").raw("<a class=\"at\" href=\"#").text(&anchor(&item.id)).raw("\">");
        html.time(item.created_at, &format::exact_time(item.created_at, self.zone)).raw("</a>");
        if item.kind() != ItemKind::Message {
            html.raw(" <span class=\"tag\">").text(item.kind().as_str()).raw("</span>");
        }
        html.raw("</p>\n");
        if let Some(parent) = item.parent_id.as_deref().filter(|parent| below != Some(*parent)) {
            self.parent(html, parent, on_page(parent), parents);
        }
        if let Some(title) = &item.title {
            html.raw("<p class=\"title\" dir=\"auto\">").text(title).raw("</p>\n");
        }
        match &item.text {
            Some(text) if !text.is_empty() => html.raw("<p class=\"text\" dir=\"auto\">").text(text).raw("</p>\n"),
            Some(_) => html,
            None => html.raw("<p class=\"quiet\">The text is not known.</p>\n"),
        };
        self.facts(html, item);
        for file in &item.attachments {
            html.raw("<p class=\"file\">File, not included: ").name(&file.name);
            if let Some(kind) = &file.media_type {
                html.raw(", ").name(kind);
            }
            if let Some(size) = file.size {
                html.raw(", ").text(&format::size(size));
            }
            html.raw("</p>\n");
        }
        self.history(html, item);
    }

    fn parent(&self, html: &mut Html<'_>, parent: &str, on_page: bool, parents: &HashMap<String, NaiveDate>) {
        html.raw("<p class=\"quiet\">");
        let anchor = anchor(parent);
        let day = if on_page { Some(self.day) } else { parents.get(parent).copied() };
        match day {
            Some(day) if day == self.day => {
                html.raw("In reply to <a href=\"#").text(&anchor).raw("\">an item of this day</a>.");
            }
            Some(day) => {
                html.raw("In reply to ").link(UP, &paths::day_page(self.chat.folder, day), Some(&anchor));
                html.raw("an item of ").text(&format::day(day)).raw("</a>.");
            }
            None => {
                html.raw("In reply to an item that is not in this archive (").name(parent).raw(").");
            }
        }
        html.raw("</p>\n");
    }

    /// What only tasks and events have.
    fn facts(&self, html: &mut Html<'_>, item: &ItemEntry) {
        if let Some(status) = item.status {
            html.raw("<p class=\"fact\">Status: ").raw(status_words(status)).raw("</p>\n");
        }
        if !item.assignees.is_empty() {
            html.raw("<p class=\"fact\">Assigned to ");
            for (index, assignee) in item.assignees.iter().enumerate() {
                html.raw(if index == 0 { "" } else { ", " }).name(&assignee.name);
            }
            html.raw("</p>\n");
        }
        if let Some(due) = item.due_at {
            html.raw("<p class=\"fact\">Due ").instant(due, self.zone).raw("</p>\n");
        }
        if let Some(starts) = item.starts_at {
            html.raw("<p class=\"fact\">From ").instant(starts, self.zone);
            if let Some(ends) = item.ends_at {
                html.raw(" to ").instant(ends, self.zone);
            }
            html.raw(if item.all_day == Some(true) { ", all day</p>\n" } else { "</p>\n" });
        }
        if let Some(location) = &item.location {
            html.raw("<p class=\"fact\">At ").name(location).raw("</p>\n");
        }
    }

    /// Its edit log, and its deletion.
    fn history(&self, html: &mut Html<'_>, item: &ItemEntry) {
        if !item.edits().is_empty() {
            html.raw("<ol class=\"edits\">\n");
        }
        for edit in item.edits() {
            html.raw("<li><p>Edited ").instant(edit.edited_at, self.zone);
            if let Some(editor) = &edit.editor {
                html.raw(" by ").name(&editor.name);
            }
            html.raw(". Before:</p>\n");
            if let Some(title) = &edit.title_before {
                html.raw("<p class=\"title\" dir=\"auto\">").text(title).raw("</p>\n");
            }
            match &edit.text_before {
                Some(text) => html.raw("<p class=\"text\" dir=\"auto\">").text(text).raw("</p></li>\n"),
                None => html.raw("<p class=\"quiet\">The text is not known.</p></li>\n"),
            };
        }
        if !item.edits().is_empty() {
            html.raw("</ol>\n");
        }
        if let Some(deleted) = &item.deleted {
            html.raw("<p class=\"deletion\">Deleted ").instant(deleted.at, self.zone);
            if let Some(by) = &deleted.by {
                html.raw(" by ").name(&by.name);
            }
            html.raw("</p>\n");
        }
    }
}

fn person<'a, 'b>(html: &'a mut Html<'b>, person: &Person) -> &'a mut Html<'b> {
    html.raw("<b>").name(&person.name).raw("</b>");
    if person.bot {
        html.raw(" <span class=\"tag\">Bot</span>");
    }
    html.raw(" <span class=\"quiet\">").name(&person.account).raw("</span>")
}

const fn status_words(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Pending => "not begun",
        TaskStatus::InProgress => "in progress",
        TaskStatus::Completed => "done",
    }
}
