//! The elements of a JSON list, one at a time, each with its line: one malformed element does not take the others along.

use serde_json::Value;

use crate::capture::sources::json_reason;

/// Walks through the list that `bytes` hold.
pub(super) struct Elements<'a> {
    rest: &'a [u8],
    line: u64,
    position: Position,
}

#[derive(Clone, Copy, PartialEq)]
enum Position {
    Before,
    Within,
    After,
    /// Nothing more can be read.
    Over,
}

/// An element and its line, or the line and the reason of what can't be read.
pub(super) type Element = (u64, Result<Value, String>);

impl<'a> Elements<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes), line: 1, position: Position::Before }
    }

    /// Moves on by `length` bytes, counting lines.
    fn advance(&mut self, length: usize) -> &'a [u8] {
        let (passed, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.rest = rest;
        passed
    }

    fn skip_space(&mut self) {
        let space = self.rest.len() - self.rest.trim_ascii_start().len();
        self.advance(space);
    }

    /// Ends the walk with a failure at the present line.
    fn fail(&mut self, reason: &str) -> Option<Element> {
        self.position = Position::Over;
        Some((self.line, Err(reason.to_owned())))
    }
}

impl Iterator for Elements<'_> {
    type Item = Element;

    fn next(&mut self) -> Option<Element> {
        self.skip_space();
        if self.position == Position::Before {
            if self.rest.first() != Some(&b'[') {
                return self.fail("not a JSON list");
            }
            self.advance(1);
            self.skip_space();
            self.position = if self.rest.first() == Some(&b']') { Position::After } else { Position::Within };
            if self.position == Position::After {
                self.advance(1);
                self.skip_space();
            }
        }
        match self.position {
            Position::Within => {}
            Position::After if !self.rest.is_empty() => return self.fail("there is more after the end of the list"),
            _ => return None,
        }
        let line = self.line;
        let bytes = self.advance(element_length(self.rest));
        match self.rest.first() {
            Some(b',') => {}
            Some(_) => self.position = Position::After,
            None => return self.fail("the file ends before its list does: it was cut off"),
        }
        self.advance(1);
        Some(match serde_json::from_slice(bytes) {
            Ok(value) => (line, Ok(value)),
            Err(error) => (line + error.line().saturating_sub(1) as u64, Err(json_reason(&error))),
        })
    }
}

/// Bytes up to the `,` or `]` that ends the element.
fn element_length(bytes: &[u8]) -> usize {
    let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => depth += 1,
            b',' | b']' if depth == 0 => return at,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(text: &str) -> Vec<String> {
        Elements::new(text.as_bytes())
            .map(|(line, element)| match element {
                Ok(value) => format!("{line} {value}"),
                Err(reason) => format!("{line} ! {reason}"),
            })
            .collect()
    }

    #[test]
    fn one_bad_element_does_not_take_the_others_along() {
        assert_eq!(listing("[]"), [""; 0]);
        assert_eq!(listing("\u{feff}[\n{\"a\": \"],\\\"\"},\n\n[1,[2]]\n]"), ["2 {\"a\":\"],\\\"\"}", "4 [1,[2]]"]);
        assert_eq!(
            listing("[{\"a\":1},\n{\"a\":\noops},\n{\"a\":3}]"),
            ["1 {\"a\":1}", "3 ! expected value (column 1)", "4 {\"a\":3}"]
        );
        let surrogate = listing("[{\"a\":\"\\ud83d\"},2]");
        assert_eq!(surrogate.len(), 2, "{surrogate:?}");
    }

    #[test]
    fn what_is_cut_off_or_no_list_is_told() {
        assert_eq!(listing("{\"a\":1}"), ["1 ! not a JSON list"]);
        assert_eq!(listing(""), ["1 ! not a JSON list"]);
        assert_eq!(listing("[1,\n{\"a\":\"x"), ["1 1", "2 ! the file ends before its list does: it was cut off"]);
        assert_eq!(listing("[1,"), ["1 1", "1 ! the file ends before its list does: it was cut off"]);
        assert_eq!(listing("[1,]").len(), 2);
        assert_eq!(listing("[]\n[1]"), ["2 ! there is more after the end of the list"]);
        assert_eq!(listing("[1] x"), ["1 1", "1 ! there is more after the end of the list"]);
    }

    proptest::proptest! {
        #[test]
        fn reads_any_list_and_never_panics(texts in proptest::collection::vec(".*", 0..6), noise in ".*") {
            let list = serde_json::to_string_pretty(&texts).unwrap_or_default();
            let read: Vec<_> = Elements::new(list.as_bytes()).filter_map(|(_, element)| element.ok()).collect();
            proptest::prop_assert_eq!(read, texts.into_iter().map(Value::from).collect::<Vec<_>>());
            let ended = Elements::new(noise.as_bytes()).take(noise.len() + 2).count();
            proptest::prop_assert!(ended <= noise.len() + 1);
        }
    }
}
