//! Rows that say up to which recording of each source an export shows (C7).
//!
//! Each source numbers its own recordings, and nobody waits for another's. So a cut is a number for each source. What belongs to
//! a conversation was reported by the conversation's source; people may be changed by several.

use std::collections::HashMap;

use diesel::prelude::*;

use super::Conn;
use super::connection::on_either;
use super::schema::{conversations, export_cuts, sources};
use crate::db::Tx;
use crate::error::Result;
use crate::model::{AccountId, ConversationId, RequestId, SourceId};

/// Which recordings count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cut {
    /// All that there are.
    Now,
    /// Those that had been recorded at the cut of this request.
    Of(RequestId),
}

#[derive(Clone, Debug)]
pub enum Numbers {
    /// Everything counts.
    All,
    /// Of each source, what was recorded up to this number.
    UpTo(HashMap<SourceId, i64>),
}

impl Numbers {
    /// The last recording of a source that counts.
    #[must_use]
    pub fn of(&self, source: SourceId) -> i64 {
        match self {
            Self::All => i64::MAX,
            // What is not in the cut had not recorded anything.
            Self::UpTo(numbers) => numbers.get(&source).copied().unwrap_or(0),
        }
    }
}

/// Narrows a boxed query down to what was recorded at the cut: `$recording` is a number of the source `$source`.
macro_rules! up_to {
    ($query:expr, $cut:expr, $recording:expr, $source:expr) => {{
        use $crate::db::schema::export_cuts;
        match $cut {
            $crate::db::cuts::Cut::Now => $query,
            $crate::db::cuts::Cut::Of(request) => {
                let number = export_cuts::table
                    .filter(export_cuts::request_id.eq(request))
                    .filter(export_cuts::source_id.eq($source))
                    .select(export_cuts::recording);
                $query.filter($recording.nullable().le(number.single_value()))
            }
        }
    }};
}
pub(crate) use up_to;

/// The number of the last committed recording of each source: what a cut that is taken now holds. Exact in one snapshot.
pub fn read_now(c: &mut Conn) -> Result<Vec<(SourceId, i64)>> {
    Ok(sources::table.filter(sources::recording.gt(0)).select((sources::id, sources::recording)).load(c)?)
}

/// Keeps the cut of a request.
pub fn create(tx: &mut Tx<'_>, request: RequestId, numbers: &[(SourceId, i64)]) -> Result<()> {
    let row = |&(source, number): &(SourceId, i64)| {
        (export_cuts::request_id.eq(request), export_cuts::source_id.eq(source), export_cuts::recording.eq(number))
    };
    let rows: Vec<_> = numbers.iter().map(row).collect();
    on_either!(tx.sql(), inner => diesel::insert_into(export_cuts::table).values(&rows).execute(inner))?;
    Ok(())
}

/// How many sources the cut of a request has numbers of.
pub fn count(c: &mut Conn, request: RequestId) -> Result<i64> {
    Ok(export_cuts::table.filter(export_cuts::request_id.eq(request)).count().get_result(c)?)
}

/// Forgets the cut of a request.
pub fn delete(tx: &mut Tx<'_>, request: RequestId) -> Result<()> {
    diesel::delete(export_cuts::table.filter(export_cuts::request_id.eq(request))).execute(tx.sql())?;
    Ok(())
}

/// The numbers of a cut.
pub fn find(c: &mut Conn, cut: Cut) -> Result<Numbers> {
    let Cut::Of(request) = cut else { return Ok(Numbers::All) };
    let rows: Vec<(SourceId, i64)> = export_cuts::table
        .filter(export_cuts::request_id.eq(request))
        .select((export_cuts::source_id, export_cuts::recording))
        .load(c)?;
    Ok(Numbers::UpTo(rows.into_iter().collect()))
}

/// The number of a cut for what belongs to each of these conversations.
pub fn list_of_conversations(c: &mut Conn, cut: Cut, ids: &[ConversationId]) -> Result<HashMap<ConversationId, i64>> {
    let numbers = find(c, cut)?;
    let rows: Vec<(ConversationId, SourceId)> = conversations::table
        .filter(conversations::id.eq_any(ids))
        .select((conversations::id, conversations::source_id))
        .load(c)?;
    Ok(rows.into_iter().map(|(id, source)| (id, numbers.of(source))).collect())
}

/// Kind, name and number of each source of the account that had recorded something at the cut of a request, by kind and name. Other
/// accounts' sources are nobody else's concern.
pub fn list_of_account(c: &mut Conn, request: RequestId, account: AccountId) -> Result<Vec<(String, String, i64)>> {
    Ok(export_cuts::table
        .inner_join(sources::table.on(sources::id.eq(export_cuts::source_id)))
        .filter(export_cuts::request_id.eq(request).and(sources::account_id.eq(account)))
        .order((sources::kind, sources::name_key))
        .select((sources::kind, sources::name, export_cuts::recording))
        .load(c)?)
}
