//! Sending queued mail (B5).

use std::ops::ControlFlow;
use std::time::Duration;

use super::super::rows::mails::Unsent;
use super::{MailClaim, fault};
use crate::clock::Clock;
use crate::config::{PublicAddress, Settings};
use crate::db::Store;
use crate::error::Result;
use crate::jobs;
use crate::jobs::attempts::{Failure, Trouble};
use crate::jobs::lease::Settled;
use crate::mail::transport::{Outgoing, SendError, Transport};
use crate::model::MailTrouble;

/// How often the database is informed that a mail is still being sent: several times within a lease.
const INTERVAL: Duration = Duration::from_secs(5);

/// Sends queued mail. Clones do the same work side by side.
#[derive(Clone)]
pub struct MailWorker {
    store: Store,
    clock: Clock,
    patience: Duration,
    transport: Transport,
    sender: lettre::message::Mailbox,
    public_address: PublicAddress,
}

impl MailWorker {
    /// As the settings say. It waits for `patience` for a database that has gone away.
    ///
    /// # Errors
    /// When the transport can't be made.
    pub fn new(settings: &Settings, store: Store, clock: Clock, patience: Duration) -> Result<Self> {
        let transport = Transport::from_settings(settings)?;
        let (sender, public_address) = (settings.mail.from.clone(), settings.public_address());
        Ok(Self { store, clock, patience, transport, sender, public_address })
    }

    /// The same with another transport.
    #[must_use]
    pub fn with_transport(self, transport: Transport) -> Self {
        Self { transport, ..self }
    }

    /// The same, which waits only so long for a database that has gone away.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sends the mail that has waited longest, if there is one. Returns whether there was one.
    ///
    /// # Errors
    /// When the database fails; a mail that can't be sent is noted with it.
    pub fn next(&self) -> Result<bool> {
        let Some(claim) = super::claim(&self.store, self.clock.now())? else { return Ok(false) };
        let mail = claim.letter.id;
        match self.send_while_ours(&claim) {
            Ok(()) => {
                tracing::info!(mail, "mail sent");
                // Not noted, it would be sent again.
                jobs::persist(self.patience, "a mail's leaving", &|| true, &mut || {
                    super::sent(&self.store, &claim, self.clock.now())
                })?;
            }
            Err(failure) => {
                let message = &failure.why.error;
                let settled = jobs::persist(self.patience, "a mail's failure", &|| true, &mut || {
                    super::not_sent(&self.store, &claim, &failure, self.clock.now())
                })?;
                match settled {
                    Settled::Later(again) => {
                        tracing::warn!(mail, %again, "mail not sent, it will be tried again: {message}");
                    }
                    Settled::GivenUp => tracing::error!(mail, "mail given up: {message}"),
                    Settled::Lost => tracing::warn!(mail, "mail not sent, and not ours any more: {message}"),
                }
            }
        }
        Ok(true)
    }

    /// Sends, and says meanwhile that this process lives: a mail server may take minutes.
    fn send_while_ours(&self, claim: &MailClaim) -> Result<(), Failure<Unsent>> {
        let mut beat = || {
            // Too late to take back what has been sent, if another has taken the mail up.
            if let Err(error) = super::heartbeat(&self.store, claim) {
                tracing::warn!(cause = %error.causes(), mail = claim.letter.id, "a mail's lease was not prolonged: {error}");
            }
            ControlFlow::Continue(())
        };
        jobs::work_with_heartbeat(INTERVAL, || self.send(&claim.letter), &mut beat)
            .unwrap_or_else(|| Err(fault(Trouble::Unknown, "sending ran into a fault of ours".to_owned())))
    }

    fn send(&self, letter: &super::Letter) -> Result<(), Failure<Unsent>> {
        let Some(to) = letter.recipient.email.clone() else {
            let error = format!("{} has no email address", letter.recipient.name);
            let why = Unsent { trouble: MailTrouble::NoAddress, error };
            return Err(Failure { trouble: Trouble::Lasting, why });
        };
        let text = match letter.write(&self.public_address) {
            Ok(text) => text,
            // Would fail again at every attempt.
            Err(error) => {
                tracing::error!(mail = letter.id, cause = %error.causes(), "mail can't be written: {error}");
                return Err(fault(Trouble::Lasting, error.to_string()));
            }
        };
        let sent = self.transport.send(&Outgoing {
            message_id: self.message_id(letter),
            from: self.sender.clone(),
            to,
            subject: text.subject,
            text: text.text,
            html: text.html,
        });
        sent.map_err(Failure::from)
    }

    /// The same for every attempt at one mail, and no other mail's, also of a database made anew.
    fn message_id(&self, letter: &super::Letter) -> String {
        let domain = self.sender.email.domain().trim_matches(['[', ']']);
        let domain: String = domain.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).collect();
        format!("compliance-export-mail-{}-{}@{domain}", letter.id, letter.created_at.micros())
    }
}

impl From<SendError> for Failure<Unsent> {
    fn from(error: SendError) -> Self {
        let trouble = if error.transient { Trouble::Unknown } else { Trouble::Lasting };
        Self { trouble, why: Unsent { trouble: error.trouble, error: error.message } }
    }
}
