//! What every corpus keeps, whatever the day on which it is made.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what should not be")]

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::{ConversationKind, ConversationRecord, Fact, ItemKind, ItemRecord};

/// Days on which someone may try the demo: ordinary, early in January, after each change of the clock, in a leap year,
/// at a weekend, at night.
const NOWS: &[&str] = &[
    "2026-06-17T13:30:00Z",
    "2027-01-04T09:00:00Z",
    "2026-03-31T16:45:12.5Z",
    "2026-11-07T22:59:59.999999Z",
    "2028-02-29T00:00:00Z",
    "2026-09-06T03:00:00Z",
];

fn now(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn items(facts: &[OperatorFact]) -> impl Iterator<Item = &ItemRecord> {
    facts.iter().filter_map(|fact| match fact {
        OperatorFact::Fact(Fact::ItemCreated(item)) => Some(item),
        _ => None,
    })
}

fn conversations_of(facts: &[OperatorFact]) -> BTreeMap<&str, &ConversationRecord> {
    facts
        .iter()
        .filter_map(|fact| match fact {
            OperatorFact::Fact(Fact::Conversation(conversation)) => Some((conversation.id.as_str(), conversation)),
            _ => None,
        })
        .collect()
}

/// The local time of an item, as the company's people would read it.
fn local(at: Timestamp) -> String {
    at.to_utc().with_timezone(&companies().0.time_zone).format("%H:%M:%S%.6f").to_string()
}

#[test]
fn the_same_now_gives_the_same_corpus() {
    assert_eq!(conversations(now(NOWS[0])), conversations(now(NOWS[0])));
}

#[test]
fn it_is_large_enough_to_be_seen_working_and_small_enough_to_be_quick() {
    for text in NOWS {
        let count = items(&conversations(now(text))).count();
        assert!((3_000..=6_000).contains(&count), "{count} items for {text}");
    }
}

#[test]
fn everything_happens_in_order_and_before_now() {
    for text in NOWS {
        let now = now(text);
        let mut rank_before = 0;
        let mut before = Timestamp::MIN;
        for fact in conversations(now) {
            let (rank, at) = match &fact {
                OperatorFact::Account(_) => (0, None),
                OperatorFact::Fact(Fact::User(user)) => (1, user.deactivated_at),
                OperatorFact::Fact(Fact::Conversation(conversation)) => (2, conversation.created_at),
                OperatorFact::Fact(Fact::Joined(change) | Fact::Left(change)) => (3, Some(change.at)),
                OperatorFact::Fact(Fact::ItemCreated(item)) => (3, Some(item.at)),
                OperatorFact::Fact(Fact::ItemEdited(edit)) => (3, Some(edit.at)),
                OperatorFact::Fact(Fact::ItemDeleted(deletion)) => (3, deletion.at),
                OperatorFact::UserWithRole { .. } | OperatorFact::Fact(Fact::Company(_)) => unreachable!(),
            };
            assert!(rank >= rank_before, "{fact:?}");
            rank_before = rank;
            assert!(at.is_none_or(|at| at < now), "{fact:?}");
            if rank == 3 {
                assert!(at.unwrap() >= before, "{fact:?}");
                before = at.unwrap();
            }
        }
    }
}

#[test]
fn people_speak_only_where_they_are_and_change_only_what_is_there() {
    for text in NOWS {
        let facts = conversations(now(text));
        let mut users = BTreeSet::new();
        let mut accounts = BTreeSet::new();
        let mut there: BTreeSet<(String, String)> = BTreeSet::new();
        let mut posted: BTreeSet<(&str, &str)> = BTreeSet::new();
        let talks = conversations_of(&facts);
        for fact in &facts {
            match fact {
                OperatorFact::Account(account) => assert!(accounts.insert(&account.id)),
                OperatorFact::Fact(Fact::User(user)) => {
                    assert!(accounts.contains(user.company.as_ref().unwrap()));
                    assert!(users.insert(user.id.as_str()), "twice: {}", user.id);
                }
                OperatorFact::Fact(Fact::Conversation(talk)) => {
                    assert!(users.contains(talk.started_by.as_deref().unwrap()));
                    for member in &talk.members {
                        assert!(users.contains(member.user.as_str()), "{}", member.user);
                        assert!(there.insert((talk.id.clone(), member.user.clone())));
                    }
                }
                OperatorFact::Fact(Fact::Joined(change)) => {
                    assert!(there.insert((change.conversation.clone(), change.user.clone())), "{change:?}");
                }
                OperatorFact::Fact(Fact::Left(change)) => {
                    assert!(there.remove(&(change.conversation.clone(), change.user.clone())), "{change:?}");
                }
                OperatorFact::Fact(Fact::ItemCreated(item)) => {
                    let author = item.by.clone().unwrap();
                    assert!(there.contains(&(item.conversation.clone(), author)), "{item:?}");
                    assert!(item.parent.as_deref().is_none_or(|id| posted.contains(&(item.conversation.as_str(), id))));
                    let talk = talks[item.conversation.as_str()];
                    assert!(item.at >= talk.created_at.unwrap() && talk.archived_at.is_none_or(|end| item.at < end));
                    let assignees = item.content.details.iter().flat_map(|details| &details.assignees);
                    assert!(assignees.into_iter().all(|id| users.contains(id.as_str())));
                    assert!(posted.insert((&item.conversation, &item.id)), "twice: {}", item.id);
                }
                OperatorFact::Fact(Fact::ItemEdited(edit)) => {
                    assert!(posted.contains(&(edit.conversation.as_str(), edit.id.as_str())), "{edit:?}");
                }
                OperatorFact::Fact(Fact::ItemDeleted(deletion)) => {
                    assert!(posted.remove(&(deletion.conversation.as_str(), deletion.id.as_str())), "{deletion:?}");
                }
                OperatorFact::UserWithRole { .. } | OperatorFact::Fact(Fact::Company(_)) => unreachable!(),
            }
        }
    }
}

#[test]
fn every_kind_is_there_in_every_state() {
    for text in NOWS {
        let facts = conversations(now(text));
        for kind in [ItemKind::Message, ItemKind::Note, ItemKind::Task, ItemKind::Event] {
            assert!(items(&facts).any(|item| item.kind == kind), "no {kind} for {text}");
        }
        let talks = conversations_of(&facts);
        use ConversationKind::{Direct, Group, Personal, Team};
        for kind in [Personal, Direct, Group, Team] {
            assert!(items(&facts).any(|item| talks[item.conversation.as_str()].kind == kind), "no {kind} for {text}");
        }
        for talk in talks.values() {
            let people = talk.members.len();
            assert!(match talk.kind {
                Personal => people == 1,
                Direct => people == 2,
                Group => people > 2 && talk.name.is_none(),
                Team => people > 1 && talk.name.is_some(),
            });
        }
        assert!(items(&facts).filter(|item| item.parent.is_some()).count() > 100);
        assert!(items(&facts).filter(|item| !item.attachments.is_empty()).count() > 50);
    }
}

#[test]
fn c4_items_are_edited_and_deleted_before_and_during_capture() {
    for text in NOWS {
        let on_at = captured_since(now(text));
        let facts = conversations(now(text));
        let created: BTreeMap<_, _> = items(&facts).map(|item| ((&item.conversation, &item.id), item.at)).collect();
        let mut edits = [0, 0];
        let mut deletions = [0, 0];
        let mut across = 0;
        for fact in &facts {
            match fact {
                OperatorFact::Fact(Fact::ItemEdited(edit)) => edits[usize::from(edit.at >= on_at)] += 1,
                OperatorFact::Fact(Fact::ItemDeleted(gone)) => {
                    deletions[usize::from(gone.at.unwrap() >= on_at)] += 1;
                    across +=
                        usize::from(gone.at.unwrap() >= on_at && created[&(&gone.conversation, &gone.id)] < on_at);
                }
                _ => {}
            }
        }
        assert!(edits.iter().all(|count| *count > 20), "{edits:?} for {text}");
        assert!(deletions.iter().all(|count| *count > 2), "{deletions:?} for {text}");
        assert!(across > 0, "nothing posted before and deleted during capture for {text}");
    }
}

#[test]
fn c2_the_companies_share_conversations_of_either() {
    let facts = conversations(now(NOWS[0]));
    let company = |id: &str| people::person(id).unwrap().company;
    let mut seen = BTreeSet::new();
    let talks = conversations_of(&facts);
    for item in items(&facts) {
        let talk = talks[item.conversation.as_str()];
        let owner = company(talk.started_by.as_deref().unwrap());
        if talk.members.iter().any(|member| company(&member.user) != owner) {
            seen.insert((talk.kind, owner));
        }
    }
    use ConversationKind::{Direct, Group, Team};
    for kind in [Direct, Group, Team] {
        assert!(seen.contains(&(kind, people::MAIN)) && seen.contains(&(kind, people::PARTNER)), "{kind}: {seen:?}");
    }
}

#[test]
fn c6_items_stand_at_the_borders_of_days() {
    for text in NOWS {
        let times: BTreeSet<String> = items(&conversations(now(text))).map(|item| local(item.at)).collect();
        assert!(times.contains("23:59:59.999999") && times.contains("00:00:00.000000"), "{text}");
    }
}

#[test]
fn c6_items_stand_on_the_days_of_23_and_25_hours() {
    let on = |now_text: &str, day: &str| -> Vec<String> {
        let facts = conversations(now(now_text));
        let zone = companies().0.time_zone;
        let that_day = |item: &&ItemRecord| item.at.to_utc().with_timezone(&zone).date_naive().to_string() == day;
        items(&facts).filter(that_day).map(|item| local(item.at)).collect()
    };
    let spring = on("2026-03-31T16:45:12.5Z", "2026-03-29");
    assert!(spring.contains(&"01:59:59.999999".into()) && spring.contains(&"03:00:00.000000".into()), "{spring:?}");
    let autumn = on("2026-11-07T12:00:00Z", "2026-10-25");
    assert_eq!(autumn.iter().filter(|time| *time == "02:30:00.000000").count(), 2, "{autumn:?}");
}

#[test]
fn every_language_is_spoken_and_every_slot_filled() {
    for text in NOWS {
        let facts = conversations(now(text));
        let all: String = items(&facts).filter_map(|item| item.content.text.as_deref()).collect();
        for word in ["Thanks", "sleutel", "Rechnung", "dziękuję", "Merci", "承知しました", "صباح الخير", "🎉", "café"]
        {
            assert!(all.to_lowercase().contains(&word.to_lowercase()), "no “{word}” for {text}");
        }
        for item in items(&facts) {
            let words: String =
                [&item.content.title, &item.content.text].into_iter().flatten().map(String::as_str).collect();
            let names: Vec<&str> = item.attachments.iter().map(|file| file.name.as_str()).collect();
            assert!(!words.contains(['{', '}', '|']) && !names.concat().contains('{'), "{item:?}");
            assert!(item.content.text.is_some() || item.content.title.is_some() || !names.is_empty(), "{item:?}");
        }
    }
}

#[test]
fn every_script_that_belongs_to_no_date_is_played() {
    let facts = conversations(now(NOWS[0]));
    let said: BTreeSet<&str> = items(&facts).filter_map(|item| item.content.text.as_deref()).collect();
    for script in dialogues::all().filter(|script| !matches!(script.when, script::When::On(..))) {
        let first = script.lines.first().unwrap();
        assert!(first.text.contains('{') || said.contains(first.text), "never said: {}", first.text);
    }
    assert!(dialogues::all().count() >= 120);
}

#[test]
fn a_script_has_a_speaker_for_each_line() {
    for script in dialogues::all() {
        let cast = match script.place {
            script::Venue::People(people) => people.len(),
            script::Venue::AnyDirect | script::Venue::AnyPartnerDirect => 2,
            script::Venue::AnyGroup => 3,
            script::Venue::Team(_) | script::Venue::AnyTeam if script.cast.is_empty() => 4,
            script::Venue::Team(_) | script::Venue::AnyTeam => script.cast.len(),
        };
        for line in script.lines {
            assert!(line.speaker < cast, "{}", line.text);
        }
    }
}

#[test]
fn some_teams_have_awkward_names_and_some_conversations_are_quiet() {
    let now = now(NOWS[0]);
    let facts = conversations(now);
    let talks = conversations_of(&facts);
    let names: Vec<&str> = talks.values().filter_map(|talk| talk.name.as_deref()).collect();
    assert!(names.contains(&"CON") && names.contains(&"arrivals") && names.contains(&"Arrivals"));
    assert!(names.iter().any(|name| name.contains(['?', '/', ':', '<'])));
    assert!(names.iter().any(|name| name.len() > 100));
    assert!(names.iter().any(|name| name.ends_with('.')));
    let weeks_ago = now.plus(-chrono::TimeDelta::days(28));
    let lately: BTreeSet<&str> =
        items(&facts).filter(|item| item.at > weeks_ago).map(|item| item.conversation.as_str()).collect();
    assert!(talks["team-pilot"].archived_at.is_some() && !lately.contains("team-pilot"));
    assert!(talks.values().any(|talk| talk.kind == ConversationKind::Direct && !lately.contains(talk.id.as_str())));
}

#[test]
fn addresses_are_at_domains_that_nobody_can_have() {
    let facts = conversations(now(NOWS[0]));
    let reserved = |email: &str| email.ends_with(".example") && email == email.to_lowercase();
    for fact in &facts {
        if let OperatorFact::Fact(Fact::User(user)) = fact {
            assert!(user.email.as_deref().is_some_and(reserved), "{user:?}");
        }
    }
    assert!(items(&facts).all(|item| !item.content.text.as_deref().unwrap_or_default().contains('@')));
}

#[test]
fn those_who_sign_in_are_the_people_of_the_corpus() {
    let (main, partner) = companies();
    assert!(main.people.iter().filter(|person| person.admin).count() >= 3);
    assert!(main.people.iter().filter(|person| !person.admin).count() >= 2);
    assert!(partner.people.iter().any(|person| person.admin));
    let facts = conversations(now(NOWS[0]));
    for person in main.people.iter().chain(&partner.people) {
        assert!(facts.iter().any(|fact| matches!(fact, OperatorFact::Fact(Fact::User(user))
            if user.id == person.id && user.email.as_deref() == Some(&person.email) && user.name == person.name)));
    }
}
