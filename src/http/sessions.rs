//! Sessions: rows of ours behind actix-session's cookie, so that they can be revoked; and the only code that knows what
//! a session holds ([`Session`]).

use std::collections::HashMap;
use std::future::{Ready, ready};

use actix_session::config::{CookieContentSecurity, PersistentSession};
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{SessionExt, SessionMiddleware};
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Key, SameSite};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::State;
use crate::error::{Error, Kind, Result};
use crate::identity::sessions;
use crate::keys;
use crate::model::UserId;

const USER: &str = "user";
const CSRF: &str = "csrf";
const FLASH: &str = "flash";
const FAILURE: &str = "failure";

/// The middleware: a cookie that scripts can't read, that other sites' forms don't send, and that over HTTPS leaves only
/// encrypted.
#[must_use]
pub fn middleware(state: &State, key: Key) -> SessionMiddleware<Rows> {
    let secure = state.public_address.is_https();
    let ttl = Duration::hours(i64::from(state.session_hours));
    SessionMiddleware::builder(Rows(state.clone()), key)
        .cookie_name(if secure { "__Host-session".to_owned() } else { "session".to_owned() })
        .cookie_secure(secure)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(PersistentSession::default().session_ttl(ttl))
        .build()
}

/// Sessions in the database.
#[derive(Clone, Debug)]
pub struct Rows(State);

type Values = HashMap<String, String>;

impl Rows {
    async fn begin(&self, values: Values, ttl: &Duration) -> Result<SessionKey> {
        let user = values.get(USER).and_then(|user| user.parse::<UserId>().ok());
        let Some(user) = user else {
            return Err(Error::new(Kind::Internal, "A session without a person was to be kept."));
        };
        let (text, lasts) = (to_text(&values)?, TimeDelta::seconds(ttl.whole_seconds()));
        let key = self.0.with_store(move |store, now| sessions::begin(store, user, &text, lasts, now)).await?;
        key.try_into().map_err(|error| Error::internal("A session's key does not do.", error))
    }
}

/// Why a session could not be loaded. It stands in the place of what the session holds, so that whoever needs the session
/// is refused with a page; the middleware by itself would send an empty one.
#[derive(Deserialize, Serialize)]
struct Failure {
    is_busy: bool,
    message: String,
    causes: String,
}

impl Failure {
    fn of(error: &Error) -> Self {
        let (message, causes) = (error.message().to_owned(), error.causes());
        Self { is_busy: error.kind() == Kind::Unavailable, message, causes }
    }

    fn into_error(self) -> Error {
        let kind = if self.is_busy { Kind::Unavailable } else { Kind::Internal };
        Error::new(kind, self.message).because(self.causes)
    }
}

impl SessionStore for Rows {
    async fn load(&self, key: &SessionKey) -> Result<Option<Values>, LoadError> {
        let key = key.as_ref().to_owned();
        let text = match self.0.with_store(move |store, now| sessions::find(store, &key, now)).await {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(None),
            Err(error) => {
                let failure = serde_json::to_string(&Failure::of(&error));
                let failure = failure.map_err(|_| LoadError::Other(error.into()))?;
                return Ok(Some(Values::from([(FAILURE.to_owned(), failure)])));
            }
        };
        serde_json::from_str(&text).map(Some).map_err(|error| LoadError::Deserialization(error.into()))
    }

    async fn save(&self, values: Values, ttl: &Duration) -> Result<SessionKey, SaveError> {
        let begun = self.begin(values, ttl).await;
        begun.map_err(|error| {
            tracing::error!(cause = %error.causes(), "a session could not be begun: {error}");
            SaveError::Other(error.into())
        })
    }

    async fn update(&self, key: SessionKey, values: Values, _: &Duration) -> Result<SessionKey, UpdateError> {
        let update = async {
            let (row, text) = (key.as_ref().to_owned(), to_text(&values)?);
            self.0.with_store(move |store, _| sessions::update(store, &row, &text)).await
        };
        // What a session holds beside the person is said once and can be missed; the page that was made must not.
        if let Err(error) = update.await {
            let error: Error = error;
            tracing::error!(cause = %error.causes(), "a session could not be kept: {error}");
        }
        Ok(key)
    }

    /// A session ends when its time is over, however much it is used: the row's expiry stands.
    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let key = key.as_ref().to_owned();
        Ok(self.0.with_store(move |store, _| sessions::end(store, &key)).await?)
    }
}

fn to_text(values: &Values) -> Result<String> {
    serde_json::to_string(values).map_err(|error| Error::internal("A session could not be written.", error))
}

/// The session of a request.
pub struct Session(actix_session::Session);

impl Session {
    /// That of a request.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        Self(request.get_session())
    }

    /// Who is signed in.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.0.get(USER).ok().flatten()
    }

    /// Why nobody is known to be signed in: the session could not be loaded, or there is none.
    fn refusal(&self) -> Error {
        let failure: Option<Failure> = self.0.get(FAILURE).ok().flatten();
        failure.map_or_else(|| Error::new(Kind::SignInNeeded, "Please sign in."), Failure::into_error)
    }

    /// The token that this session's forms carry.
    #[must_use]
    pub fn csrf(&self) -> String {
        self.0.get(CSRF).ok().flatten().unwrap_or_default()
    }

    /// Begins a session for a person, under a new key.
    ///
    /// # Errors
    /// When the values can't be written as JSON.
    pub fn begin(&self, user: UserId) -> Result<()> {
        self.0.clear();
        self.0.renew();
        self.insert(USER, &user)?;
        self.insert(CSRF, &keys::new_key())
    }

    /// Ends the session.
    pub fn end(&self) {
        self.0.purge();
    }

    /// Says something on the next page, once.
    ///
    /// # Errors
    /// When the values can't be written as JSON.
    pub fn say(&self, text: &str) -> Result<()> {
        self.insert(FLASH, &text)
    }

    /// What is to be said, once.
    #[must_use]
    pub fn take_flash(&self) -> Option<String> {
        // Removing counts as a change even where there is nothing to remove: looking at a page would write its session.
        let text = self.0.get(FLASH).ok().flatten()?;
        self.0.remove(FLASH);
        Some(text)
    }

    fn insert(&self, key: &str, value: &impl Serialize) -> Result<()> {
        self.0.insert(key, value).map_err(|error| Error::internal("A session could not be written.", error.to_string()))
    }
}

impl FromRequest for Session {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

/// A request of someone who is signed in. Rights are not part of it: they are looked up at every request (A5).
pub struct Visitor {
    pub user: UserId,
    pub session: Session,
}

impl FromRequest for Visitor {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let session = Session::of(request);
        ready(match session.user() {
            Some(user) => Ok(Self { user, session }),
            None => Err(session.refusal()),
        })
    }
}
