//! The rules of the product as pure functions: no SQL, no HTTP, no clock. The rest of `domain` calls them.

pub mod access;
pub mod attempts;
pub mod capture;
pub mod completeness;
pub mod days;
pub mod edits;
pub mod estimate;
pub mod filters;
pub mod memberships;
pub mod ownership;
pub mod parts;
pub mod people;
pub mod progress;
pub mod requests;
pub mod slices;
pub mod summary;
pub mod times;
pub mod volume;
