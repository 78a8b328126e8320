//! Style sheet, scripts and icon.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use crate::error::{Error, Result};
use crate::http::views::assets;

/// `GET /static/…`: open to everybody.
///
/// # Errors
/// When there is no such file.
pub async fn get(request: HttpRequest) -> Result<HttpResponse> {
    let asset = assets::find(request.path()).ok_or_else(|| Error::not_found("There is no such file."))?;
    let mut response = HttpResponse::Ok();
    response
        .content_type(asset.content_type)
        // The address holds the hash: another content has another address.
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "Accept-Encoding"));
    if takes_gzip(&request) {
        return Ok(response.insert_header((header::CONTENT_ENCODING, "gzip")).body(asset.packed.as_slice()));
    }
    Ok(response.body(asset.bytes))
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let names =
        request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // A weight of zero would refuse it; no browser sends that, and the plain file is right for whoever does.
    names.split(',').any(|name| name.trim().eq_ignore_ascii_case("gzip"))
}
