//! Rows of grants: who can manage access, request and download (A3, A4).

use diesel::prelude::*;

use super::users::Row as UserRow;
use crate::db::schema::{access_grants, users};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::model::{AccountId, Timestamp, User, UserId};

/// Those of an account who have access, by name.
pub fn list(c: &mut Conn, account: AccountId) -> Result<Vec<User>> {
    let rows: Vec<UserRow> = access_grants::table
        .inner_join(users::table)
        .filter(access_grants::account_id.eq(account))
        .order((users::name, users::id))
        .select(UserRow::as_select())
        .load(c)?;
    rows.into_iter().map(UserRow::into_model).collect()
}

/// Some of an account who have access, by name: at most so many, and which ones does not matter, so that what it costs does
/// not grow with how many there are.
pub fn list_some(c: &mut Conn, account: AccountId, limit: u16) -> Result<Vec<User>> {
    let rows: Vec<UserRow> = access_grants::table
        .inner_join(users::table)
        .filter(access_grants::account_id.eq(account))
        .order(access_grants::user_id)
        .limit(limit.into())
        .select(UserRow::as_select())
        .load(c)?;
    let mut some: Vec<User> = rows.into_iter().map(UserRow::into_model).collect::<Result<_>>()?;
    some.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    Ok(some)
}

/// The numbers of those of an account who have access.
pub fn list_ids(c: &mut Conn, account: AccountId) -> Result<Vec<UserId>> {
    Ok(access_grants::table.filter(access_grants::account_id.eq(account)).select(access_grants::user_id).load(c)?)
}

/// How many of an account have access.
pub fn count(c: &mut Conn, account: AccountId) -> Result<i64> {
    Ok(access_grants::table.filter(access_grants::account_id.eq(account)).count().get_result(c)?)
}

/// Whether a user has access to an account's exports.
pub fn find(c: &mut Conn, account: AccountId, user: UserId) -> Result<bool> {
    Ok(diesel::select(diesel::dsl::exists(access_grants::table.find((account, user)))).get_result(c)?)
}

/// Gives a user access; `by` is none for the operator.
pub fn create(tx: &mut Tx<'_>, account: AccountId, user: UserId, by: Option<UserId>, now: Timestamp) -> Result<()> {
    diesel::insert_into(access_grants::table)
        .values((
            access_grants::account_id.eq(account),
            access_grants::user_id.eq(user),
            access_grants::granted_at.eq(now.micros()),
            access_grants::granted_by.eq(by),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// Takes a user's access; returns whether there was any.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<bool> {
    Ok(diesel::delete(access_grants::table.find((account, user))).execute(tx.sql())? > 0)
}
