//! Recording conversations, and who came and went.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use super::run::Run;
use super::{
    KnownConversation, KnownUser, Outcome, Recorder, clean, refuse, refused, unknown_conversation, unknown_person,
};
use crate::capture::rows;
use crate::capture::rows::conversations::{MembershipEvent, NewConversation, Profile};
use crate::capture::rules::{ownership, times};
use crate::db::Tx;
use crate::db::cuts::Cut;
use crate::error::Result;
use crate::model::{ConversationKind, ConversationRecord, MembershipRecord, UserId};

/// What is still to be noted of a new conversation once it has a number.
struct Waiting<'r> {
    /// Where the outcome of the fact is.
    place: usize,
    record: &'r ConversationRecord,
    members: Vec<MembershipEvent>,
}

/// New conversations that wait, so as to be made at once, each with what is to be noted then. No two have the same id.
#[derive(Default)]
pub(super) struct NewConversations<'r> {
    new: Vec<NewConversation<'r>>,
    waiting: Vec<Waiting<'r>>,
    ids: HashSet<Cow<'r, str>>,
}

impl<'r> NewConversations<'r> {
    fn push(&mut self, new: NewConversation<'r>, waiting: Waiting<'r>) {
        self.ids.insert(new.external_id.clone());
        self.new.push(new);
        self.waiting.push(waiting);
    }
}

impl Recorder {
    /// Records a conversation. One that is new waits for others that are, until something else is spoken of. Its people are
    /// written with those of others; what is new among them counts as added then.
    pub(super) fn conversation<'r>(
        &mut self,
        tx: &mut Tx<'_>,
        record: &'r ConversationRecord,
        run: &mut Run<'r>,
    ) -> Result<()> {
        if run.conversations.ids.contains(&clean(&record.id)) {
            self.write_conversations(tx, run)?;
        }
        let outcome = self.judged_conversation(tx, record, run)?;
        run.push(outcome);
        Ok(())
    }

    fn judged_conversation<'r>(
        &mut self,
        tx: &mut Tx<'_>,
        record: &'r ConversationRecord,
        run: &mut Run<'r>,
    ) -> Result<Outcome> {
        if record.id.is_empty() {
            return refuse("a conversation needs an id");
        }
        let name = record.name.as_deref().map(|name| clean(name.trim())).filter(|name| !name.is_empty());
        match (record.kind, &name) {
            (ConversationKind::Team, None) => return refuse("a Team needs a name"),
            (ConversationKind::Team, Some(_)) | (_, None) => {}
            (kind, Some(_)) => return refuse(format!("only a Team has a name, a {kind} conversation has none")),
        }
        let mut members: Vec<(KnownUser, MembershipEvent)> = Vec::with_capacity(record.members.len());
        for member in &record.members {
            let Some(person) = self.find_person(tx, &member.user)? else { return Ok(unknown_person(&member.user)) };
            members.push((person, MembershipEvent { user_id: person.id, present: true, at: member.joined_at }));
        }
        let people: BTreeSet<UserId> = members.iter().map(|(person, _)| person.id).collect();
        let changed = match self.find_conversation(tx, &record.id)? {
            Some(known) => {
                if known.kind != record.kind {
                    return refuse(format!(
                        "the conversation has been recorded as {}, not as {}",
                        known.kind, record.kind
                    ));
                }
                if closed_circle(known.kind) && !self.people_of(tx, known, run)?.is_superset(&people) {
                    return refuse(format!("a {} conversation can't get other people", known.kind));
                }
                let changed = self.update_conversation(tx, record, name.as_deref())?;
                for (person, event) in &members {
                    run.participants.push((person.id, known.id, self.number));
                    run.membership((known.id, *event));
                }
                changed
            }
            None => {
                if let Err(reason) = ownership::check_people(record.kind, people.len()) {
                    return refuse(reason);
                }
                let starter = match &record.started_by {
                    None => None,
                    Some(id) => match self.find_person(tx, id)? {
                        None => return Ok(unknown_person(id)),
                        person => person,
                    },
                };
                let owner = starter.map_or(self.account, |person| person.account);
                let new = NewConversation {
                    source: self.source,
                    external_id: clean(&record.id),
                    kind: record.kind,
                    name,
                    is_public: record.is_public && record.kind == ConversationKind::Team,
                    owner_account_id: owner,
                    starter_id: starter.map(|person| person.id),
                    created_at: record.created_at,
                    archived_at: record.archived_at,
                    recording: self.number,
                    accounts: ownership::accounts_of(
                        record.kind,
                        owner,
                        members.iter().map(|(person, _)| person.account),
                    ),
                };
                let members = members.iter().map(|(_, event)| *event).collect();
                let place = run.place();
                run.conversations.push(new, Waiting { place, record, members });
                true
            }
        };
        if changed {
            run.doubt(record.created_at.and_then(|at| times::after_now("the conversation", at, self.now)));
            run.doubt(record.archived_at.and_then(|at| times::after_now("the conversation's end", at, self.now)));
        }
        for (_, event) in members {
            run.doubt(event.at.and_then(|at| times::after_now("the join", at, self.now)));
        }
        Ok(if changed { Outcome::Added } else { Outcome::Unchanged })
    }

    /// Makes the conversations that wait.
    pub(super) fn write_conversations(&mut self, tx: &mut Tx<'_>, run: &mut Run<'_>) -> Result<()> {
        let NewConversations { new, waiting, .. } = std::mem::take(&mut run.conversations);
        let ids = rows::conversations::create_all(tx, &new)?;
        for ((id, new), Waiting { place, record, members }) in ids.into_iter().zip(new).zip(waiting) {
            self.remember_conversation(record.id.clone(), KnownConversation { id, kind: record.kind });
            self.deletions.begin_conversation(id);
            if closed_circle(record.kind) {
                self.circles.insert(id, members.iter().map(|member| member.user_id).collect());
            }
            let people = members.iter().map(|member| member.user_id).chain(new.starter_id);
            run.participants.extend(people.map(|person| (person, id, self.number)));
            for member in members {
                run.membership_of(place, (id, member));
            }
        }
        Ok(())
    }

    fn update_conversation(&self, tx: &mut Tx<'_>, record: &ConversationRecord, name: Option<&str>) -> Result<bool> {
        let Some(found) = rows::conversations::find_by_external(tx, self.source, &clean(&record.id))? else {
            return Ok(false);
        };
        let is_public = record.is_public && record.kind == ConversationKind::Team;
        // A source that no longer says when it was closed does not open it again.
        let archived_at = record.archived_at.or(found.archived_at);
        let profile = Profile { name, is_public, archived_at };
        rows::conversations::update_profile(tx, &found, profile, self.number)
    }

    /// Judges that somebody came or went; whether that is new turns out when it is written.
    pub(super) fn membership(
        &mut self,
        tx: &mut Tx<'_>,
        record: &MembershipRecord,
        present: bool,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let outcome = self.judged_membership(tx, record, present, run)?;
        run.push(outcome);
        Ok(())
    }

    fn judged_membership(
        &mut self,
        tx: &mut Tx<'_>,
        record: &MembershipRecord,
        present: bool,
        run: &mut Run<'_>,
    ) -> Result<Outcome> {
        let Some(known) = self.find_conversation(tx, &record.conversation)? else {
            return Ok(unknown_conversation(&record.conversation));
        };
        let Some(person) = self.find_person(tx, &record.user)? else { return Ok(unknown_person(&record.user)) };
        if closed_circle(known.kind) && !self.people_of(tx, known, run)?.contains(&person.id) {
            return Ok(refused(format!("a {} conversation can't get other people", known.kind)));
        }
        run.participants.push((person.id, known.id, self.number));
        run.doubt(times::after_now(if present { "the join" } else { "the leave" }, record.at, self.now));
        run.membership((known.id, MembershipEvent { user_id: person.id, present, at: Some(record.at) }));
        Ok(Outcome::Unchanged)
    }

    /// The people of a closed circle, who never change.
    fn people_of(&mut self, tx: &mut Tx<'_>, known: KnownConversation, run: &mut Run<'_>) -> Result<BTreeSet<UserId>> {
        if let Some(people) = self.circles.get(&known.id) {
            return Ok(people.clone());
        }
        // Some of them may wait.
        self.write(tx, run)?;
        let events = rows::conversations::list_memberships(tx, &[known.id], Cut::Now)?;
        let people: BTreeSet<UserId> = events.into_iter().map(|(_, event)| event.user_id).collect();
        self.circles.insert(known.id, people.clone());
        Ok(people)
    }
}

/// The people of a Personal or Direct conversation are what makes it that conversation (and whose it is, C2).
const fn closed_circle(kind: ConversationKind) -> bool {
    matches!(kind, ConversationKind::Personal | ConversationKind::Direct)
}
