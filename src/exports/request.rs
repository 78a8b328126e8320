//! The request for an export: what was typed, as a command, and how it is carried out (B1, B2).

use chrono::NaiveDate;

use super::rules::filters::Named;
use super::rules::{filters as filter_rules, requests as rules};
use super::{filters, rows};
use crate::audit::{self, AuditEvent};
use crate::days;
use crate::db::{Conn, Tx};
use crate::error::{Error, Kind, Result};
use crate::identity::access;
use crate::identity::commands::{Command, WithAccessWhileOn};
use crate::model::{ConversationId, Formats, RequestId, Timestamp, UserId};

/// What is asked for, as typed: in a form, or on the command line.
#[derive(Clone, Debug, Default)]
pub struct Draft<'a> {
    /// First day.
    pub first_day: &'a str,
    /// Last day.
    pub last_day: &'a str,
    /// The people that it is limited to, by number or address.
    pub people: &'a [String],
    /// The conversations that it is limited to, by number.
    pub conversations: &'a [String],
    /// In which formats it shall be readable beside the JSON.
    pub formats: Formats,
}

impl Draft<'_> {
    /// As a command; none if something can't be understood, which [`problems`] explains. `form_key` is the key of the form or call,
    /// `max_open` how many requests of an account may be open.
    #[must_use]
    pub fn parse(&self, form_key: &str, max_open: u32) -> Option<RequestExport> {
        let (first_day, last_day) = rules::parse_days(self.first_day, self.last_day).ok()?;
        Some(RequestExport {
            first_day,
            last_day,
            people: filter_rules::check_people(self.people).ok()?,
            conversations: filter_rules::check_conversations(self.conversations).ok()?,
            formats: self.formats.clone(),
            form_key: form_key.to_owned(),
            max_open,
        })
    }
}

/// All that is wrong with what was typed, also what only the account's data shows, so that it is shown at once (B1): for a draft that
/// can't be parsed.
///
/// # Errors
/// Those of [`access::administrator_with_access_while_on`].
pub fn problems(c: &mut Conn, user: UserId, draft: &Draft<'_>, now: Timestamp) -> Result<Vec<Error>> {
    let account = access::administrator_with_access_while_on(c, user)?.account;
    let mut errors = match rules::parse_days(draft.first_day, draft.last_day) {
        Ok((first_day, last_day)) => rules::check_days(first_day, last_day, days::day_of(now, account.time_zone)),
        Err(errors) => errors,
    };
    let people = filter_rules::check_people(draft.people);
    let people = people.and_then(|people| filters::find_people(c, account.id, &people));
    filters::unless_invalid(people, &mut errors)?;
    let conversations = filter_rules::check_conversations(draft.conversations);
    let conversations = conversations.and_then(|found| filters::find_conversations(c, account.id, &found));
    filters::unless_invalid(conversations, &mut errors)?;
    Ok(errors)
}

/// Requests an export of these days, both included. The outcome is its number: of an earlier one, if that has the same form key.
/// Refused with one message for each input that does not do (B1), or the one reason why nothing can be requested now (B2).
#[derive(Clone, Debug)]
pub struct RequestExport {
    /// First day, in the account's time zone.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: NaiveDate,
    /// The people that it is limited to; nobody is left out if there are none.
    pub people: Vec<Named>,
    /// The conversations that it is limited to; none is left out if there are none.
    pub conversations: Vec<ConversationId>,
    /// In which formats it shall be readable beside the JSON.
    pub formats: Formats,
    /// The same key makes the same request (B2).
    pub form_key: String,
    /// Requests of an account that may be queued or in progress (B2).
    pub max_open: u32,
}

impl Command for RequestExport {
    type By = WithAccessWhileOn;
    type Outcome = RequestId;

    fn run(&self, tx: &mut Tx<'_>, by: &WithAccessWhileOn, now: Timestamp) -> Result<RequestId> {
        if self.form_key.is_empty() || self.form_key.len() > 100 {
            return Err(Error::new(Kind::Invalid, "The form is incomplete. Open it again and submit it once more."));
        }
        let account = &by.account;
        if let Some(made) = rows::exports::find_by_form_key(tx, account.id, &self.form_key)? {
            return Ok(made);
        }
        let today = days::day_of(now, account.time_zone);
        let mut errors = rules::check_days(self.first_day, self.last_day, today);
        let found = filters::find(tx, account.id, &self.people, &self.conversations, &mut errors)?;
        let Some(filters) = found.filter(|_| errors.is_empty()) else { return Err(Error::several(errors)) };
        rules::check_open(rows::exports::count_open(tx, account.id)?, self.max_open)?;
        let (first_day, last_day) = (self.first_day, self.last_day);
        let new = rows::exports::NewRequest {
            account_id: account.id,
            requester_id: by.user.id,
            form_key: &self.form_key,
            first_day,
            last_day,
            time_zone: account.time_zone,
            filters: &filters,
            requested_at: now,
            formats: &self.formats,
        };
        let id = rows::exports::create(tx, &new)?;
        let event = AuditEvent::ExportRequested { export: id, first_day, last_day, filters };
        audit::append(tx, account.id, by.actor(), &event, now)?;
        Ok(id)
    }
}
