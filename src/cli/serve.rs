//! `serve`: pages and workers in one process.

use std::io::ErrorKind;
use std::net::TcpListener;

use super::{output, signals};
use crate::app::App;
use crate::error::{Context, Error, Result};
use crate::web::{self, State};
use crate::worker::pool::Pool;
use crate::worker::{Stop, Worker};

/// Serves until a signal says stop.
///
/// # Errors
/// When the address is taken, or the workers can't start.
pub(super) fn serve(app: &App) -> Result<()> {
    for warning in app.settings.warnings() {
        tracing::warn!("{warning}");
    }
    let address = app.settings.server.listen;
    let listener = TcpListener::bind(address).map_err(|cause| {
        let told = match cause.kind() {
            ErrorKind::AddrInUse => {
                "Another program listens there: stop it, or choose another address or port with --listen."
            }
            ErrorKind::PermissionDenied => "Choose a port above 1023 with --listen, or let the program use lower ones.",
            _ => "Choose an address of this machine with --listen.",
        };
        Error::internal(format!("The server can't listen on {address}. {told}"), cause)
    })?;
    let mut settings = app.settings.clone();
    settings.server.listen = listener.local_addr().context(|| "The listener has no address.".to_owned())?;
    let app = App { settings, ..app.clone() };
    run(&app, &app.worker()?, app.state(), listener, || {
        output::line(&format!("Serving {} (Ctrl-C stops)", app.settings.public_address()));
    })
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
        let server = web::start(state, listener, &cookie_key, threads)?;
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
