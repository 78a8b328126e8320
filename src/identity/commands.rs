//! Commands: whatever a person or the operator changes is a value of a type of its own, and is run here.
//!
//! Who may run a command is part of its type ([`Command::By`]) and is found out here, once, from the actor: nobody else makes an
//! [`Authority`], so no command is run by anybody else. Forms and the command line are adapters that parse into commands. What a source
//! reports is not a command (`capture::ingest`), nor is what workers note of their jobs (`exports::queue`).

use std::ops::Deref;

use super::access::{
    Administrator, administrator, administrator_of_included, administrator_with_access,
    administrator_with_access_while_on,
};
use super::rows;
use crate::audit::Actor;
use crate::db::{Conn, Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::model::{Timestamp, UserId};

/// Something that changes what is kept, asked for by a person or the operator.
pub trait Command {
    /// Who may run it.
    type By: Authority;
    /// What the one who runs it learns.
    type Outcome;

    /// Carries it out. It may be called again, in another transaction, when the first was undone.
    ///
    /// # Errors
    /// When it can't be done; then nothing of it has happened.
    fn run(&self, tx: &mut Tx<'_>, by: &Self::By, now: Timestamp) -> Result<Self::Outcome>;
}

/// What an actor has been found to be. Only [`run`] and [`run_within`] ask.
pub trait Authority: Sized {
    /// The actor, if it is this.
    ///
    /// # Errors
    /// When it is not, with what to do.
    fn of(tx: &mut Tx<'_>, actor: Actor) -> Result<Self>;
}

/// Runs a command in a transaction of its own.
///
/// # Errors
/// When the actor may not run it, or it can't be done.
pub fn run<C: Command>(store: &Store, actor: Actor, command: &C, now: Timestamp) -> Result<C::Outcome> {
    store.write(|tx| run_within(tx, actor, command, now))
}

/// Runs a command in this transaction.
///
/// # Errors
/// Those of [`run`].
pub fn run_within<C: Command>(tx: &mut Tx<'_>, actor: Actor, command: &C, now: Timestamp) -> Result<C::Outcome> {
    let by = C::By::of(tx, actor)?;
    command.run(tx, &by, now)
}

/// Whoever runs commands on the server.
#[derive(Debug)]
pub struct Operator(());

impl Authority for Operator {
    fn of(_: &mut Tx<'_>, actor: Actor) -> Result<Self> {
        match actor {
            Actor::Operator => Ok(Self(())),
            Actor::User(_) | Actor::Source(_) | Actor::System => {
                Err(Error::forbidden("Only the operator of this server can do this, on the command line."))
            }
        }
    }
}

/// A1, A3: an administrator of an account that includes the feature.
#[derive(Debug)]
pub struct OfIncluded(Administrator);

/// A3, B8: an administrator with access, also after the feature has been turned off.
#[derive(Debug)]
pub struct WithAccess(Administrator);

/// A3: an administrator with access, while the feature is on.
#[derive(Debug)]
pub struct WithAccessWhileOn(Administrator);

impl Authority for OfIncluded {
    fn of(tx: &mut Tx<'_>, actor: Actor) -> Result<Self> {
        locked(tx, actor, administrator_of_included).map(Self)
    }
}

impl Authority for WithAccess {
    fn of(tx: &mut Tx<'_>, actor: Actor) -> Result<Self> {
        locked(tx, actor, administrator_with_access).map(Self)
    }
}

impl Authority for WithAccessWhileOn {
    fn of(tx: &mut Tx<'_>, actor: Actor) -> Result<Self> {
        locked(tx, actor, administrator_with_access_while_on).map(Self)
    }
}

impl Deref for OfIncluded {
    type Target = Administrator;

    fn deref(&self) -> &Administrator {
        &self.0
    }
}

impl Deref for WithAccess {
    type Target = Administrator;

    fn deref(&self) -> &Administrator {
        &self.0
    }
}

impl Deref for WithAccessWhileOn {
    type Target = Administrator;

    fn deref(&self) -> &Administrator {
        &self.0
    }
}

/// The rights as they are once the account is locked: of two who change it at once, the second sees what the first has done.
fn locked(
    tx: &mut Tx<'_>,
    actor: Actor,
    check: fn(&mut Conn, UserId) -> Result<Administrator>,
) -> Result<Administrator> {
    let user = actor.user().ok_or_else(|| Error::new(Kind::SignInNeeded, "Please sign in."))?;
    let account = administrator(tx, user)?.account.id;
    rows::accounts::lock(tx, account)?;
    check(tx, user)
}
