//! Signing in: passwords, and the limit on attempts.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use chrono::TimeDelta;

use super::rows;
use crate::audit::{self, Actor, AuditEvent};
use crate::db::Store;
use crate::error::{Error, Kind, Result};
use crate::model::{Timestamp, User, UserId};

/// Characters that a password has at least.
pub const MIN_PASSWORD: usize = 10;
const MAX_PASSWORD: usize = 500;

/// Failed attempts are counted over this time.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// From one network address for one person: what a forgotten password takes.
const MAX_FOR_BOTH: i64 = 10;
/// From one network address: what an office takes.
const MAX_BY_ADDRESS: i64 = 50;
/// For one person from anywhere: high, so that a stranger can't lock a person out without much ado.
const MAX_BY_EMAIL: i64 = 200;

/// Argon2id with OWASP's first recommendation: 19 MiB, two passes, one lane.
fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

/// The hash of a new password, with its own salt.
///
/// # Errors
/// When the password is too short or too long.
pub fn hash_password(password: &str) -> Result<String> {
    let length = password.chars().count();
    if !(MIN_PASSWORD..=MAX_PASSWORD).contains(&length) {
        return Err(Error::new(Kind::Invalid, format!("A password has at least {MIN_PASSWORD} characters.")));
    }
    let hash = hasher().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| Error::internal("The password could not be hashed.", error.to_string()))
}

fn matches(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    hasher().verify_password(password.as_bytes(), &hash).is_ok()
}

/// The person with this address and password. `address` is the network address that the attempt comes from.
///
/// # Errors
/// [`Kind::Invalid`] when they don't fit together, the same whatever is wrong; [`Kind::TooMany`] after too many failures.
pub fn sign_in(store: &Store, email: &str, password: &str, address: &str, now: Timestamp) -> Result<User> {
    // What was typed may be anything; enough of it to recognise an address is kept.
    let email: String = email.trim().to_lowercase().chars().filter(|c| !c.is_control()).take(320).collect();
    let (attempt, found) = store.write(|tx| {
        let failures = rows::sessions::count_failures(tx, &email, address, now.plus(-WINDOW))?;
        if failures.both >= MAX_FOR_BOTH || failures.address >= MAX_BY_ADDRESS || failures.email >= MAX_BY_EMAIL {
            return Err(Error::new(
                Kind::TooMany,
                format!("Too many attempts to sign in failed. Try again in {} minutes.", WINDOW.num_minutes()),
            ));
        }
        // Noted before the password is looked at, and forgotten when it fits: attempts at one time count as well.
        let attempt = rows::sessions::create_failure(tx, &email, address, now)?;
        Ok((attempt, rows::users::find_sign_in(tx, &email)?))
    })?;
    // An unknown address takes as long as a wrong password, so that the time does not reveal which it was.
    let (user, hash) = found.map_or((None, DECOY.to_owned()), |(user, hash)| (Some(user), hash));
    let fits = password.len() <= MAX_PASSWORD * 4 && matches(password, &hash);
    let may = |user: User| if fits && user.deactivated_at.is_none() { Ok(user) } else { Err(Some(user)) };
    match user.map_or(Err(None), may) {
        Ok(user) => {
            store.write(|tx| {
                rows::sessions::delete_failure(tx, attempt)?;
                let event = AuditEvent::SignedIn { address: address.to_owned() };
                audit::append(tx, user.account_id, Actor::User(user.id), &event, now)
            })?;
            Ok(user)
        }
        Err(user) => {
            // Of an address that nobody has, there is no account to look in; that takes as long.
            store.write(|tx| match &user {
                Some(user) => {
                    let event = AuditEvent::SignInRefused { user: user.into(), address: address.to_owned() };
                    audit::append(tx, user.account_id, Actor::System, &event, now)
                }
                None => rows::sessions::touch_failure(tx, attempt),
            })?;
            Err(Error::new(Kind::Invalid, "That email address and password don't match."))
        }
    }
}

/// Notes that somebody has signed out. Their session is the web's to end.
pub fn sign_out(store: &Store, user: UserId, now: Timestamp) -> Result<()> {
    store.write(|tx| {
        let Some(user) = rows::users::find(tx, user)? else { return Ok(()) };
        audit::append(tx, user.account_id, Actor::User(user.id), &AuditEvent::SignedOut, now)
    })
}

/// A hash that no password fits, made with the same cost.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_match_their_own_hash_only() {
        let hash = hash_password("correct horse battery").unwrap_or_default();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(matches("correct horse battery", &hash));
        assert!(!matches("correct horse batterz", &hash));
        assert!(hash_password("too short").is_err());
    }

    #[test]
    fn the_decoy_is_a_hash_of_the_same_cost() {
        let hash = PasswordHash::new(DECOY).map(|hash| hash.to_string());
        assert_eq!(hash.as_deref().ok(), Some(DECOY));
        assert!(!matches("", DECOY));
    }
}
