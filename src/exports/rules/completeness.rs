//! Whether what was written of an export is what was planned, by conversation and day. Only what has been erased in between
//! (C4 goes before C7) may be missing, and only from its own day.
//!
//! Pure: the worker says what was erased, and puts a [`Difference`] into words.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::slices::{DayCount, Portion, Slice};
use crate::error::Result;
use crate::model::ConversationId;

/// Items, and those of them that are marked deleted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Items, deleted ones included.
    pub items: u32,
    /// Deleted ones.
    pub deleted: u32,
}

impl Counts {
    const fn of(count: &DayCount) -> Self {
        Self { items: count.items, deleted: count.deleted }
    }
}

/// Why an archive is not complete.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Difference {
    /// A conversation was planned, and was not written.
    Missing(ConversationId),
    /// A conversation was written, and was not planned.
    Unplanned(ConversationId),
    /// There is more or less of a day than was planned.
    Day { conversation: ConversationId, day: NaiveDate, planned: Counts, written: Counts },
}

/// The first difference between what was planned and what was written, if there is one. `erased` returns, by day, how many items of
/// a conversation have been erased since the cut.
///
/// # Errors
/// Those of `erased`.
pub fn difference(
    planned: &Slice,
    written: &Slice,
    erased: &mut dyn FnMut(ConversationId) -> Result<BTreeMap<NaiveDate, u32>>,
) -> Result<Option<Difference>> {
    if planned.counts_as(written) {
        return Ok(None);
    }
    let mut found = written.portions().peekable();
    for portion in planned.portions() {
        let id = portion.conversation;
        let written = found.next_if(|written| written.conversation == id);
        // One that goes on here has no folder of its own in this part, and all that it had may have been erased.
        if written.is_some_and(|written| written.begins) != portion.begins {
            return Ok(Some(Difference::Missing(id)));
        }
        let written = written.map_or(&[][..], |written| written.days);
        if portion.days != written
            && let Some(difference) = of_days(planned, portion, written, &erased(id)?)
        {
            return Ok(Some(difference));
        }
    }
    Ok(found.next().map(|more| Difference::Unplanned(more.conversation)))
}

/// The same of the days of a conversation.
fn of_days(
    slice: &Slice,
    portion: Portion<'_>,
    written: &[DayCount],
    erased: &BTreeMap<NaiveDate, u32>,
) -> Option<Difference> {
    let conversation = portion.conversation;
    let mut days: BTreeMap<NaiveDate, (Counts, Counts)> = BTreeMap::new();
    for count in portion.days {
        days.entry(count.day).or_default().0 = Counts::of(count);
    }
    for count in written {
        days.entry(count.day).or_default().1 = Counts::of(count);
    }
    days.into_iter().find_map(|(day, (planned, written))| {
        // What had been erased when it was planned is in no count.
        let since_the_cut = erased.get(&day).copied().unwrap_or(0);
        let may_be_missing = since_the_cut.saturating_sub(slice.erased(conversation, day));
        // Nothing comes to what there was at the cut, and what was kept when it was deleted is not erased any more.
        let agrees = written.items <= planned.items
            && planned.items - written.items <= may_be_missing
            && written.deleted == planned.deleted;
        (!agrees).then_some(Difference::Day { conversation, day, planned, written })
    })
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::default().checked_add_days(Days::new(number)).unwrap_or_default()
    }

    /// What becomes of an item that was there at the cut.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Course {
        Stays,
        /// It is marked deleted all along.
        Marked,
        ErasedBeforeThePlan,
        ErasedBeforeTheReading,
        /// Without a trace, between plan and reading.
        Lost,
        /// It comes from nowhere.
        Appears,
        /// Its mark is gone when it is read.
        LosesItsMark,
    }

    fn course() -> impl Strategy<Value = Course> {
        prop_oneof![
            8 => Just(Course::Stays),
            2 => Just(Course::Marked),
            4 => Just(Course::ErasedBeforeThePlan),
            4 => Just(Course::ErasedBeforeTheReading),
        ]
    }

    fn fault() -> impl Strategy<Value = Course> {
        prop_oneof![Just(Course::Lost), Just(Course::Appears), Just(Course::LosesItsMark)]
    }

    /// What is planned and written of conversations whose items have these days and courses, and what was erased by then.
    fn run(conversations: &[Vec<(u64, Course)>]) -> (Slice, Slice, BTreeMap<ConversationId, BTreeMap<NaiveDate, u32>>) {
        let (mut planned, mut written, mut erased) = (Slice::default(), Slice::default(), BTreeMap::new());
        for (id, items) in (1..).zip(conversations) {
            planned.conversation(id, true);
            written.conversation(id, true);
            let mut items = items.clone();
            items.sort_by_key(|(day, _)| *day);
            let of_conversation: &mut BTreeMap<NaiveDate, u32> = erased.entry(id).or_default();
            for number in 0..5 {
                let of_day = |courses: &[Course]| {
                    let some = items.iter().filter(|(day, course)| *day == number && courses.contains(course));
                    u32::try_from(some.count()).unwrap_or(u32::MAX)
                };
                use Course::{Appears, ErasedBeforeThePlan, ErasedBeforeTheReading, LosesItsMark, Lost, Marked, Stays};
                let there = of_day(&[Stays, Marked, ErasedBeforeTheReading, Lost, LosesItsMark]);
                let marked = of_day(&[Marked, LosesItsMark]);
                let before = of_day(&[ErasedBeforeThePlan]);
                if there > 0 {
                    planned.add(DayCount { day: day(number), items: there, deleted: marked });
                    if before > 0 {
                        planned.erase(day(number), before);
                    }
                }
                let left = of_day(&[Stays, Marked, LosesItsMark, Appears]);
                if left > 0 {
                    written.add(DayCount { day: day(number), items: left, deleted: of_day(&[Marked]) });
                }
                *of_conversation.entry(day(number)).or_default() += before + of_day(&[ErasedBeforeTheReading]);
            }
        }
        (planned, written, erased)
    }

    fn find(conversations: &[Vec<(u64, Course)>]) -> Option<Difference> {
        let (planned, written, erased) = run(conversations);
        // As it is kept between the plan and the building.
        let planned = Slice::parse(&planned.to_text()).unwrap_or_default();
        difference(&planned, &written, &mut |id| Ok(erased.get(&id).cloned().unwrap_or_default())).unwrap_or_default()
    }

    proptest! {
        #[test]
        fn c4_what_was_erased_is_not_missing(
            conversations in prop::collection::vec(prop::collection::vec((0_u64..5, course()), 0..20), 0..5),
        ) {
            prop_assert_eq!(find(&conversations), None);
        }

        /// However much was erased: before the plan, after it, on that day or on others, in that conversation or in others.
        #[test]
        fn one_item_too_few_or_too_many_is_found(
            conversations in prop::collection::vec(prop::collection::vec((0_u64..5, course()), 0..20), 1..5),
            (place, at, fault) in (0_usize..5, 0_u64..5, fault()),
        ) {
            let (mut conversations, place) = (conversations.clone(), place % conversations.len());
            if let Some(items) = conversations.get_mut(place) {
                // One that comes as another is erased can't be seen from counts: what is erased after the reading is not missing.
                items.retain(|item| fault != Course::Appears || *item != (at, Course::ErasedBeforeTheReading));
                items.push((at, fault));
            }
            let id = ConversationId::try_from(place + 1).unwrap_or_default();
            let found = match find(&conversations) {
                Some(Difference::Day { conversation, day, .. }) => Some((conversation, day)),
                _ => None,
            };
            prop_assert_eq!(found, Some((id, day(at))));
        }
    }

    #[test]
    fn a_conversation_too_few_or_too_many_is_found() {
        let (mut one, mut two) = (Slice::default(), Slice::default());
        one.conversation(1, true);
        two.conversation(1, true);
        two.conversation(2, true);
        let none = &mut |_| Ok(BTreeMap::new());
        assert_eq!(difference(&two, &one, none).ok(), Some(Some(Difference::Missing(2))));
        assert_eq!(difference(&one, &two, none).ok(), Some(Some(Difference::Unplanned(2))));
        assert_eq!(difference(&two, &two, none).ok(), Some(None));
    }
}
