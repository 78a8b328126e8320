//! Request an export, cancel one, retry one (B1–B3). The form is `request_form`.

use actix_web::{HttpResponse, web};

use super::request_form::{self, Typed};
use super::see_other;
use crate::error::Result;
use crate::exports::requests::{Cancel, Retry};
use crate::format;
use crate::http::State;
use crate::http::forms::{Fields, Submission};
use crate::http::views::request::Errors;
use crate::model::RequestId;

/// `POST /administration/exports`: administrators with access, while the feature is on.
///
/// # Errors
/// Those of [`RequestExport`](crate::exports::request::RequestExport); what can be put right is shown on the form.
pub async fn post(state: web::Data<State>, submission: Submission) -> Result<HttpResponse> {
    let Submission { user, session, fields } = submission;
    let typed = Typed::of(&fields);
    let made = match typed.parse(state.policy) {
        Some(command) => state.run(user, command).await,
        None => {
            let typed = typed.clone();
            Err(state.read(move |c, now| typed.problems(c, user, now)).await?)
        }
    };
    match made {
        Ok(_) => {
            session.say("Export requested. You will get an email when it is ready; you can close this page.")?;
            Ok(see_other("/administration"))
        }
        Err(error) => {
            let mut shown = Errors::default();
            let status = request_form::sort_errors(error, &mut shown)?;
            request_form::form(&state, &session, user, status, typed, shown, String::new()).await
        }
    }
}

/// `POST /administration/exports/{id}/cancel`: administrators with access.
///
/// # Errors
/// Those of [`Cancel`].
pub async fn cancel(state: web::Data<State>, id: web::Path<RequestId>, submission: Submission) -> Result<HttpResponse> {
    state.run(submission.user, Cancel { export: *id }).await?;
    submission.session.say("Export cancelled.")?;
    Ok(see_other(&back(&submission.fields, *id)))
}

/// `POST /administration/exports/{id}/retry`: administrators with access, while the feature is on.
///
/// # Errors
/// Those of [`Retry`].
pub async fn retry(state: web::Data<State>, id: web::Path<RequestId>, submission: Submission) -> Result<HttpResponse> {
    state.run(submission.user, Retry { export: *id, max_open: state.policy.max_open }).await?;
    submission.session.say("The export is queued again. You will get an email when it is ready.")?;
    Ok(see_other(&back(&submission.fields, *id)))
}

/// Where a form leads back to: the page of the export if it says so, otherwise the Administration page.
fn back(fields: &Fields, id: RequestId) -> String {
    if fields.get("back") == "export" { format::export_page(id) } else { "/administration".to_owned() }
}
