//! The transaction in which something is changed: the verbs that write ask for it, so that nothing is changed outside of one.
//!
//! [`Store::write`](super::Store::write) and [`Bulk::write`](super::Bulk::write) make them, nobody else can. Verbs that only read ask
//! for a [`Conn`], which a transaction is as well.

use std::ops::{Deref, DerefMut};

use super::Conn;

/// A transaction that may write: all of it happens, or nothing.
pub struct Tx<'c>(&'c mut Conn);

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c mut Conn) -> Self {
        Self(connection)
    }

    /// For statements.
    pub fn sql(&mut self) -> &mut Conn {
        self.0
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.0
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.0
    }
}
