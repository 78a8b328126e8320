//! The JSON of a finished archive, as a format's files are held against it. Part of [`crate::archive::verify()`], which reads the
//! files.

use std::collections::HashMap;
use std::fmt::Write;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::archive::counted::Counted;
use crate::sums;

/// Items of days, by the number that the manifest's counts give each.
pub type Days = HashMap<usize, Tally>;

/// Items without their order: how many, and a sum of their ids.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    pub items: u64,
    sum: u64,
}

impl Tally {
    /// Adds the item with this id.
    pub fn add(&mut self, id: &str) {
        self.add_anchor(&anchor(id));
    }

    /// Adds the item whose id has this [`anchor`].
    pub fn add_anchor(&mut self, anchor: &str) {
        let first = sums::sha256(anchor.as_bytes()).first_chunk().copied().unwrap_or_default();
        self.sum = self.sum.wrapping_add(u64::from_le_bytes(first));
        self.items += 1;
    }
}

/// An item's id as a name that can stand anywhere, such as that of its place on a page: letters, digits and `.`, `-`, `_` of
/// the id, and `~` with a number for the rest. Different ids have different names.
#[must_use]
pub fn anchor(id: &str) -> String {
    let mut anchor = "i-".to_owned();
    for character in id.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' => anchor.push(character),
            _ => {
                let _infallible = write!(anchor, "~{:x}~", u32::from(character));
            }
        }
    }
    anchor
}

/// What lists, manifest and day files say, as far as they have been read.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// The counts of the manifest.
    pub(in crate::archive) counted: &'a Counted,
    /// The request's zone.
    pub(in crate::archive) zone: Tz,
    /// The folder of each listed conversation, by its number as text.
    pub(in crate::archive) folders: &'a HashMap<String, String>,
    /// What the day files hold.
    pub(in crate::archive) days: &'a Days,
    /// Whether the archive has a file of this name.
    pub(in crate::archive) holds: &'a dyn Fn(&str) -> bool,
}

impl<'a> Record<'a> {
    /// The request's zone.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The folder of the listed conversation with this number.
    #[must_use]
    pub fn folder(&self, conversation: &str) -> Option<&'a str> {
        self.folders.get(conversation).map(String::as_str)
    }

    /// The number of a day of a conversation, if the manifest counts it.
    #[must_use]
    pub fn day(&self, folder: &str, day: NaiveDate) -> Option<usize> {
        self.counted.find(folder, day)
    }

    /// Each day file that has been read: the conversation's folder, the day, its number, and what it holds.
    pub fn days(&self) -> impl Iterator<Item = (&'a str, NaiveDate, usize, &'a Tally)> {
        let found = self.days;
        self.counted.folders().flat_map(move |(folder, days, first)| {
            let numbered = (first..).zip(days);
            numbered.filter_map(move |(number, day)| Some((folder, day.day, number, found.get(&number)?)))
        })
    }

    /// How many day files there are.
    #[must_use]
    pub fn day_files(&self) -> u64 {
        self.days.len() as u64
    }

    /// How many items they hold.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.days.values().map(|found| found.items).sum()
    }

    /// How many conversations are listed.
    #[must_use]
    pub fn conversations(&self) -> u64 {
        self.folders.len() as u64
    }

    /// Whether the archive has a file of this name.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        (self.holds)(path)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn anchors_are_plain_and_differ_where_ids_do(one in "\\PC{0,12}|[a~0-9-]{0,8}", two in "\\PC{0,12}|[a~0-9-]{0,8}") {
            let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c));
            prop_assert!(plain(&anchor(&one)));
            prop_assert_eq!(one == two, anchor(&one) == anchor(&two));
        }
    }
}
