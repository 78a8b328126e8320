//! The request's line in the log, and what every answer says to browsers.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;
use tracing::Span;
use tracing_actix_web::{DefaultRootSpanBuilder, RootSpanBuilder};

use super::State;

/// Pages load nothing from elsewhere, run no code but our files, and can't be framed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What an orchestrator or an open page asks again and again.
const QUIET: [&str; 4] =
    ["/health", "/administration/exports/history", "/administration/exports/preview", "/administration/exports/find"];

/// A span for each request, with its number and path. No query: it may hold what somebody typed.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        use actix_web::HttpMessage;
        let id = request.extensions().get::<tracing_actix_web::RequestId>().map(ToString::to_string);
        tracing::info_span!("request", id = id.unwrap_or_default(), method = %request.method(), path = request.path())
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, actix_web::Error>) {
        // The line was written by `log` below; failures by `refusals`.
        DefaultRootSpanBuilder::on_request_end(span, outcome);
    }
}

/// Middleware: one line for each request.
pub async fn log<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let began = Instant::now();
    let response = next.call(request).await?;
    let milliseconds = began.elapsed().as_secs_f64() * 1_000.0;
    // It would drown the rest.
    let path = response.request().path();
    if QUIET.contains(&path) || path.ends_with("/live") {
        tracing::debug!(status = response.status().as_u16(), milliseconds, "answered");
    } else {
        tracing::info!(status = response.status().as_u16(), milliseconds, "answered");
    }
    Ok(response)
}

/// Middleware: headers that protect whoever looks at a page.
pub async fn protect<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let https = request.app_data::<web::Data<State>>().is_some_and(|state| state.public_address.is_https());
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    // Nothing of an account may stay in a browser's or proxy's cache.
    set(header::CACHE_CONTROL, "no-store");
    if https {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    Ok(response)
}
