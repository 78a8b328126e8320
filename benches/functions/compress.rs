//! Compressing an entry: entries are many and small, so what a fresh state costs counts as much as what a byte costs.

use std::fs;

use criterion::{BenchmarkId, Criterion, Throughput};
use flate2::{Compress, Compression, FlushCompress, Status};
use libdeflater::{CompressionLvl, Compressor};

use super::support::stage::Stage;

/// From one short message to a busy room's day.
const SIZES: [usize; 4] = [300, 1_000, 10_000, 300_000];

/// With each compressor, entries of each size.
pub fn an_entry(criterion: &mut Criterion, stage: &Stage) {
    let events = fs::read(&stage.events).unwrap();
    // The end: messages, not people.
    let messages = &events[events.len() - SIZES[3]..];
    let mut group = criterion.benchmark_group("compress an entry");
    for size in SIZES {
        let entry = &messages[..size];
        group.throughput(Throughput::Bytes(size as u64));
        for level in [6, 1] {
            let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap());
            let mut output = vec![0; compressor.deflate_compress_bound(SIZES[3])];
            let bytes = compressor.deflate_compress(entry, &mut output).unwrap();
            eprintln!("libdeflate {level} makes {bytes} bytes of {size}");
            group.bench_function(BenchmarkId::new(format!("libdeflate {level}"), size), |bencher| {
                bencher.iter(|| compressor.deflate_compress(entry, &mut output).unwrap());
            });
        }
        for level in [6, 1] {
            group.bench_function(BenchmarkId::new(format!("zlib-rs {level}"), size), |bencher| {
                let mut compressor = Compress::new(Compression::new(level), false);
                let mut output = Vec::with_capacity(SIZES[3]);
                bencher.iter(|| {
                    compressor.reset();
                    zlib(&mut compressor, entry, &mut output)
                });
            });
        }
        group.bench_function(BenchmarkId::new("zlib-rs 6, fresh for each entry", size), |bencher| {
            let mut output = Vec::with_capacity(SIZES[3]);
            bencher.iter(|| zlib(&mut Compress::new(Compression::new(6), false), entry, &mut output));
        });
    }
    group.finish();
}

fn zlib(compressor: &mut Compress, entry: &[u8], output: &mut Vec<u8>) -> u64 {
    output.clear();
    let status = compressor.compress_vec(entry, output, FlushCompress::Finish).unwrap();
    assert_eq!(status, Status::StreamEnd);
    compressor.total_out()
}
