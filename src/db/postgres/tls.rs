//! How an address of PostgreSQL wants to be encrypted, and the connecting.
//!
//! The client knows `sslmode` only as far as `require`. The stricter modes and the files of certificates are read here, and mean what
//! libpq's documentation says of them (<https://www.postgresql.org/docs/current/libpq-ssl.html>). One difference: without
//! `sslrootcert`, `verify-ca` and `verify-full` trust the certificates of the system. No message quotes the address, which may hold a
//! password.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use postgres::config::SslMode;
use postgres::{Client, Config};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::whole;

/// Connects to the database that a `postgres://` address names.
pub(super) fn connect(address: &str) -> Result<Client, String> {
    let (rest, wanted) = Wanted::split(address)?;
    let mut config: Config = rest.parse().map_err(|error| format!("the address can't be read: {}", whole(&error)))?;
    config.ssl_mode(wanted.mode);
    let connected = if wanted.mode == SslMode::Disable {
        config.connect(postgres::NoTls)
    } else {
        config.connect(MakeRustlsConnect::new(wanted.client_config()?))
    };
    connected.map_err(|error| whole(&error))
}

/// What of the server's certificate must be right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verify {
    /// Nothing: it is encrypted, but for whom is not known.
    Nothing,
    /// That someone trusted has signed it.
    Authority,
    /// That, and that it bears the host's name.
    Host,
}

/// What an address says of encryption.
#[derive(Debug, Eq, PartialEq)]
struct Wanted {
    mode: SslMode,
    verify: Verify,
    root: Option<PathBuf>,
    /// Certificate and key by which this client shows who it is.
    identity: Option<(PathBuf, PathBuf)>,
}

impl Wanted {
    /// Takes what is read here out of an address, and gives the rest of it, for the client.
    fn split(address: &str) -> Result<(String, Self), String> {
        let (base, query) = address.split_once('?').unwrap_or((address, ""));
        let (mut rest, mut name) = (Vec::new(), None);
        let (mut root, mut certificate, mut key) = (None, None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let value = || {
                // Not a form: a plus stands for itself.
                let pair = pair.replace('+', "%2B");
                url::form_urlencoded::parse(pair.as_bytes())
                    .next()
                    .map(|(_, value)| value.into_owned())
                    .unwrap_or_default()
            };
            match pair.split_once('=').map_or(pair, |(key, _)| key) {
                "sslmode" => name = Some(value()),
                "sslrootcert" => root = Some(value()).filter(|path| path != "system").map(PathBuf::from),
                "sslcert" => certificate = Some(PathBuf::from(value())),
                "sslkey" => key = Some(PathBuf::from(value())),
                _ => rest.push(pair),
            }
        }
        let (mode, verify) = match name.as_deref().unwrap_or("prefer") {
            "disable" => (SslMode::Disable, Verify::Nothing),
            "allow" | "prefer" => (SslMode::Prefer, Verify::Nothing),
            // Whoever names an authority wants it to be asked.
            "require" if root.is_some() => (SslMode::Require, Verify::Authority),
            "require" => (SslMode::Require, Verify::Nothing),
            "verify-ca" => (SslMode::Require, Verify::Authority),
            "verify-full" => (SslMode::Require, Verify::Host),
            other => {
                return Err(format!(
                    "sslmode is “{other}”, and must be disable, prefer, require, verify-ca or verify-full"
                ));
            }
        };
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err("sslcert and sslkey belong together, and one of them is missing".to_owned()),
        };
        let rest = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        Ok((rest, Self { mode, verify, root, identity }))
    }

    fn client_config(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier {
            inner: match self.verify {
                Verify::Nothing => None,
                Verify::Authority | Verify::Host => Some(
                    WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()?), Arc::clone(&provider))
                        .build()
                        .map_err(|error| format!("no certificate can be checked: {error}"))?,
                ),
            },
            host: self.verify == Verify::Host,
            provider: Arc::clone(&provider),
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        match &self.identity {
            None => Ok(builder.with_no_client_auth()),
            Some((certificate, key)) => {
                let chain = certificates("sslcert", certificate)?;
                let read = PrivateKeyDer::from_pem_file(key);
                let read = read.map_err(|error| format!("sslkey {} can't be read: {error}", key.display()))?;
                builder
                    .with_client_auth_cert(chain, read)
                    .map_err(|error| format!("sslcert and sslkey do not fit: {error}"))
            }
        }
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        match &self.root {
            Some(path) => {
                for certificate in certificates("sslrootcert", path)? {
                    roots.add(certificate).map_err(|error| {
                        format!("sslrootcert {} holds no certificate that can be used: {error}", path.display())
                    })?;
                }
            }
            None => {
                let found = rustls_native_certs::load_native_certs();
                roots.add_parsable_certificates(found.certs);
            }
        }
        if roots.is_empty() {
            return Err(
                "there is no certificate to trust: name a file of them as sslrootcert in the address".to_owned()
            );
        }
        Ok(roots)
    }
}

fn certificates(setting: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("{setting} {} can't be read: {error}", path.display());
    let read = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))?;
    let read = read.collect::<Result<Vec<_>, _>>().map_err(|error| unreadable(&error))?;
    if read.is_empty() { Err(unreadable(&"it holds no certificate")) } else { Ok(read) }
}

/// Checks the server's certificate as far as the address asks for. That the server has the certificate's key is checked always.
#[derive(Debug)]
struct Verifier {
    inner: Option<Arc<WebPkiServerVerifier>>,
    host: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(inner) = &self.inner else { return Ok(ServerCertVerified::assertion()) };
        match inner.verify_server_cert(certificate, intermediates, host, ocsp, now) {
            // The name is what is looked at last: all else was right.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.host => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn an_address_says_how_it_wants_to_be_encrypted() {
        let split = |query: &str| Wanted::split(&format!("postgres://u:p@host/db{query}"));
        for (query, mode, verify) in [
            ("", SslMode::Prefer, Verify::Nothing),
            ("?sslmode=disable", SslMode::Disable, Verify::Nothing),
            ("?sslmode=require", SslMode::Require, Verify::Nothing),
            ("?sslmode=require&sslrootcert=/ca.pem", SslMode::Require, Verify::Authority),
            ("?sslmode=verify-ca", SslMode::Require, Verify::Authority),
            ("?sslrootcert=/ca.pem&sslmode=verify-full", SslMode::Require, Verify::Host),
        ] {
            let (rest, wanted) = split(query).unwrap();
            assert_eq!(
                (rest.as_str(), wanted.mode, wanted.verify),
                ("postgres://u:p@host/db", mode, verify),
                "{query}"
            );
        }
        let (rest, wanted) =
            split("?connect_timeout=5&sslrootcert=%2Fa+b.pem&sslmode=require&application_name=x").unwrap();
        assert_eq!(rest, "postgres://u:p@host/db?connect_timeout=5&application_name=x");
        assert_eq!(wanted.root, Some("/a+b.pem".into()));
        for refused in ["?sslmode=verifyfull", "?sslcert=/a.pem"] {
            assert!(!split(refused).unwrap_err().contains("u:p"), "{refused}");
        }
    }

    #[test]
    fn a_server_that_cannot_encrypt_is_refused_where_that_was_asked_for() {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("postgres://u:secret@{}/db", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            client.read_exact(&mut [0; 8]).unwrap();
            client.write_all(b"N").unwrap();
            // What else the client says: nothing, in the clear.
            client.read_to_end(&mut Vec::new()).unwrap()
        });
        let refused = connect(&format!("{address}?sslmode=require")).err().unwrap();
        assert!(refused.contains("server does not support TLS") && !refused.contains("secret"), "{refused}");
        assert_eq!(server.join().unwrap(), 0);
    }
}
