//! Compliance Exports: exports every conversation a company owns from its team messaging.
//!
//! `ARCHITECTURE.md` shows the house; each module opens with what lives there, what does not, and who calls it.

pub mod app;
pub mod archive;
pub mod audit;
pub mod blobs;
pub mod capture;
pub mod cli;
pub mod clock;
pub mod config;
pub mod days;
pub mod db;
pub mod demo;
pub mod error;
pub mod exports;
pub mod format;
pub mod http;
pub mod identity;
pub mod jobs;
pub mod keys;
#[cfg(test)]
mod layers;
pub mod mail;
pub mod model;
pub mod numbers;
pub mod patience;
pub mod search_key;
pub mod sums;
pub mod terminal;
pub mod worker;
