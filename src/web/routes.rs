//! Every route, with who may call it. A test walks them all as each kind of visitor.

use actix_web::web::{self, ServiceConfig};

use super::pages::{
    self, access, administration, assets, demo, download, export, exports, health, request_form, sign_in,
};

/// Who may call a route. The handler's `domain` call enforces it (A5); here it is said, for readers and for the test.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Caller {
    /// Everybody.
    Anyone,
    /// Whoever is signed in.
    SignedIn,
    /// Administrators of the account (A2).
    Administrator,
    /// Administrators with access to the account's exports (A3).
    WithAccess,
}

/// A route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Method.
    pub method: &'static str,
    /// Path with its parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub caller: Caller,
}

/// Every route but those of the demo.
pub const ROUTES: &[Route] = &[
    Route { method: "GET", path: "/health", caller: Caller::Anyone },
    Route { method: "GET", path: "/static/{file}", caller: Caller::Anyone },
    Route { method: "GET", path: "/sign-in", caller: Caller::Anyone },
    Route { method: "POST", path: "/sign-in", caller: Caller::Anyone },
    Route { method: "POST", path: "/sign-out", caller: Caller::SignedIn },
    Route { method: "GET", path: "/", caller: Caller::SignedIn },
    Route { method: "GET", path: "/administration", caller: Caller::Administrator },
    Route { method: "POST", path: "/administration/exports/on", caller: Caller::Administrator },
    Route { method: "GET", path: "/administration/exports/off", caller: Caller::WithAccess },
    Route { method: "POST", path: "/administration/exports/off", caller: Caller::WithAccess },
    Route { method: "GET", path: "/administration/access", caller: Caller::WithAccess },
    Route { method: "POST", path: "/administration/access", caller: Caller::WithAccess },
    Route { method: "GET", path: "/administration/exports/new", caller: Caller::WithAccess },
    Route { method: "POST", path: "/administration/exports/new", caller: Caller::WithAccess },
    Route { method: "GET", path: "/administration/exports/preview", caller: Caller::WithAccess },
    Route { method: "GET", path: "/administration/exports/find", caller: Caller::WithAccess },
    Route { method: "GET", path: "/administration/exports/history", caller: Caller::WithAccess },
    Route { method: "POST", path: "/administration/exports", caller: Caller::WithAccess },
    Route { method: "POST", path: "/administration/exports/{id}/cancel", caller: Caller::WithAccess },
    Route { method: "POST", path: "/administration/exports/{id}/retry", caller: Caller::WithAccess },
    Route { method: "GET", path: "/administration/exports/{id}", caller: Caller::WithAccess },
    Route { method: "GET", path: "/administration/exports/{id}/live", caller: Caller::WithAccess },
    Route { method: "GET", path: "/administration/exports/{id}/conversations", caller: Caller::WithAccess },
    Route { method: "GET", path: "/administration/exports/{id}/parts", caller: Caller::WithAccess },
    Route { method: "GET", path: "/administration/exports/{id}/downloads", caller: Caller::WithAccess },
    Route { method: "GET", path: "/administration/exports/{id}/delete", caller: Caller::WithAccess },
    Route { method: "POST", path: "/administration/exports/{id}/delete", caller: Caller::WithAccess },
    Route { method: "GET", path: "/administration/exports/{id}/parts/{number}", caller: Caller::WithAccess },
    Route { method: "HEAD", path: "/administration/exports/{id}/parts/{number}", caller: Caller::WithAccess },
];

/// Ties the routes to their handlers.
pub fn configure(config: &mut ServiceConfig, with_demo: bool) {
    config
        .route("/health", web::get().to(health::get))
        .route("/static/{file}", web::get().to(assets::get))
        .route("/sign-in", web::get().to(sign_in::get))
        .route("/sign-in", web::post().to(sign_in::post))
        .route("/sign-out", web::post().to(sign_in::sign_out))
        .route("/", web::get().to(sign_in::home))
        .route("/administration", web::get().to(administration::get))
        .route("/administration/exports/on", web::post().to(administration::turn_on))
        .route("/administration/exports/off", web::get().to(administration::confirm_off))
        .route("/administration/exports/off", web::post().to(administration::turn_off))
        .route("/administration/access", web::get().to(access::get))
        .route("/administration/access", web::post().to(access::post))
        .route("/administration/exports/new", web::get().to(request_form::get))
        .route("/administration/exports/new", web::post().to(request_form::again))
        .route("/administration/exports/preview", web::get().to(request_form::preview))
        .route("/administration/exports/find", web::get().to(request_form::find))
        .route("/administration/exports/history", web::get().to(administration::live))
        .route("/administration/exports", web::post().to(exports::post))
        .route("/administration/exports/{id}/cancel", web::post().to(exports::cancel))
        .route("/administration/exports/{id}/retry", web::post().to(exports::retry))
        .route("/administration/exports/{id}", web::get().to(export::get))
        .route("/administration/exports/{id}/live", web::get().to(export::live))
        .route("/administration/exports/{id}/conversations", web::get().to(export::conversations))
        .route("/administration/exports/{id}/parts", web::get().to(export::parts))
        .route("/administration/exports/{id}/downloads", web::get().to(export::downloads))
        .route("/administration/exports/{id}/delete", web::get().to(export::confirm_delete))
        .route("/administration/exports/{id}/delete", web::post().to(export::delete))
        .route("/administration/exports/{id}/parts/{number}", web::get().to(download::get))
        .route("/administration/exports/{id}/parts/{number}", web::head().to(download::get));
    if with_demo {
        config.route("/demo/mails", web::get().to(demo::list)).route("/demo/mails/{id}", web::get().to(demo::get));
    }
    config.default_service(web::route().to(pages::nothing_here));
}
