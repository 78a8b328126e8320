//! Export requests, their parts, and the mails about them.

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
        /// Queued.
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
    /// What a mail tells its reader (B5).
    MailEvent {
        /// The archive is there.
        Completed,
        /// It could not be made.
        Failed,
    }
}

named! {
    /// A copy of an archive for reading, beside its JSON.
    CopyFormat {
        /// Pages to read in a browser.
        Html,
        /// Spreadsheets.
        Csv,
    }
}

/// The copies that an export has beside its JSON. As text: their formats, with commas between them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Copies {
    /// Pages to read in a browser.
    pub html: bool,
    /// Spreadsheets.
    pub csv: bool,
}

impl Copies {
    /// No copy at all.
    pub const NONE: Self = Self { html: false, csv: false };
    /// Every copy there is.
    pub const ALL: Self = Self { html: true, csv: true };

    /// Whether there is any.
    #[must_use]
    pub const fn any(self) -> bool {
        self.html || self.csv
    }

    /// Adds one.
    #[must_use]
    pub const fn with(self, format: CopyFormat) -> Self {
        match format {
            CopyFormat::Html => Self { html: true, ..self },
            CopyFormat::Csv => Self { csv: true, ..self },
        }
    }
}

impl fmt::Display for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let formats = [(self.html, CopyFormat::Html), (self.csv, CopyFormat::Csv)];
        let names: Vec<_> = formats.iter().filter(|(there, _)| *there).map(|(_, format)| format.as_str()).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Copies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split(',').filter(|name| !name.is_empty());
        names.map(str::parse).try_fold(Self::NONE, |copies, format| Ok(copies.with(format?)))
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
    /// Number of the request.
    pub id: RequestId,
    /// The account exported.
    pub account_id: AccountId,
    /// Who asked.
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
    /// What it has beside the JSON.
    pub copies: Copies,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_told_by_their_formats() {
        for (text, copies) in [
            ("", Copies::NONE),
            ("Html", Copies { html: true, csv: false }),
            ("Csv", Copies { html: false, csv: true }),
            ("Html,Csv", Copies::ALL),
        ] {
            assert_eq!(text.parse(), Ok(copies));
            assert_eq!(copies.to_string(), text);
        }
        assert!("Pdf".parse::<Copies>().is_err());
    }
}
