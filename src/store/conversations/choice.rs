//! Which of an account's conversations are meant: those of C2, less those that filters leave out, as of a cut (C7).
//!
//! Every query that reads or counts what an export holds, or would hold, narrows itself down by [`chosen`], so that they all
//! mean the same.

use crate::model::{AccountId, Filters};

/// Which conversations are meant.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// They are exported for this account.
    pub account: AccountId,
    /// What was told after the recording of this number does not count.
    pub cut: i64,
    /// What they are limited to.
    pub filters: &'a Filters,
}

/// Narrows a query with `conversation_accounts` in it down to a [`Choice`].
macro_rules! chosen {
    ($query:expr, $choice:expr) => {{
        use $crate::store::schema::{conversation_accounts as ours, participants};
        let (query, choice) = ($query, $choice);
        let mut query = query.filter(ours::account_id.eq(choice.account)).into_boxed();
        if !choice.filters.people.is_empty() {
            let took_part = participants::table
                .filter(participants::user_id.eq_any(choice.filters.people.clone()))
                .filter(participants::conversation_id.eq(ours::conversation_id))
                .filter(participants::recording.le(choice.cut));
            query = query.filter(diesel::dsl::exists(took_part));
        }
        if !choice.filters.conversations.is_empty() {
            query = query.filter(ours::conversation_id.eq_any(choice.filters.conversations.clone()));
        }
        query
    }};
}
pub(in crate::store) use chosen;
