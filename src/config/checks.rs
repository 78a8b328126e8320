//! What only several settings together can show: contradictions, which are refused, and likely mistakes, which are logged.

use std::path::Path;

use super::values::is_localhost;
use super::{MailTransport, S3, Secret, Settings, SmtpTls};
use crate::error::{Error, Kind, Result};

impl Settings {
    /// Refuses contradictions, and reads the password of the mail server from its file.
    pub(super) fn check(mut self) -> Result<Self> {
        self.archives.s3 = self.archives.s3.check()?;
        self.check_mail()
    }

    fn check_mail(mut self) -> Result<Self> {
        let refused = |why: &str| Err(Error::new(Kind::Invalid, why));
        let smtp = &mut self.mail.smtp;
        if self.mail.transport == MailTransport::Smtp && smtp.host.as_deref().unwrap_or_default().is_empty() {
            return refused("`mail.smtp.host` is not set, but `mail.transport` is `smtp`: name the mail server");
        }
        if smtp.password.is_some() && smtp.password_file.is_some() {
            return refused("`mail.smtp.password` and `mail.smtp.password_file` are both set: keep one of them");
        }
        if let Some(path) = &smtp.password_file {
            smtp.password = Some(read_secret("mail.smtp.password_file", "a password", path)?);
        }
        match (&smtp.username, &smtp.password) {
            (Some(_), None) => {
                refused("`mail.smtp.username` is set, but neither `mail.smtp.password` nor `mail.smtp.password_file`")
            }
            (None, Some(_)) => refused("a password for the mail server is set, but not `mail.smtp.username`"),
            _ => Ok(self),
        }
    }

    /// What works, but is probably not meant; for the operator, once, at start.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let address = self.public_address();
        let smtp = &self.mail.smtp;
        let by_smtp = self.mail.transport == MailTransport::Smtp;
        if by_smtp && address.is_loopback() {
            warnings.push(format!(
                "Mails lead to {address}, which only this machine can open: set `public_address` to the address that people use"
            ));
        }
        if !address.is_https() && !address.is_loopback() {
            warnings.push(format!(
                "{address} is not encrypted: passwords and archives can be read on the way. Put the server behind HTTPS and set `public_address` to it"
            ));
        }
        let away = !smtp.host.as_deref().is_some_and(is_localhost);
        if by_smtp && smtp.tls == SmtpTls::None && smtp.password.is_some() && away {
            warnings.push(
                "The mail server's password is sent in the clear: set `mail.smtp.tls` to `starttls` or `tls`"
                    .to_owned(),
            );
        }
        warnings
    }
}

impl S3 {
    /// Refuses contradictions, and reads the secret from its file.
    fn check(mut self) -> Result<Self> {
        let refused = |why: &str| Err(Error::new(Kind::Invalid, why));
        if self.secret_access_key.is_some() && self.secret_access_key_file.is_some() {
            return refused(
                "`archives.s3.secret_access_key` and `archives.s3.secret_access_key_file` are both set: keep one of them",
            );
        }
        if let Some(path) = &self.secret_access_key_file {
            self.secret_access_key = Some(read_secret("archives.s3.secret_access_key_file", "a secret", path)?);
        }
        if self.access_key_id.is_some() != self.secret_access_key.is_some() {
            return refused(
                "`archives.s3.access_key_id` and a secret (`archives.s3.secret_access_key_file`) belong together: set both or \
                 none of them",
            );
        }
        let far = self.endpoint.as_ref().filter(|endpoint| !endpoint.is_https() && !endpoint.is_loopback());
        match far {
            Some(_) if !self.allow_http => refused(
                "`archives.s3.endpoint` is not encrypted, and another machine: write https://, or set `archives.s3.allow_http` \
                 if the network between them is yours alone",
            ),
            _ => Ok(self),
        }
    }
}

/// The file's first line, because editors end it with a line break.
fn read_secret(setting: &str, what: &str, path: &Path) -> Result<Secret> {
    let refused = |why: String| Error::new(Kind::Invalid, format!("`{setting}`: {} {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|why| refused(format!("can't be read: {why}")))?;
    match text.lines().next() {
        Some(password) if !password.is_empty() => Ok(Secret::new(password)),
        _ => Err(refused(format!("does not begin with {what}"))),
    }
}
