//! B1–B3, B6: which ranges can be requested, which states follow one another, until when an archive is kept.

use std::ops::Range;

use chrono::{Datelike, NaiveDate, TimeDelta};

use crate::error::{Error, Field};
use crate::model::{ExportRequest, RequestId, Status, Timestamp};
use crate::{days, format};

/// The days of a request as typed (B1).
///
/// # Errors
/// One for each that is not a day, so that all are shown at once.
pub fn parse_days(first: &str, last: &str) -> Result<(NaiveDate, NaiveDate), Vec<Error>> {
    match (parse_day(Field::FirstDay, first), parse_day(Field::LastDay, last)) {
        (Ok(first), Ok(last)) => Ok((first, last)),
        (first, last) => Err(first.err().into_iter().chain(last.err()).collect()),
    }
}

/// What is wrong with the days of a request (B1). `today` is today in the account's zone.
#[must_use]
pub fn check_days(first: NaiveDate, last: NaiveDate, today: NaiveDate) -> Vec<Error> {
    let mut errors = Vec::new();
    if last > today {
        let today = format::day(today);
        let message = format!("The last day can't be in the future. Today is {today} in the account's time zone.");
        errors.push(Error::invalid(Field::LastDay, message));
    }
    if first > last {
        errors.push(Error::invalid(Field::FirstDay, "The first day can't be after the last day."));
    }
    errors
}

fn parse_day(field: Field, text: &str) -> Result<NaiveDate, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid(field, "Enter a day."));
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| (1..=9998).contains(&day.year()));
    day.ok_or_else(|| Error::invalid(field, format!("“{text}” is not a day. Write it like 2026-03-31.")))
}

/// The instants of the days of a request, both included (B1, C6).
#[must_use]
pub fn range(request: &ExportRequest) -> Range<Timestamp> {
    days::instants_of_days(request.first_day, request.last_day, request.time_zone)
}

/// Whether another export may be requested while so many are queued or in progress (B2).
///
/// # Errors
/// When to try again.
pub fn check_open(open: i64, limit: u32) -> Result<(), Error> {
    if open < i64::from(limit) {
        return Ok(());
    }
    let exports = if open == 1 { "1 export is".to_owned() } else { format!("{open} exports are") };
    Err(Error::conflict(format!(
        "{exports} already queued or in progress, and no more are allowed at a time. Try again when one of them has \
         finished, or cancel one."
    )))
}

/// Whether a request can be cancelled (B3).
#[must_use]
pub const fn can_be_cancelled(status: Status) -> bool {
    matches!(status, Status::Accepted | Status::InProgress)
}

/// Whether a request can be retried (B3).
#[must_use]
pub const fn can_be_retried(status: Status) -> bool {
    matches!(status, Status::Failed)
}

/// Whether an archive can still be downloaded (B6). The page's label and the purge ask the same question.
#[must_use]
pub fn is_available(status: Status, expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    matches!(status, Status::Completed) && expires_at.is_some_and(|expiry| now < expiry)
}

/// Until when an archive finished now is kept (B6).
#[must_use]
pub fn expiry(finished_at: Timestamp, keep_days: u32) -> Timestamp {
    finished_at.plus(TimeDelta::days(i64::from(keep_days)))
}

/// The key under which a part is kept: it names the export for the operator, and the claim under which it was built, so that
/// two workers never write the same file.
#[must_use]
pub fn storage_key(request: RequestId, claim: &str, part: i32) -> String {
    format!("export-{request}-{claim}-part-{part}.zip")
}

/// The number of the export that a key names, if it is one of [`storage_key`]'s.
#[must_use]
pub fn number_in_key(key: &str) -> Option<RequestId> {
    let mut words = key.strip_suffix(".zip")?.split('-');
    let (export, number, claim) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
    let ours = export == "export" && is_claim_key(claim) && words.next()? == "part";
    (ours && words.next()?.parse::<u32>().is_ok() && words.next().is_none()).then_some(number)
}

/// Whether a name is the key of a claim.
#[must_use]
pub fn is_claim_key(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap_or_default()
    }

    fn checked(first: &str, last: &str) -> Result<(NaiveDate, NaiveDate), Vec<Error>> {
        let (first, last) = parse_days(first, last)?;
        let errors = check_days(first, last, day("2026-03-15"));
        if errors.is_empty() { Ok((first, last)) } else { Err(errors) }
    }

    fn refused(first: &str, last: &str) -> Vec<(Option<Field>, String)> {
        let errors = checked(first, last).err().unwrap_or_default();
        errors.iter().map(|error| (error.field(), error.message().to_owned())).collect()
    }

    #[test]
    fn b1_both_days_are_included_and_may_be_the_same() {
        assert_eq!(checked("2026-03-15", " 2026-03-15 ").ok(), Some((day("2026-03-15"), day("2026-03-15"))));
    }

    #[test]
    fn b1_what_is_wrong_stands_beside_its_field() {
        assert_eq!(
            refused("2026-03-02", "2026-03-01"),
            [(Some(Field::FirstDay), "The first day can't be after the last day.".to_owned())]
        );
        assert_eq!(refused("2026-03-01", "2026-03-16").first().map(|error| error.0), Some(Some(Field::LastDay)));
        let both = refused("", "31/03/2026");
        assert_eq!(both.iter().map(|error| error.0).collect::<Vec<_>>(), [Some(Field::FirstDay), Some(Field::LastDay)]);
        assert_eq!(refused("2026-02-30", "2026-03-01").len(), 1);
        assert_eq!(refused("99999-01-01", "-1-01-01").len(), 2);
    }

    #[test]
    fn b2_a_third_open_request_is_refused() {
        assert!(check_open(1, 2).is_ok());
        assert!(
            check_open(2, 2).is_err_and(|error| error.message().contains("Try again when one of them has finished"))
        );
    }

    #[test]
    fn b3_what_can_be_done_in_each_state() {
        use Status::{Accepted, Cancelled, Completed, Expired, Failed, InProgress};
        let all = [Accepted, InProgress, Completed, Expired, Failed, Cancelled];
        assert_eq!(
            all.into_iter().filter(|&status| can_be_cancelled(status)).collect::<Vec<_>>(),
            [Accepted, InProgress]
        );
        assert_eq!(all.into_iter().filter(|&status| can_be_retried(status)).collect::<Vec<_>>(), [Failed]);
    }

    #[test]
    fn b6_available_until_the_stored_instant_and_not_at_it() {
        let finished: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap_or_default();
        let expires = expiry(finished, 30);
        assert_eq!(expires.to_string(), "2026-03-31T12:00:00Z");
        assert!(is_available(Status::Completed, Some(expires), expires.plus(TimeDelta::microseconds(-1))));
        assert!(!is_available(Status::Completed, Some(expires), expires));
        assert!(!is_available(Status::Expired, Some(expires), finished));
        assert!(!is_available(Status::Completed, None, finished));
    }

    proptest! {
        #[test]
        fn a_key_names_its_export_and_nothing_else_does(number in 1_i64.., part in 1_i32.., other in "[a-z0-9.-]{0,30}") {
            let key = storage_key(number, &crate::keys::new_key(), part);
            prop_assert_eq!(number_in_key(&key), Some(number));
            prop_assert_eq!(number_in_key(&format!("{other}-{key}")), None);
            prop_assert_eq!(number_in_key(&other), None);
        }

        #[test]
        fn b1_any_text_is_answered_without_panic(first in ".{0,12}", last in ".{0,12}") {
            if let Ok((first, last)) = checked(&first, &last) {
                prop_assert!(first <= last && last <= day("2026-03-15"));
            }
        }
    }
}
