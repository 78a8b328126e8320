//! Rows that say who has ever taken part in a conversation: kept beside memberships and items, so that an export limited to
//! some people, and the search for them, are indexed looks.
//!
//! Never changed and never removed: an export of an earlier cut means the same conversations again, whatever was erased
//! since.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::Conn;
use super::schema::{accounts, conversation_accounts, participants, users};
use super::users::Row;
use crate::error::Result;
use crate::model::{AccountId, ConversationId, User, UserId};

/// Somebody who takes part in a conversation, and the number of the recording that tells so.
pub type NewParticipant = (UserId, ConversationId, i64);

/// Notes that these take part, unless it is known.
pub fn create_all(c: &mut Conn, new: &[NewParticipant]) -> Result<()> {
    match c {
        Conn::Sqlite(inner) => {
            for (user, conversation, recording) in new {
                let values = (
                    participants::user_id.eq(user),
                    participants::conversation_id.eq(conversation),
                    participants::recording.eq(recording),
                );
                diesel::insert_into(participants::table).values(values).on_conflict_do_nothing().execute(inner)?;
            }
        }
        Conn::Postgres(inner) if !new.is_empty() => {
            diesel::sql_query(
                "INSERT INTO participants (user_id, conversation_id, recording) SELECT * FROM unnest($1, $2, $3)
                 ON CONFLICT DO NOTHING",
            )
            .bind::<Array<BigInt>, _>(new.iter().map(|new| new.0).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(new.iter().map(|new| new.1).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(new.iter().map(|new| new.2).collect::<Vec<_>>())
            .execute(inner)?;
        }
        Conn::Postgres(_) => {}
    }
    Ok(())
}

/// The people whom an account knows: its own, and those who take part in what it exports (C2).
macro_rules! known {
    ($account:expr) => {
        users::table.filter(
            users::account_id.eq($account).or(diesel::dsl::exists(
                participants::table
                    .inner_join(
                        conversation_accounts::table
                            .on(conversation_accounts::conversation_id.eq(participants::conversation_id)),
                    )
                    .filter(participants::user_id.eq(users::id))
                    .filter(conversation_accounts::account_id.eq($account)),
            )),
        )
    };
}

/// Those of these people whom an account knows.
pub fn list_known(c: &mut Conn, account: AccountId, ids: &[UserId]) -> Result<Vec<User>> {
    let rows: Vec<Row> = known!(account).filter(users::id.eq_any(ids.to_vec())).select(Row::as_select()).load(c)?;
    rows.into_iter().map(Row::into_model).collect()
}

/// Those with this address (lower case) whom an account knows.
pub fn list_known_by_email(c: &mut Conn, account: AccountId, email: &str) -> Result<Vec<User>> {
    let rows: Vec<Row> = known!(account).filter(users::email.eq(email)).select(Row::as_select()).load(c)?;
    rows.into_iter().map(Row::into_model).collect()
}

/// Number, name, address and name of the account of everybody whom an account knows.
pub type Known = (UserId, String, Option<String>, String);

/// Everybody whom an account knows, by name.
pub fn list_all_known(c: &mut Conn, account: AccountId) -> Result<Vec<Known>> {
    Ok(known!(account)
        .inner_join(accounts::table)
        .order((users::name, users::id))
        .select((users::id, users::name, users::email, accounts::name))
        .load(c)?)
}

/// The conversations exported for an account in which one of these people takes part or took part, the newest first.
pub fn list_conversations(
    c: &mut Conn,
    account: AccountId,
    people: &[UserId],
    limit: i64,
) -> Result<Vec<ConversationId>> {
    let ids: Vec<ConversationId> = participants::table
        .inner_join(
            conversation_accounts::table.on(conversation_accounts::conversation_id.eq(participants::conversation_id)),
        )
        .filter(participants::user_id.eq_any(people.to_vec()))
        .filter(conversation_accounts::account_id.eq(account))
        .order(participants::conversation_id.desc())
        .select(participants::conversation_id)
        .distinct()
        .limit(limit)
        .load(c)?;
    Ok(ids)
}
