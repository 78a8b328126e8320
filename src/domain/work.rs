//! The queue of exports, for the workers: claim by lease, progress, and the end, with the mail about it (B3, B5, B6).
//!
//! An export is planned by one worker, which divides it into parts; then each part is a piece of work of its own, for
//! whoever is free, in this process or another. Part 1 tells about all others, so it comes last. The archive itself is
//! built by `worker`, which reads what goes into it through [`super::contents`].

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono::TimeDelta;

use super::evidence;
use super::rules::parts::Limits;
use super::rules::requests as rules;
use super::rules::slices::Slice;
use super::rules::summary::{ConversationCounts, Counting, KindCounts};
use crate::error::{Error, Kind, Result};
use crate::keys;
use crate::model::{ExportRequest, MailEvent, Part, RequestId, Timestamp};
use crate::store::pieces::{self, Built, Unbuilt};
use crate::store::summaries::{self, Summary};
use crate::store::{self, Conn, Store, exports};

/// How workers hold on to an export.
#[derive(Clone, Copy, Debug)]
pub struct WorkPolicy {
    /// How long a worker that says nothing keeps it.
    pub lease: TimeDelta,
    /// How often a piece of work is taken up before the export fails (B3).
    pub attempts: u32,
    /// Days for which an archive is kept (B6).
    pub keep_days: u32,
}

/// What a worker has to do for an export.
#[derive(Clone, Debug)]
pub enum Task {
    /// Take the cut, count, and divide.
    Plan,
    /// Build a part. Its plan is long, and the same for whoever holds the claim.
    Part(Arc<Piece>),
}

/// A part to be built.
#[derive(Debug)]
pub struct Piece {
    /// Its number, from 1.
    pub number: i32,
    /// How many parts the export has.
    pub count: i32,
    /// What it holds.
    pub plan: Slice,
}

/// A piece of work that a worker has taken up.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The export.
    pub request: ExportRequest,
    /// What to do.
    pub task: Task,
    /// How often it has been taken up, this time included.
    pub attempts: i32,
    /// Proves that it is still ours; names its temporary files.
    pub key: String,
}

impl Claim {
    fn lease(&self) -> exports::Lease<'_> {
        exports::Lease { id: self.request.id, key: &self.key }
    }

    fn piece_lease(&self, piece: &Piece) -> pieces::Lease<'_> {
        pieces::Lease { request: self.request.id, number: piece.number, key: &self.key }
    }

    /// Prolongs the lease; whether it still holds.
    fn hold(&self, c: &mut Conn, until: Timestamp) -> Result<bool> {
        match &self.task {
            Task::Plan => exports::update_lease(c, &self.lease(), until),
            Task::Part(piece) => pieces::hold(c, &self.piece_lease(piece)),
        }
    }
}

/// Takes up the work that has waited longest; only of the request `only` if one is given. An export whose workers died as
/// often as it may be tried fails instead, and one that can't even be read fails alone.
///
/// # Errors
/// When the database fails.
pub fn claim(store: &Store, policy: &WorkPolicy, only: Option<RequestId>, now: Timestamp) -> Result<Option<Claim>> {
    // Most looks find nothing: they must not take the writer's place.
    let waits = |c: &mut Conn| {
        Ok(!next_pieces(pieces::list_unbuilt(c, only)?, now).is_empty()
            || !exports::list_claimable(c, now, only)?.is_empty())
    };
    if !store.read(waits)? {
        return Ok(None);
    }
    store.write(|c| {
        // Plans first: they are short, and let every company's export begin.
        for id in exports::list_claimable(c, now, only)? {
            // What an earlier run has left goes first.
            if pieces::list_built(c, id)?.is_empty()
                && let Some(claim) = readable(c, id, now, |c| claim_plan(c, policy, id, now))?
            {
                return Ok(Some(claim));
            }
        }
        for found in next_pieces(pieces::list_unbuilt(c, only)?, now) {
            let id = found.request_id;
            if let Some(claim) = readable(c, id, now, |c| claim_piece(c, policy, &found, now))? {
                return Ok(Some(claim));
            }
        }
        Ok(None)
    })
}

/// Which pieces may be taken up now, the next first: one of each export, that of the export with fewest workers first, so
/// that a large one does not keep the others waiting. Part 1 only when it is the last.
fn next_pieces(unbuilt: Vec<Unbuilt>, now: Timestamp) -> Vec<Unbuilt> {
    let mut requests: BTreeMap<RequestId, (usize, usize, Option<Unbuilt>)> = BTreeMap::new();
    for piece in unbuilt {
        let (left, busy, next) = requests.entry(piece.request_id).or_default();
        *left += 1;
        if piece.lease_until.is_some_and(|until| until >= now.micros()) {
            *busy += 1;
        } else if piece.not_before <= now.micros() && next.is_none_or(|next| next.number == 1) {
            *next = Some(piece);
        }
    }
    let mut next: Vec<_> = requests
        .into_values()
        .filter_map(|(left, busy, next)| next.filter(|next| next.number > 1 || left == 1).map(|next| (busy, next)))
        .collect();
    next.sort_by_key(|(busy, _)| *busy);
    next.into_iter().map(|(_, piece)| piece).collect()
}

/// Does `work` for an export; one that can't be read is failed, lest it be in the way of all others for ever.
fn readable(
    c: &mut Conn,
    id: RequestId,
    now: Timestamp,
    work: impl FnOnce(&mut Conn) -> Result<Option<Claim>>,
) -> Result<Option<Claim>> {
    match work(c) {
        Err(error) if error.kind() == Kind::Internal && error.message() == store::UNREADABLE => {
            tracing::error!(cause = %error.causes(), request = id, "an export in the queue can't be read: {error}");
            let reason = "The server can't read this request. Ask its operator to look into the log.";
            exports::update_failed(c, id, reason, now)?;
            Ok(None)
        }
        other => other,
    }
}

fn claim_plan(c: &mut Conn, policy: &WorkPolicy, id: RequestId, now: Timestamp) -> Result<Option<Claim>> {
    let Some(mut request) = exports::find(c, id)? else { return Ok(None) };
    let key = keys::new_key();
    if !exports::claim(c, &request, &key, now, now.plus(policy.lease))? {
        return Ok(None);
    }
    let exhausted = is_exhausted(policy, request.attempts);
    request.attempts += 1;
    let claim = Claim { attempts: request.attempts, request, task: Task::Plan, key };
    if exhausted {
        fail_exhausted(c, &claim.request, policy, now)?;
        return Ok(None);
    }
    Ok(Some(claim))
}

fn claim_piece(c: &mut Conn, policy: &WorkPolicy, found: &Unbuilt, now: Timestamp) -> Result<Option<Claim>> {
    let id = found.request_id;
    let (Some(mut request), Some(plan)) = (exports::find(c, id)?, pieces::find_plan(c, id, found.number)?) else {
        return Ok(None);
    };
    let key = keys::new_key();
    if !pieces::claim(c, found, &key, now.plus(policy.lease))? {
        return Ok(None);
    }
    if is_exhausted(policy, found.attempts) {
        fail_exhausted(c, &request, policy, now)?;
        return Ok(None);
    }
    let attempts = found.attempts + 1;
    exports::update_attempts(c, id, attempts)?;
    request.attempts = request.attempts.max(attempts);
    let count = i32::try_from(pieces::count(c, id)?).unwrap_or(i32::MAX);
    let piece = Piece { number: found.number, count, plan: Slice::parse(&plan)? };
    Ok(Some(Claim { request, task: Task::Part(Arc::new(piece)), attempts, key }))
}

fn is_exhausted(policy: &WorkPolicy, attempts: i32) -> bool {
    i64::from(attempts) >= i64::from(policy.attempts)
}

fn fail_exhausted(c: &mut Conn, request: &ExportRequest, policy: &WorkPolicy, now: Timestamp) -> Result<()> {
    let reason = format!(
        "The server stopped unexpectedly while it was working on this export, {} times. Retry it; if that happens again, \
         ask the server's operator.",
        policy.attempts
    );
    end_in_failure(c, request, &reason, now).map(drop)
}

/// Takes the cut (C7) and the evidence of that moment, unless an earlier attempt has: an export is a function of its request
/// and its cut.
///
/// # Errors
/// When the database fails.
pub fn take_cut(store: &Store, claim: &mut Claim, now: Timestamp) -> Result<bool> {
    if claim.request.cut.is_some() {
        return Ok(true);
    }
    // One state of the database: what was so when the last recording had been committed, and nothing that came after.
    let (number, evidence) =
        store.read(|c| Ok((store::sources::last_recording(c)?, evidence::read(c, &claim.request)?)))?;
    let (cut, evidence) = ((number, now), evidence::text(&evidence)?);
    claim.request.cut = Some(cut);
    store.write(|c| exports::update_cut(c, &claim.lease(), cut, &evidence))
}

/// Begins to divide an export into parts: what an earlier attempt has divided is forgotten. Tells whether the export is still
/// ours: one who was slow must not undo what another has planned meanwhile.
///
/// # Errors
/// When the database fails.
pub fn begin_plan(store: &Store, claim: &Claim, policy: &WorkPolicy, now: Timestamp) -> Result<bool> {
    store.write(|c| {
        let ours = claim.hold(c, now.plus(policy.lease))?;
        if ours {
            pieces::delete(c, claim.request.id)?;
        }
        Ok(ours)
    })
}

/// Adds a part. Nobody takes it up before the plan is complete. Tells whether the export is still ours.
///
/// # Errors
/// When the database fails.
pub fn add_piece(
    store: &Store,
    claim: &Claim,
    policy: &WorkPolicy,
    number: i32,
    plan: &Slice,
    now: Timestamp,
) -> Result<bool> {
    let piece = pieces::NewPiece { number, plan: plan.to_text(), items: count(plan.items()) };
    store.write(|c| {
        let ours = claim.hold(c, now.plus(policy.lease))?;
        if ours {
            pieces::create(c, claim.request.id, &piece, now)?;
        }
        Ok(ours)
    })
}

/// Completes the plan: from now on the parts can be taken up. Tells whether the export was still ours.
///
/// # Errors
/// When the database fails.
pub fn planned(store: &Store, claim: &Claim, items: u64, limits: Limits, now: Timestamp) -> Result<bool> {
    let limits = (i64::try_from(limits.entries).unwrap_or(i64::MAX), count(limits.bytes));
    store.write(|c| exports::update_planned(c, &claim.lease(), count(items), limits, now))
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Says that work goes on, and how many of the piece's items are done; tells whether it is still ours (the export may
/// have been cancelled).
///
/// # Errors
/// When the database fails.
pub fn heartbeat(store: &Store, claim: &Claim, policy: &WorkPolicy, done: i64, now: Timestamp) -> Result<bool> {
    let until = now.plus(policy.lease);
    store.write(|c| {
        let Task::Part(piece) = &claim.task else { return exports::update_lease(c, &claim.lease(), until) };
        if !pieces::update_progress(c, &claim.piece_lease(piece), until, done)? {
            return Ok(false);
        }
        let done = pieces::sum_done(c, claim.request.id)?;
        exports::update_done(c, claim.request.id, done)?;
        Ok(true)
    })
}

/// The parts of an export that have been built already, in order, without their counts.
///
/// # Errors
/// When the database fails.
pub fn built_parts(store: &Store, request: RequestId) -> Result<Vec<Built>> {
    store.read(|c| pieces::list_built(c, request))
}

/// The counts of what was written into a built part.
///
/// # Errors
/// When the database fails, or the part is not there any more.
pub fn built_counts(store: &Store, request: RequestId, number: i32) -> Result<Slice> {
    match store.read(|c| pieces::find_counts(c, request, number))? {
        Some(counts) => Slice::parse(&counts),
        None => Err(Error::new(Kind::Internal, format!("Part {number} of the export is gone."))),
    }
}

/// What became of a part that was handed in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandedIn {
    /// It was no longer ours to build; its bytes belong to nothing.
    Lost,
    /// Others are still to come.
    Noted,
    /// It was the last: the export is complete.
    Completed,
}

/// Notes that a part is built, checked and in its place. The last one completes the export. `file_name` gives the name
/// of a part by its number.
///
/// # Errors
/// When the database fails.
pub fn hand_in(
    store: &Store,
    claim: &Claim,
    policy: &WorkPolicy,
    built: &Built,
    file_name: &dyn Fn(i32) -> String,
    now: Timestamp,
) -> Result<HandedIn> {
    let Task::Part(piece) = &claim.task else { return Ok(HandedIn::Lost) };
    let ExportRequest { id, account_id, requester_id, .. } = claim.request;
    // Part 1 comes last: the others don't change any more, and are put together before anybody has to wait for it.
    let contents = if piece.number == 1 { contents(store, id, piece, built)? } else { None };
    store.write(|c| {
        if !pieces::update_built(c, &claim.piece_lease(piece), built, now)? {
            return Ok(HandedIn::Lost);
        }
        if piece.number > 1 {
            let done = pieces::sum_done(c, id)?;
            exports::update_done(c, id, done)?;
            return Ok(HandedIn::Noted);
        }
        let parts = pieces::list_built(c, id)?;
        let items = parts.iter().map(|part| part.items).sum();
        if !exports::update_completed(c, id, items, now, rules::expiry(now, policy.keep_days))? {
            return Ok(HandedIn::Lost);
        }
        for Built { number, size, sha256, storage_key, .. } in parts {
            let part = Part { number, file_name: file_name(number), size, sha256 };
            exports::create_part(c, id, &part, &storage_key)?;
        }
        pieces::delete(c, id)?;
        if let Some(Contents { summary, conversations }) = &contents {
            summaries::create(c, id, summary)?;
            for (page, counts) in (1..).zip(conversations.chunks(CONVERSATIONS_PER_PAGE)) {
                summaries::create_page(c, id, page, &KindCounts(counts.to_vec()).to_text())?;
            }
        }
        store::mails::create(c, id, requester_id, MailEvent::Completed, None, now)?;
        store::audit::create(c, account_id, None, "export.completed", &format!("export {id}"), now)?;
        Ok(HandedIn::Completed)
    })
}

/// Conversations whose counts are kept, and shown, together.
pub const CONVERSATIONS_PER_PAGE: usize = 40;

/// What an export holds, as it is kept for its page.
struct Contents {
    summary: Summary,
    /// Counts by conversation, in the order in which they are shown.
    conversations: Vec<ConversationCounts>,
}

/// Puts the counts of an export's parts together, of which `last` is not handed in yet. Memory grows with conversations and
/// days, not with items. None if a part was built by a version that did not count kinds.
fn contents(store: &Store, id: RequestId, piece: &Piece, last: &Built) -> Result<Option<Contents>> {
    let mut counting = Counting::default();
    for number in 2..=piece.count {
        let texts = store.read(|c| Ok((pieces::find_counts(c, id, number)?, pieces::find_kinds(c, id, number)?)))?;
        // One that is gone, as when the export has just been cancelled, is found out when this one is handed in.
        let (Some(counts), Some(kinds)) = texts else { return Ok(None) };
        counting.part(&Slice::parse(&counts)?, KindCounts::parse(&kinds)?);
    }
    let kinds = KindCounts::parse(&last.kinds)?;
    match &last.counts {
        Some(counts) => counting.part(&Slice::parse(counts)?, kinds),
        None => counting.part(&piece.plan, kinds),
    }
    let (totals, conversations) = counting.finish();
    let (by_kind, by_day) = totals.to_texts();
    let with_items = i64::try_from(conversations.len()).unwrap_or(i64::MAX);
    Ok(Some(Contents { summary: Summary { conversations: with_items, by_kind, by_day }, conversations }))
}

/// Fails an export with a reason that an administrator understands; tells whether the piece of work was still ours.
///
/// # Errors
/// When the database fails.
pub fn fail(store: &Store, claim: &Claim, reason: &str, now: Timestamp) -> Result<bool> {
    store.write(|c| Ok(claim.hold(c, now)? && end_in_failure(c, &claim.request, reason, now)?))
}

fn end_in_failure(c: &mut Conn, request: &ExportRequest, reason: &str, now: Timestamp) -> Result<bool> {
    let ExportRequest { id, account_id, requester_id, .. } = *request;
    if !exports::update_failed(c, id, reason, now)? {
        return Ok(false);
    }
    pieces::update_leases_ended(c, id)?;
    store::mails::create(c, id, requester_id, MailEvent::Failed, Some(reason), now)?;
    store::audit::create(c, account_id, None, "export.failed", &format!("export {id}: {reason}"), now)?;
    Ok(true)
}

/// Why a piece of work goes back into the queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Release {
    /// This process stops: another goes on at once, and the attempt does not count.
    Stopping,
    /// Something failed that may pass: later, and the attempt counts.
    Later(TimeDelta),
}

/// Puts a piece of work back into the queue; tells whether it was still ours.
///
/// # Errors
/// When the database fails.
pub fn release(store: &Store, claim: &Claim, why: Release, now: Timestamp) -> Result<bool> {
    let (attempts, not_before) = match why {
        Release::Stopping => (claim.attempts - 1, now),
        Release::Later(wait) => (claim.attempts, now.plus(wait)),
    };
    store.write(|c| match &claim.task {
        Task::Plan => exports::update_released(c, &claim.lease(), attempts, not_before),
        Task::Part(piece) => pieces::update_released(c, &claim.piece_lease(piece), attempts, not_before),
    })
}

/// Forgets the parts of exports that have ended without them (cancelled, failed), and gives the keys under which their
/// bytes are kept, which belong to nothing from then on.
///
/// # Errors
/// When the database fails.
pub fn discard(store: &Store) -> Result<Vec<String>> {
    if store.read(pieces::list_ended_requests)?.is_empty() {
        return Ok(Vec::new());
    }
    store.write(|c| {
        let mut keys = Vec::new();
        for request in pieces::list_ended_requests(c)? {
            // It may have been queued again and taken up since it was listed: then its pieces are those of the new attempt.
            if !exports::hold_idle(c, request)? {
                continue;
            }
            keys.extend(pieces::list_built(c, request)?.into_iter().map(|part| part.storage_key));
            pieces::delete(c, request)?;
        }
        Ok(keys)
    })
}

/// The exports whose time is over (B6), and the keys under which their bytes are kept. They are marked expired first: no
/// download begins once the erasing has.
///
/// # Errors
/// When the database fails.
pub fn expire(store: &Store, now: Timestamp) -> Result<Vec<(RequestId, Vec<String>)>> {
    if store.read(|c| exports::list_to_expire(c, now))?.is_empty() {
        return Ok(Vec::new());
    }
    store.write(|c| {
        let mut expired = Vec::new();
        for id in exports::list_to_expire(c, now)? {
            exports::update_expired(c, id)?;
            let keys = exports::list_parts(c, id)?.into_iter().map(|(_, key)| key).collect();
            expired.push((id, keys));
        }
        Ok(expired)
    })
}

/// Notes that an expired or deleted export's bytes have been erased, unless that was noted already.
///
/// # Errors
/// When the database fails.
pub fn erased(store: &Store, request: RequestId, now: Timestamp) -> Result<()> {
    store.write(|c| {
        let noted = exports::update_erased(c, request, now)?;
        let Some(account) = exports::find_account(c, request)?.filter(|_| noted) else { return Ok(()) };
        store::audit::create(c, account, None, "export.erased", &format!("export {request}"), now)
    })
}

/// The keys of the exports that workers hold now: temporary files of others are left-overs.
///
/// # Errors
/// When the database fails.
pub fn held_keys(store: &Store) -> Result<HashSet<String>> {
    let keys = store.read(|c| Ok((exports::list_lease_keys(c)?, pieces::list_lease_keys(c)?)))?;
    Ok(keys.0.into_iter().chain(keys.1).collect())
}

/// The keys under which the bytes of exports are kept that have not been erased: others are left-overs.
///
/// # Errors
/// When the database fails.
pub fn storage_keys(store: &Store) -> Result<HashSet<String>> {
    // In this order: a piece may become a part while we look.
    let keys = store.read(|c| Ok((pieces::list_storage_keys(c)?, exports::list_storage_keys(c)?)))?;
    Ok(keys.0.into_iter().chain(keys.1).collect())
}

/// Removes sessions that have ended, old failed attempts to sign in, and what the database's log still holds.
///
/// # Errors
/// When the database fails.
pub fn tidy(store: &Store, now: Timestamp) -> Result<()> {
    store.write(|c| store::sessions::delete_expired(c, now, now.plus(-TimeDelta::days(1))))?;
    // What C4 has erased is to be gone from the log, too.
    store.empty_log()
}
