//! Compares spreadsheets with the JSON: every item has a row of its conversation's spreadsheet, and there are no others.

use std::io::{BufRead, BufReader};

use chrono::NaiveDate;

use super::{CONVERSATIONS, SPREADSHEETS, read};
use crate::archive::formats::{Check, Days, Record};
use crate::days::DayFinder;
use crate::model::Timestamp;

/// What has been read of the spreadsheets.
pub(super) struct Tables {
    /// As many as the manifest says.
    declared: u64,
    spreadsheets: u64,
    found: Days,
    /// Conversations in the table of all.
    conversations: Option<u64>,
}

impl Tables {
    pub(super) fn new(declared: u64) -> Self {
        Self { declared, spreadsheets: 0, found: Days::default(), conversations: None }
    }

    fn spreadsheet(&mut self, file: &str, record: &Record<'_>, reader: &mut impl BufRead) -> Result<(), String> {
        self.spreadsheets += 1;
        let (mut finder, mut wrong) = (DayFinder::new(record.zone()), None);
        let found = &mut self.found;
        read::spreadsheet(reader, &mut |item| {
            let folder = record.folder(item.conversation).filter(|folder| is_of(file, folder));
            match (folder, item.created_at.parse::<Timestamp>()) {
                (Some(folder), Ok(at)) => match record.day(folder, finder.of(at)) {
                    Some(number) => found.entry(number).or_default().add(item.id),
                    None => wrong = Some(format!("item {} is of a day that the manifest does not count", item.id)),
                },
                (None, _) => wrong = Some(format!("item {} belongs to another conversation", item.id)),
                (_, Err(_)) => wrong = Some(format!("item {} has no time", item.id)),
            }
        })?;
        wrong.map_or(Ok(()), Err)
    }

    fn all_conversations(&mut self, reader: &mut impl BufRead) -> Result<(), String> {
        let (mut count, mut last) = (0, String::new());
        read::rows(reader, &mut |number, row| {
            let id = row.first().cloned().unwrap_or_default();
            // Several rows are of one conversation, if its people are many.
            count += u64::from(number > 1 && id != last);
            last = id;
            Ok(())
        })?;
        self.conversations = Some(count);
        Ok(())
    }
}

impl Check for Tables {
    fn read(&mut self, path: &str, record: &Record<'_>, reader: &mut dyn BufRead) -> Result<(), String> {
        // Fields are read byte by byte, which must not be a call each.
        let mut reader = BufReader::new(reader);
        match path.rsplit_once('/') {
            Some((_, file)) => self.spreadsheet(file, record, &mut reader),
            None => self.all_conversations(&mut reader),
        }
    }

    fn compare(&self, record: &Record<'_>, problem: &mut dyn FnMut(String)) {
        for (folder, day, number, found) in record.days() {
            if self.found.get(&number) != Some(found) {
                problem(format!("{SPREADSHEETS}/: the rows of {folder} on {day} are not the items of the JSON"));
            }
        }
        if self.spreadsheets != self.declared {
            problem(format!("manifest.json: counts {} spreadsheets; there are {}", self.declared, self.spreadsheets));
        }
        let (rows, items) = (self.found.values().map(|found| found.items).sum::<u64>(), record.items());
        if rows != items {
            problem(format!("{SPREADSHEETS}/: has {rows} items; the JSON has {items}"));
        }
        if self.conversations != Some(record.conversations()) {
            problem(format!("{CONVERSATIONS}: does not list the conversations of the JSON"));
        }
    }
}

/// Whether a spreadsheet is named after the conversation with this folder.
fn is_of(file: &str, folder: &str) -> bool {
    let name = folder.rsplit('/').next().unwrap_or_default();
    let rest = file.strip_prefix(name).and_then(|rest| rest.strip_suffix(".csv"));
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix(" from ").is_some_and(|day| day.parse::<NaiveDate>().is_ok())
    })
}
