//! Nothing that strangers write acts on the operator's terminal, whatever prints it.

use std::fs;
use std::os::unix::ffi::OsStringExt;

use crate::support::{House, Run};

const EVIL: &str = "\u{1b}[1A\u{1b}[2K\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{200b}";

/// Nothing acts in what a command has printed, and it has printed something of it.
fn assert_harmless(run: &Run) {
    for text in [&run.stdout, &run.stderr] {
        let acts = |c: char| (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{200b}' | '\u{202e}');
        assert!(!text.contains(acts), "{text:?}");
    }
    assert!(run.stdout.contains('␛') || run.stderr.contains('␛'), "{run}");
}

#[test]
fn names_and_texts_of_an_import_do_not_act() {
    let house = House::of_acme();
    let folder = house.path("export").join(format!("pi{}er", "\u{1b}[1A\u{1b}[2K"));
    fs::create_dir_all(&folder).unwrap();
    house.write("export/channels.json", r#"[{"id":"C01GEN","name":"pier","created":1704067200,"members":["U01AAA"]}]"#);
    house.write("export/users.json", r#"[{"id":"U01AAA","team_id":"TQUAY","name":"mira","profile":{}}]"#);
    let message =
        r#"[{"type":"message","user":"U\u001b[2J\u001b]0;owned\u0007\u001b[31mrefused: 0","text":"x","ts":"never"}]"#;
    fs::write(folder.join("2024-03-04.json"), message).unwrap();
    assert_harmless(&house.run("import slack --account Acme export"));

    let event = serde_json::json!({"type": "joined", "conversation": EVIL, "user": EVIL, "at": "2026-03-01T10:00:00Z"});
    assert_harmless(&house.run_with("import events --account Acme -", event.to_string()));
    let event = serde_json::json!({"type": EVIL});
    assert_harmless(&house.run_with("import events --account Acme -", event.to_string()));
}

#[test]
fn names_of_accounts_people_and_files_do_not_act() {
    let house = House::of_acme();
    let evil = EVIL.replace('"', "");
    house.run(&format!("account create \"{evil}\""));
    // Names with control characters are refused, but a database may hold them.
    house.run_sql(&format!("UPDATE accounts SET name = 'Ac{evil}me'"));
    assert_harmless(&house.run("account list"));
    assert_harmless(&house.run(&format!("account include-exports \"{evil}\"")));
    assert_harmless(&house.run(&format!("verify \"{evil}.zip\"")));
    assert_harmless(&house.run(&format!("import slack --account \"{evil}\" nowhere")));
    assert_harmless(&house.run(&evil));
    assert_harmless(&house.run(&format!("--config \"{evil}.toml\" account list")));
    let name = std::ffi::OsString::from_vec(b"out\x1b[2J".to_vec());
    fs::write(house.path("file"), "").unwrap();
    let output = format!("file/{}", name.to_string_lossy());
    let line = format!("export --account x --email x --from 2026-01-01 --to 2026-01-02 --output \"{output}\"");
    assert_harmless(&house.run(&line));
}

#[test]
fn the_log_of_a_server_holds_nothing_that_acts() {
    let mut house = House::new();
    house.set("COMPLIANCE_EXPORTS_LOG__FILTER", "debug");
    let (server, address) = house.serve();
    let browser = crate::browser::Browser::new(&address);
    browser.get("/no%1b%5b2J%0apage%c2%9b%e2%80%ae");
    browser.sign_in("evil\u{1b}[2J@acme.example", "\u{1b}[2J long enough");
    server.signal("TERM");
    server.wait_for_log("stopped");
    let log = server.log();
    assert!(!log.contains(|c: char| c.is_control() && c != '\n'), "{log:?}");
}
