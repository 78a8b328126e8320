//! People and conversations found by a part of their name or address, for the form that limits an export to some of them.
//!
//! Only those whom and what the account knows (see [`crate::exports::filters`]) are ever looked at. What is meant, and how well it fits,
//! [`crate::search_key`] decides. Nothing that is meant is passed over: what is not shown is reported by [`SearchResults::more`].

use std::collections::{BTreeMap, HashMap};

use super::filters;
use crate::db::Conn;
use crate::error::Result;
use crate::model::{AccountId, ConversationId, ConversationKind, UserId};
use crate::search_key::{Fit, Fits, Sought};
use crate::{capture, identity, numbers};

/// So many are shown at most: whoever has more to choose from types on.
const SHOWN: usize = 12;

/// How conversations are looked at. It is no matter for what is found, only for how long that takes.
#[derive(Clone, Copy, Debug)]
pub struct Strides {
    /// So many in one go.
    pub page: i64,
    /// Of no more people than these the conversations are asked for; where each word means more, all are looked at.
    pub few: usize,
}

impl Default for Strides {
    fn default() -> Self {
        Self { page: 2_000, few: 1_000 }
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SearchResults<T> {
    /// The best first.
    pub all: Vec<T>,
    /// There are more.
    pub more: bool,
}

impl<T> SearchResults<T> {
    /// Of those that were found, which are one more than are shown if there are more.
    fn of(mut all: Vec<T>) -> Self {
        let more = all.len() > SHOWN;
        all.truncate(SHOWN);
        Self { all, more }
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundPerson {
    pub id: UserId,
    /// Full name.
    pub name: String,
    /// Address, where known.
    pub email: Option<String>,
    /// Name of the company, if it is another one.
    pub company: Option<String>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundConversation {
    pub id: ConversationId,
    /// Name, or those of its people.
    pub name: String,
    /// Which of the four.
    pub kind: ConversationKind,
}

/// People by a part of their name or address, the best fit first, then by name. The caller has checked that the person who asks
/// has access.
pub fn people(c: &mut Conn, account: AccountId, company: &str, text: &str) -> Result<SearchResults<FoundPerson>> {
    let found = by_key(&Sought::new(text), |needles, found: &[(Fit, capture::rows::participants::Known)], limit| {
        let except: Vec<UserId> = found.iter().map(|(_, (id, ..))| *id).collect();
        capture::rows::participants::list_with_key(c, account, needles, &except, limit)
    })?;
    let person = |(_, (id, name, email, of)): (Fit, capture::rows::participants::Known)| FoundPerson {
        id,
        name,
        email,
        company: (of != company).then_some(of),
    };
    Ok(SearchResults::of(found.into_iter().map(person).collect()))
}

/// Those whose key has what is looked for, the best fit first: one more than are shown, if there are as many. `list` finds so
/// many whose key has all the needles in it, besides those that are found already.
fn by_key<T>(
    sought: &Sought,
    mut list: impl FnMut(&[String], &[(Fit, T)], i64) -> Result<Vec<T>>,
) -> Result<Vec<(Fit, T)>> {
    let mut found = Vec::new();
    for fit in Fit::ALL {
        let room = (SHOWN + 1).saturating_sub(found.len());
        if room == 0 || sought.is_empty() {
            break;
        }
        let listed = list(&sought.needles(fit), &found, numbers::exact(room)?)?;
        found.extend(listed.into_iter().map(|one| (fit, one)));
    }
    Ok(found)
}

/// Teams by a part of their name, and other conversations by parts of the names or addresses of their people: the best fit
/// first; Teams by name, then those of one or two people, then larger ones, of both the newest first. The caller has checked
/// that the person who asks has access.
pub fn conversations(
    c: &mut Conn,
    account: AccountId,
    text: &str,
    strides: Strides,
) -> Result<SearchResults<FoundConversation>> {
    let sought = Sought::new(text);
    let teams = by_key(&sought, |needles, found: &[(Fit, (ConversationId, String))], limit| {
        let except: Vec<ConversationId> = found.iter().map(|(_, (id, _))| *id).collect();
        capture::rows::conversations::list_with_key(c, account, needles, &except, limit)
    })?;
    let of_people = of_people(c, account, &sought, strides)?;
    let ids: Vec<ConversationId> = of_people.values().map(|(id, _)| *id).collect();
    let mut labels: HashMap<ConversationId, String> = filters::labels(c, &ids)?.into_iter().collect();
    let team = |(fit, (id, name))| (fit, FoundConversation { id, name, kind: ConversationKind::Team });
    let of_people = of_people.into_iter().map(|((fit, ..), (id, kind))| {
        let name = labels.remove(&id).unwrap_or_default();
        (fit, FoundConversation { id, name, kind })
    });
    let mut all: Vec<(Fit, FoundConversation)> = teams.into_iter().map(team).chain(of_people).collect();
    all.sort_by_key(|(fit, _)| *fit);
    Ok(SearchResults::of(all.into_iter().map(|(_, one)| one).collect()))
}

/// A conversation of people has its place by how well it fits, by whether it is a larger one, and by its age: how many newer ones
/// have been looked at.
type Rank = (Fit, bool, usize);

/// The best of the conversations without a name in which each word means one of the people: one more than are shown, if there
/// are as many.
fn of_people(
    c: &mut Conn,
    account: AccountId,
    sought: &Sought,
    strides: Strides,
) -> Result<BTreeMap<Rank, (ConversationId, ConversationKind)>> {
    let mut best = BTreeMap::new();
    let meant: HashMap<UserId, Fits> = capture::rows::participants::list_with_any_key(c, account, sought.words())?
        .into_iter()
        .map(|(id, key)| (id, sought.fits_of(&key)))
        .collect();
    for fit in Fit::ALL {
        look_through(c, account, (sought, &meant), (fit, strides), &mut best)?;
        if best.len() > SHOWN {
            break;
        }
    }
    Ok(best)
}

/// Adds the conversations that fit so well and no better.
fn look_through(
    c: &mut Conn,
    account: AccountId,
    (sought, meant): (&Sought, &HashMap<UserId, Fits>),
    (wanted, strides): (Fit, Strides),
    best: &mut BTreeMap<Rank, (ConversationId, ConversationKind)>,
) -> Result<()> {
    let Some(rarest) = rarest(sought, meant, wanted) else { return Ok(()) };
    let (mut before, mut looked_at) = (ConversationId::MAX, 0);
    // Those that come are older: once there are enough smaller ones, none of them is better.
    while best.len() <= SHOWN || best.last_key_value().is_some_and(|((.., is_large, _), _)| *is_large) {
        let (page, last) = if rarest.len() <= strides.few {
            let ids = capture::rows::participants::page_of_conversations(c, &rarest, before, strides.page)?;
            (capture::rows::conversations::list_of_people(c, account, &ids)?, ids.last().copied())
        } else {
            let page = capture::rows::conversations::page_of_people(c, account, before, strides.page)?;
            let last = page.last().map(|(id, _)| *id);
            (page, last)
        };
        let Some(last) = last else { break };
        before = last;
        let ids: Vec<ConversationId> = page.iter().map(|(id, _)| *id).collect();
        let mut fits: HashMap<ConversationId, Fits> = HashMap::new();
        for (conversation, user) in capture::rows::conversations::list_members(c, &ids)? {
            if let Some(&of_user) = meant.get(&user) {
                let fits = fits.entry(conversation).or_default();
                *fits = fits.or(of_user);
            }
        }
        for (id, kind) in page {
            looked_at += 1;
            if fits.get(&id).and_then(|fits| sought.fit(fits)) == Some(wanted) {
                best.insert((wanted, kind == ConversationKind::Group, looked_at), (id, kind));
                if best.len() > SHOWN + 1 {
                    best.pop_last();
                }
            }
        }
    }
    Ok(())
}

/// Those whom the word means that means fewest, so well that all can fit as is wanted; none if there is no word.
fn rarest(sought: &Sought, meant: &HashMap<UserId, Fits>, wanted: Fit) -> Option<Vec<UserId>> {
    let of_word =
        |word| meant.iter().filter(|(_, fits)| fits.reaches(word, wanted)).map(|(id, _)| *id).collect::<Vec<_>>();
    (0..sought.words().len()).map(of_word).min_by_key(Vec::len)
}

/// Those of these people and conversations whom and what the account knows, as they are called.
pub fn named(
    c: &mut Conn,
    (account, company): (AccountId, &str),
    people: &[UserId],
    conversations: &[ConversationId],
) -> Result<(Vec<FoundPerson>, Vec<FoundConversation>)> {
    let mut found = Vec::new();
    for user in capture::rows::participants::list_known(c, account, people)? {
        let of = identity::rows::accounts::find(c, user.account_id)?.map(|of| of.name).filter(|of| of != company);
        found.push(FoundPerson { id: user.id, name: user.name, email: user.email, company: of });
    }
    let ours = capture::rows::conversations::list_of_account(c, account, conversations)?;
    let kinds: HashMap<_, _> = capture::rows::conversations::list_kinds(c, &ours)?.into_iter().collect();
    let named = |(id, name)| Some(FoundConversation { id, name, kind: *kinds.get(&id)? });
    Ok((found, filters::labels(c, &ours)?.into_iter().filter_map(named).collect()))
}
