//! The Administration page: the section "Compliance Exports" in each of its states (A1, A3, B8).

use askama::Template;

use super::Chrome;
use super::history::History;
use crate::archive::review;
use crate::archive::sign::PublicKey;
use crate::format;

/// The Administration page.
#[derive(Debug, Template)]
#[template(path = "administration.html")]
pub struct Administration {
    /// The frame.
    pub chrome: Chrome,
    /// Name of the account.
    pub account: String,
    /// The section "Compliance Exports".
    pub section: Section,
    /// How anyone checks an archive.
    pub checking: Checking,
}

/// How a reviewer checks an archive, with programs that are not ours.
#[derive(Clone, Debug)]
pub struct Checking {
    /// The public half of the key that signs archives.
    pub key: String,
    /// The two commands for an archive of one part.
    pub one: [String; 2],
    /// The second command for an archive of several parts.
    pub several: String,
}

impl Checking {
    /// With this key.
    #[must_use]
    pub fn new(key: &PublicKey) -> Self {
        let [_, several] = review::commands(key, 2);
        Self { key: key.line(), one: review::commands(key, 1), several }
    }
}

/// How the section stands, for the person who looks at it.
#[derive(Debug)]
pub enum Section {
    /// The feature is not included in the account (A1).
    NotIncluded,
    /// It is off: any administrator can turn it on (A3).
    Off {
        /// Exports that are still there, for someone with access (B8).
        history: Option<History>,
    },
    /// It is on, and the person has access.
    On {
        /// Those with access.
        holders: Holders,
        /// The requests.
        history: History,
    },
    /// It is on, and the person has no access (A3).
    OnWithoutAccess {
        /// Those with access; if nobody is left, the page says what to ask of the operator.
        holders: Holders,
        /// Address of the person who looks at the page, for the operator's command.
        email: String,
    },
}

/// Those with access, as far as they are named.
#[derive(Clone, Debug)]
pub struct Holders {
    /// Some of them, or all.
    pub people: Vec<Holder>,
    /// How many more there are.
    pub others: i64,
}

impl Holders {
    /// How many more there are, after the names: ` and 37 more`; nothing if all are named.
    #[must_use]
    pub fn more(&self) -> String {
        if self.others > 0 { format!(" and {} more", format::number(self.others)) } else { String::new() }
    }
}

/// An administrator with access.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Full name.
    pub name: String,
    /// Address, where known.
    pub email: Option<String>,
    /// It is the person who looks at the page.
    pub is_you: bool,
}

impl Holder {
    /// A link that opens a mail to `email`; an address cannot smuggle a subject or a second recipient into it.
    #[must_use]
    pub fn mailto(&self, email: &str) -> String {
        let mut link = String::from("mailto:");
        for byte in email.bytes() {
            if byte.is_ascii_alphanumeric() || b"@.-_".contains(&byte) {
                link.push(char::from(byte));
            } else {
                link.push_str(&format!("%{byte:02X}"));
            }
        }
        link
    }
}

impl Administration {
    /// What the operator runs to include the feature.
    #[must_use]
    pub fn include_command(&self) -> String {
        format!("compliance-exports account include-exports {}", format::shell_word(&self.account))
    }

    /// What the operator runs to give access to the person at `email`.
    #[must_use]
    pub fn grant_command(&self, email: &str) -> String {
        let (account, email) = (format::shell_word(&self.account), format::shell_word(email));
        format!("compliance-exports access grant --account {account} --email {email}")
    }
}
