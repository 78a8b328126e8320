//! Exports, side by side with what a user would write and with the least that they cost on this machine; and, each by
//! itself, of very many conversations ([`many`]) and on PostgreSQL ([`postgres`]). Run by `scripts/benchmark`, described in
//! `docs/performance.md`.
//!
//! A benchmark stops at the first thing that is not as it should be. Everything lies in `target/benchmark`, and is removed
//! at the end.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark stops by panicking, and prints what it finds"
)]

mod commands;
mod comparators;
mod delay;
mod floor;
mod many;
mod measure;
mod pages;
mod postgres;
mod recording;
mod report;
mod same;
mod server;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use measure::{MIB, Ran};
use report::{Growth, Measured, Pages, Program};
use server::{Export, Server};
use support::corpus::Corpus;
use support::stage::Stage;

/// The page is opened so often.
const PAGES: usize = 600;
/// And so often before memory is looked at.
const WARM_UP: usize = 50;
/// Exports during which the page is opened, at most.
const BUSY_EXPORTS: usize = 100;

/// Packs a folder as an archive.
type Pack = fn(&Path, &Path) -> Ran;

/// Messages unless told.
const MESSAGES: u64 = 1_000_000;

const USAGE: &str = "usage: scripts/benchmark [MESSAGES] [--rounds N] [--tenfold] [--ours-only] [--keep]
       scripts/benchmark --many [CHATS] [--rounds N] [--binary PATH]... [--keep]
       scripts/benchmark --postgres [MESSAGES] [--rounds N] [--binary PATH]... [--keep]";

/// What is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum What {
    SideBySide,
    Many,
    Postgres,
}

struct Options {
    what: What,
    /// Of messages, or of chats.
    number: Option<u64>,
    rounds: u32,
    /// Instead of this version's, where it is driven by commands.
    binaries: Vec<PathBuf>,
    /// Also exports ten times as many messages.
    tenfold: bool,
    /// Without recording and the other programs.
    ours_only: bool,
    keep: bool,
}

impl Options {
    fn parse() -> Self {
        let (what, number, binaries) = (What::SideBySide, None, Vec::new());
        let mut options = Self { what, number, rounds: 3, binaries, tenfold: false, ours_only: false, keep: false };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match &*argument {
                // Cargo says so to every bench.
                "--bench" => {}
                "--tenfold" => options.tenfold = true,
                "--ours-only" => options.ours_only = true,
                "--keep" => options.keep = true,
                "--many" => options.what = What::Many,
                "--postgres" => options.what = What::Postgres,
                "--binary" => {
                    let path = PathBuf::from(arguments.next().expect(USAGE));
                    let path = path.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                    options.binaries.push(path);
                }
                "--rounds" => {
                    options.rounds = arguments.next().and_then(|number| number.parse().ok()).expect(USAGE);
                }
                number => options.number = Some(number.replace('_', "").parse().expect(USAGE)),
            }
        }
        assert!(options.rounds > 0 && options.number(MESSAGES) >= 1_000, "at least 1 round and 1000 messages or chats");
        let side_by_side = options.what == What::SideBySide;
        assert!(!side_by_side || options.binaries.is_empty(), "--binary goes with --many and --postgres\n{USAGE}");
        assert!(side_by_side || !(options.tenfold || options.ours_only), "{USAGE}");
        options
    }

    /// How much, unless told.
    fn number(&self, unless: u64) -> u64 {
        self.number.unwrap_or(unless)
    }

    /// The programs that are measured side by side.
    fn binaries(&self) -> Vec<PathBuf> {
        if self.binaries.is_empty() { vec![commands::PROGRAM.into()] } else { self.binaries.clone() }
    }
}

fn main() {
    let options = Options::parse();
    println!("{}", report::machine());
    match options.what {
        What::SideBySide => measure_side_by_side(&options),
        What::Many => many::measure(&options),
        What::Postgres => postgres::measure(&options),
    }
}

fn measure_side_by_side(options: &Options) {
    let messages = options.number(MESSAGES);
    let mut measured = Measured { rounds: options.rounds, ..Measured::default() };
    {
        let (corpus, stage) = set_stage(messages, options);
        measured.messages = corpus.messages;
        record(&stage, &corpus, options, &mut measured);
        let server = Server::start(&stage);
        let idle = idle_memory(&server);
        for round in 1..=options.rounds {
            println!("== round {round} of {}", options.rounds);
            side_by_side(round, &stage, &server, options, idle, &mut measured);
        }
        println!("== the Administration page while exports run, and after");
        measured.pages = pages(&server);
        println!("== the pages of a company with a long history");
        measured.long = pages::measure(&stage, &server);
    }
    if options.tenfold {
        measured.tenfold = Some(tenfold(messages, options));
    }
    report::tell(&measured);
}

fn set_stage(messages: u64, options: &Options) -> (Corpus, Stage) {
    println!("== corpus of {messages} messages");
    let corpus = Corpus::new(messages);
    let stage = Stage::set(&messages.to_string(), &corpus, options.keep);
    println!("{} conversations, {:.0} MB of events", corpus.conversations.len(), server::size(&stage.events) / 1e6);
    (corpus, stage)
}

/// The account's data folder is what the last round recorded.
fn record(stage: &Stage, corpus: &Corpus, options: &Options, measured: &mut Measured) {
    println!("== recording");
    let rounds = if options.ours_only { 1 } else { options.rounds };
    for _ in 0..rounds {
        if stage.data().exists() {
            std::fs::remove_dir_all(stage.data()).unwrap();
        }
        settle();
        let ours = recording::record(stage);
        println!("import events: {ours:.2} s");
        measured.recording.add(ours);
        if !options.ours_only {
            settle();
            let bare = recording::insert_bare(stage, corpus);
            println!("bare INSERTs: {bare:.2} s");
            measured.bare.add(bare);
        }
    }
}

fn side_by_side(round: u32, stage: &Stage, server: &Server, options: &Options, idle: f64, measured: &mut Measured) {
    settle();
    let floor = floor::measure(&stage.database());
    println!("read and serialise {:.2} s, compress {:.2} s on one thread", floor.read, floor.deflate);
    settle();
    let export = server.export_alone();
    println!("ours {:.2} s", export.seconds());
    let parts = server.parts(&export);
    let made = same::day_files(&parts);
    if measured.ours.seconds.is_empty() {
        server::verify(stage, &parts);
        assert_eq!((made.files, made.bytes), (floor.files, floor.bytes), "the lower bound is of other day files");
        (measured.files, measured.json) = (floor.files, floor.bytes);
        measured.parts = parts.len();
        measured.ours.bytes = parts.iter().map(|part| server::size(part)).sum();
    }
    measured.floor_read.add(floor.read);
    measured.floor_deflate.add(floor.deflate);
    measured.floor_bytes = floor.compressed as f64;
    measured.ours.seconds.add(export.seconds());
    measured.ours.peak.add((export.peak - idle) / MIB);
    measured.ours.cpu.add(export.cpu);
    if options.ours_only {
        return;
    }

    settle();
    let archive = stage.path("python.zip");
    let ran = comparators::python(stage, &archive);
    take(&mut measured.python, "Python", &ran, &archive);
    assert_eq!(same::day_files(std::slice::from_ref(&archive)), made, "Python's day files are not ours");
    std::fs::remove_file(archive).unwrap();

    settle();
    // A new folder each time, removed at the end: a file system is slow to give away again what it was just given back.
    let folder = stage.path(&format!("files-{round}"));
    let written = comparators::day_files(stage, &folder);
    println!("sqlite3 {:.2} s", written.seconds);
    measured.files_written.seconds.add(written.seconds);
    measured.files_written.cpu.add(written.cpu);
    measured.files_written.peak.add(written.peak / MIB);
    for (pack, name) in [(comparators::info_zip as Pack, "zip"), (comparators::seven_zip, "7-Zip")] {
        settle();
        let archive = stage.path(&format!("{name}.zip"));
        let ran = pack(&folder, &archive);
        let program = if name == "zip" { &mut measured.info_zip } else { &mut measured.seven_zip };
        take(program, name, &ran, &archive);
        assert_eq!(same::day_files(std::slice::from_ref(&archive)), made, "{name} packed other day files");
        std::fs::remove_file(archive).unwrap();
    }
}

fn take(program: &mut Program, name: &str, ran: &Ran, archive: &Path) {
    println!("{name} {:.2} s", ran.seconds);
    program.seconds.add(ran.seconds);
    program.cpu.add(ran.cpu);
    program.peak.add(ran.peak / MIB);
    program.bytes = server::size(archive);
}

/// What was written before must not be written to the disk while something else is measured.
fn settle() {
    assert!(Command::new("sync").status().unwrap().success());
}

/// Opens the page while exports are in progress, and as often right after each of them, so that whatever else the machine
/// does meanwhile counts for both. In milliseconds.
fn pages(server: &Server) -> Pages {
    let mut pages = Pages::default();
    for _ in 0..BUSY_EXPORTS {
        let mut opened = Vec::new();
        let export = server.export(&mut || opened.push(server.open_page()));
        for (at, seconds) in opened {
            if at >= export.began && at < export.ended {
                pages.busy.add(seconds * 1e3);
                pages.idle.add(server.open_page().1 * 1e3);
            }
        }
        if pages.busy.len() >= PAGES {
            break;
        }
    }
    pages
}

/// What a server holds that has served the page, and does nothing. In bytes.
fn idle_memory(server: &Server) -> f64 {
    for _ in 0..WARM_UP {
        server.open_page();
    }
    server.memory()
}

/// Ten times as many messages: only ours.
fn tenfold(messages: u64, options: &Options) -> Growth {
    let (corpus, stage) = set_stage(messages * 10, options);
    println!("== recording");
    let recording = recording::record(&stage);
    println!("import events: {recording:.2} s");
    let server = Server::start(&stage);
    let idle = idle_memory(&server);
    let mut growth = Growth { messages: corpus.messages, ..Growth::default() };
    growth.recording.add(recording);
    for round in 1..=options.rounds {
        println!("== round {round} of {}", options.rounds);
        settle();
        let export: Export = server.export_alone();
        println!("ours {:.2} s", export.seconds());
        growth.seconds.add(export.seconds());
        growth.peak.add((export.peak - idle) / MIB);
        if round == 1 {
            server::verify(&stage, &server.parts(&export));
        }
    }
    growth
}
