//! Switching Compliance Exports on and off for an account (A1, A3, B8), and with it capture (C4).

use super::rows;
use super::rules::periods;
use crate::audit::{self, Actor, AuditEvent};
use crate::db::{Store, Tx};
use crate::error::Result;
use crate::identity;
use crate::identity::access::{
    Administrator, administrator, administrator_of_included, administrator_with_access, grant, revoke,
};
use crate::identity::accounts::{find, find_locked};
use crate::model::{Account, AccountId, Timestamp, UserId};

/// A3: turns the feature on; returns whether it was off. Whoever does so is the first, and at first the only one with
/// access. One that is on stays as it is.
///
/// # Errors
/// Those of [`administrator_of_included`].
pub fn turn_on(store: &Store, user: UserId, now: Timestamp) -> Result<bool> {
    store.write(|tx| {
        let account = administrator(tx, user)?.account.id;
        identity::rows::accounts::lock(tx, account)?;
        let Administrator { user, account, .. } = administrator_of_included(tx, user)?;
        if account.exports_on {
            return Ok(false);
        }
        let by = Actor::User(user.id);
        for former in identity::rows::access::list(tx, account.id)? {
            revoke(tx, &account, &former, by, now)?;
        }
        grant(tx, &account, &user, by, now)?;
        identity::rows::accounts::update_on(tx, account.id, true)?;
        rows::periods::create(tx, account.id, Some(user.id), now)?;
        audit::append(tx, account.id, by, &AuditEvent::ExportsTurnedOn, now)?;
        Ok(true)
    })
}

/// A3, B8: turns the feature off. One that is off stays as it is.
///
/// # Errors
/// Those of [`administrator_with_access`].
pub fn turn_off(store: &Store, user: UserId, now: Timestamp) -> Result<()> {
    store.write(|tx| {
        let account = administrator(tx, user)?.account.id;
        identity::rows::accounts::lock(tx, account)?;
        let Administrator { user, account, .. } = administrator_with_access(tx, user)?;
        if account.exports_on { switch_off(tx, &account, Actor::User(user.id), now) } else { Ok(()) }
    })
}

/// C4: notes that the clock has been set back since capture was switched on, if it has: nobody knows any more when that was.
/// The period that goes on ends at what the clock says now, before its own beginning, which the rules understand for ever
/// (`capture::rules::periods`), and another one begins.
pub fn note_set_back(tx: &mut Tx<'_>, account: AccountId, now: Timestamp) -> Result<()> {
    identity::rows::accounts::lock(tx, account)?;
    let periods = rows::periods::list(tx, account)?;
    let Some(last) = periods.last().filter(|_| periods::is_set_back(&periods, now)) else { return Ok(()) };
    rows::periods::close(tx, account, None, now)?;
    rows::periods::create(tx, account, last.on_by, now)?;
    let event = AuditEvent::ClockSetBack { on_since: last.on_at, clock: now };
    audit::append(tx, account, Actor::System, &event, now)
}

pub(super) fn switch_off(tx: &mut Tx<'_>, account: &Account, by: Actor, now: Timestamp) -> Result<()> {
    identity::rows::accounts::update_on(tx, account.id, false)?;
    rows::periods::close(tx, account.id, by.user(), now)?;
    audit::append(tx, account.id, by, &AuditEvent::ExportsTurnedOff, now)
}

/// Includes Compliance Exports in an account, or excludes it (A1). Excluding also turns it off: what is deleted from then
/// on is not kept.
///
/// # Errors
/// When there is no such account.
pub fn include_exports(store: &Store, name: &str, included: bool, now: Timestamp) -> Result<Account> {
    store.write(|tx| {
        let account = find_locked(tx, name)?;
        if account.exports_included == included {
            return Ok(account);
        }
        if account.exports_on && !included {
            switch_off(tx, &account, Actor::Operator, now)?;
        }
        identity::rows::accounts::update_included(tx, account.id, included)?;
        let event = if included { AuditEvent::ExportsIncluded } else { AuditEvent::ExportsExcluded };
        audit::append(tx, account.id, Actor::Operator, &event, now)?;
        find(tx, name)
    })
}
