//! How numbers, days and instants are written for people: one wording for pages, mails and the terminal.
//!
//! Pure functions over plain values. Nothing here knows HTML: escaping is the templates' work.

use chrono::{Datelike, NaiveDate, TimeDelta, TimeZone};
use chrono_tz::{OffsetName, Tz};

use crate::model::{Filters, RequestId, Timestamp};

/// Decimal units, as disks and download dialogs count.
const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];

/// A whole number of any size, to be written for people.
pub trait Integer: Copy {
    /// The number.
    fn whole(self) -> i128;
}

macro_rules! whole {
    ($($number:ty),+) => {
        $(impl Integer for $number {
            fn whole(self) -> i128 {
                i128::from(self)
            }
        })+
    };
}
whole!(i32, i64, u32, u64);

impl Integer for usize {
    fn whole(self) -> i128 {
        // No memory holds more than fits.
        self as i128
    }
}

/// A size for people, decimal and rounded: `812 bytes`, `12.4 MB`.
#[must_use]
pub fn size(bytes: impl Integer) -> String {
    let bytes = bytes.whole();
    if bytes.abs() < 1000 {
        return if bytes == 1 { "1 byte".into() } else { format!("{bytes} bytes") };
    }
    // Counted in tenths, so that a size that would round to "1000.0 kB" is written as "1.0 MB".
    let mut divisor: i128 = 100;
    let mut written = String::new();
    for unit in UNITS {
        let tenths = (bytes + divisor / 2) / divisor;
        written = format!("{}.{} {unit}", tenths / 10, tenths % 10);
        if tenths < 10_000 {
            break;
        }
        divisor *= 1000;
    }
    written
}

/// A whole number in groups of three: `1,234,567`.
#[must_use]
pub fn number(value: impl Integer) -> String {
    let value = value.whole();
    let digits = value.unsigned_abs().to_string();
    let mut written = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        written.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// A number of things: `1 item`, `5,000 items`.
#[must_use]
pub fn count(value: impl Integer, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value.whole() == 1 { one } else { many })
}

/// What an export is limited to, in numbers: `2 people and 1 conversation`; none where nothing is left out.
#[must_use]
pub fn filters(filters: &Filters) -> Option<String> {
    let people = (!filters.people.is_empty()).then(|| count(filters.people.len(), "person", "people"));
    let conversations = (!filters.conversations.is_empty())
        .then(|| count(filters.conversations.len(), "conversation", "conversations"));
    match (people, conversations) {
        (Some(people), Some(conversations)) => Some(format!("{people} and {conversations}")),
        (people, conversations) => people.or(conversations),
    }
}

/// Several names: `Ada Lund, Bo Berg`; where one has a comma itself, `Lund, Ada; Berg, Bo`, so that each can be distinguished from the next.
#[must_use]
pub fn names<N: AsRef<str>>(names: &[N]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    names.join(if names.iter().any(|name| name.contains(", ")) { "; " } else { ", " })
}

/// A day: `23 December 2026`.
#[must_use]
pub fn day(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// A range of days, both included, without saying anything twice: `1–30 November 2026`.
#[must_use]
pub fn day_range(first: NaiveDate, last: NaiveDate) -> String {
    if first == last {
        day(first)
    } else if first.year() != last.year() {
        format!("{} – {}", day(first), day(last))
    } else if first.month() != last.month() {
        format!("{} – {}", first.format("%-d %B"), day(last))
    } else {
        format!("{}–{}", first.day(), day(last))
    }
}

/// An instant by the clocks of `zone`, for a page that says the zone elsewhere: `23 Nov 2026, 14:05 GMT`.
#[must_use]
pub fn instant(at: Timestamp, zone: Tz) -> String {
    format!("{}, {}", day_of(at, zone), time_of(at, zone))
}

/// The day of an instant by the clocks of `zone`, short: `23 Nov 2026`.
#[must_use]
pub fn day_of(at: Timestamp, zone: Tz) -> String {
    at.to_utc().with_timezone(&zone).format("%-d %b %Y").to_string()
}

/// The time of day of an instant by the clocks of `zone`: `14:05 GMT`.
#[must_use]
pub fn time_of(at: Timestamp, zone: Tz) -> String {
    format!("{} {}", at.to_utc().with_timezone(&zone).format("%H:%M"), zone_name(at, zone))
}

/// An instant with its zone, understood anywhere: `23 November 2026, 14:05 (Europe/London, GMT)`.
#[must_use]
pub fn instant_and_zone(at: Timestamp, zone: Tz) -> String {
    let short = zone_name(at, zone);
    let zone_text = if short == zone.name() { short } else { format!("{}, {short}", zone.name()) };
    format!("{} ({zone_text})", at.to_utc().with_timezone(&zone).format("%-d %B %Y, %H:%M"))
}

/// A day with its weekday: `Wednesday, 23 December 2026`.
#[must_use]
pub fn long_day(day: NaiveDate) -> String {
    day.format("%A, %-d %B %Y").to_string()
}

/// The time of day of an instant to the second, by the clocks of `zone`: `14:05:59 GMT`.
#[must_use]
pub fn exact_time(at: Timestamp, zone: Tz) -> String {
    format!("{} {}", at.to_utc().with_timezone(&zone).format("%H:%M:%S"), zone_name(at, zone))
}

/// An instant to the second, by the clocks of `zone`: `23 November 2026, 14:05:59 GMT`.
#[must_use]
pub fn exact_instant(at: Timestamp, zone: Tz) -> String {
    format!("{}, {}", at.to_utc().with_timezone(&zone).format("%-d %B %Y"), exact_time(at, zone))
}

/// An instant as exactly as it is known, with its zone: `23 November 2026, 14:05:59.9 (Europe/London, GMT)`.
#[must_use]
pub fn exact_instant_and_zone(at: Timestamp, zone: Tz) -> String {
    let fraction = format!("{:06}", at.micros().rem_euclid(1_000_000));
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    let minute = instant_and_zone(at, zone);
    let seconds = at.to_utc().with_timezone(&zone).format(":%S");
    minute.replacen(" (", &format!("{seconds}{dot}{fraction} ("), 1)
}

/// What the clocks of `zone` are called at an instant: `GMT`, `CEST`, or `UTC+03:00` where they have no name.
fn zone_name(at: Timestamp, zone: Tz) -> String {
    let utc = at.to_utc();
    match zone.offset_from_utc_datetime(&utc.naive_utc()).abbreviation() {
        Some(name) if name.starts_with(|first: char| first.is_ascii_alphabetic()) => name.to_owned(),
        _ => format!("UTC{}", utc.with_timezone(&zone).format("%:z")),
    }
}

/// About how long something will still take.
#[must_use]
pub fn time_left(left: TimeDelta) -> String {
    let about = |number: i64, one: &str, many: &str| format!("About {} left", count(number, one, many));
    let seconds = left.num_seconds();
    let rounded = |unit: i64| (seconds + unit / 2) / unit;
    match seconds {
        ..45 => "Less than a minute left".to_owned(),
        45..3_570 => about(rounded(60), "minute", "minutes"),
        3_570..84_600 => about(rounded(3_600), "hour", "hours"),
        _ => about(rounded(86_400), "day", "days"),
    }
}

/// How much of a time that is running out is left, rounded down: `29 days left`.
#[must_use]
pub fn remaining(left: TimeDelta) -> String {
    let exactly = |number: i64, one: &str, many: &str| format!("{} left", count(number, one, many));
    match left.num_minutes() {
        ..1 => "less than a minute left".to_owned(),
        minutes @ 1..120 => exactly(minutes, "minute", "minutes"),
        minutes @ 120..2_880 => exactly(minutes / 60, "hour", "hours"),
        minutes => exactly(minutes / 1_440, "day", "days"),
    }
}

/// How long something took: `42 seconds`, `3 minutes`, `2 hours 5 minutes`.
#[must_use]
pub fn duration(took: TimeDelta) -> String {
    let seconds = took.num_seconds();
    match seconds {
        ..1 => "less than a second".to_owned(),
        1..120 => count(seconds, "second", "seconds"),
        120..7_200 => count(seconds / 60, "minute", "minutes"),
        _ => {
            let (hours, minutes) = (count(seconds / 3_600, "hour", "hours"), seconds / 60 % 60);
            if minutes == 0 { hours } else { format!("{hours} {}", count(minutes, "minute", "minutes")) }
        }
    }
}

/// Where the page of an export is, on the server.
#[must_use]
pub fn export_page(id: RequestId) -> String {
    format!("/administration/exports/{id}")
}

/// About how long something takes.
#[must_use]
pub fn about_time(time: TimeDelta) -> String {
    time_left(time).trim_end_matches(" left").to_owned()
}

/// From a day to another, both included, in a sentence: `from 3 to 17 March 2026`, `on 3 March 2026`.
#[must_use]
pub fn from_day_to_day(first: NaiveDate, last: NaiveDate) -> String {
    if first == last {
        return format!("on {}", day(first));
    }
    let from = if first.year() != last.year() {
        day(first)
    } else if first.month() != last.month() {
        first.format("%-d %B").to_string()
    } else {
        first.day().to_string()
    };
    format!("from {from} to {}", day(last))
}

/// At most two letters that stand for a person: of the first and the last word of the name.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut letters =
        name.split_whitespace().filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric())).map(|letter| {
            // One letter stays one letter: "ß" would become two.
            let mut upper = letter.to_uppercase();
            if upper.len() == 1 { upper.next().unwrap_or(letter) } else { letter }
        });
    match (letters.next(), letters.next_back()) {
        (Some(first), Some(last)) => format!("{first}{last}"),
        (Some(only), None) => only.to_string(),
        _ => "?".into(),
    }
}

/// A word of ours with a capital.
#[must_use]
pub fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// A phrase of ours as it stands within a sentence: without its capital, unless it begins with an abbreviation.
#[must_use]
pub fn uncapitalised(phrase: &str) -> String {
    let mut characters = phrase.chars();
    match characters.next() {
        Some(first) if characters.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => phrase.to_owned(),
    }
}

/// One line without control and direction characters: for mail subjects and plain text, where no markup keeps a hostile
/// name from reaching beyond itself.
#[must_use]
pub fn one_line(text: &str) -> String {
    let harmless = |letter: &char| !matches!(letter, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let spaced: String =
        text.chars().filter(harmless).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A word that a POSIX shell reads as `text`, quoted only where it must be.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "@%+=:,./-_".contains(letter);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]
mod tests {
    use chrono_tz::{Asia, Europe, UTC};
    use proptest::prelude::*;

    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn words_take_and_lose_a_capital() {
        assert_eq!((capitalised("html"), capitalised("")), ("Html".to_owned(), String::new()));
        assert_eq!(uncapitalised("Spreadsheets (CSV)"), "spreadsheets (CSV)");
        assert_eq!((uncapitalised("PDF files"), uncapitalised("")), ("PDF files".to_owned(), String::new()));
    }

    #[test]
    fn sizes_are_decimal_and_promoted_when_they_round_up() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (12_413_952, "12.4 MB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (4_294_967_295, "4.3 GB"),
            (i64::MAX, "9223.4 PB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn numbers_are_grouped() {
        for (value, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "-1,000")] {
            assert_eq!(number(value), text);
        }
        assert_eq!(count(1, "item", "items"), "1 item");
        assert_eq!(count(5000, "item", "items"), "5,000 items");
    }

    #[test]
    fn ranges_say_nothing_twice() {
        for (first, last, text) in [
            ("2026-11-03", "2026-11-03", "3 November 2026"),
            ("2026-11-01", "2026-11-30", "1–30 November 2026"),
            ("2026-10-28", "2026-11-03", "28 October – 3 November 2026"),
            ("2025-12-20", "2026-01-05", "20 December 2025 – 5 January 2026"),
            ("2025-11-01", "2026-11-30", "1 November 2025 – 30 November 2026"),
        ] {
            assert_eq!(day_range(on(first), on(last)), text);
        }
    }

    #[test]
    fn days_and_times_in_sentences() {
        for (first, last, text) in [
            ("2026-03-03", "2026-03-03", "on 3 March 2026"),
            ("2026-03-03", "2026-03-17", "from 3 to 17 March 2026"),
            ("2026-02-03", "2026-03-17", "from 3 February to 17 March 2026"),
            ("2025-12-03", "2026-03-17", "from 3 December 2025 to 17 March 2026"),
        ] {
            assert_eq!(from_day_to_day(on(first), on(last)), text);
        }
        assert_eq!(about_time(TimeDelta::seconds(3)), "Less than a minute");
        assert_eq!(about_time(TimeDelta::minutes(5)), "About 5 minutes");
    }

    #[test]
    fn an_export_is_limited_to_numbers_of_things() {
        let limited = |people: usize, conversations: usize| {
            filters(&Filters { people: vec![1; people], conversations: vec![1; conversations] })
        };
        assert_eq!(limited(0, 0), None);
        assert_eq!(limited(1, 0).as_deref(), Some("1 person"));
        assert_eq!(limited(0, 2).as_deref(), Some("2 conversations"));
        assert_eq!(limited(30, 1).as_deref(), Some("30 people and 1 conversation"));
    }

    #[test]
    fn instants_say_their_zone() {
        let winter: Timestamp = "2026-11-23T14:05:59.9Z".parse().unwrap();
        let summer: Timestamp = "2026-07-01T23:30:00Z".parse().unwrap();
        assert_eq!(instant(winter, Europe::London), "23 Nov 2026, 14:05 GMT");
        assert_eq!(instant_and_zone(winter, Europe::London), "23 November 2026, 14:05 (Europe/London, GMT)");
        assert_eq!(instant_and_zone(summer, Europe::Amsterdam), "2 July 2026, 01:30 (Europe/Amsterdam, CEST)");
        let exact = |text: &str| exact_instant_and_zone(text.parse().unwrap(), Europe::London);
        assert_eq!(exact("2026-11-23T14:05:59.9Z"), "23 November 2026, 14:05:59.9 (Europe/London, GMT)");
        assert_eq!(exact("2026-11-23T14:05:00Z"), "23 November 2026, 14:05:00 (Europe/London, GMT)");
        assert_eq!(instant_and_zone(summer, UTC), "1 July 2026, 23:30 (UTC)");
        assert_eq!(instant(summer, Asia::Dubai), "2 Jul 2026, 03:30 UTC+04:00");
        assert_eq!(exact_instant(winter, Europe::London), "23 November 2026, 14:05:59 GMT");
        assert_eq!(exact_time(summer, Asia::Dubai), "03:30:00 UTC+04:00");
        assert_eq!(long_day(on("2026-11-23")), "Monday, 23 November 2026");
    }

    #[test]
    fn times_left_are_rounded() {
        let left = |seconds| time_left(TimeDelta::seconds(seconds));
        assert_eq!(left(0), "Less than a minute left");
        assert_eq!(left(45), "About 1 minute left");
        assert_eq!(left(3_569), "About 59 minutes left");
        assert_eq!(left(3_570), "About 1 hour left");
        assert_eq!(left(84_599), "About 23 hours left");
        assert_eq!(left(84_600), "About 1 day left");
    }

    #[test]
    fn what_runs_out_is_rounded_down() {
        let left = |seconds| remaining(TimeDelta::seconds(seconds));
        assert_eq!(left(-5), "less than a minute left");
        assert_eq!(left(59), "less than a minute left");
        assert_eq!(left(60), "1 minute left");
        assert_eq!(left(7_199), "119 minutes left");
        assert_eq!(left(7_200), "2 hours left");
        assert_eq!(left(172_799), "47 hours left");
        assert_eq!(left(172_800), "2 days left");
        assert_eq!(left(30 * 86_400 - 1), "29 days left");
    }

    #[test]
    fn durations_have_at_most_two_units() {
        let took = |seconds| duration(TimeDelta::seconds(seconds));
        assert_eq!((took(0), took(1)), ("less than a second".to_owned(), "1 second".to_owned()));
        assert_eq!((took(119), took(120)), ("119 seconds".to_owned(), "2 minutes".to_owned()));
        assert_eq!((took(7_200), took(7_560)), ("2 hours".to_owned(), "2 hours 6 minutes".to_owned()));
    }

    #[test]
    fn initials_of_every_script() {
        for (name, letters) in [
            ("Ana Prior", "AP"),
            ("  mary-jane van der berg ", "MB"),
            ("Łukasz Żak", "ŁŻ"),
            ("山田太郎", "山"),
            ("عمر خالد", "عخ"),
            ("Cher", "C"),
            ("“Bob” (Ops)", "BO"),
            ("ßen", "ß"),
            ("🎉", "?"),
            ("", "?"),
        ] {
            assert_eq!(initials(name), letters);
        }
    }

    #[test]
    fn hostile_names_stay_one_harmless_line() {
        assert_eq!(one_line("Ana\r\nBcc: all@x.example"), "Ana Bcc: all@x.example");
        assert_eq!(one_line("invoice\u{202e}fdp.exe"), "invoicefdp.exe");
    }

    #[test]
    fn shell_words_are_quoted_where_they_must_be() {
        for (text, word) in [
            ("ana@halden.example", "ana@halden.example"),
            ("Halden Logistics", "'Halden Logistics'"),
            ("O'Neill; rm -rf", r"'O'\''Neill; rm -rf'"),
            ("-x", "'-x'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    proptest! {
        #[test]
        fn no_input_breaks_them(text in any::<String>(), value in any::<i64>()) {
            prop_assert!(!one_line(&text).chars().any(char::is_control));
            prop_assert!((1..=2).contains(&initials(&text).chars().count()));
            prop_assert_eq!(number(value).replace(',', ""), value.to_string());
            prop_assert!(!size(value).is_empty());
        }
    }
}
