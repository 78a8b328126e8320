//! What the operator does with accounts, people and their access from the command line (A1, A4).

use chrono_tz::Tz;

use super::rules::access as rules;
use super::{access, sign_in};
use crate::error::{Error, Result};
use crate::mail;
use crate::model::{Account, AccountId, Actor, AuditEvent, Named, Timestamp, User, UserId};
use crate::store::{self, Conn, Store};

/// The kind of source that the operator is: what the command line calls people is recorded too.
const OPERATOR: &str = "operator";

/// Makes an account.
///
/// # Errors
/// When the name is blank, too long, or taken.
pub fn create(store: &Store, name: &str, zone: Tz, include_exports: bool, now: Timestamp) -> Result<AccountId> {
    let name = checked_name(name)?;
    store.write(|c| {
        if let Some(account) = store::accounts::find_by_name(c, name)? {
            return Err(Error::conflict(format!("There already is an account “{}”.", account.name)));
        }
        let id = store::accounts::create(c, name, zone, include_exports, now)?;
        store::audit::append(c, id, Actor::Operator, &AuditEvent::AccountCreated { name: name.to_owned() }, now)?;
        Ok(id)
    })
}

/// Includes Compliance Exports in an account, or excludes it (A1). Excluding also turns it off: what is deleted from then
/// on is not kept.
///
/// # Errors
/// When there is no such account.
pub fn include_exports(store: &Store, name: &str, included: bool, now: Timestamp) -> Result<Account> {
    store.write(|c| {
        let account = find_locked(c, name)?;
        if account.exports_included == included {
            return Ok(account);
        }
        if account.exports_on && !included {
            access::switch_off(c, &account, Actor::Operator, now)?;
        }
        store::accounts::update_included(c, account.id, included)?;
        let event = if included { AuditEvent::ExportsIncluded } else { AuditEvent::ExportsExcluded };
        store::audit::append(c, account.id, Actor::Operator, &event, now)?;
        find(c, name)
    })
}

/// The account with this name.
///
/// # Errors
/// When there is none, with what to do.
pub fn find(c: &mut Conn, name: &str) -> Result<Account> {
    store::accounts::find_by_name(c, name)?
        .ok_or_else(|| Error::not_found(format!("There is no account “{name}”. “account list” shows those there are.")))
}

/// The account with this name, locked: what was read of it stays true until the transaction ends.
fn find_locked(c: &mut Conn, name: &str) -> Result<Account> {
    let id = find(c, name)?.id;
    store::accounts::lock(c, id)?;
    find(c, name)
}

/// All accounts by name.
///
/// # Errors
/// When the database fails.
pub fn list(c: &mut Conn) -> Result<Vec<Account>> {
    store::accounts::list(c)
}

/// The person of an account with this address.
///
/// # Errors
/// When there is none.
pub fn find_user(c: &mut Conn, account: &Account, email: &str) -> Result<User> {
    let email = email.trim().to_lowercase();
    store::users::find_by_email(c, account.id, &email)?
        .ok_or_else(|| Error::not_found(format!("Nobody in the account “{}” has the address {email}.", account.name)))
}

/// A person who can sign in.
#[derive(Clone, Debug)]
pub struct NewSignIn<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// Address to sign in with.
    pub email: &'a str,
    /// Full name.
    pub name: &'a str,
    /// Gives the admin role.
    pub admin: bool,
}

/// Makes a person who can sign in. One whom an import has recorded under this address becomes that person; one who can
/// sign in already gets the new password, and all sessions end; one who was deactivated is active again.
///
/// # Errors
/// When name, address or password do not do, or the address signs in to another account.
pub fn create_user(store: &Store, new: &NewSignIn<'_>, password: &str, now: Timestamp) -> Result<UserId> {
    let name = checked_name(new.name)?;
    let email = new.email.trim().to_lowercase();
    if !mail::is_address(&email) {
        return Err(Error::invalid("email", format!("“{}” is not an email address.", new.email)));
    }
    let hash = sign_in::hash_password(password)?;
    store.write(|c| {
        let account = find(c, new.account)?;
        // What people are called is recorded (C7). Before anything is changed: those who record take turns.
        let source = store::sources::find_or_create(c, account.id, OPERATOR)?;
        let recording = store::sources::next_recording(c, source)?;
        if let Some((other, _)) =
            store::users::find_sign_in(c, &email)?.filter(|(user, _)| user.account_id != account.id)
        {
            let owner = store::accounts::find(c, other.account_id)?.map_or_else(String::new, |account| account.name);
            return Err(Error::conflict(format!(
                "{email} already signs in to the account “{owner}”; an address signs in to one account only."
            )));
        }
        let id = match store::users::find_by_email(c, account.id, &email)? {
            Some(user) => {
                let profile = store::users::Profile { name, email: Some(&email), is_bot: false };
                store::users::update_profile(c, user.id, profile, (source, recording))?;
                store::users::update_reactivated(c, user.id)?;
                if new.admin {
                    store::users::update_admin(c, user.id, true)?;
                }
                user.id
            }
            None => {
                let user = store::users::NewUser {
                    account_id: account.id,
                    name,
                    email: Some(&email),
                    is_bot: false,
                    is_admin: new.admin,
                    deactivated_at: None,
                };
                store::users::create(c, &user, now)?
            }
        };
        store::users::update_password(c, id, &hash)?;
        store::sessions::delete_of_user(c, id)?;
        let event = AuditEvent::SignInSet { user: Named { id, name: name.to_owned() }, email: email.clone() };
        store::audit::append(c, account.id, Actor::Operator, &event, now)?;
        Ok(id)
    })
}

/// A4: the operator grants access, as support.
///
/// # Errors
/// When the person is not an active administrator of the account, or the feature is not included.
pub fn grant_access(store: &Store, account: &str, email: &str, now: Timestamp) -> Result<User> {
    store.write(|c| {
        let account = find_locked(c, account)?;
        let user = find_user(c, &account, email)?;
        if !account.exports_included {
            return Err(Error::conflict(format!(
                "Compliance Exports is not included in the account “{0}”: “account include-exports \"{0}\"” includes it.",
                account.name
            )));
        }
        if !rules::can_be_given_access(&account, &user) {
            return Err(Error::conflict(format!(
                "{} is not an active administrator of {}, and only those can be given access.",
                user.name, account.name
            )));
        }
        if !store::access::find(c, account.id, user.id)? {
            access::grant(c, &account, &user, Actor::Operator, now)?;
        }
        Ok(user)
    })
}

/// A4: the operator revokes access. At least one must remain while the feature is on.
///
/// # Errors
/// When it would be the last one, or there was none to revoke.
pub fn revoke_access(store: &Store, account: &str, email: &str, now: Timestamp) -> Result<User> {
    store.write(|c| {
        let account = find_locked(c, account)?;
        let user = find_user(c, &account, email)?;
        let with_access = store::access::list(c, account.id)?;
        if !with_access.iter().any(|person| person.id == user.id) {
            return Err(Error::conflict(format!("{} has no access to revoke.", user.name)));
        }
        if account.exports_on && with_access.len() == 1 {
            return Err(Error::conflict(format!(
                "{} is the last person with access, and at least one must remain. Grant it to someone else first.",
                user.name
            )));
        }
        access::revoke(c, &account, &user, Actor::Operator, now)?;
        Ok(user)
    })
}

fn checked_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "A name has 1 to 100 characters, without line breaks."));
    }
    Ok(name)
}
