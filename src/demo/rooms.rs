//! The rooms in which people talk: teams with their people, and the standing groups and pairs.
//!
//! Some names are awkward for file systems on purpose: reserved words and characters, trailing dots, names that differ in
//! case only, a very long one, and ones in other scripts.

/// A named conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Team {
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    pub(super) public: bool,
    /// Days before now.
    pub(super) started: u32,
    /// Days before now; still open when absent.
    pub(super) archived: Option<u32>,
    /// Those who were there from the start; the first of them started it, and so that person's company owns it.
    pub(super) members: &'static [&'static str],
    /// Who came or went later.
    pub(super) moves: &'static [Move],
}

/// Someone came or went.
#[derive(Clone, Copy, Debug)]
pub(super) enum Move {
    /// Came so many days ago.
    Came(&'static str, u32),
    /// Went so many days ago.
    Went(&'static str, u32),
}
use Move::{Came, Went};

const fn team(key: &'static str, name: &'static str, started: u32, members: &'static [&'static str]) -> Team {
    Team { key, name, public: true, started, archived: None, members, moves: &[] }
}

impl Team {
    const fn private(self) -> Self {
        Self { public: false, ..self }
    }

    const fn moves(self, moves: &'static [Move]) -> Self {
        Self { moves, ..self }
    }

    const fn archived(self, days_ago: u32) -> Self {
        Self { archived: Some(days_ago), ..self }
    }
}

/// All teams. The last is the partner's: people of the main company take part, but it is not theirs to export (C2).
pub(super) const TEAMS: &[Team] = &[
    team(
        "all",
        "Halden – everyone",
        900,
        &[
            "bram",
            "ruth",
            "ines",
            "sanne",
            "tom",
            "mateusz",
            "agnieszka",
            "jonas",
            "friederike",
            "camille",
            "youssef",
            "layla",
            "haruka",
            "kenji",
            "priya",
            "daan",
            "kwame",
            "siobhan",
            "marieke",
            "victor",
            "nils",
        ],
    )
    .moves(&[Came("zofia", 52), Went("nils", 37)]),
    team("ops", "Operations", 860, &["bram", "sanne", "jonas", "youssef", "kwame", "daan", "haruka", "layla", "nils"])
        .moves(&[Went("nils", 37)]),
    team("customs", "Customs & clearance", 800, &["mateusz", "agnieszka", "sanne", "jonas", "ruth", "fatima"])
        .moves(&[Came("zofia", 51)]),
    team("finance", "Finance", 790, &["priya", "friederike", "bram"]).private(),
    team("sales", "Q3: rates/credits? <draft>", 150, &["tom", "camille", "victor", "priya", "layla", "nils"])
        .private()
        .moves(&[Went("nils", 37)]),
    team("con", "CON", 640, &["kwame", "sanne", "youssef", "daan"]),
    team("arrivals", "Arrivals", 700, &["ines", "quayside", "sanne", "jonas", "youssef", "kwame", "daan"]),
    team("newcomers", "arrivals", 420, &["marieke", "bram", "ines", "tom", "siobhan", "priya"])
        .moves(&[Came("zofia", 52)]),
    team("tokyo", "東京デスク 🗼", 500, &["haruka", "kenji", "jonas", "sanne"]),
    team("gulf", "مكتب الشرق الأوسط", 480, &["layla", "youssef", "tom"]),
    team("poland", "Gdynia – sprawy celne", 450, &["mateusz", "agnieszka"]).moves(&[Came("zofia", 52)]),
    team("france", "Bureau France / Bénélux", 430, &["camille", "layla", "youssef", "ines"]),
    team("borrel", "Vrijdagborrel...", 610, &["sanne", "youssef", "daan", "marieke", "bram"]),
    team("night", "Night desk", 570, &["daan", "youssef", "kwame", "owen"]),
    team("claims", "Claims & incidents", 520, &["siobhan", "ruth", "bram", "sanne", "priya"]).private(),
    team("move", "Office move: Wilhelminakade", 96, &["marieke", "bram", "ines", "priya", "kwame", "tom"])
        .moves(&[Came("sanne", 70)]),
    team(
        "reefer",
        "Working group on the harmonised handover of reefer temperature records between the quay, the warehouse and the \
         customer (second attempt, with coffee)",
        130,
        &["kwame", "siobhan", "sanne", "meera", "owen", "haruka"],
    ),
    team(
        "shared",
        "Halden × Brightwater",
        400,
        &["bram", "sanne", "jonas", "youssef", "owen", "fatima", "meera", "grace"],
    ),
    team("pilot", "Scanner pilot", 140, &["ines", "kwame", "nils"]).archived(47),
    team("berths", "Brightwater berth windows", 600, &["owen", "fatima", "meera", "sanne", "jonas", "daan"]),
];

/// Teams that talk about anything.
pub(super) const SOCIAL_TEAMS: &[&str] = &["all", "ops", "con", "newcomers"];

/// Pairs of colleagues who often talk, in English.
pub(super) const PAIRS: &[[&str; 2]] = &[
    ["sanne", "jonas"],
    ["tom", "priya"],
    ["ines", "marieke"],
    ["kwame", "daan"],
    ["siobhan", "sanne"],
    ["camille", "tom"],
    ["bram", "priya"],
    ["haruka", "jonas"],
    ["youssef", "kwame"],
    ["ruth", "siobhan"],
];

/// Pairs with one person of each company, who often talk, in English.
pub(super) const PARTNER_PAIRS: &[[&str; 2]] =
    &[["sanne", "owen"], ["callum", "priya"], ["daan", "owen"], ["meera", "siobhan"], ["jonas", "fatima"]];

/// Groups of colleagues who often talk, in English; the first person started each.
pub(super) const GROUPS: &[&[&str]] = &[
    &["sanne", "youssef", "kwame"],
    &["bram", "ruth", "siobhan"],
    &["tom", "camille", "priya"],
    &["haruka", "jonas", "sanne"],
    &["sanne", "owen", "meera"],
];

/// Groups that the partner's people started: not the main company's to export (C2).
pub(super) const PARTNER_GROUPS: &[&[&str]] = &[&["owen", "sanne", "daan"], &["callum", "fatima", "priya"]];
