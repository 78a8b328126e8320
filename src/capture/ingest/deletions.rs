//! Which items may have a deletion that is known without them: it came first, or erased them (C4). They are few, so an
//! import asks the database about each conversation once instead of about each item.
//!
//! Here lives the memory only; what follows from a deletion is decided in `items`.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::cache::Cache;
use crate::capture::rows;
use crate::db::Conn;
use crate::error::Result;
use crate::model::ConversationId;

/// Ids of deleted items that are remembered at most, about.
const LIMIT: usize = 1_000_000;

/// What a recorder remembers of deletions. May name an item that has none (any more), never the reverse.
#[derive(Default)]
pub(super) struct Deletions {
    /// Number of this transaction's recording.
    number: i64,
    /// Number of the last recording by others, as far as it could matter.
    others: i64,
    conversations: Cache<ConversationId, Remembered>,
    /// How many ids are remembered, about.
    count: usize,
    hasher: RandomState,
}

/// The items of a conversation, as hashes of their ids: a few bytes for each.
struct Remembered {
    /// All deletions recorded up to this number are in it, and those of this transaction.
    upto: i64,
    ids: HashSet<u64>,
}

impl Deletions {
    /// Begins a transaction, which holds the counter of the source's recordings: others have recorded nothing since this number was taken,
    /// and something before only if it does not follow the last one.
    pub(super) fn begin(&mut self, number: i64) {
        if number != self.number + 1 {
            self.others = number - 1;
        }
        self.number = number;
    }

    /// Whether there may be a deletion of this item without the item.
    pub(super) fn may_have(&mut self, c: &mut Conn, conversation: ConversationId, id: &str) -> Result<bool> {
        let hash = self.hasher.hash_one(id);
        if let Some(remembered) = self.conversations.get(&conversation)
            && remembered.upto > self.others
        {
            return Ok(remembered.ids.contains(&hash));
        }
        self.look_up(c, &[conversation])?;
        Ok(self.conversations.get(&conversation).is_none_or(|remembered| remembered.ids.contains(&hash)))
    }

    /// Looks up several conversations, so that [`Deletions::may_have`] need not ask for each.
    pub(super) fn look_up(&mut self, c: &mut Conn, conversations: &[ConversationId]) -> Result<()> {
        if self.count > LIMIT {
            self.conversations.clear();
            self.count = 0;
        }
        let mut unknown = Vec::new();
        for &conversation in conversations {
            if self.conversations.get(&conversation).is_none_or(|remembered| remembered.upto <= self.others) {
                self.conversations.insert(conversation, Remembered { upto: self.number, ids: HashSet::new() });
                unknown.push(conversation);
            }
        }
        for (conversation, id) in rows::items::list_deleted_ids(c, &unknown)? {
            self.add(conversation, &id);
        }
        Ok(())
    }

    /// Remembers that nothing has been deleted in a conversation that this transaction makes.
    pub(super) fn begin_conversation(&mut self, conversation: ConversationId) {
        self.conversations.insert(conversation, Remembered { upto: self.number, ids: HashSet::new() });
    }

    /// Forgets everything, as after a transaction that never happened.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Remembers a deletion that this transaction has recorded.
    pub(super) fn add(&mut self, conversation: ConversationId, id: &str) {
        if let Some(remembered) = self.conversations.get_mut(&conversation) {
            remembered.ids.insert(self.hasher.hash_one(id));
            self.count += 1;
        }
    }
}
