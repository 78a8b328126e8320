//! A folder with a database ([`House`]), commands run in it ([`Run`]), and those that go on running ([`Running`]).

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use compliance_exports::app::App;
use compliance_exports::clock::Clock;
use compliance_exports::config::{DatabaseUrl, Settings};
use compliance_exports::db::postgres::PgConnection;
use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use regex::Regex;
use tempfile::TempDir;

use crate::database::Database;

/// Of everybody. Long enough, and no secret.
pub const PASSWORD: &str = "correct horse battery";
/// After this time whatever a test waits for will not come.
const PATIENCE: Duration = Duration::from_secs(300);
const DATABASE_VARIABLE: &str = "COMPLIANCE_EXPORTS_DATABASE__URL";

/// Where an operator works: an empty folder in which commands are run, with the data folder `data`.
pub struct House {
    variables: Vec<(String, String)>,
    // Dropped in this order.
    database: Database,
    folder: TempDir,
}

/// What a command has printed, and how it ended. Shown as lines of standard output; lines of standard error, each after
/// `2| `; and the exit code, unless it is 0.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    shown: String,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(folder.path());
        let mut house = Self { variables: Vec::new(), database, folder };
        if let DatabaseUrl::Postgres(url) = &house.database.url {
            let url = url.expose().to_owned();
            house.set(DATABASE_VARIABLE, &url);
        }
        house
    }

    /// With the account Acme in London, whose administrator Ada has turned Compliance Exports on.
    pub fn of_acme() -> Self {
        let house = Self::of_acme_off();
        house.ok("exports on --account Acme --email ada@acme.example");
        house
    }

    /// The same before she has turned it on.
    pub fn of_acme_off() -> Self {
        let house = Self::new();
        house.ok("account create Acme --time-zone Europe/London --include-exports");
        house.sign_in("Acme", "Ada Marsh", "ada@acme.example", true);
        house
    }

    /// Makes someone who can sign in.
    pub fn sign_in(&self, account: &str, name: &str, email: &str, admin: bool) {
        let admin = if admin { " --admin" } else { "" };
        let line = format!("user create --account \"{account}\" --email {email} --name \"{name}\"{admin}");
        let run = self.run_with(&line, PASSWORD);
        assert_eq!(run.code, Some(0), "{run}");
    }

    /// A variable of the environment for all that is run from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Writes a zip of these files.
    pub fn write_zip(&self, name: &str, files: &[(&str, &str)]) {
        let mut zip = zip::ZipWriter::new(File::create(self.path(name)).unwrap());
        for (name, text) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    }

    /// The names in a folder, sorted; none if there is no such folder.
    pub fn list(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(folder)) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The same house, opened by this process.
    pub fn app(&self) -> App {
        let mut settings = Settings::default();
        settings.data_dir = self.path("data");
        if matches!(self.database.url, DatabaseUrl::Postgres(_)) {
            settings.set_database_url(self.database.url.clone());
        }
        App::open(settings, Clock::default()).unwrap()
    }

    /// What a query finds, which selects one text as `value`. Its connection is closed at once: one that stays open would
    /// keep a killed server's database from having to be recovered.
    pub fn query(&self, sql: &str) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            value: String,
        }
        let query = diesel::sql_query(sql);
        let rows: Vec<Row> = match &self.database.url {
            DatabaseUrl::Sqlite(_) => query.load(&mut self.sqlite()).unwrap(),
            DatabaseUrl::Postgres(url) => query.load(&mut PgConnection::establish(url.expose()).unwrap()).unwrap(),
        };
        rows.into_iter().map(|row| row.value).collect()
    }

    /// Runs SQL that no part of the application would.
    pub fn run_sql(&self, sql: &str) {
        match &self.database.url {
            DatabaseUrl::Sqlite(_) => self.sqlite().batch_execute(sql).unwrap(),
            DatabaseUrl::Postgres(url) => {
                PgConnection::establish(url.expose()).unwrap().batch_execute(sql).unwrap();
            }
        }
    }

    fn sqlite(&self) -> SqliteConnection {
        let path = self.path("data/compliance-exports.db");
        let mut connection = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
        connection
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_compliance-exports"));
        command.current_dir(self.folder.path()).args(words(line));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COMPLIANCE_EXPORTS_") {
                command.env_remove(name);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command, written as on a command line.
    pub fn run(&self, line: &str) -> Run {
        self.run_with(line, "")
    }

    /// Runs a command that finds this on its standard input.
    pub fn run_with(&self, line: &str, input: impl AsRef<[u8]>) -> Run {
        let mut command = self.command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // One that is not interested in its input may have ended already.
        let _gone = child.stdin.take().unwrap().write_all(input.as_ref());
        let output = child.wait_with_output().unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        let mut shown = self.filter(&stdout);
        for line in self.filter(&stderr).lines().filter(|line| !line.starts_with("A new database was made:")) {
            let _ = writeln!(shown, "{}", format!("2| {line}").trim_end());
        }
        if output.status.code() != Some(0) {
            let _ = writeln!(shown, "[{}]", ended(output.status));
        }
        Run { code: output.status.code(), stdout, stderr, shown }
    }

    /// Runs a command that must succeed.
    pub fn ok(&self, line: &str) -> Run {
        let run = self.run(line);
        assert_eq!(run.code, Some(0), "{line}\n{run}");
        run
    }

    /// Runs these commands, one on each line, and shows them as on a terminal.
    pub fn session(&self, lines: &str) -> String {
        let mut shown = String::new();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let _ = write!(shown, "$ {line}\n{}", self.run(line));
        }
        shown
    }

    /// Without what differs from run to run.
    fn filter(&self, text: &str) -> String {
        static DIFFERENT: LazyLock<[(Regex, &str); 5]> = LazyLock::new(|| {
            [
                (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "[TIME]"),
                (r"\bRW[A-Za-z0-9+/]{54}", "[KEY]"),
                (r"sqlite:data/compliance-exports\.db|postgres://[a-z0-9.:]+/test_\w+", "[DATABASE]"),
                (r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]"),
                (r"Today is \d+ \w+ \d{4}", "Today is [DAY]"),
            ]
            .map(|(pattern, instead)| (Regex::new(pattern).unwrap(), instead))
        });
        let folder = fs::canonicalize(self.folder.path()).unwrap();
        let mut text = text.replace(&*folder.to_string_lossy(), "[FOLDER]");
        for (pattern, instead) in DIFFERENT.iter() {
            text = pattern.replace_all(&text, *instead).into_owned();
        }
        text
    }

    /// Starts a command that goes on running. What it tells on standard error goes to a file.
    pub fn start(&self, line: &str) -> Running {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let log = self.path(&format!("stderr-{}.log", NUMBER.fetch_add(1, Ordering::SeqCst)));
        let mut command = self.command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Running { stdin: child.stdin.take(), stdout, child, log }
    }

    /// Starts the server on a free port, and waits until it serves; also tells its address.
    pub fn serve(&self) -> (Running, String) {
        let mut server = self.start("serve --listen 127.0.0.1:0");
        let line = server.wait_for_output("Serving ");
        let address = line.split_whitespace().nth(1).unwrap().to_owned();
        (server, address)
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

/// A command that goes on running. It is killed when a test forgets it.
pub struct Running {
    child: Child,
    pub stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    log: PathBuf,
}

impl Running {
    /// The next line of standard output that begins so.
    pub fn wait_for_output(&mut self, start: &str) -> String {
        let mut passed = String::new();
        loop {
            let mut line = String::new();
            if self.stdout.read_line(&mut line).unwrap() == 0 {
                panic!("no line “{start}…” in:\n{passed}\nbut on standard error:\n{}", self.log());
            }
            if line.starts_with(start) {
                return line;
            }
            passed += &line;
        }
    }

    /// All that was told on standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until this stands on standard error.
    pub fn wait_for_log(&self, wanted: &str) {
        wait_until(&format!("“{wanted}” in the log"), || self.log().contains(wanted).then_some(()));
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status().unwrap();
        assert!(sent.success());
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end; tells how it ended, and the rest of standard output.
    pub fn wait(mut self) -> (String, String) {
        self.stdin = None;
        let status = wait_until("the end of the program", || self.child.try_wait().unwrap());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (ended(status), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Most have ended already.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// Looks again and again until there is something.
pub fn wait_until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} does not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn ended(status: ExitStatus) -> String {
    status.code().map_or_else(|| format!("{status}"), |code| format!("exit {code}"))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
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

/// Unpacks a zip into a folder.
pub fn unpack(zip: &Path, folder: &Path) {
    zip::ZipArchive::new(File::open(zip).unwrap()).unwrap().extract(folder).unwrap();
}

/// What others may do with a file or folder, such as `600`.
pub fn mode(path: &Path) -> String {
    use std::os::unix::fs::PermissionsExt;
    format!("{:o}", fs::metadata(path).unwrap().permissions().mode() & 0o777)
}
