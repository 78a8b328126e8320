//! The conversations of a Slack export, and the folders that hold their days.
//!
//! Public and private channels are Teams, dms Direct (with oneself: Personal), mpims Group (of two people: Direct).

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::elements::Elements;
use super::people::People;
use super::time;
use crate::capture::sources::cards::{list, text};
use crate::capture::sources::{FilePlace, Sink};
use crate::error::Result;
use crate::model::{ConversationKind, ConversationRecord, Fact, MemberRecord};

/// Which conversations one of the export's tables lists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Table {
    Public,
    Private,
    People,
}

/// The tables and what they list, in the order in which they are read.
pub(super) const TABLES: [(&str, Table); 4] = [
    ("channels.json", Table::Public),
    ("groups.json", Table::Private),
    ("dms.json", Table::People),
    ("mpims.json", Table::People),
];

/// The conversations that have been given to the sink, by the name of their folder.
#[derive(Default)]
pub(super) struct Channels {
    by_folder: HashMap<String, String>,
}

impl Channels {
    /// Records every conversation of a table.
    pub(super) fn read(
        &mut self,
        table: Table,
        place: &FilePlace,
        bytes: &[u8],
        people: &mut People,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        for (line, element) in Elements::new(bytes) {
            let place = place.line(line);
            match element {
                Ok(channel) => self.channel(table, &channel, &place, people, sink)?,
                Err(reason) => sink.problem(&place, reason)?,
            }
        }
        Ok(())
    }

    fn channel(
        &mut self,
        table: Table,
        channel: &Value,
        place: &FilePlace,
        people: &mut People,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let Some(id) = text(channel, "id") else {
            return sink.problem(place, "a conversation without an id".to_owned());
        };
        let members: BTreeSet<&str> = list(channel, "members").iter().filter_map(Value::as_str).collect();
        let started_by = text(channel, "creator");
        for person in members.iter().copied().chain(started_by) {
            people.ensure(person, &Value::Null, place, sink)?;
        }
        let folder = text(channel, "name").unwrap_or(id);
        let kind = match (table, members.len()) {
            (Table::People, 1) => ConversationKind::Personal,
            (Table::People, 2) => ConversationKind::Direct,
            (Table::People, 3..) => ConversationKind::Group,
            (Table::People, 0) => {
                sink.note(place, format!("“{folder}” does not say between whom it is; recorded as a private team"))?;
                ConversationKind::Team
            }
            _ => ConversationKind::Team,
        };
        let private = channel.get("is_private").and_then(Value::as_bool).unwrap_or(false);
        let record = ConversationRecord {
            id: id.to_owned(),
            kind,
            name: (!kind.is_people()).then(|| folder.to_owned()),
            is_public: table == Table::Public && !private,
            started_by: started_by.map(str::to_owned),
            created_at: time::seconds(channel.get("created")),
            archived_at: None,
            members: members.into_iter().map(|user| MemberRecord { user: user.to_owned(), joined_at: None }).collect(),
        };
        sink.record(place, Fact::Conversation(record))?;
        for name in [folder, id] {
            let holder = self.by_folder.entry(name.to_owned()).or_insert_with(|| id.to_owned());
            if holder != id {
                let note = format!("{holder} and {id} share the name “{name}”; its folder is read as that of {holder}");
                sink.note(place, note)?;
            }
        }
        Ok(())
    }

    /// The conversation whose days the folder holds; one that no table lists is recorded as a private team.
    pub(super) fn of_folder(&mut self, folder: &str, sink: &mut dyn Sink) -> Result<String> {
        if let Some(id) = self.by_folder.get(folder) {
            return Ok(id.clone());
        }
        let place = FilePlace::file(folder);
        let record = ConversationRecord {
            id: folder.to_owned(),
            kind: ConversationKind::Team,
            name: Some(folder.to_owned()),
            is_public: false,
            started_by: None,
            created_at: None,
            archived_at: None,
            members: Vec::new(),
        };
        sink.record(&place, Fact::Conversation(record))?;
        sink.note(&place, "no table lists this folder’s conversation; recorded as a private team".to_owned())?;
        self.by_folder.insert(folder.to_owned(), folder.to_owned());
        Ok(folder.to_owned())
    }
}
