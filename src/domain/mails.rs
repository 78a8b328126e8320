//! The queue of mail (B5), for the worker that sends it and for the demo's page that shows it.

use chrono::TimeDelta;

use crate::config::PublicAddress;
use crate::error::Result;
use crate::keys;
use crate::mail::letters::{self, Facts};
use crate::model::{Account, AccountId, ExportRequest, MailEvent, MailTrouble, Part, Timestamp, User};
use crate::store::mails::{Failure, MailId};
use crate::store::{self, Conn, Store};

/// How long a worker has to send one mail before another tries.
const LEASE: TimeDelta = TimeDelta::minutes(15);
/// Waits between attempts; after the last the mail is given up, and the page says all the same.
const BACK_OFF: [TimeDelta; 6] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(8),
    TimeDelta::hours(24),
];

/// A mail with all that its text needs.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its number.
    pub id: MailId,
    /// To whom.
    pub recipient: User,
    /// Their account.
    pub account: Account,
    /// What it tells.
    pub event: MailEvent,
    /// Why the export failed.
    pub reason: Option<String>,
    /// The export.
    pub request: ExportRequest,
    /// Its parts.
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
        // What it tells is the failure that caused it, whatever has become of the export since.
        let request = &ExportRequest { reason: self.reason.clone(), ..self.request.clone() };
        let (recipient, account) = (self.recipient.name.as_str(), self.account.name.as_str());
        letters::write(self.event, &Facts { recipient, account, request, parts: &self.parts, public_address })
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
///
/// # Errors
/// When the database fails.
pub fn claim(store: &Store, now: Timestamp) -> Result<Option<MailClaim>> {
    if store.statement(|c| store::mails::find_claimable(c, now))?.is_none() {
        return Ok(None);
    }
    store.write(|c| {
        while let Some(mail) = store::mails::find_claimable(c, now)? {
            let key = keys::new_key();
            if !store::mails::claim(c, &mail, &key, now.plus(LEASE))? {
                return Ok(None);
            }
            let attempt = mail.attempts + 1;
            match find(c, mail.id) {
                Ok(Some(letter)) => return Ok(Some(MailClaim { letter, key, attempt })),
                Ok(None) => {
                    let why = Failure { trouble: MailTrouble::Fault, error: "its person or export is gone" };
                    store::mails::update_given_up(c, mail.id, &key, why, now)?;
                }
                Err(error) => {
                    let error = format!("it can't be read: {}", error.causes());
                    tracing::error!(mail = mail.id, "mail not sent: {error}");
                    let why = Failure { trouble: MailTrouble::Fault, error: &error };
                    put_off(c, (mail.id, &key), why, wait_after(attempt).map(|wait| now.plus(wait)), now)?;
                }
            }
        }
        Ok(None)
    })
}

/// None after the last attempt.
fn wait_after(attempt: i32) -> Option<TimeDelta> {
    usize::try_from(attempt - 1).ok().and_then(|index| BACK_OFF.get(index)).copied()
}

fn put_off(
    c: &mut Conn,
    (id, key): (MailId, &str),
    why: Failure<'_>,
    again: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    match again {
        Some(at) => store::mails::update_deferred(c, id, key, why, at),
        None => store::mails::update_given_up(c, id, key, why, now),
    }
}

fn letter(c: &mut Conn, mail: store::mails::Mail) -> Result<Option<Letter>> {
    let found = (store::users::find(c, mail.recipient_id)?, store::exports::find(c, mail.request_id)?);
    let (Some(recipient), Some(request)) = found else { return Ok(None) };
    let Some(account) = store::accounts::find(c, request.account_id)? else { return Ok(None) };
    let parts = store::exports::list_parts(c, request.id)?.into_iter().map(|(part, _)| part).collect();
    let store::mails::Mail { id, event, reason, created_at, .. } = mail;
    Ok(Some(Letter { id, recipient, account, event, reason, request, parts, created_at }))
}

/// Notes that a mail has been sent.
///
/// # Errors
/// When the database fails.
pub fn sent(store: &Store, claim: &MailClaim, now: Timestamp) -> Result<()> {
    store.write(|c| store::mails::update_sent(c, claim.letter.id, &claim.key, now))
}

/// Notes that a mail could not be sent: it is tried again later unless that is pointless or has been done often enough.
/// Tells when.
///
/// # Errors
/// When the database fails.
pub fn not_sent(
    store: &Store,
    claim: &MailClaim,
    why: Failure<'_>,
    transient: bool,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let again = wait_after(claim.attempt).filter(|_| transient).map(|wait| now.plus(wait));
    store.write(|c| put_off(c, (claim.letter.id, &claim.key), why, again, now))?;
    Ok(again)
}

/// The newest mails about an account's exports, for the demo's page only.
///
/// # Errors
/// When the database fails.
pub fn newest_of(c: &mut Conn, account: AccountId) -> Result<Vec<Letter>> {
    let mut letters = Vec::new();
    for mail in store::mails::list_newest(c, account, 50)? {
        letters.extend(letter(c, mail)?);
    }
    Ok(letters)
}

/// One mail with all that its text needs; none if it, its person or its export is gone.
///
/// # Errors
/// When the database fails, or holds what this version does not know.
pub fn find(c: &mut Conn, id: MailId) -> Result<Option<Letter>> {
    match store::mails::find(c, id)? {
        Some(mail) => letter(c, mail),
        None => Ok(None),
    }
}
