//! Judges the reading copies of a finished archive: every day file has a page with the same items, and every item a row of
//! its conversation's spreadsheet, and there are no others. Part of [`crate::archive::verify()`], which reads the files.

use std::collections::{BTreeMap, HashMap};
use std::io::BufRead;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::count::{self, Tally};
use super::paths;
use crate::archive::manifest::Copied;
use crate::archive::records::ConversationEntry;
use crate::domain::rules::days::DayFinder;
use crate::model::Timestamp;

type Days = BTreeMap<(String, NaiveDate), Tally>;

/// What has been read of the copies.
#[derive(Default)]
pub(in crate::archive) struct Copies {
    /// The folder of each listed conversation, by its number.
    folders: HashMap<String, String>,
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

    pub(in crate::archive) fn read_page(
        &mut self,
        folder: &str,
        day: &str,
        reader: &mut impl BufRead,
    ) -> Result<(), String> {
        let day = day.parse().map_err(|_| "not named after a day")?;
        let found = count::page(reader)?;
        self.pages.insert((folder.to_owned(), day), found);
        Ok(())
    }

    pub(in crate::archive) fn read_spreadsheet(
        &mut self,
        file: &str,
        zone: Tz,
        reader: &mut impl BufRead,
    ) -> Result<(), String> {
        self.spreadsheets += 1;
        let (mut finder, mut wrong) = (DayFinder::new(zone), None);
        let (folders, rows) = (&self.folders, &mut self.rows);
        count::spreadsheet(reader, &mut |item| {
            let folder = folders.get(item.conversation).filter(|folder| is_of(file, folder));
            match (folder, item.created_at.parse::<Timestamp>()) {
                (Some(folder), Ok(at)) => {
                    rows.entry((folder.clone(), finder.of(at))).or_default().add(item.id);
                }
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
    pub(in crate::archive) fn compare<'a>(
        &self,
        copied: &Copied,
        days: impl Iterator<Item = (&'a (String, NaiveDate), Tally)>,
        files: &BTreeMap<String, usize>,
        conversations: u64,
        problem: &mut dyn FnMut(String),
    ) {
        let (mut items, mut with_items) = (0, 0_u64);
        for (day, found) in days {
            items += found.items;
            with_items += 1;
            if copied.html.is_some() && self.pages.get(day) != Some(&found) {
                problem(format!("{}: does not show the items of the JSON", paths::day_page(&day.0, day.1)));
            }
            if copied.csv.is_some() && self.rows.get(day) != Some(&found) {
                problem(format!(
                    "{}/: the rows of {} on {} are not the items of the JSON",
                    paths::SPREADSHEETS,
                    day.0,
                    day.1
                ));
            }
        }
        if let Some(html) = &copied.html {
            let pages = self.pages.len() as u64;
            if (pages, html.days) != (with_items, with_items) {
                problem(format!("manifest.json: counts {} pages of days; there are {pages}", html.days));
            }
            for needed in [html.index.as_str(), super::assets::STYLE.0, super::assets::SCRIPT.0] {
                if !files.contains_key(needed) {
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
