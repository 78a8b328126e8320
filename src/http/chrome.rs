//! The frame of every page: who is signed in, and what has just succeeded.

use super::State;
use super::sessions::Session;
use super::views::{Chrome, SignedIn};
use crate::error::Result;
use crate::identity::access;
use crate::model::{Account, User};

/// The frame for whoever is signed in, if anyone is.
pub async fn of(state: &State, session: &Session) -> Result<Chrome> {
    let signed_in = match session.user() {
        Some(user) => state.read(move |c, _| access::find_signed_in(c, user)).await?,
        None => None,
    };
    Ok(match signed_in {
        Some((user, account)) => for_person(state, session, &user, &account),
        None => Chrome { demo: state.demo, ..Chrome::default() },
    })
}

/// The frame for a person whom the handler has looked up already.
#[must_use]
pub fn for_person(state: &State, session: &Session, user: &User, account: &Account) -> Chrome {
    let person = SignedIn { name: user.name.clone(), account: account.name.clone(), is_admin: user.is_active_admin() };
    Chrome { person: Some(person), csrf: session.csrf(), flash: session.take_flash(), demo: state.demo }
}
