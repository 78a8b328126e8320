//! The tables of conversations, items and their sources: small verbs on rows, without rules.

pub mod conversations;
pub mod items;
pub mod ledger;
pub mod participants;
pub mod periods;
pub mod sources;
