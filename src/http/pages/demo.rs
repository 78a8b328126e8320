//! The mails that the demo would have sent. These pages exist in the demo only.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::page;
use crate::error::{Error, Result};
use crate::exports::mails;
use crate::format;
use crate::http::sessions::Visitor;
use crate::http::views::mails::{Mail, MailRow, Mails};
use crate::http::{State, chrome};
use crate::identity::access;
use crate::model::MailId;

/// `GET /demo/mails`: administrators; those of the demo's companies are all there are.
///
/// # Errors
/// Those of [`access::administrator`].
pub async fn list(state: web::Data<State>, visitor: Visitor) -> Result<HttpResponse> {
    let Visitor { user, session } = visitor;
    let (administrator, found) = state
        .read(move |c, _| {
            let administrator = access::administrator(c, user)?;
            let found = mails::newest_of(c, administrator.account.id)?;
            Ok((administrator, found))
        })
        .await?;
    let zone = administrator.account.time_zone;
    let mut rows = Vec::with_capacity(found.len());
    for letter in found {
        rows.push(MailRow {
            href: format!("/demo/mails/{}", letter.id),
            subject: letter.write(&state.public_address)?.subject,
            to: letter.recipient.email.unwrap_or_default(),
            sent: format::instant_and_zone(letter.created_at, zone),
        });
    }
    let chrome = chrome::for_person(&state, &session, &administrator.user, &administrator.account);
    page(StatusCode::OK, &Mails { chrome, mails: rows })
}

/// `GET /demo/mails/{id}`: administrators of the account that the mail is about.
///
/// # Errors
/// Those of [`access::administrator`]; when there is no such mail.
pub async fn get(state: web::Data<State>, visitor: Visitor, id: web::Path<MailId>) -> Result<HttpResponse> {
    let Visitor { user, session } = visitor;
    let (administrator, letter) = state
        .read(move |c, _| {
            let administrator = access::administrator(c, user)?;
            let letter = mails::find(c, *id)?.filter(|letter| letter.account.id == administrator.account.id);
            Ok((administrator, letter.ok_or_else(|| Error::not_found("There is no such mail."))?))
        })
        .await?;
    let text = letter.write(&state.public_address)?;
    let view = Mail {
        chrome: chrome::for_person(&state, &session, &administrator.user, &administrator.account),
        from: state.sender.clone(),
        to: letter.recipient.email.unwrap_or_default(),
        subject: text.subject,
        sent: format::instant_and_zone(letter.created_at, administrator.account.time_zone),
        text: text.text,
    };
    page(StatusCode::OK, &view)
}
