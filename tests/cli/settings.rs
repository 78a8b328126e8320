//! Settings that do not do, and databases and folders that can't be opened: what the operator is told.

use std::fs;

use crate::support::House;

/// What is told about a settings file.
fn with_file(content: &str) -> String {
    let house = House::new();
    house.write("settings.toml", content);
    let run = house.run("--config settings.toml account list");
    assert_eq!(house.list("data").len(), 0, "nothing is made\n{run}");
    run.to_string()
}

fn with_variable(name: &str, value: &str) -> String {
    let mut house = House::new();
    house.set(name, value);
    house.run("account list").to_string()
}

#[test]
fn a_settings_file_that_does_not_do_is_refused_by_name_and_place() {
    insta::assert_snapshot!(with_file("[server]\nlisten = \"127.0.0.1:8080\"\nport = 8080\n"), @"
    2| error: settings.toml, line 3, column 1 (`server`): unknown setting `port`, expected one of `listen`, `workers`, `behind_proxy`, `session_hours`
    [exit 1]
    ");
    insta::assert_snapshot!(with_file("[exports]\nkeep_days = \"a month\"\n"), @r#"
    2| error: settings.toml, line 2, column 13 (`exports.keep_days`): invalid type: string "a month", expected a whole number
    [exit 1]
    "#);
    insta::assert_snapshot!(with_file("[exports]\nkeep_days = 0\n"), @"
    2| error: settings.toml, line 2, column 13 (`exports.keep_days`): must be from 1 to 3650, and is 0
    [exit 1]
    ");
    insta::assert_snapshot!(with_file("[server\n"), @"
    2| error: settings.toml, line 1, column 8: unclosed table, expected `]`
    [exit 1]
    ");
    insta::assert_snapshot!(with_file("public_address = \"exports.acme.example\"\n"), @"
    2| error: settings.toml, line 1, column 18 (`public_address`): `exports.acme.example` is not an address (relative URL without a base): write it like https://exports.example.com
    [exit 1]
    ");
    insta::assert_snapshot!(House::new().run("--config none.toml account list"), @"
    2| error: The settings file none.toml can't be read: No such file or directory (os error 2)
    [exit 1]
    ");
}

#[test]
fn a_variable_that_does_not_do_is_refused_by_name() {
    insta::assert_snapshot!(with_variable("COMPLIANCE_EXPORTS_EXPORTS__KEEP_DAYS", "soon"), @r#"
    2| error: The environment variable COMPLIANCE_EXPORTS_EXPORTS__KEEP_DAYS: invalid type: string "soon", expected a whole number
    [exit 1]
    "#);
    insta::assert_snapshot!(with_variable("COMPLIANCE_EXPORTS_SERVER__PORT", "80"), @"
    2| error: The environment variable COMPLIANCE_EXPORTS_SERVER__PORT: unknown setting `port`, expected one of `listen`, `workers`, `behind_proxy`, `session_hours`
    [exit 1]
    ");
    insta::assert_snapshot!(with_variable("COMPLIANCE_EXPORTS_DATABASE__URL", "mysql://root:swordfish@localhost/x"), @"
    2| error: The environment variable COMPLIANCE_EXPORTS_DATABASE__URL: unknown kind of database `mysql`: write sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE
    [exit 1]
    ");
    insta::assert_snapshot!(with_variable("COMPLIANCE_EXPORTS_CONFIG", "none.toml"), @"
    2| error: The settings file none.toml can't be read: No such file or directory (os error 2)
    [exit 1]
    ");
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let mut house = House::new();
    house.write("settings.toml", "data_dir = \"from-file\"\n[server]\nlisten = \"127.0.0.1:1\"\n");
    house.set("COMPLIANCE_EXPORTS_DATA_DIR", "from-variable");
    house.set("COMPLIANCE_EXPORTS_SERVER__LISTEN", "127.0.0.1:2");
    let mut server = house.start("--config settings.toml --data-dir data serve --listen 127.0.0.1:0");
    server.wait_for_output("Serving http://127.0.0.1:");
    assert!(!house.path("from-file").exists() && !house.path("from-variable").exists());
    assert!(house.path("data").exists());
}

#[test]
fn migrate_is_told_and_can_be_repeated() {
    let shown = House::new().session(
        "migrate
         migrate",
    );
    insta::assert_snapshot!(shown, @"
    $ migrate
    The tables of [DATABASE] are up to date.
    $ migrate
    The tables of [DATABASE] are up to date.
    ");
}

#[test]
fn a_postgresql_that_does_not_answer_is_told_without_its_password() {
    let mut house = House::new();
    house.set("COMPLIANCE_EXPORTS_DATABASE__URL", "postgres://exports:swordfish@127.0.0.1:1/exports");
    for command in ["serve --listen 127.0.0.1:0", "migrate"] {
        let run = house.run(command);
        assert_eq!(run.code, Some(1), "{run}");
        assert!(
            run.stderr.starts_with("error: The database postgres://127.0.0.1:1/exports can't be opened.\n  because: "),
            "{run}"
        );
        assert!(!run.stderr.contains("swordfish"), "{run}");
    }
}

#[test]
fn a_damaged_database_is_told_and_left_as_it_is() {
    let mut house = House::new();
    house.set("COMPLIANCE_EXPORTS_DATABASE__URL", "sqlite:damaged.db");
    let damaged = "This is no database, and it is longer than the header of one. ".repeat(20);
    house.write("damaged.db", &damaged);
    insta::assert_snapshot!(house.run("serve --listen 127.0.0.1:0"), @"
    2| error: The database sqlite:damaged.db can't be opened.
    2|   because: file is not a database
    [exit 1]
    ");
    assert_eq!(fs::read_to_string(house.path("damaged.db")).unwrap(), damaged);
}

#[test]
fn a_data_folder_that_can_not_be_made_is_told() {
    let house = House::new();
    house.write("file", "");
    insta::assert_snapshot!(house.run("--data-dir file/data serve --listen 127.0.0.1:0"), @"
    2| error: The folder file/data can't be made.
    2|   because: Not a directory (os error 20)
    [exit 1]
    ");
    insta::assert_snapshot!(house.run("--data-dir file migrate"), @"
    2| error: The folder file can't be made.
    2|   because: File exists (os error 17)
    [exit 1]
    ");
}
