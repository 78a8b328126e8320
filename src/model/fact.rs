//! What can be ingested (`capture::ingest`), as every importer produces it. How it is written on the wire is the importers' affair
//! (`capture::sources::events`).
//!
//! What a source itself may say ([`Fact`]) and what only the operator may ([`OperatorFact`]) are two types: whoever has facts only,
//! as a connector with a token has, can't say who is an administrator, nor that a company is an account of this server.
//!
//! Ids here are the source's own: text that is unique within the source (an item's id: within its conversation).

use super::{Attachment, Content, ConversationKind, ItemKind, Timestamp};

/// One fact that a source itself may report.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A company that takes part in the source's conversations. It is known by its name only, whatever accounts there are.
    Company(CompanyRecord),
    /// A person or bot, new or changed.
    User(UserRecord),
    /// A conversation, new or changed, with people in it.
    Conversation(ConversationRecord),
    /// A person joined a conversation.
    Joined(MembershipRecord),
    /// A person left a conversation.
    Left(MembershipRecord),
    /// Something was posted.
    ItemCreated(ItemRecord),
    /// Something posted was changed.
    ItemEdited(EditRecord),
    /// Something posted was deleted.
    ItemDeleted(DeletionRecord),
}

/// One fact that the operator may report: all that a source may, and what touches rights and other accounts.
#[derive(Clone, Debug, PartialEq)]
pub enum OperatorFact {
    /// What a source itself may report.
    Fact(Fact),
    /// A company of the source is the account of this server that bears its name. If there is none, it is made, known only by name.
    Account(CompanyRecord),
    /// A person of the importing account, and whether they have the admin role.
    UserWithRole {
        user: UserRecord,
        /// Gives the admin role, or takes it.
        is_admin: bool,
    },
}

impl From<Fact> for OperatorFact {
    fn from(fact: Fact) -> Self {
        Self::Fact(fact)
    }
}

/// A company of the source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CompanyRecord {
    /// The source's id of the company.
    pub id: String,
    pub name: String,
}

/// A person or bot.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UserRecord {
    /// The source's id of the person.
    pub id: String,
    /// The source's id of the person's company; the importing account when absent.
    pub company: Option<String>,
    /// Full name; the id stands in for a blank one.
    pub name: String,
    /// Links to a person of the same company who is already known by this address.
    pub email: Option<String>,
    /// A program, not a person.
    pub is_bot: bool,
    /// May no longer sign in since then; unchanged when absent.
    pub deactivated_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ConversationRecord {
    /// The source's id of the conversation.
    pub id: String,
    /// Which of the four.
    pub kind: ConversationKind,
    /// Name; a Team must have one, the others have none.
    pub name: Option<String>,
    /// Anyone of the company may join a public Team.
    pub is_public: bool,
    /// Who started it: that person's company owns it; the importing account does when absent.
    pub started_by: Option<String>,
    /// When it was started, where known.
    pub created_at: Option<Timestamp>,
    /// When it was closed to new items, where known.
    pub archived_at: Option<Timestamp>,
    /// The people in it; for Personal, Direct and Group all of them.
    pub members: Vec<MemberRecord>,
}

/// A person in a conversation when it is recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MemberRecord {
    /// The source's id of the person.
    pub user: String,
    /// Since when, where known.
    pub joined_at: Option<Timestamp>,
}

/// A person came or went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MembershipRecord {
    /// The source's id of the conversation.
    pub conversation: String,
    /// The source's id of the person.
    pub user: String,
    pub at: Timestamp,
}

/// Something posted.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemRecord {
    /// The source's id of the conversation.
    pub conversation: String,
    /// The source's id of the item, unique within the conversation.
    pub id: String,
    pub kind: ItemKind,
    /// When it was posted.
    pub at: Timestamp,
    /// Who posted it; none where the source does not say.
    pub by: Option<String>,
    /// The item that this one replies to: its id in the same conversation.
    pub parent: Option<String>,
    /// What it said when it was posted; a text of `null` says that the source no longer knows.
    pub content: Content,
    pub attachments: Vec<Attachment>,
}

/// Something posted was changed.
#[derive(Clone, Debug, PartialEq)]
pub struct EditRecord {
    /// The source's id of the conversation.
    pub conversation: String,
    /// The source's id of the item.
    pub id: String,
    pub at: Timestamp,
    /// Who changed it, where known.
    pub by: Option<String>,
    /// What it says since.
    pub content: Content,
}

/// Something posted was deleted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeletionRecord {
    /// The source's id of the conversation.
    pub conversation: String,
    /// The source's id of the item.
    pub id: String,
    /// When; the moment of recording where the source does not say.
    pub at: Option<Timestamp>,
    /// Who deleted it, where known.
    pub by: Option<String>,
}
