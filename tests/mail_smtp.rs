//! Mails leave by real SMTP conversations, and what goes wrong is told apart (B5).
//!
//! The other side is `support/smtp_server.py`, run with Debian's python3-aiosmtpd. Without it the tests say so and pass,
//! unless the variable `CI` is `true`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking and tells when it is skipped"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use compliance_exports::config::{Overrides, Settings};
use compliance_exports::mail::transport::{Outgoing, SendError, Transport};

const PYTHON: &str = "/usr/bin/python3";

/// A mail server of one test; ends with it.
struct Server {
    process: Child,
    lines: BufReader<ChildStdout>,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    /// Nothing if this machine has no aiosmtpd.
    fn start(mode: &str, credentials: Option<(&str, &str)>) -> Option<Self> {
        if !Command::new(PYTHON)
            .args(["-c", "import aiosmtpd"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
        {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "python3-aiosmtpd is missing");
            eprintln!("skipped: python3-aiosmtpd is missing");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(PYTHON);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/smtp_server.py")).arg(mode).arg(folder.path());
        if let Some((user, password)) = credentials {
            command.args(["--user", user, "--password", password]);
        }
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut port = String::new();
        lines.read_line(&mut port).unwrap();
        let port = port.trim().parse().unwrap();
        Some(Self { process, lines, port, folder })
    }

    fn transport(&self, tls: &str, more: &[(&str, &str)]) -> Transport {
        transport(self.port, tls, more)
    }

    fn ca_file(&self) -> String {
        self.folder.path().join("cert.pem").to_str().unwrap().to_owned()
    }

    /// The next mail that arrived.
    fn mail(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // Nothing is left to do for a server that is already gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn transport(port: u16, tls: &str, more: &[(&str, &str)]) -> Transport {
    let variable = |name: &str, value: &str| (format!("COMPLIANCE_EXPORTS_MAIL__{name}"), value.to_owned());
    let mut variables = vec![
        variable("TRANSPORT", "smtp"),
        variable("SMTP__HOST", "localhost"),
        variable("SMTP__PORT", &port.to_string()),
        variable("SMTP__TLS", tls),
    ];
    variables.extend(more.iter().map(|(name, value)| variable(&format!("SMTP__{name}"), value)));
    Transport::from_settings(&Settings::load(None, variables, Overrides::default()).unwrap()).unwrap()
}

fn mail_to(to: &str) -> Outgoing {
    Outgoing {
        message_id: "export-17.completed@exports.example".to_owned(),
        from: "Compliance Exports <exports@brightwater.example>".parse().unwrap(),
        to: to.to_owned(),
        subject: "Your export is ready – März".to_owned(),
        text: "The export is ready.\n".to_owned(),
        html: "<p>The export is ready.</p>\n".to_owned(),
    }
}

fn failure(transport: &Transport, to: &str) -> SendError {
    transport.send(&mail_to(to)).unwrap_err()
}

#[test]
fn a_mail_leaves_in_the_clear() {
    let Some(mut server) = Server::start("plain", None) else { return };
    server.transport("none", &[]).send(&mail_to("anna@brightwater.example")).unwrap();
    let mail = server.mail();
    assert_eq!(mail["from"], "exports@brightwater.example");
    assert_eq!(mail["to"], serde_json::json!(["anna@brightwater.example"]));
    let data = mail["data"].as_str().unwrap();
    for expected in [
        "Message-ID: <export-17.completed@exports.example>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Type: multipart/alternative;",
        "The export is ready.\r\n",
        "<p>The export is ready.</p>\r\n",
    ] {
        assert!(data.contains(expected), "{expected} is missing in {data}");
    }
}

#[test]
fn a_mail_leaves_by_starttls_with_a_password() {
    let Some(mut server) = Server::start("starttls", Some(("exports", "swordfish"))) else { return };
    let more = [("CA_FILE", &*server.ca_file()), ("USERNAME", "exports"), ("PASSWORD", "swordfish")];
    server.transport("starttls", &more).send(&mail_to("anna@brightwater.example")).unwrap();
    assert_eq!(server.mail()["to"], serde_json::json!(["anna@brightwater.example"]));
}

#[test]
fn a_mail_leaves_by_smtps_with_a_password() {
    let Some(mut server) = Server::start("smtps", Some(("exports", "swordfish"))) else { return };
    let more = [("CA_FILE", &*server.ca_file()), ("USERNAME", "exports"), ("PASSWORD", "swordfish")];
    server.transport("tls", &more).send(&mail_to("anna@brightwater.example")).unwrap();
    assert_eq!(server.mail()["to"], serde_json::json!(["anna@brightwater.example"]));
}

#[test]
fn a_wrong_password_is_not_the_mails_fault_and_is_not_shown() {
    let Some(server) = Server::start("starttls", Some(("exports", "swordfish"))) else { return };
    let more = [("CA_FILE", &*server.ca_file()), ("USERNAME", "exports"), ("PASSWORD", "hidden")];
    let why = failure(&server.transport("starttls", &more), "anna@brightwater.example");
    assert!(why.transient, "{why}");
    assert!(why.message.contains("(535)") && !why.message.contains("hidden"), "{why}");
}

#[test]
fn a_mail_refused_for_now_may_go_later() {
    let Some(server) = Server::start("plain", None) else { return };
    let why = failure(&server.transport("none", &[]), "defer@brightwater.example");
    assert!(why.transient && why.message.contains("(451): 4.3.0 Try again later"), "{why}");
}

#[test]
fn a_mail_refused_for_good_is_in_vain() {
    let Some(server) = Server::start("plain", None) else { return };
    let why = failure(&server.transport("none", &[]), "reject@brightwater.example");
    assert!(!why.transient && why.message.contains("(550): 5.1.1 No such mailbox"), "{why}");
}

#[test]
fn a_server_that_is_gone_may_come_back() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let why = failure(&transport(port, "none", &[]), "anna@brightwater.example");
    assert!(why.transient && why.message.starts_with("No conversation with the mail server: "), "{why}");
}

#[test]
fn an_untrusted_certificate_is_refused() {
    for (mode, tls) in [("starttls", "starttls"), ("smtps", "tls")] {
        let Some(server) = Server::start(mode, None) else { return };
        let why = failure(&server.transport(tls, &[]), "anna@brightwater.example");
        assert!(why.transient && why.message.contains("certificate"), "{why}");
    }
}

#[test]
fn starttls_never_falls_back_to_the_clear() {
    let Some(server) = Server::start("plain", None) else { return };
    let why = failure(&server.transport("starttls", &[]), "anna@brightwater.example");
    assert!(why.transient && why.message.contains("STARTTLS is not supported"), "{why}");
}

#[test]
fn a_ca_file_without_certificates_is_refused_at_start() {
    let variables = [
        ("COMPLIANCE_EXPORTS_MAIL__TRANSPORT", "smtp"),
        ("COMPLIANCE_EXPORTS_MAIL__SMTP__HOST", "localhost"),
        ("COMPLIANCE_EXPORTS_MAIL__SMTP__CA_FILE", file!()),
    ];
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(path.join(file!()).exists());
    let settings = Settings::load(None, variables, Overrides::default()).unwrap();
    let why = Transport::from_settings(&settings).unwrap_err();
    assert!(
        why.message().starts_with("`mail.smtp.ca_file`: ") && why.message().ends_with("no certificate in PEM form")
    );
}
