//! Where items are that others reply to.

use diesel::prelude::*;

use crate::db::schema::items;
use crate::db::{Conn, instant, instant_opt};
use crate::error::Result;
use crate::model::{ConversationId, Timestamp};

/// Ids looked up at a time: databases take only so many values.
const IDS: usize = 500;

/// An item, as far as it decides whether and where it appears.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    /// The source's id.
    pub external_id: String,
    /// When it was posted.
    pub created_at: Timestamp,
    /// When it was deleted, and the number of that recording.
    pub deleted: Option<(Timestamp, i64)>,
}

/// Those of the items with these ids in a conversation that had been recorded at the cut.
pub fn list_origins(c: &mut Conn, conversation: ConversationId, cut: i64, ids: &[&str]) -> Result<Vec<Origin>> {
    let mut origins = Vec::new();
    for ids in ids.chunks(IDS) {
        let rows: Vec<(String, i64, Option<i64>, Option<i64>)> = items::table
            .filter(items::conversation_id.eq(conversation).and(items::recording.le(cut)))
            .filter(items::external_id.eq_any(ids))
            .select((items::external_id, items::created_at, items::deleted_at, items::deletion_recording))
            .load(c)?;
        for (external_id, created_at, deleted_at, recording) in rows {
            let deleted = instant_opt(deleted_at)?.zip(recording);
            origins.push(Origin { external_id, created_at: instant(created_at)?, deleted });
        }
    }
    Ok(origins)
}
