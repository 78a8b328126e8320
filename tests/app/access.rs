//! Who may see and do what: A1–A5. Which routes refuse whom is walked in [`crate::routes`].

use std::sync::Barrier;

use chrono::TimeDelta;
use compliance_exports::audit::{Actor, AuditEvent, Named};
use compliance_exports::capture::{self, switch};
use compliance_exports::exports;
use compliance_exports::identity::{self, accounts, commands};
use compliance_exports::model::{AccountId, CapturePeriod, UserId};

use crate::support::{Browser, Page, Person, TestApp};

const ON: &str = "aria-checked=\"true\"";
const OFF: &str = "aria-checked=\"false\"";
const MANAGE: &str = "href=\"/administration/access\"";
const REQUEST: &str = "href=\"/administration/exports/new\"";

/// Names of those with access.
fn holders(app: &TestApp, account: AccountId) -> Vec<String> {
    let holders = app.store().read(|c| identity::rows::access::list(c, account)).unwrap();
    holders.into_iter().map(|user| user.name).collect()
}

fn capture(app: &TestApp, account: AccountId) -> Vec<CapturePeriod> {
    app.store().read(|c| capture::rows::periods::list(c, account)).unwrap()
}

fn is_capturing(app: &TestApp, account: AccountId) -> bool {
    capture(app, account).iter().any(|period| period.off_at.is_none())
}

fn granted(person: &Person, name: &str) -> AuditEvent {
    AuditEvent::AccessGranted { user: Named { id: person.id, name: name.to_owned() } }
}

fn revoked(person: &Person, name: &str) -> AuditEvent {
    AuditEvent::AccessRevoked { user: Named { id: person.id, name: name.to_owned() } }
}

/// What chat systems tell of a person, who is found by the address.
fn told(person: &Person, facts: &str) -> String {
    format!(r#"{{"type":"user","id":"{}","name":"{}","email":"{}",{facts}}}"#, person.email, person.name, person.email)
}

/// Opens Manage and saves these as those with access.
fn save_access(browser: &Browser, people: &[UserId]) -> Page {
    submit_access(browser, &browser.get("/administration/access"), people)
}

/// Ticks exactly these on Manage as it was opened, and saves.
fn submit_access(browser: &Browser, manage: &Page, people: &[UserId]) -> Page {
    let text = manage.text();
    let had = regex::Regex::new(r#"name="had" value="(\d+)""#).unwrap();
    let had: Vec<String> = had.captures_iter(&text).map(|found| found[1].to_owned()).collect();
    let people: Vec<String> = people.iter().map(ToString::to_string).collect();
    let mut fields: Vec<_> = people.iter().map(|id| ("user", id.as_str())).collect();
    fields.extend(had.iter().map(|id| ("had", id.as_str())));
    browser.post("/administration/access", &fields)
}

/// Acme with the feature on; Ada and Bob administer it, and Ada alone has access.
fn ada_and_bob(app: &TestApp) -> (AccountId, Person, Person) {
    let (account, ada) = app.account_with_exports_on("Acme");
    (account, ada, app.admin("Acme", "Bob"))
}

#[test]
fn a1_without_the_feature_the_page_says_how_to_ask() {
    let app = TestApp::start();
    commands::run(
        app.store(),
        Actor::Operator,
        &accounts::CreateAccount { name: "Acme", time_zone: chrono_tz::UTC, include_exports: false },
        app.now(),
    )
    .unwrap();
    let ada = app.admin("Acme", "Ada");
    let page = app.signed_in(&ada).get("/administration");
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.contains("not included in this account"), "{text}");
    assert!(text.contains("compliance-exports account include-exports Acme"), "{text}");
    assert!(!text.contains("role=\"switch\"") && !text.contains("Export History"), "{text}");
}

#[test]
fn a1_without_the_feature_nobody_turns_it_on() {
    let app = TestApp::start();
    let account = commands::run(
        app.store(),
        Actor::Operator,
        &accounts::CreateAccount { name: "Acme", time_zone: chrono_tz::UTC, include_exports: false },
        app.now(),
    )
    .unwrap();
    let ada = app.admin("Acme", "Ada");
    let page = app.signed_in(&ada).post("/administration/exports/on", &[]);
    assert_eq!(page.status, 403);
    assert!(page.text().contains("not included in the account Acme"), "{}", page.text());
    assert!(!app.find_account("Acme").exports_on && capture(&app, account).is_empty());
}

#[test]
fn a1_excluding_ends_capture_and_hides_the_section() {
    let app = TestApp::start();
    let (account, ada) = app.account_with_exports_on("Acme");
    app.advance(TimeDelta::hours(1));
    commands::run(
        app.store(),
        Actor::Operator,
        &switch::IncludeExports { account: "Acme", included: false },
        app.now(),
    )
    .unwrap();
    assert_eq!(capture(&app, account)[0].off_at, Some(app.now()));
    let text = app.signed_in(&ada).get("/administration").text();
    assert!(!text.contains("role=\"switch\"") && !text.contains("Export History"), "{text}");
    let audit = app.audit(account);
    let told = [(Actor::Operator, AuditEvent::ExportsTurnedOff), (Actor::Operator, AuditEvent::ExportsExcluded)];
    assert!(audit.ends_with(&told), "{audit:?}");
}

#[test]
fn a1_included_again_it_is_off() {
    let app = TestApp::start();
    let (account, ada) = app.account_with_exports_on("Acme");
    for included in [false, true] {
        commands::run(app.store(), Actor::Operator, &switch::IncludeExports { account: "Acme", included }, app.now())
            .unwrap();
    }
    assert!(app.signed_in(&ada).get("/administration").text().contains(OFF));
    assert!(!is_capturing(&app, account));
}

#[test]
fn a1_excluding_while_someone_turns_it_on_never_leaves_it_capturing() {
    let app = TestApp::start();
    let account = app.account("Acme");
    let ada = app.admin("Acme", "Ada");
    for round in 0..24 {
        commands::run(
            app.store(),
            Actor::Operator,
            &switch::IncludeExports { account: "Acme", included: true },
            app.now(),
        )
        .unwrap();
        at_once(
            || drop(commands::run(app.store(), Actor::User(ada.id), &switch::TurnOn, app.now())),
            || {
                // A little later each time, so that they meet at every place.
                (0..round % 8).for_each(|_| drop(app.find_account("Acme")));
                commands::run(
                    app.store(),
                    Actor::Operator,
                    &switch::IncludeExports { account: "Acme", included: false },
                    app.now(),
                )
                .unwrap();
            },
        );
        assert!(!is_capturing(&app, account) && !app.find_account("Acme").exports_on);
    }
}

#[test]
fn a2_a_stranger_signs_in_and_gets_the_page_asked_for() {
    let app = TestApp::start();
    app.account("Acme");
    let ada = app.admin("Acme", "Ada");
    let browser = app.browser();
    let refused = browser.get("/administration?before=2");
    assert_eq!((refused.status, refused.location()), (303, "/sign-in?next=%2Fadministration%3Fbefore%3D2"));
    let next = browser.get(refused.location()).field("next").unwrap();
    let fields = [("email", ada.email.as_str()), ("password", crate::support::PASSWORD), ("next", &next)];
    let signed_in = browser.post("/sign-in", &fields);
    assert_eq!((signed_in.status, signed_in.location()), (303, "/administration?before=2"));
    assert_eq!(browser.get(signed_in.location()).status, 200);
}

#[test]
fn a2_a_form_sent_by_a_stranger_leads_home_after_signing_in() {
    let app = TestApp::start();
    let refused = app.browser().post_raw("/administration/exports/off", &[]);
    assert_eq!((refused.status, refused.location()), (303, "/sign-in?next=%2F"));
}

#[test]
fn a2_a_script_of_a_stranger_is_refused_instead_of_led_to_a_page() {
    let app = TestApp::start();
    let refused = app.browser().get_with("/administration/exports/history", &[("sec-fetch-dest", "empty")]);
    assert_eq!((refused.status, refused.location()), (401, ""));
}

#[test]
fn a2_a_member_gets_a_page_that_says_whom_to_ask() {
    let app = TestApp::start();
    app.account_with_exports_on("Acme");
    let mia = app.member("Acme", "Mia");
    let browser = app.signed_in(&mia);
    let page = browser.get("/administration");
    assert_eq!(page.status, 403);
    assert!(page.text().contains("Only administrators of Acme can open this page"), "{}", page.text());
    let home = browser.get("/");
    assert_eq!(home.status, 200);
    assert!(!home.text().contains("href=\"/administration\""), "{}", home.text());
}

#[test]
fn a2_the_profile_picture_leads_to_the_administration_page() {
    let app = TestApp::start();
    app.account("Acme");
    let ada = app.admin("Acme", "Ada Byron");
    let browser = app.signed_in(&ada);
    assert_eq!(browser.get("/").location(), "/administration");
    let text = browser.get("/administration").text();
    let menu = text.split_once("<details class=\"profile\"").unwrap().1.split_once("</details>").unwrap().0;
    assert!(menu.contains(">AB</span>") && menu.contains("<a href=\"/administration\">Administration</a>"), "{menu}");
}

#[test]
fn a2_an_administrator_sees_only_the_own_account() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    app.export(&ada, "2026-03-01", "2026-03-02");
    let (_, bea) = app.account_with_exports_on("Borealis");
    let text = app.signed_in(&Person { name: "Bea".into(), ..bea }).get("/administration").text();
    assert!(text.contains("<bdi>Borealis</bdi>") && text.contains("No exports"), "{text}");
    assert!(!text.contains("Acme") && !text.contains("acme.example"), "{text}");
}

#[test]
fn a3_whoever_turns_it_on_is_the_only_one_with_access() {
    let app = TestApp::start();
    let account = app.account("Acme");
    let (ada, _bob) = (app.admin("Acme", "Ada"), app.admin("Acme", "Bob"));
    let browser = app.signed_in(&ada);
    let page = browser.get("/administration");
    assert_eq!(page.status, 200);
    assert!(page.text().contains(OFF), "{}", page.text());
    let page = browser.post("/administration/exports/on", &[]);
    assert_eq!((page.status, page.location()), (303, "/administration"));
    let page = browser.get("/administration").text();
    assert!(page.contains(ON) && page.contains("<bdi>Ada</bdi> (you)"), "{page}");
    assert!(!page.contains("<bdi>Bob</bdi>"), "{page}");
    assert!(page.contains("No exports"), "{page}");
    assert_eq!(holders(&app, account), ["Ada"]);
    assert!(is_capturing(&app, account));
}

#[test]
fn a3_any_administrator_can_turn_it_on_and_no_member() {
    let app = TestApp::start();
    app.account("Acme");
    app.admin("Acme", "Ada");
    let mia = app.signed_in(&app.member("Acme", "Mia"));
    assert_eq!(mia.post("/administration/exports/on", &[]).status, 403);
    assert!(!app.find_account("Acme").exports_on);
    let bob = app.signed_in(&app.admin("Acme", "Bob"));
    assert_eq!(bob.post("/administration/exports/on", &[]).status, 303);
    assert!(app.find_account("Acme").exports_on);
}

#[test]
fn a3_an_administrator_without_access_sees_that_it_is_on_and_whom_to_ask() {
    let app = TestApp::start();
    let (_, _, bob) = ada_and_bob(&app);
    let text = app.signed_in(&bob).get("/administration").text();
    assert!(text.contains(ON), "{text}");
    assert!(text.contains("<bdi>Ada</bdi><a href=\"mailto:ada@acme.example\">"), "{text}");
    for more in [MANAGE, REQUEST, "Export History", "action=\"/administration/exports/off\""] {
        assert!(!text.contains(more), "{more}");
    }
}

#[test]
fn a3_a_refusal_names_those_who_can_give_access() {
    let app = TestApp::start();
    let (_, _, bob) = ada_and_bob(&app);
    let page = app.signed_in(&bob).get("/administration/exports/new");
    assert_eq!(page.status, 403);
    assert!(page.text().contains("To get it, ask Ada."), "{}", page.text());
}

#[test]
fn a3_turning_off_asks_first_and_says_what_will_stop_being_kept() {
    let app = TestApp::start();
    let (account, ada) = app.account_with_exports_on("Acme");
    app.request(&ada, "2026-03-01", "2026-03-02");
    let browser = app.signed_in(&ada);
    let page = browser.get("/administration/exports/off");
    let text = page.text();
    assert_eq!(page.status, 200);
    assert!(
        text.contains("Deleted items are no longer kept.") && text.contains("queued or running finishes"),
        "{text}"
    );
    assert!(app.find_account("Acme").exports_on, "asking changes nothing");

    app.advance(TimeDelta::minutes(1));
    assert_eq!(browser.post("/administration/exports/off", &[]).status, 303);
    let text = browser.get("/administration").text();
    assert!(text.contains(OFF) && text.contains("no longer kept"), "{text}");
    assert_eq!(capture(&app, account)[0].off_at, Some(app.now()));
    assert_eq!(app.audit(account).last().unwrap(), &(Actor::User(ada.id), AuditEvent::ExportsTurnedOff));
}

#[test]
fn a3_turning_on_what_is_on_gives_nobody_access() {
    let app = TestApp::start();
    let (account, _, bob) = ada_and_bob(&app);
    let browser = app.signed_in(&bob);
    assert_eq!(browser.post("/administration/exports/on", &[]).status, 303);
    let text = browser.get("/administration").text();
    assert!(!text.contains("you have access"), "{text}");
    assert!(text.contains("was on already"), "{text}");
    assert_eq!(holders(&app, account), ["Ada"]);
    assert_eq!(capture(&app, account).len(), 1);
}

#[test]
fn a3_turned_on_again_only_the_one_who_did_so_has_access() {
    let app = TestApp::start();
    let (account, ada, bob) = ada_and_bob(&app);
    commands::run(app.store(), Actor::User(ada.id), &switch::TurnOff, app.now()).unwrap();
    assert_eq!(app.signed_in(&bob).post("/administration/exports/on", &[]).status, 303);
    assert_eq!(holders(&app, account), ["Bob"]);
}

#[test]
fn a3_of_two_who_turn_it_on_at_once_one_has_access() {
    let app = TestApp::start();
    let account = app.account("Acme");
    let (ada, bob) = (app.admin("Acme", "Ada"), app.admin("Acme", "Bob"));
    let (first, second) = (app.signed_in(&ada), app.signed_in(&bob));
    for _ in 0..5 {
        let turn_on = |browser: &Browser| assert_eq!(browser.post("/administration/exports/on", &[]).status, 303);
        at_once(|| turn_on(&first), || turn_on(&second));
        let winners = app.store().read(|c| identity::rows::access::list(c, account)).unwrap();
        assert_eq!(winners.len(), 1, "{winners:?}");
        let open = capture(&app, account).iter().filter(|period| period.off_at.is_none()).count();
        assert_eq!(open, 1);
        commands::run(app.store(), Actor::User(winners[0].id), &switch::TurnOff, app.now()).unwrap();
    }
}

#[test]
fn a4_manage_lists_the_active_administrators() {
    let app = TestApp::start();
    let (_, ada, bob) = ada_and_bob(&app);
    let (mia, cleo) = (app.member("Acme", "Mia"), app.admin("Acme", "Cleo"));
    app.record("Acme", &told(&cleo, r#""deactivatedAt":"2026-03-01T00:00:00Z""#));
    app.record("Acme", r#"{"type":"user","id":"b","name":"Robot","bot":true,"admin":true}"#);
    let text = app.signed_in(&ada).get("/administration/access").text();
    assert!(text.contains(&format!("name=\"user\" value=\"{}\" checked", ada.id)), "{text}");
    assert!(text.contains(&format!("name=\"user\" value=\"{}\">", bob.id)), "{text}");
    assert_eq!(text.matches("type=\"checkbox\"").count(), 2, "{text}");
    assert!(!text.contains(&mia.name) && !text.contains(&cleo.name) && !text.contains("Robot"), "{text}");
}

#[test]
fn a4_save_gives_and_takes_access() {
    let app = TestApp::start();
    let (account, ada, bob) = ada_and_bob(&app);
    let browser = app.signed_in(&ada);
    let page = save_access(&browser, &[ada.id, bob.id]);
    assert_eq!((page.status, page.location()), (303, "/administration"));
    assert_eq!(holders(&app, account), ["Ada", "Bob"]);
    // One may also go oneself, as long as somebody remains.
    assert_eq!(save_access(&browser, &[bob.id]).status, 303);
    assert_eq!(holders(&app, account), ["Bob"]);
    let audit = app.audit(account);
    let expected = [(Actor::User(ada.id), granted(&bob, "Bob")), (Actor::User(ada.id), revoked(&ada, "Ada"))];
    assert!(audit.ends_with(&expected), "{audit:?}");
}

#[test]
fn a4_two_who_save_at_once_undo_nothing_of_one_another() {
    let app = TestApp::start();
    let (account, ada, bob) = ada_and_bob(&app);
    let (cleo, dora) = (app.admin("Acme", "Cleo"), app.admin("Acme", "Dora"));
    app.set_access(&ada, &[ada.id, bob.id]).unwrap();
    let (first, second) = (app.signed_in(&ada), app.signed_in(&bob));
    let [seen_by_ada, seen_by_bob] = [&first, &second].map(|browser| browser.get("/administration/access"));
    assert_eq!(submit_access(&first, &seen_by_ada, &[ada.id, bob.id, cleo.id]).status, 303);
    // Bob's list does not know about Cleo yet.
    assert_eq!(submit_access(&second, &seen_by_bob, &[ada.id, bob.id, dora.id]).status, 303);
    assert_eq!(holders(&app, account), ["Ada", "Bob", "Cleo", "Dora"]);
    // Nor does a list that is older than somebody's going bring them back, or remove the last one.
    assert_eq!(submit_access(&first, &seen_by_ada, &[ada.id]).status, 303);
    assert_eq!(holders(&app, account), ["Ada", "Cleo", "Dora"]);
    assert_eq!(submit_access(&second, &seen_by_bob, &[]).status, 403);
    app.set_access(&ada, &[ada.id]).unwrap();
    assert_eq!(submit_access(&first, &seen_by_ada, &[bob.id]).status, 422);
    assert_eq!(holders(&app, account), ["Ada"]);
}

#[test]
fn a4_of_thousands_a_page_shows_some_and_finds_the_others() {
    let app = TestApp::start();
    let (account, ada, bob) = ada_and_bob(&app);
    let (borealis, _) = app.account_with_exports_on("Borealis");
    app.many_admins(account, 5_000);
    app.many_admins(borealis, 60);
    app.run_sql("UPDATE users SET email = NULL WHERE email LIKE '%many.example' AND name > 'Person 4000'");
    let browser = app.signed_in(&ada);
    let manage = browser.get("/administration/access");
    let text = manage.text();
    assert_eq!(text.matches("type=\"checkbox\"").count(), 50, "{text}");
    assert!(text.contains("50 of 5,002 administrators, those with access first."), "{text}");
    assert!(manage.body.len() < 40_000, "{} bytes", manage.body.len());
    let found = |sought: &str| -> Vec<String> {
        let text = browser.get(&format!("/administration/access?find={sought}")).text();
        let name = regex::Regex::new(r#"<span><bdi>([^<]*)</bdi>"#).unwrap();
        name.captures_iter(&text).map(|found| found[1].to_owned()).collect()
    };
    // Of the own account only, by name or email, without regard to case.
    assert_eq!(found("PERSON+0007"), ["Person 0007"]);
    assert_eq!(found("0042%40many"), ["Person 0042"]);
    assert_eq!(found("ada"), ["Ada"]);
    assert_eq!(found("%25"), [] as [&str; 0]);
    assert_eq!(found("person").len(), 50);

    // Saved from a list that shows some, the others keep what they have.
    app.run_sql(&format!(
        "INSERT INTO access_grants (account_id, user_id, granted_at) \
         SELECT account_id, id, 0 FROM users WHERE account_id = {account} AND name LIKE 'Person %'"
    ));
    let manage = browser.get("/administration/access?find=bob");
    assert_eq!(submit_access(&browser, &manage, &[bob.id]).status, 303);
    assert_eq!(holders(&app, account).len(), 5_002);
    let text = browser.get("/administration").text();
    assert!(text.contains(" and 4,996 more</p>") && text.contains("<bdi>Ada</bdi> (you)"), "{text}");
    // Nor does a refusal name thousands.
    app.run_sql(&format!("DELETE FROM access_grants WHERE user_id = {}", ada.id));
    let text = browser.get("/administration/exports/new").text();
    assert!(text.contains("or 4,996 others."), "{text}");
    let text = browser.get("/administration").text();
    assert!(text.contains("and 4,991 more"), "{text}");
}

#[test]
fn a4_the_last_one_can_not_be_removed() {
    let app = TestApp::start();
    let (account, ada, _) = ada_and_bob(&app);
    let page = save_access(&app.signed_in(&ada), &[]);
    assert_eq!(page.status, 422);
    assert!(page.text().contains("At least one person must keep access."), "{}", page.text());
    assert_eq!(holders(&app, account), ["Ada"]);
}

#[test]
fn a4_a_forged_form_gives_access_to_nobody_but_active_administrators_of_the_account() {
    let app = TestApp::start();
    let (account, ada, bob) = ada_and_bob(&app);
    let (mia, cleo) = (app.member("Acme", "Mia"), app.admin("Acme", "Cleo"));
    app.record("Acme", &told(&cleo, r#""deactivatedAt":"2026-03-01T00:00:00Z""#));
    app.account("Borealis");
    let stranger = app.admin("Borealis", "Bea");
    let browser = app.signed_in(&ada);
    for (who, id) in [("member", mia.id), ("deactivated", cleo.id), ("other account", stranger.id), ("nobody", 9_999)] {
        // Nothing of such a form is applied, also not what would have been right.
        let page = save_access(&browser, &[ada.id, bob.id, id]);
        assert_eq!(page.status, 422, "{who}");
        assert!(page.text().contains("no longer an administrator"), "{who}: {}", page.text());
        assert_eq!(holders(&app, account), ["Ada"], "{who}");
    }
}

#[test]
fn a4_who_loses_the_admin_role_loses_access_at_that_moment() {
    let app = TestApp::start();
    let (account, ada, bob) = ada_and_bob(&app);
    app.set_access(&ada, &[ada.id, bob.id]).unwrap();
    let browser = app.signed_in(&bob);
    app.record("Acme", &told(&bob, r#""admin":false"#));
    assert_eq!(holders(&app, account), ["Ada"]);
    assert_eq!(browser.get("/administration").status, 403);
    let audit = app.audit(account);
    let (actor, event) = audit.last().unwrap();
    assert!(matches!(actor, Actor::Source(_)) && *event == revoked(&bob, "Bob"), "{audit:?}");
    // The role alone does not bring it back.
    app.record("Acme", &told(&bob, r#""admin":true"#));
    assert_eq!(holders(&app, account), ["Ada"]);
    assert_eq!(browser.get("/administration/exports/new").status, 403);
}

#[test]
fn a4_who_is_deactivated_loses_access_at_that_moment() {
    let app = TestApp::start();
    let (account, ada, bob) = ada_and_bob(&app);
    app.set_access(&ada, &[ada.id, bob.id]).unwrap();
    app.record("Acme", &told(&bob, r#""deactivatedAt":"2026-03-16T09:00:00Z""#));
    assert_eq!(holders(&app, account), ["Ada"]);
    let audit = app.audit(account);
    let (actor, event) = audit.last().unwrap();
    assert!(matches!(actor, Actor::Source(_)) && *event == revoked(&bob, "Bob"), "{audit:?}");
}

#[test]
fn a4_losing_the_role_while_being_given_access_leaves_no_access() {
    let app = TestApp::start();
    let (account, ada, bob) = ada_and_bob(&app);
    for _ in 0..10 {
        app.record("Acme", &told(&bob, r#""admin":true"#));
        at_once(
            // Refused or not: whichever comes first.
            || drop(app.set_access(&ada, &[ada.id, bob.id])),
            || drop(app.record("Acme", &told(&bob, r#""admin":false"#))),
        );
        assert_eq!(holders(&app, account), ["Ada"]);
    }
}

#[test]
fn a4_an_import_takes_no_roles_in_other_accounts() {
    let app = TestApp::start();
    let (account, ada) = app.account_with_exports_on("Acme");
    app.account("Borealis");
    let summary = app.try_record(
        "Borealis",
        &format!(
            r#"
            {{"type":"account","id":"acme","name":"Acme"}}
            {{"type":"user","id":"a","account":"acme","name":"Ada","email":"{0}","admin":false}}
            {{"type":"user","id":"a","account":"acme","name":"Ada","email":"{0}","deactivatedAt":"2026-03-01T00:00:00Z"}}
            "#,
            ada.email
        ),
    );
    assert!(summary.has_problems());
    assert_eq!(holders(&app, account), ["Ada"]);
    assert_eq!(app.signed_in(&ada).get("/administration/access").status, 200);
}

#[test]
fn a4_when_nobody_is_left_the_page_says_what_to_tell_the_operator() {
    let app = TestApp::start();
    let (account, ada, bob) = ada_and_bob(&app);
    app.record("Acme", &told(&ada, r#""admin":false"#));
    let browser = app.signed_in(&bob);
    let text = browser.get("/administration").text();
    assert!(text.contains("nobody has access any more"), "{text}");
    assert!(text.contains("access grant --account Acme --email bob@acme.example"), "{text}");
    assert!(is_capturing(&app, account), "what people delete is still being kept");

    commands::run(
        app.store(),
        Actor::Operator,
        &accounts::GrantAccess { account: "acme", email: " Bob@ACME.example " },
        app.now(),
    )
    .unwrap();
    assert_eq!(holders(&app, account), ["Bob"]);
    assert_eq!(app.audit(account).last().unwrap(), &(Actor::Operator, granted(&bob, "Bob")));
    assert_eq!(browser.get("/administration/access").status, 200);
}

#[test]
fn a4_the_operator_grants_access_to_active_administrators_only() {
    let app = TestApp::start();
    let (account, ada) = app.account_with_exports_on("Acme");
    let (mia, cleo) = (app.member("Acme", "Mia"), app.admin("Acme", "Cleo"));
    app.record("Acme", &told(&cleo, r#""deactivatedAt":"2026-03-01T00:00:00Z""#));
    app.account("Borealis");
    let bea = app.admin("Borealis", "Bea");
    for person in [&mia, &cleo, &bea] {
        commands::run(
            app.store(),
            Actor::Operator,
            &accounts::GrantAccess { account: "Acme", email: &person.email },
            app.now(),
        )
        .unwrap_err();
    }
    commands::run(
        app.store(),
        Actor::Operator,
        &accounts::GrantAccess { account: "Acme", email: &ada.email },
        app.now(),
    )
    .unwrap();
    assert_eq!(holders(&app, account), ["Ada"]);
    assert!(!app.audit(account).contains(&(Actor::Operator, granted(&ada, "Ada"))), "nothing new was granted");
}

#[test]
fn a4_the_operator_revokes_access_but_not_the_last_one() {
    let app = TestApp::start();
    let (account, ada, bob) = ada_and_bob(&app);
    let refused = commands::run(
        app.store(),
        Actor::Operator,
        &accounts::RevokeAccess { account: "Acme", email: &ada.email },
        app.now(),
    )
    .unwrap_err();
    assert!(refused.message().contains("at least one must remain"), "{refused}");
    commands::run(
        app.store(),
        Actor::Operator,
        &accounts::GrantAccess { account: "Acme", email: &bob.email },
        app.now(),
    )
    .unwrap();
    commands::run(
        app.store(),
        Actor::Operator,
        &accounts::RevokeAccess { account: "Acme", email: &ada.email },
        app.now(),
    )
    .unwrap();
    assert_eq!(holders(&app, account), ["Bob"]);
    let expected = [(Actor::Operator, granted(&bob, "Bob")), (Actor::Operator, revoked(&ada, "Ada"))];
    assert!(app.audit(account).ends_with(&expected));
}

#[test]
fn a4_of_two_who_remove_each_other_at_once_one_remains() {
    let app = TestApp::start();
    let (account, ada, bob) = ada_and_bob(&app);
    for _ in 0..5 {
        commands::run(
            app.store(),
            Actor::Operator,
            &accounts::GrantAccess { account: "Acme", email: &ada.email },
            app.now(),
        )
        .unwrap();
        commands::run(
            app.store(),
            Actor::Operator,
            &accounts::GrantAccess { account: "Acme", email: &bob.email },
            app.now(),
        )
        .unwrap();
        at_once(|| drop(app.set_access(&ada, &[ada.id])), || drop(app.set_access(&bob, &[bob.id])));
        assert_eq!(holders(&app, account).len(), 1);
    }
}

#[test]
fn a4_granting_twice_at_once_is_granting_once() {
    let app = TestApp::start();
    let (account, _, bob) = ada_and_bob(&app);
    for _ in 0..5 {
        let grant = || {
            drop(
                commands::run(
                    app.store(),
                    Actor::Operator,
                    &accounts::GrantAccess { account: "Acme", email: &bob.email },
                    app.now(),
                )
                .unwrap(),
            )
        };
        at_once(grant, grant);
        assert_eq!(holders(&app, account), ["Ada", "Bob"]);
        commands::run(
            app.store(),
            Actor::Operator,
            &accounts::RevokeAccess { account: "Acme", email: &bob.email },
            app.now(),
        )
        .unwrap();
    }
}

#[test]
fn a5_access_that_is_taken_between_form_and_submit_is_gone() {
    let app = TestApp::start();
    let (account, ada, bob) = ada_and_bob(&app);
    let browser = app.signed_in(&ada);
    let key = browser.get("/administration/exports/new").field("form_key").unwrap();
    app.set_access(&ada, &[bob.id]).unwrap();
    let fields = [("form_key", key.as_str()), ("first_day", "2026-03-01"), ("last_day", "2026-03-02")];
    assert_eq!(browser.post("/administration/exports", &fields).status, 403);
    assert_eq!(save_access(&browser, &[ada.id, bob.id]).status, 403);
    assert_eq!(browser.post("/administration/exports/off", &[]).status, 403);
    assert_eq!(holders(&app, account), ["Bob"]);
    assert!(app.find_account("Acme").exports_on);
    assert_eq!(app.store().read(|c| exports::rows::exports::count_open(c, account)).unwrap(), 0);
}

#[test]
fn a5_a_role_that_is_given_counts_from_the_next_request() {
    let app = TestApp::start();
    let (_, ada) = app.account_with_exports_on("Acme");
    let mia = app.member("Acme", "Mia");
    let browser = app.signed_in(&mia);
    assert_eq!(browser.get("/administration").status, 403);
    app.record("Acme", &told(&mia, r#""admin":true"#));
    assert_eq!(browser.get("/administration").status, 200);
    assert_eq!(browser.get("/administration/access").status, 403);
    app.set_access(&ada, &[ada.id, mia.id]).unwrap();
    assert_eq!(browser.get("/administration/access").status, 200);
}

#[test]
fn a5_the_session_of_a_deactivated_person_is_dead() {
    let app = TestApp::start();
    let (_, _, bob) = ada_and_bob(&app);
    let browser = app.signed_in(&bob);
    assert_eq!(browser.get("/administration").status, 200);
    app.record("Acme", &told(&bob, r#""deactivatedAt":"2026-03-16T09:00:00Z""#));
    assert_eq!(browser.get("/administration").location(), "/sign-in?next=%2Fadministration");
    assert_eq!(app.query_sql("SELECT key_hash AS value FROM sessions"), [""; 0]);
}

#[test]
fn a5_a_session_alone_is_no_right() {
    let app = TestApp::start();
    let (_, _, bob) = ada_and_bob(&app);
    let browser = app.signed_in(&bob);
    // As if the row of the session had been forgotten.
    app.run_sql(&format!("UPDATE users SET deactivated_at = 1 WHERE id = {}", bob.id));
    for path in ["/", "/administration", "/administration/exports/new"] {
        assert!(browser.get(path).location().starts_with("/sign-in"), "{path}");
    }
}

/// Runs both at the same time.
fn at_once(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    let start = Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            start.wait();
            first();
        });
        scope.spawn(|| {
            start.wait();
            second();
        });
    });
}
