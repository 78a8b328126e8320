//! How long an export will still take, judged by how far it has come (B4).

use chrono::TimeDelta;

use crate::model::Timestamp;

/// Before so much has passed, or of so little done, nothing is foretold.
const EARLIEST: TimeDelta = TimeDelta::seconds(2);
const LEAST_SHARE: i64 = 50;

/// The time left of work begun at `since`, of which `done` of `total` is done; none while it is unknown.
#[must_use]
pub fn time_left(since: Timestamp, now: Timestamp, done: i64, total: i64) -> Option<TimeDelta> {
    let spent = now.micros().saturating_sub(since.micros());
    let left = total.checked_sub(done).filter(|left| *left > 0)?;
    if done <= 0 || spent < EARLIEST.num_microseconds()? || done < total / LEAST_SHARE {
        return None;
    }
    let micros = i128::from(spent) * i128::from(left) / i128::from(done);
    i64::try_from(micros).ok().map(TimeDelta::microseconds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn left(spent: i64, done: i64, total: i64) -> Option<i64> {
        let at = |seconds| Timestamp::default().plus(TimeDelta::seconds(seconds));
        time_left(at(0), at(spent), done, total).map(|left| left.num_seconds())
    }

    #[test]
    fn b4_half_done_is_half_the_time() {
        assert_eq!(left(60, 500, 1_000), Some(60));
        assert_eq!(left(60, 100, 1_000), Some(540));
    }

    #[test]
    fn b4_nothing_is_foretold_too_early_or_of_what_is_over() {
        assert_eq!(left(1, 500, 1_000), None);
        assert_eq!(left(60, 0, 1_000), None);
        assert_eq!(left(60, 19, 1_000), None);
        assert_eq!(left(60, 1_000, 1_000), None);
        assert_eq!(left(60, 0, 0), None);
        assert_eq!(left(-60, 10, 20), None);
    }

    proptest! {
        #[test]
        fn b4_no_numbers_are_too_large(spent in any::<i64>(), done in any::<i64>(), total in any::<i64>()) {
            let since = Timestamp::MIN;
            let left = time_left(since, since.plus(TimeDelta::microseconds(spent)), done, total);
            prop_assert!(left.is_none_or(|left| left >= TimeDelta::zero()));
        }
    }
}
