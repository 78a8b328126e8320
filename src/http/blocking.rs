//! The one place that calls `web::block`: whatever waits for the database, the disk or a password's hash runs in threads
//! of its own, so that the pages of others do not wait with it.

use crate::error::{Error, Result};

/// Runs `work` where it may block.
///
/// # Errors
/// What `work` returns, or a fault of ours when it panics.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    // The request's span goes with it, so that what is logged there bears its number.
    let span = tracing::Span::current();
    match actix_web::web::block(move || span.in_scope(work)).await {
        Ok(result) => result,
        Err(error) => Err(Error::internal("The work for this page was broken off.", error)),
    }
}
