//! What an export is limited to, carried out: which people and conversations an account may choose, and what they are
//! called.
//!
//! An account knows its own people, those who take part in a conversation that it exports, and those conversations (C2).
//! Nobody else can be chosen or found, and no answer reveals whether they exist.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::rules::filters as rules;
use super::rules::filters::Named;
use crate::db::{self, Conn};
use crate::error::{Error, Field, Kind, Result};
use crate::model::{AccountId, ConversationId, Filters, User, UserId};
use crate::{capture, format, identity};

/// The people and conversations that are named, as an account knows them; none, with the reasons among `errors`, if it does not.
///
/// # Errors
/// When the database fails.
pub fn find(
    c: &mut Conn,
    account: AccountId,
    people: &[Named],
    conversations: &[ConversationId],
    errors: &mut Vec<Error>,
) -> Result<Option<Filters>> {
    let people = unless_invalid(find_people(c, account, people), errors)?;
    let conversations = unless_invalid(find_conversations(c, account, conversations), errors)?;
    Ok(people.zip(conversations).map(|(people, conversations)| Filters { people, conversations }))
}

/// Puts what is wrong with an input among `errors`.
///
/// # Errors
/// Any other failure: it says nothing of the input.
pub(super) fn unless_invalid<T>(found: Result<T>, errors: &mut Vec<Error>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == Kind::Invalid => {
            errors.push(error);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

pub(super) fn find_people(c: &mut Conn, account: AccountId, named: &[Named]) -> Result<Vec<UserId>> {
    let mut people = BTreeSet::new();
    for named in named {
        let found = match named {
            Named::Number(id) => capture::rows::participants::list_known(c, account, &[*id])?,
            Named::Email(email) => capture::rows::participants::list_known_by_email(c, account, email)?,
        };
        // Of several with one address, one's own comes first.
        let ours = found.iter().find(|user| user.account_id == account);
        match (ours, found.as_slice()) {
            (Some(user), _) | (None, [user]) => people.insert(user.id),
            (None, []) => return Err(rules::unknown_person()),
            (None, [..]) => {
                let several = "Several people of other companies have this address. Name the one you mean by number.";
                return Err(Error::invalid(Field::People, several));
            }
        };
    }
    Ok(people.into_iter().collect())
}

pub(super) fn find_conversations(
    c: &mut Conn,
    account: AccountId,
    named: &[ConversationId],
) -> Result<Vec<ConversationId>> {
    let found = capture::rows::conversations::list_of_account(c, account, named)?;
    if found == named { Ok(found) } else { Err(rules::unknown_conversation()) }
}

/// Those whom and what an export is limited to, as they are called.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Chosen {
    /// People, each with the name of their account.
    pub people: Vec<(User, String)>,
    /// Conversations, each with its name, or those of its people.
    pub conversations: Vec<(ConversationId, String)>,
}

impl Chosen {
    /// Nothing is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.conversations.is_empty()
    }
}

/// What those are called now whom and what an account has chosen.
pub fn called(c: &mut Conn, filters: &Filters) -> Result<Chosen> {
    let mut chosen = Chosen::default();
    for &id in &filters.people {
        chosen.people.extend(identity::rows::users::find_at_cut(c, id, db::cuts::Cut::Now)?);
    }
    chosen.conversations = labels(c, &filters.conversations)?;
    Ok(chosen)
}

/// What conversations are called: by their name, or by those of their people as archives list them.
pub fn labels(c: &mut Conn, ids: &[ConversationId]) -> Result<Vec<(ConversationId, String)>> {
    let mut labels = Vec::with_capacity(ids.len());
    let mut members = capture::rows::conversations::list_member_names(c, ids)?.into_iter().peekable();
    for (id, name) in capture::rows::conversations::list_names(c, ids)? {
        let mut names = Vec::new();
        while let Some((of, name)) = members.next_if(|(of, _)| *of <= id) {
            if of == id {
                names.push(name);
            }
        }
        labels.push((id, name.unwrap_or_else(|| format::names(&names))));
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_the_database_is_not_called_a_mistake_of_whoever_asks() {
        let mut errors = Vec::new();
        let busy = || Error::new(Kind::Unavailable, "busy").transient();
        assert!(unless_invalid::<()>(Err(busy()), &mut errors).is_err_and(|error| error.is_transient()));
        assert!(errors.is_empty());
        assert!(unless_invalid::<()>(Err(rules::unknown_person()), &mut errors).is_ok_and(|found| found.is_none()));
        assert_eq!(errors.len(), 1);
    }
}
