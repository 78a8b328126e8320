//! Rendering a day file: records as lines of JSON.

use std::fs;
use std::sync::Arc;

use compliance_exports::archive::records::{ConversationRef, Edit, Id, ItemEntry, Person, Repeated};
use compliance_exports::archive::render;
use compliance_exports::capture::sources::events;
use compliance_exports::model::{Fact, ItemKind};
use criterion::{BenchmarkId, Criterion, Throughput};

use super::support::stage::Stage;

/// A day of most conversations, and of a busy one.
const ITEMS: [usize; 2] = [3, 300];

/// Of messages, of which one in twenty has been edited.
pub fn a_day_file(criterion: &mut Criterion, stage: &Stage) {
    let conversation = Repeated::new(ConversationRef { id: Id(17), name: "Berth planning 17".to_owned() });
    let author = Repeated::new(Person {
        id: Id(112),
        name: "Edda Lindqvist".to_owned(),
        email: Some("edda.lindqvist@halcyon-ports.example".to_owned()),
        account: "Halcyon Ports".to_owned(),
        bot: false,
    });
    let events = fs::read_to_string(&stage.events).unwrap();
    let posted = events.lines().filter_map(|line| match events::parse(line.as_bytes()).unwrap() {
        Fact::ItemCreated(item) => Some(item),
        _ => None,
    });
    let records: Vec<ItemEntry> = posted
        .take(ITEMS[1])
        .enumerate()
        .map(|(number, posted)| {
            let edit = Edit {
                edited_at: posted.at,
                editor: Some(Arc::clone(&author)),
                text_before: posted.content.text.clone(),
                title_before: None,
            };
            let edits = if number % 20 == 1 { vec![edit] } else { Vec::new() };
            let mut record = ItemEntry::new(posted.id, ItemKind::Message, Arc::clone(&conversation), posted.at, edits);
            record.author = Some(Arc::clone(&author));
            record.text = posted.content.text;
            record
        })
        .collect();

    let mut group = criterion.benchmark_group("render a day file");
    for items in ITEMS {
        let mut text = Vec::new();
        day_file(&mut text, &records[..items]);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(format!("{items} items")), |bencher| {
            bencher.iter(|| {
                text.clear();
                day_file(&mut text, &records[..items]);
            });
        });
    }
    group.finish();
}

fn day_file(text: &mut Vec<u8>, records: &[ItemEntry]) {
    render::begin(text);
    for (number, record) in records.iter().enumerate() {
        render::record(text, number == 0, record).unwrap();
    }
    render::end(text, records.is_empty());
}
