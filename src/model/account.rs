//! Companies, their people, and the times during which capture was on.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Number of an [`Account`].
pub type AccountId = i64;
/// Number of a [`User`].
pub type UserId = i64;

/// One company. Several live on one server; nothing leaks between them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Account {
    pub id: AccountId,
    /// Unique on the server, without regard to case.
    pub name: String,
    /// Days of ranges and of the archive are days of this zone (C6).
    pub time_zone: Tz,
    /// The operator has included Compliance Exports in this account (A1).
    pub exports_included: bool,
    /// The toggle: capture is on (A3).
    pub exports_on: bool,
}

/// A person or bot of exactly one account.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct User {
    pub id: UserId,
    /// The account that the user belongs to.
    pub account_id: AccountId,
    /// Full name as shown.
    pub name: String,
    /// Lower-case address, unique within the account.
    pub email: Option<String>,
    /// A program, not a person.
    pub is_bot: bool,
    /// Has the admin role.
    pub is_admin: bool,
    /// Since when the user may no longer sign in.
    pub deactivated_at: Option<Timestamp>,
}

impl User {
    /// An administrator who is still active: the only kind of user who can hold access (A4).
    #[must_use]
    pub fn is_active_admin(&self) -> bool {
        self.is_admin && self.deactivated_at.is_none() && !self.is_bot
    }
}

/// A stretch of time during which capture was on for an account.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CapturePeriod {
    /// When it was turned on.
    pub on_at: Timestamp,
    /// When it was turned off; none while it is still on.
    pub off_at: Option<Timestamp>,
    /// Who turned it on; none for the operator.
    pub on_by: Option<UserId>,
    /// Who turned it off; none for the operator, or while it is still on.
    pub off_by: Option<UserId>,
}
