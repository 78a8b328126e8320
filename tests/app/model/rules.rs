//! The model: every fact that was told, and what the rules make of them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use compliance_exports::model::Timestamp;

use super::subject::source_of;
use super::{
    Action, CONVERSATIONS, Chosen, FIRST_NAMES, Limits, Listed, PEOPLE, Picture, Shown, ZONES, called, changed, id,
    is_note, late,
};

/// What is known of an item. Its text at creation is its id.
#[derive(Clone, Default)]
struct Item {
    created: Option<Timestamp>,
    /// Those told after the creation, each once, as they came.
    edits: Vec<(Timestamp, u8)>,
    deleted: Option<Timestamp>,
}

impl Item {
    /// When its deletion counts as made: not before it was posted.
    fn deleted(&self) -> Option<Timestamp> {
        self.deleted.map(|at| self.created.map_or(at, |created| at.max(created)))
    }
}

#[derive(Clone)]
pub(super) struct Model {
    items: BTreeMap<(usize, u8), Item>,
    /// Each company's changes of capture, the first on.
    toggles: [Vec<Timestamp>; 2],
    /// What those whom a rename can mean are called.
    names: [String; 4],
    /// When u2 came and went, by conversation.
    moves: BTreeMap<usize, BTreeSet<(Timestamp, bool)>>,
    /// Each company's teams that were founded later.
    founded: BTreeSet<(usize, u8)>,
    /// Where u2 has posted: it stays known, whatever is erased.
    posted: BTreeSet<usize>,
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            items: BTreeMap::new(),
            toggles: Default::default(),
            names: FIRST_NAMES.map(str::to_owned),
            moves: BTreeMap::new(),
            founded: BTreeSet::new(),
            posted: BTreeSet::new(),
        }
    }

    pub(super) fn was_on(&self, company: usize, at: Timestamp) -> bool {
        self.toggles[company].iter().filter(|toggle| **toggle <= at).count() % 2 == 1
    }

    /// Turns capture on or off.
    pub(super) fn toggle(&mut self, company: usize, at: Timestamp) {
        self.toggles[company].push(at);
    }

    pub(super) fn tell(&mut self, fact: &Action, at: Timestamp) {
        match *fact {
            Action::Create { item, .. } => {
                self.items.entry(item).or_default().created.get_or_insert(at);
                if !self.is_erased(item) {
                    self.posted.insert(item.0);
                }
            }
            Action::Edit { item, text, .. } => {
                if let Entry::Occupied(mut known) = self.items.entry(item)
                    && known.get().created.is_some()
                    && !known.get().edits.contains(&(at, text))
                {
                    known.get_mut().edits.push((at, text));
                }
            }
            Action::Delete { item, .. } => {
                self.items.entry(item).or_default().deleted.get_or_insert(at);
            }
            Action::Move { conversation, joined, .. } => {
                self.moves.entry(conversation).or_default().insert((at, joined));
            }
            Action::Rename { whom, name } => self.names[whom] = called(name),
            Action::Found { company, number } => {
                self.founded.insert((company, number));
            }
            Action::Toggle(_) | Action::Again(_) => {}
        }
    }

    /// Whether somebody, by the place in [`PEOPLE`], takes part or took part in a conversation.
    fn took_part(&self, person: usize, conversation: Chosen, company: usize) -> bool {
        let (source, id) = PEOPLE[person];
        match conversation {
            Chosen::Told(number) => {
                let (_, _, starter, people, _) = CONVERSATIONS[number];
                let told = people.contains(&id) || starter == id;
                let came = self.moves.contains_key(&number) || self.posted.contains(&number);
                source_of(number) == source && (told || (came && id == "u2"))
            }
            Chosen::Late(_) => source == company && id == "u2",
        }
    }

    /// Whether a company exports a conversation.
    pub(super) fn has(&self, company: usize, conversation: Chosen) -> bool {
        match conversation {
            Chosen::Told(number) => CONVERSATIONS[number].4.contains(&company),
            Chosen::Late(number) => self.founded.contains(&(company, number)),
        }
    }

    fn conversations_of(&self, company: usize) -> Vec<Chosen> {
        let told = (0..CONVERSATIONS.len()).map(Chosen::Told);
        told.chain((0..2).map(Chosen::Late)).filter(|&one| self.has(company, one)).collect()
    }

    /// Whether a company can choose somebody: its own people, and those who take part in what it exports.
    pub(super) fn knows(&self, company: usize, person: usize) -> bool {
        let home = match PEOPLE[person] {
            (source, "u2") => source,
            (_, id) => usize::from(id == "g1"),
        };
        home == company || self.conversations_of(company).into_iter().any(|one| self.took_part(person, one, company))
    }

    /// Whether an export of a company that is limited so holds a conversation.
    fn is_meant(&self, company: usize, conversation: Chosen, limits: &Limits) -> bool {
        let Limits { people, conversations } = limits;
        self.has(company, conversation)
            && (people.is_empty() || people.iter().any(|&person| self.took_part(person, conversation, company)))
            && (conversations.is_empty() || conversations.contains(&conversation))
    }

    /// C4: what was deleted while none of its companies had capture on.
    fn is_erased(&self, key: (usize, u8)) -> bool {
        let deleted = self.items.get(&key).and_then(Item::deleted);
        let companies = CONVERSATIONS[key.0].4;
        deleted.is_some_and(|at| !companies.iter().any(|&company| self.was_on(company, at)))
    }

    /// What an export shows whose cut is now, but for what has been erased until `later`.
    pub(super) fn picture(
        &self,
        company: usize,
        (first, last): (NaiveDate, NaiveDate),
        limits: &Limits,
        later: &Self,
    ) -> Picture {
        let mut items = Vec::new();
        for (&key, item) in &self.items {
            let name = CONVERSATIONS[key.0].0;
            let meant = self.is_meant(company, Chosen::Told(key.0), limits);
            let Some(created) = item.created.filter(|_| meant) else { continue };
            let day = created.to_utc().with_timezone(&ZONES[company]).date_naive();
            let hidden = item.deleted().is_some_and(|at| !self.was_on(company, at));
            if hidden || later.is_erased(key) || day < first || day > last {
                continue;
            }
            let mut edits = item.edits.clone();
            edits.sort_by_key(|(at, _)| *at);
            let mut texts = vec![id(key.1)];
            texts.extend(edits.into_iter().map(|(_, text)| changed(text)));
            let text = texts.pop().unwrap_or_default();
            items.push(Shown {
                conversation: name.to_owned(),
                id: id(key.1),
                day: day.to_string(),
                author: self.name_of("u2", key.0),
                text,
                before: if is_note(key.1) { Vec::new() } else { texts },
                deleted: item.deleted().map(|at| at.to_string()),
            });
        }
        items.sort();
        Picture { items, conversations: self.listed(company, limits) }
    }

    fn listed(&self, company: usize, limits: &Limits) -> Vec<Listed> {
        let mut listed = Vec::new();
        for (number, (label, kind, _, people, companies)) in CONVERSATIONS.into_iter().enumerate() {
            if !self.is_meant(company, Chosen::Told(number), limits) {
                continue;
            }
            let moves = self.moves.get(&number);
            let mut members = Vec::new();
            for person in ["a1", "g1", "u2"] {
                let moves = moves.filter(|_| person == "u2");
                let stays = stays(people.contains(&person), moves.into_iter().flatten().copied());
                members.extend(stays.into_iter().map(|(from, to)| (self.name_of(person, number), from, to)));
            }
            members.sort();
            let name = (kind == "Team").then(|| self.names[2 * companies[0] + 1].clone());
            listed.push(Listed { label: label.to_owned(), name, members });
        }
        let meant = |number: u8| self.is_meant(company, Chosen::Late(number), limits);
        for &(_, number) in self.founded.iter().filter(|(of, number)| *of == company && meant(*number)) {
            let members = vec![(self.names[2 * company].clone(), None, None)];
            listed.push(Listed { label: late(number), name: Some(late(number)), members });
        }
        listed.sort();
        listed
    }

    /// The same id may mean somebody else in another company's source.
    fn name_of(&self, person: &str, conversation: usize) -> String {
        match person {
            "a1" => "Ada".to_owned(),
            "g1" => "Hank".to_owned(),
            _ if conversation == CONVERSATIONS.len() - 1 => self.names[2].clone(),
            _ => self.names[0].clone(),
        }
    }
}

/// From when until when.
type Stay = (Option<String>, Option<String>);

/// A person's stays. Of comings, or goings, that follow one another the first counts.
fn stays(listed: bool, moves: impl Iterator<Item = (Timestamp, bool)>) -> Vec<Stay> {
    let mut moves: Vec<_> = moves.collect();
    moves.dedup_by_key(|(_, joined)| *joined);
    let mut stays: Vec<Stay> = Vec::new();
    if let Some((at, false)) = moves.first() {
        stays.push((None, Some(at.to_string())));
        moves.remove(0);
    }
    for stay in moves.chunks(2) {
        stays.push((Some(stay[0].0.to_string()), stay.get(1).map(|(at, _)| at.to_string())));
    }
    if listed && stays.is_empty() {
        stays.push((None, None));
    }
    stays
}
