//! The ledger: how much there is to export, counted by the transactions that record and erase it, and kept apart from the
//! rows and indexes that an export reads.
//!
//! The verbs that make and erase items, edits and conversations keep it, so nobody can forget to. The plan of an export
//! (`exports::contents`) compares it with what it finds: a lost page or a damaged index shows as a difference.

use std::collections::{BTreeMap, HashMap};
use std::ops::{AddAssign, Neg, Range};

use diesel::dsl::{count_star, exists, sql};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt};
use diesel::sqlite::Sqlite;

use crate::db::schema::{conversation_accounts, conversation_counts, conversations, item_counts, item_edits, items};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::model::{AccountId, ConversationId, SourceId, Timestamp};

/// A period is as long as 2 to the power of so many microseconds: about 25 days. A conversation has a row for each of them, so
/// that recording stays cheap; an export of a day counts what lies beside it in its period.
const PERIOD: u32 = 41;

/// How much there is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LedgerCount {
    pub items: i64,
    /// Changes of them.
    pub edits: i64,
    /// The instants of the items within their periods, added up: an entry that is lost beside one that is doubled, or that
    /// stands at another instant, shows here.
    pub instants: i64,
}

impl LedgerCount {
    /// Of one item, posted then, without edits.
    #[must_use]
    pub const fn of_item(at: Timestamp) -> Self {
        Self { items: 1, edits: 0, instants: at.micros() & ((1 << PERIOD) - 1) }
    }

    /// Of so many edits.
    #[must_use]
    pub const fn of_edits(edits: i64) -> Self {
        Self { items: 0, edits, instants: 0 }
    }
}

impl AddAssign for LedgerCount {
    fn add_assign(&mut self, other: Self) {
        self.items += other.items;
        self.edits += other.edits;
        self.instants += other.instants;
    }
}

impl Neg for LedgerCount {
    type Output = Self;

    fn neg(self) -> Self {
        Self { items: -self.items, edits: -self.edits, instants: -self.instants }
    }
}

/// The period of an instant.
const fn period(at: Timestamp) -> i64 {
    at.micros() >> PERIOD
}

/// The first instant of a period, in microseconds.
fn start(period: i64) -> i64 {
    i64::try_from(i128::from(period) << PERIOD).unwrap_or(i64::MAX)
}

/// What changes of the ledger, by conversation and period.
#[derive(Debug, Default)]
pub(crate) struct Changes(BTreeMap<(ConversationId, i64), LedgerCount>);

impl Changes {
    /// Of what belongs to an item posted then.
    pub(crate) fn add(&mut self, conversation: ConversationId, at: Timestamp, count: LedgerCount) {
        *self.0.entry((conversation, period(at))).or_default() += count;
    }

    /// Writes them down. In one order, whoever writes.
    pub(crate) fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        match tx.sql() {
            Conn::Sqlite(inner) => {
                for (key, count) in &self.0 {
                    AddOne(key, count).execute(inner)?;
                }
            }
            Conn::Postgres(inner) => {
                let column =
                    |value: fn((&(i64, i64), &LedgerCount)) -> i64| self.0.iter().map(value).collect::<Vec<i64>>();
                let sql =
                    format!("INSERT INTO item_counts ({COLUMNS}) SELECT * FROM unnest($1, $2, $3, $4, $5){OR_ADD}");
                diesel::sql_query(sql)
                    .bind::<Array<BigInt>, _>(column(|(key, _)| key.0))
                    .bind::<Array<BigInt>, _>(column(|(key, _)| key.1))
                    .bind::<Array<BigInt>, _>(column(|(_, count)| count.items))
                    .bind::<Array<BigInt>, _>(column(|(_, count)| count.edits))
                    .bind::<Array<BigInt>, _>(column(|(_, count)| count.instants))
                    .execute(inner)?;
            }
        }
        Ok(())
    }
}

/// The columns in the order in which both statements give them.
const COLUMNS: &str = "conversation_id, period, items, edits, instants";
const OR_ADD: &str = " ON CONFLICT (conversation_id, period) DO UPDATE SET items = item_counts.items + excluded.items, \
    edits = item_counts.edits + excluded.edits, instants = item_counts.instants + excluded.instants";

/// A statement that is prepared once (see `items::create`).
struct AddOne<'a>(&'a (ConversationId, i64), &'a LedgerCount);

impl QueryId for AddOne<'_> {
    type QueryId = AddOne<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<SqliteConnection> for AddOne<'_> {}

impl QueryFragment<Sqlite> for AddOne<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let Self((conversation, period), LedgerCount { items, edits, instants }) = self;
        out.push_sql("INSERT INTO item_counts (");
        out.push_sql(COLUMNS);
        out.push_sql(") VALUES (");
        out.push_bind_param::<BigInt, _>(conversation)?;
        for number in [period, items, edits, instants] {
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(number)?;
        }
        out.push_sql(")");
        out.push_sql(OR_ADD);
        Ok(())
    }
}

type Row = (ConversationId, i64, i64, i64);

fn counts(rows: impl IntoIterator<Item = Row>) -> HashMap<ConversationId, LedgerCount> {
    let mut counts: HashMap<_, LedgerCount> = HashMap::new();
    for (id, items, edits, instants) in rows {
        *counts.entry(id).or_default() += LedgerCount { items, edits, instants };
    }
    counts
}

/// The periods that a range touches: their numbers, and their instants in microseconds.
fn touched(range: &Range<Timestamp>) -> (Range<i64>, Range<i64>) {
    let last = range.end.plus(-chrono::TimeDelta::microseconds(1));
    let periods = period(range.start)..period(last) + 1;
    let instants = start(periods.start)..start(periods.end);
    (periods, instants)
}

/// What the ledger says of these conversations in all periods that a range touches. A conversation without items is left out.
pub fn list(
    c: &mut Conn,
    ids: &[ConversationId],
    range: &Range<Timestamp>,
) -> Result<HashMap<ConversationId, LedgerCount>> {
    let (periods, _) = touched(range);
    let sum = |column: &str| sql::<BigInt>(&format!("CAST(sum({column}) AS BIGINT)"));
    let rows: Vec<Row> = item_counts::table
        .filter(item_counts::conversation_id.eq_any(ids))
        .filter(item_counts::period.ge(periods.start).and(item_counts::period.lt(periods.end)))
        .group_by(item_counts::conversation_id)
        .select((item_counts::conversation_id, sum("items"), sum("edits"), sum("instants")))
        .load(c)?;
    Ok(counts(rows))
}

/// What there is of these conversations in the periods that a range touches, but outside it, along the indexes that exports
/// read.
pub fn list_beside(
    c: &mut Conn,
    ids: &[ConversationId],
    range: &Range<Timestamp>,
) -> Result<HashMap<ConversationId, LedgerCount>> {
    let (_, instants) = touched(range);
    let mut rows = Vec::new();
    for part in [instants.start..range.start.micros(), range.end.micros()..instants.end] {
        if part.is_empty() {
            continue;
        }
        let within = format!("CAST(sum(items.created_at & {}) AS BIGINT)", (1_i64 << PERIOD) - 1);
        let of_items: Vec<(ConversationId, i64, i64)> = items::table
            .filter(items::conversation_id.eq_any(ids))
            .filter(items::created_at.ge(part.start).and(items::created_at.lt(part.end)))
            .group_by(items::conversation_id)
            .select((items::conversation_id, count_star(), sql::<BigInt>(&within)))
            .load(c)?;
        let of_edits: Vec<(ConversationId, i64)> = item_edits::table
            .filter(item_edits::conversation_id.eq_any(ids))
            .filter(item_edits::item_created_at.ge(part.start).and(item_edits::item_created_at.lt(part.end)))
            .group_by(item_edits::conversation_id)
            .select((item_edits::conversation_id, count_star()))
            .load(c)?;
        rows.extend(of_items.into_iter().map(|(id, items, instants)| (id, items, 0, instants)));
        rows.extend(of_edits.into_iter().map(|(id, edits)| (id, 0, edits, 0)));
    }
    Ok(counts(rows))
}

/// Counts a conversation of a source that is exported for an account. PostgreSQL does so where it makes the conversation.
pub(crate) fn add_conversation(c: &mut SqliteConnection, source: SourceId, account: AccountId) -> Result<()> {
    let values = (
        conversation_counts::source_id.eq(source),
        conversation_counts::account_id.eq(account),
        conversation_counts::conversations.eq(1),
    );
    diesel::insert_into(conversation_counts::table)
        .values(values)
        .on_conflict((conversation_counts::source_id, conversation_counts::account_id))
        .do_update()
        .set(conversation_counts::conversations.eq(conversation_counts::conversations + 1))
        .execute(c)?;
    Ok(())
}

/// How many conversations are exported for an account, as the ledger says, and as can be found.
pub fn count_conversations(c: &mut Conn, account: AccountId) -> Result<(i64, i64)> {
    let counted: Vec<i64> = conversation_counts::table
        .filter(conversation_counts::account_id.eq(account))
        .select(conversation_counts::conversations)
        .load(c)?;
    // From the account to its conversations, as exports go.
    let there = conversations::table.filter(conversations::id.eq(conversation_accounts::conversation_id));
    let found = conversation_accounts::table
        .filter(conversation_accounts::account_id.eq(account))
        .filter(exists(there))
        .count()
        .get_result(c)?;
    Ok((counted.iter().sum(), found))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap_or_default()
    }

    proptest! {
        #[test]
        fn the_periods_that_a_range_touches_hold_it_and_no_whole_period_more(
            from in Timestamp::MIN.micros()..Timestamp::MAX.micros(),
            length in 1_i64..1 << 45,
        ) {
            let range = at(from)..at(from.saturating_add(length).min(Timestamp::MAX.micros()));
            prop_assume!(range.start < range.end);
            let (periods, instants) = touched(&range);
            let last = range.end.micros() - 1;
            prop_assert!(instants.contains(&range.start.micros()) && instants.contains(&last));
            prop_assert!(periods.contains(&period(range.start)) && periods.contains(&period(at(last))));
            prop_assert!(range.start.micros() - instants.start < 1 << PERIOD && instants.end - last <= 1 << PERIOD);
            prop_assert_eq!(LedgerCount::of_item(range.start).instants, range.start.micros() - instants.start);
        }
    }
}
