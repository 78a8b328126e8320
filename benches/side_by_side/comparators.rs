//! What a user would have instead: a Python script, and the sqlite3 shell with an archiver. Each makes the day files that
//! we make, byte for byte.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::measure::{self, Ran};
use super::support::corpus;
use super::support::stage::Stage;

/// The Python script, which reads the database and writes `archive`.
pub fn python(stage: &Stage, archive: &Path) -> Ran {
    let mut command = Command::new("python3");
    command.arg(script("export.py")).arg(stage.database()).arg(corpus::ACCOUNT).arg(archive);
    measure::run(&mut command)
}

/// The day files as files in a new folder, written by the sqlite3 shell.
pub fn day_files(stage: &Stage, folder: &Path) -> Ran {
    fs::create_dir(folder).unwrap();
    let mut command = Command::new("sqlite3");
    command.arg(stage.database()).stdin(File::open(script("day_files.sql")).unwrap()).current_dir(folder);
    measure::run(&mut command)
}

/// Packs a folder with Info-ZIP.
pub fn info_zip(folder: &Path, archive: &Path) -> Ran {
    let mut command = Command::new("zip");
    command.args(["-q", "-r", "-6"]).arg(archive).arg(".").current_dir(folder);
    measure::run(&mut command)
}

/// Packs a folder with 7-Zip, on all processors.
pub fn seven_zip(folder: &Path, archive: &Path) -> Ran {
    let program = if is_there("7zz") { "7zz" } else { "7z" };
    let mut command = Command::new(program);
    let threads = format!("-mmt={}", measure::cores());
    command.args(["a", "-tzip", "-mx=5", &threads, "-bso0", "-bsp0"]).arg(archive).arg(".").current_dir(folder);
    measure::run(&mut command)
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/comparators").join(name)
}

fn is_there(program: &str) -> bool {
    let found = Command::new("sh").arg("-c").arg(format!("command -v {program}")).stdout(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}
