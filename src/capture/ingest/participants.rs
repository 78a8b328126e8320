//! Who takes part in which conversation: whoever started it, was reported to be in it, or posted in it.

use super::cache::Cache;
use crate::capture::rows;
use crate::capture::rows::participants::NewParticipant;
use crate::db::Tx;
use crate::error::Result;
use crate::model::{ConversationId, UserId};

/// Those that this recorder has met already.
#[derive(Default)]
pub(super) struct Participants(Cache<(UserId, ConversationId), ()>);

impl Participants {
    /// Notes those who take part, unless that is known.
    pub(super) fn write(&mut self, tx: &mut Tx<'_>, mut new: Vec<NewParticipant>) -> Result<()> {
        new.retain(|&(user, conversation, _)| {
            let key = (user, conversation);
            let is_new = self.0.get(&key).is_none();
            if is_new {
                self.0.insert(key, ());
            }
            is_new
        });
        rows::participants::create_all(tx, &new)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
