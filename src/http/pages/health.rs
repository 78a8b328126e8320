//! For an orchestrator: whether this process can do its work.

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::http::State;

/// `GET /health`: open to everybody; says nothing about accounts. 200 when the database is the one that
/// was opened, answers and takes changes; otherwise 503.
pub async fn get(state: web::Data<State>) -> HttpResponse {
    match state.with_store(|store, _| store.check()).await {
        Ok(()) => HttpResponse::Ok().json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")})),
        Err(error) => {
            tracing::error!(cause = %error.causes(), "the health check failed: {error}");
            HttpResponse::ServiceUnavailable().json(json!({"status": "database unavailable"}))
        }
    }
}
