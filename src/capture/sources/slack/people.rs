//! The people of a Slack export: those of `users.json`, those who are missing from it, bots, and other companies.
//!
//! Here lives who is known already. Names, addresses and companies are taken over; admin rights are not: a [`Fact`] has no word for
//! them.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::elements::Elements;
use super::time;
use crate::capture::sources::cards::text;
use crate::capture::sources::{FilePlace, Sink};
use crate::error::Result;
use crate::model::{CompanyRecord, Fact, UserRecord};

/// Slack's own voice, which few exports list.
const SLACKBOT: &str = "USLACKBOT";

/// Who has been given to the sink.
#[derive(Default)]
pub(super) struct People {
    /// The team that the export belongs to; none when `users.json` does not say.
    home: Option<String>,
    known: HashSet<String>,
    companies: HashSet<String>,
}

impl People {
    /// Records everybody in `users.json`.
    pub(super) fn read(&mut self, place: &FilePlace, bytes: &[u8], sink: &mut dyn Sink) -> Result<()> {
        self.home = most_frequent_team(bytes);
        for (line, element) in Elements::new(bytes) {
            let place = place.line(line);
            let user = match element {
                Ok(user) => user,
                Err(reason) => {
                    sink.problem(&place, reason)?;
                    continue;
                }
            };
            let Some(id) = text(&user, "id") else {
                sink.problem(&place, "a person without an id".to_owned())?;
                continue;
            };
            let profile = user.get("profile").unwrap_or(&Value::Null);
            let deleted = user.get("deleted").and_then(Value::as_bool).unwrap_or(false);
            let record = UserRecord {
                id: id.to_owned(),
                company: self.company(text(&user, "team_id"), &place, sink)?,
                name: name(&user)
                    .or_else(|| text(profile, "display_name"))
                    .or(text(&user, "name"))
                    .unwrap_or(id)
                    .to_owned(),
                email: text(profile, "email").map(str::to_owned),
                is_bot: user.get("is_bot").and_then(Value::as_bool).unwrap_or(false) || id == SLACKBOT,
                // Slack says that but not always since when: then 1970, which is the same at every import.
                deactivated_at: deleted.then(|| time::seconds(user.get("updated")).unwrap_or_default()),
            };
            self.known.insert(record.id.clone());
            sink.record(&place, Fact::User(record))?;
        }
        Ok(())
    }

    /// Records a person who is missing from `users.json`, once, by what the `message` that names them says.
    pub(super) fn ensure(&mut self, id: &str, message: &Value, place: &FilePlace, sink: &mut dyn Sink) -> Result<()> {
        if !self.known.insert(id.to_owned()) {
            return Ok(());
        }
        // What the message says about its author says nothing about others whom it names.
        let speaks = text(message, "user") == Some(id);
        let message = if speaks { message } else { &Value::Null };
        let profile = message.get("user_profile").unwrap_or(&Value::Null);
        let name = name(profile).or(text(profile, "display_name")).or(text(profile, "name"));
        let team = text(message, "user_team").or(text(profile, "team")).or(text(message, "source_team"));
        let team = team.or(text(message, "team"));
        let record = UserRecord {
            id: id.to_owned(),
            company: self.company(team, place, sink)?,
            name: if id == SLACKBOT { "Slackbot" } else { name.unwrap_or(id) }.to_owned(),
            is_bot: id == SLACKBOT || text(message, "bot_id").is_some(),
            ..UserRecord::default()
        };
        sink.record(place, Fact::User(record))?;
        if id != SLACKBOT {
            sink.note(place, format!("{id} is missing from users.json; recorded as “{}”", name.unwrap_or(id)))?;
        }
        Ok(())
    }

    /// Records a bot by what its `message` says; bots have no line in `users.json`.
    pub(super) fn ensure_bot(
        &mut self,
        id: &str,
        message: &Value,
        place: &FilePlace,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        if !self.known.insert(id.to_owned()) {
            return Ok(());
        }
        let name = message.get("bot_profile").and_then(|profile| text(profile, "name"));
        let name = name.or(text(message, "username")).unwrap_or(id).to_owned();
        sink.record(place, Fact::User(UserRecord { id: id.to_owned(), name, is_bot: true, ..UserRecord::default() }))
    }

    /// The company of a person of `team`: none for our own; another is recorded when first met.
    fn company(&mut self, team: Option<&str>, place: &FilePlace, sink: &mut dyn Sink) -> Result<Option<String>> {
        let (Some(home), Some(team)) = (self.home.as_deref(), team) else { return Ok(None) };
        if team == home {
            return Ok(None);
        }
        if self.companies.insert(team.to_owned()) {
            let record = CompanyRecord { id: team.to_owned(), name: team.to_owned() };
            sink.record(place, Fact::Company(record))?;
        }
        Ok(Some(team.to_owned()))
    }
}

/// The full name that a user or a profile holds.
fn name(user: &Value) -> Option<&str> {
    user.get("profile").and_then(|profile| text(profile, "real_name")).or(text(user, "real_name"))
}

/// The team of most people; of equally many the first by its id.
fn most_frequent_team(bytes: &[u8]) -> Option<String> {
    let mut counts = BTreeMap::<String, u64>::new();
    for user in Elements::new(bytes).filter_map(|(_, element)| element.ok()) {
        if let Some(team) = text(&user, "team_id") {
            *counts.entry(team.to_owned()).or_default() += 1;
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(team, _)| team)
}
