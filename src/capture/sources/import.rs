//! One import: what a reader finds is ingested (`capture::ingest`), and the [`Summary`] tells what became of it.
//!
//! How it goes there lives in `batches`.

use std::path::Path;

use super::batches::{self, Target};
use super::summary::{Subject, Summary};
use super::{Place, Sink, events, mattermost, slack};
use crate::audit::{self, Actor, AuditEvent};
use crate::clock::Clock;
use crate::db::Store;
use crate::error::Result;
use crate::model::{AccountId, Recording};

/// The format of an archive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// A Slack workspace export.
    Slack,
    /// A Mattermost bulk export.
    Mattermost,
    /// Our own events.
    Events,
}

impl Format {
    /// Its name, and that of the source it makes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Mattermost => "mattermost",
            Self::Events => "events",
        }
    }

    fn read(self, path: &Path, sink: &mut dyn Sink) -> Result<()> {
        match self {
            Self::Slack => slack::read(path, sink),
            Self::Mattermost => mattermost::read(path, sink),
            Self::Events => events::read(path, sink),
        }
    }
}

/// Imports the archive at `path` into an account. With `strict`, nothing is recorded if anything is refused; otherwise all
/// but what is refused.
///
/// # Errors
/// When the archive as a whole can't be read, or the database fails. What was recorded before stays, unless `strict`.
pub fn import(
    store: &Store,
    clock: &Clock,
    account: AccountId,
    archive: (Format, &Path),
    strict: bool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Summary> {
    import_in_turn(store, clock, account, archive, strict, (progress, &|| {}))
}

/// As [`import`], for somebody who watches: waits for others who record for as long as they take, as that does, and tells `waits`
/// when it is longer than a moment.
///
/// # Errors
/// Those of [`import`].
pub fn import_in_turn(
    store: &Store,
    clock: &Clock,
    account: AccountId,
    (format, path): (Format, &Path),
    strict: bool,
    (progress, waits): (&mut dyn FnMut(u64, u64), &(dyn Fn() + Sync)),
) -> Result<Summary> {
    let target = Target { store, clock, account, source: format.as_str(), strict, waits };
    let summary = batches::record(target, progress, |sink| format.read(path, sink))?;
    let items = summary.of(Subject::Items).added;
    let (source, problems) = (format.as_str().to_owned(), summary.problems.len());
    let event = AuditEvent::ImportFinished { source, items, problems };
    store.bulk(waits, |bulk| bulk.write(|tx| audit::append(tx, account, Actor::Operator, &event, clock.now())))?;
    Ok(summary)
}

/// Records facts that are at hand, such as the demo's, in batches.
///
/// # Errors
/// When the database fails.
pub fn record_all(
    store: &Store,
    clock: &Clock,
    account: AccountId,
    format: Format,
    recordings: impl IntoIterator<Item = Recording>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Summary> {
    let target = Target { store, clock, account, source: format.as_str(), strict: false, waits: &|| {} };
    batches::record(target, progress, |sink| {
        for (number, recording) in (1..).zip(recordings) {
            sink.record(&Place::default(), recording)?;
            sink.progress(number, 0);
        }
        Ok(())
    })
}
