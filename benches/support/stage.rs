//! The folder of a benchmark, and the account whose conversations are exported.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use compliance_exports::app::App;
use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::clock::Clock;
use compliance_exports::config::Settings;
use compliance_exports::identity::accounts::{self, NewSignIn};
use compliance_exports::identity::commands;
use compliance_exports::model::AccountId;

use super::corpus::{self, Corpus};

/// Who requests the exports.
pub const ADMINISTRATOR: &str = "administrator@halcyon-ports.example";
/// Of the administrator. Long enough, and no secret.
pub const PASSWORD: &str = "correct horse battery";

/// A folder with a data folder and what else the runs need; removed when this is dropped, unless it is to be kept.
pub struct Stage {
    pub folder: PathBuf,
    pub events: PathBuf,
    keep: bool,
}

impl Stage {
    /// An empty folder of this name in `target/benchmark`, and the corpus as a file of events in it.
    pub fn set(name: &str, corpus: &Corpus, keep: bool) -> Self {
        Self::make(name, keep, &mut |file| corpus.write_events(file).unwrap())
    }

    /// The same with a file of whatever events `write` writes.
    pub fn make(name: &str, keep: bool, write: &mut dyn FnMut(&mut BufWriter<File>)) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("benchmark").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        let events = folder.join("events.jsonl");
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&events).unwrap());
        write(&mut file);
        file.flush().unwrap();
        Self { folder, events, keep }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn database(&self) -> PathBuf {
        self.data().join("compliance-exports.db")
    }

    /// The program as a whole, on the data folder.
    pub fn app(&self) -> App {
        open(&self.data())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.keep
            && let Err(error) = fs::remove_dir_all(&self.folder)
        {
            eprintln!("{} is left behind: {error}", self.folder.display());
        }
    }
}

/// The program as a whole, on a data folder that is made if it is missing.
pub fn open(data: &Path) -> App {
    let mut settings = Settings::default();
    data.clone_into(&mut settings.data_dir);
    App::open(settings, Clock::default()).unwrap()
}

/// The account, with the feature on and an administrator who has access.
pub fn create_account(app: &App) -> AccountId {
    let now = app.clock.now();
    let account = commands::run(
        &app.store,
        Actor::Operator,
        &accounts::CreateAccount { name: corpus::ACCOUNT, time_zone: chrono_tz::UTC, include_exports: true },
        now,
    )
    .unwrap();
    let new = NewSignIn { account: corpus::ACCOUNT, email: ADMINISTRATOR, name: "Astrid Vane", admin: true };
    let administrator =
        commands::run(&app.store, Actor::Operator, &accounts::SetSignIn::new(new, PASSWORD).unwrap(), now).unwrap();
    commands::run(&app.store, Actor::User(administrator), &switch::TurnOn, now).unwrap();
    account
}
