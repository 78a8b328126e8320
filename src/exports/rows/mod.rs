//! The tables of exports, their parts, jobs, downloads and mails: small verbs on rows, without rules.

pub mod downloads;
pub mod exports;
pub mod mails;
pub mod part_jobs;
pub mod summaries;
pub mod volume;
