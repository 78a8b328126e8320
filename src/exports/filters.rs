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
use crate::error::{Error, Field, Result};
use crate::model::{AccountId, ConversationId, Filters, User, UserId};
use crate::{capture, format, identity};

/// The people and conversations that are named, as an account knows them.
///
/// # Errors
/// One for each field that does not do; or when the database fails.
pub fn find(
    c: &mut Conn,
    account: AccountId,
    people: &[Named],
    conversations: &[ConversationId],
) -> Result<Filters, Vec<Error>> {
    match (find_people(c, account, people), find_conversations(c, account, conversations)) {
        (Ok(people), Ok(conversations)) => Ok(Filters { people, conversations }),
        (people, conversations) => Err(people.err().into_iter().chain(conversations.err()).collect()),
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
