//! What is known of the objects that pages offer: pages are served while an object store is slow or away, so they wait for none
//! of its answers. Each look at a page has what was found last, and has it looked up again beside if that is old.
//!
//! [`crate::blobs::bucket`] calls this, and reports what it does itself, so that this process's own changes are known at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// What was found is looked up again after this time.
const OLD: Duration = Duration::from_secs(30);
/// What nobody has asked for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(600);
/// So many are known before any is forgotten.
const MANY: usize = 10_000;
/// Objects looked up at the same time.
const AT_ONCE: usize = 8;

#[derive(Clone, Debug)]
pub(super) struct Glances {
    known: Arc<Mutex<HashMap<String, Known>>>,
    turns: Arc<Semaphore>,
}

#[derive(Debug)]
struct Known {
    /// The size that was found; none if nothing was there. Nothing is known before the first answer.
    found: Option<Option<u64>>,
    /// When that was, or when an answer was last waited for in vain.
    at: Option<Instant>,
    is_asked: bool,
    wanted: Instant,
}

impl Default for Glances {
    fn default() -> Self {
        Self { known: Arc::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Glances {
    /// What is known, and whether the caller has to look it up, holding a turn, and say so by [`Glances::answered`].
    pub(super) fn of(&self, key: &str) -> (Option<Option<u64>>, bool) {
        let (mut known, now) = (self.lock(), Instant::now());
        if known.len() >= MANY {
            known.retain(|_, known| known.is_asked || now.duration_since(known.wanted) < FORGOTTEN);
        }
        let entry = known.entry(key.to_owned()).or_insert_with(|| Known::new(None, None));
        entry.wanted = now;
        let ask = !entry.is_asked && entry.at.is_none_or(|at| now.duration_since(at) >= OLD);
        entry.is_asked |= ask;
        (entry.found, ask)
    }

    /// Waits until not too many are being looked up.
    pub(super) async fn turn(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        Arc::clone(&self.turns).acquire_owned().await.ok()
    }

    /// What a look found; nothing if there was no answer, and what was known stands.
    pub(super) fn answered(&self, key: &str, found: Option<Option<u64>>) {
        if let Some(entry) = self.lock().get_mut(key) {
            entry.is_asked = false;
            entry.at = Some(Instant::now());
            entry.found = found.or(entry.found);
        }
    }

    /// What this process has found or done.
    pub(super) fn note(&self, key: &str, found: Option<u64>) {
        let new = Known::new(Some(found), Some(Instant::now()));
        let mut known = self.lock();
        let entry = known.entry(key.to_owned()).or_insert_with(|| Known::new(None, None));
        *entry = Known { is_asked: entry.is_asked, wanted: entry.wanted, ..new };
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn new(found: Option<Option<u64>>, at: Option<Instant>) -> Self {
        Self { found, at, is_asked: false, wanted: Instant::now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_looked_up_once_and_what_is_known_stands_while_there_is_no_answer() {
        let glances = Glances::default();
        assert_eq!(glances.of("a"), (None, true));
        assert_eq!(glances.of("a"), (None, false), "it is being looked up");
        glances.answered("a", None);
        assert_eq!(glances.of("a"), (None, false), "not again at once");
        glances.note("a", Some(7));
        assert_eq!(glances.of("a"), (Some(Some(7)), false));
        glances.note("a", None);
        assert_eq!(glances.of("a"), (Some(None), false));
        glances.answered("a", None);
        assert_eq!(glances.of("a"), (Some(None), false));
    }
}
