//! A1–A4: what a person may do with an account's exports.

use crate::model::{Account, User};

/// How an administrator stands towards the Compliance Exports of the account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// A1: the feature is not included in the account.
    NotIncluded,
    /// It is off; any administrator can turn it on (A3). `access`: this one had access before it was turned off, and can
    /// still download what is there (B8).
    Off {
        /// Has access to what is there.
        access: bool,
    },
    /// It is on, and this administrator can manage access, request, download and turn it off.
    OnWithAccess,
    /// It is on; this administrator sees that, and who has access.
    OnWithoutAccess,
}

impl Standing {
    /// May download, cancel and retry.
    #[must_use]
    pub const fn has_access(self) -> bool {
        matches!(self, Self::OnWithAccess | Self::Off { access: true })
    }
}

/// Whether someone may open the account's Administration page (A2).
#[must_use]
pub fn opens_administration(account: &Account, user: &User) -> bool {
    user.account_id == account.id && user.is_active_admin()
}

/// How an administrator stands; `granted` as the database says it at this moment (A5).
#[must_use]
pub const fn standing(account: &Account, granted: bool) -> Standing {
    match (account.exports_included, account.exports_on, granted) {
        (false, _, _) => Standing::NotIncluded,
        (true, false, access) => Standing::Off { access },
        (true, true, true) => Standing::OnWithAccess,
        (true, true, false) => Standing::OnWithoutAccess,
    }
}

/// Whether someone can be given access to an account's exports (A4).
#[must_use]
pub fn can_be_given_access(account: &Account, user: &User) -> bool {
    opens_administration(account, user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn account(included: bool, on: bool) -> Account {
        Account {
            id: 1,
            name: "Halden".to_owned(),
            time_zone: chrono_tz::UTC,
            exports_included: included,
            exports_on: on,
        }
    }

    fn user(account_id: i64, is_admin: bool) -> User {
        let name = "Ada".to_owned();
        User { id: 7, account_id, name, email: None, is_bot: false, is_admin, deactivated_at: None }
    }

    #[test]
    fn a1_not_included_goes_before_everything() {
        assert_eq!(standing(&account(false, true), true), Standing::NotIncluded);
        assert!(!standing(&account(false, true), true).has_access());
    }

    #[test]
    fn a2_only_active_administrators_of_the_account_open_the_page() {
        let here = account(true, true);
        assert!(opens_administration(&here, &user(1, true)));
        assert!(!opens_administration(&here, &user(1, false)));
        assert!(!opens_administration(&here, &user(2, true)));
        assert!(!opens_administration(&here, &User { deactivated_at: Some(Timestamp::default()), ..user(1, true) }));
        assert!(!opens_administration(&here, &User { is_bot: true, ..user(1, true) }));
    }

    #[test]
    fn a3_without_access_one_sees_only_that_it_is_on() {
        assert_eq!(standing(&account(true, true), false), Standing::OnWithoutAccess);
        assert_eq!(standing(&account(true, true), true), Standing::OnWithAccess);
    }

    #[test]
    fn b8_turned_off_what_is_there_stays_with_those_who_had_access() {
        assert!(standing(&account(true, false), true).has_access());
        assert!(!standing(&account(true, false), false).has_access());
    }
}
