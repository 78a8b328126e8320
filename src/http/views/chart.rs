//! Items over time as a chart: an SVG that fills its frame, with the numbers as a list for whoever can't see it, or wants
//! to know them exactly. Part of other pages.
//!
//! Words stand beside the SVG, not in it: it is stretched, they keep their size.

use askama::Template;
use chrono::NaiveDate;

use crate::exports::rules::volume::{Bar, Unit, Volume};
use crate::format;

/// Units of the SVG for a day, and from the ground to the highest bar.
const DAY: i64 = 10;
const HEIGHT: u64 = 200;
/// What is narrower can hardly be seen: a part of the whole width.
const NARROWEST: i64 = 120;

/// A chart, ready to be drawn.
#[derive(Clone, Debug, Template)]
#[template(path = "chart.html")]
pub struct Chart {
    /// Begins the ids of its elements.
    id: &'static str,
    /// What it shows: `Items by week`.
    caption: String,
    /// The same in one sentence, for screen readers.
    summary: String,
    /// The highest bar: `Most: 812 items`.
    most: String,
    /// The first and the last day.
    ends: (String, String),
    width: i64,
    bars: Vec<Drawn>,
    range: Option<Band>,
    gaps: Vec<Band>,
}

/// A bar.
#[derive(Clone, Debug)]
struct Drawn {
    /// `1–7 March 2026`.
    days: String,
    /// `812 items`.
    items: String,
    is_empty: bool,
    /// It lies within the range, or partly.
    is_chosen: bool,
    left: i64,
    length: i64,
    height: u64,
}

/// Some days that are marked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Band {
    left: i64,
    length: i64,
}

impl Chart {
    /// A chart of what is counted, such as `Items`, with the days of a range brought out, and stretches of days marked in which
    /// capture was off; both ends of each are included. What lies outside the chart is left out. A page that has several
    /// charts gives each an `id` of its own.
    #[must_use]
    pub fn new(
        id: &'static str,
        what: &str,
        volume: &Volume,
        range: Option<(NaiveDate, NaiveDate)>,
        gaps: &[(NaiveDate, NaiveDate)],
    ) -> Self {
        let ends = volume.bars.first().zip(volume.bars.last()).map(|(first, last)| (first.first, last.last));
        let (first, last) = ends.unwrap_or_default();
        let width = days_between(first, last) * DAY + DAY;
        let band = |&(from, to): &(NaiveDate, NaiveDate)| {
            let (from, to) = (from.max(first), to.min(last));
            (from <= to).then(|| Band::new(days_between(first, from) * DAY, days_between(from, to) * DAY + DAY, width))
        };
        let most = volume.bars.iter().map(|bar| bar.items).max().unwrap_or(0);
        let bars = volume.bars.iter().map(|bar| Drawn {
            days: format::day_range(bar.first, bar.last),
            items: items(bar.items),
            is_empty: bar.items == 0,
            is_chosen: range.is_some_and(|(from, to)| from <= bar.last && bar.first <= to),
            left: days_between(first, bar.first) * DAY,
            length: days_between(bar.first, bar.last) * DAY + DAY,
            // What is there can be seen, however little it is.
            height: if bar.items == 0 { 0 } else { (bar.items * HEIGHT).div_ceil(most.max(1)).max(HEIGHT / 40) },
        });
        Self {
            id,
            caption: format!("{what} {}", by(volume.unit)),
            summary: summary(volume, first, last),
            most: if most == 0 { String::new() } else { format!("Most: {}", items(most)) },
            ends: (short(first), short(last)),
            width,
            bars: bars.collect(),
            range: range.as_ref().and_then(band),
            gaps: gaps.iter().filter_map(band).collect(),
        }
    }

    /// The height of the whole: bars, and beneath them the strip in which stretches are marked.
    fn height(&self) -> u64 {
        HEIGHT + HEIGHT / 8
    }

    /// Where the strip beneath the bars begins.
    fn strip(&self) -> u64 {
        HEIGHT + HEIGHT / 20
    }

    fn top(&self, bar: &Drawn) -> u64 {
        HEIGHT - bar.height.min(HEIGHT)
    }

    fn bars_with_items(&self) -> impl Iterator<Item = &Drawn> {
        self.bars.iter().filter(|bar| !bar.is_empty)
    }
}

impl Drawn {
    /// Between two bars is a gap.
    fn bar_left(&self) -> i64 {
        self.left + self.length / 10
    }

    fn bar_length(&self) -> i64 {
        self.length - self.length / 5
    }
}

impl Band {
    /// A band wide enough to be seen, within the chart.
    fn new(left: i64, length: i64, width: i64) -> Self {
        let wide = length.max(width / NARROWEST);
        let left = (left - (wide - length) / 2).clamp(0, (width - wide).max(0));
        Self { left, length: wide }
    }
}

fn days_between(first: NaiveDate, last: NaiveDate) -> i64 {
    last.signed_duration_since(first).num_days()
}

fn items(number: u64) -> String {
    format::count(number, "item", "items")
}

/// `26 Nov 2025`: both ends stand side by side, also on a narrow screen.
fn short(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

fn by(unit: Unit) -> String {
    match unit {
        Unit::Day => "by day".to_owned(),
        Unit::Week => "by week".to_owned(),
        Unit::Month => "by month".to_owned(),
        Unit::Quarter => "by quarter".to_owned(),
        Unit::Years(1) => "by year".to_owned(),
        Unit::Years(years) => format!("by {} years", format::number(years)),
    }
}

fn summary(volume: &Volume, first: NaiveDate, last: NaiveDate) -> String {
    let days = format::day_range(first, last);
    let total = volume.bars.iter().map(|bar| bar.items).sum();
    // Of several that are as high, the first.
    let highest = volume.bars.iter().rev().max_by_key(|bar| bar.items);
    match highest {
        Some(Bar { first, last, items: most }) if *most > 0 => {
            format!("{days}: {}. Most on {}: {}.", items(total), format::day_range(*first, *last), items(*most))
        }
        _ => format!("{days}: no items."),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exports::rules::volume::volume;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn march() -> Volume {
        let days = [(day("2026-03-02"), 1), (day("2026-03-10"), 400), (day("2026-03-11"), 1_200)];
        volume(&days, day("2026-03-01"), day("2026-03-31"))
    }

    #[test]
    fn it_shows_bars_range_and_gaps_and_says_the_numbers() {
        let range = Some((day("2026-03-10"), day("2026-03-12")));
        let gaps = [(day("2026-01-01"), day("2026-03-02")), (day("2026-04-01"), day("2026-04-02"))];
        insta::assert_snapshot!(Chart::new("volume", "Items", &march(), range, &gaps).render().unwrap());
    }

    #[test]
    fn what_is_there_can_be_seen() {
        let chart = Chart::new("volume", "Items", &march(), Some((day("2026-03-11"), day("2026-03-11"))), &[]);
        let heights: Vec<u64> = chart.bars_with_items().map(|bar| bar.height).collect();
        assert_eq!(heights, [5, 67, 200]);
        assert_eq!(chart.bars.iter().filter(|bar| bar.is_chosen).count(), 1);
        let long = volume(&[], day("2000-01-01"), day("2026-03-31"));
        let chart = Chart::new("volume", "Items", &long, Some((day("2026-03-31"), day("2026-03-31"))), &[]);
        let range = chart.range.unwrap();
        assert!(range.length * NARROWEST >= chart.width - NARROWEST && range.left + range.length <= chart.width);
        assert_eq!(chart.summary, "1 January 2000 – 31 March 2026: no items.");
    }

    proptest! {
        #[test]
        fn nothing_is_drawn_outside(length in 0_u64..3000, from in -50_i64..3000, days in 0_i64..100, items in 0_u64..1_000_000) {
            let first = day("2020-01-01");
            let at = |days: i64| first + chrono::TimeDelta::days(days);
            let volume = volume(&[(first, items)], first, first + chrono::Days::new(length));
            let band = (at(from), at(from + days));
            let chart = Chart::new("volume", "Items", &volume, Some(band), &[band]);
            for band in chart.range.iter().chain(&chart.gaps) {
                prop_assert!(band.left >= 0 && band.length > 0 && band.left + band.length <= chart.width);
            }
            for bar in &chart.bars {
                prop_assert!(bar.height <= HEIGHT && bar.bar_left() >= 0 && bar.bar_length() > 0);
                prop_assert!(bar.left + bar.length <= chart.width);
            }
            prop_assert!(chart.render().unwrap().len() < 30_000);
        }
    }
}
