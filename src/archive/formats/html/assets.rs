//! The style sheet and the script of the search, which every archive with pages holds.

/// Path and text of the style sheet.
pub const STYLE: (&str, &str) = ("Reading/style.css", include_str!("style.css"));
/// Path and text of the search.
pub const SCRIPT: (&str, &str) = ("Reading/search.js", include_str!("search.js"));
