//! Rows that tie a source's own ids to ours, and the counter of recordings.

use diesel::prelude::*;

use super::Conn;
use super::connection::on_either;
use super::schema::{recording_counter, source_accounts, source_users, sources};
use crate::error::Result;
use crate::model::{AccountId, UserId};

/// Number of a source.
pub type SourceId = i64;

/// The account's source of this kind, made at its first use.
pub fn find_or_create(c: &mut Conn, account: AccountId, kind: &str) -> Result<SourceId> {
    let values = (sources::account_id.eq(account), sources::kind.eq(kind));
    on_either!(c, inner => diesel::insert_into(sources::table).values(values).on_conflict_do_nothing().execute(inner))?;
    let query = sources::table.filter(sources::account_id.eq(account)).filter(sources::kind.eq(kind));
    Ok(query.select(sources::id).first(c)?)
}

/// Our account for the source's id of a company.
pub fn find_account(c: &mut Conn, source: SourceId, external: &str) -> Result<Option<AccountId>> {
    Ok(source_accounts::table.find((source, external)).select(source_accounts::account_id).first(c).optional()?)
}

/// Ties a source's id of a company to our account.
pub fn create_account(c: &mut Conn, source: SourceId, external: &str, account: AccountId) -> Result<()> {
    diesel::insert_into(source_accounts::table)
        .values((
            source_accounts::source_id.eq(source),
            source_accounts::external_id.eq(external),
            source_accounts::account_id.eq(account),
        ))
        .execute(c)?;
    Ok(())
}

/// Our user for the source's id of a person.
pub fn find_user(c: &mut Conn, source: SourceId, external: &str) -> Result<Option<UserId>> {
    Ok(source_users::table.find((source, external)).select(source_users::user_id).first(c).optional()?)
}

/// Whether the source has an id for this user.
pub fn has_user(c: &mut Conn, source: SourceId, user: UserId) -> Result<bool> {
    let ids = source_users::table.filter(source_users::source_id.eq(source)).filter(source_users::user_id.eq(user));
    Ok(diesel::select(diesel::dsl::exists(ids)).get_result(c)?)
}

/// Ties a source's id of a person to our user.
pub fn create_user(c: &mut Conn, source: SourceId, external: &str, user: UserId) -> Result<()> {
    diesel::insert_into(source_users::table)
        .values((
            source_users::source_id.eq(source),
            source_users::external_id.eq(external),
            source_users::user_id.eq(user),
        ))
        .execute(c)?;
    Ok(())
}

/// Takes the next number for what this transaction records. Holds the counter's row until the transaction ends, so that
/// numbers commit in their order and those who record take turns.
pub fn next_recording(c: &mut Conn) -> Result<i64> {
    Ok(diesel::update(recording_counter::table.find(1))
        .set(recording_counter::value.eq(recording_counter::value + 1))
        .returning(recording_counter::value)
        .get_result(c)?)
}

/// The number of the last committed recording: a cut (C7).
pub fn last_recording(c: &mut Conn) -> Result<i64> {
    Ok(recording_counter::table.find(1).select(recording_counter::value).first(c)?)
}
