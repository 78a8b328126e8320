//! One page for every refusal: what happened, what to do, and the way back.

use askama::Template;

use super::Chrome;
use crate::error::Kind;
use crate::format;

#[derive(Debug, Template)]
#[template(path = "refusal.html")]
pub struct Refusal {
    /// The frame.
    pub chrome: Chrome,
    /// What happened, in a few words.
    pub title: &'static str,
    /// What happened, to what.
    pub message: String,
    /// What to do; empty where the message says it.
    pub advice: &'static str,
    /// Shown for faults of ours, so that the operator finds the line in the log.
    pub request_id: Option<String>,
}

impl Refusal {
    /// The page for a failure of `kind`, described by `message`; `request_id` is shown only for faults of ours.
    #[must_use]
    pub fn new(chrome: Chrome, kind: Kind, message: impl Into<String>, request_id: &str) -> Self {
        let (title, advice) = match kind {
            Kind::SignInNeeded => ("You are not signed in", "Sign in and try again."),
            // Whom to ask depends on what was refused: the message says it.
            Kind::Forbidden => ("You do not have access to this", ""),
            Kind::NotFound => {
                ("There is nothing at this address", "Check the address, or go back and find your way from there.")
            }
            Kind::Gone => (
                "This export has expired",
                "Its files cannot be brought back. Request a new export of the same date range to get the data again.",
            ),
            Kind::Invalid => ("That could not be understood", "Go back, correct it and send it again."),
            Kind::Conflict => (
                "That is not possible at the moment",
                "Something may have changed since the page was shown. Go back to see how things stand now.",
            ),
            Kind::TooMany => ("Too many attempts", "Wait a few minutes, then try again."),
            Kind::NotIncluded => (
                "Compliance Exports is not included in this account",
                "Ask the operator of this server to include it. The Administration page says what to quote.",
            ),
            Kind::Unavailable => (
                "The server is busy",
                "Nothing has been lost. Wait a minute, then try again. If it goes on, tell the operator of this server.",
            ),
            Kind::Internal => (
                "Something went wrong on the server",
                "It is not your fault, and finished exports are not affected. Try again. If it happens again, tell \
                 the operator of this server and quote the request number below.",
            ),
        };
        let request_id = (kind == Kind::Internal).then(|| request_id.to_owned());
        // It may name people and accounts, whatever they call themselves.
        Self { chrome, title, message: format::one_line(&message.into()), advice, request_id }
    }
}
