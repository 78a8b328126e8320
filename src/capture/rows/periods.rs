//! Rows of the times during which capture was on (C4).

use diesel::prelude::*;

use crate::db::schema::capture_periods;
use crate::db::{Conn, Tx, instant, instant_opt};
use crate::error::Result;
use crate::model::{AccountId, CapturePeriod, Timestamp, UserId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = capture_periods)]
struct Row {
    on_at: i64,
    on_by: Option<UserId>,
    off_at: Option<i64>,
    off_by: Option<UserId>,
}

impl Row {
    fn into_model(self) -> Result<CapturePeriod> {
        Ok(CapturePeriod {
            on_at: instant(self.on_at)?,
            on_by: self.on_by,
            off_at: instant_opt(self.off_at)?,
            off_by: self.off_by,
        })
    }
}

/// An account's periods in the order in which they were made: what the clock said then may be out of order.
pub fn list(c: &mut Conn, account: AccountId) -> Result<Vec<CapturePeriod>> {
    let rows: Vec<Row> = capture_periods::table
        .filter(capture_periods::account_id.eq(account))
        .order(capture_periods::id)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::into_model).collect()
}

/// Begins a period.
pub fn create(tx: &mut Tx<'_>, account: AccountId, by: Option<UserId>, now: Timestamp) -> Result<()> {
    diesel::insert_into(capture_periods::table)
        .values((
            capture_periods::account_id.eq(account),
            capture_periods::on_at.eq(now.micros()),
            capture_periods::on_by.eq(by),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// Ends the period that has not ended.
pub fn close(tx: &mut Tx<'_>, account: AccountId, by: Option<UserId>, now: Timestamp) -> Result<()> {
    diesel::update(capture_periods::table)
        .filter(capture_periods::account_id.eq(account).and(capture_periods::off_at.is_null()))
        .set((capture_periods::off_at.eq(now.micros()), capture_periods::off_by.eq(by)))
        .execute(tx.sql())?;
    Ok(())
}
