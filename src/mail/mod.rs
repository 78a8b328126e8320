//! Mail: what is written ([`letters`]) and how it leaves ([`transport`]). No SQL, no HTTP; the worker calls this.

pub mod letters;
pub mod transport;

/// Whether mail can be addressed to it.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}
