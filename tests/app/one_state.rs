//! A5: rights and what they guard are read in one state of the database. Between any two looks of a page something else may
//! change everything that the page tells; the page then is as before, or as after, and never a mixture.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use compliance_exports::db::{Conn, Store};
use compliance_exports::error::Result;
use compliance_exports::exports::overview::{self, List};
use compliance_exports::exports::preview::{self, PreviewCache, Question};
use compliance_exports::exports::requests::{self, Stretch};
use compliance_exports::exports::rules::filters::Named;
use compliance_exports::exports::{filters, mails, search};
use compliance_exports::identity::access::{self, AccessChange};
use compliance_exports::model::{Filters, RequestId, UserId};
use diesel::Connection;
use diesel::connection::{InstrumentationEvent, SimpleConnection};

use crate::support::events::message;
use crate::support::{Person, TestApp};

/// Changes everything that a page may tell, in one transaction, and changes it back.
struct Flip {
    store: Store,
    there: String,
    back: String,
}

impl Flip {
    fn new(app: &TestApp, ada: &Person) -> Self {
        let columns = [
            ("accounts", "name", "name || '!'"),
            ("users", "name", "name || '!'"),
            ("users", "search_key", "search_key || '!'"),
            ("conversations", "name", "name || '!'"),
            ("export_requests", "items_done", "items_done + 1"),
            ("export_requests", "evidence", "replace(evidence, '\"Acme\"', '\"Zeta\"')"),
            ("export_parts", "size", "size + 1"),
            ("export_summaries", "conversations", "conversations + 1"),
            ("export_downloads", "at", "at + 1"),
            ("mails", "last_error", "coalesce(last_error, '') || '!'"),
            ("capture_periods", "on_at", "on_at + 1"),
            ("items", "created_at", "created_at + 86400000000"),
        ];
        let mut there = format!("DELETE FROM access_grants WHERE user_id = {};", ada.id);
        let mut back = format!(
            "INSERT INTO access_grants (account_id, user_id, granted_at) SELECT account_id, id, 0 FROM users WHERE id = {};",
            ada.id
        );
        for (table, column, value) in columns {
            let kept = format!("kept_{table}_{column}");
            app.run_sql(&format!("CREATE TABLE {kept} AS SELECT * FROM {table};"));
            there += &format!("UPDATE {table} SET {column} = {value};");
            let key = if table.starts_with("export_parts") || table.starts_with("export_summaries") {
                "request_id"
            } else {
                "id"
            };
            back += &format!(
                "UPDATE {table} SET {column} = (SELECT kept.{column} FROM {kept} AS kept WHERE kept.{key} = {table}.{key});"
            );
        }
        Self { store: app.store().clone(), there, back }
    }

    fn change(&self, sql: &str) {
        self.store.write(|tx| Ok(tx.batch_execute(sql)?)).unwrap();
    }
}

/// What a page is told, in words, whatever it is.
type Told = String;

fn told<T: std::fmt::Debug>(found: Result<T>) -> Told {
    found.map_or_else(|error| format!("refused: {error}"), |found| format!("{found:#?}"))
}

/// Looks once for each statement, and lets everything change right before that statement.
fn assert_one_state(flip: &Flip, what: &str, look: &dyn Fn(&mut Conn) -> Told) {
    let seen = || flip.store.read(|c| Ok(look(c))).unwrap();
    let before = seen();
    flip.change(&flip.there);
    let after = seen();
    flip.change(&flip.back);
    assert_eq!(seen(), before, "{what}: not changed back");
    assert_ne!(before, after, "{what}: nothing that it tells has changed");
    let statements = Cell::new(0);
    for at in 1.. {
        let begun = Arc::new(AtomicUsize::new(0));
        let seen = flip.store.read(|c| {
            let (store, there, count) = (flip.store.clone(), flip.there.clone(), Arc::clone(&begun));
            c.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { .. } = event
                    && count.fetch_add(1, Ordering::SeqCst) + 1 == at
                {
                    store.write(|tx| Ok(tx.batch_execute(&there)?)).unwrap();
                }
            });
            let seen = look(c);
            statements.set(begun.load(Ordering::SeqCst));
            c.set_instrumentation(|_: InstrumentationEvent<'_>| {});
            Ok(seen)
        });
        if statements.get() < at {
            break;
        }
        flip.change(&flip.back);
        let seen = seen.unwrap();
        assert!(seen == before || seen == after, "{what}, changed before statement {at}: {seen}");
    }
    assert!(statements.get() > 1, "{what}: one statement can't be mixed");
}

#[test]
fn a5_a_page_tells_one_state_of_the_database() {
    let (app, ada) = TestApp::with_office();
    app.record("Acme", &message("team", "m1", "2026-03-10T10:00:00Z", "Hello"));
    let id = app.request(&ada, "2026-03-01", "2026-03-16");
    app.work();
    let part = app.store().read(|c| requests::stored_parts(c, id)).unwrap().remove(0).0;
    requests::note_download(app.store(), ada.id, id, &part, app.now()).unwrap();
    let flip = Flip::new(&app, &ada);
    let user = ada.id;
    for (what, look) in looks(&app, user, id) {
        assert_one_state(&flip, what, &*look);
    }
}

type Look = Box<dyn Fn(&mut Conn) -> Told>;

/// What the pages look at.
fn looks(app: &TestApp, user: UserId, id: RequestId) -> Vec<(&'static str, Look)> {
    let (policy, now, blobs) = (app.app.state().policy, app.now(), app.app.blobs.clone());
    let list = move |list| -> Look { Box::new(move |c: &mut Conn| told(overview::list(c, user, id, list, 1))) };
    vec![
        ("the frame", Box::new(move |c| told(access::find_signed_in(c, user)))),
        (
            "the Administration page",
            Box::new(move |c| {
                let holders = access::administrator_with_access(c, user).and_then(|administrator| {
                    let history = requests::history(c, &administrator, Stretch::Newest, 10)?;
                    Ok((access::some_holders(c, &administrator, 5)?, history, administrator))
                });
                told(holders)
            }),
        ),
        ("Manage", Box::new(move |c| told(access::candidates(c, user, "", 50, &AccessChange::default())))),
        ("the form", Box::new(move |c| told(requests::offer(c, user, policy, now)))),
        (
            "the preview",
            Box::new(move |c| {
                let filters = Filters::default();
                let preview = requests::offer(c, user, policy, now).and_then(|(administrator, offer)| {
                    let history = (offer.earliest, offer.today);
                    let days = Some(("2026-03-01".parse().unwrap(), "2026-03-16".parse().unwrap()));
                    let ask = Question { history, days, filters: &filters, now };
                    preview::preview(c, &PreviewCache::default(), &administrator, ask)
                });
                told(preview)
            }),
        ),
        (
            "the search",
            Box::new(move |c| {
                let found = access::administrator_with_access_while_on(c, user).and_then(|administrator| {
                    let account = administrator.account;
                    let people = search::people(c, account.id, &account.name, "a")?;
                    Ok((people, search::conversations(c, account.id, "a", search::Strides::default())?))
                });
                told(found)
            }),
        ),
        (
            "what is chosen",
            Box::new(move |c| {
                let found = access::administrator_with_access_while_on(c, user).and_then(|administrator| {
                    let (account, people) = (administrator.account, [Named::Email("ada@acme.example".to_owned())]);
                    let named = filters::find(c, account.id, &people, &[1], &mut Vec::new())?.unwrap();
                    search::named(c, (account.id, &account.name), &named.people, &named.conversations)
                });
                told(found)
            }),
        ),
        ("an export's page", Box::new(move |c| told(overview::find(c, &blobs, user, id, policy, now)))),
        ("its conversations", list(List::Conversations)),
        ("its parts", list(List::Parts)),
        ("its downloads", list(List::Downloads)),
        ("its deletion", Box::new(move |c| told(requests::to_delete(c, user, id, now)))),
        ("its part", Box::new(move |c| told(requests::find_part(c, user, id, 1, now)))),
        ("the same again", Box::new(move |c| told(requests::to_ask_again(c, user, id)))),
        (
            "mails",
            Box::new(move |c| {
                let mails = access::administrator(c, user).and_then(|admin| mails::newest_of(c, admin.account.id));
                told(mails)
            }),
        ),
        ("to build again", Box::new(move |c| told(requests::completed(c, id)))),
    ]
}
