//! Export History with the row that requests an export: the part of the Administration page that changes while one
//! looks at it (B2–B4, B6). It is a page's part and, at `/administration/exports/history`, a fragment of its own.

use askama::Template;
use chrono_tz::Tz;

use crate::blobs::Condition;
use crate::exports::archives::Broken;
use crate::exports::requests::Stretch;
use crate::exports::rules::progress;
use crate::format;
use crate::model::{ExportRequest, Part, RequestId, Status, Timestamp};

/// One page of the history.
#[derive(Debug, Template)]
#[template(path = "history.html")]
pub struct History {
    /// The session's CSRF token.
    pub csrf: String,
    /// The account's time zone, said once for all times and days of the table.
    pub zone: Tz,
    /// Whether another export can be requested now.
    pub requesting: Requesting,
    /// Newest first.
    pub rows: Vec<Row>,
    /// Which page this is.
    pub stretch: Stretch,
    /// There are newer requests, after this one.
    pub newer: Option<RequestId>,
    /// There are older requests, before this one.
    pub older: Option<RequestId>,
}

/// Whether another export can be requested.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Requesting {
    /// Yes.
    Open,
    /// Not now, for this reason (B2).
    Full(String),
    /// No: the feature is off (B8). The row is not shown.
    Off,
}

/// A request, as the table shows it.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: RequestId,
    /// On which day it was asked for, in the account's zone.
    pub requested_day: String,
    /// At what time of that day.
    pub requested_time: String,
    /// The same instant for machines.
    pub requested_at: Timestamp,
    /// First and last day.
    pub range: String,
    /// The zone whose days are meant, if it is no longer the account's.
    pub other_zone: Option<&'static str>,
    /// What it is limited to: `2 people`.
    pub limits: Option<String>,
    /// Name of whoever asked.
    pub requester: String,
    /// When an administrator deleted it before it had expired.
    pub deleted: Option<String>,
    /// Where it stands.
    pub state: State,
}

/// Where a request stands, with what is worth knowing then.
#[derive(Clone, Debug)]
pub enum State {
    /// Waiting for a worker.
    Queued,
    /// A worker is at it.
    Running(Progress),
    /// Can be downloaded.
    Completed {
        items: String,
        /// Until when, by the clocks of the account's zone.
        until: Option<String>,
        parts: Vec<Download>,
        /// What is the matter with files that are missing or damaged on the server.
        trouble: Option<String>,
    },
    /// Its files have been erased.
    Expired {
        /// When, by the clocks of the account's zone.
        at: Option<String>,
    },
    /// It could not be made.
    Failed {
        /// Why.
        reason: String,
    },
    /// An administrator ended it.
    Cancelled,
}

/// How far a worker has come.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Items written so far.
    pub done: i64,
    /// Items counted; none until they have been.
    pub total: Option<i64>,
    /// The time left, in words, as soon as it can be estimated.
    pub left: Option<String>,
    /// How often a worker has taken it up.
    pub attempts: i32,
}

/// A file to download.
#[derive(Clone, Debug)]
pub struct Download {
    /// Counted from 1.
    pub number: i32,
    /// Rounded size.
    pub size: String,
    pub bytes: i64,
    /// Every byte of it.
    pub exact_size: String,
    /// Of the whole file, lower-case hexadecimal.
    pub sha256: String,
    /// It is missing or damaged on the server.
    pub is_broken: bool,
}

impl Row {
    /// The row of `request`, asked for by `requester`, as of `now`, for an account whose zone is `zone`. Among `broken` are those
    /// of its parts that can't be downloaded.
    #[must_use]
    pub fn new(
        request: &ExportRequest,
        requester: &str,
        parts: &[Part],
        broken: &[Broken],
        zone: Tz,
        now: Timestamp,
    ) -> Self {
        let broken: Vec<&Broken> = broken.iter().filter(|broken| broken.kept.request == request.id).collect();
        let until = request.expires_at.map(|at| format::instant(at, zone));
        let state = match request.status {
            Status::Accepted => State::Queued,
            Status::InProgress => State::Running(Progress {
                done: request.items_done,
                total: request.items_total,
                left: request
                    .planned_at
                    .zip(request.items_total)
                    .and_then(|(since, total)| progress::time_left(since, now, request.items_done, total))
                    .map(format::time_left),
                attempts: request.attempts,
            }),
            // The stored instant decides, also in the moment before the sweeper has erased the files (B6).
            Status::Completed if request.expires_at.is_some_and(|at| at <= now) => State::Expired { at: until },
            Status::Completed => State::Completed {
                items: format::count(request.items_done, "item", "items"),
                until,
                parts: parts.iter().map(|part| Download::new(part, is_broken(&broken, part.number))).collect(),
                trouble: trouble(&broken),
            },
            Status::Expired => State::Expired { at: until },
            Status::Failed => State::Failed {
                reason: request.reason.clone().unwrap_or_else(|| "The reason is not known.".to_owned()),
            },
            Status::Cancelled => State::Cancelled,
        };
        Self {
            id: request.id,
            requested_day: format::day_of(request.requested_at, zone),
            requested_time: format::time_of(request.requested_at, zone),
            requested_at: request.requested_at,
            range: format::day_range(request.first_day, request.last_day),
            other_zone: (request.time_zone != zone).then(|| request.time_zone.name()),
            limits: format::filters(&request.filters),
            requester: requester.to_owned(),
            deleted: request.deleted_at.map(|at| format::instant(at, zone)),
            state,
        }
    }

    /// Size of all its files together.
    #[must_use]
    pub fn parts_size(&self) -> String {
        match &self.state {
            State::Completed { parts, .. } => format::size(parts.iter().map(|part| part.bytes).sum::<i64>()),
            _ => String::new(),
        }
    }

    /// The word for where it stands.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self.state {
            State::Queued => "Queued",
            State::Running(_) => "In progress",
            State::Completed { .. } => "Completed",
            State::Expired { .. } => "Expired",
            State::Failed { .. } => "Failed",
            State::Cancelled => "Cancelled",
        }
    }

    /// What a screen reader says when it gets there.
    #[must_use]
    pub fn announcement(&self) -> String {
        let tail = match &self.state {
            State::Queued => "is queued",
            State::Running(progress) => {
                let left = progress.left.as_ref().map(|left| format!(" {left}.")).unwrap_or_default();
                return format!("The export of {} is in progress. {}.{left}", self.range, progress.words());
            }
            State::Completed { trouble: Some(_), .. } => "is completed, but not all of it can be downloaded",
            State::Completed { .. } => "is completed and can be downloaded",
            State::Expired { .. } => "has expired",
            State::Failed { .. } => "has failed",
            State::Cancelled => "is cancelled",
        };
        format!("The export of {} {tail}.", self.range)
    }

    /// How many quarters of it are done while it runs: at each, a screen reader says how far it has come.
    #[must_use]
    pub fn quarter(&self) -> Option<i64> {
        match &self.state {
            State::Running(Progress { done, total: Some(total), .. }) => done.saturating_mul(4).checked_div(*total),
            _ => None,
        }
    }

    /// It will change without anybody doing anything.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Queued | State::Running(_))
    }
}

impl Progress {
    /// What the worker is doing.
    #[must_use]
    pub fn words(&self) -> String {
        match self.total {
            None => "Counting items".to_owned(),
            Some(0) => "No items in this range. Writing the lists".to_owned(),
            Some(total) if self.done >= total => {
                format!("{} written. Checking the archive", format::count(total, "item", "items"))
            }
            Some(total) => format!("{} of {}", format::number(self.done), format::count(total, "item", "items")),
        }
    }
}

/// Whether a part is among those that are missing or damaged.
pub(super) fn is_broken(broken: &[&Broken], number: i32) -> bool {
    broken.iter().any(|broken| broken.kept.part.number == number)
}

/// What is the matter with the files of an export, and who can help, in words.
pub(super) fn trouble(broken: &[&Broken]) -> Option<String> {
    let missing = broken.iter().filter(|broken| broken.condition == Condition::Missing).count();
    let count = |count: usize| format::count(i64::try_from(count).unwrap_or(i64::MAX), "file", "files");
    let is = |count: usize| if count == 1 { "is" } else { "are" };
    let what = match (missing, broken.len() - missing) {
        (0, 0) => return None,
        (missing, 0) => format!("{} {} missing on the server", count(missing), is(missing)),
        (0, damaged) => format!("{} {} damaged on the server", count(damaged), is(damaged)),
        (missing, damaged) => format!(
            "{} {} missing and {} {} damaged on the server",
            count(missing),
            is(missing),
            count(damaged),
            is(damaged)
        ),
    };
    Some(format!("{what} and can’t be downloaded. The server’s operator can put that right."))
}

impl Download {
    fn new(part: &Part, is_broken: bool) -> Self {
        Self {
            is_broken,
            number: part.number,
            size: format::size(part.size),
            bytes: part.size,
            exact_size: format::count(part.size, "byte", "bytes"),
            sha256: part.sha256.clone(),
        }
    }

    /// Enough of the hash to compare at a glance.
    #[must_use]
    pub fn short_sha256(&self) -> &str {
        self.sha256.get(..12).unwrap_or(&self.sha256)
    }
}

impl History {
    /// The page asks again and again while this holds.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.rows.iter().any(Row::is_open)
    }

    /// Another page than the newest.
    #[must_use]
    pub fn is_later_page(&self) -> bool {
        self.stretch != Stretch::Newest
    }

    /// The page's own part of the address: `?before=123`.
    #[must_use]
    pub fn query(&self) -> String {
        match self.stretch {
            Stretch::Newest => String::new(),
            Stretch::Before(id) => format!("?before={id}"),
            Stretch::After(id) => format!("?after={id}"),
        }
    }

    /// From when to when the requests of this page are: `Requested 3–16 March 2026`.
    #[must_use]
    pub fn requested(&self) -> Option<String> {
        let day = |row: &Row| row.requested_at.to_utc().with_timezone(&self.zone).date_naive();
        let (newest, oldest) = self.rows.first().zip(self.rows.last())?;
        Some(format!("Requested {}", format::day_range(day(oldest), day(newest))))
    }

    /// A request may be sent (or one that failed sent again).
    #[must_use]
    pub fn can_request(&self) -> bool {
        self.requesting == Requesting::Open
    }
}
