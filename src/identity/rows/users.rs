//! Rows of users, and what they were called before (C7).

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};

use crate::db::connection::on_either;
use crate::db::cuts::Cut;
use crate::db::schema::{accounts, export_cuts, source_users, user_versions, users};
use crate::db::{Conn, Tx, instant_opt};
use crate::error::Result;
use crate::model::{AccountId, SourceId, Timestamp, User, UserId};
use crate::search_key;

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct Row {
    id: UserId,
    account_id: AccountId,
    name: String,
    email: Option<String>,
    is_bot: bool,
    is_admin: bool,
    deactivated_at: Option<i64>,
}

impl Row {
    pub(crate) fn into_model(self) -> Result<User> {
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
    pub account_id: AccountId,
    /// Full name.
    pub name: &'a str,
    pub email: Option<&'a str>,
    /// A program.
    pub is_bot: bool,
    /// Has the admin role.
    pub is_admin: bool,
    /// May not sign in since.
    pub deactivated_at: Option<Timestamp>,
}

#[derive(Insertable)]
#[diesel(table_name = users)]
struct NewRow<'a> {
    account_id: AccountId,
    name: &'a str,
    email: Option<&'a str>,
    is_bot: bool,
    is_admin: bool,
    deactivated_at: Option<i64>,
    deactivation: Option<i64>,
    created_at: i64,
    search_key: String,
}

impl<'a> NewRow<'a> {
    fn new(user: &NewUser<'a>, now: Timestamp) -> Self {
        let deactivated = user.deactivated_at.map(Timestamp::micros);
        Self {
            account_id: user.account_id,
            name: user.name,
            email: user.email,
            is_bot: user.is_bot,
            is_admin: user.is_admin,
            deactivated_at: deactivated,
            deactivation: deactivated,
            created_at: now.micros(),
            search_key: search_key::key(user.name, user.email),
        }
    }
}

/// Makes a user.
pub fn create(tx: &mut Tx<'_>, user: &NewUser<'_>, now: Timestamp) -> Result<UserId> {
    Ok(diesel::insert_into(users::table).values(NewRow::new(user, now)).returning(users::id).get_result(tx.sql())?)
}

/// Makes users whom a source calls by these ids, but for those whose address another one of the account has. Returns the number of each
/// that was made. No two of them have the same id, or the same address in one account.
pub fn create_all_of_source(
    tx: &mut Tx<'_>,
    source: SourceId,
    new: &[(&str, NewUser<'_>)],
    now: Timestamp,
) -> Result<Vec<Option<UserId>>> {
    match tx.sql() {
        Conn::Sqlite(inner) => {
            let mut all = Vec::with_capacity(new.len());
            for (external, user) in new {
                let made = diesel::insert_into(users::table).values(NewRow::new(user, now)).on_conflict_do_nothing();
                let made: Option<UserId> = made.returning(users::id).get_result(inner).optional()?;
                if let Some(made) = made {
                    let values = (
                        source_users::source_id.eq(source),
                        source_users::external_id.eq(external),
                        source_users::user_id.eq(made),
                    );
                    diesel::insert_into(source_users::table).values(values).execute(inner)?;
                }
                all.push(made);
            }
            Ok(all)
        }
        Conn::Postgres(_) if new.is_empty() => Ok(Vec::new()),
        Conn::Postgres(inner) => {
            // Each has a number before it is made, by which its id is found again.
            let made: Vec<Made> = diesel::sql_query(
                "WITH new AS (
                     SELECT nextval(pg_get_serial_sequence('users', 'id')) AS id, new.*
                     FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) WITH ORDINALITY
                         AS new (external_id, account_id, name, email, is_bot, is_admin, deactivated_at, search_key, place)
                 ), made AS (
                     INSERT INTO users (id, account_id, name, email, is_bot, is_admin, deactivated_at, deactivation,
                         search_key, created_at)
                     SELECT id, account_id, name, email, is_bot, is_admin, deactivated_at, deactivated_at, search_key, $9
                     FROM new ON CONFLICT DO NOTHING RETURNING id
                 ), tied AS (
                     INSERT INTO source_users (source_id, external_id, user_id)
                     SELECT $10, new.external_id, id FROM made JOIN new USING (id)
                 )
                 SELECT new.place, id FROM made JOIN new USING (id)",
            )
            .bind::<Array<Text>, _>(new.iter().map(|new| new.0).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(new.iter().map(|new| new.1.account_id).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(new.iter().map(|new| new.1.name).collect::<Vec<_>>())
            .bind::<Array<Nullable<Text>>, _>(new.iter().map(|new| new.1.email).collect::<Vec<_>>())
            .bind::<Array<Bool>, _>(new.iter().map(|new| new.1.is_bot).collect::<Vec<_>>())
            .bind::<Array<Bool>, _>(new.iter().map(|new| new.1.is_admin).collect::<Vec<_>>())
            .bind::<Array<Nullable<BigInt>>, _>(
                new.iter().map(|new| new.1.deactivated_at.map(Timestamp::micros)).collect::<Vec<_>>(),
            )
            .bind::<Array<Text>, _>(new.iter().map(|new| search_key::key(new.1.name, new.1.email)).collect::<Vec<_>>())
            .bind::<BigInt, _>(now.micros())
            .bind::<BigInt, _>(source)
            .load(inner)?;
            let mut all = vec![None; new.len()];
            for Made { place, id } in made {
                if let Some(user) = usize::try_from(place - 1).ok().and_then(|place| all.get_mut(place)) {
                    *user = Some(id);
                }
            }
            Ok(all)
        }
    }
}

#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = BigInt)]
    id: UserId,
}

/// The user with this number.
pub fn find(c: &mut Conn, id: UserId) -> Result<Option<User>> {
    users::table.find(id).select(Row::as_select()).first(c).optional()?.map(Row::into_model).transpose()
}

/// Versions of users that end after a cut, the oldest of each user first. Several sources may have changed a user: a change is
/// beyond the cut if its source had not recorded it by then.
macro_rules! versions_beyond {
    ($request:expr) => {
        user_versions::table
            .left_join(
                export_cuts::table
                    .on(export_cuts::source_id.eq(user_versions::source_id).and(export_cuts::request_id.eq($request))),
            )
            .filter(
                export_cuts::recording
                    .nullable()
                    .is_null()
                    .or(user_versions::until.nullable().gt(export_cuts::recording.nullable())),
            )
    };
}

/// The user with this number as called and reached at the cut (C7), and the name of the account.
pub fn find_at_cut(c: &mut Conn, id: UserId, cut: Cut) -> Result<Option<(User, String)>> {
    Ok(list_at_cut(c, &[id], cut)?.pop())
}

/// Users asked for at a time: databases take only so many values.
const IDS: usize = 1_000;

/// These users as called and reached at the cut (C7), each with the name of the account.
pub fn list_at_cut(c: &mut Conn, ids: &[UserId], cut: Cut) -> Result<Vec<(User, String)>> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IDS) {
        let rows: Vec<(Row, String)> = users::table
            .inner_join(accounts::table)
            .filter(users::id.eq_any(ids))
            .select((Row::as_select(), accounts::name))
            .load(c)?;
        // Of each user the last one stays: the first version that ended after the cut was the present one then.
        let versions: Vec<(UserId, String, Option<String>, bool)> = match cut {
            Cut::Now => Vec::new(),
            Cut::Of(request) => versions_beyond!(request)
                .filter(user_versions::user_id.eq_any(ids))
                .order(user_versions::id.desc())
                .select((user_versions::user_id, user_versions::name, user_versions::email, user_versions::is_bot))
                .load(c)?,
        };
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
pub fn list_names_at_cut(c: &mut Conn, ids: &[UserId], cut: Cut) -> Result<HashMap<UserId, String>> {
    let present: Vec<(UserId, String)> =
        users::table.filter(users::id.eq_any(ids)).select((users::id, users::name)).load(c)?;
    // Of each user the last one stays: the first version that ended after the cut was the present one then.
    let versions: Vec<(UserId, String)> = match cut {
        Cut::Now => Vec::new(),
        Cut::Of(request) => versions_beyond!(request)
            .filter(user_versions::user_id.eq_any(ids))
            .order((user_versions::user_id, user_versions::id.desc()))
            .select((user_versions::user_id, user_versions::name))
            .load(c)?,
    };
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

/// Sets what a user is called and how reached, and keeps what it was until the recording of this number of a source (C7);
/// returns whether it changed.
pub fn update_profile(
    tx: &mut Tx<'_>,
    id: UserId,
    profile: Profile<'_>,
    (source, recording): (SourceId, i64),
) -> Result<bool> {
    let is_same =
        |user: &User| profile == Profile { name: &user.name, email: user.email.as_deref(), is_bot: user.is_bot };
    if find(tx, id)?.is_none_or(|user| is_same(&user)) {
        return Ok(false);
    }
    // Another source may be changing the same person: versions are made in the order of the changes, each with what was before.
    diesel::update(users::table.find(id)).set(users::id.eq(users::id)).execute(tx.sql())?;
    let Some(before) = find(tx, id)?.filter(|user| !is_same(user)) else { return Ok(false) };
    let version = (
        user_versions::user_id.eq(id),
        user_versions::source_id.eq(source),
        user_versions::until.eq(recording),
        user_versions::name.eq(&before.name),
        user_versions::email.eq(&before.email),
        user_versions::is_bot.eq(before.is_bot),
    );
    // Of several changes by one recording, the first knows what there was before it.
    on_either!(tx.sql(), inner => diesel::insert_into(user_versions::table)
        .values(version)
        .on_conflict_do_nothing()
        .execute(inner))?;
    diesel::update(users::table.find(id))
        .set((
            users::name.eq(profile.name),
            users::email.eq(profile.email),
            users::is_bot.eq(profile.is_bot),
            users::search_key.eq(search_key::key(profile.name, profile.email)),
        ))
        .execute(tx.sql())?;
    Ok(true)
}

/// Gives or takes the admin role.
pub fn update_admin(tx: &mut Tx<'_>, id: UserId, is_admin: bool) -> Result<()> {
    diesel::update(users::table.find(id)).set(users::is_admin.eq(is_admin)).execute(tx.sql())?;
    Ok(())
}

/// Deactivates a user, as a source reports.
pub fn update_deactivated(tx: &mut Tx<'_>, id: UserId, at: Timestamp) -> Result<()> {
    diesel::update(users::table.find(id))
        .set((users::deactivated_at.eq(at.micros()), users::deactivation.eq(at.micros())))
        .execute(tx.sql())?;
    Ok(())
}

/// Makes a user active again.
pub fn update_reactivated(tx: &mut Tx<'_>, id: UserId) -> Result<()> {
    diesel::update(users::table.find(id)).set(users::deactivated_at.eq(None::<i64>)).execute(tx.sql())?;
    Ok(())
}

/// The latest deactivation of a user that a source has reported.
pub fn find_deactivation(c: &mut Conn, id: UserId) -> Result<Option<Timestamp>> {
    let micros: Option<i64> = users::table.find(id).select(users::deactivation).first(c)?;
    instant_opt(micros)
}

/// Sets the hash of a user's password.
pub fn update_password(tx: &mut Tx<'_>, id: UserId, hash: &str) -> Result<()> {
    diesel::update(users::table.find(id)).set(users::password_hash.eq(hash)).execute(tx.sql())?;
    Ok(())
}
