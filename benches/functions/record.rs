//! Recording events: what the door and the database cost, without reading a file.

use std::fs;

use compliance_exports::capture::ingest::{Outcome, Recorder};
use compliance_exports::capture::sources::events;
use compliance_exports::model::Fact;
use criterion::{BatchSize, Criterion, Throughput};

use super::support::corpus;
use super::support::stage::Stage;

/// Events recorded in one transaction.
const BATCH: usize = 1_000;

/// New messages, and edits of them, in transactions of a thousand.
pub fn an_event(criterion: &mut Criterion, stage: &Stage) {
    let events = fs::read_to_string(&stage.events).unwrap();
    let events = events.lines().map(|line| events::parse(line.as_bytes()).unwrap());
    let posted: Vec<Fact> =
        events.filter(|event| matches!(event, Fact::ItemCreated(_) | Fact::ItemEdited(_))).collect();
    let app = stage.app();
    let now = app.clock.now();
    let account = app.store.read(|c| compliance_exports::identity::accounts::find(c, corpus::ACCOUNT)).unwrap().id;
    let mut recorder = app.store.write(|tx| Recorder::new(tx, account, "events", now)).unwrap();
    let mut record = |batch: Vec<Fact>| {
        app.store
            .write(|tx| {
                recorder.begin(tx, now)?;
                let outcomes = recorder.record(tx, &batch)?;
                assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Added));
                Ok(())
            })
            .unwrap();
        recorder.committed();
        batch
    };

    let mut group = criterion.benchmark_group("record an event");
    group.throughput(Throughput::Elements(BATCH as u64));
    let mut number = 0;
    let mut new_batch = || {
        // The same messages come again with other ids: each batch records something new.
        let batch = (number..number + BATCH).map(|number| {
            let mut event = posted[number % posted.len()].clone();
            if let Fact::ItemCreated(item) = &mut event {
                item.id += &format!("-{}", number / posted.len());
            } else if let Fact::ItemEdited(edit) = &mut event {
                edit.id += &format!("-{}", number / posted.len());
            }
            event
        });
        let batch = batch.collect();
        number += BATCH;
        batch
    };
    group.bench_function("in transactions of 1000", |bencher| {
        bencher.iter_batched(&mut new_batch, &mut record, BatchSize::PerIteration);
    });
    group.finish();
}
