//! C4: whether a deleted item is kept.
//!
//! Periods come in the order in which they were made. Their times are readings of a clock, and clocks get set: a reading that
//! is greater than a later one was wrong, or the later one is. Then it is not known when capture was on, and what may have been
//! deleted while it was on is kept; but it does not count as covered.

use std::ops::Range;

use chrono::TimeDelta;

use crate::model::{CapturePeriod, Timestamp};

/// How much longer than it shows a clock may have been wrong.
const UNNOTICED: TimeDelta = TimeDelta::days(31);

/// Stretches of time during which capture was on, or may have been, in any order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Spans(Vec<Range<Timestamp>>);

impl Spans {
    /// Those of an account with these periods. A reading of the clock `now` that is smaller than theirs also shows that it has
    /// been set back.
    #[must_use]
    pub fn new(periods: &[CapturePeriod], now: Timestamp) -> Self {
        Self(judged(periods, now).into_iter().map(|period| period.possible).collect())
    }

    /// Whether capture was on at that instant, or may have been. A stretch includes its beginning, not its end.
    #[must_use]
    pub fn contain(&self, at: Timestamp) -> bool {
        self.0.iter().any(|span| span.contains(&at))
    }

    /// Each stretch.
    pub fn iter(&self) -> impl Iterator<Item = &Range<Timestamp>> {
        self.0.iter()
    }
}

/// A period, as far as its readings can be believed.
struct Judged {
    /// When capture may have been on.
    possible: Range<Timestamp>,
    /// The readings contradict no later ones: it was on just then.
    is_certain: bool,
}

fn judged(periods: &[CapturePeriod], now: Timestamp) -> Vec<Judged> {
    let mut judged = Vec::with_capacity(periods.len());
    // The smallest of all later readings.
    let mut least = now;
    for period in periods.iter().rev() {
        let CapturePeriod { on_at, off_at, .. } = *period;
        let end = off_at.unwrap_or(Timestamp::MAX);
        least = least.min(end);
        let is_certain = on_at <= least;
        let possible = if is_certain {
            on_at..end
        } else {
            // It was switched on before that later reading, by the clock of now; nobody knows how long before.
            let wrong = TimeDelta::microseconds(on_at.micros().saturating_sub(least.micros()));
            let end = if end < on_at { on_at.plus(wrong) } else { end };
            least.plus(-wrong).plus(-UNNOTICED)..end
        };
        least = least.min(on_at);
        judged.push(Judged { possible, is_certain });
    }
    judged
}

/// Whether the clock was set back since capture was switched on, so that nobody knows any more when that was.
#[must_use]
pub fn is_set_back(periods: &[CapturePeriod], now: Timestamp) -> bool {
    periods.last().is_some_and(|period| period.off_at.is_none() && period.on_at > now)
}

/// How an item appears in an export.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Appearance {
    /// As it is.
    Live,
    /// Marked deleted.
    Deleted,
    /// Not at all.
    Hidden,
}

/// How an item appears in an export of the account that had capture on at these times, made at the cut: a deletion recorded
/// after the cut does not show (C7).
///
/// A conversation can be exported for two accounts (a Direct between two companies): a deleted item is kept as long as
/// either had capture on, and shows only to those that had.
#[must_use]
pub fn appearance(on: &Spans, deletion: Option<(Timestamp, i64)>, cut: i64) -> Appearance {
    match deletion {
        Some((at, recording)) if recording <= cut => {
            if on.contain(at) {
                Appearance::Deleted
            } else {
                Appearance::Hidden
            }
        }
        _ => Appearance::Live,
    }
}

/// Whether the content of an item deleted then is kept at all, given when each account that it is exported for had capture on.
#[must_use]
pub fn is_kept<'a>(accounts: impl IntoIterator<Item = &'a Spans>, deleted_at: Timestamp) -> bool {
    accounts.into_iter().any(|on| on.contain(deleted_at))
}

/// The stretches within `from..to` during which capture was off, or may have been, oldest first.
#[must_use]
pub fn gaps(periods: &[CapturePeriod], from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let judged = judged(periods, Timestamp::MAX);
    let mut on: Vec<Range<Timestamp>> =
        judged.into_iter().filter(|period| period.is_certain).map(|period| period.possible).collect();
    on.sort_unstable_by_key(|period| period.start);
    let mut gaps = Vec::new();
    let mut covered = from;
    for period in on {
        if period.end <= covered {
            continue;
        }
        if period.start >= to {
            break;
        }
        if period.start > covered {
            gaps.push((covered, period.start));
        }
        covered = period.end;
    }
    if covered < to {
        gaps.push((covered, to));
    }
    gaps
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap_or_default()
    }

    fn period(on: i64, off: Option<i64>) -> CapturePeriod {
        CapturePeriod { on_at: at(on), off_at: off.map(at), on_by: None, off_by: None }
    }

    fn spans(periods: &[CapturePeriod]) -> Spans {
        Spans::new(periods, Timestamp::MAX)
    }

    #[test]
    fn c4_borders_of_capture() {
        let on = spans(&[period(10, Some(20)), period(30, None)]);
        let on: Vec<i64> = (0..40).filter(|&micros| on.contain(at(micros))).collect();
        assert_eq!(on, (10..20).chain(30..40).collect::<Vec<_>>());
        assert!(!spans(&[]).contain(at(0)));
    }

    #[test]
    fn c4_is_kept_for_either_account_and_shows_to_the_one_that_captured() {
        let (ours, theirs) = (spans(&[period(10, None)]), spans(&[period(50, None)]));
        assert!(is_kept([&ours, &theirs], at(20)));
        assert_eq!(appearance(&ours, Some((at(20), 7)), 7), Appearance::Deleted);
        assert_eq!(appearance(&theirs, Some((at(20), 7)), 7), Appearance::Hidden);
        assert!(!is_kept([&ours, &theirs], at(5)));
    }

    #[test]
    fn c7_a_deletion_recorded_after_the_cut_does_not_show() {
        assert_eq!(appearance(&Spans::default(), Some((at(20), 8)), 7), Appearance::Live);
        assert_eq!(appearance(&Spans::default(), None, 7), Appearance::Live);
    }

    #[test]
    fn c4_switched_on_by_a_clock_that_was_ahead_then_put_right() {
        // On at 12:00, when the clock said 13:00. Reported at 12:10: deleted at 12:08.
        let (on, now) = (13 * HOUR, 12 * HOUR + HOUR / 6);
        let deleted = at(12 * HOUR + HOUR / 8);
        assert!(Spans::new(&[period(on, None)], at(now)).contain(deleted));
        // Once that has been noticed, the rows themselves say so for ever.
        let noticed = [period(on, Some(now)), period(now, None)];
        assert!(spans(&noticed).contain(deleted));
        assert_eq!(gaps(&noticed, at(0), at(24 * HOUR)), [(at(0), at(now))], "but it does not count as covered");
        // Switched off before that was noticed.
        let off = [period(on, Some(now))];
        assert!(spans(&off).contain(deleted) && !spans(&off).contain(at(15 * HOUR)));
    }

    fn readings() -> impl Strategy<Value = Vec<CapturePeriod>> {
        (proptest::collection::vec(0_i64..30, 0..9), any::<bool>()).prop_map(|(readings, open)| {
            let pairs = readings.chunks(2);
            let last = pairs.len().saturating_sub(1);
            let periods = pairs.enumerate().map(|(number, pair)| {
                let off = pair.get(1).copied().or((number < last || !open).then_some(pair[0]));
                period(pair[0], off.filter(|_| number < last || !open))
            });
            periods.collect()
        })
    }

    proptest! {
        #[test]
        fn c4_gaps_are_where_capture_was_off(borders in proptest::collection::vec(1_i64..6, 0..8), from in 0..20_i64, length in 0..20_i64) {
            let mut instant = 0;
            let edges: Vec<i64> = borders.iter().map(|step| { instant += step; instant }).collect();
            let periods: Vec<CapturePeriod> = edges.chunks(2).map(|pair| period(pair[0], pair.get(1).copied())).collect();
            let gaps = gaps(&periods, at(from), at(from + length));
            for micros in from..from + length {
                let in_gap = gaps.iter().any(|(start, end)| (*start..*end).contains(&at(micros)));
                prop_assert_eq!(in_gap, !spans(&periods).contain(at(micros)));
            }
        }

        /// Whatever the clock did: what the readings say was captured is kept, and only that counts as covered.
        #[test]
        fn c4_no_clock_makes_less_kept_or_more_covered(periods in readings(), now in 0_i64..40, instant in 0_i64..40) {
            let says = periods.iter().any(|p| p.on_at <= at(instant) && p.off_at.is_none_or(|off| at(instant) < off));
            let kept = Spans::new(&periods, at(now)).contain(at(instant));
            prop_assert!(kept || !says);
            let covered = gaps(&periods, at(instant), at(instant + 1)).is_empty();
            prop_assert!(!covered || (says && kept));
        }

        /// While the toggle says on, what is deleted now is kept, whatever the clock says and said.
        #[test]
        fn c4_what_is_deleted_while_the_toggle_says_on_is_kept(periods in readings(), now in 0_i64..40, ago in 0_i64..40) {
            prop_assume!(periods.last().is_some_and(|period| period.off_at.is_none()));
            let on = Spans::new(&periods, at(now));
            prop_assert!(on.contain(at(now)));
            // And also what was deleted a little earlier, if it is not known any more when the toggle was set.
            if is_set_back(&periods, at(now)) {
                prop_assert!(on.contain(at(now - ago)));
            }
        }

        /// What has been noticed once stays so when the clock has caught up, also when the toggle is set to off later.
        #[test]
        fn c4_a_clock_that_was_set_back_is_not_forgotten(on in 1_i64..40, now in 0_i64..40, ago in 0_i64..40, off in proptest::option::of(0_i64..60)) {
            prop_assume!(now < on);
            let noticed = [period(on, Some(now)), period(now, off)];
            prop_assert!(spans(&noticed).contain(at(now - ago)));
            prop_assert!(spans(&[period(on, Some(now))]).contain(at(now - ago)));
        }
    }
}
