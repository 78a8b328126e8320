//! Mattermost: a bulk export, JSON Lines (`docs/recording.md` describes the mapping).
//!
//! Here lives what each type of line means. The format names people by user name, channels by team and name, and posts
//! not at all: `posts` gives them ids. Roles stay behind: a [`Fact`] has no word for rights on our server.

mod lines;
mod posts;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use serde::de::DeserializeOwned;

use self::lines::{BotLine, ChannelLine, DirectChannelLine, DirectPostLine, Line, PostLine, UserLine, millis};
use self::posts::PostIds;
use super::lines::LineReader;
use super::{FilePlace, Sink, file_name, json_reason};
use crate::error::Result;
use crate::model::{ConversationKind, ConversationRecord, Fact, MemberRecord, UserRecord};

/// Reads a bulk export from a file, from every `*.jsonl` of a folder by name, or from standard input (`-`).
///
/// # Errors
/// When `path` can't be read, and what the sink returns. A malformed line is a problem given to the sink, no error.
pub fn read(path: &Path, sink: &mut dyn Sink) -> Result<()> {
    let mut export = Export::default();
    crate::capture::sources::lines::read(path, &mut export, sink)?;
    export.finish(path, sink)
}

/// What must be remembered between lines: people, channels, and which posts there were.
#[derive(Default)]
struct Export {
    people: HashSet<String>,
    /// Channels that wait for the user lines, which list their members.
    waiting: BTreeMap<String, (FilePlace, ConversationRecord)>,
    conversations: HashSet<String>,
    posts: PostIds,
    reactions: u64,
    unknown: BTreeMap<String, u64>,
}

impl LineReader<Fact> for Export {
    fn line(&mut self, place: &FilePlace, line: &[u8], sink: &mut dyn Sink) -> Result<()> {
        let line = match serde_json::from_slice::<Line>(line) {
            Ok(line) => line,
            Err(error) => return sink.problem(place, json_reason(&error)),
        };
        match line.kind.as_str() {
            "version" => version(place, &line, sink),
            // A team is no conversation: its channels are.
            "team" => Ok(()),
            "channel" => self.understood(place, line, sink, Self::channel),
            "user" => self.understood(place, line, sink, Self::user),
            "bot" => self.understood(place, line, sink, Self::bot),
            "post" => self.understood(place, line, sink, Self::post),
            "direct_channel" => self.understood(place, line, sink, Self::direct_channel),
            "direct_post" => self.understood(place, line, sink, Self::direct_post),
            _ => {
                *self.unknown.entry(line.kind).or_default() += 1;
                Ok(())
            }
        }
    }
}

fn version(place: &FilePlace, line: &Line, sink: &mut dyn Sink) -> Result<()> {
    match line.rest.get("version") {
        Some(version) if version.as_u64() != Some(1) => {
            sink.note(place, format!("version {version} of the format is not known; read as version 1"))
        }
        _ => Ok(()),
    }
}

impl Export {
    /// Gives what the line says to `take`, or returns why it can't be understood.
    fn understood<T: DeserializeOwned>(
        &mut self,
        place: &FilePlace,
        mut line: Line,
        sink: &mut dyn Sink,
        take: fn(&mut Self, &FilePlace, T, &mut dyn Sink) -> Result<()>,
    ) -> Result<()> {
        match line.body() {
            Ok(body) => take(self, place, body, sink),
            Err(reason) => sink.problem(place, reason),
        }
    }

    fn channel(&mut self, place: &FilePlace, line: ChannelLine, sink: &mut dyn Sink) -> Result<()> {
        let private = line.kind == "P";
        if !private && line.kind != "O" {
            sink.note(place, format!("type “{}” of a channel is not known; recorded as private", line.kind))?;
        }
        let name = if line.display_name.trim().is_empty() { &line.name } else { &line.display_name };
        let mut record = conversation(channel_id(&line.team, &line.name), ConversationKind::Team, Vec::new());
        record.name = Some(name.clone());
        record.is_public = line.kind == "O";
        record.created_at = millis(line.create_at);
        record.archived_at = millis(line.delete_at);
        self.conversations.insert(record.id.clone());
        self.waiting.insert(record.id.clone(), (place.clone(), record));
        Ok(())
    }

    fn user(&mut self, place: &FilePlace, line: UserLine, sink: &mut dyn Sink) -> Result<()> {
        let full = format!("{} {}", line.first_name.trim(), line.last_name.trim());
        let names = [full.trim(), line.nickname.trim(), line.username.trim()];
        let record = UserRecord {
            name: names.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned(),
            email: Some(line.email).filter(|email| !email.trim().is_empty()),
            deactivated_at: millis(line.delete_at),
            ..person(&line.username)
        };
        self.people.insert(line.username.clone());
        sink.record(place, Fact::User(record))?;
        for team in &line.teams {
            for channel in &team.channels {
                self.member(place, channel_id(&team.name, &channel.name), &line.username, sink)?;
            }
        }
        Ok(())
    }

    /// Adds a member to a channel. Users come after the channels and before the posts; a line out of that order is reported.
    fn member(&mut self, place: &FilePlace, channel: String, username: &str, sink: &mut dyn Sink) -> Result<()> {
        let member = MemberRecord { user: username.to_owned(), joined_at: None };
        if let Some((_, record)) = self.waiting.get_mut(&channel) {
            record.members.push(member);
            return Ok(());
        }
        let note = format!("{username} is a member of {channel}, of which no channel line came before; not recorded");
        sink.note(place, note)
    }

    fn bot(&mut self, place: &FilePlace, line: BotLine, sink: &mut dyn Sink) -> Result<()> {
        let name = if line.display_name.trim().is_empty() { &line.username } else { &line.display_name };
        let record = UserRecord {
            name: name.clone(),
            is_bot: true,
            deactivated_at: millis(line.delete_at),
            ..person(&line.username)
        };
        self.people.insert(line.username);
        sink.record(place, Fact::User(record))
    }

    fn direct_channel(&mut self, place: &FilePlace, line: DirectChannelLine, sink: &mut dyn Sink) -> Result<()> {
        let participants = line.participants.into_iter().map(|participant| participant.username);
        let members: BTreeSet<String> = line.members.into_iter().chain(participants).collect();
        if members.is_empty() {
            return sink.problem(place, "a direct channel without members".to_owned());
        }
        self.direct(place, members, sink).map(drop)
    }

    fn post(&mut self, place: &FilePlace, line: PostLine, sink: &mut dyn Sink) -> Result<()> {
        self.record_channels(sink)?;
        let id = channel_id(&line.team, &line.channel);
        if self.conversations.insert(id.clone()) {
            let mut record = conversation(id.clone(), ConversationKind::Team, Vec::new());
            record.name = Some(line.channel);
            sink.record(place, Fact::Conversation(record))?;
            sink.note(place, format!("no channel line for {id}; recorded as a private team"))?;
        }
        self.posted(place, &id, line.post, sink)
    }

    fn direct_post(&mut self, place: &FilePlace, line: DirectPostLine, sink: &mut dyn Sink) -> Result<()> {
        let members: BTreeSet<String> = line.channel_members.into_iter().collect();
        if members.is_empty() {
            return sink.problem(place, "a direct post without channel_members".to_owned());
        }
        let id = self.direct(place, members, sink)?;
        self.posted(place, &id, line.post, sink)
    }

    /// The conversation of these people, recorded when first met: exports leave out lines of direct channels.
    fn direct(&mut self, place: &FilePlace, members: BTreeSet<String>, sink: &mut dyn Sink) -> Result<String> {
        self.record_channels(sink)?;
        let names: Vec<&str> = members.iter().map(String::as_str).collect();
        let id = format!("dm:{}", names.join(","));
        if self.conversations.insert(id.clone()) {
            let kind = match members.len() {
                1 => ConversationKind::Personal,
                2 => ConversationKind::Direct,
                _ => ConversationKind::Group,
            };
            for member in &members {
                self.ensure(place, member, sink)?;
            }
            let members = members.into_iter().map(|user| MemberRecord { user, joined_at: None }).collect();
            sink.record(place, Fact::Conversation(conversation(id.clone(), kind, members)))?;
        }
        Ok(id)
    }

    /// Records a person of whom there is no line.
    fn ensure(&mut self, place: &FilePlace, username: &str, sink: &mut dyn Sink) -> Result<()> {
        if !self.people.insert(username.to_owned()) {
            return Ok(());
        }
        sink.record(place, Fact::User(person(username)))?;
        sink.note(place, format!("no user line for {username}; recorded with that name"))
    }

    /// Records the channels that waited for their members.
    fn record_channels(&mut self, sink: &mut dyn Sink) -> Result<()> {
        for (place, record) in std::mem::take(&mut self.waiting).into_values() {
            sink.record(&place, Fact::Conversation(record))?;
        }
        Ok(())
    }

    fn finish(mut self, path: &Path, sink: &mut dyn Sink) -> Result<()> {
        self.record_channels(sink)?;
        let place = FilePlace::file(file_name(path));
        for (kind, count) in self.unknown {
            sink.note(&place, format!("lines of type “{kind}” are not recorded; there are {count}"))?;
        }
        if self.reactions > 0 {
            sink.note(&place, format!("reactions are not recorded; there are {}", self.reactions))?;
        }
        Ok(())
    }
}

fn channel_id(team: &str, channel: &str) -> String {
    format!("{team}/{channel}")
}

fn person(username: &str) -> UserRecord {
    UserRecord { id: username.to_owned(), name: username.to_owned(), ..UserRecord::default() }
}

fn conversation(id: String, kind: ConversationKind, members: Vec<MemberRecord>) -> ConversationRecord {
    let (name, started_by, created_at, archived_at) = (None, None, None, None);
    ConversationRecord { id, kind, name, is_public: false, started_by, created_at, archived_at, members }
}

#[cfg(test)]
mod tests;
