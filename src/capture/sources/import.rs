//! One import: what a reader finds is ingested (`capture::ingest`), and the [`ImportSummary`] says what became of it.
//!
//! Who speaks is decided here: other systems' archives say what a source may say, events what the operator may who imports them. How it
//! goes there lives in `batches`.

use std::path::Path;

use super::batches::{self, Target};
use super::summary::{ImportSummary, Subject};
use super::{FilePlace, events, mattermost, slack};
use crate::audit::{self, Actor, AuditEvent};
use crate::clock::Clock;
use crate::db::Store;
use crate::error::Result;
use crate::identity::names;
use crate::model::{AccountId, OperatorFact, SourceKey};

/// The format of an archive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ImportFormat {
    /// A Slack workspace export.
    Slack,
    /// A Mattermost bulk export.
    Mattermost,
    /// Our own events.
    Events,
}

impl ImportFormat {
    /// Its name, and that of the kind of source that it comes from.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Mattermost => "mattermost",
            Self::Events => "events",
        }
    }
}

/// An archive, and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    pub account: AccountId,
    /// The archive's format.
    pub format: ImportFormat,
    /// Name of the source, which distinguishes several of one kind; the only one bears the format's name.
    pub source: &'a str,
    /// Where the archive lies.
    pub path: &'a Path,
    /// Nothing is recorded if anything is refused; otherwise all but what is refused.
    pub strict: bool,
}

impl<'a> Import<'a> {
    /// What lies at `path`, from the account's only source of its kind.
    #[must_use]
    pub const fn new(account: AccountId, format: ImportFormat, path: &'a Path) -> Self {
        Self { account, format, source: format.as_str(), path, strict: false }
    }
}

/// Imports an archive into an account.
///
/// # Errors
/// When the source's name won't do, the archive as a whole can't be read, or the database fails. What was recorded before stays, unless
/// `strict`.
pub fn import(
    store: &Store,
    clock: &Clock,
    import: &Import<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<ImportSummary> {
    import_in_turn(store, clock, import, progress, &|| {})
}

/// As [`import`], for somebody who watches: waits for others who record for as long as they take, as that does, and calls `waits`
/// when it is longer than a moment.
///
/// # Errors
/// Those of [`import`].
pub fn import_in_turn(
    store: &Store,
    clock: &Clock,
    import: &Import<'_>,
    progress: &mut dyn FnMut(u64, u64),
    waits: &(dyn Fn() + Sync),
) -> Result<ImportSummary> {
    let Import { account, format, path, strict, .. } = *import;
    let source = SourceKey { kind: format.as_str(), name: names::checked_source(import.source)? };
    let target = Target { store, clock, account, source, strict, waits };
    let summary = match format {
        ImportFormat::Slack => batches::record(target, progress, |sink| slack::read(path, sink)),
        ImportFormat::Mattermost => batches::record(target, progress, |sink| mattermost::read(path, sink)),
        ImportFormat::Events => batches::record(target, progress, |sink| events::read::<OperatorFact>(path, sink)),
    }?;
    let (items, problems) = (summary.of(Subject::Items).added, summary.problems.len());
    let (kind, name) = (source.kind.to_owned(), source.name.to_owned());
    let event = AuditEvent::ImportFinished { source: kind, name, items, problems };
    store.bulk(waits, |bulk| bulk.write(|tx| audit::append(tx, account, Actor::Operator, &event, clock.now())))?;
    Ok(summary)
}

/// Records facts of the operator that are at hand, such as the demo's, in batches, as events.
pub fn record_all(
    store: &Store,
    clock: &Clock,
    account: AccountId,
    facts: impl IntoIterator<Item = OperatorFact>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<ImportSummary> {
    let source = SourceKey::from(ImportFormat::Events.as_str());
    let target = Target { store, clock, account, source, strict: false, waits: &|| {} };
    batches::record(target, progress, |sink| {
        for (number, fact) in (1..).zip(facts) {
            sink.record(&FilePlace::default(), fact)?;
            sink.progress(number, 0);
        }
        Ok(())
    })
}
