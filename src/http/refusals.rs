//! From an [`Error`] to the page that says what to do, and to the one line in the log.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, ResponseError, web};
use askama::Template;
use tracing_actix_web::RequestId;
use url::form_urlencoded;

use super::sessions::Session;
use super::views::refusal::Refusal;
use super::{State, chrome};
use crate::error::{Error, Kind};

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self.kind() {
            Kind::SignInNeeded => StatusCode::UNAUTHORIZED,
            Kind::Forbidden | Kind::NotIncluded => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Gone => StatusCode::GONE,
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Without the frame of a page, which `pages` puts around it.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code())
            .content_type("text/plain; charset=utf-8")
            .body(self.message().to_owned())
    }
}

/// Middleware: puts every refusal into a page, leads strangers to the sign-in page and back, and logs each failure once.
pub async fn pages(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let Some(kind) = logged(&response) else { return Ok(response) };
    let message = response.response().error().map(ToString::to_string).unwrap_or_default();
    let (request, response) = response.into_parts();
    let status = response.status();

    if kind == Kind::SignInNeeded && is_navigation(&request) {
        let next = if request.method() == Method::GET { request.uri().to_string() } else { "/".to_owned() };
        let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
        let location = format!("/sign-in?{query}");
        let redirect = HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish();
        return Ok(ServiceResponse::new(request, redirect));
    }
    let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let state = request.app_data::<web::Data<State>>().cloned();
    let chrome = match state {
        Some(state) => chrome::of(&state, &Session::of(&request)).await.unwrap_or_default(),
        None => crate::http::views::Chrome::default(),
    };
    let page = Refusal::new(chrome, kind, message, &id).render().unwrap_or_default();
    let mut refusal = HttpResponse::build(status);
    refusal.content_type("text/html; charset=utf-8");
    if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
        refusal.insert_header((header::RETRY_AFTER, "60"));
    }
    Ok(ServiceResponse::new(request, refusal.body(page)))
}

/// The kind of a failed response, after it has been logged.
fn logged(response: &ServiceResponse<BoxBody>) -> Option<Kind> {
    let error = response.response().error()?;
    let status = response.status().as_u16();
    match error.as_error::<Error>() {
        Some(error) => {
            let causes = error.causes();
            if status >= 500 {
                tracing::error!(status, cause = %causes, "{error}");
            } else if !causes.is_empty() {
                tracing::warn!(status, cause = %causes, "{error}");
            }
            Some(error.kind())
        }
        // actix's own refusals, such as a method that a page does not have.
        None => Some(match status {
            400..=499 => Kind::NotFound,
            _ => {
                tracing::error!(status, cause = %error, "the server failed");
                Kind::Internal
            }
        }),
    }
}

/// A person's browser goes to a page, rather than a script asking for something: only then does leading elsewhere help.
fn is_navigation(request: &actix_web::HttpRequest) -> bool {
    request.headers().get("sec-fetch-dest").is_none_or(|dest| dest == "document")
}
