//! Who may do what with an account's exports, carried out: A2–A5, B8.
//!
//! A query takes the number of the person who asks and looks the rights up in the database, in the same transaction as what it
//! reads (A5): callers that read do so within [`crate::db::Store::read`].

use std::collections::BTreeSet;

use super::commands::{Command, WithAccessWhileOn};
use super::rows;
use super::rules::{self, Standing};
use crate::audit::{self, Actor, AuditEvent};
use crate::db::{Conn, Tx};
use crate::error::{Error, Kind, Result};
use crate::model::{Account, Timestamp, User, UserId};
use crate::{format, numbers, search_key};

/// An administrator of an account, as the database says at this moment.
#[derive(Clone, Debug)]
pub struct Administrator {
    pub user: User,
    pub account: Account,
    /// How they stand towards its exports.
    pub standing: Standing,
}

impl Administrator {
    /// As the audit trail names who acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::User(self.user.id)
    }
}

/// A signed-in person and their account; none when the person may no longer sign in.
pub fn find_signed_in(c: &mut Conn, user: UserId) -> Result<Option<(User, Account)>> {
    let Some(user) = rows::users::find(c, user)?.filter(|user| user.deactivated_at.is_none()) else { return Ok(None) };
    let account = rows::accounts::find(c, user.account_id)?;
    Ok(account.map(|account| (user, account)))
}

/// A2: the person as an administrator of their account.
///
/// # Errors
/// [`Kind::SignInNeeded`], or [`Kind::Forbidden`] for one who is no administrator.
pub fn administrator(c: &mut Conn, user: UserId) -> Result<Administrator> {
    let Some((user, account)) = find_signed_in(c, user)? else {
        return Err(Error::new(Kind::SignInNeeded, "Please sign in."));
    };
    if !rules::opens_administration(&account, &user) {
        return Err(Error::forbidden(format!(
            "Only administrators of {} can open this page. If you should be one, ask an administrator of your company.",
            account.name
        )));
    }
    let granted = rows::access::find(c, account.id, user.id)?;
    let standing = rules::standing(&account, granted);
    Ok(Administrator { user, account, standing })
}

/// A1: an administrator of an account that includes the feature.
///
/// # Errors
/// Those of [`administrator`], or [`Kind::NotIncluded`].
pub fn administrator_of_included(c: &mut Conn, user: UserId) -> Result<Administrator> {
    let administrator = administrator(c, user)?;
    if administrator.standing == Standing::NotIncluded {
        return Err(Error::new(
            Kind::NotIncluded,
            format!("Compliance Exports is not included in the account {}.", administrator.account.name),
        ));
    }
    Ok(administrator)
}

/// A3, B8: an administrator with access, while the feature is on or after it has been turned off.
///
/// # Errors
/// Those of [`administrator_of_included`], or [`Kind::Forbidden`] with whom to ask.
pub fn administrator_with_access(c: &mut Conn, user: UserId) -> Result<Administrator> {
    let administrator = administrator_of_included(c, user)?;
    if administrator.standing.has_access() {
        return Ok(administrator);
    }
    let Holders { people, others } = some_holders(c, &administrator, NAMED)?;
    let names: Vec<String> = people.into_iter().map(|user| user.name).collect();
    let ask = match (format::names(&names), others) {
        (names, _) if names.is_empty() => "the operator of this server".to_owned(),
        (names, 0) => names,
        (names, others) => format!("{names}, or {}", format::count(others, "other", "others")),
    };
    Err(Error::forbidden(format!("You do not have access to Compliance Exports. To get it, ask {ask}.")))
}

/// A3: an administrator with access, while the feature is on.
///
/// # Errors
/// Those of [`administrator_with_access`], or [`Kind::Conflict`] while it is off.
pub fn administrator_with_access_while_on(c: &mut Conn, user: UserId) -> Result<Administrator> {
    let administrator = administrator_of_included(c, user)?;
    if !administrator.account.exports_on {
        return Err(Error::conflict("Compliance Exports is off. Turn it on first, on the Administration page."));
    }
    administrator_with_access(c, user)
}

/// Those of an account who have access, by name.
pub fn holders(c: &mut Conn, account: &Account) -> Result<Vec<User>> {
    rows::access::list(c, account.id)
}

/// How many of those with access a refusal names.
const NAMED: u16 = 5;

/// Those with access, as far as a page names them.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// Some of them, by name: all, if there are not more than the page names, and always whoever looks, if among them.
    pub people: Vec<User>,
    /// How many more there are.
    pub others: i64,
}

/// Some of those who have access, among them the administrator who asks.
pub fn some_holders(c: &mut Conn, administrator: &Administrator, limit: u16) -> Result<Holders> {
    let (account, user) = (administrator.account.id, &administrator.user);
    let mut people = rows::access::list_some(c, account, limit)?;
    if people.len() < usize::from(limit) {
        return Ok(Holders { people, others: 0 });
    }
    if administrator.standing.has_access() && people.iter().all(|person| person.id != user.id) {
        people.pop();
        people.push(user.clone());
        people.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    }
    let named: i64 = numbers::exact(people.len())?;
    Ok(Holders { people, others: rows::access::count(c, account)? - named })
}

/// What has been chosen on Manage and not been saved: who had access when it was shown, and who is ticked now.
#[derive(Clone, Debug, Default)]
pub struct AccessChange {
    /// Those who were shown with access.
    pub had: BTreeSet<UserId>,
    pub ticked: BTreeSet<UserId>,
}

impl AccessChange {
    /// Those whose access is to change.
    fn changed(&self) -> BTreeSet<UserId> {
        self.had.symmetric_difference(&self.ticked).copied().collect()
    }
}

/// An administrator, as Manage lists them.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub user: User,
    /// Had access when they were first shown.
    pub had: bool,
    pub ticked: bool,
}

/// What Manage shows.
#[derive(Clone, Debug)]
pub struct Candidates {
    /// Those whose access has been changed and not saved, whatever is looked for; then those that were found, with
    /// access first; by name.
    pub people: Vec<Candidate>,
    /// How many fit what was looked for.
    pub found: usize,
    /// How many active administrators the account has.
    pub all: usize,
}

/// A4: the account's administrators whose name or email holds what `find` says, at most so many; with what has been chosen.
///
/// # Errors
/// Those of [`administrator_with_access_while_on`].
pub fn candidates(
    c: &mut Conn,
    user: UserId,
    find: &str,
    limit: usize,
    choices: &AccessChange,
) -> Result<(Administrator, Candidates)> {
    let administrator = administrator_with_access_while_on(c, user)?;
    let account = administrator.account.id;
    let holders: BTreeSet<UserId> = rows::access::list_ids(c, account)?.into_iter().collect();
    let admins = rows::users::list_active_admins(c, account)?;
    let (all, changed) = (admins.len(), choices.changed());
    let known = |id| choices.had.contains(&id) || choices.ticked.contains(&id);
    let candidate = |user: User| {
        let (has, known) = (holders.contains(&user.id), known(user.id));
        let had = if known { choices.had.contains(&user.id) } else { has };
        Candidate { had, ticked: if known { choices.ticked.contains(&user.id) } else { has }, user }
    };
    let (mut people, others): (Vec<User>, Vec<User>) = admins.into_iter().partition(|user| changed.contains(&user.id));
    let sought = search_key::Sought::new(find);
    let fits = |user: &User| sought.fits(&user.name, user.email.as_deref());
    let kept = people.iter().filter(|user| fits(user)).count();
    let (with, without): (Vec<User>, Vec<User>) =
        others.into_iter().filter(fits).partition(|user| holders.contains(&user.id));
    let found = kept + with.len() + without.len();
    people.extend(with.into_iter().chain(without).take(limit));
    let people = people.into_iter().map(candidate).collect();
    Ok((administrator, Candidates { people, found, all }))
}

/// A4: gives access to those who are ticked and had none, and takes it from those who had it and are not ticked. Nobody
/// else is touched: what somebody else has saved since the list was shown stays. Refused when nobody would remain, or one of
/// them can't be given access.
impl Command for AccessChange {
    type By = WithAccessWhileOn;
    type Outcome = ();

    fn run(&self, tx: &mut Tx<'_>, by: &WithAccessWhileOn, now: Timestamp) -> Result<()> {
        let Self { had, ticked } = self;
        let account = &by.account;
        for &id in ticked.difference(had) {
            let person = rows::users::find(tx, id)?.filter(|person| rules::can_be_given_access(account, person));
            let Some(person) = person else {
                let gone = "One of the people you chose is no longer an administrator. The list below is up to date.";
                return Err(Error::new(Kind::Invalid, gone));
            };
            if !rows::access::find(tx, account.id, id)? {
                grant(tx, account, &person, by.actor(), now)?;
            }
        }
        for &id in had.difference(ticked) {
            let person = rows::users::find(tx, id)?.filter(|person| person.account_id == account.id);
            if let Some(person) = person
                && rows::access::find(tx, account.id, id)?
            {
                revoke(tx, account, &person, by.actor(), now)?;
            }
        }
        if rows::access::count(tx, account.id)? == 0 {
            return Err(Error::new(Kind::Invalid, "At least one person must keep access."));
        }
        Ok(())
    }
}

/// A4: one who is no active administrator (any more) loses access at that moment.
pub(crate) fn revoke_if_ineligible(tx: &mut Tx<'_>, user: UserId, by: Actor, now: Timestamp) -> Result<()> {
    let Some(user) = rows::users::find(tx, user)? else { return Ok(()) };
    let Some(account) = rows::accounts::find(tx, user.account_id)? else { return Ok(()) };
    if rules::can_be_given_access(&account, &user) {
        return Ok(());
    }
    // Somebody may be saving who has access at this moment: whoever comes second sees what the first has done.
    rows::accounts::lock(tx, account.id)?;
    if rows::access::find(tx, account.id, user.id)? {
        revoke(tx, &account, &user, by, now)?;
    }
    Ok(())
}

pub(crate) fn grant(tx: &mut Tx<'_>, account: &Account, to: &User, by: Actor, now: Timestamp) -> Result<()> {
    rows::access::create(tx, account.id, to.id, by.user(), now)?;
    audit::append(tx, account.id, by, &AuditEvent::AccessGranted { user: to.into() }, now)
}

pub(crate) fn revoke(tx: &mut Tx<'_>, account: &Account, from: &User, by: Actor, now: Timestamp) -> Result<()> {
    rows::access::delete(tx, account.id, from.id)?;
    audit::append(tx, account.id, by, &AuditEvent::AccessRevoked { user: from.into() }, now)
}
