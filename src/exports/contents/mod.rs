//! What an export holds (C1–C7): the conversations of an account and their items within a range, as they stood at a cut.
//!
//! An archive is a function of what is read here. Pages are bounded, and no transaction stays open between them: what
//! was recorded after the cut is left out by its number, which is that of the conversation's source. The worker calls this and writes it down.
//!
//! | What | Where |
//! |---|---|
//! | how much there is, proved by the ledger | `plan` |
//! | conversations with their people | `listing` |
//! | items with their edits, several conversations at once where they are small | `items` |
//!
//! Here are the reader itself and what all of them know: the cut, and the people who were met. A few queries serve a page of
//! conversations: accounts have very many with little in them.

mod items;
mod listing;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

pub use self::items::{SMALL, Within};
pub use self::plan::Division;
use crate::capture::rows::conversations::{Conversation, ConversationFilter};
use crate::capture::rules::edits::LogEntry;
use crate::capture::rules::memberships::Stay;
use crate::capture::rules::periods::Spans;
use crate::db::cuts::Cut;
use crate::db::{self, Conn, Reading, Store};
use crate::error::{Error, Result};
use crate::identity;
use crate::model::{
    AccountId, Attachment, CapturePeriod, Content, ConversationId, Filters, ItemKind, Timestamp, User, UserId,
};

/// A person as archives name them.
#[derive(Clone, Debug)]
pub struct UserWithCompany {
    pub user: User,
    /// Name of their company.
    pub account: String,
}

/// A conversation with its people.
#[derive(Clone, Debug)]
pub struct ConversationWithPeople {
    pub conversation: Conversation,
    /// Name of the owning account.
    pub owner: String,
    /// Who started it.
    pub starter: Option<Arc<UserWithCompany>>,
    /// Each stay of each person, by the person's number.
    pub stays: Vec<(Arc<UserWithCompany>, Stay)>,
}

/// An item as it shows.
#[derive(Clone, Debug)]
pub struct ItemAsOfCut {
    /// The source's id.
    pub id: String,
    pub kind: ItemKind,
    /// Who posted it.
    pub author: Option<Arc<UserWithCompany>>,
    pub created_at: Timestamp,
    /// The source's id of the item that it replies to.
    pub parent: Option<String>,
    /// What it says.
    pub content: Content,
    /// Who is to do a task.
    pub assignees: Vec<Arc<UserWithCompany>>,
    /// Its edit log.
    pub log: Vec<(LogEntry, Option<Arc<UserWithCompany>>)>,
    pub attachments: Vec<Attachment>,
    /// When and by whom it was deleted.
    pub deleted: Option<(Timestamp, Option<Arc<UserWithCompany>>)>,
}

/// Reads what an export holds.
#[derive(Debug)]
pub struct Reader {
    db: Reading,
    view: View,
}

/// What of all that is recorded shows, and the people who were met in it.
#[derive(Debug)]
struct View {
    account: AccountId,
    cut: Cut,
    /// The cut's number for what belongs to each conversation that was listed or asked for last.
    numbers: HashMap<ConversationId, i64>,
    range: Range<Timestamp>,
    filters: Filters,
    /// When capture was on, or may have been.
    on: Spans,
    people: HashMap<UserId, Option<Arc<UserWithCompany>>>,
    /// Names of accounts that own conversations.
    owners: HashMap<AccountId, String>,
}

impl Reader {
    /// A reader of an account's items within a range, as they stood at the cut, and when capture had been on until then. It
    /// keeps a connection to itself.
    #[must_use]
    pub fn new(store: &Store, account: AccountId, cut: (Cut, &[CapturePeriod]), range: Range<Timestamp>) -> Self {
        let (cut, on) = (cut.0, Spans::new(cut.1, Timestamp::MAX));
        let (numbers, people, owners) = (HashMap::new(), HashMap::new(), HashMap::new());
        let view = View { account, cut, numbers, range, filters: Filters::default(), on, people, owners };
        Self { db: store.reading(), view }
    }

    /// The same, of the conversations that filters leave.
    #[must_use]
    pub fn limited_to(mut self, filters: &Filters) -> Self {
        self.view.filters.clone_from(filters);
        self
    }
}

impl View {
    const fn filter(&self) -> ConversationFilter<'_> {
        ConversationFilter { account: self.account, cut: self.cut, filters: &self.filters }
    }

    /// Takes note of the cut's numbers for these conversations.
    fn learn(&mut self, c: &mut Conn, ids: &[ConversationId]) -> Result<()> {
        if ids.iter().all(|id| self.numbers.contains_key(id)) {
            return Ok(());
        }
        self.numbers = db::cuts::list_of_conversations(c, self.cut, ids)?;
        Ok(())
    }

    /// Up to which recording what belongs to this conversation is part of the state that is read (C7).
    fn number(&self, conversation: ConversationId) -> Result<i64> {
        let number = self.numbers.get(&conversation).copied();
        number.ok_or_else(|| Error::internal("A conversation is not there.", format!("conversation {conversation}")))
    }

    /// Looks up those of these people who have not been met, all at once: numbers of people are bounded by the company, not by
    /// its messages.
    fn meet(&mut self, c: &mut Conn, ids: impl IntoIterator<Item = UserId>) -> Result<()> {
        let strangers: BTreeSet<UserId> = ids.into_iter().filter(|id| !self.people.contains_key(id)).collect();
        if strangers.is_empty() {
            return Ok(());
        }
        let strangers = Vec::from_iter(strangers);
        for (user, account) in identity::rows::users::list_at_cut(c, &strangers, self.cut)? {
            self.people.insert(user.id, Some(Arc::new(UserWithCompany { user, account })));
        }
        for id in strangers {
            self.people.entry(id).or_default();
        }
        Ok(())
    }

    /// Someone who may have been met before.
    fn person(&mut self, c: &mut Conn, id: UserId) -> Result<Option<Arc<UserWithCompany>>> {
        if let Some(known) = self.people.get(&id) {
            return Ok(known.clone());
        }
        self.meet(c, [id])?;
        Ok(self.people.get(&id).cloned().flatten())
    }

    fn person_opt(&mut self, c: &mut Conn, id: Option<UserId>) -> Result<Option<Arc<UserWithCompany>>> {
        id.map_or(Ok(None), |id| self.person(c, id))
    }
}
