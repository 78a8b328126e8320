//! What has been read and written so far, counted; and the comparison with the plan, by conversation and day.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::records::Folder;
use crate::error::{Error, Result};
use crate::exports::contents::Reader;
use crate::exports::rules::completeness::{self, Counts, Difference};
use crate::exports::rules::slices::{DayCount, Slice};
use crate::exports::rules::summary::{ConversationCounts, KindCounts};
use crate::model::ConversationId;

/// A fact to be counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tick {
    /// A conversation's folder.
    Folder(ConversationId),
    /// So many more items of a day, and so many of them deleted.
    Items(ConversationId, NaiveDate, u32, u32),
    /// A conversation's items, those that [`Tick::Items`] counts, by kind; none with its folder, so that every conversation
    /// has its kind. These are counted as they are written only.
    Kinds(ConversationCounts),
}

/// Facts, added up: what was read and what was written must come to the same.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Sums {
    folders: u64,
    items: u64,
    deleted: u64,
}

impl Sums {
    pub(super) fn count(&mut self, tick: Tick) {
        match tick {
            Tick::Folder(_) => self.folders += 1,
            Tick::Items(_, _, items, deleted) => {
                self.items += u64::from(items);
                self.deleted += u64::from(deleted);
            }
            Tick::Kinds(_) => {}
        }
    }
}

impl From<&Slice> for Sums {
    fn from(slice: &Slice) -> Self {
        let folders = slice.portions().filter(|portion| portion.begins).count() as u64;
        let deleted = slice.days().iter().map(|day| u64::from(day.deleted)).sum();
        Self { folders, items: slice.items(), deleted }
    }
}

/// What has been written, counted.
#[derive(Default)]
pub(super) struct Written {
    /// By conversation and day, as it was planned.
    pub(super) slice: Slice,
    pub(super) kinds: KindCounts,
}

impl Written {
    /// Adds what comes next in the order of the archive.
    pub(super) fn count(&mut self, tick: Tick) {
        match tick {
            Tick::Kinds(counts) => self.kinds.add(counts),
            tick => count(&mut self.slice, tick),
        }
    }
}

/// Adds what comes next in the order of the archive.
pub(super) fn count(counted: &mut Slice, tick: Tick) {
    match tick {
        Tick::Folder(conversation) => counted.conversation(conversation, true),
        Tick::Items(conversation, day, items, deleted) => {
            if counted.last().is_none_or(|portion| portion.conversation != conversation) {
                counted.conversation(conversation, false);
            }
            counted.add(DayCount { day, items, deleted });
        }
        Tick::Kinds(_) => {}
    }
}

/// What was planned must have been written, by conversation and day, but for what was erased meanwhile (C4 goes before C7).
pub(super) fn reconcile(planned: &Slice, written: &Slice, zone: Tz, reader: &mut Reader) -> Result<()> {
    let erased = &mut |id| reader.erased_since(id, zone);
    let Some(difference) = completeness::difference(planned, written, erased)? else { return Ok(()) };
    Err(match difference {
        Difference::Missing(id) => differs(&format!("{} was planned", name_of(reader, id)), "it was not written"),
        Difference::Unplanned(id) => differs(&format!("{} was not planned", name_of(reader, id)), "it was written"),
        Difference::Day { conversation, day, planned, written } => {
            let Counts { items, deleted } = planned;
            let name = name_of(reader, conversation);
            differs(
                &format!("in {name} on {day}, {items} items ({deleted} deleted) were counted"),
                &format!("{} ({} deleted) were written", written.items, written.deleted),
            )
        }
    })
}

/// A conversation's folder, as the archive shows it, if it can be found.
fn name_of(reader: &mut Reader, id: ConversationId) -> String {
    match reader.conversations(id - 1, id).ok().and_then(|page| page.into_iter().next()) {
        Some(listed) => Folder::of(&listed).path,
        None => format!("conversation {id}"),
    }
}

/// The failure of the check of completeness: what was planned, and what became of it.
pub(super) fn differs(planned: &str, written: &str) -> Error {
    Error::conflict(format!(
        "The check of completeness failed: {planned}, but {written}. Retry; if it fails again, ask the server's operator \
         to look into the log.",
    ))
}
