//! How much of what an export holds: items by kind, by conversation and by day, counted as they were written.
//!
//! Pure: the packers count, the completion of an export puts the counts of its parts together, its page shows them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::str::FromStr;

use chrono::NaiveDate;

use super::slices::{DayCount, Slice};
use crate::error::{Error, Result};
use crate::model::{ConversationId, ConversationKind, ItemKind};

/// The kinds of item, in the order in which they are counted and shown.
pub const ITEM_KINDS: [ItemKind; 4] = [ItemKind::Message, ItemKind::Note, ItemKind::Task, ItemKind::Event];
/// The kinds of conversation, in the order in which they are shown.
pub const CONVERSATION_KINDS: [ConversationKind; 4] =
    [ConversationKind::Team, ConversationKind::Group, ConversationKind::Direct, ConversationKind::Personal];

/// Items, and those of them that are marked deleted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Count {
    /// Items, deleted ones included.
    pub items: u64,
    /// Those of them that are marked deleted (C4).
    pub deleted: u64,
}

impl Count {
    fn add(&mut self, more: Self) {
        self.items += more.items;
        self.deleted += more.deleted;
    }
}

/// Items by kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ItemCounts([Count; 4]);

impl ItemCounts {
    /// Counts one item more.
    pub const fn item(&mut self, kind: ItemKind, deleted: bool) {
        let [messages, notes, tasks, events] = &mut self.0;
        let count = match kind {
            ItemKind::Message => messages,
            ItemKind::Note => notes,
            ItemKind::Task => tasks,
            ItemKind::Event => events,
        };
        count.items += 1;
        count.deleted += deleted as u64;
    }

    /// Counts all of these as well.
    pub fn add(&mut self, more: &Self) {
        for (count, more) in self.0.iter_mut().zip(more.0) {
            count.add(more);
        }
    }

    /// Each kind with its count.
    pub fn each(&self) -> impl Iterator<Item = (ItemKind, Count)> {
        ITEM_KINDS.into_iter().zip(self.0)
    }

    /// All kinds together.
    #[must_use]
    pub fn sum(&self) -> Count {
        self.0.into_iter().fold(Count::default(), |mut sum, count| {
            sum.add(count);
            sum
        })
    }

    fn write(&self, text: &mut String) {
        for Count { items, deleted } in self.0 {
            let _infallible = write!(text, " {items} {deleted}");
        }
    }

    fn read<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut counts = Self::default();
        for count in &mut counts.0 {
            *count = Count { items: words.next()?.parse().ok()?, deleted: words.next()?.parse().ok()? };
        }
        Some(counts)
    }
}

/// Items of one conversation by kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConversationCounts {
    pub id: ConversationId,
    pub kind: ConversationKind,
    /// What it holds.
    pub items: ItemCounts,
}

/// Items of several conversations by kind, each conversation once.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KindCounts(pub Vec<ConversationCounts>);

impl KindCounts {
    /// Adds what comes next in the order of the archive.
    pub fn add(&mut self, next: ConversationCounts) {
        match self.0.last_mut().filter(|last| last.id == next.id) {
            Some(last) => last.items.add(&next.items),
            None => self.0.push(next),
        }
    }

    /// A short text from which [`KindCounts::parse`] makes the same again.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for ConversationCounts { id, kind, items } in &self.0 {
            let _infallible = write!(text, "{id} {kind}");
            items.write(&mut text);
            text.push('\n');
        }
        text
    }

    /// Reads what [`KindCounts::to_text`] has written.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if it is anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let counts = |line: &str| {
            let mut words = line.split(' ');
            let (id, kind) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            Some(ConversationCounts { id, kind, items: ItemCounts::read(&mut words)? })
        };
        let counts: Option<Vec<_>> = text.lines().map(counts).collect();
        counts.map(Self).ok_or_else(unreadable)
    }
}

/// All conversations of a kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct KindTotal {
    /// Conversations that the archive lists.
    pub listed: u64,
    /// Those of them that have items in the range.
    pub with_items: u64,
    pub items: ItemCounts,
}

/// Counts of a whole export, while the counts of its parts are put together.
#[derive(Clone, Debug, Default)]
pub struct Counting {
    /// In the order of the archive.
    conversations: KindCounts,
    days: BTreeMap<NaiveDate, Count>,
}

impl Counting {
    /// Adds what the next part in the order of the archive holds: the counts by conversation and day, and by kind. One that goes
    /// on from the part before is one conversation.
    pub fn part(&mut self, by_day: &Slice, by_kind: KindCounts) {
        for day in by_day.days() {
            let count = Count { items: day.items.into(), deleted: day.deleted.into() };
            self.days.entry(day.day).or_default().add(count);
        }
        for counts in by_kind.0 {
            self.conversations.add(counts);
        }
    }

    /// The sums; and the conversations that have items, those with most items first.
    #[must_use]
    pub fn finish(self) -> (Totals, Vec<ConversationCounts>) {
        let mut totals = Totals::default();
        let mut conversations = self.conversations.0;
        for counts in &conversations {
            let total = totals.by_kind.entry(counts.kind).or_default();
            total.listed += 1;
            total.items.add(&counts.items);
            total.with_items += u64::from(counts.items.sum().items > 0);
        }
        conversations.retain(|counts| counts.items.sum().items > 0);
        conversations.sort_unstable_by_key(|counts| (std::cmp::Reverse(counts.items.sum().items), counts.id));
        let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let day = |(day, count): (NaiveDate, Count)| DayCount {
            day,
            items: number(count.items),
            deleted: number(count.deleted),
        };
        totals.by_day = self.days.into_iter().map(day).collect();
        (totals, conversations)
    }
}

/// Sums over a whole export.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// By kind of conversation, of those that there are.
    pub by_kind: BTreeMap<ConversationKind, KindTotal>,
    /// Of each day that has items, by date.
    pub by_day: Vec<DayCount>,
}

impl Totals {
    /// Items by kind, of all conversations together.
    #[must_use]
    pub fn items(&self) -> ItemCounts {
        let mut sum = ItemCounts::default();
        self.by_kind.values().for_each(|total| sum.add(&total.items));
        sum
    }

    /// Conversations that the archive lists, and those of them that have items.
    #[must_use]
    pub fn conversations(&self) -> (u64, u64) {
        let sum = |number: fn(&KindTotal) -> u64| self.by_kind.values().map(number).sum();
        (sum(|total| total.listed), sum(|total| total.with_items))
    }

    /// Short texts, by kind and by day, from which [`Totals::parse`] makes the same again.
    #[must_use]
    pub fn to_texts(&self) -> (String, String) {
        let mut by_kind = String::new();
        for (kind, KindTotal { listed, with_items, items }) in &self.by_kind {
            let _infallible = write!(by_kind, "{kind} {listed} {with_items}");
            items.write(&mut by_kind);
            by_kind.push('\n');
        }
        let mut by_day = Slice::default();
        by_day.conversation(0, true);
        self.by_day.iter().for_each(|day| by_day.add(*day));
        (by_kind, by_day.to_text())
    }

    /// Reads what [`Totals::to_texts`] has written.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if it is anything else.
    pub fn parse(by_kind: &str, by_day: &str) -> Result<Self> {
        let total = |line: &str| {
            let mut words = line.split(' ');
            let kind = ConversationKind::from_str(words.next()?).ok()?;
            let (listed, with_items) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            Some((kind, KindTotal { listed, with_items, items: ItemCounts::read(&mut words)? }))
        };
        let by_kind: Option<BTreeMap<_, _>> = by_kind.lines().map(total).collect();
        let by_day = Slice::parse(by_day)?.days().to_vec();
        Ok(Self { by_kind: by_kind.ok_or_else(unreadable)?, by_day })
    }
}

fn unreadable() -> Error {
    Error::internal("The counts of an export can't be read.", "no counts")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::default().checked_add_days(Days::new(number)).unwrap()
    }

    /// An item: its conversation, day, kind, and whether it is deleted.
    type Item = (i64, u64, usize, bool);

    fn kind_of(conversation: i64) -> ConversationKind {
        *CONVERSATION_KINDS.get(usize::try_from(conversation % 4).unwrap()).unwrap()
    }

    /// What the packers count of a part with these items, by conversation and day.
    fn part(mut items: Vec<Item>) -> (Slice, KindCounts) {
        items.sort_unstable();
        let (mut slice, mut kinds) = (Slice::default(), KindCounts::default());
        for (id, number, kind, deleted) in items {
            let mut counts = ItemCounts::default();
            counts.item(*ITEM_KINDS.get(kind).unwrap(), deleted);
            kinds.add(ConversationCounts { id, kind: kind_of(id), items: counts });
            if slice.last().is_none_or(|portion| portion.conversation != id) {
                slice.conversation(id, true);
            }
            slice.add(DayCount { day: day(number), items: 1, deleted: deleted.into() });
        }
        (slice, kinds)
    }

    #[test]
    fn a_conversation_that_goes_on_in_another_part_is_one() {
        let mut counting = Counting::default();
        for items in [vec![(4, 1, 0, false), (5, 1, 1, true)], vec![(5, 2, 1, false), (5, 3, 2, false)]] {
            let (slice, kinds) = part(items);
            counting.part(&slice, kinds);
        }
        // Listed, and nothing in it.
        let empty = ConversationCounts { id: 9, kind: ConversationKind::Team, items: ItemCounts::default() };
        counting.part(&Slice::default(), KindCounts(vec![empty]));
        let (totals, conversations) = counting.finish();
        assert_eq!(
            conversations.iter().map(|counts| (counts.id, counts.items.sum().items)).collect::<Vec<_>>(),
            [(5, 3), (4, 1)]
        );
        assert_eq!(totals.conversations(), (3, 2));
        assert_eq!(totals.by_day.iter().map(|count| count.items).collect::<Vec<_>>(), [2, 1, 1]);
        let notes = totals.items().each().nth(1).unwrap();
        assert_eq!(notes, (ItemKind::Note, Count { items: 2, deleted: 1 }));
    }

    #[test]
    fn what_is_no_counts_is_refused() {
        for text in ["x", "1 Team 1", "1 Club 1 0 0 0 0 0 0 0", "1 Team 1 0 0 0 0 0 0 -1"] {
            assert!(KindCounts::parse(text).is_err(), "{text}");
            assert!(Totals::parse(text, "").is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn sums_are_the_same_however_parts_are_divided(
            mut items in prop::collection::vec((0_i64..9, 0_u64..40, 0_usize..4, any::<bool>()), 0..200),
            border in 0_usize..200,
        ) {
            items.sort_unstable();
            let count = |parts: Vec<Vec<Item>>| {
                let mut counting = Counting::default();
                for items in parts {
                    let (slice, kinds) = part(items);
                    counting.part(&slice, KindCounts::parse(&kinds.to_text()).unwrap());
                }
                counting.finish()
            };
            let (one, other) = items.split_at(border.min(items.len()));
            let (totals, conversations) = count(vec![one.to_vec(), other.to_vec()]);
            prop_assert_eq!((totals.clone(), conversations.clone()), count(vec![items.clone()]));

            let total = totals.items().sum();
            let deleted = items.iter().filter(|item| item.3).count();
            prop_assert_eq!((total.items, total.deleted), (items.len() as u64, deleted as u64));
            prop_assert_eq!(totals.by_day.iter().map(|day| u64::from(day.items)).sum::<u64>(), total.items);
            prop_assert_eq!(conversations.iter().map(|counts| counts.items.sum().items).sum::<u64>(), total.items);
            let (by_kind, by_day) = totals.to_texts();
            prop_assert_eq!(Totals::parse(&by_kind, &by_day).unwrap(), totals);
        }
    }
}
