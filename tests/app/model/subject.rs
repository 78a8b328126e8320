//! The application, told what the model is told, and its archives as pictures.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use compliance_exports::audit::Actor;
use compliance_exports::exports::request::Draft;
use compliance_exports::identity::{self, accounts, commands};
use compliance_exports::model::{ConversationId, RequestId, Timestamp};
use compliance_exports::{capture, keys};
use serde_json::{Value, json};

use super::{
    Action, CONVERSATIONS, Chosen, FIRST_NAMES, Limits, Listed, PEOPLE, Picture, RENAMED, Shown, ZONES, called,
    changed, id, is_note, late,
};
use crate::support::events::{deletion, edit, texts_before};
use crate::support::{Archive, Person, TestApp};

/// The application, with two companies of its own for each history.
pub(super) struct Subject<'a> {
    pub(super) app: &'a TestApp,
    names: [String; 2],
    admins: [Person; 2],
    start: Timestamp,
    step: TimeDelta,
    steps: i32,
}

impl<'a> Subject<'a> {
    pub(super) fn new(app: &'a TestApp, number: u32, step: TimeDelta) -> Self {
        let names = ["Acme", "Globex"].map(|name| format!("{name} {number}"));
        let admins = [0, 1].map(|company| {
            let account = commands::run(
                app.store(),
                Actor::Operator,
                &accounts::CreateAccount { name: &names[company], time_zone: ZONES[company], include_exports: true },
                app.now(),
            )
            .unwrap();
            let new = identity::rows::users::NewUser {
                account_id: account,
                name: "Admin",
                email: None,
                is_bot: false,
                is_admin: true,
                deactivated_at: None,
            };
            let id = app.store().write(|tx| identity::rows::users::create(tx, &new, app.now())).unwrap();
            Person { id, email: String::new(), name: "Admin".to_owned() }
        });
        let subject = Self { app, names, admins, start: app.now(), step, steps: 0 };
        let mut events = vec![
            (0, json!({"type": "account", "id": "globex", "name": subject.names[1]})),
            (0, json!({"type": "user", "id": "a1", "name": "Ada"})),
            (0, json!({"type": "user", "id": "u2", "name": FIRST_NAMES[0]})),
            (0, json!({"type": "user", "id": "g1", "name": "Hank", "account": "globex"})),
            (1, json!({"type": "user", "id": "u2", "name": FIRST_NAMES[2]})),
        ];
        for (number, (id, kind, starter, members, companies)) in CONVERSATIONS.into_iter().enumerate() {
            let members: Vec<Value> = members.iter().map(|member| json!({"user": member})).collect();
            let name = (kind == "Team").then_some(FIRST_NAMES[2 * companies[0] + 1]);
            let event = json!({"type": "conversation", "id": id, "kind": kind, "name": name,
                "startedBy": starter, "members": members});
            events.push((source_of(number), event));
        }
        for (source, event) in events {
            subject.record(source, &event.to_string());
        }
        subject
    }

    /// Through a company's source. An edit of what is unknown is refused.
    fn record(&self, source: usize, event: &str) {
        let summary = self.app.try_record(&self.names[source], event);
        for (_, reason) in summary.problems {
            assert!(reason.ends_with("which it changes, has not been recorded"), "{reason}");
        }
    }

    /// A moment that has passed, or now.
    pub(super) fn moment(&self, at: usize) -> Timestamp {
        let passed = usize::try_from(self.steps).unwrap() + 1;
        self.start.plus(self.step * i32::try_from(at % passed).unwrap())
    }

    /// The day of a moment that has passed, where a company is.
    pub(super) fn day(&self, company: usize, at: usize) -> NaiveDate {
        self.moment(at).to_utc().with_timezone(&ZONES[company]).date_naive()
    }

    pub(super) fn tell(&self, fact: &Action, at: Timestamp) {
        let at = at.to_string();
        let (source, event) = match *fact {
            Action::Create { item: (number, item), .. } => {
                let kind = if is_note(item) { "Note" } else { "Message" };
                let event = json!({"type": "item_created", "conversation": CONVERSATIONS[number].0, "id": id(item),
                    "kind": kind, "at": at, "by": "u2", "content": {"text": id(item)}});
                (source_of(number), event.to_string())
            }
            Action::Edit { item: (number, item), text, .. } => {
                (source_of(number), edit(CONVERSATIONS[number].0, &id(item), &at, &changed(text)))
            }
            Action::Delete { item: (number, item), .. } => {
                (source_of(number), deletion(CONVERSATIONS[number].0, &id(item), &at))
            }
            Action::Move { conversation, joined, .. } => {
                let kind = if joined { "joined" } else { "left" };
                let event =
                    json!({"type": kind, "conversation": CONVERSATIONS[conversation].0, "user": "u2", "at": at});
                (source_of(conversation), event.to_string())
            }
            Action::Rename { whom, name } => {
                let (source, id, conversation) = RENAMED[whom];
                let kind = if conversation { "conversation" } else { "user" };
                let event = json!({"type": kind, "id": id, "name": called(name)});
                let team = json!({"type": kind, "id": id, "name": called(name), "kind": "Team"});
                (source, if conversation { team } else { event }.to_string())
            }
            Action::Found { company, number } => {
                let event = json!({"type": "conversation", "id": late(number), "name": late(number), "kind": "Team",
                    "public": true, "members": [{"user": "u2"}]});
                (company, event.to_string())
            }
            Action::Toggle(_) | Action::Again(_) => return,
        };
        self.record(source, &event);
    }

    pub(super) fn step(&mut self) {
        self.app.advance(self.step);
        self.steps += 1;
    }

    pub(super) fn toggle(&self, company: usize, on: bool) {
        let admin = &self.admins[company];
        if on { self.app.turn_on(admin) } else { self.app.turn_off(admin) }
    }

    pub(super) fn request(&self, company: usize, (first, last): (NaiveDate, NaiveDate), limits: &Limits) -> RequestId {
        let people: Vec<String> = limits.people.iter().map(|&person| self.number_of(PEOPLE[person])).collect();
        let conversations: Vec<String> =
            limits.conversations.iter().map(|&one| self.conversation(company, one).to_string()).collect();
        let (first_day, last_day, form_key) = (&first.to_string(), &last.to_string(), &keys::new_key());
        let draft = Draft { first_day, last_day, people: &people, conversations: &conversations, ..Draft::default() };
        let command = draft.parse(form_key, self.app.app.state().policy.max_open).unwrap();
        let by = Actor::User(self.admins[company].id);
        commands::run(self.app.store(), by, &command, self.app.now()).unwrap()
    }

    fn number_of(&self, (source, id): (usize, &str)) -> String {
        let found = self.app.store().write(|tx| {
            let source =
                identity::rows::sources::find_or_create(tx, self.app.find_account(&self.names[source]).id, "events")?;
            identity::rows::sources::find_user(tx, source, id)
        });
        found.unwrap().expect("a person").to_string()
    }

    fn conversation(&self, company: usize, chosen: Chosen) -> ConversationId {
        let (source, id) = match chosen {
            Chosen::Told(number) => (source_of(number), CONVERSATIONS[number].0.to_owned()),
            Chosen::Late(number) => (company, late(number)),
        };
        let found = self.app.store().write(|tx| {
            let source =
                identity::rows::sources::find_or_create(tx, self.app.find_account(&self.names[source]).id, "events")?;
            capture::rows::conversations::find_by_external(tx, source, &id)
        });
        found.unwrap().expect("a conversation").id
    }

    /// What an archive shows.
    pub(super) fn picture(&self, archive: &Archive) -> Picture {
        let mut labels = BTreeMap::new();
        let mut conversations = Vec::new();
        for conversation in archive.conversations() {
            let members = conversation["members"].as_array().unwrap();
            let ours = |member: &&Value| member["account"] == self.names[1].as_str();
            let label = match (text(&conversation["type"]).as_str(), members.iter().filter(ours).count()) {
                ("Team", _) if conversation["public"] == true => text(&conversation["name"]),
                ("Team", _) => "team".to_owned(),
                ("Direct", 1) => "across".to_owned(),
                ("Direct", _) => "direct".to_owned(),
                ("Group", _) => "group".to_owned(),
                _ => "notes".to_owned(),
            };
            let stay =
                |member: &Value| (text(&member["name"]), some_text(&member["joinedAt"]), some_text(&member["leftAt"]));
            let mut members: Vec<_> = members.iter().map(stay).collect();
            members.sort();
            labels.insert(text(&conversation["id"]), label.clone());
            conversations.push(Listed { label, name: some_text(&conversation["name"]), members });
        }
        conversations.sort();
        let mut items = Vec::new();
        for path in archive.day_files() {
            let day = path.rsplit_once('/').unwrap().1.trim_end_matches(".json");
            for item in archive.json(path).as_array().unwrap() {
                let before = texts_before(item).into_iter().map(|text| text.unwrap_or("(none)").to_owned());
                items.push(Shown {
                    conversation: labels[&text(&item["conversation"]["id"])].clone(),
                    id: text(&item["id"]),
                    day: day.to_owned(),
                    author: text(&item["author"]["name"]),
                    text: text(&item["text"]),
                    before: before.collect(),
                    deleted: some_text(&item["deleted"]["at"]),
                });
            }
        }
        items.sort();
        Picture { items, conversations }
    }
}

/// The company whose source tells of a conversation.
pub(super) fn source_of(conversation: usize) -> usize {
    usize::from(conversation == CONVERSATIONS.len() - 1)
}

fn some_text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn text(value: &Value) -> String {
    some_text(value).unwrap_or_else(|| "(none)".to_owned())
}
