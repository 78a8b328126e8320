//! C3: what an item says now, and what it said before each change.

use crate::model::{Content, Timestamp, UserId};

/// A change as recorded: what the item says since.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    pub at: Timestamp,
    pub by: Option<UserId>,
    /// What it says since.
    pub after: Content,
}

/// A change as the edit log shows it: what the item said before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogEntry {
    pub at: Timestamp,
    pub by: Option<UserId>,
    /// What it said before.
    pub before: Content,
}

/// What an item says after all changes, and its edit log, oldest first. `changes` may come in any order; of those at one
/// instant the first recorded comes first.
#[must_use]
pub fn edit_log(posted: Content, mut changes: Vec<Change>) -> (Content, Vec<LogEntry>) {
    changes.sort_by_key(|change| change.at);
    let mut present = posted;
    let log = changes
        .into_iter()
        .map(|Change { at, by, after }| LogEntry { at, by, before: std::mem::replace(&mut present, after) })
        .collect();
    (present, log)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> Content {
        Content { text: Some(text.to_owned()), ..Content::default() }
    }

    #[test]
    fn c3_the_log_holds_the_text_before_each_change_oldest_first() {
        let change = |micros, text| Change {
            at: Timestamp::from_micros(micros).unwrap_or_default(),
            by: Some(micros),
            after: says(text),
        };
        let (present, log) = edit_log(says("one"), vec![change(30, "three"), change(20, "two")]);
        assert_eq!(present, says("three"));
        assert_eq!(
            log.iter().map(|entry| (entry.by, entry.before.clone())).collect::<Vec<_>>(),
            [(Some(20), says("one")), (Some(30), says("two"))]
        );
    }
}
