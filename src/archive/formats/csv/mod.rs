//! Spreadsheets: a CSV file for each conversation, and a table of all conversations.
//!
//! [`table`] writes rows, [`read`] reads them back; `part` and `lists` say which files there are and when they are given;
//! `check` compares them with the JSON.

mod check;
mod lists;
mod part;
pub mod read;
pub mod table;

use chrono::NaiveDate;

use super::{About, Check, ExportInfo, Format, ListCopy, Part, PartCopy, Pointer, Sink};
use crate::archive::formats::needs::{Extent, Needs};
use crate::archive::manifest::FormatInfo;
use crate::error::Result;
pub use table::restored;

/// One file for each conversation.
pub const SPREADSHEETS: &str = "Spreadsheets";
/// A table of all conversations.
pub const CONVERSATIONS: &str = "conversations.csv";

pub struct Csv;

static ABOUT: About = About {
    key: "csv",
    label: "Spreadsheets (CSV)",
    description: "A file for each conversation, for Excel or LibreOffice.",
    help: "Add spreadsheets, a CSV file for each conversation",
    start: None,
    pointer: Some(Pointer {
        title: "Spreadsheets",
        file: CONVERSATIONS,
        words: " lists all conversations; one for each is in the folder Spreadsheets.",
        one: "Spreadsheet",
    }),
};

impl Format for Csv {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self, _: Extent) -> Needs {
        Needs {
            // A folder, and the table of all conversations.
            own: 2,
            entries_per_portion: 1,
            per_record: 200,
            per_conversation: 900,
            per_stay: 50,
            texts: 1,
            ..Needs::default()
        }
    }

    fn owns(&self, path: &str) -> bool {
        path == CONVERSATIONS || path.rsplit_once('/').is_some_and(|(folder, _)| folder == SPREADSHEETS)
    }

    fn shared(&self, sink: &mut dyn Sink) -> Result<()> {
        sink.directory(SPREADSHEETS)
    }

    fn files_of(&self, folder: &str, portions: &[Option<NaiveDate>]) -> Vec<String> {
        portions.iter().map(|from| spreadsheet(folder, *from)).collect()
    }

    fn part(&self, part: Part) -> Box<dyn PartCopy> {
        Box::new(part::Tables::new(part))
    }

    fn lists<'a>(&self, _: ExportInfo<'a>) -> Result<Box<dyn ListCopy + 'a>> {
        Ok(Box::new(lists::Table::begin()))
    }

    fn check(&self, said: &FormatInfo) -> Result<Box<dyn Check>, String> {
        Ok(Box::new(check::Tables::new(said.number("files")?)))
    }
}

/// The spreadsheet of a conversation; of what a later part holds of it, from that day on.
#[must_use]
pub fn spreadsheet(folder: &str, from: Option<NaiveDate>) -> String {
    let name = folder.rsplit('/').next().unwrap_or(folder);
    match from {
        None => format!("{SPREADSHEETS}/{name}.csv"),
        Some(day) => format!("{SPREADSHEETS}/{name} from {day}.csv"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreadsheets_are_named_after_conversations() {
        let day = NaiveDate::default();
        assert_eq!(spreadsheet("Team_Chats/Ops - 3", None), "Spreadsheets/Ops - 3.csv");
        assert_eq!(spreadsheet("Team_Chats/Ops - 3", Some(day)), "Spreadsheets/Ops - 3 from 1970-01-01.csv");
    }
}
