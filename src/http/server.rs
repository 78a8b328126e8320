//! The web server: built alike for production and for tests, which let it listen on a free port.

use std::net::{SocketAddr, TcpListener};

use actix_web::cookie::Key;
use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use tracing_actix_web::TracingLogger;

use super::requests::{self, RequestSpan};
use super::{State, refusals, routes, sessions};
use crate::error::{Context, Error, Kind, Result};

/// A form has at most so many bytes: enough for the check boxes of thousands of administrators.
const FORM_BYTES: usize = 256 * 1024;

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Stops it.
    pub handle: ServerHandle,
    running: actix_web::dev::Server,
}

impl Server {
    /// Serves until it is stopped.
    ///
    /// # Errors
    /// When the system fails.
    pub async fn run(self) -> Result<()> {
        self.running.await.context(|| "The web server broke down.".to_owned())
    }
}

/// Starts the server on `listener` with so many threads. It serves once [`Server::run`] is awaited.
///
/// # Errors
/// When the listener can't be used.
pub fn start(state: State, listener: TcpListener, cookie_key: &[u8], threads: usize) -> Result<Server> {
    let address = listener.local_addr().context(|| "The listener has no address.".to_owned())?;
    let key = Key::try_from(cookie_key)
        .map_err(|error| Error::internal("The key that signs cookies is too short.", error.to_string()))?;
    let data = web::Data::new(state);
    let server = HttpServer::new(move || {
        let demo = data.demo;
        App::new()
            .app_data(data.clone())
            .app_data(web::PayloadConfig::new(FORM_BYTES))
            .app_data(web::PathConfig::default().error_handler(|error, _| {
                Error::not_found("This server has no such page.").because(error.to_string()).into()
            }))
            .app_data(web::QueryConfig::default().error_handler(|error, _| {
                Error::new(Kind::Invalid, "The address holds something that this page does not understand.")
                    .because(error.to_string())
                    .into()
            }))
            // The last one is the outermost.
            .wrap(from_fn(refusals::pages))
            .wrap(sessions::middleware(&data, key.clone()))
            .wrap(from_fn(requests::protect))
            .wrap(from_fn(requests::log))
            .wrap(TracingLogger::<RequestSpan>::new())
            .configure(|config| routes::configure(config, demo))
    })
    .workers(threads)
    // Signals are handled by the command line, which also stops the workers.
    .disable_signals()
    .shutdown_timeout(5)
    .listen(listener)
    .context(|| format!("The server can't listen on {address}."))?
    .run();
    Ok(Server { address, handle: server.handle(), running: server })
}
