//! Sessions, for the web: rows that end when their time is over, and that can be revoked.
//!
//! What a session holds is the web's business (`http::sessions`); here are its rows. They know the hash of the key only, so
//! that a copy of the table opens no session.

use chrono::TimeDelta;

use super::rows;
use crate::db::Store;
use crate::error::Result;
use crate::model::{Timestamp, UserId};
use crate::{keys, sums};

/// Begins a session of `user` that lasts so long; returns its key.
pub fn begin(store: &Store, user: UserId, held: &str, lasts: TimeDelta, now: Timestamp) -> Result<String> {
    let key = keys::new_key();
    store.write(|tx| rows::sessions::create(tx, &hash(&key), user, held, now, now.plus(lasts)))?;
    Ok(key)
}

/// What a session holds, while it lasts.
pub fn find(store: &Store, key: &str, now: Timestamp) -> Result<Option<String>> {
    store.statement(|c| rows::sessions::find(c, &hash(key), now))
}

/// Sets what a session holds. One that was revoked meanwhile stays revoked: nothing is made anew.
pub fn update(store: &Store, key: &str, held: &str) -> Result<()> {
    store.write(|tx| rows::sessions::update(tx, &hash(key), held))
}

/// Ends a session.
pub fn end(store: &Store, key: &str) -> Result<()> {
    store.write(|tx| rows::sessions::delete(tx, &hash(key)))
}

fn hash(key: &str) -> String {
    keys::hex(&sums::sha256(key.as_bytes()))
}
