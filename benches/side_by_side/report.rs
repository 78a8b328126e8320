//! What was measured, as the tables of `docs/performance.md`: each between two marks of its own.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::measure::{self, Figures};
use super::pages::Long;
use super::postgres::{self, Place};
use super::support::chats::Chats;
use super::support::corpus::DAYS;
use super::{Options, many};

/// Fewer messages than these are a smoke test: they are printed, not published.
const PUBLISHED_FROM: u64 = 1_000_000;

/// A program that made an archive.
#[derive(Default)]
pub struct Program {
    pub seconds: Figures,
    /// Seconds on all processors together.
    pub cpu: Figures,
    /// Mebibytes.
    pub peak: Figures,
    /// Of the archive.
    pub bytes: f64,
}

/// Times of the Administration page, in milliseconds.
#[derive(Default)]
pub struct Pages {
    pub idle: Figures,
    pub busy: Figures,
}

/// The same with more messages.
#[derive(Default)]
pub struct Growth {
    pub messages: u64,
    pub recording: Figures,
    pub seconds: Figures,
    /// Mebibytes above the idle server.
    pub peak: Figures,
}

/// All that was measured. Figures of programs that were left out are empty.
#[derive(Default)]
pub struct Measured {
    pub messages: u64,
    pub rounds: u32,
    pub files: u64,
    pub json: u64,
    pub recording: Figures,
    pub bare: Figures,
    pub floor_read: Figures,
    pub floor_deflate: Figures,
    pub floor_bytes: f64,
    pub ours: Program,
    pub parts: usize,
    pub python: Program,
    pub files_written: Program,
    pub info_zip: Program,
    pub seven_zip: Program,
    pub pages: Pages,
    pub long: Long,
    pub tenfold: Option<Growth>,
}

impl Measured {
    /// Seconds of the lower bound, round by round.
    fn bound(&self) -> Figures {
        let cores = f64::from(u32::try_from(measure::cores()).unwrap());
        self.floor_read.with(&self.floor_deflate, |read, deflate| read.max(deflate / cores))
    }
}

/// What these figures come from, without a date or a name: a benchmark is repeated, not believed.
pub fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let memory = fs::read_to_string("/proc/meminfo").unwrap();
    let memory = memory.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1_048_576.0;
    let (cores, model) = (measure::cores(), model.trim_start_matches([' ', '\t', ':']));
    // What Linux calls them on x86-64 and on 64-bit ARM.
    let mut flags = cpu.lines().filter(|line| line.starts_with("flags") || line.starts_with("Features"));
    let sha = flags.next().is_some_and(|flags| flags.split_whitespace().any(|flag| flag == "sha_ni" || flag == "sha2"));
    let sha = if sha { "with" } else { "without" };
    format!("{cores} cores of {model} ({sha} SHA instructions), {memory:.0} GiB of memory, Linux {}", kernel.trim())
}

/// Prints all, and writes it into the document if it is worth being published.
pub fn tell(measured: &Measured) {
    let tables = tables(measured);
    println!("\n{tables}");
    if measured.messages < PUBLISHED_FROM || measured.python.seconds.is_empty() {
        println!("Not published: docs/performance.md takes all figures of {PUBLISHED_FROM} messages or more.");
        return;
    }
    publish("scripts/benchmark", &tables);
}

/// Writes tables into the document, where those of this command stand.
fn publish(command: &str, tables: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
    let document = fs::read_to_string(&path).unwrap();
    let [begin, end] = ["begin", "end"].map(|mark| format!("<!-- written by {command}: {mark} -->"));
    let (before, rest) = document.split_once(&begin).expect("a line in docs/performance.md where the tables begin");
    let (_, after) = rest.split_once(&end).expect("a line in docs/performance.md where the tables end");
    fs::write(&path, format!("{before}{begin}\n\n{tables}\n{end}{after}")).unwrap();
    println!("{} has the new tables.", path.display());
}

/// Prints tables, and publishes them if they are of this version alone and of as much as is measured unless told.
fn tell_commands(command: &str, tables: &str, options: &Options, unless: u64) {
    println!("\n{tables}");
    if options.number(unless) < unless || !options.binaries.is_empty() {
        println!("Not published: docs/performance.md takes figures of this version, of {} or more.", thousands(unless));
        return;
    }
    publish(command, tables);
}

/// A row's name: with several programs, also of which it is.
fn row_name(name: &str, program: usize, options: &Options) -> String {
    if options.binaries.len() > 1 { format!("{name}, program {}", program + 1) } else { name.to_owned() }
}

/// Which programs were measured, unless it was this version's.
fn programs(options: &Options) -> String {
    let names = (1..).zip(&options.binaries).map(|(number, path)| format!("Program {number}: {}\n", path.display()));
    names.collect()
}

/// Tells what an export of one day out of very many conversations took.
pub fn tell_many(chats: &Chats, in_day: u64, options: &Options, measured: &[many::Measured]) {
    let mut table = Table::new(&["", "recorded, seconds", "exported, seconds", "processor seconds", "peak MiB"]);
    for (program, one) in measured.iter().enumerate() {
        let figures = [&one.recording, &one.seconds, &one.cpu, &one.peak].map(Figures::to_string);
        let [recording, seconds, cpu, peak] = figures;
        table.row(&[row_name("one day out of many conversations", program, options), recording, seconds, cpu, peak]);
    }
    let mut text = format!(
        "{}. {} direct chats of {} people, {} items in {DAYS} days; one day with {} of them is exported. Medians of {} rounds, \
         and in brackets the least and the greatest. Processor seconds and memory are of the whole command, which also \
         copies the archive.\n\n{}",
        machine(),
        thousands(chats.chats),
        thousands(chats.people()),
        thousands(chats.items()),
        thousands(in_day),
        options.rounds,
        table.0
    );
    text += &programs(options);
    if let [first, others @ ..] = measured {
        for (number, other) in (2..).zip(others) {
            let (time, cpu) = (first.seconds.over(&other.seconds), first.cpu.over(&other.cpu));
            let _ = writeln!(
                text,
                "The first takes {time} times as long as program {number}, and {cpu} times its processor time."
            );
        }
    }
    tell_commands("scripts/benchmark --many", &text, options, many::CHATS);
}

/// Tells what recording and exporting took on either database, program by program; `added` are the milliseconds that the longer
/// way was found to take more.
pub fn tell_postgres(messages: u64, added: f64, options: &Options, measured: &[[postgres::Measured; 3]]) {
    let heads =
        ["", "recorded, items a second", "time against SQLite", "exported, seconds", "time against SQLite", "wanted"];
    let mut table = Table::new(&heads);
    let mut cpu = Table::new(&["Processor seconds of the program", "recording", "export"]);
    for (program, places) in measured.iter().enumerate() {
        let [sqlite, ..] = places;
        for (place, one) in postgres::PLACES.into_iter().zip(places) {
            let (name, most) = match place {
                Place::Sqlite => ("SQLite", 1.0),
                Place::Here => ("PostgreSQL on the same machine, without fsync", 2.0),
                Place::Away => ("PostgreSQL, half a millisecond away", 3.0),
            };
            let name = row_name(name, program, options);
            let (recording, export) = (one.recording.over(&sqlite.recording), one.export.over(&sqlite.export));
            let met = recording.median() <= most && export.median() <= most;
            let (recording, export, wanted) = match place {
                Place::Sqlite => ["–"; 3].map(str::to_owned).into(),
                _ => {
                    let met = if met { "yes" } else { "**no**" };
                    (format!("{recording} ×"), format!("{export} ×"), format!("≤ {most} ×: {met}"))
                }
            };
            let (rate, seconds) = (rate(messages, &one.recording).to_string(), one.export.to_string());
            table.row(&[name.clone(), rate, recording, seconds, export, wanted]);
            cpu.row(&[name, one.recording_cpu.to_string(), one.export_cpu.to_string()]);
        }
    }
    let mut text = format!(
        "{}. {} messages. Medians of {} rounds, and in brackets the least and the greatest; ratios are taken within each \
         round. The longer way added {added:.2} ms to each round trip.\n\n{}\n{}",
        machine(),
        thousands(messages),
        options.rounds,
        table.0,
        cpu.0
    );
    text += &programs(options);
    if let [first, others @ ..] = measured {
        for (number, other) in (2..).zip(others) {
            for ((place, first), other) in postgres::PLACES.iter().zip(first).zip(other) {
                let (recording, export) = (first.recording.over(&other.recording), first.export.over(&other.export));
                let _ = writeln!(
                    text,
                    "{place:?}: the first takes {recording} times as long as program {number} to record, {export} times to export."
                );
            }
        }
    }
    tell_commands("scripts/benchmark --postgres", &text, options, postgres::MESSAGES);
}

fn tables(measured: &Measured) -> String {
    let mut text = String::new();
    let rounds = measured.rounds;
    let _ = writeln!(
        text,
        "{}. {} messages in {} day files, {:.0} MB of JSON. Medians of {rounds} rounds, and in brackets the least and the \
         greatest; ratios are taken within each round.\n",
        machine(),
        thousands(measured.messages),
        thousands(measured.files),
        mega(measured.json),
    );
    text += &export_table(measured);
    text.push('\n');
    text += &goals_table(measured);
    text.push('\n');
    text += &other_table(measured);
    text
}

fn export_table(measured: &Measured) -> String {
    let mut table =
        Table::new(&["One export", "seconds", "as fast as Python", "processor seconds", "peak MiB", "archive, MB"]);
    let python = &measured.python.seconds;
    let mut row = |name: &str, program: &Program| {
        let faster = if python.is_empty() { "–".to_owned() } else { format!("{} ×", python.over(&program.seconds)) };
        let figures = [&program.seconds, &program.cpu, &program.peak].map(Figures::to_string);
        let [seconds, cpu, peak] = figures;
        table.row(&[name.to_owned(), seconds, faster, cpu, peak, format!("{:.0}", program.bytes / 1e6)]);
    };
    let written = &measured.files_written;
    let after_sqlite = |packer: &Program| Program {
        seconds: written.seconds.with(&packer.seconds, |write, pack| write + pack),
        cpu: written.cpu.with(&packer.cpu, |write, pack| write + pack),
        peak: written.peak.with(&packer.peak, f64::max),
        bytes: packer.bytes,
    };
    if !python.is_empty() {
        row("Python's standard library", &measured.python);
        row("`sqlite3` to files, then `zip -r -6`", &after_sqlite(&measured.info_zip));
        row("`sqlite3` to files, then 7-Zip `-mx=5`", &after_sqlite(&measured.seven_zip));
    }
    row("**Compliance Exports**, a running server", &measured.ours);
    let bound = Program {
        seconds: measured.bound(),
        cpu: measured.floor_read.with(&measured.floor_deflate, |read, deflate| read + deflate),
        bytes: measured.floor_bytes,
        ..Program::default()
    };
    row("the lower bound", &bound);
    let mut text = table.0;
    let _ = writeln!(
        text,
        "\nThe lower bound is the longer of: reading and serialising on one thread, {} s; compressing on one thread, {} s, \
         divided by {} cores. Ours made {}; it also plans, hashes and signs, reads every entry back and compares it, which \
         the others do not. Its memory is counted above the idle server; that of the others is the larger program's.",
        measured.floor_read,
        measured.floor_deflate,
        measure::cores(),
        if measured.parts == 1 { "one part".to_owned() } else { format!("{} parts", measured.parts) },
    );
    if !python.is_empty() {
        let (zip, seven_zip) = (&measured.info_zip.seconds, &measured.seven_zip.seconds);
        let _ = writeln!(text, "`sqlite3` alone took {} s, `zip` {zip} s, 7-Zip {seven_zip} s.", written.seconds);
    }
    text
}

fn goals_table(measured: &Measured) -> String {
    let mut table = Table::new(&["Goal", "wanted", "measured", "met"]);
    let mut goal = |name: &str, wanted: String, measured: &Figures, met: bool| {
        let met = if met { "yes" } else { "**no**" };
        table.row(&[name.to_owned(), wanted, measured.to_string(), met.to_owned()]);
    };
    let ours = &measured.ours;
    if !measured.python.seconds.is_empty() {
        let faster = measured.python.seconds.over(&ours.seconds);
        goal("as fast as the Python script", "≥ 11 ×".into(), &faster, faster.median() >= 11.0);
    }
    let bound = ours.seconds.over(&measured.bound());
    goal("time against the lower bound", "≤ 1.25 ×".into(), &bound, bound.median() <= 1.25);
    goal("peak memory above an idle server, MiB", "≤ 64".into(), &ours.peak, ours.peak.max() <= 64.0);
    let pages = one(measured.pages.busy.percentile(0.99) / measured.pages.idle.percentile(0.99));
    goal("p99 of the Administration page against idle", "≤ 3 ×".into(), &pages, pages.median() <= 3.0);
    let long = one(measured.long.newest.median());
    let name = "Administration page, 10,000 exports and 5,000 administrators, p50 in ms";
    goal(name, "≤ 5".into(), &long, long.median() <= 5.0);
    let rate = rate(measured.messages, &measured.recording);
    let bare = measured.recording.over(&measured.bare);
    let met = rate.median() >= 100_000.0 || (!bare.is_empty() && bare.median() <= 1.5);
    goal("recorded from a file, items a second", "≥ 100,000, or".into(), &rate, met);
    if !bare.is_empty() {
        goal("… against a bare loop of INSERTs", "≤ 1.5 ×".into(), &bare, met);
    }
    if let Some(growth) = &measured.tenfold {
        let time = growth.seconds.over(&ours.seconds);
        goal("time for ten times the messages", "≤ 10.5 ×".into(), &time, time.median() <= 10.5);
        let wanted = ours.peak.max() * 1.2;
        goal("… and memory, MiB", format!("≤ {wanted:.0}"), &growth.peak, growth.peak.max() <= wanted);
    }
    table.0
}

fn other_table(measured: &Measured) -> String {
    let mut table = Table::new(&["Beside", "measured"]);
    let mut row = |name: &str, figures: String| table.row(&[name.to_owned(), figures]);
    row("recording from a file of events, seconds", measured.recording.to_string());
    if !measured.bare.is_empty() {
        row("the bare loop of INSERTs, seconds", measured.bare.to_string());
    }
    for (name, times) in [
        ("Administration page of an idle server, ms", &measured.pages.idle),
        ("… while an export runs, ms", &measured.pages.busy),
        ("the same page when nothing runs, with few exports, ms", &measured.long.short),
        ("… with 10,000 exports and 5,000 administrators with access, ms", &measured.long.newest),
        ("… the oldest page of that history, ms", &measured.long.oldest),
        ("an open page asks whether anything has changed, ms", &measured.long.unchanged),
        ("Manage of 5,000 administrators, ms", &measured.long.manage),
        ("… looking for one of them, ms", &measured.long.found),
    ] {
        let (half, most) = (times.median(), times.percentile(0.99));
        row(name, format!("p50 {half:.2}, p99 {most:.2}, most {:.2}, {} times", times.max(), times.len()));
    }
    if let Some(growth) = &measured.tenfold {
        row(&format!("export of {} messages, seconds", thousands(growth.messages)), growth.seconds.to_string());
        row("… recorded from a file, items a second", rate(growth.messages, &growth.recording).to_string());
    }
    table.0
}

fn one(figure: f64) -> Figures {
    let mut figures = Figures::default();
    figures.add(figure);
    figures
}

fn rate(messages: u64, seconds: &Figures) -> Figures {
    seconds.with(seconds, |seconds, _| messages as f64 / seconds)
}

fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// With a comma between each three digits.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Rows of a Markdown table; all columns but the first hold figures.
struct Table(String);

impl Table {
    fn new(heads: &[&str]) -> Self {
        let mut table = Self(String::new());
        table.row(&heads.iter().map(|head| (*head).to_owned()).collect::<Vec<_>>());
        table.0 += &format!("|---|{}\n", "---:|".repeat(heads.len() - 1));
        table
    }

    fn row(&mut self, cells: &[String]) {
        let _ = writeln!(self.0, "| {} |", cells.join(" | "));
    }
}
