//! Rows of what completed exports hold, counted: for their pages.

use diesel::prelude::*;

use crate::db::schema::{export_conversations, export_summaries};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::model::RequestId;

/// Counts of a whole export, as [`crate::exports::rules::summary`] writes them.
#[derive(Clone, Debug, Eq, PartialEq, Queryable)]
pub struct Summary {
    /// Conversations that have items in the range.
    pub conversations: i64,
    /// By kind of conversation and of item.
    pub by_kind: String,
    pub by_day: String,
}

/// Keeps the counts of an export that is being completed.
pub fn create(tx: &mut Tx<'_>, request: RequestId, summary: &Summary) -> Result<()> {
    diesel::insert_into(export_summaries::table)
        .values((
            export_summaries::request_id.eq(request),
            export_summaries::conversations.eq(summary.conversations),
            export_summaries::by_kind.eq(&summary.by_kind),
            export_summaries::by_day.eq(&summary.by_day),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// The counts of an export; none if it is not completed, or was by a version that did not keep them.
pub fn find(c: &mut Conn, request: RequestId) -> Result<Option<Summary>> {
    let summary = export_summaries::table.find(request).select((
        export_summaries::conversations,
        export_summaries::by_kind,
        export_summaries::by_day,
    ));
    Ok(summary.first(c).optional()?)
}

/// Keeps a page, from 1, of an export's counts by conversation.
pub fn create_page(tx: &mut Tx<'_>, request: RequestId, page: i32, counts: &str) -> Result<()> {
    diesel::insert_into(export_conversations::table)
        .values((
            export_conversations::request_id.eq(request),
            export_conversations::page.eq(page),
            export_conversations::counts.eq(counts),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// A page of an export's counts by conversation.
pub fn find_page(c: &mut Conn, request: RequestId, page: i32) -> Result<Option<String>> {
    let counts = export_conversations::table.find((request, page)).select(export_conversations::counts);
    Ok(counts.first(c).optional()?)
}
