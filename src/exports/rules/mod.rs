//! The rules of exports as pure functions: no SQL, no HTTP, no clock.

pub mod completeness;
pub mod estimate;
pub mod filters;
pub mod parts;
pub mod progress;
pub mod requests;
pub mod slices;
pub mod summary;
pub mod volume;
