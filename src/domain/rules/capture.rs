//! C4: whether a deleted item is kept.

use crate::model::{CapturePeriod, Timestamp};

/// Whether capture was on at that instant. A period includes its beginning, not its end.
#[must_use]
pub fn was_on(periods: &[CapturePeriod], at: Timestamp) -> bool {
    periods.iter().any(|period| period.on_at <= at && period.off_at.is_none_or(|off| at < off))
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

/// How an item appears in an export of the account with these periods, made at the cut: a deletion recorded after the cut
/// does not show (C7).
///
/// A conversation can be exported for two accounts (a Direct between two companies): a deleted item is kept as long as
/// either had capture on, and shows only to those that had.
#[must_use]
pub fn appearance(periods: &[CapturePeriod], deletion: Option<(Timestamp, i64)>, cut: i64) -> Appearance {
    match deletion {
        Some((at, recording)) if recording <= cut => {
            if was_on(periods, at) {
                Appearance::Deleted
            } else {
                Appearance::Hidden
            }
        }
        _ => Appearance::Live,
    }
}

/// Whether the content of an item deleted then is kept at all, given the periods of each account that it is exported for.
#[must_use]
pub fn is_kept<'a>(accounts: impl IntoIterator<Item = &'a [CapturePeriod]>, deleted_at: Timestamp) -> bool {
    accounts.into_iter().any(|periods| was_on(periods, deleted_at))
}

/// The stretches within `from..to` during which capture was off, oldest first.
#[must_use]
pub fn gaps(periods: &[CapturePeriod], from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let mut gaps = Vec::new();
    let mut covered = from;
    for period in periods {
        let off = period.off_at.unwrap_or(Timestamp::MAX);
        if off <= covered {
            continue;
        }
        if period.on_at >= to {
            break;
        }
        if period.on_at > covered {
            gaps.push((covered, period.on_at));
        }
        covered = off;
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

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap_or_default()
    }

    fn period(on: i64, off: Option<i64>) -> CapturePeriod {
        CapturePeriod { on_at: at(on), off_at: off.map(at), on_by: None, off_by: None }
    }

    #[test]
    fn c4_borders_of_capture() {
        let periods = [period(10, Some(20)), period(30, None)];
        let on: Vec<i64> = (0..40).filter(|&micros| was_on(&periods, at(micros))).collect();
        assert_eq!(on, (10..20).chain(30..40).collect::<Vec<_>>());
        assert!(!was_on(&[], at(0)));
    }

    #[test]
    fn c4_is_kept_for_either_account_and_shows_to_the_one_that_captured() {
        let (ours, theirs) = ([period(10, None)], [period(50, None)]);
        assert!(is_kept([ours.as_slice(), theirs.as_slice()], at(20)));
        assert_eq!(appearance(&ours, Some((at(20), 7)), 7), Appearance::Deleted);
        assert_eq!(appearance(&theirs, Some((at(20), 7)), 7), Appearance::Hidden);
        assert!(!is_kept([ours.as_slice(), theirs.as_slice()], at(5)));
    }

    #[test]
    fn c7_a_deletion_recorded_after_the_cut_does_not_show() {
        assert_eq!(appearance(&[], Some((at(20), 8)), 7), Appearance::Live);
        assert_eq!(appearance(&[], None, 7), Appearance::Live);
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
                prop_assert_eq!(in_gap, !was_on(&periods, at(micros)));
            }
        }
    }
}
