//! Ingest: the only way in for data. It applies C2 and C4, and is idempotent on (source, external id, change):
//! what is known already changes nothing.
//!
//! Importers and the demo translate into [`Recording`]s and pass them here in batches, each in one transaction. What can't
//! be recorded is refused with a reason, and nothing around it is lost. Companies and people, conversations, and
//! what is posted in them have a file each.

mod cache;
mod conversations;
mod deletions;
mod items;
mod participants;
mod people;
mod run;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use cache::Cache;
use deletions::Deletions;
use participants::Participants;
use run::Run;

use super::rows;
use super::rules::times::Doubt;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::model::{AccountId, Content, ConversationId, ConversationKind, Recording, Timestamp, UserId};

/// What became of a recording.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It added or changed something.
    Added,
    /// It was known.
    Unchanged,
    /// It belongs to an item that was deleted while capture was off: erased, and not brought back (C4).
    Erased,
    /// It can't be recorded, for this reason.
    Refused(String),
}

fn refused(reason: impl Into<String>) -> Outcome {
    Outcome::Refused(reason.into())
}

/// Early return with a reason.
fn refuse(reason: impl Into<String>) -> Result<Outcome> {
    Ok(refused(reason))
}

/// A person as recordings refer to them.
#[derive(Clone, Copy)]
struct Person {
    id: UserId,
    account: AccountId,
}

/// A conversation as recordings refer to it.
#[derive(Clone, Copy)]
struct Known {
    id: ConversationId,
    kind: ConversationKind,
}

/// Records what one source of one account tells.
///
/// Remembers the people and conversations that it has met, as far as transactions are known to have been committed
/// ([`Recorder::committed`]): what one that was rolled back has made is no more.
pub struct Recorder {
    account: AccountId,
    source: rows::sources::SourceId,
    now: Timestamp,
    number: i64,
    /// Nothing that is remembered comes from a transaction of which it is not known that it was committed.
    is_committed: bool,
    companies: Cache<String, AccountId>,
    people: Cache<String, Person>,
    conversations: Cache<String, Known>,
    /// The people of Personal and Direct conversations.
    circles: Cache<ConversationId, BTreeSet<UserId>>,
    deletions: Deletions,
    participants: Participants,
    /// Of the facts that are being recorded: ids that the source has given to nobody, or to no conversation, so far.
    no_people: HashSet<String>,
    no_conversations: HashSet<String>,
    doubts: Vec<(usize, Doubt)>,
}

impl Recorder {
    /// A recorder for an account's source of a kind such as `slack`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn new(tx: &mut Tx<'_>, account: AccountId, kind: &str, now: Timestamp) -> Result<Self> {
        let source = rows::sources::find_or_create(tx, account, kind)?;
        Ok(Self {
            account,
            source,
            now,
            number: 0,
            is_committed: true,
            companies: Cache::default(),
            people: Cache::default(),
            conversations: Cache::default(),
            circles: Cache::default(),
            deletions: Deletions::default(),
            participants: Participants::default(),
            no_people: HashSet::new(),
            no_conversations: HashSet::new(),
            doubts: Vec::new(),
        })
    }

    /// The source whose facts it records.
    #[must_use]
    pub const fn source(&self) -> rows::sources::SourceId {
        self.source
    }

    /// Begins the part of a recording that one transaction holds. `now` is the moment of recording.
    ///
    /// # Errors
    /// When the database fails.
    pub fn begin(&mut self, tx: &mut Tx<'_>, now: Timestamp) -> Result<()> {
        if !std::mem::replace(&mut self.is_committed, false) {
            self.forget();
        }
        self.number = rows::sources::next_recording(tx, self.source)?;
        self.deletions.begin(self.number);
        self.now = now;
        Ok(())
    }

    /// The transaction that was begun last has been committed: what it has made may be remembered. Without this call the next one
    /// begins with an empty memory, which is slower and just as right.
    pub const fn committed(&mut self) {
        self.is_committed = true;
    }

    fn forget(&mut self) {
        self.companies.clear();
        self.people.clear();
        self.conversations.clear();
        self.circles.clear();
        self.deletions.clear();
        self.participants.clear();
    }

    /// Records these facts in their order, and tells what became of each.
    ///
    /// # Errors
    /// When the database fails; what can't be recorded is no error but [`Outcome::Refused`].
    pub fn record<'r>(
        &mut self,
        tx: &mut Tx<'_>,
        recordings: impl IntoIterator<Item = &'r Recording>,
    ) -> Result<Vec<Outcome>> {
        let recordings: Vec<&Recording> = recordings.into_iter().collect();
        self.look_up(tx, &recordings)?;
        let mut run = Run::default();
        for recording in recordings {
            self.record_one(tx, recording, &mut run)?;
        }
        self.write(tx, &mut run)?;
        let (outcomes, doubts) = run.finish();
        self.doubts = doubts;
        self.no_people.clear();
        self.no_conversations.clear();
        Ok(outcomes)
    }

    /// The times that can't be, of the facts that were recorded last and changed anything, each with the fact's place.
    pub fn take_doubts(&mut self) -> Vec<(usize, Doubt)> {
        std::mem::take(&mut self.doubts)
    }

    fn record_one<'r>(&mut self, tx: &mut Tx<'_>, recording: &'r Recording, run: &mut Run<'r>) -> Result<()> {
        if let Some(id) = ids(recording).into_iter().find(|id| id.len() > MAX_ID) {
            let begin: String = id.chars().take(40).collect();
            run.push(refused(format!("the id “{begin}…” has more than {MAX_ID} bytes")));
            return Ok(());
        }
        // Who or what is new and waits is made before somebody or something else is spoken of.
        if !matches!(recording, Recording::User(_)) {
            self.write_people(tx, run)?;
        }
        if !matches!(recording, Recording::Conversation(_)) {
            self.write_conversations(tx, run)?;
        }
        match recording {
            Recording::Account(record) => {
                let outcome = self.account(tx, record)?;
                run.push(outcome);
                Ok(())
            }
            Recording::User(record) => self.user(tx, record, run),
            Recording::Conversation(record) => self.conversation(tx, record, run),
            Recording::Joined(record) => self.membership(tx, record, true, run),
            Recording::Left(record) => self.membership(tx, record, false, run),
            Recording::ItemCreated(record) => self.item(tx, record, run),
            Recording::ItemEdited(record) => self.edit(tx, record, run),
            Recording::ItemDeleted(record) => self.deletion(tx, record, run),
        }
    }

    /// Looks up at once whom and what facts are about, where the database is a round trip away.
    fn look_up(&mut self, c: &mut Conn, recordings: &[&Recording]) -> Result<()> {
        if matches!(c, Conn::Sqlite(_)) {
            return Ok(());
        }
        for recording in recordings {
            for id in people(recording) {
                if self.people.get(id).is_none() && !self.no_people.contains(id) {
                    self.no_people.insert(id.to_owned());
                }
            }
            if let Some(id) = conversation(recording)
                && self.conversations.get(id).is_none()
                && !self.no_conversations.contains(id)
            {
                self.no_conversations.insert(id.to_owned());
            }
        }
        // Those with a character that is kept as another one are rare, and looked up one by one.
        self.no_people.retain(|id| is_clean(id) && id.len() <= MAX_ID);
        self.no_conversations.retain(|id| is_clean(id) && id.len() <= MAX_ID);
        for (external, id, account) in rows::sources::list_users(c, self.source, &self.no_people)? {
            self.remember_person(external, Person { id, account });
        }
        let found = rows::conversations::list_by_external(c, self.source, &self.no_conversations)?;
        for (external, id, kind) in found {
            self.remember_conversation(external, Known { id, kind });
        }
        let about = recordings.iter().filter_map(|recording| match recording {
            Recording::ItemCreated(record) => self.conversations.get(&record.conversation).map(|known| known.id),
            _ => None,
        });
        let about: Vec<ConversationId> = about.collect::<BTreeSet<_>>().into_iter().collect();
        self.deletions.look_up(c, &about)
    }

    fn remember_person(&mut self, external: String, person: Person) {
        self.no_people.remove(&external);
        self.people.insert(external, person);
    }

    fn remember_conversation(&mut self, external: String, known: Known) {
        self.no_conversations.remove(&external);
        self.conversations.insert(external, known);
    }

    fn find_person(&mut self, c: &mut Conn, external: &str) -> Result<Option<Person>> {
        if let Some(person) = self.people.get(external) {
            return Ok(Some(*person));
        }
        if self.no_people.contains(external) {
            return Ok(None);
        }
        let Some((id, account)) = rows::sources::find_user_and_account(c, self.source, &clean(external))? else {
            return Ok(None);
        };
        let person = Person { id, account };
        self.remember_person(external.to_owned(), person);
        Ok(Some(person))
    }

    fn find_conversation(&mut self, c: &mut Conn, external: &str) -> Result<Option<Known>> {
        if let Some(known) = self.conversations.get(external) {
            return Ok(Some(*known));
        }
        if self.no_conversations.contains(external) {
            return Ok(None);
        }
        let found = rows::conversations::find_by_external(c, self.source, &clean(external))?;
        let known = found.map(|found| Known { id: found.id, kind: found.kind });
        if let Some(known) = known {
            self.remember_conversation(external.to_owned(), known);
        }
        Ok(known)
    }
}

/// The people whom a fact is about, by the source's ids.
fn people(recording: &Recording) -> Vec<&str> {
    let mut people: Vec<&str> = Vec::new();
    match recording {
        Recording::Account(_) => {}
        Recording::User(record) => people.push(&record.id),
        Recording::Conversation(record) => {
            people.extend(record.started_by.as_deref());
            people.extend(record.members.iter().map(|member| member.user.as_str()));
        }
        Recording::Joined(record) | Recording::Left(record) => people.push(&record.user),
        Recording::ItemCreated(record) => {
            people.extend(record.by.as_deref());
            people.extend(assignees(&record.content));
        }
        Recording::ItemEdited(record) => {
            people.extend(record.by.as_deref());
            people.extend(assignees(&record.content));
        }
        Recording::ItemDeleted(record) => people.extend(record.by.as_deref()),
    }
    people
}

fn assignees(content: &Content) -> impl Iterator<Item = &str> {
    content.details.iter().flat_map(|details| details.assignees.iter().map(String::as_str))
}

/// The conversation that a fact is about, by the source's id.
fn conversation(recording: &Recording) -> Option<&str> {
    match recording {
        Recording::Account(_) | Recording::User(_) => None,
        Recording::Conversation(record) => Some(&record.id),
        Recording::Joined(record) | Recording::Left(record) => Some(&record.conversation),
        Recording::ItemCreated(record) => Some(&record.conversation),
        Recording::ItemEdited(record) => Some(&record.conversation),
        Recording::ItemDeleted(record) => Some(&record.conversation),
    }
}

/// Bytes of an id at most: both databases keep them in indexes, whose rows are bounded.
const MAX_ID: usize = 500;

/// The ids that a recording brings.
fn ids(recording: &Recording) -> [&str; 2] {
    match recording {
        Recording::Account(record) => [&record.id, &record.name],
        Recording::User(record) => [&record.id, record.email.as_deref().unwrap_or_default()],
        Recording::Conversation(record) => [&record.id, ""],
        Recording::Joined(record) | Recording::Left(record) => [&record.conversation, &record.user],
        Recording::ItemCreated(record) => [&record.conversation, &record.id],
        Recording::ItemEdited(record) => [&record.conversation, &record.id],
        Recording::ItemDeleted(record) => [&record.conversation, &record.id],
    }
}

fn unknown_person(id: &str) -> Outcome {
    refused(format!("the person “{id}” has not been recorded"))
}

fn unknown_conversation(id: &str) -> Outcome {
    refused(format!("the conversation “{id}” has not been recorded"))
}

/// Text as both databases can hold it: PostgreSQL has no NUL, so its picture stands for it.
fn clean(text: &str) -> Cow<'_, str> {
    if is_clean(text) { Cow::Borrowed(text) } else { Cow::Owned(text.replace('\0', "\u{2400}")) }
}

/// Whether both databases can hold it as it is.
fn is_clean(text: &str) -> bool {
    !text.contains('\0')
}
