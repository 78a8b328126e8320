//! Events as a source tells them, a line each (docs/recording.md), and the moments at which it does.

use chrono::TimeDelta;
use chrono_tz::Tz;
use compliance_exports::audit::Actor;
use compliance_exports::capture::sources::ImportSummary;
use compliance_exports::capture::switch;
use compliance_exports::exports::queue::{self, Release};
use compliance_exports::exports::requests;
use compliance_exports::identity::{access, accounts, commands};
use compliance_exports::model::{RequestId, Timestamp};
use serde_json::{Value, json};

use super::{Archive, Person, TestApp};

/// Four people of the account, Ada among them, and a conversation of each kind: `team` of all, `direct` of u1 and u2, `group` of
/// u1 to u3, `notes` of u1.
pub const OFFICE: &str = r#"
    {"type":"user","id":"u1","name":"Ada","email":"ada@acme.example"}
    {"type":"user","id":"u2","name":"Grace"}
    {"type":"user","id":"u3","name":"Edsger"}
    {"type":"user","id":"u4","name":"Barbara"}
    {"type":"conversation","id":"team","kind":"Team","name":"Berths","members":[{"user":"u1"},{"user":"u2"},{"user":"u3"},{"user":"u4"}]}
    {"type":"conversation","id":"direct","kind":"Direct","members":[{"user":"u1"},{"user":"u2"}]}
    {"type":"conversation","id":"group","kind":"Group","members":[{"user":"u1"},{"user":"u2"},{"user":"u3"}]}
    {"type":"conversation","id":"notes","kind":"Personal","members":[{"user":"u1"}]}
"#;

/// Something was posted by u1.
pub fn message(conversation: &str, id: &str, at: &str, text: &str) -> String {
    let event = json!({"type": "item_created", "conversation": conversation, "id": id, "kind": "Message", "at": at,
        "by": "u1", "content": {"text": text}});
    format!("{event}\n")
}

/// It was changed by u2.
pub fn edit(conversation: &str, id: &str, at: &str, text: &str) -> String {
    let event = json!({"type": "item_edited", "conversation": conversation, "id": id, "at": at, "by": "u2",
        "content": {"text": text}});
    format!("{event}\n")
}

/// It was deleted by u2.
pub fn deletion(conversation: &str, id: &str, at: &str) -> String {
    let event = json!({"type": "item_deleted", "conversation": conversation, "id": id, "at": at, "by": "u2"});
    format!("{event}\n")
}

/// The reasons of what was refused.
pub fn reasons(summary: &ImportSummary) -> Vec<&str> {
    summary.problems.iter().map(|(_, reason)| reason.as_str()).collect()
}

/// The texts before each change, oldest first.
pub fn texts_before(item: &Value) -> Vec<Option<&str>> {
    let edits = item["edits"].as_array();
    edits.into_iter().flatten().map(|edit| edit["textBefore"].as_str()).collect()
}

impl TestApp {
    /// Acme with its people and conversations, capture on; and Ada, who has access.
    pub fn with_office() -> (Self, Person) {
        let app = Self::start();
        let (_, ada) = app.account_with_exports_on("Acme");
        app.record("Acme", OFFICE);
        (app, ada)
    }

    /// An account of this zone with one administrator, Ada, who has turned the feature on.
    pub fn account_in(&self, name: &str, zone: Tz) -> Person {
        commands::run(
            self.store(),
            Actor::Operator,
            &accounts::CreateAccount { name, time_zone: zone, include_exports: true },
            self.now(),
        )
        .unwrap();
        let ada = self.admin(name, "Ada");
        self.turn_on(&ada);
        ada
    }

    /// Sets the clock to this instant.
    pub fn at(&self, instant: &str) {
        let instant: Timestamp = instant.parse().unwrap();
        self.advance(instant.to_utc() - self.now().to_utc());
    }

    /// Turns capture on.
    pub fn turn_on(&self, by: &Person) {
        commands::run(self.store(), Actor::User(by.id), &switch::TurnOn, self.now()).unwrap();
    }

    /// Turns capture off.
    pub fn turn_off(&self, by: &Person) {
        commands::run(self.store(), Actor::User(by.id), &switch::TurnOff, self.now()).unwrap();
    }

    /// Requests all days until today.
    pub fn request_all(&self, by: &Person) -> RequestId {
        let offered = self.store().read(|c| requests::offer(c, by.id, self.app.state().policy, self.now()));
        let today = offered.unwrap().1.today;
        self.request(by, "1970-01-01", &today.to_string())
    }

    /// Exports all days until today.
    pub fn export_all(&self, by: &Person) -> Archive {
        let id = self.request_all(by);
        self.work();
        self.archive(id)
    }

    /// Requests all days, and takes the cut now; the archive is built when the queue is next worked at.
    pub fn request_with_cut(&self, by: &Person) -> RequestId {
        let id = self.request_all(by);
        self.take_cut(id);
        id
    }

    /// Takes the cut of a queued export, as a worker does that is stopped then.
    pub fn take_cut(&self, id: RequestId) {
        let mut claim = queue::claim(self.store(), &self.policy(), Some(id), self.now()).unwrap().expect("a claim");
        assert!(queue::take_cut(self.store(), &mut claim, self.now()).unwrap());
        assert!(queue::release(self.store(), &claim, Release::Stopping).unwrap());
    }
}
