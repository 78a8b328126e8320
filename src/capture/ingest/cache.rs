//! What a recorder remembers, so as not to ask the database for it again. It is bounded, for a process that lives for months;
//! what has been let go is found again in the database.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Entries of one generation.
const LIMIT: usize = 100_000;

/// Remembers at least the last so many entries that were used, and at most twice as many.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    limit: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self { limit: LIMIT, young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(super) fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        self.young.insert(key, value);
        if self.young.len() >= self.limit {
            self.old = std::mem::take(&mut self.young);
        }
    }

    pub(super) fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        // What is used stays.
        if !self.old.is_empty()
            && let Some((key, value)) = self.old.remove_entry(key)
        {
            self.insert(key, value);
        }
        match self.young.get_mut(key) {
            Some(value) => Some(value),
            // It may have been the last of its generation.
            None => self.old.get_mut(key),
        }
    }

    pub(super) fn get<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.get_mut(key).map(|value| &*value)
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn remembers_what_was_used_last_and_never_too_much(keys in proptest::collection::vec(0_u8..40, 0..300), limit in 1_usize..10) {
            let mut cache = Cache { limit, ..Cache::default() };
            let mut used: Vec<u8> = Vec::new();
            for key in keys {
                match cache.get(&key) {
                    Some(value) => prop_assert_eq!(*value, key),
                    None => cache.insert(key, key),
                }
                used.retain(|other| *other != key);
                used.push(key);
                prop_assert!(cache.len() <= 2 * limit);
                for last in used.iter().rev().take(limit) {
                    prop_assert!(cache.young.contains_key(last) || cache.old.contains_key(last));
                }
            }
            cache.clear();
            prop_assert_eq!(cache.len(), 0);
        }
    }
}
