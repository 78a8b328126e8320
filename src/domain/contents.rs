//! What an export holds (C1–C7): the conversations of an account and their items within a range, as they stood at a cut.
//!
//! An archive is a function of what is read here. Pages are bounded, and no transaction stays open between them: what
//! was recorded after the cut is left out by its number, which is that of the conversation's source. The worker calls this and writes it down.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::rules::capture::{self, Appearance, Spans};
use super::rules::days::{self, DayFinder};
use super::rules::edits::{self, Change, LogEntry};
use super::rules::memberships::{self, Stay};
use super::rules::parts::{Limits, PlannedDay, Splitter};
use super::rules::slices::{DayCount, Slice};
use crate::error::Result;
use crate::model::{
    AccountId, Attachment, CapturePeriod, Content, ConversationId, Copies, Filters, ItemKind, Timestamp, User, UserId,
};
use crate::store::conversations::{Choice, Conversation};
use crate::store::cuts::Cut;
use crate::store::items::Position;
use crate::store::{self, Conn, Reading, Store};

/// Conversations read at a time.
const CONVERSATIONS: i64 = 200;
/// Items read at a time.
const ITEMS: i64 = 500;
/// Items planned at a time.
const PLANNED_ITEMS: i64 = 5_000;

/// A person as archives name them.
#[derive(Clone, Debug)]
pub struct Person {
    /// The person.
    pub user: User,
    /// Name of their company.
    pub account: String,
}

/// A conversation with its people.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The conversation.
    pub conversation: Conversation,
    /// Name of the owning account.
    pub owner: String,
    /// Who started it.
    pub starter: Option<Arc<Person>>,
    /// Each stay of each person, by the person's number.
    pub stays: Vec<(Arc<Person>, Stay)>,
}

/// An item as it shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The source's id.
    pub id: String,
    /// What it is.
    pub kind: ItemKind,
    /// Who posted it.
    pub author: Option<Arc<Person>>,
    /// When.
    pub created_at: Timestamp,
    /// The source's id of the item that it replies to.
    pub parent: Option<String>,
    /// What it says.
    pub content: Content,
    /// Who is to do a task.
    pub assignees: Vec<Arc<Person>>,
    /// Its edit log.
    pub log: Vec<(LogEntry, Option<Arc<Person>>)>,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// When and by whom it was deleted.
    pub deleted: Option<(Timestamp, Option<Arc<Person>>)>,
}

/// Reads what an export holds.
#[derive(Debug)]
pub struct Reader {
    db: Reading,
    view: View,
}

/// What of all that is recorded shows, and the people who were met in it.
#[derive(Debug)]
struct View {
    account: AccountId,
    cut: Cut,
    /// The cut's number for each of the conversations that were given last.
    numbers: HashMap<ConversationId, i64>,
    range: Range<Timestamp>,
    filters: Filters,
    /// When capture was on, or may have been.
    on: Spans,
    people: HashMap<UserId, Option<Arc<Person>>>,
}

impl Reader {
    /// A reader of an account's items within a range, as they stood at the cut: that of a request, and when
    /// capture had been on until then. It keeps a connection to itself.
    ///
    /// # Errors
    /// When no connection becomes free.
    pub fn new(
        store: &Store,
        account: AccountId,
        cut: (Cut, &[CapturePeriod]),
        range: Range<Timestamp>,
    ) -> Result<Self> {
        let (cut, on) = (cut.0, Spans::new(cut.1, Timestamp::MAX));
        let (numbers, people) = (HashMap::new(), HashMap::new());
        let view = View { account, cut, numbers, range, filters: Filters::default(), on, people };
        Ok(Self { db: store.reading(), view })
    }

    /// The same, of the conversations that filters leave.
    #[must_use]
    pub fn limited_to(mut self, filters: &Filters) -> Self {
        self.view.filters.clone_from(filters);
        self
    }

    /// Counts what there is to read, in looks at the database that are independent of the reading, and gives the slices of
    /// the parts, which have these copies beside the JSON, to `take`, in order. `goes_on` is asked regularly; its error ends the planning.
    ///
    /// # Errors
    /// When the database fails; those of `take` and `goes_on`.
    pub fn plan(
        &mut self,
        zone: Tz,
        (limits, copies): (Limits, Copies),
        take: &mut dyn FnMut(Slice) -> Result<()>,
        goes_on: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        let Self { db, view } = self;
        let choice = view.choice();
        let (conversations, stays) = db.read(|c| store::conversations::count_chosen(c, choice))?;
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        let mut splitter = Splitter::new(limits, copies, number(conversations), number(stays));
        let (mut finder, mut after) = (DayFinder::new(zone), ConversationId::MIN);
        loop {
            let page = db.read(|c| store::conversations::page_chosen(c, choice, after, CONVERSATIONS))?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for conversation in page {
                splitter.conversation(conversation.id).map_or(Ok(()), &mut *take)?;
                view.plan_conversation(db, &conversation, &mut finder, &mut |day| {
                    splitter.day(day).map_or(Ok(()), &mut *take)?;
                    goes_on()
                })?;
                goes_on()?;
            }
        }
        take(splitter.finish())
    }

    /// How many items of a conversation have been erased since the cut: so many may be missing from what was planned (C4).
    ///
    /// # Errors
    /// When the database fails.
    pub fn erased_since(&mut self, conversation: ConversationId) -> Result<i64> {
        let Self { db, view } = self;
        db.read(|c| {
            let cut = view.number(c, conversation)?;
            store::items::count_erased_since(c, conversation, cut)
        })
    }

    /// How many conversations come before this one, in the order in which [`Reader::conversations`] gives them.
    ///
    /// # Errors
    /// When the database fails.
    pub fn rank(&mut self, conversation: ConversationId) -> Result<u64> {
        let Self { db, view } = self;
        let before = db.read(|c| store::conversations::count_before(c, view.choice(), conversation))?;
        Ok(u64::try_from(before).unwrap_or(0))
    }

    /// The days of those of the items with these ids of a conversation that are in the export, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub fn days_of(
        &mut self,
        conversation: ConversationId,
        ids: &[&str],
        zone: Tz,
    ) -> Result<HashMap<String, NaiveDate>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let Self { db, view } = self;
        let (cut, origins) = db.read(|c| {
            let cut = view.number(c, conversation)?;
            Ok((cut, store::items::list_origins(c, conversation, cut, ids)?))
        })?;
        let shows = |origin: &store::items::Origin| {
            view.range.contains(&origin.created_at)
                && capture::appearance(&view.on, origin.deleted, cut) != Appearance::Hidden
        };
        let origins = origins.into_iter().filter(shows);
        Ok(origins.map(|origin| (origin.external_id, days::day_of(origin.created_at, zone))).collect())
    }

    /// The next conversations by number after `after`; none when there are no more.
    ///
    /// # Errors
    /// When the database fails.
    pub fn conversations(&mut self, after: ConversationId) -> Result<Vec<Listed>> {
        let Self { db, view } = self;
        db.snapshot(|c| {
            let page = store::conversations::page_chosen(c, view.choice(), after, CONVERSATIONS)?;
            view.numbers = page.iter().map(|conversation| (conversation.id, conversation.cut)).collect();
            page.into_iter().map(|conversation| view.listed(c, conversation)).collect()
        })
    }

    /// The next items of a conversation posted within these instants, by time; and where the page after them begins, while
    /// there may be more.
    ///
    /// # Errors
    /// When the database fails.
    pub fn items(
        &mut self,
        conversation: ConversationId,
        within: &Range<Timestamp>,
        after: Option<Position>,
    ) -> Result<(Vec<Shown>, Option<Position>)> {
        let Self { db, view } = self;
        db.snapshot(|c| {
            let cut = view.number(c, conversation)?;
            let page = store::items::page(c, conversation, cut, within, after, ITEMS)?;
            let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok((Vec::new(), None)) };
            let full = i64::try_from(page.len()).is_ok_and(|length| length == ITEMS);
            let next = full.then_some((last.created_at, last.id));
            let edits = store::items::list_edits(c, conversation, cut, first.created_at, last.created_at)?;
            let mut changes: HashMap<_, Vec<Change>> = HashMap::new();
            for edit in edits {
                let change = Change { at: edit.edited_at, by: edit.editor_id, after: edit.content };
                changes.entry(edit.item_id).or_default().push(change);
            }
            let mut shown = Vec::with_capacity(page.len());
            for item in page {
                let changes = changes.remove(&item.id).unwrap_or_default();
                shown.extend(view.shown(c, item, changes, cut)?);
            }
            Ok((shown, next))
        })
    }
}

impl View {
    const fn choice(&self) -> Choice<'_> {
        Choice { account: self.account, cut: self.cut, filters: &self.filters }
    }

    /// The cut's number for what belongs to a conversation.
    fn number(&self, c: &mut Conn, conversation: ConversationId) -> Result<i64> {
        match self.numbers.get(&conversation) {
            Some(&number) => Ok(number),
            None => store::cuts::find_of_conversation(c, self.cut, conversation),
        }
    }

    fn plan_conversation(
        &self,
        db: &mut Reading,
        conversation: &Conversation,
        finder: &mut DayFinder,
        take: &mut dyn FnMut(&PlannedDay) -> Result<()>,
    ) -> Result<()> {
        let (mut position, mut day) = (None, None::<PlannedDay>);
        let (conversation, cut) = (conversation.id, conversation.cut);
        loop {
            let (items, edits) = db.snapshot(|c| {
                let items = store::items::plan_page(c, conversation, cut, &self.range, position, PLANNED_ITEMS)?;
                let (Some(first), Some(last)) = (items.first(), items.last()) else { return Ok((items, Vec::new())) };
                let (first, last) = (first.created_at, last.created_at);
                let edits = store::items::list_edit_sizes(c, conversation, cut, first, last)?;
                Ok((items, edits))
            })?;
            position = items.last().map(|item| (item.created_at, item.id));
            let full = i64::try_from(items.len()).is_ok_and(|length| length == PLANNED_ITEMS);
            let mut edits = edits.into_iter().peekable();
            for item in items {
                let appearance = capture::appearance(&self.on, item.deleted, cut);
                if appearance == Appearance::Hidden {
                    continue;
                }
                let of_item = finder.of(item.created_at);
                if let Some(planned) = day.take_if(|planned| planned.count.day != of_item) {
                    take(&planned)?;
                }
                let count = DayCount { day: of_item, items: 0, deleted: 0 };
                let planned = day.get_or_insert(PlannedDay { count, edits: 0, bytes: 0 });
                planned.count.items += 1;
                planned.count.deleted += u32::from(appearance == Appearance::Deleted);
                planned.bytes += u64::try_from(item.size).unwrap_or(0);
                while let Some((_, bytes)) = edits.next_if(|(at, _)| *at <= item.created_at) {
                    planned.edits += 1;
                    planned.bytes += u64::try_from(bytes).unwrap_or(0);
                }
            }
            if !full {
                return day.as_ref().map_or(Ok(()), take);
            }
        }
    }

    fn listed(&mut self, c: &mut Conn, conversation: Conversation) -> Result<Listed> {
        let owner =
            store::accounts::find(c, conversation.owner_account_id)?.map_or_else(String::new, |found| found.name);
        let starter = self.person_opt(c, conversation.starter_id)?;
        let mut events: BTreeMap<UserId, Vec<(bool, Option<Timestamp>)>> = BTreeMap::new();
        for event in store::conversations::list_memberships(c, conversation.id, conversation.cut)? {
            events.entry(event.user_id).or_default().push((event.present, event.at));
        }
        let mut stays = Vec::new();
        for (user, events) in events {
            if let Some(person) = self.person(c, user)? {
                stays.extend(memberships::stays(events).into_iter().map(|stay| (Arc::clone(&person), stay)));
            }
        }
        Ok(Listed { conversation, owner, starter, stays })
    }

    fn shown(
        &mut self,
        c: &mut Conn,
        item: store::items::Item,
        changes: Vec<Change>,
        cut: i64,
    ) -> Result<Option<Shown>> {
        let deletion = item.deleted.map(|(at, _, recording)| (at, recording));
        let deleted = match capture::appearance(&self.on, deletion, cut) {
            Appearance::Hidden => return Ok(None),
            Appearance::Live => None,
            Appearance::Deleted => match item.deleted {
                Some((at, by, _)) => Some((at, self.person_opt(c, by)?)),
                None => None,
            },
        };
        let (content, log) = edits::edit_log(item.content, changes);
        let mut assignees = Vec::new();
        for id in content.details.iter().flat_map(|details| &details.assignees) {
            if let Ok(id) = id.parse() {
                assignees.extend(self.person(c, id)?);
            }
        }
        let log = log
            .into_iter()
            .map(|entry| {
                let editor = self.person_opt(c, entry.by)?;
                Ok((entry, editor))
            })
            .collect::<Result<_>>()?;
        Ok(Some(Shown {
            id: item.external_id,
            kind: item.kind,
            author: self.person_opt(c, item.author_id)?,
            created_at: item.created_at,
            parent: item.parent,
            content,
            assignees,
            log,
            attachments: item.attachments,
            deleted,
        }))
    }

    fn person_opt(&mut self, c: &mut Conn, id: Option<UserId>) -> Result<Option<Arc<Person>>> {
        id.map_or(Ok(None), |id| self.person(c, id))
    }

    /// A person, looked up once: numbers of people are bounded by the company, not by its messages.
    fn person(&mut self, c: &mut Conn, id: UserId) -> Result<Option<Arc<Person>>> {
        if let Some(known) = self.people.get(&id) {
            return Ok(known.clone());
        }
        let found = store::users::find_at_cut(c, id, self.cut)?;
        let found = found.map(|(user, account)| Arc::new(Person { user, account }));
        self.people.insert(id, found.clone());
        Ok(found)
    }
}
