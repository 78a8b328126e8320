//! Switching Compliance Exports on and off for an account (A1, A3, B8), and with it capture (C4).

use super::rows;
use super::rules::periods;
use crate::audit::{self, Actor, AuditEvent};
use crate::db::Tx;
use crate::error::Result;
use crate::identity;
use crate::identity::access::{grant, revoke};
use crate::identity::accounts::{find, find_locked};
use crate::identity::commands::{Command, OfIncluded, Operator, WithAccess};
use crate::model::{Account, AccountId, Timestamp};

/// A3: turns the feature on; the outcome is whether it was off. Whoever does so is the first, and at first the only one with
/// access. One that is on stays as it is.
#[derive(Clone, Copy, Debug)]
pub struct TurnOn;

impl Command for TurnOn {
    type By = OfIncluded;
    type Outcome = bool;

    fn run(&self, tx: &mut Tx<'_>, by: &OfIncluded, now: Timestamp) -> Result<bool> {
        let account = &by.account;
        if account.exports_on {
            return Ok(false);
        }
        for former in identity::rows::access::list(tx, account.id)? {
            revoke(tx, account, &former, by.actor(), now)?;
        }
        grant(tx, account, &by.user, by.actor(), now)?;
        identity::rows::accounts::update_on(tx, account.id, true)?;
        rows::periods::create(tx, account.id, Some(by.user.id), now)?;
        audit::append(tx, account.id, by.actor(), &AuditEvent::ExportsTurnedOn, now)?;
        Ok(true)
    }
}

/// A3, B8: turns the feature off. One that is off stays as it is.
#[derive(Clone, Copy, Debug)]
pub struct TurnOff;

impl Command for TurnOff {
    type By = WithAccess;
    type Outcome = ();

    fn run(&self, tx: &mut Tx<'_>, by: &WithAccess, now: Timestamp) -> Result<()> {
        if by.account.exports_on { switch_off(tx, &by.account, by.actor(), now) } else { Ok(()) }
    }
}

/// Includes Compliance Exports in an account, or excludes it (A1). Excluding also turns it off: what is deleted from then
/// on is not kept.
#[derive(Clone, Copy, Debug)]
pub struct IncludeExports<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// Or exclude it.
    pub included: bool,
}

impl Command for IncludeExports<'_> {
    type By = Operator;
    type Outcome = Account;

    fn run(&self, tx: &mut Tx<'_>, _: &Operator, now: Timestamp) -> Result<Account> {
        let Self { account: name, included } = *self;
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
    }
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

fn switch_off(tx: &mut Tx<'_>, account: &Account, by: Actor, now: Timestamp) -> Result<()> {
    identity::rows::accounts::update_on(tx, account.id, false)?;
    rows::periods::close(tx, account.id, by.user(), now)?;
    audit::append(tx, account.id, by, &AuditEvent::ExportsTurnedOff, now)
}
