//! Which of an account's conversations are meant: those of C2, less those that filters leave out, as of a cut (C7).
//!
//! Every query that reads or counts what an export holds, or would hold, narrows itself down by [`chosen`], so that they all
//! mean the same.

use crate::db::cuts::Cut;
use crate::model::{AccountId, Filters};

/// Which conversations are meant.
#[derive(Clone, Copy, Debug)]
pub struct ConversationFilter<'a> {
    /// They are exported for this account.
    pub account: AccountId,
    /// What was recorded after it does not count.
    pub cut: Cut,
    /// What they are limited to.
    pub filters: &'a Filters,
}

/// Narrows a query with `conversation_accounts` in it down to a [`ConversationFilter`].
macro_rules! chosen {
    ($query:expr, $filter:expr) => {{
        use $crate::db::cuts::Cut;
        use $crate::db::schema::{conversation_accounts as ours, conversations, export_cuts, participants};
        let (query, filter) = ($query, $filter);
        let mut query = query.filter(ours::account_id.eq(filter.account)).into_boxed();
        if !filter.filters.people.is_empty() {
            let took_part = participants::table
                .filter(participants::user_id.eq_any(filter.filters.people.clone()))
                .filter(participants::conversation_id.eq(ours::conversation_id));
            query = match filter.cut {
                Cut::Now => query.filter(diesel::dsl::exists(took_part)),
                Cut::Of(request) => {
                    // The query itself may be about conversations.
                    let theirs = diesel::alias!(conversations as theirs);
                    let number = export_cuts::table
                        .inner_join(theirs.on(theirs.field(conversations::source_id).eq(export_cuts::source_id)))
                        .filter(export_cuts::request_id.eq(request))
                        .filter(theirs.field(conversations::id).eq(participants::conversation_id))
                        .select(export_cuts::recording);
                    let took_part = took_part.filter(participants::recording.nullable().le(number.single_value()));
                    query.filter(diesel::dsl::exists(took_part))
                }
            };
        }
        if !filter.filters.conversations.is_empty() {
            query = query.filter(ours::conversation_id.eq_any(filter.filters.conversations.clone()));
        }
        query
    }};
}
pub(crate) use chosen;
