//! Items as they show, with their edits: those of one conversation page by page, or those of several small ones at once.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::{ItemAsOfCut, Reader, View};
use crate::capture::rows::items::{Edit, Item, Position};
use crate::capture::rules::edits::{self, Change};
use crate::capture::rules::periods::{self, Appearance};
use crate::db::Conn;
use crate::error::Result;
use crate::model::{ConversationId, Timestamp};
use crate::{capture, days};

/// Items read at a time.
const ITEMS: i64 = 500;
/// So many items of several conversations may be read at once.
pub const SMALL: u64 = 500;
/// So many are taken up before it is given up: there can be more than show.
const AT_MOST: i64 = 1_000;

/// A conversation, and the instants of which its items are wanted.
pub type Within = (ConversationId, Range<Timestamp>);

impl Reader {
    /// The next items of a conversation posted within these instants, by time; and where the page after them begins, while
    /// there may be more.
    ///
    /// # Errors
    /// [`crate::error::Kind::Conflict`] if a row is not what was recorded.
    pub fn items(
        &mut self,
        conversation: ConversationId,
        within: &Range<Timestamp>,
        after: Option<Position>,
    ) -> Result<(Vec<ItemAsOfCut>, Option<Position>)> {
        let Self { db, view } = self;
        db.read(|c| {
            view.learn(c, &[conversation])?;
            let page = capture::rows::items::page(c, conversation, within, after, ITEMS)?;
            let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok((Vec::new(), None)) };
            let full = i64::try_from(page.len()).is_ok_and(|length| length == ITEMS);
            let next = full.then_some((last.created_at, last.id));
            let edits = capture::rows::items::list_edits(c, conversation, (first.created_at, last.created_at))?;
            Ok((view.all_shown(c, page, edits)?.into_iter().map(|(_, shown)| shown).collect(), next))
        })
    }

    /// All items of several conversations, each within its instants, by time. None if there are so many that they are better
    /// read one conversation after the other.
    ///
    /// # Errors
    /// [`crate::error::Kind::Conflict`] if a row is not what was recorded.
    pub fn items_of_several(&mut self, wanted: &[Within]) -> Result<Option<HashMap<ConversationId, Vec<ItemAsOfCut>>>> {
        let from = wanted.iter().map(|(_, within)| within.start).min().unwrap_or_default();
        let until = wanted.iter().map(|(_, within)| within.end).max().unwrap_or_default();
        let ids: Vec<ConversationId> = wanted.iter().map(|(id, _)| *id).collect();
        let wanted: HashMap<ConversationId, &Range<Timestamp>> =
            wanted.iter().map(|(id, within)| (*id, within)).collect();
        let Self { db, view } = self;
        db.read(|c| {
            view.learn(c, &ids)?;
            let mut items = capture::rows::items::list_of_several(c, &ids, &(from..until), AT_MOST)?;
            if i64::try_from(items.len()).is_ok_and(|length| length == AT_MOST) {
                return Ok(None);
            }
            let edits = capture::rows::items::list_edits_of_several(c, &ids, &(from..until))?;
            items.retain(|item| {
                wanted.get(&item.conversation_id).is_some_and(|within| within.contains(&item.created_at))
            });
            let mut shown: HashMap<_, Vec<ItemAsOfCut>> = wanted.keys().map(|id| (*id, Vec::new())).collect();
            for (conversation, item) in view.all_shown(c, items, edits)? {
                shown.entry(conversation).or_default().push(item);
            }
            Ok(Some(shown))
        })
    }

    /// The days of those of the items with these ids of a conversation that are in the export, by id.
    pub fn days_of(
        &mut self,
        conversation: ConversationId,
        ids: &[&str],
        zone: Tz,
    ) -> Result<HashMap<String, NaiveDate>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let Self { db, view } = self;
        let (cut, origins) = db.read(|c| {
            view.learn(c, &[conversation])?;
            let cut = view.number(conversation)?;
            Ok((cut, capture::rows::items::list_origins(c, conversation, cut, ids)?))
        })?;
        let shows = |origin: &capture::rows::items::Origin| {
            view.range.contains(&origin.created_at)
                && periods::appearance(&view.on, origin.deleted, cut) != Appearance::Hidden
        };
        let origins = origins.into_iter().filter(shows);
        Ok(origins.map(|origin| (origin.external_id, days::day_of(origin.created_at, zone))).collect())
    }

    /// How many items of a conversation have been erased since the cut, by day: so many may be missing from what there was (C4).
    pub fn erased_since(&mut self, conversation: ConversationId, zone: Tz) -> Result<BTreeMap<NaiveDate, u32>> {
        let Self { db, view } = self;
        db.read(|c| {
            view.learn(c, &[conversation])?;
            let mut by_day = BTreeMap::new();
            for item in capture::rows::items::list_erased(c, &[conversation], &view.range)? {
                if view.was_erased(&item)? {
                    *by_day.entry(days::day_of(item.created_at, zone)).or_default() += 1;
                }
            }
            Ok(by_day)
        })
    }
}

impl View {
    /// Whether it was there at the cut, and is no longer.
    pub(super) fn was_erased(&self, item: &capture::rows::items::Erased) -> Result<bool> {
        let cut = self.number(item.conversation_id)?;
        Ok(item.recording <= cut && item.by_recording > cut)
    }

    /// Those of these items that show, each with its conversation; with those of the edits that are theirs.
    fn all_shown(
        &mut self,
        c: &mut Conn,
        items: Vec<Item>,
        edits: Vec<(Edit, i64)>,
    ) -> Result<Vec<(ConversationId, ItemAsOfCut)>> {
        let mut there = Vec::with_capacity(items.len());
        let mut cuts = HashMap::with_capacity(items.len());
        for item in items {
            let cut = self.number(item.conversation_id)?;
            if item.recording <= cut {
                cuts.insert(item.id, cut);
                there.push(item);
            }
        }
        let items = there;
        let mut changes: HashMap<_, Vec<Change>> = HashMap::new();
        let is_in_cut = |edit: &Edit, recording: i64| cuts.get(&edit.item_id).is_some_and(|cut| recording <= *cut);
        for (edit, _) in edits.into_iter().filter(|(edit, recording)| is_in_cut(edit, *recording)) {
            let change = Change { at: edit.edited_at, by: edit.editor_id, after: edit.content };
            changes.entry(edit.item_id).or_default().push(change);
        }
        let authors = items.iter().flat_map(|item| [item.author_id, item.deleted.and_then(|(_, by, _)| by)]);
        let editors = changes.values().flatten().map(|change| change.by);
        self.meet(c, authors.chain(editors).flatten())?;
        let mut shown = Vec::with_capacity(items.len());
        for item in items {
            let (conversation, changes) = (item.conversation_id, changes.remove(&item.id).unwrap_or_default());
            shown.extend(self.shown(c, item, changes)?.map(|item| (conversation, item)));
        }
        Ok(shown)
    }

    fn shown(&mut self, c: &mut Conn, item: Item, changes: Vec<Change>) -> Result<Option<ItemAsOfCut>> {
        let deletion = item.deleted.map(|(at, _, recording)| (at, recording));
        let deleted = match periods::appearance(&self.on, deletion, self.number(item.conversation_id)?) {
            Appearance::Hidden => return Ok(None),
            Appearance::Live => None,
            Appearance::Deleted => match item.deleted {
                Some((at, by, _)) => Some((at, self.person_opt(c, by)?)),
                None => None,
            },
        };
        let (content, log) = edits::edit_log(item.content, changes);
        let mut assignees = Vec::new();
        for id in content.details.iter().flat_map(|details| &details.assignees) {
            if let Ok(id) = id.parse() {
                assignees.extend(self.person(c, id)?);
            }
        }
        let log = log
            .into_iter()
            .map(|entry| {
                let editor = self.person_opt(c, entry.by)?;
                Ok((entry, editor))
            })
            .collect::<Result<_>>()?;
        Ok(Some(ItemAsOfCut {
            id: item.external_id,
            kind: item.kind,
            author: self.person_opt(c, item.author_id)?,
            created_at: item.created_at,
            parent: item.parent,
            content,
            assignees,
            log,
            attachments: item.attachments,
            deleted,
        }))
    }
}
