//! Times given by a source that are impossible: what counts instead, and what is reported to the operator.

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
    /// What is said to have happened then, such as “the deletion”.
    pub what: &'static str,
    /// The time that the source gives.
    pub given: Timestamp,
    /// Why it can't be.
    pub why: Why,
    /// The time that counts instead; none where what the source gives is kept.
    pub counts: Option<Timestamp>,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, given, why, counts } = self;
        let why = match why {
            Why::AfterNow => "after the present",
            Why::BeforeItem => "before the item was posted",
        };
        match counts {
            Some(counts) => write!(f, "{what} is told for {given}, {why}: it counts as of {counts}"),
            None => write!(f, "{what} is told for {given}, {why}: it is kept as told"),
        }
    }
}

/// A time that is kept as given although it lies in the future.
#[must_use]
pub fn after_now(what: &'static str, given: Timestamp, now: Timestamp) -> Option<Doubt> {
    (given > now).then_some(Doubt { what, given, why: Why::AfterNow, counts: None })
}

/// A change that is kept as given although it can't have been made then.
#[must_use]
pub fn of_change(given: Timestamp, posted: Timestamp, now: Timestamp) -> Option<Doubt> {
    let what = "the change";
    let before = (given < posted).then_some(Doubt { what, given, why: Why::BeforeItem, counts: None });
    before.or_else(|| after_now(what, given, now))
}

/// C4: when a deletion counts as made. Not after it was reported: otherwise capture that is switched on later might bring the item
/// back. Nor before the item was posted: a time that can't be must not erase what was posted while capture was on. `posted` is
/// unknown while only the deletion is.
#[must_use]
pub fn deleted_at(given: Option<Timestamp>, posted: Option<Timestamp>, now: Timestamp) -> (Timestamp, Option<Doubt>) {
    let Some(given) = given else { return (now, None) };
    // An item that itself comes from the future was deleted when that was reported.
    let earliest = posted.unwrap_or(Timestamp::MIN).min(now);
    let counts = given.clamp(earliest, now);
    let doubt = |why| Some(Doubt { what: "the deletion", given, why, counts: Some(counts) });
    match given {
        given if given > now => (counts, doubt(Why::AfterNow)),
        given if given < earliest => (counts, doubt(Why::BeforeItem)),
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
        let words = doubt.map(|doubt| doubt.to_string()).unwrap_or_default();
        assert_eq!(
            words,
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
            given in proptest::option::of(-50_i64..50), posted in proptest::option::of(-50_i64..50), now in -50_i64..50,
        ) {
            let (counts, doubt) = deleted_at(given.map(at), posted.map(at), at(now));
            prop_assert!(counts <= at(now));
            prop_assert!(posted.is_none_or(|posted| counts >= at(posted.min(now))));
            // Whatever is corrected is reported, and what is reported is corrected.
            prop_assert_eq!(doubt.is_some(), given.is_some_and(|given| at(given) != counts));
        }

        /// Which of the two came first makes no difference.
        #[test]
        fn c4_a_deletion_that_comes_before_its_item_counts_as_one_that_comes_after(
            given in proptest::option::of(-50_i64..50), posted in -50_i64..0, first in 0_i64..50, later in 0_i64..50,
        ) {
            let given = given.map(at);
            let (afterwards, _) = deleted_at(given, Some(at(posted)), at(first));
            let (alone, _) = deleted_at(given, None, at(first));
            let (with_item, _) = deleted_at(Some(alone), Some(at(posted)), at(first + later));
            prop_assert_eq!(afterwards, with_item);
        }
    }
}
