//! The handlers, a module for each page. Each asks a feature, which checks the rights, and fills a view.

pub mod access;
pub mod administration;
pub mod assets;
pub mod demo;
pub mod download;
pub mod export;
pub mod exports;
pub mod health;
pub mod request_form;
pub mod sign_in;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::error::{Context, Error, Result};
use crate::{keys, sums};

/// A page.
fn page(status: StatusCode, view: &impl Template) -> Result<HttpResponse> {
    let text = view.render().context(|| "The page could not be made.".to_owned())?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(text))
}

/// A part of a page that is asked for again and again while the page is open: to one that has it already, 304.
fn fragment(request: &HttpRequest, view: &impl Template) -> Result<HttpResponse> {
    let text = view.render().context(|| "The page could not be made.".to_owned())?;
    // Of what the page shows, and so of everything that could change it, the time left included.
    let tag = EntityTag::new_strong(keys::hex(&sums::sha256(text.as_bytes())));
    let known =
        request.headers().contains_key(header::IF_NONE_MATCH).then(|| IfNoneMatch::parse(request).ok()).flatten();
    let is_known = match known {
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        _ => false,
    };
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header(header::ETag(tag));
    if is_known {
        return Ok(response.finish());
    }
    Ok(response.content_type("text/html; charset=utf-8").body(text))
}

/// Leads to another page after a form has done its work, so that reloading does not do it again.
fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish()
}

/// Any other address.
///
/// # Errors
/// Always.
pub async fn nothing_here() -> Result<HttpResponse> {
    Err(Error::not_found("This server has no such page."))
}
