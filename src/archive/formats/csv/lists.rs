//! The table of all conversations.

use super::{CONVERSATIONS, SPREADSHEETS, table};
use crate::archive::formats::{Growing, ListCopy, ListedConversation, Sink};
use crate::archive::manifest::{FormatInfo, FormatValue, Totals};
use crate::error::Result;

/// The table of all conversations, and how many spreadsheets there are.
pub(super) struct Table {
    spreadsheets: u64,
    table: Growing,
}

impl Table {
    pub(super) fn begin() -> Self {
        let mut table = Growing::default();
        table::begin_conversations(table.begin(CONVERSATIONS.to_owned()));
        Self { spreadsheets: 0, table }
    }
}

impl ListCopy for Table {
    fn add(&mut self, listed: &ListedConversation<'_>, sink: &mut dyn Sink) -> Result<()> {
        self.spreadsheets += listed.portions.len() as u64;
        table::conversation(&mut self.table.text, listed.chat.name, listed.entry);
        self.table.give(false, sink)
    }

    fn end(mut self: Box<Self>, _: Totals, sink: &mut dyn Sink) -> Result<FormatInfo> {
        self.table.give(true, sink)?;
        Ok(FormatInfo::from_iter([
            ("folder", FormatValue::from(SPREADSHEETS)),
            ("files", FormatValue::from(self.spreadsheets)),
            ("conversations", FormatValue::from(CONVERSATIONS)),
        ]))
    }
}
