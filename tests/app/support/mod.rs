//! What tests stand on: the application ([`TestApp`]), people who use it ([`Person`], [`Browser`]), and what comes out of
//! it ([`Archive`]).
#![allow(dead_code, unused_imports, reason = "several suites share it, and none needs all of it")]

mod alarms;
mod app;
mod archive;
mod browser;
pub mod corpora;
mod database;
mod disk;
pub mod events;
mod judged;
#[path = "../../support/object_store.rs"]
pub mod object_store;

pub use alarms::Alarms;
pub use app::{PASSWORD, Person, TestApp};
pub use archive::Archive;
pub use browser::{Browser, Page};
pub use disk::Disk;
