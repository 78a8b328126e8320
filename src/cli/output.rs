//! What the operator sees: lines on standard output, errors and progress bars on standard error.
//!
//! The only place that writes to a terminal; `clippy.toml` keeps others from it. All that is written here goes through
//! [`printable`], line by line: whatever a name or a text holds, nothing of it acts, and none makes a line of its own. Bars show
//! only words of ours and numbers.
#![expect(clippy::disallowed_methods, reason = "this is the place that may")]

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;
use crate::error::Error;
use crate::terminal::{Lines, printable};

/// How often a bar shows that it lives.
const TICK: Duration = Duration::from_millis(200);

/// A line of the answer. Whoever reads it through a pipe may stop reading; that is no failure of ours.
pub(super) fn line(text: &str) {
    let _gone = writeln!(std::io::stdout(), "{}", printable(text));
}

/// A line of the answer in columns: a tab within one makes no other.
pub(super) fn row(columns: &[impl AsRef<str>]) {
    let columns: Vec<_> = columns.iter().map(|column| printable(column.as_ref())).collect();
    let _gone = writeln!(std::io::stdout(), "{}", columns.join("\t"));
}

/// A line beside the answer: for whoever watches, not for a pipe.
pub(super) fn aside(text: &str) {
    let _gone = writeln!(std::io::stderr(), "{}", printable(text));
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
    if std::io::stderr().is_terminal() {
        let _gone = writeln!(std::io::stderr());
    }
    aside(text);
}

/// What went wrong. The operator also gets the cause, which no client of the web ever sees.
pub(super) fn error(error: &Error) {
    aside(&format!("error: {error}"));
    let causes = error.causes();
    if !causes.is_empty() {
        aside(&format!("  because: {causes}"));
    }
}

/// What is wrong with the arguments, as clap words it in several lines. It repeats what was typed, which a script may have
/// from elsewhere.
pub(super) fn arguments(error: &clap::Error) {
    for line in error.render().to_string().lines() {
        aside(line);
    }
}

/// The log goes to standard error. Commands that answer on the terminal log only what is wrong, unless the operator has
/// chosen otherwise.
pub(super) fn start_log(filter: &str, format: LogFormat) {
    let builder = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_ansi(false);
    // A second start, in tests, keeps the first.
    let _ = match format {
        LogFormat::Text => builder.with_writer(|| Lines::text(std::io::stderr())).finish().try_init(),
        LogFormat::Json => {
            builder.with_writer(|| Lines::json(std::io::stderr())).json().flatten_event(true).finish().try_init()
        }
    };
    // What a fault of ours says may hold somebody's text.
    std::panic::set_hook(Box::new(|fault| aside(&format!("a fault of this program: {fault}"))));
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
