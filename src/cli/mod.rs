//! The command line: what it offers ([`Cli`]), and a module for each group of commands.
//!
//! Here lives the talk with the operator's terminal. Commands call the features as the pages do, by the same
//! rules; `main` calls this.

mod accounts;
mod archives;
mod args;
mod demo;
mod export;
mod heaps;
mod import;
mod key;
mod output;
mod serve;
mod signals;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{AccountCommand, Command};
use clap::Parser;

use crate::app::{App, folder};
use crate::clock::Clock;
use crate::config::{DatabaseUrl, Overrides, Settings};
use crate::error::Result;
use crate::exports;
pub use args::Cli;

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are words of ours alone.
        Err(help) if !help.use_stderr() => help.exit(),
        Err(wrong) => {
            output::arguments(&wrong);
            return ExitCode::from(u8::try_from(wrong.exit_code()).unwrap_or(2));
        }
    };
    heaps::limit(&cli.command);
    match run(cli, std::env::vars_os()) {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, environment: impl IntoIterator<Item = (OsString, OsString)>) -> Result<ExitCode> {
    let listen = if let Command::Serve { listen } = &cli.command { *listen } else { None };
    let overrides = Overrides { data_dir: cli.data_dir, listen };
    let settings = Settings::load(cli.config.as_deref(), environment, overrides)?;
    let quiet = !matches!(cli.command, Command::Serve { .. });
    let filter = match settings.log.filter.as_str() {
        "info" if quiet => "warn",
        chosen => chosen,
    };
    output::start_log(filter, settings.log.format);
    // `verify` needs no data folder: whoever checks an archive may be anybody.
    if !matches!(cli.command, Command::Verify { .. }) {
        folder::check_owner(&settings)?;
    }

    match cli.command {
        Command::Serve { .. } => serve::serve(settings)?,
        Command::Demo { exit } => demo::demo(settings, exit)?,
        Command::Migrate { accept_folder } => migrate(settings, accept_folder)?,
        Command::Account(command @ (AccountCommand::List | AccountCommand::Sources { .. })) => {
            accounts::account(&look(settings)?, command)?;
        }
        Command::Account(command) => accounts::account(&open(settings)?, command)?,
        Command::User(command) => accounts::user(&open(settings)?, command)?,
        Command::Access(command) => accounts::access(&open(settings)?, command)?,
        Command::Exports(command) => accounts::exports(&open(settings)?, command)?,
        Command::Import(command) => return import::import(&open(settings)?, command),
        Command::Export(command) => export::export(&open(settings)?, &command)?,
        Command::Verify { archives } => return verify::verify(&settings, &archives),
        // None of them has anything to do where nothing was ever served.
        Command::Archives(command) => archives::archives(&look(settings)?, &command)?,
        Command::Key(command) => key::key(&open(settings)?, &command)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn migrate(settings: Settings, accept_folder: bool) -> Result<()> {
    if !accept_folder {
        let app = open(settings)?;
        output::line(&format!("The tables of {} are up to date.", app.settings.database_url()));
        return Ok(());
    }
    let app = App::open_with_another_folder(settings, Clock::default())?;
    let folder = app.settings.data_dir.display();
    output::line(&format!("{folder} is the data folder of {} from now on.", app.settings.database_url()));
    output::line(&format!("Archives are signed with the key in it: {}", app.public_key.line()));
    let broken = app.store.read(|c| exports::archives::broken_now(c, &app.blobs, None, app.clock.now()))?;
    if !broken.is_empty() {
        output::line(&format!(
            "Files of exports that are missing or damaged there: {}. “archives list” tells which.",
            broken.len()
        ));
    }
    Ok(())
}

/// Opens the house. Whoever has mistyped the data folder should notice that a new one was made; `serve` logs that.
fn open(settings: Settings) -> Result<App> {
    let file = match settings.database_url() {
        DatabaseUrl::Sqlite(file) if !file.exists() => Some(file),
        _ => None,
    };
    let app = App::open(settings, Clock::default())?;
    if let Some(file) = file {
        output::aside(&format!("A new database was made: {}", file.display()));
    }
    Ok(app)
}

/// Opens the house for a command that makes nothing.
fn look(settings: Settings) -> Result<App> {
    App::open_to_look(settings, Clock::default())
}
