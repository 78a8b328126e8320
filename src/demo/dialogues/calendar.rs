//! Greetings and small events that belong to a day of the year; whichever months the demo shows, some of them fall in.

use crate::demo::script::Venue::Team;
use crate::demo::script::{Script, a, b, c, on};

pub(super) const SCRIPTS: &[Script] = &[
    on(1, 2, Team("all"), &[
        a("Happy New Year, everyone! Gelukkig nieuwjaar! 🎆"),
        b("Frohes neues Jahr! Ein gutes, ruhiges Jahr wünsche ich euch."),
        c("Szczęśliwego Nowego Roku!"),
    ])
    .with(&["bram", "jonas", "agnieszka"]),
    on(1, 6, Team("france"), &[
        a("Galette des rois à quatre heures ! Celui qui trouve la fève apporte la prochaine."),
        b("Je ne cherche pas, je mange prudemment."),
    ])
    .with(&["camille", "ines"]),
    on(1, 20, Team("all"), &[
        a("Ice on the quay steps. Walk slowly, the salt is on its way."),
        b("Found the ice. I'm fine, my dignity will take a day or two."),
    ]),
    on(2, 14, Team("con"), &[
        a("Four trucks of roses before noon. Somebody is very much in love."),
        b("Or very much in trouble."),
    ]),
    on(3, 3, Team("tokyo"), &[a("今日はひな祭りです。春ももうすぐですね 🌸"), b("そうですね。横浜では梅が咲いています。")])
        .with(&["haruka", "kenji"]),
    on(3, 17, Team("all"), &[
        a("Lá Fhéile Pádraig sona daoibh! There's soda bread in the kitchen ☘️"),
        b("The best day of the claims department."),
    ])
    .with(&["siobhan", "sanne"]),
    on(4, 26, Team("borrel"), &[
        a("Morgen Koningsdag: wie verkoopt er wat op de vrijmarkt?"),
        b("Mijn kinderen: al mijn cd’s. Vraag me niet waarom ik het goedvond."),
        c("Ik koop ze terug voor je 🧡"),
    ])
    .with(&["sanne", "marieke", "daan"]),
    on(5, 4, Team("all"), &[a("At eight this evening we remember the dead, two minutes of silence. The cranes at the terminal stop as well.")])
        .with(&["bram"]),
    on(5, 20, Team("ops"), &[
        a("European Maritime Day: the harbour museum is free for everybody with a badge."),
        b("They have a model of our old quay, with us in it, as tiny people."),
        a("Which one are you?"),
        b("The one looking for a bill of lading."),
    ]),
    on(6, 21, Team("newcomers"), &[
        a("Longest day of the year, so Bram lets us go at three. I have it in writing."),
        b("It was meant as a joke."),
        a("In writing, Bram."),
    ])
    .with(&["marieke", "bram"]),
    on(7, 14, Team("france"), &[a("Bonne fête nationale à toutes et à tous ! 🎇"), b("Merci ! Le bureau de Lyon est fermé, bien sûr.")])
        .with(&["layla", "camille"]),
    on(8, 25, Team("shared"), &[
        a("Bank holiday weekend on our side: gate closes at noon on Saturday, nothing on Monday."),
        b("Thanks, it's in the plan. Enjoy the rain!"),
        a("We shall, it's traditional."),
    ])
    .with(&["fatima", "sanne"]),
    on(9, 12, Team("ops"), &[
        a("Peak season starts: cut-off times are strict from today, no favours."),
        b("Not even for flowers?"),
        a("Flowers aren't a favour, flowers are physics."),
    ]),
    on(10, 31, Team("all"), &[
        a("The pumpkin at reception is not a bin. Thank you."),
        b("It was empty inside and had a lid."),
        a("Daan."),
    ])
    .with(&["marieke", "daan"]),
    on(11, 11, Team("poland"), &[a("Dziś święto, biuro w Gdyni jest zamknięte. Dyżur telefoniczny mam ja."), b("Dziękuję! Miłego dnia i rogali świętomarcińskich 🥐")])
        .with(&["agnieszka", "mateusz"]),
    on(12, 5, Team("borrel"), &[
        a("Zie ginds komt de stoomboot… met drie dagen vertraging en zonder cognossement."),
        b("Sinterklaas krijgt geen release zonder originele papieren 🎁"),
        c("En zonder pepernoten al helemaal niet."),
    ])
    .with(&["youssef", "sanne", "bram"]),
    on(12, 24, Team("all"), &[
        a("Merry Christmas to all who celebrate, and a quiet few days to all who don't. Thank you for this year. 🎄"),
        b("Wesołych Świąt!"),
        c("Frohe Weihnachten, fijne kerstdagen, joyeux Noël!"),
    ])
    .with(&["bram", "mateusz", "friederike"]),
    on(12, 30, Team("con"), &[
        a("Stocktaking: we counted everything twice and got the same number. I want it recorded."),
        b("It's recorded. Nobody will believe it."),
    ]),
];
