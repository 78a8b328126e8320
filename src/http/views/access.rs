//! Who can request and download exports (A4), and the question before capture is turned off (A3).

use askama::Template;

use super::Chrome;
use crate::format;
use crate::model::UserId;

/// Manage access: `POST /administration/access` with `csrf`, `user` (once for each ticked box), `had` (once for each person who was
/// shown with access) and `find` (what was looked for); the button `show` looks for others instead of saving.
#[derive(Debug, Template)]
#[template(path = "access.html")]
pub struct Access {
    /// The frame.
    pub chrome: Chrome,
    /// Name of the account.
    pub account: String,
    /// Active administrators of the account; nobody else can be given access.
    pub people: Vec<CandidateRow>,
    /// How many fit what was looked for; only some of them may be shown.
    pub found: usize,
    /// How many active administrators there are.
    pub all: usize,
    /// What was looked for.
    pub find: String,
    /// Why the last attempt was refused.
    pub error: Option<String>,
}

/// An administrator who has or can be given access.
#[derive(Clone, Debug)]
pub struct CandidateRow {
    pub id: UserId,
    /// Full name.
    pub name: String,
    /// Address, where known.
    pub email: Option<String>,
    /// Had access when first shown.
    pub had: bool,
    /// The box is checked.
    pub checked: bool,
    /// It is the person who looks at the page.
    pub is_you: bool,
}

/// So many can be looked through without looking for someone.
const FEW: usize = 10;

impl Access {
    /// There are so many that one looks for someone by name.
    #[must_use]
    pub fn is_searchable(&self) -> bool {
        self.all > FEW
    }

    /// How many are shown, of how many.
    #[must_use]
    pub fn count(&self) -> String {
        let all = format::count(self.all, "administrator", "administrators");
        let shown = self.people.len();
        match (self.found, self.find.trim().is_empty()) {
            (0, _) => format!("None of the {all} fits."),
            (found, true) if shown >= found => format!("{all}, those with access first."),
            (_, true) => {
                format!(
                    "{} of {all}, those with access first. Find the others by name or email.",
                    format::number(shown)
                )
            }
            (found, false) if shown >= found => format!("{} of {all} found.", format::number(found)),
            (found, false) => {
                format!("{} of {all} found. Here are the first; type more to find fewer.", format::number(found))
            }
        }
    }

    /// The access of someone has been changed here and not been saved.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.people.iter().any(|person| person.had != person.checked)
    }
}

/// Confirms turning off: `POST /administration/exports/off` with `csrf`.
#[derive(Debug, Template)]
#[template(path = "turn_off.html")]
pub struct TurnOff {
    /// The frame.
    pub chrome: Chrome,
    /// Name of the account.
    pub account: String,
    /// Exports that are queued or running and will finish (B8).
    pub open: i64,
}
