//! The hot functions, one by one: `cargo bench --bench functions [FILTER]`. Whole exports are measured by `scripts/benchmark`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a benchmark stops by panicking, and prints what it finds"
)]

mod compress;
mod read;
mod record;
mod render;
#[expect(dead_code, reason = "some of it only the other benchmark needs")]
#[path = "../support/mod.rs"]
mod support;
mod write;

use compliance_exports::capture::sources::{self, Import, ImportFormat};
use criterion::Criterion;
use support::corpus::Corpus;
use support::stage::{self, Stage};

/// Messages of the corpus: enough for hundreds of full pages, and for day files of every size.
const MESSAGES: u64 = 50_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let stage = Stage::set("functions", &Corpus::new(MESSAGES), false);
    let app = stage.app();
    let account = stage::create_account(&app);
    let import = Import::new(account, ImportFormat::Events, &stage.events);
    let recorded = sources::import(&app.store, &app.clock, &import, &mut |_, _| {}).unwrap();
    assert!(!recorded.has_problems(), "refused: {:?}", recorded.problems.first());
    record::an_event(&mut criterion, &stage);
    read::a_page(&mut criterion, &stage);
    render::a_day_file(&mut criterion, &stage);
    compress::an_entry(&mut criterion, &stage);
    write::an_entry(&mut criterion, &stage);
    criterion.final_summary();
}
