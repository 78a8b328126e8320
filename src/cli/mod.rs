//! The command line: what it offers ([`Cli`]), and a module for each group of commands.
//!
//! Here lives the talk with the operator's terminal. Commands call `domain` and `importers` as the web does, by the same
//! rules; `main` calls this.

mod accounts;
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

use clap::Parser;

pub use args::Cli;
use args::Command;

use crate::app::App;
use crate::clock::Clock;
use crate::config::{DatabaseUrl, LogFormat, Overrides, Settings};
use crate::error::Result;

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
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
    start_log(&settings, quiet);

    match cli.command {
        Command::Serve { .. } => serve::serve(&open(settings, quiet)?)?,
        Command::Demo { exit } => demo::demo(settings, exit)?,
        Command::Migrate => {
            let app = open(settings, quiet)?;
            output::line(&format!("The tables of {} are up to date.", app.settings.database_url()));
        }
        Command::Account(command) => accounts::account(&open(settings, quiet)?, command)?,
        Command::User(command) => accounts::user(&open(settings, quiet)?, command)?,
        Command::Access(command) => accounts::access(&open(settings, quiet)?, command)?,
        Command::Exports(command) => accounts::exports(&open(settings, quiet)?, command)?,
        Command::Import(command) => return import::import(&open(settings, quiet)?, command),
        Command::Export(command) => export::export(&open(settings, quiet)?, &command)?,
        Command::Verify { archives } => return verify::verify(&settings, &archives),
        Command::Key(command) => key::key(&open(settings, quiet)?, &command)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the house. Whoever has mistyped the data folder should notice that a new one was made; `serve` logs that.
fn open(settings: Settings, quiet: bool) -> Result<App> {
    let file = match settings.database_url() {
        DatabaseUrl::Sqlite(file) if !file.exists() => Some(file),
        _ => None,
    };
    let app = App::open(settings, Clock::default())?;
    if let Some(file) = file.filter(|_| quiet) {
        output::aside(&format!("A new database was made: {}", file.display()));
    }
    Ok(app)
}

/// The log goes to standard error. Commands that answer on the terminal log only what is wrong, unless the operator has
/// chosen otherwise.
fn start_log(settings: &Settings, quiet: bool) {
    use tracing_subscriber::EnvFilter;
    use tracing_subscriber::util::SubscriberInitExt;

    let filter = match settings.log.filter.as_str() {
        "info" if quiet => "warn",
        chosen => chosen,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(std::io::stderr);
    // A second start, in tests, keeps the first.
    let _ = match settings.log.format {
        LogFormat::Text => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    };
}
