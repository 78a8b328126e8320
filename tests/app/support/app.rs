//! The application under test, served on a free port.

use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use chrono::TimeDelta;
use compliance_exports::app::App;
use compliance_exports::audit::{self, Actor, AuditEvent};
use compliance_exports::blobs;
use compliance_exports::capture::sources::{self, ImportFormat, ImportSummary, events};
use compliance_exports::capture::switch;
use compliance_exports::clock::Clock;
use compliance_exports::config::{Overrides, Settings};
use compliance_exports::db::{Conn, Store};
use compliance_exports::error::Result;
use compliance_exports::exports::queue::{self, Claim, Exports, WorkPolicy};
use compliance_exports::exports::request::Draft;
use compliance_exports::exports::{self, requests};
use compliance_exports::http::{self, State};
use compliance_exports::identity::access::{self, AccessChange};
use compliance_exports::identity::accounts::{self, NewSignIn};
use compliance_exports::identity::commands;
use compliance_exports::jobs::Stop;
use compliance_exports::mail::transport::{Outgoing, Transport};
use compliance_exports::model::{Account, AccountId, ExportRequest, Formats, RequestId, Timestamp, UserId};
use compliance_exports::worker::Worker;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use tempfile::TempDir;

use super::database::Database;
use super::object_store::ObjectStore;
use super::{Archive, Browser};

/// Of everybody. Long enough, and no secret.
pub const PASSWORD: &str = "correct horse battery";

/// The application with its database, data folder, web server and worker. Its clock stands at Monday 16 March 2026,
/// 09:30 in London, until a test moves it.
pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    pub worker: Worker,
    /// Where the server listens: `http://127.0.0.1:PORT`.
    pub address: String,
    mails: Arc<Mutex<Vec<Outgoing>>>,
    _server: Served,
    // Dropped in this order, after the server has ended.
    _database: Database,
    _folder: TempDir,
}

/// Someone who can sign in.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: UserId,
    pub email: String,
    pub name: String,
}

impl TestApp {
    /// With the settings' defaults.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// With settings of its own.
    pub fn start_with(choose: impl FnOnce(&mut Settings)) -> Self {
        Self::start_from(Settings::default(), choose, false)
    }

    /// With the pages that only the demo has.
    pub fn start_demo() -> Self {
        Self::start_from(Settings::default(), |_| {}, true)
    }

    /// With settings as these variables of the environment say.
    pub fn start_with_variables(variables: &[(&str, &str)]) -> Self {
        let settings = Settings::load(None, variables.iter().copied(), Overrides::default()).unwrap();
        Self::start_from(settings, |_| {}, false)
    }

    fn start_from(mut settings: Settings, choose: impl FnOnce(&mut Settings), demo: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        settings.data_dir = folder.path().join("data");
        settings.server.listen = listener.local_addr().unwrap();
        settings.server.workers = 1;
        settings.set_database_url(database.url.clone());
        if std::env::var_os("TEST_ARCHIVES_URL").is_some()
            && let Some(store) = ObjectStore::find()
        {
            settings.archives = store.settings().archives;
        }
        choose(&mut settings);

        let clock = Clock::fixed("2026-03-16T09:30:00Z".parse().unwrap());
        let app = App::open(settings, clock.clone()).unwrap();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let worker = app.worker().unwrap().with_transport(Transport::Memory(Arc::clone(&mails)));
        let mut state = app.state();
        state.demo = demo;
        let server = Served::new(&app, state, listener);
        let address = server.address.clone();
        Self { app, clock, worker, address, mails, _server: server, _database: database, _folder: folder }
    }

    pub fn store(&self) -> &Store {
        &self.app.store
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// An account in London that includes the feature.
    pub fn account(&self, name: &str) -> AccountId {
        commands::run(
            self.store(),
            Actor::Operator,
            &accounts::CreateAccount { name, time_zone: chrono_tz::Europe::London, include_exports: true },
            self.now(),
        )
        .unwrap()
    }

    pub fn find_account(&self, name: &str) -> Account {
        self.store().read(|c| accounts::find(c, name)).unwrap()
    }

    /// An administrator: "Ada" of "Acme" has the address ada@acme.example.
    pub fn admin(&self, account: &str, name: &str) -> Person {
        self.person(account, name, true)
    }

    /// Someone without the admin role.
    pub fn member(&self, account: &str, name: &str) -> Person {
        self.person(account, name, false)
    }

    /// So many administrators who can't sign in: "Person 0007", person-0007@many.example.
    pub fn many_admins(&self, account: AccountId, count: u32) {
        let row = |number| {
            format!("({account}, 'Person {number:04}', 'person-{number:04}@many.example', FALSE, TRUE, 0, '')")
        };
        let rows: Vec<String> = (1..=count).map(row).collect();
        let columns = "account_id, name, email, is_bot, is_admin, created_at, search_key";
        self.run_sql(&format!("INSERT INTO users ({columns}) VALUES {}", rows.join(", ")));
    }

    fn person(&self, account: &str, name: &str, admin: bool) -> Person {
        let plain = |text: &str, gap: &str| {
            let words = text.to_lowercase();
            let words: Vec<_> =
                words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
            words.join(gap)
        };
        let email = format!("{}@{}.example", plain(name, "."), plain(account, "-"));
        let new = NewSignIn { account, email: &email, name, admin };
        let id =
            commands::run(self.store(), Actor::Operator, &accounts::SetSignIn::new(new, PASSWORD).unwrap(), self.now())
                .unwrap();
        Person { id, email, name: name.to_owned() }
    }

    /// An account with one administrator, Ada, who has turned the feature on.
    pub fn account_with_exports_on(&self, name: &str) -> (AccountId, Person) {
        let account = self.account(name);
        let ada = self.admin(name, "Ada");
        commands::run(self.store(), Actor::User(ada.id), &switch::TurnOn, self.now()).unwrap();
        (account, ada)
    }

    /// Saves on Manage, just opened, that exactly these have access.
    pub fn set_access(&self, by: &Person, wanted: &[UserId]) -> Result<()> {
        let account = self.store().read(|c| access::administrator(c, by.id)).unwrap().account;
        let had = self.store().read(|c| access::holders(c, &account)).unwrap();
        let had = had.into_iter().map(|person| person.id).collect();
        let choices = AccessChange { had, ticked: wanted.iter().copied().collect() };
        commands::run(self.store(), Actor::User(by.id), &choices, self.now())
    }

    /// Records events, a JSON object on each line (docs/recording.md), and expects that none is refused.
    pub fn record(&self, account: &str, events: &str) -> ImportSummary {
        let summary = self.try_record(account, events);
        assert!(!summary.has_problems(), "{:?}", summary.problems);
        summary
    }

    /// Records events of which some may be refused.
    pub fn try_record(&self, account: &str, events: &str) -> ImportSummary {
        let account = self.find_account(account).id;
        let events = events.lines().map(str::trim).filter(|line| !line.is_empty());
        let facts = events.map(|line| events::parse(line.as_bytes()).expect(line));
        sources::record_all(self.store(), &self.clock, account, facts, &mut |_, _| {}).unwrap()
    }

    /// Records that someone posted so many messages in a Team, a second apart from this instant on.
    pub fn record_messages(&self, account: &str, from: &str, count: u32, text: &str) {
        let mut events = String::from(
            r#"{"type":"user","id":"u1","name":"Grace"}
            {"type":"conversation","id":"c1","kind":"Team","name":"Harbour","startedBy":"u1","members":[{"user":"u1"}]}"#,
        );
        let from: Timestamp = from.parse().unwrap();
        for number in 0..count {
            let at = from.plus(TimeDelta::seconds(number.into()));
            let content = serde_json::json!({ "text": text });
            events += &format!(
                "\n{{\"type\":\"item_created\",\"conversation\":\"c1\",\"id\":\"m{number}\",\"kind\":\"Message\",\
                 \"at\":\"{at}\",\"by\":\"u1\",\"content\":{content}}}"
            );
        }
        self.record(account, &events);
    }

    /// Requests an export of these days, both included.
    pub fn request(&self, by: &Person, first_day: &str, last_day: &str) -> RequestId {
        self.request_with(by, first_day, last_day, Formats::default())
    }

    /// Requests an export with these formats beside the JSON.
    pub fn request_with(&self, by: &Person, first_day: &str, last_day: &str, formats: Formats) -> RequestId {
        let form_key = compliance_exports::keys::new_key();
        let draft = Draft { first_day, last_day, formats, ..Draft::default() };
        let command = draft.parse(&form_key, self.app.state().policy.max_open).unwrap();
        commands::run(self.store(), Actor::User(by.id), &command, self.now()).unwrap()
    }

    /// How workers hold on to exports, as the settings say.
    pub fn policy(&self) -> WorkPolicy {
        let exports = &self.app.settings.exports;
        let lease = TimeDelta::seconds(exports.lease_seconds.into());
        WorkPolicy { lease, attempts: exports.attempts, keep_days: exports.keep_days }
    }

    /// Whether it runs on PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.store().read(|c| Ok(matches!(c, Conn::Postgres(_)))).unwrap()
    }

    /// The queue of exports as a worker looks at it.
    pub fn exports(&self) -> Exports {
        Exports { policy: self.policy(), only: None, now: self.now() }
    }

    /// Takes up what has waited longest, as a worker does.
    pub fn claim(&self) -> Option<Claim> {
        queue::claim(self.store(), &self.policy(), None, self.now()).unwrap()
    }

    /// Requests an export that fails.
    pub fn fail(&self, by: &Person, reason: &str) -> RequestId {
        let id = self.request(by, "2026-03-01", "2026-03-16");
        let claim = queue::claim(self.store(), &self.policy(), Some(id), self.now()).unwrap().unwrap();
        assert!(queue::fail(self.store(), &claim, reason, self.now()).unwrap());
        id
    }

    /// Does all that is queued.
    pub fn work(&self) {
        self.worker.run_pending().unwrap();
    }

    /// Builds all exports that are queued, and sends no mail.
    pub fn build(&self) {
        while self.worker.exports.next(None, &Stop::default()).unwrap() {}
    }

    /// Requests an export, works, and opens what came of it.
    pub fn export(&self, by: &Person, first_day: &str, last_day: &str) -> Archive {
        let id = self.request(by, first_day, last_day);
        self.work();
        self.archive(id)
    }

    /// Opens a completed export.
    pub fn archive(&self, id: RequestId) -> Archive {
        let request = self.find_request(id);
        assert_eq!(request.status.as_str(), "Completed", "{:?}", request.reason);
        let parts = self.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap();
        Archive::open(parts.iter().map(|(_, key)| self.app.blobs.find(key).unwrap().expect("the bytes of a part")))
    }

    /// The bytes kept under a key.
    pub fn stored(&self, key: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.app.blobs.find(key).unwrap().expect("kept bytes").read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// Whether archives lie in a folder, for a test that damages what lies there.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub fn has_folder(&self) -> bool {
        let folder = self.app.blobs.location("x").is_some();
        if !folder {
            eprintln!("skipped: archives lie in an object store");
        }
        folder
    }

    /// The folder in which archives are built.
    pub fn work_folder(&self) -> PathBuf {
        self.app.settings.data_dir.join("tmp")
    }

    /// What lies in the data folder: of unfinished archives, and of finished ones.
    pub fn files(&self) -> (Vec<String>, Vec<String>) {
        (blobs::list_names(&self.work_folder()).unwrap(), self.app.blobs.list().unwrap())
    }

    pub fn find_request(&self, id: RequestId) -> ExportRequest {
        self.store().read(|c| exports::rows::exports::find(c, id)).unwrap().expect("a request")
    }

    /// The mails sent since this was last asked.
    pub fn take_mails(&self) -> Vec<Outgoing> {
        std::mem::take(&mut self.mails.lock().unwrap())
    }

    /// Another web server of the same application, with a state of its own.
    pub fn serve_too(&self, state: State) -> Served {
        Served::new(&self.app, state, TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// Runs SQL that no part of the application would: to break something, or to bring about a state.
    pub fn run_sql(&self, sql: &str) {
        self.store().statement(|c| Ok(c.batch_execute(sql)?)).unwrap();
    }

    /// What a query finds, which selects one text as `value`.
    pub fn query_sql(&self, sql: &str) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            value: String,
        }
        let rows: Vec<Row> = self.store().read(|c| Ok(diesel::sql_query(sql).load(c)?)).unwrap();
        rows.into_iter().map(|row| row.value).collect()
    }

    /// What was done in an account, oldest first, but for signing in and out, which tests do all the time. Its numbers have no gap.
    pub fn audit(&self, account: AccountId) -> Vec<(Actor, AuditEvent)> {
        let entries = self.store().read(|c| audit::list(c, account)).unwrap();
        assert!(entries.iter().map(|entry| entry.number).eq(1..=i64::try_from(entries.len()).unwrap()), "{entries:?}");
        let of_session = |event: &AuditEvent| matches!(event, AuditEvent::SignedIn { .. } | AuditEvent::SignedOut);
        let entries = entries.into_iter().filter(|entry| !of_session(&entry.event));
        entries.map(|entry| (entry.actor, entry.event)).collect()
    }

    /// A browser that nobody has signed in with.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.address)
    }

    /// A browser that this person has signed in with.
    pub fn signed_in(&self, person: &Person) -> Browser {
        let browser = self.browser();
        let page = browser.sign_in(&person.email, PASSWORD);
        assert_eq!(page.status, 303, "{}", page.text());
        browser
    }
}

/// A web server in a thread of its own, until it is dropped.
pub struct Served {
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub address: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    fn new(app: &App, state: State, listener: TcpListener) -> Self {
        let (key, threads) = (app.cookie_key().unwrap(), app.settings.server.workers);
        let (say_handle, handle) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = http::start(state, listener, &key, threads).unwrap();
                say_handle.send((server.address, server.handle.clone())).unwrap();
                server.run().await.unwrap();
            });
        });
        let (address, handle) = handle.recv().unwrap();
        Self { address: format!("http://{address}"), handle, thread: Some(thread) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Not awaited: the server's thread ends when it has stopped.
        let _stopping = self.handle.stop(false);
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}
