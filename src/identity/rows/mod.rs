//! The tables of accounts, people, access and sessions: small verbs on rows, without rules.

pub mod access;
pub mod accounts;
pub mod sessions;
pub mod users;
