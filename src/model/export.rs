//! Export requests, their parts, and the mails about them.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::conversation::named;
use super::{AccountId, ConversationId, Timestamp, UserId};

/// Number of an [`ExportRequest`].
pub type RequestId = i64;

named! {
    /// Where a request stands (B3).
    Status {
        Accepted,
        /// A worker is at it.
        InProgress,
        /// Can be downloaded.
        Completed,
        /// Was completed; its bytes have been erased (B6).
        Expired,
        /// Ended with a reason in plain words; can be retried.
        Failed,
        /// Ended by an administrator.
        Cancelled,
    }
}

named! {
    /// What a mail reports (B5).
    MailEvent {
        /// The archive is there.
        Completed,
        /// It could not be made.
        Failed,
    }
}

/// Formats in which an export can be read beside its JSON, by the names that are kept of them. As text: with commas between
/// them. Which there are, the archive knows; what was asked for stays what it was, if that changes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Formats(BTreeSet<String>);

impl Formats {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Their names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<S: Into<String>> FromIterator<S> for Formats {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().collect::<Vec<_>>().join(","))
    }
}

impl FromStr for Formats {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let names = text.split(',').filter(|name| !name.is_empty());
        names.map(|name| if is_name(name) { Ok(name) } else { Err(format!("“{name}” is no format")) }).collect()
    }
}

named! {
    /// What kept a mail from leaving.
    MailTrouble {
        /// The person has no address.
        NoAddress,
        /// The address is none.
        BadAddress,
        /// The mail server did not take it.
        Refused,
        /// The mail server did not take us.
        Credentials,
        /// There was no mail server.
        Unreachable,
        /// It could not be written down, or read.
        Fault,
    }
}

named! {
    /// How a part left the server.
    Way {
        /// Downloaded from a page.
        Download,
        /// Copied by the operator.
        Copy,
        /// Built again by the operator.
        Rebuild,
    }
}

/// What an export is limited to. Empty: nothing is left out.
///
/// With people: the conversations in which one of them takes part, or took part until the cut, whole. With conversations:
/// these. With both: those of these in which one of them did.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Filters {
    /// People, by number; each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<UserId>,
    /// Conversations, by number; each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conversations: Vec<ConversationId>,
}

impl Filters {
    /// Nothing is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.conversations.is_empty()
    }
}

/// One export, as an administrator asked for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExportRequest {
    pub id: RequestId,
    pub account_id: AccountId,
    pub requester_id: UserId,
    /// First day, included.
    pub first_day: NaiveDate,
    /// Last day, included.
    pub last_day: NaiveDate,
    /// The account's zone when the request was made; its days are meant.
    pub time_zone: Tz,
    /// What it is limited to.
    pub filters: Filters,
    /// Where it stands.
    pub status: Status,
    /// Why it failed, in plain words.
    pub reason: Option<String>,
    /// How often a worker has taken it up since it was last asked for.
    pub attempts: i32,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When a worker first took it up.
    pub started_at: Option<Timestamp>,
    /// When its parts had been planned: from then on progress is measured.
    pub planned_at: Option<Timestamp>,
    /// When the cut was taken (C7): the archive holds what had been recorded at this instant.
    pub cut: Option<Timestamp>,
    /// When it reached a final state.
    pub finished_at: Option<Timestamp>,
    /// From when its bytes may no longer be downloaded (B6).
    pub expires_at: Option<Timestamp>,
    /// When an administrator deleted it before it had expired.
    pub deleted_at: Option<Timestamp>,
    /// Items counted; none until they have been.
    pub items_total: Option<i64>,
    /// Items written so far.
    pub items_done: i64,
    /// In which formats it can be read beside the JSON.
    pub formats: Formats,
}

/// One finished `.zip` of an export.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Counted from 1.
    pub number: i32,
    /// What the file is called when downloaded.
    pub file_name: String,
    /// Bytes.
    pub size: i64,
    /// Of the whole file, lower-case hexadecimal.
    pub sha256: String,
}

/// A part that was taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Download {
    pub part_number: i32,
    pub way: Way,
    /// By whom; none for the operator.
    pub person: Option<String>,
    /// When it began.
    pub at: Timestamp,
}

/// Number of a mail.
pub type MailId = i64;

/// What became of a mail, for the page of what it is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeliveryStatus {
    pub event: MailEvent,
    pub name: String,
    /// Their address as it is now.
    pub email: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// How often sending has been tried.
    pub attempts: i32,
    /// When it is tried next, unless it has left or was given up.
    pub not_before: Timestamp,
    /// When it left.
    pub sent_at: Option<Timestamp>,
    pub given_up_at: Option<Timestamp>,
    /// Whether the last attempt failed.
    pub failed: bool,
    /// Why, where that is known.
    pub trouble: Option<MailTrouble>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_a_set_of_names() {
        for (text, formats) in [("", vec![]), ("html", vec!["html"]), ("csv,html", vec!["html", "csv", "html"])] {
            let formats = Formats::from_iter(formats);
            assert_eq!(text.parse(), Ok(formats.clone()));
            assert_eq!(formats.to_string(), text);
        }
        assert_eq!("html,csv".parse::<Formats>(), "csv,html".parse());
        assert!("Html".parse::<Formats>().is_err());
    }
}
