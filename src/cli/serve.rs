//! `serve`: pages and workers in one process.

use std::io::ErrorKind;
use std::net::TcpListener;

use super::{output, signals};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Settings;
use crate::error::{Context, Error, Kind, Result};
use crate::exports::archives::{self, Broken};
use crate::http::{self, State};
use crate::jobs::Stop;
use crate::worker::Worker;
use crate::worker::pool::Pool;

/// So many files that are not as they were built are named in the log at the start; the others are counted.
const MAX_LISTED: usize = 20;

/// Serves until a signal says stop.
///
/// # Errors
/// When the address is taken, before the database is touched; or the workers can't start.
pub(super) fn serve(mut settings: Settings) -> Result<()> {
    for warning in settings.warnings() {
        tracing::warn!("{warning}");
    }
    let address = settings.server.listen;
    let listener = TcpListener::bind(address).map_err(|cause| {
        let advice = match cause.kind() {
            ErrorKind::AddrInUse => {
                "Another program listens there: stop it, or choose another address or port with --listen."
            }
            ErrorKind::PermissionDenied => "Choose a port above 1023 with --listen, or let the program use lower ones.",
            _ => "Choose an address of this machine with --listen.",
        };
        Error::internal(format!("The server can't listen on {address}. {advice}"), cause)
    })?;
    settings.server.listen = listener.local_addr().context(|| "The listener has no address.".to_owned())?;
    let app = App::open(settings, Clock::default())?;
    match app.blobs.check(true).and_then(|()| log_broken(&app)) {
        // Exports wait, and pages say so.
        Err(error) if error.kind() == Kind::Unavailable && error.is_transient() => {
            tracing::error!(cause = %error.causes(), "no archive can be kept or downloaded for now: {error}");
        }
        checked => checked?,
    }
    run(&app, &app.worker()?, app.state(), listener, || {
        output::line(&format!("Serving {} (Ctrl-C stops)", app.settings.public_address()));
    })
}

/// Says at the start which files of exports are missing or damaged, and what lies in quarantine: nobody may look for them until
/// somebody needs them.
fn log_broken(app: &App) -> Result<()> {
    let broken = app.store.read(|c| archives::broken_now(c, &app.blobs, None, app.clock.now()))?;
    for Broken { kept, condition } in broken.iter().take(MAX_LISTED) {
        tracing::error!(
            request = kept.request,
            part = kept.part.number,
            file = kept.storage_key,
            ?condition,
            "a file of an export is not as it was built"
        );
    }
    if !broken.is_empty() {
        tracing::error!(
            files = broken.len(),
            "files of completed exports are missing or damaged: “archives list” tells which, “export --again NUMBER --restore” \
             puts them back"
        );
    }
    let quarantined = app.blobs.list_quarantined()?;
    if !quarantined.is_empty() {
        tracing::warn!(
            files = quarantined.len(),
            bytes = quarantined.iter().map(|file| file.size).sum::<u64>(),
            "archives lie in quarantine, because no export of this database asks for them: “archives list” tells which"
        );
    }
    Ok(())
}

/// Serves with these workers until a signal says stop; `ready` is called when the server listens and the workers run.
///
/// # Errors
/// When the server or the workers can't start.
pub(super) fn run(app: &App, worker: &Worker, state: State, listener: TcpListener, ready: impl FnOnce()) -> Result<()> {
    let system = actix_web::rt::System::new();
    let (say_stop, stopped) = tokio::sync::oneshot::channel();
    let stop = Stop::default();
    let workers_stop = stop.clone();
    signals::on_stop(move || {
        tracing::info!("stopping");
        workers_stop.ask();
        // The receiver is gone only when the server has ended already.
        let _ = say_stop.send(());
    })?;
    let cookie_key = app.cookie_key()?;
    let pool = Pool::start(worker, app.settings.exports.workers, stop)?;
    let threads = app.settings.server.workers;
    let served = system.block_on(async move {
        let server = http::start(state, listener, &cookie_key, threads)?;
        tracing::info!(address = %server.address, "serving");
        ready();
        let handle = server.handle.clone();
        actix_web::rt::spawn(async move {
            if stopped.await.is_ok() {
                handle.stop(true).await;
            }
        });
        server.run().await
    });
    pool.stop();
    tracing::info!("stopped");
    served
}
