//! The plan: how much there is, by conversation and day, and so which part holds what.
//!
//! What is found along the indexes that an export reads must be what the ledger says, for every conversation: what was lost
//! since it was recorded (a page, an entry of an index, a row) ends the export here. A page of conversations is planned on one
//! state of the database.

use std::collections::{BTreeMap, HashMap};
use std::iter::Peekable;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::{Reader, View};
use crate::archive::formats::needs::{Extent, Needs};
use crate::capture;
use crate::capture::rows::items::{Planned, PlannedEdit};
use crate::capture::rows::ledger::LedgerCount;
use crate::capture::rules::periods::{self, Appearance};
use crate::days::DayFinder;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::exports::filters;
use crate::exports::rules::parts::{Limits, PlannedDay, Splitter};
use crate::exports::rules::slices::{DayCount, Slice};
use crate::model::ConversationId;

/// Conversations planned on one state of the database.
const CONVERSATIONS: i64 = 1_000;
/// Items and edits planned at a time: those of one page of a long conversation, or of several short ones.
const ITEMS: i64 = 5_000;
/// So many are taken up where the ledger promises [`ITEMS`] at most: those above show that it is wrong.
const AT_MOST: i64 = 2 * ITEMS;

/// How what is planned is divided.
pub struct Division<'a> {
    /// The zone whose days are meant.
    pub zone: Tz,
    /// When a part is full.
    pub limits: Limits,
    /// What formats beside the JSON need of each part of an export that lists so much.
    pub needs: &'a dyn Fn(Extent) -> Vec<Needs>,
}

impl Reader {
    /// Counts what there is to read, in looks at the database that are independent of the reading, compares it with the ledger,
    /// and gives the slices of the parts to `take`, in order. `goes_on` is asked regularly; its error ends the planning.
    ///
    /// # Errors
    /// [`crate::error::Kind::Conflict`] if something is missing; when the database fails; those of `take` and `goes_on`.
    pub fn plan(
        &mut self,
        division: &Division<'_>,
        take: &mut dyn FnMut(Slice) -> Result<()>,
        goes_on: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        let Self { db, view } = self;
        let (conversations, stays) = db.read(|c| view.count(c))?;
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        let extent = Extent { conversations: number(conversations), stays: number(stays) };
        let splitter = Splitter::new(division.limits, &(division.needs)(extent), extent);
        let (finder, slices) = (DayFinder::new(division.zone), Vec::new());
        let mut planner = Planner { view, finder, splitter, slices, begun: None, goes_on, conversations: 0 };
        let mut after = ConversationId::MIN;
        loop {
            let last = db.read(|c| planner.page(c, after))?;
            planner.begun = None;
            // Not while a state of the database is held on to: whoever takes them writes.
            planner.slices.drain(..).try_for_each(&mut *take)?;
            let Some(last) = last else { break };
            after = last;
        }
        if planner.conversations != conversations {
            return Err(lost_conversations(conversations, planner.conversations));
        }
        take(planner.splitter.finish())
    }
}

impl View {
    /// How many conversations are chosen, and how many membership events they have; once all of the account have been found.
    fn count(&self, c: &mut Conn) -> Result<(i64, i64)> {
        let (recorded, found) = capture::rows::ledger::count_conversations(c, self.account)?;
        if recorded != found {
            return Err(lost_conversations(recorded, found));
        }
        capture::rows::conversations::count_chosen(c, self.filter())
    }
}

fn lost_conversations(recorded: i64, found: i64) -> Error {
    lost(&format!("{recorded} conversations were counted"), &format!("{found} were found"))
}

fn lost(recorded: &str, found: &str) -> Error {
    Error::conflict(format!(
        "The check of completeness failed: {recorded} when they were recorded, but {found}. The database is damaged. Ask the \
         server's operator to restore it from a backup.",
    ))
}

struct Planner<'a> {
    view: &'a mut View,
    finder: DayFinder,
    splitter: Splitter,
    /// Those that are complete, and have not been handed on.
    slices: Vec<Slice>,
    /// Splitter and count as they were when the page began that is being planned: one that broke off is planned once more.
    begun: Option<(Splitter, i64)>,
    goes_on: &'a dyn Fn() -> Result<()>,
    conversations: i64,
}

/// A conversation that is being planned.
struct Walk {
    id: ConversationId,
    /// Number of the cut for what belongs to it.
    cut: i64,
    /// All that was found of it, beside the range and within.
    found: LedgerCount,
    day: Option<PlannedDay>,
    /// Items that have been erased since the cut, of days that have not been planned yet.
    erased: BTreeMap<NaiveDate, u32>,
}

/// What is known of a page of conversations before its items are looked at.
struct Known {
    ledger: HashMap<ConversationId, LedgerCount>,
    beside: HashMap<ConversationId, LedgerCount>,
    erased: HashMap<ConversationId, BTreeMap<NaiveDate, u32>>,
}

impl Known {
    fn walk(&mut self, id: ConversationId, cut: i64) -> Walk {
        let found = self.beside.remove(&id).unwrap_or_default();
        Walk { id, cut, found, day: None, erased: self.erased.remove(&id).unwrap_or_default() }
    }

    fn recorded(&self, id: ConversationId) -> LedgerCount {
        self.ledger.get(&id).copied().unwrap_or_default()
    }

    fn weight(&self, id: ConversationId) -> i64 {
        let LedgerCount { items, edits, .. } = self.recorded(id);
        items.saturating_add(edits)
    }
}

impl Planner<'_> {
    /// Plans the next conversations after this one; gives the last of them.
    fn page(&mut self, c: &mut Conn, after: ConversationId) -> Result<Option<ConversationId>> {
        match &self.begun {
            Some((splitter, conversations)) => {
                (self.splitter, self.conversations) = (splitter.clone(), *conversations);
                self.slices.clear();
            }
            None => self.begun = Some((self.splitter.clone(), self.conversations)),
        }
        let page = capture::rows::conversations::page_chosen(
            c,
            self.view.filter(),
            (after, ConversationId::MAX),
            CONVERSATIONS,
        )?;
        self.view.numbers = page.iter().map(|conversation| (conversation.id, conversation.cut)).collect();
        let range = &self.view.range;
        let ids: Vec<ConversationId> = page.iter().map(|conversation| conversation.id).collect();
        let Some(last) = ids.last() else { return Ok(None) };
        let mut erased: HashMap<_, BTreeMap<_, _>> = HashMap::new();
        for item in capture::rows::items::list_erased(c, &ids, range)? {
            if !self.view.was_erased(&item)? {
                continue;
            }
            *erased.entry(item.conversation_id).or_default().entry(self.finder.of(item.created_at)).or_default() += 1;
        }
        let ledger = capture::rows::ledger::list(c, &ids, range)?;
        let mut known = Known { ledger, beside: capture::rows::ledger::list_beside(c, &ids, range)?, erased };
        let mut rest = ids.as_slice();
        while let Some(&first) = rest.first() {
            if known.weight(first) > ITEMS {
                self.long(c, &mut known, first)?;
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let mut room = ITEMS;
            let several = rest.iter().take_while(|id| {
                room -= known.weight(**id);
                room >= 0
            });
            let (several, others) = rest.split_at(several.count().min(rest.len()));
            self.several(c, &mut known, several)?;
            rest = others;
        }
        self.conversations += i64::try_from(ids.len()).unwrap_or(i64::MAX);
        Ok(Some(*last))
    }

    /// A conversation of which there is too much for one look.
    fn long(&mut self, c: &mut Conn, known: &mut Known, id: ConversationId) -> Result<()> {
        let mut walk = self.begin(known, id)?;
        let mut after = None;
        loop {
            let items = capture::rows::items::plan_page(c, id, &self.view.range, after, ITEMS)?;
            let (Some(first), Some(last)) = (items.first(), items.last()) else { break };
            let mut edits = capture::rows::items::plan_edits(c, id, (first.created_at, last.created_at))?;
            // Of the items at the border, posted at one instant, some are on this page, and some on the next or the last.
            let last = (last.created_at, last.id);
            edits.retain(|edit| after.is_none_or(|after| edit.item > after) && edit.item <= last);
            let mut edits = edits.into_iter().peekable();
            let full = i64::try_from(items.len()).is_ok_and(|length| length == ITEMS);
            for item in items {
                self.item(&mut walk, &item, &mut edits)?;
            }
            after = Some(last);
            if !full {
                break;
            }
        }
        self.end(c, known, walk)
    }

    /// Conversations that have so little that one look serves them all.
    fn several(&mut self, c: &mut Conn, known: &mut Known, ids: &[ConversationId]) -> Result<()> {
        let range = &self.view.range;
        let mut items = capture::rows::items::plan_several(c, ids, range, AT_MOST)?.into_iter().peekable();
        let mut edits = capture::rows::items::plan_edits_of_several(c, ids, range, AT_MOST)?.into_iter().peekable();
        for &id in ids {
            let mut walk = self.begin(known, id)?;
            while let Some(item) = items.next_if(|item| item.conversation_id == id) {
                self.item(&mut walk, &item, &mut edits)?;
            }
            // Those of items that are not there.
            while edits.next_if(|edit| edit.conversation_id == id).is_some() {
                walk.found += LedgerCount::of_edits(1);
            }
            self.end(c, known, walk)?;
        }
        Ok(())
    }

    fn begin(&mut self, known: &mut Known, id: ConversationId) -> Result<Walk> {
        self.slices.extend(self.splitter.conversation(id));
        Ok(known.walk(id, self.view.number(id)?))
    }

    /// The next item of a conversation; its edits are the next ones.
    fn item(
        &mut self,
        walk: &mut Walk,
        item: &Planned,
        edits: &mut Peekable<impl Iterator<Item = PlannedEdit>>,
    ) -> Result<()> {
        walk.found += LedgerCount::of_item(item.created_at);
        let cut = walk.cut;
        let appearance = periods::appearance(&self.view.on, item.deleted, cut);
        let shows = item.recording <= cut && appearance != Appearance::Hidden;
        if shows {
            let of_item = self.finder.of(item.created_at);
            if let Some(planned) = walk.day.take_if(|planned| planned.count.day != of_item) {
                self.day(&planned)?;
            }
            let planned = walk.day.get_or_insert_with(|| {
                let count = DayCount { day: of_item, items: 0, deleted: 0 };
                PlannedDay { count, edits: 0, bytes: 0, erased: walk.erased.remove(&of_item).unwrap_or(0) }
            });
            planned.count.items += 1;
            planned.count.deleted += u32::from(appearance == Appearance::Deleted);
            planned.bytes += u64::try_from(item.size).unwrap_or(0);
        }
        let place = (item.created_at, item.id);
        while let Some(edit) = edits.next_if(|edit| edit.conversation_id == walk.id && edit.item <= place) {
            walk.found += LedgerCount::of_edits(1);
            let counts = shows && edit.item == place && edit.recording <= cut;
            if let Some(planned) = walk.day.as_mut().filter(|_| counts) {
                planned.edits += 1;
                planned.bytes += u64::try_from(edit.size).unwrap_or(0);
            }
        }
        Ok(())
    }

    fn day(&mut self, planned: &PlannedDay) -> Result<()> {
        self.slices.extend(self.splitter.day(planned));
        (self.goes_on)()
    }

    /// All of a conversation has been found: it must be what the ledger says.
    fn end(&mut self, c: &mut Conn, known: &Known, walk: Walk) -> Result<()> {
        let (recorded, found) = (known.recorded(walk.id), walk.found);
        if recorded != found {
            let labels = filters::labels(c, &[walk.id])?;
            let name = labels.first().map_or("", |(_, name)| name);
            let place = format!("“{name}” (conversation {}), around the days of this range", walk.id);
            let more = if (recorded.items, recorded.edits) == (found.items, found.edits) {
                ", some at another time"
            } else {
                ""
            };
            return Err(lost(
                &format!("{} items and {} changes of {place}, were counted", recorded.items, recorded.edits),
                &format!("{} items and {} changes were found{more}", found.items, found.edits),
            ));
        }
        if let Some(planned) = &walk.day {
            self.day(planned)?;
        }
        (self.goes_on)()
    }
}
