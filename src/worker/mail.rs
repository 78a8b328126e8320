//! Sending queued mail (B5).

use super::Worker;
use crate::domain::mails;
use crate::error::Result;
use crate::mail::transport::{Outgoing, SendError};
use crate::model::MailTrouble;
use crate::store::mails::Failure;

impl Worker {
    /// Sends the mail that has waited longest, if there is one. Tells whether there was one.
    ///
    /// # Errors
    /// When the database fails; a mail that can't be sent is noted with it.
    pub fn mail_next(&self) -> Result<bool> {
        let Some(claim) = mails::claim(&self.store, self.clock.now())? else { return Ok(false) };
        let mail = claim.letter.id;
        match self.send(&claim.letter) {
            Ok(()) => {
                tracing::info!(mail, "mail sent");
                mails::sent(&self.store, &claim, self.clock.now())?;
            }
            Err(SendError { transient, trouble, message }) => {
                let (now, why) = (self.clock.now(), Failure { trouble, error: &message });
                match mails::not_sent(&self.store, &claim, why, transient, now)? {
                    Some(again) => tracing::warn!(mail, %again, "mail not sent, it will be tried again: {message}"),
                    None => tracing::error!(mail, "mail given up: {message}"),
                }
            }
        }
        Ok(true)
    }

    fn send(&self, letter: &mails::Letter) -> Result<(), SendError> {
        let Some(to) = letter.recipient.email.clone() else {
            let message = format!("{} has no email address", letter.recipient.name);
            return Err(SendError { transient: false, trouble: MailTrouble::NoAddress, message });
        };
        let text = match letter.write(&self.public_address) {
            Ok(text) => text,
            // Would fail again at every attempt.
            Err(error) => {
                tracing::error!(mail = letter.id, cause = %error.causes(), "mail can't be written: {error}");
                let (trouble, message) = (MailTrouble::Fault, error.to_string());
                return Err(SendError { transient: false, trouble, message });
            }
        };
        self.transport.send(&Outgoing {
            message_id: self.message_id(letter),
            from: self.sender.clone(),
            to,
            subject: text.subject,
            text: text.text,
            html: text.html,
        })
    }

    /// The same for every attempt at one mail, and no other mail's, also of a database made anew.
    fn message_id(&self, letter: &mails::Letter) -> String {
        let domain = self.sender.email.domain().trim_matches(['[', ']']);
        let domain: String = domain.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).collect();
        format!("compliance-export-mail-{}-{}@{domain}", letter.id, letter.created_at.micros())
    }
}
