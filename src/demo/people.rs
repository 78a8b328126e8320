//! The invented people: who they are, and which of them can sign in.
//!
//! Names are made up; addresses are at domains reserved for examples (RFC 2606).

use chrono_tz::Tz;

use super::calendar::Calendar;
use crate::model::{CompanyRecord, UserRecord};

/// The id of the main company in the facts.
pub(super) const MAIN: &str = "halden";
/// The id of the partner in the facts.
pub(super) const PARTNER: &str = "brightwater";
/// The id of the program that announces ships.
pub(super) const BOT: &str = "quayside";
/// Who left the company during the demo's months, and how many days ago.
pub(super) const LEAVER: (&str, u32) = ("nils", 37);

/// An invented company.
#[derive(Clone, Debug)]
pub struct Company {
    /// Name of the account.
    pub name: &'static str,
    /// The account's zone.
    pub time_zone: Tz,
    /// Those who can sign in; many more take part in the conversations.
    pub people: Vec<DemoPerson>,
}

/// An invented person who can sign in.
#[derive(Clone, Debug)]
pub struct DemoPerson {
    /// The id of the person in the facts.
    pub id: &'static str,
    /// Full name.
    pub name: &'static str,
    /// Address with which the person signs in; the facts have the same.
    pub email: String,
    /// Has the admin role.
    pub admin: bool,
}

/// Whether someone can sign in to the demo.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Role {
    Admin,
    Member,
    NoSignIn,
}
use Role::{Admin, Member, NoSignIn};

/// Someone who takes part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Character {
    pub(super) id: &'static str,
    pub(super) first_name: &'static str,
    name: &'static str,
    /// The part of the address before the `@`.
    mailbox: &'static str,
    pub(super) company: &'static str,
    role: Role,
}

const fn main(
    id: &'static str,
    first_name: &'static str,
    name: &'static str,
    mailbox: &'static str,
    role: Role,
) -> Character {
    Character { id, first_name, name, mailbox, company: MAIN, role }
}

const fn partner(
    id: &'static str,
    first_name: &'static str,
    name: &'static str,
    mailbox: &'static str,
    role: Role,
) -> Character {
    Character { id, first_name, name, mailbox, company: PARTNER, role }
}

/// Everyone, the main company's people first.
pub(super) const PEOPLE: &[Character] = &[
    main("ruth", "Ruth", "Ruth Adeyemi", "ruth.adeyemi", Admin),
    main("bram", "Bram", "Bram van der Velde", "bram.vandervelde", Admin),
    main("ines", "Inês", "Inês Carvalho", "ines.carvalho", Admin),
    main("sanne", "Sanne", "Sanne de Groot", "sanne.degroot", Member),
    main("tom", "Tom", "Tom Whitfield", "tom.whitfield", Member),
    main("mateusz", "Mateusz", "Mateusz Wiśniewski", "mateusz.wisniewski", NoSignIn),
    main("agnieszka", "Agnieszka", "Agnieszka Zielińska", "agnieszka.zielinska", NoSignIn),
    main("zofia", "Zofia", "Zofia Kamińska", "zofia.kaminska", NoSignIn),
    main("jonas", "Jonas", "Jonas Keller", "jonas.keller", NoSignIn),
    main("friederike", "Friederike", "Friederike Brandt-Özdemir", "friederike.brandt", NoSignIn),
    main("camille", "Camille", "Camille Rousseau", "camille.rousseau", NoSignIn),
    main("youssef", "Youssef", "Youssef El Amrani", "youssef.elamrani", NoSignIn),
    main("layla", "Layla", "ليلى حداد (Layla Haddad)", "layla.haddad", NoSignIn),
    main("haruka", "Haruka", "佐藤 遥 (Haruka Sato)", "haruka.sato", NoSignIn),
    main("kenji", "Kenji", "森 健二 (Kenji Mori)", "kenji.mori", NoSignIn),
    main("priya", "Priya", "Priya Raman", "priya.raman", NoSignIn),
    main("daan", "Daan", "Daan Vermeulen", "daan.vermeulen", NoSignIn),
    main("kwame", "Kwame", "Kwame Boateng", "kwame.boateng", NoSignIn),
    main("siobhan", "Siobhán", "Siobhán O’Leary", "siobhan.oleary", NoSignIn),
    main("marieke", "Marieke", "Marieke Bos", "marieke.bos", NoSignIn),
    main("victor", "Victor", "Victor Almeida", "victor.almeida", NoSignIn),
    main("nils", "Nils", "Nils Lindqvist", "nils.lindqvist", NoSignIn),
    main(BOT, "Quayside", "Quayside", "quayside.bot", NoSignIn),
    partner("grace", "Grace", "Grace Okonkwo", "grace.okonkwo", Admin),
    partner("owen", "Owen", "Owen Pritchard", "owen.pritchard", Member),
    partner("fatima", "Fatima", "Fatima Siddiqui", "fatima.siddiqui", NoSignIn),
    partner("callum", "Callum", "Callum Reid", "callum.reid", NoSignIn),
    partner("meera", "Meera", "Meera Joshi", "meera.joshi", NoSignIn),
];

impl Character {
    fn email(&self) -> String {
        format!("{}@{}.example", self.mailbox, self.company)
    }
}

/// The person with this id.
pub(super) fn person(id: &str) -> Option<&'static Character> {
    PEOPLE.iter().find(|person| person.id == id)
}

/// The main company, whose conversations are exported, and the partner who shares some of them.
#[must_use]
pub fn companies() -> (Company, Company) {
    let with_sign_in = |company| {
        PEOPLE
            .iter()
            .filter(|person| person.company == company && person.role != NoSignIn)
            .map(|person| DemoPerson {
                id: person.id,
                name: person.name,
                email: person.email(),
                admin: person.role == Admin,
            })
            .collect()
    };
    (
        Company { name: "Halden Logistics", time_zone: Tz::Europe__Amsterdam, people: with_sign_in(MAIN) },
        Company { name: "Brightwater Ports", time_zone: Tz::Europe__London, people: with_sign_in(PARTNER) },
    )
}

/// Both companies, which are accounts of the server.
pub(super) fn accounts() -> [CompanyRecord; 2] {
    let (main, partner) = companies();
    [
        CompanyRecord { id: MAIN.to_owned(), name: main.name.to_owned() },
        CompanyRecord { id: PARTNER.to_owned(), name: partner.name.to_owned() },
    ]
}

/// Everyone, as a source reports them. Who is an administrator is not the source's to say: the server's own users are.
pub(super) fn users(calendar: &Calendar) -> impl Iterator<Item = UserRecord> + use<> {
    let left_at = calendar.at(calendar.days_ago(LEAVER.1), 17 * 60 + 30);
    PEOPLE.iter().map(move |person| UserRecord {
        id: person.id.to_owned(),
        company: Some(person.company.to_owned()),
        name: person.name.to_owned(),
        email: Some(person.email()),
        is_bot: person.id == BOT,
        deactivated_at: (person.id == LEAVER.0).then_some(left_at),
    })
}
