//! Jobs: how work is kept, put off and given up, whatever the work is.
//!
//! `lease` is the protocol between workers and the database, `attempts` the rules about failures. What the work is, and what an
//! error means to it, its feature knows.

pub mod attempts;
pub mod lease;
pub(crate) mod rows;
mod stop;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use crate::error::Result;
use crate::patience::Patience;
pub use stop::Stop;

/// Reports work that was done to the database, and again while that meets what may pass and `goes_on`, for as long as
/// `patience`: what was done must not be lost to a moment in which nobody could take the report.
///
/// # Errors
/// What `report` returned last.
pub fn persist<T>(
    patience: Duration,
    what: &str,
    goes_on: &dyn Fn() -> bool,
    report: &mut dyn FnMut() -> Result<T>,
) -> Result<T> {
    let mut patience = Patience::of(patience);
    loop {
        let outcome = report();
        let Err(error) = &outcome else { return outcome };
        let Some(wait) = patience.wait_after(error).filter(|_| goes_on()) else { return outcome };
        tracing::warn!(cause = %error.causes(), "{what} could not be noted or kept yet: {error}");
        thread::sleep(wait);
    }
}

/// Does `work` on a thread of its own; here, meanwhile, calls `beat` every `interval`, until the work has ended or `beat` breaks
/// off. None if the work has panicked: a fault of ours in one job must not take the thread, and with it all others, down.
pub fn work_with_heartbeat<T: Send>(
    interval: Duration,
    work: impl FnOnce() -> T + Send,
    beat: &mut dyn FnMut() -> ControlFlow<()>,
) -> Option<T> {
    let ended = Stop::default();
    thread::scope(|scope| {
        let working = scope.spawn(|| {
            let done = catch_unwind(AssertUnwindSafe(work));
            ended.ask();
            done
        });
        while !ended.wait(interval) && beat().is_continue() {}
        working.join().and_then(|done| done).ok()
    })
}
