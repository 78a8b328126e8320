//! Reading copies of an archive, beside its JSON: pages for a browser, and spreadsheets.
//!
//! Pure renderers: each takes the archive's own records and writes into a buffer of the caller, chunk by chunk, as
//! [`crate::archive::render`] does, so that no conversation and no list need ever be held as a whole. The worker decides which
//! files there are and in which order they come; [`paths`] names them.
//!
//! What people have written is hostile here. It reaches a page only through `html::Html`, which escapes it, a script
//! only as a string of [`search`], and a spreadsheet only through [`csv`], which keeps it from being taken for a formula.
//! `docs/archive-format.md` describes the copies for their readers.

pub mod assets;
pub mod count;
pub mod csv;
pub mod day;
mod html;
pub mod index;
pub mod paths;
pub mod search;
pub(super) mod verify;

pub use html::visible;

#[cfg(test)]
mod tests;

/// A conversation, as its pages, rows and shards name it.
#[derive(Clone, Copy, Debug)]
pub struct Chat<'a> {
    /// Its number.
    pub id: i64,
    /// Its name; for conversations of people, their names.
    pub name: &'a str,
    /// Path of its folder below the top folder.
    pub folder: &'a str,
    /// How many conversations of the archive come before it: decides on which page its days are listed.
    pub rank: u64,
}
