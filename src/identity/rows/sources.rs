//! Rows that tie a source's own ids to ours, and each source's counter of its recordings.

use std::collections::HashSet;
use std::time::Duration;

use diesel::prelude::*;

use crate::db::connection::{LOCK_POLL, Waiting, on_either};
use crate::db::schema::{conversations, source_accounts, source_users, sources, users};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::model::{AccountId, SourceId, SourceKey, UserId};

/// The account's source of this kind and name, made at its first use.
pub fn find_or_create<'a>(tx: &mut Tx<'_>, account: AccountId, source: impl Into<SourceKey<'a>>) -> Result<SourceId> {
    let source = source.into();
    // First a look: to insert beside a row that somebody who records holds is to wait for them, in silence.
    if let Some(id) = find(tx, account, source)? {
        return Ok(id);
    }
    let values = (
        sources::account_id.eq(account),
        sources::kind.eq(source.kind),
        sources::name.eq(source.name),
        sources::name_key.eq(source.name.to_lowercase()),
    );
    on_either!(tx.sql(), inner => diesel::insert_into(sources::table).values(values).on_conflict_do_nothing().execute(inner))?;
    find(tx, account, source)?
        .ok_or_else(|| Error::internal("A source that was just made is gone.", source.to_string()))
}

/// The account's source of this kind and name, without regard to case.
pub fn find(c: &mut Conn, account: AccountId, source: SourceKey<'_>) -> Result<Option<SourceId>> {
    let query = sources::table.filter(sources::account_id.eq(account)).filter(sources::kind.eq(source.kind));
    let query = query.filter(sources::name_key.eq(source.name.to_lowercase()));
    Ok(query.select(sources::id).first(c).optional()?)
}

/// A source, and how much was recorded of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    pub id: SourceId,
    /// Such as `slack`.
    pub kind: String,
    /// Distinguishes it from others of its kind.
    pub name: String,
    /// How many people were recorded of it.
    pub people: i64,
    /// How many conversations.
    pub conversations: i64,
}

/// The sources of an account by kind and name, in the order of their names.
pub fn list(c: &mut Conn, account: AccountId) -> Result<Vec<Source>> {
    let rows: Vec<(SourceId, String, String)> = sources::table
        .filter(sources::account_id.eq(account))
        .order((sources::kind, sources::name_key))
        .select((sources::id, sources::kind, sources::name))
        .load(c)?;
    let mut all = Vec::with_capacity(rows.len());
    for (id, kind, name) in rows {
        let people = source_users::table.filter(source_users::source_id.eq(id)).count().get_result(c)?;
        let conversations = conversations::table.filter(conversations::source_id.eq(id)).count().get_result(c)?;
        all.push(Source { id, kind, name, people, conversations });
    }
    Ok(all)
}

/// Our account for the source's id of a company.
pub fn find_account(c: &mut Conn, source: SourceId, external: &str) -> Result<Option<AccountId>> {
    Ok(source_accounts::table.find((source, external)).select(source_accounts::account_id).first(c).optional()?)
}

/// Ties a source's id of a company to our account.
pub fn create_account(tx: &mut Tx<'_>, source: SourceId, external: &str, account: AccountId) -> Result<()> {
    diesel::insert_into(source_accounts::table)
        .values((
            source_accounts::source_id.eq(source),
            source_accounts::external_id.eq(external),
            source_accounts::account_id.eq(account),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// Our user for the source's id of a person.
pub fn find_user(c: &mut Conn, source: SourceId, external: &str) -> Result<Option<UserId>> {
    Ok(find_user_and_account(c, source, external)?.map(|(user, _)| user))
}

/// Our user for the source's id of a person, and that user's account.
pub fn find_user_and_account(c: &mut Conn, source: SourceId, external: &str) -> Result<Option<(UserId, AccountId)>> {
    let query = source_users::table.inner_join(users::table);
    let query = query.filter(source_users::source_id.eq(source)).filter(source_users::external_id.eq(external));
    Ok(query.select((users::id, users::account_id)).first(c).optional()?)
}

/// Those of these ids of a source that are people's: each with our user and that user's account.
pub fn list_users(c: &mut Conn, source: SourceId, ids: &HashSet<String>) -> Result<Vec<(String, UserId, AccountId)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = source_users::table.inner_join(users::table).filter(source_users::source_id.eq(source));
    let query = query.filter(source_users::external_id.eq_any(ids));
    Ok(query.select((source_users::external_id, users::id, users::account_id)).load(c)?)
}

/// Whether the source has an id for this user.
pub fn has_user(c: &mut Conn, source: SourceId, user: UserId) -> Result<bool> {
    let ids = source_users::table.filter(source_users::source_id.eq(source)).filter(source_users::user_id.eq(user));
    Ok(diesel::select(diesel::dsl::exists(ids)).get_result(c)?)
}

/// Ties a source's id of a person to our user.
pub fn create_user(tx: &mut Tx<'_>, source: SourceId, external: &str, user: UserId) -> Result<()> {
    diesel::insert_into(source_users::table)
        .values((
            source_users::source_id.eq(source),
            source_users::external_id.eq(external),
            source_users::user_id.eq(user),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// Takes the next number for what this transaction records of a source. Holds the source's row until the transaction ends, so
/// that its numbers commit in their order, and those who record of one source take turns.
pub fn next_recording(tx: &mut Tx<'_>, source: SourceId) -> Result<i64> {
    Ok(diesel::update(sources::table.find(source))
        .set(sources::recording.eq(sources::recording + 1))
        .returning(sources::recording)
        .get_result(tx.sql())?)
}

/// Waits until nobody else records of this source, for as long as that takes; `waits` is called when it is longer than a moment. In
/// SQLite whoever writes has waited already.
pub fn wait_for_turn(tx: &mut Tx<'_>, source: SourceId, waits: &dyn Fn()) -> Result<()> {
    let Conn::Postgres(inner) = tx.sql() else { return Ok(()) };
    let mut waiting = Waiting::new(Some(waits));
    loop {
        // One that is held by another is passed over.
        let query = sources::table.find(source).select(sources::id).for_no_key_update().skip_locked();
        let free: Option<SourceId> = query.first(inner).optional()?;
        if free.is_some() || !waiting.lasts(Duration::MAX) {
            return Ok(());
        }
        std::thread::sleep(LOCK_POLL);
    }
}

/// How many recordings there are of all sources: it grows with each.
pub fn count_recordings(c: &mut Conn) -> Result<i64> {
    let numbers: Vec<i64> = sources::table.select(sources::recording).load(c)?;
    Ok(numbers.into_iter().fold(0, i64::saturating_add))
}
