//! Rows of the audit trail: who did what, when. Append-only.

use diesel::prelude::*;

use super::schema::audit_events;
use super::{Conn, instant};
use crate::error::Result;
use crate::model::{AccountId, Timestamp, UserId};

/// One thing that was done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Who; none for the operator, and for the server itself.
    pub actor_id: Option<UserId>,
    /// What: a verb with its object, such as `exports.turned_on`.
    pub action: String,
    /// To what.
    pub subject: String,
}

/// Adds an event, in the transaction of what it tells.
pub fn create(
    c: &mut Conn,
    account: AccountId,
    actor: Option<UserId>,
    action: &str,
    subject: &str,
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(audit_events::table)
        .values((
            audit_events::at.eq(now.micros()),
            audit_events::account_id.eq(account),
            audit_events::actor_id.eq(actor),
            audit_events::action.eq(action),
            audit_events::subject.eq(subject),
        ))
        .execute(c)?;
    Ok(())
}

/// The events of an account, oldest first.
pub fn list(c: &mut Conn, account: AccountId) -> Result<Vec<Event>> {
    let rows: Vec<(i64, Option<UserId>, String, String)> = audit_events::table
        .filter(audit_events::account_id.eq(account))
        .order(audit_events::id)
        .select((audit_events::at, audit_events::actor_id, audit_events::action, audit_events::subject))
        .load(c)?;
    rows.into_iter()
        .map(|(at, actor_id, action, subject)| Ok(Event { at: instant(at)?, actor_id, action, subject }))
        .collect()
}
