//! What people say between two pieces of work.

use crate::demo::script::Venue::{AnyTeam, Team};
use crate::demo::script::{Script, a, b, c, d, often, once};

pub(super) const SCRIPTS: &[Script] = &[
    often(AnyTeam, &[
        a("The coffee machine says 'Error {pin}'."),
        b("Turn it off and on again."),
        a("It now says 'Hello'. And gives no coffee."),
        c("At least it's polite."),
    ]),
    often(AnyTeam, &[
        a("{Stroopwafels|Croissants|Apple cake|Baklava} in the kitchen, {it's my birthday|I passed my exam|just because|job {job} is finally over}! 🎂"),
        b("{Congratulations!|On my way!|You're the best.}"),
        c("Is there any left at {time}? Asking from a customs inspection."),
        a("I'll hide one for you."),
    ]),
    often(AnyTeam, &[
        a("Whose is the {grey|red|white} car with the lights on? Space {qty}."),
        b("Mine, thank you!"),
    ]),
    often(AnyTeam, &[
        a("Fire drill on {day} at {time}. It's a drill. If there's a real fire at {time}, I'll say so twice.").event("Fire drill", 3, 11, 20, "Car park, meeting point B"),
        b("Is the meeting point still behind the flag?"),
        a("Still behind the flag."),
    ]),
    often(Team("all"), &[
        a("I'm on leave from the {date} for {few} weeks. {C} has my customers, {B} has my plants."),
        b("The plants are in good hands."),
        c("The customers as well. Enjoy it! {☀️|🏔|🌊}"),
    ]),
    often(Team("all"), &[
        a("Phones are out on the {second|third|fourth} floor. IT is on it, ticket {job}."),
        b("I wondered why it was so peaceful."),
        a("Working again.").after(75),
        b("Pity."),
    ]),
    often(Team("all"), &[
        a("Security reminder: a mail 'from Bram' about gift cards is going round again. Bram doesn't buy gift cards. Forward it to IT, then delete it. Seen so far: {qty}."),
        b("Can confirm, I've never bought anyone a gift card."),
        c("We noticed at Christmas."),
    ])
    .with(&["ines", "bram", "sanne"]),
    once(104, Team("newcomers"), &[
        a("New arrival: a daughter, Noor, 3,420 grams, born at 04:12. Mother and child are well, father is asleep on a chair. 🍼"),
        b("Congratulations to all three!!"),
        c("Berthed ahead of schedule. Welcome, Noor!"),
        d("Gross weight verified, I see 😄"),
    ])
    .with(&["marieke", "priya", "tom", "siobhan"]),
    once(51, Team("newcomers"), &[
        a("Please welcome Zofia, who starts in Gdynia today."),
        b("Thank you! I promise to learn all of your names by Friday."),
        c("There are 22 of us and a bot. We'll test you."),
        b("The bot is Quayside. 22 to go."),
    ])
    .with(&["marieke", "zofia", "tom"]),
    once(40, Team("all"), &[
        a("Today is Nils's last day. Cake at three, speech at five past three, tears from ten past.").event("Farewell Nils", 0, 15, 60, "Canteen"),
        b("Two years, 4,106 containers and only one in the water. It was good to work with him."),
        c("It was a very small container."),
        d("We'll miss him. Good luck in Malmö, Nils!"),
    ])
    .with(&["marieke", "bram", "kwame", "jonas"]),
    once(55, Team("ops"), &[
        a("What do you call a container without papers?"),
        b("Monday."),
        c("I was going to say 'a shed', but yes."),
    ]),
    once(17, Team("all"), &[
        a("Lost: one glove, left, blue, hand-knitted by my aunt."),
        b("Found: one glove, right, blue. Canteen."),
        a("That one is also mine! Now I have lost none and found one?"),
        c("Inventory difference. Finance will want a form."),
    ]),
    once(9, Team("all"), &[
        a("Football on Thursday: Operations against Sales. Sales needs a goalkeeper."),
        b("Sales always needs a goalkeeper."),
        c("I can stand there and look large."),
        a("Hired."),
        a("Result: 4–4. Kwame scored for both sides.").after(2_880),
    ])
    .with(&["tom", "sanne", "kwame"]),
    once(70, Team("borrel"), &[
        a("Wie gaat er vrijdag mee naar de borrel? Ik reserveer een tafel aan het water."),
        b("Ik! Maar ik moet om zeven uur weg, oppas."),
        c("Ik kom iets later, eerst nog een schip lossen 😉"),
        d("Zet mij ook maar op de lijst."),
        a("Vier, dus. Tafel om half zes, op mijn naam."),
    ])
    .with(&["sanne", "marieke", "daan", "bram"]),
    once(34, Team("borrel"), &[
        a("Het terras is open en de zon schijnt. Ik zeg verder niets."),
        b("Nog één factuur en dan ben ik er."),
        c("Dat zei je vorige week ook, en toen was het donker."),
        b("Deze keer is het een korte factuur."),
    ])
    .with(&["daan", "marieke", "youssef"])
    .around(16),
    once(6, Team("borrel"), &[
        a("Bitterballen of kaasstengels?"),
        b("Bitterballen."),
        c("Allebei. Dit is geen tijd voor halve maatregelen."),
        a("Besteld: allebei, voor zes personen.").edited(3, "Besteld: allebei, voor acht personen. Customs komt ook."),
    ])
    .with(&["sanne", "youssef", "daan"]),
];
