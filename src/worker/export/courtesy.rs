//! Giving way to pages: what all threads of an export do several thousand times a second.
//!
//! Exports have the lower priority (`worker::pool`), but a system that does not preempt lets a thread go on until its slice of
//! some milliseconds is over, also when one of higher priority has woken up. A page goes through several threads, and would wait
//! so long for each of them.

use std::thread;
use std::time::{Duration, Instant};

/// What a page waits for at most.
const TURN: Duration = Duration::from_micros(200);

/// Since when a thread has had the processor to itself.
pub(super) struct Courtesy(Instant);

impl Default for Courtesy {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Courtesy {
    /// Lets others go first, if it is time again. Called between two files or items.
    pub(super) fn give_way(&mut self) {
        if self.0.elapsed() >= TURN {
            thread::yield_now();
            self.0 = Instant::now();
        }
    }
}
