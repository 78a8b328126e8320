//! The one door through which all data enters. It applies C2 and C4, and is idempotent on (source, external id, change):
//! what is known already changes nothing.
//!
//! Importers and the demo translate into [`Recording`]s and pass them here in batches, each in one transaction. What can't
//! be recorded is refused with a reason, and nothing around it is lost. Companies and people, conversations, and
//! what is posted in them have a file each.

mod conversations;
mod deletions;
mod items;
mod participants;
mod people;
mod run;

use std::borrow::Cow;
use std::collections::HashMap;

use deletions::Deletions;
use participants::Participants;
use run::Run;

use crate::error::Result;
use crate::model::{AccountId, ConversationId, ConversationKind, Recording, Timestamp, UserId};
use crate::store::{self, Conn};

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

/// Early return with a reason.
fn refuse(reason: impl Into<String>) -> Result<Outcome> {
    Ok(Outcome::Refused(reason.into()))
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
/// Remembers the people and conversations that it has met, so a transaction that it took part in and that was rolled back
/// ends its use.
pub struct Recorder {
    account: AccountId,
    source: store::sources::SourceId,
    now: Timestamp,
    number: i64,
    people: HashMap<String, Person>,
    conversations: HashMap<String, Known>,
    deletions: Deletions,
    participants: Participants,
}

impl Recorder {
    /// A recorder for an account's source of a kind such as `slack`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn new(c: &mut Conn, account: AccountId, kind: &str, now: Timestamp) -> Result<Self> {
        let source = store::sources::find_or_create(c, account, kind)?;
        Ok(Self {
            account,
            source,
            now,
            number: 0,
            people: HashMap::new(),
            conversations: HashMap::new(),
            deletions: Deletions::default(),
            participants: Participants::default(),
        })
    }

    /// Begins the part of a recording that one transaction holds. `now` is the moment of recording.
    ///
    /// # Errors
    /// When the database fails.
    pub fn begin(&mut self, c: &mut Conn, now: Timestamp) -> Result<()> {
        self.number = store::sources::next_recording(c)?;
        self.deletions.begin(self.number);
        self.now = now;
        Ok(())
    }

    /// Records these facts in their order, and tells what became of each.
    ///
    /// # Errors
    /// When the database fails; what can't be recorded is no error but [`Outcome::Refused`].
    pub fn record<'r>(
        &mut self,
        c: &mut Conn,
        recordings: impl IntoIterator<Item = &'r Recording>,
    ) -> Result<Vec<Outcome>> {
        let mut run = Run::default();
        for recording in recordings {
            if let Some(id) = ids(recording).into_iter().find(|id| id.len() > MAX_ID) {
                let begin: String = id.chars().take(40).collect();
                run.push(Outcome::Refused(format!("the id “{begin}…” has more than {MAX_ID} bytes")));
                continue;
            }
            if let Recording::ItemCreated(record) = recording {
                let judged = self.item(c, record)?;
                run.push_item(c, judged, &mut self.participants)?;
                continue;
            }
            // It may be about one of them.
            run.make_items(c, &mut self.participants)?;
            run.push(match recording {
                Recording::Account(record) => self.account(c, record)?,
                Recording::User(record) => self.user(c, record)?,
                Recording::Conversation(record) => self.conversation(c, record)?,
                Recording::Joined(record) => self.membership(c, record, true)?,
                Recording::Left(record) => self.membership(c, record, false)?,
                Recording::ItemEdited(record) => self.edit(c, record)?,
                Recording::ItemDeleted(record) => self.deletion(c, record)?,
                Recording::ItemCreated(_) => continue,
            });
        }
        run.finish(c, &mut self.participants)
    }

    fn find_person(&mut self, c: &mut Conn, external: &str) -> Result<Option<Person>> {
        if let Some(person) = self.people.get(external) {
            return Ok(Some(*person));
        }
        let Some(id) = store::sources::find_user(c, self.source, &clean(external))? else { return Ok(None) };
        let Some(user) = store::users::find(c, id)? else { return Ok(None) };
        let person = Person { id, account: user.account_id };
        self.people.insert(external.to_owned(), person);
        Ok(Some(person))
    }

    fn find_conversation(&mut self, c: &mut Conn, external: &str) -> Result<Option<Known>> {
        if let Some(known) = self.conversations.get(external) {
            return Ok(Some(*known));
        }
        let found = store::conversations::find_by_external(c, self.source, &clean(external))?;
        let known = found.map(|found| Known { id: found.id, kind: found.kind });
        if let Some(known) = known {
            self.conversations.insert(external.to_owned(), known);
        }
        Ok(known)
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

fn unknown_person(id: &str) -> Result<Outcome> {
    refuse(format!("the person “{id}” has not been recorded"))
}

fn unknown_conversation(id: &str) -> Result<Outcome> {
    refuse(format!("the conversation “{id}” has not been recorded"))
}

/// Text as both databases can hold it: PostgreSQL has no NUL, so its picture stands for it.
fn clean(text: &str) -> Cow<'_, str> {
    if is_clean(text) { Cow::Borrowed(text) } else { Cow::Owned(text.replace('\0', "\u{2400}")) }
}

/// Whether both databases can hold it as it is.
fn is_clean(text: &str) -> bool {
    !text.contains('\0')
}
