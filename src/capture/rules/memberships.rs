//! When people were in a conversation, from the joins, leaves and lists that were recorded, in whatever order they came.

use crate::model::Timestamp;

/// One stay: since when, until when. None: unknown, or still there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stay {
    /// Since when; none where only the presence is known.
    pub joined_at: Option<Timestamp>,
    /// Until when; none while still there.
    pub left_at: Option<Timestamp>,
}

/// A person's stays, oldest first. Each event says whether the person came (or was there) or went, and when, where known.
#[must_use]
pub fn stays(events: impl IntoIterator<Item = (bool, Option<Timestamp>)>) -> Vec<Stay> {
    let mut listed = false;
    let mut dated = Vec::new();
    for (present, at) in events {
        match at {
            None => listed |= present,
            Some(at) => dated.push((at, present)),
        }
    }
    dated.sort_unstable();
    let mut stays: Vec<Stay> = Vec::new();
    for (at, present) in dated {
        let first = stays.is_empty();
        let open = stays.last_mut().filter(|stay| stay.left_at.is_none());
        match (present, open) {
            (true, None) => stays.push(Stay { joined_at: Some(at), left_at: None }),
            (false, Some(stay)) => stay.left_at = Some(at),
            // Went without having come: was there since a time unknown.
            (false, None) if first => stays.push(Stay { joined_at: None, left_at: Some(at) }),
            (true, Some(_)) | (false, None) => {}
        }
    }
    if listed && stays.is_empty() {
        stays.push(Stay { joined_at: None, left_at: None });
    }
    stays
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> Option<Timestamp> {
        Timestamp::from_micros(micros).ok()
    }

    #[test]
    fn joins_and_leaves_pair_up() {
        let stay = |joined, left| Stay { joined_at: joined, left_at: left };
        assert_eq!(stays([(true, None)]), [stay(None, None)]);
        assert_eq!(stays([(true, None), (true, at(5))]), [stay(at(5), None)]);
        assert_eq!(stays([(true, at(5)), (false, at(9)), (true, at(12))]), [stay(at(5), at(9)), stay(at(12), None)]);
        assert_eq!(stays([(false, at(9))]), [stay(None, at(9))]);
        assert_eq!(stays([(true, None), (false, at(9))]), [stay(None, at(9))]);
        assert_eq!(stays([(true, at(5)), (true, at(6)), (false, at(7)), (false, at(8))]), [stay(at(5), at(7))]);
    }

    proptest! {
        #[test]
        fn order_of_recording_makes_no_difference(events in proptest::collection::vec((any::<bool>(), proptest::option::of(0_i64..20)), 0..12), seed in any::<u64>()) {
            let events: Vec<_> = events.into_iter().map(|(present, micros)| (present, micros.and_then(at))).collect();
            let mut other = events.clone();
            let turn = usize::try_from(seed % 12).unwrap_or(0).min(other.len());
            other.rotate_left(turn);
            other.reverse();
            let stays_made = stays(events);
            prop_assert_eq!(&stays_made, &stays(other));
            for pair in stays_made.windows(2) {
                prop_assert!(pair[0].left_at.is_some() && pair[0].left_at <= pair[1].joined_at);
            }
        }
    }
}
