//! The threads in which an object store's requests run, and the way to wait for one of them from any other thread.
//!
//! The rest of the program has none of it: workers are plain threads, and pages wait in `http::blocking`.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::GoesOn;
use crate::error::{Context, Error, Result};

/// Threads for requests: they move bytes and encrypt, and never wait for anything else.
const THREADS: usize = 2;
/// How soon one who waits learns that nobody wants the result any more.
const LOOK: Duration = Duration::from_millis(200);

/// Makes ring, which is what all of this program encrypts with, the choice of whoever leaves the choice to the process.
/// Whoever makes a client of `reqwest` must have called this.
pub fn use_ring() {
    // Another choice was made before: by ourselves, as nobody else is here.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Clones are the same threads. They end with the last one.
#[derive(Clone, Debug)]
pub(super) struct Runtime(Arc<Threads>);

#[derive(Debug)]
struct Threads(Option<tokio::runtime::Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        // The last clone may be dropped where nobody may wait, as in a web server that ends.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Runtime {
    pub(super) fn start() -> Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(THREADS).thread_name("object-store").enable_all().build();
        Ok(Self(Arc::new(Threads(Some(
            runtime.context(|| "The threads of the object store can't start.".to_owned())?,
        )))))
    }

    fn handle(&self) -> Option<&tokio::runtime::Handle> {
        self.0.0.as_ref().map(tokio::runtime::Runtime::handle)
    }

    /// Waits for `work`, which goes on only while somebody waits.
    ///
    /// # Errors
    /// Those of `goes_on`, which is asked several times a second, not among the runtime's threads.
    pub(super) fn wait<T>(&self, goes_on: GoesOn<'_>, work: impl Future<Output = T>) -> Result<T> {
        let handle = self.handle().ok_or_else(|| Error::internal("The object store is closed.", "it was dropped"))?;
        let mut work = pin!(work);
        loop {
            match handle.block_on(async { tokio::time::timeout(LOOK, work.as_mut()).await }) {
                Ok(done) => return Ok(done),
                Err(_) => goes_on()?,
            }
        }
    }

    /// Does `work` beside, whoever waits.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(handle) = self.handle() {
            handle.spawn(work);
        }
    }
}
