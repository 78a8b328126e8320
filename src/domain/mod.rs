//! What the product does, for whoever asks: the web, the workers and the command line call this; it calls `store`.
//!
//! The rules themselves (A1…C7) are pure functions in [`rules`]; the modules beside it carry them out in transactions.
//! No HTTP and no SQL here. Functions take the instant `now` from their caller, so that tests decide what time it is.

pub mod access;
pub mod accounts;
pub mod archives;
pub mod contents;
pub mod evidence;
pub mod filters;
pub mod mails;
pub mod overview;
pub mod preview;
pub mod recording;
pub mod requests;
pub mod rules;
pub mod search;
pub mod sessions;
pub mod sign_in;
pub mod work;
