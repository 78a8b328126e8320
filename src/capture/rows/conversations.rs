//! Rows of conversations and what they were called before (C7), of the people in them, and of the accounts that they are
//! exported for.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};

mod filter;

use super::ledger;
use crate::db::connection::on_either;
use crate::db::cuts::{self, Cut, up_to};
use crate::db::schema::{conversation_accounts, conversation_versions, conversations, membership_events, users};
use crate::db::{Conn, Tx, instant_opt, parsed, with_in_it};
use crate::error::Result;
use crate::model::{AccountId, ConversationId, ConversationKind, SourceId, Timestamp, UserId};
use crate::search_key;
pub use filter::ConversationFilter;
pub(crate) use filter::chosen;

/// A conversation as recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Conversation {
    pub id: ConversationId,
    /// The last recording of its source that counts (C7): the number of the cut for all that belongs to it.
    pub cut: i64,
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
    source_id: SourceId,
    kind: String,
    name: Option<String>,
    is_public: bool,
    owner_account_id: AccountId,
    starter_id: Option<UserId>,
    created_at: Option<i64>,
    archived_at: Option<i64>,
}

impl Row {
    fn into_model(self, cut: i64) -> Result<Conversation> {
        Ok(Conversation {
            id: self.id,
            cut,
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
    pub external_id: Cow<'a, str>,
    /// Which of the four.
    pub kind: ConversationKind,
    /// Name of a Team.
    pub name: Option<Cow<'a, str>>,
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
    /// The accounts that it is exported for.
    pub accounts: BTreeSet<AccountId>,
}

/// Makes conversations, counts them in the ledger, and returns their numbers, which follow one another in this order. No two of one source
/// have the same id.
pub fn create_all(tx: &mut Tx<'_>, new: &[NewConversation<'_>]) -> Result<Vec<ConversationId>> {
    let key = |new: &NewConversation<'_>| new.name.as_deref().map(|name| search_key::key(name, None));
    match tx.sql() {
        Conn::Sqlite(inner) => {
            let mut ids = Vec::with_capacity(new.len());
            for new in new {
                let values = (
                    conversations::source_id.eq(new.source),
                    conversations::external_id.eq(new.external_id.as_ref()),
                    conversations::kind.eq(new.kind.as_str()),
                    conversations::name.eq(new.name.as_deref()),
                    conversations::is_public.eq(new.is_public),
                    conversations::owner_account_id.eq(new.owner_account_id),
                    conversations::starter_id.eq(new.starter_id),
                    conversations::created_at.eq(new.created_at.map(Timestamp::micros)),
                    conversations::archived_at.eq(new.archived_at.map(Timestamp::micros)),
                    conversations::recording.eq(new.recording),
                    conversations::search_key.eq(key(new)),
                );
                let id: ConversationId = diesel::insert_into(conversations::table)
                    .values(values)
                    .returning(conversations::id)
                    .get_result(inner)?;
                for account in &new.accounts {
                    let values =
                        (conversation_accounts::conversation_id.eq(id), conversation_accounts::account_id.eq(account));
                    diesel::insert_into(conversation_accounts::table).values(values).execute(inner)?;
                    ledger::add_conversation(inner, new.source, *account)?;
                }
                ids.push(id);
            }
            Ok(ids)
        }
        Conn::Postgres(_) if new.is_empty() => Ok(Vec::new()),
        Conn::Postgres(inner) => {
            fn column<'n, T>(
                new: &'n [NewConversation<'n>],
                value: impl FnMut(&'n NewConversation<'n>) -> T,
            ) -> Vec<T> {
                new.iter().map(value).collect()
            }
            // Each account of each, with its place.
            let accounts =
                new.iter().zip(1_i64..).flat_map(|(new, place)| new.accounts.iter().map(move |id| (place, *id)));
            let (places, accounts): (Vec<i64>, Vec<AccountId>) = accounts.unzip();
            // Each has a number before it is made, by which its place is found again.
            let made: Vec<Made> = diesel::sql_query(
                "WITH new AS (
                     SELECT nextval(pg_get_serial_sequence('conversations', 'id')) AS id, new.*
                     FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) WITH ORDINALITY
                         AS new (source_id, external_id, kind, name, is_public, owner_account_id, starter_id, created_at,
                             archived_at, recording, search_key, place)
                 ), accounts AS (
                     SELECT new.id, new.source_id, accounts.account_id
                     FROM unnest($12, $13) AS accounts (place, account_id) JOIN new USING (place)
                 ), made AS (
                     INSERT INTO conversations (id, source_id, external_id, kind, name, is_public, owner_account_id,
                         starter_id, created_at, archived_at, recording, search_key)
                     SELECT id, source_id, external_id, kind, name, is_public, owner_account_id, starter_id, created_at,
                         archived_at, recording, search_key
                     FROM new
                 ), theirs AS (
                     INSERT INTO conversation_accounts (conversation_id, account_id) SELECT id, account_id FROM accounts
                 ), counted AS (
                     INSERT INTO conversation_counts AS known (source_id, account_id, conversations)
                     SELECT source_id, account_id, count(*) FROM accounts GROUP BY source_id, account_id
                     ON CONFLICT (source_id, account_id)
                         DO UPDATE SET conversations = known.conversations + EXCLUDED.conversations
                 )
                 SELECT id FROM new ORDER BY place",
            )
            .bind::<Array<BigInt>, _>(column(new, |new| new.source))
            .bind::<Array<Text>, _>(column(new, |new| new.external_id.as_ref()))
            .bind::<Array<Text>, _>(column(new, |new| new.kind.as_str()))
            .bind::<Array<Nullable<Text>>, _>(column(new, |new| new.name.as_deref()))
            .bind::<Array<Bool>, _>(column(new, |new| new.is_public))
            .bind::<Array<BigInt>, _>(column(new, |new| new.owner_account_id))
            .bind::<Array<Nullable<BigInt>>, _>(column(new, |new| new.starter_id))
            .bind::<Array<Nullable<BigInt>>, _>(column(new, |new| new.created_at.map(Timestamp::micros)))
            .bind::<Array<Nullable<BigInt>>, _>(column(new, |new| new.archived_at.map(Timestamp::micros)))
            .bind::<Array<BigInt>, _>(column(new, |new| new.recording))
            .bind::<Array<Nullable<Text>>, _>(column(new, key))
            .bind::<Array<BigInt>, _>(places)
            .bind::<Array<BigInt>, _>(accounts)
            .load(inner)?;
            Ok(made.into_iter().map(|made| made.id).collect())
        }
    }
}

#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = BigInt)]
    id: ConversationId,
}

/// Those of these ids of a source that are conversations': each with its number and kind.
pub fn list_by_external(
    c: &mut Conn,
    source: SourceId,
    ids: &HashSet<String>,
) -> Result<Vec<(String, ConversationId, ConversationKind)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(String, ConversationId, String)> = conversations::table
        .filter(conversations::source_id.eq(source).and(conversations::external_id.eq_any(ids)))
        .select((conversations::external_id, conversations::id, conversations::kind))
        .load(c)?;
    rows.into_iter().map(|(external, id, kind)| Ok((external, id, parsed(&kind)?))).collect()
}

/// The conversation with the source's id.
pub fn find_by_external(c: &mut Conn, source: SourceId, external: &str) -> Result<Option<Conversation>> {
    let query = conversations::table
        .filter(conversations::source_id.eq(source))
        .filter(conversations::external_id.eq(external));
    let row: Option<Row> = query.select(Row::as_select()).first(c).optional()?;
    row.map(|row| row.into_model(i64::MAX)).transpose()
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
/// (C7); returns whether it changed.
pub fn update_profile(tx: &mut Tx<'_>, before: &Conversation, profile: Profile<'_>, recording: i64) -> Result<bool> {
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
    on_either!(tx.sql(), inner => diesel::insert_into(conversation_versions::table)
        .values(version)
        .on_conflict_do_nothing()
        .execute(inner))?;
    diesel::update(conversations::table.find(id))
        .set((
            conversations::name.eq(profile.name),
            conversations::is_public.eq(profile.is_public),
            conversations::archived_at.eq(profile.archived_at.map(Timestamp::micros)),
            conversations::search_key.eq(profile.name.map(|name| search_key::key(name, None))),
        ))
        .execute(tx.sql())?;
    Ok(true)
}

/// The accounts that a conversation is exported for.
pub fn list_accounts(c: &mut Conn, id: ConversationId) -> Result<Vec<AccountId>> {
    let query = conversation_accounts::table.filter(conversation_accounts::conversation_id.eq(id));
    Ok(query.order(conversation_accounts::account_id).select(conversation_accounts::account_id).load(c)?)
}

/// The conversations that are chosen, as they were at the cut (C7), by number, after the number `after` and up to `last`.
pub fn page_chosen(
    c: &mut Conn,
    filter: ConversationFilter<'_>,
    (after, last): (ConversationId, ConversationId),
    limit: i64,
) -> Result<Vec<Conversation>> {
    let cut = filter.cut;
    // Bounds and order are those of the account's index, so that a page does not walk through what others have.
    let query = conversations::table
        .inner_join(conversation_accounts::table)
        .filter(conversation_accounts::conversation_id.gt(after).and(conversation_accounts::conversation_id.le(last)))
        .order(conversation_accounts::conversation_id)
        .limit(limit)
        .select(Row::as_select());
    let query = up_to!(chosen!(query, filter), cut, conversations::recording, conversations::source_id);
    let rows: Vec<Row> = query.load(c)?;
    as_of_cut(c, rows, cut)
}

/// Those of these conversations that are exported for an account, as they were at the cut.
pub fn list_for_account(
    c: &mut Conn,
    account: AccountId,
    cut: Cut,
    ids: &[ConversationId],
) -> Result<Vec<Conversation>> {
    let query = conversations::table
        .inner_join(conversation_accounts::table)
        .filter(conversation_accounts::account_id.eq(account))
        .filter(conversations::id.eq_any(ids))
        .select(Row::as_select())
        .into_boxed();
    let query = up_to!(query, cut, conversations::recording, conversations::source_id);
    let rows: Vec<Row> = query.load(c)?;
    as_of_cut(c, rows, cut)
}

/// What a conversation was until a recording: its number, name, openness and end.
type Version = (ConversationId, i64, Option<String>, bool, Option<i64>);

/// Rows as they were at the cut (C7).
fn as_of_cut(c: &mut Conn, rows: Vec<Row>, cut: Cut) -> Result<Vec<Conversation>> {
    if cut == Cut::Now {
        return rows.into_iter().map(|row| row.into_model(i64::MAX)).collect();
    }
    let numbers = cuts::find(c, cut)?;
    let of_cut: HashMap<ConversationId, i64> = rows.iter().map(|row| (row.id, numbers.of(row.source_id))).collect();
    let ids: Vec<ConversationId> = rows.iter().map(|row| row.id).collect();
    // Few conversations ever change: all versions of these are read, and those that ended before the cut passed over.
    let versions: Vec<Version> = conversation_versions::table
        .filter(conversation_versions::conversation_id.eq_any(ids))
        .order((conversation_versions::conversation_id, conversation_versions::until.desc()))
        .select((
            conversation_versions::conversation_id,
            conversation_versions::until,
            conversation_versions::name,
            conversation_versions::is_public,
            conversation_versions::archived_at,
        ))
        .load(c)?;
    // Of each conversation the last one stays: the first version that ended after the cut was the present one then.
    let mut versions: HashMap<_, _> = versions
        .into_iter()
        .filter(|(id, until, ..)| of_cut.get(id).is_some_and(|number| until > number))
        .map(|(id, _, name, is_public, archived_at)| (id, (name, is_public, archived_at)))
        .collect();
    let as_of_cut = |row: Row| {
        let number = numbers.of(row.source_id);
        let row = match versions.remove(&row.id) {
            Some((name, is_public, archived_at)) => Row { name, is_public, archived_at, ..row },
            None => row,
        };
        row.into_model(number)
    };
    rows.into_iter().map(as_of_cut).collect()
}

/// Who had ever been in these conversations at the cut, each person once, by conversation and the person's number.
pub fn list_people(c: &mut Conn, ids: &[ConversationId], cut: Cut) -> Result<Vec<(ConversationId, UserId)>> {
    let query = membership_events::table
        .inner_join(conversations::table.on(conversations::id.eq(membership_events::conversation_id)))
        .filter(membership_events::conversation_id.eq_any(ids))
        .order((membership_events::conversation_id, membership_events::user_id))
        .select((membership_events::conversation_id, membership_events::user_id))
        .distinct()
        .into_boxed();
    let query = up_to!(query, cut, membership_events::recording, conversations::source_id);
    Ok(query.load(c)?)
}

/// How many conversations [`page_chosen`] gives in all, and how many membership events they had at the cut.
pub fn count_chosen(c: &mut Conn, filter: ConversationFilter<'_>) -> Result<(i64, i64)> {
    let conversations = conversations::table.inner_join(conversation_accounts::table).select(count_star());
    let query = up_to!(chosen!(conversations, filter), filter.cut, conversations::recording, conversations::source_id);
    let conversations = query.get_result(c)?;
    let events = membership_events::table
        .inner_join(conversations::table.on(conversations::id.eq(membership_events::conversation_id)))
        .inner_join(
            conversation_accounts::table
                .on(conversation_accounts::conversation_id.eq(membership_events::conversation_id)),
        )
        .select(count_star());
    let query = up_to!(chosen!(events, filter), filter.cut, membership_events::recording, conversations::source_id);
    let events = query.get_result(c)?;
    Ok((conversations, events))
}

/// How many of the conversations that [`page_chosen`] gives come before this one.
pub fn count_before(c: &mut Conn, filter: ConversationFilter<'_>, before: ConversationId) -> Result<i64> {
    let query = conversations::table
        .inner_join(conversation_accounts::table)
        .filter(conversation_accounts::conversation_id.lt(before))
        .select(count_star());
    let query = up_to!(chosen!(query, filter), filter.cut, conversations::recording, conversations::source_id);
    Ok(query.get_result(c)?)
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
    pub user_id: UserId,
    /// Came rather than went.
    pub present: bool,
    /// When; none where a list says only that the person is there.
    pub at: Option<Timestamp>,
}

/// Who, what, and when.
type Key<'a> = (UserId, &'a str, Option<i64>);

impl MembershipEvent {
    /// What makes two events of a conversation the same.
    fn key(&self) -> Key<'static> {
        (self.user_id, self.kind(), self.at.map(Timestamp::micros))
    }

    fn kind(&self) -> &'static str {
        match (self.present, self.at) {
            (true, None) => "listed",
            (true, Some(_)) => "joined",
            (false, _) => "left",
        }
    }
}

/// A membership event to be added to a conversation.
pub type NewMembership = (ConversationId, MembershipEvent);

/// Adds membership events, but for those that are known; returns for each whether it was added. Of two that are the same, the first
/// is.
pub fn create_memberships(tx: &mut Tx<'_>, new: &[NewMembership], recording: i64) -> Result<Vec<bool>> {
    match tx.sql() {
        Conn::Sqlite(inner) => new.iter().map(|new| create_membership(inner, new, recording)).collect(),
        Conn::Postgres(_) if new.is_empty() => Ok(Vec::new()),
        Conn::Postgres(inner) => {
            let mut seen = HashSet::new();
            let is_first: Vec<bool> = new.iter().map(|(id, event)| seen.insert((*id, event.key()))).collect();
            let firsts: Vec<_> = new.iter().zip(&is_first).filter(|(_, first)| **first).map(|(new, _)| new).collect();
            let added: Vec<Added> = diesel::sql_query(
                "INSERT INTO membership_events (conversation_id, user_id, kind, at, recording)
                 SELECT new.conversation_id, new.user_id, new.kind, new.at, $5
                 FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS new (conversation_id, user_id, kind, at, place)
                 WHERE NOT EXISTS (
                     SELECT 1 FROM membership_events AS known
                     WHERE known.conversation_id = new.conversation_id AND known.user_id = new.user_id
                         AND known.kind = new.kind AND known.at IS NOT DISTINCT FROM new.at
                 )
                 ORDER BY new.place
                 RETURNING conversation_id, user_id, kind, at",
            )
            .bind::<Array<BigInt>, _>(firsts.iter().map(|(id, _)| *id).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(firsts.iter().map(|(_, event)| event.user_id).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(firsts.iter().map(|(_, event)| event.kind()).collect::<Vec<_>>())
            .bind::<Array<Nullable<BigInt>>, _>(firsts.iter().map(|(_, event)| event.key().2).collect::<Vec<_>>())
            .bind::<BigInt, _>(recording)
            .load(inner)?;
            let added: HashSet<(ConversationId, Key<'_>)> =
                added.iter().map(|row| (row.conversation_id, (row.user_id, row.kind.as_str(), row.at))).collect();
            let is_added = |((id, event), first): (&NewMembership, bool)| first && added.contains(&(*id, event.key()));
            Ok(new.iter().zip(is_first).map(is_added).collect())
        }
    }
}

#[derive(QueryableByName)]
#[diesel(table_name = membership_events)]
struct Added {
    conversation_id: ConversationId,
    user_id: UserId,
    kind: String,
    at: Option<i64>,
}

fn create_membership(c: &mut SqliteConnection, (id, event): &NewMembership, recording: i64) -> Result<bool> {
    let (user_id, kind, at) = event.key();
    let known: Vec<Option<i64>> = membership_events::table
        .filter(membership_events::conversation_id.eq(id).and(membership_events::user_id.eq(user_id)))
        .filter(membership_events::kind.eq(kind))
        .select(membership_events::at)
        .load(c)?;
    if known.contains(&at) {
        return Ok(false);
    }
    diesel::insert_into(membership_events::table)
        .values((
            membership_events::conversation_id.eq(id),
            membership_events::user_id.eq(user_id),
            membership_events::kind.eq(kind),
            membership_events::at.eq(at),
            membership_events::recording.eq(recording),
        ))
        .execute(c)?;
    Ok(true)
}

/// The membership events of these conversations up to the cut, by conversation, in the order of their recording.
pub fn list_memberships(
    c: &mut Conn,
    ids: &[ConversationId],
    cut: Cut,
) -> Result<Vec<(ConversationId, MembershipEvent)>> {
    let query = membership_events::table
        .inner_join(conversations::table.on(conversations::id.eq(membership_events::conversation_id)))
        .filter(membership_events::conversation_id.eq_any(ids))
        .order((membership_events::conversation_id, membership_events::id))
        .select((
            membership_events::conversation_id,
            membership_events::user_id,
            membership_events::kind,
            membership_events::at,
        ))
        .into_boxed();
    let query = up_to!(query, cut, membership_events::recording, conversations::source_id);
    let rows: Vec<(ConversationId, UserId, String, Option<i64>)> = query.load(c)?;
    rows.into_iter()
        .map(|(id, user_id, kind, at)| {
            Ok((id, MembershipEvent { user_id, present: kind != "left", at: instant_opt(at)? }))
        })
        .collect()
}
