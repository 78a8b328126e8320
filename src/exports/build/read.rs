//! Reads what a part holds, in the order of the archive, and renders it: the first thread of the pipeline. Records become
//! text in the thread that read them, so that what goes from thread to thread is a few large buffers that are used again,
//! and not a million small texts.
//!
//! Part 1 also gets the lists and the manifest, which need the counts of all parts: its own as they were read, and those
//! of the others, which have been built before.

use std::path::Path;

use chrono::NaiveDate;

use super::ahead::Ahead;
use super::copies::{CopiedLists, Copyist, Entry, Rendered};
use super::output::Output;
use super::reconciliation::{self, Sums, Tick};
use super::records::{self, Folder, People};
use super::yielding::Yield;
use crate::archive::formats::{Format, Part, Sink};
use crate::archive::manifest::{
    FORMAT_VERSION, FolderCount, Header, Manifest, PartInfo, PartManifest, Program, Totals,
};
use crate::archive::records::{Counts, ItemEntry};
use crate::archive::{ChunkPosition, Spool, names, render};
use crate::days::{self, DayFinder};
use crate::error::{Error, Result};
use crate::exports::contents::{ConversationWithPeople, ItemAsOfCut, Reader};
use crate::exports::queue::PartJob;
use crate::exports::rows::part_jobs::Built;
use crate::exports::rules::slices::{DayCount, Portion, Slice};
use crate::exports::rules::summary::ItemCounts;
use crate::model::{ConversationId, ExportRequest};
use crate::numbers;

/// The other parts' share in part 1.
pub(super) struct Others<'a> {
    /// About each other part, in order; empty for any part but part 1.
    pub(super) built: Vec<Built>,
    /// What was written into a part.
    pub(super) counts: &'a (dyn Fn(i32) -> Result<Slice> + Sync),
}

/// What is to be read.
#[derive(Clone, Copy)]
pub(super) struct PartSource<'a> {
    pub(super) request: &'a ExportRequest,
    /// Those that it asks for beside the JSON.
    pub(super) formats: &'a [&'static dyn Format],
    pub(super) header: &'a Header,
    pub(super) job: &'a PartJob,
    pub(super) others: &'a Others<'a>,
    /// For temporary files.
    pub(super) folder: &'a Path,
}

impl PartSource<'_> {
    /// Reads everything; gives what was read, added up.
    pub(super) fn read(&self, reader: &mut Reader, output: &mut Output<'_>) -> Result<Sums> {
        let mut read = Read {
            sums: Sums::default(),
            conversation: Slice::default(),
            finder: DayFinder::new(self.request.time_zone),
            people: People::default(),
            turns: Yield::default(),
            ahead: Ahead::default(),
            copyist: self.copyist(reader)?,
        };
        if self.job.number == 1 {
            for folder in ["", names::LISTS[0].0, names::LISTS[1].0, names::PEOPLE_CHATS, names::TEAM_CHATS] {
                output.directory(folder)?;
            }
            self.formats.iter().try_for_each(|format| format.shared(output))?;
            let lists = Lists::create(self)?;
            if self.job.count == 1 {
                self.whole(reader, output, &mut read, lists)?;
            } else {
                self.index(reader, output, lists)?;
            }
        } else {
            self.part_manifest(output)?;
            let range = (self.job.plan.first(), self.job.plan.last());
            let (Some(first), Some(last)) = range else { return Ok(read.sums) };
            let mut next = 0;
            conversations(reader, (first.conversation - 1, last.conversation), |reader, listed| {
                planned(self.job.plan.portion(next), &listed)?;
                self.conversation(reader, output, &mut read, next, &Folder::of(&listed))?;
                next += 1;
                Ok(())
            })?;
            if let Some(portion) = self.job.plan.portion(next) {
                return Err(missing(portion.conversation));
            }
            read.end_copies(output)?;
        }
        output.finish()?;
        Ok(read.sums)
    }

    /// Copies what this part holds for reading, if that was asked for. The first of several holds nothing.
    fn copyist(&self, reader: &mut Reader) -> Result<Option<Copyist>> {
        let first = self.job.plan.first().filter(|_| !self.formats.is_empty());
        let rank = first.map_or(Ok(0), |portion| reader.rank(portion.conversation))?;
        Ok(Copyist::new(self.formats, Part { number: self.job.number, zone: self.request.time_zone }, rank))
    }

    /// What a part other than the first says of itself.
    fn part_manifest(&self, output: &mut Output<'_>) -> Result<()> {
        let number = numbers::exact(self.job.number)?;
        let (program, header) = (Program::this(), self.header.clone());
        let about = PartManifest { format_version: FORMAT_VERSION, program, header, part: number };
        let mut text = Vec::new();
        render::object(&mut text, &about)?;
        output.text(&names::manifest_file(number), ChunkPosition::WHOLE, &text)
    }

    /// The only part: conversations, lists and manifest.
    fn whole(&self, reader: &mut Reader, output: &mut Output<'_>, read: &mut Read, mut lists: Lists<'_>) -> Result<()> {
        let mut next = 0;
        conversations(reader, ALL, |reader, listed| {
            planned(self.job.plan.portion(next), &listed)?;
            let folder = Folder::of(&listed);
            self.conversation(reader, output, read, next, &folder)?;
            next += 1;
            let days = read.conversation.days();
            let portions: &[_] = if days.is_empty() { &[] } else { &[None] };
            lists.add(&Counted { listed: &listed, folder: &folder, days, portions }, output)
        })?;
        if let Some(portion) = self.job.plan.portion(next) {
            return Err(missing(portion.conversation));
        }
        read.end_copies(output)?;
        self.end(output, lists)
    }

    /// The first of several parts, when all others are built: lists and manifest.
    fn index(&self, reader: &mut Reader, output: &mut Output<'_>, mut lists: Lists<'_>) -> Result<()> {
        let mut found =
            Portions { others: self.others, last: self.job.count, part: 1, slice: Slice::default(), next: 0 };
        conversations(reader, ALL, |_, listed| {
            output.heartbeat.check()?;
            let mut days = planned(found.current()?, &listed)?.days.to_vec();
            let mut portions = Vec::new();
            if !days.is_empty() {
                portions.push(None);
            }
            found.next += 1;
            // What went on in the next part, or in several.
            while let Some(portion) = found.current()?.filter(|more| more.conversation == listed.conversation.id) {
                days.extend(portion.days);
                portions.extend(portion.days.first().map(|count| Some(count.day)));
                found.next += 1;
            }
            let folder = &Folder::of(&listed);
            lists.add(&Counted { listed: &listed, folder, days: &days, portions: &portions }, output)
        })?;
        match found.current()? {
            Some(portion) => Err(missing(portion.conversation)),
            None => self.end(output, lists),
        }
    }

    /// A conversation's folder and the days that are this part's, given its place in the plan.
    fn conversation(
        &self,
        reader: &mut Reader,
        output: &mut Output<'_>,
        read: &mut Read,
        place: usize,
        folder: &Folder,
    ) -> Result<()> {
        let plan = &self.job.plan;
        let Some(portion) = plan.portion(place) else { return Err(missing(folder.id)) };
        read.conversation.clear();
        if portion.begins {
            let tick = Tick::Folder(portion.conversation);
            read.count(tick);
            output.batch.ticks.extend([tick, Tick::Kinds(folder.counts(ItemCounts::default()))]);
            output.directory(&folder.path)?;
        }
        if let Some(copyist) = &mut read.copyist {
            copyist.begin(folder, portion.begins, output)?;
        }
        let (Some(first), Some(last)) = (portion.days.first(), portion.days.last()) else {
            return read.end_copy(output);
        };
        let within = days::instants_of_days(first.day, last.day, self.request.time_zone);
        let (mut position, mut file) = (None, None::<DayFile<'_>>);
        let mut small = read.ahead.items(reader, plan, place, self.request.time_zone)?;
        loop {
            let (items, next) = match small.take() {
                Some(items) => (items, None),
                None => reader.items(portion.conversation, &within, position)?,
            };
            for item in items {
                let day = read.finder.of(item.created_at);
                if let Some(before) = file.take_if(|file| file.day != day) {
                    before.end(Some(day), reader, output, read)?;
                }
                let file = file.get_or_insert_with(|| DayFile::begin(folder, day, read.copyist.is_some(), output));
                if output.batch.bundle.open_bytes() >= render::CHUNK {
                    file.cut(reader, output, read)?;
                }
                output.make_room()?;
                file.item(item, output, &mut read.people)?;
                read.turns.yield_if_due();
            }
            position = next;
            if position.is_none() {
                file.map_or(Ok(()), |file| file.end(None, reader, output, read))?;
                return read.end_copy(output);
            }
        }
    }

    /// The lists and the manifest.
    fn end(&self, output: &mut Output<'_>, lists: Lists<'_>) -> Result<()> {
        let Lists { people, teams, counts, mut totals, copied, .. } = lists;
        for ((folder, file), list) in names::LISTS.into_iter().zip([people, teams]) {
            totals.conversations += list.lines;
            let (mut begin, mut end) = (Vec::new(), Vec::new());
            render::begin(&mut begin);
            render::end(&mut end, list.lines == 0);
            output.spooled(&format!("{folder}/{file}"), begin, list, end)?;
        }
        let copies = match copied {
            Some(copied) => Some(copied.end(totals, output)?),
            None => None,
        };
        let top = records::top_folder(self.header);
        let about = |number: i32, items: u64| -> Result<PartInfo> {
            Ok(PartInfo {
                number: numbers::exact(number)?,
                file: records::part_file(&top, number, self.job.count),
                sums: records::sums_file(number),
                items,
                size: None,
                sha256: None,
            })
        };
        let mut parts = vec![about(1, if self.job.count == 1 { totals.items } else { 0 })?];
        for other in &self.others.built {
            let (size, sha256) = (Some(numbers::exact(other.size)?), Some(other.sha256.clone()));
            parts.push(PartInfo { size, sha256, ..about(other.number, numbers::exact(other.items)?)? });
        }
        let manifest = Manifest {
            format_version: FORMAT_VERSION,
            program: Program::this(),
            header: self.header.clone(),
            part: 1,
            totals,
            parts,
            copies,
            counts: Vec::new(),
        };
        let (mut begin, mut end) = (Vec::new(), Vec::new());
        render::manifest_begin(&mut begin, &manifest)?;
        render::manifest_end(&mut end, counts.lines == 0);
        output.spooled(&names::manifest_file(1), begin, counts, end)
    }
}

/// What all parts but the first hold, in the order of the archive; one part of it in memory.
struct Portions<'a> {
    others: &'a Others<'a>,
    /// Number of the last part.
    last: i32,
    /// The part that is in memory, and which portion of it is the current one.
    part: i32,
    slice: Slice,
    next: usize,
}

impl Portions<'_> {
    /// The current portion; none after the last.
    fn current(&mut self) -> Result<Option<Portion<'_>>> {
        while self.slice.portion(self.next).is_none() && self.part < self.last {
            self.part += 1;
            (self.slice, self.next) = ((self.others.counts)(self.part)?, 0);
        }
        Ok(self.slice.portion(self.next))
    }
}

/// Every conversation.
const ALL: (ConversationId, ConversationId) = (ConversationId::MIN, ConversationId::MAX);

/// Gives every conversation after `after` and up to `last`, in order.
fn conversations(
    reader: &mut Reader,
    (mut after, last): (ConversationId, ConversationId),
    mut take: impl FnMut(&mut Reader, ConversationWithPeople) -> Result<()>,
) -> Result<()> {
    loop {
        let page = reader.conversations(after, last)?;
        let Some(listed) = page.last() else { return Ok(()) };
        after = listed.conversation.id;
        for listed in page {
            take(reader, listed)?;
        }
    }
}

/// What was planned of a conversation, which is the next that was found. Both come by number: one that was passed over is
/// gone.
fn planned<'a>(portion: Option<Portion<'a>>, found: &ConversationWithPeople) -> Result<Portion<'a>> {
    match portion {
        Some(portion) if portion.conversation == found.conversation.id => Ok(portion),
        Some(portion) if portion.conversation < found.conversation.id => Err(missing(portion.conversation)),
        _ => Err(reconciliation::differs(&format!("{} was not planned", Folder::of(found).path), "it was found")),
    }
}

fn missing(id: ConversationId) -> Error {
    reconciliation::differs(&format!("conversation {id} was planned"), "it was not found")
}

/// What has been read, and what helps with reading on.
struct Read {
    sums: Sums,
    /// The present conversation.
    conversation: Slice,
    finder: DayFinder,
    people: People,
    turns: Yield,
    ahead: Ahead,
    /// If formats beside the JSON are asked for.
    copyist: Option<Copyist>,
}

impl Read {
    fn count(&mut self, tick: Tick) {
        self.sums.count(tick);
        reconciliation::count(&mut self.conversation, tick);
    }

    /// A conversation has ended.
    fn end_copy(&mut self, output: &mut Output<'_>) -> Result<()> {
        self.copyist.as_mut().map_or(Ok(()), |copyist| copyist.end(output))
    }

    /// All of them have.
    fn end_copies(&mut self, output: &mut Output<'_>) -> Result<()> {
        self.copyist.as_mut().map_or(Ok(()), |copyist| copyist.finish(output))
    }
}

/// A day file that is being rendered: the chunk of it that is in the present batch.
struct DayFile<'a> {
    folder: &'a Folder,
    day: NaiveDate,
    /// Nothing of it has been handed on yet.
    first: bool,
    items: u32,
    deleted: u32,
    kinds: ItemCounts,
    /// What other formats are made of, if they are asked for.
    records: Option<Vec<ItemEntry>>,
}

/// What ends where a chunk is handed on.
enum Ending {
    /// Only the chunk: more of the day follows.
    Chunk,
    /// The day. The next day with items, if that is known.
    Day { next: Option<NaiveDate> },
}

impl<'a> DayFile<'a> {
    fn begin(folder: &'a Folder, day: NaiveDate, copied: bool, output: &mut Output<'_>) -> Self {
        let (kinds, records) = (ItemCounts::default(), copied.then(Vec::new));
        let file = Self { folder, day, first: true, items: 0, deleted: 0, kinds, records };
        file.open(output);
        render::begin(output.batch.bundle.text());
        file
    }

    fn open(&self, output: &mut Output<'_>) {
        output.batch.bundle.begin(format_args!("{}/{}.json", self.folder.path, self.day));
    }

    fn item(&mut self, item: ItemAsOfCut, output: &mut Output<'_>, people: &mut People) -> Result<()> {
        let record = records::item(self.folder, item, people);
        render::record(output.batch.bundle.text(), self.first && self.items == 0, &record)?;
        self.items += 1;
        self.deleted += u32::from(record.deleted.is_some());
        self.kinds.item(record.kind(), record.deleted.is_some());
        if let Some(records) = &mut self.records {
            records.push(record);
        }
        Ok(())
    }

    /// Hands on what is there of a file that is too long to be held at once.
    fn cut(&mut self, reader: &mut Reader, output: &mut Output<'_>, read: &mut Read) -> Result<()> {
        self.close(Ending::Chunk, reader, output, read)?;
        (self.first, self.items, self.deleted, self.kinds) = (false, 0, 0, ItemCounts::default());
        self.open(output);
        Ok(())
    }

    /// `next` is the next day with items, if that is known.
    fn end(
        mut self,
        next: Option<NaiveDate>,
        reader: &mut Reader,
        output: &mut Output<'_>,
        read: &mut Read,
    ) -> Result<()> {
        render::end(output.batch.bundle.text(), false);
        self.close(Ending::Day { next }, reader, output, read)
    }

    fn close(&mut self, ending: Ending, reader: &mut Reader, output: &mut Output<'_>, read: &mut Read) -> Result<()> {
        let (last, next) = match ending {
            Ending::Chunk => (false, None),
            Ending::Day { next } => (true, next),
        };
        let place = ChunkPosition { first: self.first, last };
        output.batch.bundle.end(place);
        let tick = Tick::Items(self.folder.id, self.day, self.items, self.deleted);
        read.count(tick);
        output.batch.ticks.extend([tick, Tick::Kinds(self.folder.counts(self.kinds))]);
        output.batch.items += i64::from(self.items);
        if let (Some(copyist), Some(records)) = (&mut read.copyist, &mut self.records) {
            let rendered = Rendered { folder: self.folder, day: self.day, place, next, items: records };
            copyist.items(&rendered, reader, output)?;
            records.clear();
        }
        output.next()
    }
}

/// The lines of both lists, and the manifest's counts.
struct Lists<'a> {
    people: Spool,
    teams: Spool,
    counts: Spool,
    totals: Totals,
    line: Vec<u8>,
    /// For the formats beside the JSON, if there are any.
    copied: Option<CopiedLists<'a>>,
}

/// A conversation, as it has been read or built.
struct Counted<'a> {
    listed: &'a ConversationWithPeople,
    folder: &'a Folder,
    days: &'a [DayCount],
    /// The first days of what each part holds of it; none for the part in which it begins.
    portions: &'a [Option<NaiveDate>],
}

impl<'a> Lists<'a> {
    fn create(source: &PartSource<'a>) -> Result<Self> {
        let spool = || Spool::create(source.folder);
        let (totals, line) = (Totals::default(), Vec::new());
        let copied = CopiedLists::create(source)?;
        Ok(Self { people: spool()?, teams: spool()?, counts: spool()?, totals, line, copied })
    }

    /// The next conversation.
    fn add(&mut self, counted: &Counted<'_>, output: &mut Output<'_>) -> Result<()> {
        let Counted { listed, folder, days, portions } = *counted;
        let sum = |number: fn(&DayCount) -> u32| days.iter().map(|day| u64::from(number(day))).sum();
        let counts =
            Counts { item_count: sum(|day| day.items), deleted_count: sum(|day| day.deleted), days: days.len() as u64 };
        self.totals.items += counts.item_count;
        self.totals.deleted += counts.deleted_count;
        let list = if listed.conversation.kind.is_people() { &mut self.people } else { &mut self.teams };
        self.line.clear();
        let entry = records::conversation(listed, folder, counts);
        render::record(&mut self.line, list.lines == 0, &entry)?;
        list.add(&self.line)?;
        if days.is_empty() && self.copied.is_none() {
            return Ok(());
        }
        let days: Vec<_> = days.iter().map(records::day_count).collect();
        if let Some(copied) = &mut self.copied {
            copied.add(&Entry { folder, entry: &entry, days: &days, portions }, output)?;
        }
        if days.is_empty() {
            return Ok(());
        }
        self.line.clear();
        let count = FolderCount { folder: folder.path.clone(), days };
        render::manifest_count(&mut self.line, self.counts.lines == 0, &count)?;
        self.counts.add(&self.line)
    }
}
