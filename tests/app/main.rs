//! The application over HTTP: one [`support::TestApp`] for each test, with a real database and real requests.
//!
//! The same suite runs on SQLite and, when `TEST_DATABASE_URL` names a server, on PostgreSQL. Nothing sleeps: tests set
//! the clock and drive the queue. A test that proves a rule bears its name.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access;
mod again;
mod batches;
mod clocks;
mod commands;
mod companies;
mod contents;
mod copies;
mod corpora;
mod cut;
mod damage;
mod downloads;
mod evidence;
mod export_page;
mod faults;
mod filters;
mod folders;
mod hammer;
mod mails;
mod main_path;
mod model;
mod object_store;
mod one_state;
mod outages;
mod pages;
mod postgres;
mod preview;
mod races;
mod reconcile;
mod recording;
mod requests;
mod restored;
mod routes;
mod same_database;
mod search;
mod sign_in;
mod sources;
mod support;
mod times;
mod turns;
mod work;
