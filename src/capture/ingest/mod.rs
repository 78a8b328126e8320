//! Ingest: the only way in for data. It applies C2 and C4, and is idempotent on (source, external id, change):
//! what is known already changes nothing.
//!
//! Importers and the demo translate into facts and pass them here in batches, each in one transaction: [`crate::model::Fact`]s, if
//! nobody but the source speaks, or [`crate::model::OperatorFact`]s. What can't be recorded is refused with a reason, and nothing
//! around it is lost; what became of each fact is returned. Companies and people, conversations, and what is posted in them have a file
//! each.

mod cache;
mod conversations;
mod deletions;
mod fact_ref;
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
use crate::identity;
use crate::model::{AccountId, ConversationId, ConversationKind, SourceId, SourceKey, Timestamp, UserId};
pub use fact_ref::{FactRef, Recordable};

/// What became of a fact.
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

/// A person as facts refer to them.
#[derive(Clone, Copy)]
struct KnownUser {
    id: UserId,
    account: AccountId,
}

/// A conversation as facts refer to it.
#[derive(Clone, Copy)]
struct KnownConversation {
    id: ConversationId,
    kind: ConversationKind,
}

/// Records what one source of one account reports.
///
/// Remembers the people and conversations that it has met, as far as transactions are known to have been committed
/// ([`Recorder::committed`]): what one that was rolled back has made is no more.
pub struct Recorder {
    account: AccountId,
    source: SourceId,
    now: Timestamp,
    number: i64,
    /// Nothing that is remembered comes from a transaction of which it is not known that it was committed.
    is_committed: bool,
    companies: Cache<String, AccountId>,
    people: Cache<String, KnownUser>,
    conversations: Cache<String, KnownConversation>,
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
    /// A recorder for this source of an account, which is made at its first use.
    pub fn new<'a>(
        tx: &mut Tx<'_>,
        account: AccountId,
        source: impl Into<SourceKey<'a>>,
        now: Timestamp,
    ) -> Result<Self> {
        let source = identity::rows::sources::find_or_create(tx, account, source)?;
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
    pub const fn source(&self) -> SourceId {
        self.source
    }

    /// Begins the part of a recording that one transaction holds. `now` is the moment of recording.
    pub fn begin(&mut self, tx: &mut Tx<'_>, now: Timestamp) -> Result<()> {
        if !std::mem::replace(&mut self.is_committed, false) {
            self.forget();
        }
        self.number = identity::rows::sources::next_recording(tx, self.source)?;
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

    /// Records these facts in their order, and returns what became of each. What they may say of rights and other accounts, their
    /// type decides.
    ///
    /// # Errors
    /// When the database fails; what can't be recorded is no error but [`Outcome::Refused`].
    pub fn record<'r, F: Recordable + 'r>(
        &mut self,
        tx: &mut Tx<'_>,
        facts: impl IntoIterator<Item = &'r F>,
    ) -> Result<Vec<Outcome>> {
        let facts: Vec<FactRef<'r>> = facts.into_iter().map(F::fact_ref).collect();
        self.look_up(tx, &facts)?;
        let mut run = Run::default();
        for fact in facts {
            self.record_one(tx, fact, &mut run)?;
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

    fn record_one<'r>(&mut self, tx: &mut Tx<'_>, fact: FactRef<'r>, run: &mut Run<'r>) -> Result<()> {
        if let Some(id) = fact.ids().into_iter().find(|id| id.len() > MAX_ID) {
            let begin: String = id.chars().take(40).collect();
            run.push(refused(format!("the id “{begin}…” has more than {MAX_ID} bytes")));
            return Ok(());
        }
        // Who or what is new and waits is made before somebody or something else is spoken of.
        if !matches!(fact, FactRef::User { .. }) {
            self.write_people(tx, run)?;
        }
        if !matches!(fact, FactRef::Conversation(_)) {
            self.write_conversations(tx, run)?;
        }
        match fact {
            FactRef::Company { record, is_account } => {
                let outcome = self.company(tx, record, is_account)?;
                run.push(outcome);
                Ok(())
            }
            FactRef::User { record, is_admin } => self.user(tx, record, is_admin, run),
            FactRef::Conversation(record) => self.conversation(tx, record, run),
            FactRef::Joined(record) => self.membership(tx, record, true, run),
            FactRef::Left(record) => self.membership(tx, record, false, run),
            FactRef::ItemCreated(record) => self.item(tx, record, run),
            FactRef::ItemEdited(record) => self.edit(tx, record, run),
            FactRef::ItemDeleted(record) => self.deletion(tx, record, run),
        }
    }

    /// Looks up at once whom and what facts are about, where the database is a round trip away.
    fn look_up(&mut self, c: &mut Conn, facts: &[FactRef<'_>]) -> Result<()> {
        if matches!(c, Conn::Sqlite(_)) {
            return Ok(());
        }
        for fact in facts {
            for id in fact.people() {
                if self.people.get(id).is_none() && !self.no_people.contains(id) {
                    self.no_people.insert(id.to_owned());
                }
            }
            if let Some(id) = fact.conversation()
                && self.conversations.get(id).is_none()
                && !self.no_conversations.contains(id)
            {
                self.no_conversations.insert(id.to_owned());
            }
        }
        // Those with a character that is kept as another one are rare, and looked up one by one.
        self.no_people.retain(|id| is_clean(id) && id.len() <= MAX_ID);
        self.no_conversations.retain(|id| is_clean(id) && id.len() <= MAX_ID);
        for (external, id, account) in identity::rows::sources::list_users(c, self.source, &self.no_people)? {
            self.remember_person(external, KnownUser { id, account });
        }
        let found = rows::conversations::list_by_external(c, self.source, &self.no_conversations)?;
        for (external, id, kind) in found {
            self.remember_conversation(external, KnownConversation { id, kind });
        }
        let about = facts.iter().filter_map(|fact| match fact {
            FactRef::ItemCreated(record) => self.conversations.get(&record.conversation).map(|known| known.id),
            _ => None,
        });
        let about: Vec<ConversationId> = about.collect::<BTreeSet<_>>().into_iter().collect();
        self.deletions.look_up(c, &about)
    }

    fn remember_person(&mut self, external: String, person: KnownUser) {
        self.no_people.remove(&external);
        self.people.insert(external, person);
    }

    fn remember_conversation(&mut self, external: String, known: KnownConversation) {
        self.no_conversations.remove(&external);
        self.conversations.insert(external, known);
    }

    fn find_person(&mut self, c: &mut Conn, external: &str) -> Result<Option<KnownUser>> {
        if let Some(person) = self.people.get(external) {
            return Ok(Some(*person));
        }
        if self.no_people.contains(external) {
            return Ok(None);
        }
        let Some((id, account)) = identity::rows::sources::find_user_and_account(c, self.source, &clean(external))?
        else {
            return Ok(None);
        };
        let person = KnownUser { id, account };
        self.remember_person(external.to_owned(), person);
        Ok(Some(person))
    }

    fn find_conversation(&mut self, c: &mut Conn, external: &str) -> Result<Option<KnownConversation>> {
        if let Some(known) = self.conversations.get(external) {
            return Ok(Some(*known));
        }
        if self.no_conversations.contains(external) {
            return Ok(None);
        }
        let found = rows::conversations::find_by_external(c, self.source, &clean(external))?;
        let known = found.map(|found| KnownConversation { id: found.id, kind: found.kind });
        if let Some(known) = known {
            self.remember_conversation(external.to_owned(), known);
        }
        Ok(known)
    }
}

/// Bytes of an id at most: both databases keep them in indexes, whose rows are bounded.
const MAX_ID: usize = 500;

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
