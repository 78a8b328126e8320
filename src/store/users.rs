//! Rows of users, and what they were called before (C7).

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::on_either;
use super::schema::{accounts, user_versions, users};
use super::{Conn, instant_opt};
use crate::error::Result;
use crate::model::{AccountId, Timestamp, User, UserId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(super) struct Row {
    id: UserId,
    account_id: AccountId,
    name: String,
    email: Option<String>,
    is_bot: bool,
    is_admin: bool,
    deactivated_at: Option<i64>,
}

impl Row {
    pub(super) fn into_model(self) -> Result<User> {
        Ok(User {
            id: self.id,
            account_id: self.account_id,
            name: self.name,
            email: self.email,
            is_bot: self.is_bot,
            is_admin: self.is_admin,
            deactivated_at: instant_opt(self.deactivated_at)?,
        })
    }
}

/// A user to be made. The address is kept as given: the caller has put it into lower case.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// The account.
    pub account_id: AccountId,
    /// Full name.
    pub name: &'a str,
    /// Address.
    pub email: Option<&'a str>,
    /// A program.
    pub is_bot: bool,
    /// Has the admin role.
    pub is_admin: bool,
    /// May not sign in since.
    pub deactivated_at: Option<Timestamp>,
}

/// Makes a user.
pub fn create(c: &mut Conn, user: &NewUser<'_>, now: Timestamp) -> Result<UserId> {
    Ok(diesel::insert_into(users::table)
        .values((
            users::account_id.eq(user.account_id),
            users::name.eq(user.name),
            users::email.eq(user.email),
            users::is_bot.eq(user.is_bot),
            users::is_admin.eq(user.is_admin),
            users::deactivated_at.eq(user.deactivated_at.map(Timestamp::micros)),
            users::deactivation.eq(user.deactivated_at.map(Timestamp::micros)),
            users::created_at.eq(now.micros()),
        ))
        .returning(users::id)
        .get_result(c)?)
}

/// The user with this number.
pub fn find(c: &mut Conn, id: UserId) -> Result<Option<User>> {
    users::table.find(id).select(Row::as_select()).first(c).optional()?.map(Row::into_model).transpose()
}

/// The user with this number as called and reached at the cut (C7), and the name of the account.
pub fn find_at_cut(c: &mut Conn, id: UserId, cut: i64) -> Result<Option<(User, String)>> {
    Ok(list_at_cut(c, &[id], cut)?.pop())
}

/// Users asked for at a time: databases take only so many values.
const IDS: usize = 1_000;

/// These users as called and reached at the cut (C7), each with the name of the account.
pub fn list_at_cut(c: &mut Conn, ids: &[UserId], cut: i64) -> Result<Vec<(User, String)>> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IDS) {
        let rows: Vec<(Row, String)> = users::table
            .inner_join(accounts::table)
            .filter(users::id.eq_any(ids))
            .select((Row::as_select(), accounts::name))
            .load(c)?;
        // Of each user the last one stays: the first version that ended after the cut was the present one then.
        let versions: Vec<(UserId, String, Option<String>, bool)> = user_versions::table
            .filter(user_versions::user_id.eq_any(ids).and(user_versions::until.gt(cut)))
            .order((user_versions::user_id, user_versions::until.desc()))
            .select((user_versions::user_id, user_versions::name, user_versions::email, user_versions::is_bot))
            .load(c)?;
        let mut versions: HashMap<_, _> =
            versions.into_iter().map(|(id, name, email, is_bot)| (id, (name, email, is_bot))).collect();
        for (row, account) in rows {
            let present = row.into_model()?;
            found.push(match versions.remove(&present.id) {
                Some((name, email, is_bot)) => (User { name, email, is_bot, ..present }, account),
                None => (present, account),
            });
        }
    }
    Ok(found)
}

/// What these users were called at the cut (C7).
pub fn list_names_at_cut(c: &mut Conn, ids: &[UserId], cut: i64) -> Result<HashMap<UserId, String>> {
    let present: Vec<(UserId, String)> =
        users::table.filter(users::id.eq_any(ids)).select((users::id, users::name)).load(c)?;
    // Of each user the last one stays: the first version that ended after the cut was the present one then.
    let versions: Vec<(UserId, String)> = user_versions::table
        .filter(user_versions::user_id.eq_any(ids).and(user_versions::until.gt(cut)))
        .order((user_versions::user_id, user_versions::until.desc()))
        .select((user_versions::user_id, user_versions::name))
        .load(c)?;
    Ok(present.into_iter().chain(versions).collect())
}

/// The user of an account with this address (lower case).
pub fn find_by_email(c: &mut Conn, account: AccountId, email: &str) -> Result<Option<User>> {
    let query = users::table.filter(users::account_id.eq(account)).filter(users::email.eq(email));
    query.select(Row::as_select()).first(c).optional()?.map(Row::into_model).transpose()
}

/// The user who signs in with this address (lower case), and the hash of the password.
pub fn find_sign_in(c: &mut Conn, email: &str) -> Result<Option<(User, String)>> {
    let query = users::table.filter(users::email.eq(email)).filter(users::password_hash.is_not_null());
    let row: Option<(Row, Option<String>)> =
        query.select((Row::as_select(), users::password_hash)).first(c).optional()?;
    match row {
        Some((row, Some(hash))) => Ok(Some((row.into_model()?, hash))),
        _ => Ok(None),
    }
}

/// The administrators of an account who are active, by name (A4).
pub fn list_active_admins(c: &mut Conn, account: AccountId) -> Result<Vec<User>> {
    let rows: Vec<Row> = users::table
        .filter(users::account_id.eq(account).and(users::is_admin).and(users::is_bot.eq(false)))
        .filter(users::deactivated_at.is_null())
        .order((users::name, users::id))
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::into_model).collect()
}

/// What a user is called and how reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Profile<'a> {
    /// Full name.
    pub name: &'a str,
    /// Address, in lower case.
    pub email: Option<&'a str>,
    /// A program.
    pub is_bot: bool,
}

/// Sets what a user is called and how reached, and keeps what it was until the recording of this number (C7); tells
/// whether it changed.
pub fn update_profile(c: &mut Conn, id: UserId, profile: Profile<'_>, recording: i64) -> Result<bool> {
    let Some(before) = find(c, id)? else { return Ok(false) };
    if profile == (Profile { name: &before.name, email: before.email.as_deref(), is_bot: before.is_bot }) {
        return Ok(false);
    }
    let version = (
        user_versions::user_id.eq(id),
        user_versions::until.eq(recording),
        user_versions::name.eq(&before.name),
        user_versions::email.eq(&before.email),
        user_versions::is_bot.eq(before.is_bot),
    );
    // Of several changes by one recording, the first knows what there was before it.
    on_either!(c, inner => diesel::insert_into(user_versions::table)
        .values(version)
        .on_conflict_do_nothing()
        .execute(inner))?;
    diesel::update(users::table.find(id))
        .set((users::name.eq(profile.name), users::email.eq(profile.email), users::is_bot.eq(profile.is_bot)))
        .execute(c)?;
    Ok(true)
}

/// Gives or takes the admin role.
pub fn update_admin(c: &mut Conn, id: UserId, is_admin: bool) -> Result<()> {
    diesel::update(users::table.find(id)).set(users::is_admin.eq(is_admin)).execute(c)?;
    Ok(())
}

/// Deactivates a user, as a source tells.
pub fn update_deactivated(c: &mut Conn, id: UserId, at: Timestamp) -> Result<()> {
    diesel::update(users::table.find(id))
        .set((users::deactivated_at.eq(at.micros()), users::deactivation.eq(at.micros())))
        .execute(c)?;
    Ok(())
}

/// Makes a user active again.
pub fn update_reactivated(c: &mut Conn, id: UserId) -> Result<()> {
    diesel::update(users::table.find(id)).set(users::deactivated_at.eq(None::<i64>)).execute(c)?;
    Ok(())
}

/// The latest deactivation of a user that a source has told.
pub fn find_deactivation(c: &mut Conn, id: UserId) -> Result<Option<Timestamp>> {
    let micros: Option<i64> = users::table.find(id).select(users::deactivation).first(c)?;
    instant_opt(micros)
}

/// Sets the hash of a user's password.
pub fn update_password(c: &mut Conn, id: UserId, hash: &str) -> Result<()> {
    diesel::update(users::table.find(id)).set(users::password_hash.eq(hash)).execute(c)?;
    Ok(())
}
