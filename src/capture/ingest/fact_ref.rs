//! What can be recorded, as the recorder looks at it: the same whoever reports it, with what only the operator may add.
//!
//! Here lives the way from [`Fact`] and [`OperatorFact`] to it, which is the only one: what a [`Fact`] says has no word on rights or
//! accounts. The recorder judges it; importers ask what it is about.

use crate::model::{
    CompanyRecord, Content, ConversationRecord, DeletionRecord, EditRecord, Fact, ItemRecord, MembershipRecord,
    OperatorFact, UserRecord,
};

/// What may be given to a recorder: [`Fact`]s by a source, [`OperatorFact`]s by the operator, and nothing else.
pub trait Recordable {
    /// What it reports.
    fn fact_ref(&self) -> FactRef<'_>;
}

/// What a fact says, and what the operator says beyond it.
#[derive(Clone, Copy, Debug)]
pub enum FactRef<'r> {
    /// A company of the source.
    Company {
        record: &'r CompanyRecord,
        /// It is the account of this server with its name, if there is one. Only the operator says so.
        is_account: bool,
    },
    /// A person or bot.
    User {
        record: &'r UserRecord,
        /// Gives or takes the admin role. Only the operator says so.
        is_admin: Option<bool>,
    },
    Conversation(&'r ConversationRecord),
    /// Somebody joined a conversation.
    Joined(&'r MembershipRecord),
    /// Somebody left a conversation.
    Left(&'r MembershipRecord),
    /// Something was posted.
    ItemCreated(&'r ItemRecord),
    /// Something was changed.
    ItemEdited(&'r EditRecord),
    /// Something was deleted.
    ItemDeleted(&'r DeletionRecord),
}

impl Recordable for Fact {
    fn fact_ref(&self) -> FactRef<'_> {
        match self {
            Self::Company(record) => FactRef::Company { record, is_account: false },
            Self::User(record) => FactRef::User { record, is_admin: None },
            Self::Conversation(record) => FactRef::Conversation(record),
            Self::Joined(record) => FactRef::Joined(record),
            Self::Left(record) => FactRef::Left(record),
            Self::ItemCreated(record) => FactRef::ItemCreated(record),
            Self::ItemEdited(record) => FactRef::ItemEdited(record),
            Self::ItemDeleted(record) => FactRef::ItemDeleted(record),
        }
    }
}

impl Recordable for OperatorFact {
    fn fact_ref(&self) -> FactRef<'_> {
        match self {
            Self::Fact(fact) => fact.fact_ref(),
            Self::Account(record) => FactRef::Company { record, is_account: true },
            Self::UserWithRole { user, is_admin } => FactRef::User { record: user, is_admin: Some(*is_admin) },
        }
    }
}

impl<'r> FactRef<'r> {
    /// What it says of an item, if it does.
    #[must_use]
    pub const fn content(self) -> Option<&'r Content> {
        match self {
            Self::ItemCreated(record) => Some(&record.content),
            Self::ItemEdited(record) => Some(&record.content),
            Self::Company { .. }
            | Self::User { .. }
            | Self::Conversation(_)
            | Self::Joined(_)
            | Self::Left(_)
            | Self::ItemDeleted(_) => None,
        }
    }

    /// The people whom it is about, by the source's ids.
    pub(super) fn people(self) -> Vec<&'r str> {
        let mut people: Vec<&str> = Vec::new();
        match self {
            Self::Company { .. } => {}
            Self::User { record, .. } => people.push(&record.id),
            Self::Conversation(record) => {
                people.extend(record.started_by.as_deref());
                people.extend(record.members.iter().map(|member| member.user.as_str()));
            }
            Self::Joined(record) | Self::Left(record) => people.push(&record.user),
            Self::ItemCreated(record) => people.extend(record.by.as_deref()),
            Self::ItemEdited(record) => people.extend(record.by.as_deref()),
            Self::ItemDeleted(record) => people.extend(record.by.as_deref()),
        }
        let details = self.content().and_then(|content| content.details.as_ref());
        people.extend(details.into_iter().flat_map(|details| details.assignees.iter().map(String::as_str)));
        people
    }

    /// The conversation that it is about, by the source's id.
    pub(super) fn conversation(self) -> Option<&'r str> {
        match self {
            Self::Company { .. } | Self::User { .. } => None,
            Self::Conversation(record) => Some(&record.id),
            Self::Joined(record) | Self::Left(record) => Some(&record.conversation),
            Self::ItemCreated(record) => Some(&record.conversation),
            Self::ItemEdited(record) => Some(&record.conversation),
            Self::ItemDeleted(record) => Some(&record.conversation),
        }
    }

    /// The ids that it brings.
    pub(super) fn ids(self) -> [&'r str; 2] {
        match self {
            Self::Company { record, .. } => [&record.id, &record.name],
            Self::User { record, .. } => [&record.id, record.email.as_deref().unwrap_or_default()],
            Self::Conversation(record) => [&record.id, ""],
            Self::Joined(record) | Self::Left(record) => [&record.conversation, &record.user],
            Self::ItemCreated(record) => [&record.conversation, &record.id],
            Self::ItemEdited(record) => [&record.conversation, &record.id],
            Self::ItemDeleted(record) => [&record.conversation, &record.id],
        }
    }
}
