//! Conversations with their people, a page at a time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{ConversationWithPeople, Reader, View};
use crate::capture::rows::conversations::Conversation;
use crate::capture::rules::memberships;
use crate::db::Conn;
use crate::error::Result;
use crate::model::{AccountId, ConversationId, Timestamp, UserId};
use crate::{capture, identity};

/// Conversations read at a time.
const CONVERSATIONS: i64 = 200;

impl Reader {
    /// The next conversations by number after `after` and up to `last`; none when there are no more.
    pub fn conversations(
        &mut self,
        after: ConversationId,
        last: ConversationId,
    ) -> Result<Vec<ConversationWithPeople>> {
        let Self { db, view } = self;
        db.read(|c| {
            let page = capture::rows::conversations::page_chosen(c, view.filter(), (after, last), CONVERSATIONS)?;
            view.numbers = page.iter().map(|conversation| (conversation.id, conversation.cut)).collect();
            view.listed(c, page)
        })
    }

    /// How many conversations come before this one, in the order in which [`Reader::conversations`] gives them.
    pub fn rank(&mut self, conversation: ConversationId) -> Result<u64> {
        let Self { db, view } = self;
        let before = db.statement(|c| capture::rows::conversations::count_before(c, view.filter(), conversation))?;
        Ok(u64::try_from(before).unwrap_or(0))
    }
}

/// What was recorded of each person of a conversation: came or went, and when.
type Events = BTreeMap<UserId, Vec<(bool, Option<Timestamp>)>>;

impl View {
    fn listed(&mut self, c: &mut Conn, page: Vec<Conversation>) -> Result<Vec<ConversationWithPeople>> {
        let ids: Vec<ConversationId> = page.iter().map(|conversation| conversation.id).collect();
        let mut events: HashMap<ConversationId, Events> = HashMap::new();
        for (id, event) in capture::rows::conversations::list_memberships(c, &ids, self.cut)? {
            events.entry(id).or_default().entry(event.user_id).or_default().push((event.present, event.at));
        }
        let members = events.values().flat_map(BTreeMap::keys).copied();
        self.meet(c, members.chain(page.iter().filter_map(|conversation| conversation.starter_id)))?;
        let mut listed = Vec::with_capacity(page.len());
        for conversation in page {
            let owner = self.owner(c, conversation.owner_account_id)?;
            let starter = self.person_opt(c, conversation.starter_id)?;
            let mut stays = Vec::new();
            for (user, events) in events.remove(&conversation.id).unwrap_or_default() {
                if let Some(person) = self.person(c, user)? {
                    stays.extend(memberships::stays(events).into_iter().map(|stay| (Arc::clone(&person), stay)));
                }
            }
            listed.push(ConversationWithPeople { conversation, owner, starter, stays });
        }
        Ok(listed)
    }

    /// Name of an account, looked up once.
    fn owner(&mut self, c: &mut Conn, id: AccountId) -> Result<String> {
        if let Some(name) = self.owners.get(&id) {
            return Ok(name.clone());
        }
        let name = identity::rows::accounts::find(c, id)?.map_or_else(String::new, |found| found.name);
        self.owners.insert(id, name.clone());
        Ok(name)
    }
}
