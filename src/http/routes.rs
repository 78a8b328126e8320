//! Every route, with who may call it and its handler: the router is made of this table, so that nothing can be called which is not in
//! it. A test walks them all as each kind of visitor.

use Caller::{Administrator, Anyone, SignedIn, WithAccess};
use actix_web::web::{self, ServiceConfig};

use super::pages::{
    self, access, administration, assets, demo, download, export, exports, health, request_form, sign_in,
};

/// Who may call a route. The handler's command or query enforces it (A5); here it is said, for readers and for the test.
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

#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub method: &'static str,
    /// Path with its parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub caller: Caller,
    begin: fn() -> actix_web::Route,
    handler: Handler,
}

/// Ties a route to its handler.
type Handler = fn(actix_web::Route) -> actix_web::Route;

const fn get(path: &'static str, caller: Caller, handler: Handler) -> Route {
    Route { method: "GET", path, caller, begin: web::get, handler }
}

const fn head(path: &'static str, caller: Caller, handler: Handler) -> Route {
    Route { method: "HEAD", path, caller, begin: web::head, handler }
}

const fn post(path: &'static str, caller: Caller, handler: Handler) -> Route {
    Route { method: "POST", path, caller, begin: web::post, handler }
}

/// Every route but those of the demo.
pub const ROUTES: &[Route] = &[
    get("/health", Anyone, |route| route.to(health::get)),
    get("/static/{file}", Anyone, |route| route.to(assets::get)),
    get("/sign-in", Anyone, |route| route.to(sign_in::get)),
    post("/sign-in", Anyone, |route| route.to(sign_in::post)),
    post("/sign-out", SignedIn, |route| route.to(sign_in::sign_out)),
    get("/", SignedIn, |route| route.to(sign_in::home)),
    get("/administration", Administrator, |route| route.to(administration::get)),
    post("/administration/exports/on", Administrator, |route| route.to(administration::turn_on)),
    get("/administration/exports/off", WithAccess, |route| route.to(administration::confirm_off)),
    post("/administration/exports/off", WithAccess, |route| route.to(administration::turn_off)),
    get("/administration/access", WithAccess, |route| route.to(access::get)),
    post("/administration/access", WithAccess, |route| route.to(access::post)),
    get("/administration/exports/new", WithAccess, |route| route.to(request_form::get)),
    post("/administration/exports/new", WithAccess, |route| route.to(request_form::again)),
    get("/administration/exports/preview", WithAccess, |route| route.to(request_form::preview)),
    get("/administration/exports/find", WithAccess, |route| route.to(request_form::find)),
    get("/administration/exports/history", WithAccess, |route| route.to(administration::live)),
    post("/administration/exports", WithAccess, |route| route.to(exports::post)),
    post("/administration/exports/{id}/cancel", WithAccess, |route| route.to(exports::cancel)),
    post("/administration/exports/{id}/retry", WithAccess, |route| route.to(exports::retry)),
    get("/administration/exports/{id}", WithAccess, |route| route.to(export::get)),
    get("/administration/exports/{id}/live", WithAccess, |route| route.to(export::live)),
    get("/administration/exports/{id}/conversations", WithAccess, |route| route.to(export::conversations)),
    get("/administration/exports/{id}/parts", WithAccess, |route| route.to(export::parts)),
    get("/administration/exports/{id}/downloads", WithAccess, |route| route.to(export::downloads)),
    get("/administration/exports/{id}/delete", WithAccess, |route| route.to(export::confirm_delete)),
    post("/administration/exports/{id}/delete", WithAccess, |route| route.to(export::delete)),
    get("/administration/exports/{id}/parts/{number}", WithAccess, |route| route.to(download::get)),
    head("/administration/exports/{id}/parts/{number}", WithAccess, |route| route.to(download::get)),
];

/// Makes the router of the table.
pub fn configure(config: &mut ServiceConfig, with_demo: bool) {
    for route in ROUTES {
        config.route(route.path, (route.handler)((route.begin)()));
    }
    if with_demo {
        config.route("/demo/mails", web::get().to(demo::list)).route("/demo/mails/{id}", web::get().to(demo::get));
    }
    config.default_service(web::route().to(pages::nothing_here));
}
