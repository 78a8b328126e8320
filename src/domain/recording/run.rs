//! Items that follow one another are made many at once, which is what makes an import fast. Here live those that wait for it,
//! and the outcomes so far, in the order of what was told.

use super::Outcome;
use super::items::Judged;
use super::participants::Participants;
use crate::error::Result;
use crate::store::items::NewItem;
use crate::store::{self, Conn};

/// The outcomes so far, and the items that have not been made yet. An item counts as added until it turns out to be known.
#[derive(Default)]
pub(super) struct Run<'r> {
    outcomes: Vec<Outcome>,
    items: Vec<NewItem<'r>>,
    /// Where the outcome of each of the items is.
    places: Vec<usize>,
}

impl<'r> Run<'r> {
    pub(super) fn push(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }

    pub(super) fn push_item(&mut self, c: &mut Conn, item: Judged<'r>, participants: &mut Participants) -> Result<()> {
        match item {
            Judged::New(item) => {
                self.items.push(item);
                self.places.push(self.outcomes.len());
                self.outcomes.push(Outcome::Added);
            }
            Judged::Refused(conversation, id, refused) => {
                self.make_items(c, participants)?;
                let known = store::items::exists(c, conversation, &id)?;
                self.push(if known { Outcome::Unchanged } else { refused });
            }
            Judged::Settled(outcome) => self.push(outcome),
        }
        Ok(())
    }

    /// Makes the items that wait: what comes next may be about them.
    pub(super) fn make_items(&mut self, c: &mut Conn, participants: &mut Participants) -> Result<()> {
        let made = store::items::create_all(c, &self.items)?;
        for ((place, item), made) in self.places.drain(..).zip(self.items.drain(..)).zip(made) {
            if made {
                if let Some(author) = item.author_id {
                    participants.add(c, author, item.conversation_id, item.recording)?;
                }
            } else if let Some(outcome) = self.outcomes.get_mut(place) {
                *outcome = Outcome::Unchanged;
            }
        }
        Ok(())
    }

    /// The outcome of everything.
    pub(super) fn finish(mut self, c: &mut Conn, participants: &mut Participants) -> Result<Vec<Outcome>> {
        self.make_items(c, participants)?;
        Ok(self.outcomes)
    }
}
