//! How long, and how often, the same call is repeated while it meets what may pass (see [`Error::is_transient`]).
//!
//! The store repeats a transaction, a reader its look, a worker what it has to note. Whether a job that has failed
//! is begun again, later, is another decision: `jobs::attempts`.

use std::time::{Duration, Instant};

use crate::error::Error;

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(2);

/// The patience with one call. It begins when it is made.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    began: Instant,
    limit: Duration,
    wait: Duration,
}

impl Patience {
    /// Repeats for so long.
    #[must_use]
    pub fn of(limit: Duration) -> Self {
        Self { began: Instant::now(), limit, wait: SHORTEST }
    }

    /// How long to wait before the call that met `error` is repeated: each time twice as long. None when that is in vain, or
    /// has been done for long enough.
    pub fn wait_after(&mut self, error: &Error) -> Option<Duration> {
        self.next(error.is_transient(), self.began.elapsed())
    }

    fn next(&mut self, transient: bool, spent: Duration) -> Option<Duration> {
        let wait = self.wait;
        self.wait = LONGEST.min(wait * 2);
        (transient && spent < self.limit).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_pass_is_not_repeated() {
        assert_eq!(Patience::of(Duration::from_secs(60)).next(false, Duration::ZERO), None);
    }

    #[test]
    fn what_may_pass_is_repeated_ever_later_until_the_limit() {
        let mut patience = Patience::of(Duration::from_secs(60));
        let mut spent = Duration::ZERO;
        let mut waits = Vec::new();
        while let Some(wait) = patience.next(true, spent) {
            waits.push(wait);
            spent += wait;
        }
        assert!(waits.is_sorted() && waits.first() == Some(&SHORTEST) && waits.last() == Some(&LONGEST), "{waits:?}");
        assert!(spent >= Duration::from_secs(60) && spent < Duration::from_secs(63), "{spent:?}");
    }

    #[test]
    fn without_patience_nothing_is_repeated() {
        assert_eq!(Patience::of(Duration::ZERO).next(true, Duration::ZERO), None);
    }
}
