//! Mail: how it leaves ([`transport`]), and what an address is. What is written, and the queue, live with their feature (`exports::mails`).

pub mod transport;

/// Whether mail can be addressed to it.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}
