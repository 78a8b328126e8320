//! The JSON of `manifest.json`: what was asked for, when it was cut, what is covered, and how much of everything there is.
//!
//! [`Header`] comes from the caller, the counts from the writer; `verify` compares them with the files.

use std::fmt;
use std::marker::PhantomData;

use chrono::NaiveDate;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::records::{AccountRef, ConversationRef, Id, Person};
use crate::model::Timestamp;

/// Version of the format that this program writes and reads.
pub const FORMAT_VERSION: u32 = 1;

/// The program that wrote the archive.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Program {
    /// `compliance-exports`.
    pub name: String,
    pub version: String,
}

impl Program {
    /// This program.
    #[must_use]
    pub fn this() -> Self {
        Self { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() }
    }
}

/// What was asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestInfo {
    pub id: Id,
    /// First day, included.
    pub first_day: NaiveDate,
    /// Last day, included.
    pub last_day: NaiveDate,
    /// IANA name of the zone whose days are meant.
    pub time_zone: String,
    /// The first instant of the first day.
    pub range_start: Timestamp,
    /// The first instant after the last day.
    pub range_end: Timestamp,
    /// When it was asked for.
    pub requested_at: Timestamp,
    pub requested_by: Person,
    /// What it is limited to; none where nothing is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<Filters>,
}

/// What an export is limited to: the conversations in which one of these people takes part or took part until the cut, or
/// these conversations; with both, those that are both.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Filters {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conversations: Vec<ConversationRef>,
}

/// A stretch of time, `to` excluded.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Span {
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub to: Timestamp,
}

/// When capture was on within the range, up to the cut.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Coverage {
    /// Capture was on: deleted items were kept.
    pub captured: Vec<Span>,
    /// Capture was off: items deleted then are missing (C4).
    pub gaps: Vec<Span>,
}

/// When and by whom Compliance Exports was last turned on, as it stood at the cut.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capture {
    pub enabled_at: Timestamp,
    /// By whom; none for the server's operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled_by: Option<Person>,
    /// When it was turned off again, between the request and the cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
    /// By whom; none for the server's operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_by: Option<Person>,
}

/// What only the caller knows of the manifest; the writer adds what it counted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Header {
    /// What was asked for.
    pub request: RequestInfo,
    /// The account exported.
    pub account: AccountRef,
    /// The instant whose data the archive shows (C7).
    pub cut: Timestamp,
    /// When capture was on.
    pub coverage: Coverage,
    /// Who had turned it on. The first archives did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<Capture>,
    /// Who could request and download at the cut. The first archives did not say.
    #[serde(default)]
    pub access: Vec<Person>,
}

/// Sums over the whole archive.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Totals {
    /// Conversations listed.
    pub conversations: u64,
    /// Items, deleted ones included.
    pub items: u64,
    /// Those of them that are marked deleted.
    pub deleted: u64,
}

/// Counts of one day file.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct DayCount {
    /// The day, in the request's zone.
    pub day: NaiveDate,
    /// Items, deleted ones included.
    pub items: u64,
    /// Those of them that are marked deleted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deleted: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Counts of one conversation that has items in the range.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FolderCount {
    /// Path of its sub-folder below the top folder.
    pub folder: String,
    /// Its day files.
    pub days: Vec<DayCount>,
}

/// One `.zip` of the archive.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartInfo {
    /// Counted from 1.
    pub number: u32,
    /// File name.
    pub file: String,
    /// The list of check sums in it.
    pub sums: String,
    pub items: u64,
    /// Bytes of the `.zip`; absent for the part in which this stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// SHA-256 of the `.zip`; absent for the part in which this stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// An object of JSON whose fields keep their order, because the same archive is the same text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ordered<T>(Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Ordered<T> {
    /// The field of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// Each field with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(field, value)| (field.as_str(), value))
    }
}

impl<S: Into<String>, T> FromIterator<(S, T)> for Ordered<T> {
    fn from_iter<I: IntoIterator<Item = (S, T)>>(fields: I) -> Self {
        Self(fields.into_iter().map(|(field, value)| (field.into(), value)).collect())
    }
}

impl<T: Serialize> Serialize for Ordered<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Ordered<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered<T>, A::Error> {
                let mut fields = Ordered::default();
                while let Some((field, value)) = map.next_entry::<String, T>()? {
                    if fields.get(&field).is_some() {
                        return Err(A::Error::custom(format!("“{field}” is told twice")));
                    }
                    fields.0.push((field, value));
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// A number or a text.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FormatValue {
    /// Such as how many files there are.
    Number(u64),
    /// Such as the name of a file.
    Text(String),
}

impl From<&str> for FormatValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for FormatValue {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

/// What the manifest says of a format: facts by name.
pub type FormatInfo = Ordered<FormatValue>;

impl FormatInfo {
    /// The number of this name.
    ///
    /// # Errors
    /// That there is none.
    pub fn number(&self, name: &str) -> Result<u64, String> {
        match self.get(name) {
            Some(FormatValue::Number(number)) => Ok(*number),
            _ => Err(format!("says no number of `{name}`")),
        }
    }
}

/// What the manifest says of the formats beside the JSON, by their keys.
pub type Copied = Ordered<FormatInfo>;

/// `manifest.json`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest<C = Vec<FolderCount>> {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The program that wrote it.
    pub program: Program,
    /// Request, account, cut, coverage.
    #[serde(flatten)]
    pub header: Header,
    /// 1: the manifest is in the first part.
    pub part: u32,
    /// Sums over the whole archive.
    pub totals: Totals,
    /// All parts of the archive, this one included.
    pub parts: Vec<PartInfo>,
    /// The formats beside the JSON, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<Copied>,
    /// Counts by conversation and day, in the order of writing; a line for each conversation.
    pub counts: C,
}

/// `manifest-part-2.json` and so on: which export a later part belongs to, so that none stands without saying so.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartManifest {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The program that wrote it.
    pub program: Program,
    /// The same as in `manifest.json`.
    #[serde(flatten)]
    pub header: Header,
    /// Number of this part, from 2.
    pub part: u32,
}
