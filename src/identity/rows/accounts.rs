//! Rows of accounts.

use diesel::prelude::*;

use crate::db::connection::on_either;
use crate::db::schema::accounts;
use crate::db::{Conn, Tx, parsed};
use crate::error::Result;
use crate::model::{Account, AccountId, Timestamp};

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
struct Row {
    id: AccountId,
    name: String,
    time_zone: String,
    exports_included: bool,
    exports_on: bool,
}

impl Row {
    fn into_model(self) -> Result<Account> {
        Ok(Account {
            id: self.id,
            name: self.name,
            time_zone: parsed(&self.time_zone)?,
            exports_included: self.exports_included,
            exports_on: self.exports_on,
        })
    }
}

/// Makes an account.
pub fn create(tx: &mut Tx<'_>, name: &str, zone: chrono_tz::Tz, included: bool, now: Timestamp) -> Result<AccountId> {
    Ok(diesel::insert_into(accounts::table)
        .values((
            accounts::name.eq(name),
            accounts::name_key.eq(name.to_lowercase()),
            accounts::time_zone.eq(zone.name()),
            accounts::exports_included.eq(included),
            accounts::exports_on.eq(false),
            accounts::created_at.eq(now.micros()),
        ))
        .returning(accounts::id)
        .get_result(tx.sql())?)
}

/// The account with this name, made if there is none: known by name only, in UTC and without the feature. Others may make it at
/// the same moment.
pub fn find_or_create(tx: &mut Tx<'_>, name: &str, now: Timestamp) -> Result<AccountId> {
    let key = name.trim().to_lowercase();
    let values = (
        accounts::name.eq(name),
        accounts::name_key.eq(&key),
        accounts::time_zone.eq(chrono_tz::UTC.name()),
        accounts::exports_included.eq(false),
        accounts::exports_on.eq(false),
        accounts::created_at.eq(now.micros()),
    );
    on_either!(tx.sql(), inner => diesel::insert_into(accounts::table).values(values).on_conflict_do_nothing().execute(inner))?;
    Ok(accounts::table.filter(accounts::name_key.eq(&key)).select(accounts::id).first(tx.sql())?)
}

/// A company that is known by its name only, and never found by it: neither the account that may have this name nor what another
/// source calls so.
pub fn create_nameless(c: &mut Conn, name: &str, now: Timestamp) -> Result<AccountId> {
    Ok(diesel::insert_into(accounts::table)
        .values((
            accounts::name.eq(name),
            accounts::time_zone.eq(chrono_tz::UTC.name()),
            accounts::exports_included.eq(false),
            accounts::exports_on.eq(false),
            accounts::created_at.eq(now.micros()),
        ))
        .returning(accounts::id)
        .get_result(c)?)
}

/// The account with this number.
pub fn find(c: &mut Conn, id: AccountId) -> Result<Option<Account>> {
    let row = accounts::table.find(id).select(Row::as_select()).first(c).optional()?;
    row.map(Row::into_model).transpose()
}

/// The account with this name, without regard to case.
pub fn find_by_name(c: &mut Conn, name: &str) -> Result<Option<Account>> {
    let query = accounts::table.filter(accounts::name_key.eq(name.trim().to_lowercase()));
    query.select(Row::as_select()).first(c).optional()?.map(Row::into_model).transpose()
}

/// All accounts that can be found by name, in the order of their names.
pub fn list(c: &mut Conn) -> Result<Vec<Account>> {
    let named = accounts::table.filter(accounts::name_key.is_not_null());
    let rows: Vec<Row> = named.order(accounts::name_key).select(Row::as_select()).load(c)?;
    rows.into_iter().map(Row::into_model).collect()
}

/// Includes the feature in an account, or excludes it.
pub fn update_included(tx: &mut Tx<'_>, id: AccountId, included: bool) -> Result<()> {
    diesel::update(accounts::table.find(id)).set(accounts::exports_included.eq(included)).execute(tx.sql())?;
    Ok(())
}

/// Sets the toggle.
pub fn update_on(tx: &mut Tx<'_>, id: AccountId, on: bool) -> Result<()> {
    diesel::update(accounts::table.find(id)).set(accounts::exports_on.eq(on)).execute(tx.sql())?;
    Ok(())
}

/// Makes other transactions that lock the same account wait until this one ends, so that what was read of it stays true.
pub fn lock(tx: &mut Tx<'_>, id: AccountId) -> Result<()> {
    diesel::update(accounts::table.find(id)).set(accounts::id.eq(accounts::id)).execute(tx.sql())?;
    Ok(())
}
