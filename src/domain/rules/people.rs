//! A4: whether someone is whom a person looks for who types part of a name or email.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What is looked for: words, each of which the name or the email must hold. Case and accents do not matter.
#[derive(Clone, Debug)]
pub struct Sought(Vec<String>);

/// Nobody types more than that; and each is looked for in thousands of names.
const LETTERS: usize = 100;
const WORDS: usize = 8;

impl Sought {
    /// As typed, as far as it is read.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        let typed: String = typed.chars().take(LETTERS).collect();
        Self(plain(&typed).split_whitespace().take(WORDS).map(str::to_owned).collect())
    }

    /// Whether someone is meant; everybody is if nothing was typed.
    #[must_use]
    pub fn fits(&self, name: &str, email: Option<&str>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let (name, email) = (plain(name), email.map(plain).unwrap_or_default());
        self.0.iter().all(|word| name.contains(word) || email.contains(word))
    }
}

/// Without case and accents: nobody finds out how a name is written before they can look for it.
#[must_use]
pub fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(typed: &str, name: &str) -> bool {
        Sought::new(typed).fits(name, Some("ines.carvalho@halden.example"))
    }

    #[test]
    fn a4_part_of_a_name_or_email_is_enough() {
        for typed in ["", " ", "inês", "INES", "ines", "carv", "car ine", "halden", "s.c"] {
            assert!(fits(typed, "Inês Carvalho"), "{typed}");
        }
        for typed in ["bram", "ines bram", "inêsx"] {
            assert!(!fits(typed, "Inês Carvalho"), "{typed}");
        }
        assert!(fits("şahin", "Gül ŞAHİN") && fits("sahin", "Gül ŞAHİN"));
        assert!(fits("佐藤", "佐藤 遥 (Haruka Sato)") && !Sought::new("x").fits("Bram", None));
    }

    proptest! {
        #[test]
        fn a4_everybody_is_found_by_the_own_name(name in any::<String>()) {
            prop_assert!(Sought::new(&name).fits(&name, None));
        }
    }
}
