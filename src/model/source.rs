//! Where facts come from: the sources of an account, such as its two Slack workspaces.
//!
//! Here live what a source is called and its number. Its row is `identity::rows::sources`'s, what it may report is [`crate::model::Fact`]'s.

use std::fmt;

pub type SourceId = i64;

/// Which source of an account: what kind of system it is, and the name that distinguishes several of one kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SourceKey<'a> {
    /// Such as `slack`.
    pub kind: &'a str,
    /// Unique among the account's sources of this kind, without regard to case.
    pub name: &'a str,
}

/// The only source of a kind bears the kind's name.
impl<'a> From<&'a str> for SourceKey<'a> {
    fn from(kind: &'a str) -> Self {
        Self { kind, name: kind }
    }
}

/// The kind, and the name if it adds anything.
impl fmt::Display for SourceKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name } = self;
        if kind == name { f.write_str(kind) } else { write!(f, "{kind} “{name}”") }
    }
}
