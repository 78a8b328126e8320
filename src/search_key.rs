//! A4, B1: whether someone or something is meant by a person who types part of a name or of an address, and how well they
//! fit. Names and addresses are searched by a key that is stored beside them, which [`key`] makes.

use std::array;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Nobody types more than that; and each word is looked for in thousands of names.
const LETTERS: usize = 100;
const WORDS: usize = 8;
/// From so many words of a name one can begin to type it. It is found by any other part of it as well, only after these.
const BEGINNINGS: usize = 20;

/// How well a name fits what is looked for, the best first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Fit {
    /// It begins with the first word that was typed, and words of it, or an address, begin with the others.
    Begins,
    /// Words of it, or an address, begin with the words that were typed.
    Words,
    /// It has them somewhere.
    Within,
}

impl Fit {
    /// All, the best first.
    pub const ALL: [Self; 3] = [Self::Begins, Self::Words, Self::Within];

    /// How well each word has to fit for this, the first being number 0.
    const fn of_word(self, index: usize) -> Self {
        match (self, index) {
            (Self::Begins, 1..) => Self::Words,
            (fit, _) => fit,
        }
    }
}

/// What is looked for: words, each of which the name or the address must hold. Case and accents do not matter.
#[derive(Clone, Debug)]
pub struct Sought(Vec<String>);

impl Sought {
    /// As typed, as far as it is read. A comma or semicolon after a word does not belong to it, so that names can be
    /// typed as they are listed.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        let typed: String = typed.chars().take(LETTERS).collect();
        let typed = one_line(&plain(&typed));
        let words = typed.split_whitespace().map(|word| match word.trim_end_matches([',', ';']) {
            "" => word,
            word => word,
        });
        Self(words.take(WORDS).map(str::to_owned).collect())
    }

    /// Nothing is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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

    /// The words: whoever is meant has one of them in the key.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// What a key has in it, all of these, that fits so well or better.
    #[must_use]
    pub fn needles(&self, fit: Fit) -> Vec<String> {
        let needle = |(index, word): (usize, &String)| match fit.of_word(index) {
            Fit::Begins => format!("{NAME}{word}"),
            Fit::Words => format!("{BEGINNING}{word}"),
            Fit::Within => word.clone(),
        };
        self.0.iter().enumerate().map(needle).collect()
    }

    /// How well each word fits a key.
    #[must_use]
    pub fn fits_of(&self, key: &str) -> Fits {
        let of = |word: &String| {
            let at = |before: &str| key.contains(&format!("{before}{word}"));
            if !key.contains(word) {
                None
            } else if at(NAME) {
                Some(Fit::Begins)
            } else if at(BEGINNING) {
                Some(Fit::Words)
            } else {
                Some(Fit::Within)
            }
        };
        let mut each = self.0.iter().map(of);
        Fits(array::from_fn(|_| each.next().flatten()))
    }

    /// How well those fit of whom each word fits one, as `fits` returns it; none if a word fits nobody.
    #[must_use]
    pub fn fit(&self, fits: &Fits) -> Option<Fit> {
        let each = fits.0.iter().take(self.0.len()).copied().collect::<Option<Vec<Fit>>>()?;
        let worst = each.iter().copied().max()?;
        Some(match each.first() {
            Some(Fit::Begins) if worst < Fit::Within => Fit::Begins,
            _ => worst.max(Fit::Words),
        })
    }
}

/// How well each of the words that are looked for fits someone, or the best of several people.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fits([Option<Fit>; WORDS]);

impl Fits {
    /// The word of this number fits as well as it has to for such a fit of all of them.
    #[must_use]
    pub fn reaches(&self, word: usize, fit: Fit) -> bool {
        self.0.get(word).copied().flatten().is_some_and(|of_word| of_word <= fit.of_word(word))
    }

    /// The better of both, word by word.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let better = |one: Option<Fit>, other: Option<Fit>| one.into_iter().chain(other).min();
        let mut both = self.0.into_iter().zip(other.0).map(|(one, other)| better(one, other));
        Self(array::from_fn(|_| both.next().flatten()))
    }
}

/// What stands in a key before a beginning, and before the beginning of the name.
const BEGINNING: &str = "\n";
const NAME: &str = "\n\n";

/// What a name, with an address where there is one, is searched by: a line for each place from which one can begin to type it
/// (the name; the address; later words of the name), without case and accents. Everything that [`Sought::fits`] finds is
/// in it.
#[must_use]
pub fn key(name: &str, email: Option<&str>) -> String {
    let name = one_line(&plain(name));
    let mut key = format!("{NAME}{name}");
    if let Some(email) = email {
        key.push_str(BEGINNING);
        key.push_str(&one_line(&plain(email)));
    }
    let mut within = false;
    let begins = |(_, letter): &(usize, char)| {
        !std::mem::replace(&mut within, letter.is_alphanumeric()) && letter.is_alphanumeric()
    };
    for (at, _) in name.char_indices().filter(begins).filter(|(at, _)| *at > 0).take(BEGINNINGS) {
        key.push_str(BEGINNING);
        key.extend(name.get(at..).unwrap_or_default().chars().take(LETTERS));
    }
    key
}

/// Without case and accents: nobody finds out how a name is written before they can look for it.
#[must_use]
pub fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect()
}

/// With a space for each letter that would end a line, or that nobody sees.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(typed: &str, name: &str) -> bool {
        Sought::new(typed).fits(name, Some("ines.carvalho@halden.example"))
    }

    fn fit(typed: &str, name: &str, email: Option<&str>) -> Option<Fit> {
        let sought = Sought::new(typed);
        sought.fit(&sought.fits_of(&key(name, email)))
    }

    #[test]
    fn a4_part_of_a_name_or_email_is_enough() {
        for typed in ["", " ", "inês", "INES", "ines", "carv", "car ine", "halden", "s.c", "carvalho, ines"] {
            assert!(fits(typed, "Inês Carvalho"), "{typed}");
        }
        for typed in ["bram", "ines bram", "inêsx"] {
            assert!(!fits(typed, "Inês Carvalho"), "{typed}");
        }
        assert!(fits("şahin", "Gül ŞAHİN") && fits("sahin", "Gül ŞAHİN"));
        assert!(fits("佐藤", "佐藤 遥 (Haruka Sato)") && !Sought::new("x").fits("Bram", None));
    }

    #[test]
    fn b1_those_whose_name_or_its_words_begin_so_fit_better() {
        let email = Some("a.berg@acme.example");
        assert_eq!(fit("ann", "Anna Berg", None), Some(Fit::Begins));
        assert_eq!(fit("BERG", "Anna Berg", None), Some(Fit::Words));
        assert_eq!(fit("nna", "Anna Berg", None), Some(Fit::Within));
        assert_eq!(fit("a.berg", "Anna Berg", email), Some(Fit::Words));
        assert_eq!(fit("acme", "Anna Berg", email), Some(Fit::Within));
        assert_eq!(fit("anna berg", "Anna Berg", None), Some(Fit::Begins));
        assert_eq!(fit("berg anna", "Anna Berg", None), Some(Fit::Words));
        assert_eq!(fit("anna erg", "Anna Berg", None), Some(Fit::Within));
        assert_eq!(fit("berg,", "Berg, Anna", None), Some(Fit::Begins));
        assert_eq!(fit("brandt-ö", "Friederike Brandt-Özdemir", None), Some(Fit::Words));
        assert_eq!(fit("żak", "Łukasz Żak", None), Some(Fit::Words));
        assert_eq!(fit("zak", "Łukasz Żak", None), Some(Fit::Words));
        assert_eq!(fit("ŁUK", "Łukasz Żak", None), Some(Fit::Begins));
        assert_eq!(fit("bert", "Anna Berg", email), None);
        assert_eq!(fit(",", "Berg, Anna", None), Some(Fit::Within));
        assert_eq!(fit("  ", "Anna Berg", None), None);
    }

    #[test]
    fn b1_of_several_people_each_word_may_mean_another() {
        let sought = Sought::new("ada bo");
        let of = |names: &[&str]| {
            let fits = names.iter().map(|name| sought.fits_of(&key(name, None)));
            sought.fit(&fits.reduce(Fits::or).unwrap_or_default())
        };
        assert_eq!(of(&["Bo", "Ada"]), Some(Fit::Begins));
        assert_eq!(of(&["Ada Bo"]), Some(Fit::Begins));
        assert_eq!(of(&["Jacobo", "Ada"]), Some(Fit::Within));
        assert_eq!(of(&["Ada"]), None);
        assert_eq!(of(&[]), None);
    }

    proptest! {
        #[test]
        fn a4_everybody_is_found_by_the_own_name(name in any::<String>()) {
            prop_assert!(Sought::new(&name).fits(&name, None));
        }

        /// The key finds whom the rule finds, and has the needles of as good a fit and of every worse one.
        #[test]
        fn b1_a_key_says_what_the_rule_says(
            typed in "[aAb,.@ ß\u{1}\u{301}É-]{0,6}", name in "[aAbB,.@ ß\n\u{301}É-]{0,8}", email in proptest::option::of("[ab.@]{0,6}"),
        ) {
            let (sought, key) = (Sought::new(&typed), key(&name, email.as_deref()));
            let fit = sought.fit(&sought.fits_of(&key));
            prop_assert_eq!(fit.is_some(), !sought.is_empty() && sought.fits(&name, email.as_deref()));
            for needed in Fit::ALL {
                let has_all = sought.needles(needed).iter().all(|needle| key.contains(needle));
                prop_assert_eq!(has_all, sought.is_empty() || fit.is_some_and(|fit| fit <= needed), "{:?}", needed);
            }
        }
    }
}
