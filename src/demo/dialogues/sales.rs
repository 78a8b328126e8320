//! Rates, tenders, customers who ask for more and pay less.

use crate::demo::script::Venue::{People, Team};
use crate::demo::script::{Script, a, b, c, d, often, once};

pub(super) const SCRIPTS: &[Script] = &[
    often(
        Team("sales"),
        &[
            a("{client} asks for a rate {port} to {port2}, 40' HC, {goods}, {few} a week."),
            b("Contract or spot?"),
            a("Twelve months if we stay below {eurbig} a box."),
            b("We can do it, but only with the fuel clause. I wouldn't fix fuel for a year."),
            a("{OK, offer goes out today.|Agreed. Draft attached.}").file("offer {client}.docx", 67_000),
        ],
    ),
    often(
        Team("sales"),
        &[
            a("Rate for {client}: {eurbig} all in, valid to the {date}.")
                .edited(55, "Rate for {client}: {eurbig2} all in, valid to the {date}."),
            b("That was a different number when I read it on the tram."),
            a("Carrier came back with a new base rate. The second one is right."),
            b("Has the customer seen the first?"),
            a("No, it only stood here."),
        ],
    ),
    often(
        Team("sales"),
        &[
            a("Lost the {client} tender. {eur} a box too high, they say."),
            b("Who got it?"),
            a("They won't tell, but they smiled."),
            c("Ask again in spring. Last time they came back after the first lost container."),
        ],
    ),
    often(
        Team("sales"),
        &[
            a("Won {client}! {qty} boxes a month from {port} 🥳"),
            b("{Fantastic!|Well done!|Bravo !} Who does the onboarding?"),
            a("Me for the first month, then the import desk.").done_task("Onboarding {client}", &[0], 8),
            c("Credit check first, please. Then the champagne."),
        ],
    ),
    often(
        Team("sales"),
        &[
            a("{client} wants 60 days instead of 30."),
            b("What's their history?"),
            a("Pays on day 41, whatever the contract says."),
            b("Then give them 45 and a discount for paying in 20. They'll feel clever and so shall we."),
        ],
    ),
    often(
        Team("sales"),
        &[
            a("Visit to {client} on {day}, anything I should know?"),
            b("They had the mix-up with the seals. It's settled, but say sorry anyway."),
            c("And don't park in the space marked 'Directie'."),
            a("{Noted|Understood}, both."),
            a("Back from the visit, minutes attached. They want to talk about rail.")
                .next_day()
                .file("minutes {client}.docx", 39_000),
        ],
    ),
    often(
        Team("sales"),
        &[
            a("Can somebody check my English in this? 'We regret the inconvenience caused by the circumstances.'"),
            b("Whose circumstances?"),
            a("Ours. We forgot the box in {port}."),
            b("Then: 'We left your container in {port}. It arrives on {day}. We are sorry, and the storage is on us.'"),
            a("That's so direct. I like it."),
        ],
    ),
    often(
        People(&["tom", "camille", "victor"]),
        &[
            a("Spot rates {port} are {up|down} again, {eur} since Monday."),
            b("Carriers or fuel?"),
            c("Carriers. They took two sailings out."),
            a("I'll hold my offers until {day} then."),
        ],
    ),
    often(
        People(&["tom", "camille", "victor"]),
        &[
            a("Who has the contact at {client}? The old one left."),
            b("There's a new logistics manager, she started this month. I met her in {port}."),
            c("Is she nice?"),
            b("She is well prepared. That's better."),
        ],
    ),
    once(
        94,
        Team("sales"),
        &[
            a("About the name of this team: it was meant as a draft, back in the summer. Shall we rename it?"),
            b("Never. The auditors love the question marks."),
            c("I vote for keeping it. It's the only honest team name in the company."),
            d("Then it stays: Q3, rates, credits, draft."),
        ],
    )
    .with(&["tom", "priya", "camille", "nils"]),
    once(
        68,
        Team("sales"),
        &[
            a("Discount for Tulip & Thorne: 12% on all lanes from next month."),
            b("Twelve? We said eight.").reply(),
            a("You're right, eight. Deleting that one so nobody quotes it.").reply(),
            a("For the record: 8% on all lanes for Tulip & Thorne, agreed between Tom and Priya today."),
        ],
    )
    .with(&["tom", "priya"]),
    once(
        66,
        Team("sales"),
        &[
            a("Old price list, please ignore").file("rates old.xlsx", 120_000).deleted(30),
            a("Correct price list for the next quarter.").file("rates.xlsx", 131_000),
            b("Thanks, I had already printed the old one 🙈"),
        ],
    )
    .with(&["victor", "camille"]),
    once(
        24,
        Team("sales"),
        &[
            a("Trade fair in three weeks: who stands at the booth on which day?").event(
                "Intermodal trade fair",
                21,
                9,
                480,
                "Hall 3, stand B14",
            ),
            b("Tuesday, with the French customers."),
            c("Wednesday."),
            a("Thursday is mine then. Please bring shoes in which you can stand."),
        ],
    )
    .with(&["tom", "camille", "layla"]),
];
