//! Judges a finished archive by itself, as a reviewer's own tools would: sums, signature, format, counts, completeness.
//!
//! Streams: one line is in memory at a time, besides the names, sums and counts of the files. Input is not trusted.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::manifest::{FORMAT_VERSION, Manifest, PartManifest};
use super::names;
use super::reading::count::Tally;
use super::reading::verify::Copies;
use super::records::{ConversationEntry, Counts, Id, ItemEntry};
use super::sign::PublicKey;
use super::source::Source;
use crate::domain::rules::days;
use crate::error::{Error, Result};
use crate::keys::hex;
use crate::model::ItemKind;

/// The longest line and the largest manifest or sums file that are read.
const MAX_LINE: u64 = 64 << 20;
const MAX_FILE: u64 = 256 << 20;
/// More problems than this are only counted.
const MAX_PROBLEMS: usize = 1_000;

/// What was found. An archive without problems is complete and unchanged.
#[derive(Debug, Default)]
pub struct Report {
    /// Each names the file and what is wrong with it.
    pub problems: Vec<String>,
    /// Problems beyond those told.
    pub more_problems: u64,
    /// Whether signatures were checked: only if a key was given.
    pub signature_checked: bool,
    /// Files read and hashed.
    pub files: u64,
    /// Conversations listed.
    pub conversations: u64,
    /// Items read, deleted ones included.
    pub items: u64,
    /// Those of them that are marked deleted.
    pub deleted: u64,
}

impl Report {
    fn problem(&mut self, text: String) {
        if self.problems.len() < MAX_PROBLEMS { self.problems.push(text) } else { self.more_problems += 1 }
    }
}

/// Verifies the archive whose parts, zipped or unpacked, lie at `paths`. Without `key`, signatures are not checked.
///
/// # Errors
/// None for anything that is wrong with the archive: that is told in the report. [`crate::error::Kind::Invalid`] if
/// `paths` is empty.
pub fn verify(paths: &[PathBuf], key: Option<&PublicKey>) -> Result<Report> {
    if paths.is_empty() {
        return Err(Error::invalid("archive", "Name at least one archive to verify."));
    }
    let mut verifier = Verifier { key, ..Verifier::default() };
    verifier.report.signature_checked = key.is_some();
    for path in paths {
        verifier.open(path);
    }
    verifier.run();
    Ok(verifier.report)
}

#[derive(Default)]
struct Verifier<'a> {
    key: Option<&'a PublicKey>,
    sources: Vec<Source>,
    /// Every file of the tree and the source that it lies in.
    files: BTreeMap<String, usize>,
    /// What the sums files say.
    sums: BTreeMap<String, String>,
    manifest: Option<(Manifest, Tz)>,
    listed: HashMap<String, (Id, Counts)>,
    /// What each day file read holds.
    days: BTreeMap<(String, NaiveDate), Found>,
    /// What the reading copies hold.
    copies: Copies,
    report: Report,
}

/// What a day file holds.
#[derive(Default)]
struct Found {
    items: u64,
    deleted: u64,
    /// Its ids, for the copies.
    ids: Tally,
}

impl Verifier<'_> {
    fn open(&mut self, path: &std::path::Path) {
        let report = &mut self.report;
        match Source::open(path, &mut |problem| report.problem(problem)) {
            Ok((source, files)) => {
                let index = self.sources.len();
                self.sources.push(source);
                for file in files {
                    if self.files.insert(file.clone(), index).is_some() {
                        self.report.problem(format!("{file}: more than one part holds it"));
                    }
                }
            }
            Err(error) => {
                let cut = if path.is_file() { "damaged, cut short, or no zip at all: " } else { "" };
                self.report.problem(format!("{}: can't be opened: {cut}{}", path.display(), error.causes()));
            }
        }
    }

    fn run(&mut self) {
        if self.sources.is_empty() {
            return;
        }
        let is_sums = |name: &str| {
            name.strip_prefix("SHA256SUMS").is_some_and(|rest| {
                rest.is_empty() || rest.strip_prefix("-part-").is_some_and(|number| number.parse::<u32>().is_ok())
            })
        };
        let sums_files: Vec<_> = self.files.keys().filter(|name| is_sums(name)).cloned().collect();
        for name in &sums_files {
            self.read_sums(name);
        }
        self.read_manifest();
        let files: Vec<_> = self.files.keys().cloned().collect();
        // The lists come before the day files, which are compared with them.
        let (lists, others): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|name| names::LISTS.iter().any(|(folder, file)| *name == format!("{folder}/{file}")));
        for name in lists.into_iter().chain(others) {
            let bare = name.strip_suffix(".minisig").unwrap_or(&name);
            if !is_sums(bare) {
                self.check_file(&name);
            }
        }
        for name in std::mem::take(&mut self.sums).into_keys() {
            self.report.problem(format!("{name}: listed in the check sums, but missing"));
        }
        self.compare_counts();
    }

    fn read_sums(&mut self, name: &str) {
        let text = match self.text(name) {
            Ok(text) => text,
            Err(problem) => return self.report.problem(problem),
        };
        if let Some(key) = self.key {
            let signature = self.text(&format!("{name}.minisig"));
            if let Err(problem) = signature
                .and_then(|signature| key.verify(text.as_bytes(), &signature).map_err(|e| format!("{name}: {e}")))
            {
                self.report.problem(problem);
            }
        }
        // Part 1 vouches for the lists of the others.
        if let Some(sum) = self.sums.remove(name)
            && sum != hex(&Sha256::digest(&text))
        {
            self.report.problem(format!("{name}: changed: its check sum is wrong"));
        }
        for (number, line) in (1..).zip(text.lines()) {
            match line.split_once("  ") {
                Some((sum, file)) if sum.len() == 64 => {
                    if self.sums.insert(file.to_owned(), sum.to_owned()).is_some() {
                        self.report.problem(format!("{name}, line {number}: {file} is listed twice"));
                    }
                }
                _ => self.report.problem(format!("{name}, line {number}: not a check sum and a file name")),
            }
        }
    }

    fn read_manifest(&mut self) {
        let manifest = self.text("manifest.json").and_then(|text| {
            // The version first: other versions may have other fields.
            let value: serde_json::Value = serde_json::from_str(&text).map_err(|e| format!("manifest.json: {e}"))?;
            let version = value.get("formatVersion").and_then(serde_json::Value::as_u64);
            if version != Some(u64::from(FORMAT_VERSION)) {
                return Err(format!(
                    "manifest.json: its format version is not {FORMAT_VERSION}, which this program knows"
                ));
            }
            let manifest: Manifest = serde_json::from_value(value).map_err(|e| format!("manifest.json: {e}"))?;
            let zone = &manifest.header.request.time_zone;
            let zone = zone.parse::<Tz>().map_err(|_| format!("manifest.json: the time zone “{zone}” is unknown"))?;
            Ok((manifest, zone))
        });
        match manifest {
            Ok((manifest, zone)) => {
                for part in manifest.parts.iter().filter(|part| !self.files.contains_key(&part.sums)) {
                    self.report.problem(format!("{}: part {} is missing", part.file, part.number));
                }
                self.manifest = Some((manifest, zone));
            }
            Err(problem) => self.report.problem(problem),
        }
    }

    /// Reads a small file as a whole.
    fn text(&mut self, name: &str) -> Result<String, String> {
        let source = self.files.get(name).and_then(|index| self.sources.get_mut(*index));
        let source = source.ok_or_else(|| format!("{name}: missing"))?;
        let mut text = String::new();
        let reader = source.read(name).map_err(|e| format!("{name}: {}", e.causes()))?;
        reader.take(MAX_FILE + 1).read_to_string(&mut text).map_err(|e| format!("{name}: {e}"))?;
        if text.len() as u64 > MAX_FILE { Err(format!("{name}: far too large")) } else { Ok(text) }
    }

    fn check_file(&mut self, name: &str) {
        self.report.files += 1;
        let Some(index) = self.files.get(name).copied() else { return };
        // Taken out for the while, so that reading from them and reporting do not hinder each other.
        let mut sources = std::mem::take(&mut self.sources);
        if let Some(source) = sources.get_mut(index) {
            let read = source.read(name).map_err(|e| e.causes()).and_then(|reader| {
                let mut reader = BufReader::new(Hashing { reader, hash: Sha256::new() });
                self.check_content(name, &mut reader)?;
                std::io::copy(&mut reader, &mut std::io::sink()).map_err(|e| e.to_string())?;
                Ok(hex(&reader.into_inner().hash.finalize()))
            });
            match (read, self.sums.remove(name)) {
                (Err(problem), _) => self.report.problem(format!("{name}: {problem}")),
                (Ok(_), None) => self.report.problem(format!("{name}: not listed in the check sums")),
                (Ok(found), Some(sum)) if found != sum => {
                    self.report.problem(format!("{name}: changed: its check sum is wrong"));
                }
                _ => {}
            }
        }
        self.sources = sources;
    }

    /// Reads what the format says stands in `name`; leaves the rest to be hashed.
    fn check_content(&mut self, name: &str, reader: &mut impl BufRead) -> Result<(), String> {
        if names::LISTS.iter().any(|(folder, file)| name == format!("{folder}/{file}")) {
            return lines(reader, |_, entry: ConversationEntry| {
                self.report.conversations += 1;
                self.copies.list(&entry);
                if self.listed.insert(entry.folder.clone(), (entry.id, entry.counts)).is_some() {
                    self.report.problem(format!("{name}: lists “{}” twice", entry.folder));
                }
            });
        }
        if name.starts_with("manifest-part-") {
            let part: PartManifest = serde_json::from_reader(reader.take(MAX_LINE)).map_err(|e| e.to_string())?;
            let same = self.manifest.as_ref().is_none_or(|(manifest, _)| manifest.header == part.header);
            return if same { Ok(()) } else { Err("this part belongs to another export".into()) };
        }
        if let Some(checked) = self.check_copy(name, reader) {
            return checked;
        }
        let Some((folder, file)) = name.rsplit_once('/') else { return Ok(()) };
        if !is_chats(folder) {
            return Ok(());
        }
        let day: NaiveDate =
            file.strip_suffix(".json").and_then(|day| day.parse().ok()).ok_or("not named after a day")?;
        let conversation = self.listed.get(folder).map(|(id, _)| *id);
        let copied = self.manifest.as_ref().is_some_and(|(manifest, _)| manifest.copies.is_some());
        let Found { mut items, mut deleted, mut ids } = Found::default();
        let result = lines(reader, |line, item: ItemEntry| {
            items += 1;
            deleted += u64::from(item.deleted.is_some());
            if copied {
                ids.add(&item.id);
            }
            let mut wrong = |what: &str| self.report.problem(format!("{name}, line {line}: item {} {what}", item.id));
            if conversation != Some(item.conversation.id) {
                wrong("belongs to another conversation");
            }
            if item.kind() == ItemKind::Note && !item.edits().is_empty() {
                wrong("is a note with an edit log");
            }
            if let Some((manifest, zone)) = &self.manifest {
                let request = &manifest.header.request;
                if days::day_of(item.created_at, *zone) != day {
                    wrong("belongs to another day");
                }
                if !(request.range_start..request.range_end).contains(&item.created_at) {
                    wrong("is outside the range");
                }
            }
        });
        self.report.items += items;
        self.report.deleted += deleted;
        self.days.insert((folder.to_owned(), day), Found { items, deleted, ids });
        result
    }

    /// Reads `name`, if it is a reading copy.
    fn check_copy(&mut self, name: &str, reader: &mut impl BufRead) -> Option<Result<(), String>> {
        let (manifest, zone) = self.manifest.as_ref()?;
        let copied = manifest.copies.as_ref()?;
        match name.rsplit_once('/') {
            None if copied.csv.as_ref().is_some_and(|csv| csv.conversations == name) => {
                Some(self.copies.read_conversations(reader))
            }
            Some((folder, file)) if copied.csv.as_ref().is_some_and(|csv| csv.folder == folder) => {
                Some(self.copies.read_spreadsheet(file, *zone, reader))
            }
            Some((folder, file)) if copied.html.is_some() && is_chats(folder) => {
                let day = file.strip_suffix(".html")?;
                Some(self.copies.read_page(folder, day, reader))
            }
            _ => None,
        }
    }

    fn compare_counts(&mut self) {
        let Some((manifest, _)) = self.manifest.take() else { return };
        let report = &mut self.report;
        if let Some(copied) = &manifest.copies {
            let days = self.days.iter().map(|(day, found)| (day, found.ids));
            self.copies
                .compare(copied, days, &self.files, report.conversations, &mut |problem| report.problem(problem));
        }
        let mut found = std::mem::take(&mut self.days);
        let mut by_folder: HashMap<&str, Counts> = HashMap::new();
        for folder in &manifest.counts {
            for day in &folder.days {
                let counts = by_folder.entry(&folder.folder).or_default();
                counts.item_count += day.items;
                counts.deleted_count += day.deleted;
                counts.days += 1;
                let Found { items, deleted, .. } = found.remove(&(folder.folder.clone(), day.day)).unwrap_or_default();
                if (items, deleted) != (day.items, day.deleted) {
                    self.report.problem(format!(
                        "{}/{}.json: holds {items} items, {deleted} of them deleted; the manifest counts {} and {}",
                        folder.folder, day.day, day.items, day.deleted
                    ));
                }
            }
        }
        for (folder, day) in found.into_keys() {
            self.report.problem(format!("{folder}/{day}.json: not counted in the manifest"));
        }
        let listed = std::mem::take(&mut self.listed);
        for (folder, (_, counts)) in &listed {
            if by_folder.remove(folder.as_str()).unwrap_or_default() != *counts {
                self.report.problem(format!("{folder}: the list and the manifest count differently"));
            }
        }
        for folder in by_folder.into_keys() {
            self.report.problem(format!("{folder}: has items but is not listed"));
        }
        let totals = (manifest.totals.conversations, manifest.totals.items, manifest.totals.deleted);
        if totals != (self.report.conversations, self.report.items, self.report.deleted) {
            self.report.problem("manifest.json: its totals are not those of the files".to_owned());
        }
    }
}

/// Whether a folder is a conversation's.
fn is_chats(folder: &str) -> bool {
    matches!(folder.split_once('/'), Some((names::PEOPLE_CHATS | names::TEAM_CHATS, _)))
}

/// Reads a JSON array with one record per line, giving each with its line number to `take`.
fn lines<T: DeserializeOwned>(reader: &mut impl BufRead, mut take: impl FnMut(u64, T)) -> Result<(), String> {
    let mut line = Vec::new();
    let mut number = 0;
    let mut state = State::Start;
    loop {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(|e| e.to_string())?;
        if read == 0 {
            return if state == State::Over { Ok(()) } else { Err("ends too early".into()) };
        }
        number += 1;
        if line.pop() != Some(b'\n') {
            return Err(format!("line {number} is too long or has no end"));
        }
        state = match (state, line.as_slice()) {
            (State::Start, b"[") => State::First,
            (State::First | State::Last, b"]") => State::Over,
            (State::First | State::More, record) => {
                let (record, next) = match record.strip_suffix(b",") {
                    Some(record) => (record, State::More),
                    None => (record, State::Last),
                };
                take(number, serde_json::from_slice(record).map_err(|e| format!("line {number}: {e}"))?);
                next
            }
            _ => return Err(format!("line {number} is not one record of a JSON array")),
        };
    }
}

/// What the next line of an array may be.
#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    Start,
    First,
    More,
    Last,
    Over,
}

/// Hashes what passes through.
struct Hashing<R> {
    reader: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}
