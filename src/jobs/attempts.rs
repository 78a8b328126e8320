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

/// What a job says of an error that it has met.
#[derive(Clone, Debug)]
pub struct Failure<W> {
    /// Whether it is worth another try.
    pub trouble: Trouble,
    /// What is noted of it.
    pub why: W,
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// It is begun again after this time.
    Later(TimeDelta),
    /// The job fails.
    GiveUp,
}

/// The first wait.
const WAIT: TimeDelta = TimeDelta::seconds(30);
/// No wait is longer, but where a kind of job has waits of its own.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(8);

/// How long a kind of job waits after a failure, and how often it is tried.
#[derive(Clone, Copy, Debug)]
pub enum Waits {
    /// So many attempts, and more time after each if it is known to pass.
    Growing(u32),
    /// These waits, one after another; after the last the job is given up.
    Listed(&'static [TimeDelta]),
}

impl Waits {
    /// No wait is longer.
    #[must_use]
    pub fn longest(self) -> TimeDelta {
        match self {
            Self::Growing(_) => LONGEST_WAIT,
            Self::Listed(waits) => waits.iter().max().copied().unwrap_or_default(),
        }
    }

    /// What follows from the failure of a job at its attempt number `attempts`.
    #[must_use]
    pub fn after_failure(self, trouble: Trouble, attempts: i32) -> Next {
        match self {
            Self::Growing(allowed) => after_failure(trouble, attempts, allowed),
            Self::Listed(_) if trouble == Trouble::Lasting => Next::GiveUp,
            Self::Listed(waits) => usize::try_from(attempts - 1)
                .ok()
                .and_then(|index| waits.get(index))
                .map_or(Next::GiveUp, |wait| Next::Later(*wait)),
        }
    }
}

/// What follows from the failure of a job at its attempt number `attempts`, of `allowed` ones. What is known to pass
/// is given more time with each attempt.
fn after_failure(trouble: Trouble, attempts: i32, allowed: u32) -> Next {
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

    #[test]
    fn b5_waits_that_are_listed_follow_one_another_until_the_last() {
        const WAITS: [TimeDelta; 2] = [TimeDelta::minutes(1), TimeDelta::hours(2)];
        let waits = Waits::Listed(&WAITS);
        let next = [1, 2, 3].map(|attempts| waits.after_failure(Trouble::Unknown, attempts));
        assert_eq!(next, [Next::Later(WAITS[0]), Next::Later(WAITS[1]), Next::GiveUp]);
        assert_eq!(waits.after_failure(Trouble::Lasting, 1), Next::GiveUp);
        assert_eq!(waits.longest(), WAITS[1]);
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
