//! The demo's mails: it sends none, so that a newcomer can read here what would have been sent.

use askama::Template;

use super::Chrome;

/// The list of mails.
#[derive(Debug, Template)]
#[template(path = "mails.html")]
pub struct Mails {
    /// The frame.
    pub chrome: Chrome,
    /// Newest first.
    pub mails: Vec<MailRow>,
}

/// A mail of the list.
#[derive(Clone, Debug)]
pub struct MailRow {
    /// Address of its page.
    pub href: String,
    pub to: String,
    pub subject: String,
    /// When it was sent, with the zone.
    pub sent: String,
}

#[derive(Debug, Template)]
#[template(path = "mail.html")]
pub struct Mail {
    /// The frame.
    pub chrome: Chrome,
    pub from: String,
    pub to: String,
    pub subject: String,
    /// When it was sent, with the zone.
    pub sent: String,
    /// Its text, as plain text.
    pub text: String,
}
