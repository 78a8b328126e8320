//! How a finished mail leaves: by SMTP, as a file in the data folder, or into memory for tests.
//!
//! Nothing here knows what a mail says (the letters do) or when to try again (the worker does): a [`SendError`] only says
//! whether trying again may help. Sending blocks for as long as the mail server takes, so no transaction may be open.
//!
//! Faults of the settings, found when the transport is made, are an [`Error`] of kind `Invalid`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, Message, SmtpTransport, Transport as _};

use crate::config::{MailTransport, Settings, Smtp, SmtpTls};
use crate::error::{Error, Kind, Result};
use crate::model::MailTrouble;

/// Replies that are about us and our rights, not about this mail: the operator can put them right, then it can go.
const CREDENTIALS_REFUSED: [u16; 4] = [530, 534, 535, 538];

/// A mail that is ready to go.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// Its name, `LEFT@RIGHT` without angle brackets. The same mail tried again has the same name, so that whoever gets it
    /// twice can recognise it.
    pub message_id: String,
    /// The sender.
    pub from: Mailbox,
    /// The recipient's address alone, without a name.
    pub to: String,
    /// The subject, one line.
    pub subject: String,
    /// The mail as text.
    pub text: String,
    /// The mail as HTML.
    pub html: String,
}

/// Why a mail did not leave.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SendError {
    /// Whether the same mail may leave later; otherwise trying again is in vain.
    pub transient: bool,
    /// What kind of thing happened, for the page.
    pub trouble: MailTrouble,
    /// What happened, for the log and the operator. Holds no password.
    pub message: String,
}

impl SendError {
    fn for_good(trouble: MailTrouble, message: impl Into<String>) -> Self {
        Self { transient: false, trouble, message: message.into() }
    }

    fn for_now(trouble: MailTrouble, message: impl Into<String>) -> Self {
        Self { transient: true, trouble, message: message.into() }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SendError {}

/// How mails leave. Clones share their way out.
#[derive(Clone, Debug)]
pub enum Transport {
    /// By SMTP; each mail is a conversation of its own.
    Smtp(SmtpTransport),
    /// As a file `MESSAGE-ID.eml` in this folder.
    Files(PathBuf),
    /// Into memory, for tests.
    Memory(Arc<Mutex<Vec<Outgoing>>>),
}

impl Transport {
    /// The transport that the settings choose. Connects to nothing yet.
    ///
    /// # Errors
    /// `mail.smtp.ca_file` can't be read or holds no certificate, or the host's name can't bear one.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        match settings.mail.transport {
            MailTransport::Files => Ok(Self::Files(settings.mail_dir())),
            MailTransport::Smtp => smtp(&settings.mail.smtp).map(Self::Smtp),
        }
    }

    /// Sends one mail; returns when the mail server has taken it on, or the file is complete.
    ///
    /// # Errors
    /// The mail did not leave; [`SendError::transient`] says whether it may leave later.
    pub fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        let message = compose(mail)?;
        match self {
            Self::Smtp(server) => server.send(&message).map(|_| ()).map_err(|why| explain(&why)),
            Self::Files(folder) => write_file(folder, &mail.message_id, &message.formatted()),
            Self::Memory(sent) => {
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
                Ok(())
            }
        }
    }
}

fn smtp(settings: &Smtp) -> Result<SmtpTransport> {
    let host = settings.host.clone().unwrap_or_default();
    let tls = match settings.tls {
        SmtpTls::StartTls => Tls::Required(tls_parameters(settings, &host)?),
        SmtpTls::Tls => Tls::Wrapper(tls_parameters(settings, &host)?),
        SmtpTls::None => Tls::None,
    };
    let mut server =
        SmtpTransport::builder_dangerous(host).port(settings.port()).tls(tls).timeout(Some(settings.timeout()));
    if let (Some(username), Some(password)) = (&settings.username, &settings.password) {
        server = server.credentials(Credentials::new(username.clone(), password.expose().to_owned()));
    }
    Ok(server.build())
}

fn tls_parameters(settings: &Smtp, host: &str) -> Result<TlsParameters> {
    let mut parameters = TlsParameters::builder(host.to_owned());
    if let Some(path) = &settings.ca_file {
        parameters = parameters.add_root_certificate(read_certificates(path)?);
    }
    let refused =
        |why| Error::new(Kind::Invalid, format!("`mail.smtp` ({host}): no encryption can be set up")).because(why);
    parameters.build().map_err(refused)
}

fn read_certificates(path: &Path) -> Result<Certificate> {
    let refused = |why| Error::new(Kind::Invalid, format!("`mail.smtp.ca_file`: {} {why}", path.display()));
    let pem = std::fs::read(path).map_err(|why| refused("can't be read").because(why))?;
    // A file without any certificate is no error to lettre, and every conversation would fail later.
    if !pem.windows(BEGIN_CERTIFICATE.len()).any(|bytes| bytes == BEGIN_CERTIFICATE) {
        return Err(refused("holds no certificate in PEM form"));
    }
    Certificate::from_pem(&pem).map_err(|why| refused("is not a PEM file of certificates").because(why))
}

const BEGIN_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

fn compose(mail: &Outgoing) -> Result<Message, SendError> {
    let id = &mail.message_id;
    if !is_message_id(id) {
        return Err(SendError::for_good(MailTrouble::Fault, format!("`{id}` can't be the name of a mail")));
    }
    let no_address =
        |why| SendError::for_good(MailTrouble::BadAddress, format!("`{}` is not a mail address: {why}", mail.to));
    let to: Address = mail.to.parse().map_err(no_address)?;
    // RFC 3834: out-of-office replies to this mail would help nobody.
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    Message::builder()
        .message_id(Some(format!("<{id}>")))
        .from(mail.from.clone())
        .to(Mailbox::new(None, to))
        .subject(mail.subject.as_str())
        .raw_header(automatic)
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|why| SendError::for_good(MailTrouble::Fault, format!("The mail {id} can't be written: {why}")))
}

/// What needs no quoting in a header, and is a file name everywhere as well.
fn is_message_id(id: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part.split('.').all(|word| {
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            })
    };
    id.len() <= 200 && id.split_once('@').is_some_and(|(left, right)| plain(left) && plain(right))
}

/// Written under another name first, so that whoever watches the folder never sees half a mail. The name is always the same:
/// a mail that a killed process left half-written is written over when it is tried again.
fn write_file(folder: &Path, message_id: &str, bytes: &[u8]) -> Result<(), SendError> {
    let path = folder.join(format!("{message_id}.eml"));
    let written = crate::blobs::create_private_dir(folder).map_err(std::io::Error::other).and_then(|()| {
        let unfinished = folder.join(format!(".unfinished-{message_id}"));
        let mut file = std::fs::File::create(&unfinished)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)
    });
    let message = |why| format!("The mail can't be written to {}: {why}", path.display());
    written.map_err(|why| SendError::for_now(MailTrouble::Fault, message(why)))
}

fn explain(why: &lettre::transport::smtp::Error) -> SendError {
    use MailTrouble::{Credentials, Refused, Unreachable};
    let code = why.status().map(u16::from);
    match code {
        // The server's text is left out: some servers repeat what they were sent.
        Some(code) if CREDENTIALS_REFUSED.contains(&code) => SendError::for_now(
            Credentials,
            format!(
                "The mail server does not accept our user name and password, or our way of giving them ({code}): check \
                 `mail.smtp`"
            ),
        ),
        Some(code) if why.is_permanent() => {
            SendError::for_good(Refused, format!("The mail server refuses the mail for good ({code}){}", causes(why)))
        }
        Some(code) => {
            SendError::for_now(Refused, format!("The mail server refuses the mail for now ({code}){}", causes(why)))
        }
        None if why.is_timeout() => SendError::for_now(Unreachable, "The mail server does not answer in time"),
        None if why.is_tls() => SendError::for_now(
            Unreachable,
            format!("No trusted, encrypted conversation with the mail server{}", causes(why)),
        ),
        None => SendError::for_now(Unreachable, format!("No conversation with the mail server{}", causes(why))),
    }
}

/// Each cause after a colon, because lettre's own words for a code say less than ours.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    fn mail() -> Outgoing {
        Outgoing {
            message_id: "export-17.completed@exports.example".to_owned(),
            from: "Compliance Exports <exports@brightwater.example>".parse().unwrap(),
            to: "anna@brightwater.example".to_owned(),
            subject: "Ready".to_owned(),
            text: "Ready.".to_owned(),
            html: "<p>Ready.</p>".to_owned(),
        }
    }

    #[test]
    fn a_file_is_complete_or_not_there_and_trying_again_makes_no_second_one() {
        let folder = tempfile::tempdir().unwrap();
        let mails = folder.path().join("mail");
        let transport = Transport::Files(mails.clone());
        // What a killed process has left.
        std::fs::create_dir(&mails).unwrap();
        let left_over = ".unfinished-export-17.completed@exports.example";
        std::fs::write(
            mails.join(left_over),
            "From: Compliance Exports, and much more than this mail has. ".repeat(99),
        )
        .unwrap();
        transport.send(&mail()).unwrap();
        transport.send(&mail()).unwrap();
        let names: Vec<_> = std::fs::read_dir(&mails).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["export-17.completed@exports.example.eml"]);
        let text = std::fs::read_to_string(mails.join("export-17.completed@exports.example.eml")).unwrap();
        assert!(
            text.contains("To: anna@brightwater.example\r\n")
                && !text.contains("much more")
                && text.contains("Subject: Ready\r\n"),
            "{text}"
        );
    }

    #[test]
    fn a_folder_that_cannot_be_written_may_be_put_right() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let why = Transport::Files(file.path().join("mail")).send(&mail()).unwrap_err();
        assert!(why.transient && why.message.contains("export-17.completed@exports.example.eml"), "{why}");
    }

    #[test]
    fn what_can_never_be_a_mail_is_refused_for_good() {
        let memory = Transport::Memory(Arc::default());
        let bad_recipients = ["", "anna", "anna@", "Anna <anna@x.example>", "a@x.example\r\nBcc: b@x.example"];
        let bad_names = ["", "x", "../x@y", "a@b/c", "a@b>\r\nX: y", "a b@c", ".a@b", "@b"];
        for to in bad_recipients {
            let why = memory.send(&Outgoing { to: to.to_owned(), ..mail() }).unwrap_err();
            assert!(!why.transient, "{to}: {why}");
        }
        for message_id in bad_names {
            let why = memory.send(&Outgoing { message_id: message_id.to_owned(), ..mail() }).unwrap_err();
            assert!(!why.transient, "{message_id}: {why}");
        }
    }

    #[test]
    fn a_subject_cannot_add_a_header() {
        let message = compose(&Outgoing { subject: "Ready\r\nBcc: b@x.example".to_owned(), ..mail() }).unwrap();
        let text = String::from_utf8(message.formatted()).unwrap();
        assert!(!text.lines().any(|line| line.starts_with("Bcc:")), "{text}");
    }

    #[test]
    fn memory_keeps_what_was_sent() {
        let memory = Transport::Memory(Arc::default());
        memory.clone().send(&mail()).unwrap();
        let Transport::Memory(sent) = memory else { panic!("not a memory") };
        assert_eq!(*sent.lock().unwrap(), [mail()]);
    }
}
