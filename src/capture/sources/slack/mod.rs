//! Slack: a workspace export, as a zip or as a folder (`docs/recording.md` describes the mapping).
//!
//! Here lives the order of reading: people, conversations, then each folder's days. The modules below know one kind of
//! thing each. The address of a file, and every token, stays behind (C5).

mod channels;
mod elements;
mod files;
mod messages;
mod people;
mod text;
mod time;

use std::path::Path;

use chrono::NaiveDate;

use self::channels::{Channels, TABLES};
use self::elements::Elements;
use self::files::{Entry, ExportFiles};
use self::messages::{Context, Messages};
use self::people::People;
use super::{FilePlace, Sink, file_name};
use crate::error::{Error, Kind, Result};

/// Reads a Slack export from its zip or its folder.
///
/// # Errors
/// When `path` can't be read or is no Slack export, and what the sink returns. A malformed file or message is a problem
/// given to the sink, no error.
pub fn read(path: &Path, sink: &mut dyn Sink) -> Result<()> {
    let (store, entries) = files::open(path, sink)?;
    let is_table = |entry: &Entry| entry.name == "users.json" || TABLES.iter().any(|(name, _)| entry.name == *name);
    let (tables, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_table);
    let (days, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|entry| day_folder(&entry.name).is_some());
    if tables.is_empty() && days.is_empty() {
        let message = format!("“{}” holds no users.json, no channels.json and no days of a channel.", path.display());
        return Err(Error::new(Kind::Invalid, format!("{message} It is no Slack export.")));
    }
    let total = tables.iter().chain(&days).map(|entry| entry.size).sum();
    let mut export = Export { store, sink, people: People::default(), done: 0, total };
    let channels = export.tables(&tables)?;
    export.days(&days, channels, &file_name(path))?;
    for other in others {
        export
            .sink
            .note(&FilePlace::file(other.name), "not read: neither a table nor the day of a channel".to_owned())?;
    }
    Ok(())
}

/// An export on its way to the sink.
struct Export<'a> {
    store: ExportFiles,
    sink: &'a mut dyn Sink,
    people: People,
    done: u64,
    total: u64,
}

impl Export<'_> {
    /// Reads the people, then the conversations.
    fn tables(&mut self, tables: &[Entry]) -> Result<Channels> {
        let find = |name: &str| tables.iter().find(|entry| entry.name == name);
        for name in ["users.json", "channels.json"].into_iter().filter(|name| find(name).is_none()) {
            self.sink.note(&FilePlace::file(name), "missing from the export".to_owned())?;
        }
        if let Some((place, bytes)) = find("users.json").map(|entry| self.bytes(entry)).transpose()?.flatten() {
            self.people.read(&place, &bytes, self.sink)?;
        }
        let mut channels = Channels::default();
        for (name, table) in TABLES {
            if let Some((place, bytes)) = find(name).map(|entry| self.bytes(entry)).transpose()?.flatten() {
                channels.read(table, &place, &bytes, &mut self.people, self.sink)?;
            }
        }
        Ok(channels)
    }

    /// Reads the days of each conversation, one file in memory at a time.
    fn days(&mut self, days: &[Entry], mut channels: Channels, archive: &str) -> Result<()> {
        let mut reactions = 0;
        for day in days {
            let Some(folder) = day_folder(&day.name) else { continue };
            let conversation = channels.of_folder(folder, self.sink)?;
            let Some((place, bytes)) = self.bytes(day)? else { continue };
            let mut messages = Messages { people: &mut self.people, sink: self.sink, reactions: 0 };
            for (line, element) in Elements::new(&bytes) {
                let place = place.line(line);
                match element {
                    Ok(message) => {
                        messages.message(Context { conversation: &conversation, place: &place }, &message)?
                    }
                    Err(reason) => messages.sink.problem(&place, reason)?,
                }
            }
            reactions += messages.reactions;
        }
        if reactions > 0 {
            self.sink.note(&FilePlace::file(archive), format!("reactions are not recorded; there are {reactions}"))?;
        }
        Ok(())
    }

    /// The bytes of a file; one that can't be read is reported and passed over.
    fn bytes(&mut self, entry: &Entry) -> Result<Option<(FilePlace, Vec<u8>)>> {
        let place = FilePlace::file(&entry.name);
        let read = self.store.read(entry);
        self.done = self.done.saturating_add(entry.size);
        self.sink.progress(self.done, self.total);
        match read {
            Ok(bytes) => Ok(Some((place, bytes))),
            Err(reason) => self.sink.problem(&place, reason).map(|()| None),
        }
    }
}

/// The folder of a day file, `<folder>/YYYY-MM-DD.json`; none for any other name.
fn day_folder(name: &str) -> Option<&str> {
    let (folder, file) = name.split_once('/')?;
    let day = file.strip_suffix(".json").filter(|day| day.len() == 10)?;
    NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().map(|_| folder)
}

#[cfg(test)]
mod tests;
