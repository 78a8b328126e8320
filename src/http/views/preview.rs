//! What an export would hold, in the form that requests it: a part of that page and, at
//! `/administration/exports/preview`, a fragment of its own that follows what is filled in (B1).

use askama::Template;
use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::chart::Chart;
use crate::exports::preview::{Gap, Preview, Within};
use crate::model::Timestamp;
use crate::{days, format};

/// So many stretches without capture are listed one by one.
const MAX_GAPS: usize = 4;

/// The fragment.
#[derive(Clone, Debug, Template)]
#[template(path = "preview.html")]
pub struct PreviewFragment {
    chart: Option<Chart>,
    zone: &'static str,
    within: Option<RangeFigures>,
    /// What screen readers say when it has changed.
    announcement: String,
}

/// What a range holds, in words.
#[derive(Clone, Debug)]
struct RangeFigures {
    items: String,
    conversations: String,
    listed: String,
    size: String,
    time: String,
    basis: String,
    /// When deleted items were not kept; none where they always were.
    gaps: Vec<String>,
}

impl PreviewFragment {
    /// Of this.
    #[must_use]
    pub fn new(preview: &Preview) -> Self {
        let range = preview.within.as_ref().map(|within| (within.first, within.last));
        let gaps: Vec<_> = preview.gaps.iter().map(|gap| days_of(gap, preview.zone)).collect();
        let chart = preview.volume.as_ref().map(|volume| Chart::new("volume", "Items", volume, range, &gaps));
        let within = preview.within.as_ref().map(|within| RangeFigures::new(within, preview));
        let announcement = match &within {
            Some(RangeFigures { items, conversations, size, time, .. }) => {
                format!("{items} in {conversations}. Estimated size: {size}. Estimated time: {time}.")
            }
            None => String::new(),
        };
        Self { chart, zone: preview.zone.name(), within, announcement }
    }
}

impl RangeFigures {
    fn new(within: &Within, preview: &Preview) -> Self {
        let (size, time, basis) = match within.estimate {
            Some(estimate) => (
                format!("About {}", format::size(estimate.bytes)),
                format::about_time(estimate.takes),
                format!("Going by {} of this server.", count_of_past(estimate.from)),
            ),
            None => (
                "Not known yet".to_owned(),
                "Not known yet".to_owned(),
                "This server has completed no export with items yet, so there is nothing to go by.".to_owned(),
            ),
        };
        Self {
            items: format::count(within.items, "item", "items"),
            conversations: format::count(within.conversations, "conversation", "conversations"),
            listed: format::count(preview.listed, "conversation is listed", "conversations are listed"),
            size,
            time,
            basis,
            gaps: gap_sentences(within, preview.zone),
        }
    }
}

fn count_of_past(exports: usize) -> String {
    if exports == 1 { "the last export".to_owned() } else { format!("the last {exports} exports") }
}

/// The first and the last day that a stretch touches.
fn days_of(gap: &Gap, zone: Tz) -> (NaiveDate, NaiveDate) {
    (days::day_of(gap.from, zone), days::day_of(gap.to.plus(TimeDelta::microseconds(-1)), zone))
}

/// When deleted items were not kept within a range, a sentence for each stretch.
fn gap_sentences(within: &Within, zone: Tz) -> Vec<String> {
    let range = days::instants_of_days(within.first, within.last, zone);
    let said = |gap: &Gap| {
        let (first, last) = days_of(gap, zone);
        let (begins_inside, ends_inside) = (gap.from > range.start, last < within.last || !is_end_of_day(gap.to, zone));
        if gap.from <= range.start && gap.to >= range.end {
            return "Deleted messages were not kept on any of these days.".to_owned();
        }
        if gap.since_ever && !begins_inside && ends_inside {
            return format!("Deleted messages were not kept before {}.", format::instant(gap.to, zone));
        }
        if first == last && !(is_start_of_day(gap.from, zone) && is_end_of_day(gap.to, zone)) {
            let (from, to) = (format::time_of(gap.from, zone), format::time_of(gap.to, zone));
            return format!("Deleted messages were not kept on {} between {from} and {to}.", format::day(first));
        }
        format!("Deleted messages were not kept {}.", format::from_day_to_day(first, last))
    };
    let mut sentences: Vec<String> = within.gaps.iter().take(MAX_GAPS).map(said).collect();
    let more = within.gaps.len().saturating_sub(MAX_GAPS);
    if more > 0 {
        let times = format::count(more, "more time", "more times");
        sentences.push(format!("And {times}, all of which the archive names."));
    }
    sentences
}

fn is_start_of_day(at: Timestamp, zone: Tz) -> bool {
    at == days::start_of_day(days::day_of(at, zone), zone)
}

fn is_end_of_day(at: Timestamp, zone: Tz) -> bool {
    is_start_of_day(at, zone)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]
pub(super) mod tests {
    use chrono_tz::Europe;

    use super::*;
    use crate::exports::rules::estimate::Estimate;
    use crate::exports::rules::volume::volume;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn gap(from: &str, to: &str, since_ever: bool) -> Gap {
        Gap { from: at(from), to: at(to), since_ever }
    }

    /// What the first days of November hold, of a company that has turned capture off in between.
    pub(in crate::http::views) fn preview(days: Option<(&str, &str)>) -> Preview {
        let gaps = vec![
            gap("2026-07-20T00:00:00Z", "2026-08-03T09:30:00Z", true),
            gap("2026-11-03T14:00:00Z", "2026-11-17T09:00:00Z", false),
        ];
        let of_days = [(day("2026-07-20"), 40), (day("2026-10-01"), 1_200), (day("2026-11-02"), 812)];
        Preview {
            zone: Europe::London,
            volume: Some(volume(&of_days, day("2026-07-20"), day("2026-11-23"))),
            listed: 24,
            within: days.map(|(first, last)| Within {
                first: day(first),
                last: day(last),
                items: 812,
                conversations: 1,
                estimate: Some(Estimate { bytes: 123_456, takes: TimeDelta::seconds(130), from: 12 }),
                gaps: gaps.get(1..).unwrap().to_vec(),
            }),
            gaps,
        }
    }

    fn sentences(days: (&str, &str), gaps: &[(&str, &str, bool)]) -> Vec<String> {
        let mut preview = preview(Some(days));
        let within = preview.within.as_mut().unwrap();
        within.gaps = gaps.iter().map(|&(from, to, ever)| gap(from, to, ever)).collect();
        gap_sentences(within, preview.zone)
    }

    #[test]
    fn c4_stretches_without_capture_are_named_in_words() {
        let march = ("2026-03-01", "2026-03-31");
        let one = |from, to, ever| sentences(march, &[(from, to, ever)]).join(" ");
        assert_eq!(sentences(march, &[]), [""; 0]);
        assert_eq!(
            one("2026-03-03T14:00:00Z", "2026-03-17T09:00:00Z", false),
            "Deleted messages were not kept from 3 to 17 March 2026."
        );
        assert_eq!(
            one("2026-03-03T14:00:00Z", "2026-03-03T15:30:00Z", false),
            "Deleted messages were not kept on 3 March 2026 between 14:00 GMT and 15:30 GMT."
        );
        assert_eq!(
            one("2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z", false),
            "Deleted messages were not kept on 3 March 2026."
        );
        assert_eq!(
            one("2026-03-01T00:00:00Z", "2026-03-17T09:00:00Z", true),
            "Deleted messages were not kept before 17 Mar 2026, 09:00 GMT."
        );
        assert_eq!(
            one("2026-03-01T00:00:00Z", "2026-03-31T23:00:00Z", true),
            "Deleted messages were not kept on any of these days."
        );
        let many = [("2026-03-03T14:00:00Z", "2026-03-03T15:30:00Z", false); 6];
        let text = sentences(march, &many);
        assert_eq!(
            (text.len(), text.last().unwrap().as_str()),
            (5, "And 2 more times, all of which the archive names.")
        );
    }

    #[test]
    fn what_is_not_known_is_said_to_be_unknown() {
        let mut preview = preview(Some(("2026-11-01", "2026-11-22")));
        preview.within.as_mut().unwrap().estimate = None;
        let text = PreviewFragment::new(&preview).render().unwrap();
        assert!(text.contains("Not known yet") && text.contains("nothing to go by"), "{text}");
    }

    #[test]
    fn the_fragment_as_it_is() {
        let shown = PreviewFragment::new(&preview(Some(("2026-11-01", "2026-11-22"))));
        let whole = shown.render().unwrap();
        // The chart has a snapshot of its own.
        let (before, rest) = whole.split_once("<figure").unwrap();
        insta::assert_snapshot!(format!("{before}(chart){}", rest.split_once("</figure>").unwrap().1));
    }
}
