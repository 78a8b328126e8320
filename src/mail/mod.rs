//! Mail: what is written ([`letters`]) and how it leaves ([`transport`]). No SQL, no HTTP; the worker calls this.

pub mod letters;
pub mod transport;
