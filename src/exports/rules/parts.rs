//! How an export is divided into parts: which conversations and days go into which, decided before anything is written, so
//! that each part is a job of its own.
//!
//! Pure: the plan hands in counts in the order in which the archive holds them, and gets [`Slice`]s. Sizes are reckoned, on
//! the safe side, from the bytes of the texts, because what compression will make of them is not known yet.

use super::slices::{DayCount, Slice};
use crate::model::{ConversationId, Copies};

/// Entries that a part has beside its conversations: five folders, two lists, manifest, check sums and signature.
const OWN_ENTRIES: usize = 10;
/// Bytes of a day file beside its items: its headers in the zip, its path there and in the check sums.
const BYTES_PER_DAY: u64 = 700;
/// Bytes of an item or an edit beside its texts: names, times and ids, compressed.
const BYTES_PER_RECORD: u64 = 400;
/// Bytes of a conversation's folder, its line in the lists, and of one person's stay in them, compressed.
const BYTES_PER_CONVERSATION: u64 = 700;
const BYTES_PER_STAY: u64 = 100;

/// Bytes with which a shard of the search is full.
pub const SHARD: u64 = 1 << 20;
/// Bytes that an item or an edit has there beside its texts.
pub const SHARD_RECORD: u64 = 100;
/// Conversations whose days stand on one page, and that stand on one page of a list.
const CHATS_PER_PAGE: u64 = 50;
const ROWS_PER_PAGE: u64 = 500;
/// Entries that are always left for what a part is there for, however few it may have.
const ROOM: usize = 4;

/// What a part needs, with the copies that an export has beside the JSON.
#[derive(Clone, Copy, Debug)]
struct Needs {
    copies: Copies,
    /// Entries beside the conversations.
    own: usize,
    per_day: u64,
    per_record: u64,
    per_conversation: u64,
    per_stay: u64,
    /// How often a text is in the archive.
    texts: u64,
}

impl Needs {
    fn new(copies: Copies, limits: Limits, conversations: u64, stays: u64) -> Self {
        let mut needs = Self {
            copies,
            own: OWN_ENTRIES,
            per_day: BYTES_PER_DAY,
            per_record: BYTES_PER_RECORD,
            per_conversation: BYTES_PER_CONVERSATION,
            per_stay: BYTES_PER_STAY,
            texts: 1,
        };
        if copies.html {
            // Two folders, index, style sheet, script; and at least one page of days, shard of texts, and shard of names.
            let pages = conversations / CHATS_PER_PAGE + conversations / ROWS_PER_PAGE + stays * 100 / SHARD;
            needs.own += 8 + usize::try_from(pages).unwrap_or(usize::MAX / 2);
            needs.per_day += 1_700;
            needs.per_record += 300;
            needs.per_conversation += 900;
            needs.per_stay += 150;
            needs.texts += 2;
        }
        if copies.csv {
            // A folder, and the table of all conversations.
            needs.own += 2;
            needs.per_record += 200;
            needs.per_conversation += 900;
            needs.per_stay += 50;
            needs.texts += 1;
        }
        needs.own = needs.own.min(limits.entries.saturating_sub(ROOM)).max(OWN_ENTRIES);
        needs
    }
}

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

/// What the plan tells of a day of a conversation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PlannedDay {
    /// Its counts.
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
    needs: Needs,
    entries: usize,
    bytes: u64,
    /// What the search needs of this slice's texts.
    searched: u64,
}

impl Splitter {
    /// A splitter for an account with so many conversations, in which there are so many stays of people: what the lists
    /// need is kept free, so that an export that fits into one part is one part.
    #[must_use]
    pub fn new(limits: Limits, copies: Copies, conversations: u64, stays: u64) -> Self {
        let needs = Needs::new(copies, limits, conversations, stays);
        let lists = conversations * needs.per_conversation + stays * needs.per_stay;
        let bytes = limits.bytes - lists.min(limits.bytes / 2);
        let (limits, entries) = (Limits { bytes, ..limits }, needs.own);
        Self { limits, slice: Slice::default(), needs, entries, bytes: 0, searched: 0 }
    }

    /// The next conversation; the slice that was full before it, if one was.
    pub fn conversation(&mut self, conversation: ConversationId) -> Option<Slice> {
        let full = self.make_room(1, self.needs.per_conversation, 0);
        self.slice.conversation(conversation, true);
        full
    }

    /// The next day of the conversation handed in last; the slice that was full before it, if one was.
    pub fn day(&mut self, day: &PlannedDay) -> Option<Slice> {
        let last = self.slice.last()?;
        // Before the first of them, the spreadsheet of what this part holds of the conversation.
        let (conversation, begins) = (last.conversation, last.days.is_empty());
        let records = u64::from(day.count.items) + day.edits;
        let Needs { copies, per_day, per_record, texts, .. } = self.needs;
        // The JSON, its page, that spreadsheet.
        let entries = 1 + usize::from(copies.html) + usize::from(copies.csv && begins);
        let searched = if copies.html { day.bytes + records * SHARD_RECORD } else { 0 };
        let full = self.make_room(entries, per_day + records * per_record + day.bytes * texts, searched);
        if copies.csv && !begins && full.is_some() {
            self.entries += 1;
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

    fn make_room(&mut self, entries: usize, bytes: u64, searched: u64) -> Option<Slice> {
        // The shards of the search that are full; one that is not is among the own entries.
        let shards =
            |splitter: &Self| usize::try_from((splitter.searched + searched) / SHARD).unwrap_or(usize::MAX / 4);
        let fits =
            self.entries + entries + shards(self) <= self.limits.entries && self.bytes + bytes <= self.limits.bytes;
        let full = (!fits && self.entries > self.needs.own).then(|| {
            (self.entries, self.bytes, self.searched) = (self.needs.own, 0, 0);
            std::mem::take(&mut self.slice)
        });
        self.entries += entries;
        self.bytes += bytes;
        self.searched += searched;
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
        split_with(limits, Copies::NONE, conversations)
    }

    fn split_with(limits: Limits, copies: Copies, conversations: &[Vec<(u32, u64)>]) -> Vec<Slice> {
        let mut splitter = Splitter::new(limits, copies, 0, 0);
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
        let mut splitter = Splitter::new(Limits { bytes: 100_000, ..Limits::default() }, Copies::NONE, 50, 0);
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
                let (mut used, mut size) = (OWN_ENTRIES, 0);
                for portion in slice.portions() {
                    used += usize::from(portion.begins) + portion.days.len();
                    size += if portion.begins { BYTES_PER_CONVERSATION } else { 0 };
                    let given = conversations.get(usize::try_from(portion.conversation - 1).unwrap_or(0));
                    for count in portion.days {
                        let index = (count.day - day(0)).num_days() / 3;
                        let bytes = given.and_then(|days| days.get(usize::try_from(index).unwrap_or(0))).map_or(0, |day| day.1);
                        size += BYTES_PER_DAY + u64::from(count.items) * BYTES_PER_RECORD + bytes;
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
                prop_assert!(size <= bytes || used == OWN_ENTRIES + 1);
                prop_assert_eq!(&Slice::parse(&slice.to_text()).unwrap_or_default(), slice);
            }
            prop_assert_eq!(whole.len(), conversations.len());
            for ((_, counts), days) in whole.iter().zip(&conversations) {
                prop_assert_eq!(counts.iter().map(|count| count.items).collect::<Vec<_>>(), days.iter().map(|day| day.0).collect::<Vec<_>>());
                prop_assert!(counts.is_sorted_by_key(|count| count.day));
            }
        }

        #[test]
        fn copies_stay_within_the_limits_too(
            conversations in proptest::collection::vec(proptest::collection::vec((1_u32..9, 0_u64..900_000), 0..12), 0..12),
            entries in 26_usize..40,
            html: bool,
            csv: bool,
        ) {
            let copies = Copies { html, csv };
            let own = OWN_ENTRIES + if html { 8 } else { 0 } + if csv { 2 } else { 0 };
            let slices = split_with(Limits { entries, ..Limits::default() }, copies, &conversations);
            for slice in &slices {
                let mut searched = 0;
                let mut used = own;
                for portion in slice.portions() {
                    used += usize::from(portion.begins) + portion.days.len() * (1 + usize::from(html));
                    used += usize::from(csv && !portion.days.is_empty());
                    let given = conversations.get(usize::try_from(portion.conversation - 1).unwrap_or(0));
                    for count in portion.days {
                        let index = (count.day - day(0)).num_days() / 3;
                        let bytes = given.and_then(|days| days.get(usize::try_from(index).unwrap_or(0))).map_or(0, |day| day.1);
                        searched += bytes + u64::from(count.items) * SHARD_RECORD;
                    }
                }
                used += if html { usize::try_from(searched / SHARD).unwrap_or(0) } else { 0 };
                prop_assert!(used <= entries, "{used}");
            }
            prop_assert_eq!(slices.iter().map(Slice::items).sum::<u64>(), conversations.iter().flatten().map(|day| u64::from(day.0)).sum::<u64>());
        }
    }
}
