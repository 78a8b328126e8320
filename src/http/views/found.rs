//! People and conversations that were found by a part of their name: the options of a list, at
//! `/administration/exports/find`.

use askama::Template;

use crate::exports::search::{FoundConversation, FoundPerson, SearchResults};
use crate::model::ConversationKind;

/// One that can be chosen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FilterOption {
    pub id: i64,
    pub name: String,
    /// Distinguishes it from others of that name.
    pub about: String,
}

impl From<FoundPerson> for FilterOption {
    fn from(found: FoundPerson) -> Self {
        let about: Vec<String> = [found.email, found.company].into_iter().flatten().collect();
        Self { id: found.id, name: found.name, about: about.join(" · ") }
    }
}

impl From<FoundConversation> for FilterOption {
    fn from(found: FoundConversation) -> Self {
        let kind = match found.kind {
            ConversationKind::Team => "Team",
            ConversationKind::Group => "Group",
            ConversationKind::Direct => "One-on-one",
            ConversationKind::Personal => "Notes to self",
        };
        Self { id: found.id, name: found.name, about: kind.to_owned() }
    }
}

/// What was found.
#[derive(Clone, Debug, Template)]
#[template(path = "found.html")]
pub struct Results {
    /// Name of the field that they are chosen for.
    pub field: &'static str,
    /// The best first.
    pub all: Vec<FilterOption>,
    /// There are more.
    pub more: bool,
}

impl Results {
    /// Of these.
    #[must_use]
    pub fn new<T: Into<FilterOption>>(field: &'static str, found: SearchResults<T>) -> Self {
        Self { field, all: found.all.into_iter().map(Into::into).collect(), more: found.more }
    }

    /// How many there are, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self.all.len() {
            0 => "Nothing found".to_owned(),
            1 => "1 found".to_owned(),
            number if self.more => format!("The first {number} of those found. Type on to find fewer"),
            number => format!("{number} found"),
        }
    }
}
