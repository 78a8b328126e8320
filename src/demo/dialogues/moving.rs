//! The office moves from the old quay to the Wilhelminakade.

use crate::demo::script::Venue::{People, Team};
use crate::demo::script::{Script, a, b, c, d, often, once};

pub(super) const SCRIPTS: &[Script] = &[
    once(95, Team("move"), &[
        a("It's official: we're moving to the Wilhelminakade, fourth floor. This team is for everything that has to do with it."),
        b("Do the windows open?"),
        a("They do. On both sides."),
        c("Then I'm in favour."),
        d("Is there a goods lift? Asking for a server rack."),
        a("There is, 1.2 tonnes.").reply(),
    ])
    .with(&["marieke", "priya", "tom", "ines"]),
    once(89, Team("move"), &[
        a("Floor plan, version 1").file("floor plan v1.pdf", 2_300_000),
        b("Operations sits beside the kitchen? You'll never see us work again."),
        c("Finance sits beside the printer. I want to move."),
        a("Version 2 tomorrow."),
        a("Version 2").next_day().file("floor plan v2.pdf", 2_320_000),
        c("Now the printer sits beside HR. How did you do that?"),
        a("I drew the plan."),
    ])
    .with(&["marieke", "bram", "priya"]),
    once(78, Team("move"), &[
        a("Movers: three quotes, €14,200, €15,900 and €11,000.").edited(33, "Movers: three quotes, €14,200, €15,900 and €11,800."),
        b("What's wrong with the cheapest?"),
        a("They'd like us to carry the boxes to the pavement."),
        b("The second cheapest, then."),
    ])
    .with(&["marieke", "priya"]),
    once(71, Team("move"), &[
        a("Network goes live in the new office on the 12th, they say. I don't believe a word.").edited(2, "Network goes live in the new office on the 12th, they say. I'd plan for the 19th."),
        b("What do you need from us?"),
        a("A list of everything that has a plug.").done_task("List everything that has a plug", &[1, 2], 6),
        c("Does the coffee machine count?"),
        a("The coffee machine is critical infrastructure."),
    ])
    .with(&["ines", "kwame", "tom"]),
    once(64, Team("move"), &[
        a("Door code for the new building is 4471.").deleted_by(1, 14_400),
        b("Marieke, is it wise to post that in here?").after(180),
        a("It isn't. New code by letter, old one is dead."),
    ])
    .with(&["marieke", "ines"]),
    once(56, Team("move"), &[
        a("What do we do with the ship model in the hall?"),
        b("The *Zeemeeuw*? She goes with us, or I don't go."),
        c("She's two metres long and doesn't fit through the door."),
        b("How did she get in?"),
        c("They built the hall around her, in 1961."),
        d("A freight forwarder who can't move a ship. I'd keep that out of the newsletter."),
    ])
    .with(&["marieke", "bram", "kwame", "tom"]),
    once(53, Team("move"), &[
        a("The *Zeemeeuw* is out! Kwame took off a window frame. She's on the truck with two blankets and Bram."),
        b("I'm holding her mast.").file("zeemeeuw on the truck.jpg", 3_400_000),
        c("Best picture of the year ⛵️"),
    ])
    .with(&["sanne", "bram", "priya"]),
    once(43, Team("move"), &[
        a("Moving day is in two weeks. Crates come on Monday, labels are on your desks: name, floor, room.").event("Moving day", 14, 8, 540, "Old quay, then Wilhelminakade, 4th floor"),
        b("How many crates each?"),
        a("Two. Three if you can name what is in the third."),
    ])
    .with(&["marieke", "tom"]),
    once(30, Team("move"), &[
        a("We're in! Wi-Fi works, the lift works, I found the light switches."),
        b("Where's the water tap?"),
        a("Behind the door that says 'no entry'."),
        c("There's a box labelled 'misc misc'. Whose?"),
        d("Mine. Don't open it, it's misc."),
    ])
    .with(&["marieke", "sanne", "ines", "tom"]),
    once(26, Team("move"), &[
        a("Keys of the old office: please hand in all of them by Friday. 3 of 41 are missing.").task("Hand in the old keys", &[1, 2], 4),
        b("Mine went with Nils's farewell box, I think. I'll ask him."),
        c("Here's mine. It also opens my bicycle, which worries me."),
        a("40 of 41. Close enough, the locks are being changed anyway.").next_day(),
    ])
    .with(&["marieke", "ines", "kwame"]),
    often(Team("move"), &[
        a("{The heating|The blind|The lamp} in room {Maas|Schie|Rotte} is broken{ again|}. Ticket {job}."),
        b("Caretaker comes {day} at {time}."),
        a("{Thanks!|Great, I'll bring a jumper until then.}"),
    ]),
    once(21, People(&["ines"]), &[
        a("Old firewall: wipe, then recycle. Serial number in the asset list."),
        a("Spare badge printer is in crate 17, not 71."),
        a("wifi guest password: change it every month!").note("Things I keep forgetting"),
    ]),
    once(87, People(&["ines"]), &[
        a("Ask facilities for a second power feed in the rack room."),
        a("Backup tapes: who has the key to the safe? (Friederike)").edited(1_500, "Backup tapes: who has the key to the safe? (Friederike, top drawer no longer, she moved it)"),
    ]),
];
