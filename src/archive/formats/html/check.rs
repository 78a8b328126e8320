//! Reads pages back, as strictly as they were written, and compares them with the JSON: every day file has a page with the same
//! items, and there are no others. Streams: a line is in memory at a time. Input is not trusted.

use std::io::{BufRead, Read};

use super::{assets, day, paths};
use crate::archive::formats::{Check, Days, Record, Tally};
use crate::archive::lines::MAX_LINE;
use crate::archive::names;

/// What has been read of the pages.
pub(super) struct Pages {
    /// As many pages of days as the manifest says.
    declared: u64,
    found: Days,
}

impl Pages {
    pub(super) fn new(declared: u64) -> Self {
        Self { declared, found: Days::default() }
    }
}

impl Check for Pages {
    fn read(&mut self, path: &str, record: &Record<'_>, reader: &mut dyn BufRead) -> Result<(), String> {
        let Some((folder, file)) = path.rsplit_once('/').filter(|(folder, _)| names::is_chats(folder)) else {
            return Ok(());
        };
        let found = page(reader)?;
        let day = file.strip_suffix(".html").and_then(|day| day.parse().ok());
        let number = day.and_then(|day| record.day(folder, day));
        self.found.insert(number.ok_or("is of a day that the manifest does not count")?, found);
        Ok(())
    }

    fn compare(&self, record: &Record<'_>, problem: &mut dyn FnMut(String)) {
        for (folder, day, number, found) in record.days() {
            if self.found.get(&number) != Some(found) {
                problem(format!("{}: does not show the items of the JSON", paths::day_page(folder, day)));
            }
        }
        let (pages, days) = (self.found.len() as u64, record.day_files());
        if (pages, self.declared) != (days, days) {
            problem(format!("manifest.json: counts {} pages of days; there are {pages}", self.declared));
        }
        for needed in [paths::INDEX, assets::STYLE.0, assets::SCRIPT.0] {
            if !record.holds(needed) {
                problem(format!("{needed}: missing"));
            }
        }
    }
}

/// The items of a page.
///
/// # Errors
/// What is wrong with it.
pub fn page(reader: &mut dyn BufRead) -> Result<Tally, String> {
    let (mut tally, mut line, mut last) = (Tally::default(), Vec::new(), Vec::new());
    let mut number = 0_u64;
    loop {
        line.clear();
        if (&mut *reader).take(MAX_LINE).read_until(b'\n', &mut line).map_err(|e| e.to_string())? == 0 {
            return if last == b"</html>\n" { Ok(tally) } else { Err("the page ends too early".into()) };
        }
        number += 1;
        if line.last() != Some(&b'\n') {
            return Err(format!("line {number} is too long or has no end"));
        }
        if number == 1 && line != b"<!doctype html>\n" {
            return Err("is no page".into());
        }
        if let Some(rest) = line.strip_prefix(day::ITEM.as_bytes()) {
            let anchor = rest.split(|byte| *byte == b'"').next().unwrap_or_default();
            tally.add_anchor(&String::from_utf8_lossy(anchor));
        }
        std::mem::swap(&mut line, &mut last);
    }
}
