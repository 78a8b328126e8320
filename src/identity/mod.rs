//! Accounts, people, and who may do what: A1–A5, sign-in and sessions.
//!
//! [`rules`] are pure functions; [`access`], [`accounts`], [`sessions`] and [`sign_in`] carry them out in transactions; [`rows`] are
//! their tables. The features above ask [`access`] who somebody is and what they may do; this knows none of them.

pub mod access;
pub mod accounts;
pub mod commands;
pub mod names;
pub mod rows;
pub mod rules;
pub mod sessions;
pub mod sign_in;
