//! C1–C7 against a model: any history, told in any order and more than once, is exported as the rules say, as of a cut
//! anywhere in it, in one part or in many.
//!
//! The model ([`rules`]) keeps every fact that it was told, and works out from the rules what an export shows. The
//! application ([`subject`]) keeps rows, erases, counts, pages, divides and zips; both must come to the same.

mod rules;
mod subject;

use chrono::TimeDelta;
use chrono_tz::Tz;
use compliance_exports::app::App;
use compliance_exports::config::ByteSize;
use compliance_exports::exports;
use compliance_exports::jobs::Stop;
use compliance_exports::model::{RequestId, Timestamp};
use compliance_exports::worker::Worker;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use self::rules::Model;
use self::subject::Subject;
use crate::support::{Archive, TestApp};

/// How many histories, unless `PROPTEST_CASES` says otherwise; and how many shorter ones are tried when one has failed.
const CASES: u32 = 32;
const MAX_SHRINKS: u32 = 100;

/// Companies are numbered: 0 is Acme, whose source tells of all conversations but the last; 1 is Globex. In both zones
/// clocks change on the same days: in London at one, in Beirut at midnight, and in autumn from midnight back to the day
/// before.
const ZONES: [Tz; 2] = [Tz::Europe__London, Tz::Asia__Beirut];
/// Id, kind, who started it, members, and the companies that C2 gives it to, the first of which owns it.
type Conversation = (&'static str, &'static str, &'static str, &'static [&'static str], &'static [usize]);
const CONVERSATIONS: [Conversation; 6] = [
    ("team", "Team", "a1", &["a1", "g1"], &[0]),
    ("across", "Direct", "g1", &["a1", "g1"], &[0, 1]),
    ("direct", "Direct", "a1", &["a1", "u2"], &[0]),
    ("group", "Group", "g1", &["a1", "u2", "g1"], &[1]),
    ("notes", "Personal", "a1", &["a1"], &[0]),
    // The same id in another account's source.
    ("team", "Team", "u2", &["u2"], &[1]),
];
/// Those whom an export can be limited to: of which company's source, and which id.
const PEOPLE: [(usize, &str); 4] = [(0, "a1"), (0, "g1"), (0, "u2"), (1, "u2")];
/// Who and what is renamed: of which company's source, which id, and whether that is a conversation's; and what they
/// are called at first.
const RENAMED: [(usize, &str, bool); 4] = [(0, "u2", false), (0, "team", true), (1, "u2", false), (1, "team", true)];
const FIRST_NAMES: [&str; 4] = ["Grace", "Berths", "Homer", "Yards"];
/// When histories begin, in minutes a step: around a change of clocks, to the hour or over some weeks.
const STARTS: [&str; 2] = ["2026-03-28T07:00:00Z", "2026-10-24T07:00:00Z"];
const STEPS: [i64; 2] = [50, 7 * 60];

/// One thing that is told or done. Moments are numbers of steps, taken modulo the steps that have passed.
#[derive(Clone, Debug)]
enum Action {
    Create {
        item: (usize, u8),
        at: usize,
    },
    Edit {
        item: (usize, u8),
        at: usize,
        text: u8,
    },
    Delete {
        item: (usize, u8),
        at: usize,
    },
    Toggle(usize),
    Move {
        conversation: usize,
        joined: bool,
        at: usize,
    },
    Rename {
        whom: usize,
        name: u8,
    },
    /// A new team.
    Found {
        company: usize,
        number: u8,
    },
    /// Tells again what was told as the n-th fact.
    Again(usize),
}

/// A history, and how it is exported.
#[derive(Clone, Debug)]
struct Case {
    history: Vec<Action>,
    /// Index of a beginning, and of a length of steps.
    start: usize,
    step: usize,
    /// After how many actions the cut is taken, modulo their number.
    cut: usize,
    /// Moments of which the days are exported.
    range: (usize, usize),
    /// What the exports are limited to: some of [`PEOPLE`], and some of the conversations, later ones included.
    people: Vec<usize>,
    conversations: Vec<usize>,
    /// How large a part may be.
    entries: u32,
    bytes: u64,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let item = || (0..CONVERSATIONS.len(), 0..3_u8);
    let action = prop_oneof![
        4 => (item(), any::<usize>()).prop_map(|(item, at)| Action::Create { item, at }),
        3 => (item(), any::<usize>(), 0..3_u8).prop_map(|(item, at, text)| Action::Edit { item, at, text }),
        3 => (item(), any::<usize>()).prop_map(|(item, at)| Action::Delete { item, at }),
        2 => (0..2_usize).prop_map(Action::Toggle),
        1 => (prop_oneof![Just(0_usize), Just(3)], any::<bool>(), any::<usize>())
            .prop_map(|(conversation, joined, at)| Action::Move { conversation, joined, at }),
        1 => (0..RENAMED.len(), 0..3_u8).prop_map(|(whom, name)| Action::Rename { whom, name }),
        1 => (0..2_usize, 0..2_u8).prop_map(|(company, number)| Action::Found { company, number }),
        1 => any::<usize>().prop_map(Action::Again),
    ];
    proptest::collection::vec(action, 1..80)
}

fn cases() -> impl Strategy<Value = Case> {
    let time = (0..STARTS.len(), 0..STEPS.len(), any::<usize>(), (any::<usize>(), any::<usize>()));
    let limits = (16..24_u32, prop_oneof![Just(2 << 30), 2_000..20_000_u64]);
    // Half of the exports are limited to nothing.
    let some = |all: usize| prop_oneof![Just(Vec::new()), proptest::collection::vec(0..all, 0..3)];
    let filters = (some(PEOPLE.len()), some(CONVERSATIONS.len() + 2));
    (actions(), time, filters, limits).prop_map(
        |(history, (start, step, cut, range), (people, conversations), (entries, bytes))| Case {
            history,
            start,
            step,
            cut,
            range,
            people,
            conversations,
            entries,
            bytes,
        },
    )
}

/// A conversation that an export is limited to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Chosen {
    /// One of [`CONVERSATIONS`].
    Told(usize),
    /// A team of the company that was founded later.
    Late(u8),
}

/// What an export is limited to: people by their place in [`PEOPLE`], and conversations.
#[derive(Clone, Debug, Default)]
struct Limits {
    people: Vec<usize>,
    conversations: Vec<Chosen>,
}

/// An item as an archive shows it.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Shown {
    conversation: String,
    id: String,
    day: String,
    author: String,
    text: String,
    before: Vec<String>,
    deleted: Option<String>,
}

/// A conversation as the lists show it: people with when they came and went.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Listed {
    label: String,
    name: Option<String>,
    members: Vec<(String, Option<String>, Option<String>)>,
}

/// What an archive shows.
#[derive(Debug, Eq, PartialEq)]
struct Picture {
    items: Vec<Shown>,
    conversations: Vec<Listed>,
}

fn id(number: u8) -> String {
    format!("m{number}")
}

fn changed(text: u8) -> String {
    format!("changed to {text}")
}

fn called(name: u8) -> String {
    format!("Name {name}")
}

fn late(number: u8) -> String {
    format!("Late {number}")
}

fn is_note(number: u8) -> bool {
    number == 2
}

/// What has been told to both.
struct Both<'a> {
    subject: Subject<'a>,
    model: Model,
    told: Vec<(Action, Timestamp)>,
}

impl Both<'_> {
    fn live(&mut self, history: &[Action]) {
        for action in history {
            self.subject.step();
            match action {
                Action::Toggle(company) => self.toggle(*company),
                Action::Again(which) => {
                    if let Some((fact, at)) = self.told.get(which % self.told.len().max(1)) {
                        self.subject.tell(fact, *at);
                        self.model.tell(fact, *at);
                    }
                }
                Action::Create { at, .. }
                | Action::Edit { at, .. }
                | Action::Delete { at, .. }
                | Action::Move { at, .. } => self.tell(action, self.subject.moment(*at)),
                Action::Rename { .. } | Action::Found { .. } => self.tell(action, self.subject.app.now()),
            }
        }
    }

    fn tell(&mut self, fact: &Action, at: Timestamp) {
        self.subject.tell(fact, at);
        self.model.tell(fact, at);
        self.told.push((fact.clone(), at));
    }

    fn toggle(&mut self, company: usize) {
        let now = self.subject.app.now();
        self.model.toggle(company, now);
        self.subject.toggle(company, self.model.was_on(company, now));
    }
}

/// Two exports of each company, of the same days and the same cut: one is planned at once and becomes one part; the
/// other is planned after the rest of the history, and becomes many. Gives how many parts there were at most.
fn compare(app: &TestApp, number: u32, case: &Case) -> usize {
    app.at(STARTS[case.start]);
    let subject = Subject::new(app, number, TimeDelta::minutes(STEPS[case.step]));
    let mut both = Both { subject, model: Model::new(), told: Vec::new() };
    let (before, after) = case.history.split_at(case.cut % (case.history.len() + 1));
    both.live(before);
    both.subject.step();
    let mut exports = Vec::new();
    for company in [0, 1] {
        // Only while it is on can it be exported; turning it on brings nothing back.
        if !both.model.was_on(company, app.now()) {
            both.toggle(company);
        }
        let (one, other) = (both.subject.day(company, case.range.0), both.subject.day(company, case.range.1));
        let days = (one.min(other), one.max(other));
        let limits = limits(&both.model, company, case);
        let [whole, divided] = [0, 1].map(|_| both.subject.request(company, days, &limits));
        assert!(app.worker.exports.next(Some(whole), &Stop::default()).unwrap(), "the plan");
        app.take_cut(divided);
        exports.push((company, days, limits, whole, divided));
    }
    let at_the_cut = both.model.clone();
    both.live(after);

    let mut settings = app.app.settings.clone();
    (settings.exports.part_entries, settings.exports.part_bytes) = (case.entries, ByteSize::bytes(case.bytes));
    let small = App { settings, ..app.app.clone() }.worker().unwrap();
    let mut most = 1;
    for (company, days, limits, whole, divided) in exports {
        build(&app.worker, whole);
        build(&small, divided);
        let whole = app.archive_without_fault(whole);
        let expected = at_the_cut.picture(company, days, &limits, &both.model);
        assert_eq!(both.subject.picture(&whole), expected, "company {company}");

        assert_eq!(app.verify(divided).problems, Vec::<String>::new());
        let entries = entries(app, divided);
        assert!(entries.iter().all(|&count| count <= case.entries as usize), "{entries:?}");
        assert_same_tree(&whole, &app.archive(divided));
        most = most.max(entries.len());
        let folder = tempfile::tempdir().unwrap();
        let again = app.worker.exports.rebuild(divided, folder.path(), &Stop::default(), &|_| {}).unwrap();
        assert!(again.iter().all(|part| part.same), "{again:?}");
    }
    most
}

/// What of a case's filters a company can choose: whom and what it knows at that moment.
fn limits(model: &Model, company: usize, case: &Case) -> Limits {
    let mut people = case.people.clone();
    people.retain(|&person| model.knows(company, person));
    let conversation = |&number: &usize| match number.checked_sub(CONVERSATIONS.len()) {
        None => Chosen::Told(number),
        Some(late) => Chosen::Late(u8::try_from(late).unwrap()),
    };
    let mut conversations: Vec<_> = case.conversations.iter().map(conversation).collect();
    conversations.retain(|&conversation| model.has(company, conversation));
    Limits { people, conversations }
}

fn build(worker: &Worker, id: RequestId) {
    while worker.exports.next(Some(id), &Stop::default()).unwrap() {}
}

/// How many entries each part has.
fn entries(app: &TestApp, id: RequestId) -> Vec<usize> {
    let parts = app.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap();
    let entries = |key: &str| zip::ZipArchive::new(app.app.blobs.find(key).unwrap().unwrap()).unwrap().len();
    parts.iter().map(|(_, key)| entries(key)).collect()
}

fn assert_same_tree(one: &Archive, other: &Archive) {
    let tree = |archive: &Archive| {
        let mut files = archive.files.clone();
        files.retain(|path, _| path.contains('/'));
        files
    };
    assert_eq!(tree(one), tree(other));
    for field in ["account", "cut", "coverage", "capture", "access", "totals", "counts"] {
        assert_eq!(one.manifest()[field], other.manifest()[field], "{field}");
    }
}

#[test]
fn any_history_told_in_any_order_is_exported_as_the_rules_say() {
    let app = TestApp::start();
    let chosen = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let mut runner = TestRunner::new(Config {
        cases: chosen.unwrap_or(CASES),
        failure_persistence: None,
        max_shrink_iters: MAX_SHRINKS,
        ..Config::default()
    });
    let (number, most_parts) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let outcome = runner.run(&cases(), |case| {
        number.set(number.get() + 1);
        most_parts.set(most_parts.get().max(compare(&app, number.get(), &case)));
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    assert!(most_parts.get() > 2, "{} parts at most", most_parts.get());
}
