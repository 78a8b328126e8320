//! `import`: a progress bar, and at the end what became of everything.

use std::process::ExitCode;
use std::sync::OnceLock;

use super::args::{ImportArgs, ImportCommand};
use super::{output, signals};
use crate::app::App;
use crate::capture::rules::times::Why;
use crate::capture::sources::{FilePlace, Import, ImportFormat, ImportSummary, import_in_turn};
use crate::error::Result;
use crate::format;
use crate::identity::accounts;
use crate::model::{Account, SourceKey};

/// The exit code of a program that Ctrl-C has ended.
const STOPPED: i32 = 130;

pub(super) fn import(app: &App, command: ImportCommand) -> Result<ExitCode> {
    let (format, args) = match command {
        ImportCommand::Slack(args) => (ImportFormat::Slack, args),
        ImportCommand::Mattermost(args) => (ImportFormat::Mattermost, args),
        ImportCommand::Events(args) => (ImportFormat::Events, args),
    };
    let ImportArgs { account, source, strict, path } = args;
    let account = app.store.read(|c| accounts::find(c, &account))?;
    let source = source.as_deref().unwrap_or(format.as_str());
    let import = Import { source, strict, ..Import::new(account.id, format, &path) };
    print_if_new(app, &account, SourceKey { kind: format.as_str(), name: source })?;
    signals::on_stop(|| {
        // Between two transactions or in the midst of one, which then never happened.
        output::stopped("Stopped. Import it again to go on: nothing is recorded twice.");
        std::process::exit(STOPPED);
    })?;
    let bar = OnceLock::new();
    let mut progress = |done, total| {
        bar.get_or_init(|| output::bar("Importing", total, true)).set_position(done);
    };
    // The one who waits is not the one who reads.
    let waits = || output::aside_of(bar.get(), "Somebody else is recording. This import goes on when it is its turn …");
    let imported = import_in_turn(&app.store, &app.clock, &import, &mut progress, &waits);
    if let Some(bar) = bar.into_inner() {
        bar.finish_and_clear();
    }
    let summary = imported?;
    print_summary(&summary, strict);
    Ok(if summary.has_problems() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Whoever mistypes the name of a source, or forgets it, records everything once more.
fn print_if_new(app: &App, account: &Account, source: SourceKey<'_>) -> Result<()> {
    let others = app.store.read(|c| accounts::sources_beside_new(c, account, source))?;
    let others: Vec<String> =
        others.iter().map(|other| SourceKey { kind: &other.kind, name: &other.name }.to_string()).collect();
    if !others.is_empty() {
        output::aside(&format!("{source} is a new source of “{}”, beside {}.", account.name, others.join(", ")));
    }
    Ok(())
}

fn print_summary(summary: &ImportSummary, strict: bool) {
    for (label, lines, more) in
        [("note", &summary.notes, summary.more_notes), ("refused", &summary.problems, summary.more_problems)]
    {
        for (place, text) in lines {
            output::aside(&format!("{label}: {}{text}", position(place)));
        }
        if more > 0 {
            output::aside(&format!("{label}: and {} more", number(more)));
        }
    }
    if strict && summary.has_problems() {
        output::line("Nothing was imported, because something was refused.");
        return;
    }
    for (subject, count) in &summary.counts {
        let mut line = format!("{subject}: {} added", number(count.added));
        if count.unchanged > 0 {
            line += &format!(", {} already known", number(count.unchanged));
        }
        if count.erased > 0 {
            line += &format!(", {} not kept (deleted while capture was off)", number(count.erased));
        }
        output::line(&line);
    }
    let doubts = [(Why::BeforeItem, "before their item"), (Why::AfterNow, "after the present")];
    for (why, label) in doubts {
        if let Some(count) = summary.doubts.get(&why) {
            output::line(&format!("times that can't be: {} {label}, told above", number(*count)));
        }
    }
    let refused = summary.problems.len() as u64 + summary.more_problems;
    if refused > 0 {
        output::line(&format!("refused: {}, told above", number(refused)));
    }
    if summary.counts.is_empty() && refused == 0 {
        output::line("The archive holds nothing to record.");
    }
}

fn position(place: &FilePlace) -> String {
    match (place.file.is_empty(), place.line) {
        (true, _) => String::new(),
        (false, None) => format!("{}: ", place.file),
        (false, Some(line)) => format!("{}:{line}: ", place.file),
    }
}

fn number(count: u64) -> String {
    format::number(count)
}
