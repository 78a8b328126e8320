//! What has been read and written so far, counted; and the comparison with the plan, by conversation and day.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::records::Folder;
use crate::domain::contents::Reader;
use crate::domain::rules::slices::{DayCount, Slice};
use crate::domain::rules::summary::{ConversationCounts, KindCounts};
use crate::error::{Error, Result};
use crate::model::ConversationId;

/// A fact to be counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tick {
    /// A conversation's folder.
    Folder(ConversationId),
    /// So many more items of a day, and so many of them deleted.
    Items(ConversationId, NaiveDate, u32, u32),
    /// A conversation's items, those that [`Tick::Items`] tells, by kind; none with its folder, so that every conversation
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
    /// By kind.
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
pub(super) fn reconcile(planned: &Slice, written: &Slice, reader: &mut Reader) -> Result<()> {
    if planned == written {
        return Ok(());
    }
    let mut found = written.portions().peekable();
    for planned in planned.portions() {
        let id = planned.conversation;
        let written = found.next_if(|written| written.conversation == id);
        // One that goes on here has no folder of its own in this part, and all that it had may have been erased.
        if written.is_some_and(|written| written.begins) != planned.begins {
            return Err(differs(&format!("{} was planned", name_of(reader, id)), "it was not written"));
        }
        let written = written.map_or(&[][..], |written| written.days);
        if planned.days != written {
            let erased = reader.erased_since(id)?;
            reconcile_days(planned.days, written, erased, &mut || name_of(reader, id))?;
        }
    }
    match found.next() {
        Some(more) => {
            Err(differs(&format!("{} was not planned", name_of(reader, more.conversation)), "it was written"))
        }
        None => Ok(()),
    }
}

/// The days of a conversation, of whose items so many have been erased.
fn reconcile_days(
    planned: &[DayCount],
    written: &[DayCount],
    erased: i64,
    name: &mut dyn FnMut() -> String,
) -> Result<()> {
    let mut days: BTreeMap<NaiveDate, (Counts, Counts)> = BTreeMap::new();
    for count in planned {
        days.entry(count.day).or_default().0 = Counts::of(count);
    }
    for count in written {
        days.entry(count.day).or_default().1 = Counts::of(count);
    }
    let (mut short, mut missing) = (Vec::new(), 0);
    for (day, (planned, written)) in days {
        // Nothing comes to what there was at the cut, and what was kept when it was deleted is not erased any more.
        if written.items > planned.items || written.deleted != planned.deleted {
            return Err(differ(&format!("{} on {day}", name()), planned, written));
        }
        if written.items < planned.items {
            missing += i64::from(planned.items - written.items);
            short.push((day, planned, written));
        }
    }
    if missing <= erased {
        return Ok(());
    }
    match short.as_slice() {
        // Several of which some was erased: which of them lacks more than that can't be told.
        [(day, planned, written), others @ ..] if erased == 0 || others.is_empty() => {
            Err(differ(&format!("{} on {day}", name()), *planned, *written))
        }
        _ => Err(differ(&name(), Counts::sum(planned), Counts::sum(written))),
    }
}

/// A conversation's folder, as the archive shows it, if it can be found.
fn name_of(reader: &mut Reader, id: ConversationId) -> String {
    let listed = reader.conversations(id - 1).ok().and_then(|page| page.into_iter().next());
    match listed.filter(|listed| listed.conversation.id == id) {
        Some(listed) => Folder::of(&listed).path,
        None => format!("conversation {id}"),
    }
}

/// Items, and those of them that are marked deleted.
#[derive(Clone, Copy, Default)]
struct Counts {
    items: u32,
    deleted: u32,
}

impl Counts {
    const fn of(count: &DayCount) -> Self {
        Self { items: count.items, deleted: count.deleted }
    }

    fn sum(days: &[DayCount]) -> Self {
        days.iter()
            .fold(Self::default(), |sum, day| Self { items: sum.items + day.items, deleted: sum.deleted + day.deleted })
    }
}

fn differ(place: &str, planned: Counts, written: Counts) -> Error {
    let Counts { items, deleted } = planned;
    differs(
        &format!("in {place}, {items} items ({deleted} deleted) were counted"),
        &format!("{} ({} deleted) were written", written.items, written.deleted),
    )
}

/// The failure of the check of completeness: what was planned, and what became of it.
pub(super) fn differs(planned: &str, written: &str) -> Error {
    Error::conflict(format!(
        "The check of completeness failed: {planned}, but {written}. Retry; if it fails again, ask the server's operator \
         to look into the log.",
    ))
}
