//! Recording and export of the same messages on SQLite, on a PostgreSQL of this machine, and on the same one half a millisecond
//! away: what the round trips cost. `scripts/benchmark` starts a server for it that lasts as long as the bench.

use std::net::SocketAddr;
use std::time::Duration;

use super::commands::{Database, Installation};
use super::measure::Figures;
use super::support::corpus::{self, Corpus};
use super::support::stage::Stage;
use super::{Options, delay, report, same, settle};

/// Messages unless told.
pub const MESSAGES: u64 = 100_000;
/// How much later what is sent arrives.
pub const DELAY: Duration = Duration::from_micros(500);
/// The server, as `scripts/postgres` tells.
const SERVER: &str = "TEST_DATABASE_URL";

/// Where the tables are.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    Sqlite,
    Here,
    Away,
}

/// In the order of the figures of a program.
pub const PLACES: [Place; 3] = [Place::Sqlite, Place::Here, Place::Away];

/// What was measured of one program in one place.
#[derive(Default)]
pub struct Measured {
    pub recording: Figures,
    pub recording_cpu: Figures,
    pub export: Figures,
    pub export_cpu: Figures,
}

/// Measures each binary in each place, in turns.
pub fn measure(options: &Options) {
    let server = std::env::var(SERVER).unwrap_or_else(|_| panic!("{SERVER} names no server: run scripts/benchmark"));
    let direct: url::Url = server.parse().unwrap();
    let address: SocketAddr = direct.socket_addrs(|| Some(5432)).unwrap()[0];
    let mut away = direct.clone();
    let way = delay::way(address, DELAY);
    away.set_ip_host(way.ip()).unwrap();
    away.set_port(Some(way.port())).unwrap();

    let [longer, straight] = delay::round_trips(DELAY).map(|times| times.median());
    println!("a round trip takes {longer:.2} ms by the longer way, {straight:.2} ms by the straight one");
    let added = longer - straight;

    let corpus = Corpus::new(options.number(MESSAGES));
    println!("== corpus of {} messages", corpus.messages);
    let name = format!("postgres-{}", corpus.messages);
    let stage = Stage::make(&name, options.keep, &mut |file| corpus.write_events(file).unwrap());
    let binaries = options.binaries();
    let mut measured: Vec<[Measured; 3]> = binaries.iter().map(|_| Default::default()).collect();
    let mut files = None;
    for round in 1..=options.rounds {
        println!("== round {round} of {}", options.rounds);
        let programs = binaries.iter().zip(&mut measured).enumerate();
        for (program, binary, place, measured) in programs.flat_map(|(program, (binary, measured))| {
            PLACES.into_iter().zip(measured).map(move |(place, measured)| (program, binary, place, measured))
        }) {
            let told = |told: &url::Url| Database::Postgres { direct: direct.clone(), told: told.clone() };
            let database = match place {
                Place::Sqlite => Database::Sqlite,
                Place::Here => told(&direct),
                Place::Away => told(&away),
            };
            settle();
            let made =
                Installation::make(binary, stage.path(&format!("bench_{program}_{place:?}").to_lowercase()), database);
            let recorded = made.import(&stage.events);
            settle();
            let export = made.export(corpus::FIRST_DAY, corpus::LAST_DAY);
            println!(
                "{}, {place:?}: recorded in {:.2} s, exported in {:.2} s",
                binary.display(),
                recorded.seconds,
                export.seconds
            );
            if round == 1 {
                let items = format!("items: {} ", report::thousands(corpus.messages));
                let told = made.verify(&export.parts);
                assert!(told.contains(&items), "{items}were expected: {told}");
                let found = same::day_files(&export.parts).files;
                assert_eq!(*files.get_or_insert(found), found, "as many day files as the others made");
            }
            measured.recording.add(recorded.seconds);
            measured.recording_cpu.add(recorded.cpu);
            measured.export.add(export.seconds);
            measured.export_cpu.add(export.ran.cpu);
        }
    }
    report::tell_postgres(corpus.messages, added, options, &measured);
}
