//! The archive: what a reviewer gets. Makes checked `.zip` parts out of records, and verifies finished ones.
//!
//! The flow is render › pack › write › check. The caller (`exports::build`) reads and divides; it names the folders ([`names`]),
//! turns what it reads into records ([`records`], [`manifest`]) and these into text ([`render`], and for other formats than JSON
//! [`formats`]) within a [`Bundle`]. A
//! [`Packer`] compresses and hashes the text, a [`PartWriter`] writes it into a part in order and signs its check sums ([`sign`]), and [`check()`] reads
//! every part back from where it lies. Later, and for anyone, [`verify()`] judges a finished archive by itself (`cli`).
//!
//! Here is no SQL, no HTTP, no thread and no clock: the same records give the same bytes, the signature included.
//! `docs/archive-format.md` describes the format for its readers.

mod check;
mod container;
mod counted;
pub mod formats;
mod identify;
mod lines;
pub mod manifest;
pub mod names;
mod pack;
mod part;
pub mod records;
pub mod render;
pub mod review;
pub mod sign;
mod source;
mod spool;
mod verify;

#[cfg(test)]
mod tests;

pub use check::{Checked, check};
pub use identify::{Identity, PartList, identify, sha256_of};
pub use pack::{Bundle, ChunkPosition, Packer, level};
pub use part::{PartWriter, WrittenPart};
pub use spool::Spool;
pub use verify::{Report, verify, verify_with};
