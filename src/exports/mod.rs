//! Exports, from the request to the end of an archive's time: B1–B8 and C1–C7.
//!
//! [`rules`] are pure functions; [`rows`] are the tables. The modules beside them carry the rules out: [`request`] and [`requests`] are what
//! people ask for, [`queue`] what workers do, [`contents`] what goes into an archive, [`build`] how one is made, [`mails`] who gets mail.

pub mod archives;
pub mod build;
pub mod contents;
pub mod evidence;
pub mod filters;
pub mod mails;
pub mod overview;
pub mod preview;
pub mod queue;
pub mod request;
pub mod requests;
pub mod rows;
pub mod rules;
pub mod search;
pub mod sweep;
