//! Jobs: how work is kept, put off and given up, whatever the work is.

pub mod attempts;
mod stop;

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
