//! Exports limited to some people or conversations, and the search for these: nobody and nothing of another account is
//! ever found, chosen or told of.

use compliance_exports::audit::{Actor, AuditEvent};
use compliance_exports::error::{Error, Field, Result};
use compliance_exports::exports::request::{self, Draft};
use compliance_exports::exports::requests::Stretch;
use compliance_exports::identity::{self, commands};
use compliance_exports::jobs::Stop;
use compliance_exports::model::{ConversationId, RequestId, UserId};
use compliance_exports::{capture, exports, keys};
use serde_json::Value;

use crate::support::events::message;
use crate::support::{Archive, Browser, Page, Person, TestApp};

const NEW: &str = "/administration/exports/new";
const EXPORTS: &str = "/administration/exports";
const FIND: &str = "/administration/exports/find";

/// Names that would break a page.
const HOSTILE: &str = "<script>alert(1)</script> \"O'Neill\" & co";

fn user(app: &TestApp, account: &str, external: &str) -> UserId {
    let account = app.find_account(account).id;
    let found = app.store().write(|tx| {
        let source = identity::rows::sources::find_or_create(tx, account, "events")?;
        identity::rows::sources::find_user(tx, source, external)
    });
    found.unwrap().expect("a person")
}

fn conversation(app: &TestApp, account: &str, external: &str) -> ConversationId {
    let account = app.find_account(account).id;
    let found = app.store().write(|tx| {
        let source = identity::rows::sources::find_or_create(tx, account, "events")?;
        capture::rows::conversations::find_by_external(tx, source, external)
    });
    found.unwrap().expect("a conversation").id
}

fn try_request(app: &TestApp, by: &Person, people: &[String], conversations: &[String]) -> Result<RequestId> {
    let draft = Draft { first_day: "2026-03-01", last_day: "2026-03-16", people, conversations, ..Draft::default() };
    match draft.parse(&keys::new_key(), app.app.state().policy.max_open) {
        Some(command) => commands::run(app.store(), Actor::User(by.id), &command, app.now()),
        None => Err(Error::several(app.store().read(|c| request::problems(c, by.id, &draft, app.now()))?)),
    }
}

fn export(app: &TestApp, by: &Person, people: &[String], conversations: &[String]) -> Archive {
    let id = try_request(app, by, people, conversations).unwrap();
    app.work();
    app.archive_without_fault(id)
}

/// What each listed conversation is called, or which kind it is.
fn listed(archive: &Archive) -> Vec<String> {
    let label = |one: &Value| one["name"].as_str().or(one["type"].as_str()).unwrap().to_owned();
    let mut listed: Vec<_> = archive.conversations().iter().map(label).collect();
    listed.sort();
    listed
}

/// The office, with a team of Barbara's in which Grace has only posted, and Globex with a team of its own, of which one person
/// is in Acme's team "Shared".
fn house() -> (TestApp, Person) {
    let (app, ada) = TestApp::with_office();
    app.account_with_exports_on("Globex");
    app.record(
        "Acme",
        r#"{"type":"account","id":"globex","name":"Globex"}
        {"type":"user","id":"g1","name":"Hank Scorpio","email":"hank@globex.example","account":"globex"}
        {"type":"conversation","id":"shared","kind":"Team","name":"Shared","members":[{"user":"u4"},{"user":"g1"}]}
        {"type":"conversation","id":"lone","kind":"Team","name":"Lone","members":[{"user":"u4"}]}
        {"type":"item_created","conversation":"lone","id":"l1","kind":"Message","at":"2026-03-10T10:00:00Z","by":"u2","content":{"text":"Only passing"}}"#,
    );
    app.record("Acme", &message("direct", "d1", "2026-03-10T10:00:00Z", "Between two"));
    app.record("Acme", &message("notes", "n1", "2026-03-10T10:00:00Z", "To myself"));
    app.record(
        "Globex",
        r#"{"type":"user","id":"u1","name":"Frank Grimes","email":"frank@globex.example"}
        {"type":"conversation","id":"team","kind":"Team","name":"Reactor","members":[{"user":"u1"}]}"#,
    );
    (app, ada)
}

#[test]
fn c2_an_export_of_some_people_holds_the_conversations_in_which_they_ever_took_part() {
    let (app, ada) = house();
    let grace = user(&app, "Acme", "u2").to_string();
    let archive = export(&app, &ada, std::slice::from_ref(&grace), &[]);
    // She was never in Lone, but posted there.
    assert_eq!(listed(&archive), ["Berths", "Direct", "Group", "Lone"]);
    assert!(archive.texts().contains(&"Between two".to_owned()) && !archive.texts().contains(&"To myself".to_owned()));
    let filters = archive.manifest()["request"]["filters"].clone();
    assert_eq!((&filters["people"][0]["name"], &filters["people"][0]["id"]), (&"Grace".into(), &grace.into()));
    assert_eq!(filters["conversations"], Value::Null);

    // One of another company who takes part in one of ours; by address, in any case.
    let archive = export(&app, &ada, &["Hank@Globex.example".into()], &[]);
    assert_eq!(listed(&archive), ["Shared"]);
    assert_eq!(archive.manifest()["request"]["filters"]["people"][0]["account"], "Globex");
}

#[test]
fn c2_conversations_alone_and_both_filters_together() {
    let (app, ada) = house();
    let [team, direct, lone] = ["team", "direct", "lone"].map(|id| conversation(&app, "Acme", id).to_string());
    let chosen = [team, direct, lone];
    let archive = export(&app, &ada, &[], &chosen);
    assert_eq!(listed(&archive), ["Berths", "Direct", "Lone"]);
    let filters = archive.manifest()["request"]["filters"].clone();
    let names: Vec<_> = filters["conversations"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["Berths", "Ada, Grace", "Lone"]);

    let edsger = user(&app, "Acme", "u3").to_string();
    assert_eq!(listed(&export(&app, &ada, &[edsger], &chosen)), ["Berths"]);
    let whole = export(&app, &ada, &[], &[]);
    assert_eq!(whole.manifest()["request"]["filters"], Value::Null);
    assert_eq!(listed(&whole).len(), 6);
}

#[test]
fn c7_filters_mean_what_they_meant_at_the_cut() {
    let (app, ada) = house();
    let people = [user(&app, "Acme", "u3").to_string()];
    let id = try_request(&app, &ada, &people, &[]).unwrap();
    app.take_cut(id);
    app.record(
        "Acme",
        r#"{"type":"user","id":"u3","name":"Edsger W."}
        {"type":"joined","conversation":"lone","user":"u3","at":"2026-03-02T10:00:00Z"}
        {"type":"item_created","conversation":"shared","id":"s1","kind":"Message","at":"2026-03-10T10:00:00Z","by":"u3","content":{"text":"Late"}}"#,
    );
    app.work();
    let archive = app.archive_without_fault(id);
    assert_eq!(listed(&archive), ["Berths", "Group"]);
    assert_eq!(archive.manifest()["request"]["filters"]["people"][0]["name"], "Edsger");
    let folder = tempfile::tempdir().unwrap();
    let again = app.worker.exports.rebuild(id, folder.path(), &Stop::default(), &|_| {}).unwrap();
    assert!(again.iter().all(|part| part.same));
    assert_eq!(listed(&export(&app, &ada, &people, &[])), ["Berths", "Group", "Lone", "Shared"]);
}

#[test]
fn b1_whom_and_what_the_account_does_not_know_can_not_be_chosen_and_looks_like_nobody() {
    let (app, ada) = house();
    let theirs = user(&app, "Globex", "u1").to_string();
    let told = |people: &[&str], conversations: &[&str]| {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let error = try_request(&app, &ada, &owned(people), &owned(conversations)).unwrap_err();
        error.each().map(|error| (error.field(), error.message().to_owned())).collect::<Vec<_>>()
    };
    let nobody = told(&["999999"], &[]);
    assert_eq!(nobody[0].0, Some(Field::People));
    for people in [[theirs.as_str()], ["frank@globex.example"], ["no-one@acme.example"], ["x"], ["-1"], [""]] {
        assert_eq!(told(&people, &[]), nobody, "{people:?}");
    }
    let nothing = told(&[], &["999999"]);
    assert_eq!(nothing[0].0, Some(Field::Conversations));
    let reactor = conversation(&app, "Globex", "team").to_string();
    for conversations in [[reactor.as_str()], ["x"], ["1 OR 1=1"], [""]] {
        assert_eq!(told(&[], &conversations), nothing, "{conversations:?}");
    }
    let many: Vec<String> = (0..31).map(|number| number.to_string()).collect();
    assert!(try_request(&app, &ada, &many, &[]).unwrap_err().message().contains("at most 30"));
    assert!(try_request(&app, &ada, &[], &many).unwrap_err().message().contains("at most 10"));
    let account = app.find_account("Acme").id;
    assert!(
        app.store().read(|c| exports::rows::exports::page(c, account, Stretch::Newest, 10)).unwrap().rows.is_empty()
    );
}

fn browser_of(app: &TestApp, person: &Person) -> Browser {
    app.signed_in(person)
}

fn found(browser: &Browser, field: &str, text: &str) -> Vec<String> {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair(field, text).finish();
    let page = browser.get(&format!("{FIND}?{query}"));
    assert_eq!(page.status, 200, "{}", page.text());
    let names = regex::Regex::new(r#"data-name="([^"]*)""#).unwrap();
    let body = String::from_utf8(page.body).unwrap();
    names.captures_iter(&body).map(|name| name[1].to_owned()).collect()
}

#[test]
fn b1_people_and_conversations_are_found_by_a_part_of_a_name_or_address() {
    let (app, ada) = house();
    let browser = browser_of(&app, &ada);
    assert_eq!(found(&browser, "person", "GRA"), ["Grace"]);
    assert_eq!(found(&browser, "person", "scorp"), ["Hank Scorpio"]);
    assert_eq!(found(&browser, "person", "hank@"), ["Hank Scorpio"]);
    assert_eq!(found(&browser, "person", "reactor"), [""; 0]);
    assert_eq!(found(&browser, "conversation", "ber"), ["Berths"]);
    assert_eq!(found(&browser, "conversation", "grace ada"), ["Ada, Grace", "Ada, Grace, Edsger"]);
    assert_eq!(found(&browser, "conversation", "ada@acme"), ["Ada", "Ada, Grace", "Ada, Grace, Edsger"]);
    for nothing in ["", "   ", "%", "_", "'", "\u{0}"] {
        assert_eq!(found(&browser, "person", nothing), [""; 0], "{nothing:?}");
    }
}

#[test]
fn a2_nobody_and_nothing_of_another_account_is_found() {
    let (app, ada) = house();
    let browser = browser_of(&app, &ada);
    for theirs in ["Frank", "grimes", "frank@globex.example", "globex.example"] {
        let found = found(&browser, "person", theirs);
        assert!(found.iter().all(|name| name == "Hank Scorpio"), "{found:?}");
    }
    assert_eq!(found(&browser, "conversation", "Reactor"), [""; 0]);
    assert_eq!(found(&browser, "conversation", "Frank"), [""; 0]);
    // Nor can the form be made to show their names.
    let (frank, reactor) = (user(&app, "Globex", "u1"), conversation(&app, "Globex", "team"));
    let page = browser.get(&format!("{NEW}?person={frank}&conversation={reactor}")).text();
    assert!(!page.contains("Grimes") && !page.contains("Reactor"));
    let page = browser.post(NEW, &[("add_person", &frank.to_string()), ("add_conversation", &reactor.to_string())]);
    assert!(page.status == 200 && !page.text().contains("Grimes") && !page.text().contains("Reactor"));
}

fn chips(page: &Page) -> Vec<String> {
    let text = page.text();
    let names =
        regex::Regex::new(r#"<li class="chip"><input type="hidden" name="(\w+)" value="\d+"><bdi>([^<]*)<"#).unwrap();
    names.captures_iter(&text).map(|chip| format!("{}: {}", &chip[1], &chip[2])).collect()
}

#[test]
fn b1_without_scripts_filters_are_searched_for_added_and_removed_by_the_form() {
    let (app, ada) = house();
    let browser = browser_of(&app, &ada);
    let key = browser.get(NEW).field("form_key").unwrap();
    let days = [("first_day", "2026-03-01"), ("last_day", "2026-03-16"), ("form_key", key.as_str())];
    let post = |path: &str, more: &[(&str, &str)]| browser.post(path, &[&days[..], more].concat());

    let page = post(NEW, &[("find_person", "gra")]);
    assert!(page.text().contains("1 found") && page.text().contains(r#"name="add_person""#), "{}", page.text());
    let grace = user(&app, "Acme", "u2").to_string();
    let page = post(NEW, &[("find_person", "gra"), ("add_person", &grace), ("find_conversation", "berths")]);
    assert_eq!(chips(&page), ["person: Grace"]);
    assert_eq!(page.field("form_key"), Some(key.clone()));
    assert!(page.text().contains(r#"name="find_person" value="""#), "the search is over");
    let team = conversation(&app, "Acme", "team").to_string();
    let page = post(NEW, &[("person", &grace), ("add_conversation", &team)]);
    assert_eq!(chips(&page), ["person: Grace", "conversation: Berths"]);
    // Presets keep what is chosen.
    let preset = format!("{NEW}?preset=last-7-days&person={grace}&conversation={team}");
    assert!(page.text().contains(&preset), "{}", page.text());
    assert_eq!(chips(&browser.get(&preset)), ["person: Grace", "conversation: Berths"]);
    let page = post(NEW, &[("person", &grace), ("conversation", &team), ("remove_conversation", &team)]);
    assert_eq!(chips(&page), ["person: Grace"]);

    // A refused form keeps what was chosen, too.
    let page = browser
        .post(EXPORTS, &[("first_day", "2026-03-20"), ("last_day", "x"), ("person", &grace), ("form_key", &key)]);
    assert_eq!((page.status, chips(&page)), (422, vec!["person: Grace".to_owned()]));
    let page = post(EXPORTS, &[("person", &grace)]);
    assert_eq!(page.status, 303);
    assert_eq!(post(EXPORTS, &[("person", &grace)]).status, 303, "the same form again");
    let account = app.find_account("Acme").id;
    let requests = app.store().read(|c| exports::rows::exports::page(c, account, Stretch::Newest, 10)).unwrap().rows;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].0.filters.people, [user(&app, "Acme", "u2")]);
    assert!(browser.get("/administration").row(requests[0].0.id).contains("Only 1 person"));
    let audit = app.audit(account);
    let (_, AuditEvent::ExportRequested { filters, .. }) = audit.last().unwrap() else { panic!("{audit:?}") };
    assert_eq!(filters, &requests[0].0.filters);
}

#[test]
fn b1_what_was_typed_and_not_chosen_is_not_passed_over() {
    let (app, ada) = house();
    let browser = browser_of(&app, &ada);
    let key = browser.get(NEW).field("form_key").unwrap();
    let fields = [("first_day", "2026-03-01"), ("last_day", "2026-03-16"), ("find_person", "Gra"), ("form_key", &key)];
    let page = browser.post(EXPORTS, &fields);
    assert_eq!(page.status, 422);
    assert!(page.text().contains("“Gra” was typed, but nothing is chosen"), "{}", page.text());
    assert!(page.text().contains(r#"id="person-error""#) && page.text().contains(r#"name="add_person""#));
    let account = app.find_account("Acme").id;
    assert!(
        app.store().read(|c| exports::rows::exports::page(c, account, Stretch::Newest, 10)).unwrap().rows.is_empty()
    );
}

#[test]
fn b1_every_field_is_refused_at_once_and_hostile_names_stay_names() {
    let (app, ada) = house();
    let event = serde_json::json!({"type": "user", "id": "u9", "name": HOSTILE, "email": "u9@acme.example"});
    app.record("Acme", &event.to_string());
    let browser = browser_of(&app, &ada);
    let key = browser.get(NEW).field("form_key").unwrap();
    let page = browser.post(
        EXPORTS,
        &[("first_day", "x"), ("last_day", ""), ("person", "x"), ("conversation", "7777"), ("form_key", &key)],
    );
    for error in ["first-day-error", "last-day-error", "person-error", "conversation-error"] {
        assert!(page.text().contains(&format!("id=\"{error}\"")), "{error}: {}", page.text());
    }
    let hostile = user(&app, "Acme", "u9").to_string();
    let pages = [
        browser.get(&format!("{FIND}?person=neill")),
        browser.get(&format!("{NEW}?person={hostile}")),
        browser.post(NEW, &[("find_person", "neill")]),
        browser.post(NEW, &[("find_person", HOSTILE), ("find_conversation", HOSTILE)]),
    ];
    for page in pages {
        let body = String::from_utf8(page.body).unwrap();
        assert!(body.contains("alert(1)") && !body.contains("<script>alert"), "{body}");
    }
    let archive = export(&app, &ada, &[hostile], &[]);
    assert_eq!(archive.manifest()["request"]["filters"]["people"][0]["name"], HOSTILE);
}
