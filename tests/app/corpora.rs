//! Real archives: the counts of their README come out of the importers, and again out of the exported archive.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use compliance_exports::capture::sources::{self, Import, ImportFormat, ImportSummary, Subject};
use compliance_exports::identity;
use serde_json::Value;

use crate::support::corpora::folder;
use crate::support::{Archive, Person, TestApp};

/// A real archive, and what is known of it.
struct Corpus {
    file: &'static str,
    format: ImportFormat,
    /// People, those without a line of their own included.
    people: u64,
    kinds: &'static [(&'static str, usize)],
    items: u64,
    replies: usize,
    /// Items of which the source does not say who posted them.
    by_nobody: usize,
    edits: u64,
    first: &'static str,
    last: &'static str,
}

const HOUSTON: Corpus = Corpus {
    file: "slack-houstondatavis.zip",
    format: ImportFormat::Slack,
    people: 71,
    kinds: &[("Team", 16)],
    items: 1_382,
    replies: 0,
    by_nobody: 0,
    edits: 37,
    first: "2015-06-06T02:36:47.760577Z",
    last: "2016-07-27T20:21:38.000041Z",
};

const HASKELL: Corpus = Corpus {
    file: "slack-haskelljp.zip",
    format: ImportFormat::Slack,
    people: 1_204,
    kinds: &[("Team", 3)],
    items: 4_281,
    replies: 868,
    by_nobody: 2,
    edits: 0,
    first: "2017-10-30T10:58:40.000261Z",
    last: "2026-08-13T07:31:18.536779Z",
};

const MATTERMOST: Corpus = Corpus {
    file: "mattermost-bulk.jsonl",
    format: ImportFormat::Mattermost,
    people: 4,
    // Two direct_channel lines, one of three people; and a direct_post whose people have none.
    kinds: &[("Direct", 2), ("Group", 1), ("Team", 3)],
    items: 11,
    replies: 0,
    by_nobody: 0,
    edits: 0,
    first: "2019-03-21T11:08:32.493Z",
    last: "2019-08-21T08:31:58.579Z",
};

fn import(app: &TestApp, account: &str, corpus: &Corpus) -> Option<ImportSummary> {
    let path = folder()?.join(corpus.file);
    let account = app.find_account(account).id;
    let import = Import::new(account, corpus.format, &path);
    let imported = sources::import(app.store(), &app.clock, &import, &mut |_, _| {});
    Some(imported.unwrap())
}

fn start() -> TestApp {
    let app = TestApp::start();
    app.at("2026-09-01T12:00:00Z");
    app
}

fn check_summary(summary: &ImportSummary, corpus: &Corpus) {
    assert!(!summary.has_problems(), "{:?}", summary.problems);
    let conversations = corpus.kinds.iter().map(|(_, count)| *count as u64).sum();
    let expected = [
        (Subject::People, corpus.people),
        (Subject::Conversations, conversations),
        (Subject::Items, corpus.items),
        (Subject::Edits, corpus.edits),
        (Subject::Deletions, 0),
    ];
    for (subject, count) in expected {
        assert_eq!(summary.of(subject).added, count, "{subject} of {}", corpus.file);
    }
}

fn check_archive(archive: &Archive, corpus: &Corpus) {
    let items = archive.items();
    let having = |field: &str| items.iter().filter(|item| item.get(field).is_some()).count();
    assert_eq!(items.len() as u64, corpus.items);
    assert_eq!((having("parentId"), having("edits") as u64), (corpus.replies, corpus.edits));
    let mut instants: Vec<&str> = items.iter().filter_map(|item| item["createdAt"].as_str()).collect();
    instants.sort_unstable();
    assert_eq!((instants.first(), instants.last()), (Some(&corpus.first), Some(&corpus.last)));
    let conversations = archive.conversations();
    for (kind, count) in corpus.kinds {
        let of_kind = conversations.iter().filter(|conversation| conversation["type"] == *kind);
        assert_eq!(of_kind.count(), *count, "{kind}");
    }
    assert_eq!(conversations.len(), corpus.kinds.iter().map(|(_, count)| *count).sum::<usize>());
    let (by_nobody, by_somebody): (Vec<&Value>, Vec<&Value>) = items.iter().partition(|item| item["author"].is_null());
    assert_eq!(by_nobody.len(), corpus.by_nobody);
    assert!(by_somebody.iter().all(|item| item["author"]["name"].as_str().is_some_and(|name| !name.trim().is_empty())));
}

fn export(app: &TestApp, by: &Person) -> Archive {
    let id = app.request_all(by);
    app.work();
    app.archive_without_fault(id)
}

/// Goes in with its counts, comes out with its counts in an account of this zone, and adds nothing a second time.
fn in_and_out(corpus: &Corpus, zone: Tz) -> Option<Archive> {
    let app = start();
    let ada = app.account_in("Acme", zone);
    check_summary(&import(&app, "Acme", corpus)?, corpus);
    let archive = export(&app, &ada);
    check_archive(&archive, corpus);

    let again = import(&app, "Acme", corpus)?;
    assert!(!again.has_problems(), "{:?}", again.problems);
    let added: Vec<_> = again.counts.iter().filter(|(_, count)| count.added > 0).collect();
    assert_eq!(added, []);
    assert_eq!(export(&app, &ada).items(), archive.items());
    Some(archive)
}

#[test]
fn a_slack_export_of_the_old_schema_goes_in_and_out() {
    let Some(archive) = in_and_out(&HOUSTON, Tz::America__Chicago) else { return };
    let archived = archive.conversations().into_iter().filter(|team| team.get("archivedAt").is_some()).count();
    // Slack's table does not say since when.
    assert_eq!(archived, 0);
    let edited: Vec<Value> = archive.items().into_iter().filter(|item| item.get("edits").is_some()).collect();
    let before: BTreeSet<Option<&str>> = edited.iter().map(|item| item["edits"][0]["textBefore"].as_str()).collect();
    assert_eq!(before, BTreeSet::from([None]), "Slack keeps only the result of an edit");
}

#[test]
fn a_slack_log_in_japanese_goes_in_and_out() {
    in_and_out(&HASKELL, Tz::Asia__Tokyo);
}

#[test]
fn a_mattermost_bulk_export_goes_in_and_out() {
    let Some(archive) = in_and_out(&MATTERMOST, Tz::UTC) else { return };
    let people = archive.day_files().into_iter().filter(|path| path.starts_with("People_Chats/"));
    let posts: usize = people.map(|path| archive.json(path).as_array().map_or(0, Vec::len)).sum();
    assert_eq!(posts, 7);
    let private = archive.conversations().into_iter().filter(|team| team["public"] == false).count();
    assert_eq!(private, 1);
}

#[test]
fn c6_the_day_files_follow_the_accounts_zone_but_the_items_are_the_same() {
    let app = start();
    let mut days = Vec::new();
    for (name, zone) in [("Acme", Tz::UTC), ("Globex", Tz::Asia__Tokyo), ("Initech", Tz::America__Chicago)] {
        let ada = app.account_in(name, zone);
        let Some(summary) = import(&app, name, &HOUSTON) else { return };
        check_summary(&summary, &HOUSTON);
        let archive = export(&app, &ada);
        check_archive(&archive, &HOUSTON);
        days.push(archive.day_files().len());
    }
    assert!(days[0] != days[1] && days[1] != days[2], "{days:?}");
}

#[test]
fn one_corpus_in_two_accounts_is_complete_in_both_and_shared_by_none() {
    let app = start();
    let (ada, hank) = (app.account_in("Acme", Tz::UTC), app.account_in("Globex", Tz::UTC));
    for corpus in [&MATTERMOST, &HOUSTON] {
        for account in ["Acme", "Globex"] {
            let Some(summary) = import(&app, account, corpus) else { return };
            check_summary(&summary, corpus);
        }
    }
    let exported = [(&ada, "Acme"), (&hank, "Globex")].map(|(by, account)| {
        let archive = export(&app, by);
        assert_eq!(archive.items().len() as u64, MATTERMOST.items + HOUSTON.items);
        let people =
            archive.conversations().into_iter().flat_map(|listed| listed["members"].as_array().unwrap().clone());
        let (ids, accounts): (BTreeSet<String>, BTreeSet<String>) =
            people.map(|person| (person["id"].to_string(), person["account"].as_str().unwrap().to_owned())).unzip();
        assert_eq!(accounts, BTreeSet::from([account.to_owned()]));
        let conversations: BTreeSet<String> =
            archive.conversations().iter().map(|conversation| conversation["id"].to_string()).collect();
        (ids, conversations)
    });
    let [(people, conversations), (other_people, other_conversations)] = exported;
    assert!(people.is_disjoint(&other_people) && conversations.is_disjoint(&other_conversations));
}

#[test]
fn c5_no_file_of_the_archive_holds_an_address_that_would_fetch_a_file_or_a_token() {
    let app = start();
    let ada = app.account_in("Acme", Tz::UTC);
    for corpus in [&HOUSTON, &HASKELL] {
        if import(&app, "Acme", corpus).is_none() {
            return;
        }
    }
    let archive = export(&app, &ada);
    let attachments: usize =
        archive.items().iter().filter_map(|item| item["attachments"].as_array()).map(Vec::len).sum();
    assert!(attachments > 0, "there is something to look for");
    for (path, bytes) in &archive.files {
        let text = String::from_utf8_lossy(bytes);
        for forbidden in
            ["url_private", "permalink", "files.slack.com", "slack-files.com", "xoxe", "xoxb", "xoxp", "token="]
        {
            let found = text.find(forbidden);
            assert_eq!(found, None, "{forbidden} in {path}");
        }
    }
}

#[test]
fn people_are_the_accounts_own_and_one_of_them_is_deactivated() {
    let app = start();
    let ada = app.account_in("Acme", Tz::UTC);
    let Some(_) = import(&app, "Acme", &HOUSTON) else { return };
    let users = app.store().read(|c| {
        let known = (ada.id + 1..).map_while(|id| identity::rows::users::find(c, id).transpose());
        known.collect::<Result<Vec<_>, _>>()
    });
    let users = users.unwrap();
    let account = app.find_account("Acme").id;
    assert!(users.iter().all(|user| user.account_id == account && !user.is_admin));
    assert_eq!(users.iter().filter(|user| user.deactivated_at.is_some()).count(), 1);
}
