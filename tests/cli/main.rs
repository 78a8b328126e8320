//! The program as an operator meets it: real processes of the finished binary, each test with a folder of its own
//! ([`support::House`]). What they print is shown as a terminal would show it; see [`support::Run`] for the notation.
//!
//! Runs on SQLite and, when `TEST_DATABASE_URL` names a server, on PostgreSQL. Nothing sleeps: tests wait for a line of
//! output or an answer.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod accounts;
mod archives;
#[path = "../app/support/browser.rs"]
#[expect(dead_code, reason = "the other tests look closer at pages")]
mod browser;
mod crash_rounds;
mod crashes;
#[path = "../app/support/database.rs"]
mod database;
mod demo;
mod export;
mod help;
mod import;
mod key;
#[path = "../support/object_store.rs"]
#[expect(dead_code, reason = "the application's tests look closer at what breaks on the way")]
mod object_store;
mod object_stores;
mod readers;
mod secrets;
mod serve;
mod settings;
mod support;
mod terminal;
mod verify;
