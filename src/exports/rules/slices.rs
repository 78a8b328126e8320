//! What parts of an export hold: counts by conversation and day, as they were planned, read and written.
//!
//! Pure: [`crate::exports::rules::parts`] divides an export into slices, the worker compares with them what it has read and written, and
//! between the two they are kept as text.

use chrono::{Days, NaiveDate};

use crate::error::{Error, Result};
use crate::model::ConversationId;

/// Counts of one day file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DayCount {
    /// The day, in the request's zone (C6).
    pub day: NaiveDate,
    /// Items, deleted ones included.
    pub items: u32,
    /// Those of them that are marked deleted (C4).
    pub deleted: u32,
}

/// What one part holds of one conversation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Portion<'a> {
    pub conversation: ConversationId,
    /// Its days, in order; none for one without items in the range.
    pub days: &'a [DayCount],
    /// Whether it begins here: then its folder itself is an entry of this part.
    pub begins: bool,
}

/// What one part holds, in the order of the archive: conversations by number, days by date.
///
/// The days of all conversations lie in one piece of memory, and not in thousands of small ones: there are several slices of
/// tens of thousands of days while a part is built, part after part.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Slice {
    heads: Vec<Head>,
    days: Vec<DayCount>,
    /// Rarely any.
    erased: Vec<ErasedItems>,
}

/// Items of a day that had been erased between the cut and the plan (C4): they are in no count, and are not missing either.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ErasedItems {
    pub conversation: ConversationId,
    pub day: NaiveDate,
    pub items: u32,
}

/// A portion but for its days: those between the end of the one before and its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Head {
    conversation: ConversationId,
    begins: bool,
    end: usize,
}

impl Slice {
    /// Empties it; its memory stays.
    pub fn clear(&mut self) {
        self.heads.clear();
        self.days.clear();
        self.erased.clear();
    }

    /// The next conversation, which begins in this part or goes on from the one before.
    pub fn conversation(&mut self, conversation: ConversationId, begins: bool) {
        self.heads.push(Head { conversation, begins, end: self.days.len() });
    }

    /// More items of the conversation that came last: of its last day, or of a later one.
    pub fn add(&mut self, more: DayCount) {
        let begin =
            self.heads.len().checked_sub(2).and_then(|before| self.heads.get(before)).map_or(0, |head| head.end);
        let Some(head) = self.heads.last_mut() else { return };
        match self.days.get_mut(begin..).and_then(<[_]>::last_mut).filter(|last| last.day == more.day) {
            Some(last) => {
                last.items += more.items;
                last.deleted += more.deleted;
            }
            None => {
                self.days.push(more);
                head.end = self.days.len();
            }
        }
    }

    /// So many items of a day of the conversation that came last had been erased when it was planned.
    pub fn erase(&mut self, day: NaiveDate, items: u32) {
        if let Some(&Head { conversation, .. }) = self.heads.last() {
            self.erased.push(ErasedItems { conversation, day, items });
        }
    }

    /// How many items of a conversation's day had been erased when it was planned.
    #[must_use]
    pub fn erased(&self, conversation: ConversationId, day: NaiveDate) -> u32 {
        let place = self.erased.binary_search_by_key(&(conversation, day), |erased| (erased.conversation, erased.day));
        place.ok().and_then(|place| self.erased.get(place)).map_or(0, |erased| erased.items)
    }

    /// Whether the counts are the same, whatever was erased before.
    #[must_use]
    pub fn counts_as(&self, other: &Self) -> bool {
        self.heads == other.heads && self.days == other.days
    }

    /// The portion with this index, from 0.
    #[must_use]
    pub fn portion(&self, index: usize) -> Option<Portion<'_>> {
        let Head { conversation, begins, end } = *self.heads.get(index)?;
        let begin = index.checked_sub(1).and_then(|before| self.heads.get(before)).map_or(0, |head| head.end);
        Some(Portion { conversation, days: self.days.get(begin..end)?, begins })
    }

    /// What it holds of each conversation.
    pub fn portions(&self) -> impl Iterator<Item = Portion<'_>> {
        (0..self.heads.len()).map_while(|index| self.portion(index))
    }

    /// The first portion.
    #[must_use]
    pub fn first(&self) -> Option<Portion<'_>> {
        self.portion(0)
    }

    /// The last portion.
    #[must_use]
    pub fn last(&self) -> Option<Portion<'_>> {
        self.portion(self.heads.len().checked_sub(1)?)
    }

    /// Whether no conversation is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The day files of all conversations.
    #[must_use]
    pub fn days(&self) -> &[DayCount] {
        &self.days
    }

    /// Items in all.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.days.iter().map(|day| u64::from(day.items)).sum()
    }

    /// A short text from which [`Slice::parse`] makes the same again: a line for each conversation with its number, whether
    /// it begins here, and then for each day the days since the one before (the first: since 1970), items and deleted. Behind
    /// them a line for each day of which something had been erased: the conversation, `-`, the day since 1970, and how many.
    #[must_use]
    pub fn to_text(&self) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        for portion in self.portions() {
            let _infallible = write!(text, "{} {}", portion.conversation, u8::from(portion.begins));
            let mut last = NaiveDate::default();
            for count in portion.days {
                let step = count.day.signed_duration_since(last).num_days();
                let _infallible = write!(text, " {step} {} {}", count.items, count.deleted);
                last = count.day;
            }
            text.push('\n');
        }
        for ErasedItems { conversation, day, items } in &self.erased {
            let day = day.signed_duration_since(NaiveDate::default()).num_days();
            let _infallible = writeln!(text, "{conversation} - {day} {items}");
        }
        text
    }

    /// Reads what [`Slice::to_text`] has written.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if it is anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let mut slice = Self::default();
        let portion = |line: &str| -> Option<()> {
            let mut numbers = line.split(' ');
            let (conversation, begins) = (numbers.next()?.parse().ok()?, numbers.next()?);
            if begins == "-" {
                let day = step_from(NaiveDate::default(), numbers.next()?)?;
                slice.erased.push(ErasedItems { conversation, day, items: numbers.next()?.parse().ok()? });
                return Some(());
            }
            slice.conversation(conversation, begins == "1");
            let mut day = NaiveDate::default();
            while let Some(step) = numbers.next() {
                day = step_from(day, step)?;
                slice.days.push(DayCount {
                    day,
                    items: numbers.next()?.parse().ok()?,
                    deleted: numbers.next()?.parse().ok()?,
                });
            }
            slice.heads.last_mut()?.end = slice.days.len();
            Some(())
        };
        match text.lines().map(portion).collect::<Option<()>>() {
            Some(()) => Ok(slice),
            None => Err(Error::internal("The plan of an export can't be read.", "no counts")),
        }
    }
}

/// So many days after this one, or before.
fn step_from(day: NaiveDate, step: &str) -> Option<NaiveDate> {
    let step: i64 = step.parse().ok()?;
    let distance = Days::new(step.unsigned_abs());
    if step < 0 { day.checked_sub_days(distance) } else { day.checked_add_days(distance) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(day: u64, items: u32) -> DayCount {
        let day = NaiveDate::default().checked_add_days(Days::new(day)).unwrap_or_default();
        DayCount { day, items, deleted: items / 2 }
    }

    #[test]
    fn items_of_a_day_are_added_up_within_their_conversation() {
        let mut slice = Slice::default();
        slice.add(count(1, 1));
        assert_eq!(slice, Slice::default(), "of no conversation");
        slice.conversation(4, false);
        slice.conversation(5, true);
        for more in [count(1, 2), count(1, 4), count(3, 1)] {
            slice.add(more);
        }
        slice.conversation(6, true);
        slice.add(count(3, 7));
        let (added, days) = (DayCount { items: 6, deleted: 3, ..count(1, 0) }, [count(3, 1), count(3, 7)]);
        let portions = [
            Portion { conversation: 4, days: &[], begins: false },
            Portion { conversation: 5, days: &[added, days[0]], begins: true },
            Portion { conversation: 6, days: &days[1..], begins: true },
        ];
        assert_eq!(slice.portions().collect::<Vec<_>>(), portions);
        assert_eq!((slice.first(), slice.last(), slice.portion(3)), (Some(portions[0]), Some(portions[2]), None));
        assert_eq!((slice.items(), slice.days().len(), slice.is_empty()), (14, 3, false));
    }

    proptest! {
        #[test]
        fn text_tells_all(portions in prop::collection::vec((any::<bool>(), prop::collection::vec(1_u32..9, 0..5)), 0..9)) {
            let mut slice = Slice::default();
            for (number, (begins, days)) in (1..).zip(portions) {
                slice.conversation(number, begins);
                for (day, items) in (number.unsigned_abs()..).step_by(2).zip(days) {
                    slice.add(count(day, items));
                    if items > 6 {
                        slice.erase(count(day, 0).day, items);
                        prop_assert_eq!(slice.erased(number, count(day, 0).day), items);
                    }
                }
            }
            prop_assert_eq!(Slice::parse(&slice.to_text()).unwrap_or_default(), slice);
        }

        #[test]
        fn any_other_text_is_refused_or_reads_without_a_fault(text in "[0-9 \\-\n]{0,40}") {
            let _ = Slice::parse(&text);
        }
    }
}
