//! What both benchmarks are made of: the corpus, its prose, and an account that is ready for exports.

pub mod corpus;
mod prose;
pub mod stage;
