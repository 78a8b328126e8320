//! The arguments, with the help that explains each command by an example.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono_tz::Tz;
use clap::{Args, Parser, Subcommand};

use crate::archive::formats;
use crate::model::Formats;

/// Exports every conversation a company owns from its team messaging, for compliance, legal discovery and internal review.
#[derive(Debug, Parser)]
#[command(
    name = "compliance-exports",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  compliance-exports demo\n  compliance-exports account create Acme --time-zone Europe/London --include-exports\n  compliance-exports user create --account Acme --email ada@acme.example --name \"Ada Marsh\" --admin\n  compliance-exports import slack --account Acme export.zip\n  compliance-exports serve\n\nThe first shows the product. The others set it up: then Ada signs in at the address that “serve” prints, opens\nAdministration from her initials at the top right, turns Compliance Exports on, and requests an export."
)]
pub struct Cli {
    /// Settings file (TOML); docs/configuration.md describes every setting.
    #[arg(long, global = true, value_name = "FILE", display_order = 900)]
    pub config: Option<PathBuf>,
    /// Folder of everything that the server keeps [default: data]
    #[arg(long, global = true, value_name = "DIR", display_order = 901)]
    pub data_dir: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the pages and build the exports, in one process
    #[command(
        after_help = "Example:\n  compliance-exports serve --listen 0.0.0.0:8080\n\nStops cleanly on SIGTERM and Ctrl-C: running exports go back into the queue."
    )]
    Serve {
        /// Where to listen [default: 127.0.0.1:8080]
        #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
        listen: Option<SocketAddr>,
    },
    /// Show the product with an invented company, in a folder of its own
    #[command(
        after_help = "Example:\n  compliance-exports demo\n\nMakes the company anew each time it runs, in the folder “demo” of the data folder."
    )]
    Demo {
        /// End when the archive is there, instead of serving the pages
        #[arg(long)]
        exit: bool,
    },
    /// Bring the database's tables up to date (“serve” does that too)
    #[command(
        after_help = "Example:\n  compliance-exports migrate\n\nA database and its data folder know one another, and the program starts with no other folder. After the folder was\nlost, put what there is of it (keys, archives) into a new one and run this once:\n  compliance-exports migrate --accept-folder"
    )]
    Migrate {
        /// Make this data folder, with the key that lies in it or a new one, the one of the database
        #[arg(long)]
        accept_folder: bool,
    },
    /// Make accounts, and include Compliance Exports in them
    #[command(subcommand, after_help = "Example:\n  compliance-exports account create Acme --include-exports")]
    Account(AccountCommand),
    /// Make people who can sign in
    #[command(
        subcommand,
        after_help = "Example:\n  compliance-exports user create --account Acme --email ada@acme.example --name \"Ada Marsh\" --admin"
    )]
    User(UserCommand),
    /// Give administrators access to Compliance Exports, or take it
    #[command(
        subcommand,
        after_help = "Example:\n  compliance-exports access grant --account Acme --email ada@acme.example"
    )]
    Access(AccessCommand),
    /// Record another system's archive
    #[command(subcommand, after_help = "Example:\n  compliance-exports import slack --account Acme export.zip")]
    Import(ImportCommand),
    /// Turn Compliance Exports on or off, as an administrator does with the toggle
    #[command(
        subcommand,
        after_help = "Example:\n  compliance-exports exports on --account Acme --email ada@acme.example"
    )]
    Exports(ExportsCommand),
    /// Request an export as an administrator, wait for it, and copy it to a folder
    #[command(
        after_help = "Examples:\n  compliance-exports export --account Acme --email ada@acme.example --from 2026-01-01 --to 2026-03-31 --output /evidence\n  compliance-exports export --account Acme --email ada@acme.example --from 2026-01-01 --to 2026-03-31 --person bo@acme.example --person 17\n  compliance-exports export --again 7 --output /evidence\n\nPrints the path of each part; progress goes to standard error. Ctrl-C stops waiting: the export stays in the queue.\n--again needs no server and changes nothing on it; it ends with 1 if the archive is not the same, byte for byte. With\n--restore it puts files back that are missing or damaged on the server:\n  compliance-exports export --again 7 --restore"
    )]
    Export(ExportArgs),
    /// Check a finished archive: all parts of it, zipped or unpacked
    #[command(
        after_help = "Example:\n  compliance-exports verify Acme-2026-01-01-to-2026-03-31-7.zip\n\nEnds with 1 and a line for each thing that is wrong. The signature is checked with the key of the data folder, if\nthere is one."
    )]
    Verify {
        /// The archive's parts
        #[arg(required = true, value_name = "ARCHIVE")]
        archives: Vec<PathBuf>,
    },
    /// The archives that are kept, and those in quarantine, which no export of the database asks for
    #[command(subcommand, after_help = "Example:\n  compliance-exports archives list")]
    Archives(ArchivesCommand),
    /// The key that signs archives
    #[command(subcommand, after_help = "Example:\n  compliance-exports key show")]
    Key(KeyCommand),
}

/// Accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account
    #[command(
        after_help = "Example:\n  compliance-exports account create Acme --time-zone Europe/London --include-exports"
    )]
    Create {
        /// Name of the company
        name: String,
        /// Time zone whose days are meant in exports, by its IANA name
        #[arg(long, default_value = "UTC", value_name = "ZONE", value_parser = zone)]
        time_zone: Tz,
        /// Include Compliance Exports at once
        #[arg(long)]
        include_exports: bool,
    },
    /// Include Compliance Exports in an account
    #[command(after_help = "Example:\n  compliance-exports account include-exports Acme")]
    IncludeExports {
        /// Name of the account
        name: String,
    },
    /// Exclude Compliance Exports from an account; also turns it off
    #[command(after_help = "Example:\n  compliance-exports account exclude-exports Acme")]
    ExcludeExports {
        /// Name of the account
        name: String,
    },
    /// List the accounts
    #[command(after_help = "Example:\n  compliance-exports account list")]
    List,
    /// List the sources of an account: the other systems from which it has been recorded
    #[command(
        after_help = "Example:\n  compliance-exports account sources Acme\n\nColumns: kind, name, people, conversations."
    )]
    Sources {
        /// Name of the account
        name: String,
    },
}

/// People who can sign in.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a person who can sign in, or set a new password
    #[command(
        after_help = "Examples:\n  compliance-exports user create --account Acme --email ada@acme.example --name \"Ada Marsh\" --admin\n  compliance-exports user create --account Acme --email ada@acme.example --name \"Ada Marsh\" < password.txt\n\nThe password is asked for, or read from standard input (one line). One whom an import has recorded under this\naddress becomes that person; one who can sign in already gets the new password, and is signed out everywhere."
    )]
    Create {
        /// Name of the account
        #[arg(long)]
        account: String,
        /// Address to sign in with
        #[arg(long)]
        email: String,
        /// Full name
        #[arg(long)]
        name: String,
        /// Give the admin role
        #[arg(long)]
        admin: bool,
    },
}

/// A person of an account.
#[derive(Args, Debug)]
pub struct PersonArgs {
    /// Name of the account
    #[arg(long)]
    pub account: String,
    /// The person's address
    #[arg(long)]
    pub email: String,
}

/// Access to Compliance Exports.
#[derive(Debug, Subcommand)]
pub enum AccessCommand {
    /// Give an administrator access, after verifying who asks
    #[command(after_help = "Example:\n  compliance-exports access grant --account Acme --email ada@acme.example")]
    Grant(PersonArgs),
    /// Take an administrator's access
    #[command(after_help = "Example:\n  compliance-exports access revoke --account Acme --email ada@acme.example")]
    Revoke(PersonArgs),
}

/// The toggle.
#[derive(Debug, Subcommand)]
pub enum ExportsCommand {
    /// Turn Compliance Exports on, as this administrator
    #[command(after_help = "Example:\n  compliance-exports exports on --account Acme --email ada@acme.example")]
    On(PersonArgs),
    /// Turn Compliance Exports off, as this administrator
    #[command(after_help = "Example:\n  compliance-exports exports off --account Acme --email ada@acme.example")]
    Off(PersonArgs),
}

/// What to import, and where to.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// Name of the account
    #[arg(long)]
    pub account: String,
    /// Name of the source, if the account has several of this kind [default: the kind]
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Record nothing if anything is refused
    #[arg(long)]
    pub strict: bool,
    /// File or folder, or - for standard input
    pub path: PathBuf,
}

/// The format of an archive.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// A Slack workspace export: zip or folder
    #[command(
        after_help = "Examples:\n  compliance-exports import slack --account Acme export.zip\n  compliance-exports import slack --account Acme --source Design design.zip\n\nThe second is another workspace of the same company."
    )]
    Slack(ImportArgs),
    /// A Mattermost bulk export: JSON Lines
    #[command(after_help = "Example:\n  compliance-exports import mattermost --account Acme bulk-export.jsonl")]
    Mattermost(ImportArgs),
    /// Our own events: JSON Lines, described in docs/recording.md
    #[command(after_help = "Example:\n  other-system --stream | compliance-exports import events --account Acme -")]
    Events(ImportArgs),
}

/// What to export, and where to.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Who asks
    #[command(flatten)]
    pub person: Option<PersonArgs>,
    /// First day, included: YYYY-MM-DD
    #[arg(long, value_name = "DAY", required_unless_present = "again", requires = "account")]
    pub from: Option<String>,
    /// Last day, included: YYYY-MM-DD
    #[arg(long, value_name = "DAY", required_unless_present = "again")]
    pub to: Option<String>,
    /// Only conversations in which this person takes part or took part, whole: an address, or a number as in archives. May be
    /// given up to 30 times
    #[arg(long = "person", value_name = "EMAIL-OR-ID", requires = "account")]
    pub people: Vec<String>,
    /// Only this conversation: a number as in archives. May be given up to 10 times; with --person, only if one of the people
    /// takes part in it
    #[arg(long = "conversation", value_name = "ID", requires = "account")]
    pub conversations: Vec<String>,
    /// Build the archive of this completed export again, as it was, rather than request one
    #[arg(long, value_name = "REQUEST", conflicts_with_all = ["account", "email", "from", "to", "people", "conversations"])]
    pub again: Option<i64>,
    /// With --again: put the files back on the server where some are missing or damaged, if they are the same; nothing is copied
    #[arg(long, requires = "again", conflicts_with = "output")]
    pub restore: bool,
    /// What it shall have beside the JSON.
    #[command(flatten)]
    pub formats: FormatArgs,
    /// Folder to copy the archive to; made if it is not there
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub output: PathBuf,
}

/// An option for each format that an archive can have beside its JSON.
#[derive(Clone, Debug, Default)]
pub struct FormatArgs(pub Formats);

impl clap::Args for FormatArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        formats::ALL.iter().fold(command, |command, format| {
            let about = format.about();
            let arg = clap::Arg::new(about.key).long(about.key).help(about.help);
            command.arg(arg.action(clap::ArgAction::SetTrue).conflicts_with("again"))
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for FormatArgs {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        let keys = formats::ALL.iter().map(|format| format.about().key);
        Ok(Self(keys.filter(|key| matches.get_flag(key)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Finished archives.
#[derive(Debug, Subcommand)]
pub enum ArchivesCommand {
    /// List what is kept, what is missing or damaged, and what lies in quarantine
    #[command(
        after_help = "Example:\n  compliance-exports archives list\n\nColumns: what became of it, number of the export, account, part, size, file. A sum goes to standard error."
    )]
    List,
    /// Take an archive out of quarantine into this database, so that it can be downloaded
    #[command(
        after_help = "Example:\n  compliance-exports archives adopt 7\n\nThe archive must be complete, unchanged and signed by this server. It can be downloaded from then on for as long as one\nthat was just completed."
    )]
    Adopt {
        /// Number of the export, or name of the file that is its part 1
        archive: String,
    },
    /// Erase archives in quarantine for good
    #[command(
        after_help = "Examples:\n  compliance-exports archives erase 7\n  compliance-exports archives erase --yes\n\nAsks before. Without a number it means all that lies in quarantine."
    )]
    Erase {
        /// Numbers of exports, or names of files
        archives: Vec<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// The key that signs archives.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Show its public half, and the commands with which anyone checks an archive
    #[command(
        after_help = "Example:\n  compliance-exports key show\n\nThe key is made if there is none yet. Its public half is no secret; keep a copy of the whole (keys/archives.key in\nthe data folder) where nobody else finds it."
    )]
    Show,
}

fn zone(text: &str) -> Result<Tz, String> {
    let hint = "time zones have names such as Europe/London, America/New_York or UTC";
    text.parse().map_err(|_| hint.to_owned())
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let hint = "write an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080";
    text.parse().map_err(|_| hint.to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "a test fails by panicking")]

    use clap::{CommandFactory, Parser};

    use super::Cli;

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_explains_itself_with_an_example() {
        each(&Cli::command(), &mut |command, help| {
            assert!(command.get_about().is_some(), "{} has no explanation", command.get_name());
            assert!(help.starts_with("Example"), "{} has no example", command.get_name());
        });
    }

    #[test]
    fn every_example_is_one_that_the_program_takes() {
        let mut examples = 0;
        each(&Cli::command(), &mut |_, help| {
            for line in help.lines().filter_map(|line| line.strip_prefix("  ")) {
                // Without the shell's part: what is piped into it, and the file that it reads.
                let line = line.rsplit(" | ").next().unwrap_or_default();
                let line = line.split(" < ").next().unwrap_or_default();
                if let Err(error) = Cli::try_parse_from(words(line)) {
                    panic!("{line}: {error}");
                }
                examples += 1;
            }
        });
        assert!(examples > 20, "only {examples}");
    }

    fn each(command: &clap::Command, check: &mut impl FnMut(&clap::Command, &str)) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        check(command, &help);
        command.get_subcommands().for_each(|inner| each(inner, check));
    }

    /// Cut as a shell does: what stands in quotation marks is one word.
    fn words(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (number, piece) in line.split('"').enumerate() {
            if number % 2 == 1 {
                words.push(piece.to_owned());
            } else {
                words.extend(piece.split_whitespace().map(str::to_owned));
            }
        }
        words
    }
}
