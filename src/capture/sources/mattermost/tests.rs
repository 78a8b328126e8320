//! Reading Mattermost bulk exports: every kind of line, what is malformed, and the real one.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up should stop")]

use super::*;
use crate::capture::sources::testing::{Kept, corpora};
use crate::model::Fact::{Conversation, ItemCreated, ItemDeleted, ItemEdited, Joined, Left, User};

fn read_lines(lines: &[&str]) -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("import.jsonl");
    std::fs::write(&path, lines.join("\n")).unwrap();
    Kept::from(read, &path).unwrap()
}

fn shown(kept: &Kept) -> String {
    let recordings: Vec<_> = kept.facts().into_iter().map(|recording| format!("{recording:#?}\n")).collect();
    format!("{}{}", recordings.concat(), kept.text())
}

const COMPANY: [&str; 5] = [
    r#"{"type":"version","version":1}"#,
    r#"{"type":"team","team":{"name":"freight","display_name":"Meridian Freight","type":"O"}}"#,
    r#"{"type":"channel","channel":{"team":"freight","name":"berths","display_name":"Berth planning","type":"O"}}"#,
    r#"{"type":"user","user":{"username":"harper","email":"harper@meridian.example","first_name":"Harper","last_name":"Quayle","roles":"system_admin","teams":[{"name":"freight","channels":[{"name":"berths"}]}]}}"#,
    r#"{"type":"user","user":{"username":"ines","email":"","nickname":"Nes","delete_at":1767225600000,"teams":null}}"#,
];

fn after_company(lines: &[&str]) -> Kept {
    read_lines(&[&COMPANY, lines].concat())
}

#[test]
fn people_and_channels_come_first_and_roles_are_not_taken_over() {
    insta::assert_snapshot!(shown(&after_company(&[
        r#"{"type":"bot","bot":{"username":"planner","display_name":"Berth Planner","owner":"harper"}}"#
    ])));
}

#[test]
fn posts_replies_edits_and_deletions() {
    insta::assert_snapshot!(shown(&after_company(&[
        r#"{"type":"post","post":{"team":"freight","channel":"berths","user":"harper","message":"Berth 4?","create_at":1767225601001,"reactions":[{"user":"ines"}],"replies":[{"user":"ines","message":"Free.","create_at":1767225602002,"edit_at":1767225603003},{"user":7},{"user":"ines","message":"Gone.","create_at":1767225604004,"delete_at":1767225605005}],"attachments":[{"path":"20260101/users/k/abc123/plan.pdf"}]}}"#,
        r#"{"type":"post","post":{"team":"freight","channel":"berths","user":"harper","message":"","create_at":1767225601001,"props":{"attachments":[{"title":"Build","text":"passed"}]},"replies":null}}"#,
    ])));
}

#[test]
fn joining_and_leaving() {
    let kept = after_company(&[
        r#"{"type":"post","post":{"team":"freight","channel":"berths","user":"ines","type":"system_join_channel","message":"ines joined","create_at":1767225601001}}"#,
        r#"{"type":"post","post":{"team":"freight","channel":"berths","user":"ines","type":"system_leave_channel","message":"ines left","create_at":1767225602001}}"#,
    ]);
    assert_eq!(kept.count(|fact| matches!(fact, Joined(_) | Left(_))), 2);
    assert_eq!(kept.count(|fact| matches!(fact, ItemCreated(_))), 2);
}

#[test]
fn direct_channels_are_of_the_kind_that_their_people_make() {
    let kept = after_company(&[
        r#"{"type":"direct_channel","direct_channel":{"members":["ines","harper"]}}"#,
        r#"{"type":"direct_channel","direct_channel":{"participants":[{"username":"harper"},{"username":"harper"}]}}"#,
        r#"{"type":"direct_channel","direct_channel":{"members":[]}}"#,
        r#"{"type":"direct_post","direct_post":{"channel_members":["harper","ines"],"user":"ines","message":"hi","create_at":1767225601001}}"#,
        r#"{"type":"direct_post","direct_post":{"channel_members":["harper","ines","tomo"],"user":"tomo","message":"hi","create_at":1767225601002}}"#,
    ]);
    let direct: Vec<_> = kept
        .facts()
        .into_iter()
        .filter_map(|fact| if let Conversation(fact) = fact { Some((fact.id.as_str(), fact.kind)) } else { None })
        .filter(|(_, kind)| kind.is_people())
        .collect();
    let expected = [
        ("dm:harper,ines", ConversationKind::Direct),
        ("dm:harper", ConversationKind::Personal),
        ("dm:harper,ines,tomo", ConversationKind::Group),
    ];
    assert_eq!(direct, expected);
    insta::assert_snapshot!(kept.text());
}

#[test]
fn what_can_not_be_understood_is_told_by_line_and_the_rest_is_read() {
    let kept = after_company(&[
        r#"{"type":"emoji","emoji":{"name":"crane"}}"#,
        r#"{"type":"emoji","emoji":{"name":"ship"}}"#,
        r#"{"type":"post"}"#,
        r#"{"type":"post","post":{"team":"freight"}}"#,
        r#"{"type":"post","post":{"team":"freight","channel":"berths","user":"ines","message":"when?","create_at":0}}"#,
        r#"{"post":1}"#,
        r#"{"type":"post","#,
        r#"{"type":"version","version":2}"#,
        r#"{"type":"channel","channel":{"team":"freight","name":"yard","type":"X"}}"#,
        r#"{"type":"post","post":{"team":"freight","channel":"lost","user":"nobody","message":"here","create_at":1767225601001}}"#,
        r#"{"type":"user","user":{"username":"late","teams":[{"name":"freight","channels":[{"name":"berths"}]}]}}"#,
    ]);
    insta::assert_snapshot!(kept.text());
    assert_eq!(kept.count(|fact| matches!(fact, ItemCreated(_))), 1);
}

#[test]
fn ids_are_the_same_at_every_import() {
    let post = r#"{"type":"post","post":{"team":"freight","channel":"berths","user":"ines","message":"a","create_at":1767225601001}}"#;
    let twice = [post, post];
    assert_eq!(after_company(&twice).findings, after_company(&twice).findings);
}

#[test]
fn the_real_export_has_its_counts() {
    let Some(corpora) = corpora() else { return };
    let kept = Kept::from(read, &corpora.join("mattermost-bulk.jsonl")).unwrap();
    assert_eq!(kept.count(|fact| matches!(fact, User(_))), 4);
    let kinds = |kind| kept.count(|fact| matches!(fact, Conversation(fact) if fact.kind == kind));
    assert_eq!(kinds(ConversationKind::Team), 3);
    assert_eq!(kept.count(|fact| matches!(fact, Conversation(fact) if fact.name.is_some() && !fact.is_public)), 1);
    assert_eq!(kinds(ConversationKind::Direct), 2, "one of them has no line of its own");
    assert_eq!(kinds(ConversationKind::Group), 1);
    let direct = |fact: &Fact| matches!(fact, ItemCreated(fact) if fact.conversation.starts_with("dm:"));
    assert_eq!(kept.count(direct), 7);
    assert_eq!(kept.count(|fact| matches!(fact, ItemCreated(_)) && !direct(fact)), 4);
    assert_eq!(kept.count(|fact| matches!(fact, ItemEdited(_) | ItemDeleted(_))), 0);
    assert_eq!(kept.text(), "mattermost-bulk.jsonl · reactions are not recorded; there are 1\n");
}
