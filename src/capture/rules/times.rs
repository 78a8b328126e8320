//! Times that a source tells and that can't be: what counts instead, and what the operator is told.

use std::fmt;

use crate::model::Timestamp;

/// Why a time can't be.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Why {
    /// It lies after the moment of recording.
    AfterNow,
    /// It lies before the item was posted that it is about.
    BeforeItem,
}

/// A time that can't be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Doubt {
    /// What is told to have happened then, such as “the deletion”.
    pub what: &'static str,
    /// The time that the source tells.
    pub told: Timestamp,
    /// Why it can't be.
    pub why: Why,
    /// The time that counts instead; none where what the source tells is kept.
    pub counts: Option<Timestamp>,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, told, why, counts } = self;
        let why = match why {
            Why::AfterNow => "after the present",
            Why::BeforeItem => "before the item was posted",
        };
        match counts {
            Some(counts) => write!(f, "{what} is told for {told}, {why}: it counts as of {counts}"),
            None => write!(f, "{what} is told for {told}, {why}: it is kept as told"),
        }
    }
}

/// A time that is kept as told although it lies in the future.
#[must_use]
pub fn after_now(what: &'static str, told: Timestamp, now: Timestamp) -> Option<Doubt> {
    (told > now).then_some(Doubt { what, told, why: Why::AfterNow, counts: None })
}

/// A change that is kept as told although it can't have been made then.
#[must_use]
pub fn of_change(told: Timestamp, posted: Timestamp, now: Timestamp) -> Option<Doubt> {
    let what = "the change";
    let before = (told < posted).then_some(Doubt { what, told, why: Why::BeforeItem, counts: None });
    before.or_else(|| after_now(what, told, now))
}

/// C4: when a deletion counts as made. Not after it was told: otherwise capture that is switched on later might bring the item
/// back. Nor before the item was posted: a time that can't be must not erase what was posted while capture was on. `posted` is
/// unknown while only the deletion is.
#[must_use]
pub fn deleted_at(told: Option<Timestamp>, posted: Option<Timestamp>, now: Timestamp) -> (Timestamp, Option<Doubt>) {
    let Some(told) = told else { return (now, None) };
    // An item that itself comes from the future was deleted when that was told.
    let earliest = posted.unwrap_or(Timestamp::MIN).min(now);
    let counts = told.clamp(earliest, now);
    let doubt = |why| Some(Doubt { what: "the deletion", told, why, counts: Some(counts) });
    match told {
        told if told > now => (counts, doubt(Why::AfterNow)),
        told if told < earliest => (counts, doubt(Why::BeforeItem)),
        _ => (counts, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap_or_default()
    }

    #[test]
    fn a_time_that_cant_be_is_told_as_a_sentence() {
        let (counts, doubt) = deleted_at(Some(at(1_000_000)), Some(at(5_000_000)), at(9_000_000));
        assert_eq!(counts, at(5_000_000));
        let told = doubt.map(|doubt| doubt.to_string()).unwrap_or_default();
        assert_eq!(
            told,
            "the deletion is told for 1970-01-01T00:00:01Z, before the item was posted: it counts as of 1970-01-01T00:00:05Z"
        );
        assert_eq!(
            after_now("the item", at(2_000_000), at(1_000_000)).map(|doubt| doubt.to_string()).as_deref(),
            Some("the item is told for 1970-01-01T00:00:02Z, after the present: it is kept as told")
        );
    }

    proptest! {
        #[test]
        fn c4_a_deletion_counts_between_its_item_and_now(
            told in proptest::option::of(-50_i64..50), posted in proptest::option::of(-50_i64..50), now in -50_i64..50,
        ) {
            let (counts, doubt) = deleted_at(told.map(at), posted.map(at), at(now));
            prop_assert!(counts <= at(now));
            prop_assert!(posted.is_none_or(|posted| counts >= at(posted.min(now))));
            // Whatever is bent is told, and what is told is bent.
            prop_assert_eq!(doubt.is_some(), told.is_some_and(|told| at(told) != counts));
        }

        /// Which of the two came first makes no difference.
        #[test]
        fn c4_a_deletion_that_comes_before_its_item_counts_as_one_that_comes_after(
            told in proptest::option::of(-50_i64..50), posted in -50_i64..0, first in 0_i64..50, later in 0_i64..50,
        ) {
            let told = told.map(at);
            let (afterwards, _) = deleted_at(told, Some(at(posted)), at(first));
            let (alone, _) = deleted_at(told, None, at(first));
            let (with_item, _) = deleted_at(Some(alone), Some(at(posted)), at(first + later));
            prop_assert_eq!(afterwards, with_item);
        }
    }
}
