//! People and conversations found by a part of their name or address, for the form that limits an export to some of them.
//!
//! Only those whom and what the account knows (see [`super::filters`]) are ever looked at.

use std::collections::{HashMap, HashSet};

use super::filters;
use super::rules::people::plain;
use crate::error::Result;
use crate::model::{AccountId, ConversationId, ConversationKind, UserId};
use crate::store::{self, Conn};

/// So many are shown at most: whoever has more to choose from types on.
const SHOWN: usize = 12;
/// What is typed is read so far.
const LETTERS: usize = 100;
/// Of people whom a word means, so many are followed into their conversations, and so many of these are looked at.
const FOLLOWED: usize = 50;
const LOOKED_AT: i64 = 200;

/// What was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found<T> {
    /// The best first.
    pub all: Vec<T>,
    /// There are more.
    pub more: bool,
}

/// A person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundPerson {
    /// Number.
    pub id: UserId,
    /// Full name.
    pub name: String,
    /// Address, where known.
    pub email: Option<String>,
    /// Name of the company, if it is another one.
    pub company: Option<String>,
}

/// A conversation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundConversation {
    /// Number.
    pub id: ConversationId,
    /// Name, or those of its people.
    pub name: String,
    /// Which of the four.
    pub kind: ConversationKind,
}

/// The words that are searched for.
fn words(text: &str) -> Vec<String> {
    let text: String = text.chars().take(LETTERS).collect();
    plain(&text).split_whitespace().map(str::to_owned).collect()
}

/// How well names fit: 0 for one that begins so, 1 for one of which a later word does, 2 for another that has all words in it;
/// none if it does not fit. `also` is searched, too.
fn fit(words: &[String], name: &str, also: &str) -> Option<u8> {
    let (name, also) = (plain(name), plain(also));
    if !words.iter().all(|word| name.contains(word) || also.contains(word)) {
        return None;
    }
    let first = words.first()?;
    let begins = |text: &str| text.split(|letter: char| !letter.is_alphanumeric()).any(|part| part.starts_with(first));
    Some(if name.starts_with(first) {
        0
    } else if begins(&name) || also.starts_with(first) {
        1
    } else {
        2
    })
}

/// The best of those that fit, in the order in which they came.
fn best<T>(mut found: Vec<(u8, T)>) -> Found<T> {
    found.sort_by_key(|(fit, _)| *fit);
    let more = found.len() > SHOWN;
    Found { all: found.into_iter().take(SHOWN).map(|(_, one)| one).collect(), more }
}

/// People by a part of their name or address. The caller has checked that the person who asks has access.
///
/// # Errors
/// When the database fails.
pub fn people(c: &mut Conn, account: AccountId, company: &str, text: &str) -> Result<Found<FoundPerson>> {
    let words = words(text);
    let mut found = Vec::new();
    for (id, name, email, of) in store::participants::list_all_known(c, account)? {
        if let Some(fit) = fit(&words, &name, email.as_deref().unwrap_or_default()) {
            found.push((fit, FoundPerson { id, name, email, company: (of != company).then_some(of) }));
        }
    }
    Ok(best(found))
}

/// Conversations by a part of their name, or of the names or addresses of their people. The caller has checked that the person
/// who asks has access.
///
/// # Errors
/// When the database fails.
pub fn conversations(c: &mut Conn, account: AccountId, text: &str) -> Result<Found<FoundConversation>> {
    let words = words(text);
    let mut found: Vec<(u8, FoundConversation)> = Vec::new();
    for (id, name) in store::conversations::list_named(c, account)? {
        if let Some(fit) = fit(&words, &name, "") {
            found.push((fit, FoundConversation { id, name, kind: ConversationKind::Team }));
        }
    }
    let known = store::participants::list_all_known(c, account)?;
    // Those whom each word means. The conversations of the fewest have to be looked at only.
    let meant = |word: &String| -> Vec<(u8, UserId)> {
        let fits = |(id, name, email, _): &store::participants::Known| {
            Some((fit(std::slice::from_ref(word), name, email.as_deref().unwrap_or_default())?, *id))
        };
        known.iter().filter_map(fits).collect()
    };
    let meant: Vec<Vec<(u8, UserId)>> = words.iter().map(meant).collect();
    if let Some(fewest) = meant.iter().min_by_key(|people| people.len()) {
        let mut people = fewest.clone();
        people.sort_by_key(|(fit, _)| *fit);
        let people: Vec<UserId> = people.into_iter().take(FOLLOWED).map(|(_, id)| id).collect();
        let ids = store::participants::list_conversations(c, account, &people, LOOKED_AT)?;
        let teams: HashSet<ConversationId> = found.iter().map(|(_, team)| team.id).collect();
        let kinds: HashMap<_, _> = store::conversations::list_kinds(c, &ids)?.into_iter().collect();
        let ids: Vec<ConversationId> = ids.into_iter().filter(|id| !teams.contains(id)).collect();
        let emails: HashMap<&str, &str> =
            known.iter().filter_map(|(_, name, email, _)| Some((name.as_str(), email.as_deref()?))).collect();
        for (id, name) in filters::labels(c, &ids)? {
            let Some(kind) = kinds.get(&id).copied().filter(|kind| kind.is_people()) else { continue };
            let also: Vec<&str> = name.split(", ").filter_map(|name| emails.get(name).copied()).collect();
            if let Some(fit) = fit(&words, &name, &also.join(" ")) {
                found.push((fit, FoundConversation { id, name, kind }));
            }
        }
    }
    Ok(best(found))
}

/// Those of these people and conversations whom and what the account knows, as they are called.
///
/// # Errors
/// When the database fails.
pub fn named(
    c: &mut Conn,
    (account, company): (AccountId, &str),
    people: &[UserId],
    conversations: &[ConversationId],
) -> Result<(Vec<FoundPerson>, Vec<FoundConversation>)> {
    let mut found = Vec::new();
    for user in store::participants::list_known(c, account, people)? {
        let of = store::accounts::find(c, user.account_id)?.map(|of| of.name).filter(|of| of != company);
        found.push(FoundPerson { id: user.id, name: user.name, email: user.email, company: of });
    }
    let ours = store::conversations::list_of_account(c, account, conversations)?;
    let kinds: HashMap<_, _> = store::conversations::list_kinds(c, &ours)?.into_iter().collect();
    let named = |(id, name)| Some(FoundConversation { id, name, kind: *kinds.get(&id)? });
    Ok((found, filters::labels(c, &ours)?.into_iter().filter_map(named).collect()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(text: &str, name: &str, also: &str) -> Option<u8> {
        fit(&words(text), name, also)
    }

    #[test]
    fn a_part_of_a_name_or_address_is_enough() {
        assert_eq!(fits("ann", "Anna Berg", ""), Some(0));
        assert_eq!(fits("BERG", "Anna Berg", ""), Some(1));
        assert_eq!(fits("nna", "Anna Berg", ""), Some(2));
        assert_eq!(fits("a.berg", "Anna Berg", "a.berg@acme.example"), Some(1));
        assert_eq!(fits("berg anna", "Anna Berg", ""), Some(1));
        assert_eq!(fits("żak", "Łukasz Żak", ""), Some(1));
        assert_eq!(fits("zak", "Łukasz Żak", ""), Some(1));
        assert_eq!(fits("ŁUK", "Łukasz Żak", ""), Some(0));
        assert_eq!(fits("bert", "Anna Berg", "a.berg@acme.example"), None);
        assert_eq!(fits("  ", "Anna Berg", ""), None);
    }

    #[test]
    fn few_are_shown_the_best_first() {
        let found = best((0..40).map(|number| (u8::from(number != 30), number)).collect());
        assert!(found.more && found.all.len() == SHOWN && found.all.first() == Some(&30));
    }

    proptest! {
        #[test]
        fn any_text_is_searched_for(text in ".{0,200}", name in ".{0,40}") {
            let found = fits(&text, &name, "");
            prop_assert!(found.is_none_or(|fit| fit < 3));
        }
    }
}
