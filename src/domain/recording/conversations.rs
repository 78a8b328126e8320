//! Recording conversations, and who came and went.

use std::collections::BTreeSet;

use super::{Known, Outcome, Person, Recorder, clean, refuse, unknown_conversation, unknown_person};
use crate::domain::rules::ownership;
use crate::error::Result;
use crate::model::{ConversationKind, ConversationRecord, MembershipRecord, UserId};
use crate::store::conversations::{MembershipEvent, NewConversation, Profile};
use crate::store::{self, Conn};

impl Recorder {
    pub(super) fn conversation(&mut self, c: &mut Conn, record: &ConversationRecord) -> Result<Outcome> {
        if record.id.is_empty() {
            return refuse("a conversation needs an id");
        }
        let name = record.name.as_deref().map(|name| clean(name.trim())).filter(|name| !name.is_empty());
        match (record.kind, &name) {
            (ConversationKind::Team, None) => return refuse("a Team needs a name"),
            (ConversationKind::Team, Some(_)) | (_, None) => {}
            (kind, Some(_)) => return refuse(format!("only a Team has a name, a {kind} conversation has none")),
        }
        let mut members: Vec<(Person, MembershipEvent)> = Vec::with_capacity(record.members.len());
        for member in &record.members {
            let Some(person) = self.find_person(c, &member.user)? else { return unknown_person(&member.user) };
            members.push((person, MembershipEvent { user_id: person.id, present: true, at: member.joined_at }));
        }
        let people: BTreeSet<UserId> = members.iter().map(|(person, _)| person.id).collect();

        let (known, mut changed) = match self.find_conversation(c, &record.id)? {
            Some(known) => {
                if known.kind != record.kind {
                    return refuse(format!(
                        "the conversation has been recorded as {}, not as {}",
                        known.kind, record.kind
                    ));
                }
                if closed_circle(known.kind) && !self.people_of(c, known)?.is_superset(&people) {
                    return refuse(format!("a {} conversation can't get other people", known.kind));
                }
                let changed = self.update_conversation(c, record, name.as_deref())?;
                (known, changed)
            }
            None => {
                if let Err(reason) = ownership::check_people(record.kind, people.len()) {
                    return refuse(reason);
                }
                let starter = match &record.started_by {
                    None => None,
                    Some(id) => match self.find_person(c, id)? {
                        None => return unknown_person(id),
                        person => person,
                    },
                };
                let owner = starter.map_or(self.account, |person| person.account);
                let new = NewConversation {
                    source: self.source,
                    external_id: &clean(&record.id),
                    kind: record.kind,
                    name: name.as_deref(),
                    is_public: record.public && record.kind == ConversationKind::Team,
                    owner_account_id: owner,
                    starter_id: starter.map(|person| person.id),
                    created_at: record.created_at,
                    archived_at: record.archived_at,
                    recording: self.number,
                };
                let id = store::conversations::create(c, &new)?;
                let accounts = members.iter().map(|(person, _)| person.account);
                for account in ownership::accounts_of(record.kind, owner, accounts) {
                    store::conversations::create_account(c, self.source, id, account)?;
                }
                let known = Known { id, kind: record.kind };
                self.conversations.insert(record.id.clone(), known);
                if let Some(starter) = starter {
                    self.participants.add(c, starter.id, id, self.number)?;
                }
                (known, true)
            }
        };
        for (person, event) in members {
            self.participants.add(c, person.id, known.id, self.number)?;
            changed |= store::conversations::create_membership(c, known.id, event, self.number)?;
        }
        Ok(if changed { Outcome::Added } else { Outcome::Unchanged })
    }

    fn update_conversation(&self, c: &mut Conn, record: &ConversationRecord, name: Option<&str>) -> Result<bool> {
        let Some(found) = store::conversations::find_by_external(c, self.source, &clean(&record.id))? else {
            return Ok(false);
        };
        let is_public = record.public && record.kind == ConversationKind::Team;
        // A source that no longer says when it was closed does not open it again.
        let archived_at = record.archived_at.or(found.archived_at);
        let profile = Profile { name, is_public, archived_at };
        store::conversations::update_profile(c, &found, profile, self.number)
    }

    pub(super) fn membership(&mut self, c: &mut Conn, record: &MembershipRecord, present: bool) -> Result<Outcome> {
        let Some(known) = self.find_conversation(c, &record.conversation)? else {
            return unknown_conversation(&record.conversation);
        };
        let Some(person) = self.find_person(c, &record.user)? else { return unknown_person(&record.user) };
        if closed_circle(known.kind) && !self.people_of(c, known)?.contains(&person.id) {
            return refuse(format!("a {} conversation can't get other people", known.kind));
        }
        let event = MembershipEvent { user_id: person.id, present, at: Some(record.at) };
        self.participants.add(c, person.id, known.id, self.number)?;
        let added = store::conversations::create_membership(c, known.id, event, self.number)?;
        Ok(if added { Outcome::Added } else { Outcome::Unchanged })
    }

    fn people_of(&self, c: &mut Conn, known: Known) -> Result<BTreeSet<UserId>> {
        let events = store::conversations::list_memberships(c, &[known.id], i64::MAX)?;
        Ok(events.into_iter().map(|(_, event)| event.user_id).collect())
    }
}

/// The people of a Personal or Direct conversation are what makes it that conversation (and whose it is, C2).
const fn closed_circle(kind: ConversationKind) -> bool {
    matches!(kind, ConversationKind::Personal | ConversationKind::Direct)
}
