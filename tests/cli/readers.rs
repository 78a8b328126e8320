//! Other programs open our archives: each lists and extracts all, finds no fault, and gets the same tree, byte for byte.
//!
//! A test for each program, so that a failure names it. One that is missing is told, and fails when `CI=true`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{fs, iter};

use serde_json::json;
use tempfile::TempDir;

use crate::support::House;

/// A program that opens zips. Its commands are for `sh`, in an empty folder, with the zip as `$1`; they print nothing on
/// standard error when all is well.
struct Reader {
    /// Any of these will do; the first that is there is `$0` of the commands.
    programs: &'static [&'static str],
    /// Prints every path, one on each line.
    list: &'static str,
    /// What the list shows of a path.
    shown: fn(&str) -> String,
    /// Looks for damage, if it can; the last line of what it prints on success.
    test: Option<(&'static str, &'static str)>,
    /// Unpacks everything, over what is there already.
    extract: &'static str,
}

const PYTHON: Reader = Reader {
    programs: &["python3"],
    list: "\"$0\" -c 'import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist(), sep=\"\\n\")' \"$1\"",
    shown: exactly,
    test: Some(("\"$0\" -c 'import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).testzip())' \"$1\"", "None")),
    extract: "\"$0\" -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall()' \"$1\"",
};

const UNZIP: Reader = Reader {
    programs: &["unzip"],
    list: "\"$0\" -Z1 \"$1\"",
    shown: exactly,
    test: Some(("\"$0\" -tq \"$1\"", "No errors detected in compressed data of ZIP.")),
    extract: "\"$0\" -qo \"$1\"",
};

const SEVEN_ZIP: Reader = Reader {
    programs: &["7z", "7zz"],
    list: "\"$0\" l -ba -slt \"$1\" | sed -n 's/^Path = //p'",
    // It shows folders by an attribute.
    shown: |path| path.trim_end_matches('/').to_owned(),
    test: Some(("\"$0\" t \"$1\" | grep -v : | grep .", "Everything is Ok")),
    extract: "\"$0\" x -y -bso0 \"$1\"",
};

const BSDTAR: Reader = Reader {
    programs: &["bsdtar"],
    list: "\"$0\" -tf \"$1\"",
    shown: exactly,
    test: None,
    extract: "\"$0\" -xf \"$1\"",
};

const JAR: Reader =
    Reader { programs: &["jar"], list: "\"$0\" tf \"$1\"", shown: exactly, test: None, extract: "\"$0\" xf \"$1\"" };

const BUSYBOX: Reader = Reader {
    programs: &["busybox"],
    // Columns of fixed width before the path, between a head and a foot.
    list: "\"$0\" unzip -l \"$1\" | sed -e '1,/^---/d' -e '/^ *-----/,$d' | cut -c 31-",
    // It extracts such names as they are, but does not show them.
    shown: |path| path.bytes().map(|byte| if byte.is_ascii() { char::from(byte) } else { '?' }).collect(),
    test: Some(("\"$0\" unzip -tq \"$1\"", "")),
    extract: "\"$0\" unzip -qo \"$1\"",
};

fn exactly(path: &str) -> String {
    path.to_owned()
}

impl Reader {
    /// Its name here; nothing if it is not there.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn find(&self) -> Option<&'static str> {
        let there = |name: &&&str| Command::new("sh").args(["-c", "command -v \"$0\"", name]).output().is_ok_and(ok);
        let found = self.programs.iter().find(there).copied();
        if found.is_none() {
            let name = self.programs.first().copied().unwrap_or_default();
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{name} is missing");
            eprintln!("skipped: {name} is missing");
        }
        found
    }

    /// Runs a command, which must succeed without a word on standard error.
    fn run(program: &str, script: &str, zip: &Path, folder: &Path) -> String {
        let mut command = Command::new("sh");
        command.args(["-c", script, program]).arg(zip).current_dir(folder);
        // What a terminal of today speaks; see docs/archive-format.md for others.
        let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{script}\n{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Opens the parts of an archive, each by itself and all over one another.
    fn reads(&self, parts: &[PathBuf]) {
        let Some(program) = self.find() else { return };
        let folder = roomy_folder();
        let folder = folder.path();
        for part in parts {
            let listed: BTreeSet<String> =
                Self::run(program, self.list, part, folder).lines().map(str::to_owned).collect();
            assert_eq!(listed, paths(part).iter().map(|path| (self.shown)(path)).collect(), "what it lists");
            if let Some((script, success)) = self.test {
                let told = Self::run(program, script, part, folder);
                let told = told.replace(&*part.to_string_lossy(), "ZIP");
                assert_eq!(told.trim_end().lines().last().unwrap_or_default(), success, "{told}");
            }
            Self::run(program, self.extract, part, folder);
        }
        assert_same(&unpacked(folder), &entries(parts));
    }
}

/// In memory where there is enough of it: tens of thousands of small files take minutes on some disks.
fn roomy_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let roomy = fs4::available_space(memory).is_ok_and(|bytes| bytes > 1 << 30);
    if roomy { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn ok(output: Output) -> bool {
    output.status.success()
}

/// The paths in a zip; those of folders end in `/`.
fn paths(zip: &Path) -> Vec<String> {
    let zip = zip::ZipArchive::new(fs::File::open(zip).unwrap()).unwrap();
    zip.file_names().map(|name| name.unwrap().into_owned()).collect()
}

/// All below a folder by path, with the bytes of files; folders have none.
type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

fn assert_same(tree: &Tree, expected: &Tree) {
    assert_eq!(tree.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    let different: Vec<_> = expected.iter().filter(|(path, bytes)| tree.get(*path) != Some(bytes)).collect();
    assert!(different.is_empty(), "other bytes in {:?}", different.iter().map(|(path, _)| path).collect::<Vec<_>>());
}

/// What the parts hold, by the library that we use ourselves.
fn entries(parts: &[PathBuf]) -> Tree {
    let mut tree = Tree::new();
    for part in parts {
        let mut zip = zip::ZipArchive::new(BufReader::new(fs::File::open(part).unwrap())).unwrap();
        for index in 0..zip.len() {
            let mut entry = zip.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            let path = PathBuf::from(&*entry.name().unwrap());
            for folder in path.ancestors().skip(1).filter(|folder| *folder != Path::new("")) {
                tree.entry(folder.to_owned()).or_insert(None);
            }
            tree.insert(path, entry.is_file().then_some(bytes));
        }
    }
    tree
}

fn unpacked(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let bytes = path.is_file().then(|| fs::read(&path).unwrap());
            if bytes.is_none() {
                folders.push(path.clone());
            }
            tree.insert(path.strip_prefix(root).unwrap().to_owned(), bytes);
        }
    }
    tree
}

/// What people call their teams, and what might trip a program that opens a zip.
const NAMES: [&str; 24] = [
    "Öffentliche Bücher",
    "e\u{301}clair naïve Zoë",
    "İstanbul ß ſ",
    "日本語のチーム",
    "한국어 팀",
    "ไทย",
    "मराठी टीम",
    "שלום עולם",
    "فريق الميناء",
    "Crew 👩‍🚀🚀",
    "𝕳𝖆𝖗𝖇𝖔𝖚𝖗",
    "CON",
    "nul.txt",
    "..",
    "../../etc/passwd",
    "a/b\\c:d",
    "-rf",
    "~root",
    "#U00e4",
    "100% [sure] {x} $HOME `id` 'q' \"d\" *?",
    "tab\tand\nline",
    "invoice\u{202e}gpj.exe",
    "zero\u{200b}width",
    "a name that is far too long to be the name of a folder, because it goes on and on and on and on, ünd ön",
];

/// Acme with these teams, every fourth of them empty, and one day of some megabytes.
fn house() -> House {
    let house = House::of_acme();
    let mut events = vec![
        json!({"type": "user", "id": "u1", "name": "Jürgen Groß"}),
        json!({"type": "user", "id": "u2", "name": "山田 花子"}),
        json!({"type": "conversation", "id": "d", "kind": "Direct", "startedBy": "u1", "members": [{"user": "u1"}, {"user": "u2"}]}),
    ];
    let item = |team: &str, id: usize, day: usize, text: &str| {
        json!({"type": "item_created", "conversation": team, "id": format!("m{id}"), "kind": "Message",
            "at": format!("2026-03-{day:02}T10:00:00Z"), "by": "u1", "content": {"text": text}})
    };
    for (number, name) in NAMES.iter().enumerate() {
        let team = format!("c{number}");
        events.push(json!({"type": "conversation", "id": team, "kind": "Team", "name": name, "members": []}));
        let days = if number % 4 == 3 { 0 } else { 3 };
        events.extend((1..=days).map(|day| item(&team, day, day, name)));
    }
    let text: String = iter::repeat_with(compliance_exports::keys::new_key).take(32).collect();
    events.extend((100..1_600).map(|id| item("c0", id, 20, &text)));
    events.push(item("d", 1, 5, "Grüße, 山田さん"));
    import(&house, &events.iter().fold(String::new(), |lines, event| lines + &event.to_string() + "\n"));
    house
}

fn import(house: &House, events: &str) {
    let run = house.run_with("import events --account Acme -", events);
    assert_eq!(run.code, Some(0), "{run}");
}

/// The paths of the parts.
fn export(house: &House, first_day: &str) -> Vec<PathBuf> {
    let run = house.ok(&format!("export --account Acme --email ada@acme.example --from {first_day} --to 2026-03-31"));
    run.stdout.lines().map(PathBuf::from).collect()
}

/// An archive of one part, and one of several: some are full by their entries, one by its bytes.
fn reads_ours(reader: &Reader) {
    let mut house = house();
    let parts = export(&house, "2026-03-01");
    assert_eq!(parts.len(), 1);
    reader.reads(&parts);
    house.set("COMPLIANCE_EXPORTS_EXPORTS__PART_ENTRIES", "40");
    house.set("COMPLIANCE_EXPORTS_EXPORTS__PART_BYTES", "64 KiB");
    let parts = export(&house, "2026-03-01");
    assert!(parts.len() > 2, "{parts:?}");
    reader.reads(&parts);
}

#[test]
fn pythons_zipfile_reads_all() {
    reads_ours(&PYTHON);
}

#[test]
fn info_zips_unzip_reads_all() {
    reads_ours(&UNZIP);
}

#[test]
fn seven_zip_reads_all() {
    reads_ours(&SEVEN_ZIP);
}

#[test]
fn bsdtar_reads_all() {
    reads_ours(&BSDTAR);
}

#[test]
fn javas_jar_reads_all() {
    reads_ours(&JAR);
}

#[test]
fn busyboxs_unzip_reads_all() {
    reads_ours(&BUSYBOX);
}

/// Info-ZIP's zip only tests.
#[test]
fn info_zips_zip_finds_no_fault() {
    let zip = Reader { programs: &["zip"], ..UNZIP };
    let Some(program) = zip.find() else { return };
    let mut house = house();
    house.set("COMPLIANCE_EXPORTS_EXPORTS__PART_ENTRIES", "24");
    for part in export(&house, "2026-03-01") {
        let told = Reader::run(program, "\"$0\" -T \"$1\"", &part, &house.path("."));
        assert_eq!(told, format!("test of {} OK\n", part.display()));
    }
}

/// The names in our archive are those that the teams have, but for what no file system allows.
#[test]
fn names_come_out_right() {
    let house = house();
    let tree = entries(&export(&house, "2026-03-01"));
    let folders = tree.iter().filter(|(path, bytes)| bytes.is_none() && path.components().count() == 3);
    let names = folders.fold(String::new(), |mut names, (path, _)| {
        writeln!(names, "{}", path.file_name().unwrap().to_string_lossy()).unwrap();
        names
    });
    insta::assert_snapshot!(names, @r"
    Jürgen Groß, 山田 花子 - 1
    #U00e4 - 20
    -rf - 18
    100% [sure] {x} $HOME `id` 'q' _d_ __ - 21
    Crew 👩‍🚀🚀 - 11
    Team - 15
    _.._etc_passwd - 16
    _CON - 13
    _nul.txt - 14
    a name that is far too long to be the name of a folder, because it goes on and on and on and on - 25
    a_b_c_d - 17
    invoicegpj.exe - 23
    tab and line - 22
    zerowidth - 24
    ~root - 19
    Öffentliche Bücher - 2
    éclair naïve Zoë - 3
    İstanbul ß ſ - 4
    שלום עולם - 9
    فريق الميناء - 10
    मराठी टीम - 8
    ไทย - 7
    日本語のチーム - 5
    한국어 팀 - 6
    𝕳𝖆𝖗𝖇𝖔𝖚𝖗 - 12
    ");
}

/// As many entries as a part may have, and a part more.
#[test]
#[ignore = "takes a minute or more: scripts/test runs it"]
fn all_read_a_part_of_as_many_entries_as_there_may_be() {
    const TEAMS: usize = 4;
    const DAYS: usize = 16_400;
    let house = House::of_acme();
    let mut events = String::new();
    let first_day = chrono::NaiveDate::from_ymd_opt(1981, 1, 1).unwrap();
    for team in 0..TEAMS {
        let conversation = json!({"type": "conversation", "id": format!("c{team}"), "kind": "Team", "name": format!("Team {team}"), "members": []});
        writeln!(events, "{conversation}").unwrap();
        for (number, day) in first_day.iter_days().take(DAYS).enumerate() {
            let item = json!({"type": "item_created", "conversation": format!("c{team}"), "id": format!("m{number}"),
                "kind": "Message", "at": format!("{day}T12:00:00Z"), "content": {"text": "Noon"}});
            writeln!(events, "{item}").unwrap();
        }
    }
    import(&house, &events);
    let parts = export(&house, "1981-01-01");
    let entries: Vec<usize> = parts.iter().map(|part| paths(part).len()).collect();
    assert!(entries.iter().any(|entries| (65_000..65_535).contains(entries)), "{entries:?}");
    for reader in [PYTHON, UNZIP, SEVEN_ZIP, BSDTAR, JAR, BUSYBOX] {
        reader.reads(&parts);
    }
}
