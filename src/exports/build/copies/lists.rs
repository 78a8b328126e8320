//! What part 1 tells of all conversations in the reading copies: the index and its further pages, the pages of days, the
//! names for the search, and the table of all conversations.
//!
//! Conversations come one by one, with their counts. Most of what is told of them can be given at once; the rows of the
//! index wait in files until all are counted.

use std::io::{BufReader, Read};
use std::path::Path;

use super::Growing;
use crate::archive::Place;
use crate::archive::manifest::{Copied, DayCount, Header, Pages, Spreadsheets, Totals};
use crate::archive::reading::index::{self, Index, List};
use crate::archive::reading::{csv, paths, search};
use crate::archive::records::ConversationEntry;
use crate::error::{Context, Result};
use crate::exports::build::output::Output;
use crate::exports::build::records::Folder;
use crate::exports::build::spool::Spool;
use crate::model::ExportRequest;

/// The reading copies' share of the lists.
pub(in crate::exports::build) struct CopiedLists {
    request: ExportRequest,
    /// How many conversations have come.
    rank: u64,
    days: u64,
    spreadsheets: u64,
    /// Pages of days, names, and the table, one file of each at a time.
    page: Growing,
    names: Growing,
    names_shards: u32,
    table: Growing,
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
    /// Adds the rows of the next page; tells whether there was one.
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

impl CopiedLists {
    /// None, if no copies are asked for.
    pub(in crate::exports::build) fn create(request: &ExportRequest, folder: &Path) -> Result<Option<Self>> {
        if !request.copies.any() {
            return Ok(None);
        }
        let mut table = Growing::default();
        if request.copies.csv {
            csv::begin_conversations(table.begin(paths::CONVERSATIONS.to_owned()));
        }
        let rows = || Rows::create(folder);
        Ok(Some(Self {
            request: request.clone(),
            rank: 0,
            days: 0,
            spreadsheets: 0,
            page: Growing::default(),
            names: Growing::default(),
            names_shards: 0,
            table,
            rows: [rows()?, rows()?, rows()?],
        }))
    }

    /// The next conversation. `spreadsheets` are the first days of what each part holds of it; none for the part in which it
    /// begins.
    pub(in crate::exports::build) fn add(
        &mut self,
        header: &Header,
        folder: &Folder,
        entry: &ConversationEntry,
        days: &[DayCount],
        spreadsheets: &[Option<chrono::NaiveDate>],
        output: &mut Output<'_>,
    ) -> Result<()> {
        let chat = folder.chat(self.rank);
        self.rank += 1;
        let mut tables = Vec::new();
        if self.request.copies.csv {
            tables.extend(spreadsheets.iter().map(|from| paths::spreadsheet(&folder.path, *from)));
            self.spreadsheets += tables.len() as u64;
            csv::conversation(&mut self.table.text, chat.name, entry);
            self.table.give(false, output)?;
        }
        if !self.request.copies.html {
            return Ok(());
        }
        self.days += days.len() as u64;
        if chat.rank.is_multiple_of(paths::CHATS_PER_PAGE) {
            self.end_page(output)?;
            index::begin_days(self.page.begin(paths::days_page(chat.rank)), header);
        }
        index::days(&mut self.page.text, &chat, entry, self.request.time_zone, days, &tables);
        self.page.give(false, output)?;

        if !self.names.is_open() {
            self.names_shards += 1;
            search::begin_names(self.names.begin(paths::names_shard(self.names_shards)));
        }
        let mut people: Vec<&str> = entry.members.iter().map(|member| member.person.name.as_str()).collect();
        people.dedup();
        search::names(&mut self.names.text, &chat, entry.counts.item_count, people.into_iter());
        if self.names.text.len() >= search::SHARD {
            search::end(&mut self.names.text, false);
            self.names.give(true, output)?;
        }

        let list = List::of(entry.kind, entry.counts.item_count);
        let index = List::ALL.iter().position(|other| *other == list).unwrap_or_default();
        if let Some(rows) = self.rows.get_mut(index) {
            let mut text = Vec::new();
            index::row(&mut text, rows.further(), &chat, entry, days);
            rows.add(&text)?;
        }
        Ok(())
    }

    fn end_page(&mut self, output: &mut Output<'_>) -> Result<()> {
        if self.page.is_open() {
            index::end_days(&mut self.page.text);
        }
        self.page.give(true, output)
    }

    /// All conversations have come: gives the rest, and what the manifest says of the copies.
    pub(in crate::exports::build) fn end(
        mut self,
        header: &Header,
        totals: Totals,
        parts: i32,
        output: &mut Output<'_>,
    ) -> Result<Copied> {
        let mut copied = Copied::default();
        if self.request.copies.csv {
            self.table.give(true, output)?;
            copied.csv = Some(Spreadsheets {
                folder: paths::SPREADSHEETS.to_owned(),
                files: self.spreadsheets,
                conversations: paths::CONVERSATIONS.to_owned(),
            });
        }
        if self.request.copies.html {
            self.end_page(output)?;
            if !self.names.is_open() {
                self.names_shards += 1;
                search::begin_names(self.names.begin(paths::names_shard(self.names_shards)));
            }
            search::end(&mut self.names.text, true);
            self.names.give(true, output)?;
            copied.html = Some(Pages { index: paths::INDEX.to_owned(), days: self.days });
            let csv = self.request.copies.csv;
            // The first of several parts holds no texts.
            let parts = if parts == 1 { (1, 1) } else { (2, parts) };
            give_index(&Index { header, zone: self.request.time_zone, totals, parts, csv }, self.rows, output)?;
        }
        Ok(copied)
    }
}

fn give_index(index: &Index<'_>, rows: [Rows; List::ALL.len()], output: &mut Output<'_>) -> Result<()> {
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
    output.text(paths::INDEX, Place::WHOLE, &text)?;
    for (list, mut reader) in readers {
        let mut number = 1;
        while reader.has_more() {
            number += 1;
            let mut text = Vec::new();
            index.begin_page(&mut text, list, number);
            reader.page(&mut text)?;
            Index::end_list(&mut text, list, number, reader.length);
            Index::end(&mut text);
            output.text(&paths::list_page(list.name(), number), Place::WHOLE, &text)?;
        }
    }
    Ok(())
}
