//! Where pages lie, and how they point at one another. A day's page lies beside its JSON; what belongs to the archive as a whole
//! lies in [`FOLDER`].

use std::fmt::Write;

use chrono::NaiveDate;

/// The page with which one begins.
pub const INDEX: &str = "index.html";
/// Pages that list, and what all pages share.
pub const FOLDER: &str = "Reading";
pub const SEARCH_FOLDER: &str = "Reading/search";

/// Conversations whose days are listed on one page.
pub const CHATS_PER_PAGE: u64 = 50;
/// Conversations on one page of a list.
pub const ROWS_PER_PAGE: u64 = 500;

/// The page of a day.
#[must_use]
pub fn day_page(folder: &str, day: NaiveDate) -> String {
    format!("{folder}/{day}.html")
}

/// The page, from 1, on which the days of the conversation of this rank are listed.
#[must_use]
pub fn days_page(rank: u64) -> String {
    format!("{FOLDER}/days-{}.html", rank / CHATS_PER_PAGE + 1)
}

/// Page `number`, from 1, of a list; `first` is the name of its first page.
#[must_use]
pub fn list_page(list: &str, number: u64) -> String {
    if number == 1 { INDEX.to_owned() } else { format!("{FOLDER}/{list}-{number}.html") }
}

/// The shard of texts with this number, of those that part `part` holds.
#[must_use]
pub fn shard(part: i32, number: u32) -> String {
    format!("{SEARCH_FOLDER}/{part}-{number}.js")
}

/// The shard of names with this number.
#[must_use]
pub fn names_shard(number: u32) -> String {
    format!("{SEARCH_FOLDER}/names-{number}.js")
}

/// A path as an address relative to the page that names it, which lies `up` folders below the top. It never begins with what
/// a browser takes for a scheme.
#[must_use]
pub fn address(up: usize, path: &str) -> String {
    let mut address = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                address.push(char::from(byte))
            }
            _ => {
                let _infallible = write!(address, "%{byte:02X}");
            }
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_names_that_say_what_they_are() {
        let day = NaiveDate::default();
        assert_eq!(day_page("Team_Chats/Ops - 3", day), "Team_Chats/Ops - 3/1970-01-01.html");
        assert_eq!((days_page(49), days_page(50)), ("Reading/days-1.html".into(), "Reading/days-2.html".into()));
        assert_eq!(list_page("teams", 1), "index.html");
        assert_eq!(list_page("teams", 2), "Reading/teams-2.html");
    }

    #[test]
    fn addresses_stay_within_the_archive() {
        assert_eq!(address(0, "javascript:alert(1)"), "./javascript%3Aalert%281%29");
        assert_eq!(address(2, "Team_Chats/a#b?c%d & é - 3"), "../../Team_Chats/a%23b%3Fc%25d%20%26%20%C3%A9%20-%203");
    }
}
