//! The lines of a Mattermost bulk export, as far as they are taken over. Fields that are not named here are passed over;
//! `null` stands for a missing field.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::model::Timestamp;

/// Any line: its type, and under the name of its type what it says.
#[derive(Deserialize)]
pub(super) struct Line {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

impl Line {
    /// What the line says, or why that can't be understood.
    pub(super) fn body<T: DeserializeOwned>(&mut self) -> Result<T, String> {
        let body = self.rest.remove(&self.kind).ok_or_else(|| format!("the line has no “{}”", self.kind))?;
        serde_json::from_value(body).map_err(|error| format!("{}: {error}", self.kind))
    }
}

#[derive(Deserialize)]
pub(super) struct ChannelLine {
    pub(super) team: String,
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) display_name: String,
    /// `O` for public, `P` for private.
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) create_at: Option<i64>,
    #[serde(default, alias = "deleted_at")]
    pub(super) delete_at: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct UserLine {
    pub(super) username: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) email: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) nickname: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) first_name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) last_name: String,
    #[serde(default)]
    pub(super) delete_at: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) teams: Vec<UserTeam>,
}

#[derive(Deserialize)]
pub(super) struct UserTeam {
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) channels: Vec<UserChannel>,
}

#[derive(Deserialize)]
pub(super) struct UserChannel {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct BotLine {
    pub(super) username: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) display_name: String,
    #[serde(default)]
    pub(super) delete_at: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct DirectChannelLine {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) members: Vec<String>,
    /// What newer versions write instead of `members`.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) participants: Vec<Participant>,
}

#[derive(Deserialize)]
pub(super) struct Participant {
    pub(super) username: String,
}

#[derive(Deserialize)]
pub(super) struct PostLine {
    pub(super) team: String,
    pub(super) channel: String,
    #[serde(flatten)]
    pub(super) post: Post,
}

#[derive(Deserialize)]
pub(super) struct DirectPostLine {
    pub(super) channel_members: Vec<String>,
    #[serde(flatten)]
    pub(super) post: Post,
}

/// A post, or a reply to one.
#[derive(Deserialize)]
pub(super) struct Post {
    pub(super) user: String,
    pub(super) create_at: i64,
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) message: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) props: Value,
    #[serde(default)]
    pub(super) edit_at: Option<i64>,
    #[serde(default)]
    pub(super) delete_at: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) reactions: Vec<Value>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) attachments: Vec<File>,
    /// Each understood on its own: a malformed reply takes nothing else along.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) replies: Vec<Value>,
}

#[derive(Deserialize)]
pub(super) struct File {
    pub(super) path: String,
}

/// Takes `null` for a missing field.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// The instant of milliseconds since 1970; 0 is how Mattermost says “never”.
pub(super) fn millis(millis: Option<i64>) -> Option<Timestamp> {
    let micros = millis.filter(|millis| *millis > 0)?.checked_mul(1000)?;
    Timestamp::from_micros(micros).ok()
}
