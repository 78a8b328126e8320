//! The queue of mail (B5), for the worker that sends it and for the demo's page that shows it.
//!
//! Leases and waits run by the database's clock ([`Store::time`]), which all processes share.

use chrono::TimeDelta;

pub mod letters;
mod send;

use self::letters::LetterData;
pub use self::send::MailWorker;
use super::rows;
use super::rows::mails::{Failure, MailId};
use crate::config::PublicAddress;
use crate::db::{Conn, Due, Store, Tx};
use crate::error::Result;
use crate::model::{Account, AccountId, ExportRequest, MailEvent, MailTrouble, Part, Timestamp, User};
use crate::{identity, keys};

/// How long a worker that says nothing keeps a mail. One that lives says so while it sends, however long the mail server takes;
/// one that was killed holds its mail up no longer than this.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// By how much what this process notes may seem to lie ahead of what another reads a moment earlier.
const SLACK: TimeDelta = TimeDelta::seconds(1);
/// Waits between attempts; after the last the mail is given up, and the page says all the same.
const BACK_OFF: [TimeDelta; 6] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(8),
    LONGEST_WAIT,
];
/// No wait is longer.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);

/// A mail with all that its text needs.
#[derive(Clone, Debug)]
pub struct Letter {
    pub id: MailId,
    pub recipient: User,
    pub account: Account,
    pub event: MailEvent,
    /// Why the export failed.
    pub reason: Option<String>,
    pub request: ExportRequest,
    pub parts: Vec<Part>,
    /// When it was queued.
    pub created_at: Timestamp,
}

impl Letter {
    /// What the mail says.
    ///
    /// # Errors
    /// When a template fails.
    pub fn write(&self, public_address: &PublicAddress) -> Result<letters::Letter> {
        // What it reports is the failure that caused it, whatever has become of the export since.
        let request = &ExportRequest { reason: self.reason.clone(), ..self.request.clone() };
        let (recipient, account) = (self.recipient.name.as_str(), self.account.name.as_str());
        letters::write(self.event, &LetterData { recipient, account, request, parts: &self.parts, public_address })
    }
}

/// A mail that a worker has taken up.
#[derive(Clone, Debug)]
pub struct MailClaim {
    /// What to send.
    pub letter: Letter,
    key: String,
    attempt: i32,
}

/// Takes up the mail that has waited longest. One that can't be read is put off, or given up, like one that can't be sent.
pub fn claim(store: &Store, now: Timestamp) -> Result<Option<MailClaim>> {
    let (beyond, found) = store.read(|c| {
        let due = due(store, c)?;
        let beyond = rows::mails::is_any_leased_beyond(c, due.now.plus(LEASE + SLACK))?;
        Ok((beyond, rows::mails::find_claimable(c, &due)?.is_some()))
    })?;
    if beyond {
        // As if they had been taken now: whoever holds one may live, and will say so.
        store.write(|tx| {
            let latest = store.time(tx)?.plus(LEASE);
            rows::mails::update_leases_beyond(tx, latest)
        })?;
    }
    if !found {
        return Ok(None);
    }
    store.write(|tx| {
        let due = due(store, tx)?;
        while let Some(mail) = rows::mails::find_claimable(tx, &due)? {
            let key = keys::new_key();
            if !rows::mails::claim(tx, &mail, &key, due.now.plus(LEASE))? {
                return Ok(None);
            }
            let attempt = mail.attempts + 1;
            match find(tx, mail.id) {
                Ok(Some(letter)) => return Ok(Some(MailClaim { letter, key, attempt })),
                Ok(None) => {
                    let why = Failure { trouble: MailTrouble::Fault, error: "its person or export is gone" };
                    rows::mails::update_given_up(tx, mail.id, &key, why, now)?;
                }
                Err(error) => {
                    let error = format!("it can't be read: {}", error.causes());
                    tracing::error!(mail = mail.id, "mail not sent: {error}");
                    let why = Failure { trouble: MailTrouble::Fault, error: &error };
                    put_off(tx, (mail.id, &key), why, wait_after(attempt).map(|wait| due.now.plus(wait)), now)?;
                }
            }
        }
        Ok(None)
    })
}

fn due(store: &Store, c: &mut Conn) -> Result<Due> {
    let now = store.time(c)?;
    Ok(Due { now, latest: now.plus(LONGEST_WAIT) })
}

/// Says that the mail is still being sent; returns whether it is still ours to send.
pub fn heartbeat(store: &Store, claim: &MailClaim) -> Result<bool> {
    store.write(|tx| {
        let until = store.time(tx)?.plus(LEASE);
        rows::mails::update_lease(tx, claim.letter.id, &claim.key, until)
    })
}

/// None after the last attempt.
fn wait_after(attempt: i32) -> Option<TimeDelta> {
    usize::try_from(attempt - 1).ok().and_then(|index| BACK_OFF.get(index)).copied()
}

fn put_off(
    tx: &mut Tx<'_>,
    (id, key): (MailId, &str),
    why: Failure<'_>,
    again: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    match again {
        Some(at) => rows::mails::update_deferred(tx, id, key, why, at),
        None => rows::mails::update_given_up(tx, id, key, why, now),
    }
}

fn letter(c: &mut Conn, mail: rows::mails::Mail) -> Result<Option<Letter>> {
    let found = (identity::rows::users::find(c, mail.recipient_id)?, rows::exports::find(c, mail.request_id)?);
    let (Some(recipient), Some(request)) = found else { return Ok(None) };
    let Some(account) = identity::rows::accounts::find(c, request.account_id)? else { return Ok(None) };
    let parts = rows::exports::list_parts(c, request.id)?.into_iter().map(|(part, _)| part).collect();
    let rows::mails::Mail { id, event, reason, created_at, .. } = mail;
    Ok(Some(Letter { id, recipient, account, event, reason, request, parts, created_at }))
}

/// Notes that a mail has been sent.
pub fn sent(store: &Store, claim: &MailClaim, now: Timestamp) -> Result<()> {
    store.write(|tx| rows::mails::update_sent(tx, claim.letter.id, &claim.key, now))
}

/// Notes that a mail could not be sent: it is tried again later unless that is pointless or has been done often enough.
/// Returns when.
pub fn not_sent(
    store: &Store,
    claim: &MailClaim,
    why: Failure<'_>,
    transient: bool,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let wait = wait_after(claim.attempt).filter(|_| transient);
    store.write(|tx| {
        let present = store.time(tx)?;
        let again = wait.map(|wait| present.plus(wait));
        put_off(tx, (claim.letter.id, &claim.key), why, again, now)?;
        Ok(again)
    })
}

/// The newest mails about an account's exports, for the demo's page only.
pub fn newest_of(c: &mut Conn, account: AccountId) -> Result<Vec<Letter>> {
    let mut letters = Vec::new();
    for mail in rows::mails::list_newest(c, account, 50)? {
        letters.extend(letter(c, mail)?);
    }
    Ok(letters)
}

/// One mail with all that its text needs; none if it, its person or its export is gone.
///
/// # Errors
/// When the database fails, or holds what this version does not know.
pub fn find(c: &mut Conn, id: MailId) -> Result<Option<Letter>> {
    match rows::mails::find(c, id)? {
        Some(mail) => letter(c, mail),
        None => Ok(None),
    }
}
