//! Rows that say who has ever taken part in a conversation: kept beside memberships and items, so that an export limited to
//! some people, and the search for them, are indexed looks.
//!
//! Never changed and never removed: an export of an earlier cut means the same conversations again, whatever was erased
//! since.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use crate::db::schema::{accounts, conversation_accounts, participants, users};
use crate::db::{Conn, Tx, with_in_it};
use crate::error::Result;
use crate::identity::rows::users::Row;
use crate::model::{AccountId, ConversationId, User, UserId};

/// Somebody who takes part in a conversation, and the number of the recording that says so.
pub type NewParticipant = (UserId, ConversationId, i64);

/// Notes that these take part, unless it is known.
pub fn create_all(tx: &mut Tx<'_>, new: &[NewParticipant]) -> Result<()> {
    match tx.sql() {
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

/// Whether an account knows somebody: its own people, and those who take part in what it exports (C2).
macro_rules! is_known {
    ($account:expr) => {
        users::account_id.eq($account).or(diesel::dsl::exists(
            participants::table
                .inner_join(
                    conversation_accounts::table
                        .on(conversation_accounts::conversation_id.eq(participants::conversation_id)),
                )
                .filter(participants::user_id.eq(users::id))
                .filter(conversation_accounts::account_id.eq($account)),
        ))
    };
}

/// The people whom an account knows.
macro_rules! known {
    ($account:expr) => {
        users::table.filter(is_known!($account))
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

/// Of those whom an account knows and whose key has all of this in it, some besides these, by name.
pub fn list_with_key(
    c: &mut Conn,
    account: AccountId,
    needles: &[String],
    besides: &[UserId],
    limit: i64,
) -> Result<Vec<Known>> {
    let mut query = known!(account)
        .inner_join(accounts::table)
        .filter(users::id.ne_all(besides.to_vec()))
        .order((users::name, users::id))
        .limit(limit)
        .select((users::id, users::name, users::email, accounts::name))
        .into_boxed();
    for needle in needles {
        query = query.filter(users::search_key.like(with_in_it(needle)).escape('\\'));
    }
    Ok(query.load(c)?)
}

/// Number and key of those whom an account knows and whose key has one of these words in it.
pub fn list_with_any_key(c: &mut Conn, account: AccountId, words: &[String]) -> Result<Vec<(UserId, String)>> {
    let Some((first, others)) = words.split_first() else { return Ok(Vec::new()) };
    let has = |word: &String| users::search_key.like(with_in_it(word)).escape('\\');
    let mut query = users::table.select((users::id, users::search_key)).filter(has(first)).into_boxed();
    for word in others {
        query = query.or_filter(has(word));
    }
    Ok(query.filter(is_known!(account)).load(c)?)
}

/// The conversations, of whatever account, in which one of these people takes part or took part and that come before this one, the
/// newest first. Of one table, so that no database is led astray by what it believes of the sizes of others.
pub fn page_of_conversations(
    c: &mut Conn,
    people: &[UserId],
    before: ConversationId,
    limit: i64,
) -> Result<Vec<ConversationId>> {
    Ok(participants::table
        .filter(participants::user_id.eq_any(people.to_vec()).and(participants::conversation_id.lt(before)))
        .order(participants::conversation_id.desc())
        .select(participants::conversation_id)
        .distinct()
        .limit(limit)
        .load(c)?)
}
