//! Which bytes of an archive a request asks for: `Range`, `If-Range` and `If-None-Match` of RFC 9110.
//!
//! Pure: actix-web's typed headers in, an answer out. One range is served; several at once get the whole, as the standard
//! allows.

use actix_web::http::header::{ByteRangeSpec, EntityTag, IfNoneMatch, IfRange, Range};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Everything.
    Whole,
    /// The bytes from the first to the last, both included.
    Part(u64, u64),
    /// 304: the caller has it already.
    Unchanged,
    /// 416: there are no such bytes.
    OutOfRange,
}

/// The answer for a file of `size` bytes with this tag.
#[must_use]
pub fn answer(
    size: u64,
    tag: &EntityTag,
    range: Option<Range>,
    if_range: Option<IfRange>,
    if_none_match: Option<IfNoneMatch>,
) -> Answer {
    match if_none_match {
        Some(IfNoneMatch::Any) => return Answer::Unchanged,
        Some(IfNoneMatch::Items(tags)) if tags.iter().any(|known| known.weak_eq(tag)) => return Answer::Unchanged,
        _ => {}
    }
    // A part is wanted only of the same file; a date would say less than our tag does, so it never fits.
    let same = match if_range {
        None => true,
        Some(IfRange::EntityTag(known)) => known.strong_eq(tag),
        Some(IfRange::Date(_)) => false,
    };
    match range {
        Some(Range::Bytes(specs)) if same => match specs.as_slice() {
            [spec] => part(spec, size),
            _ => Answer::Whole,
        },
        _ => Answer::Whole,
    }
}

fn part(spec: &ByteRangeSpec, size: u64) -> Answer {
    match spec.to_satisfiable_range(size) {
        Some((first, last)) => Answer::Part(first, last),
        None => Answer::OutOfRange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag() -> EntityTag {
        EntityTag::new_strong("abc".to_owned())
    }

    fn asked(range: &str) -> Answer {
        answer(1_000, &tag(), range.parse().ok(), None, None)
    }

    #[test]
    fn b7_ranges() {
        assert_eq!(asked("bytes=0-0"), Answer::Part(0, 0));
        assert_eq!(asked("bytes=990-"), Answer::Part(990, 999));
        assert_eq!(asked("bytes=500-5000"), Answer::Part(500, 999));
        assert_eq!(asked("bytes=-10"), Answer::Part(990, 999));
        assert_eq!(asked("bytes=-5000"), Answer::Part(0, 999));
        assert_eq!(asked("bytes=1000-"), Answer::OutOfRange);
        assert_eq!(asked("bytes=5-2"), Answer::Whole);
        assert_eq!(asked("bytes=0-1,5-6"), Answer::Whole);
        assert_eq!(asked("pages=1-2"), Answer::Whole);
    }

    #[test]
    fn b7_a_part_only_of_the_same_file() {
        let range = || "bytes=10-19".parse().ok();
        let other = EntityTag::new_strong("other".to_owned());
        let with = |known| answer(1_000, &tag(), range(), Some(IfRange::EntityTag(known)), None);
        assert_eq!(with(tag()), Answer::Part(10, 19));
        assert_eq!(with(other), Answer::Whole);
        let known = IfNoneMatch::Items(vec![tag()]);
        assert_eq!(answer(1_000, &tag(), range(), None, Some(known)), Answer::Unchanged);
    }
}
