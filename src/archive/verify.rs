//! Judges a finished archive by itself, as a reviewer's own tools would: sums, signature, format, counts, completeness.
//!
//! Streams: besides what is listed and counted ([`Counted`]), one part's directory, its check sums and one line are in memory at
//! a time, and eight bytes for each name. Input is not trusted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::counted::{Counted, Day};
use super::formats::{self, Check, Days, Format, List, Record, Tally};
use super::lines::{MAX_LINE, lines};
use super::manifest::{self, Copied, FORMAT_VERSION, FormatInfo, PartManifest};
use super::names;
use super::records::{ConversationEntry, Counts, Id, ItemEntry};
use super::sign::PublicKey;
use super::source::{Opened, Source};
use crate::days;
use crate::error::{Error, Kind, Result};
use crate::keys::hex;
use crate::model::ItemKind;
use crate::sums::{self, Hashing};

/// The largest list of check sums that is read.
const MAX_FILE: u64 = 256 << 20;
/// The longest manifest that is read: so many bytes, and so many more for each file of the archive, which it counts.
const MAX_MANIFEST: (u64, u64) = (MAX_LINE, 512);
/// More problems than this are only counted.
const MAX_PROBLEMS: usize = 1_000;

pub(super) type Manifest = manifest::Manifest<Counted>;

/// What was found. An archive without problems is complete and unchanged.
#[derive(Debug, Default)]
pub struct Report {
    /// Each names the file and what is wrong with it.
    pub problems: Vec<String>,
    /// Problems beyond those kept.
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
/// None for anything that is wrong with the archive: that stands in the report. [`crate::error::Kind::Invalid`] if
/// `paths` is empty.
pub fn verify(paths: &[PathBuf], key: Option<&PublicKey>) -> Result<Report> {
    verify_with(paths, key, formats::ALL)
}

/// The same, of an archive that may have these formats beside its JSON.
///
/// # Errors
/// Those of [`verify`].
pub fn verify_with(paths: &[PathBuf], key: Option<&PublicKey>, formats: &'static List) -> Result<Report> {
    if paths.is_empty() {
        return Err(Error::new(Kind::Invalid, "Name at least one archive to verify."));
    }
    let mut verifier = Verifier { key, formats, ..Verifier::default() };
    verifier.report.signature_checked = key.is_some();
    let found: Vec<_> = paths.iter().filter_map(|path| verifier.find(path)).collect();
    if !found.is_empty() {
        verifier.run(&found);
    }
    Ok(verifier.report)
}

/// A source, and those of its files that come first.
struct Found {
    source: Source,
    /// Lists of check sums.
    sums: Vec<String>,
    /// The manifest and the lists of conversations.
    first: Vec<String>,
}

/// A format of the archive, and what its files are found to be.
struct Checked {
    format: &'static dyn Format,
    check: Box<dyn Check>,
}

#[derive(Default)]
struct Verifier<'a> {
    key: Option<&'a PublicKey>,
    /// Those that this program knows, and those that the archive has beside the JSON.
    formats: &'static List,
    checked: Vec<Checked>,
    /// Every file.
    files: Names,
    /// Every file that a list of check sums names.
    listed_files: Names,
    /// The lists of check sums themselves: their sums, and what part 1 says that these are.
    sums: BTreeMap<String, String>,
    vouched: BTreeMap<String, String>,
    manifest: Option<(Manifest, Tz)>,
    listed: BTreeMap<String, (Id, Counts)>,
    /// The folder of each listed conversation, by its number as text.
    folders: HashMap<String, String>,
    /// What the day files hold, if other formats are to be compared with them.
    days: Days,
    report: Report,
}

impl Verifier<'_> {
    /// Finds out what lies at `path`.
    fn find(&mut self, path: &Path) -> Option<Found> {
        let (files, report) = (&mut self.files, &mut self.report);
        let (mut sums, mut first, mut twice) = (Vec::new(), Vec::new(), Vec::new());
        let source = Source::find(path, &mut |problem| report.problem(problem), &mut |name| {
            if !files.add(name) {
                twice.push(name.to_owned());
            } else if is_sums(name) {
                sums.push(name.to_owned());
            } else if name == names::manifest_file(1) || is_list(name) {
                first.push(name.to_owned());
            }
        });
        for file in twice {
            report.problem(format!("{file}: more than one part holds it"));
        }
        match source {
            Ok(source) => {
                sums.sort_unstable();
                // The manifest before the lists.
                first.sort_unstable_by_key(|name| is_list(name));
                Some(Found { source, sums, first })
            }
            Err(error) => {
                let cut = if path.is_file() { "damaged, cut short, or no zip at all: " } else { "" };
                report.problem(format!("{}: can't be opened: {cut}{}", path.display(), error.causes()));
                None
            }
        }
    }

    fn run(&mut self, found: &[Found]) {
        for Found { source, first, .. } in found.iter().filter(|found| !found.first.is_empty()) {
            self.open(source, |verifier, opened| first.iter().for_each(|name| verifier.read_first(opened, name)));
        }
        match &self.manifest {
            Some((manifest, _)) => {
                for part in manifest.parts.iter().filter(|part| !self.files.contains(&part.sums)) {
                    self.report.problem(format!("{}: part {} is missing", part.file, part.number));
                }
            }
            None if !self.files.contains(&names::manifest_file(1)) => {
                self.report.problem(format!("{}: missing", names::manifest_file(1)));
            }
            None => {}
        }
        for Found { source, sums, .. } in found {
            self.open(source, |verifier, opened| {
                sums.iter().for_each(|list| verifier.check_listed(opened, list));
                verifier.check_unlisted(opened);
            });
        }
        for (name, sum) in std::mem::take(&mut self.vouched) {
            match self.sums.get(&name) {
                None => self.report.problem(format!("{name}: listed in the check sums, but missing")),
                Some(found) if *found != sum => {
                    self.report.problem(format!("{name}: changed: its check sum is wrong"));
                }
                Some(_) => {}
            }
        }
        if let Some((manifest, _)) = &self.manifest {
            for list in self.sums.keys().filter(|list| manifest.parts.iter().all(|part| part.sums != **list)) {
                self.report.problem(format!("{list}: the manifest knows no such part"));
            }
        }
        self.compare_counts();
    }

    fn open(&mut self, source: &Source, work: impl FnOnce(&mut Self, &mut Opened<'_>)) {
        match source.open() {
            Ok(mut opened) => work(self, &mut opened),
            Err(error) => self.report.problem(error.causes()),
        }
    }

    /// Reads what the day files are compared with.
    fn read_first(&mut self, opened: &mut Opened<'_>, name: &str) {
        if is_list(name) {
            let read = open(opened, name).and_then(|mut reader| {
                lines(&mut reader, |_, entry: ConversationEntry| {
                    self.report.conversations += 1;
                    self.folders.insert(entry.id.to_string(), entry.folder.clone());
                    if self.listed.insert(entry.folder.clone(), (entry.id, entry.counts)).is_some() {
                        self.report.problem(format!("{name}: lists “{}” twice", entry.folder));
                    }
                })
            });
            return read.unwrap_or_else(|problem| self.report.problem(format!("{name}: {problem}")));
        }
        match read_manifest(opened, name, MAX_MANIFEST.0 + MAX_MANIFEST.1 * self.files.len()) {
            Ok(manifest) => {
                for (key, said) in manifest.0.copies.iter().flat_map(Copied::iter) {
                    self.begin_check(name, key, said);
                }
                self.manifest = Some(manifest);
            }
            Err(problem) => self.report.problem(format!("{name}: {problem}")),
        }
    }

    /// Begins to check a format that the manifest names.
    fn begin_check(&mut self, manifest: &str, key: &str, said: &FormatInfo) {
        let Some(format) = formats::find(self.formats, key) else {
            return self.report.problem(format!("{manifest}: this program does not know its format “{key}”"));
        };
        match format.check(said) {
            Ok(check) => self.checked.push(Checked { format, check }),
            Err(problem) => self.report.problem(format!("{manifest}: its format “{key}” {problem}")),
        }
    }

    /// Checks the files of a list of check sums, and the list.
    fn check_listed(&mut self, opened: &mut Opened<'_>, list: &str) {
        let text = match text(opened, list) {
            Ok(text) => text,
            Err(problem) => return self.report.problem(format!("{list}: {problem}")),
        };
        if let Some(key) = self.key {
            let name = format!("{list}.minisig");
            let signature = if self.files.contains(&name) { self::text(opened, &name) } else { Err("missing".into()) };
            let signature = signature.map_err(|problem| format!("{name}: {problem}"));
            if let Err(problem) = signature
                .and_then(|signature| key.verify(text.as_bytes(), &signature).map_err(|e| format!("{list}: {e}")))
            {
                self.report.problem(problem);
            }
        }
        self.sums.insert(list.to_owned(), hex(&sums::sha256(text.as_bytes())));
        for (number, line) in (1..).zip(text.lines()) {
            let Some((sum, name)) = line.split_once("  ").filter(|(sum, _)| sum.len() == 64) else {
                self.report.problem(format!("{list}, line {number}: not a check sum and a file name"));
                continue;
            };
            if !self.listed_files.add(name) {
                self.report.problem(format!("{list}, line {number}: {name} is listed twice"));
            } else if is_sums(name) {
                // Part 1 vouches for the lists of the others.
                self.vouched.insert(name.to_owned(), sum.to_owned());
            } else if self.files.contains(name) {
                self.check_file(opened, name, Some(sum));
            } else {
                self.report.problem(format!("{name}: listed in the check sums, but missing"));
            }
        }
    }

    /// Checks the files that no list names, of which there should be none.
    fn check_unlisted(&mut self, opened: &mut Opened<'_>) {
        let (mut unlisted, listed) = (Vec::new(), &self.listed_files);
        let named = opened.files(&mut |name| {
            if !listed.contains(name) && !is_sums(name.strip_suffix(".minisig").unwrap_or(name)) {
                unlisted.push(name.to_owned());
            }
        });
        if let Err(error) = named {
            self.report.problem(error.causes());
        }
        unlisted.sort_unstable();
        unlisted.dedup();
        for name in unlisted {
            self.check_file(opened, &name, None);
        }
    }

    fn check_file(&mut self, opened: &mut Opened<'_>, name: &str, sum: Option<&str>) {
        self.report.files += 1;
        let read = opened.read(name).map_err(|e| e.causes()).and_then(|reader| {
            let mut reader = BufReader::new(Hashing::new(reader));
            self.check_content(name, &mut reader)?;
            std::io::copy(&mut reader, &mut std::io::sink()).map_err(|e| e.to_string())?;
            Ok(hex(&reader.into_inner().finish().1))
        });
        match (read, sum) {
            (_, None) => self.report.problem(format!("{name}: not listed in the check sums")),
            (Err(problem), _) => self.report.problem(format!("{name}: {problem}")),
            (Ok(found), Some(sum)) if found != sum => {
                self.report.problem(format!("{name}: changed: its check sum is wrong"));
            }
            _ => {}
        }
    }

    /// Reads what the format says stands in `name`; leaves the rest to be hashed.
    fn check_content(&mut self, name: &str, reader: &mut impl BufRead) -> Result<(), String> {
        if name.starts_with("manifest-part-") {
            let part: PartManifest = json(reader.take(MAX_LINE))?;
            let same = self.manifest.as_ref().is_none_or(|(manifest, _)| manifest.header == part.header);
            return if same { Ok(()) } else { Err("this part belongs to another export".into()) };
        }
        if let Some(checked) = self.check_copy(name, reader) {
            return checked;
        }
        let Some((folder, file)) = name.rsplit_once('/') else { return Ok(()) };
        if !names::is_chats(folder) {
            return Ok(());
        }
        let day: NaiveDate =
            file.strip_suffix(".json").and_then(|day| day.parse().ok()).ok_or("not named after a day")?;
        let conversation = self.listed.get(folder).map(|(id, _)| *id);
        let copied = !self.checked.is_empty();
        let (mut items, mut deleted, mut ids) = (0, 0, Tally::default());
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
        let Some((manifest, _)) = &mut self.manifest else { return result };
        match manifest.counts.find(folder, day).and_then(|number| manifest.counts.note(number).zip(Some(number))) {
            None => self.report.problem(format!("{name}: not counted in the manifest")),
            Some((counted, number)) => {
                if (items, deleted) != (counted.items.into(), counted.deleted.into()) {
                    self.report.problem(differs(folder, &counted, (items, deleted)));
                }
                if copied {
                    self.days.insert(number, ids);
                }
            }
        }
        result
    }

    /// Reads `name`, if it is of another format than JSON.
    fn check_copy(&mut self, name: &str, reader: &mut impl BufRead) -> Option<Result<(), String>> {
        let (manifest, zone) = self.manifest.as_ref()?;
        let Checked { check, .. } = self.checked.iter_mut().find(|checked| checked.format.owns(name))?;
        let holds = |name: &str| self.files.contains(name);
        let record =
            Record { counted: &manifest.counts, zone: *zone, folders: &self.folders, days: &self.days, holds: &holds };
        Some(check.read(name, &record, reader))
    }

    fn compare_counts(&mut self) {
        let Some((manifest, zone)) = self.manifest.take() else { return };
        let (report, files) = (&mut self.report, &self.files);
        let (counted, folders, days) = (&manifest.counts, &self.folders, &self.days);
        let record = Record { counted, zone, folders, days, holds: &|name| files.contains(name) };
        for Checked { check, .. } in &self.checked {
            check.compare(&record, &mut |problem| report.problem(problem));
        }
        for (folder, days, _) in manifest.counts.folders() {
            for day in days.iter().filter(|day| !day.found) {
                report.problem(differs(folder, day, (0, 0)));
            }
            if !days.is_empty() && !self.listed.contains_key(folder) {
                report.problem(format!("{folder}: has items but is not listed"));
            }
        }
        for (folder, (_, counts)) in &self.listed {
            if manifest.counts.sum(folder) != *counts {
                report.problem(format!("{folder}: the list and the manifest count differently"));
            }
        }
        let totals = (manifest.totals.conversations, manifest.totals.items, manifest.totals.deleted);
        if totals != (report.conversations, report.items, report.deleted) {
            report.problem("manifest.json: its totals are not those of the files".to_owned());
        }
    }
}

/// Names of files, of which there may be millions: a number for each, made with a key that nobody knows, so that nobody can
/// choose two names that have the same.
#[derive(Default)]
struct Names {
    key: RandomState,
    numbers: HashSet<u64>,
}

impl Names {
    /// Adds a name; returns whether it was not there yet.
    fn add(&mut self, name: &str) -> bool {
        self.numbers.insert(self.key.hash_one(name))
    }

    fn len(&self) -> u64 {
        self.numbers.len() as u64
    }

    fn contains(&self, name: &str) -> bool {
        self.numbers.contains(&self.key.hash_one(name))
    }
}

fn differs(folder: &str, counted: &Day, (items, deleted): (u64, u64)) -> String {
    format!(
        "{folder}/{}.json: holds {items} items, {deleted} of them deleted; the manifest counts {} and {}",
        counted.day, counted.items, counted.deleted
    )
}

/// Reads the manifest, if it is not longer than `limit`. Its text is never held as a whole.
pub(super) fn read_manifest(opened: &mut Opened<'_>, name: &str, limit: u64) -> Result<(Manifest, Tz), String> {
    // The version first: other versions may have other fields.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        format_version: Option<u64>,
    }
    let version: Version = json(open(opened, name)?.take(limit))?;
    if version.format_version != Some(u64::from(FORMAT_VERSION)) {
        return Err(format!("its format version is not {FORMAT_VERSION}, which this program knows"));
    }
    let manifest: Manifest = json(open(opened, name)?.take(limit))?;
    let zone = &manifest.header.request.time_zone;
    let zone = zone.parse::<Tz>().map_err(|_| format!("the time zone “{zone}” is unknown"))?;
    Ok((manifest, zone))
}

fn json<T: DeserializeOwned>(mut reader: io::Take<impl BufRead>) -> Result<T, String> {
    let value = serde_json::from_reader(&mut reader);
    value.map_err(|error| if reader.limit() == 0 { "far too large".into() } else { error.to_string() })
}

fn open<'a>(opened: &'a mut Opened<'_>, name: &str) -> Result<BufReader<Box<dyn Read + 'a>>, String> {
    opened.read(name).map(BufReader::new).map_err(|e| e.causes())
}

/// Reads a file as a whole that is not too large for it.
fn text(opened: &mut Opened<'_>, name: &str) -> Result<String, String> {
    let mut text = String::new();
    open(opened, name)?.take(MAX_FILE + 1).read_to_string(&mut text).map_err(|e| e.to_string())?;
    if text.len() as u64 > MAX_FILE { Err("far too large".into()) } else { Ok(text) }
}

/// Whether a file is a list of check sums.
fn is_sums(name: &str) -> bool {
    name.strip_prefix("SHA256SUMS").is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix("-part-").is_some_and(|number| number.parse::<u32>().is_ok())
    })
}

/// Whether a file is a list of conversations.
fn is_list(name: &str) -> bool {
    names::LISTS.iter().any(|(folder, file)| name.split_once('/') == Some((folder, file)))
}
