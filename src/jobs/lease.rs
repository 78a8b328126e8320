//! The lease protocol, once for every kind of job: a worker claims a job under a key of its own, says while it works that it
//! lives, and in the end releases the job, or puts it off, or fails it. One that dies is noticed by its lease.
//!
//! A kind of job is a [`Queue`]: it says which of its jobs wait and in which order they take turns, and changes what else
//! changes with a lease. The statements on the columns of a lease are in `jobs::rows`, the rules about attempts in
//! [`super::attempts`]. Called by the features' queues; `exports::queue` and `exports::mails` are two.
//!
//! Leases and waits run by the database's clock ([`Store::time`]), which all processes share, whatever their own clocks say.
//! Nobody waits for a job that another has locked: on PostgreSQL a queue passes it over (`SKIP LOCKED`) and takes the next
//! one; the look that follows finds it again. SQLite has one writer at a time.

use std::fmt::Debug;

use chrono::TimeDelta;

use super::attempts::{Failure, Next, Waits};
use crate::db::{Conn, Store, Tx};
use crate::error::Result;
use crate::keys;
use crate::model::Timestamp;

/// By how much what this process notes may seem to lie ahead of what another reads a moment earlier.
const SLACK: TimeDelta = TimeDelta::seconds(1);

/// The present by [`Store::time`], for those who look whether a wait is over.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// The present.
    pub now: Timestamp,
    /// The end of the longest wait that begins now. One that ends later was noted before the clock was put back.
    pub latest: Timestamp,
}

/// With what a job is taken up.
#[derive(Clone, Debug)]
pub struct Hold {
    /// The present.
    pub due: Due,
    /// The key of whoever takes it up.
    pub key: String,
    /// When another may take it up, if nothing is heard until then.
    pub until: Timestamp,
}

/// A worker's hold on a job.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a, J> {
    /// Which job.
    pub job: J,
    /// How often it has been taken up, this time included.
    pub attempts: i32,
    /// Known to the holder alone.
    pub key: &'a str,
}

/// How a job goes back into its queue.
#[derive(Clone, Copy, Debug)]
pub struct Again {
    /// How many attempts have been used up.
    pub attempts: i32,
    /// When it can be taken up.
    pub not_before: Timestamp,
}

/// A kind of job.
pub trait Queue {
    /// Whose turn it is: a job, or several of which one is found when they are locked.
    type Turn: Copy + Debug;
    /// Which job is held.
    type Job: Copy;
    /// A job that was taken up, with all that is needed to do it.
    type Claim;
    /// How far a job is.
    type Progress: Copy;
    /// What is noted of a failure.
    type Why;

    /// How long a worker that says nothing keeps a job.
    fn lease(&self) -> TimeDelta;

    /// How long a job waits after a failure, and how often it is tried.
    fn waits(&self) -> Waits;

    /// The turns of jobs that wait, in their order.
    fn list_waiting(&self, c: &mut Conn, due: &Due) -> Result<Vec<Self::Turn>>;

    /// The turns of jobs whose leases lie beyond `latest`: they were noted before the clock was put back.
    fn list_leased_beyond(&self, c: &mut Conn, latest: Timestamp) -> Result<Vec<Self::Turn>>;

    /// Takes up a job, if it can be locked at once and still waits.
    fn take(&self, tx: &mut Tx<'_>, turn: Self::Turn, hold: &Hold) -> Result<Option<Self::Claim>>;

    /// Puts back what was taken up under this key, if it was, as if it had not been.
    fn disown(tx: &mut Tx<'_>, turn: Self::Turn, key: &str) -> Result<()>;

    /// Ends leases that lie beyond `latest` there.
    fn end_beyond(tx: &mut Tx<'_>, turn: Self::Turn, latest: Timestamp) -> Result<()>;

    /// Prolongs a lease and notes how far the job is; returns whether the lease still holds.
    fn prolong(
        tx: &mut Tx<'_>,
        lease: &Lease<'_, Self::Job>,
        until: Timestamp,
        progress: Self::Progress,
    ) -> Result<bool>;

    /// Puts a job back; returns whether the lease still held.
    fn release(tx: &mut Tx<'_>, lease: &Lease<'_, Self::Job>, again: Again) -> Result<bool>;

    /// Notes why a job is put off, if its lease holds and that is shown to anybody.
    fn note(_tx: &mut Tx<'_>, _lease: &Lease<'_, Self::Job>, _why: &Self::Why) -> Result<()> {
        Ok(())
    }

    /// Ends a job in failure; returns whether the lease still held. `now` is the instant that people are shown.
    fn fail(tx: &mut Tx<'_>, lease: &Lease<'_, Self::Job>, why: &Self::Why, now: Timestamp) -> Result<bool>;
}

fn due<Q: Queue>(store: &Store, queue: &Q, c: &mut Conn) -> Result<Due> {
    let now = store.time(c)?;
    Ok(Due { now, latest: now.plus(queue.waits().longest()) })
}

/// Takes up the job whose turn it is.
///
/// # Errors
/// When the database fails.
pub fn claim<Q: Queue>(store: &Store, queue: &Q) -> Result<Option<Q::Claim>> {
    // Most looks find nothing: they must not take the writer's place.
    let (beyond, waiting) = store.read(|c| {
        let due = due(store, queue, c)?;
        let beyond = queue.list_leased_beyond(c, due.now.plus(queue.lease() + SLACK))?;
        Ok((beyond, queue.list_waiting(c, &due)?))
    })?;
    for turn in beyond {
        // Not at once, since whoever holds one may live, and will say so, but as if it had been taken now.
        store.write(|tx| {
            let latest = store.time(tx)?.plus(queue.lease());
            Q::end_beyond(tx, turn, latest)
        })?;
    }
    for turn in waiting {
        if let Some(claim) = take(store, queue, turn)? {
            return Ok(Some(claim));
        }
    }
    Ok(None)
}

/// Takes up a job that a look has found to wait; none if another was quicker, or has locked it.
///
/// # Errors
/// When the database fails.
pub fn take<Q: Queue>(store: &Store, queue: &Q, turn: Q::Turn) -> Result<Option<Q::Claim>> {
    let key = keys::new_key();
    let taken = store.write(|tx| {
        let due = due(store, queue, tx)?;
        queue.take(tx, turn, &Hold { due, key: key.clone(), until: due.now.plus(queue.lease()) })
    });
    taken.inspect_err(|error| {
        // Nobody knows whether it went through: held by nobody, it would count as an attempt that broke off.
        if error.is_transient()
            && let Err(error) = store.write(|tx| Q::disown(tx, turn, &key))
        {
            let cause = error.causes();
            tracing::warn!(cause, ?turn, "work that may have been taken up waits for its lease: {error}");
        }
    })
}

/// Says that a job goes on, for a lease of `length` from now, and how far it is; returns whether it is still ours.
///
/// # Errors
/// When the database fails.
pub fn heartbeat<Q: Queue>(
    store: &Store,
    lease: &Lease<'_, Q::Job>,
    length: TimeDelta,
    progress: Q::Progress,
) -> Result<bool> {
    store.write(|tx| {
        let until = store.time(tx)?.plus(length);
        Q::prolong(tx, lease, until, progress)
    })
}

/// Why a job goes back into the queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Release {
    /// This process stops: another goes on at once, and the attempt does not count.
    Stopping,
    /// Something failed that may pass: later, and the attempt counts.
    Later(TimeDelta),
}

/// Puts a job back into the queue; returns whether it was still ours.
///
/// # Errors
/// When the database fails.
pub fn release<Q: Queue>(store: &Store, lease: &Lease<'_, Q::Job>, why: Release) -> Result<bool> {
    store.write(|tx| {
        let now = store.time(tx)?;
        let again = match why {
            Release::Stopping => Again { attempts: lease.attempts - 1, not_before: now },
            Release::Later(wait) => Again { attempts: lease.attempts, not_before: now.plus(wait) },
        };
        Q::release(tx, lease, again)
    })
}

/// What became of a job that has failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Settled {
    /// It was no longer ours, or this has been noted before.
    Lost,
    /// It is tried again then.
    Later(Timestamp),
    /// It has failed.
    GivenUp,
}

/// Notes that a job has met a failure: it is tried again later, unless that is in vain or has been done often enough. `now`
/// is the instant that people are shown.
///
/// # Errors
/// When the database fails.
pub fn settle<Q: Queue>(
    store: &Store,
    waits: Waits,
    lease: &Lease<'_, Q::Job>,
    failure: &Failure<Q::Why>,
    now: Timestamp,
) -> Result<Settled> {
    let next = waits.after_failure(failure.trouble, lease.attempts);
    store.write(|tx| {
        let end = match next {
            Next::Later(wait) => End::PutOff(store.time(tx)?.plus(wait)),
            Next::GiveUp => End::Failed(now),
        };
        settle_now::<Q>(tx, lease, &failure.why, end)
    })
}

/// How a failure ends.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// With another attempt then.
    PutOff(Timestamp),
    /// For good, now.
    Failed(Timestamp),
}

/// Notes a failure that has been judged, within the transaction that met it.
///
/// # Errors
/// When the database fails.
pub fn settle_now<Q: Queue>(tx: &mut Tx<'_>, lease: &Lease<'_, Q::Job>, why: &Q::Why, end: End) -> Result<Settled> {
    let (ours, settled) = match end {
        End::PutOff(not_before) => {
            Q::note(tx, lease, why)?;
            let again = Again { attempts: lease.attempts, not_before };
            (Q::release(tx, lease, again)?, Settled::Later(not_before))
        }
        End::Failed(now) => (Q::fail(tx, lease, why, now)?, Settled::GivenUp),
    };
    Ok(if ours { settled } else { Settled::Lost })
}
