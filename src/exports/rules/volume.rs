//! Items over time as bars: one for each day, week, month or longer, whichever fits (C6: days are those of a zone that the
//! caller has chosen).

use chrono::{Datelike, Days, Months, NaiveDate};

/// Bars at most: as many as can be distinguished on a narrow screen.
pub const MAX_BARS: usize = 62;

/// How long a bar is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    Day,
    /// A week from Monday.
    Week,
    Month,
    Quarter,
    /// So many years.
    Years(i32),
}

/// The first of these with which there are not too many bars is taken.
const UNITS: [Unit; 8] = [
    Unit::Day,
    Unit::Week,
    Unit::Month,
    Unit::Quarter,
    Unit::Years(1),
    Unit::Years(10),
    Unit::Years(100),
    Unit::Years(1000),
];

/// Items of some days that follow one another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bar {
    /// First day, included.
    pub first: NaiveDate,
    /// Last day, included.
    pub last: NaiveDate,
    /// Items of these days.
    pub items: u64,
}

/// Bars without gap or overlap.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Volume {
    /// How long a bar is; the first and the last may be shorter.
    pub unit: Unit,
    /// In order; one at least.
    pub bars: Vec<Bar>,
}

impl Unit {
    /// The last day of the unit in which this day lies.
    fn last_day(self, day: NaiveDate) -> NaiveDate {
        let end = |first: Option<NaiveDate>, months: u32| first?.checked_add_months(Months::new(months))?.pred_opt();
        let last = match self {
            Self::Day => Some(day),
            Self::Week => day.checked_add_days(Days::new(u64::from(6 - day.weekday().num_days_from_monday()))),
            Self::Month => end(day.with_day(1), 1),
            Self::Quarter => end(NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1), 3),
            Self::Years(years) => {
                NaiveDate::from_ymd_opt(day.year() - day.year().rem_euclid(years) + years - 1, 12, 31)
            }
        };
        // At the end of all days.
        last.unwrap_or(NaiveDate::MAX)
    }
}

/// The bars from `first` to `last`, both included, of the items of some days (each day once, in order). Days without items
/// may be left out.
#[must_use]
pub fn volume(days: &[(NaiveDate, u64)], first: NaiveDate, last: NaiveDate) -> Volume {
    let last = last.max(first);
    let mut found = None;
    for unit in UNITS {
        if let Some(bars) = bars(unit, first, last) {
            found = Some((unit, bars));
            break;
        }
    }
    // The longest unit has few bars whatever the days are.
    let (unit, mut bars) = found.unwrap_or((Unit::Years(1000), vec![Bar { first, last, items: 0 }]));
    let mut days = days.iter().skip_while(|(day, _)| *day < first).peekable();
    for bar in &mut bars {
        while let Some((_, items)) = days.next_if(|(day, _)| *day <= bar.last) {
            bar.items += items;
        }
    }
    Volume { unit, bars }
}

/// Empty bars; none if there would be too many.
fn bars(unit: Unit, first: NaiveDate, last: NaiveDate) -> Option<Vec<Bar>> {
    let mut bars = Vec::new();
    let mut next = Some(first);
    while let Some(first) = next.filter(|first| *first <= last) {
        if bars.len() == MAX_BARS {
            return None;
        }
        let end = unit.last_day(first).min(last);
        bars.push(Bar { first, last: end, items: 0 });
        next = end.succ_opt();
    }
    Some(bars)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn units(first: &str, last: &str) -> (Unit, usize) {
        let volume = volume(&[], day(first), day(last));
        (volume.unit, volume.bars.len())
    }

    #[test]
    fn the_shortest_unit_that_fits_is_taken() {
        assert_eq!(units("2026-03-16", "2026-03-16"), (Unit::Day, 1));
        assert_eq!(units("2026-01-01", "2026-03-03"), (Unit::Day, 62));
        assert_eq!(units("2026-01-01", "2026-03-04"), (Unit::Week, 10));
        assert_eq!(units("2025-01-01", "2026-03-08"), (Unit::Week, 62));
        assert_eq!(units("2025-01-01", "2026-03-31"), (Unit::Month, 15));
        assert_eq!(units("2021-01-01", "2026-03-31"), (Unit::Quarter, 21));
        assert_eq!(units("2001-01-01", "2026-03-31"), (Unit::Years(1), 26));
        assert_eq!(units("1900-01-01", "2026-03-31"), (Unit::Years(10), 13));
        assert_eq!(units("0001-01-01", "9999-12-31"), (Unit::Years(1000), 10));
    }

    #[test]
    fn weeks_begin_on_monday_and_the_ends_are_cut_off() {
        let volume = volume(
            &[(day("2026-03-04"), 2), (day("2026-03-08"), 3), (day("2026-03-09"), 5)],
            day("2026-03-04"),
            day("2026-06-01"),
        );
        assert_eq!(volume.unit, Unit::Week);
        assert_eq!(volume.bars[0], Bar { first: day("2026-03-04"), last: day("2026-03-08"), items: 5 });
        assert_eq!(volume.bars[1], Bar { first: day("2026-03-09"), last: day("2026-03-15"), items: 5 });
        assert_eq!(volume.bars.last().unwrap().last, day("2026-06-01"));
    }

    proptest! {
        #[test]
        fn bars_part_the_days_and_hold_their_items(first in 0_u64..3_000_000, length in prop_oneof![0_u64..100, 0_u64..5_000, 0_u64..600_000], steps in proptest::collection::vec((0_u64..400, 0_u64..50), 0..40)) {
            let begin = day("0001-01-01") + Days::new(first);
            let end = begin + Days::new(length);
            let mut at = begin.checked_sub_days(Days::new(30)).unwrap();
            let mut days = Vec::new();
            for (step, items) in steps {
                at = at + Days::new(step + 1);
                days.push((at, items));
            }
            let volume = volume(&days, begin, end);
            prop_assert!(!volume.bars.is_empty() && volume.bars.len() <= MAX_BARS);
            prop_assert_eq!(volume.bars[0].first, begin);
            prop_assert_eq!(volume.bars.last().unwrap().last, end);
            for pair in volume.bars.windows(2) {
                prop_assert_eq!(pair[0].last.succ_opt().unwrap(), pair[1].first);
            }
            for bar in &volume.bars {
                let within: u64 = days.iter().filter(|(day, _)| (bar.first..=bar.last).contains(day)).map(|(_, items)| items).sum();
                prop_assert_eq!(bar.items, within);
            }
        }
    }
}
