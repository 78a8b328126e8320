//! The rules of what is recorded, and what of it is kept, as pure functions: no SQL, no HTTP, no clock.

pub mod edits;
pub mod memberships;
pub mod ownership;
pub mod periods;
pub mod times;
