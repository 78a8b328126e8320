//! Ours, as users get it: the server as a process of its own, asked for exports through its pages.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::blocking::Client;
use rusqlite::{Connection, OpenFlags};

use super::commands::PROGRAM;
use super::measure;
use super::support::corpus;
use super::support::stage::{self, Stage};

/// Between two openings of the page, so that who measures does not become the load.
const PAUSE: Duration = Duration::from_millis(5);
/// How often the database is asked whether an export has ended.
const LOOK: Duration = Duration::from_millis(50);

/// A server that runs until this is dropped.
pub struct Server {
    process: Child,
    address: String,
    client: Client,
    db: Connection,
    archives: PathBuf,
}

/// An export that completed.
pub struct Export {
    pub id: i64,
    /// When it was begun and ended, in microseconds since 1970.
    pub began: i64,
    pub ended: i64,
    /// Seconds that the server spent on processors meanwhile.
    pub cpu: f64,
    /// Most memory that the server held meanwhile, in bytes.
    pub peak: f64,
}

/// What the server answered.
pub struct Answer {
    pub status: u16,
    /// Its `ETag`.
    pub tag: String,
    pub bytes: usize,
    /// From asking to having all of it.
    pub milliseconds: f64,
}

impl Export {
    /// From being taken up to being completed.
    pub fn seconds(&self) -> f64 {
        (self.ended - self.began) as f64 / 1e6
    }
}

impl Server {
    /// Starts it, and signs the administrator in.
    pub fn start(stage: &Stage) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(stage.data());
        command
            .current_dir(&stage.folder)
            .stdout(Stdio::piped())
            .stderr(File::create(stage.path("server.log")).unwrap());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COMPLIANCE_EXPORTS_") {
                command.env_remove(name);
            }
        }
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let line =
            lines.find(|line| line.starts_with("Serving ")).expect("the server's log tells why it did not start");
        let address = line.split_whitespace().nth(1).unwrap().to_owned();
        compliance_exports::blobs::use_ring();
        let client = Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let db = Connection::open_with_flags(stage.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let server = Self { process, address, client, db, archives: stage.data().join("archives") };
        server.sign_in();
        server
    }

    fn sign_in(&self) {
        let csrf = field(&self.get("/sign-in"), "csrf");
        let fields = [("csrf", &*csrf), ("email", stage::ADMINISTRATOR), ("password", stage::PASSWORD), ("next", "/")];
        self.post("/sign-in", &fields);
    }

    fn get(&self, path: &str) -> String {
        let response = self.client.get(format!("{}{path}", self.address)).send().unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.text().unwrap()
    }

    /// Asks for a page, as one who has the version with the tag `known`.
    pub fn answer(&self, path: &str, known: Option<&str>) -> Answer {
        std::thread::sleep(PAUSE);
        let mut request = self.client.get(format!("{}{path}", self.address));
        if let Some(tag) = known {
            request = request.header("if-none-match", tag);
        }
        let began = Instant::now();
        let response = request.send().unwrap();
        let (status, tag) = (response.status().as_u16(), response.headers().get("etag").cloned());
        let bytes = response.bytes().unwrap().len();
        let milliseconds = began.elapsed().as_secs_f64() * 1e3;
        let tag = tag.map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default();
        Answer { status, tag, bytes, milliseconds }
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) {
        let response = self.client.post(format!("{}{path}", self.address)).form(fields).send().unwrap();
        assert_eq!(response.status(), 303, "{path}: {}", response.text().unwrap());
    }

    /// Bytes that the server holds now.
    pub fn memory(&self) -> f64 {
        measure::memory(&self.process, "VmRSS").unwrap()
    }

    /// Requests an export of all days, as an administrator does, and waits for its end; `meanwhile` is done again and again.
    pub fn export(&self, meanwhile: &mut dyn FnMut()) -> Export {
        measure::reset_peak(&self.process);
        let cpu = measure::cpu_seconds(&self.process);
        let form = self.get("/administration/exports/new");
        let fields = [
            ("csrf", &*field(&form, "csrf")),
            ("form_key", &*field(&form, "form_key")),
            ("first_day", corpus::FIRST_DAY),
            ("last_day", corpus::LAST_DAY),
        ];
        self.post("/administration/exports", &fields);
        let sql = "SELECT id, status, started_at, finished_at, reason FROM export_requests ORDER BY id DESC LIMIT 1";
        loop {
            let (id, status, began, ended, reason): (i64, String, Option<i64>, Option<i64>, Option<String>) = self
                .db
                .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
                .unwrap();
            match (&*status, began, ended) {
                ("Completed", Some(began), Some(ended)) => {
                    let cpu = measure::cpu_seconds(&self.process) - cpu;
                    let peak = measure::memory(&self.process, "VmHWM").unwrap();
                    return Export { id, began, ended, cpu, peak };
                }
                ("Accepted" | "InProgress", ..) => meanwhile(),
                _ => panic!("the export is {status}: {reason:?}"),
            }
        }
    }

    /// Requests an export and does nothing but wait.
    pub fn export_alone(&self) -> Export {
        self.export(&mut || std::thread::sleep(LOOK))
    }

    /// Opens the Administration page: when, in microseconds since 1970, and how many seconds it took to have all of it.
    pub fn open_page(&self) -> (i64, f64) {
        std::thread::sleep(PAUSE);
        let at = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap();
        let began = Instant::now();
        let page = self.get("/administration");
        let seconds = began.elapsed().as_secs_f64();
        assert!(page.contains("Export History"), "another page was served");
        (at, seconds)
    }

    /// Where the parts of an export lie.
    pub fn parts(&self, export: &Export) -> Vec<PathBuf> {
        let sql = "SELECT storage_key FROM export_parts WHERE request_id = ? ORDER BY number";
        let mut query = self.db.prepare(sql).unwrap();
        let keys = query.query_map([export.id], |row| row.get::<_, String>(0)).unwrap();
        keys.map(|key| self.archives.join(key.unwrap())).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// Checks parts with the program's own command, with the public key of the data folder.
pub fn verify(stage: &Stage, parts: &[PathBuf]) {
    let mut command = Command::new(PROGRAM);
    command.arg("verify").args(parts).arg("--data-dir").arg(stage.data()).current_dir(&stage.folder);
    let output = command.output().unwrap();
    assert!(output.status.success(), "verify: {}{}", text(&output.stdout), text(&output.stderr));
}

/// Bytes of a file.
pub fn size(path: &Path) -> f64 {
    path.metadata().unwrap().len() as f64
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The value of a hidden field of a page's form.
fn field(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let after = page.split_once(&start).unwrap_or_else(|| panic!("no field {name} in {page}")).1;
    after.split_once('"').unwrap().0.to_owned()
}
