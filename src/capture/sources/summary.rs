//! What became of an import: counts by subject, what was refused, and what the operator should know.
//!
//! `batches` counts into it, `import` gives it out, the command line prints it.

use std::collections::BTreeMap;
use std::fmt;

use super::FilePlace;
use crate::capture::ingest::{FactRef, Outcome};
use crate::capture::rules::times::{Doubt, Why};

/// Problems and notes beyond so many are only counted.
const MAX_KEPT: usize = 1_000;

/// What a fact is about, as the summary counts it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Subject {
    /// A company.
    Companies,
    /// A person or bot.
    People,
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
    fn of(fact: FactRef<'_>) -> Self {
        match fact {
            FactRef::Company { .. } => Self::Companies,
            FactRef::User { .. } => Self::People,
            FactRef::Conversation(_) => Self::Conversations,
            FactRef::Joined(_) | FactRef::Left(_) => Self::Memberships,
            FactRef::ItemCreated(_) => Self::Items,
            FactRef::ItemEdited(_) => Self::Edits,
            FactRef::ItemDeleted(_) => Self::Deletions,
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
pub struct OutcomeCount {
    /// Added or changed something.
    pub added: u64,
    /// Were known.
    pub unchanged: u64,
    /// Belong to items deleted while capture was off: not brought back (C4).
    pub erased: u64,
}

/// What became of an import.
#[derive(Clone, Debug, Default)]
pub struct ImportSummary {
    pub counts: BTreeMap<Subject, OutcomeCount>,
    /// What was refused, where and why.
    pub problems: Vec<(FilePlace, String)>,
    /// What the operator should know.
    pub notes: Vec<(FilePlace, String)>,
    /// Problems beyond those kept.
    pub more_problems: u64,
    /// Notes beyond those kept.
    pub more_notes: u64,
    /// Times that can't be, of what changed anything; each is kept as a note.
    pub doubts: BTreeMap<Why, u64>,
}

impl ImportSummary {
    /// What became of the facts about a subject.
    #[must_use]
    pub fn of(&self, subject: Subject) -> OutcomeCount {
        self.counts.get(&subject).copied().unwrap_or_default()
    }

    /// Something was refused.
    #[must_use]
    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    pub(super) fn problem(&mut self, place: &FilePlace, reason: &str) {
        keep((&mut self.problems, &mut self.more_problems), place, || reason.to_owned());
    }

    pub(super) fn note(&mut self, place: &FilePlace, text: &str) {
        keep((&mut self.notes, &mut self.more_notes), place, || text.to_owned());
    }

    pub(super) fn doubt(&mut self, place: &FilePlace, doubt: Doubt) {
        *self.doubts.entry(doubt.why).or_default() += 1;
        keep((&mut self.notes, &mut self.more_notes), place, || doubt.to_string());
    }

    pub(super) fn count(&mut self, place: &FilePlace, fact: FactRef<'_>, outcome: Outcome) {
        let count = self.counts.entry(Subject::of(fact)).or_default();
        match outcome {
            Outcome::Added => count.added += 1,
            Outcome::Unchanged => count.unchanged += 1,
            Outcome::Erased => count.erased += 1,
            Outcome::Refused(reason) => self.problem(place, &reason),
        }
    }
}

/// Adds to what is kept, or counts what is more.
fn keep((kept, more): (&mut Vec<(FilePlace, String)>, &mut u64), place: &FilePlace, text: impl FnOnce() -> String) {
    if kept.len() < MAX_KEPT { kept.push((place.clone(), text())) } else { *more += 1 }
}
