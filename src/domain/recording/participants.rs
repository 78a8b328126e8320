//! Who takes part in which conversation: whoever started it, was told to be in it, or posted in it.

use std::collections::HashSet;

use crate::error::Result;
use crate::model::{ConversationId, UserId};
use crate::store::{self, Conn};

/// Those that this recorder has met already.
#[derive(Default)]
pub(super) struct Participants(HashSet<(UserId, ConversationId)>);

impl Participants {
    /// Notes that somebody takes part in a conversation.
    pub(super) fn add(
        &mut self,
        c: &mut Conn,
        user: UserId,
        conversation: ConversationId,
        recording: i64,
    ) -> Result<()> {
        if self.0.insert((user, conversation)) {
            store::participants::create(c, user, conversation, recording)?;
        }
        Ok(())
    }
}
