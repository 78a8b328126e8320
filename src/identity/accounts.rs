//! What the operator does with accounts, people and their access from the command line (A1, A4).

use chrono_tz::Tz;

use super::commands::{Command, Operator};
use super::{access, names, rows, rules, sign_in};
use crate::audit::{self, Actor, AuditEvent, Named};
use crate::db::{Conn, Tx};
use crate::error::{Error, Kind, Result};
use crate::identity::rows::sources::Source;
use crate::mail;
use crate::model::{Account, AccountId, SourceKey, Timestamp, User, UserId};

/// The kind of source that the operator is: what the command line calls people is recorded too.
const OPERATOR: &str = "operator";

/// Makes an account. Refused when the name is blank, too long, or taken.
#[derive(Clone, Copy, Debug)]
pub struct CreateAccount<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its time zone.
    pub time_zone: Tz,
    /// Includes Compliance Exports (A1).
    pub include_exports: bool,
}

impl Command for CreateAccount<'_> {
    type By = Operator;
    type Outcome = AccountId;

    fn run(&self, tx: &mut Tx<'_>, _: &Operator, now: Timestamp) -> Result<AccountId> {
        let name = checked_name(self.name)?;
        if let Some(account) = rows::accounts::find_by_name(tx, name)? {
            return Err(Error::conflict(format!("There already is an account “{}”.", account.name)));
        }
        let id = rows::accounts::create(tx, name, self.time_zone, self.include_exports, now)?;
        audit::append(tx, id, Actor::Operator, &AuditEvent::AccountCreated { name: name.to_owned() }, now)?;
        Ok(id)
    }
}

/// The account with this name.
///
/// # Errors
/// When there is none, with what to do.
pub fn find(c: &mut Conn, name: &str) -> Result<Account> {
    rows::accounts::find_by_name(c, name)?
        .ok_or_else(|| Error::not_found(format!("There is no account “{name}”. “account list” shows those there are.")))
}

/// The account with this name, locked: what was read of it stays true until the transaction ends.
///
/// # Errors
/// When there is none.
pub fn find_locked(tx: &mut Tx<'_>, name: &str) -> Result<Account> {
    let id = find(tx, name)?.id;
    rows::accounts::lock(tx, id)?;
    find(tx, name)
}

/// All accounts by name.
pub fn list(c: &mut Conn) -> Result<Vec<Account>> {
    rows::accounts::list(c)
}

/// The sources from which an account has been recorded, by kind and name.
///
/// # Errors
/// When there is no such account.
pub fn sources(c: &mut Conn, account: &str) -> Result<Vec<Source>> {
    let account = find(c, account)?;
    let mut sources = rows::sources::list(c, account.id)?;
    sources.retain(|source| source.kind != OPERATOR);
    Ok(sources)
}

/// The sources of an account that are of the same kind as this one, if this one is new: what they have reported already, it would report
/// once more.
///
/// # Errors
/// When its name won't do.
pub fn sources_beside_new(c: &mut Conn, account: &Account, source: SourceKey<'_>) -> Result<Vec<Source>> {
    let source = SourceKey { name: names::checked_source(source.name)?, ..source };
    if rows::sources::find(c, account.id, source)?.is_some() {
        return Ok(Vec::new());
    }
    let mut sources = rows::sources::list(c, account.id)?;
    sources.retain(|other| other.kind == source.kind);
    Ok(sources)
}

/// The person of an account with this address.
///
/// # Errors
/// When there is none.
pub fn find_user(c: &mut Conn, account: &Account, email: &str) -> Result<User> {
    let email = email.trim().to_lowercase();
    rows::users::find_by_email(c, account.id, &email)?
        .ok_or_else(|| Error::not_found(format!("Nobody in the account “{}” has the address {email}.", account.name)))
}

/// A person who is to sign in.
#[derive(Clone, Copy, Debug)]
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
/// sign in already gets the new password, and all sessions end; one who was deactivated is active again. Refused when the address
/// signs in to another account.
#[derive(Clone, Debug)]
pub struct SetSignIn<'a> {
    account: &'a str,
    name: &'a str,
    /// In lower case.
    email: String,
    admin: bool,
    password_hash: String,
}

impl<'a> SetSignIn<'a> {
    /// For this person, with this password. Hashing it takes a while, so it is done before the transaction.
    ///
    /// # Errors
    /// When name, address or password do not do.
    pub fn new(person: NewSignIn<'a>, password: &str) -> Result<Self> {
        let NewSignIn { account, email: typed, name, admin } = person;
        let (name, email) = (checked_name(name)?, typed.trim().to_lowercase());
        if !mail::is_address(&email) {
            return Err(Error::new(Kind::Invalid, format!("“{typed}” is not an email address.")));
        }
        let password_hash = sign_in::hash_password(password)?;
        Ok(Self { account, name, email, admin, password_hash })
    }
}

impl Command for SetSignIn<'_> {
    type By = Operator;
    type Outcome = UserId;

    fn run(&self, tx: &mut Tx<'_>, _: &Operator, now: Timestamp) -> Result<UserId> {
        let Self { name, email, .. } = self;
        let account = find(tx, self.account)?;
        // What people are called is recorded (C7). Before anything is changed: those who record take turns.
        let source = rows::sources::find_or_create(tx, account.id, OPERATOR)?;
        let recording = rows::sources::next_recording(tx, source)?;
        if let Some((other, _)) =
            rows::users::find_sign_in(tx, email)?.filter(|(user, _)| user.account_id != account.id)
        {
            let owner = rows::accounts::find(tx, other.account_id)?.map_or_else(String::new, |account| account.name);
            return Err(Error::conflict(format!(
                "{email} already signs in to the account “{owner}”; an address signs in to one account only."
            )));
        }
        let id = match rows::users::find_by_email(tx, account.id, email)? {
            Some(user) => {
                let profile = rows::users::Profile { name, email: Some(email), is_bot: false };
                rows::users::update_profile(tx, user.id, profile, (source, recording))?;
                rows::users::update_reactivated(tx, user.id)?;
                if self.admin {
                    rows::users::update_admin(tx, user.id, true)?;
                }
                user.id
            }
            None => {
                let user = rows::users::NewUser {
                    account_id: account.id,
                    name,
                    email: Some(email),
                    is_bot: false,
                    is_admin: self.admin,
                    deactivated_at: None,
                };
                rows::users::create(tx, &user, now)?
            }
        };
        rows::users::update_password(tx, id, &self.password_hash)?;
        rows::sessions::delete_of_user(tx, id)?;
        let event = AuditEvent::SignInSet { user: Named { id, name: (*name).to_owned() }, email: email.clone() };
        audit::append(tx, account.id, Actor::Operator, &event, now)?;
        Ok(id)
    }
}

/// A4: the operator grants access, as support. Refused when the person is not an active administrator of the account, or the feature is
/// not included.
#[derive(Clone, Copy, Debug)]
pub struct GrantAccess<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// Address of the person.
    pub email: &'a str,
}

impl Command for GrantAccess<'_> {
    type By = Operator;
    type Outcome = User;

    fn run(&self, tx: &mut Tx<'_>, _: &Operator, now: Timestamp) -> Result<User> {
        let account = find_locked(tx, self.account)?;
        let user = find_user(tx, &account, self.email)?;
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
        if !rows::access::find(tx, account.id, user.id)? {
            access::grant(tx, &account, &user, Actor::Operator, now)?;
        }
        Ok(user)
    }
}

/// A4: the operator revokes access. At least one must remain while the feature is on.
#[derive(Clone, Copy, Debug)]
pub struct RevokeAccess<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// Address of the person.
    pub email: &'a str,
}

impl Command for RevokeAccess<'_> {
    type By = Operator;
    type Outcome = User;

    fn run(&self, tx: &mut Tx<'_>, _: &Operator, now: Timestamp) -> Result<User> {
        let account = find_locked(tx, self.account)?;
        let user = find_user(tx, &account, self.email)?;
        let with_access = rows::access::list(tx, account.id)?;
        if !with_access.iter().any(|person| person.id == user.id) {
            return Err(Error::conflict(format!("{} has no access to revoke.", user.name)));
        }
        if account.exports_on && with_access.len() == 1 {
            return Err(Error::conflict(format!(
                "{} is the last person with access, and at least one must remain. Grant it to someone else first.",
                user.name
            )));
        }
        access::revoke(tx, &account, &user, Actor::Operator, now)?;
        Ok(user)
    }
}

fn checked_name(name: &str) -> Result<&str> {
    names::checked(name).ok_or_else(|| Error::new(Kind::Invalid, format!("A name has {}.", names::WANTED)))
}
