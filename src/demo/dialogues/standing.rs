//! The sentences of what comes back every day or week.

/// A team's morning round.
pub(in crate::demo) struct StandUp {
    pub(in crate::demo) team: &'static str,
    /// Who opens it.
    pub(in crate::demo) lead: &'static str,
    /// Minutes after local midnight.
    pub(in crate::demo) minute: u32,
    pub(in crate::demo) openings: &'static [&'static str],
    pub(in crate::demo) lines: &'static [&'static str],
}

pub(in crate::demo) const STAND_UPS: &[StandUp] = &[
    StandUp {
        team: "ops",
        lead: "bram",
        minute: 8 * 60 + 55,
        openings: &[
            "Most important today: {vessel} at {port}. Then the usual.",
            "Short round please, {client} visits at {time}.",
            "Good morning. Anything that could become late goes first.",
            "{qty} boxes in, {qty2} out. Who needs help?",
            "Morning all. Reefers first, then dry, then coffee.",
            "Please name blockers, not only work.",
            "Watch the wind: cranes may stop after {time}.",
        ],
        lines: &[
            "Chasing the release of {ctr}, then the bookings to {port}.",
            "{client}: {qty} boxes this week, all have slots but {few}.",
            "Waiting for {haulier} to confirm {day}. If they don't, I'll take our own truck.",
            "Yesterday {port} omissions, today telling everyone about them.",
            "Nothing blocked. Helping with {job} after lunch.",
            "Rolled {few} boxes to next week's vessel, customers know.",
            "New booking for {client}, {goods}, first pick-up on {day}.",
            "Demurrage list for {port}: {few} to solve today.",
            "VGMs for {vessel}, cut-off {time}.",
            "At the terminal until noon, reachable by phone.",
            "Papers for {job} still with the courier. Blocked until {time}.",
            "Training the new booking tool, one hour. Otherwise at my desk.",
            "Empties: {qty} to return to {port}, depot is full again.",
            "{ctr} is found! It was in {dock} under another number.",
            "Finishing the weekly numbers for {client}.",
            "Half day, dentist. {vessel} is handed over.",
            "Two no-shows yesterday, both {haulier}. Writing to them.",
            "Reefer checks in the morning, rates in the afternoon.",
            "Transhipment in {port2} works again, I'm rebooking the {few} that were stuck.",
            "Quiet day, I hope. I said that on Monday as well.",
        ],
    },
    StandUp {
        team: "customs",
        lead: "mateusz",
        minute: 9 * 60 + 10,
        openings: &[
            "{qty} declarations in the queue, {few} of them urgent.",
            "Inspection at {port} today, {time}.",
            "Good morning. The portal is slow, please save often.",
            "Open T1s first. We're at {few}.",
            "Today: origin papers for {client}, then the rest by date.",
        ],
        lines: &[
            "Lodging for {vessel}, {qty} lines.",
            "Query from the office on {mrn}, answering this morning.",
            "Codes for {client}: {hs} is settled, two more to go.",
            "Certificates for {goods}: original arrives at {time}.",
            "{ctr} in the scanner at {time}, I'm on the phone for it.",
            "Closing old transits, {few} left.",
            "Yesterday's rejects are through. All were weights.",
            "Duty calculation for {client}, they want it before they order.",
            "Archive: scanning week {week}.",
            "Nothing special, taking the urgent ones as they come.",
            "Deferment statement checked, {eur} difference found and explained.",
            "Asking {client} for a data sheet, third time.",
        ],
    },
    StandUp {
        team: "con",
        lead: "kwame",
        minute: 7 * 60 + 40,
        openings: &[
            "Floor is clear, {dock} has priority today.",
            "{few} consolidations close today. First one at {time}.",
            "Two people short. Let's do {port} first and the rest calmly.",
            "Safety word of the day: straps.",
            "Morning! {qty} pallets came in overnight.",
        ],
        lines: &[
            "Loading {ctr}, done by {time}.",
            "Unloading {goods} at {dock}, counting as we go.",
            "Waiting for {haulier}, meanwhile tidying {dock}.",
            "Relabelling {qty} pallets for {client}.",
            "Forklift check, then {port}.",
            "Shrink wrap runs out on {day}. Ordered.",
            "Night shift left {few} pallets in the aisle. Moving them.",
            "Samples for customs from {ctr}, at {time}.",
            "Stock count in {dock2}.",
            "Helping at the gate until {time}.",
        ],
    },
];

/// What the program posts.
pub(in crate::demo) const ARRIVALS: &[&str] = &[
    "🚢 {vessel} has arrived at {port}, berth {berth}. {qty} boxes for Halden.",
    "🚢 {vessel} is expected at {port} on {date}, {time} (was {time2}).",
    "⚓️ {vessel} is at anchor off {port}, waiting for a pilot.",
    "📦 {ctr} was discharged from {vessel} at {time}.",
    "📦 {ctr} is available for collection. Free time ends on {date}.",
    "🚛 {ctr} left the gate with {haulier} at {time}, seal intact.",
    "🚛 Slot {pin} for {ctr} is confirmed: {day}, {time}.",
    "↩️ Empty {ctr} was returned to the depot at {port}.",
    "🛃 {ctr}: customs hold set. Reason: document check.",
    "✅ {ctr}: customs hold lifted. MRN {mrn}.",
    "❄️ {ctr}: set point {temp} °C, reading {temp} °C, all well.",
    "⚠️ {ctr}: last free day is tomorrow.",
    "🚢 {vessel} has left {port}. {qty} boxes on board for Halden.",
];

/// What people answer to the program.
pub(in crate::demo) const ARRIVAL_REPLIES: &[&str] = &[
    "{Thanks|Seen}, {client} knows.",
    "Truck is booked for {day}, {time}.",
    "That's {job}. I'll take it.",
    "{At last.|Finally!} Who tells {client}?",
    "On it.",
    "I've asked for one more free day.",
    "{haulier} collects it on {day}.",
    "Can this one wait until {day}? The dock is full.",
    "Papers are complete, it can go.",
    "Noted in the file.",
    "👍",
    "Is that the one with the {goods}?",
];

/// Lines of the weekly report.
pub(in crate::demo) const REPORT_LINES: &[&str] = &[
    "Boxes handled: {qty} imports, {qty2} exports a day on average.",
    "On time: 9{few} of 100.",
    "Late because of {port}: {few}.",
    "Claims opened: {few}. None of them large.",
    "Best customer mail: {client}, 'you are the only ones who call back'.",
    "Worst moment: {vessel} left without two of ours.",
    "Next week: {vessel2} brings {qty3} boxes, please keep {dock} free.",
    "Overtime: down again. Thank you.",
    "New customer: {client2}.",
    "Storage is {qty}% fuller than a month ago.",
];
