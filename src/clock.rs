//! What time it is: the system's clock, or in tests one that stands still until it is moved.
//!
//! What several machines must agree on (leases, waits) is not measured by their own clocks: see [`crate::db::Store::time`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{TimeDelta, Utc};

use crate::model::Timestamp;

/// A clock. Clones of a fixed one are moved together.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    fixed: Option<Arc<AtomicI64>>,
    /// By how much this machine's clock is ahead.
    skew: TimeDelta,
}

impl Clock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn fixed(now: Timestamp) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(now.micros()))), skew: TimeDelta::zero() }
    }

    /// The same clock on a machine where it is so much ahead.
    #[must_use]
    pub fn skewed(&self, by: TimeDelta) -> Self {
        Self { skew: self.skew + by, ..self.clone() }
    }

    /// The present instant, as this machine has it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.standing().unwrap_or_else(|| Utc::now().into()).plus(self.skew)
    }

    /// The instant at which a fixed clock stands, wherever it is looked at; none of the system's.
    #[must_use]
    pub fn standing(&self) -> Option<Timestamp> {
        let fixed = self.fixed.as_ref()?;
        Some(Timestamp::from_micros(fixed.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX))
    }

    /// Moves a fixed clock, forwards or back; the system's goes by itself.
    pub fn advance(&self, by: TimeDelta) {
        if let (Some(fixed), Some(stands)) = (&self.fixed, self.standing()) {
            fixed.store(stands.plus(by).micros(), Ordering::SeqCst);
        }
    }
}
