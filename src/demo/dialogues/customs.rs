//! Declarations, inspections, codes and certificates.

use crate::demo::script::Venue::Team;
use crate::demo::script::{Script, a, b, c, often, once};

pub(super) const SCRIPTS: &[Script] = &[
    often(Team("customs"), &[
        a("{job}: the invoice says {goods}, the packing list says 'various'. I can't declare 'various'."),
        b("I'll ask {client} for a proper list. When do you need it?"),
        a("By {time}, or it slips to {day}."),
        b("{Got it.|They were quick.} Here it is.").file("packing list {job}.pdf", 88_000),
        a("{Lodged|Declared}, MRN {mrn}."),
    ]),
    often(Team("customs"), &[
        a("Which code do we use for {goods}? {client} put {hs} and I don't believe it."),
        b("What is it made of?"),
        a("Says 'metal and other materials'. Helpful."),
        b("Ask for the data sheet. If we guess and it's wrong, they pay the difference and we get the letter."),
        a("Asked. Parking it until {day}.").task("Classify {goods} for {client}", &[0], 3),
    ]),
    often(Team("customs"), &[
        a("{ctr} was selected for a physical check. Scan first, then they decide."),
        b("When?"),
        a("{day}, {time}. Earliest slot they have."),
        b("I'll tell the customer. They'll ask what it costs."),
        a("{eur} for the move and the scan. More if they unload it."),
        a("Released after the scan, nothing found 🎉").next_day(),
    ]),
    often(Team("customs"), &[
        a("T1 for {ctr} is still open. It should have been discharged at {port} on {today}."),
        b("Driver says that he handed over the papers."),
        a("He handed them to someone. The system doesn't know whom."),
        b("Sending the proof of delivery.").file("POD {ctr}.jpg", 1_240_000),
        a("{Closed now.|That did it. MRN {mrn} is discharged.} Thank you!"),
    ]),
    often(Team("customs"), &[
        a("Phytosanitary certificate for {client}: original or is a copy enough for pre-notification?"),
        b("Copy is enough to pre-notify, original before release."),
        a("Courier has it for {day}."),
        b("{Then we can book the inspection for that afternoon.|Good. I'll book the vet.}"),
    ]),
    often(Team("customs"), &[
        a("Import VAT for {client} jumped to {eurbig}. Is that right?"),
        b("They shipped two containers' worth in one invoice. So, yes."),
        a("They'll phone."),
        b("They have phoned. I explained deferment, again."),
    ]),
    often(Team("customs"), &[
        a("New preferential origin statement needed for {client}, the old one expired."),
        b("Template attached, they must sign it themselves.").file("statement on origin.docx", 22_000),
        a("{Thank you|Brilliant}. Sent."),
        a("Signed and back. {hs} at zero duty again.").next_day(),
    ]),
    often(Team("customs"), &[
        a("Declaration {mrn} was rejected: gross weight differs from the manifest."),
        b("Manifest has {kg} kg."),
        a("And the packing list {kg2} kg. Who weighed what?"),
        b("Pallets. It's always the pallets."),
        a("Corrected and lodged again, {accepted|went through at once}."),
    ]),
    often(Team("customs"), &[
        a("Reminder: {qty} declarations of last week have no scanned invoice in the file.").done_task("Add missing invoices, week {week}", &[1, 2], 2),
        b("Half of those are mine. On it."),
        c("The other half are mine. Also on it."),
    ]),
    often(Team("customs"), &[
        a("{client} wants to know whether samples of {goods} under €150 are free of duty."),
        b("Duty yes, VAT no."),
        a("As in: duty is not due but VAT is?"),
        b("Sorry, yes. No duty, but VAT is due."),
        a("I knew that sentence could be read both ways 😄"),
    ]),
    once(100, Team("customs"), &[
        a("The customs portal will be down on Saturday from 20:00 to Sunday 08:00. Fallback procedure only."),
        b("Who is on call?"),
        a("Me until midnight, Agnieszka after that."),
        c("Fine. I have the stamps and the paper forms, and a thermos."),
    ])
    .with(&["mateusz", "jonas", "agnieszka"]),
    once(73, Team("customs"), &[
        a("Draft answer to the customs office about the January audit").note("Answer to audit letter 2, draft"),
        b("Second paragraph says that we check every certificate by hand. Do we?").reply(),
        a("We check all above €5,000 by hand, the rest by sample.").reply(),
        b("Then we should write that.").reply(),
        a("Changed it. Thanks, Ruth.").reply(),
    ])
    .with(&["mateusz", "ruth"]),
    once(45, Team("customs"), &[
        a("Everyone, this is Zofia, who has joined us in Gdynia. She knows more about transit guarantees than the three of us together."),
        b("Hello! That is a low bar or a great honour. I'll find out 😊"),
        c("Both. Welcome, Zofia!"),
        b("First question: is the guarantee list in the shared folder the current one?"),
        a("It's the current one of last March. I'll send you the real one.").file("guarantees.xlsx", 41_000),
    ])
    .with(&["mateusz", "zofia", "sanne"]),
    once(20, Team("customs"), &[
        a("Carbon border reports: we need the embedded emissions for every steel shipment of the quarter, per supplier."),
        b("Most suppliers haven't answered."),
        a("Then we use the default values and say so. Deadline is the end of the month.").task("Quarterly carbon report", &[0, 1], 14),
        c("Please keep the suppliers' answers with the declaration and not in your mailbox. It's the first thing they ask for."),
        a("Understood, I made a folder."),
    ])
    .with(&["mateusz", "agnieszka", "ruth"]),
];
