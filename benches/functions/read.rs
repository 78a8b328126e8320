//! Reading a page of a conversation along the index.

use compliance_exports::capture;
use compliance_exports::db::cuts::Cut;
use compliance_exports::exports::contents::Reader;
use compliance_exports::model::Timestamp;
use criterion::{Criterion, Throughput};
use rusqlite::{Connection, OpenFlags};

use super::support::corpus;
use super::support::stage::Stage;

/// The first page of the largest conversation: as rows with bare SQLite, by the store, and with edits, people and rules as
/// an export has it.
pub fn a_page(criterion: &mut Criterion, stage: &Stage) {
    let app = stage.app();
    let db = Connection::open_with_flags(stage.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT conversation_id FROM items GROUP BY conversation_id ORDER BY count(*) DESC LIMIT 1";
    let conversation: i64 = db.query_row(sql, [], |row| row.get(0)).unwrap();
    let account = app.store.read(|c| compliance_exports::identity::accounts::find(c, corpus::ACCOUNT)).unwrap().id;
    let all = Timestamp::MIN..Timestamp::MAX;
    let mut reader = Reader::new(&app.store, account, (Cut::Now, &[]), all.clone());
    // The reader decides how much a page holds.
    let length = reader.items(conversation, &all, None).unwrap().0.len();
    let limit = i64::try_from(length).unwrap();

    let mut group = criterion.benchmark_group("read a page");
    group.throughput(Throughput::Elements(length as u64));
    group.bench_function("bare SQLite", |bencher| {
        let sql = "SELECT id, external_id, kind, author_id, created_at, text FROM items
                   WHERE conversation_id = ? ORDER BY created_at, id LIMIT ?";
        let mut query = db.prepare(sql).unwrap();
        bencher.iter(|| {
            let mut rows = query.query((conversation, limit)).unwrap();
            let mut bytes = 0;
            while let Some(row) = rows.next().unwrap() {
                bytes += row.get_ref_unwrap(1).as_str().unwrap().len() + row.get_ref_unwrap(5).as_str().unwrap().len();
            }
            bytes
        });
    });
    group.bench_function("the store", |bencher| {
        bencher.iter(|| app.store.read(|c| capture::rows::items::page(c, conversation, &all, None, limit)).unwrap());
    });
    group.bench_function("the reader", |bencher| {
        bencher.iter(|| reader.items(conversation, &all, None).unwrap());
    });
    group.finish();
}
