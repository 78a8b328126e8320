//! The tables of accounts, people, access, sessions and sources: small verbs on rows, without rules.

pub mod access;
pub mod accounts;
pub mod sessions;
pub mod sources;
pub mod users;
