//! What comes in: when capture is on, what is recorded, and the systems it comes from.
//!
//! [`rules`] are pure functions; [`ingest`] is the one way in; [`sources`] read other systems' archives; [`rows`] are the tables of
//! conversations and items.

pub mod ingest;
pub mod rows;
pub mod rules;
pub mod sources;
pub mod switch;
