//! Invoices, credit notes, payments and month ends.

use crate::demo::script::Venue::{People, Team};
use crate::demo::script::{Script, a, b, c, often, once};

pub(super) const SCRIPTS: &[Script] = &[
    often(Team("finance"), &[
        a("{inv} of {haulier}: they charged waiting time of {few} hours. Did anyone agree to that?"),
        b("Operations says one hour."),
        a("Then I'll pay the one hour and dispute the rest."),
        b("Copy of the driver's sheet attached.").file("driver sheet {inv}.pdf", 140_000),
        a("{Thanks|Exactly what I needed}. Dispute sent."),
    ]),
    often(Team("finance"), &[
        a("{client} is {qty} days late with {eurbig}. Second reminder?"),
        b("Phone first. Their bookkeeper is new."),
        a("Phoned. She found the invoice under 'Holden'. Payment run is on {day}."),
        b("{Good. No reminder then.|Lovely. I'll take them off the list.}"),
    ]),
    often(Team("finance"), &[
        a("Credit note for {job}, please: we billed {eur} for storage and agreed on {eur2}."),
        b("Who agreed?"),
        a("Operations, mail attached.").file("storage {client}.eml", 26_000),
        b("OK. {inv} is credited, new invoice goes out today."),
    ]),
    often(Team("finance"), &[
        a("Exchange rate for the sterling invoices this week?"),
        b("0.8{few}1, from Monday's fixing.").edited(12, "0.8{few}7, from Monday's fixing. I had typed last week's."),
        a("Thanks. Booked all of them."),
    ]),
    often(Team("finance"), &[
        a("Two payments of {eur} from {client} with the same reference. One is a duplicate, I think."),
        b("Ask them before sending anything back. To the known contact, not by replying to a mail."),
        a("Done. It's a duplicate; they want it set against the next invoice."),
        b("{Even better.|Fine. Note it on the account.}"),
    ]),
    often(Team("finance"), &[
        a("Please approve the payment run of {today}: {qty} suppliers, {eurbig} altogether.").done_task("Approve payment run", &[1], 1),
        b("What is the {eur} to {haulier}?"),
        a("Night surcharges, two months in one."),
        b("Approved."),
    ]),
    often(Team("finance"), &[
        a("Accruals for week {week}").note("Accruals week {week}").edited(180, "Terminal handling {eurbig}\nTrucking {eurbig2}\nCustoms duties {eurbig3}\nStill open: storage of {client}"),
        b("Is the {port} terminal in there?").reply(),
        a("It is, under handling.").reply(),
    ]),
    often(Team("finance"), &[
        a("{haulier} changed their bank details by mail this morning."),
        b("Call them on the number that we have on file. Not the one in the mail!"),
        a("Called. {They really did change banks.|They know nothing about it. Reporting it as fraud.|It's true, they moved to another bank.}"),
        b("Please write down whom you spoke to and when."),
        a("In the supplier file, with the time."),
    ]),
    once(84, People(&["priya", "friederike"]), &[
        a("Do you have ten minutes for the quarter's numbers? Margin in the Gulf trade looks too good."),
        b("It is too good. The August handling isn't in yet."),
        a("How much?"),
        b("About €31,000.").edited(40, "About €38,400. I have the statement now."),
        a("That makes more sense. Then it is an ordinary quarter, and I can sleep."),
    ]),
    once(57, People(&["priya", "friederike"]), &[
        a("The auditors want all credit notes above €2,500 since January, with who approved each."),
        b("That's about ninety."),
        a("I know. And the mails that go with them."),
        b("Mails I can't promise. The chats we have, since Ruth turned on the exports."),
        a("That helps from this month on, at least."),
    ]),
    once(36, Team("finance"), &[
        a("Month end timetable").note("Month end").edited(
            300,
            "Day 1: cut-off of purchase invoices, noon\nDay 2: accruals\nDay 3: intercompany with London\nDay 4: report to Bram\nDay 5: cake",
        ),
        b("Day 5 is the part that works every time."),
        c("I read the report because of day 5."),
    ])
    .with(&["priya", "friederike", "bram"]),
    once(15, Team("finance"), &[
        a("Budget round: please send me your figures by Friday. One sheet per department, no colours.").event("Budget round", 6, 13, 120, "Room Schie"),
        b("No colours at all?"),
        a("Last year somebody coded losses in light yellow."),
        b("That was a design decision 🙂"),
        a("It was €12,000 in light yellow, Bram."),
    ])
    .with(&["priya", "bram"]),
];
