//! What part 1 lists of all conversations: the index and its further pages, the pages of days, and the names for the search.
//!
//! Conversations come one by one, with their counts. Most of what is listed of them can be given at once; the rows of the
//! index wait in files until all are counted.

use std::io::{BufReader, Read};
use std::path::Path;

use super::index::{self, Index, List};
use super::{paths, search};
use crate::archive::formats::{ExportInfo, Growing, ListCopy, ListedConversation, Sink};
use crate::archive::manifest::{FormatInfo, FormatValue, Totals};
use crate::archive::{ChunkPosition, Spool};
use crate::error::{Context, Result};

/// The pages that list.
pub(super) struct Lists<'a> {
    whole: ExportInfo<'a>,
    days: u64,
    /// Pages of days and names, one file of each at a time.
    page: Growing,
    names: Growing,
    names_shards: u32,
    rows: [Rows; List::ALL.len()],
}

/// The rows of a list, and where each of its pages begins.
struct Rows {
    spool: Spool,
    bytes: u64,
    pages: Vec<u64>,
}

impl Rows {
    fn create(folder: &Path) -> Result<Self> {
        Ok(Self { spool: Spool::create(folder)?, bytes: 0, pages: Vec::new() })
    }

    /// Whether the next row stands on a further page.
    fn further(&self) -> bool {
        self.spool.lines >= paths::ROWS_PER_PAGE
    }

    fn add(&mut self, text: &[u8]) -> Result<()> {
        if self.spool.lines.is_multiple_of(paths::ROWS_PER_PAGE) {
            self.pages.push(self.bytes);
        }
        self.bytes += text.len() as u64;
        self.spool.add(text)
    }

    /// The rows, to be read page by page.
    fn read(self) -> Result<RowReader> {
        let (length, mut pages) = (self.spool.lines, self.pages);
        pages.push(self.bytes);
        Ok(RowReader { reader: self.spool.reader()?, length, pages, next: 0 })
    }
}

struct RowReader {
    reader: BufReader<std::fs::File>,
    length: u64,
    pages: Vec<u64>,
    next: usize,
}

impl RowReader {
    /// Adds the rows of the next page; returns whether there was one.
    fn page(&mut self, text: &mut Vec<u8>) -> Result<bool> {
        let (Some(begin), Some(end)) = (self.pages.get(self.next), self.pages.get(self.next + 1)) else {
            return Ok(false);
        };
        self.next += 1;
        let doing = || "reading back the lists".to_owned();
        (&mut self.reader).take(end - begin).read_to_end(text).context(doing)?;
        Ok(true)
    }

    fn has_more(&self) -> bool {
        self.next + 1 < self.pages.len()
    }
}

impl<'a> Lists<'a> {
    pub(super) fn create(whole: ExportInfo<'a>) -> Result<Self> {
        let rows = || Rows::create(whole.folder);
        let (page, names) = (Growing::default(), Growing::default());
        Ok(Self { whole, days: 0, page, names, names_shards: 0, rows: [rows()?, rows()?, rows()?] })
    }

    fn end_page(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if self.page.is_open() {
            index::end_days(&mut self.page.text);
        }
        self.page.give(true, sink)
    }

    fn open_names(&mut self) {
        if !self.names.is_open() {
            self.names_shards += 1;
            search::begin_names(self.names.begin(paths::names_shard(self.names_shards)));
        }
    }

    fn close_names(&mut self, last: bool, sink: &mut dyn Sink) -> Result<()> {
        search::end(&mut self.names.text, last);
        self.names.give(true, sink)
    }
}

impl ListCopy for Lists<'_> {
    fn add(&mut self, listed: &ListedConversation<'_>, sink: &mut dyn Sink) -> Result<()> {
        let ListedConversation { chat, entry, days, .. } = listed;
        self.days += days.len() as u64;
        if chat.rank.is_multiple_of(paths::CHATS_PER_PAGE) {
            self.end_page(sink)?;
            index::begin_days(self.page.begin(paths::days_page(chat.rank)), self.whole.header);
        }
        index::days(&mut self.page.text, listed, self.whole.zone, self.whole.formats);
        self.page.give(false, sink)?;

        self.open_names();
        let mut people: Vec<&str> = entry.members.iter().map(|member| member.person.name.as_str()).collect();
        people.dedup();
        search::names(&mut self.names.text, chat, entry.counts.item_count, people.into_iter());
        if self.names.text.len() as u64 >= search::SHARD {
            self.close_names(false, sink)?;
        }

        let list = List::of(entry.kind, entry.counts.item_count);
        let index = List::ALL.iter().position(|other| *other == list).unwrap_or_default();
        if let Some(rows) = self.rows.get_mut(index) {
            let mut text = Vec::new();
            index::row(&mut text, rows.further(), listed);
            rows.add(&text)?;
        }
        Ok(())
    }

    fn end(mut self: Box<Self>, totals: Totals, sink: &mut dyn Sink) -> Result<FormatInfo> {
        self.end_page(sink)?;
        self.open_names();
        self.close_names(true, sink)?;
        let said =
            FormatInfo::from_iter([("index", FormatValue::from(paths::INDEX)), ("days", FormatValue::from(self.days))]);
        let ExportInfo { header, zone, parts, formats, .. } = self.whole;
        // The first of several parts holds no texts.
        let parts = if parts == 1 { (1, 1) } else { (2, parts) };
        give_index(&Index { header, zone, totals, parts, formats }, self.rows, sink)?;
        Ok(said)
    }
}

fn give_index(index: &Index<'_>, rows: [Rows; List::ALL.len()], sink: &mut dyn Sink) -> Result<()> {
    let mut text = Vec::new();
    index.begin(&mut text);
    let mut readers = Vec::new();
    for (list, rows) in List::ALL.into_iter().zip(rows) {
        let mut reader = rows.read()?;
        Index::begin_list(&mut text, list, reader.length);
        reader.page(&mut text)?;
        Index::end_list(&mut text, list, 1, reader.length);
        readers.push((list, reader));
    }
    Index::end(&mut text);
    sink.text(paths::INDEX, ChunkPosition::WHOLE, &text)?;
    for (list, mut reader) in readers {
        let mut number = 1;
        while reader.has_more() {
            number += 1;
            let mut text = Vec::new();
            index.begin_page(&mut text, list, number);
            reader.page(&mut text)?;
            Index::end_list(&mut text, list, number, reader.length);
            Index::end(&mut text);
            sink.text(&paths::list_page(list.name(), number), ChunkPosition::WHOLE, &text)?;
        }
    }
    Ok(())
}
