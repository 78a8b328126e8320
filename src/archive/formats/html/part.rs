//! The pages of the days of a part, and the shards of the search with their texts.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::day::Day;
use super::paths;
use super::search::{self, RECORD, SHARD};
use crate::archive::formats::{Chunk, FindDays, Growing, Part, PartCopy, Sink};
use crate::archive::records::ItemEntry;
use crate::error::Result;

/// The pages of a part.
pub(super) struct Pages {
    part: Part,
    /// The present shard, its number, and how full it is.
    shard: Growing,
    shards: u32,
    shard_bytes: u64,
    page: Vec<u8>,
}

impl Pages {
    pub(super) fn new(part: Part) -> Self {
        Self { part, shard: Growing::default(), shards: 0, shard_bytes: 0, page: Vec::new() }
    }

    fn open_shard(&mut self) {
        if !self.shard.is_open() {
            self.shards += 1;
            self.shard_bytes = 0;
            search::begin(self.shard.begin(paths::shard(self.part.number, self.shards)));
        }
    }

    fn close_shard(&mut self, last: bool, sink: &mut dyn Sink) -> Result<()> {
        search::end(&mut self.shard.text, last);
        self.shard.give(true, sink)
    }
}

impl PartCopy for Pages {
    fn items(&mut self, chunk: &Chunk<'_>, find_days: &mut FindDays<'_>, sink: &mut dyn Sink) -> Result<()> {
        let Chunk { chat, day, previous, next, place, items, .. } = *chunk;
        let parents = parents(items, find_days)?;
        let page = Day { chat, day, zone: self.part.zone, previous, next };
        self.page.clear();
        if place.first {
            page.begin(&mut self.page);
        }
        page.items(&mut self.page, items, &parents);
        if place.last {
            page.end(&mut self.page);
        }
        sink.aside(&paths::day_page(chat.folder, day), place, &self.page)?;
        self.open_shard();
        search::items(&mut self.shard.text, &chat, day, self.part.zone, items);
        self.shard_bytes += items.iter().map(bytes_in_shard).sum::<u64>();
        if self.shard_bytes >= SHARD { self.close_shard(false, sink) } else { self.shard.give(false, sink) }
    }

    fn finish(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.open_shard();
        self.close_shard(true, sink)
    }
}

/// The days of the items that these reply to, and that are not among them.
fn parents(items: &[ItemEntry], find_days: &mut FindDays<'_>) -> Result<HashMap<String, NaiveDate>> {
    if items.iter().all(|item| item.parent_id.is_none()) {
        return Ok(HashMap::new());
    }
    let here: HashSet<&str> = items.iter().map(|item| item.id.as_str()).collect();
    let parents = items.iter().filter_map(|item| item.parent_id.as_deref());
    let mut elsewhere: Vec<&str> = parents.filter(|parent| !here.contains(parent)).collect();
    elsewhere.sort_unstable();
    elsewhere.dedup();
    find_days(&elsewhere)
}

/// Bytes of an item in a shard, as the plan reckons them.
fn bytes_in_shard(item: &ItemEntry) -> u64 {
    let length = |text: &Option<String>| text.as_ref().map_or(0, |text| text.len() as u64);
    let edits = item.edits().iter().map(|edit| length(&edit.text_before) + length(&edit.title_before) + RECORD);
    length(&item.text) + length(&item.title) + RECORD + edits.sum::<u64>()
}
