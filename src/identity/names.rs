//! What accounts, people who sign in and sources may be called.
//!
//! Here lives the rule only; what is unique among what, the tables say.

use crate::error::{Error, Kind, Result};

/// What a name must be, for messages: "A name has …".
pub const WANTED: &str = "1 to 100 characters, without line breaks";

/// The name without the space around it; none if it won't do.
#[must_use]
pub fn checked(name: &str) -> Option<&str> {
    let name = name.trim();
    let will_do = !name.is_empty() && name.chars().count() <= 100 && !name.chars().any(char::is_control);
    will_do.then_some(name)
}

/// The name of a source, as it is kept.
///
/// # Errors
/// When it is blank, too long, or can't be printed on a line.
pub fn checked_source(name: &str) -> Result<&str> {
    let refusal = || Error::new(Kind::Invalid, format!("The name of a source has {}.", WANTED));
    checked(name).ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_read_on_one_line() {
        assert_eq!(checked(" Zoë’s Slack  "), Some("Zoë’s Slack"));
        assert_eq!(checked(&"ü".repeat(100)).map(str::len), Some(200));
        for bad in ["", "  ", "two\nlines", "a\u{1b}[31mred", "nul\0", &"ü".repeat(101)] {
            assert_eq!(checked(bad), None, "{bad:?}");
        }
    }
}
