//! The wire format of events, version 1: the shapes of its lines, as `docs/recording.md` and its schema describe them, and what each
//! means.
//!
//! These types belong to the wire alone: what is called or built otherwise inside does not change what a line is. Who may say what is
//! decided here, by the type that a line is turned into: [`Fact`] for a connector, [`OperatorFact`] for the operator. Only the reader
//! of events calls this.

use serde::Deserialize;

use crate::capture::ingest::Recordable;
use crate::model::{
    Attachment, CompanyRecord, Content, ConversationKind, ConversationRecord, DeletionRecord, Details, EditRecord,
    EventTime, Fact, ItemKind, ItemRecord, MemberRecord, MembershipRecord, OperatorFact, TaskStatus, Timestamp,
    UserRecord,
};

/// What whoever speaks may say in a line: [`Fact`] if it is a connector, [`OperatorFact`] if it is the operator.
pub trait Speech: Recordable + Sized {
    /// What the line says; or why it is not this speaker's to say.
    ///
    /// # Errors
    /// The reason, for whoever wrote the line.
    fn said(line: Line) -> Result<Self, String>;
}

impl Speech for Fact {
    fn said(line: Line) -> Result<Self, String> {
        Ok(match line {
            Line::Account(line) => Self::Company(line.record()),
            Line::User(line) => match line.admin {
                None => Self::User(line.record()),
                Some(_) => {
                    return Err("“admin” is for the operator to say: a connector can't give or take the admin role, so leave it out"
                        .to_owned());
                }
            },
            Line::Conversation(line) => Self::Conversation(line.record()),
            Line::Joined(line) => Self::Joined(line.record()),
            Line::Left(line) => Self::Left(line.record()),
            Line::ItemCreated(line) => Self::ItemCreated(line.record()),
            Line::ItemEdited(line) => Self::ItemEdited(line.record()),
            Line::ItemDeleted(line) => Self::ItemDeleted(line.record()),
        })
    }
}

impl Speech for OperatorFact {
    fn said(line: Line) -> Result<Self, String> {
        match line {
            Line::Account(line) => Ok(Self::Account(line.record())),
            Line::User(line) => Ok(match line.admin {
                Some(is_admin) => Self::UserWithRole { user: line.record(), is_admin },
                None => Self::Fact(Fact::User(line.record())),
            }),
            line => Fact::said(line).map(Self::Fact),
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Line {
    /// A company.
    Account(AccountLine),
    /// A person or bot.
    User(UserLine),
    Conversation(ConversationLine),
    /// Somebody came.
    Joined(MembershipLine),
    /// Somebody went.
    Left(MembershipLine),
    /// Something was posted.
    ItemCreated(ItemLine),
    /// Something was changed.
    ItemEdited(EditLine),
    /// Something was deleted.
    ItemDeleted(DeletionLine),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AccountLine {
    id: String,
    name: String,
}

impl AccountLine {
    fn record(self) -> CompanyRecord {
        CompanyRecord { id: self.id, name: self.name }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UserLine {
    id: String,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    bot: bool,
    #[serde(default)]
    admin: Option<bool>,
    #[serde(default)]
    deactivated_at: Option<Timestamp>,
}

impl UserLine {
    /// All but the role.
    fn record(self) -> UserRecord {
        UserRecord {
            id: self.id,
            company: self.account,
            name: self.name,
            email: self.email,
            is_bot: self.bot,
            deactivated_at: self.deactivated_at,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ConversationLine {
    id: String,
    kind: ConversationKind,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    public: bool,
    #[serde(default)]
    started_by: Option<String>,
    #[serde(default)]
    created_at: Option<Timestamp>,
    #[serde(default)]
    archived_at: Option<Timestamp>,
    #[serde(default)]
    members: Vec<MemberLine>,
}

impl ConversationLine {
    fn record(self) -> ConversationRecord {
        ConversationRecord {
            id: self.id,
            kind: self.kind,
            name: self.name,
            is_public: self.public,
            started_by: self.started_by,
            created_at: self.created_at,
            archived_at: self.archived_at,
            members: self.members.into_iter().map(MemberLine::record).collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MemberLine {
    user: String,
    #[serde(default)]
    joined_at: Option<Timestamp>,
}

impl MemberLine {
    fn record(self) -> MemberRecord {
        MemberRecord { user: self.user, joined_at: self.joined_at }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MembershipLine {
    conversation: String,
    user: String,
    at: Timestamp,
}

impl MembershipLine {
    fn record(self) -> MembershipRecord {
        MembershipRecord { conversation: self.conversation, user: self.user, at: self.at }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ItemLine {
    conversation: String,
    id: String,
    kind: ItemKind,
    at: Timestamp,
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    parent: Option<String>,
    #[serde(default)]
    content: ContentLine,
    #[serde(default)]
    attachments: Vec<AttachmentLine>,
}

impl ItemLine {
    fn record(self) -> ItemRecord {
        ItemRecord {
            conversation: self.conversation,
            id: self.id,
            kind: self.kind,
            at: self.at,
            by: self.by,
            parent: self.parent,
            content: self.content.content(),
            attachments: self.attachments.into_iter().map(AttachmentLine::attachment).collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EditLine {
    conversation: String,
    id: String,
    at: Timestamp,
    #[serde(default)]
    by: Option<String>,
    content: ContentLine,
}

impl EditLine {
    fn record(self) -> EditRecord {
        let Self { conversation, id, at, by, content } = self;
        EditRecord { conversation, id, at, by, content: content.content() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DeletionLine {
    conversation: String,
    id: String,
    #[serde(default)]
    at: Option<Timestamp>,
    #[serde(default)]
    by: Option<String>,
}

impl DeletionLine {
    fn record(self) -> DeletionRecord {
        DeletionRecord { conversation: self.conversation, id: self.id, at: self.at, by: self.by }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct ContentLine {
    title: Option<String>,
    text: Option<String>,
    details: Option<DetailsLine>,
}

impl ContentLine {
    fn content(self) -> Content {
        Content { title: self.title, text: self.text, details: self.details.map(DetailsLine::details) }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct DetailsLine {
    status: Option<TaskStatus>,
    assignees: Vec<String>,
    due_at: Option<Timestamp>,
    time: Option<EventTimeLine>,
    location: Option<String>,
}

impl DetailsLine {
    fn details(self) -> Details {
        Details {
            status: self.status,
            assignees: self.assignees,
            due_at: self.due_at,
            time: self.time.map(EventTimeLine::time),
            location: self.location,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EventTimeLine {
    starts_at: Timestamp,
    ends_at: Timestamp,
    #[serde(default)]
    all_day: bool,
}

impl EventTimeLine {
    fn time(self) -> EventTime {
        EventTime { starts_at: self.starts_at, ends_at: self.ends_at, all_day: self.all_day }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AttachmentLine {
    id: String,
    name: String,
    #[serde(default, rename = "type")]
    media_type: Option<String>,
    #[serde(default)]
    size: Option<i64>,
}

impl AttachmentLine {
    fn attachment(self) -> Attachment {
        Attachment { id: self.id, name: self.name, media_type: self.media_type, size: self.size }
    }
}
