//! What a manifest counts, as `verify` holds it against the day files: sixteen bytes for each of them, read straight from the
//! text, which is much longer.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use chrono::NaiveDate;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::manifest::FolderCount;
use super::records::Counts;

/// The counts of a manifest.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// Where the days of each folder are.
    folders: BTreeMap<String, Range<usize>>,
    days: Vec<Day>,
}

/// A day file, as it is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day {
    pub(super) day: NaiveDate,
    pub(super) items: u32,
    pub(super) deleted: u32,
    /// It has been read.
    pub(super) found: bool,
}

impl Counted {
    /// The number of a day file, from 0, if it is counted.
    pub(super) fn find(&self, folder: &str, day: NaiveDate) -> Option<usize> {
        let range = self.folders.get(folder)?;
        let index = self.days.get(range.clone())?.binary_search_by_key(&day, |counted| counted.day).ok()?;
        Some(range.start + index)
    }

    /// Notes that a day file was read; gives what is counted.
    pub(super) fn note(&mut self, number: usize) -> Option<Day> {
        let day = self.days.get_mut(number)?;
        day.found = true;
        Some(*day)
    }

    /// Each folder with its days, and the number of the first of them.
    pub(super) fn folders(&self) -> impl Iterator<Item = (&str, &[Day], usize)> {
        let days = |range: &Range<usize>| self.days.get(range.clone()).unwrap_or_default();
        self.folders.iter().map(move |(folder, range)| (folder.as_str(), days(range), range.start))
    }

    /// What is counted of a folder, added up.
    pub(super) fn sum(&self, folder: &str) -> Counts {
        let range = self.folders.get(folder).cloned().unwrap_or_default();
        let mut sum = Counts::default();
        for day in self.days.get(range).unwrap_or_default() {
            sum.item_count += u64::from(day.items);
            sum.deleted_count += u64::from(day.deleted);
            sum.days += 1;
        }
        sum
    }
}

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Folders)
    }
}

struct Folders;

impl<'de> Visitor<'de> for Folders {
    type Value = Counted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counts by conversation and day")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Counted, A::Error> {
        let mut counted = Counted::default();
        while let Some(FolderCount { folder, days }) = seq.next_element()? {
            let start = counted.days.len();
            let mut before = None;
            for day in days {
                if before.replace(day.day).is_some_and(|before| before >= day.day) {
                    return Err(A::Error::custom(format!("the days of “{folder}” are out of order")));
                }
                let number = |count: u64| u32::try_from(count).map_err(|_| A::Error::custom("a count is too large"));
                let (items, deleted) = (number(day.items)?, number(day.deleted)?);
                counted.days.push(Day { day: day.day, items, deleted, found: false });
            }
            if counted.folders.contains_key(&folder) {
                return Err(A::Error::custom(format!("“{folder}” is counted twice")));
            }
            counted.folders.insert(folder, start..counted.days.len());
        }
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    fn day(day: &str, items: u64) -> serde_json::Value {
        json!({ "day": day, "items": items, "deleted": 1 })
    }

    #[test]
    fn days_are_found_by_folder_and_date() {
        let text = json!([
            { "folder": "b", "days": [day("2026-03-01", 3), day("2026-03-04", 5)] },
            { "folder": "a", "days": [day("2026-03-04", 7)] },
        ]);
        let mut counted: Counted = serde_json::from_value(text).unwrap();
        let date = |day: &str| day.parse().unwrap();
        assert_eq!(counted.find("b", date("2026-03-04")), Some(1));
        assert_eq!(counted.find("a", date("2026-03-04")), Some(2));
        assert_eq!((counted.find("a", date("2026-03-01")), counted.find("c", date("2026-03-04"))), (None, None));
        assert_eq!(counted.note(2).map(|day| (day.items, day.deleted)), Some((7, 1)));
        assert!(counted.note(3).is_none());
        assert_eq!(counted.sum("b"), Counts { item_count: 8, deleted_count: 2, days: 2 });
        assert_eq!(counted.sum("c"), Counts::default());
        let found: Vec<_> = counted
            .folders()
            .map(|(folder, days, first)| (folder, first, days.iter().map(|day| day.found).collect::<Vec<_>>()))
            .collect();
        assert_eq!(found, [("a", 2, vec![true]), ("b", 0, vec![false, false])]);
    }

    #[test]
    fn counts_that_no_archive_has_are_refused() {
        let folder = |days: &[serde_json::Value]| json!({ "folder": "a", "days": days });
        for (text, message) in [
            (json!([folder(&[day("2026-03-04", 1), day("2026-03-04", 1)])]), "out of order"),
            (json!([folder(&[day("2026-03-04", 1), day("2026-03-01", 1)])]), "out of order"),
            (json!([folder(&[day("2026-03-04", 1)]), folder(&[])]), "counted twice"),
            (json!([folder(&[day("2026-03-04", 1 << 32)])]), "too large"),
            (json!({}), "counts by conversation and day"),
        ] {
            let error = serde_json::from_value::<Counted>(text).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
