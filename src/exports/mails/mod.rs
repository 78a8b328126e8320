//! The queue of mail (B5), for the worker that sends it and for the demo's page that shows it.
//!
//! A mail is a job like others ([`lease`]); here is what is its own.

use chrono::TimeDelta;

pub mod letters;
mod send;

use self::letters::LetterData;
pub use self::send::MailWorker;
use super::rows;
use super::rows::mails::Unsent;
use crate::config::PublicAddress;
use crate::db::{Conn, Store, Tx};
use crate::error::Result;
use crate::identity;
use crate::jobs::attempts::{Failure, Next, Trouble, Waits};
use crate::jobs::lease::{self, Again, Due, End, Hold, Lease, Queue, Settled};
use crate::model::{Account, AccountId, ExportRequest, MailEvent, MailId, MailTrouble, Part, Timestamp, User};

/// How long a worker that says nothing keeps a mail. One that lives says so while it sends, however long the mail server takes;
/// one that was killed holds its mail up no longer than this.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// Waits between attempts; after the last the mail is given up, and the page says all the same.
const BACK_OFF: Waits = Waits::Listed(&[
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(8),
    TimeDelta::hours(24),
]);

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
    attempts: i32,
}

impl MailClaim {
    fn lease(&self) -> Lease<'_, MailId> {
        Lease { job: self.letter.id, attempts: self.attempts, key: &self.key }
    }
}

/// The queue of mail, as it is looked at `now`.
#[derive(Clone, Copy, Debug)]
pub struct Mails {
    /// The instant that people are shown.
    pub now: Timestamp,
}

impl Queue for Mails {
    type Turn = MailId;
    type Job = MailId;
    type Claim = MailClaim;
    type Progress = ();
    type Why = Unsent;

    fn lease(&self) -> TimeDelta {
        LEASE
    }

    fn waits(&self) -> Waits {
        BACK_OFF
    }

    fn list_waiting(&self, c: &mut Conn, due: &Due) -> Result<Vec<MailId>> {
        rows::mails::list_waiting(c, due)
    }

    fn list_leased_beyond(&self, c: &mut Conn, latest: Timestamp) -> Result<Vec<MailId>> {
        rows::mails::list_leased_beyond(c, latest)
    }

    /// One that can't be read is put off, or given up, like one that can't be sent.
    fn take(&self, tx: &mut Tx<'_>, id: MailId, hold: &Hold) -> Result<Option<MailClaim>> {
        let Some(attempts) = rows::mails::lock_waiting(tx, id, &hold.due)? else { return Ok(None) };
        rows::mails::update_claimed(tx, id, &hold.key, hold.until)?;
        let attempts = attempts + 1;
        let failure = match find(tx, id) {
            Ok(Some(letter)) => return Ok(Some(MailClaim { letter, key: hold.key.clone(), attempts })),
            Ok(None) => fault(Trouble::Lasting, "its person or export is gone".to_owned()),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => {
                let error = format!("it can't be read: {}", error.causes());
                tracing::error!(mail = id, "mail not sent: {error}");
                fault(Trouble::Unknown, error)
            }
        };
        let end = match BACK_OFF.after_failure(failure.trouble, attempts) {
            Next::Later(wait) => End::PutOff(hold.due.now.plus(wait)),
            Next::GiveUp => End::Failed(self.now),
        };
        lease::settle_now::<Self>(tx, &Lease { job: id, attempts, key: &hold.key }, &failure.why, end)?;
        Ok(None)
    }

    fn disown(tx: &mut Tx<'_>, id: MailId, key: &str) -> Result<()> {
        rows::mails::update_disowned(tx, id, key).map(drop)
    }

    fn end_beyond(tx: &mut Tx<'_>, id: MailId, latest: Timestamp) -> Result<()> {
        rows::mails::update_leases_beyond(tx, id, latest)
    }

    fn prolong(tx: &mut Tx<'_>, lease: &Lease<'_, MailId>, until: Timestamp, (): ()) -> Result<bool> {
        rows::mails::update_lease(tx, lease.job, lease.key, until)
    }

    fn release(tx: &mut Tx<'_>, lease: &Lease<'_, MailId>, again: Again) -> Result<bool> {
        rows::mails::update_released(tx, lease.job, lease.key, again)
    }

    fn note(tx: &mut Tx<'_>, lease: &Lease<'_, MailId>, why: &Unsent) -> Result<()> {
        rows::mails::update_trouble(tx, lease.job, lease.key, why).map(drop)
    }

    fn fail(tx: &mut Tx<'_>, lease: &Lease<'_, MailId>, why: &Unsent, now: Timestamp) -> Result<bool> {
        let ours = rows::mails::update_trouble(tx, lease.job, lease.key, why)?;
        if ours {
            rows::mails::update_given_up(tx, lease.job, now)?;
        }
        Ok(ours)
    }
}

/// A failure that neither the mail server nor the address is to blame for.
fn fault(trouble: Trouble, error: String) -> Failure<Unsent> {
    Failure { trouble, why: Unsent { trouble: MailTrouble::Fault, error } }
}

/// Takes up the mail that has waited longest.
///
/// # Errors
/// When the database fails.
pub fn claim(store: &Store, now: Timestamp) -> Result<Option<MailClaim>> {
    lease::claim(store, &Mails { now })
}

/// Says that the mail is still being sent; returns whether it is still ours to send.
pub fn heartbeat(store: &Store, claim: &MailClaim) -> Result<bool> {
    lease::heartbeat::<Mails>(store, &claim.lease(), LEASE, ())
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
///
/// # Errors
/// When the database fails.
pub fn not_sent(store: &Store, claim: &MailClaim, failure: &Failure<Unsent>, now: Timestamp) -> Result<Settled> {
    lease::settle::<Mails>(store, BACK_OFF, &claim.lease(), failure, now)
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
