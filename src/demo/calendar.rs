//! The demo's months as a wall calendar: working days, local hours, and the instants that they are.
//!
//! Everything counts back from the `now` that it is given; no clock is read here.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use crate::model::Timestamp;

/// How many days of conversations there are.
pub(super) const DAYS: u32 = 110;

/// How many days ago capture was turned on.
const CAPTURED_DAYS: u32 = 61;

/// Public holidays that fall on the same month and day each year.
const HOLIDAYS: &[(u32, u32)] = &[(1, 1), (4, 27), (12, 25), (12, 26)];

/// The demo's months, seen from `now` in the company's zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    zone: Tz,
    now: Timestamp,
    today: NaiveDate,
}

impl Calendar {
    pub(super) fn new(zone: Tz, now: Timestamp) -> Self {
        Self { zone, now, today: now.to_utc().with_timezone(&zone).date_naive() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn first_day(&self) -> NaiveDate {
        back(self.today, DAYS)
    }

    /// All days from the first to today, both included.
    pub(super) fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        self.first_day().iter_days().take(DAYS as usize + 1)
    }

    /// The last working day at least `count` days ago.
    pub(super) fn days_ago(&self, count: u32) -> NaiveDate {
        let mut day = back(self.today, count);
        while !is_working(day) {
            day = back(day, 1);
        }
        day
    }

    /// When the administrator turned the feature on.
    pub(super) fn captured_since(&self) -> Timestamp {
        self.at(self.days_ago(CAPTURED_DAYS), 10 * 60 + 12)
    }

    /// The local day of an instant.
    pub(super) fn day_of(&self, at: Timestamp) -> NaiveDate {
        at.to_utc().with_timezone(&self.zone).date_naive()
    }

    /// The instant so many minutes after local midnight.
    pub(super) fn at(&self, day: NaiveDate, minute: u32) -> Timestamp {
        self.instant(day.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute)))
    }

    /// The instant of a local time: the earlier one where it comes twice, an hour later where the clock skips it.
    pub(super) fn instant(&self, local: NaiveDateTime) -> Timestamp {
        let earliest = |local: &NaiveDateTime| self.zone.from_local_datetime(local).earliest();
        earliest(&local)
            .or_else(|| earliest(&(local + TimeDelta::hours(1))))
            .map_or(self.now, |at| Timestamp::from(at.with_timezone(&Utc)))
    }

    /// The day's length in hours: 24, or 23 or 25 when the clock changes.
    pub(super) fn hours(&self, day: NaiveDate) -> i64 {
        let next = day.succ_opt().unwrap_or(day);
        (self.at(next, 0).micros() - self.at(day, 0).micros()) / 3_600_000_000
    }
}

/// Monday to Friday, but for public holidays.
pub(super) fn is_working(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !HOLIDAYS.contains(&(day.month(), day.day()))
}

/// The working day that lies at least `count` days after `day`.
pub(super) fn later(day: NaiveDate, count: u32) -> NaiveDate {
    let mut day = day.checked_add_days(Days::new(u64::from(count))).unwrap_or(day);
    while !is_working(day) {
        match day.succ_opt() {
            Some(next) => day = next,
            None => break,
        }
    }
    day
}

fn back(day: NaiveDate, count: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(count))).unwrap_or(DateTime::UNIX_EPOCH.date_naive())
}
