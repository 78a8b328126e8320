//! `archives`: what is kept of finished exports, what is missing, and what lies in quarantine.

use std::io::{BufRead, IsTerminal};

use super::args::ArchivesCommand;
use super::output;
use crate::app::App;
use crate::blobs::Condition;
use crate::error::{Context, Error, Kind, Result};
use crate::exports::archives::{self, KeptPart, QuarantinedFile};
use crate::format;

pub(super) fn archives(app: &App, command: &ArchivesCommand) -> Result<()> {
    app.blobs.check(false)?;
    match command {
        ArchivesCommand::List => list(app),
        ArchivesCommand::Adopt { archive } => adopt(app, archive),
        ArchivesCommand::Erase { archives, yes } => erase(app, archives, *yes),
    }
}

fn list(app: &App) -> Result<()> {
    let kept = app.store.read(|c| archives::kept(c, &app.blobs, None, app.clock.now()))?;
    let (mut missing, mut damaged, mut bytes) = (0, 0, 0);
    for (kept, condition) in &kept {
        match condition {
            Condition::Whole => bytes += kept.part.size,
            Condition::Missing => missing += 1,
            Condition::Damaged(_) => damaged += 1,
        }
        output::row(&row_of(kept, *condition));
    }
    let quarantined = archives::quarantined(&app.blobs)?;
    for found in &quarantined {
        output::row(&row_of_quarantined(found));
    }
    let in_quarantine: u64 = quarantined.iter().map(|found| found.file.size).sum();
    output::aside(&format!(
        "Kept: {}, {}. Missing: {}. Damaged: {}. In quarantine: {}, {}.",
        files(kept.len() - missing - damaged),
        format::size(bytes),
        number(missing),
        number(damaged),
        files(quarantined.len()),
        size(in_quarantine),
    ));
    if missing + damaged > 0 {
        output::aside(
            "“export --again NUMBER --restore” puts missing and damaged files back, if what they were made of is still there.",
        );
    }
    if !quarantined.is_empty() {
        output::aside(
            "“archives adopt NUMBER” takes an archive in quarantine into this database, “archives erase NUMBER” erases it.",
        );
    }
    Ok(())
}

fn row_of(kept: &KeptPart, condition: Condition) -> [String; 6] {
    let state = match condition {
        Condition::Whole => "kept".to_owned(),
        Condition::Missing => "MISSING".to_owned(),
        Condition::Damaged(found) => format!("DAMAGED, {} instead of {} bytes", found, kept.part.size),
    };
    [
        state,
        kept.request.to_string(),
        kept.account.clone(),
        format!("part {}", kept.part.number),
        format::size(kept.part.size),
        kept.storage_key.clone(),
    ]
}

fn row_of_quarantined(found: &QuarantinedFile) -> [String; 6] {
    let file = &found.file;
    let number = archives::number_of(found).map_or_else(|| "-".to_owned(), |number| number.to_string());
    let (account, part) = match &found.identity {
        Ok(identity) => {
            let parts = identity.whole.as_ref().map_or_else(String::new, |whole| format!(" of {}", whole.parts.len()));
            (identity.header.account.name.clone(), format!("part {}{parts}", identity.part))
        }
        Err(why) => ("-".to_owned(), format!("can't be read: {why}")),
    };
    ["quarantine".to_owned(), number, account, part, size(file.size), file.name.clone()]
}

fn adopt(app: &App, what: &str) -> Result<()> {
    let keep_days = app.settings.exports.keep_days;
    let adopted = archives::adopt(&app.store, &app.blobs, &app.public_key, what, keep_days, app.clock.now())?;
    let parts = format::count(i64::try_from(adopted.parts).unwrap_or(i64::MAX), "part", "parts");
    let size = format::size(adopted.bytes);
    if adopted.was_known {
        output::line(&format!("Export {} has its files again ({parts}, {size}).", adopted.request));
    } else {
        output::line(&format!(
            "The archive of “{}” ({parts}, {size}) is complete, unchanged and signed by this server, and is export {} of this \
             database.",
            adopted.account, adopted.request
        ));
    }
    if adopted.request != adopted.number {
        output::line(&format!(
            "It bears the number {} itself, which another export of this database has.",
            adopted.number
        ));
    }
    output::line(&format!("It can be downloaded until {}.", format::instant_and_zone(adopted.until, chrono_tz::UTC)));
    Ok(())
}

fn erase(app: &App, what: &[String], yes: bool) -> Result<()> {
    let meant = archives::meant(&app.blobs, what)?;
    if meant.is_empty() {
        output::line("There is nothing in quarantine.");
        return Ok(());
    }
    let bytes: u64 = meant.iter().map(|found| found.file.size).sum();
    if !yes {
        for found in &meant {
            output::row(&row_of_quarantined(found));
        }
        ask(&format!("Erase {}, {}, for good?", files(meant.len()), size(bytes)))?;
    }
    let erased = archives::erase(&app.store, &app.blobs, &meant, app.clock.now())?;
    output::line(&format!("Erased: {}, {}.", files(erased.files), size(erased.bytes)));
    let known = meant.len() - erased.files;
    if known > 0 {
        output::line(&format!("Not erased, because an export of this database has them: {}.", files(known)));
    }
    Ok(())
}

/// Goes on only if the operator says yes.
fn ask(question: &str) -> Result<()> {
    if !std::io::stdin().is_terminal() {
        return Err(Error::new(
            Kind::Invalid,
            format!("{question} Nobody is there to be asked: say --yes if that is meant. Nothing was erased."),
        ));
    }
    output::aside(&format!("{question} Type “yes” to erase them:"));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context(|| "The answer could not be read.".to_owned())?;
    if answer.trim() == "yes" { Ok(()) } else { Err(Error::conflict("Nothing was erased.")) }
}

fn files(count: usize) -> String {
    format::count(i64::try_from(count).unwrap_or(i64::MAX), "file", "files")
}

fn number(count: usize) -> String {
    format::number(i64::try_from(count).unwrap_or(i64::MAX))
}

fn size(bytes: u64) -> String {
    format::size(i64::try_from(bytes).unwrap_or(i64::MAX))
}
