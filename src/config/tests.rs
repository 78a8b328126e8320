//! Tests of the settings: layers, every refusal, secrets, and that the documents name every setting.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use super::*;
use crate::error::{Error, Kind, Result};

const EXAMPLE: &str = include_str!("../../compliance-exports.example.toml");
const DOCUMENT: &str = include_str!("../../docs/configuration.md");

fn load(file: &str, variables: &[(&str, &str)]) -> Result<Settings> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, file).unwrap();
    let loaded = Settings::load(Some(&path), variables.iter().copied(), Overrides::default());
    // The folder has another name each time.
    loaded.map_err(|why| Error::new(why.kind(), why.message().replace(&format!("{}/", folder.path().display()), "")))
}

fn refusal(file: &str, variables: &[(&str, &str)]) -> String {
    match load(file, variables) {
        Ok(_) => "accepted!".to_owned(),
        Err(why) => {
            assert_eq!(why.kind(), Kind::Invalid);
            why.message().to_owned()
        }
    }
}

#[test]
fn nothing_set_gives_the_defaults() {
    let nothing: [(String, String); 0] = [];
    let settings = Settings::load(None, nothing, Overrides::default()).unwrap();
    assert_eq!(settings, Settings::default());
    assert_eq!(settings.public_address().to_string(), "http://127.0.0.1:8080");
    assert_eq!(settings.database_url().to_string(), "sqlite:data/compliance-exports.db");
    assert_eq!(settings.mail_dir(), Path::new("data/mail"));
    assert_eq!(settings.warnings(), Vec::<String>::new());
}

#[test]
fn later_layers_win() {
    let file = "data_dir = 'file'\n[server]\nlisten = '127.0.0.1:1'\nworkers = 7\n[exports]\nkeep_days = 3";
    let variables = [
        ("COMPLIANCE_EXPORTS_DATA_DIR", "variable"),
        ("COMPLIANCE_EXPORTS_EXPORTS__KEEP_DAYS", "5"),
        ("COMPLIANCE_EXPORTS_EXPORTS__PART_BYTES", "1 MiB"),
        ("COMPLIANCE_EXPORTS_SERVER__BEHIND_PROXY", "true"),
        ("COMPLIANCE_EXPORTS_MAIL__SMTP__USERNAME", "42"),
        ("COMPLIANCE_EXPORTS_MAIL__SMTP__PASSWORD", "12345"),
        ("SOMETHING_ELSE", "1"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, file).unwrap();
    let flags = Overrides { data_dir: Some("flag".into()), listen: Some("[::]:9".parse().unwrap()) };
    let settings = Settings::load(Some(&path), variables, flags).unwrap();

    assert_eq!(settings.data_dir, Path::new("flag"));
    assert_eq!(settings.server.listen.to_string(), "[::]:9");
    assert_eq!(settings.server.workers, 7);
    assert!(settings.server.behind_proxy);
    assert_eq!(settings.exports.keep_days, 5);
    assert_eq!(settings.exports.part_bytes.as_u64(), 1 << 20);
    assert_eq!(settings.mail.smtp.username.as_deref(), Some("42"));
    assert_eq!(settings.mail.smtp.password.as_ref().map(Secret::expose), Some("12345"));
    assert_eq!(settings.public_address().to_string(), "http://[::1]:9");
}

#[test]
fn a_variable_names_the_file_and_a_flag_wins() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one.toml"), folder.path().join("two.toml"));
    std::fs::write(&one, "data_dir = 'one'").unwrap();
    std::fs::write(&two, "data_dir = 'two'").unwrap();
    let variables = || [("COMPLIANCE_EXPORTS_CONFIG", one.to_str().unwrap())];
    let named = Settings::load(None, variables(), Overrides::default()).unwrap();
    assert_eq!(named.data_dir, Path::new("one"));
    let flagged = Settings::load(Some(&two), variables(), Overrides::default()).unwrap();
    assert_eq!(flagged.data_dir, Path::new("two"));
}

#[test]
fn every_refusal_in_a_file_names_setting_and_place() {
    let refused = [
        "data_dir = ",
        "data_dir = 5",
        "data_dri = 'x'",
        "public_address = 'exports.example.com'",
        "public_address = 'ftp://exports.example.com'",
        "public_address = 'https://exports.example.com/chat'",
        "public_address = 'https://exports.example.com/?a=b'",
        "public_address = 'ftp://hidden:hidden@exports.example.com'",
        "[server]\nlisten = 'localhost'",
        "[server]\nworkers = 0",
        "[server]\nworkers = 'four'",
        "[server]\nbehind_proxy = 'yes'",
        "[server]\nport = 80",
        "[server]\nsession_hours = 721",
        "[database]\nurl = 'mysql://root:hidden@localhost/x'",
        "[database]\nurl = 'exports.db'",
        "[database]\nurl = 'sqlite:'",
        "[database]\nurl = 'sqlite::memory:'",
        "[database]\nurl = 'postgres://me:hidden@localhost'",
        "[database]\nurl = 'postgres://me:hidden@:x/y'",
        "[database]\npool_size = -1",
        "[exports]\nattempts = 21",
        "[exports]\npart_entries = 65_535",
        "[exports]\npart_bytes = '4 GiB'",
        "[exports]\npart_bytes = 1",
        "[exports]\nkeep_free = '1 GB'",
        "[exports]\nkeep_free = '99999999 TiB'",
        "[exports]\nkeep_free = -1",
        "[exports]\nkeep_free = 1.5",
        "[archives]\nurl = ''",
        "[archives]\nurl = 'gs://bucket'",
        "[archives]\nurl = 's3://'",
        "[archives]\nurl = 's3://me:hidden@bucket/x'",
        "[archives]\nurl = 's3://bucket/a//b'",
        "[archives]\nurl = 's3://bucket/../b'",
        "[archives.s3]\nendpoint = 's3.example.com'",
        "[archives.s3]\nendpoint = 'https://me:hidden@s3.example.com'",
        "[archives.s3]\nendpoint = 'http://s3.example.com'",
        "[archives.s3]\naccess_key_id = 'x'",
        "[archives.s3]\nsecret_access_key = 'hidden'",
        "[archives.s3]\nsecret_access_key = 4711",
        "[archives.s3]\naccess_key_id = 'x'\nsecret_access_key = 'hidden'\nsecret_access_key_file = '/x'",
        "[archives.s3]\naccess_key_id = 'x'\nsecret_access_key_file = '/does/not/exist'",
        "[archives.s3]\ntimeout_seconds = 0",
        "[mail]\ntransport = 'pigeon'",
        "[mail]\nfrom = 'nobody'",
        "[mail]\ntransport = 'smtp'",
        "[mail.smtp]\nhots = 'x'",
        "[mail.smtp]\nport = 70_000",
        "[mail.smtp]\ntls = 'always'",
        "[mail.smtp]\nusername = 'x'",
        "[mail.smtp]\npassword = 'hidden'",
        "[mail.smtp]\npassword = 4711",
        "[mail.smtp]\npassword = 'hidden",
        "[mail.smtp]\nusername = 'x'\npassword = 'hidden'\npassword_file = '/x'",
        "[mail.smtp]\nusername = 'x'\npassword_file = '/does/not/exist'",
        "[log]\nformat = 'xml'",
        "[log]\nfilter = 'a=b=c'",
    ];
    let mut printed = String::new();
    for file in refused {
        let message = refusal(file, &[]);
        assert!(!message.contains("hidden") && !message.contains("4711"), "a secret is shown: {message}");
        writeln!(printed, "{}\n    {}\n", file.replace('\n', "\\n"), message.replace('\n', "\n    ")).unwrap();
    }
    insta::assert_snapshot!(printed);
}

#[test]
fn every_refusal_of_a_variable_names_it() {
    let refused = [
        ("COMPLIANCE_EXPORTS_PORT", "80"),
        ("COMPLIANCE_EXPORTS_SERVER", "x"),
        ("COMPLIANCE_EXPORTS_SERVER__WORKERS", "four"),
        ("COMPLIANCE_EXPORTS_SERVER__WORKERS", "0"),
        ("COMPLIANCE_EXPORTS_SERVER__LISTEN", "80"),
        ("COMPLIANCE_EXPORTS_SERVER__PORT", "80"),
        ("COMPLIANCE_EXPORTS_DATA_DIR__X", "80"),
        ("COMPLIANCE_EXPORTS_DATABASE__URL", "mysql://root:hidden@localhost/x"),
        ("COMPLIANCE_EXPORTS_MAIL__SMTP__PORT", "99999"),
    ];
    let mut printed = String::new();
    for variable in refused {
        writeln!(printed, "{}", refusal("data_dir = 'x'", &[variable])).unwrap();
    }
    insta::assert_snapshot!(printed);
    assert!(!printed.contains("hidden"));
}

#[test]
fn a_missing_file_is_refused() {
    let nothing: [(String, String); 0] = [];
    let why = Settings::load(Some(Path::new("no/such.toml")), nothing, Overrides::default()).unwrap_err();
    assert!(why.message().starts_with("The settings file no/such.toml can't be read: "), "{why}");
}

#[test]
fn secrets_are_never_shown() {
    let file = "[database]\nurl = 'postgres://me:hidden@db.example:5433/exports?password=hidden'\n\
                [archives.s3]\naccess_key_id = 'x'\nsecret_access_key = 'hidden'\n\
                [mail.smtp]\nusername = 'x'\npassword = 'hidden'";
    let settings = load(file, &[]).unwrap();
    assert!(!format!("{settings:?}").contains("hidden"));
    assert_eq!(settings.database_url().to_string(), "postgres://db.example:5433/exports");
}

#[test]
fn the_password_may_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "swordfish\n").unwrap();
    let variables = [
        ("COMPLIANCE_EXPORTS_MAIL__SMTP__USERNAME", "x"),
        ("COMPLIANCE_EXPORTS_MAIL__SMTP__PASSWORD_FILE", path.to_str().unwrap()),
    ];
    let settings = load("", &variables).unwrap();
    assert_eq!(settings.mail.smtp.password.as_ref().map(Secret::expose), Some("swordfish"));
    std::fs::write(&path, "\n").unwrap();
    assert!(refusal("", &variables).ends_with("does not begin with a password"));
}

#[test]
fn archives_are_kept_in_a_folder_or_a_bucket() {
    let url = |text: &str| text.parse::<ArchivesUrl>().unwrap();
    let s3 = |bucket: &str, prefix: &str| ArchivesUrl::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() };
    assert_eq!(Settings::default().archives_url(), ArchivesUrl::Folder("data/archives".into()));
    assert_eq!(url("/mnt/archives"), ArchivesUrl::Folder("/mnt/archives".into()));
    assert_eq!(url("s3://acme-exports"), s3("acme-exports", ""));
    assert_eq!(url("s3://acme.exports/a/b/"), s3("acme.exports", "a/b"));
    let settings = load("[archives.s3]\nendpoint = 'https://s3.example.com:9000/'\npath_style = false", &[]).unwrap();
    assert_eq!(settings.archives.s3.endpoint_of("b").as_deref(), Some("https://b.s3.example.com:9000"));
    let settings = load("[archives.s3]\nendpoint = 'http://10.0.0.1'\nallow_http = true", &[]).unwrap();
    assert_eq!(settings.archives.s3.endpoint_of("b").as_deref(), Some("http://10.0.0.1"));
    assert!(load("[archives.s3]\nendpoint = 'http://127.0.0.1:8333'", &[]).unwrap().archives.s3.is_http());
}

#[test]
fn likely_mistakes_are_told() {
    let smtp =
        "[mail]\ntransport = 'smtp'\n[mail.smtp]\nhost = 'mail.example'\nusername = 'x'\npassword = 'y'\ntls = 'none'";
    let far = "public_address = 'http://exports.example.com'";
    let good = "public_address = 'https://exports.example.com'";
    let mut printed = String::new();
    for file in [smtp.to_owned(), format!("{far}\n{smtp}"), good.to_owned()] {
        writeln!(printed, "{:#?}", load(&file, &[]).unwrap().warnings()).unwrap();
    }
    insta::assert_snapshot!(printed);
}

#[test]
fn the_public_address_makes_links() {
    let address: PublicAddress = "https://exports.example.com:8443/".parse().unwrap();
    assert_eq!(address.page("/administration"), "https://exports.example.com:8443/administration");
    assert!(address.is_https() && !address.is_loopback());
    for local in ["http://localhost:8080", "http://127.8.8.8", "http://[::1]:80"] {
        assert!(local.parse::<PublicAddress>().unwrap().is_loopback(), "{local}");
    }
}

#[test]
fn a_sqlite_file_may_be_written_in_three_ways() {
    for (text, path) in [("sqlite:a/b.db", "a/b.db"), ("sqlite:/a.db", "/a.db"), ("sqlite:///a.db", "/a.db")] {
        assert_eq!(text.parse(), Ok(DatabaseUrl::Sqlite(path.into())));
    }
}

#[test]
fn the_example_is_the_defaults() {
    assert_eq!(load(EXAMPLE, &[]).unwrap(), Settings::default());
}

#[test]
fn the_example_with_everything_switched_on_is_understood() {
    // Comments begin with "# ", settings that are switched off with "#" alone.
    let settings = EXAMPLE.lines().filter(|line| !line.starts_with("# ")).map(|line| line.trim_start_matches('#'));
    let all = settings.collect::<Vec<_>>().join("\n");
    toml::from_str::<Settings>(&all).unwrap();
}

#[test]
fn the_documents_name_every_setting() {
    let mut names = Vec::new();
    collect("", &mut names);
    assert!(names.contains(&"mail.smtp.password_file".to_owned()), "{names:?}");
    for name in names {
        assert!(DOCUMENT.contains(&format!("| `{name}` |")), "docs/configuration.md does not tell of {name}");
        let leaf = name.rsplit('.').next().unwrap();
        let shown = |line: &str| line.trim_start_matches('#').starts_with(&format!("{leaf} = "));
        assert!(EXAMPLE.lines().any(shown), "compliance-exports.example.toml does not show {name}");
    }
}

/// The settings of a group, as the settings themselves list them when asked for one that does not exist.
fn collect(group: &str, names: &mut Vec<String>) {
    let message = toml::from_str::<Settings>(&format!("{group}nonsense = 0")).unwrap_err().message().to_owned();
    match message.strip_prefix("unknown field `nonsense`, expected ") {
        Some(known) => {
            for name in known.split('`').skip(1).step_by(2) {
                collect(&format!("{group}{name}."), names);
            }
        }
        None => names.push(group.trim_end_matches('.').to_owned()),
    }
}
