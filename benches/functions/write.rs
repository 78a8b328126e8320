//! Writing an entry: compressing it, and putting it into the container. Ours also takes its SHA-256.

use std::fs;
use std::io::{Cursor, Write};

use compliance_exports::archive::{Bundle, ChunkPosition, Packer, PartWriter};
use compliance_exports::model::Timestamp;
use criterion::{BatchSize, Criterion, Throughput};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::support::stage::Stage;

/// Bytes of an entry: what a day file has on average.
const SIZE: usize = 1_000;
/// Entries of an archive.
const ENTRIES: usize = 1_000;

/// A thousand of them: by the zip crate into memory, by ours into a file.
pub fn an_entry(criterion: &mut Criterion, stage: &Stage) {
    let events = fs::read(&stage.events).unwrap();
    let messages = &events[events.len() - SIZE * ENTRIES..];
    let entries: Vec<(String, &[u8])> = messages
        .chunks(SIZE)
        .enumerate()
        .map(|(number, entry)| (format!("Team_Chats/Berth planning - {number}/2024-01-01.json"), entry))
        .collect();
    let mut group = criterion.benchmark_group("write an entry");
    group.throughput(Throughput::Elements(ENTRIES as u64));
    group.bench_function("with the zip crate, zlib-rs 6", |bencher| {
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(6));
        bencher.iter(|| {
            let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(SIZE * ENTRIES)));
            for (name, entry) in &entries {
                zip.start_file(format!("Top folder/{name}"), options).unwrap();
                zip.write_all(entry).unwrap();
            }
            zip.finish().unwrap().into_inner().len()
        });
    });
    group.bench_function("with our own container, libdeflate 6", |bencher| {
        let folder = stage.path("parts");
        fs::create_dir_all(&folder).unwrap();
        let (mut packer, mut bundle) = (Packer::default(), Bundle::default());
        let part = || {
            let _none = fs::remove_file(folder.join("part.zip"));
            PartWriter::create(&folder, "Top folder", Timestamp::default()).unwrap()
        };
        let write = |mut part: PartWriter| {
            bundle.clear();
            for (name, entry) in &entries {
                bundle.add(name, ChunkPosition::WHOLE, entry);
            }
            packer.pack(&mut bundle, &mut || {}).unwrap();
            part.write(&bundle).unwrap();
            part
        };
        bencher.iter_batched(part, write, BatchSize::PerIteration);
    });
    group.finish();
}
