//! What an export would hold, before it is requested (B1): items over time, how many of them a range has, how large it will
//! be and how long it will take, and when deleted items were not kept (C4).
//!
//! Counting a large account's items takes longer than a page may, and somebody who fills in a form asks again with every
//! change: the counts of the last few are remembered for as long as nothing was recorded, and for a moment even then.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::rows;
use super::rules::estimate::{self, Estimate, Past};
use super::rules::volume::{self, Volume};
use crate::capture::rows::conversations::ConversationFilter;
use crate::capture::rules::periods::{self, Spans};
use crate::db::Conn;
use crate::db::cuts::Cut;
use crate::error::Result;
use crate::identity::access::Administrator;
use crate::model::{AccountId, CapturePeriod, Filters, Timestamp};
use crate::{capture, days, identity, numbers};

/// How many counts are remembered, and how long one is taken for true although something was recorded since.
const REMEMBERED: usize = 32;
const GOOD_FOR: TimeDelta = TimeDelta::seconds(20);
/// So many of the last exports show what the next will need.
const PAST: i64 = 20;

/// Items of each day that has some, in order.
type Days = Arc<[(NaiveDate, u64)]>;

/// Counts that are remembered. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct PreviewCache(Arc<Mutex<Vec<CachedCount>>>);

#[derive(Debug)]
struct CachedCount {
    account: AccountId,
    zone: Tz,
    filters: Filters,
    periods: usize,
    recording: i64,
    at: Timestamp,
    days: Days,
}

impl PreviewCache {
    /// The items of each day of the account's zone.
    fn days(&self, c: &mut Conn, about: &About<'_>) -> Result<Days> {
        let recording = identity::rows::sources::count_recordings(c)?;
        let About { account, zone, periods, filters, now } = *about;
        let is_same = |count: &CachedCount| {
            (count.account, count.zone, count.periods) == (account, zone, periods.len()) && count.filters == *filters
        };
        let is_good =
            |count: &CachedCount| count.recording == recording || (count.at..count.at.plus(GOOD_FOR)).contains(&now);
        // A thread that panicked here has left the list whole.
        let counts = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = counts().iter().find(|count| is_same(count) && is_good(count)) {
            return Ok(Arc::clone(&known.days));
        }
        let filter = ConversationFilter { account, cut: Cut::Now, filters };
        let on = spans(periods, now);
        let mut of_days: BTreeMap<NaiveDate, u64> = BTreeMap::new();
        for (at, items) in rows::volume::count_by_interval(c, filter, &on, days::interval_within_day(zone))? {
            *of_days.entry(days::day_of(at, zone)).or_default() += items;
        }
        let days: Days = of_days.into_iter().collect();
        let count =
            CachedCount { account, zone, filters: filters.clone(), periods: periods.len(), recording, at: now, days };
        let mut counts = counts();
        counts.retain(|count| !is_same(count));
        if counts.len() >= REMEMBERED {
            counts.remove(0);
        }
        let days = Arc::clone(&count.days);
        counts.push(count);
        Ok(days)
    }
}

#[derive(Clone, Copy)]
struct About<'a> {
    account: AccountId,
    zone: Tz,
    periods: &'a [CapturePeriod],
    filters: &'a Filters,
    now: Timestamp,
}

/// A stretch during which deleted items were not kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gap {
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub to: Timestamp,
    /// It began before anything is known of, rather than when somebody turned capture off.
    pub since_ever: bool,
}

/// What an export of some days would hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Within {
    /// First day, included.
    pub first: NaiveDate,
    /// Last day, included.
    pub last: NaiveDate,
    /// Items posted on these days.
    pub items: u64,
    /// Conversations with such items.
    pub conversations: u64,
    /// What is to be expected; none while this server has not completed any export with items.
    pub estimate: Option<Estimate>,
    /// When deleted items were not kept, within these days.
    pub gaps: Vec<Gap>,
}

/// What an account has, before an export of it is requested.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The account's zone, whose days are meant.
    pub zone: Tz,
    /// Items from the account's first day until today; none while nothing has been recorded.
    pub volume: Option<Volume>,
    /// When deleted items were not kept, from that day until now.
    pub gaps: Vec<Gap>,
    /// Conversations that would be listed.
    pub listed: u64,
    /// What the days hold, if they are chosen.
    pub within: Option<Within>,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The account's first day with items, and today, in its zone.
    pub history: (Option<NaiveDate>, NaiveDate),
    /// First and last day, both included, once they are chosen.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// What the export is limited to.
    pub filters: &'a Filters,
    /// The present instant.
    pub now: Timestamp,
}

/// What an export would hold. The caller has checked that the person has access.
pub fn preview(
    c: &mut Conn,
    counts: &PreviewCache,
    administrator: &Administrator,
    ask: Question<'_>,
) -> Result<Preview> {
    let (account, zone) = (administrator.account.id, administrator.account.time_zone);
    let (filters, now) = (ask.filters, ask.now);
    let periods = capture::rows::periods::list(c, account)?;
    let of_days = counts.days(c, &About { account, zone, periods: &periods, filters, now })?;
    let filter = ConversationFilter { account, cut: Cut::Now, filters };
    let (earliest, today) = ask.history;
    let volume = earliest.map(|earliest| volume::volume(&of_days, earliest.min(today), today));
    let gaps = match earliest {
        Some(earliest) => gaps(&periods, days::start_of_day(earliest, zone), now),
        None => Vec::new(),
    };
    let within = match ask.days {
        Some((first, last)) => {
            let range = days::instants_of_days(first, last, zone);
            let items = of_days.iter().filter(|(day, _)| (first..=last).contains(day)).map(|(_, items)| items).sum();
            let conversations = rows::volume::count_conversations_within(c, filter, &spans(&periods, now), &range)?;
            let gaps = self::gaps(&periods, range.start, range.end.min(now));
            let estimate = estimate::estimate(&past(c)?, items);
            Some(Within { first, last, items, conversations: numbers::exact(conversations)?, estimate, gaps })
        }
        None => None,
    };
    let listed = numbers::exact(rows::volume::count_conversations(c, filter)?)?;
    Ok(Preview { zone, volume, gaps, listed, within })
}

fn past(c: &mut Conn) -> Result<Vec<Past>> {
    let past = |(items, from, to, bytes): (i64, Timestamp, Timestamp, i64)| {
        let took = to.to_utc() - from.to_utc();
        Ok(Past { items: numbers::exact(items)?, bytes: numbers::exact(bytes)?, took })
    };
    rows::volume::list_last_completed(c, PAST)?.into_iter().map(past).collect()
}

fn gaps(periods: &[CapturePeriod], from: Timestamp, to: Timestamp) -> Vec<Gap> {
    let first = periods.iter().map(|period| period.on_at).min().unwrap_or(Timestamp::MAX);
    let gap = |(from, to)| Gap { from, to, since_ever: to <= first };
    periods::gaps(periods, from, to).into_iter().map(gap).collect()
}

/// When capture was on, or may have been.
fn spans(periods: &[CapturePeriod], now: Timestamp) -> Vec<Range<Timestamp>> {
    Spans::new(periods, now).iter().cloned().collect()
}
