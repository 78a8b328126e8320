//! SIGTERM and SIGINT: the first stops cleanly, the second at once.

use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::{Context, Result};

/// Calls `stop` at the first signal; at the second the process ends.
///
/// # Errors
/// When the system takes no handler.
pub(super) fn on_stop(stop: impl FnOnce() + Send + 'static) -> Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT]).context(|| "Signals can't be handled.".to_owned())?;
    let wait = move || {
        let mut signals = signals.forever();
        if signals.next().is_some() {
            stop();
        }
        if let Some(signal) = signals.next() {
            std::process::exit(128 + signal);
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait).context(|| "starting a thread".to_owned())?;
    Ok(())
}
