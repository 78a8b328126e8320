//! Turns scripts into facts: who speaks, when each line falls, and what becomes of it later.
//!
//! The stage keeps every rule that a real source would: nobody speaks in a conversation without being in it, nothing
//! happens at or after `now`, an edit follows its item. A line that would fall after `now` has simply not been said yet.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

use super::calendar::{self, Calendar};
use super::people;
use super::rooms::{GROUPS, Move, PAIRS, PARTNER_GROUPS, PARTNER_PAIRS, SOCIAL_TEAMS, TEAMS, Team};
use super::script::{Form, Line, Pause, Script, Venue};
use super::slots::Slots;
use crate::model::{
    Attachment, Content, ConversationKind, ConversationRecord, DeletionRecord, Details, EditRecord, EventTime, Fact,
    ItemKind, ItemRecord, MemberRecord, MembershipRecord, OperatorFact, TaskStatus, Timestamp,
};

/// Any number will do; it is fixed so that the demo is the same each time.
const SEED: u64 = 20;

/// Minutes after local midnight at which people come to and leave a team.
const MOVES_AT: u32 = 8 * 60 + 15;

/// Where facts come to be.
pub(super) struct Stage {
    pub(super) calendar: Calendar,
    pub(super) rng: StdRng,
    /// Conversations of people, by their ids in order: who started it and when it was first used.
    talks: BTreeMap<Vec<&'static str>, (&'static str, Timestamp)>,
    /// What happened, in no order yet.
    happened: Vec<(Timestamp, Fact)>,
    items: u32,
}

/// An item that is about to be posted.
pub(super) struct Post<'a> {
    pub(super) conversation: &'a str,
    pub(super) kind: ItemKind,
    pub(super) at: Timestamp,
    pub(super) by: &'a str,
    pub(super) parent: Option<String>,
    pub(super) content: Content,
    pub(super) attachments: Vec<Attachment>,
}

impl<'a> Post<'a> {
    /// A plain message.
    pub(super) fn message(conversation: &'a str, at: Timestamp, by: &'a str, text: String) -> Self {
        let content = Content { text: Some(text), ..Content::default() };
        Self { conversation, kind: ItemKind::Message, at, by, parent: None, content, attachments: Vec::new() }
    }
}

impl Stage {
    pub(super) fn new(calendar: Calendar) -> Self {
        Self { calendar, rng: StdRng::seed_from_u64(SEED), talks: BTreeMap::new(), happened: Vec::new(), items: 0 }
    }

    /// Plays a script from the local minute of `day`; nothing happens if its people were not there then.
    pub(super) fn play(&mut self, script: &Script, day: NaiveDate, minute: u32) {
        let mut at = self.calendar.at(day, minute).plus(self.seconds(59));
        let Some((conversation, cast)) = self.set(script, at) else { return };
        let first_names: Vec<&str> =
            cast.iter().filter_map(|id| people::person(id)).map(|who| who.first_name).collect();
        let mut slots = Slots::new(&mut self.rng, day, &first_names);
        let mut root = None;
        for (number, line) in script.lines.iter().enumerate() {
            if number > 0 {
                at = self.next_moment(at, line.pause);
            }
            let parent = if line.threaded { root.clone() } else { None };
            let Some(id) = self.say(line, &conversation, &cast, at, parent, &mut slots) else { return };
            root.get_or_insert(id);
        }
    }

    /// The conversation and the speakers.
    fn set(&mut self, script: &Script, at: Timestamp) -> Option<(String, Vec<&'static str>)> {
        let pair = |pair: Option<&[&'static str; 2]>| pair.map(|people| people.to_vec());
        let cast = match script.place {
            Venue::Team(key) => return self.set_team(key, script, at),
            Venue::AnyTeam => {
                let key = SOCIAL_TEAMS.choose(&mut self.rng)?;
                return self.set_team(key, script, at);
            }
            Venue::People(people) => people.to_vec(),
            Venue::AnyDirect => pair(PAIRS.choose(&mut self.rng))?,
            Venue::AnyPartnerDirect => pair(PARTNER_PAIRS.choose(&mut self.rng))?,
            Venue::AnyGroup => GROUPS.choose(&mut self.rng)?.to_vec(),
        };
        let mut key = cast.clone();
        key.sort_unstable();
        let conversation = talk_id(&key);
        let first = (starter(&key).or_else(|| cast.first().copied())?, at);
        let used = self.talks.entry(key).or_insert(first);
        used.1 = used.1.min(at);
        let mut cast = cast;
        match script.place {
            Venue::AnyDirect | Venue::AnyGroup => cast.shuffle(&mut self.rng),
            // Halden asks, Brightwater knows.
            Venue::AnyPartnerDirect => {
                cast.sort_by_key(|id| people::person(id).map(|person| person.company) != Some(people::MAIN))
            }
            Venue::Team(_) | Venue::AnyTeam | Venue::People(_) => {}
        }
        Some((conversation, cast))
    }

    fn set_team(&mut self, key: &str, script: &Script, at: Timestamp) -> Option<(String, Vec<&'static str>)> {
        let team = TEAMS.iter().find(|team| team.key == key)?;
        let mut there = self.people_in(team, at);
        if script.cast.is_empty() {
            there.shuffle(&mut self.rng);
            let needed = script.lines.iter().map(|line| line.speaker + 1).max().unwrap_or(0);
            return (there.len() >= needed).then(|| (team_id(team), there));
        }
        let all_there = script.cast.iter().all(|id| there.contains(id));
        all_there.then(|| (team_id(team), script.cast.to_vec()))
    }

    /// The people (no programs) who are in a team at an instant; nobody before it was started or after it was closed.
    pub(super) fn people_in(&self, team: &Team, at: Timestamp) -> Vec<&'static str> {
        let closed = team.archived.is_some_and(|days| at >= self.calendar.at(self.calendar.days_ago(days), MOVES_AT));
        if closed || at < self.calendar.at(self.calendar.days_ago(team.started), MOVES_AT) {
            return Vec::new();
        }
        let mut there = team.members.to_vec();
        for change in team.moves {
            match *change {
                Move::Came(id, days) if at >= self.moved_at(days) => there.push(id),
                Move::Went(id, days) if at >= self.moved_at(days) => there.retain(|other| *other != id),
                Move::Came(..) | Move::Went(..) => {}
            }
        }
        there.retain(|id| *id != people::BOT);
        there
    }

    fn moved_at(&self, days_ago: u32) -> Timestamp {
        self.calendar.at(self.calendar.days_ago(days_ago), MOVES_AT)
    }

    fn next_moment(&mut self, at: Timestamp, pause: Pause) -> Timestamp {
        let next = match pause {
            Pause::Short => at.plus(TimeDelta::seconds(self.rng.random_range(25..540))),
            Pause::Minutes(minutes) => at.plus(TimeDelta::minutes(i64::from(minutes))),
            Pause::NextDay => {
                let minute = 8 * 60 + self.rng.random_range(20..75);
                self.calendar.at(calendar::later(self.calendar.day_of(at), 1), minute)
            }
        };
        next.plus(self.seconds(59))
    }

    /// Less than a minute, to the microsecond.
    fn seconds(&mut self, most: i64) -> TimeDelta {
        TimeDelta::microseconds(self.rng.random_range(1..most * 1_000_000))
    }

    /// Posts a line, and what becomes of it.
    fn say(
        &mut self,
        line: &Line,
        conversation: &str,
        cast: &[&'static str],
        at: Timestamp,
        parent: Option<String>,
        slots: &mut Slots,
    ) -> Option<String> {
        let by = *cast.get(line.speaker)?;
        let (kind, content) = self.content(line, cast, at, slots);
        let attachments = line.file.iter().map(|(name, size)| self.attachment(&slots.fill(name), *size)).collect();
        let id = self.post(Post { conversation, kind, at, by, parent, content: content.clone(), attachments })?;
        if let Some((minutes, text)) = line.edit {
            let at = at.plus(TimeDelta::minutes(i64::from(minutes)) + self.seconds(59));
            let content = Content { text: Some(slots.fill(text)), ..content.clone() };
            self.edit(conversation, &id, at, by, content);
        }
        if let Form::Task { assignees, done_days: Some(days), .. } = line.form {
            let minute = self.rng.random_range(10 * 60..17 * 60);
            let done = self.calendar.at(calendar::later(self.calendar.day_of(at), days.max(1)), minute);
            let by = assignees.first().and_then(|number| cast.get(*number)).unwrap_or(&by);
            let details = content.details.clone().map(|old| Details { status: Some(TaskStatus::Completed), ..old });
            self.edit(conversation, &id, done, by, Content { details, ..content });
        }
        if let Some((minutes, speaker)) = line.deletion {
            let at = at.plus(TimeDelta::minutes(i64::from(minutes)) + self.seconds(59));
            self.delete(conversation, &id, at, cast.get(speaker)?);
        }
        Some(id)
    }

    fn content(&mut self, line: &Line, cast: &[&str], at: Timestamp, slots: &mut Slots) -> (ItemKind, Content) {
        let text = Some(slots.fill(line.text)).filter(|text| !text.is_empty());
        let day = self.calendar.day_of(at);
        match line.form {
            Form::Message => (ItemKind::Message, Content { text, ..Content::default() }),
            Form::Note { title } => (ItemKind::Note, Content { title: Some(slots.fill(title)), text, details: None }),
            Form::Task { title, assignees, due_days, done_days } => {
                let details = Details {
                    status: Some(if done_days.is_some() { TaskStatus::InProgress } else { TaskStatus::Pending }),
                    assignees: assignees
                        .iter()
                        .filter_map(|number| cast.get(*number))
                        .map(ToString::to_string)
                        .collect(),
                    due_at: Some(self.calendar.at(calendar::later(day, due_days), 17 * 60)),
                    ..Details::default()
                };
                (ItemKind::Task, Content { title: Some(slots.fill(title)), text, details: Some(details) })
            }
            Form::Event { title, in_days, hour, minutes, location } => {
                let starts_at = self.calendar.at(calendar::later(day, in_days), hour * 60);
                let ends_at = starts_at.plus(TimeDelta::minutes(i64::from(minutes)));
                let details = Details {
                    time: Some(EventTime { starts_at, ends_at, all_day: minutes >= 24 * 60 }),
                    location: Some(location.to_owned()),
                    ..Details::default()
                };
                (ItemKind::Event, Content { title: Some(slots.fill(title)), text, details: Some(details) })
            }
        }
    }

    fn attachment(&mut self, name: &str, size: i64) -> Attachment {
        let media_type = match name.rsplit('.').next().unwrap_or_default() {
            "pdf" => "application/pdf",
            "png" => "image/png",
            "jpg" => "image/jpeg",
            "csv" => "text/csv",
            "zip" => "application/zip",
            "eml" => "message/rfc822",
            "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            _ => "application/octet-stream",
        };
        let id = format!("F{:08X}", self.rng.random_range(0..u32::MAX));
        let size = size + self.rng.random_range(0..size / 8 + 2);
        Attachment { id, name: name.to_owned(), media_type: Some(media_type.to_owned()), size: Some(size) }
    }

    /// Posts an item, unless it would be posted after now; its id.
    pub(super) fn post(&mut self, post: Post<'_>) -> Option<String> {
        if post.at >= self.calendar.now() {
            return None;
        }
        self.items += 1;
        let id = format!("i{:05}", self.items);
        let item = ItemRecord {
            conversation: post.conversation.to_owned(),
            id: id.clone(),
            kind: post.kind,
            at: post.at,
            by: Some(post.by.to_owned()),
            parent: post.parent,
            content: post.content,
            attachments: post.attachments,
        };
        self.happened.push((post.at, Fact::ItemCreated(item)));
        Some(id)
    }

    /// Changes an item, unless that would be after now.
    pub(super) fn edit(&mut self, conversation: &str, id: &str, at: Timestamp, by: &str, content: Content) {
        if at < self.calendar.now() {
            let (conversation, id) = (conversation.to_owned(), id.to_owned());
            let edit = EditRecord { conversation, id, at, by: Some(by.to_owned()), content };
            self.happened.push((at, Fact::ItemEdited(edit)));
        }
    }

    fn delete(&mut self, conversation: &str, id: &str, at: Timestamp, by: &str) {
        if at < self.calendar.now() {
            let (conversation, id) = (conversation.to_owned(), id.to_owned());
            let deletion = DeletionRecord { conversation, id, at: Some(at), by: Some(by.to_owned()) };
            self.happened.push((at, Fact::ItemDeleted(deletion)));
        }
    }

    /// Everything in the order in which it can be recorded: companies, people, conversations, then what happened by time.
    pub(super) fn into_facts(mut self) -> Vec<OperatorFact> {
        self.moves();
        self.happened.sort_by_key(|(at, _)| *at);
        let users = people::users(&self.calendar).map(Fact::User);
        let teams = TEAMS.iter().map(|team| Fact::Conversation(self.team(team)));
        let talks = self.talks.iter().map(|(people, (by, at))| Fact::Conversation(self.talk(people, by, *at)));
        let mut facts: Vec<OperatorFact> = people::accounts().into_iter().map(OperatorFact::Account).collect();
        facts.extend(users.chain(teams).chain(talks).map(OperatorFact::Fact));
        facts.extend(self.happened.into_iter().map(|(_, fact)| OperatorFact::Fact(fact)));
        facts
    }

    fn moves(&mut self) {
        for team in TEAMS {
            for change in team.moves {
                let (Move::Came(user, days) | Move::Went(user, days)) = *change;
                let at = self.moved_at(days);
                let membership = MembershipRecord { conversation: team_id(team), user: user.to_owned(), at };
                let fact = match change {
                    Move::Came(..) => Fact::Joined(membership),
                    Move::Went(..) => Fact::Left(membership),
                };
                self.happened.push((at, fact));
            }
        }
    }

    fn team(&self, team: &Team) -> ConversationRecord {
        let created_at = self.moved_at(team.started);
        ConversationRecord {
            id: team_id(team),
            kind: ConversationKind::Team,
            name: Some(team.name.to_owned()),
            is_public: team.public,
            started_by: team.members.first().map(ToString::to_string),
            created_at: Some(created_at),
            archived_at: team.archived.map(|days| self.moved_at(days)),
            members: members(team.members, created_at),
        }
    }

    fn talk(&self, people: &[&'static str], started_by: &str, first_used: Timestamp) -> ConversationRecord {
        // Those who often talk began to do so long before the demo's months.
        let created_at = if is_standing(people) {
            self.calendar.at(self.calendar.days_ago(crate::demo::calendar::DAYS + 90), 9 * 60)
        } else {
            first_used
        };
        ConversationRecord {
            id: talk_id(people),
            kind: match people.len() {
                1 => ConversationKind::Personal,
                2 => ConversationKind::Direct,
                _ => ConversationKind::Group,
            },
            name: None,
            is_public: false,
            started_by: Some(started_by.to_owned()),
            created_at: Some(created_at),
            archived_at: None,
            members: members(people, created_at),
        }
    }
}

/// The id of a team in the facts.
pub(super) fn team_id(team: &Team) -> String {
    format!("team-{}", team.key)
}

fn talk_id(sorted_people: &[&str]) -> String {
    format!("talk-{}", sorted_people.join("-"))
}

fn members(people: &[&str], joined_at: Timestamp) -> Vec<MemberRecord> {
    people.iter().map(|id| MemberRecord { user: (*id).to_owned(), joined_at: Some(joined_at) }).collect()
}

fn standing() -> impl Iterator<Item = &'static [&'static str]> {
    let pairs = PAIRS.iter().chain(PARTNER_PAIRS).map(<[&str; 2]>::as_slice);
    pairs.chain(GROUPS.iter().chain(PARTNER_GROUPS).copied())
}

fn is_standing(sorted_people: &[&str]) -> bool {
    starter(sorted_people).is_some()
}

/// Who started the standing conversation of these people, if they have one.
fn starter(sorted_people: &[&str]) -> Option<&'static str> {
    standing()
        .find(|people| people.len() == sorted_people.len() && people.iter().all(|id| sorted_people.contains(id)))
        .and_then(|people| people.first().copied())
}
