//! Reads copies back, as strictly as they were written: which items a page shows, and the rows of a spreadsheet. For `verify`,
//! and for tests.
//!
//! Streams: a line or a row is in memory at a time. Input is not trusted.

use std::io::{BufRead, Read};

use super::{csv, day, paths};
use crate::archive::lines::MAX_LINE;
use crate::sums;

/// The longest field that is read.
const MAX_FIELD: usize = 1 << 20;

/// Items without their order: how many, and a sum of their ids.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// How many.
    pub items: u64,
    sum: u64,
}

impl Tally {
    /// Adds the item with this id.
    pub fn add(&mut self, id: &str) {
        self.add_anchor(&paths::anchor(id));
    }

    fn add_anchor(&mut self, anchor: &str) {
        let first = sums::sha256(anchor.as_bytes()).first_chunk().copied().unwrap_or_default();
        self.sum = self.sum.wrapping_add(u64::from_le_bytes(first));
        self.items += 1;
    }
}

/// The items of a page.
///
/// # Errors
/// What is wrong with it.
pub fn page(reader: &mut impl BufRead) -> Result<Tally, String> {
    let (mut tally, mut line, mut last) = (Tally::default(), Vec::new(), Vec::new());
    let mut number = 0_u64;
    loop {
        line.clear();
        if reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(|e| e.to_string())? == 0 {
            return if last == b"</html>\n" { Ok(tally) } else { Err("the page ends too early".into()) };
        }
        number += 1;
        if line.last() != Some(&b'\n') {
            return Err(format!("line {number} is too long or has no end"));
        }
        if number == 1 && line != b"<!doctype html>\n" {
            return Err("is no page".into());
        }
        if let Some(rest) = line.strip_prefix(day::ITEM.as_bytes()) {
            let anchor = rest.split(|byte| *byte == b'"').next().unwrap_or_default();
            tally.add_anchor(&String::from_utf8_lossy(anchor));
        }
        std::mem::swap(&mut line, &mut last);
    }
}

/// What `verify` needs of a row of a conversation's spreadsheet.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The conversation's number, as text.
    pub conversation: &'a str,
    /// The item's id.
    pub id: &'a str,
    /// When it was posted, in RFC 3339.
    pub created_at: &'a str,
    /// Whether it is marked deleted.
    pub deleted: bool,
}

/// The items of a conversation's spreadsheet, in order.
///
/// # Errors
/// What is wrong with it.
pub fn spreadsheet(reader: &mut impl BufRead, take: &mut dyn FnMut(&Item<'_>)) -> Result<(), String> {
    rows(reader, &mut |number, row| {
        if row.len() != csv::WIDTH {
            return Err(format!("row {number} has {} fields", row.len()));
        }
        let field = |index: usize| row.get(index).map_or("", String::as_str);
        if number > 1 && field(csv::ROW_COLUMN) == "1" {
            let id = csv::restored(field(csv::ITEM_COLUMN));
            take(&Item {
                conversation: field(csv::CONVERSATION_COLUMN),
                id: &id,
                created_at: field(csv::TIME_COLUMN),
                deleted: !field(csv::DELETED_COLUMN).is_empty(),
            });
        }
        Ok(())
    })
}

/// What is done with a row: its number and its fields; or what is wrong with it.
pub type TakeRow<'a> = dyn FnMut(u64, &[String]) -> Result<(), String> + 'a;

/// Every row of a spreadsheet with its number, from 1: its fields as they stand there.
///
/// # Errors
/// What is wrong with it; those of `take`.
pub fn rows(reader: &mut impl BufRead, take: &mut TakeRow<'_>) -> Result<(), String> {
    let mut mark = [0; csv::MARK.len()];
    reader.read_exact(&mut mark).map_err(|e| e.to_string())?;
    if mark != csv::MARK {
        return Err("does not begin with a byte order mark".into());
    }
    let (mut row, mut field, mut state, mut number) = (Vec::new(), Vec::new(), State::Begin, 1);
    for byte in reader.bytes() {
        let byte = byte.map_err(|e| e.to_string())?;
        let mut ended = |field: &mut Vec<u8>| {
            let text = String::from_utf8(std::mem::take(field)).map_err(|_| format!("row {number} is not UTF-8"))?;
            row.push(text);
            Ok::<(), String>(())
        };
        state = match (state, byte) {
            (State::Begin | State::Next, b'"') => State::Within,
            (State::Within, b'"') => State::Quote,
            (State::Quote, b'"') => {
                field.push(b'"');
                State::Within
            }
            (State::Within, _) if field.len() < MAX_FIELD => {
                field.push(byte);
                State::Within
            }
            (State::Quote, b',') => {
                ended(&mut field)?;
                State::Next
            }
            (State::Quote, b'\r') => {
                ended(&mut field)?;
                State::Return
            }
            (State::Return, b'\n') => {
                take(number, &row)?;
                row.clear();
                number += 1;
                State::Begin
            }
            _ => return Err(format!("row {number} is not as a spreadsheet of this archive is written")),
        };
    }
    if state == State::Begin && number > 1 { Ok(()) } else { Err("ends too early".into()) }
}

/// Where a reader of CSV stands.
#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    /// At the beginning of a row.
    Begin,
    /// At the beginning of another field.
    Next,
    /// Within a field.
    Within,
    /// After a quotation mark within a field: its end, or half of one that is meant.
    Quote,
    /// After the CR of a row's end.
    Return,
}
