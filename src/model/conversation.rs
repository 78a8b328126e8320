//! Conversations and what is posted in them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Timestamp;

pub type ConversationId = i64;

/// An enum whose variants are written as their names, in tables and in files alike.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// The name, as tables and files hold it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $(stringify!($variant) => Ok(Self::$variant),)+
                    _ => Err(format!("“{text}” is no {}", stringify!($name))),
                }
            }
        }
    };
}
pub(crate) use named;

named! {
    /// The four kinds of conversation.
    ConversationKind {
        /// One's own notes to self.
        Personal,
        /// Exactly two people.
        Direct,
        /// Three or more people, no name.
        Group,
        /// Named, public or private.
        Team,
    }
}

impl ConversationKind {
    /// Personal, Direct and Group are conversations of individual people.
    #[must_use]
    pub const fn is_people(self) -> bool {
        !matches!(self, Self::Team)
    }
}

named! {
    /// What can be posted in a conversation.
    ItemKind {
        /// A chat message.
        Message,
        /// A shared text; shows only its present text (C3).
        Note,
        /// Something to be done.
        Task,
        /// A calendar entry.
        Event,
    }
}

named! {
    /// How far a task has come; RingCentral's names.
    TaskStatus {
        Pending,
        InProgress,
        Completed,
    }
}

/// What an item says, at one moment of its life.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Content {
    /// Subject of a note, task or event.
    pub title: Option<String>,
    /// The text; none where the source no longer knows it (an edit that kept only its result).
    pub text: Option<String>,
    /// What only tasks or events have.
    pub details: Option<Details>,
}

/// What only tasks or events have.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Details {
    /// How far a task has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<TaskStatus>,
    /// Who is to do a task: external ids when recorded, names in an archive.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
    /// When a task is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When an event takes place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<EventTime>,
    /// Where an event takes place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// When an event takes place.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EventTime {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// Whole days rather than hours.
    #[serde(default)]
    pub all_day: bool,
}

/// A file attached to an item: its description, never its bytes, never an address that would fetch it (C5).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Attachment {
    /// The source's id of the file.
    pub id: String,
    /// File name.
    pub name: String,
    /// Media type such as `image/png`, where known.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Bytes, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
}
