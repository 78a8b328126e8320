//! The hand-written conversations, by topic. Every fact in them is invented.

mod calendar;
mod chatter;
mod claims;
mod customs;
mod finance;
mod incident;
mod languages;
mod moving;
mod operations;
mod pairs;
mod partner;
mod sales;
pub(super) mod standing;
mod warehouse;

use super::script::Script;

/// Every script.
pub(super) fn all() -> impl Iterator<Item = &'static Script> {
    [
        calendar::SCRIPTS,
        chatter::SCRIPTS,
        claims::SCRIPTS,
        customs::SCRIPTS,
        finance::SCRIPTS,
        incident::SCRIPTS,
        languages::SCRIPTS,
        moving::SCRIPTS,
        operations::SCRIPTS,
        pairs::SCRIPTS,
        partner::SCRIPTS,
        sales::SCRIPTS,
        warehouse::SCRIPTS,
    ]
    .into_iter()
    .flatten()
}
