//! Compliance Exports: exports every conversation a company owns from its team messaging.
//!
//! `ARCHITECTURE.md` shows the house; each module opens with what lives there, what does not, and who calls it.

pub mod app;
pub mod archive;
pub mod blobs;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod error;
pub mod format;
pub mod importers;
pub mod keys;
pub mod mail;
pub mod model;
pub mod numbers;
pub mod patience;
pub mod store;
pub mod sums;
pub mod terminal;
pub mod web;
pub mod worker;
