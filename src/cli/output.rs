//! What the operator sees: lines on standard output, errors and progress bars on standard error.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::Error;

/// How often a bar shows that it lives.
const TICK: Duration = Duration::from_millis(200);

/// A line of the answer. Whoever reads it through a pipe may stop reading; that is no failure of ours.
pub(super) fn line(text: &str) {
    let _gone = writeln!(std::io::stdout(), "{text}");
}

/// A line beside the answer: for whoever watches, not for a pipe.
pub(super) fn aside(text: &str) {
    let _gone = writeln!(std::io::stderr(), "{text}");
}

/// A line beside the answer, above a bar if there is one.
pub(super) fn aside_of(bar: Option<&ProgressBar>, text: &str) {
    match bar {
        Some(bar) => bar.suspend(|| aside(text)),
        None => aside(text),
    }
}

/// What Ctrl-C has done, below the bar that it has stopped.
pub(super) fn stopped(text: &str) {
    let below = if std::io::stderr().is_terminal() { "\n" } else { "" };
    aside(&format!("{below}{text}"));
}

/// What went wrong. The operator also gets the cause, which no client of the web ever sees.
pub(super) fn error(error: &Error) {
    aside(&format!("error: {error}"));
    let causes = error.causes();
    if !causes.is_empty() {
        aside(&format!("  because: {causes}"));
    }
}

/// Shows that something goes on of which nobody knows how far it is.
pub(super) fn spinner(text: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::default_spinner();
    bar.set_style(style.clone().template("{prefix} {spinner}").unwrap_or(style));
    bar.set_prefix(text);
    bar.enable_steady_tick(TICK);
    bar
}

/// A bar for things of which there are `total`; 0 when nobody knows how many.
pub(super) fn bar(label: &'static str, total: u64, bytes: bool) -> ProgressBar {
    let bar = if total == 0 { ProgressBar::new_spinner() } else { ProgressBar::new(total) };
    let template = match (total == 0, bytes) {
        (false, false) => "{prefix} [{bar:30}] {human_pos} of {human_len} ({percent} %)",
        (false, true) => "{prefix} [{bar:30}] {bytes} of {total_bytes} ({percent} %)",
        (true, false) => "{prefix} {spinner} {human_pos}",
        (true, true) => "{prefix} {spinner} {bytes}",
    };
    let style = if total == 0 { ProgressStyle::default_spinner() } else { ProgressStyle::default_bar() };
    bar.set_style(style.clone().template(template).unwrap_or(style).progress_chars("=> "));
    bar.set_prefix(label);
    bar.enable_steady_tick(TICK);
    bar
}
