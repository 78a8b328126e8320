//! How an export is divided into parts: which conversations and days go into which, decided before anything is written, so
//! that each part is a job of its own.
//!
//! Pure: the plan hands in counts in the order in which the archive holds them, and gets [`Slice`]s. Sizes are reckoned, on
//! the safe side, from the bytes of the texts, because what compression will make of them is not known yet.

use super::slices::{DayCount, Slice};
use crate::archive::formats::needs::{Extent, Needs, Shards};
use crate::model::ConversationId;

/// Entries that are always left for what a part is there for, however few it may have.
const ROOM: usize = 4;

/// When a part is full. The next day file then goes into the next part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Entries of a part, directories and check sums included: at most 65,534.
    pub entries: usize,
    /// Bytes of the `.zip`. A day file is never split: one that is larger has a part to itself.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 65_534, bytes: 2 << 30 }
    }
}

/// What the plan holds of a day of a conversation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PlannedDay {
    pub count: DayCount,
    /// Edits of its items.
    pub edits: u64,
    /// Bytes of the texts of items and edits.
    pub bytes: u64,
    /// Items that it no longer has: erased since the cut (C4).
    pub erased: u32,
}

/// Divides what is handed in, in order, into slices.
#[derive(Clone, Debug)]
pub struct Splitter {
    limits: Limits,
    slice: Slice,
    /// Of all formats together.
    needs: Needs,
    /// Of those that have them, and the bytes in those of the present slice.
    shards: Vec<(Shards, u64)>,
    entries: usize,
    bytes: u64,
}

/// What is to go into a slice.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    entries: usize,
    bytes: u64,
    /// Items and edits, and the bytes of their texts.
    records: u64,
    texts: u64,
}

impl Splitter {
    /// A splitter for an export that lists so much, and whose formats beside the JSON have these needs. What the lists need is
    /// kept free, so that an export that fits into one part is one part.
    #[must_use]
    pub fn new(limits: Limits, formats: &[Needs], extent: Extent) -> Self {
        let mut needs = formats.iter().fold(Needs::JSON, Needs::and);
        needs.own = needs.own.min(limits.entries.saturating_sub(ROOM)).max(Needs::JSON.own);
        let lists = extent.conversations * needs.per_conversation + extent.stays * needs.per_stay;
        let bytes = limits.bytes - lists.min(limits.bytes / 2);
        let (limits, entries) = (Limits { bytes, ..limits }, needs.own);
        let shards = formats.iter().filter_map(|format| format.shards).map(|shards| (shards, 0)).collect();
        Self { limits, slice: Slice::default(), needs, shards, entries, bytes: 0 }
    }

    /// The next conversation; the slice that was full before it, if one was.
    pub fn conversation(&mut self, conversation: ConversationId) -> Option<Slice> {
        let full = self.make_room(Load { entries: 1, bytes: self.needs.per_conversation, ..Load::default() });
        self.slice.conversation(conversation, true);
        full
    }

    /// The next day of the conversation handed in last; the slice that was full before it, if one was.
    pub fn day(&mut self, day: &PlannedDay) -> Option<Slice> {
        let last = self.slice.last()?;
        // Before the first of them, the files of what this part holds of the conversation.
        let (conversation, begins) = (last.conversation, last.days.is_empty());
        let records = u64::from(day.count.items) + day.edits;
        let Needs { entries_per_day, entries_per_portion, per_day, per_record, texts, .. } = self.needs;
        let full = self.make_room(Load {
            entries: entries_per_day + if begins { entries_per_portion } else { 0 },
            bytes: per_day + records * per_record + day.bytes * texts,
            records,
            texts: day.bytes,
        });
        if !begins && full.is_some() {
            self.entries += entries_per_portion;
        }
        if self.slice.is_empty() {
            self.slice.conversation(conversation, false);
        }
        self.slice.add(day.count);
        if day.erased > 0 {
            self.slice.erase(day.count.day, day.erased);
        }
        full
    }

    /// The last slice. It may be empty, if nothing was handed in.
    #[must_use]
    pub fn finish(self) -> Slice {
        self.slice
    }

    fn make_room(&mut self, load: Load) -> Option<Slice> {
        let in_shards = |shards: &Shards| load.texts + load.records * shards.per_record;
        // The shards that are full; one that is not is among the own entries.
        let full = self.shards.iter().map(|(shards, bytes)| (bytes + in_shards(shards)) / shards.full);
        let full = usize::try_from(full.sum::<u64>()).unwrap_or(usize::MAX / 4);
        let fits =
            self.entries + load.entries + full <= self.limits.entries && self.bytes + load.bytes <= self.limits.bytes;
        let full = (!fits && self.entries > self.needs.own).then(|| {
            (self.entries, self.bytes) = (self.needs.own, 0);
            self.shards.iter_mut().for_each(|(_, bytes)| *bytes = 0);
            std::mem::take(&mut self.slice)
        });
        self.entries += load.entries;
        self.bytes += load.bytes;
        self.shards.iter_mut().for_each(|(shards, bytes)| *bytes += in_shards(shards));
        full
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};
    use proptest::prelude::*;

    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).and_then(|day| day.checked_add_days(Days::new(number))).unwrap_or_default()
    }

    /// The slices of conversations with days of so many items and bytes.
    fn split(limits: Limits, conversations: &[Vec<(u32, u64)>]) -> Vec<Slice> {
        split_with(limits, &[], conversations)
    }

    fn split_with(limits: Limits, formats: &[Needs], conversations: &[Vec<(u32, u64)>]) -> Vec<Slice> {
        let mut splitter = Splitter::new(limits, formats, Extent::default());
        let mut slices = Vec::new();
        for (number, days) in (1..).zip(conversations) {
            slices.extend(splitter.conversation(number));
            for (index, &(items, bytes)) in (0..).zip(days) {
                let count = DayCount { day: day(index * 3), items, deleted: items / 2 };
                slices.extend(splitter.day(&PlannedDay { count, edits: 0, bytes, erased: 0 }));
            }
        }
        slices.push(splitter.finish());
        slices
    }

    #[test]
    fn what_fits_is_one_part() {
        let slices = split(Limits::default(), &[vec![(1, 10), (2, 10)], vec![]]);
        assert_eq!(slices.len(), 1);
        assert_eq!(slices.iter().map(Slice::items).sum::<u64>(), 3);
        assert_eq!(split(Limits::default(), &[]), [Slice::default()]);
    }

    #[test]
    fn a_conversation_larger_than_a_part_is_split_by_date() {
        let limits = Limits { entries: 13, ..Limits::default() };
        let slices = split(limits, &[vec![(1, 0); 5], vec![(1, 0)]]);
        let shape: Vec<Vec<_>> = slices
            .iter()
            .map(|slice| slice.portions().map(|p| (p.conversation, p.begins, p.days.len())).collect())
            .collect();
        assert_eq!(shape, [vec![(1, true, 2)], vec![(1, false, 3)], vec![(2, true, 1)]]);
    }

    #[test]
    fn a_day_larger_than_a_part_has_one_to_itself() {
        let limits = Limits { bytes: 10_000, ..Limits::default() };
        let slices = split(limits, &[vec![(1, 10), (1, 50_000), (1, 10)]]);
        assert_eq!(slices.iter().map(|slice| slice.days().len()).collect::<Vec<_>>(), [1, 1, 1]);
    }

    #[test]
    fn the_lists_have_room_in_a_single_part() {
        let mut splitter =
            Splitter::new(Limits { bytes: 100_000, ..Limits::default() }, &[], Extent { conversations: 50, stays: 0 });
        assert_eq!(splitter.limits.bytes, 65_000);
        assert!(splitter.conversation(1).is_none());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_doubled_reordered_or_too_large(
            conversations in proptest::collection::vec(proptest::collection::vec((1_u32..9, 0_u64..5_000), 0..12), 0..12),
            entries in 12_usize..30,
            bytes in 2_000_u64..40_000,
        ) {
            let slices = split(Limits { entries, bytes }, &conversations);
            let mut whole: Vec<(ConversationId, Vec<DayCount>)> = Vec::new();
            for slice in &slices {
                prop_assert!(slices.len() == 1 || !slice.is_empty());
                let (mut used, mut size) = (Needs::JSON.own, 0);
                for portion in slice.portions() {
                    used += usize::from(portion.begins) + portion.days.len();
                    size += if portion.begins { Needs::JSON.per_conversation } else { 0 };
                    let given = conversations.get(usize::try_from(portion.conversation - 1).unwrap_or(0));
                    for count in portion.days {
                        let index = (count.day - day(0)).num_days() / 3;
                        let bytes = given.and_then(|days| days.get(usize::try_from(index).unwrap_or(0))).map_or(0, |day| day.1);
                        size += Needs::JSON.per_day + u64::from(count.items) * Needs::JSON.per_record + bytes;
                    }
                    match whole.last_mut() {
                        Some((last, days)) if *last == portion.conversation => {
                            prop_assert!(!portion.begins);
                            days.extend(portion.days);
                        }
                        _ => {
                            prop_assert!(portion.begins);
                            whole.push((portion.conversation, portion.days.to_vec()));
                        }
                    }
                }
                prop_assert!(used <= entries);
                prop_assert!(size <= bytes || used == Needs::JSON.own + 1);
                prop_assert_eq!(&Slice::parse(&slice.to_text()).unwrap_or_default(), slice);
            }
            prop_assert_eq!(whole.len(), conversations.len());
            for ((_, counts), days) in whole.iter().zip(&conversations) {
                prop_assert_eq!(counts.iter().map(|count| count.items).collect::<Vec<_>>(), days.iter().map(|day| day.0).collect::<Vec<_>>());
                prop_assert!(counts.is_sorted_by_key(|count| count.day));
            }
        }

        #[test]
        fn other_formats_stay_within_the_limits_too(
            conversations in proptest::collection::vec(proptest::collection::vec((1_u32..9, 0_u64..900_000), 0..12), 0..12),
            entries in 26_usize..40,
            paged: bool,
            tabled: bool,
        ) {
            let shards = Shards { full: 1 << 20, per_record: 100 };
            let pages = Needs { own: 8, entries_per_day: 1, shards: Some(shards), texts: 2, ..Needs::default() };
            let tables = Needs { own: 2, entries_per_portion: 1, texts: 1, ..Needs::default() };
            let formats: Vec<_> = paged.then_some(pages).into_iter().chain(tabled.then_some(tables)).collect();
            let own = Needs::JSON.own + formats.iter().map(|format| format.own).sum::<usize>();
            let slices = split_with(Limits { entries, ..Limits::default() }, &formats, &conversations);
            for slice in &slices {
                let mut sharded = 0;
                let mut used = own;
                for portion in slice.portions() {
                    used += usize::from(portion.begins) + portion.days.len() * (1 + usize::from(paged));
                    used += usize::from(tabled && !portion.days.is_empty());
                    let given = conversations.get(usize::try_from(portion.conversation - 1).unwrap_or(0));
                    for count in portion.days {
                        let index = (count.day - day(0)).num_days() / 3;
                        let bytes = given.and_then(|days| days.get(usize::try_from(index).unwrap_or(0))).map_or(0, |day| day.1);
                        sharded += bytes + u64::from(count.items) * shards.per_record;
                    }
                }
                used += if paged { usize::try_from(sharded / shards.full).unwrap_or(0) } else { 0 };
                prop_assert!(used <= entries, "{used}");
            }
            prop_assert_eq!(slices.iter().map(Slice::items).sum::<u64>(), conversations.iter().flatten().map(|day| u64::from(day.0)).sum::<u64>());
        }
    }
}
