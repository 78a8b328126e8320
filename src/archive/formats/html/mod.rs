//! Pages to read in a browser, with a search: `index.html` and its further pages, a page for each day of each conversation beside
//! its JSON, and what the search reads.
//!
//! [`day`], [`index`] and [`search`] render, through `markup` alone; `part` and `lists` say which files there are and when
//! they are given; `check` reads them back; [`paths`] names them.

pub mod assets;
mod check;
pub mod day;
pub mod index;
mod lists;
mod markup;
mod part;
pub mod paths;
pub mod search;

use self::search::{RECORD, SHARD};
use super::{About, Check, ExportInfo, Format, ListCopy, PartCopy, Sink, Start};
use crate::archive::formats::needs::{Extent, Needs, Shards};
use crate::archive::manifest::FormatInfo;
use crate::archive::{ChunkPosition, names};
use crate::error::Result;
pub use check::page;
pub use markup::visible;

/// Pages to read in a browser.
pub struct Html;

static ABOUT: About = About {
    key: "html",
    label: "Pages to read in a browser",
    description: "With a search, and edits and deletions in place. They open from the unpacked folder, without a network.",
    help: "Add pages to read in a browser, with a search",
    start: Some(Start { file: paths::INDEX, with: "in a browser" }),
    pointer: None,
};

impl Format for Html {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self, extent: Extent) -> Needs {
        let Extent { conversations, stays } = extent;
        // Two folders, index, style sheet, script; and at least one page of days, shard of texts, and shard of names.
        let pages = conversations / paths::CHATS_PER_PAGE + conversations / paths::ROWS_PER_PAGE + stays * 100 / SHARD;
        Needs {
            own: usize::try_from(8 + pages).unwrap_or(usize::MAX / 2),
            entries_per_day: 1,
            shards: Some(Shards { full: SHARD, per_record: RECORD }),
            per_day: 1_700,
            per_record: 300,
            per_conversation: 900,
            per_stay: 150,
            // On the page, and for the search.
            texts: 2,
            ..Needs::default()
        }
    }

    fn owns(&self, path: &str) -> bool {
        match path.rsplit_once('/') {
            Some((folder, file)) if names::is_chats(folder) => file.ends_with(".html"),
            _ => path == paths::INDEX || path.split('/').next() == Some(paths::FOLDER),
        }
    }

    fn shared(&self, sink: &mut dyn Sink) -> Result<()> {
        for folder in [paths::FOLDER, paths::SEARCH_FOLDER] {
            sink.directory(folder)?;
        }
        for (path, text) in [assets::STYLE, assets::SCRIPT] {
            sink.text(path, ChunkPosition::WHOLE, text.as_bytes())?;
        }
        Ok(())
    }

    fn part(&self, part: crate::archive::formats::Part) -> Box<dyn PartCopy> {
        Box::new(part::Pages::new(part))
    }

    fn lists<'a>(&self, whole: ExportInfo<'a>) -> Result<Box<dyn ListCopy + 'a>> {
        Ok(Box::new(lists::Lists::create(whole)?))
    }

    fn check(&self, said: &FormatInfo) -> Result<Box<dyn Check>, String> {
        Ok(Box::new(check::Pages::new(said.number("days")?)))
    }
}
