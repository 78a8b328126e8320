//! What surrounds every page: who is signed in, the token that forms carry, and where the assets are.

use super::assets::{self, Asset};
use crate::format;

/// The frame of a page.
#[derive(Clone, Debug, Default)]
pub struct Chrome {
    /// Whoever is signed in; none on pages for strangers.
    pub person: Option<SignedIn>,
    /// The session's CSRF token; every form that changes something carries it as `csrf`.
    pub csrf: String,
    /// What has just succeeded, said once.
    pub flash: Option<String>,
    /// The server runs the demo, whose mails can be read at `/demo/mails`.
    pub demo: bool,
}

/// Whoever is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Full name.
    pub name: String,
    /// Name of the person's account.
    pub account: String,
    /// Has the admin role, and so gets a link to the Administration page.
    pub is_admin: bool,
}

impl SignedIn {
    /// What stands in the profile picture.
    #[must_use]
    pub fn initials(&self) -> String {
        format::initials(&self.name)
    }
}

impl Chrome {
    /// Address of the style sheet.
    #[must_use]
    pub fn style_url(&self) -> &'static str {
        &assets::STYLE.url
    }

    /// Address of the icon.
    #[must_use]
    pub fn icon_url(&self) -> &'static str {
        &assets::ICON.url
    }

    /// The scripts of the form that requests an export.
    #[must_use]
    pub fn form_scripts(&self) -> &'static [Asset] {
        &*assets::FORM_SCRIPTS
    }

    /// The scripts.
    #[must_use]
    pub fn scripts(&self) -> &'static [Asset] {
        &*assets::SCRIPTS
    }
}
