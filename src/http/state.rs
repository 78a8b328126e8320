//! What every handler shares.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header;
use tokio::sync::Semaphore;

use super::blocking;
use crate::archive::sign::PublicKey;
use crate::audit::Actor;
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::config::{PublicAddress, Settings};
use crate::db::{Conn, Store};
use crate::error::Result;
use crate::exports::preview::PreviewCache;
use crate::exports::requests::Policy;
use crate::identity::commands::{self, Command};
use crate::model::{Timestamp, UserId};

/// Passwords hashed at a time.
const HASHING: usize = 4;

/// What every handler shares. Clones share the store.
#[derive(Clone, Debug)]
pub struct State {
    pub store: Store,
    /// Finished archives.
    pub blobs: Blobs,
    /// What time it is.
    pub clock: Clock,
    /// What may be set about exports.
    pub policy: Policy,
    /// Where people reach the server.
    pub public_address: PublicAddress,
    /// Whether `X-Forwarded-For` is believed.
    pub behind_proxy: bool,
    /// Hours after which one signs in again.
    pub session_hours: u32,
    /// The sender that mails show.
    pub sender: String,
    /// With which anyone checks the archives.
    pub public_key: PublicKey,
    /// The demo shows its mails.
    pub demo: bool,
    /// Counts that the form which requests an export has asked for.
    pub counts: PreviewCache,
    /// How many passwords are hashed at a time: each takes memory, and a stranger can ask for it.
    pub hashing: Arc<Semaphore>,
}

impl State {
    /// As the settings say.
    #[must_use]
    pub fn new(settings: &Settings, store: Store, blobs: Blobs, clock: Clock, public_key: PublicKey) -> Self {
        let exports = &settings.exports;
        Self {
            store,
            blobs,
            clock,
            policy: Policy { max_open: exports.max_open_per_account },
            public_address: settings.public_address(),
            behind_proxy: settings.server.behind_proxy,
            session_hours: settings.server.session_hours,
            sender: settings.mail.from.to_string(),
            public_key,
            demo: false,
            counts: PreviewCache::default(),
            hashing: Arc::new(Semaphore::new(HASHING)),
        }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs `work` with the store where it may block.
    ///
    /// # Errors
    /// What `work` returns.
    pub async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (store, now) = (self.store.clone(), self.now());
        blocking::run(move || work(&store, now)).await
    }

    /// Runs a command of a signed-in person where it may block.
    ///
    /// # Errors
    /// When the person may not run it, or it can't be done.
    pub async fn run<C>(&self, user: UserId, command: C) -> Result<C::Outcome>
    where
        C: Command + Send + 'static,
        C::Outcome: Send + 'static,
    {
        self.with_store(move |store, now| commands::run(store, Actor::User(user), &command, now)).await
    }

    /// Runs queries where they may block.
    ///
    /// # Errors
    /// What `work` returns.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.with_store(move |store, now| store.read(|c| work(c, now))).await
    }

    /// The network address that a request comes from: behind a proxy, the one that the proxy saw. It stands last; what
    /// stands before it is what the visitor claims.
    #[must_use]
    pub fn address_of(&self, request: &HttpRequest) -> String {
        if self.behind_proxy
            && let Some(last) = request.headers().get_all(header::X_FORWARDED_FOR).last()
            && let Some(address) = last.to_str().ok().and_then(|list| list.rsplit(',').next())
        {
            return address.trim().chars().take(100).collect();
        }
        request.peer_addr().map_or_else(String::new, |peer| peer.ip().to_string())
    }
}
