//! The formats in which an archive can be read beside its JSON: pages for a browser, spreadsheets, and whatever is added to [`ALL`].
//!
//! A [`Format`] says what it is called ([`About`]), what it needs of a part ([`Needs`]), which files are its own, what it writes
//! of the items of a part ([`PartCopy`]) and of all conversations ([`ListCopy`]), and how its files are held against the JSON
//! ([`Check`]). Everyone else goes by the list: the request form and the command line, the mails, the plan, the worker, `verify`
//! and `identify`. So a new format is a file or folder here, a line in the list, and its paragraph in `docs/archive-format.md`.
//!
//! JSON is not among them. It is the record that these are copies of, is always there, and sets the pace: where its files are
//! cut into chunks is where those of the others are. It is rendered item by item into the batch that is being filled
//! ([`crate::archive::render`]), while copies are made a chunk of a day at a time; behind this trait it would pay for a call and a
//! buffer for each item. What it has in common with the others it has in the same terms: `Needs::JSON`, and [`owned_by_json`].
//!
//! A format gets the archive's own records and writes into buffers of its own, chunk by chunk, so that no conversation and no
//! list need ever be held as a whole. The worker decides what comes when, and takes what is written (it is the [`Sink`]); here
//! is no SQL and no thread. Names of files follow from the records alone, so that parts that know nothing of one another make one
//! tree. The same records give the same bytes.
//!
//! What people have written is hostile here. It reaches a page only through `html::markup::Html`, which escapes it, a script
//! only as a string of `html::search`, and a spreadsheet only through `csv::table`, which keeps it from being taken for a
//! formula. `docs/archive-format.md` describes the copies for their readers.

pub mod csv;
mod growing;
pub mod html;
pub mod needs;
mod record;

use std::collections::HashMap;
use std::io::BufRead;
use std::path::Path;

use chrono::NaiveDate;
use chrono_tz::Tz;

pub use self::growing::Growing;
pub use self::record::{Days, Record, Tally, anchor};
use super::manifest::{DayCount, FormatInfo, Header, Totals};
use super::names;
use super::pack::ChunkPosition;
use super::records::{ConversationEntry, ItemEntry};
use crate::archive::formats::needs::{Extent, Needs};
use crate::error::{Error, Kind, Result};
use crate::model::Formats;

#[cfg(test)]
mod tests;

/// Formats, in the order in which they are offered and listed.
pub type List = [&'static dyn Format];

/// Every format there is beside the JSON.
pub const ALL: &List = &[&html::Html, &csv::Csv];

/// A format in which an archive can be read beside its JSON.
pub trait Format: Sync {
    /// What it is called.
    fn about(&self) -> &'static About;

    /// What it needs of each part of an export that lists so much.
    fn needs(&self, extent: Extent) -> Needs;

    /// Whether the file with this path below the top folder is of this format. No path is of two.
    fn owns(&self, path: &str) -> bool;

    /// Gives the folders and files that part 1 has whatever the archive holds.
    ///
    /// # Errors
    /// Those of `sink`.
    fn shared(&self, sink: &mut dyn Sink) -> Result<()>;

    /// The files that a conversation has as a whole, for others to point at. `portions` are the first days of what each part
    /// holds of it; none for the part in which it begins.
    fn files_of(&self, _folder: &str, _portions: &[Option<NaiveDate>]) -> Vec<String> {
        Vec::new()
    }

    /// Begins the copies of what a part holds.
    fn part(&self, part: Part) -> Box<dyn PartCopy>;

    /// Begins what part 1 lists of all conversations.
    ///
    /// # Errors
    /// When temporary files can't be made.
    fn lists<'a>(&self, whole: ExportInfo<'a>) -> Result<Box<dyn ListCopy + 'a>>;

    /// Begins to check the files of a finished archive whose manifest says this of the format.
    ///
    /// # Errors
    /// What is wrong with what it says.
    fn check(&self, said: &FormatInfo) -> Result<Box<dyn Check>, String>;
}

/// What a format is called.
#[derive(Debug)]
pub struct About {
    /// Its name in the database and the manifest, on the form, and as an option of the command line: lower-case letters and
    /// digits. Kept for ever.
    pub key: &'static str,
    /// Its name for people, with a capital.
    pub label: &'static str,
    /// What the request form says below the name.
    pub description: &'static str,
    /// What the help of the command line says of its option.
    pub help: &'static str,
    /// With which file one begins to read, if mails are to say so.
    pub start: Option<Start>,
    /// How pages of other formats lead to it, if they do.
    pub pointer: Option<Pointer>,
}

/// The file with which one begins to read.
#[derive(Debug)]
pub struct Start {
    /// Its path.
    pub file: &'static str,
    /// With what it is opened: “in a browser”.
    pub with: &'static str,
}

/// How pages of other formats lead to the files of one.
#[derive(Debug)]
pub struct Pointer {
    /// What stands before it.
    pub title: &'static str,
    /// The file that is about all conversations.
    pub file: &'static str,
    /// What follows its name in a sentence.
    pub words: &'static str,
    /// What a file of [`Format::files_of`] is called.
    pub one: &'static str,
}

/// Where a format's files go: to the worker, in the order in which they are given.
pub trait Sink {
    /// A folder.
    ///
    /// # Errors
    /// When nobody takes it any more; so with the others.
    fn directory(&mut self, path: &str) -> Result<()>;

    /// A file, or a chunk of one whose chunks follow one another.
    ///
    /// # Errors
    /// As above.
    fn text(&mut self, path: &str, place: ChunkPosition, text: &[u8]) -> Result<()>;

    /// A chunk of a file whose chunks come between others'. Nothing is kept: the text may be used again.
    ///
    /// # Errors
    /// As above.
    fn aside(&mut self, path: &str, place: ChunkPosition, text: &[u8]) -> Result<()>;
}

/// Finds the days of items of the present conversation, by their ids, of those that are in the archive.
pub type FindDays<'a> = dyn FnMut(&[&str]) -> Result<HashMap<String, NaiveDate>> + 'a;

/// A part of an archive.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Counted from 1.
    pub number: i32,
    /// The zone whose days are meant.
    pub zone: Tz,
}

/// A conversation, as a format's files name it.
#[derive(Clone, Copy, Debug)]
pub struct Chat<'a> {
    pub id: i64,
    /// Its name; for conversations of people, their names.
    pub name: &'a str,
    /// Path of its folder below the top folder.
    pub folder: &'a str,
    /// How many conversations of the archive come before it.
    pub rank: u64,
}

/// Items of a day of a conversation: all of them, or, of a long day, a chunk.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    pub chat: Chat<'a>,
    /// Whether it begins in this part.
    pub begins: bool,
    pub day: NaiveDate,
    /// The day with items before it, if it is in this part.
    pub previous: Option<NaiveDate>,
    /// The day with items after it, if it is in this part and this is the last chunk.
    pub next: Option<NaiveDate>,
    /// Where the chunk stands in the day.
    pub place: ChunkPosition,
    /// The items, in order.
    pub items: &'a [ItemEntry],
}

/// Writes copies of the items of a part, conversation by conversation, day by day. Each part is one of its own.
pub trait PartCopy {
    /// A conversation begins, or what this part holds of it. It may have no items.
    ///
    /// # Errors
    /// Those of `sink`; so with the others.
    fn begin(&mut self, _chat: &Chat<'_>, _sink: &mut dyn Sink) -> Result<()> {
        Ok(())
    }

    /// Items. `find_days` looks up items that these reply to.
    ///
    /// # Errors
    /// Those of `sink` and `find_days`.
    fn items(&mut self, chunk: &Chunk<'_>, find_days: &mut FindDays<'_>, sink: &mut dyn Sink) -> Result<()>;

    /// The conversation has ended, or what this part holds of it.
    ///
    /// # Errors
    /// As above.
    fn end(&mut self, _sink: &mut dyn Sink) -> Result<()> {
        Ok(())
    }

    /// All conversations of the part have ended.
    ///
    /// # Errors
    /// As above.
    fn finish(&mut self, _sink: &mut dyn Sink) -> Result<()> {
        Ok(())
    }
}

/// What is known of an archive before its conversations are listed.
#[derive(Clone, Copy)]
pub struct ExportInfo<'a> {
    /// Request, account, cut, coverage.
    pub header: &'a Header,
    /// The request's zone.
    pub zone: Tz,
    /// How many parts there are.
    pub parts: i32,
    /// For temporary files.
    pub folder: &'a Path,
    /// All formats that it has, in the order of the list.
    pub formats: &'a List,
}

/// A conversation for the lists.
#[derive(Clone, Copy, Debug)]
pub struct ListedConversation<'a> {
    /// As its files name it.
    pub chat: Chat<'a>,
    /// As the lists of the JSON have it.
    pub entry: &'a ConversationEntry,
    /// Its days with items.
    pub days: &'a [DayCount],
    /// The first days of what each part holds of it; none for the part in which it begins. Empty if it has no items.
    pub portions: &'a [Option<NaiveDate>],
}

/// Writes what part 1 lists of all conversations, which come one by one, in the order of the archive.
pub trait ListCopy {
    /// The next conversation.
    ///
    /// # Errors
    /// Those of `sink`; when temporary files fail.
    fn add(&mut self, listed: &ListedConversation<'_>, sink: &mut dyn Sink) -> Result<()>;

    /// All have come: gives the rest, and what the manifest says of the format.
    ///
    /// # Errors
    /// As above.
    fn end(self: Box<Self>, totals: Totals, sink: &mut dyn Sink) -> Result<FormatInfo>;
}

/// Holds the files of a format against the JSON, of a finished archive. Files come in any order, and are not trusted.
pub trait Check {
    /// Reads a file of this format, as far as it is looked into. Of the JSON are known the lists and the manifest.
    ///
    /// # Errors
    /// What is wrong with the file.
    fn read(&mut self, path: &str, record: &Record<'_>, reader: &mut dyn BufRead) -> Result<(), String>;

    /// All files of the archive have been read: returns what is not as in the JSON.
    fn compare(&self, record: &Record<'_>, problem: &mut dyn FnMut(String));
}

/// The format of a list with this key.
#[must_use]
pub fn find(list: &List, key: &str) -> Option<&'static dyn Format> {
    list.iter().copied().find(|format| format.about().key == key)
}

/// Those of a list that are named, in its order.
///
/// # Errors
/// [`Kind::Internal`] if one is named that is not in the list.
pub fn chosen(list: &List, named: &Formats) -> Result<Vec<&'static dyn Format>> {
    match named.iter().find(|key| find(list, key).is_none()) {
        Some(key) => Err(Error::new(Kind::Internal, format!("this program does not know the format “{key}”"))),
        None => Ok(list.iter().copied().filter(|format| named.contains(format.about().key)).collect()),
    }
}

/// What those are called that are named and known, in the order of the list.
pub fn about(named: &Formats) -> impl Iterator<Item = &'static About> {
    ALL.iter().map(|format| format.about()).filter(|about| named.contains(about.key))
}

/// All formats.
#[must_use]
pub fn every() -> Formats {
    ALL.iter().map(|format| format.about().key).collect()
}

/// Whether the file with this path below the top folder is the JSON's, or vouches for files of all formats.
#[must_use]
pub fn owned_by_json(path: &str) -> bool {
    match path.rsplit_once('/') {
        Some((folder, file)) if names::is_chats(folder) => file.ends_with(".json"),
        Some(within) => names::LISTS.contains(&within),
        None => path.starts_with("SHA256SUMS") || (path.starts_with("manifest") && path.ends_with(".json")),
    }
}
