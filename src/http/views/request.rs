//! The form that requests an export (B1).

use askama::Template;
use chrono::{Datelike, Days, NaiveDate};
use url::form_urlencoded;

use super::Chrome;
use super::found::{FilterOption, Results};
use super::preview::PreviewFragment;
use crate::archive::formats::{self, About};
use crate::exports::rules::filters;
use crate::format;
use crate::model::Formats;

/// Name of the form's field for the first day.
pub const FIRST_DAY: &str = "first_day";
/// For the last day.
pub const LAST_DAY: &str = "last_day";
/// For the people that it is limited to.
pub const PEOPLE: &str = "person";
/// For the conversations that it is limited to.
pub const CONVERSATIONS: &str = "conversation";

/// Request an export: `POST /administration/exports` with `first_day`, `last_day`, any number of `person` and `conversation`,
/// `form_key` and `csrf`. Without scripts, people and conversations are searched for, added and removed by
/// `POST /administration/exports/new` with the same, which gives the form again.
#[derive(Debug, Template)]
#[template(path = "request.html")]
pub struct Request {
    /// The frame.
    pub chrome: Chrome,
    /// The account's time zone, whose days are meant: `Europe/London`.
    pub zone: String,
    /// Today in that zone.
    pub today: NaiveDate,
    /// The first day that has anything; none while nothing has been recorded.
    pub earliest: Option<NaiveDate>,
    /// What stands in the first field, as it was typed.
    pub first_day: String,
    /// What stands in the second field, as it was typed.
    pub last_day: String,
    /// People whom it is limited to.
    pub people: Filter,
    /// Conversations that it is limited to.
    pub conversations: Filter,
    /// What it would hold.
    pub preview: PreviewFragment,
    /// Makes a form that is submitted twice create one request.
    pub form_key: String,
    /// The formats that are ticked.
    pub formats: Formats,
    /// What is wrong.
    pub errors: Errors,
}

/// A format that can be ticked.
struct FormatOption {
    about: &'static About,
    ticked: bool,
}

impl FormatOption {
    /// As the form sends it: the key with a capital.
    fn value(&self) -> String {
        format::capitalised(self.about.key)
    }
}

/// The formats that a form has ticked. What is not on the form can't be asked for.
#[must_use]
pub fn ticked<'a>(values: impl Iterator<Item = &'a str>) -> Formats {
    let known = |value: &str| formats::find(formats::ALL, &value.to_ascii_lowercase()).map(|format| format.about().key);
    values.filter_map(known).collect()
}

/// One of the two ways to limit an export.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Name of its field.
    pub field: &'static str,
    /// What stands above it.
    pub label: &'static str,
    /// What it means.
    pub hint: &'static str,
    /// How many can be chosen.
    pub most: usize,
    pub chosen: Vec<FilterOption>,
    pub searched: String,
    /// What was found, for a browser without scripts.
    pub found: Option<Results>,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl Filter {
    /// People, of whom these are chosen.
    #[must_use]
    pub fn people(chosen: Vec<FilterOption>) -> Self {
        Self {
            field: PEOPLE,
            label: "Only with these people",
            hint: "Conversations in which at least one of them takes part or took part, whole. Type part of a name or address.",
            most: filters::MAX_PEOPLE,
            chosen,
            searched: String::new(),
            found: None,
            error: None,
        }
    }

    /// Conversations, of which these are chosen.
    #[must_use]
    pub fn conversations(chosen: Vec<FilterOption>) -> Self {
        Self {
            field: CONVERSATIONS,
            label: "Only these conversations",
            hint: "Just these. Type part of a team’s name, or of the names of those in it.",
            most: filters::MAX_CONVERSATIONS,
            ..Self::people(chosen)
        }
    }

    /// What describes the field to assistive technology.
    fn described_by(&self) -> String {
        let error = if self.error.is_some() { format!(" {}-error", self.field) } else { String::new() };
        format!("{}-hint{error}", self.field)
    }
}

/// What is wrong with a request.
#[derive(Clone, Debug, Default)]
pub struct Errors {
    /// With the request as a whole.
    pub form: Option<String>,
    pub first_day: Option<String>,
    pub last_day: Option<String>,
    pub people: Option<String>,
    pub conversations: Option<String>,
}

impl Errors {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.form.is_none() && self.of_fields().is_empty()
    }

    /// Of each field with which something is wrong: its id, what it is called, and what is wrong.
    fn of_fields(&self) -> Vec<(&'static str, &'static str, &str)> {
        let fields = [
            ("first-day", "First day", &self.first_day),
            ("last-day", "Last day", &self.last_day),
            ("find-person", "Only with these people", &self.people),
            ("find-conversation", "Only these conversations", &self.conversations),
        ];
        fields.into_iter().filter_map(|(id, label, error)| Some((id, label, error.as_deref()?))).collect()
    }
}

/// A range that is chosen with one click.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Preset {
    /// As in `?preset=last-7-days`.
    pub name: &'static str,
    /// As on the button.
    pub label: &'static str,
    /// First day, included.
    pub first: NaiveDate,
    /// Last day, included.
    pub last: NaiveDate,
}

impl Preset {
    /// The presets as of `today`, in the account's zone. "All history" starts on `earliest`; without anything recorded
    /// it is today alone.
    #[must_use]
    pub fn all(today: NaiveDate, earliest: Option<NaiveDate>) -> [Self; 4] {
        let back = |days| today.checked_sub_days(Days::new(days)).unwrap_or(today);
        let month_end = back(u64::from(today.day()));
        let month_start = month_end.with_day(1).unwrap_or(month_end);
        [
            Self { name: "last-7-days", label: "Last 7 days", first: back(6), last: today },
            Self { name: "last-30-days", label: "Last 30 days", first: back(29), last: today },
            Self { name: "last-month", label: "Last calendar month", first: month_start, last: month_end },
            Self { name: "all", label: "All history", first: earliest.unwrap_or(today).min(today), last: today },
        ]
    }

    /// The preset of that name.
    #[must_use]
    pub fn named(name: &str, today: NaiveDate, earliest: Option<NaiveDate>) -> Option<Self> {
        Self::all(today, earliest).into_iter().find(|preset| preset.name == name)
    }

    /// Its days in words.
    #[must_use]
    pub fn days(&self) -> String {
        format::day_range(self.first, self.last)
    }
}

impl Request {
    /// The presets of this form.
    #[must_use]
    pub fn presets(&self) -> [Preset; 4] {
        Preset::all(self.today, self.earliest)
    }

    /// Both ways to limit it.
    fn filters(&self) -> [&Filter; 2] {
        [&self.people, &self.conversations]
    }

    /// It is limited, or about to be: what limits it is shown at once.
    fn is_limited(&self) -> bool {
        self.filters()
            .iter()
            .any(|filter| !filter.chosen.is_empty() || !filter.searched.is_empty() || filter.error.is_some())
    }

    /// The formats that can be ticked.
    fn choices(&self) -> impl Iterator<Item = FormatOption> {
        formats::ALL.iter().map(|format| {
            let about = format.about();
            FormatOption { about, ticked: self.formats.contains(about.key) }
        })
    }

    /// Where a preset leads: to this form with its days, and with what is chosen.
    fn preset_url(&self, preset: &Preset) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("preset", preset.name);
        for filter in self.filters() {
            for chosen in &filter.chosen {
                query.append_pair(filter.field, &chosen.id.to_string());
            }
        }
        format!("/administration/exports/new?{}", query.finish())
    }

    /// The first day that has anything, in words.
    #[must_use]
    pub fn earliest_day(&self) -> Option<String> {
        self.earliest.map(format::day)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]
mod tests {
    use super::*;

    #[test]
    fn b1_presets_end_today_and_include_both_days() {
        let today = "2026-11-23".parse().unwrap();
        let days = |name, earliest| Preset::named(name, today, earliest).map(|preset| preset.days());
        assert_eq!(days("last-7-days", None).as_deref(), Some("17–23 November 2026"));
        assert_eq!(days("last-30-days", None).as_deref(), Some("25 October – 23 November 2026"));
        assert_eq!(days("last-month", None).as_deref(), Some("1–31 October 2026"));
        assert_eq!(
            days("all", Some("2024-02-29".parse().unwrap())).as_deref(),
            Some("29 February 2024 – 23 November 2026")
        );
        assert_eq!(days("all", None).as_deref(), Some("23 November 2026"));
        assert_eq!(days("yesterday", None), None);
    }

    #[test]
    fn b1_last_calendar_month_at_its_borders() {
        for (today, month) in [
            ("2026-01-01", "1–31 December 2025"),
            ("2026-01-31", "1–31 December 2025"),
            ("2026-03-31", "1–28 February 2026"),
            ("2024-03-01", "1–29 February 2024"),
        ] {
            let preset = Preset::named("last-month", today.parse().unwrap(), None);
            assert_eq!(preset.map(|preset| preset.days()).as_deref(), Some(month), "{today}");
        }
    }
}
