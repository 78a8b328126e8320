//! Which items may have a deletion that is known without them: it came first, or erased them (C4). They are few, so an
//! import asks the database about each conversation once instead of about each item.
//!
//! Here lives the memory only; what follows from a deletion is decided in `items`.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use crate::error::Result;
use crate::model::ConversationId;
use crate::store::{self, Conn};

/// What a recorder remembers of deletions. May name an item that has none (any more), never the reverse.
#[derive(Default)]
pub(super) struct Deletions {
    /// Number of this transaction's recording.
    number: i64,
    /// Number of the last recording by others, as far as it could matter.
    others: i64,
    conversations: HashMap<ConversationId, Remembered>,
    hasher: RandomState,
}

/// The items of a conversation, as hashes of their ids: a few bytes for each.
struct Remembered {
    /// All deletions recorded up to this number are in it.
    upto: i64,
    ids: HashSet<u64>,
}

impl Deletions {
    /// Begins a transaction, which holds the counter of recordings: others have recorded nothing since this number was taken,
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
        let remembered =
            self.conversations.entry(conversation).or_insert_with(|| Remembered { upto: 0, ids: HashSet::new() });
        if remembered.upto <= self.others {
            let new = store::items::list_deleted_ids(c, conversation, remembered.upto)?;
            remembered.ids.extend(new.iter().map(|id| self.hasher.hash_one(id.as_str())));
            remembered.upto = self.number;
        }
        Ok(remembered.ids.contains(&hash))
    }

    /// Remembers a deletion that this transaction has recorded.
    pub(super) fn add(&mut self, conversation: ConversationId, id: &str) {
        if let Some(remembered) = self.conversations.get_mut(&conversation) {
            remembered.ids.insert(self.hasher.hash_one(id));
        }
    }
}
