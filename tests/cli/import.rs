//! `import`: what goes in, what is refused, and what the operator is told.

use std::io::Write;

use crate::support::{House, unpack, wait_until};

const SLACK: [(&str, &str); 4] = [
    (
        "users.json",
        r#"[{"id":"U1","team_id":"T1","name":"harper","profile":{"real_name":"Harper Quayle","email":"harper@meridian.example"}},
            {"id":"U2","team_id":"T1","name":"ines","profile":{"real_name":"Ines Marlow"}}]"#,
    ),
    ("channels.json", r#"[{"id":"C1","name":"berths","created":1767225600,"creator":"U1","members":["U1","U2"]}]"#),
    ("dms.json", r#"[{"id":"D1","created":1767225600,"members":["U1","U2"]}]"#),
    (
        "berths/2026-01-02.json",
        r#"[
{"type":"message","user":"U1","text":"Berth 4 is free from noon.","ts":"1767340800.000100"},
{"type":"message","user":"U2","text":"Thanks.","ts":"1767340860.000200","reactions":[{"name":"ok","users":["U1"],"count":1}]}
]"#,
    ),
];

const MATTERMOST: &str = r#"{"type":"version","version":1}
{"type":"team","team":{"name":"freight","display_name":"Meridian Freight","type":"O"}}
{"type":"channel","channel":{"team":"freight","name":"berths","display_name":"Berth planning","type":"O"}}
{"type":"user","user":{"username":"harper","email":"harper@meridian.example","teams":[{"name":"freight","channels":[{"name":"berths"}]}]}}
{"type":"post","post":{"team":"freight","channel":"berths","user":"harper","message":"Berth 4?","create_at":1767225601001}}
"#;

const EVENTS: &str = r#"{"type":"user","id":"u1","name":"Harper Quayle"}
{"type":"conversation","id":"c1","kind":"Team","name":"Berth planning","startedBy":"u1","members":[{"user":"u1"}]}
{"type":"item_created","conversation":"c1","id":"m1","kind":"Message","at":"2026-03-02T09:15:00Z","by":"u1","content":{"text":"Berth 4 is free."}}
"#;

fn house() -> House {
    let house = House::new();
    house.ok("account create Meridian --include-exports");
    house
}

#[test]
fn a_slack_zip_is_imported_and_a_second_time_adds_nothing() {
    let house = house();
    house.write_zip("export.zip", &SLACK);
    let shown = house.session(
        "import slack --account Meridian export.zip
         import slack --account Meridian export.zip",
    );
    insta::assert_snapshot!(shown, @"
    $ import slack --account Meridian export.zip
    people: 2 added
    conversations: 2 added
    items: 2 added
    2| note: export.zip: reactions are not recorded; there are 1
    $ import slack --account Meridian export.zip
    people: 0 added, 2 already known
    conversations: 0 added, 2 already known
    items: 0 added, 2 already known
    2| note: export.zip: reactions are not recorded; there are 1
    ");
}

#[test]
fn a_slack_folder_and_a_zip_on_standard_input_are_the_same() {
    let house = house();
    house.write_zip("export.zip", &SLACK);
    unpack(&house.path("export.zip"), &house.path("export"));
    house.ok("import slack --account Meridian export");
    let again = house.run_with("import slack --account Meridian -", std::fs::read(house.path("export.zip")).unwrap());
    insta::assert_snapshot!(again, @"
    people: 0 added, 2 already known
    conversations: 0 added, 2 already known
    items: 0 added, 2 already known
    2| note: standard input: reactions are not recorded; there are 1
    ");
}

#[test]
fn several_sources_of_one_kind_are_told_apart_by_name() {
    let house = house();
    house.write_zip("export.zip", &SLACK);
    house.write("bulk.jsonl", MATTERMOST);
    let long = "x".repeat(101);
    let shown = house.session(&format!(
        "account sources Meridian
         import slack --account Meridian export.zip
         import slack --account Meridian --source Design export.zip
         import slack --account Meridian --source design export.zip
         import mattermost --account Meridian bulk.jsonl
         account sources meridian
         import slack --account Meridian --source \" \" export.zip
         import slack --account Meridian --source {long} export.zip
         account sources Borealis"
    ));
    insta::assert_snapshot!(shown.replace(&long, "[101 characters]"), @r#"
    $ account sources Meridian
    2| Nothing has been imported into “Meridian” yet.
    $ import slack --account Meridian export.zip
    people: 2 added
    conversations: 2 added
    items: 2 added
    2| note: export.zip: reactions are not recorded; there are 1
    $ import slack --account Meridian --source Design export.zip
    people: 2 added
    conversations: 2 added
    items: 2 added
    2| slack “Design” is a new source of “Meridian”, beside slack.
    2| note: export.zip: reactions are not recorded; there are 1
    $ import slack --account Meridian --source design export.zip
    people: 0 added, 2 already known
    conversations: 0 added, 2 already known
    items: 0 added, 2 already known
    2| note: export.zip: reactions are not recorded; there are 1
    $ import mattermost --account Meridian bulk.jsonl
    people: 1 added
    conversations: 1 added
    items: 1 added
    $ account sources meridian
    mattermost	mattermost	1 person	1 conversation
    slack	Design	2 people	2 conversations
    slack	slack	2 people	2 conversations
    $ import slack --account Meridian --source " " export.zip
    2| error: The name of a source has 1 to 100 characters, without line breaks.
    [exit 1]
    $ import slack --account Meridian --source [101 characters] export.zip
    2| error: The name of a source has 1 to 100 characters, without line breaks.
    [exit 1]
    $ account sources Borealis
    2| error: There is no account “Borealis”. “account list” shows those there are.
    [exit 1]
    "#);
}

#[test]
fn a_mattermost_file_and_standard_input_are_the_same() {
    let house = house();
    house.write("bulk.jsonl", MATTERMOST);
    insta::assert_snapshot!(house.run("import mattermost --account Meridian bulk.jsonl"), @"
    people: 1 added
    conversations: 1 added
    items: 1 added
    ");
    insta::assert_snapshot!(house.run_with("import mattermost --account Meridian -", MATTERMOST), @"
    people: 0 added, 1 already known
    conversations: 0 added, 1 already known
    items: 0 added, 1 already known
    ");
}

#[test]
fn events_come_from_a_folder_or_from_standard_input() {
    let house = house();
    let lines: Vec<&str> = EVENTS.lines().collect();
    house.write("events/1-people.jsonl", lines[..2].join("\n"));
    house.write("events/2-items.jsonl", lines[2]);
    house.write("events/README.txt", "hello");
    insta::assert_snapshot!(house.run("import events --account Meridian events"), @"
    people: 1 added
    conversations: 1 added
    items: 1 added
    2| note: README.txt: not read: its name does not end in .jsonl
    ");
    insta::assert_snapshot!(house.run_with("import events --account Meridian -", EVENTS), @"
    people: 0 added, 1 already known
    conversations: 0 added, 1 already known
    items: 0 added, 1 already known
    ");
}

#[test]
fn c4_what_was_deleted_while_capture_was_off_is_told() {
    let house = house();
    let deleted = r#"{"type":"item_deleted","conversation":"c1","id":"m1","at":"2026-03-02T10:00:00Z","by":"u1"}"#;
    house.write("events.jsonl", format!("{EVENTS}{deleted}\n"));
    let shown = house.session(
        "import events --account Meridian events.jsonl
         import events --account Meridian events.jsonl",
    );
    insta::assert_snapshot!(shown, @"
    $ import events --account Meridian events.jsonl
    people: 1 added
    conversations: 1 added
    items: 1 added
    deletions: 1 added
    $ import events --account Meridian events.jsonl
    people: 0 added, 1 already known
    conversations: 0 added, 1 already known
    items: 0 added, 1 not kept (deleted while capture was off)
    deletions: 0 added, 1 already known
    ");
}

/// The second line is cut off, the fourth names nobody who is known; the first and the last are good.
const DAMAGED: &str = r#"{"type":"user","id":"u1","name":"Harper Quayle"}
{"type":"user","id":"u2","na
{"type":"conversation","id":"c1","kind":"Team","name":"Berth planning","startedBy":"u1","members":[{"user":"u1"}]}
{"type":"item_created","conversation":"c1","id":"m0","kind":"Message","at":"2026-03-02T09:14:00Z","by":"u2","content":{"text":"?"}}
{"type":"item_created","conversation":"c1","id":"m1","kind":"Message","at":"2026-03-02T09:15:00Z","by":"u1","content":{"text":"Berth 4 is free."}}
"#;

#[test]
fn a_malformed_line_is_told_by_name_line_and_reason_and_the_rest_is_recorded() {
    let house = house();
    house.write("events.jsonl", DAMAGED);
    insta::assert_snapshot!(house.run("import events --account Meridian events.jsonl"), @"
    people: 1 added
    conversations: 1 added
    items: 1 added
    refused: 2, told above
    2| refused: events.jsonl:2: EOF while parsing a string (column 28)
    2| refused: events.jsonl:4: the person “u2” has not been recorded
    [exit 1]
    ");
}

#[test]
fn strict_records_nothing_if_anything_is_refused() {
    let house = house();
    house.write("events.jsonl", DAMAGED);
    house.write("good.jsonl", EVENTS);
    let shown = house.session(
        "import events --account Meridian --strict events.jsonl
         import events --account Meridian --strict good.jsonl",
    );
    insta::assert_snapshot!(shown, @"
    $ import events --account Meridian --strict events.jsonl
    Nothing was imported, because something was refused.
    2| refused: events.jsonl:2: EOF while parsing a string (column 28)
    2| refused: events.jsonl:4: the person “u2” has not been recorded
    [exit 1]
    $ import events --account Meridian --strict good.jsonl
    people: 1 added
    conversations: 1 added
    items: 1 added
    ");
}

#[test]
fn a_malformed_slack_file_is_told_and_the_rest_is_recorded() {
    let house = house();
    let mut files = SLACK.to_vec();
    files.push((
        "berths/2026-01-03.json",
        "[\n{\"type\":\"message\",\"user\":\"U1\",\"text\":\"x\",\"ts\":\"soon\"},\n{\"type\"",
    ));
    house.write_zip("export.zip", &files);
    insta::assert_snapshot!(house.run("import slack --account Meridian export.zip"), @r#"
    people: 2 added
    conversations: 2 added
    items: 2 added
    refused: 2, told above
    2| note: export.zip: reactions are not recorded; there are 1
    2| refused: berths/2026-01-03.json:2: a message without a usable time (“ts”: "soon")
    2| refused: berths/2026-01-03.json:3: the file ends before its list does: it was cut off
    [exit 1]
    "#);
}

#[test]
fn what_is_no_such_archive_is_refused() {
    let house = house();
    house.write("hello.zip", "hello");
    house.write("empty/README.txt", "");
    house.write("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    house.write_zip("export.zip", &SLACK);
    let zip = std::fs::read(house.path("export.zip")).unwrap();
    house.write("cut.zip", &zip[..zip.len() / 2]);
    let shown = house.session(
        "import slack --account Meridian none.zip
         import slack --account Meridian hello.zip
         import slack --account Meridian cut.zip
         import slack --account Meridian empty
         import slack --account Meridian -
         import mattermost --account Meridian none.jsonl
         import mattermost --account Meridian export.zip
         import mattermost --account Meridian picture.png
         import events --account Meridian empty
         import events --account Meridian -
         import events --account Borealis -",
    );
    insta::assert_snapshot!(shown, @"
    $ import slack --account Meridian none.zip
    2| error: There is no file or folder “none.zip”.
    [exit 1]
    $ import slack --account Meridian hello.zip
    2| error: “hello.zip” is not a zip, or a damaged one: fetch it again.
    2|   because: invalid Zip archive: Could not find EOCD
    [exit 1]
    $ import slack --account Meridian cut.zip
    2| error: “cut.zip” is not a zip, or a damaged one: fetch it again.
    2|   because: invalid Zip archive: Could not find EOCD
    [exit 1]
    $ import slack --account Meridian empty
    2| error: “empty” holds no users.json, no channels.json and no days of a channel. It is no Slack export.
    [exit 1]
    $ import slack --account Meridian -
    2| error: “standard input” is not a zip, or a damaged one: fetch it again.
    2|   because: invalid Zip archive: Could not find EOCD
    [exit 1]
    $ import mattermost --account Meridian none.jsonl
    2| error: There is no file or folder “none.jsonl”.
    [exit 1]
    $ import mattermost --account Meridian export.zip
    2| error: “export.zip” is a zip: unpack it and name the .jsonl inside.
    [exit 1]
    $ import mattermost --account Meridian picture.png
    2| error: “picture.png” is no text, so it holds no JSON Lines.
    [exit 1]
    $ import events --account Meridian empty
    2| error: There is no file in “empty” whose name ends in .jsonl.
    [exit 1]
    $ import events --account Meridian -
    The archive holds nothing to record.
    $ import events --account Borealis -
    2| error: There is no account “Borealis”. “account list” shows those there are.
    [exit 1]
    ");
}

#[test]
fn ctrl_c_stops_an_import_which_then_can_go_on() {
    let house = house();
    let mut import = house.start("import events --account Meridian -");
    // More than a pipe holds: when all is written, most has been read. What is read is recorded while more may come.
    let people: String =
        (0..8_000).map(|n| format!("{{\"type\":\"user\",\"id\":\"u{n}\",\"name\":\"Person {n}\"}}\n")).collect();
    import.stdin.as_mut().unwrap().write_all(people.as_bytes()).unwrap();
    let store = house.app().store;
    wait_until("something is recorded", || {
        store.read(compliance_exports::identity::rows::sources::count_recordings).ok().filter(|&number| number > 0)
    });
    import.signal("INT");
    import.wait_for_log("Stopped. Import it again to go on: nothing is recorded twice.");
    assert_eq!(import.wait(), ("exit 130".to_owned(), String::new()));

    let again = house.run_with("import events --account Meridian -", &people);
    assert_eq!(again.code, Some(0), "{again}");
    assert!(again.stdout.contains(" already known"), "{again}");
    let third = house.run_with("import events --account Meridian -", &people);
    insta::assert_snapshot!(third, @"people: 0 added, 8,000 already known");
}
