//! The messages of a Slack export's day files, old schema and new: what each says that happened.
//!
//! A message's id is its `ts`, which is unique within its conversation.

use serde_json::Value;

use super::people::People;
use super::text::of_message;
use super::time::ts;
use crate::capture::sources::cards::{list, text};
use crate::capture::sources::{FilePlace, Sink};
use crate::error::Result;
use crate::model::{
    Attachment, Content, DeletionRecord, EditRecord, Fact, ItemKind, ItemRecord, MembershipRecord, Timestamp,
};

/// Reads the messages of one conversation after another.
pub(super) struct Messages<'a> {
    pub(super) people: &'a mut People,
    pub(super) sink: &'a mut dyn Sink,
    /// Reactions met; our vocabulary has none.
    pub(super) reactions: u64,
}

/// Where a message stands.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) conversation: &'a str,
    pub(super) place: &'a FilePlace,
}

impl Messages<'_> {
    /// Records what one element of a day file says.
    pub(super) fn message(&mut self, context: Context, message: &Value) -> Result<()> {
        if !message.is_object() {
            return self.sink.problem(context.place, "not a message: no JSON object".to_owned());
        }
        match text(message, "subtype") {
            Some("message_changed" | "message_replied") => self.changed(context, message),
            Some("message_deleted") => self.deleted(context, message),
            Some("tombstone") => self.tombstone(context, message),
            _ => self.posted(context, message),
        }
    }

    /// An ordinary message, of which an edit leaves only the result.
    fn posted(&mut self, context: Context, message: &Value) -> Result<()> {
        let edited = message.get("edited").filter(|edited| edited.is_object());
        let original = match edited {
            Some(_) => None,
            None => Some(said(message)),
        };
        let Some((id, at)) = self.created(context, message, original)? else { return Ok(()) };
        if edited.is_some() {
            self.edited(context, message, id, at)?;
        }
        self.membership(context, message, at)
    }

    /// A change as an event: the message as it is now and, mostly, as it was.
    fn changed(&mut self, context: Context, event: &Value) -> Result<()> {
        let Some(message) = event.get("message").filter(|message| message.is_object()) else {
            return self.sink.problem(context.place, "a changed message without its “message”".to_owned());
        };
        let previous = event.get("previous_message").filter(|previous| previous.is_object());
        if text(message, "subtype") == Some("tombstone") {
            if let Some(previous) = previous {
                self.posted(context, previous)?;
            }
            return self.deletion(context, text(message, "ts"), text(event, "ts").and_then(ts), None);
        }
        let Some(previous) = previous else { return self.posted(context, message) };
        // The previous state may itself be the result of an edit; then it is recorded as one.
        self.posted(context, previous)?;
        // A preview of a link or a reply in the thread is a change to Slack, but nobody edited anything.
        if said(previous) == said(message) {
            return Ok(());
        }
        match text(message, "ts").zip(text(event, "ts").and_then(ts)) {
            Some((id, at)) => self.edited(context, message, id, at),
            None => self.sink.problem(context.place, "a changed message without a usable “ts”".to_owned()),
        }
    }

    /// A deletion as an event.
    fn deleted(&mut self, context: Context, event: &Value) -> Result<()> {
        let previous = event.get("previous_message").filter(|previous| previous.is_object());
        if let Some(previous) = previous.filter(|previous| text(previous, "subtype") != Some("tombstone")) {
            self.posted(context, previous)?;
        }
        let id = text(event, "deleted_ts").or(previous.and_then(|previous| text(previous, "ts")));
        let by = text(event, "user");
        self.deletion(context, id, text(event, "ts").and_then(ts), by)
    }

    /// What remains of a deleted message that has replies: neither its text nor when it was deleted.
    fn tombstone(&mut self, context: Context, message: &Value) -> Result<()> {
        self.deletion(context, text(message, "ts"), None, None)
    }

    fn deletion(&mut self, context: Context, id: Option<&str>, at: Option<Timestamp>, by: Option<&str>) -> Result<()> {
        let Some(id) = id.filter(|id| ts(id).is_some()) else {
            return self.sink.problem(context.place, "a deletion that does not say of which message".to_owned());
        };
        if let Some(by) = by {
            self.people.ensure(by, &Value::Null, context.place, self.sink)?;
        }
        let record = DeletionRecord {
            conversation: context.conversation.to_owned(),
            id: id.to_owned(),
            at,
            by: by.map(str::to_owned),
        };
        self.sink.record(context.place, Fact::ItemDeleted(record))
    }

    /// Records that `message` was posted, and returns its id and time; none when it has no usable ones.
    fn created<'m>(
        &mut self,
        context: Context,
        message: &'m Value,
        original: Option<String>,
    ) -> Result<Option<(&'m str, Timestamp)>> {
        let Some((id, at)) = text(message, "ts").and_then(|id| Some((id, ts(id)?))) else {
            let found = message.get("ts").map_or("none".to_owned(), Value::to_string);
            self.sink.problem(context.place, format!("a message without a usable time (“ts”: {found})"))?;
            return Ok(None);
        };
        self.reactions += list(message, "reactions").iter().map(reaction_count).sum::<u64>();
        let by = self.author(context.place, message)?;
        let record = ItemRecord {
            conversation: context.conversation.to_owned(),
            id: id.to_owned(),
            kind: ItemKind::Message,
            at,
            by,
            parent: text(message, "thread_ts").filter(|thread| *thread != id).map(str::to_owned),
            content: Content { text: original, ..Content::default() },
            attachments: attachments(message),
        };
        self.sink.record(context.place, Fact::ItemCreated(record))?;
        Ok(Some((id, at)))
    }

    /// Records that `message` got its present text, when and by whom its `edited` says, else at `otherwise`.
    fn edited(&mut self, context: Context, message: &Value, id: &str, otherwise: Timestamp) -> Result<()> {
        let edited = message.get("edited").unwrap_or(&Value::Null);
        let by = text(edited, "user");
        if let Some(by) = by {
            self.people.ensure(by, &Value::Null, context.place, self.sink)?;
        }
        let record = EditRecord {
            conversation: context.conversation.to_owned(),
            id: id.to_owned(),
            at: text(edited, "ts").and_then(ts).unwrap_or(otherwise),
            by: by.map(str::to_owned),
            content: Content { text: Some(said(message)), ..Content::default() },
        };
        self.sink.record(context.place, Fact::ItemEdited(record))
    }

    /// Who posted: a person, the author of a file's comment, a bot, or nobody whom Slack names.
    fn author(&mut self, place: &FilePlace, message: &Value) -> Result<Option<String>> {
        let commenter = message.get("comment").and_then(|comment| text(comment, "user"));
        if let Some(person) = text(message, "user").or(commenter) {
            self.people.ensure(person, message, place, self.sink)?;
            return Ok(Some(person.to_owned()));
        }
        // Old webhooks have a name only; without it they could not be distinguished.
        let webhook = text(message, "username").filter(|_| text(message, "subtype") == Some("bot_message"));
        let bot = text(message, "bot_id").map(str::to_owned).or(webhook.map(|name| format!("bot:{name}")));
        if let Some(bot) = &bot {
            self.people.ensure_bot(bot, message, place, self.sink)?;
        }
        Ok(bot)
    }

    /// Records that the author came or went, where the message says so.
    fn membership(&mut self, context: Context, message: &Value, at: Timestamp) -> Result<()> {
        let Some(user) = text(message, "user") else { return Ok(()) };
        let record = MembershipRecord { conversation: context.conversation.to_owned(), user: user.to_owned(), at };
        match text(message, "subtype") {
            Some("channel_join" | "group_join") => self.sink.record(context.place, Fact::Joined(record)),
            Some("channel_leave" | "group_leave") => self.sink.record(context.place, Fact::Left(record)),
            _ => Ok(()),
        }
    }
}

/// What a message says; the address of its file is not part of it (C5).
fn said(message: &Value) -> String {
    let about_file =
        files(message).next().is_some() || text(message, "subtype").is_some_and(|subtype| subtype.starts_with("file_"));
    of_message(message, about_file)
}

fn reaction_count(reaction: &Value) -> u64 {
    reaction.get("count").and_then(Value::as_u64).unwrap_or(list(reaction, "users").len() as u64)
}

/// The files of a message: `files` in the new schema, one `file` in the old. Some exports have both, and mean the same.
fn files(message: &Value) -> impl Iterator<Item = &Value> {
    let new = list(message, "files");
    let old = message.get("file").filter(|_| new.is_empty());
    new.iter().chain(old).filter(|file| file.is_object())
}

/// The descriptions of a message's files, without any address (C5).
fn attachments(message: &Value) -> Vec<Attachment> {
    let described = |(number, file): (usize, &Value)| {
        let name = text(file, "name").or(text(file, "title"));
        let id = text(file, "id").or(name).map_or_else(|| format!("file-{}", number + 1), str::to_owned);
        Attachment {
            name: name.unwrap_or(&id).to_owned(),
            media_type: text(file, "mimetype").map(str::to_owned),
            size: file.get("size").and_then(Value::as_i64),
            id,
        }
    };
    files(message).enumerate().map(described).collect()
}
