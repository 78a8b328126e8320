//! An export of one day out of very many conversations, of which few have anything on that day: what planning and listing cost.

use super::commands::{Database, Installation};
use super::measure::{Figures, MIB};
use super::support::chats::Chats;
use super::support::stage::Stage;
use super::{Options, report, settle};

/// Chats unless told.
pub const CHATS: u64 = 100_000;

/// What was measured of one program.
#[derive(Default)]
pub struct Measured {
    pub recording: Figures,
    pub seconds: Figures,
    pub cpu: Figures,
    pub peak: Figures,
}

/// Measures each binary in turns.
pub fn measure(options: &Options) {
    let chats = Chats::new(options.number(CHATS));
    println!("== {} direct chats of {} people, {} items", chats.chats, chats.people(), chats.items());
    let name = format!("many-{}", chats.chats);
    let (mut in_day, day) = (0, chats.day());
    let stage = Stage::make(&name, options.keep, &mut |file| in_day = chats.write_events(file).unwrap());
    let installations: Vec<_> = options
        .binaries()
        .iter()
        .enumerate()
        .map(|(number, binary)| {
            settle();
            let made = Installation::make(binary, stage.path(&format!("many_{number}")), Database::Sqlite);
            let ran = made.import(&stage.events);
            println!("{}: recorded in {:.2} s", binary.display(), ran.seconds);
            (made, ran.seconds)
        })
        .collect();
    let mut measured: Vec<_> = installations.iter().map(|_| Measured::default()).collect();
    for ((_, seconds), measured) in installations.iter().zip(&mut measured) {
        measured.recording.add(*seconds);
    }
    for round in 1..=options.rounds {
        println!("== round {round} of {}", options.rounds);
        for ((made, _), measured) in installations.iter().zip(&mut measured) {
            settle();
            let export = made.export(&day, &day);
            println!("{:.2} s", export.seconds);
            if round == 1 {
                let told = made.verify(&export.parts);
                let items = format!("items: {} ", report::thousands(in_day));
                let all = format!("Conversations: {},", report::thousands(chats.chats));
                assert!(told.contains(&items) && told.contains(&all), "{items}and {all} were expected: {told}");
            }
            measured.seconds.add(export.seconds);
            measured.cpu.add(export.ran.cpu);
            measured.peak.add(export.ran.peak / MIB);
        }
    }
    report::tell_many(&chats, in_day, options, &measured);
}
