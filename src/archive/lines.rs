//! Reads back what [`crate::archive::render`] writes: JSON arrays with one record on each line. For `verify`; input is not trusted.

use std::io::{BufRead, Read};

use serde::de::DeserializeOwned;

/// The longest line that is read.
pub(super) const MAX_LINE: u64 = 64 << 20;

/// Reads a JSON array with one record per line, giving each with its line number to `take`.
pub(super) fn lines<T: DeserializeOwned>(
    reader: &mut impl BufRead,
    mut take: impl FnMut(u64, T),
) -> Result<(), String> {
    let mut line = Vec::new();
    let mut number = 0;
    let mut state = State::Start;
    loop {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(|e| e.to_string())?;
        if read == 0 {
            return if state == State::Over { Ok(()) } else { Err("ends too early".into()) };
        }
        number += 1;
        if line.pop() != Some(b'\n') {
            return Err(format!("line {number} is too long or has no end"));
        }
        state = match (state, line.as_slice()) {
            (State::Start, b"[") => State::First,
            (State::First | State::Last, b"]") => State::Over,
            (State::First | State::More, record) => {
                let (record, next) = match record.strip_suffix(b",") {
                    Some(record) => (record, State::More),
                    None => (record, State::Last),
                };
                take(number, serde_json::from_slice(record).map_err(|e| format!("line {number}: {e}"))?);
                next
            }
            _ => return Err(format!("line {number} is not one record of a JSON array")),
        };
    }
}

/// What the next line of an array may be.
#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    Start,
    First,
    More,
    Last,
    Over,
}
