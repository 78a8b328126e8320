//! Giving way to pages.
//!
//! Threads of an export have the lower priority ([`step_back`]), but a system that does not preempt lets a thread go on until
//! its slice of some milliseconds is over, also when one of higher priority has woken up. A page goes through several threads,
//! and would wait so long for each of them. So all of them also give way several thousand times a second ([`Yield`]).

use std::thread;
use std::time::{Duration, Instant};

/// How far exports step back behind everything else, from 0 (not at all) to 19.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Lets the system prefer other threads to this one, and to those that it starts: an export takes all that is left of the
/// cores, and nothing that a page needs. Elsewhere than on Linux this would hold for the whole process.
pub(super) fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(cause = %error, "exports have the same priority as pages");
    }
}

/// What a page waits for at most.
const TURN: Duration = Duration::from_micros(200);

/// Since when a thread has had the processor to itself.
pub(super) struct Yield(Instant);

impl Default for Yield {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Yield {
    /// Lets others go first, if it is time again. Called between two files or items.
    pub(super) fn yield_if_due(&mut self) {
        if self.0.elapsed() >= TURN {
            thread::yield_now();
            self.0 = Instant::now();
        }
    }
}
