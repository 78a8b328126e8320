//! `account`, `user`, `access`, `exports`: what the operator does with accounts and people.

use std::io::{BufRead, IsTerminal};

use super::args::{AccessCommand, AccountCommand, ExportsCommand, PersonArgs, UserCommand};
use super::output;
use crate::app::App;
use crate::audit::Actor;
use crate::capture::switch;
use crate::error::{Context, Error, Kind, Result};
use crate::format;
use crate::identity::accounts::{self, NewSignIn};
use crate::identity::commands;
use crate::model::{Account, User, UserId};

pub(super) fn account(app: &App, command: AccountCommand) -> Result<()> {
    let (store, now) = (&app.store, app.clock.now());
    match command {
        AccountCommand::Create { name, time_zone, include_exports } => {
            commands::run(
                store,
                Actor::Operator,
                &accounts::CreateAccount { name: &name, time_zone, include_exports },
                now,
            )?;
            let exports = if include_exports { "included" } else { "not included" };
            output::line(&format!(
                "Account “{}” made, time zone {time_zone}, Compliance Exports {exports}.",
                name.trim()
            ));
        }
        AccountCommand::IncludeExports { name } => {
            let account =
                commands::run(store, Actor::Operator, &switch::IncludeExports { account: &name, included: true }, now)?;
            output::line(&format!("Compliance Exports is included in “{}”.", account.name));
        }
        AccountCommand::ExcludeExports { name } => {
            let account = commands::run(
                store,
                Actor::Operator,
                &switch::IncludeExports { account: &name, included: false },
                now,
            )?;
            output::line(&format!("Compliance Exports is not included in “{}”, and off.", account.name));
        }
        AccountCommand::List => {
            let accounts = store.read(accounts::list)?;
            if accounts.is_empty() {
                output::aside("There is no account yet: “account create” makes one.");
            }
            for account in accounts {
                let exports = match (account.exports_included, account.exports_on) {
                    (false, _) => "not included",
                    (true, false) => "included, off",
                    (true, true) => "included, on",
                };
                output::row(&[account.name, account.time_zone.to_string(), format!("exports {exports}")]);
            }
        }
        AccountCommand::Sources { name } => {
            let sources = store.read(|c| accounts::sources(c, &name))?;
            if sources.is_empty() {
                output::aside(&format!("Nothing has been imported into “{}” yet.", name.trim()));
            }
            for source in sources {
                let people = format::count(source.people, "person", "people");
                let conversations = format::count(source.conversations, "conversation", "conversations");
                output::row(&[source.kind, source.name, people, conversations]);
            }
        }
    }
    Ok(())
}

pub(super) fn user(app: &App, command: UserCommand) -> Result<()> {
    let UserCommand::Create { account, email, name, admin } = command;
    // Before anybody types a password.
    app.store.read(|c| accounts::find(c, &account))?;
    let password = password()?;
    let new = NewSignIn { account: &account, email: &email, name: &name, admin };
    commands::run(&app.store, Actor::Operator, &accounts::SetSignIn::new(new, &password)?, app.clock.now())?;
    let (account, user) = person(app, &account, &email)?;
    // One who was an administrator already stays one.
    let role = if user.is_admin { "an administrator" } else { "a member" };
    output::line(&format!("{} can sign in to “{}” as {role}.", user.email.unwrap_or(email), account.name));
    Ok(())
}

/// Asked for twice on a terminal; otherwise the first line of standard input.
fn password() -> Result<String> {
    let failed = || "The password could not be read.".to_owned();
    if std::io::stdin().is_terminal() {
        let first = rpassword::prompt_password("Password: ").context(failed)?;
        let second = rpassword::prompt_password("Once more: ").context(failed)?;
        return if first == second { Ok(first) } else { Err(Error::new(Kind::Invalid, "The two passwords differ.")) };
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context(failed)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

pub(super) fn access(app: &App, command: AccessCommand) -> Result<()> {
    let (store, now) = (&app.store, app.clock.now());
    match command {
        AccessCommand::Grant(PersonArgs { account, email }) => {
            let user = commands::run(
                store,
                Actor::Operator,
                &accounts::GrantAccess { account: &account, email: &email },
                now,
            )?;
            output::line(&format!("{} has access to the Compliance Exports of “{account}”.", user.name));
        }
        AccessCommand::Revoke(PersonArgs { account, email }) => {
            let user = commands::run(
                store,
                Actor::Operator,
                &accounts::RevokeAccess { account: &account, email: &email },
                now,
            )?;
            output::line(&format!("{} has no access to the Compliance Exports of “{account}” any more.", user.name));
        }
    }
    Ok(())
}

pub(super) fn exports(app: &App, command: ExportsCommand) -> Result<()> {
    let (store, now) = (&app.store, app.clock.now());
    match command {
        ExportsCommand::On(args) => {
            let (account, user) = administrator(app, &args)?;
            commands::run(store, Actor::User(user), &switch::TurnOn, now)
                .map_err(|error| for_operator(error, &args))?;
            output::line(&format!("Compliance Exports is on in “{}”.", account.name));
        }
        ExportsCommand::Off(args) => {
            let (account, user) = administrator(app, &args)?;
            commands::run(store, Actor::User(user), &switch::TurnOff, now)
                .map_err(|error| for_operator(error, &args))?;
            output::line(&format!("Compliance Exports is off in “{}”.", account.name));
        }
    }
    Ok(())
}

fn person(app: &App, account: &str, email: &str) -> Result<(Account, User)> {
    app.store.read(|c| {
        let account = accounts::find(c, account)?;
        let user = accounts::find_user(c, &account, email)?;
        Ok((account, user))
    })
}

/// The administrator in whose name a command acts. The rules that follow refuse others too, but speak to the person
/// and not to the operator.
pub(super) fn administrator(app: &App, args: &PersonArgs) -> Result<(Account, UserId)> {
    let (account, user) = person(app, &args.account, &args.email)?;
    if user.is_active_admin() {
        return Ok((account, user.id));
    }
    Err(Error::forbidden(format!(
        "{} is not an active administrator of “{}”. “user create --admin” gives the role.",
        user.name, account.name
    )))
}

/// A refusal as the operator needs it: with what the operator, and nobody on the page, can do about it.
pub(super) fn for_operator(error: Error, args: &PersonArgs) -> Error {
    let PersonArgs { account, email } = args;
    let hint = match error.kind() {
        Kind::NotIncluded => format!("“account include-exports \"{account}\"” includes it."),
        Kind::Forbidden => {
            let message = format!("{email} has no access to the Compliance Exports of “{account}”.");
            return Error::forbidden(format!("{message} “access grant” gives it, after verifying who asks."));
        }
        _ => return error,
    };
    Error::new(error.kind(), format!("{error} {hint}"))
}
