//! Rows of sessions and of failed attempts to sign in.

use diesel::prelude::*;

use crate::db::schema::{sessions, sign_in_failures};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::model::{Timestamp, UserId};

/// Makes a session.
pub fn create(
    tx: &mut Tx<'_>,
    key_hash: &str,
    user: UserId,
    state: &str,
    now: Timestamp,
    expires: Timestamp,
) -> Result<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::key_hash.eq(key_hash),
            sessions::user_id.eq(user),
            sessions::state.eq(state),
            sessions::created_at.eq(now.micros()),
            sessions::expires_at.eq(expires.micros()),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// What a session that has not expired holds.
pub fn find(c: &mut Conn, key_hash: &str, now: Timestamp) -> Result<Option<String>> {
    let query = sessions::table.find(key_hash).filter(sessions::expires_at.gt(now.micros()));
    Ok(query.select(sessions::state).first(c).optional()?)
}

/// Sets what a session holds, if it still is there.
pub fn update(tx: &mut Tx<'_>, key_hash: &str, state: &str) -> Result<()> {
    diesel::update(sessions::table.find(key_hash)).set(sessions::state.eq(state)).execute(tx.sql())?;
    Ok(())
}

/// Ends a session.
pub fn delete(tx: &mut Tx<'_>, key_hash: &str) -> Result<()> {
    diesel::delete(sessions::table.find(key_hash)).execute(tx.sql())?;
    Ok(())
}

/// Ends all sessions of a user.
pub fn delete_of_user(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user))).execute(tx.sql())?;
    Ok(())
}

/// Removes what has expired before `now`, and failures before `failures_before`.
pub fn delete_expired(tx: &mut Tx<'_>, now: Timestamp, failures_before: Timestamp) -> Result<()> {
    diesel::delete(sessions::table.filter(sessions::expires_at.le(now.micros()))).execute(tx.sql())?;
    diesel::delete(sign_in_failures::table.filter(sign_in_failures::at.lt(failures_before.micros())))
        .execute(tx.sql())?;
    Ok(())
}

/// Number of a failed attempt.
pub type FailureId = i64;

/// Notes a failed attempt.
pub fn create_failure(tx: &mut Tx<'_>, email: &str, address: &str, now: Timestamp) -> Result<FailureId> {
    Ok(diesel::insert_into(sign_in_failures::table)
        .values((
            sign_in_failures::email.eq(email),
            sign_in_failures::address.eq(address),
            sign_in_failures::at.eq(now.micros()),
        ))
        .returning(sign_in_failures::id)
        .get_result(tx.sql())?)
}

/// How often signing in has failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Failures {
    /// For this address of mail.
    pub email: i64,
    /// From this network address.
    pub address: i64,
    /// For the one from the other.
    pub both: i64,
}

/// Failed attempts since then.
pub fn count_failures(c: &mut Conn, email: &str, address: &str, since: Timestamp) -> Result<Failures> {
    let recent = sign_in_failures::table.filter(sign_in_failures::at.ge(since.micros()));
    let for_email = recent.filter(sign_in_failures::email.eq(email));
    Ok(Failures {
        email: for_email.count().get_result(c)?,
        address: recent.filter(sign_in_failures::address.eq(address)).count().get_result(c)?,
        both: for_email.filter(sign_in_failures::address.eq(address)).count().get_result(c)?,
    })
}

/// Writes a failed attempt once more as it is: what happens to an address that is known takes a transaction too.
pub fn touch_failure(tx: &mut Tx<'_>, id: FailureId) -> Result<()> {
    let failure = sign_in_failures::table.find(id);
    diesel::update(failure).set(sign_in_failures::at.eq(sign_in_failures::at)).execute(tx.sql())?;
    Ok(())
}

/// Forgets an attempt that did not fail.
pub fn delete_failure(tx: &mut Tx<'_>, id: FailureId) -> Result<()> {
    diesel::delete(sign_in_failures::table.find(id)).execute(tx.sql())?;
    Ok(())
}
