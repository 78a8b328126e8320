//! What both benchmarks are made of: their corpora, the prose of these, and an account that is ready for exports.

#[allow(dead_code, reason = "only one of the benchmarks has very many conversations")]
pub mod chats;
pub mod corpus;
mod prose;
pub mod stage;
