//! The one error type: what happened, to what, and what to do, in words for the person who reads it.
//!
//! The message reaches the client; the cause never does: it reaches the log, once, where the error leaves the program
//! (`http::refusals`, `worker`, `cli`). Every layer uses this; it knows no layer.

use std::error::Error as StdError;
use std::fmt;

/// What kind of failure it is, and so which answer it gets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Nobody is signed in.
    SignInNeeded,
    /// The person may not do this.
    Forbidden,
    /// There is no such thing (or it belongs to another account, which must look the same).
    NotFound,
    /// It was there and has been erased (B6).
    Gone,
    /// The input does not do; the message stands beside its field.
    Invalid,
    /// It does not fit the present state; the message says what would.
    Conflict,
    /// Asked too often.
    TooMany,
    /// The feature is not included in the account (A1).
    NotIncluded,
    /// Busy or out of space for now; the same call may do later.
    Unavailable,
    /// A fault of ours or of the machine.
    Internal,
}

/// Which input of a request for an export does not do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field {
    /// The first day.
    FirstDay,
    /// The last day.
    LastDay,
    /// The people that it is limited to.
    People,
    /// The conversations that it is limited to.
    Conversations,
}

/// A failure.
pub struct Error {
    kind: Kind,
    message: String,
    field: Option<Field>,
    /// What else does not do, of input that is checked as a whole.
    others: Vec<Error>,
    transient: bool,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// What nearly every function here returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of `kind`, described by `message`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), field: None, others: Vec::new(), transient: false, cause: None }
    }

    /// Input that does not do; the message stands beside it.
    pub fn invalid(field: Field, message: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::new(Kind::Invalid, message) }
    }

    /// The first of several, with the others, so that all are shown at once.
    #[must_use]
    pub fn several(errors: Vec<Self>) -> Self {
        let mut errors = errors.into_iter();
        let Some(first) = errors.next() else { return Self::new(Kind::Invalid, "What was filled in does not do.") };
        Self { others: errors.collect(), ..first }
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// The person may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, message)
    }

    /// It does not fit the present state.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// A fault of ours or of the machine: `doing` says what was being done, `cause` why it failed.
    pub fn internal(doing: impl Into<String>, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Kind::Internal, doing).because(cause)
    }

    /// The same failure with its cause, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same failure, as one that a repetition of the same call may not meet (see [`Error::is_transient`]).
    #[must_use]
    pub fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// Whether the same call may succeed when it is repeated: a deadlock, a lost connection, a database that is busy or starts.
    /// Says nothing about what a client sees, which is what [`Error::kind`] is for.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.transient
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// This failure, and what was found with it (see [`Error::several`]).
    pub fn each(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }

    /// The input that does not do.
    #[must_use]
    pub fn field(&self) -> Option<Field> {
        self.field
    }

    /// For the person who reads it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The causes, outermost first, for the log and for the operator's terminal.
    #[must_use]
    pub fn causes(&self) -> String {
        let mut text = String::new();
        let mut next: Option<&(dyn StdError + 'static)> = self.source();
        while let Some(cause) = next {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)?;
        let causes = self.causes();
        if causes.is_empty() { Ok(()) } else { write!(f, " ({causes})") }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as &(dyn StdError + 'static))
    }
}

/// Adds what was being done to a failure of the machine.
pub trait Context<T> {
    /// Turns any failure into [`Kind::Internal`], saying what was being done.
    ///
    /// # Errors
    /// The failure itself, as the cause.
    fn context(self, doing: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<Box<dyn StdError + Send + Sync>>> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|cause| Error::internal(doing(), cause))
    }
}
