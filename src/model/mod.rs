//! The vocabulary: plain data that every layer speaks, with the names of the product's own vocabulary.
//!
//! Here live types without behaviour beyond parsing and printing themselves. No rule (see the features’ `rules`), no
//! SQL, no HTTP. Everyone may use it; it uses nobody.

mod account;
mod conversation;
mod export;
mod fact;
mod source;
mod time;

pub use account::{Account, AccountId, CapturePeriod, User, UserId};
pub use conversation::{
    Attachment, Content, ConversationId, ConversationKind, Details, EventTime, ItemKind, TaskStatus,
};
pub use export::{
    DeliveryStatus, Download, ExportRequest, Filters, Formats, MailEvent, MailId, MailTrouble, Part, RequestId, Status,
    Way,
};
pub use fact::{
    CompanyRecord, ConversationRecord, DeletionRecord, EditRecord, Fact, ItemRecord, MemberRecord, MembershipRecord,
    OperatorFact, UserRecord,
};
pub use source::{SourceId, SourceKey};
pub use time::{OutOfRange, Timestamp};
