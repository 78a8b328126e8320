//! The tables of conversations and items: small verbs on rows, without rules.

pub mod conversations;
pub mod items;
pub mod ledger;
pub mod participants;
pub mod periods;
