//! `import`: a progress bar, and at the end what became of everything.

use std::process::ExitCode;

use super::args::{ImportArgs, ImportCommand};
use super::{output, signals};
use crate::app::App;
use crate::domain::accounts;
use crate::error::Result;
use crate::format;
use crate::importers::{Format, Place, Summary, import as run};

/// The exit code of a program that Ctrl-C has ended.
const STOPPED: i32 = 130;

pub(super) fn import(app: &App, command: ImportCommand) -> Result<ExitCode> {
    let (format, args) = match command {
        ImportCommand::Slack(args) => (Format::Slack, args),
        ImportCommand::Mattermost(args) => (Format::Mattermost, args),
        ImportCommand::Events(args) => (Format::Events, args),
    };
    let ImportArgs { account, strict, path } = args;
    let account = app.store.read(|c| accounts::find(c, &account))?;
    signals::on_stop(|| {
        // Between two transactions or in the midst of one, which then never happened.
        output::stopped("Stopped. Import it again to go on: nothing is recorded twice.");
        std::process::exit(STOPPED);
    })?;
    let mut bar = None;
    let mut progress = |done, total| {
        let bar = bar.get_or_insert_with(|| output::bar("Importing", total, true));
        bar.set_position(done);
    };
    let imported = run(&app.store, &app.clock, account.id, (format, &path), strict, &mut progress);
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let summary = imported?;
    tell(&summary, strict);
    Ok(if summary.has_problems() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn tell(summary: &Summary, strict: bool) {
    for (label, told, more) in
        [("note", &summary.notes, summary.more_notes), ("refused", &summary.problems, summary.more_problems)]
    {
        for (place, text) in told {
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
    let refused = summary.problems.len() as u64 + summary.more_problems;
    if refused > 0 {
        output::line(&format!("refused: {}, told above", number(refused)));
    }
    if summary.counts.is_empty() && refused == 0 {
        output::line("The archive holds nothing to record.");
    }
}

fn position(place: &Place) -> String {
    match (place.file.is_empty(), place.line) {
        (true, _) => String::new(),
        (false, None) => format!("{}: ", place.file),
        (false, Some(line)) => format!("{}:{line}: ", place.file),
    }
}

fn number(count: u64) -> String {
    format::number(count)
}
