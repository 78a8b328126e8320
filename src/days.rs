//! C6: an item belongs to the day of its creation in the account's time zone.
//!
//! Days follow one another without gap or overlap: a day begins at the instant from which on the local date never falls
//! back before it. So a day on which clocks go forward or back has 23 or 25 hours, one that a zone skipped has none, and
//! where clocks once went back across midnight (St John's until 2011, by a minute) the stretch before belongs to the day
//! before.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{DateTime, Days, MappedLocalTime, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::model::Timestamp;

/// The instant at which a day begins.
#[must_use]
pub fn start_of_day(day: NaiveDate, zone: Tz) -> Timestamp {
    let midnight = day.and_time(NaiveTime::MIN);
    let instant: DateTime<Utc> = match zone.from_local_datetime(&midnight) {
        MappedLocalTime::Single(local) => local.to_utc(),
        MappedLocalTime::Ambiguous(first, second) => {
            // Did the clocks go back to before midnight, or only to midnight again?
            let before_second = (second.to_utc() - TimeDelta::microseconds(1)).with_timezone(&zone).date_naive();
            if before_second < day { second.to_utc() } else { first.to_utc() }
        }
        // Midnight was skipped: read it with the offset before the clocks went forward, which gives that very moment.
        MappedLocalTime::None => {
            let before = zone.offset_from_utc_datetime(&(midnight - TimeDelta::days(2)));
            Utc.from_utc_datetime(&(midnight - TimeDelta::seconds(i64::from(before.fix().local_minus_utc()))))
        }
    };
    instant.into()
}

/// The instants of the days from `first` to `last`, both included.
#[must_use]
pub fn instants_of_days(first: NaiveDate, last: NaiveDate, zone: Tz) -> Range<Timestamp> {
    let end = match last.checked_add_days(Days::new(1)) {
        Some(day) => start_of_day(day, zone),
        None => Timestamp::MAX,
    };
    start_of_day(first, zone)..end
}

/// The day to which an instant belongs.
#[must_use]
pub fn day_of(instant: Timestamp, zone: Tz) -> NaiveDate {
    let date = instant.to_utc().with_timezone(&zone).date_naive();
    if instant < start_of_day(date, zone) { date.pred_opt().unwrap_or(date) } else { date }
}

/// The longest stretch, in microseconds, into which time can be cut so that each interval lies within one day of this zone: an
/// hour, or a quarter of it. So it has been since 1972, when the last zone left its local time.
#[must_use]
pub fn interval_within_day(zone: Tz) -> i64 {
    const HOUR: i64 = 3_600;
    // Clocks are changed for weeks at least.
    let weeks = (0..70 * 53).map(|week| DateTime::UNIX_EPOCH + TimeDelta::weeks(week));
    let whole =
        |at: DateTime<Utc>| i64::from(zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()) % HOUR;
    let seconds = if weeks.skip(2 * 53).all(|at| whole(at) == 0) { HOUR } else { HOUR / 4 };
    seconds * 1_000_000
}

/// Days whose borders a [`DayFinder`] keeps: a few years.
const KEPT: usize = 2_000;

/// Finds days of instants, and computes the borders of each day once.
#[derive(Clone, Debug)]
pub struct DayFinder {
    zone: Tz,
    current: (Range<Timestamp>, NaiveDate),
    /// By their beginning.
    known: BTreeMap<Timestamp, (Timestamp, NaiveDate)>,
}

impl DayFinder {
    /// Of days in this zone.
    #[must_use]
    pub fn new(zone: Tz) -> Self {
        let nothing = Timestamp::default()..Timestamp::default();
        Self { zone, current: (nothing, NaiveDate::default()), known: BTreeMap::new() }
    }

    /// As [`day_of`].
    pub fn of(&mut self, instant: Timestamp) -> NaiveDate {
        if self.current.0.contains(&instant) {
            return self.current.1;
        }
        let known = self.known.range(..=instant).next_back();
        let (range, day) = match known {
            Some((&start, &(end, day))) if instant < end => (start..end, day),
            _ => {
                let day = day_of(instant, self.zone);
                let range = instants_of_days(day, day, self.zone);
                if self.known.len() >= KEPT {
                    self.known.clear();
                }
                self.known.insert(range.start, (range.end, day));
                (range, day)
            }
        };
        self.current = (range, day);
        day
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(day: &str, zone: Tz) -> i64 {
        let day: NaiveDate = day.parse().unwrap_or_default();
        let Range { start, end } = instants_of_days(day, day, zone);
        (end.to_utc() - start.to_utc()).num_hours()
    }

    #[test]
    fn c6_days_of_a_change_of_clocks_are_23_or_25_hours_long() {
        assert_eq!(hours("2026-03-29", Tz::Europe__London), 23);
        assert_eq!(hours("2026-10-25", Tz::Europe__London), 25);
        assert_eq!(hours("2026-10-26", Tz::Europe__London), 24);
        // Clocks go forward at midnight itself.
        assert_eq!(hours("2018-11-04", Tz::America__Sao_Paulo), 23);
        assert_eq!(hours("2024-04-26", Tz::Africa__Cairo), 23);
        // Clocks go back from one to midnight: the day has begun before.
        assert_eq!(hours("2024-11-03", Tz::America__Havana), 25);
        // Samoa skipped a day.
        assert_eq!(hours("2011-12-30", Tz::Pacific__Apia), 0);
    }

    #[test]
    fn c6_an_instant_belongs_to_the_local_day() {
        let instant: Timestamp = "2026-07-01T22:30:00Z".parse().unwrap_or_default();
        assert_eq!(day_of(instant, Tz::UTC).to_string(), "2026-07-01");
        assert_eq!(day_of(instant, Tz::Europe__Amsterdam).to_string(), "2026-07-02");
        assert_eq!(day_of(instant, Tz::America__New_York).to_string(), "2026-07-01");
    }

    #[test]
    fn c6_zones_of_whole_hours_and_others() {
        for (zone, minutes) in
            [(Tz::Europe__London, 60), (Tz::Africa__Cairo, 60), (Tz::Asia__Kolkata, 15), (Tz::Australia__Lord_Howe, 15)]
        {
            assert_eq!(interval_within_day(zone), minutes * 60_000_000, "{zone}");
        }
    }

    proptest! {
        #[test]
        fn c6_days_found_in_any_order_are_the_days_of_their_instants(
            zone in 0..chrono_tz::TZ_VARIANTS.len(),
            seconds in proptest::collection::vec(-3_000_000_000..6_000_000_000_i64, 0..60),
        ) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let mut finder = DayFinder::new(zone);
            // Also days that are known already, and days next to them.
            for at in seconds.iter().flat_map(|at| [*at, at + 43_200, at + 86_400, *at]) {
                let instant = Timestamp::from_micros(at * 1_000_000).unwrap_or_default();
                prop_assert_eq!(finder.of(instant), day_of(instant, zone));
            }
        }

        #[test]
        fn c6_an_interval_lies_within_one_day(zone in 0..chrono_tz::TZ_VARIANTS.len(), offset in 0..1_500_000_000_i64) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let interval = interval_within_day(zone);
            // From 1974 on.
            let begin = (130_000_000 + offset) * 1_000_000 / interval * interval;
            let at = |micros| Timestamp::from_micros(micros).unwrap_or_default();
            prop_assert_eq!(day_of(at(begin), zone), day_of(at(begin + interval - 1), zone));
        }

        #[test]
        fn c6_days_partition_time(zone in 0..chrono_tz::TZ_VARIANTS.len(), offset in 0..36_500_i64, micros in 0..86_400_000_000_i64) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let day = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap_or_default() + TimeDelta::days(offset);
            let Range { start, end } = instants_of_days(day, day, zone);
            prop_assert!(start <= end);
            if start < end {
                prop_assert_eq!(day_of(start, zone), day);
                prop_assert_eq!(day_of(end.plus(TimeDelta::microseconds(-1)), zone), day);
            }
            prop_assert!(day_of(start.plus(TimeDelta::microseconds(-1)), zone) < day);
            let instant = start.plus(TimeDelta::microseconds(micros));
            let found = day_of(instant, zone);
            prop_assert!(instants_of_days(found, found, zone).contains(&instant));
        }
    }
}
