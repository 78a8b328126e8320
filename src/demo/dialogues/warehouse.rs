//! The warehouse, the consolidation floor and the night desk.

use crate::demo::script::Venue::Team;
use crate::demo::script::{Script, a, b, c, often, once};

pub(super) const SCRIPTS: &[Script] = &[
    often(Team("con"), &[
        a("Consolidation to {port} closes {day} at {time}. {few} pallets of {goods} still missing."),
        b("They're on the truck, {haulier} says {time2}."),
        a("I'll keep a corner of {dock} free. Not a second longer than {time}!"),
        b("{They made it. Eleven minutes to spare.|They're here.}").after(70),
    ]),
    often(Team("con"), &[
        a("Counted {qty} cartons of {goods}, papers say {qty2}."),
        b("Count again?"),
        a("Twice already. Photo attached.").file("count {job}.jpg", 2_100_000),
        c("I'll ask {client}. Hold the shipment until I'm back."),
        c("Their mistake, new list is coming. Load what is there.").after(45),
    ]),
    often(Team("con"), &[
        a("Forklift 5 is making the noise again."),
        b("The whale or the coffee grinder?"),
        a("The whale."),
        b("Park it. Service comes on {day}.").task("Forklift 5 to service", &[1], 2),
    ]),
    often(Team("con"), &[
        a("Dangerous goods sheet for {job} is missing. I'm not loading paint without it."),
        b("Quite right. Here.").file("DGD {job}.pdf", 190_000),
        a("UN number on the drums matches. Loading now. {👍|Thanks.|}"),
    ]),
    often(Team("con"), &[
        a("{dock} is blocked until {time}: a pallet of {goods} went over. Nobody hurt."),
        b("Good that nobody is hurt. Photos before you clean up, please."),
        a("Taken.").file("dock {today}.zip", 8_400_000),
        b("Claims will love you."),
    ]),
    often(Team("con"), &[
        a("Stock check {isoday}").note("Stock check {isoday}").edited(30, "{dock}: {qty} pallets {goods}\n{dock2}: {qty2} pallets {goods2}\nUnknown: 1 pallet, no label, smells of cinnamon"),
        b("The cinnamon is {client}'s. They phoned about it.").reply(),
    ]),
    often(Team("con"), &[
        a("Loading list {ctr}, final").file("loading list {ctr}.xlsx", 15_400),
        b("Row 14 is twice in there."),
        a("{So it is.|Well spotted.} New one:").file("loading list {ctr} v2.xlsx", 15_100),
    ]),
    often(Team("night"), &[
        a("Night report: {vessel} started discharging at {night}, {qty} moves an hour. Nothing else to tell."),
        b("{Thanks, good night then.|Sleep well.|Quiet nights are good nights.}").reply(),
    ])
    .around(6),
    often(Team("night"), &[
        a("Gate system is slow, trucks are queueing back to the roundabout."),
        b("Restarted it. Give it five minutes."),
        a("Moving again. Longest wait was 50 minutes, I wrote down the plates for the hauliers.").after(20).file("gate queue {isoday}.csv", 4_200),
    ])
    .around(21),
    often(Team("night"), &[
        a("Security saw a torch behind {dock} at {night}."),
        b("And?"),
        a("Kwame, looking for his keys."),
        b("Found?"),
        a("In the door."),
    ])
    .with(&["daan", "youssef"])
    .around(6),
    often(Team("night"), &[
        a("Reefer {ctr} threw an alarm at {night}, reset by the technician at {night2}. Set point held. Entry is in the log."),
        b("Thank you. I'll tell the day desk."),
    ])
    .around(7),
    once(79, Team("pilot"), &[
        a("Scanner pilot, week 2: the new devices read 97% of the labels at the first try. The old ones 81%."),
        b("Mine reads everything but Dutch handwriting."),
        c("Nobody reads Dutch handwriting."),
        a("Battery lasts one shift and a bit. We'd need a spare for every third person."),
    ])
    .with(&["ines", "kwame", "nils"]),
    once(63, Team("pilot"), &[
        a("Result of the pilot").note("Scanner pilot: result"),
        b("Did you get the quote for forty?"),
        a("€18,600 with the chargers. Too much for this year. I close the pilot at the end of the month and we try again in spring."),
        b("Pity. I'll miss the beep."),
    ])
    .with(&["ines", "kwame"]),
    once(54, Team("reefer"), &[
        a("Welcome to the second attempt. The first one ended with three spreadsheets and a quarrel about time zones."),
        b("Whose time zone won?"),
        a("Nobody's. That's why we're here. Proposal: all logs in UTC, shown in local time."),
        c("Agreed for the quay."),
        b("Agreed for claims. Please, please, also write it on the printout."),
    ])
    .with(&["kwame", "siobhan", "owen"]),
    once(31, Team("reefer"), &[
        a("Sample log in the new format").file("sample reefer log.csv", 12_300),
        b("The third column: is that the set point or the supply air?"),
        a("Supply air. I'll add headings."),
        b("And could we have the coffee that the team's name promises?").after(30),
        c("Tuesday, 10:00, quay canteen. Meera brings the cake.").event("Reefer records with coffee", 5, 10, 60, "Brightwater, quay canteen"),
    ])
    .with(&["owen", "siobhan", "meera"]),
];
