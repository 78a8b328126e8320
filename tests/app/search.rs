//! B1: the search for people and conversations misses nobody and nothing that is meant, says so when there is more, and begins
//! with those that fit best; against a model that looks at everything.

use std::fmt::Write;

use compliance_exports::exports::search::{self, FoundConversation, FoundPerson, SearchResults, Strides};
use compliance_exports::model::{ConversationId, ConversationKind};
use compliance_exports::search_key::{Fit, plain};
use compliance_exports::{capture, identity};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::support::TestApp;

/// So many are shown.
const SHOWN: usize = 12;
/// How many companies; how often a wrong one is made smaller.
const CASES: u32 = 12;
const MAX_SHRINKS: u32 = 60;

fn conversations(app: &TestApp, account: &str, text: &str) -> SearchResults<FoundConversation> {
    conversations_by(app, account, text, Strides::default())
}

fn conversations_by(app: &TestApp, account: &str, text: &str, strides: Strides) -> SearchResults<FoundConversation> {
    let account = app.find_account(account).id;
    app.store().read(|c| search::conversations(c, account, text, strides)).unwrap()
}

fn people(app: &TestApp, account: &str, text: &str) -> SearchResults<FoundPerson> {
    let account = app.find_account(account);
    app.store().read(|c| search::people(c, account.id, &account.name, text)).unwrap()
}

fn names(found: &SearchResults<FoundConversation>) -> Vec<&str> {
    found.all.iter().map(|one| one.name.as_str()).collect()
}

fn direct(events: &mut String, id: &str, people: [&str; 2]) {
    let members = people.map(|user| json!({ "user": user }));
    let event = json!({"type": "conversation", "id": id, "kind": "Direct", "members": members});
    writeln!(events, "{event}").unwrap();
}

#[test]
fn b1_an_old_conversation_of_someone_with_many_newer_ones_is_found() {
    let app = TestApp::start();
    app.account_with_exports_on("Acme");
    let mut events = String::new();
    let mut user =
        |id: &str, name: &str| writeln!(events, "{}", json!({"type": "user", "id": id, "name": name})).unwrap();
    user("ada", "Ada Lund");
    // As many as are called so, each with as many conversations.
    user("bo", "Bo Berg");
    for number in 0..250 {
        user(&format!("x{number}"), &format!("Xeno {number}"));
        user(&format!("y{number}"), &format!("Bo {number}"));
    }
    direct(&mut events, "old", ["ada", "bo"]);
    for number in 0..250 {
        direct(&mut events, &format!("a{number}"), ["ada", &format!("x{number}")]);
        direct(&mut events, &format!("b{number}"), ["bo", &format!("y{number}")]);
    }
    app.record("Acme", &events);
    for text in ["ada bo", "bo ada", "Ada Lund, Bo Berg", "lund berg"] {
        let found = conversations(&app, "Acme", text);
        assert_eq!((names(&found), found.more), (vec!["Ada Lund, Bo Berg"], false), "{text}");
    }
    let found = conversations(&app, "Acme", "ada");
    assert!(found.more && found.all.len() == SHOWN, "of {} it says {}", found.all.len(), found.more);
}

#[test]
fn b1_a_name_with_a_comma_is_one_name() {
    let app = TestApp::start();
    app.account_with_exports_on("Acme");
    let mut events = String::from(
        r#"{"type":"user","id":"ada","name":"Lovelace, Ada","email":"countess@acme.example"}
        {"type":"user","id":"grace","name":"Hopper, Grace","email":"admiral@acme.example"}
        {"type":"user","id":"one","name":"Sam","email":"first@acme.example"}
        {"type":"user","id":"two","name":"Sam","email":"second@acme.example"}
        "#,
    );
    direct(&mut events, "d1", ["ada", "grace"]);
    direct(&mut events, "d2", ["ada", "one"]);
    direct(&mut events, "d3", ["ada", "two"]);
    app.record("Acme", &events);
    for text in ["countess admiral", "lovelace, ada hopper", "Lovelace, Ada; Hopper, Grace", "grace"] {
        let found = conversations(&app, "Acme", text);
        assert_eq!(names(&found), ["Lovelace, Ada; Hopper, Grace"], "{text}");
    }
    // Of two with one name, each has an address of their own.
    let ids = |text| conversations(&app, "Acme", text).all.iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!((ids("first@").len(), ids("second@").len()), (1, 1));
    assert_ne!(ids("first@"), ids("second@"));
}

/// A person of a generated company.
#[derive(Clone, Debug)]
struct Person {
    name: String,
    email: Option<String>,
    /// Of the company that searches, rather than of another.
    ours: bool,
}

/// A conversation of it: a name for a Team, and who is in it, the first of whom started it.
#[derive(Clone, Debug)]
struct Talk {
    name: Option<String>,
    members: Vec<usize>,
}

impl Talk {
    fn kind(&self) -> ConversationKind {
        match (&self.name, self.members.len()) {
            (Some(_), _) => ConversationKind::Team,
            (None, 1) => ConversationKind::Personal,
            (None, 2) => ConversationKind::Direct,
            (None, _) => ConversationKind::Group,
        }
    }

    /// C2, as told of a company's own source.
    fn is_ours(&self, people: &[Person]) -> bool {
        match self.kind() {
            ConversationKind::Direct => self.members.iter().any(|&member| people[member].ours),
            _ => people[self.members[0]].ours,
        }
    }
}

#[derive(Clone, Debug)]
struct Company {
    people: Vec<Person>,
    talks: Vec<Talk>,
    searches: Vec<String>,
}

fn companies() -> impl Strategy<Value = Company> {
    let word = || {
        proptest::sample::select(vec![
            "Ada", "Bo", "Bob", "Łukasz", "Ana-Bo", "O’Ada", "Abo", "Zoë", "Berg", "Özil", "%", "_o", "N\\A",
        ])
    };
    let gap = || proptest::sample::select(vec![" ", ", ", "-"]);
    let name = move || (word(), gap(), word()).prop_map(|(one, gap, other)| format!("{one}{gap}{other}"));
    let email = (0..3_u8, word()).prop_map(|(kind, word)| (kind > 0).then(|| plain(word)));
    let person = (name(), email, 0..5_u8);
    let people = proptest::collection::vec(person, 3..25).prop_map(|people| {
        let person = |(number, (name, email, ours)): (usize, (String, Option<String>, u8))| Person {
            name,
            email: email.map(|word: String| format!("{word}{number}@boats.example")),
            ours: ours > 0,
        };
        people.into_iter().enumerate().map(person).collect::<Vec<_>>()
    });
    let searched = prop_oneof![
        3 => proptest::collection::vec(word(), 1..4).prop_map(|words| words.join(" ")),
        1 => (word(), 1..3_usize).prop_map(|(word, letters)| word.chars().take(letters).collect()),
        1 => name(),
        1 => proptest::sample::select(vec!["boats", "o", "@boats.example", "Ada, Bo", "bo nobody", "%", "_", "\\", ",", " "]).prop_map(str::to_owned),
    ];
    let searches = proptest::collection::vec(searched, 12);
    (people, searches).prop_flat_map(move |(people, searches)| {
        let all: Vec<usize> = (0..people.len()).collect();
        let members = proptest::sample::subsequence(all, 1..=people.len().min(5)).prop_shuffle();
        let talk =
            (proptest::option::weighted(0.2, name()), members).prop_map(|(name, members)| Talk { name, members });
        (Just(people), proptest::collection::vec(talk, 0..120), Just(searches))
            .prop_map(|(people, talks, searches)| Company { people, talks, searches })
    })
}

/// How well a word fits a name with its address: the rule said once more, with nothing kept.
fn fit_of_word(word: &str, name: &str, email: Option<&str>) -> Option<Fit> {
    let (name, email) = (plain(name), email.map(plain).unwrap_or_default());
    let before = |at: usize| name[..at].chars().next_back();
    let begins = |at: usize, letter: char| letter.is_alphanumeric() && !before(at).is_some_and(char::is_alphanumeric);
    if name.starts_with(word) {
        Some(Fit::Begins)
    } else if email.starts_with(word)
        || name.char_indices().any(|(at, letter)| begins(at, letter) && name[at..].starts_with(word))
    {
        Some(Fit::Words)
    } else {
        (name.contains(word) || email.contains(word)).then_some(Fit::Within)
    }
}

/// How well what is typed fits, if each word fits one of these names.
fn fit_of(typed: &str, names: &[(&str, Option<&str>)]) -> Option<Fit> {
    let typed = plain(typed);
    let words: Vec<&str> = typed
        .split_whitespace()
        .map(|word| Some(word.trim_end_matches([',', ';'])).filter(|bare| !bare.is_empty()).unwrap_or(word))
        .collect();
    let best = |word: &&str| names.iter().filter_map(|(name, email)| fit_of_word(word, name, *email)).min();
    let fits = words.iter().map(best).collect::<Option<Vec<Fit>>>()?;
    let (first, worst) = (*fits.first()?, fits.iter().copied().max()?);
    Some(if first == Fit::Begins && worst < Fit::Within { Fit::Begins } else { worst.max(Fit::Words) })
}

impl Company {
    fn events(&self, name: &str) -> String {
        let other = format!("Other than {name}");
        let mut events = format!("{}\n", json!({"type": "account", "id": "other", "name": other}));
        for (number, person) in self.people.iter().enumerate() {
            let account = (!person.ours).then_some("other");
            let event = json!({"type": "user", "id": format!("u{number}"), "name": person.name, "email": person.email, "account": account});
            writeln!(events, "{event}").unwrap();
        }
        for (number, talk) in self.talks.iter().enumerate() {
            let members: Vec<_> = talk.members.iter().map(|member| json!({"user": format!("u{member}")})).collect();
            let event = json!({"type": "conversation", "id": format!("c{number}"), "kind": talk.kind().as_str(), "name": talk.name,
                "startedBy": format!("u{}", talk.members[0]), "members": members});
            writeln!(events, "{event}").unwrap();
        }
        events
    }

    /// How well the people fit whom the account knows, the best first.
    fn people(&self, typed: &str) -> Vec<(Fit, usize)> {
        let knows = |number: usize| {
            self.people[number].ours
                || self.talks.iter().any(|talk| talk.is_ours(&self.people) && talk.members.contains(&number))
        };
        let fit = |(number, person): (usize, &Person)| {
            Some((fit_of(typed, &[(person.name.as_str(), person.email.as_deref())])?, number))
        };
        let mut found: Vec<_> =
            self.people.iter().enumerate().filter_map(fit).filter(|(_, number)| knows(*number)).collect();
        found.sort_by_key(|(fit, _)| *fit);
        found
    }

    /// How well conversations fit, in their order: Teams, those between two, larger ones; of each the newest first.
    fn talks(&self, typed: &str) -> Vec<(Fit, u8, usize)> {
        let fit = |(number, talk): (usize, &Talk)| {
            let person = |&member: &usize| (self.people[member].name.as_str(), self.people[member].email.as_deref());
            let names: Vec<_> = match &talk.name {
                Some(name) => vec![(name.as_str(), None)],
                None => talk.members.iter().map(person).collect(),
            };
            Some((fit_of(typed, &names)?, class(talk.kind()), number))
        };
        let ours = |(_, talk): &(usize, &Talk)| talk.is_ours(&self.people);
        let mut found: Vec<_> = self.talks.iter().enumerate().filter(ours).filter_map(fit).collect();
        found.sort_by_key(|&(fit, class, number)| (fit, class, std::cmp::Reverse(number)));
        found
    }
}

fn class(kind: ConversationKind) -> u8 {
    match kind {
        ConversationKind::Team => 0,
        ConversationKind::Personal | ConversationKind::Direct => 1,
        ConversationKind::Group => 2,
    }
}

#[test]
fn b1_the_search_finds_what_a_look_at_everything_finds() {
    let app = TestApp::start();
    let number = std::cell::Cell::new(0);
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: MAX_SHRINKS, ..Config::default() };
    let strides = (1..20_i64, 0..5_usize).prop_map(|(page, few)| Strides { page, few });
    let result = TestRunner::new(config).run(&(companies(), strides), |(company, strides)| {
        number.set(number.get() + 1);
        let name = format!("Acme {}", number.get());
        let account = app.account(&name);
        app.record(&name, &company.events(&name));
        let (users, ids) = numbers(&app, account, &company);
        for typed in &company.searches {
            let (found, expected) = (people(&app, &name, typed), company.people(typed));
            prop_assert_eq!(
                (found.all.len(), found.more),
                (expected.len().min(SHOWN), expected.len() > SHOWN),
                "{}",
                typed
            );
            for (one, (fit, _)) in found.all.iter().zip(&expected) {
                let model = expected.iter().find(|(_, number)| users[*number] == one.id);
                prop_assert_eq!(model.map(|(fit, _)| *fit), Some(*fit), "{} found {:?}", typed, one);
            }

            let (found, expected) = (conversations_by(&app, &name, typed, strides), company.talks(typed));
            prop_assert_eq!(
                (found.all.len(), found.more),
                (expected.len().min(SHOWN), expected.len() > SHOWN),
                "{}",
                typed
            );
            for (one, expected_one) in found.all.iter().zip(&expected) {
                let model = expected.iter().find(|(_, _, number)| ids[*number] == one.id);
                let place =
                    |(fit, class, number): &(Fit, u8, usize)| (*fit, *class, if *class == 0 { 0 } else { *number });
                prop_assert_eq!(model.map(place), Some(place(expected_one)), "{} found {:?}", typed, one);
                prop_assert_eq!(class(one.kind), expected_one.1);
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// The numbers of the people and conversations of a company.
fn numbers(app: &TestApp, account: i64, company: &Company) -> (Vec<i64>, Vec<ConversationId>) {
    let found = app.store().write(|tx| {
        let source = identity::rows::sources::find_or_create(tx, account, "events")?;
        let mut users = Vec::new();
        for number in 0..company.people.len() {
            users.push(identity::rows::sources::find_user(tx, source, &format!("u{number}"))?.unwrap());
        }
        let mut talks = Vec::new();
        for number in 0..company.talks.len() {
            talks.push(capture::rows::conversations::find_by_external(tx, source, &format!("c{number}"))?.unwrap().id);
        }
        Ok((users, talks))
    });
    found.unwrap()
}

/// So many people in so many conversations, all with addresses of one company, so that a word may mean everybody.
fn fill(app: &TestApp, account: i64, people: u32, talks: u32) {
    app.run_sql(&format!(
        "CREATE TABLE numbers (n BIGINT PRIMARY KEY);
         INSERT INTO numbers WITH RECURSIVE counted(n) AS
             (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {talks}) SELECT n FROM counted;
         INSERT INTO users (id, account_id, name, email, is_bot, is_admin, created_at, search_key)
             SELECT 1000 + n, {account}, 'Given' || (n % 150) || ' Family' || (n / 150), 'p' || n || '@boats.example', FALSE, FALSE, 0,
                 '\n\ngiven' || (n % 150) || ' family' || (n / 150) || '\np' || n || '@boats.example\nfamily' || (n / 150)
             FROM numbers WHERE n <= {people};
         INSERT INTO sources (id, account_id, kind, name, name_key) VALUES (1000, {account}, 'events', 'events', 'events');
         INSERT INTO conversations (id, source_id, external_id, kind, name, is_public, owner_account_id, recording, search_key)
             SELECT 1000 + n, 1000, 'c' || n, CASE WHEN n % 40 = 0 THEN 'Team' WHEN n % 10 = 0 THEN 'Group' ELSE 'Direct' END,
                 CASE WHEN n % 40 = 0 THEN 'Berth ' || n END, FALSE, {account}, 0,
                 CASE WHEN n % 40 = 0 THEN '\n\nberth ' || n || '\n' || n END
             FROM numbers;
         INSERT INTO conversation_accounts (account_id, conversation_id) SELECT {account}, 1000 + n FROM numbers;
         INSERT INTO membership_events (conversation_id, user_id, kind, recording)
             SELECT 1000 + n, 1001 + (n * 7919 + k * (n % 977 + 1)) % {people}, 'listed', 0
             FROM numbers, (SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) AS places
             WHERE k < 2 OR n % 10 = 0;
         INSERT INTO participants (user_id, conversation_id, recording)
             SELECT DISTINCT user_id, conversation_id, 0 FROM membership_events WHERE conversation_id > 1000;"
    ));
}

/// Many have the same names, and most words mean thousands.
#[test]
fn b1_among_many_a_search_finds_all_that_it_can_show() {
    let app = TestApp::start();
    let account = app.account("Acme");
    fill(&app, account, 4_000, 20_000);
    for (text, found_people, found_talks) in [
        ("g", SHOWN, SHOWN),
        ("given7", SHOWN, SHOWN),
        ("given7 family9", 1, 1),
        ("boats", SHOWN, SHOWN),
        ("boats p1", SHOWN, SHOWN),
        ("nobody", 0, 0),
        ("boats nobody", 0, 0),
        ("berth", 0, SHOWN),
        ("family13 given1", 1, 1),
    ] {
        let (people, talks) = (people(&app, "Acme", text), conversations(&app, "Acme", text));
        assert!(people.all.len() >= found_people && talks.all.len() >= found_talks, "{text}: {people:?}, {talks:?}");
    }
}
