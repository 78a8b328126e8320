//! An invented company's conversations: as many messages as are asked for, always the same ones.
//!
//! Sizes of conversations follow Zipf's law with the exponent 0.7, which spreads a million messages over 3,000
//! conversations and 180 days as 360,000 day files. Messages come in the order of time, as a connector tells them: what an
//! export reads of one conversation is scattered over the whole table.

use std::fmt::Display;
use std::io::{self, Write};

use serde_json::json;

use super::prose;

/// First day, a Monday, and the last.
pub const FIRST_DAY: &str = "2024-01-01";
pub const LAST_DAY: &str = "2024-06-28";
/// The account that is exported.
pub const ACCOUNT: &str = "Halcyon Ports";

/// 2024-01-01T00:00:00Z, in milliseconds.
pub const START: u64 = 1_704_067_200_000;
pub const DAYS: u64 = 180;
pub const DAY_MILLIS: u64 = 86_400_000;
const PEOPLE: usize = 500;
const MESSAGES_PER_CONVERSATION: u64 = 333;
const EXPONENT: f64 = 0.7;
/// One message in so many is edited.
const EDITED: u64 = 20;

const FIRST_NAMES: [&str; 25] = [
    "Ada", "Bela", "Carmen", "Dario", "Edda", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Liam", "Mara",
    "Nils", "Orla", "Pavel", "Quinn", "Rosa", "Samir", "Tomo", "Ulla", "Victor", "Wanda", "Xenia", "Yusuf",
];
const LAST_NAMES: [&str; 20] = [
    "Arai",
    "Becker",
    "Costa",
    "Dunmore",
    "Eriksen",
    "Falk",
    "Garrick",
    "Holm",
    "Ivory",
    "Jansen",
    "Keane",
    "Lindqvist",
    "Marlow",
    "Novak",
    "Okafor",
    "Pryce",
    "Quayle",
    "Rossi",
    "Sandoval",
    "Thorne",
];
const PLACES: [&str; 10] =
    ["Harbour", "Berth", "Yard", "Customs", "Pilot", "Crane", "Tender", "Night", "Winter", "Northern"];
const MATTERS: [&str; 8] = ["planning", "safety", "claims", "hiring", "billing", "repairs", "contracts", "questions"];

/// The corpus of so many messages.
pub struct Corpus {
    pub messages: u64,
    pub conversations: Vec<Conversation>,
    sentences: Vec<String>,
    /// Chances of the conversations, each added to those before.
    chances: Vec<f64>,
}

/// A conversation, known by its place in the list; people by theirs.
pub struct Conversation {
    pub kind: &'static str,
    pub name: Option<String>,
    pub members: Vec<usize>,
}

/// A message.
pub struct Message {
    pub number: u64,
    pub conversation: usize,
    pub author: usize,
    /// Milliseconds since 1970.
    pub at: u64,
    pub text: String,
    /// When it was edited, and what it says since.
    pub edit: Option<(u64, String)>,
}

impl Corpus {
    pub fn new(messages: u64) -> Self {
        let count = usize::try_from((messages / MESSAGES_PER_CONVERSATION).max(2)).unwrap();
        let mut random = Random(1);
        let conversations = (0..count).map(|number| conversation(number, &mut random)).collect();
        let mut sum = 0.0;
        let chances = (1..=count).map(|rank| {
            sum += f64::from(u32::try_from(rank).unwrap()).powf(-EXPONENT);
            sum
        });
        let chances = chances.collect();
        let sentences = prose::sentences();
        assert!(sentences.len() > 100, "only {} sentences were found to write messages with", sentences.len());
        Self { messages, conversations, sentences, chances }
    }

    /// Name and address of each person.
    pub fn people() -> impl Iterator<Item = (String, String)> {
        (0..PEOPLE).map(|number| {
            let (first, last) = (FIRST_NAMES[number % 25], LAST_NAMES[number / 25]);
            (format!("{first} {last}"), format!("{first}.{last}@halcyon-ports.example").to_lowercase())
        })
    }

    /// The messages by time.
    pub fn messages(&self) -> impl Iterator<Item = Message> {
        let mut random = Random(2);
        let step = DAYS * DAY_MILLIS / self.messages;
        (0..self.messages).map(move |number| {
            let chance = random.fraction() * self.chances.last().unwrap();
            let conversation = self.chances.partition_point(|sum| *sum <= chance);
            let members = &self.conversations[conversation].members;
            let author = members[random.below(members.len())];
            let at = START + number * step + random.next() % step;
            let text = self.text(&mut random);
            let edited = random.next().is_multiple_of(EDITED);
            let edit = edited.then(|| (at + 1_000 + random.next() % 3_600_000, self.text(&mut random)));
            Message { number, conversation, author, at, text, edit }
        })
    }

    /// One sentence, or two.
    fn text(&self, random: &mut Random) -> String {
        let mut text = self.sentences[random.below(self.sentences.len())].clone();
        if random.next().is_multiple_of(4) {
            text.push(' ');
            text.push_str(&self.sentences[random.below(self.sentences.len())]);
        }
        text
    }

    /// Writes all as events (docs/recording.md).
    pub fn write_events(&self, file: &mut impl Write) -> io::Result<()> {
        for (number, (name, email)) in Self::people().enumerate() {
            line(file, &json!({"type": "user", "id": person(number), "name": name, "email": email}))?;
        }
        for (number, conversation) in self.conversations.iter().enumerate() {
            let members: Vec<_> = conversation.members.iter().map(|number| json!({"user": person(number)})).collect();
            line(
                file,
                &json!({
                    "type": "conversation", "id": format!("c{number}"), "kind": conversation.kind,
                    "name": conversation.name, "startedBy": person(conversation.members[0]), "createdAt": rfc3339(START),
                    "members": members,
                }),
            )?;
        }
        for message in self.messages() {
            let (conversation, id) = (format!("c{}", message.conversation), format!("m{}", message.number));
            let by = person(message.author);
            line(
                file,
                &json!({
                    "type": "item_created", "conversation": conversation, "id": id, "kind": "Message",
                    "at": rfc3339(message.at), "by": by, "content": {"text": message.text},
                }),
            )?;
            if let Some((at, text)) = message.edit {
                line(
                    file,
                    &json!({
                        "type": "item_edited", "conversation": conversation, "id": id, "at": rfc3339(at), "by": by,
                        "content": {"text": text},
                    }),
                )?;
            }
        }
        Ok(())
    }
}

/// A person's id, and in other events who is meant.
pub fn person(number: impl Display) -> String {
    format!("u{number}")
}

pub fn rfc3339(millis: u64) -> String {
    compliance_exports::model::Timestamp::from_micros(i64::try_from(millis * 1_000).unwrap()).unwrap().to_string()
}

pub fn line(file: &mut impl Write, event: &serde_json::Value) -> io::Result<()> {
    serde_json::to_writer(&mut *file, event)?;
    file.write_all(b"\n")
}

/// The first is the largest, and a Team. Of twenty, nine are Teams, seven Direct, three Groups and one Personal.
fn conversation(number: usize, random: &mut Random) -> Conversation {
    let (kind, size) = match number % 20 {
        0..=8 => ("Team", 5 + random.below(36)),
        9..=15 => ("Direct", 2),
        16..=18 => ("Group", 3 + random.below(6)),
        _ => ("Personal", 1),
    };
    let mut members = Vec::with_capacity(size);
    while members.len() < size {
        let person = random.below(PEOPLE);
        if !members.contains(&person) {
            members.push(person);
        }
    }
    let name = (kind == "Team").then(|| {
        let (place, matter) = (PLACES[random.below(PLACES.len())], MATTERS[random.below(MATTERS.len())]);
        format!("{place} {matter} {number}")
    });
    Conversation { kind, name, members }
}

/// SplitMix64: the same numbers with every version of every library.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    /// From 0 to 1, without 1.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
