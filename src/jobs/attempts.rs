//! B3: what follows when a job has failed, and when one is begun that was left without a word.
//!
//! What may pass within moments is repeated where it is met ([`crate::patience`]); this is about what did not pass.

use chrono::TimeDelta;

/// Whether a failure may pass.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// It is known to pass: a database that is busy or can't be reached.
    Passing,
    /// It is known not to pass by itself: counts that do not agree, a full disk.
    Lasting,
    /// Nobody knows.
    Unknown,
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// It is begun again after this time.
    Later(TimeDelta),
    /// The export fails.
    GiveUp,
}

/// The first wait.
const WAIT: TimeDelta = TimeDelta::seconds(30);
/// No wait is longer.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(8);

/// What follows from the failure of a job at its attempt number `attempts`, of `allowed` ones. What is known to pass
/// is given more time with each attempt.
#[must_use]
pub fn after_failure(trouble: Trouble, attempts: i32, allowed: u32) -> Next {
    if trouble == Trouble::Lasting || is_exhausted(attempts, allowed) {
        return Next::GiveUp;
    }
    let doublings = match trouble {
        Trouble::Passing => attempts.saturating_sub(1).clamp(0, 2) * 2,
        _ => 0,
    };
    Next::Later(LONGEST_WAIT.min(WAIT * (1 << doublings)))
}

/// Whether work that has been begun so often is not begun once more.
#[must_use]
pub fn is_exhausted(attempts: i32, allowed: u32) -> bool {
    i64::from(attempts) >= i64::from(allowed)
}

/// Why an export fails whose last attempt nobody has ended: neither its worker nor anyone for it.
#[must_use]
pub fn left_without_a_word(attempts: u32) -> String {
    format!(
        "The server has begun this export {attempts} times, and the last time it stopped unexpectedly, or lost its \
         database. Retry it; if that happens again, ask the server's operator."
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn b3_what_lasts_is_given_up_at_once() {
        assert_eq!(after_failure(Trouble::Lasting, 1, 3), Next::GiveUp);
    }

    #[test]
    fn b3_what_passes_is_given_more_time_with_each_attempt() {
        let wait = |attempts| after_failure(Trouble::Passing, attempts, 20);
        let seconds = |seconds| Next::Later(TimeDelta::seconds(seconds));
        assert_eq!([1, 2, 3, 19].map(wait), [30, 120, 480, 480].map(seconds));
    }

    proptest! {
        #[test]
        fn b3_every_failure_ends_after_the_attempts_that_are_allowed(attempts in 0_i32..50, allowed in 1_u32..20) {
            for trouble in [Trouble::Passing, Trouble::Unknown] {
                match after_failure(trouble, attempts, allowed) {
                    Next::Later(wait) => {
                        prop_assert!(i64::from(attempts) < i64::from(allowed));
                        prop_assert!(TimeDelta::zero() < wait && wait <= LONGEST_WAIT);
                    }
                    Next::GiveUp => prop_assert!(i64::from(attempts) >= i64::from(allowed)),
                }
            }
        }
    }
}
