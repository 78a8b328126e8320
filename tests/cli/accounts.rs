//! `account`, `user`, `access`, `exports`.

use crate::support::{House, PASSWORD};

#[test]
fn a1_accounts_are_made_listed_included_and_excluded() {
    let shown = House::new().session(
        "migrate
         account list
         account create Acme
         account create \"Meridian Freight\" --time-zone Europe/London --include-exports
         account include-exports acme
         account include-exports Acme
         account exclude-exports \"Meridian Freight\"
         account list",
    );
    insta::assert_snapshot!(shown, @r#"
    $ migrate
    The tables of [DATABASE] are up to date.
    $ account list
    2| There is no account yet: “account create” makes one.
    $ account create Acme
    Account “Acme” made, time zone UTC, Compliance Exports not included.
    $ account create "Meridian Freight" --time-zone Europe/London --include-exports
    Account “Meridian Freight” made, time zone Europe/London, Compliance Exports included.
    $ account include-exports acme
    Compliance Exports is included in “Acme”.
    $ account include-exports Acme
    Compliance Exports is included in “Acme”.
    $ account exclude-exports "Meridian Freight"
    Compliance Exports is not included in “Meridian Freight”, and off.
    $ account list
    Acme	UTC	exports included, off
    Meridian Freight	Europe/London	exports not included
    "#);
}

#[test]
fn an_account_that_does_not_do_is_refused() {
    let house = House::new();
    house.ok("account create Acme");
    let shown = house.session(
        "account create ACME
         account create \" \"
         account create Borealis --time-zone Europe/Atlantis
         account include-exports Borealis
         account list",
    );
    insta::assert_snapshot!(shown, @r#"
    $ account create ACME
    2| error: There already is an account “Acme”.
    [exit 1]
    $ account create " "
    2| error: A name has 1 to 100 characters, without line breaks.
    [exit 1]
    $ account create Borealis --time-zone Europe/Atlantis
    2| error: invalid value 'Europe/Atlantis' for '--time-zone <ZONE>': time zones have names such as Europe/London, America/New_York or UTC
    2|
    2| For more information, try '--help'.
    [exit 2]
    $ account include-exports Borealis
    2| error: There is no account “Borealis”. “account list” shows those there are.
    [exit 1]
    $ account list
    Acme	UTC	exports not included
    "#);
}

#[test]
fn a1_excluding_turns_compliance_exports_off() {
    let shown = House::of_acme().session(
        "account list
         account exclude-exports Acme
         account list
         export --account Acme --email ada@acme.example --from 2026-01-01 --to 2026-01-31
         exports on --account Acme --email ada@acme.example
         access grant --account Acme --email ada@acme.example
         account include-exports Acme
         account list",
    );
    insta::assert_snapshot!(shown, @r#"
    $ account list
    Acme	Europe/London	exports included, on
    $ account exclude-exports Acme
    Compliance Exports is not included in “Acme”, and off.
    $ account list
    Acme	Europe/London	exports not included
    $ export --account Acme --email ada@acme.example --from 2026-01-01 --to 2026-01-31
    2| error: Compliance Exports is not included in the account Acme. “account include-exports "Acme"” includes it.
    [exit 1]
    $ exports on --account Acme --email ada@acme.example
    2| error: Compliance Exports is not included in the account Acme. “account include-exports "Acme"” includes it.
    [exit 1]
    $ access grant --account Acme --email ada@acme.example
    2| error: Compliance Exports is not included in the account “Acme”: “account include-exports "Acme"” includes it.
    [exit 1]
    $ account include-exports Acme
    Compliance Exports is included in “Acme”.
    $ account list
    Acme	Europe/London	exports included, off
    "#);
}

#[test]
fn a_new_database_is_told_so_that_a_mistyped_data_folder_is_noticed() {
    let mut house = House::new();
    house.set("COMPLIANCE_EXPORTS_DATABASE__URL", "sqlite:elsewhere/company.db");
    insta::assert_snapshot!(house.run("account list"), @"
    2| error: There is no database elsewhere/company.db. Check `data_dir` and `database.url`; the first start of the server makes it.
    [exit 1]
    ");
    assert_eq!(house.list("."), [""; 0], "whoever looks makes nothing");
    insta::assert_snapshot!(house.run("migrate").stderr, @"A new database was made: elsewhere/company.db");
    assert!(!house.run("migrate").stderr.contains("new database"));
    insta::assert_snapshot!(house.run("account list"), @"2| There is no account yet: “account create” makes one.");
    insta::assert_snapshot!(house.run("--data-dir typo account list"), @"
    2| error: There is no data folder typo. Check `data_dir`; the first start of the server makes it.
    [exit 1]
    ");
    assert_eq!(house.list("."), ["data", "elsewhere"]);
}

#[test]
fn a_person_who_can_sign_in_is_made_with_a_password_from_standard_input() {
    let house = House::new();
    house.ok("account create Acme");
    let create = "user create --account acme --name \"Ada Marsh\" --email \" Ada@Acme.example\"";
    insta::assert_snapshot!(house.run_with(create, "correct horse battery\n"), @"ada@acme.example can sign in to “Acme” as a member.");
    insta::assert_snapshot!(house.run_with(&format!("{create} --admin"), "correct horse battery\r\nmore\n"), @"ada@acme.example can sign in to “Acme” as an administrator.");
}

#[test]
fn a_new_password_takes_no_role_away() {
    let house = House::of_acme();
    let create = "user create --account Acme --name \"Ada Marsh\" --email ada@acme.example";
    insta::assert_snapshot!(house.run_with(create, "another good password"), @"ada@acme.example can sign in to “Acme” as an administrator.");
    house.ok("exports off --account Acme --email ada@acme.example");
}

#[test]
fn a_person_that_does_not_do_is_refused() {
    let house = House::of_acme();
    house.ok("account create Borealis");
    let create = |account: &str, email: &str, name: &str, password: &str| {
        let line = format!("user create --account {account} --email {email} --name \"{name}\"");
        format!("$ {line} < {password:?}\n{}", house.run_with(&line, password))
    };
    let shown = [
        create("Acme", "bo@acme.example", "Bo", "too short"),
        create("Acme", "bo@acme.example", "Bo", ""),
        create("Acme", "bo.acme.example", "Bo", PASSWORD),
        create("Acme", "bo@acme.example", " ", PASSWORD),
        create("Acmee", "bo@acme.example", "Bo", PASSWORD),
        create("Borealis", "ada@acme.example", "Ada Marsh", PASSWORD),
    ];
    insta::assert_snapshot!(shown.concat(), @r#"
    $ user create --account Acme --email bo@acme.example --name "Bo" < "too short"
    2| error: A password has at least 10 characters.
    [exit 1]
    $ user create --account Acme --email bo@acme.example --name "Bo" < ""
    2| error: A password has at least 10 characters.
    [exit 1]
    $ user create --account Acme --email bo.acme.example --name "Bo" < "correct horse battery"
    2| error: “bo.acme.example” is not an email address.
    [exit 1]
    $ user create --account Acme --email bo@acme.example --name " " < "correct horse battery"
    2| error: A name has 1 to 100 characters, without line breaks.
    [exit 1]
    $ user create --account Acmee --email bo@acme.example --name "Bo" < "correct horse battery"
    2| error: There is no account “Acmee”. “account list” shows those there are.
    [exit 1]
    $ user create --account Borealis --email ada@acme.example --name "Ada Marsh" < "correct horse battery"
    2| error: ada@acme.example already signs in to the account “Acme”; an address signs in to one account only.
    [exit 1]
    "#);
}

#[test]
fn one_whom_an_import_has_recorded_becomes_the_person_who_signs_in() {
    let house = House::of_acme();
    let events = r#"
        {"type":"user","id":"u1","name":"Bo Lind","email":"bo@acme.example"}
        {"type":"conversation","id":"c1","kind":"Personal","startedBy":"u1","members":[{"user":"u1"}]}
        {"type":"item_created","conversation":"c1","id":"m1","kind":"Message","at":"2026-03-02T09:15:00Z","by":"u1","content":{"text":"Renew the lease."}}
    "#;
    house.write("events.jsonl", events);
    house.ok("import events --account Acme events.jsonl");
    house.sign_in("Acme", "Bo Lind", "bo@acme.example", true);
    house.ok("access grant --account Acme --email bo@acme.example");
    house.ok("export --account Acme --email bo@acme.example --from 2026-03-02 --to 2026-03-02");

    let zip = house.list(".").into_iter().find(|name| name.ends_with(".zip")).unwrap();
    crate::support::unpack(&house.path(&zip), &house.path("unpacked"));
    let top = house.path("unpacked").join(zip.trim_end_matches(".zip"));
    let json =
        |path: &str| serde_json::from_slice::<serde_json::Value>(&std::fs::read(top.join(path)).unwrap()).unwrap();
    let (requester, author) =
        (&json("manifest.json")["request"]["requestedBy"], &json("People_And_Groups/users.json")[0]);
    assert_eq!(requester["id"], author["members"][0]["id"], "{requester} {author}");
}

#[test]
fn a4_the_operator_grants_and_revokes_access() {
    let house = House::of_acme();
    house.sign_in("Acme", "Bo Lind", "bo@acme.example", true);
    let shown = house.session(
        "access grant --account Acme --email bo@acme.example
         access grant --account Acme --email bo@acme.example
         access revoke --account Acme --email ada@acme.example
         exports off --account Acme --email ada@acme.example
         exports off --account Acme --email bo@acme.example",
    );
    insta::assert_snapshot!(shown, @"
    $ access grant --account Acme --email bo@acme.example
    Bo Lind has access to the Compliance Exports of “Acme”.
    $ access grant --account Acme --email bo@acme.example
    Bo Lind has access to the Compliance Exports of “Acme”.
    $ access revoke --account Acme --email ada@acme.example
    Ada Marsh has no access to the Compliance Exports of “Acme” any more.
    $ exports off --account Acme --email ada@acme.example
    2| error: ada@acme.example has no access to the Compliance Exports of “Acme”. “access grant” gives it, after verifying who asks.
    [exit 1]
    $ exports off --account Acme --email bo@acme.example
    Compliance Exports is off in “Acme”.
    ");
}

#[test]
fn a4_access_that_can_not_be_given_or_taken_is_refused() {
    let house = House::of_acme();
    house.sign_in("Acme", "Cy Brandt", "cy@acme.example", false);
    let shown = house.session(
        "access grant --account Acme --email cy@acme.example
         access grant --account Acme --email nobody@acme.example
         access revoke --account Acme --email ada@acme.example
         access revoke --account Acme --email cy@acme.example
         access grant --account Borealis --email ada@acme.example",
    );
    insta::assert_snapshot!(shown, @"
    $ access grant --account Acme --email cy@acme.example
    2| error: Cy Brandt is not an active administrator of Acme, and only those can be given access.
    [exit 1]
    $ access grant --account Acme --email nobody@acme.example
    2| error: Nobody in the account “Acme” has the address nobody@acme.example.
    [exit 1]
    $ access revoke --account Acme --email ada@acme.example
    2| error: Ada Marsh is the last person with access, and at least one must remain. Grant it to someone else first.
    [exit 1]
    $ access revoke --account Acme --email cy@acme.example
    2| error: Cy Brandt has no access to revoke.
    [exit 1]
    $ access grant --account Borealis --email ada@acme.example
    2| error: There is no account “Borealis”. “account list” shows those there are.
    [exit 1]
    ");
}

#[test]
fn a3_the_toggle_is_turned_by_an_administrator() {
    let house = House::of_acme_off();
    house.sign_in("Acme", "Bo Lind", "bo@acme.example", true);
    house.sign_in("Acme", "Cy Brandt", "cy@acme.example", false);
    let shown = house.session(
        "exports on --account Acme --email cy@acme.example
         exports on --account Acme --email ada@acme.example
         exports on --account Acme --email ada@acme.example
         exports off --account Acme --email bo@acme.example
         exports off --account Acme --email ada@acme.example
         exports off --account Acme --email ada@acme.example",
    );
    insta::assert_snapshot!(shown, @"
    $ exports on --account Acme --email cy@acme.example
    2| error: Cy Brandt is not an active administrator of “Acme”. “user create --admin” gives the role.
    [exit 1]
    $ exports on --account Acme --email ada@acme.example
    Compliance Exports is on in “Acme”.
    $ exports on --account Acme --email ada@acme.example
    Compliance Exports is on in “Acme”.
    $ exports off --account Acme --email bo@acme.example
    2| error: bo@acme.example has no access to the Compliance Exports of “Acme”. “access grant” gives it, after verifying who asks.
    [exit 1]
    $ exports off --account Acme --email ada@acme.example
    Compliance Exports is off in “Acme”.
    $ exports off --account Acme --email ada@acme.example
    Compliance Exports is off in “Acme”.
    ");
}
