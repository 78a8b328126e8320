//! `--help`: the commands that there are, each with an example.

use crate::support::House;

const COMMANDS: &str = "\
serve
demo
migrate
account create
account include-exports
account exclude-exports
account list
account sources
user create
access grant
access revoke
import slack
import mattermost
import events
exports on
exports off
export
verify
archives list
archives adopt
archives erase
key show";

#[test]
fn the_first_help_leads_on() {
    insta::assert_snapshot!(House::new().run("--help"), @r#"
    Exports every conversation a company owns from its team messaging, for compliance, legal discovery and internal review

    Usage: compliance-exports [OPTIONS] <COMMAND>

    Commands:
      serve     Serve the pages and build the exports, in one process
      demo      Show the product with an invented company, in a folder of its own
      migrate   Bring the database's tables up to date (“serve” does that too)
      account   Make accounts, and include Compliance Exports in them
      user      Make people who can sign in
      access    Give administrators access to Compliance Exports, or take it
      import    Record another system's archive
      exports   Turn Compliance Exports on or off, as an administrator does with the toggle
      export    Request an export as an administrator, wait for it, and copy it to a folder
      verify    Check a finished archive: all parts of it, zipped or unpacked
      archives  The archives that are kept, and those in quarantine, which no export of the database asks for
      key       The key that signs archives
      help      Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>   Settings file (TOML); docs/configuration.md describes every setting
          --data-dir <DIR>  Folder of everything that the server keeps [default: data]
      -h, --help            Print help
      -V, --version         Print version

    Examples:
      compliance-exports demo
      compliance-exports account create Acme --time-zone Europe/London --include-exports
      compliance-exports user create --account Acme --email ada@acme.example --name "Ada Marsh" --admin
      compliance-exports import slack --account Acme export.zip
      compliance-exports serve

    The first shows the product. The others set it up: then Ada signs in at the address that “serve” prints, opens
    Administration from her initials at the top right, turns Compliance Exports on, and requests an export.
    "#);
}

#[test]
fn every_command_has_help_with_an_example() {
    let house = House::new();
    for command in COMMANDS.lines() {
        let run = house.ok(&format!("{command} --help"));
        assert!(run.stdout.contains("\nExample"), "{command}\n{run}");
        assert!(run.stdout.contains(&format!(" {command}")), "{command}\n{run}");
    }
    assert_eq!(house.list("data").len(), 0, "help makes nothing");
}

#[test]
fn the_commands_and_options_are_exactly_these() {
    use clap::CommandFactory;
    fn tell(command: &clap::Command, path: &str, told: &mut String) {
        let ours = |argument: &&clap::Arg| !argument.is_global_set() && argument.get_id() != "help";
        let arguments = command.get_arguments().filter(ours);
        let usage: Vec<String> = arguments.map(ToString::to_string).collect();
        if !command.has_subcommands() {
            *told += format!("{path} {}", usage.join(" ")).trim_end();
            *told += "\n";
        }
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            tell(inner, format!("{path} {}", inner.get_name()).trim_start(), told);
        }
    }
    let (mut told, mut program) = (String::new(), compliance_exports::cli::Cli::command());
    program.build();
    tell(&program, "", &mut told);
    insta::assert_snapshot!(told, @"
    serve --listen <ADDR:PORT>
    demo --exit
    migrate --accept-folder
    account create <NAME> --time-zone <ZONE> --include-exports
    account include-exports <NAME>
    account exclude-exports <NAME>
    account list
    account sources <NAME>
    user create --account <ACCOUNT> --email <EMAIL> --name <NAME> --admin
    access grant --account <ACCOUNT> --email <EMAIL>
    access revoke --account <ACCOUNT> --email <EMAIL>
    import slack --account <ACCOUNT> --source <NAME> --strict <PATH>
    import mattermost --account <ACCOUNT> --source <NAME> --strict <PATH>
    import events --account <ACCOUNT> --source <NAME> --strict <PATH>
    exports on --account <ACCOUNT> --email <EMAIL>
    exports off --account <ACCOUNT> --email <EMAIL>
    export --account <ACCOUNT> --email <EMAIL> --from <DAY> --to <DAY> --person <EMAIL-OR-ID> --conversation <ID> --again <REQUEST> --restore --html --csv --output <DIR>
    verify <ARCHIVE>...
    archives list
    archives adopt <ARCHIVE>
    archives erase [ARCHIVES]... --yes
    key show
    ");
}

#[test]
fn a_wrong_command_line_is_answered_with_what_would_be_right() {
    let house = House::new();
    let shown = house.session(
        "exprot
         account create
         account create Acme --time-zone London
         serve --listen localhost:8080
         import slack export.zip",
    );
    insta::assert_snapshot!(shown, @"
    $ exprot
    2| error: unrecognized subcommand 'exprot'
    2|
    2|   tip: some similar subcommands exist: 'exports', 'export'
    2|
    2| Usage: compliance-exports [OPTIONS] <COMMAND>
    2|
    2| For more information, try '--help'.
    [exit 2]
    $ account create
    2| error: the following required arguments were not provided:
    2|   <NAME>
    2|
    2| Usage: compliance-exports account create <NAME>
    2|
    2| For more information, try '--help'.
    [exit 2]
    $ account create Acme --time-zone London
    2| error: invalid value 'London' for '--time-zone <ZONE>': time zones have names such as Europe/London, America/New_York or UTC
    2|
    2| For more information, try '--help'.
    [exit 2]
    $ serve --listen localhost:8080
    2| error: invalid value 'localhost:8080' for '--listen <ADDR:PORT>': write an IP address and a port, such as 127.0.0.1:[PORT], 0.0.0.0:8080 or [::]:8080
    2|
    2| For more information, try '--help'.
    [exit 2]
    $ import slack export.zip
    2| error: the following required arguments were not provided:
    2|   --account <ACCOUNT>
    2|
    2| Usage: compliance-exports import slack --account <ACCOUNT> <PATH>
    2|
    2| For more information, try '--help'.
    [exit 2]
    ");
    assert_eq!(house.list("data").len(), 0, "nothing is made");
}

#[test]
fn the_version_is_told() {
    assert_eq!(House::new().ok("--version").stdout, format!("compliance-exports {}\n", env!("CARGO_PKG_VERSION")));
}
