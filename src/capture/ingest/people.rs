//! Recording companies and people.
//!
//! A source speaks for its own account's people only: people of other companies it may add, not change. Whose account a company is, and
//! who is an administrator, only the operator says.

use std::borrow::Cow;
use std::collections::HashSet;

use super::run::Run;
use super::{KnownUser, Outcome, Recorder, clean, refuse};
use crate::audit::{self, Actor, AuditEvent, Named};
use crate::capture::rules::times;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::identity::rows::users::{NewUser, Profile};
use crate::identity::{self, access};
use crate::model::{AccountId, CompanyRecord, User, UserId, UserRecord};

/// Somebody whom a source reports, as the database takes it.
struct NewPerson<'r> {
    id: Cow<'r, str>,
    record: &'r UserRecord,
    /// What the operator says of the admin role.
    is_admin: Option<bool>,
    account: AccountId,
    name: Cow<'r, str>,
    /// In lower case.
    email: Option<String>,
}

impl NewPerson<'_> {
    fn user(&self) -> NewUser<'_> {
        NewUser {
            account_id: self.account,
            name: &self.name,
            email: self.email.as_deref(),
            is_bot: self.record.is_bot,
            is_admin: self.is_admin.unwrap_or(false),
            deactivated_at: self.record.deactivated_at,
        }
    }
}

/// New people who wait, so as to be made at once. No two have the same id or the same address.
#[derive(Default)]
pub(super) struct NewPeople<'r> {
    new: Vec<NewPerson<'r>>,
    ids: HashSet<Cow<'r, str>>,
    addresses: HashSet<String>,
}

impl<'r> NewPeople<'r> {
    fn has(&self, person: &NewPerson<'_>) -> bool {
        self.ids.contains(&person.id) || person.email.as_ref().is_some_and(|email| self.addresses.contains(email))
    }

    fn push(&mut self, person: NewPerson<'r>) {
        self.ids.insert(person.id.clone());
        self.addresses.extend(person.email.clone());
        self.new.push(person);
    }

    fn take(&mut self) -> Vec<NewPerson<'r>> {
        std::mem::take(self).new
    }
}

impl Recorder {
    /// Records a company. It is the account that has its name if `is_account` says so, or if that is the account of the source itself;
    /// otherwise it is known by its name only, and no account is touched that may have the same.
    pub(super) fn company(&mut self, tx: &mut Tx<'_>, record: &CompanyRecord, is_account: bool) -> Result<Outcome> {
        let (id, name) = (clean(&record.id), clean(record.name.trim()));
        if id.is_empty() || name.is_empty() {
            return refuse("a company needs an id and a name");
        }
        if identity::rows::sources::find_account(tx, self.source, &id)?.is_some() {
            return Ok(Outcome::Unchanged);
        }
        let account = match identity::rows::accounts::find_by_name(tx, &name)? {
            Some(account) if is_account || account.id == self.account => account.id,
            None if is_account => identity::rows::accounts::find_or_create(tx, &name, self.now)?,
            _ => identity::rows::accounts::create_nameless(tx, &name, self.now)?,
        };
        identity::rows::sources::create_account(tx, self.source, &id, account)?;
        Ok(Outcome::Added)
    }

    /// Records a person. One who is new waits for others who are, until somebody else is spoken of.
    pub(super) fn user<'r>(
        &mut self,
        tx: &mut Tx<'_>,
        record: &'r UserRecord,
        is_admin: Option<bool>,
        run: &mut Run<'r>,
    ) -> Result<()> {
        let deactivated = record.deactivated_at;
        run.doubt(deactivated.and_then(|at| times::after_now("the deactivation", at, self.now)));
        let outcome = self.judged_user(tx, record, is_admin, run)?;
        run.push(outcome);
        Ok(())
    }

    fn judged_user<'r>(
        &mut self,
        tx: &mut Tx<'_>,
        record: &'r UserRecord,
        is_admin: Option<bool>,
        run: &mut Run<'r>,
    ) -> Result<Outcome> {
        let id = clean(&record.id);
        if id.is_empty() {
            return refuse("a person needs an id");
        }
        let account = match &record.company {
            None => self.account,
            Some(company) => match self.find_company(tx, company)? {
                Some(account) => account,
                None => return refuse(format!("the company “{company}” has not been recorded")),
            },
        };
        if is_admin.is_some() && account != self.account {
            return refuse("an import can give or take the admin role only in its own account");
        }
        let name = clean(record.name.trim());
        let name = if name.is_empty() { id.clone() } else { name };
        let email =
            record.email.as_deref().map(|email| clean(email.trim()).to_lowercase()).filter(|email| !email.is_empty());
        let new = NewPerson { id, record, is_admin, account, name, email };
        if run.people.has(&new) {
            self.write_people(tx, run)?;
        }
        let known = match self.find_person(tx, &record.id)? {
            Some(person) if person.account != account => {
                return refuse(format!("the person “{}” has been recorded as belonging to another company", new.id));
            }
            Some(person) => identity::rows::users::find(tx, person.id)?,
            None => None,
        };
        match known {
            None => {
                run.people.push(new);
                Ok(Outcome::Added)
            }
            Some(_) if account != self.account => Ok(Outcome::Unchanged),
            Some(user) => {
                // An address that this one gives up may be one that was taken when those who wait came.
                self.write_people(tx, run)?;
                self.update_user(tx, &user, &new)
            }
        }
    }

    /// Makes the people who wait.
    pub(super) fn write_people(&mut self, tx: &mut Tx<'_>, run: &mut Run<'_>) -> Result<()> {
        let new = run.people.take();
        let users: Vec<(&str, NewUser<'_>)> = new.iter().map(|new| (new.id.as_ref(), new.user())).collect();
        // Most people are new, and nobody has their address.
        let made = identity::rows::users::create_all_of_source(tx, self.source, &users, self.now)?;
        for (new, made) in new.iter().zip(made) {
            let id = match made {
                Some(id) => id,
                None => self.user_with_address(tx, new)?,
            };
            self.remember_person(new.record.id.clone(), KnownUser { id, account: new.account });
        }
        Ok(())
    }

    /// The user for somebody whose address another user of the account has: that one, or a new one without an address.
    fn user_with_address(&mut self, tx: &mut Tx<'_>, new: &NewPerson<'_>) -> Result<UserId> {
        let holder = match new.email.as_deref() {
            Some(email) => identity::rows::users::find_by_email(tx, new.account, email)?,
            None => None,
        };
        let same = match holder {
            // A bot may share its maker's address, and two people of one source an office's: it stays with the first.
            Some(user)
                if new.record.is_bot || user.is_bot || identity::rows::sources::has_user(tx, self.source, user.id)? =>
            {
                None
            }
            same => same,
        };
        let id = match &same {
            Some(user) => user.id,
            None => identity::rows::users::create(tx, &NewUser { email: None, ..new.user() }, self.now)?,
        };
        identity::rows::sources::create_user(tx, self.source, &new.id, id)?;
        if let Some(user) = same.filter(|_| new.account == self.account) {
            self.update_user(tx, &user, new)?;
        }
        Ok(id)
    }

    fn find_company(&mut self, c: &mut Conn, company: &str) -> Result<Option<AccountId>> {
        if let Some(account) = self.companies.get(company) {
            return Ok(Some(*account));
        }
        let found = identity::rows::sources::find_account(c, self.source, &clean(company))?;
        if let Some(account) = found {
            self.companies.insert(company.to_owned(), account);
        }
        Ok(found)
    }

    fn update_user(&mut self, tx: &mut Tx<'_>, user: &User, new: &NewPerson<'_>) -> Result<Outcome> {
        let NewPerson { record, name, email, .. } = new;
        // What a source does not say (a person without a name is called by the id), it does not take away.
        let name = if record.name.trim().is_empty() { user.name.as_str() } else { name };
        let email = match email.as_deref().filter(|email| user.email.as_deref() != Some(email)) {
            None => user.email.as_deref(),
            Some(wanted) if identity::rows::users::find_by_email(tx, user.account_id, wanted)?.is_some() => {
                if user.email.is_some() {
                    return refuse(format!("the address {wanted} already belongs to another person of the company"));
                }
                // As when the person came: the address stays with whom it belongs to.
                None
            }
            Some(wanted) if identity::rows::users::find_sign_in(tx, wanted)?.is_some() && signs_in(tx, user)? => {
                return refuse(format!("the address {wanted} signs in to another account"));
            }
            wanted => wanted,
        };
        let mut changed = self.update_roles(tx, user, new)?;
        let profile = Profile { name, email, is_bot: record.is_bot };
        if identity::rows::users::update_profile(tx, user.id, profile, (self.source, self.number))? {
            access::revoke_if_ineligible(tx, user.id, Actor::Source(self.source), self.now)?;
            changed = true;
        }
        Ok(if changed { Outcome::Added } else { Outcome::Unchanged })
    }

    /// A4: one who loses the admin role or is deactivated loses access at that moment.
    fn update_roles(&mut self, tx: &mut Tx<'_>, user: &User, new: &NewPerson<'_>) -> Result<bool> {
        let NewPerson { record, is_admin, .. } = new;
        let deactivated = match record.deactivated_at {
            Some(at) if identity::rows::users::find_deactivation(tx, user.id)?.is_none_or(|known| known < at) => {
                Some(at)
            }
            _ => None,
        };
        if is_admin.is_none_or(|admin| admin == user.is_admin) && deactivated.is_none() {
            return Ok(false);
        }
        let by = Actor::Source(self.source);
        // Nobody gives access to someone who is losing the right to it at this moment.
        identity::rows::accounts::lock(tx, user.account_id)?;
        if let Some(admin) = is_admin.filter(|&admin| admin != user.is_admin) {
            identity::rows::users::update_admin(tx, user.id, admin)?;
            let named = Named::from(user);
            let event =
                if admin { AuditEvent::MadeAdmin { user: named } } else { AuditEvent::NoLongerAdmin { user: named } };
            audit::append(tx, user.account_id, by, &event, self.now)?;
        }
        if let Some(at) = deactivated {
            identity::rows::users::update_deactivated(tx, user.id, at)?;
            identity::rows::sessions::delete_of_user(tx, user.id)?;
            audit::append(tx, user.account_id, by, &AuditEvent::Deactivated { user: user.into() }, self.now)?;
        }
        access::revoke_if_ineligible(tx, user.id, Actor::Source(self.source), self.now)?;
        Ok(true)
    }
}

fn signs_in(c: &mut Conn, user: &User) -> Result<bool> {
    let Some(email) = &user.email else { return Ok(false) };
    Ok(identity::rows::users::find_sign_in(c, email)?.is_some_and(|(found, _)| found.id == user.id))
}
