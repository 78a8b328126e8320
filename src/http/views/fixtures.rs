//! Every state of every page, with fixed values: for the snapshots, and to be looked at with a browser.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use askama::Template;
use chrono::{NaiveDate, TimeDelta};
use chrono_tz::{Europe, Tz};

use super::access::{Access, CandidateRow, TurnOff};
use super::administration::{Administration, Checking, Holder, Holders, Section};
use super::found::{FilterOption, Results};
use super::history::{History, Requesting, Row};
use super::mails::{Mail, MailRow, Mails};
use super::preview::PreviewFragment;
use super::preview::tests::preview;
use super::refusal::Refusal;
use super::request::{Errors, Filter, Request};
use super::sign_in::{Home, SignIn};
use super::{Chrome, SignedIn};
use crate::archive::sign::PublicKey;
use crate::error::Kind;
use crate::exports::requests::Stretch;
use crate::model::{ExportRequest, Filters, Formats, Part, Status, Timestamp};

pub(super) const NOW: &str = "2026-11-23T14:05:00Z";
pub(super) const ZONE: Tz = Europe::London;
pub(super) const ACCOUNT: &str = "Halden Logistics";
/// Markup, quotes, and a character that turns the text after it around.
pub(super) const HOSTILE: &str = "<script>alert(1)</script> \"O'Neill\" & \u{202e}gnp.exe";

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn chrome() -> Chrome {
    let person = SignedIn { name: "Ana Prior".into(), account: ACCOUNT.into(), is_admin: true };
    Chrome { person: Some(person), csrf: "csrf-token".into(), flash: None, demo: false }
}

fn stranger() -> Chrome {
    Chrome { csrf: "csrf-token".into(), ..Chrome::default() }
}

fn holders() -> Holders {
    let people = vec![
        Holder { name: "Ana Prior".into(), email: Some("ana.prior@halden.example".into()), is_you: true },
        Holder { name: "Łukasz Żak".into(), email: Some("lukasz+legal@halden.example".into()), is_you: false },
        Holder { name: "山田 花子".into(), email: None, is_you: false },
    ];
    Holders { people, others: 0 }
}

pub(super) fn request(id: i64, status: Status) -> ExportRequest {
    ExportRequest {
        id,
        account_id: 1,
        requester_id: 1,
        first_day: "2026-11-01".parse().unwrap(),
        last_day: "2026-11-22".parse().unwrap(),
        time_zone: ZONE,
        filters: Filters::default(),
        status,
        reason: None,
        attempts: 1,
        requested_at: at("2026-11-23T13:58:12Z"),
        started_at: None,
        planned_at: None,
        cut: None,
        finished_at: None,
        expires_at: Some(at("2026-12-23T14:05:00Z")),
        formats: Formats::default(),
        deleted_at: None,
        items_total: None,
        items_done: 0,
    }
}

pub(super) fn part(number: i32, size: i64) -> Part {
    let sha256 = "3f2a9c1be07d4c5586a1d2f3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7".into();
    Part { number, file_name: format!("halden-part-{number}.zip"), size, sha256 }
}

fn row(request: &ExportRequest, requester: &str, parts: &[Part]) -> Row {
    Row::new(request, requester, parts, &[], ZONE, at(NOW))
}

/// A request in every state, as of [`NOW`].
fn every_row() -> Vec<Row> {
    let queued = ExportRequest { expires_at: None, ..request(12, Status::Accepted) };
    let counting = request(11, Status::InProgress);
    let running = ExportRequest {
        planned_at: Some(at(NOW).plus(TimeDelta::minutes(-2))),
        items_total: Some(5000),
        items_done: 1234,
        attempts: 2,
        ..request(10, Status::InProgress)
    };
    let checking = ExportRequest { items_total: Some(1), items_done: 1, ..request(9, Status::InProgress) };
    let nothing = ExportRequest { items_total: Some(0), ..request(8, Status::InProgress) };
    let completed = ExportRequest { items_total: Some(5000), items_done: 5000, ..request(7, Status::Completed) };
    let large = ExportRequest {
        first_day: "2024-01-01".parse().unwrap(),
        time_zone: Europe::Amsterdam,
        items_total: Some(81_234_567),
        items_done: 81_234_567,
        ..request(6, Status::Completed)
    };
    let huge = ExportRequest { items_total: Some(9_876_543), items_done: 9_876_543, ..request(13, Status::Completed) };
    // Completed, but past its instant: the sweeper has not come yet (B6).
    let overdue = ExportRequest { expires_at: Some(at(NOW)), ..request(5, Status::Completed) };
    let expired = ExportRequest { expires_at: Some(at("2026-07-01T09:30:00Z")), ..request(4, Status::Expired) };
    let failed = ExportRequest {
        reason: Some(
            "The data folder has 12 MB left, and the export needs about 250 MB. Ask the operator to make room.".into(),
        ),
        ..request(3, Status::Failed)
    };
    let filters = Filters { people: vec![1, 2], conversations: vec![3] };
    let cancelled = ExportRequest { filters, ..request(2, Status::Cancelled) };
    vec![
        row(&queued, "Ana Prior", &[]),
        row(&counting, "Łukasz Żak", &[]),
        row(&running, "Ana Prior", &[]),
        row(&checking, "Ana Prior", &[]),
        row(&nothing, "Ana Prior", &[]),
        row(&completed, "山田 花子", &[part(1, 12_413_952)]),
        row(&large, "Ana Prior", &[part(1, 4_000_000_000), part(2, 1_999_999)]),
        row(&huge, "Ana Prior", &[part(1, 91_234), part(2, 64_000_000), part(3, 61_000_000), part(4, 9_876_543)]),
        row(&overdue, "Ana Prior", &[part(1, 1)]),
        row(&expired, "Ana Prior", &[]),
        row(&failed, HOSTILE, &[]),
        row(&cancelled, "Ana Prior", &[]),
    ]
}

fn history(rows: Vec<Row>) -> History {
    History {
        csrf: "csrf-token".into(),
        zone: ZONE,
        requesting: Requesting::Open,
        rows,
        stretch: Stretch::Newest,
        newer: None,
        older: None,
    }
}

/// With a key that has signed nothing.
fn checking() -> Checking {
    let key = PublicKey::parse("RWQBAgMEBQYHCNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea").unwrap();
    Checking::new(&key)
}

fn administration(section: Section) -> String {
    Administration { chrome: chrome(), account: ACCOUNT.into(), section, checking: checking() }.render().unwrap()
}

fn administrations() -> Vec<(&'static str, String)> {
    let full =
        "2 exports are queued or running, and no more are possible at a time. Try again when one of them has finished.";
    let running = ExportRequest { items_total: Some(5000), items_done: 1234, ..request(10, Status::InProgress) };
    let completed = ExportRequest { items_total: Some(5000), items_done: 5000, ..request(7, Status::Completed) };
    let finished = || row(&completed, "Ana Prior", &[part(1, 12_413_952)]);
    let ordinary = history(vec![row(&running, "Łukasz Żak", &[]), finished()]);
    let every = History { requesting: Requesting::Full(full.into()), older: Some(2), ..history(every_row()) };
    // As long as a page gets: as many rows as it shows, each with some parts.
    let full_page = History {
        older: Some(2),
        ..history(
            (20..30)
                .map(|id| {
                    row(
                        &ExportRequest { id, ..completed.clone() },
                        "Wolfeschlegelsteinhausen Bergerdorff",
                        &[part(1, 4_000_000_000), part(2, 61_000_000)],
                    )
                })
                .collect(),
        )
    };
    let second = History { stretch: Stretch::Before(8), newer: Some(7), ..history(vec![finished()]) };
    let remaining = History {
        requesting: Requesting::Off,
        ..history(vec![finished(), row(&request(3, Status::Failed), "Ana Prior", &[])])
    };
    let on = |history| Section::On { holders: holders(), history };
    let email = || "ana.prior@halden.example".to_owned();
    let said = Administration {
        checking: checking(),
        chrome: Chrome {
            flash: Some("Compliance Exports is on. You are the only one with access.".into()),
            demo: true,
            ..chrome()
        },
        account: HOSTILE.into(),
        section: Section::On {
            holders: Holders {
                people: vec![Holder { name: HOSTILE.into(), email: None, is_you: true }],
                others: 1_234,
            },
            history: history(Vec::new()),
        },
    };
    vec![
        ("administration_not_included", administration(Section::NotIncluded)),
        ("administration_off", administration(Section::Off { history: None })),
        ("administration_off_with_exports", administration(Section::Off { history: Some(remaining) })),
        ("administration_on", administration(on(ordinary))),
        ("administration_on_every_state", administration(on(every))),
        ("administration_on_full_page", administration(on(full_page))),
        ("administration_on_second_page", administration(on(second))),
        ("administration_on_empty_hostile", said.render().unwrap()),
        (
            "administration_on_without_access",
            administration(Section::OnWithoutAccess { holders: holders(), email: email() }),
        ),
        (
            "administration_on_nobody_left",
            administration(Section::OnWithoutAccess {
                holders: Holders { people: Vec::new(), others: 0 },
                email: email(),
            }),
        ),
    ]
}

fn forms() -> Vec<(&'static str, String)> {
    let sign_in = |error: Option<&str>| {
        let email = if error.is_some() { "ana@halden.example" } else { "" };
        SignIn { chrome: stranger(), email: email.into(), error: error.map(Into::into), next: "/administration".into() }
            .render()
            .unwrap()
    };
    let choosable = |id, name: &str, about: &str| FilterOption { id, name: name.into(), about: about.into() };
    let chosen = || {
        let all = vec![choosable(7, HOSTILE, HOSTILE), choosable(9, "Łukasz Żak", "lukasz.zak@halden.example")];
        Filter {
            chosen: vec![choosable(3, HOSTILE, ""), choosable(4, "山田 花子", "")],
            searched: "\"><script>".into(),
            found: Some(Results { field: "person", all, more: false }),
            ..Filter::people(Vec::new())
        }
    };
    let are_days = |first: &str, last: &str| [first, last].iter().all(|text| text.parse::<NaiveDate>().is_ok());
    let request_for = |first: &str, last: &str, errors: Errors, people| {
        Request {
            chrome: chrome(),
            zone: ZONE.name().into(),
            today: "2026-11-23".parse().unwrap(),
            earliest: "2026-07-20".parse().ok(),
            first_day: first.into(),
            last_day: last.into(),
            people: Filter { error: errors.people.clone(), ..people },
            conversations: Filter { error: errors.conversations.clone(), ..Filter::conversations(Vec::new()) },
            preview: PreviewFragment::new(&preview(are_days(first, last).then_some((first, last)))),
            form_key: "form-key".into(),
            formats: Formats::default(),
            errors,
        }
        .render()
        .unwrap()
    };
    let request = |first: &str, last: &str, errors| request_for(first, last, errors, Filter::people(Vec::new()));
    let unchosen = Errors {
        people: Some(format!("“{HOSTILE}” was typed, but nothing is chosen.")),
        conversations: Some("A conversation you chose is none of those that your company can export.".into()),
        ..Errors::default()
    };
    let wrong = Errors {
        form: None,
        first_day: Some("The first day lies after the last day.".into()),
        last_day: Some("The last day lies in the future. Today is 23 November 2026 in Europe/London.".into()),
        ..Errors::default()
    };
    let full = Errors {
        form: Some("2 exports are queued or running. Try again when one of them has finished.".into()),
        ..Errors::default()
    };
    let candidate = |id, name: &str, email: Option<&str>, checked| CandidateRow {
        id,
        name: name.into(),
        email: email.map(Into::into),
        had: id == 1,
        checked,
        is_you: id == 1,
    };
    let people = || {
        vec![
            candidate(1, "Ana Prior", Some("ana.prior@halden.example"), true),
            candidate(2, "Łukasz Żak", Some("lukasz.zak@halden.example"), false),
            candidate(3, HOSTILE, None, false),
        ]
    };
    let access = |error: Option<&str>, find: &str, (found, all)| {
        Access {
            chrome: chrome(),
            account: ACCOUNT.into(),
            people: people(),
            found,
            all,
            find: find.into(),
            error: error.map(Into::into),
        }
        .render()
        .unwrap()
    };
    vec![
        ("sign_in", sign_in(None)),
        ("sign_in_refused", sign_in(Some("The email or the password is not right."))),
        ("request", request("", "", Errors::default())),
        ("request_invalid", request("2026-12-24", "\"><script>", wrong)),
        ("request_refused", request("2026-11-01", "2026-11-22", full)),
        ("request_filtered", request_for("2026-11-01", "2026-11-22", unchosen, chosen())),
        ("access", access(None, "", (3, 3))),
        ("access_refused", access(Some("At least one person must keep access."), "", (3, 3))),
        ("access_of_many", access(None, "", (5_000, 5_000))),
        ("access_found", access(None, "\"><script>", (3, 5_000))),
        ("turn_off", TurnOff { chrome: chrome(), account: ACCOUNT.into(), open: 2 }.render().unwrap()),
    ]
}

fn others() -> Vec<(&'static str, String)> {
    let member = SignedIn { name: "Sam Okafor".into(), account: ACCOUNT.into(), is_admin: false };
    let member = || Chrome { person: Some(member.clone()), ..chrome() };
    let refusal = |chrome, kind, message: &str| Refusal::new(chrome, kind, message, "01JD-7Q").render().unwrap();
    let mails = |mails| Mails { chrome: chrome(), mails }.render().unwrap();
    let mail = MailRow {
        href: "/demo/mails/1".into(),
        to: "ana.prior@halden.example".into(),
        subject: "Your export of 1–22 November 2026 is ready".into(),
        sent: "23 November 2026, 14:05 (Europe/London, GMT)".into(),
    };
    let one = Mail {
        chrome: chrome(),
        from: "Compliance Exports <no-reply@halden.example>".into(),
        to: mail.to.clone(),
        subject: mail.subject.clone(),
        sent: mail.sent.clone(),
        text: format!("Hello {HOSTILE},\n\nthe export that you requested is ready.\n"),
    };
    vec![
        ("home", Home { chrome: member(), account: ACCOUNT.into() }.render().unwrap()),
        ("refusal_forbidden", refusal(member(), Kind::Forbidden, "The Administration page is for administrators.")),
        ("refusal_not_found", refusal(stranger(), Kind::NotFound, "")),
        ("refusal_gone", refusal(chrome(), Kind::Gone, "It was available until 23 December 2026, 14:05 GMT.")),
        ("refusal_internal", refusal(chrome(), Kind::Internal, "")),
        ("mails", mails(vec![mail])),
        ("mails_empty", mails(Vec::new())),
        ("mail", one.render().unwrap()),
    ]
}

/// Every page in every state: its name, and what the browser gets.
pub(super) fn every_page() -> Vec<(&'static str, String)> {
    [administrations(), forms(), others(), crate::http::views::export_fixtures::exports()].concat()
}

/// The fragment that the page asks for while an export runs.
pub(super) fn fragment() -> String {
    history(every_row()).render().unwrap()
}
