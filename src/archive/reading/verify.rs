//! Judges the reading copies of a finished archive: every day file has a page with the same items, and every item a row of
//! its conversation's spreadsheet, and there are no others. Part of [`crate::archive::verify()`], which reads the files.

use std::collections::HashMap;
use std::io::BufRead;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::count::{self, Tally};
use super::paths;
use crate::archive::counted::Counted;
use crate::archive::manifest::Copied;
use crate::archive::records::ConversationEntry;
use crate::days::DayFinder;
use crate::model::Timestamp;

/// Items of day files, by the number that the manifest's counts give them.
type Days = HashMap<usize, Tally>;

/// What has been read of the copies.
#[derive(Default)]
pub(in crate::archive) struct Copies {
    /// The folder of each listed conversation, by its number.
    folders: HashMap<String, String>,
    /// What the day files themselves hold.
    json: Days,
    pages: Days,
    rows: Days,
    spreadsheets: u64,
    /// Conversations in the table of all.
    conversations: Option<u64>,
}

impl Copies {
    /// A conversation of the lists.
    pub(in crate::archive) fn list(&mut self, entry: &ConversationEntry) {
        self.folders.insert(entry.id.to_string(), entry.folder.clone());
    }

    /// What a day file holds.
    pub(in crate::archive) fn day_file(&mut self, number: usize, found: Tally) {
        self.json.insert(number, found);
    }

    /// The page of a day file, which has this number if it is counted.
    pub(in crate::archive) fn read_page(
        &mut self,
        number: Option<usize>,
        reader: &mut impl BufRead,
    ) -> Result<(), String> {
        let found = count::page(reader)?;
        let number = number.ok_or("is of a day that the manifest does not count")?;
        self.pages.insert(number, found);
        Ok(())
    }

    pub(in crate::archive) fn read_spreadsheet(
        &mut self,
        file: &str,
        (counted, zone): (&Counted, Tz),
        reader: &mut impl BufRead,
    ) -> Result<(), String> {
        self.spreadsheets += 1;
        let (mut finder, mut wrong) = (DayFinder::new(zone), None);
        let (folders, rows) = (&self.folders, &mut self.rows);
        count::spreadsheet(reader, &mut |item| {
            let folder = folders.get(item.conversation).filter(|folder| is_of(file, folder));
            match (folder, item.created_at.parse::<Timestamp>()) {
                (Some(folder), Ok(at)) => match counted.find(folder, finder.of(at)) {
                    Some(number) => rows.entry(number).or_default().add(item.id),
                    None => wrong = Some(format!("item {} is of a day that the manifest does not count", item.id)),
                },
                (None, _) => wrong = Some(format!("item {} belongs to another conversation", item.id)),
                (_, Err(_)) => wrong = Some(format!("item {} has no time", item.id)),
            }
        })?;
        wrong.map_or(Ok(()), Err)
    }

    pub(in crate::archive) fn read_conversations(&mut self, reader: &mut impl BufRead) -> Result<(), String> {
        let (mut count, mut last) = (0, String::new());
        count::rows(reader, &mut |number, row| {
            let id = row.first().cloned().unwrap_or_default();
            // Several rows are of one conversation, if its people are many.
            count += u64::from(number > 1 && id != last);
            last = id;
            Ok(())
        })?;
        self.conversations = Some(count);
        Ok(())
    }

    /// Compares the copies with the day files, and with what the manifest says of them.
    pub(in crate::archive) fn compare(
        &self,
        copied: &Copied,
        counted: &Counted,
        holds: &dyn Fn(&str) -> bool,
        conversations: u64,
        problem: &mut dyn FnMut(String),
    ) {
        for (folder, days, first) in counted.folders() {
            for (number, day) in (first..).zip(days) {
                let Some(found) = self.json.get(&number) else { continue };
                if copied.html.is_some() && self.pages.get(&number) != Some(found) {
                    problem(format!("{}: does not show the items of the JSON", paths::day_page(folder, day.day)));
                }
                if copied.csv.is_some() && self.rows.get(&number) != Some(found) {
                    problem(format!(
                        "{}/: the rows of {folder} on {} are not the items of the JSON",
                        paths::SPREADSHEETS,
                        day.day
                    ));
                }
            }
        }
        let with_items = self.json.len() as u64;
        let items: u64 = self.json.values().map(|found| found.items).sum();
        if let Some(html) = &copied.html {
            let pages = self.pages.len() as u64;
            if (pages, html.days) != (with_items, with_items) {
                problem(format!("manifest.json: counts {} pages of days; there are {pages}", html.days));
            }
            for needed in [
                html.index.as_str(),
                crate::archive::reading::assets::STYLE.0,
                crate::archive::reading::assets::SCRIPT.0,
            ] {
                if !holds(needed) {
                    problem(format!("{needed}: missing"));
                }
            }
        }
        if let Some(csv) = &copied.csv {
            if self.spreadsheets != csv.files {
                problem(format!("manifest.json: counts {} spreadsheets; there are {}", csv.files, self.spreadsheets));
            }
            let rows: u64 = self.rows.values().map(|found| found.items).sum();
            if rows != items {
                problem(format!("{}/: has {rows} items; the JSON has {items}", paths::SPREADSHEETS));
            }
            if self.conversations != Some(conversations) {
                problem(format!("{}: does not list the conversations of the JSON", csv.conversations));
            }
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
