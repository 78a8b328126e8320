//! The sign-in page, and the page for people who are signed in but administer nothing.

use askama::Template;

use super::Chrome;

/// Sign in: `POST /sign-in` with `email`, `password`, `next` and `csrf`.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// The frame.
    pub chrome: Chrome,
    /// What was typed before, if this is a second attempt.
    pub email: String,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Where to go afterwards: a path on this server, checked by the handler.
    pub next: String,
}

/// Home of someone who is signed in without being an administrator.
#[derive(Debug, Template)]
#[template(path = "home.html")]
pub struct Home {
    /// The frame.
    pub chrome: Chrome,
    /// Name of the person's account.
    pub account: String,
}
