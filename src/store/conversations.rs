//! Rows of conversations and what they were called before (C7), of the people in them, and of the accounts that they are
//! exported for.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

mod choice;

pub use choice::Choice;
pub(super) use choice::chosen;

use super::connection::on_either;
use super::schema::{conversation_accounts, conversation_versions, conversations, membership_events, users};
use super::sources::SourceId;
use super::{Conn, instant_opt, parsed, with_in_it};
use crate::domain::rules::people;
use crate::error::Result;
use crate::model::{AccountId, ConversationId, ConversationKind, Timestamp, UserId};

/// A conversation as recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Conversation {
    /// Its number.
    pub id: ConversationId,
    /// Which of the four.
    pub kind: ConversationKind,
    /// Name of a Team.
    pub name: Option<String>,
    /// Anyone of the company may join.
    pub is_public: bool,
    /// The owning account (C2).
    pub owner_account_id: AccountId,
    /// Who started it, where known.
    pub starter_id: Option<UserId>,
    /// When it was started, where known.
    pub created_at: Option<Timestamp>,
    /// When it was closed, where known.
    pub archived_at: Option<Timestamp>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = conversations)]
struct Row {
    id: ConversationId,
    kind: String,
    name: Option<String>,
    is_public: bool,
    owner_account_id: AccountId,
    starter_id: Option<UserId>,
    created_at: Option<i64>,
    archived_at: Option<i64>,
}

impl Row {
    fn into_model(self) -> Result<Conversation> {
        Ok(Conversation {
            id: self.id,
            kind: parsed(&self.kind)?,
            name: self.name,
            is_public: self.is_public,
            owner_account_id: self.owner_account_id,
            starter_id: self.starter_id,
            created_at: instant_opt(self.created_at)?,
            archived_at: instant_opt(self.archived_at)?,
        })
    }
}

/// A conversation to be made.
#[derive(Clone, Debug)]
pub struct NewConversation<'a> {
    /// Where it comes from.
    pub source: SourceId,
    /// The source's id.
    pub external_id: &'a str,
    /// Which of the four.
    pub kind: ConversationKind,
    /// Name of a Team.
    pub name: Option<&'a str>,
    /// Anyone of the company may join.
    pub is_public: bool,
    /// The owning account.
    pub owner_account_id: AccountId,
    /// Who started it.
    pub starter_id: Option<UserId>,
    /// When it was started.
    pub created_at: Option<Timestamp>,
    /// When it was closed.
    pub archived_at: Option<Timestamp>,
    /// Number of the recording.
    pub recording: i64,
}

/// Makes a conversation.
pub fn create(c: &mut Conn, new: &NewConversation<'_>) -> Result<ConversationId> {
    Ok(diesel::insert_into(conversations::table)
        .values((
            conversations::source_id.eq(new.source),
            conversations::external_id.eq(new.external_id),
            conversations::kind.eq(new.kind.as_str()),
            conversations::name.eq(new.name),
            conversations::is_public.eq(new.is_public),
            conversations::owner_account_id.eq(new.owner_account_id),
            conversations::starter_id.eq(new.starter_id),
            conversations::created_at.eq(new.created_at.map(Timestamp::micros)),
            conversations::archived_at.eq(new.archived_at.map(Timestamp::micros)),
            conversations::recording.eq(new.recording),
            conversations::search_key.eq(new.name.map(|name| people::key(name, None))),
        ))
        .returning(conversations::id)
        .get_result(c)?)
}

/// The conversation with the source's id.
pub fn find_by_external(c: &mut Conn, source: SourceId, external: &str) -> Result<Option<Conversation>> {
    let query = conversations::table
        .filter(conversations::source_id.eq(source))
        .filter(conversations::external_id.eq(external));
    query.select(Row::as_select()).first(c).optional()?.map(Row::into_model).transpose()
}

/// What may change of a conversation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Profile<'a> {
    /// Name of a Team.
    pub name: Option<&'a str>,
    /// Anyone of the company may join.
    pub is_public: bool,
    /// When it was closed.
    pub archived_at: Option<Timestamp>,
}

/// Sets what may change of a conversation, `before` as it was found, and keeps that until the recording of this number
/// (C7); tells whether it changed.
pub fn update_profile(c: &mut Conn, before: &Conversation, profile: Profile<'_>, recording: i64) -> Result<bool> {
    let Conversation { id, name, is_public, archived_at, .. } = before;
    if profile == (Profile { name: name.as_deref(), is_public: *is_public, archived_at: *archived_at }) {
        return Ok(false);
    }
    let version = (
        conversation_versions::conversation_id.eq(id),
        conversation_versions::until.eq(recording),
        conversation_versions::name.eq(name),
        conversation_versions::is_public.eq(is_public),
        conversation_versions::archived_at.eq(archived_at.map(Timestamp::micros)),
    );
    // Of several changes by one recording, the first knows what there was before it.
    on_either!(c, inner => diesel::insert_into(conversation_versions::table)
        .values(version)
        .on_conflict_do_nothing()
        .execute(inner))?;
    diesel::update(conversations::table.find(id))
        .set((
            conversations::name.eq(profile.name),
            conversations::is_public.eq(profile.is_public),
            conversations::archived_at.eq(profile.archived_at.map(Timestamp::micros)),
            conversations::search_key.eq(profile.name.map(|name| people::key(name, None))),
        ))
        .execute(c)?;
    Ok(true)
}

/// The accounts that a conversation is exported for.
pub fn list_accounts(c: &mut Conn, id: ConversationId) -> Result<Vec<AccountId>> {
    let query = conversation_accounts::table.filter(conversation_accounts::conversation_id.eq(id));
    Ok(query.order(conversation_accounts::account_id).select(conversation_accounts::account_id).load(c)?)
}

/// Adds an account that a conversation is exported for.
pub fn create_account(c: &mut Conn, id: ConversationId, account: AccountId) -> Result<()> {
    let values = (conversation_accounts::conversation_id.eq(id), conversation_accounts::account_id.eq(account));
    on_either!(c, inner => diesel::insert_into(conversation_accounts::table)
        .values(values)
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(())
}

/// The conversations that are chosen, as they were at the cut (C7), by number, after the number `after`.
pub fn page_chosen(c: &mut Conn, choice: Choice<'_>, after: ConversationId, limit: i64) -> Result<Vec<Conversation>> {
    let cut = choice.cut;
    let query = conversations::table
        .inner_join(conversation_accounts::table)
        .filter(conversations::recording.le(cut).and(conversations::id.gt(after)))
        .order(conversations::id)
        .limit(limit)
        .select(Row::as_select());
    let rows: Vec<Row> = chosen!(query, choice).load(c)?;
    as_of_cut(c, rows, cut)
}

/// Those of these conversations that are exported for an account, as they were at the cut.
pub fn list_for_account(
    c: &mut Conn,
    account: AccountId,
    cut: i64,
    ids: &[ConversationId],
) -> Result<Vec<Conversation>> {
    let rows: Vec<Row> = conversations::table
        .inner_join(conversation_accounts::table)
        .filter(conversation_accounts::account_id.eq(account))
        .filter(conversations::recording.le(cut).and(conversations::id.eq_any(ids)))
        .select(Row::as_select())
        .load(c)?;
    as_of_cut(c, rows, cut)
}

/// Rows as they were at the cut (C7).
fn as_of_cut(c: &mut Conn, rows: Vec<Row>, cut: i64) -> Result<Vec<Conversation>> {
    let ids: Vec<ConversationId> = rows.iter().map(|row| row.id).collect();
    let versions: Vec<(ConversationId, Option<String>, bool, Option<i64>)> = conversation_versions::table
        .filter(conversation_versions::conversation_id.eq_any(ids).and(conversation_versions::until.gt(cut)))
        .order((conversation_versions::conversation_id, conversation_versions::until.desc()))
        .select((
            conversation_versions::conversation_id,
            conversation_versions::name,
            conversation_versions::is_public,
            conversation_versions::archived_at,
        ))
        .load(c)?;
    // Of each conversation the last one stays: the first version that ended after the cut was the present one then.
    let mut versions: HashMap<_, _> =
        versions.into_iter().map(|(id, name, is_public, archived_at)| (id, (name, is_public, archived_at))).collect();
    let as_of_cut = |row: Row| match versions.remove(&row.id) {
        Some((name, is_public, archived_at)) => Row { name, is_public, archived_at, ..row },
        None => row,
    };
    rows.into_iter().map(as_of_cut).map(Row::into_model).collect()
}

/// Who had ever been in these conversations at the cut, each person once, by conversation and the person's number.
pub fn list_people(c: &mut Conn, ids: &[ConversationId], cut: i64) -> Result<Vec<(ConversationId, UserId)>> {
    Ok(membership_events::table
        .filter(membership_events::conversation_id.eq_any(ids).and(membership_events::recording.le(cut)))
        .order((membership_events::conversation_id, membership_events::user_id))
        .select((membership_events::conversation_id, membership_events::user_id))
        .distinct()
        .load(c)?)
}

/// How many conversations [`page_chosen`] gives in all, and how many membership events they had at the cut.
pub fn count_chosen(c: &mut Conn, choice: Choice<'_>) -> Result<(i64, i64)> {
    let conversations = conversations::table
        .inner_join(conversation_accounts::table)
        .filter(conversations::recording.le(choice.cut))
        .select(count_star());
    let conversations = chosen!(conversations, choice).get_result(c)?;
    let events = membership_events::table
        .inner_join(
            conversation_accounts::table
                .on(conversation_accounts::conversation_id.eq(membership_events::conversation_id)),
        )
        .filter(membership_events::recording.le(choice.cut))
        .select(count_star());
    let events = chosen!(events, choice).get_result(c)?;
    Ok((conversations, events))
}

/// How many of the conversations that [`page_chosen`] gives come before this one.
pub fn count_before(c: &mut Conn, choice: Choice<'_>, before: ConversationId) -> Result<i64> {
    let query = conversations::table
        .inner_join(conversation_accounts::table)
        .filter(conversations::recording.le(choice.cut).and(conversations::id.lt(before)))
        .select(count_star());
    Ok(chosen!(query, choice).get_result(c)?)
}

/// Those of these conversations that are exported for an account (C2), by number.
pub fn list_of_account(c: &mut Conn, account: AccountId, ids: &[ConversationId]) -> Result<Vec<ConversationId>> {
    let ours = conversation_accounts::table.filter(conversation_accounts::account_id.eq(account));
    Ok(ours
        .filter(conversation_accounts::conversation_id.eq_any(ids.to_vec()))
        .order(conversation_accounts::conversation_id)
        .select(conversation_accounts::conversation_id)
        .load(c)?)
}

/// Number and name of Teams that are exported for an account and whose key has all of this in it: some besides these, by name.
pub fn list_with_key(
    c: &mut Conn,
    account: AccountId,
    needles: &[String],
    besides: &[ConversationId],
    limit: i64,
) -> Result<Vec<(ConversationId, String)>> {
    let ours = conversation_accounts::table
        .filter(conversation_accounts::conversation_id.eq(conversations::id))
        .filter(conversation_accounts::account_id.eq(account));
    let mut query = conversations::table
        .filter(conversations::search_key.is_not_null())
        .filter(diesel::dsl::exists(ours))
        .filter(conversations::id.ne_all(besides.to_vec()))
        .order((conversations::name, conversations::id))
        .limit(limit)
        .select((conversations::id, conversations::name.assume_not_null()))
        .into_boxed();
    for needle in needles {
        query = query.filter(conversations::search_key.assume_not_null().like(with_in_it(needle)).escape('\\'));
    }
    Ok(query.load(c)?)
}

/// Number and kind of the conversations without a name that are exported for an account and come before this one, the newest
/// first.
pub fn page_of_people(
    c: &mut Conn,
    account: AccountId,
    before: ConversationId,
    limit: i64,
) -> Result<Vec<(ConversationId, ConversationKind)>> {
    let rows: Vec<(ConversationId, String)> = conversation_accounts::table
        .inner_join(conversations::table)
        .filter(conversation_accounts::account_id.eq(account).and(conversation_accounts::conversation_id.lt(before)))
        .filter(conversations::name.is_null())
        .order(conversation_accounts::conversation_id.desc())
        .limit(limit)
        .select((conversations::id, conversations::kind))
        .load(c)?;
    rows.into_iter().map(|(id, kind)| Ok((id, parsed(&kind)?))).collect()
}

/// Number and kind of those of these conversations that have no name and are exported for an account, the newest first.
pub fn list_of_people(
    c: &mut Conn,
    account: AccountId,
    ids: &[ConversationId],
) -> Result<Vec<(ConversationId, ConversationKind)>> {
    let rows: Vec<(ConversationId, String)> = conversation_accounts::table
        .inner_join(conversations::table)
        .filter(conversation_accounts::account_id.eq(account))
        .filter(conversation_accounts::conversation_id.eq_any(ids.to_vec()).and(conversations::name.is_null()))
        .order(conversation_accounts::conversation_id.desc())
        .select((conversations::id, conversations::kind))
        .load(c)?;
    rows.into_iter().map(|(id, kind)| Ok((id, parsed(&kind)?))).collect()
}

/// Who is or was in these conversations, each person once or more.
pub fn list_members(c: &mut Conn, ids: &[ConversationId]) -> Result<Vec<(ConversationId, UserId)>> {
    Ok(membership_events::table
        .filter(membership_events::conversation_id.eq_any(ids.to_vec()))
        .select((membership_events::conversation_id, membership_events::user_id))
        .load(c)?)
}

/// The kind of each of these conversations.
pub fn list_kinds(c: &mut Conn, ids: &[ConversationId]) -> Result<Vec<(ConversationId, ConversationKind)>> {
    let rows: Vec<(ConversationId, String)> = conversations::table
        .filter(conversations::id.eq_any(ids.to_vec()))
        .select((conversations::id, conversations::kind))
        .load(c)?;
    rows.into_iter().map(|(id, kind)| Ok((id, parsed(&kind)?))).collect()
}

/// The names of these conversations, by number; people conversations have none.
pub fn list_names(c: &mut Conn, ids: &[ConversationId]) -> Result<Vec<(ConversationId, Option<String>)>> {
    let query = conversations::table.filter(conversations::id.eq_any(ids.to_vec())).order(conversations::id);
    Ok(query.select((conversations::id, conversations::name)).load(c)?)
}

/// The names of those who are or were in these people conversations, by conversation and person.
pub fn list_member_names(c: &mut Conn, ids: &[ConversationId]) -> Result<Vec<(ConversationId, String)>> {
    let members: Vec<(ConversationId, UserId, String)> = membership_events::table
        .inner_join(users::table)
        .inner_join(conversations::table.on(conversations::id.eq(membership_events::conversation_id)))
        .filter(membership_events::conversation_id.eq_any(ids.to_vec()).and(conversations::name.is_null()))
        .order((membership_events::conversation_id, membership_events::user_id))
        .select((membership_events::conversation_id, membership_events::user_id, users::name))
        .distinct()
        .load(c)?;
    Ok(members.into_iter().map(|(conversation, _, name)| (conversation, name)).collect())
}

/// What a membership event says: `listed` (was there, since when is unknown), `joined`, `left`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MembershipEvent {
    /// Who.
    pub user_id: UserId,
    /// Came rather than went.
    pub present: bool,
    /// When; none where a list says only that the person is there.
    pub at: Option<Timestamp>,
}

impl MembershipEvent {
    fn kind(&self) -> &'static str {
        match (self.present, self.at) {
            (true, None) => "listed",
            (true, Some(_)) => "joined",
            (false, _) => "left",
        }
    }
}

/// Adds a membership event unless it is known; tells whether it was added.
pub fn create_membership(c: &mut Conn, id: ConversationId, event: MembershipEvent, recording: i64) -> Result<bool> {
    let at = event.at.map(Timestamp::micros);
    let known: Vec<Option<i64>> = membership_events::table
        .filter(membership_events::conversation_id.eq(id).and(membership_events::user_id.eq(event.user_id)))
        .filter(membership_events::kind.eq(event.kind()))
        .select(membership_events::at)
        .load(c)?;
    if known.contains(&at) {
        return Ok(false);
    }
    diesel::insert_into(membership_events::table)
        .values((
            membership_events::conversation_id.eq(id),
            membership_events::user_id.eq(event.user_id),
            membership_events::kind.eq(event.kind()),
            membership_events::at.eq(at),
            membership_events::recording.eq(recording),
        ))
        .execute(c)?;
    Ok(true)
}

/// The membership events of a conversation up to the cut, in the order of their recording.
pub fn list_memberships(c: &mut Conn, id: ConversationId, cut: i64) -> Result<Vec<MembershipEvent>> {
    let rows: Vec<(UserId, String, Option<i64>)> = membership_events::table
        .filter(membership_events::conversation_id.eq(id).and(membership_events::recording.le(cut)))
        .order(membership_events::id)
        .select((membership_events::user_id, membership_events::kind, membership_events::at))
        .load(c)?;
    rows.into_iter()
        .map(|(user_id, kind, at)| Ok(MembershipEvent { user_id, present: kind != "left", at: instant_opt(at)? }))
        .collect()
}
