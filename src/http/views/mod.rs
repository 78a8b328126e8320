//! The pages: one struct for each, with what it shows, and its askama template in `templates/`.
//!
//! Pure: no actix, no SQL, no clock, no rights. Handlers decide what a person may see and fill these structs; a page only
//! chooses words and markup. Every page says the same things in the same words through [`crate::format`]. People's
//! names are shown inside `<bdi>`, so that their direction cannot reorder the text around them.

pub mod access;
pub mod administration;
pub mod assets;
pub mod chart;
mod chrome;
pub mod export;
#[cfg(test)]
mod export_fixtures;
#[cfg(test)]
mod fixtures;
pub mod found;
pub mod history;
pub mod mails;
pub mod preview;
pub mod refusal;
pub mod request;
pub mod sign_in;
#[cfg(test)]
mod tests;

pub use chrome::{Chrome, SignedIn};
