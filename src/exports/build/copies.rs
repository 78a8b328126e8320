//! The formats beside the JSON, for exports that ask for them; others pass by here at no cost.
//!
//! They are made where the JSON is, by the reader, from the same records: [`Copyist`] hands the items of a part to each format,
//! [`CopiedLists`] what part 1 lists of all. What their files say and which there are, is decided by `archive::formats`.

use chrono::NaiveDate;

use super::output::Output;
use super::read::PartSource;
use super::records::Folder;
use crate::archive::ChunkPosition;
use crate::archive::formats::{Chat, Chunk, ExportInfo, Format, ListCopy, ListedConversation, Part, PartCopy};
use crate::archive::manifest::{Copied, DayCount, Totals};
use crate::archive::records::{ConversationEntry, ItemEntry};
use crate::error::Result;
use crate::exports::contents::Reader;

/// Copies the items of one part.
pub(super) struct Copyist {
    copies: Vec<Box<dyn PartCopy>>,
    part: Part,
    /// How many conversations come before the present one.
    rank: u64,
    /// The present conversation begins in this part.
    begins: bool,
    /// Its day before the present one, in this part.
    previous: Option<NaiveDate>,
    day: Option<NaiveDate>,
}

/// What has been rendered of a day: all, or a chunk.
pub(super) struct Rendered<'a> {
    pub(super) folder: &'a Folder,
    pub(super) day: NaiveDate,
    pub(super) place: ChunkPosition,
    /// The next day with items, once it is known.
    pub(super) next: Option<NaiveDate>,
    pub(super) items: &'a [ItemEntry],
}

impl Copyist {
    /// None, if there are no formats beside the JSON. `rank` is how many conversations come before the first of this part.
    pub(super) fn new(formats: &[&'static dyn Format], part: Part, rank: u64) -> Option<Self> {
        let copies: Vec<_> = formats.iter().map(|format| format.part(part)).collect();
        (!copies.is_empty()).then_some(Self { copies, part, rank, begins: false, previous: None, day: None })
    }

    /// The next conversation, or what this part holds of it.
    pub(super) fn begin(&mut self, folder: &Folder, begins: bool, output: &mut Output<'_>) -> Result<()> {
        (self.begins, self.previous, self.day) = (begins, None, None);
        let chat = folder.chat(self.rank);
        self.copies.iter_mut().try_for_each(|copy| copy.begin(&chat, output))
    }

    /// Items of a day.
    pub(super) fn items(
        &mut self,
        rendered: &Rendered<'_>,
        reader: &mut Reader,
        output: &mut Output<'_>,
    ) -> Result<()> {
        let Rendered { folder, day, place, next, items } = *rendered;
        if self.day != Some(day) {
            self.previous = self.day.replace(day);
        }
        let (chat, begins, previous) = (folder.chat(self.rank), self.begins, self.previous);
        let chunk = Chunk { chat, begins, day, previous, next, place, items };
        let zone = self.part.zone;
        let mut find_days = |ids: &[&str]| reader.days_of(folder.id, ids, zone);
        self.copies.iter_mut().try_for_each(|copy| copy.items(&chunk, &mut find_days, output))
    }

    /// The conversation, or what this part holds of it, has ended.
    pub(super) fn end(&mut self, output: &mut Output<'_>) -> Result<()> {
        self.rank += 1;
        self.copies.iter_mut().try_for_each(|copy| copy.end(output))
    }

    /// All conversations of the part have ended.
    pub(super) fn finish(&mut self, output: &mut Output<'_>) -> Result<()> {
        self.copies.iter_mut().try_for_each(|copy| copy.finish(output))
    }
}

/// What part 1 lists of all conversations, in each format.
pub(super) struct CopiedLists<'a> {
    copies: Vec<(&'static str, Box<dyn ListCopy + 'a>)>,
    /// How many conversations have come.
    rank: u64,
}

/// A conversation for the lists.
pub(super) struct Entry<'a> {
    pub(super) folder: &'a Folder,
    pub(super) entry: &'a ConversationEntry,
    pub(super) days: &'a [DayCount],
    /// The first days of what each part holds of it; none for the part in which it begins.
    pub(super) portions: &'a [Option<NaiveDate>],
}

impl<'a> CopiedLists<'a> {
    /// None, if there are no formats beside the JSON.
    pub(super) fn create(source: &PartSource<'a>) -> Result<Option<Self>> {
        let PartSource { formats, header, request, job, folder, .. } = *source;
        let whole = ExportInfo { header, zone: request.time_zone, parts: job.count, folder, formats };
        let copies = formats.iter().map(|format| Ok((format.about().key, format.lists(whole)?)));
        let copies = copies.collect::<Result<Vec<_>>>()?;
        Ok((!copies.is_empty()).then_some(Self { copies, rank: 0 }))
    }

    /// The next conversation.
    pub(super) fn add(&mut self, conversation: &Entry<'_>, output: &mut Output<'_>) -> Result<()> {
        let Entry { folder, entry, days, portions } = *conversation;
        let listed = ListedConversation { chat: folder.chat(self.rank), entry, days, portions };
        self.rank += 1;
        self.copies.iter_mut().try_for_each(|(_, copy)| copy.add(&listed, output))
    }

    /// All conversations have come: gives the rest, and what the manifest says of the formats.
    pub(super) fn end(self, totals: Totals, output: &mut Output<'_>) -> Result<Copied> {
        let mut said = Vec::with_capacity(self.copies.len());
        // The first format comes last: its index closes the archive.
        for (key, copy) in self.copies.into_iter().rev() {
            said.push((key, copy.end(totals, output)?));
        }
        Ok(said.into_iter().rev().collect())
    }
}

impl Folder {
    /// As formats name it.
    fn chat(&self, rank: u64) -> Chat<'_> {
        Chat { id: self.id, name: self.name(), folder: &self.path, rank }
    }
}
