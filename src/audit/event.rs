//! The audit trail's vocabulary: who acts, and every kind of event with its typed fields.
//!
//! Appending and listing are the module's above. An event's name and the names of its fields are kept for ever: they are in the rows.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::model::{Filters, RequestId, Timestamp, User, UserId};

/// Who acts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Actor {
    /// A person who is signed in.
    User(UserId),
    /// Whoever runs commands on the server.
    Operator,
    /// A source of recordings, by its number: what it says of people changes what they may do.
    Source(i64),
    /// The server itself.
    System,
}

impl Actor {
    /// The person, if it is one.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        if let Self::User(id) = self { Some(id) } else { None }
    }
}

/// A person as an event names them: whatever they are called later, the number stays.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Named {
    pub id: UserId,
    /// What they were called then.
    pub name: String,
}

impl From<&User> for Named {
    fn from(user: &User) -> Self {
        Self { id: user.id, name: user.name.clone() }
    }
}

/// Something that was done, or was refused.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "action", content = "details")]
pub enum AuditEvent {
    /// The account was made.
    #[serde(rename = "account.created")]
    AccountCreated { name: String },
    /// Compliance Exports is included in the account (A1).
    #[serde(rename = "exports.included")]
    ExportsIncluded,
    /// It is not any more.
    #[serde(rename = "exports.excluded")]
    ExportsExcluded,
    /// The feature was turned on: what people delete is kept (C4).
    #[serde(rename = "exports.turned_on")]
    ExportsTurnedOn,
    /// The feature was turned off.
    #[serde(rename = "exports.turned_off")]
    ExportsTurnedOff,
    /// The server's clock was found to be behind the moment at which the feature was turned on.
    #[serde(rename = "exports.clock_set_back")]
    ClockSetBack {
        /// When it was turned on, by the clock of that time.
        on_since: Timestamp,
        /// What the clock said when that was noticed.
        clock: Timestamp,
    },
    /// Somebody got access (A4).
    #[serde(rename = "access.granted")]
    AccessGranted { user: Named },
    /// Somebody lost access.
    #[serde(rename = "access.revoked")]
    AccessRevoked { user: Named },
    /// Somebody got the admin role.
    #[serde(rename = "user.made_admin")]
    MadeAdmin { user: Named },
    /// Somebody lost the admin role.
    #[serde(rename = "user.no_longer_admin")]
    NoLongerAdmin { user: Named },
    /// Somebody was deactivated.
    #[serde(rename = "user.deactivated")]
    Deactivated { user: Named },
    /// The operator gave somebody an address and a password to sign in with.
    #[serde(rename = "user.sign_in_set")]
    SignInSet {
        user: Named,
        /// The address.
        email: String,
    },
    /// Somebody signed in.
    #[serde(rename = "session.signed_in")]
    SignedIn {
        /// The network address that it came from.
        address: String,
    },
    /// Somebody signed out.
    #[serde(rename = "session.signed_out")]
    SignedOut,
    /// A password did not fit, or its owner may not sign in any more.
    #[serde(rename = "session.refused")]
    SignInRefused {
        /// Whose address was given.
        user: Named,
        /// The network address that it came from.
        address: String,
    },
    /// An archive of another system was imported.
    #[serde(rename = "import.finished")]
    ImportFinished {
        /// Kind of the source.
        source: String,
        /// Name of the source.
        name: String,
        /// Items that were added.
        items: u64,
        /// What was refused.
        problems: usize,
    },
    /// An export was requested (B2).
    #[serde(rename = "export.requested")]
    ExportRequested {
        export: RequestId,
        /// First day, included.
        first_day: NaiveDate,
        /// Last day, included.
        last_day: NaiveDate,
        /// What it is limited to.
        filters: Filters,
    },
    /// It was cancelled (B3).
    #[serde(rename = "export.cancelled")]
    ExportCancelled { export: RequestId },
    /// It was asked for once more after it had failed (B3).
    #[serde(rename = "export.retried")]
    ExportRetried { export: RequestId },
    #[serde(rename = "export.completed")]
    ExportCompleted { export: RequestId },
    #[serde(rename = "export.failed")]
    ExportFailed {
        export: RequestId,
        /// Why, in plain words.
        reason: String,
    },
    /// An administrator deleted it before its time was over (B6).
    #[serde(rename = "export.deleted")]
    ExportDeleted { export: RequestId },
    /// Its bytes were erased.
    #[serde(rename = "export.erased")]
    ExportErased { export: RequestId },
    /// A part of it was downloaded (B7).
    #[serde(rename = "export.downloaded")]
    PartDownloaded {
        export: RequestId,
        /// Name of the file.
        file: String,
    },
    /// The operator copied a part of it out of the server.
    #[serde(rename = "export.copied")]
    PartCopied {
        export: RequestId,
        /// Name of the file.
        file: String,
    },
    /// The operator built its archive again.
    #[serde(rename = "export.built_again")]
    ExportBuiltAgain { export: RequestId },
    /// The operator built files of it again that were missing or damaged.
    #[serde(rename = "export.restored")]
    ExportRestored { export: RequestId, files: usize },
    /// The operator took it into this database as a finished archive.
    #[serde(rename = "export.adopted")]
    ExportAdopted {
        export: RequestId,
        /// The number that it bears in its archive.
        archive_number: RequestId,
        /// How many parts it has.
        parts: usize,
    },
    /// The operator put files of it back that were away.
    #[serde(rename = "export.put_back")]
    ExportPutBack { export: RequestId, files: usize },
    /// The operator erased a file in quarantine.
    #[serde(rename = "archive.erased")]
    QuarantineErased {
        /// Of which export, as it says of itself.
        export: Option<RequestId>,
        /// Name of the file.
        file: String,
    },
}
