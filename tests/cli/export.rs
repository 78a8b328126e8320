//! `export`: the same rules as the page, the same workers, and the archive at the end.

use std::fs;

use compliance_exports::audit::Actor;
use compliance_exports::exports::request::Draft;
use compliance_exports::exports::requests::Policy;
use compliance_exports::identity::{accounts, commands};

use crate::support::{House, mode};

const MARCH: &str = "export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31";

/// Acme with one conversation of one item.
fn house() -> House {
    let house = House::of_acme();
    let events = r#"
        {"type":"user","id":"u1","name":"Ada Marsh","email":"ada@acme.example"}
        {"type":"conversation","id":"c1","kind":"Team","name":"Leases","startedBy":"u1","members":[{"user":"u1"}]}
        {"type":"item_created","conversation":"c1","id":"m1","kind":"Message","at":"2026-03-02T09:15:00Z","by":"u1","content":{"text":"Renew the lease."}}
    "#;
    let run = house.run_with("import events --account Acme -", events);
    assert_eq!(run.code, Some(0), "{run}");
    house
}

/// Requests that wait for a worker.
fn queue(house: &House, count: usize) {
    let app = house.app();
    let ada = app.store.read(|c| {
        let acme = accounts::find(c, "Acme")?;
        accounts::find_user(c, &acme, "ada@acme.example")
    });
    for number in 0..count {
        let draft = Draft { first_day: "2026-03-01", last_day: "2026-03-31", ..Draft::default() };
        let command = draft.parse(&format!("form {number}"), Policy::default().max_open).unwrap();
        let by = Actor::User(ada.as_ref().unwrap().id);
        commands::run(&app.store, by, &command, app.clock.now()).unwrap();
    }
}

#[test]
fn the_parts_are_copied_and_only_their_paths_are_printed() {
    let house = house();
    house.write("evidence/notes.txt", "");
    let run = house.run(&format!("{MARCH} --output evidence"));
    insta::assert_snapshot!(run, @"
    [FOLDER]/evidence/Acme-2026-03-01-to-2026-03-31-1.zip
    2| All about this export: /administration/exports/1 on the server
    ");
    assert_eq!(run.stdout.lines().count(), 1);
    let path = std::path::Path::new(run.stdout.trim_end());
    assert!(path.is_absolute() && path.is_file());
    assert_eq!(mode(path), "600");
    assert_eq!(house.list("evidence"), ["Acme-2026-03-01-to-2026-03-31-1.zip", "notes.txt"]);
}

#[test]
fn copies_for_reading_are_added_where_they_are_asked_for() {
    let house = house();
    let run = house.ok(&format!("{MARCH} --html --csv --output ."));
    house.ok(&format!("verify \"{}\"", run.stdout.trim_end()));
    let zip = fs::File::open(run.stdout.trim_end()).unwrap();
    let mut zip = zip::ZipArchive::new(zip).unwrap();
    let names: Vec<String> =
        (0..zip.len()).map(|index| zip.by_index(index).unwrap().name().unwrap().into_owned()).collect();
    for end in ["/index.html", "/2026-03-02.html", "/Spreadsheets/Leases - 1.csv", "/conversations.csv"] {
        assert!(names.iter().any(|name| name.ends_with(end)), "{end}: {names:?}");
    }
}

#[test]
fn each_part_has_a_path() {
    let mut house = house();
    house.set("COMPLIANCE_EXPORTS_EXPORTS__PART_ENTRIES", "16");
    let items: String = (1..=28)
        .map(|day| format!("{{\"type\":\"item_created\",\"conversation\":\"c1\",\"id\":\"d{day}\",\"kind\":\"Message\",\"at\":\"2026-03-{day:02}T12:00:00Z\",\"by\":\"u1\",\"content\":{{\"text\":\"Day {day}\"}}}}\n"))
        .collect();
    house.run_with("import events --account Acme -", items);
    insta::assert_snapshot!(house.ok(MARCH), @"
    [FOLDER]/Acme-2026-03-01-to-2026-03-31-1-part-1.zip
    [FOLDER]/Acme-2026-03-01-to-2026-03-31-1-part-2.zip
    [FOLDER]/Acme-2026-03-01-to-2026-03-31-1-part-3.zip
    [FOLDER]/Acme-2026-03-01-to-2026-03-31-1-part-4.zip
    [FOLDER]/Acme-2026-03-01-to-2026-03-31-1-part-5.zip
    [FOLDER]/Acme-2026-03-01-to-2026-03-31-1-part-6.zip
    2| All about this export: /administration/exports/1 on the server
    ");
}

#[test]
fn b1_days_that_do_not_do_are_refused_beside_their_option() {
    let house = house();
    let shown = house.session(
        "export --account Acme --email ada@acme.example --from 2026-03-31 --to 2026-03-01
         export --account Acme --email ada@acme.example --from 2026-03-01 --to 2999-01-01
         export --account Acme --email ada@acme.example --from 31/03/2026 --to yesterday",
    );
    insta::assert_snapshot!(shown, @"
    $ export --account Acme --email ada@acme.example --from 2026-03-31 --to 2026-03-01
    2| error: --from: The first day can't be after the last day.
    [exit 1]
    $ export --account Acme --email ada@acme.example --from 2026-03-01 --to 2999-01-01
    2| error: --to: The last day can't be in the future. Today is [DAY] in the account's time zone.
    [exit 1]
    $ export --account Acme --email ada@acme.example --from 31/03/2026 --to yesterday
    2| error: --from: “31/03/2026” is not a day. Write it like 2026-03-31.
    2| error: --to: “yesterday” is not a day. Write it like 2026-03-31.
    [exit 1]
    ");
}

#[test]
fn a3_the_rules_of_the_page_hold() {
    let house = house();
    house.sign_in("Acme", "Bo Lind", "bo@acme.example", true);
    house.sign_in("Acme", "Cy Brandt", "cy@acme.example", false);
    let shown = house.session(
        "export --account Acme --email bo@acme.example --from 2026-03-01 --to 2026-03-31
         export --account Acme --email cy@acme.example --from 2026-03-01 --to 2026-03-31
         export --account Acme --email nobody@acme.example --from 2026-03-01 --to 2026-03-31
         exports off --account Acme --email ada@acme.example
         export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31",
    );
    insta::assert_snapshot!(shown, @"
    $ export --account Acme --email bo@acme.example --from 2026-03-01 --to 2026-03-31
    2| error: bo@acme.example has no access to the Compliance Exports of “Acme”. “access grant” gives it, after verifying who asks.
    [exit 1]
    $ export --account Acme --email cy@acme.example --from 2026-03-01 --to 2026-03-31
    2| error: Cy Brandt is not an active administrator of “Acme”. “user create --admin” gives the role.
    [exit 1]
    $ export --account Acme --email nobody@acme.example --from 2026-03-01 --to 2026-03-31
    2| error: Nobody in the account “Acme” has the address nobody@acme.example.
    [exit 1]
    $ exports off --account Acme --email ada@acme.example
    Compliance Exports is off in “Acme”.
    $ export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31
    2| error: Compliance Exports is off. Turn it on first, on the Administration page.
    [exit 1]
    ");
}

#[test]
fn b2_a_third_open_export_is_refused() {
    let house = house();
    queue(&house, 2);
    insta::assert_snapshot!(house.run(MARCH), @"
    2| error: 2 exports are already queued or in progress, and no more are allowed at a time. Try again when one of them has finished, or cancel one.
    [exit 1]
    ");
}

#[test]
fn an_export_of_another_request_is_left_to_the_server() {
    let house = house();
    queue(&house, 1);
    // Number 1 waits for a server; this is number 2.
    insta::assert_snapshot!(house.run(MARCH), @"
    [FOLDER]/Acme-2026-03-01-to-2026-03-31-2.zip
    2| All about this export: /administration/exports/2 on the server
    ");
}

#[test]
fn the_output_folder_is_made_for_its_owner_alone() {
    let house = house();
    house.write("file", "");
    let shown = house.session(
        "export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31 --output file/evidence
         export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31 --output new/evidence",
    );
    insta::assert_snapshot!(shown, @"
    $ export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31 --output file/evidence
    2| error: The folder file/evidence can't be made.
    2|   because: Not a directory (os error 20)
    [exit 1]
    $ export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31 --output new/evidence
    [FOLDER]/new/evidence/Acme-2026-03-01-to-2026-03-31-1.zip
    2| All about this export: /administration/exports/1 on the server
    ");
    assert_eq!((mode(&house.path("new")), mode(&house.path("new/evidence"))), ("700".to_owned(), "700".to_owned()));
}

#[test]
fn a_file_that_is_there_already_is_not_overwritten() {
    let house = house();
    house.write("Acme-2026-03-01-to-2026-03-31-1.zip", "precious");
    insta::assert_snapshot!(house.run(MARCH), @"
    2| The export is complete, and can be downloaded from the Administration page.
    2| All about this export: /administration/exports/1 on the server
    2| error: [FOLDER]/Acme-2026-03-01-to-2026-03-31-1.zip is there already, and is not overwritten.
    [exit 1]
    ");
    assert_eq!(std::fs::read_to_string(house.path("Acme-2026-03-01-to-2026-03-31-1.zip")).unwrap(), "precious");
    assert_eq!(house.list("."), ["Acme-2026-03-01-to-2026-03-31-1.zip", "data"]);
}

#[test]
fn it_works_while_a_server_runs_on_the_same_data() {
    let house = house();
    let (server, _) = house.serve();
    for number in 1..=3 {
        let run = house.ok(MARCH);
        let name = format!("Acme-2026-03-01-to-2026-03-31-{number}.zip");
        assert!(run.stdout.ends_with(&format!("/{name}\n")), "{run}");
        house.ok(&format!("verify {name}"));
    }
    server.signal("TERM");
    assert_eq!(server.wait().0, "exit 0");
}

#[test]
fn b5_without_a_public_address_the_mail_is_left_to_the_server_which_knows_its_own() {
    let mut house = house();
    house.ok(MARCH);
    assert_eq!(house.list("data/mail").len(), 0);
    house.set("COMPLIANCE_EXPORTS_PUBLIC_ADDRESS", "https://exports.acme.example");
    let run = house.ok(MARCH);
    assert_eq!(house.list("data/mail").len(), 2);
    assert_eq!(run.stderr, "All about this export: https://exports.acme.example/administration/exports/2\n");
}

#[test]
fn ctrl_c_stops_waiting_and_the_export_stays_in_the_queue() {
    let house = house();
    // Nothing can be moved there, so the export is tried again later.
    std::fs::remove_dir(house.path("data/archives")).unwrap();
    std::os::unix::fs::symlink("/proc", house.path("data/archives")).unwrap();
    let export = house.start(MARCH);
    export.wait_for_log("export failed: The finished archive can't be moved");
    export.signal("INT");
    export
        .wait_for_log("error: Stopped waiting. Export 1 stays in the queue: the server builds it as soon as it runs.");
    assert_eq!(export.wait(), ("exit 1".to_owned(), String::new()));
}

#[test]
fn c7_a_completed_export_is_built_again_as_it_was() {
    let house = house();
    house.ok(MARCH);
    fs::create_dir(house.path("again")).unwrap();
    let told = house.session(
        "export --again 1 --output again
         export --again 1 --output again
         export --again 7",
    );
    insta::assert_snapshot!(told, @"
    $ export --again 1 --output again
    [FOLDER]/again/Acme-2026-03-01-to-2026-03-31-1.zip
    2| The same, byte for byte, as when the export was completed.
    $ export --again 1 --output again
    2| error: [FOLDER]/again/Acme-2026-03-01-to-2026-03-31-1.zip is there already, and is not overwritten.
    [exit 1]
    $ export --again 7
    2| error: There is no export 7.
    [exit 1]
    ");
    let name = "Acme-2026-03-01-to-2026-03-31-1.zip";
    assert_eq!(fs::read(house.path(name)).unwrap(), fs::read(house.path("again").join(name)).unwrap());
}

#[test]
fn an_export_can_be_limited_to_people_and_conversations() {
    let house = house();
    let events = r#"
        {"type":"user","id":"u2","name":"Bo Lind","email":"bo@acme.example"}
        {"type":"conversation","id":"c2","kind":"Team","name":"Quay","members":[{"user":"u2"}]}
        {"type":"item_created","conversation":"c2","id":"m2","kind":"Message","at":"2026-03-03T09:15:00Z","by":"u2","content":{"text":"Moored."}}
    "#;
    let run = house.run_with("import events --account Acme -", events);
    assert_eq!(run.code, Some(0), "{run}");
    let listed = |options: &str| {
        let run = house.ok(&format!("{MARCH} {options}"));
        let path = run.stdout.trim_end().to_owned();
        let mut zip = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
        let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
        let teams = names.iter().filter(|name| name.ends_with(".json") && name.contains("Team_Chats/")).count();
        let name = names.iter().find(|name| name.ends_with("/manifest.json")).unwrap();
        let mut manifest = String::new();
        std::io::Read::read_to_string(&mut zip.by_name(name).unwrap(), &mut manifest).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        (teams, manifest["request"]["filters"].to_string())
    };
    assert_eq!(listed(""), (2, "null".to_owned()));
    let (teams, filters) = listed("--person Bo@Acme.example");
    assert!(teams == 1 && filters.contains("Bo Lind"), "{teams} {filters}");
    let (teams, filters) = listed("--person ada@acme.example --person bo@acme.example --conversation 1");
    assert!(teams == 1 && filters.contains("Leases"), "{teams} {filters}");

    let run = house.run(&format!("{MARCH} --person nobody@acme.example --conversation 99"));
    assert_eq!(run.code, Some(1), "{run}");
    assert!(
        run.stderr.contains("--person: Somebody you chose")
            && run.stderr.contains("--conversation: A conversation you chose"),
        "{run}"
    );
    let run = house.run("export --again 1 --person bo@acme.example");
    assert_eq!(run.code, Some(2), "{run}");
}
