//! All that is known of one export, for its page: what was asked, what became of it, what is inside, and who has it.
//!
//! Nothing here grows with the export: of what there may be many, the first ones and their number are read.

use std::collections::HashMap;
use std::ops::Range;

use super::archives::{self, Broken};
use super::evidence::{self, Adoption};
use super::filters::{self, Chosen};
use super::queue::CONVERSATIONS_PER_PAGE;
use super::rules::summary::{ConversationCounts, ItemCounts, KindCounts, Totals};
use super::{requests, rows};
use crate::archive::names;
use crate::blobs::Blobs;
use crate::capture::rules::periods;
use crate::db::cuts::Cut;
use crate::db::{self, Conn};
use crate::error::{Error, Result};
use crate::exports::rules::requests as rules;
use crate::identity::access::Administrator;
use crate::model::{
    CapturePeriod, ConversationId, ConversationKind, DeliveryStatus, Download, ExportRequest, Part, RequestId,
    SourceKey, Timestamp, UserId,
};
use crate::{capture, format, identity, numbers};

/// Of what there may be many, so many are shown at first.
pub const FIRST: usize = 6;
/// Of a conversation without a name, so many people are named.
const NAMED: usize = 3;
/// And so many on each page of all of them.
pub const PER_PAGE: usize = CONVERSATIONS_PER_PAGE;

/// Some of many.
#[derive(Clone, Debug)]
pub struct Excerpt<T> {
    pub shown: Vec<T>,
    /// How many there are in all.
    pub count: i64,
}

/// The parts of an export.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The first ones.
    pub first: Excerpt<Part>,
    pub bytes: i64,
}

/// A conversation of an export.
#[derive(Clone, Debug)]
pub struct Inside {
    pub kind: ConversationKind,
    /// What it is called, or the first of those who are in it, as it was at the cut.
    pub name: String,
    /// How many more are in it.
    pub others: usize,
    /// Its folder below the archive's top folder.
    pub folder: String,
    pub items: ItemCounts,
}

/// How complete what an export holds is: when deleted items were not kept (C4), from the first day on up to the cut. What was
/// deleted of these days after them is missing as well, so that the time after them counts.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// The range, as far as it reaches: nothing is known of the time after the cut.
    pub range: Range<Timestamp>,
    /// The cut; before it is taken, now.
    pub until: Timestamp,
    /// Capture was off, oldest first.
    pub gaps: Vec<(Timestamp, Timestamp)>,
}

/// All that is known of an export.
#[derive(Clone, Debug)]
pub struct Overview {
    /// What was asked, and where it stands.
    pub request: ExportRequest,
    /// Name and address of who asked.
    pub requester: (String, Option<String>),
    /// Whom and what it is limited to, as they were called at the cut.
    pub limits: Chosen,
    /// Name of the archive's top folder.
    pub top_folder: String,
    /// Name of who deleted it.
    pub deleter: Option<String>,
    /// Name and last recording of each source of the account at the cut (C7); none before it is taken.
    pub recordings: Vec<(String, i64)>,
    /// When its bytes were erased.
    pub erased_at: Option<Timestamp>,
    /// The operator has taken it into this database as a finished archive.
    pub adoption: Option<Adoption>,
    /// Its parts that are missing or damaged.
    pub broken: Vec<Broken>,
    /// What was, or would be now, not covered.
    pub coverage: Coverage,
    pub parts: Parts,
    /// How much is inside; none while it is not completed, or if an earlier version completed it.
    pub totals: Option<Totals>,
    /// Those with most items.
    pub conversations: Excerpt<Inside>,
    /// Mails about it, the newest first.
    pub mails: Excerpt<DeliveryStatus>,
    /// Who has taken it, the newest first.
    pub downloads: Excerpt<Download>,
    /// Why nothing can be requested now; the feature may be off besides.
    pub refusal: Option<String>,
}

/// All that is known of an export.
///
/// # Errors
/// Those of [`crate::identity::access::administrator_with_access`]; [`crate::error::Kind::NotFound`].
pub fn find(
    c: &mut Conn,
    blobs: &Blobs,
    user: UserId,
    id: RequestId,
    policy: requests::Policy,
    now: Timestamp,
) -> Result<(Administrator, Overview)> {
    let (administrator, request) = requests::find_with_access(c, user, id)?;
    let kept = evidence::find_kept(c, id)?;
    let periods = match &kept {
        Some(evidence) => evidence.periods.clone(),
        None => capture::rows::periods::list(c, request.account_id)?,
    };
    let requester = match &kept {
        Some(evidence) => Some(evidence.requester.clone()),
        None => identity::rows::users::find(c, request.requester_id)?,
    };
    let adoption = kept.as_ref().and_then(|evidence| evidence.adoption);
    let Some(requester) = requester else {
        return Err(Error::internal("The person who requested the export is gone.", request.requester_id.to_string()));
    };
    let (account, limits) = match kept {
        Some(evidence) => (evidence.account, evidence.chosen),
        None => (administrator.account.name.clone(), filters::called(c, &request.filters)?),
    };
    let first = numbers::exact(FIRST)?;
    let (parts, count, bytes) = rows::exports::page_of_parts(c, id, 0, first)?;
    let parts = Parts { first: Excerpt { shown: parts, count }, bytes };
    let (totals, conversations) = contents(c, &request)?;
    let (mails, mails_count) = rows::mails::list_delivery_statuses(c, id, first)?;
    let (downloads, downloads_count) = rows::downloads::page(c, id, 0, first)?;
    let overview = Overview {
        requester: (requester.name, requester.email),
        limits,
        top_folder: names::top_folder(
            &account,
            request.first_day,
            request.last_day,
            adoption.map_or(id, |adoption| adoption.number),
        ),
        deleter: rows::exports::find_deleter(c, id)?,
        recordings: recordings(c, &request)?,
        erased_at: rows::exports::find_erased(c, id)?,
        adoption,
        broken: archives::broken(c, blobs, Some(&[id]), now)?,
        coverage: coverage(&request, &periods, now),
        parts,
        totals,
        conversations,
        mails: Excerpt { shown: mails, count: mails_count },
        downloads: Excerpt { shown: downloads, count: downloads_count },
        refusal: requests::refusal(c, &administrator, policy)?,
        request,
    };
    Ok((administrator, overview))
}

/// What each source of the account is called, and the number of its last recording that counts.
fn recordings(c: &mut Conn, request: &ExportRequest) -> Result<Vec<(String, i64)>> {
    let numbers = db::cuts::list_of_account(c, request.id, request.account_id)?;
    let called =
        |(kind, name, number): (String, String, i64)| (SourceKey { kind: &kind, name: &name }.to_string(), number);
    Ok(numbers.into_iter().map(called).collect())
}

fn coverage(request: &ExportRequest, periods: &[CapturePeriod], now: Timestamp) -> Coverage {
    let range = rules::range(request);
    let until = request.cut.unwrap_or(now).max(range.start);
    let gaps = periods::gaps(periods, range.start, until);
    Coverage { range: range.start..range.end.min(until), until, gaps }
}

fn contents(c: &mut Conn, request: &ExportRequest) -> Result<(Option<Totals>, Excerpt<Inside>)> {
    let Some(summary) = rows::summaries::find(c, request.id)? else {
        return Ok((None, Excerpt { shown: Vec::new(), count: 0 }));
    };
    let totals = Totals::parse(&summary.by_kind, &summary.by_day)?;
    let largest = counts_of_page(c, request.id, 1)?.into_iter().take(FIRST).collect();
    let shown = inside(c, request, largest)?;
    Ok((Some(totals), Excerpt { shown, count: summary.conversations }))
}

fn counts_of_page(c: &mut Conn, id: RequestId, page: u32) -> Result<Vec<ConversationCounts>> {
    // A page of a number that no table can hold is one that is not there.
    let Ok(page) = i32::try_from(page) else { return Ok(Vec::new()) };
    match rows::summaries::find_page(c, id, page)? {
        Some(text) => Ok(KindCounts::parse(&text)?.0),
        None => Ok(Vec::new()),
    }
}

/// Conversations with their names.
fn inside(c: &mut Conn, request: &ExportRequest, counts: Vec<ConversationCounts>) -> Result<Vec<Inside>> {
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    if request.cut.is_none() {
        return Err(Error::internal("An export has counts, but no cut.", format!("export {}", request.id)));
    }
    let cut = Cut::Of(request.id);
    let ids: Vec<ConversationId> = counts.iter().map(|counts| counts.id).collect();
    let found = capture::rows::conversations::list_for_account(c, request.account_id, cut, &ids)?;
    let mut found: HashMap<ConversationId, Option<String>> =
        found.into_iter().map(|conversation| (conversation.id, conversation.name)).collect();
    // A Team has a name and may have thousands of people.
    let unnamed: Vec<ConversationId> = counts.iter().filter(|c| c.kind.is_people()).map(|c| c.id).collect();
    let stays = capture::rows::conversations::list_people(c, &unnamed, cut)?;
    let people: Vec<UserId> = stays.iter().map(|(_, user)| *user).collect();
    let people = identity::rows::users::list_names_at_cut(c, &people, cut)?;
    let mut names: HashMap<ConversationId, Vec<&str>> = HashMap::new();
    for (conversation, user) in &stays {
        names.entry(*conversation).or_default().extend(people.get(user).map(String::as_str));
    }
    let inside = |ConversationCounts { id, kind, items }| {
        let name = found.remove(&id).flatten().filter(|name| !name.trim().is_empty());
        let people = names.remove(&id).unwrap_or_default();
        let folder = names::conversation_folder(kind, id, name.as_deref(), &people);
        let others = if name.is_some() { 0 } else { people.len().saturating_sub(NAMED) };
        let first = || format::names(people.get(..NAMED).unwrap_or(&people));
        Inside { kind, name: name.unwrap_or_else(first), others, folder, items }
    };
    Ok(counts.into_iter().map(inside).collect())
}

/// What there may be many of in an export, page by page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum List {
    Conversations,
    Parts,
    /// Who has taken it.
    Downloads,
}

/// A page of one of the lists.
#[derive(Clone, Debug)]
pub enum ListPage {
    /// Conversations, those with most items first.
    Conversations(Excerpt<Inside>),
    /// Parts, by number.
    Parts(Excerpt<Part>),
    /// Downloads, the newest first.
    Downloads(Excerpt<Download>),
}

/// A page, from 1, of one of the lists of an export.
///
/// # Errors
/// Those of [`find`].
pub fn list(
    c: &mut Conn,
    user: UserId,
    id: RequestId,
    list: List,
    page: u32,
) -> Result<(Administrator, ExportRequest, ListPage)> {
    let (administrator, request) = requests::find_with_access(c, user, id)?;
    let limit: i64 = numbers::exact(PER_PAGE)?;
    let skip = i64::from(page.saturating_sub(1)) * limit;
    let listed = match list {
        List::Conversations => {
            let count = rows::summaries::find(c, id)?.map_or(0, |summary| summary.conversations);
            let counts = counts_of_page(c, id, page)?;
            ListPage::Conversations(Excerpt { shown: inside(c, &request, counts)?, count })
        }
        List::Parts => {
            let (shown, count, _) = rows::exports::page_of_parts(c, id, skip, limit)?;
            ListPage::Parts(Excerpt { shown, count })
        }
        List::Downloads => {
            let (shown, count) = rows::downloads::page(c, id, skip, limit)?;
            ListPage::Downloads(Excerpt { shown, count })
        }
    };
    if page > 1 && listed.is_empty() {
        return Err(Error::not_found("This list has no such page."));
    }
    Ok((administrator, request, listed))
}

impl ListPage {
    fn is_empty(&self) -> bool {
        match self {
            Self::Conversations(some) => some.shown.is_empty(),
            Self::Parts(some) => some.shown.is_empty(),
            Self::Downloads(some) => some.shown.is_empty(),
        }
    }
}
