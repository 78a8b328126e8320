//! What an export may be limited to: how many people and conversations, and how they are named in a form or a command.

use crate::error::{Error, Field};

/// People at most.
pub const MAX_PEOPLE: usize = 30;
/// Conversations at most.
pub const MAX_CONVERSATIONS: usize = 10;

/// A person, as somebody names them.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Named {
    Number(i64),
    /// By address, in lower case.
    Email(String),
}

/// The people that somebody has named, each once.
///
/// # Errors
/// When there are too many, or one is named by neither number nor address.
pub fn check_people(named: &[String]) -> Result<Vec<Named>, Error> {
    let parsed = named.iter().map(|text| {
        let text = text.trim();
        match text.parse() {
            Ok(number) => Some(Named::Number(number)),
            Err(_) if text.contains('@') => Some(Named::Email(text.to_lowercase())),
            Err(_) => None,
        }
    });
    let parsed: Option<Vec<_>> = parsed.collect();
    let people = each_once(parsed.ok_or_else(unknown_person)?);
    if people.len() > MAX_PEOPLE {
        let message = format!("Choose at most {MAX_PEOPLE} people: these are {}.", people.len());
        return Err(Error::invalid(Field::People, message));
    }
    Ok(people)
}

/// The conversations that somebody has named, each once.
///
/// # Errors
/// When there are too many, or one is not named by its number.
pub fn check_conversations(named: &[String]) -> Result<Vec<i64>, Error> {
    let parsed: Option<Vec<i64>> = named.iter().map(|text| text.trim().parse().ok()).collect();
    let conversations = each_once(parsed.ok_or_else(unknown_conversation)?);
    if conversations.len() > MAX_CONVERSATIONS {
        let message = format!("Choose at most {MAX_CONVERSATIONS} conversations: these are {}.", conversations.len());
        return Err(Error::invalid(Field::Conversations, message));
    }
    Ok(conversations)
}

fn each_once<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort();
    all.dedup();
    all
}

/// Whether a search has come to its end: a name that was typed, and of which nothing was chosen, must not be passed over, or an
/// export would hold more than was meant.
///
/// # Errors
/// Beside the field, if it has not.
pub fn check_finished(field: Field, typed: &str) -> Result<(), Error> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(
        field,
        format!("“{typed}” was typed, but nothing is chosen. Choose from what was found, or clear the field."),
    ))
}

/// Somebody who can't be chosen. It says the same of one who exists elsewhere and of one who does not exist.
#[must_use]
pub fn unknown_person() -> Error {
    Error::invalid(
        Field::People,
        "Somebody you chose is not of your company, and takes part in none of the conversations that it can export. \
         Search for the person again.",
    )
}

/// A conversation that can't be chosen. It says the same of one that exists elsewhere and of one that does not exist.
#[must_use]
pub fn unknown_conversation() -> Error {
    Error::invalid(
        Field::Conversations,
        "A conversation you chose is none of those that your company can export. Search for it again.",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
        numbers.into_iter().map(|number| number.to_string()).collect()
    }

    #[test]
    fn each_is_chosen_once_however_often_named() {
        let people = check_people(&["7".into(), " 3 ".into(), "7".into(), "Ada@Acme.example".into()]);
        let expected = vec![Named::Number(3), Named::Number(7), Named::Email("ada@acme.example".into())];
        assert_eq!(people.ok(), Some(expected));
        assert_eq!(check_conversations(&texts([2, 1, 2])).ok(), Some(vec![1, 2]));
        assert_eq!(check_conversations(&[]).ok(), Some(Vec::new()));
    }

    #[test]
    fn what_is_typed_and_not_chosen_is_not_passed_over() {
        assert!(check_finished(Field::People, "  ").is_ok());
        assert!(check_finished(Field::People, "ann").is_err_and(|error| error.field() == Some(Field::People)));
    }

    #[test]
    fn more_than_can_be_chosen_are_refused_beside_their_field() {
        assert!(check_people(&texts(0..MAX_PEOPLE)).is_ok());
        let error = check_people(&texts(0..=MAX_PEOPLE));
        assert!(
            error.is_err_and(|error| error.field() == Some(Field::People) && error.message().contains("at most 30"))
        );
        assert!(check_conversations(&texts(0..MAX_CONVERSATIONS)).is_ok());
        let error = check_conversations(&texts(0..=MAX_CONVERSATIONS));
        assert!(
            error.is_err_and(
                |error| error.field() == Some(Field::Conversations) && error.message().contains("at most 10")
            )
        );
    }

    proptest! {
        #[test]
        fn any_text_is_answered(texts in proptest::collection::vec(".{0,12}", 0..40)) {
            if let Ok(people) = check_people(&texts) {
                prop_assert!(people.len() <= MAX_PEOPLE && people.is_sorted());
            }
            if let Ok(conversations) = check_conversations(&texts) {
                prop_assert!(conversations.len() <= MAX_CONVERSATIONS && conversations.is_sorted());
            }
        }
    }
}
