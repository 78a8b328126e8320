//! Submitted forms, and the tokens that show that a form was ours.
//!
//! A signed-in person's forms carry their session's token ([`Submission`] checks it). The sign-in form, before there is a
//! session, carries a token that a cookie of its own repeats ([`SignInToken`]).

use std::future::Future;
use std::pin::Pin;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use super::State;
use super::sessions::{Session, Visitor};
use crate::error::{Error, Kind, Result};
use crate::keys;
use crate::model::UserId;

/// The fields of a form, in their order; a name may occur several times.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Those of an address: `?first_day=2026-03-01&person=1&person=2`.
    #[must_use]
    pub fn of_query(request: &HttpRequest) -> Self {
        Self(form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect())
    }

    /// The field's first value; empty when it is missing.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    fn carries(&self, token: &str) -> Result<()> {
        let sent = self.get("csrf");
        if !token.is_empty() && bool::from(sent.as_bytes().ct_eq(token.as_bytes())) {
            return Ok(());
        }
        Err(Error::forbidden("This form is out of date. Go back, reload the page and submit it once more."))
    }
}

impl FromRequest for Fields {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_form = request.content_type() == "application/x-www-form-urlencoded";
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            if !is_form {
                return Err(Error::new(Kind::Invalid, "Only forms can be submitted here."));
            }
            let body = body.await.map_err(|cause| {
                Error::new(Kind::Invalid, "The form is too large, or did not arrive whole.").because(cause.to_string())
            })?;
            let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
            // Nobody can type it, and PostgreSQL can't keep it.
            if fields.iter().any(|(_, value)| value.contains('\0')) {
                return Err(Error::new(Kind::Invalid, "The form holds a character that can't be kept."));
            }
            Ok(Self(fields))
        })
    }
}

/// A form that a signed-in person has submitted from one of our pages.
pub struct Submission {
    pub user: UserId,
    pub session: Session,
    /// What they filled in.
    pub fields: Fields,
}

impl FromRequest for Submission {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visitor = Visitor::from_request(request, payload).into_inner();
        let fields = Fields::from_request(request, payload);
        Box::pin(async move {
            let Visitor { user, session } = visitor?;
            let fields = fields.await?;
            fields.carries(&session.csrf())?;
            Ok(Self { user, session, fields })
        })
    }
}

/// The token of the sign-in form.
pub struct SignInToken(String);

impl SignInToken {
    /// The one that the browser has, or a new one.
    #[must_use]
    pub fn of(request: &HttpRequest, state: &State) -> Self {
        let known = request.cookie(name(state)).map(|cookie| cookie.value().to_owned());
        Self(known.filter(|token| token.len() == 64).unwrap_or_else(keys::new_key))
    }

    /// For the form.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// For the browser.
    #[must_use]
    pub fn cookie(&self, state: &State) -> Cookie<'static> {
        Cookie::build(name(state), self.0.clone())
            .path("/")
            .http_only(true)
            .secure(state.public_address.is_https())
            .same_site(SameSite::Strict)
            .max_age(Duration::hours(1))
            .finish()
    }

    /// Refuses a form that another site has made.
    ///
    /// # Errors
    /// [`Kind::Forbidden`].
    pub fn check(request: &HttpRequest, state: &State, fields: &Fields) -> Result<()> {
        let token = request.cookie(name(state)).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
        fields.carries(&token)
    }
}

fn name(state: &State) -> &'static str {
    if state.public_address.is_https() { "__Host-sign-in" } else { "sign-in" }
}
