//! Facts that follow one another are written down many at once, which is what makes an import fast: one statement for all items,
//! one for all memberships, and so on. Here live those that wait, and the outcomes so far, in the order of the facts.
//!
//! What waits is written in an order of its own: people, conversations, who is in them, items, changes, deletions. New people and new
//! conversations wait only for others that follow at once, since whatever comes next may refer to them. A fact about an item of which
//! something waits that comes later in this order has all of it written first ([`Run::is_awaited`]). Who judges a fact, and
//! writes what waits, is the recorder.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::conversations::NewConversations;
use super::people::NewPeople;
use super::{Outcome, Recorder};
use crate::capture::rows::conversations::NewMembership;
use crate::capture::rows::items::{Edit, ExistingItem, NewEdit, NewItem};
use crate::capture::rows::participants::NewParticipant;
use crate::capture::rules::periods::{self, Spans};
use crate::capture::rules::times::{self, Doubt};
use crate::capture::{rows, switch};
use crate::db::Tx;
use crate::error::Result;
use crate::model::{AccountId, Content, ConversationId, Timestamp, UserId};

/// The source's id of an item, with its conversation.
pub(super) type Key<'r> = (ConversationId, Cow<'r, str>);

/// A change that waits.
pub(super) struct WaitingEdit<'r> {
    pub(super) key: Key<'r>,
    pub(super) at: Timestamp,
    /// Who made it and what the item says since; or why it is refused, if the item is there.
    pub(super) change: std::result::Result<(Option<UserId>, Cow<'r, Content>), Outcome>,
}

pub(super) struct WaitingDeletion<'r> {
    pub(super) key: Key<'r>,
    pub(super) given: Option<Timestamp>,
    pub(super) by: Option<UserId>,
}

/// The outcomes so far, and what has not been written yet. Each fact that waits has the place of its outcome.
#[derive(Default)]
pub(super) struct Run<'r> {
    outcomes: Vec<Outcome>,
    /// Times that can't be.
    doubts: Vec<(usize, Doubt)>,
    pub(super) people: NewPeople<'r>,
    pub(super) conversations: NewConversations<'r>,
    pub(super) participants: Vec<NewParticipant>,
    memberships: Vec<(usize, NewMembership)>,
    items: Vec<NewItem<'r>>,
    /// Where the outcome of each of the items is.
    places: Vec<usize>,
    /// Items that are refused unless they are known.
    refused: Vec<(usize, Key<'r>, Outcome)>,
    edits: Vec<(usize, WaitingEdit<'r>)>,
    deletions: Vec<(usize, WaitingDeletion<'r>)>,
    /// The items that refusals, changes and deletions are about.
    about: HashSet<Key<'r>>,
    /// Those that deletions are about.
    deleted: HashSet<Key<'r>>,
}

impl<'r> Run<'r> {
    pub(super) fn push(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }

    /// The fact that is judged now has a time that can't be. It is mentioned if the fact changes anything.
    pub(super) fn doubt(&mut self, doubt: impl IntoIterator<Item = Doubt>) {
        let place = self.outcomes.len();
        self.doubts.extend(doubt.into_iter().map(|doubt| (place, doubt)));
    }

    /// An item counts as added until it turns out to be known.
    pub(super) fn push_item(&mut self, item: NewItem<'r>) {
        self.items.push(item);
        self.places.push(self.outcomes.len());
        self.outcomes.push(Outcome::Added);
    }

    pub(super) fn push_refused(&mut self, key: Key<'r>, outcome: Outcome) {
        self.about.insert(key.clone());
        self.refused.push((self.outcomes.len(), key, outcome.clone()));
        self.outcomes.push(outcome);
    }

    pub(super) fn push_edit(&mut self, edit: WaitingEdit<'r>) {
        self.about.insert(edit.key.clone());
        self.edits.push((self.outcomes.len(), edit));
        self.outcomes.push(Outcome::Unchanged);
    }

    pub(super) fn push_deletion(&mut self, deletion: WaitingDeletion<'r>) {
        self.about.insert(deletion.key.clone());
        self.deleted.insert(deletion.key.clone());
        self.deletions.push((self.outcomes.len(), deletion));
        self.outcomes.push(Outcome::Unchanged);
    }

    /// Somebody came or went, as the fact says that is judged now. If that is new, the fact has added something.
    pub(super) fn membership(&mut self, membership: NewMembership) {
        self.membership_of(self.outcomes.len(), membership);
    }

    /// Somebody came or went, as the fact at this place says.
    pub(super) fn membership_of(&mut self, place: usize, membership: NewMembership) {
        self.memberships.push((place, membership));
    }

    /// The place of the fact that is judged now.
    pub(super) const fn place(&self) -> usize {
        self.outcomes.len()
    }

    /// Whether something waits about this item that comes after items; or, if a change is to be made, after changes.
    pub(super) fn is_awaited(&self, key: &Key<'r>, to_be_changed: bool) -> bool {
        let waiting = if to_be_changed { &self.deleted } else { &self.about };
        !waiting.is_empty() && waiting.contains(key)
    }

    /// The outcome of everything, and the times that can't be, each with the place of the fact that gave it.
    pub(super) fn finish(self) -> (Vec<Outcome>, Vec<(usize, Doubt)>) {
        let Self { outcomes, mut doubts, .. } = self;
        doubts.retain(|(place, _)| matches!(outcomes.get(*place), Some(Outcome::Added | Outcome::Erased)));
        doubts.sort_by_key(|(place, _)| *place);
        (outcomes, doubts)
    }

    fn set(&mut self, place: usize, outcome: Outcome) {
        if let Some(known) = self.outcomes.get_mut(place) {
            *known = outcome;
        }
    }

    /// Makes the items that wait.
    fn make_items(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        let made = rows::items::create_all(tx, &self.items)?;
        for ((place, item), made) in std::mem::take(&mut self.places).into_iter().zip(self.items.drain(..)).zip(made) {
            if made {
                if let Some(author) = item.author_id {
                    self.participants.push((author, item.conversation_id, item.recording));
                }
            } else if let Some(outcome) = self.outcomes.get_mut(place) {
                *outcome = Outcome::Unchanged;
            }
        }
        Ok(())
    }
}

impl Recorder {
    /// Writes what waits.
    pub(super) fn write(&mut self, tx: &mut Tx<'_>, run: &mut Run<'_>) -> Result<()> {
        self.write_people(tx, run)?;
        self.write_conversations(tx, run)?;
        self.write_memberships(tx, run)?;
        run.make_items(tx)?;
        self.participants.write(tx, std::mem::take(&mut run.participants))?;
        for (place, (conversation, id), outcome) in std::mem::take(&mut run.refused) {
            let known = rows::items::exists(tx, conversation, &id)?;
            run.set(place, if known { Outcome::Unchanged } else { outcome });
        }
        self.write_edits(tx, run)?;
        self.write_deletions(tx, run)?;
        run.about.clear();
        run.deleted.clear();
        Ok(())
    }

    fn write_memberships(&self, tx: &mut Tx<'_>, run: &mut Run<'_>) -> Result<()> {
        let (places, new): (Vec<usize>, Vec<NewMembership>) = std::mem::take(&mut run.memberships).into_iter().unzip();
        let added = rows::conversations::create_memberships(tx, &new, self.number)?;
        for (place, _) in places.into_iter().zip(added).filter(|(_, added)| *added) {
            run.set(place, Outcome::Added);
        }
        Ok(())
    }

    fn write_edits(&mut self, tx: &mut Tx<'_>, run: &mut Run<'_>) -> Result<()> {
        let edits = std::mem::take(&mut run.edits);
        let keys: Vec<(ConversationId, &str)> = edits.iter().map(|(_, edit)| (edit.key.0, &*edit.key.1)).collect();
        let items = rows::items::find_all(tx, &keys)?;
        let mut new: Vec<(usize, NewEdit)> = Vec::with_capacity(edits.len());
        for (place, edit) in &edits {
            let WaitingEdit { key: (conversation, id), at, change } = edit;
            let Some(item) = items.get(&(*conversation, &**id)) else {
                let outcome = self.without_item(tx, *conversation, id)?;
                run.set(*place, outcome);
                continue;
            };
            match change {
                Err(refused) => run.set(*place, refused.clone()),
                Ok((editor_id, content)) => {
                    run.doubts.extend(times::of_change(*at, item.created_at, self.now).map(|doubt| (*place, doubt)));
                    let edit = Edit {
                        item_id: item.id,
                        edited_at: *at,
                        editor_id: *editor_id,
                        content: content.clone().into_owned(),
                    };
                    new.push((
                        *place,
                        NewEdit { conversation_id: *conversation, item_created_at: item.created_at, edit },
                    ));
                }
            }
        }
        let instants: Vec<_> = new.iter().map(|(_, new)| (new.edit.item_id, new.edit.edited_at)).collect();
        let mut known = rows::items::list_edits_at(tx, &instants)?;
        let mut made = Vec::with_capacity(new.len());
        for (place, new) in new {
            let at_once: &mut Vec<Edit> = known.entry((new.edit.item_id, new.edit.edited_at)).or_default();
            if !at_once.contains(&new.edit) {
                at_once.push(new.edit.clone());
                made.push(new);
                run.set(place, Outcome::Added);
            }
        }
        rows::items::create_edits(tx, &made, self.number)
    }

    /// What becomes of a change of an item that is not there.
    fn without_item(&mut self, tx: &mut Tx<'_>, conversation: ConversationId, id: &str) -> Result<Outcome> {
        if let Some(deletion) = rows::items::find_deletion(tx, conversation, id)?
            && (deletion.is_erased || !Kept::default().is_kept(tx, conversation, deletion.at, self.now)?)
        {
            return Ok(Outcome::Erased);
        }
        Ok(Outcome::Refused(format!("the item “{id}”, which it changes, has not been recorded")))
    }

    fn write_deletions(&mut self, tx: &mut Tx<'_>, run: &mut Run<'_>) -> Result<()> {
        let deletions = std::mem::take(&mut run.deletions);
        let keys: Vec<(ConversationId, &str)> = deletions.iter().map(|(_, it)| (it.key.0, &*it.key.1)).collect();
        let mut items = rows::items::find_all(tx, &keys)?;
        let mut kept = Kept::default();
        let mut marked = Vec::new();
        for (place, deletion) in &deletions {
            let WaitingDeletion { key: (conversation, id), given, by } = deletion;
            let key = (*conversation, &**id);
            let found = items.get_mut(&key);
            if found.as_ref().is_some_and(|item| item.is_deleted)
                || (found.is_none() && rows::items::find_deletion(tx, *conversation, id)?.is_some())
            {
                continue;
            }
            let posted = found.as_ref().map(|item| item.created_at);
            let (at, doubt) = times::deleted_at(*given, posted, self.now);
            run.doubts.extend(doubt.map(|doubt| (*place, doubt)));
            match found {
                Some(item) if kept.is_kept(tx, *conversation, at, self.now)? => {
                    item.is_deleted = true;
                    marked.push((item.id, at, *by));
                }
                found => {
                    let erased = found.map(|item| *item);
                    self.write_without_item(tx, key, (at, *by), erased)?;
                    items.remove(&key);
                }
            }
            run.set(*place, Outcome::Added);
        }
        rows::items::update_deleted(tx, &marked, self.number)
    }

    /// Notes a deletion whose item is erased, or has not been seen.
    fn write_without_item(
        &mut self,
        tx: &mut Tx<'_>,
        (conversation, id): (ConversationId, &str),
        (at, by): (Timestamp, Option<UserId>),
        erased: Option<ExistingItem>,
    ) -> Result<()> {
        if let Some(item) = erased {
            rows::items::delete(tx, conversation, &item)?;
        }
        rows::items::create_deletion(tx, conversation, id, at, by, self.number, erased.as_ref())?;
        self.deletions.add(conversation, id);
        Ok(())
    }
}

/// C4: what is kept, as far as it has been looked up.
#[derive(Default)]
pub(super) struct Kept {
    conversations: HashMap<ConversationId, Vec<AccountId>>,
    accounts: HashMap<AccountId, Spans>,
}

impl Kept {
    /// Whether what was deleted then in this conversation is kept.
    pub(super) fn is_kept(
        &mut self,
        tx: &mut Tx<'_>,
        conversation: ConversationId,
        deleted_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let Self { conversations, accounts } = self;
        let theirs = match conversations.entry(conversation) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(rows::conversations::list_accounts(tx, conversation)?),
        };
        for &account in &*theirs {
            if let Entry::Vacant(unknown) = accounts.entry(account) {
                let mut periods = rows::periods::list(tx, account)?;
                if periods::is_set_back(&periods, now) {
                    switch::note_set_back(tx, account, now)?;
                    periods = rows::periods::list(tx, account)?;
                }
                unknown.insert(Spans::new(&periods, now));
            }
        }
        Ok(periods::is_kept(theirs.iter().filter_map(|account| accounts.get(account)), deleted_at))
    }
}
