//! Damage, insurance and complaints.

use crate::demo::script::Venue::{People, Team};
use crate::demo::script::{Script, a, b, c, often, once};

pub(super) const SCRIPTS: &[Script] = &[
    often(Team("claims"), &[
        a("{client} reports {few} wet pallets of {goods} out of {ctr}."),
        b("Hole in the roof or condensation?"),
        a("Photos look like condensation. Surveyor is booked for {day}.").file("wet pallets {ctr}.zip", 14_000_000),
        b("Notify the carrier today, in writing. The three days run from delivery."),
        a("{Sent at {time}.|Notice is out.} Copy in the file."),
    ]),
    often(Team("claims"), &[
        a("Settlement offer from the insurer for {job}: {eur}. We asked for {eurbig}."),
        b("What do they deduct?"),
        a("Depreciation. On {goods}. Really."),
        b("Refuse politely and quote the policy, section 4."),
        a("{Refused, politely.|Letter attached.}").file("reply to insurer {job}.docx", 35_000),
    ]),
    often(Team("claims"), &[
        a("Open claims, week {week}").note("Open claims week {week}").edited(
            60,
            "{client}: {eur}, waiting for the surveyor\n{client2}: {eurbig}, with the carrier's lawyers\n{client3}: {eur2}, paid, to be closed",
        ),
        b("The {client} one is older than my bicycle. Can we close it?").reply(),
        a("By the end of the month, one way or the other.").reply(),
    ]),
    often(Team("claims"), &[
        a("{ctr} was delivered with a dent as large as a door. Driver wrote nothing on the sheet."),
        b("Gate camera at {port}?"),
        a("Shows the dent already. So it happened on board."),
        b("Then it's the carrier's. Keep the picture.").reply(),
        a("Kept. {time} on {today}.").reply().file("gate {ctr}.png", 1_900_000),
    ]),
    often(Team("claims"), &[
        a("Please close {job} in the claims list when the money is in.").done_task("Close claim {job}", &[1], 5),
        b("Money came in this morning, {eur}. Closed."),
    ]),
    once(91, Team("claims"), &[
        a("Reminder from me: what we write in here may be read by a judge one day. Facts, dates, amounts. No guesses about who was drunk."),
        b("Duly noted. It was one guess."),
        c("It was a very good guess, though."),
        a("Sanne."),
        c("Facts, dates, amounts 🫡"),
    ])
    .with(&["ruth", "siobhan", "sanne"]),
    once(61, Team("all"), &[
        a("Hello everyone. From this morning on we keep our conversations in the way that the regulator asks of freight forwarders with a bonded warehouse: what is edited or deleted is kept as well. Only administrators with access can export it, and every export is logged. Questions: ask me, any time."),
        b("Including the borrel team?"),
        a("Including the borrel team. Nobody will read your jokes for pleasure, Daan."),
        c("Harsh but fair."),
        b("Does it cover what I wrote last year?"),
        a("What is still there, yes. What had been deleted before today is gone, and stays gone."),
    ])
    .with(&["ruth", "daan", "kwame"])
    .around(11),
    once(76, People(&["ruth", "bram"]), &[
        a("The supervisor's letter came. They want to be able to see our communications for up to five years back, on request."),
        b("How do we do that today?"),
        a("Screenshots, and hope."),
        b("So no."),
        a("So no. Inês has found something that we can run ourselves. I'll prepare a decision for the board.").task("Decision paper: keeping of communications", &[0], 7),
        b("Good. Keep it to one page, they only read one."),
    ]),
    once(62, People(&["ruth", "ines"]), &[
        a("Is everything ready?"),
        b("Server is up, accounts are imported, backups run. You only have to press the button."),
        a("I've never been so nervous about a toggle."),
        b("It's a very nice toggle 🙂"),
    ])
    .around(8),
    once(60, People(&["ruth"]), &[
        a("Turned on at 10:12. Write this down for the file: works council was informed on the 3rd, notice to all staff at 11.").note("Record keeping: log"),
        a("Ask Inês: who else should have access? Two people at least, one of them not in my department."),
    ]),
    once(18, People(&["ruth"]), &[
        a("For the quarterly review: pick three weeks at random, export, check ten items by hand against the app.").done_task("Quarterly sample of the records", &[0], 6),
        a("Weeks drawn: the 2nd, the 5th and the 9th. Dice from the board game cupboard, witnessed by Siobhán."),
    ]),
    once(8, People(&["bram", "ruth", "siobhan"]), &[
        a("The supervisor announced a visit. They'd like the communications about the Gulf trade, last two months."),
        b("I can export the whole range and hand over the archive with its checksums."),
        c("Do they get everything?"),
        b("They get what they ask for, after counsel has seen it. The export itself is complete, that's the point of it."),
        a("Thank you both. Coffee is on me."),
    ]),
];
