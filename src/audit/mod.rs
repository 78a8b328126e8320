//! Rows of the audit trail: who did what, when. Append-only; the events of an account are numbered from 1 without a gap.
//!
//! [`append`] is the only way in. What can happen is [`AuditEvent`].

mod event;

use diesel::prelude::*;
use serde_json::Value;

use crate::db::connection::on_either;
use crate::db::schema::{audit_events, audit_heads};
use crate::db::{Conn, Tx, UNREADABLE, instant};
use crate::error::{Error, Result};
use crate::model::{AccountId, Timestamp};
pub use event::{Actor, AuditEvent, Named};

/// An event of an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// From 1.
    pub number: i64,
    pub at: Timestamp,
    pub actor: Actor,
    pub event: AuditEvent,
}

const USER: &str = "user";
const OPERATOR: &str = "operator";
const SOURCE: &str = "source";
const SYSTEM: &str = "system";

/// Adds an event, in the transaction of what it records. Holds the account's last number until the transaction ends, so that numbers
/// commit in their order.
pub fn append(tx: &mut Tx<'_>, account: AccountId, actor: Actor, event: &AuditEvent, now: Timestamp) -> Result<()> {
    let unreadable = |cause: String| Error::internal("An event can't be written into the audit trail.", cause);
    let value = serde_json::to_value(event).map_err(|error| unreadable(error.to_string()))?;
    let Some(action) = value.get("action").and_then(Value::as_str) else {
        return Err(unreadable(value.to_string()));
    };
    let details = value.get("details").unwrap_or(&Value::Null).to_string();
    let (kind, id) = match actor {
        Actor::User(id) => (USER, Some(id)),
        Actor::Operator => (OPERATOR, None),
        Actor::Source(id) => (SOURCE, Some(id)),
        Actor::System => (SYSTEM, None),
    };
    let number: i64 = on_either!(tx.sql(), inner => diesel::insert_into(audit_heads::table)
        .values((audit_heads::account_id.eq(account), audit_heads::number.eq(1)))
        .on_conflict(audit_heads::account_id)
        .do_update()
        .set(audit_heads::number.eq(audit_heads::number + 1))
        .returning(audit_heads::number)
        .get_result(inner))?;
    diesel::insert_into(audit_events::table)
        .values((
            audit_events::account_id.eq(account),
            audit_events::number.eq(number),
            audit_events::at.eq(now.micros()),
            audit_events::actor.eq(kind),
            audit_events::actor_id.eq(id),
            audit_events::action.eq(action),
            audit_events::details.eq(details),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// The events of an account, oldest first.
pub fn list(c: &mut Conn, account: AccountId) -> Result<Vec<Entry>> {
    type Row = (i64, i64, String, Option<i64>, String, String);
    let rows: Vec<Row> = audit_events::table
        .filter(audit_events::account_id.eq(account))
        .order(audit_events::number)
        .select((
            audit_events::number,
            audit_events::at,
            audit_events::actor,
            audit_events::actor_id,
            audit_events::action,
            audit_events::details,
        ))
        .load(c)?;
    rows.into_iter().map(entry).collect()
}

fn entry((number, at, kind, id, action, details): (i64, i64, String, Option<i64>, String, String)) -> Result<Entry> {
    let unreadable = |cause: String| Error::internal(UNREADABLE, cause);
    let actor = match (kind.as_str(), id) {
        (USER, Some(id)) => Actor::User(id),
        (OPERATOR, None) => Actor::Operator,
        (SOURCE, Some(id)) => Actor::Source(id),
        (SYSTEM, None) => Actor::System,
        _ => return Err(unreadable(format!("the actor “{kind}” {id:?}"))),
    };
    let details: Value = serde_json::from_str(&details).map_err(|error| unreadable(error.to_string()))?;
    let mut event = serde_json::json!({ "action": action });
    // What has no details is written without them.
    if let (Value::Object(fields), false) = (&mut event, details.is_null()) {
        fields.insert("details".to_owned(), details);
    }
    let event = serde_json::from_value(event).map_err(|error| unreadable(error.to_string()))?;
    Ok(Entry { number, at: instant(at)?, actor, event })
}
