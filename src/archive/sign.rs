//! The installation's signing key, in minisign's formats, and signatures made and checked with it.
//!
//! The key is not encrypted: the server must sign without anyone present. Its file is readable by its owner only.
//!
//! The same bytes get the same signature: Ed25519 as RFC 8032 has it, of the BLAKE2b-512 of the data, which minisign calls
//! prehashed (`ED`). The crate `minisign` makes keys, reads them and verifies; its own signatures would differ each time.

use std::fmt;
use std::io::{Cursor, ErrorKind, Write};
use std::ops::Range;
use std::path::Path;

use base64ct::{Base64, Encoding};
use blake2::{Blake2b512, Digest};
use minisign::{KeyPair, SecretKey, SecretKeyBox, SignatureBox};
use ring::signature::Ed25519KeyPair;

use crate::error::{Context, Error, Kind, Result};

/// The public half: what a reviewer needs for checking.
#[derive(Clone, Debug)]
pub struct PublicKey(minisign::PublicKey);

impl PublicKey {
    /// Reads a public key: the two lines of minisign's key file, or the one line that `minisign -P` takes.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if it is neither.
    pub fn parse(text: &str) -> Result<Self> {
        let key = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        minisign::PublicKey::from_base64(key.trim())
            .map(Self)
            .map_err(|cause| Error::new(Kind::Invalid, "This is no minisign public key.").because(cause))
    }

    /// The one line that `minisign -P` takes.
    #[must_use]
    pub fn line(&self) -> String {
        self.0.to_base64()
    }

    /// The contents of a key file for `minisign -p`.
    ///
    /// # Errors
    /// [`Kind::Internal`] if the library fails to format it.
    pub fn file(&self) -> Result<String> {
        Ok(self.0.to_box().context(|| "formatting the public key".into())?.to_string())
    }

    /// Checks that `signature` (a `.minisig` file) was made with the secret half for `data`.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if it was not.
    pub fn verify(&self, data: &[u8], signature: &str) -> Result<()> {
        SignatureBox::from_string(signature)
            .and_then(|signature| minisign::verify(&self.0, &signature, Cursor::new(data), true, false, false))
            .map_err(|cause| Error::new(Kind::Invalid, format!("the signature does not fit: {cause}")).because(cause))
    }
}

/// Where a key's number and its two halves lie among the bytes of minisign's unencrypted secret key: after the names of
/// three algorithms, and the salt and costs of a password, which it has none of.
const KEY_NUMBER: Range<usize> = 54..62;
const SEED: Range<usize> = 62..94;
const PUBLIC: Range<usize> = 94..126;
/// Names the algorithm: Ed25519 of the data's BLAKE2b-512.
const PREHASHED: &[u8; 2] = b"ED";

/// What of the data is signed.
pub type Prehash = Blake2b512;

/// The secret half, with which archives are signed.
pub struct SigningKey {
    /// Distinguishes keys; stands in each signature.
    number: Vec<u8>,
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// Reads the key from `path`, or makes one there if there is none. Processes that start at once agree on one key.
    ///
    /// # Errors
    /// [`Kind::Internal`] if it can't be read or written, or is no unencrypted minisign key.
    pub fn load_or_create(path: &Path) -> Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::create(path),
            Err(error) => Err(Error::internal(format!("reading the signing key {}", path.display()), error)),
        }
    }

    /// Reads the key from `path`, where there must be one.
    ///
    /// # Errors
    /// [`Kind::Internal`] if there is none, it can't be read, or is no unencrypted minisign key.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).context(|| format!("reading the signing key {}", path.display()))?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        let doing = || format!("reading the signing key {}: it should be an unencrypted minisign key", path.display());
        let key = SecretKeyBox::from_string(text).and_then(SecretKeyBox::into_unencrypted_secret_key).context(doing)?;
        Self::of(&key).context(doing)
    }

    fn of(key: &SecretKey) -> Result<Self> {
        let doing = || "taking a minisign key apart".to_owned();
        let bytes = key.to_bytes();
        let bytes = |part: Range<usize>| bytes.get(part).unwrap_or_default();
        // Refuses halves that do not belong together: signing with such would give the secret one away.
        let pair = Ed25519KeyPair::from_seed_and_public_key(bytes(SEED), bytes(PUBLIC))
            .map_err(|why| why.to_string())
            .context(doing)?;
        let public = PublicKey(minisign::PublicKey::from_secret_key(key).context(doing)?);
        Ok(Self { number: bytes(KEY_NUMBER).to_vec(), pair, public })
    }

    fn create(path: &Path) -> Result<Self> {
        let doing = || format!("making the signing key {}", path.display());
        let pair = KeyPair::generate_unencrypted_keypair().context(doing)?;
        let text = pair.sk.to_box(Some("compliance-exports signing key: keep it secret")).context(doing)?.to_string();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // A NamedTempFile has mode 0600; the name appears only once the key is whole and on disk.
        let mut file = tempfile::NamedTempFile::new_in(folder).context(doing)?;
        file.write_all(text.as_bytes()).context(doing)?;
        file.as_file().sync_all().context(doing)?;
        match file.persist_noclobber(path) {
            Ok(_) => Self::of(&pair.sk),
            Err(lost) if lost.error.kind() == ErrorKind::AlreadyExists => {
                Self::parse(&std::fs::read_to_string(path).context(doing)?, path)
            }
            Err(lost) => Err(Error::internal(doing(), lost.error)),
        }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// Signs `data`; `comment` (shown when the signature is checked) is signed too. The same again gives the same again.
    ///
    /// # Errors
    /// [`Kind::Internal`] if the comment is not one line without space around it, which nobody could check.
    pub fn sign(&self, data: &[u8], comment: &str) -> Result<String> {
        self.sign_hashed(Prehash::new_with_prefix(data), comment)
    }

    /// The same for data that has been hashed chunk by chunk.
    ///
    /// # Errors
    /// As [`SigningKey::sign`].
    pub fn sign_hashed(&self, data: Prehash, comment: &str) -> Result<String> {
        if comment.trim() != comment || comment.chars().any(char::is_control) {
            return Err(Error::new(Kind::Internal, format!("“{comment:?}” can't be the comment of a signature")));
        }
        let of_data = self.pair.sign(&data.finalize());
        let of_both = self.pair.sign(&[of_data.as_ref(), comment.as_bytes()].concat());
        let signature = Base64::encode_string(&[PREHASHED, self.number.as_slice(), of_data.as_ref()].concat());
        let global = Base64::encode_string(of_both.as_ref());
        Ok(format!(
            "untrusted comment: signature by compliance-exports\n{signature}\ntrusted comment: {comment}\n{global}\n"
        ))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking and says what it skips")]

    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        let key = SigningKey::load_or_create(&path).unwrap();
        let again = SigningKey::load_or_create(&path).unwrap();
        assert_eq!(key.public().line(), again.public().line());
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_signature_fits_its_data_and_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::load_or_create(&folder.path().join("a")).unwrap();
        let other = SigningKey::load_or_create(&folder.path().join("b")).unwrap();
        let signature = key.sign(b"sums", "export 1, part 1").unwrap();
        let public = PublicKey::parse(&key.public().file().unwrap()).unwrap();
        assert!(public.verify(b"sums", &signature).is_ok());
        assert!(public.verify(b"Sums", &signature).is_err());
        assert!(public.verify(b"sums", &signature.replace("part 1", "part 2")).is_err());
        assert!(other.public().verify(b"sums", &signature).is_err());
        assert!(PublicKey::parse("no key").is_err());
    }

    #[test]
    fn a_signature_is_the_same_in_every_process_and_version() {
        // RFC 8032, 7.1, test 1, as a minisign key of the number 1 to 8.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let pair = Ed25519KeyPair::from_seed_and_public_key(&unhex(seed), &unhex(public)).unwrap();
        let number: Vec<u8> = (1..=8).collect();
        let line = Base64::encode_string(&[b"Ed", number.as_slice(), &unhex(public)].concat());
        let key = SigningKey { number, pair, public: PublicKey::parse(&line).unwrap() };
        let signature = key.sign(b"sums", "export 1, part 1").unwrap();
        key.public().verify(b"sums", &signature).unwrap();
        insta::assert_snapshot!(signature, @"
        untrusted comment: signature by compliance-exports
        RUQBAgMEBQYHCNcUayxs/p4QUDj0O58RGW5QA6KfROXsQx9676pvYoFybgUHEwLj1Lg6JnGPm2aGE2GVv5inAVWmXO5yYEPaqAU=
        trusted comment: export 1, part 1
        G6lhtY/hk+llBaq9MAy8Y8RIAPo4deL5vO6haLIyROQX6TZZRYAH9W/+pdc6K/OTkOxsiRV5OsSQPENN91w9DA==
        ");
    }

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2).unwrap(), 16).unwrap()).collect()
    }

    #[test]
    fn halves_that_do_not_belong_together_are_refused() {
        let [one, other] = [0, 1].map(|_| KeyPair::generate_unencrypted_keypair().unwrap().sk.to_bytes());
        let mixed = [one.get(..PUBLIC.start).unwrap(), other.get(PUBLIC.start..).unwrap()].concat();
        assert!(SigningKey::of(&SecretKey::from_bytes(&mixed).unwrap()).is_err());
        assert!(SigningKey::of(&SecretKey::from_bytes(&one).unwrap()).is_ok());
    }

    #[test]
    fn a_comment_that_could_not_be_checked_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::load_or_create(&folder.path().join("key")).unwrap();
        for comment in ["two\nlines", " before", "after\u{a0}", "\0"] {
            assert!(key.sign(b"sums", comment).is_err(), "{comment:?}");
        }
    }

    #[test]
    fn minisign_itself_signs_alike_and_accepts_signatures_of_that_data_only() {
        if Command::new("minisign").arg("-v").output().is_err() {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "minisign is missing");
            eprintln!("skipped: minisign is missing");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::load_or_create(&folder.path().join("key")).unwrap();
        let file = folder.path().join("SHA256SUMS");
        let signature = file.with_extension("minisig");
        for (data, comment) in [(b"".as_slice(), "-"), (b"sums", "export 1 – “Ω”"), (&[0, 255, 10], "a  b")] {
            std::fs::write(&file, data).unwrap();
            let mut sign = Command::new("minisign");
            sign.args(["-S", "-W", "-c", "signature by compliance-exports", "-t", comment, "-m"]).arg(&file);
            assert!(sign.arg("-s").arg(folder.path().join("key")).output().unwrap().status.success());
            assert_eq!(std::fs::read_to_string(&signature).unwrap(), key.sign(data, comment).unwrap());
            let check = || Command::new("minisign").args(["-V", "-P", &key.public().line(), "-m"]).arg(&file).output();
            let checked = check().unwrap();
            assert!(checked.status.success(), "{checked:?}");
            assert!(String::from_utf8_lossy(&checked.stdout).contains(&format!("Trusted comment: {comment}\n")));
            std::fs::write(&file, b"Sums").unwrap();
            assert!(!check().unwrap().status.success());
        }
    }

    proptest! {
        #[test]
        fn whatever_is_signed_is_accepted_and_signed_alike_again(
            data in proptest::collection::vec(any::<u8>(), 0..300),
            comment in "[^\\p{C}\\p{Z}]([^\\p{C}]{0,60}[^\\p{C}\\p{Z}])?",
            at in any::<prop::sample::Index>(),
            bit in 0..8_u8,
        ) {
            let key = SigningKey::of(&KeyPair::generate_unencrypted_keypair().unwrap().sk).unwrap();
            let signature = key.sign(&data, &comment).unwrap();
            prop_assert_eq!(&key.sign(&data, &comment).unwrap(), &signature);
            prop_assert!(key.public().verify(&data, &signature).is_ok());
            let mut other = data.clone();
            other.push(0);
            let index = at.index(other.len());
            *other.get_mut(index).unwrap() ^= 1 << bit;
            prop_assert!(key.public().verify(&other, &signature).is_err());
            let renamed = signature.replace("\ntrusted comment: ", "\ntrusted comment: x");
            prop_assert!(key.public().verify(&data, &renamed).is_err());
        }
    }

    #[test]
    fn a_damaged_key_is_refused_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        std::fs::write(&path, "damaged").unwrap();
        assert!(SigningKey::load_or_create(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "damaged");
    }
}
