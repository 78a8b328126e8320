//! What can be ingested (`capture::ingest`): the shapes of our own JSON
//! Lines format (`docs/recording.md`), into which every importer translates.
//!
//! Ids here are the source's own: text that is unique within the importing account and kind of source (an item's id:
//! within its conversation).

use serde::Deserialize;

use crate::model::{Attachment, Content, ConversationKind, ItemKind, Timestamp};

/// One fact that a source tells.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Recording {
    /// A company that takes part in the source's conversations.
    Account(AccountRecord),
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

/// A company other than, or the same as, the importing account.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AccountRecord {
    /// The source's id of the company.
    pub id: String,
    /// An account of this server with this name is meant if there is one; otherwise it is made, known only by name.
    pub name: String,
}

/// A person or bot.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct UserRecord {
    /// The source's id of the person.
    pub id: String,
    /// The source's id of the person's company; the importing account when absent.
    pub account: Option<String>,
    /// Full name; the id stands in for a blank one.
    pub name: String,
    /// Links to a person of the same company who is already known by this address.
    pub email: Option<String>,
    /// A program, not a person.
    pub bot: bool,
    /// Gives or takes the admin role; unchanged when absent.
    pub admin: Option<bool>,
    /// May no longer sign in since then; unchanged when absent.
    pub deactivated_at: Option<Timestamp>,
}

/// A conversation.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ConversationRecord {
    /// The source's id of the conversation.
    pub id: String,
    /// Which of the four.
    pub kind: ConversationKind,
    /// Name; a Team must have one, the others have none.
    #[serde(default)]
    pub name: Option<String>,
    /// Anyone of the company may join a public Team.
    #[serde(default)]
    pub public: bool,
    /// Who started it: that person's company owns it; the importing account does when absent.
    #[serde(default)]
    pub started_by: Option<String>,
    /// When it was started, where known.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When it was closed to new items, where known.
    #[serde(default)]
    pub archived_at: Option<Timestamp>,
    /// The people in it; for Personal, Direct and Group all of them.
    #[serde(default)]
    pub members: Vec<MemberRecord>,
}

/// A person in a conversation when it is recorded.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MemberRecord {
    /// The source's id of the person.
    pub user: String,
    /// Since when, where known.
    #[serde(default)]
    pub joined_at: Option<Timestamp>,
}

/// A person came or went.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MembershipRecord {
    /// The source's id of the conversation.
    pub conversation: String,
    /// The source's id of the person.
    pub user: String,
    /// When.
    pub at: Timestamp,
}

/// Something posted.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ItemRecord {
    /// The source's id of the conversation.
    pub conversation: String,
    /// The source's id of the item, unique within the conversation.
    pub id: String,
    /// What it is.
    pub kind: ItemKind,
    /// When it was posted.
    pub at: Timestamp,
    /// Who posted it; none where the source does not say.
    #[serde(default)]
    pub by: Option<String>,
    /// The item that this one replies to: its id in the same conversation.
    #[serde(default)]
    pub parent: Option<String>,
    /// What it said when it was posted; a text of `null` says that the source no longer knows.
    #[serde(default)]
    pub content: Content,
    /// Its files.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
}

/// Something posted was changed.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EditRecord {
    /// The source's id of the conversation.
    pub conversation: String,
    /// The source's id of the item.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who changed it, where known.
    #[serde(default)]
    pub by: Option<String>,
    /// What it says since.
    pub content: Content,
}

/// Something posted was deleted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DeletionRecord {
    /// The source's id of the conversation.
    pub conversation: String,
    /// The source's id of the item.
    pub id: String,
    /// When; the moment of recording where the source does not say.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Who deleted it, where known.
    #[serde(default)]
    pub by: Option<String>,
}
