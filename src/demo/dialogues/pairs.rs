//! What two or three colleagues say to one another.

use crate::demo::script::Venue::{AnyDirect, AnyGroup, People};
use crate::demo::script::{Script, a, b, c, often, once};

pub(super) const SCRIPTS: &[Script] = &[
    often(
        AnyDirect,
        &[
            a("{Hi|Hello|Morning} {B}, do you have five minutes for {job}?"),
            b("In a call until {time}. After that?"),
            a("{Perfect.|Fine, I'll come over.|Works for me.}"),
        ],
    ),
    often(
        AnyDirect,
        &[
            a("Can you take my shift on {day}? {The plumber is coming.|School play.|Dentist.}"),
            b("{Sure.|Yes, if you take mine on the {date}.}"),
            a("Deal. I owe you {a coffee|one|a stroopwafel}."),
        ],
    ),
    often(
        AnyDirect,
        &[
            a("Did you see the mail from {client}?"),
            b("The long one or the angry one?"),
            a("The long one. The angry one was its summary."),
            b("I'll phone them at {time}."),
            b("Phoned. They're fine now, they only wanted to know where {ctr} is.").after(85),
        ],
    ),
    often(
        AnyDirect,
        &[
            a("Could you look over this before I send it?").file("mail to {client}.docx", 24_000),
            b("Two things: the date in line 3, and 'kindest regards' twice."),
            a("{Thanks, both fixed.|One can't be kind enough. Fixed.}"),
        ],
    ),
    often(
        AnyDirect,
        &[a("Lunch at {12:15|12:30|quarter past}?"), b("{Yes!|Can't, {vessel} is berthing.|Give me ten minutes.}")],
    )
    .around(11),
    often(
        AnyDirect,
        &[
            a("Where's the template for {the delay notice|a rate request|the damage report}?"),
            b("Shared folder › Templates › the newest that doesn't say 'final final'."),
            a("There are two that say 'final final'."),
            b("Then the one by Friederike. Hers are always right. It's the one of week {week}."),
        ],
    ),
    often(
        AnyDirect,
        &[
            a("I think I sent {client} the wrong invoice. {inv} instead of {inv2}."),
            b("Did they open it?"),
            a("No idea."),
            b("Write to them now and say so. And tell Ruth if there's another customer's data in it."),
            a("There isn't, it was their own old one. Written."),
        ],
    ),
    often(AnyDirect, &[a("{client} finally paid. {eurbig}."), b("All of it?"), a("All but 12 cents."), b("Frame it.")]),
    often(
        AnyDirect,
        &[
            a("Remind me to {call {client}|send the {job} papers|ask {haulier} about {day}} tomorrow, please.")
                .next_day(),
            b("Reminding you!").next_day(),
            a("{Doing it now 🙂|Ah. Yes. Thank you.}"),
        ],
    ),
    often(
        AnyDirect,
        &[
            a("Is {time} on {day} still good for you?").event("Catch-up", 3, 15, 30, "Canteen"),
            b("{Yes.|Half an hour later?|Yes, and bring the {client} file.}"),
        ],
    ),
    often(
        AnyGroup,
        &[
            a("{client} moved the delivery of {ctr} to {day}. Does that work for everyone?"),
            b("Works for me."),
            c("I need it before {time}, otherwise the dock is full."),
            a("I'll ask for {time2}."),
            a("Confirmed.").after(35),
        ],
    ),
    often(
        AnyGroup,
        &[
            a("Notes from the call with {client}").note("Call with {client}, {isoday}").edited(
                20,
                "They want weekly numbers, on Mondays.\nRates stay until the {date}.\nOpen: who pays for {ctr}?",
            ),
            b("Thanks. The last one is theirs, we have it in writing."),
            c("Where?"),
            b("Mail of last {day}, attached.").file("{client}.eml", 33_000),
        ],
    ),
    often(
        AnyGroup,
        &[a("Who's taking the minutes on {day}?"), b("Not me, I did the last {few}."), c("I'll do it."), a("Hero.")],
    ),
    once(
        98,
        People(&["sanne", "jonas"]),
        &[
            a("Your German for 'we have lost the container', please. Politely."),
            b("„Der Verbleib des Containers wird derzeit geklärt.“"),
            a("What does that say?"),
            b("'The whereabouts of the container are currently being clarified.'"),
            a("That is so much nicer than what happened 😂"),
        ],
    ),
    once(
        81,
        People(&["kwame", "daan"]),
        &[
            a("Bro, did you move my bike?"),
            b("It was in the fire exit."),
            a("It was *near* the fire exit.").edited(1, "It was in the fire exit."),
            b("Thank you for your honesty. Rack 3."),
        ],
    ),
    once(
        67,
        People(&["siobhan", "sanne"]),
        &[
            a("I wrote the whole report about the wrong container.").deleted(4),
            b("I saw that."),
            a("You saw nothing. Back in an hour with the right one."),
        ],
    ),
    once(
        42,
        People(&["marieke", "nils"]),
        &[
            a("Your last week! Exit talk on Thursday at three, and please bring the badge and the laptop."),
            b("Will do. Can I keep the plant?"),
            a("The plant was yours all along. Company property is the pot."),
            b("I'll bring back the pot."),
        ],
    ),
    once(
        22,
        People(&["ruth", "siobhan"]),
        &[
            a("Did you get home all right in that storm?"),
            b("Two hours on a tram with a brass band. I can now whistle all of Carmen."),
            a("I heard you. I thought that it was the radiator."),
        ],
    ),
    once(
        12,
        People(&["bram", "priya"]),
        &[
            a("Be honest: is the budget realistic?"),
            b("It's optimistic on page 2 and pessimistic on page 5. On average it's true."),
            a("I'll take the average to the board."),
        ],
    ),
    once(
        83,
        People(&["tom"]),
        &[
            a("Prospects for the fair: Penrose Ceramics, Delta Pumps, the cheese people (name?)"),
            a("The cheese people: Van Loon & Dochters. Ask for the younger Dochter."),
            a("Mum's birthday on the 14th. Do NOT forget.").deleted(8_000),
        ],
    ),
    once(
        35,
        People(&["tom"]),
        &[
            a("Numbers for the talk with Priya")
                .note("Margin per lane")
                .edited(700, "Yokohama 11%\nGdynia 8%\nJebel Ali 14% (before Case 7 I thought 16)\nSantos 6%"),
            a("Ask Camille for the slides of Lyon.").done_task("Slides of Lyon", &[0], 3),
        ],
    ),
    once(
        10,
        People(&["sanne"]),
        &[
            a("Leave: 12 days left. Spring or never."),
            a("List for the successor of the blue tray: 1. no sandwiches. 2. really.").note("The blue tray"),
        ],
    ),
];
