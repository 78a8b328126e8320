//! One instant, as every table, file and rule holds it: microseconds since 1970 in UTC.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant with microsecond precision, between the years 1 and 9999.
///
/// Printed and read as RFC 3339 in UTC, with as many digits as the instant has (none, three or six).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

/// The instant lies outside the years 1 to 9999, or the text is no RFC 3339 time.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a time between the years 1 and 9999 in RFC 3339 form, such as 2026-03-01T09:30:00Z")]
pub struct OutOfRange;

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// 9999-12-31T23:59:59.999999Z.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// The instant `micros` microseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`OutOfRange`] outside the years 1 to 9999.
    pub fn from_micros(micros: i64) -> Result<Self, OutOfRange> {
        let instant = Self(micros);
        if (Self::MIN..=Self::MAX).contains(&instant) { Ok(instant) } else { Err(OutOfRange) }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This instant for calendar arithmetic.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// This instant moved by `delta`, held within [`Timestamp::MIN`] and [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, delta: TimeDelta) -> Self {
        let micros = delta.num_microseconds().unwrap_or(if delta < TimeDelta::zero() { i64::MIN } else { i64::MAX });
        Self(self.0.saturating_add(micros)).clamp(Self::MIN, Self::MAX)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant.timestamp_micros()).clamp(Self::MIN, Self::MAX)
    }
}

/// Digits of a number, as many as the array is long: the last ones, with zeros before.
fn digits<const N: usize>(number: u32) -> [u8; N] {
    let (mut digits, mut rest) = ([b'0'; N], number);
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    digits
}

impl Timestamp {
    /// Gives the text to `take`. Each item of an archive has one instant or more, and chrono's own way of writing them, by
    /// format strings, takes ten times as long.
    fn with_text<T>(self, take: impl FnOnce(&str) -> T) -> T {
        let at = self.to_utc().naive_utc();
        let [y1, y2, y3, y4] = digits(at.year().unsigned_abs());
        let [[m1, m2], [d1, d2]] = [at.month(), at.day()].map(digits);
        let [[h1, h2], [n1, n2], [s1, s2]] = [at.hour(), at.minute(), at.second()].map(digits);
        let [f1, f2, f3, f4, f5, f6] = digits(at.nanosecond() / 1_000);
        let seconds = [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2];
        let (mut text, mut length) = ([0; 27], 0);
        let fraction: &[u8] = match [f1, f2, f3, f4, f5, f6] {
            [b'0', b'0', b'0', b'0', b'0', b'0'] => &[],
            [.., b'0', b'0', b'0'] => &[b'.', f1, f2, f3],
            _ => &[b'.', f1, f2, f3, f4, f5, f6],
        };
        for (place, byte) in text.iter_mut().zip(seconds.iter().chain(fraction).chain(b"Z")) {
            *place = *byte;
            length += 1;
        }
        take(text.get(..length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl FromStr for Timestamp {
    type Err = OutOfRange;

    fn from_str(text: &str) -> Result<Self, OutOfRange> {
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| OutOfRange)?;
        Self::from_micros(instant.timestamp_micros())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|error| serde::de::Error::custom(format!("“{text}” is {error}")))
    }
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_printed_as_chrono_does(
            micros in Timestamp::MIN.0..=Timestamp::MAX.0,
            precision in prop_oneof![Just(1), Just(1_000), Just(1_000_000)],
        ) {
            let instant = Timestamp(micros / precision * precision);
            prop_assert_eq!(instant.to_string(), instant.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true));
            prop_assert_eq!(instant.to_string().parse(), Ok(instant));
        }
    }

    #[test]
    fn prints_the_precision_it_has_and_reads_it_back() {
        for text in ["2015-06-06T02:36:47.760577Z", "2019-03-21T11:08:32.493Z", "2026-01-01T00:00:00Z"] {
            assert_eq!(text.parse::<Timestamp>().map(|instant| instant.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(
            "2026-01-01T02:00:00+02:00".parse::<Timestamp>().map(|t| t.to_string()),
            Ok("2026-01-01T00:00:00Z".into())
        );
    }

    #[test]
    fn refuses_what_four_digit_years_cannot_hold() {
        assert_eq!(Timestamp::from_micros(i64::MAX), Err(OutOfRange));
        assert_eq!(Timestamp::from_micros(Timestamp::MAX.micros() + 1), Err(OutOfRange));
        assert_eq!("yesterday".parse::<Timestamp>(), Err(OutOfRange));
        assert_eq!(Timestamp::MAX.plus(TimeDelta::days(1)), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00Z");
    }
}
