//! `verify`: whether a finished archive is complete and unchanged.

use std::path::PathBuf;
use std::process::ExitCode;

use super::output;
use crate::app::signing_key_file;
use crate::archive::sign::SigningKey;
use crate::archive::{self, review};
use crate::config::Settings;
use crate::error::Result;
use crate::format;

pub(super) fn verify(settings: &Settings, archives: &[PathBuf]) -> Result<ExitCode> {
    // Without a data folder there is no key to check with; none is made here.
    let file = signing_key_file(settings);
    let key = if file.exists() { Some(SigningKey::load(&file)?.public()) } else { None };
    let report = archive::verify(archives, key.as_ref())?;
    for problem in &report.problems {
        output::line(problem);
    }
    if report.more_problems > 0 {
        output::line(&format!("and {} more", count(report.more_problems)));
    }
    if !report.signature_checked {
        output::aside(&format!("The signature was not checked: there is no key at {}.", file.display()));
    }
    if !report.problems.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    output::line(&format!(
        "Complete and unchanged{}. Conversations: {}, items: {} ({} deleted), files: {}.",
        if report.signature_checked { ", and signed by this server" } else { "" },
        count(report.conversations),
        count(report.items),
        count(report.deleted),
        count(report.files)
    ));
    if let Some(key) = key {
        let [signature, _] = review::commands(&key, 1);
        output::line(&format!("Others check the signature with: {signature}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn count(value: u64) -> String {
    format::number(value)
}
