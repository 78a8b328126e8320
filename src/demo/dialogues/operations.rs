//! Shipments: bookings, delays, releases, trucks.

use crate::demo::script::Venue::Team;
use crate::demo::script::{Script, a, b, c, often, once};

pub(super) const SCRIPTS: &[Script] = &[
    often(Team("ops"), &[
        a("{Morning|Good morning|Hi all}, {ctr} for {client} is still showing as on board. Has anyone heard when {vessel} berths?"),
        b("Pilot is booked for {time}. Berth {berth}, if the crane there is back.").reply(),
        a("{Thanks|Perfect|Good}, I'll tell {client} {day} for delivery then.").reply(),
        b("{Make it {day} after lunch to be safe.|I would not promise the morning.|Should be fine.}").reply(),
    ]),
    often(Team("ops"), &[
        a("{vessel} has cut {port} from the rotation. We have {qty} boxes on her."),
        b("Where are they going to discharge?"),
        a("{port2}, and then a feeder. Carrier says four days, so count on six."),
        c("Two of those are reefers. I'll ask for plugs at {port2} before anyone else does."),
        b("{Please do|Yes please}. {A}, can you send me the list so that I can warn the customers?"),
        a("Here you go.").file("{vessel} omitted boxes.xlsx", 18_200),
    ]),
    often(Team("ops"), &[
        a("Release for {ctr}: does anybody have the PIN? {haulier} is at the gate and the driver is not amused"),
        b("{pin}").deleted(6),
        b("Sorry, I shouldn't post those here. Sent it to you directly."),
        a("Got it, he is through. {Thanks|You saved my afternoon} 🙏"),
    ]),
    often(Team("ops"), &[
        a("Booking {job}, {client}, 2 x 40' HC to {port}. Carrier wants the VGM by {time} today."),
        b("Weighbridge ticket says {kg} kg for the first one.").edited(4, "Weighbridge ticket says {kg2} kg for the first one. (Read the wrong line, sorry.)"),
        a("And the second?"),
        b("{kg3} kg. Both tickets attached.").file("weighbridge {job}.pdf", 212_400),
        a("{Submitted|Both are in}, acknowledgement received."),
    ]),
    often(Team("ops"), &[
        a("{haulier} cancelled on us for {day}. Engine trouble, they say."),
        b("That's the third time this month that their engine has trouble on a {day}."),
        c("Zuid has one chassis free from {time}, but only for a 20'."),
        a("It's a 20'. Book it, I'll do the paperwork."),
        c("{Booked.|Done, reference {job}.}"),
    ]),
    often(Team("ops"), &[
        a("Please check the delivery address on {job} before it goes out").done_task("Check delivery address on {job}", &[1], 1),
        b("Checked. Number 114, not 141. Their own order form has it wrong."),
        a("{Good catch|Glad I asked}, that would have been a long drive."),
    ]),
    often(Team("ops"), &[
        a("Demurrage on {ctr} starts on {day}. Who is talking to {client}?"),
        b("I am. Their warehouse is full until the {date}."),
        a("Can we take it into {dock} for a few days? It's cheaper than {eur} a day."),
        b("{They say yes.|They like that. I'm sending them the storage rate.} I'll arrange the move."),
    ]),
    often(Team("ops"), &[
        a("Has anyone seen the bill of lading for {job}? {client} can't collect without it."),
        b("It came by courier yesterday, it should be in the blue tray."),
        a("The blue tray has two sandwiches and a parking ticket."),
        b("Look under the sandwiches."),
        a("Found it. I'm not asking. Scanned it, too.").file("B-L {job}.pdf", 640_000),
    ]),
    often(Team("ops"), &[
        a("Temperature alarm on {ctr}: set {temp} °C, reads −9"),
        b("Was it unplugged for the move?"),
        a("Forty minutes, says the terminal. It's coming down again."),
        c("Keep the log please. {client} will ask, and so will claims."),
        a("Attached.").file("reefer log {ctr}.csv", 9_800),
        c("{Thanks|Good}. Down to {temp} again at {time}. Closing this one."),
    ]),
    often(Team("ops"), &[
        a("Planning for {day}").note("Truck plan, {day}").edited(95, "{time} {haulier}: {ctr} to {client}\n{time2} {haulier2}: {ctr2} to {client2}\n{time3} own truck: empties back to {port}"),
        b("{Can we swap the first two? {client2} opens late.|Looks fine to me.|The second one needs a tail lift.}"),
        a("{Noted, plan is updated.|Will do.}"),
    ]),
    often(Team("ops"), &[
        a("{client} asks whether {goods} can go by rail from {port} instead of by road."),
        b("In principle, yes: terminal to terminal every Tuesday and Friday. It's two days slower and about a third cheaper."),
        c("And it doesn't get stuck at the tunnel."),
        a("I'll offer both. {eur} against {eur2}, right?"),
        b("Right. Valid until the end of the month."),
    ]),
    often(Team("ops"), &[
        a("{ctr}: seal number on the papers is not the one on the box 😬"),
        b("Was it opened by customs?"),
        a("Yes, scan on {today}. New seal, nobody told us."),
        b("Get the inspection report and put it in the file, then amend the bill."),
        a("{Done.|Asked for it.} Report attached.").file("inspection {ctr}.pdf", 380_000),
    ]),
    often(Team("ops"), &[
        a("Who covers {client} while {B} is on leave?"),
        b("I made a handover, it's all in there.").file("handover {client}.docx", 48_000),
        c("I have it. Any traps?"),
        b("They write 'urgent' in every subject line. When they phone, it is."),
    ]),
    often(Team("ops"), &[
        a("Weekly operations meeting, agenda below").event("Operations meeting", 2, 10, 45, "Room Maas and video"),
        b("Can we take the {port} congestion first? I have to leave at half past.").reply(),
        a("{Sure.|Moved it up.}").reply(),
    ]),
    often(Team("ops"), &[
        a("Fog at {port}. Pilots suspended since {night}."),
        b("{vessel} is at anchor with eleven others."),
        c("I'll move tomorrow's collections to the afternoon and let the hauliers know."),
        b("Forecast says clear by noon."),
        c("The forecast also said no fog."),
    ]),
    once(88, Team("ops"), &[
        a("Crane 3 at Brightwater will be out for two weeks from Monday. Everything for the northern berths gets slower by half a day."),
        b("Do the cut-off times change?"),
        a("Yes: 24 hours earlier for exports. Please tell your customers today, not tomorrow."),
        c("Template for the mail is here, in English and German.").file("cut-off notice.docx", 31_000),
        b("Sent to all of mine."),
        c("Mine too."),
    ])
    .with(&["bram", "sanne", "jonas"]),
    once(29, Team("ops"), &[
        a("Strike notice for the lock keepers: Thursday 06:00 to Friday 06:00. Inland barges will not move."),
        b("We have nine barge moves in that window."),
        a("Which of them can't wait?"),
        b("Two. Medicine for Kessler and the flowers, obviously."),
        c("I can truck both. It will cost about €1,900 more."),
        a("Do it. I'd rather explain a bill than a funeral without flowers."),
        c("Booked, Wednesday night.").edited(25, "Booked, Wednesday night. Confirmed at €1,840 for both."),
    ])
    .with(&["bram", "sanne", "youssef"]),
];
