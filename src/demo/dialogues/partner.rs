//! Talk between Halden and Brightwater, in rooms of either company.

use crate::demo::script::Venue::{AnyPartnerDirect, People, Team};
use crate::demo::script::{Script, a, b, c, often, once};

pub(super) const SCRIPTS: &[Script] = &[
    often(
        Team("shared"),
        &[
            a("{vessel}: we'd like to move her to berth {berth}, {time} instead of {time2}. Does that hurt you?"),
            b("We have {few} reefers on her. As long as there are plugs, no."),
            a("Plugs are reserved."),
            b("{Then go ahead.|Fine with us, thanks for asking first.}"),
        ],
    )
    .with(&["owen", "sanne"]),
    often(
        Team("shared"),
        &[
            a("Gate statistics of week {week}: {qty} minutes on average, longest on {day}.")
                .file("gate week {week}.xlsx", 54_000),
            b("That's better than last month. What did you change?"),
            a("Two more lanes after four o'clock, and a sign that people can read."),
            c("The sign alone was worth it."),
        ],
    )
    .with(&["fatima", "youssef", "bram"]),
    often(
        Team("shared"),
        &[
            a("Customer asks about {ctr}: your portal says 'available', the gate says 'hold'."),
            b("Fees are unpaid: {gbp} storage."),
            a("We paid on {today}, {inv}."),
            b("Found it, it was booked on the wrong account. Hold is off."),
            a("{Thank you, Meera!|That was quick. Thanks.}"),
        ],
    )
    .with(&["jonas", "meera"]),
    often(
        Team("shared"),
        &[
            a("Planned maintenance: quay 2 closed on {date}, {time} to 22:00.").event(
                "Quay 2 closed",
                8,
                14,
                480,
                "Brightwater, quay 2",
            ),
            b("Noted, we'll divert to quay 3."),
        ],
    )
    .with(&["owen", "jonas"]),
    often(
        Team("berths"),
        &[
            a("Berth windows for week {week}, draft. Shout if something's wrong.")
                .file("berth windows week {week}.pdf", 75_000),
            b("{vessel} clashes with our feeder on {day}."),
            a("Swapped with {vessel2}. Better?"),
            b("{Much.|Yes, thank you.}"),
        ],
    )
    .with(&["owen", "sanne"]),
    often(
        Team("berths"),
        &[
            a("Tidal restriction on {date}: nothing deeper than 13 m between {night} and {night2}."),
            b("{vessel} draws 13.4. We'll tell the line."),
        ],
    )
    .with(&["fatima", "daan"]),
    often(
        People(&["owen", "sanne", "daan"]),
        &[
            a("{Anyone|Any of you} up for a call about {vessel} at {time}?"),
            b("{Yes|Sure}. Send the link?"),
            c("I'm on nights, count me out."),
            a("Fine, the two of us then."),
        ],
    ),
    once(
        41,
        People(&["callum", "fatima", "priya"]),
        &[
            a("Starting this group for the storage fees that nobody can explain."),
            b("I can explain half of them."),
            c("And I've paid the other half. Let's compare."),
            a("List attached, 23 lines.").file("storage fees.xlsx", 28_000),
        ],
    ),
    often(
        AnyPartnerDirect,
        &[
            a("Hi {B}, quick one: {ctr}, is it yours or ours?"),
            b("Ours until the gate, yours after. It left at {time}."),
            a("{Then it's on our side. Thanks!|Perfect, thank you.}"),
        ],
    ),
    often(
        AnyPartnerDirect,
        &[
            a("{inv} over {gbp}: second copy, please? The first one came without page 2."),
            b("Of course.").file("{inv}.pdf", 98_000),
            a("{Got it.|Thanks, complete now.} Payment on {day}."),
        ],
    ),
    often(
        AnyPartnerDirect,
        &[
            a("Are you at the quay on {day}? We'd like to look at the plugs in {dock}."),
            b("Yes, until {time}. Bring boots, it's a lake."),
            a("Boots it is."),
            a("Thanks for the tour. Photos for your file.").next_day().file("plugs.zip", 6_300_000),
        ],
    ),
    often(
        AnyPartnerDirect,
        &[
            a("Free time on {vessel}: five days or seven?"),
            b("Seven for reefers, five for dry.")
                .edited(18, "Five for reefers, seven for dry. The other way round, sorry!"),
            a("Good that I waited before I wrote that to the customer 😅"),
        ],
    ),
    once(
        82,
        People(&["sanne", "owen"]),
        &[
            a("Off topic: was that you in the local paper with the giant leek?"),
            b("Second prize! 8.1 kilos."),
            a("Brightwater Ports: moving heavy vegetables since 1887."),
            b("My grandmother will want that on a mug."),
        ],
    ),
    once(
        69,
        People(&["daan", "owen"]),
        &[
            a("The driver of the blue truck left his phone here. Plate ends in 47."),
            b("That's Piet. His number is 0491 570 006.").deleted(20),
            b("Told him, he's turning round. Removed the number above, he wouldn't like it here."),
            a("Understood. Phone is at the gate."),
        ],
    ),
    once(
        27,
        People(&["ruth", "grace"]),
        &[
            a(
                "Dear Grace, do you keep communications as well, on your side? Our supervisor asked how shared conversations are handled.",
            ),
            b(
                "We do, since spring. Each of us exports what our own people started, and the direct ones twice, once on each side.",
            ),
            a("That's how we read it, too. I'll put it in our answer. Thank you!"),
            b("Any time. How is the new office?"),
            a("Bright, windy, full of boxes. Come and see."),
        ],
    ),
];
