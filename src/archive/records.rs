//! The JSON of the lists and day files: one struct for each kind of object, as written and as read back by `verify`. The
//! manifest's are in [`crate::archive::manifest`].
//!
//! Field names and meaning are described for reviewers in `docs/archive-format.md` and in `docs/schemas`. Within a
//! [`FORMAT_VERSION`](crate::archive::manifest::FORMAT_VERSION) fields may be added, so unknown ones are read over; none is renamed, removed or given another meaning.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::model::{Attachment, ConversationKind, ItemKind, TaskStatus, Timestamp};

/// A number of ours; text in JSON, because many readers round large numbers.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Id(pub i64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| serde::de::Error::custom(format!("“{text}” is no id")))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Something that many records repeat, such as a person: it is turned into JSON once.
#[derive(Debug)]
pub struct Repeated<T> {
    value: T,
    json: OnceLock<Box<RawValue>>,
}

impl<T> Repeated<T> {
    /// To be shared by the records.
    pub fn new(value: T) -> Arc<Self> {
        Arc::new(Self { value, json: OnceLock::new() })
    }
}

impl<T> Deref for Repeated<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Repeated<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Repeated<T> {}

impl<T: Serialize> Serialize for Repeated<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = match self.json.get() {
            Some(json) => json,
            None => {
                let json = serde_json::value::to_raw_value(&self.value).map_err(serde::ser::Error::custom)?;
                self.json.get_or_init(|| json)
            }
        };
        json.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Repeated<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { value: T::deserialize(deserializer)?, json: OnceLock::new() })
    }
}

/// A company.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AccountRef {
    pub id: Id,
    pub name: String,
}

/// A person or bot, as known at the cut.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Person {
    pub id: Id,
    /// Full name.
    pub name: String,
    /// E-mail address, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Name of the person's company.
    pub account: String,
    /// A program, not a person.
    #[serde(default, skip_serializing_if = "is_false")]
    pub bot: bool,
}

/// A person's stay in a conversation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    #[serde(flatten)]
    pub person: Person,
    /// Since when, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<Timestamp>,
    /// Until when; absent while the person is still there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<Timestamp>,
}

/// How many items of the range a conversation has, as written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Items, deleted ones included.
    pub item_count: u64,
    /// Those of them that are marked deleted.
    pub deleted_count: u64,
    /// Day files.
    pub days: u64,
}

/// A line of `users.json` or `teams.json`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversationEntry {
    pub id: Id,
    /// Which of the four kinds.
    #[serde(rename = "type")]
    pub kind: ConversationKind,
    /// Name of a team; null for conversations of people.
    pub name: Option<String>,
    /// Whether a team is public; absent for conversations of people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// Path of its sub-folder below the top folder ([`crate::archive::names::conversation_folder`]).
    pub folder: String,
    /// The account that owns it (C2).
    pub owner: AccountRef,
    /// When it was started, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was closed to new items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// Who started it, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<Person>,
    /// Its people, present and past.
    pub members: Vec<Member>,
    /// What was written of it.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The conversation of an item.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ConversationRef {
    pub id: Id,
    /// Its name; for conversations of people, their names.
    pub name: String,
}

/// Who is to do a task.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Assignee {
    /// Number of the user, where the source's name could be resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// Name, or the source's id where that is all that is known.
    pub name: String,
}

/// One change of an item (C3).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    pub edited_at: Timestamp,
    /// Who; null where the source does not say.
    pub editor: Option<Arc<Repeated<Person>>>,
    /// The text before the change; null where the source no longer knows it.
    pub text_before: Option<String>,
    /// The title before the change; absent if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_before: Option<String>,
}

/// That an item was deleted while capture was on (C4).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Deletion {
    pub at: Timestamp,
    /// Who; null where the source does not say.
    pub by: Option<Arc<Repeated<Person>>>,
}

/// A line of a day file.
///
/// Made with [`ItemEntry::new`]; kind and edit log cannot be changed afterwards, so that C3 holds wherever one comes from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemEntry {
    /// The source's own id of the item, unique within its conversation.
    pub id: String,
    #[serde(rename = "type")]
    kind: ItemKind,
    /// Where it was posted.
    pub conversation: Arc<Repeated<ConversationRef>>,
    /// When it was posted; decides its day (C6).
    pub created_at: Timestamp,
    /// Who posted it; null where the source does not say.
    pub author: Option<Arc<Repeated<Person>>>,
    /// The id of the item that it replies to, in the same conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Subject of a note, task or event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The text; null where the source no longer knows it.
    pub text: Option<String>,
    /// How far a task has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TaskStatus>,
    /// Who is to do a task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<Assignee>,
    /// When a task is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When an event begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// When an event ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// Whether an event lasts whole days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_day: Option<bool>,
    /// Where an event takes place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Descriptions of its files (C5); the type has no place for an address and refuses unknown fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    edits: Vec<Edit>,
    /// Present if the item was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Deletion>,
}

impl ItemEntry {
    /// An item with its edit log, oldest change first, which is left out for a Note (C3). The other fields are empty.
    #[must_use]
    pub fn new(
        id: String,
        kind: ItemKind,
        conversation: Arc<Repeated<ConversationRef>>,
        created_at: Timestamp,
        edit_log: Vec<Edit>,
    ) -> Self {
        Self {
            id,
            kind,
            conversation,
            created_at,
            author: None,
            parent_id: None,
            title: None,
            text: None,
            status: None,
            assignees: Vec::new(),
            due_at: None,
            starts_at: None,
            ends_at: None,
            all_day: None,
            location: None,
            attachments: Vec::new(),
            edits: if kind == ItemKind::Note { Vec::new() } else { edit_log },
            deleted: None,
        }
    }

    /// What was posted.
    #[must_use]
    pub fn kind(&self) -> ItemKind {
        self.kind
    }

    /// Its changes, oldest first.
    #[must_use]
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn c3_a_note_has_no_edit_log() {
        let at = Timestamp::default();
        let conversation = Repeated::new(ConversationRef { id: Id(1), name: "Ops".into() });
        let edit = Edit { edited_at: at, editor: None, text_before: Some("old".into()), title_before: None };
        let item = |kind| ItemEntry::new("2".to_owned(), kind, Arc::clone(&conversation), at, vec![edit.clone()]);
        assert!(item(ItemKind::Note).edits().is_empty());
        assert!(!serde_json::to_string(&item(ItemKind::Note)).unwrap().contains("old"));
        assert_eq!(item(ItemKind::Message).edits(), std::slice::from_ref(&edit));
    }

    #[test]
    fn c5_an_attachment_with_an_address_is_refused() {
        let attachment = r#"{"id":"F1","name":"a.pdf","type":"application/pdf","size":9}"#;
        assert!(serde_json::from_str::<Attachment>(attachment).is_ok());
        let address = attachment.replace("}", r#","url":"https://files.example/F1"}"#);
        assert!(serde_json::from_str::<Attachment>(&address).is_err());
    }
}
