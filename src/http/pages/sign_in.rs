//! Signing in and out.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::{page, see_other};
use crate::error::{Error, Kind, Result};
use crate::http::forms::{Fields, SignInToken, Submission};
use crate::http::sessions::{Session, Visitor};
use crate::http::views::Chrome;
use crate::http::views::sign_in::{Home, SignIn};
use crate::http::{State, chrome};
use crate::identity::{access, sign_in};

/// Where to go afterwards.
#[derive(Deserialize)]
pub struct Query {
    #[serde(default)]
    next: String,
}

/// `GET /`: leads administrators to their page and strangers to the sign-in page; others see that all is well.
///
/// # Errors
/// When nobody is signed in, or the database fails.
pub async fn home(state: web::Data<State>, visitor: Visitor) -> Result<HttpResponse> {
    let Visitor { user, session } = visitor;
    let Some((user, account)) = state.read(move |c, _| access::find_signed_in(c, user)).await? else {
        return Err(Error::new(Kind::SignInNeeded, "Please sign in."));
    };
    if user.is_active_admin() {
        return Ok(see_other("/administration"));
    }
    let chrome = chrome::for_person(&state, &session, &user, &account);
    page(StatusCode::OK, &Home { chrome, account: account.name })
}

/// `GET /sign-in`: open to everybody.
///
/// # Errors
/// When the page can't be made.
pub async fn get(request: HttpRequest, state: web::Data<State>, query: web::Query<Query>) -> Result<HttpResponse> {
    form(&request, &state, StatusCode::OK, String::new(), None, local(&query.next))
}

fn form(
    request: &HttpRequest,
    state: &State,
    status: StatusCode,
    email: String,
    error: Option<String>,
    next: &str,
) -> Result<HttpResponse> {
    let token = SignInToken::of(request, state);
    let chrome = Chrome { csrf: token.text().to_owned(), demo: state.demo, ..Chrome::default() };
    let mut response = page(status, &SignIn { chrome, email, error, next: next.to_owned() })?;
    response.add_cookie(&token.cookie(state)).map_err(|error| Error::internal("A cookie does not do.", error))?;
    Ok(response)
}

/// `POST /sign-in`: open to everybody; attempts are limited.
///
/// # Errors
/// When the form is not ours, or the database fails.
pub async fn post(
    request: HttpRequest,
    state: web::Data<State>,
    session: Session,
    fields: Fields,
) -> Result<HttpResponse> {
    SignInToken::check(&request, &state, &fields)?;
    let (email, password) = (fields.get("email").to_owned(), fields.get("password").to_owned());
    let address = state.address_of(&request);
    let typed = email.clone();
    let _turn = state.hashing.acquire().await.map_err(|error| Error::internal("Signing in is closed.", error))?;
    let signed_in = state.with_store(move |store, now| sign_in::sign_in(store, &email, &password, &address, now)).await;
    let next = local(fields.get("next"));
    match signed_in {
        Ok(user) => {
            session.begin(user.id)?;
            tracing::info!(user = user.id, "signed in");
            Ok(see_other(next))
        }
        Err(error) if matches!(error.kind(), Kind::Invalid | Kind::TooMany) => {
            tracing::warn!("sign-in refused: {error}");
            let status = match error.kind() {
                Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            form(&request, &state, status, typed, Some(error.message().to_owned()), next)
        }
        Err(error) => Err(error),
    }
}

/// `POST /sign-out`: whoever is signed in.
///
/// # Errors
/// When the form is not ours, or the database fails; the session ends all the same.
pub async fn sign_out(state: web::Data<State>, submission: Submission) -> Result<HttpResponse> {
    let Submission { user, session, .. } = submission;
    session.end();
    state.with_store(move |store, now| sign_in::sign_out(store, user, now)).await?;
    Ok(see_other("/sign-in"))
}

/// A path on this server, as a browser writes it: nobody is led elsewhere after signing in.
fn local(next: &str) -> &str {
    let is_address = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let inside = next.starts_with('/') && !next.starts_with("//");
    if is_address && inside { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nobody_is_led_elsewhere() {
        assert_eq!(local("/administration?page=2"), "/administration?page=2");
        for next in [
            "",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
        ] {
            assert_eq!(local(next), "/", "{next}");
        }
    }
}
