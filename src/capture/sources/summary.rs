//! What became of an import: counts by subject, what was refused, and what the operator should know.
//!
//! `batches` counts into it, `import` gives it out, the command line prints it.

use std::collections::BTreeMap;
use std::fmt;

use super::FilePlace;
use crate::capture::ingest::{Outcome, Told};
use crate::capture::rules::times::{Doubt, Why};

/// Problems and notes beyond so many are only counted.
const MAX_TOLD: usize = 1_000;

/// What a fact is about, as the summary counts it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Subject {
    /// A company.
    Companies,
    /// A person or bot.
    People,
    /// A conversation.
    Conversations,
    /// Someone came or went.
    Memberships,
    /// Something was posted.
    Items,
    /// Something was changed.
    Edits,
    /// Something was deleted.
    Deletions,
}

impl Subject {
    fn of(fact: Told<'_>) -> Self {
        match fact {
            Told::Company { .. } => Self::Companies,
            Told::User { .. } => Self::People,
            Told::Conversation(_) => Self::Conversations,
            Told::Joined(_) | Told::Left(_) => Self::Memberships,
            Told::ItemCreated(_) => Self::Items,
            Told::ItemEdited(_) => Self::Edits,
            Told::ItemDeleted(_) => Self::Deletions,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Companies => "companies",
            Self::People => "people",
            Self::Conversations => "conversations",
            Self::Memberships => "joins and leaves",
            Self::Items => "items",
            Self::Edits => "edits",
            Self::Deletions => "deletions",
        })
    }
}

/// What became of the facts about one subject.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Count {
    /// Added or changed something.
    pub added: u64,
    /// Were known.
    pub unchanged: u64,
    /// Belong to items deleted while capture was off: not brought back (C4).
    pub erased: u64,
}

/// What became of an import.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// By subject.
    pub counts: BTreeMap<Subject, Count>,
    /// What was refused, where and why.
    pub problems: Vec<(FilePlace, String)>,
    /// What the operator should know.
    pub notes: Vec<(FilePlace, String)>,
    /// Problems beyond those told.
    pub more_problems: u64,
    /// Notes beyond those told.
    pub more_notes: u64,
    /// Times that can't be, of what changed anything; each is told in a note.
    pub doubts: BTreeMap<Why, u64>,
}

impl Summary {
    /// What became of the facts about a subject.
    #[must_use]
    pub fn of(&self, subject: Subject) -> Count {
        self.counts.get(&subject).copied().unwrap_or_default()
    }

    /// Something was refused.
    #[must_use]
    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    pub(super) fn problem(&mut self, place: &FilePlace, reason: &str) {
        tell((&mut self.problems, &mut self.more_problems), place, || reason.to_owned());
    }

    pub(super) fn note(&mut self, place: &FilePlace, text: &str) {
        tell((&mut self.notes, &mut self.more_notes), place, || text.to_owned());
    }

    pub(super) fn doubt(&mut self, place: &FilePlace, doubt: Doubt) {
        *self.doubts.entry(doubt.why).or_default() += 1;
        tell((&mut self.notes, &mut self.more_notes), place, || doubt.to_string());
    }

    pub(super) fn count(&mut self, place: &FilePlace, fact: Told<'_>, outcome: Outcome) {
        let count = self.counts.entry(Subject::of(fact)).or_default();
        match outcome {
            Outcome::Added => count.added += 1,
            Outcome::Unchanged => count.unchanged += 1,
            Outcome::Erased => count.erased += 1,
            Outcome::Refused(reason) => self.problem(place, &reason),
        }
    }
}

/// Adds to what is told, or counts what is more.
fn tell((told, more): (&mut Vec<(FilePlace, String)>, &mut u64), place: &FilePlace, text: impl FnOnce() -> String) {
    if told.len() < MAX_TOLD { told.push((place.clone(), text())) } else { *more += 1 }
}
