//! An invented company with a few months of conversations, for newcomers: the corpus of `compliance-exports demo`.
//!
//! Here live the people, the rooms, the hand-written dialogues and their dates. The same `now` always gives the same
//! facts. Nothing here records, signs in or exports; the command `demo` does, and is the only caller.

mod borders;
mod calendar;
mod dialogues;
mod people;
mod rhythms;
mod rooms;
mod schedule;
mod script;
mod slots;
mod stage;
#[cfg(test)]
mod tests;

use calendar::Calendar;
use stage::Stage;

use crate::model::{OperatorFact, Timestamp};
pub use people::{Company, DemoPerson, companies};

/// When the main company's administrator turned the feature on: about two months before `now`, on a working day.
#[must_use]
pub fn captured_since(now: Timestamp) -> Timestamp {
    calendar(now).captured_since()
}

/// Everything to be recorded for the main company, all before `now`, in the order in which it must be: companies, people,
/// conversations, then who came and went and what was posted, edited and deleted, by time.
#[must_use]
pub fn conversations(now: Timestamp) -> Vec<OperatorFact> {
    let mut stage = Stage::new(calendar(now));
    schedule::play_all(&mut stage);
    rhythms::play_all(&mut stage);
    borders::play_all(&mut stage);
    stage.into_facts()
}

fn calendar(now: Timestamp) -> Calendar {
    let (main, _) = companies();
    Calendar::new(main.time_zone, now)
}
