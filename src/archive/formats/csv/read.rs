//! Reads spreadsheets back, as strictly as they were written: for `verify`, and for tests. By hand, because the crate `csv` takes
//! any dialect, and here every other than ours is damage.
//!
//! Streams: a row is in memory at a time. Input is not trusted.

use std::io::{BufRead, Read};

use super::table;

/// The longest field that is read.
const MAX_FIELD: usize = 1 << 20;

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
        if row.len() != table::WIDTH {
            return Err(format!("row {number} has {} fields", row.len()));
        }
        let field = |index: usize| row.get(index).map_or("", String::as_str);
        if number > 1 && field(table::ROW_COLUMN) == "1" {
            let id = table::restored(field(table::ITEM_COLUMN));
            take(&Item {
                conversation: field(table::CONVERSATION_COLUMN),
                id: &id,
                created_at: field(table::TIME_COLUMN),
                deleted: !field(table::DELETED_COLUMN).is_empty(),
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
    let mut mark = [0; table::MARK.len()];
    reader.read_exact(&mut mark).map_err(|e| e.to_string())?;
    if mark != table::MARK {
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
