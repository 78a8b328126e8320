//! Every state of the page of an export and of its lists, with fixed values.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::collections::BTreeMap;

use askama::Template;
use chrono::{Days, TimeDelta};

use super::export::{DeleteExport, Export, ExportList, Live};
use super::fixtures::{ACCOUNT, HOSTILE, NOW, ZONE, at, chrome, part, request};
use crate::archive::sign::PublicKey;
use crate::exports::filters::Chosen;
use crate::exports::overview::{Coverage, Excerpt, Inside, ListPage, Overview, Parts};
use crate::exports::rules::slices::DayCount;
use crate::exports::rules::summary::{ItemCounts, KindTotal, Totals};
use crate::model::{
    Account, ConversationKind, DeliveryStatus, Download, ExportRequest, ItemKind, MailEvent, MailTrouble, Part, Status,
    User, Way,
};

fn excerpt<T>(shown: Vec<T>) -> Excerpt<T> {
    let count = i64::try_from(shown.len()).unwrap();
    Excerpt { shown, count }
}

fn items(messages: u32, notes: u32, deleted: u32) -> ItemCounts {
    let mut counts = ItemCounts::default();
    (0..messages).for_each(|number| counts.item(ItemKind::Message, number < deleted));
    (0..notes).for_each(|_| counts.item(ItemKind::Note, false));
    counts
}

fn inside(kind: ConversationKind, name: &str, others: usize) -> Inside {
    Inside { kind, name: name.into(), others, folder: "Team_Chats/Harbour - 7".into(), items: items(1_234, 5, 6) }
}

fn totals() -> Totals {
    let total = |listed, with_items, items| KindTotal { listed, with_items, items };
    let first = request(1, Status::Completed).first_day;
    let day = |number: u32| DayCount {
        day: first.checked_add_days(Days::new(number.into())).unwrap(),
        items: number * 7 % 90,
        deleted: 0,
    };
    Totals {
        by_kind: BTreeMap::from([
            (ConversationKind::Team, total(41, 12, items(3_900, 11, 40))),
            (ConversationKind::Direct, total(1, 1, items(1, 0, 0))),
        ]),
        by_day: (1..20).map(day).collect(),
    }
}

/// Of a request whose mail has left.
fn overview(request: ExportRequest, parts: Vec<Part>) -> Overview {
    let (start, end) = (at("2026-11-01T00:00:00Z"), at("2026-11-23T00:00:00Z"));
    let is_completed = matches!(request.status, Status::Completed | Status::Expired);
    let delivery = DeliveryStatus {
        event: if is_completed { MailEvent::Completed } else { MailEvent::Failed },
        name: "Ana Prior".into(),
        email: Some("ana.prior@halden.example".into()),
        created_at: at("2026-11-23T14:00:00Z"),
        attempts: 1,
        not_before: at("2026-11-23T14:15:00Z"),
        sent_at: Some(at("2026-11-23T14:00:01Z")),
        given_up_at: None,
        failed: false,
        trouble: None,
    };
    let ended = is_completed || request.status == Status::Failed;
    let conversations =
        vec![inside(ConversationKind::Team, "Harbour", 0), inside(ConversationKind::Group, "Bo, Cy, Di", 2)];
    Overview {
        adoption: None,
        broken: Vec::new(),
        requester: ("Ana Prior".into(), Some("ana.prior@halden.example".into())),
        limits: Chosen::default(),
        top_folder: format!("Halden Logistics-2026-11-01-to-2026-11-22-{}", request.id),
        deleter: None,
        recordings: vec![("events".into(), 4711), ("slack".into(), 12)],
        erased_at: None,
        coverage: Coverage { range: start..end, until: at("2026-11-23T14:00:00Z"), gaps: Vec::new() },
        parts: Parts { bytes: parts.iter().map(|part| part.size).sum(), first: excerpt(parts) },
        totals: is_completed.then(totals),
        conversations: excerpt(if is_completed { conversations } else { Vec::new() }),
        mails: excerpt(if ended { vec![delivery] } else { Vec::new() }),
        downloads: excerpt(Vec::new()),
        refusal: None,
        request,
    }
}

fn downloads() -> Vec<Download> {
    let download = |part_number, way, person: Option<&str>| Download {
        part_number,
        way,
        person: person.map(Into::into),
        at: at("2026-11-23T14:03:00Z"),
    };
    vec![
        download(2, Way::Download, Some("Łukasz Żak")),
        download(1, Way::Download, Some(HOSTILE)),
        download(1, Way::Copy, None),
        download(1, Way::Rebuild, None),
    ]
}

fn live_of(known: Overview, on: bool) -> Live {
    let account = Account { id: 1, name: ACCOUNT.into(), time_zone: ZONE, exports_included: true, exports_on: on };
    let key = PublicKey::parse("RWQBAgMEBQYHCNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea").unwrap();
    Live::new(known, &account, "csrf-token".into(), &key, at(NOW))
}

fn page(known: Overview) -> String {
    Export { chrome: chrome(), live: live_of(known, true) }.render().unwrap()
}

fn running() -> ExportRequest {
    ExportRequest {
        planned_at: Some(at(NOW).plus(TimeDelta::minutes(-2))),
        cut: Some(at("2026-11-23T13:58:13.25Z")),
        items_total: Some(5000),
        items_done: 1234,
        attempts: 2,
        expires_at: None,
        ..request(10, Status::InProgress)
    }
}

fn completed() -> ExportRequest {
    ExportRequest {
        started_at: Some(at("2026-11-23T13:58:13Z")),
        finished_at: Some(at("2026-11-23T14:00:00Z")),
        cut: Some(at("2026-11-23T13:58:13.25Z")),
        items_total: Some(3912),
        items_done: 3912,
        ..request(7, Status::Completed)
    }
}

/// The page of an export that runs, and its live part alone.
pub(super) fn live() -> (String, String) {
    let known = || overview(running(), Vec::new());
    (page(known()), live_of(known(), true).render().unwrap())
}

fn many() -> Overview {
    let mut known = overview(completed(), vec![part(1, 91_234), part(2, 4_000_000_000)]);
    known.request.last_day = "2027-11-22".parse().unwrap();
    known.request.time_zone = chrono_tz::Europe::Amsterdam;
    known.parts.first.count = 24;
    known.conversations.count = 20_000;
    known.conversations.shown = vec![inside(ConversationKind::Team, HOSTILE, 0)];
    known.requester.0 = HOSTILE.into();
    let user = |id, account_id, name: &str| User {
        id,
        account_id,
        name: name.into(),
        email: None,
        is_bot: false,
        is_admin: false,
        deactivated_at: None,
    };
    known.limits = Chosen {
        people: vec![(user(3, 1, "Łukasz Żak"), ACCOUNT.into()), (user(4, 2, HOSTILE), "Brightwater".into())],
        conversations: vec![(7, "Harbour".into()), (9, HOSTILE.into())],
    };
    known.downloads = Excerpt { shown: downloads(), count: 1_234 };
    known.coverage.gaps = vec![
        (at("2026-11-01T00:00:00Z"), at("2026-11-03T09:30:00Z")),
        (at("2026-11-10T10:00:00Z"), at("2026-11-12T11:00:00Z")),
        (at("2026-11-23T01:00:00Z"), at("2026-11-23T14:00:00Z")),
    ];
    let failed = DeliveryStatus { sent_at: None, failed: true, ..known.mails.shown.remove(0) };
    known.mails = Excerpt {
        shown: vec![
            DeliveryStatus {
                trouble: Some(MailTrouble::Unreachable),
                attempts: 2,
                name: HOSTILE.into(),
                ..failed.clone()
            },
            DeliveryStatus {
                given_up_at: Some(at(NOW)),
                trouble: Some(MailTrouble::NoAddress),
                email: None,
                ..failed.clone()
            },
            DeliveryStatus { failed: false, ..failed },
        ],
        count: 12,
    };
    known
}

fn over() -> [(&'static str, String); 3] {
    let expired =
        ExportRequest { status: Status::Expired, expires_at: Some(at("2026-11-23T14:04:00Z")), ..completed() };
    let deleted = ExportRequest { deleted_at: Some(at("2026-11-23T14:04:00Z")), ..expired.clone() };
    let known = |request| overview(request, vec![part(1, 12_413_952)]);
    let erased = Some(at("2026-11-23T14:05:00Z"));
    let unknown = Overview { totals: None, conversations: excerpt(Vec::new()), ..known(expired.clone()) };
    [
        ("export_expired", page(Overview { erased_at: erased, downloads: excerpt(downloads()), ..known(expired) })),
        ("export_deleted", page(Overview { deleter: Some(HOSTILE.into()), ..known(deleted) })),
        ("export_without_counts", page(unknown)),
    ]
}

/// The page of an export in every state, its lists, and what is asked before one is deleted.
pub(super) fn exports() -> Vec<(&'static str, String)> {
    let queued = ExportRequest { expires_at: None, ..request(12, Status::Accepted) };
    let failed = ExportRequest {
        reason: Some("The server's disk is full. Ask the server's operator to free some space, then retry.".into()),
        expires_at: None,
        ..request(3, Status::Failed)
    };
    let cancelled = ExportRequest { expires_at: None, ..request(2, Status::Cancelled) };
    let full = Some("2 exports are already queued or in progress.".to_owned());
    let one = || overview(completed(), vec![part(1, 12_413_952)]);
    let off = Export { chrome: chrome(), live: live_of(one(), false) };
    let list = |listed, page| {
        ExportList::new(chrome(), &completed(), listed, (page, 50), &[], ZONE, at(NOW)).render().unwrap()
    };
    let conversations = Excerpt { shown: vec![inside(ConversationKind::Direct, HOSTILE, 0)], count: 120 };
    let delete = DeleteExport {
        chrome: chrome(),
        id: 7,
        range: "1–22 November 2026".into(),
        files: "2 files, 4.0 GB".into(),
        until: "23 Dec 2026, 14:05 GMT".into(),
        on: true,
    };
    let mut pages = vec![
        ("export_queued", page(overview(queued, Vec::new()))),
        ("export_running", page(overview(running(), Vec::new()))),
        ("export_completed", page(one())),
        ("export_completed_many", page(many())),
        ("export_failed", page(Overview { refusal: full, ..overview(failed, Vec::new()) })),
        ("export_cancelled", page(overview(cancelled, Vec::new()))),
        ("export_off", off.render().unwrap()),
        ("export_list_conversations", list(ListPage::Conversations(conversations), 2)),
        ("export_list_parts", list(ListPage::Parts(excerpt(vec![part(1, 91_234)])), 1)),
        ("export_list_downloads", list(ListPage::Downloads(excerpt(downloads())), 1)),
        ("delete_export", delete.render().unwrap()),
    ];
    pages.extend(over());
    pages
}
