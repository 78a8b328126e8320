//! Every command as every actor: who may run it is part of its type, and this is the table of it.

use compliance_exports::audit::Actor;
use compliance_exports::capture::switch::{IncludeExports, TurnOff, TurnOn};
use compliance_exports::error::{Error, Kind, Result};
use compliance_exports::exports::request::Draft;
use compliance_exports::exports::requests::{Cancel, Delete, Handling, NoteHandling, Retry};
use compliance_exports::identity::access::AccessChange;
use compliance_exports::identity::accounts::{CreateAccount, GrantAccess, NewSignIn, RevokeAccess, SetSignIn};
use compliance_exports::identity::commands::{Command, run, run_within};
use compliance_exports::model::RequestId;

use crate::support::{Person, TestApp};

/// Acme, where Ada has access, Bob administers without access and Mia is no administrator; Bea has access at Borealis, and Globex
/// does not include the feature.
struct House {
    app: TestApp,
    actors: Vec<(&'static str, Actor)>,
    failed: RequestId,
}

const OPERATOR: &[&str] = &["operator"];
const ADMINISTRATORS: &[&str] = &["ada", "bob", "bea"];
const WITH_ACCESS: &[&str] = &["ada", "bea"];

impl House {
    fn start() -> Self {
        let app = TestApp::start();
        let (_, ada) = app.account_with_exports_on("Acme");
        let (bob, mia) = (app.admin("Acme", "Bob"), app.member("Acme", "Mia"));
        let (_, bea) = app.account_with_exports_on("Borealis");
        let (_, gus) = app.account_with_exports_on("Globex");
        let exclude = IncludeExports { account: "Globex", included: false };
        run(app.store(), Actor::Operator, &exclude, app.now()).unwrap();
        let failed = app.fail(&ada, "A test.");
        let user = |person: &Person| Actor::User(person.id);
        let actors = vec![
            ("operator", Actor::Operator),
            ("system", Actor::System),
            ("source", Actor::Source(1)),
            ("nobody", Actor::User(999_999)),
            ("ada", user(&ada)),
            ("bob", user(&bob)),
            ("mia", user(&mia)),
            ("bea", user(&bea)),
            ("gus", user(&gus)),
        ];
        Self { app, actors, failed }
    }

    /// Those whom the command does not send away. Nothing of what it does stays.
    fn admitted<C: Command>(&self, command: &C) -> Vec<&'static str> {
        let is_admitted = |actor: Actor| {
            let mut outcome = Ok(());
            let undone: Result<()> = self.app.store().write(|tx| {
                outcome = run_within(tx, actor, command, self.app.now()).map(drop);
                Err(Error::conflict("undone"))
            });
            assert_eq!(undone.unwrap_err().message(), "undone");
            let kind = outcome.err().map(|error| error.kind());
            !matches!(kind, Some(Kind::SignInNeeded | Kind::Forbidden | Kind::NotIncluded))
        };
        self.actors.iter().filter(|(_, actor)| is_admitted(*actor)).map(|(name, _)| *name).collect()
    }
}

#[test]
fn a5_who_may_run_a_command_is_decided_from_the_actor_alone() {
    let house = House::start();
    let before = house.app.query_sql("SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_events");
    let new = NewSignIn { account: "Acme", email: "zoe@acme.example", name: "Zoe", admin: true };
    let (account, email, export) = ("Acme", "bob@acme.example", house.failed);
    let draft = Draft { first_day: "2026-03-01", last_day: "2026-03-02", ..Draft::default() };

    assert_eq!(house.admitted(&IncludeExports { account, included: false }), OPERATOR);
    let create = CreateAccount { name: "New", time_zone: chrono_tz::UTC, include_exports: true };
    assert_eq!(house.admitted(&create), OPERATOR);
    assert_eq!(house.admitted(&SetSignIn::new(new, "a long password").unwrap()), OPERATOR);
    assert_eq!(house.admitted(&GrantAccess { account, email }), OPERATOR);
    assert_eq!(house.admitted(&RevokeAccess { account, email }), OPERATOR);
    assert_eq!(house.admitted(&NoteHandling { export, handling: Handling::Restored { parts: 1 } }), OPERATOR);
    assert_eq!(house.admitted(&TurnOn), ADMINISTRATORS);
    assert_eq!(house.admitted(&TurnOff), WITH_ACCESS);
    assert_eq!(house.admitted(&AccessChange::default()), WITH_ACCESS);
    assert_eq!(house.admitted(&draft.parse("key", 2).unwrap()), WITH_ACCESS);
    assert_eq!(house.admitted(&Cancel { export }), WITH_ACCESS);
    assert_eq!(house.admitted(&Retry { export, max_open: 2 }), WITH_ACCESS);
    assert_eq!(house.admitted(&Delete { export }), WITH_ACCESS);

    assert_eq!(house.app.query_sql("SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_events"), before);
}

#[test]
fn an_export_of_another_account_is_not_there_for_a_command() {
    let house = House::start();
    let bea = house.actors.iter().find(|(name, _)| *name == "bea").unwrap().1;
    let (export, now) = (house.failed, house.app.now());
    let store = house.app.store();
    let refused = [
        run(store, bea, &Cancel { export }, now).unwrap_err(),
        run(store, bea, &Retry { export, max_open: 2 }, now).unwrap_err(),
        run(store, bea, &Delete { export }, now).unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.kind(), Kind::NotFound, "{error}");
    }
}
