//! Very many conversations with little in each: direct chats of two, each of four messages over half a year. For what depends on
//! the number of conversations rather than on that of messages.

use std::io::{self, Write};

use serde_json::json;

use super::corpus::{DAY_MILLIS, DAYS, START, line, person, rfc3339};
use super::prose;

const MESSAGES_PER_CHAT: u64 = 4;
const CHATS_PER_PERSON: u64 = 5;
/// The day that is exported, counted from the first.
const DAY: u64 = 90;
/// Messages go round the chats in steps of this prime, so that those of a chat lie far apart.
const STEP: u64 = 7_919;

/// So many chats, always the same ones.
pub struct Chats {
    pub chats: u64,
}

impl Chats {
    pub fn new(chats: u64) -> Self {
        assert!(chats >= 1_000 && !chats.is_multiple_of(STEP), "at least 1000 chats, and not {STEP} or a multiple");
        Self { chats }
    }

    pub const fn people(&self) -> u64 {
        self.chats / CHATS_PER_PERSON
    }

    pub const fn items(&self) -> u64 {
        self.chats * MESSAGES_PER_CHAT
    }

    /// The day in the midst of them that is exported.
    pub fn day(&self) -> String {
        rfc3339(START + DAY * DAY_MILLIS)[..10].to_owned()
    }

    /// Writes all as events (docs/recording.md); tells how many messages are of the day that is exported.
    pub fn write_events(&self, file: &mut impl Write) -> io::Result<u64> {
        let (people, items) = (self.people(), self.items());
        for number in 0..people {
            let email = format!("clerk{number}@halcyon-ports.example");
            line(
                file,
                &json!({"type": "user", "id": person(number), "name": format!("Clerk {number}"), "email": email}),
            )?;
        }
        for number in 0..self.chats {
            let members = self.members(number).map(|number| json!({"user": person(number)}));
            line(
                file,
                &json!({
                    "type": "conversation", "id": format!("c{number}"), "kind": "Direct", "createdAt": rfc3339(START),
                    "startedBy": person(self.members(number)[0]), "members": members,
                }),
            )?;
        }
        let (sentences, step, mut in_day) = (prose::sentences(), DAYS * DAY_MILLIS / items, 0);
        for (number, text) in (0..items).zip(sentences.iter().cycle()) {
            let (chat, at) = (number * STEP % self.chats, START + number * step);
            in_day += u64::from((at - START) / DAY_MILLIS == DAY);
            let by = person(self.members(chat)[usize::from(number.is_multiple_of(3))]);
            line(
                file,
                &json!({
                    "type": "item_created", "conversation": format!("c{chat}"), "id": format!("m{number}"),
                    "kind": "Message", "at": rfc3339(at), "by": by, "content": {"text": text},
                }),
            )?;
        }
        Ok(in_day)
    }

    /// No two chats are of the same two people.
    fn members(&self, chat: u64) -> [u64; 2] {
        let first = chat % self.people();
        [first, (first + 1 + chat / self.people() * 37) % self.people()]
    }
}
