//! Things that are costly to make and used again and again, part after part: buffers and compressors.
//!
//! Each part is built by threads of its own. Were they to ask for their buffers anew, the system's allocator would serve each
//! thread from another heap, and keep what each of these has held at most.

use std::sync::{Arc, Mutex, PoisonError};

/// What is not in use just now. Clones share it.
#[derive(Debug)]
pub(super) struct ObjectPool<T>(Arc<Mutex<Vec<T>>>);

impl<T> Clone for ObjectPool<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for ObjectPool<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Default> ObjectPool<T> {
    /// One that was used before, or a new one.
    pub(super) fn take(&self) -> T {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps one for the next use.
    pub(super) fn give(&self, spare: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_taken_again() {
        let pool = ObjectPool::<Vec<u8>>::default();
        let mut one = pool.take();
        one.reserve(1_000);
        let room = one.capacity();
        pool.clone().give(one);
        assert_eq!(pool.take().capacity(), room);
        assert_eq!(pool.take().capacity(), 0);
    }
}
