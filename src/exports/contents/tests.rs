//! How many looks at the database a plan, a list and small conversations take, and that long conversations are counted right
//! from page to page.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono_tz::Tz;
use diesel::connection::{Connection as _, InstrumentationEvent};
use serde_json::json;

use super::*;
use crate::audit::Actor;
use crate::capture::ingest::{Outcome, Recorder};
use crate::capture::sources::events::parse;
use crate::config::DatabaseUrl;
use crate::db::PoolOptions;
use crate::exports::rules::parts::Limits;
use crate::exports::rules::slices::Slice;
use crate::identity::{accounts, commands};
use crate::model::{ConversationId, OperatorFact};

struct House {
    _folder: tempfile::TempDir,
    store: Store,
    account: AccountId,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl House {
    fn recorded(events: &[serde_json::Value]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DatabaseUrl::Sqlite(folder.path().join("test.db")), PoolOptions::default()).unwrap();
        store.migrate().unwrap();
        let now = at("2026-06-01T00:00:00Z");
        let account = commands::run(
            &store,
            Actor::Operator,
            &accounts::CreateAccount { name: "Acme", time_zone: Tz::UTC, include_exports: true },
            now,
        )
        .unwrap();
        let facts: Vec<OperatorFact> =
            events.iter().map(|event| parse(event.to_string().as_bytes()).unwrap()).collect();
        let outcomes = store.write(|tx| {
            let mut recorder = Recorder::new(tx, account, "events", now)?;
            recorder.begin(tx, now)?;
            recorder.record(tx, &facts)
        });
        assert!(outcomes.unwrap().iter().all(|outcome| *outcome == Outcome::Added));
        Self { _folder: folder, store, account }
    }

    /// A reader of a March day, and how many statements it has sent.
    fn reader(&self, from: &str, until: &str) -> (Reader, Arc<AtomicUsize>) {
        let mut reader = Reader::new(&self.store, self.account, (Cut::Now, &[]), at(from)..at(until));
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        reader
            .db
            .statement(|c| {
                let count = Arc::clone(&count);
                c.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                    if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                });
                Ok(())
            })
            .unwrap();
        (reader, sent)
    }
}

fn plan(reader: &mut Reader) -> Vec<Slice> {
    let mut slices = Vec::new();
    let mut take = |slice| {
        slices.push(slice);
        Ok(())
    };
    let division = Division { zone: Tz::UTC, limits: Limits::default(), needs: &|_| Vec::new() };
    reader.plan(&division, &mut take, &|| Ok(())).unwrap();
    slices
}

/// An account with very many conversations, of which few have anything in the range.
#[test]
fn a_few_statements_serve_a_page_of_conversations() {
    const PEOPLE: usize = 60;
    const CONVERSATIONS: usize = 1_500;
    let mut events: Vec<_> =
        (0..PEOPLE).map(|id| json!({"type": "user", "id": format!("u{id}"), "name": format!("Person {id}")})).collect();
    for id in 0..CONVERSATIONS {
        let (one, other) = (id % PEOPLE, (id + 1 + id / PEOPLE) % PEOPLE);
        events.push(json!({"type": "conversation", "id": format!("c{id}"), "kind": "Direct",
            "members": [{"user": format!("u{one}")}, {"user": format!("u{other}")}]}));
        // One in three on the day.
        let day = if id % 3 == 0 { 5 } else { 9 };
        events.push(json!({"type": "item_created", "conversation": format!("c{id}"), "id": "m", "kind": "Message",
            "at": format!("2026-03-{day:02}T12:00:00Z"), "by": format!("u{one}"), "content": {"text": "Hello"}}));
    }
    let house = House::recorded(&events);
    let (mut reader, sent) = house.reader("2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z");

    let slices = plan(&mut reader);
    assert_eq!(slices.iter().map(Slice::items).sum::<u64>(), 500);
    assert_eq!(slices.iter().map(|slice| slice.portions().count()).sum::<usize>(), CONVERSATIONS);
    // Two pages.
    assert!(sent.load(Ordering::Relaxed) < 50, "{sent:?} statements for a plan");

    sent.store(0, Ordering::Relaxed);
    let (mut listed, mut after) = (Vec::new(), ConversationId::MIN);
    loop {
        let page = reader.conversations(after, ConversationId::MAX).unwrap();
        let Some(last) = page.last() else { break };
        after = last.conversation.id;
        listed.extend(page);
    }
    assert_eq!(listed.len(), CONVERSATIONS);
    assert!(listed.iter().all(|listed| listed.stays.len() == 2 && listed.owner == "Acme"));
    // Eight pages, and the end.
    assert!(sent.load(Ordering::Relaxed) < 80, "{sent:?} statements for a list");

    sent.store(0, Ordering::Relaxed);
    let within = at("2026-03-05T00:00:00Z")..at("2026-03-06T00:00:00Z");
    let wanted: Vec<_> = listed.iter().step_by(3).map(|listed| (listed.conversation.id, within.clone())).collect();
    let items = reader.items_of_several(&wanted).unwrap().unwrap();
    assert_eq!(items.len(), 500);
    assert!(items.values().all(|items| items.len() == 1 && items.iter().all(|item| item.author.is_some())));
    assert!(sent.load(Ordering::Relaxed) < 10, "{sent:?} statements for small conversations");
}

/// Longer than a page of the plan, with several items at each instant and edits of some, between conversations that are small.
/// That edits at the borders of pages are counted once, the comparison with the ledger shows.
#[test]
fn a_long_conversation_is_counted_from_page_to_page() {
    let mut events = vec![json!({"type": "user", "id": "u1", "name": "Ada"})];
    for (id, items) in [("small", 3), ("long", 12_007), ("none", 0), ("last", 4)] {
        events.push(json!({"type": "conversation", "id": id, "kind": "Team", "name": id, "members": [{"user": "u1"}]}));
        for number in 0..items {
            // Seven at an instant.
            let second = number / 7;
            let at = format!("2026-03-05T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60);
            events.push(
                json!({"type": "item_created", "conversation": id, "id": format!("m{number}"), "kind": "Message",
                "at": at, "by": "u1", "content": {"text": "Hello"}}),
            );
        }
        for number in (0..items).filter(|number| number % 4_999 < 8) {
            events.push(json!({"type": "item_edited", "conversation": id, "id": format!("m{number}"),
                "at": "2026-03-06T00:00:00Z", "by": "u1", "content": {"text": "Good morning"}}));
        }
    }
    let house = House::recorded(&events);
    for (from, until, expected) in [
        ("2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z", vec![3, 12_007, 0, 4]),
        // Whatever of a period lies beside the range.
        ("2026-03-05T00:10:00Z", "2026-03-05T00:20:00Z", vec![0, 4_200, 0, 0]),
        ("2026-02-05T00:00:00Z", "2026-03-05T00:00:00Z", vec![0, 0, 0, 0]),
    ] {
        let (mut reader, _) = house.reader(from, until);
        let slices = plan(&mut reader);
        let items =
            slices.iter().flat_map(Slice::portions).map(|portion| portion.days.iter().map(|day| day.items).sum());
        assert_eq!(items.collect::<Vec<u32>>(), expected, "{from}");
    }
}
