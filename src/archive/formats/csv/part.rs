//! The spreadsheets of the conversations of a part.

use super::{spreadsheet, table};
use crate::archive::formats::{Chunk, FindDays, Growing, Part, PartCopy, Sink};
use crate::error::Result;

/// The spreadsheets of a part, one after the other.
pub(super) struct Tables {
    part: Part,
    table: Growing,
}

impl Tables {
    pub(super) fn new(part: Part) -> Self {
        Self { part, table: Growing::default() }
    }
}

impl PartCopy for Tables {
    fn items(&mut self, chunk: &Chunk<'_>, _: &mut FindDays<'_>, sink: &mut dyn Sink) -> Result<()> {
        if !self.table.is_open() {
            // Named after a day that has items, as they were found: part 1 will count those.
            let from = (!chunk.begins).then_some(chunk.day);
            table::begin(self.table.begin(spreadsheet(chunk.chat.folder, from)), self.part.zone);
        }
        table::items(&mut self.table.text, self.part.zone, chunk.items);
        self.table.give(false, sink)
    }

    fn end(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.table.give(true, sink)
    }
}
