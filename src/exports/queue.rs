//! The queue of exports, for the workers: claim by lease, progress, and the end, with the mail about it (B3, B5, B6).
//!
//! An export is planned by one worker, which divides it into parts; then each part is a job of its own, for
//! whoever is free, in this process or another. Part 1 describes all others, so it comes last. The archive itself is
//! built by `build`, which reads what goes into it through [`crate::exports::contents`].
//!
//! How jobs are held is the same for all ([`lease`]); here is what is an export's own: whose turn it is, and what becomes of the
//! request. Leases run by the database's clock; `now`, that of the caller, is the instant that people are shown. Whoever changes anything
//! of a request locks it first ([`exports::lock`]). A verb that met a failure that may pass can be called again, also when
//! nobody knows whether it went through.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::TimeDelta;

use super::evidence;
use super::rows;
use super::rows::exports::{self, Locked};
use super::rows::part_jobs::{self, Built};
use super::rows::summaries::{self, Summary};
use super::rules::parts::Limits;
use super::rules::requests as rules;
use super::rules::slices::Slice;
use super::rules::summary::{ConversationCounts, Counting, KindCounts};
use crate::audit::{self, Actor, AuditEvent};
use crate::capture::rules::periods;
use crate::capture::{self, switch};
use crate::db::{self, Conn, Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::identity;
use crate::jobs::attempts::{self, Failure, Waits};
pub use crate::jobs::lease::Release;
use crate::jobs::lease::{self, Again, Due, Hold, Lease, Queue, Settled};
use crate::model::{AccountId, ExportRequest, MailEvent, Part, RequestId, Timestamp, UserId};

/// How workers hold on to an export.
#[derive(Clone, Copy, Debug)]
pub struct WorkPolicy {
    /// How long a worker that says nothing keeps it.
    pub lease: TimeDelta,
    /// How often a job is taken up before the export fails (B3).
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
    Part(Arc<PartJob>),
}

/// A part to be built.
#[derive(Debug)]
pub struct PartJob {
    /// Its number, from 1.
    pub number: i32,
    /// How many parts the export has.
    pub count: i32,
    /// What it holds.
    pub plan: Slice,
}

/// A job that a worker has taken up.
#[derive(Clone, Debug)]
pub struct Claim {
    pub request: ExportRequest,
    /// What to do.
    pub task: Task,
    /// How often it has been taken up, this time included.
    pub attempts: i32,
    /// Proves that it is still ours; names its temporary files.
    pub key: String,
}

impl Claim {
    fn lease(&self) -> Lease<'_, Job> {
        let part = match &self.task {
            Task::Plan => None,
            Task::Part(job) => Some(job.number),
        };
        Lease { job: Job { part, ..Job::plan_of(&self.request) }, attempts: self.attempts, key: &self.key }
    }
}

/// What is held: an export that is planned, or one of its parts.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    request: RequestId,
    account: AccountId,
    requester: UserId,
    part: Option<i32>,
}

impl Job {
    fn plan_of(request: &ExportRequest) -> Self {
        let ExportRequest { id, account_id, requester_id, .. } = *request;
        Self { request: id, account: account_id, requester: requester_id, part: None }
    }
}

/// Locks the request of a job if the lease still holds.
fn lock_held(tx: &mut Tx<'_>, lease: &Lease<'_, Job>) -> Result<Option<Locked>> {
    let Some(request) = exports::lock(tx, lease.job.request)? else { return Ok(None) };
    let ours = match lease.job.part {
        None => exports::is_held(tx, &request, lease.key)?,
        Some(number) => part_jobs::is_held(tx, part_jobs::Job { request: &request, number }, lease.key)?,
    };
    Ok(ours.then_some(request))
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// This export is to be planned.
    Plan(RequestId),
    /// One of this export's parts is to be built.
    Part(RequestId),
}

impl Turn {
    fn request(self) -> RequestId {
        match self {
            Self::Plan(id) | Self::Part(id) => id,
        }
    }
}

/// The queue of exports, as it is looked at `now`.
#[derive(Clone, Copy, Debug)]
pub struct Exports {
    /// How workers hold on to an export.
    pub policy: WorkPolicy,
    /// Only this request's work, if one is given.
    pub only: Option<RequestId>,
    /// The instant that people are shown.
    pub now: Timestamp,
}

impl Queue for Exports {
    type Turn = Turn;
    type Job = Job;
    type Claim = Claim;
    type Progress = i64;
    type Why = String;

    fn lease(&self) -> TimeDelta {
        self.policy.lease
    }

    fn waits(&self) -> Waits {
        Waits::Growing(self.policy.attempts)
    }

    /// Plans first: they are short, and let every company's export begin.
    fn list_waiting(&self, c: &mut Conn, due: &Due) -> Result<Vec<Turn>> {
        let plans = exports::list_waiting(c, due, self.only)?.into_iter().map(Turn::Plan);
        let parts = list_with_waiting(c, due, self.only)?.into_iter().map(Turn::Part);
        Ok(plans.chain(parts).collect())
    }

    fn list_leased_beyond(&self, c: &mut Conn, latest: Timestamp) -> Result<Vec<Turn>> {
        let plans = exports::list_leased_beyond(c, latest)?.into_iter().map(Turn::Plan);
        let parts = part_jobs::list_leased_beyond(c, latest)?.into_iter().map(Turn::Part);
        Ok(plans.chain(parts).collect())
    }

    /// An export whose workers died as often as it may be tried fails instead, and one that can't even be read fails alone, lest
    /// it be in the way of all others for ever.
    fn take(&self, tx: &mut Tx<'_>, turn: Turn, hold: &Hold) -> Result<Option<Claim>> {
        let Some(request) = exports::lock_at_once(tx, turn.request())? else { return Ok(None) };
        let taken = match turn {
            Turn::Plan(_) => self.take_plan(tx, &request, hold),
            Turn::Part(_) => self.take_part(tx, &request, hold),
        };
        match taken {
            Err(error) if error.kind() == Kind::Internal && error.message() == db::UNREADABLE => {
                let id = request.id();
                tracing::error!(cause = %error.causes(), request = id, "an export in the queue can't be read: {error}");
                let reason = "The server can't read this request. Ask its operator to look into the log.";
                exports::update_failed(tx, id, reason, self.now)?;
                Ok(None)
            }
            other => other,
        }
    }

    fn disown(tx: &mut Tx<'_>, turn: Turn, key: &str) -> Result<()> {
        let Some(request) = exports::lock(tx, turn.request())? else { return Ok(()) };
        match turn {
            Turn::Plan(_) if exports::update_disowned(tx, &request, key)? => exports::update_queued(tx, &request),
            Turn::Plan(_) => Ok(()),
            Turn::Part(_) => part_jobs::update_disowned(tx, &request, key).map(drop),
        }
    }

    fn end_beyond(tx: &mut Tx<'_>, turn: Turn, latest: Timestamp) -> Result<()> {
        let Some(request) = exports::lock(tx, turn.request())? else { return Ok(()) };
        match turn {
            Turn::Plan(_) => exports::update_leases_beyond(tx, &request, latest),
            Turn::Part(_) => part_jobs::update_leases_beyond(tx, &request, latest),
        }
    }

    fn prolong(tx: &mut Tx<'_>, lease: &Lease<'_, Job>, until: Timestamp, done: i64) -> Result<bool> {
        let Some(request) = exports::lock(tx, lease.job.request)? else { return Ok(false) };
        let Some(number) = lease.job.part else { return exports::update_lease(tx, &request, lease.key, until) };
        let part = part_jobs::Job { request: &request, number };
        if !part_jobs::update_lease(tx, part, lease.key, until)? {
            return Ok(false);
        }
        part_jobs::update_done(tx, part, done)?;
        let done = part_jobs::sum_done(tx, request.id())?;
        exports::update_done(tx, request.id(), done)?;
        Ok(true)
    }

    fn release(tx: &mut Tx<'_>, lease: &Lease<'_, Job>, again: Again) -> Result<bool> {
        let Some(request) = exports::lock(tx, lease.job.request)? else { return Ok(false) };
        if let Some(number) = lease.job.part {
            return part_jobs::update_released(tx, part_jobs::Job { request: &request, number }, lease.key, again);
        }
        let ours = exports::update_released(tx, &request, lease.key, again)?;
        if ours {
            exports::update_queued(tx, &request)?;
        }
        Ok(ours)
    }

    /// With a reason that an administrator understands.
    fn fail(tx: &mut Tx<'_>, lease: &Lease<'_, Job>, reason: &String, now: Timestamp) -> Result<bool> {
        let Some(request) = lock_held(tx, lease)? else { return Ok(false) };
        end_in_failure(tx, &request, lease.job, reason, now)
    }
}

impl Exports {
    fn take_plan(&self, tx: &mut Tx<'_>, locked: &Locked, hold: &Hold) -> Result<Option<Claim>> {
        let id = locked.id();
        // Another may have been quicker since it was listed; and what an earlier run has left goes first.
        if exports::list_waiting(tx, &hold.due, Some(id))?.is_empty() || part_jobs::is_any_built(tx, id)? {
            return Ok(None);
        }
        let Some(mut request) = exports::find(tx, id)? else { return Ok(None) };
        if self.gives_up(tx, locked, &request, request.attempts)? {
            return Ok(None);
        }
        exports::update_claimed(tx, locked, &hold.key, hold.until)?;
        exports::update_begun(tx, locked, request.started_at.unwrap_or(hold.due.now))?;
        request.attempts += 1;
        Ok(Some(Claim { attempts: request.attempts, request, task: Task::Plan, key: hold.key.clone() }))
    }

    fn take_part(&self, tx: &mut Tx<'_>, locked: &Locked, hold: &Hold) -> Result<Option<Claim>> {
        let id = locked.id();
        // It may have ended, or another have been quicker, since it was listed.
        let Some(found) = part_jobs::find_waiting(tx, id, &hold.due)?.filter(|_| locked.is_in_progress()) else {
            return Ok(None);
        };
        let number = found.number;
        let (Some(mut request), Some(plan)) = (exports::find(tx, id)?, part_jobs::find_plan(tx, id, number)?) else {
            return Ok(None);
        };
        if self.gives_up(tx, locked, &request, found.attempts)? {
            return Ok(None);
        }
        let part = part_jobs::Job { request: locked, number };
        part_jobs::update_claimed(tx, part, &hold.key, hold.until)?;
        part_jobs::update_done(tx, part, 0)?;
        let attempts = found.attempts + 1;
        exports::update_attempts(tx, id, attempts)?;
        request.attempts = request.attempts.max(attempts);
        let job = PartJob { number, count: part_jobs::count(tx, id)?, plan: Slice::parse(&plan)? };
        Ok(Some(Claim { request, task: Task::Part(Arc::new(job)), attempts, key: hold.key.clone() }))
    }

    /// Fails an export that has been begun as often as it may be; returns whether it has.
    fn gives_up(&self, tx: &mut Tx<'_>, locked: &Locked, request: &ExportRequest, attempts: i32) -> Result<bool> {
        let allowed = self.policy.attempts;
        let exhausted = attempts::is_exhausted(attempts, allowed);
        if exhausted {
            let reason = attempts::left_without_a_word(allowed);
            end_in_failure(tx, locked, Job::plan_of(request), &reason, self.now)?;
        }
        Ok(exhausted)
    }
}

/// Takes up the work that has waited longest; only of the request `only` if one is given.
///
/// # Errors
/// When the database fails.
pub fn claim(store: &Store, policy: &WorkPolicy, only: Option<RequestId>, now: Timestamp) -> Result<Option<Claim>> {
    lease::claim(store, &Exports { policy: *policy, only, now })
}

/// The exports with a part that waits: that with fewest workers first, so that a large one does not keep the others waiting.
fn list_with_waiting(c: &mut Conn, due: &Due, only: Option<RequestId>) -> Result<Vec<RequestId>> {
    let mut waiting = Vec::new();
    for id in exports::list_planned(c, only)? {
        if part_jobs::find_waiting(c, id, due)?.is_some() {
            waiting.push((part_jobs::count_held(c, id, due.now)?, id));
        }
    }
    waiting.sort_unstable();
    Ok(waiting.into_iter().map(|(_, id)| id).collect())
}

/// Takes the cut (C7) and the evidence of that moment, unless an earlier attempt has: an export is a function of its request
/// and its cut.
pub fn take_cut(store: &Store, claim: &mut Claim, now: Timestamp) -> Result<bool> {
    if claim.request.cut.is_some() {
        return Ok(true);
    }
    note_set_back(store, claim.request.account_id, now)?;
    // One state of the database: what was so when each source's last recording had been committed, and nothing that came after.
    let (numbers, evidence) = store.read(|c| Ok((db::cuts::read_now(c)?, evidence::read(c, &claim.request)?)))?;
    let evidence = evidence::text(&evidence)?;
    let ours = store.write(|tx| {
        let Some(request) = lock_held(tx, &claim.lease())? else { return Ok(false) };
        exports::update_cut(tx, &request, now, &evidence)?;
        // It may have been kept already, by a transaction of whose end nobody heard.
        db::cuts::delete(tx, request.id())?;
        db::cuts::create(tx, request.id(), &numbers)?;
        Ok(true)
    })?;
    claim.request.cut = Some(now);
    Ok(ours)
}

/// What a clock that was set back leaves unknown must be known to be so when the cut is taken: the export shows what it kept.
fn note_set_back(store: &Store, account: AccountId, now: Timestamp) -> Result<()> {
    if periods::is_set_back(&store.read(|c| capture::rows::periods::list(c, account))?, now) {
        store.write(|tx| switch::note_set_back(tx, account, now))?;
    }
    Ok(())
}

/// Begins to divide an export into parts: what an earlier attempt has divided is forgotten. Returns whether the export is still
/// ours: one who was slow must not undo what another has planned meanwhile.
///
/// # Errors
/// When the database fails.
pub fn begin_plan(store: &Store, claim: &Claim) -> Result<bool> {
    store.write(|tx| {
        let Some(request) = lock_held(tx, &claim.lease())? else { return Ok(false) };
        part_jobs::delete(tx, &request)?;
        Ok(true)
    })
}

/// Adds a part, unless it has been added. Nobody takes it up before the plan is complete. Returns whether the export is still
/// ours.
///
/// # Errors
/// When the database fails.
pub fn add_part(store: &Store, claim: &Claim, number: i32, plan: &Slice) -> Result<bool> {
    let job = part_jobs::NewPartJob { number, plan: plan.to_text(), items: count(plan.items())? };
    store.write(|tx| {
        let Some(request) = lock_held(tx, &claim.lease())? else { return Ok(false) };
        if !part_jobs::is_made(tx, request.id(), number)? {
            part_jobs::create(tx, &request, &job)?;
        }
        Ok(true)
    })
}

/// Completes the plan: from now on the parts can be taken up. Returns whether the export was still ours.
pub fn planned(store: &Store, claim: &Claim, items: u64, limits: Limits, now: Timestamp) -> Result<bool> {
    let (items, limits) = (count(items)?, (count(limits.entries)?, count(limits.bytes)?));
    store.write(|tx| {
        let Some(request) = lock_held(tx, &claim.lease())? else { return Ok(false) };
        exports::update_planned(tx, &request, items, limits, now)?;
        Ok(true)
    })
}

/// A number as the tables hold it. One that does not fit is no number of anything that there is.
fn count(number: impl TryInto<i64>) -> Result<i64> {
    number
        .try_into()
        .map_err(|_| Error::new(Kind::Internal, "A number of items, entries or bytes is beyond all measure."))
}

/// Says that work goes on, and how many of the job's items are done; returns whether it is still ours (the export may
/// have been cancelled).
pub fn heartbeat(store: &Store, claim: &Claim, policy: &WorkPolicy, done: i64) -> Result<bool> {
    lease::heartbeat::<Exports>(store, &claim.lease(), policy.lease, done)
}

/// The parts of an export that have been built already, in order, without their counts.
pub fn built_parts(store: &Store, request: RequestId) -> Result<Vec<Built>> {
    store.reading().statement(|c| part_jobs::list_built(c, request))
}

/// The counts of what was written into a built part.
///
/// # Errors
/// When the database fails, or the part is not there any more.
pub fn built_counts(store: &Store, request: RequestId, number: i32) -> Result<Slice> {
    match store.reading().statement(|c| part_jobs::find_counts(c, request, number))? {
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
pub fn hand_in(
    store: &Store,
    claim: &Claim,
    policy: &WorkPolicy,
    built: &Built,
    file_name: &dyn Fn(i32) -> String,
    now: Timestamp,
) -> Result<HandedIn> {
    let Task::Part(job) = &claim.task else { return Ok(HandedIn::Lost) };
    let ExportRequest { id, account_id, requester_id, .. } = claim.request;
    // Part 1 comes last: the others don't change any more, and are put together before anybody has to wait for it.
    let contents = if job.number == 1 { contents(store, id, job, built)? } else { None };
    store.write(|tx| {
        let Some(request) = lock_held(tx, &claim.lease())? else { return handed_in_before(tx, id, built) };
        part_jobs::update_built(tx, part_jobs::Job { request: &request, number: job.number }, built, now)?;
        if job.number > 1 {
            let done = part_jobs::sum_done(tx, id)?;
            exports::update_done(tx, id, done)?;
            return Ok(HandedIn::Noted);
        }
        let parts = part_jobs::list_built(tx, id)?;
        let items = parts.iter().map(|part| part.items).sum();
        if !exports::update_completed(tx, id, items, now, rules::expiry(now, policy.keep_days))? {
            return Ok(HandedIn::Lost);
        }
        for Built { number, size, sha256, storage_key, .. } in parts {
            let part = Part { number, file_name: file_name(number), size, sha256 };
            exports::create_part(tx, &request, &part, &storage_key)?;
        }
        part_jobs::delete(tx, &request)?;
        if let Some(Contents { summary, conversations }) = &contents {
            summaries::create(tx, id, summary)?;
            for (page, counts) in (1..).zip(conversations.chunks(CONVERSATIONS_PER_PAGE)) {
                summaries::create_page(tx, id, page, &KindCounts(counts.to_vec()).to_text())?;
            }
        }
        rows::mails::create(tx, id, requester_id, MailEvent::Completed, None, now)?;
        audit::append(tx, account_id, Actor::System, &AuditEvent::ExportCompleted { export: id }, now)?;
        Ok(HandedIn::Completed)
    })
}

/// What became of a part that can't be handed in now: it may be because it has been, and only the answer was lost.
fn handed_in_before(c: &mut Conn, id: RequestId, built: &Built) -> Result<HandedIn> {
    if part_jobs::find_storage_key(c, id, built.number)?.is_some_and(|key| key == built.storage_key) {
        return Ok(HandedIn::Noted);
    }
    let part = exports::find_part(c, id, built.number)?;
    Ok(if part.is_some_and(|(_, key)| key == built.storage_key) { HandedIn::Completed } else { HandedIn::Lost })
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
fn contents(store: &Store, id: RequestId, job: &PartJob, last: &Built) -> Result<Option<Contents>> {
    let (mut counting, mut reading) = (Counting::default(), store.reading());
    for number in 2..=job.count {
        let texts =
            reading.read(|c| Ok((part_jobs::find_counts(c, id, number)?, part_jobs::find_kinds(c, id, number)?)))?;
        // One that is gone, as when the export has just been cancelled, is found out when this one is handed in.
        let (Some(counts), Some(kinds)) = texts else { return Ok(None) };
        counting.part(&Slice::parse(&counts)?, KindCounts::parse(&kinds)?);
    }
    let kinds = KindCounts::parse(&last.kinds)?;
    match &last.counts {
        Some(counts) => counting.part(&Slice::parse(counts)?, kinds),
        None => counting.part(&job.plan, kinds),
    }
    let (totals, conversations) = counting.finish();
    let (by_kind, by_day) = totals.to_texts();
    let with_items = count(conversations.len())?;
    Ok(Some(Contents { summary: Summary { conversations: with_items, by_kind, by_day }, conversations }))
}

/// Fails an export with a reason that an administrator understands; returns whether the job was still ours.
pub fn fail(store: &Store, claim: &Claim, reason: &str, now: Timestamp) -> Result<bool> {
    store.write(|tx| Exports::fail(tx, &claim.lease(), &reason.to_owned(), now))
}

/// Notes that a job has met a failure: it is tried again later, or the export fails.
///
/// # Errors
/// When the database fails.
pub fn settle(
    store: &Store,
    claim: &Claim,
    policy: &WorkPolicy,
    failure: &Failure<String>,
    now: Timestamp,
) -> Result<Settled> {
    lease::settle::<Exports>(store, Waits::Growing(policy.attempts), &claim.lease(), failure, now)
}

fn end_in_failure(tx: &mut Tx<'_>, locked: &Locked, job: Job, reason: &str, now: Timestamp) -> Result<bool> {
    let id = locked.id();
    if !exports::update_failed(tx, id, reason, now)? {
        return Ok(false);
    }
    part_jobs::update_leases_ended(tx, locked)?;
    rows::mails::create(tx, id, job.requester, MailEvent::Failed, Some(reason), now)?;
    let event = AuditEvent::ExportFailed { export: id, reason: reason.to_owned() };
    audit::append(tx, job.account, Actor::System, &event, now)?;
    Ok(true)
}

/// Puts a job back into the queue; returns whether it was still ours.
///
/// # Errors
/// When the database fails.
pub fn release(store: &Store, claim: &Claim, why: Release) -> Result<bool> {
    lease::release::<Exports>(store, &claim.lease(), why)
}

/// Forgets the parts of exports that have ended without them (cancelled, failed), and gives the keys under which their
/// bytes are kept, which belong to nothing from then on.
pub fn discard(store: &Store) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    for id in store.read(part_jobs::list_ended_requests)? {
        keys.extend(store.write(|tx| {
            // It may have been queued again and taken up since it was listed: then its jobs are those of the new attempt.
            let Some(request) = exports::lock(tx, id)?.filter(|request| !request.is_in_progress()) else {
                return Ok(Vec::new());
            };
            let built = part_jobs::list_built(tx, id)?;
            part_jobs::delete(tx, &request)?;
            Ok(built.into_iter().map(|part| part.storage_key).collect())
        })?);
    }
    Ok(keys)
}

/// The exports whose time is over (B6), and the keys under which their bytes are kept. They are marked expired first: no
/// download begins once the erasing has.
pub fn expire(store: &Store, now: Timestamp) -> Result<Vec<(RequestId, Vec<String>)>> {
    let mut expired = Vec::new();
    for id in store.read(|c| exports::list_to_expire(c, now))? {
        let keys = store.write(|tx| {
            exports::update_expired(tx, id)?;
            Ok(exports::list_parts(tx, id)?.into_iter().map(|(_, key)| key).collect())
        })?;
        expired.push((id, keys));
    }
    Ok(expired)
}

/// Notes that an expired or deleted export's bytes have been erased, unless that was noted already.
pub fn erased(store: &Store, request: RequestId, now: Timestamp) -> Result<()> {
    store.write(|tx| {
        let noted = exports::update_erased(tx, request, now)?;
        let Some(account) = exports::find_account(tx, request)?.filter(|_| noted) else { return Ok(()) };
        audit::append(tx, account, Actor::System, &AuditEvent::ExportErased { export: request }, now)
    })
}

/// The keys of the exports that workers hold now: temporary files of others are left-overs.
pub fn held_keys(store: &Store) -> Result<HashSet<String>> {
    let keys = store.read(|c| Ok((exports::list_lease_keys(c)?, part_jobs::list_lease_keys(c)?)))?;
    Ok(keys.0.into_iter().chain(keys.1).collect())
}

/// The keys under which the bytes of exports are kept that have not been erased: no export of this database has others.
pub fn storage_keys(store: &Store) -> Result<HashSet<String>> {
    // In this order: a job may become a part while we look.
    let keys = store.read(|c| Ok((part_jobs::list_storage_keys(c)?, exports::list_storage_keys(c)?)))?;
    Ok(keys.0.into_iter().chain(keys.1).collect())
}

/// Makes sure that no export to come gets a number up to this one, which an archive bears already. Numbers that no archive of
/// ours can bear are passed over.
pub fn reserve_numbers(store: &Store, last: RequestId) -> Result<()> {
    let known = store.read(exports::find_last_number)?.unwrap_or(0);
    let believable = known.saturating_add(1_000_000);
    if last <= known || last > believable {
        return Ok(());
    }
    store.write(|tx| exports::reserve_numbers(tx, last))
}

/// Removes sessions that have ended, old failed attempts to sign in, and what the database's log still holds.
pub fn tidy(store: &Store, now: Timestamp) -> Result<()> {
    store.write(|tx| identity::rows::sessions::delete_expired(tx, now, now.plus(-TimeDelta::days(1))))?;
    // What C4 has erased is to be gone from the log, too.
    store.empty_log()
}
