//! Threads that do the work as it comes, beside the web server.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Stop, Worker};
use crate::error::{Context, Error, Kind, Result};

/// How often the queues are looked at. A look costs one indexed query.
const LOOK: Duration = Duration::from_millis(500);
const SWEEP: Duration = Duration::from_secs(60);
/// How long a stop waits for threads to end.
const PATIENCE: Duration = Duration::from_secs(8);
/// After a failure of the database itself.
const REST: Duration = Duration::from_secs(5);

/// Running threads. They go on until [`Pool::stop`].
pub struct Pool {
    stop: Stop,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts threads for `exports` exports at a time, one for mail, one that sweeps. They also heed `stop`.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn start(worker: &Worker, exports: usize, stop: Stop) -> Result<Self> {
        let mut pool = Self { stop, threads: Vec::new() };
        let builder = Worker { exports: worker.exports.clone().in_the_background(), ..worker.clone() };
        for number in 1..=exports {
            pool.spawn(format!("export-{number}"), &builder, |worker, stop| worker.exports.next(None, stop))?;
        }
        pool.spawn("mail".to_owned(), worker, |worker, _| worker.mails.next())?;
        let mut swept: Option<Instant> = None;
        pool.spawn("sweep".to_owned(), worker, move |worker, _| {
            // Those who build may be busy with other exports for long.
            worker.exports.discard()?;
            if swept.is_none_or(|last| last.elapsed() >= SWEEP) {
                swept = Some(Instant::now());
                worker.exports.sweep()?;
            }
            Ok(false)
        })?;
        Ok(pool)
    }

    fn spawn(
        &mut self,
        name: String,
        worker: &Worker,
        mut next: impl FnMut(&Worker, &Stop) -> Result<bool> + Send + 'static,
    ) -> Result<()> {
        let (worker, stop) = (worker.clone(), self.stop.clone());
        let run = move || {
            loop {
                let done = catch_unwind(AssertUnwindSafe(|| next(&worker, &stop)));
                let wait = match done.unwrap_or_else(|_| Err(Error::new(Kind::Internal, "it ran into a fault of ours")))
                {
                    Ok(true) => Duration::ZERO,
                    Ok(false) => LOOK,
                    Err(error) => {
                        tracing::error!(cause = %error.causes(), "a worker could not go on: {error}");
                        REST
                    }
                };
                if stop.wait(wait) {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name(name).spawn(run).context(|| "starting the workers".to_owned())?;
        self.threads.push(thread);
        Ok(())
    }

    /// Asks all threads to stop and waits until they have, for some seconds: an export goes back into the queue, which takes
    /// moments. One that hangs (a mail server that says nothing) is left, as if the process had been killed.
    pub fn stop(self) {
        self.stop.ask();
        let patience = Instant::now() + PATIENCE;
        for thread in self.threads {
            while !thread.is_finished() && Instant::now() < patience {
                thread::sleep(Duration::from_millis(10));
            }
            if !thread.is_finished() {
                tracing::warn!(thread = thread.thread().name(), "a worker was still busy and is left");
            }
        }
    }
}
