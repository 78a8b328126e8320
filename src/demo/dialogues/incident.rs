//! The affair of the re-dated invoice: what a compliance officer would look for, in the order in which it happened.

use crate::demo::script::Venue::{People, Team};
use crate::demo::script::{Script, a, b, c, once};

pub(super) const SCRIPTS: &[Script] = &[
    once(72, People(&["victor", "nils"]), &[
        a("Gulf Dates want the September invoice dated August, for their books."),
        b("Can't we just do it? It's the same money."),
        a("I'd rather not put that in writing.").deleted(9),
        b("OK, call me."),
    ]),
    once(50, People(&["victor", "nils"]), &[
        a("Gulf Dates again. They'll sign the whole season if the rate on paper stays at 2,450 and we settle the difference later."),
        b("Settle it how?"),
        a("A 'marketing contribution'. €18,000 to their trading house in a free zone.").deleted(14),
        a("Let's take this off the record. Use your private phone.").after(2).deleted(11),
        b("I'm not comfortable with that, Victor."),
        b("Ruth should know about this before we sign anything.").after(6),
    ])
    .around(15),
    once(49, Team("sales"), &[
        a("Gulf Dates, season contract: 2,450 a box, 180 boxes, fuel fixed.").edited(135, "Gulf Dates, season contract: 2,390 a box, 180 boxes, fuel fixed."),
        b("Why did the price change after I approved it?").after(150),
        a("Typo."),
        b("Sixty euros a box is €10,800. That isn't a typo, that's a car."),
        c("Please leave everything as it is and don't send the contract. I'm taking this to Ruth."),
    ])
    .with(&["victor", "priya", "tom"])
    .around(10),
    once(49, People(&["tom", "ruth"]), &[
        a("Ruth, do you have a moment? Something about the Gulf Dates contract that I don't want to judge alone."),
        b("Of course. Come by at four. And please don't delete or forward anything until then."),
        a("I won't. Somebody else may, though."),
        b("That has been taken care of: deleted messages are kept since we turned on the records."),
    ])
    .around(14),
    once(48, People(&["nils", "ruth"]), &[
        a("I should have come to you two weeks ago. Victor asked me for a side payment to a trading house. I said no, but I didn't report it."),
        b("Thank you for telling me now. Please write down what you remember, with dates. Nothing more, nothing less."),
        a("Here it is. I leave on Friday as planned; you have my private number.").next_day().file("statement N. Lindqvist.pdf", 92_000),
        b("Received. It goes into the case file and stays there."),
    ])
    .around(9),
    once(47, People(&["ruth", "bram", "priya"]), &[
        a("Case 7, confidential. Please don't discuss it outside this group."),
        a("Timeline so far").note("Case 7: timeline").edited(
            410,
            "1. Request to re-date an invoice (refused by finance)\n2. Offer of a side payment, message deleted by its writer, kept in the record\n3. Price in the offer changed after approval, both texts in the edit log\n4. Report by two colleagues",
        ),
        b("Has any money gone out?"),
        c("No. I checked every payment of the last ninety days."),
        a("Good. Victor has no access to payments from today on. Bram talks to him tomorrow, with me."),
        b("I'd rather be at the dentist."),
        c("I can offer you the tax office."),
    ])
    .around(13),
    once(46, People(&["ruth", "siobhan"]), &[
        a("Could you be the second pair of eyes on Case 7? You know nobody in the Gulf trade."),
        b("Happy to. What do you need?"),
        a("Read the export of those two weeks without my notes, and tell me what you see.").task("Case 7: independent reading", &[1], 5),
        b("Same picture as yours, down to the minute. One difference: he edited the price twice, not once. Look at the sales team on the same afternoon.").next_day(),
        a("You're right, there was another in the direct offer. Thank you."),
    ]),
    once(46, People(&["victor", "camille"]), &[
        a("Price for Gulf Dates in your copy is 2,450, yes?"),
        b("2,390 in the last one that you sent me."),
        a("Please delete that mail.").deleted(3),
        b("No. And I'd like you to stop asking me this."),
    ])
    .around(16),
    once(44, People(&["bram", "victor"]), &[
        a("After our talk this morning: you're relieved of the Gulf trade until the review is finished. Please hand over to Layla today."),
        b("Understood. I'll prepare the handover."),
        b("Handover attached.").after(190).file("handover gulf trade.docx", 58_000),
        a("Received."),
    ])
    .around(11),
    once(38, Team("finance"), &[
        a("New rule from today: a price that changes after approval needs a second approval. No exceptions, also not for typos."),
        b("Built into the order form as well. It won't print without both names."),
        a("Thank you, Friederike."),
    ])
    .with(&["priya", "friederike"]),
    once(33, People(&["ruth", "bram", "priya"]), &[
        a("Case 7 is ready for the board. Outside counsel agrees with the findings. No loss, no payment, one warning, one changed procedure.").file("case 7 report.pdf", 410_000),
        b("And the customer?"),
        a("Gulf Dates dismissed the person who had asked for it. They stay with us, at 2,450."),
        c("So the system worked."),
        a("Two people spoke up. The system only made sure that nobody could say they hadn't."),
    ]),
    once(32, Team("claims"), &[
        a("For the file: Case 7 closed. Records are kept under legal hold until further notice."),
        b("Noted."),
    ])
    .with(&["ruth", "siobhan"]),
];
