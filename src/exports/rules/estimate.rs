//! How large an export will become and how long it will take, from what the last ones became and took.

use chrono::TimeDelta;

/// An export that was completed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Past {
    pub items: u64,
    /// Bytes of its parts.
    pub bytes: u64,
    /// From when a worker took it up until it was completed.
    pub took: TimeDelta,
}

/// What is to be expected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Estimate {
    /// Bytes of its parts.
    pub bytes: u64,
    /// The time that it takes, once a worker has taken it up.
    pub takes: TimeDelta,
    /// From so many exports.
    pub from: usize,
}

/// What is to be expected of an export of so many items: for each item what the past ones needed, taken together, so that
/// large ones count for more. None while there is none to estimate from: no number is invented.
#[must_use]
pub fn estimate(past: &[Past], items: u64) -> Option<Estimate> {
    let usable: Vec<&Past> = past.iter().filter(|past| past.items > 0 && past.took >= TimeDelta::zero()).collect();
    let of_all: u128 = usable.iter().map(|past| u128::from(past.items)).sum();
    if of_all == 0 {
        return None;
    }
    let bytes: u128 = usable.iter().map(|past| u128::from(past.bytes)).sum();
    let millis: u128 = usable.iter().map(|past| past.took.num_milliseconds().unsigned_abs()).map(u128::from).sum();
    let share = |sum: u128| u64::try_from((sum * u128::from(items)).div_ceil(of_all)).unwrap_or(u64::MAX);
    let takes = i64::try_from(share(millis)).ok().and_then(TimeDelta::try_milliseconds).unwrap_or(TimeDelta::MAX);
    Some(Estimate { bytes: share(bytes), takes, from: usable.len() })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn past(items: u64, bytes: u64, seconds: i64) -> Past {
        Past { items, bytes, took: TimeDelta::seconds(seconds) }
    }

    #[test]
    fn nothing_is_invented() {
        assert_eq!(estimate(&[], 1_000), None);
        assert_eq!(estimate(&[past(0, 4_000, 1)], 1_000), None);
        assert_eq!(estimate(&[past(10, 4_000, -1)], 1_000), None);
    }

    #[test]
    fn as_much_for_each_item_as_before_and_large_exports_count_for_more() {
        let found = estimate(&[past(1_000, 100_000, 10), past(9_000, 300_000, 20), past(0, 5, 5)], 20_000).unwrap();
        assert_eq!(found, Estimate { bytes: 800_000, takes: TimeDelta::seconds(60), from: 2 });
    }

    proptest! {
        #[test]
        fn more_items_never_need_less(one in any::<(u64, u64)>(), seconds in 0..i64::from(u32::MAX), items in any::<u64>()) {
            let past = [past(one.0, one.1, seconds)];
            if let Some(found) = estimate(&past, items) {
                let more = estimate(&past, items.saturating_add(1_000)).unwrap();
                prop_assert!(more.bytes >= found.bytes && more.takes >= found.takes);
            }
        }
    }
}
