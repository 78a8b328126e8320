//! Reading copies beside the JSON, for exports that ask for them; others pass by here at no cost.
//!
//! They are rendered where the JSON is, by the reader, from the same records: [`Copyist`] does so for the items of a part,
//! [`lists`] for what part 1 tells of all. The writer puts chunks that come between others aside until their file is whole.
//! What the files say is rendered by `archive::reading`.

pub(super) mod lists;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::output::Output;
use super::records::Folder;
use crate::archive::Place;
use crate::archive::reading::day::Day;
use crate::archive::reading::{Chat, assets, csv, paths, search};
use crate::archive::records::ItemEntry;
use crate::error::Result;
use crate::exports::contents::Reader;
use crate::exports::rules::parts::{SHARD, SHARD_RECORD};
use crate::model::{Copies, ExportRequest};

/// Bytes of a file that grows with what is read, from which on they are handed on as a chunk.
const CHUNK: usize = 256 << 10;

/// A file that grows with what is read.
#[derive(Default)]
struct Growing {
    /// Empty while there is none.
    path: String,
    given: bool,
    text: Vec<u8>,
}

impl Growing {
    fn is_open(&self) -> bool {
        !self.path.is_empty()
    }

    fn begin(&mut self, path: String) -> &mut Vec<u8> {
        (self.path, self.given) = (path, false);
        &mut self.text
    }

    /// Hands on what there is, if it is much, or if it is the last.
    fn give(&mut self, last: bool, output: &mut Output<'_>) -> Result<()> {
        if !self.is_open() || (!last && self.text.len() < CHUNK) {
            return Ok(());
        }
        output.aside(&self.path, Place { first: !self.given, last }, &self.text)?;
        self.given = true;
        self.text.clear();
        if last {
            self.path.clear();
        }
        Ok(())
    }
}

/// Copies the items of one part.
pub(super) struct Copyist {
    copies: Copies,
    zone: Tz,
    part: i32,
    /// How many conversations come before the present one.
    rank: u64,
    /// The present conversation begins in this part.
    begins: bool,
    /// Its day before the present one, in this part.
    previous: Option<NaiveDate>,
    day: Option<NaiveDate>,
    /// Its spreadsheet.
    table: Growing,
    /// The present shard of the search, its number, and how full it is.
    shard: Growing,
    shards: u32,
    shard_bytes: u64,
    page: Vec<u8>,
}

impl Copyist {
    /// None, if no copies are asked for. `rank` is how many conversations come before the first of this part.
    pub(super) fn new(request: &ExportRequest, part: i32, rank: u64) -> Option<Self> {
        request.copies.any().then(|| Self {
            copies: request.copies,
            zone: request.time_zone,
            part,
            rank,
            begins: false,
            previous: None,
            day: None,
            table: Growing::default(),
            shard: Growing::default(),
            shards: 0,
            shard_bytes: 0,
            page: Vec::new(),
        })
    }

    /// The next conversation, or what this part holds of it.
    pub(super) fn begin(&mut self, begins: bool) {
        (self.begins, self.previous, self.day) = (begins, None, None);
    }

    /// Items of a day, or a chunk of them, where that stands; `next` is the next day with items, once it is known.
    pub(super) fn items(
        &mut self,
        reader: &mut Reader,
        output: &mut Output<'_>,
        folder: &Folder,
        (day, place, next): (NaiveDate, Place, Option<NaiveDate>),
        items: &[ItemEntry],
    ) -> Result<()> {
        if self.day != Some(day) {
            self.previous = self.day.replace(day);
        }
        let chat = folder.chat(self.rank);
        if self.copies.csv {
            if !self.table.is_open() {
                // Named after a day that has items, as they were found: part 1 will count those.
                let from = if self.begins { None } else { Some(day) };
                csv::begin(self.table.begin(paths::spreadsheet(&folder.path, from)), self.zone);
            }
            csv::items(&mut self.table.text, self.zone, items);
            self.table.give(false, output)?;
        }
        if !self.copies.html {
            return Ok(());
        }
        let parents = self.parents(reader, folder, items)?;
        let page = Day { chat, day, zone: self.zone, previous: self.previous, next };
        self.page.clear();
        if place.first {
            page.begin(&mut self.page);
        }
        page.items(&mut self.page, items, &parents);
        if place.last {
            page.end(&mut self.page);
        }
        output.aside(&paths::day_page(chat.folder, day), place, &self.page)?;
        self.open_shard();
        search::items(&mut self.shard.text, &chat, day, self.zone, items);
        self.shard_bytes += items.iter().map(bytes_in_shard).sum::<u64>();
        if self.shard_bytes >= SHARD { self.close_shard(false, output) } else { self.shard.give(false, output) }
    }

    /// The days of the items that these reply to, and that are not among them.
    fn parents(&self, reader: &mut Reader, folder: &Folder, items: &[ItemEntry]) -> Result<HashMap<String, NaiveDate>> {
        if items.iter().all(|item| item.parent_id.is_none()) {
            return Ok(HashMap::new());
        }
        let here: HashSet<&str> = items.iter().map(|item| item.id.as_str()).collect();
        let parents = items.iter().filter_map(|item| item.parent_id.as_deref());
        let mut elsewhere: Vec<&str> = parents.filter(|parent| !here.contains(parent)).collect();
        elsewhere.sort_unstable();
        elsewhere.dedup();
        reader.days_of(folder.id, &elsewhere, self.zone)
    }

    /// The conversation, or what this part holds of it, has ended.
    pub(super) fn end(&mut self, output: &mut Output<'_>) -> Result<()> {
        self.rank += 1;
        self.table.give(true, output)
    }

    /// All conversations of the part have ended.
    pub(super) fn finish(&mut self, output: &mut Output<'_>) -> Result<()> {
        if !self.copies.html {
            return Ok(());
        }
        self.open_shard();
        self.close_shard(true, output)
    }

    fn open_shard(&mut self) {
        if !self.shard.is_open() {
            self.shards += 1;
            self.shard_bytes = 0;
            search::begin(self.shard.begin(paths::shard(self.part, self.shards)));
        }
    }

    fn close_shard(&mut self, last: bool, output: &mut Output<'_>) -> Result<()> {
        search::end(&mut self.shard.text, last);
        self.shard.give(true, output)
    }
}

/// Bytes of an item in a shard, as the plan reckons them.
fn bytes_in_shard(item: &ItemEntry) -> u64 {
    let length = |text: &Option<String>| text.as_ref().map_or(0, |text| text.len() as u64);
    let edits = item.edits().iter().map(|edit| length(&edit.text_before) + length(&edit.title_before) + SHARD_RECORD);
    length(&item.text) + length(&item.title) + SHARD_RECORD + edits.sum::<u64>()
}

impl Folder {
    /// As reading copies name it.
    fn chat(&self, rank: u64) -> Chat<'_> {
        Chat { id: self.id, name: self.name(), folder: &self.path, rank }
    }
}

/// The folders and files that the first part has for all.
pub(super) fn shared(copies: Copies, output: &mut Output<'_>) -> Result<()> {
    if copies.html {
        for folder in [paths::FOLDER, paths::SEARCH_FOLDER] {
            output.directory(folder)?;
        }
        for (path, text) in [assets::STYLE, assets::SCRIPT] {
            output.text(path, Place::WHOLE, text.as_bytes())?;
        }
    }
    if copies.csv { output.directory(paths::SPREADSHEETS) } else { Ok(()) }
}
