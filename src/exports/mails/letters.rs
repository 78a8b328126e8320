//! What the mails say (B5): a text and an HTML version, each with one link, to the export's page, and none to the
//! data itself.
//!
//! Pure: the worker gives the facts and queues the result beside the change that causes it. Sending is not done here.

use askama::Template;

use crate::archive::formats::{self, Start};
use crate::config::PublicAddress;
use crate::error::{Error, Result};
use crate::format;
use crate::model::{ExportRequest, MailEvent, Part};

/// A mail, ready to be sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// A whole HTML document.
    pub html: String,
}

/// What a letter says.
#[derive(Clone, Copy, Debug)]
pub struct LetterData<'a> {
    /// Name of the person it is for.
    pub recipient: &'a str,
    /// Name of the account.
    pub account: &'a str,
    pub request: &'a ExportRequest,
    /// Its parts; none if it failed.
    pub parts: &'a [Part],
    /// The server's one configured public address.
    pub public_address: &'a PublicAddress,
}

/// What both versions say. Names stand on one line, without characters that change the direction of the text.
struct Words {
    recipient: String,
    account: String,
    range: String,
    zone: &'static str,
    page: String,
}

#[derive(Template)]
#[template(path = "mail/completed.txt", escape = "none")]
struct CompletedText<'a> {
    words: &'a Words,
    outcome: &'a Completed,
}

#[derive(Template)]
#[template(path = "mail/completed.html")]
struct CompletedHtml<'a> {
    subject: &'a str,
    words: &'a Words,
    outcome: &'a Completed,
}

struct Completed {
    items: Option<String>,
    size: String,
    until: Option<String>,
    /// With what one begins to read, if there are formats for it.
    starts: Vec<&'static Start>,
}

#[derive(Template)]
#[template(path = "mail/failed.txt", escape = "none")]
struct FailedText<'a> {
    words: &'a Words,
    reason: &'a str,
}

#[derive(Template)]
#[template(path = "mail/failed.html")]
struct FailedHtml<'a> {
    subject: &'a str,
    words: &'a Words,
    reason: &'a str,
}

/// Writes the letter about `event`.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a template cannot be rendered.
pub fn write(event: MailEvent, facts: &LetterData<'_>) -> Result<Letter> {
    let request = facts.request;
    let words = Words {
        recipient: format::one_line(facts.recipient),
        account: format::one_line(facts.account),
        range: format::day_range(request.first_day, request.last_day),
        zone: request.time_zone.name(),
        page: facts.public_address.page(&format::export_page(request.id)),
    };
    match event {
        MailEvent::Completed => completed(&words, facts),
        MailEvent::Failed => failed(&words, request),
    }
    .map_err(|cause| Error::internal("writing a mail", cause))
}

fn completed(words: &Words, facts: &LetterData<'_>) -> askama::Result<Letter> {
    let request = facts.request;
    let size = format::size(facts.parts.iter().map(|part| part.size).sum::<i64>());
    let outcome = &Completed {
        items: request.items_total.map(format::number),
        size: if facts.parts.len() > 1 { format!("{size} in {} files", facts.parts.len()) } else { size },
        until: request.expires_at.map(|at| format::instant_and_zone(at, request.time_zone)),
        starts: formats::about(&request.formats).filter_map(|about| about.start.as_ref()).collect(),
    };
    let subject = format!("Your export of {} is ready", words.range);
    let text = CompletedText { words, outcome }.render()?;
    let html = CompletedHtml { subject: &subject, words, outcome }.render()?;
    Ok(Letter { subject, text, html })
}

fn failed(words: &Words, request: &ExportRequest) -> askama::Result<Letter> {
    let reason = &format::one_line(request.reason.as_deref().unwrap_or("It is not known."));
    let subject = format!("Your export of {} could not be made", words.range);
    let text = FailedText { words, reason }.render()?;
    let html = FailedHtml { subject: &subject, words, reason }.render()?;
    Ok(Letter { subject, text, html })
}

#[cfg(test)]
#[path = "letters_tests.rs"]
mod tests;
