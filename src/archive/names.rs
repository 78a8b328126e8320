//! Names of folders and files: readable, unique, and valid on Windows, macOS and Linux.
//!
//! Pure text in, text out. The worker names folders with this before it hands them to the writer.

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization;

use crate::model::{ConversationId, ConversationKind, RequestId};

/// The longest folder name, in bytes.
pub const MAX_BYTES: usize = 100;

/// Where the lists lie: of people's conversations, and of teams.
pub const LISTS: [(&str, &str); 2] = [("People_And_Groups", "users.json"), ("Teams", "teams.json")];
/// Where the folders of people's conversations lie.
pub const PEOPLE_CHATS: &str = "People_Chats";
/// Where the folders of teams lie.
pub const TEAM_CHATS: &str = "Team_Chats";

/// The path, below the top folder, of a conversation's folder: its name or, if it has none, its people's names, then its
/// id, which makes it unique without regard to case.
#[must_use]
pub fn conversation_folder(
    kind: ConversationKind,
    id: ConversationId,
    name: Option<&str>,
    people: &[impl AsRef<str>],
) -> String {
    let parent = if kind.is_people() { PEOPLE_CHATS } else { TEAM_CHATS };
    let readable = match name.filter(|name| !name.trim().is_empty()) {
        Some(name) => name.to_owned(),
        None => people.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "),
    };
    format!("{parent}/{}", safe(&readable, kind.as_str(), &format!(" - {id}")))
}

/// The name of the archive's one top folder: `<account>-<first day>-to-<last day>-<request id>`.
#[must_use]
pub fn top_folder(account: &str, first_day: NaiveDate, last_day: NaiveDate, request: RequestId) -> String {
    safe(account, "Account", &format!("-{first_day}-to-{last_day}-{request}"))
}

/// The file name of part `number` (from 1) of `count`.
#[must_use]
pub fn part_file(top_folder: &str, number: u32, count: u32) -> String {
    if count <= 1 { format!("{top_folder}.zip") } else { format!("{top_folder}-part-{number}.zip") }
}

/// The name of the sums file of part `number`: parts unpacked over one another must not overwrite each other's.
#[must_use]
pub fn sums_file(number: u32) -> String {
    if number == 1 { "SHA256SUMS".to_owned() } else { format!("SHA256SUMS-part-{number}") }
}

/// The name of the manifest in part `number`.
#[must_use]
pub fn manifest_file(number: u32) -> String {
    if number == 1 { "manifest.json".to_owned() } else { format!("manifest-part-{number}.json") }
}

/// Whether a folder is a conversation's.
#[must_use]
pub fn is_chats(folder: &str) -> bool {
    matches!(folder.split_once('/'), Some((PEOPLE_CHATS | TEAM_CHATS, _)))
}

/// `readable` made valid everywhere, or `fallback` if nothing is left of it, cut so that it fits with `suffix`.
fn safe(readable: &str, fallback: &str, suffix: &str) -> String {
    let mut clean = String::new();
    for character in readable.nfc() {
        match character {
            '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' => clean.push('_'),
            _ if character.is_whitespace() => {
                if !clean.ends_with(' ') {
                    clean.push(' ');
                }
            }
            _ if character.is_control() || deceives(character) => {}
            _ => clean.push(character),
        }
    }
    // What was dropped may have stood between characters that compose.
    let mut clean: String = clean.trim_matches([' ', '.']).nfc().collect();
    if is_reserved(&clean) {
        clean.insert(0, '_');
    }
    clean.truncate(clean.floor_char_boundary(MAX_BYTES.saturating_sub(suffix.len())));
    let clean = clean.trim_end_matches([' ', '.']);
    format!("{}{suffix}", if clean.is_empty() { fallback } else { clean })
}

/// Invisible characters that reorder or hide what is read, and code points that are no characters. The joiners that
/// Persian and emoji need (U+200C, U+200D) stay.
fn deceives(character: char) -> bool {
    matches!(character,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FDD0}'..='\u{FDEF}')
        || u32::from(character) & 0xFFFE == 0xFFFE
}

/// Windows takes these for devices, in any case and with any extension.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    if ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&stem.as_str()) {
        return true;
    }
    let number = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    number.is_some_and(|number| {
        let mut digits = number.chars();
        matches!((digits.next(), digits.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn team(name: &str) -> String {
        conversation_folder(ConversationKind::Team, 12, Some(name), &[] as &[&str])
    }

    #[test]
    fn names_are_readable() {
        assert_eq!(team("Risk & Audit"), "Team_Chats/Risk & Audit - 12");
        let people = ["Ana Ruiz", "Jörg Maß"];
        assert_eq!(
            conversation_folder(ConversationKind::Direct, 3, None, &people),
            "People_Chats/Ana Ruiz, Jörg Maß - 3"
        );
        assert_eq!(conversation_folder(ConversationKind::Group, 4, Some(" "), &[""]), "People_Chats/Group - 4");
    }

    #[test]
    fn names_are_valid_on_every_system() {
        assert_eq!(team("a/b\\c:d"), "Team_Chats/a_b_c_d - 12");
        assert_eq!(team("../../etc"), "Team_Chats/_.._etc - 12");
        assert_eq!(team("CON.backup"), "Team_Chats/_CON.backup - 12");
        assert_eq!(team("lpt¹.x"), "Team_Chats/_lpt¹.x - 12");
        assert_eq!(team("e\u{301}te\u{301}"), "Team_Chats/été - 12");
        assert_eq!(team("in\u{202E}voice\n\tx"), "Team_Chats/invoice x - 12");
        let day = NaiveDate::default();
        assert_eq!(top_folder("A/B Ltd.", day, day, 7), "A_B Ltd-1970-01-01-to-1970-01-01-7");
    }

    #[test]
    fn one_part_has_no_number() {
        assert_eq!(part_file("a", 1, 1), "a.zip");
        assert_eq!(part_file("a", 1, 2), "a-part-1.zip");
        assert_eq!(part_file("a", 2, 2), "a-part-2.zip");
    }

    proptest! {
        #[test]
        fn any_name_is_valid(name in "\\PC*|[ .a/]*|(?i)(con|nul|com[0-9])[ .]*.{0,9}|é{40,60}", id in 1_i64..) {
            let folder = conversation_folder(ConversationKind::Team, id, Some(&name), &[] as &[&str]);
            let (parent, folder) = folder.split_once('/').unwrap_or_default();
            prop_assert_eq!(parent, "Team_Chats");
            prop_assert!(folder.len() <= MAX_BYTES);
            prop_assert!(!folder.contains(['<', '>', ':', '"', '/', '\\', '|', '?', '*']));
            prop_assert!(!folder.chars().any(char::is_control));
            prop_assert!(!folder.starts_with([' ', '.']) && !folder.ends_with([' ', '.']));
            prop_assert!(!is_reserved(folder));
            let suffix = format!(" - {id}");
            prop_assert!(folder.ends_with(&suffix));
            prop_assert!(folder.nfc().eq(folder.chars()));
        }
    }
}
