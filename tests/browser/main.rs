//! The pages as people see them: Debian's Chromium, driven through chromedriver, with the application behind it.
//!
//! Each test opens a [`window::Window`] of its own and leaves pictures of what it saw in `target/screenshots`. Where
//! Chromium is missing the tests say so and pass, unless the variable `CI` is `true`. Nothing sleeps: what takes a moment
//! is waited for, with a deadline.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and tells when it is skipped"
)]

mod accessibility;
mod appearance;
mod dialogs;
mod export_page;
mod history;
mod main_path;
mod people;
mod preview;
mod reading;
mod refusals;
mod stage;
#[path = "../app/support/mod.rs"]
mod support;
mod together;
mod window;
mod without_scripts;
