//! The wish to stop, shared by all threads of a pool.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Says whether to stop, and wakes who waits. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Asks all to stop.
    pub fn ask(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Whether that has been asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits that long, or until asked to stop; returns whether it was.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        let asked = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_timeout_while(asked, at_most, |asked| !*asked);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
