//! The pages, over HTTP: actix-web handlers that ask the features, fill askama templates ([`views`]), and stream downloads.
//!
//! Here lives everything that knows HTTP: routes and who may call them ([`routes`]), sessions, forms, refusals. No rule
//! lives here and no SQL. [`start`] is called by the command line and by the tests alike.

pub mod blocking;
mod chrome;
mod forms;
mod pages;
mod range;
mod refusals;
mod requests;
pub mod routes;
mod server;
mod sessions;
mod state;
pub mod views;

pub use server::{Server, start};
pub use state::State;
