//! A browser window, as the person before it knows it: what can be read, pressed and filled in.

use std::cell::Cell;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::{ParseError, Url};

use crate::support::{Person, TestApp};

const CHROMIUM: &str = "/usr/bin/chromium";
const DRIVER: &str = "/usr/bin/chromedriver";
/// How long something may take that takes a moment, on the busiest of machines.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(50);
const DESKTOP: (u32, u32) = (1200, 760);
/// A common screen at 200 % (WCAG 1.4.4): as if it were half as wide.
const ZOOMED: (u32, u32) = (640, 400);
/// The narrowest screen, as WCAG 1.4.10 has it: a common one at 400 %.
const PHONE: (u32, u32) = (320, 640);
/// Where a person finds what can be pressed: in the dialog if one is open, else anywhere.
const PRESSABLE: &str = "*[self::a or self::button or self::summary]";

/// A window of a browser that ends with it.
pub struct Window {
    runtime: Runtime,
    /// None once it is closed.
    client: Option<Client>,
    /// The browser's process.
    browser: Option<u64>,
    driver: Driver,
    /// Profile and downloads.
    folder: TempDir,
    address: String,
    /// The scripts of pages are switched on.
    scripts: Cell<bool>,
}

/// How the page is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Look {
    Desktop,
    Dark,
    Phone,
    /// At 200 %.
    Zoomed,
    /// With the few colours that a person has chosen for everything (Windows' contrast themes).
    Forced,
}

impl Window {
    /// An empty window; nothing if this machine has no Chromium.
    pub fn open(app: &TestApp) -> Option<Self> {
        if let Some(missing) = [CHROMIUM, DRIVER].into_iter().find(|program| !Path::new(program).exists()) {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{missing} is missing");
            eprintln!("skipped: {missing} is missing");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let driver = Driver::start(folder.path());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        if let Value::Object(wanted) = capabilities(folder.path()) {
            builder.capabilities(wanted);
        }
        let client = runtime.block_on(builder.connect(&driver.address)).unwrap();
        let browser = client.capabilities().and_then(|has| has.get("goog:processID")).and_then(Value::as_u64);
        let address = app.address.clone();
        let window = Self { runtime, client: Some(client), browser, driver, folder, address, scripts: Cell::new(true) };
        window.look(Look::Desktop);
        Some(window)
    }

    /// A window in which this person has signed in.
    pub fn signed_in(app: &TestApp, person: &Person) -> Option<Self> {
        let window = Self::open(app)?;
        window.sign_in(person);
        Some(window)
    }

    /// Signs in, and out before if someone is.
    pub fn sign_in(&self, person: &Person) {
        self.run(|client| async move { client.delete_all_cookies().await });
        self.go("/sign-in");
        self.fill("Email", &person.email);
        self.fill("Password", crate::support::PASSWORD);
        self.press("Sign in");
        self.sees(&person.name);
    }

    fn run<T, F: Future<Output = Result<T, CmdError>>>(&self, command: impl FnOnce(Client) -> F) -> T {
        self.try_to(command).unwrap()
    }

    fn try_to<T, F: Future<Output = Result<T, CmdError>>>(
        &self,
        command: impl FnOnce(Client) -> F,
    ) -> Result<T, CmdError> {
        let client = self.client.clone().expect("an open window");
        self.runtime.block_on(command(client))
    }

    /// Opens an address of the server.
    pub fn go(&self, path: &str) {
        let address = format!("{}{path}", self.address);
        self.run(|client| async move { client.goto(&address).await });
    }

    /// Opens a file, as with a double click.
    pub fn open_file(&self, path: &Path) {
        let address = Url::from_file_path(path).unwrap();
        self.run(|client| async move { client.goto(address.as_str()).await });
    }

    /// Goes back to the page before, as with the browser's own button.
    pub fn back(&self) {
        self.run(|client| async move { client.back().await });
    }

    /// Looks at the page as it is printed.
    pub fn look_as_printed(&self) {
        self.devtools("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    }

    /// Where the window is: `/administration`.
    pub fn path(&self) -> String {
        self.run(|client| async move { client.current_url().await }).path().to_owned()
    }

    /// Waits until the window is there: a press returns before the page that follows has come.
    pub fn arrives_at(&self, path: &str) {
        self.until(&format!("{path} is open"), || self.path() == path);
    }

    /// Presses the link or button with these words, as a screen reader says them; in a dialog, if one is open.
    pub fn press(&self, words: &str) {
        self.until(&format!("“{words}” can be pressed"), || {
            // Looked at each time: a dialog may be just opening or closing.
            let scope = if self.has("dialog[open]") { "//dialog[@open]" } else { "" };
            self.clicks_at(Locator::XPath(&format!("{scope}//{PRESSABLE}[normalize-space()='{words}']")))
        });
    }

    /// Presses what this CSS selector finds.
    pub fn click(&self, selector: &str) {
        self.until(&format!("{selector} can be pressed"), || self.clicks_at(Locator::Css(selector)));
    }

    /// Whether it could be pressed: it may be replaced between being found and being pressed, the page is alive.
    fn clicks_at(&self, place: Locator<'_>) -> bool {
        self.try_to(|client| async move { client.find(place).await?.click().await }).is_ok()
    }

    /// Fills in the field with this label.
    pub fn fill(&self, label: &str, text: &str) {
        let path = format!("//input[@id=//label[normalize-space()='{label}']/@for]");
        self.until(&format!("“{label}” can be filled in"), || {
            let place = Locator::XPath(&path);
            let filled = self.try_to(|client| async move {
                let field = client.find(place).await?;
                if field.attr("type").await?.as_deref() == Some("date") {
                    // Typing a date depends on the order of day and month in the browser's language.
                    let arguments = vec![serde_json::to_value(&field)?, text.into()];
                    return client.execute("arguments[0].value = arguments[1]", arguments).await.map(drop);
                }
                field.clear().await?;
                field.send_keys(text).await
            });
            filled.is_ok()
        });
    }

    /// What stands in the field with this id; nothing on a page that is just being left.
    pub fn value(&self, id: &str) -> String {
        self.words_of(&format!("document.getElementById('{id}')?.value"))
    }

    /// Waits until this stands in the field with this id.
    pub fn field_holds(&self, id: &str, text: &str) {
        self.until(&format!("{id} holds {text}"), || self.value(id) == text);
    }

    /// Presses a key where the focus is.
    pub fn key(&self, key: fantoccini::key::Key) {
        let key = key.to_string();
        self.run(|client| async move { client.active_element().await?.send_keys(&key).await });
    }

    /// Types where the focus is.
    pub fn types(&self, text: &str) {
        let text = text.to_owned();
        self.run(|client| async move { client.active_element().await?.send_keys(&text).await });
    }

    /// Runs a script in the page and returns what it returns.
    pub fn script(&self, script: &str) -> Value {
        self.run(|client| async move { client.execute(script, Vec::new()).await })
    }

    /// Whether the page has what this CSS selector finds, visibly.
    pub fn has(&self, selector: &str) -> bool {
        self.holds(&format!("[...document.querySelectorAll({selector:?})].some((it) => it.checkVisibility())"))
    }

    /// Whether a condition of the page holds; a page that is just being left holds none.
    pub fn holds(&self, condition: &str) -> bool {
        self.tells(&format!("Boolean({condition})")) == true
    }

    /// The visible text of what this CSS selector finds first.
    pub fn text(&self, selector: &str) -> String {
        self.words_of(&format!("document.querySelector({selector:?})?.innerText"))
    }

    fn words_of(&self, expression: &str) -> String {
        self.tells(expression).as_str().unwrap_or_default().to_owned()
    }

    /// What an expression tells in the page; a page that is just being left tells nothing.
    fn tells(&self, expression: &str) -> Value {
        let script = format!("return {expression}");
        self.try_to(|client| async move { client.execute(&script, Vec::new()).await }).unwrap_or_default()
    }

    /// Waits until these words can be read.
    pub fn sees(&self, words: &str) {
        self.until(&format!("“{words}” can be read"), || self.text("body").contains(words));
    }

    /// Waits until the page visibly has what this CSS selector finds.
    pub fn waits_for(&self, selector: &str) {
        self.until(selector, || self.has(selector));
    }

    /// Waits until a condition holds.
    pub fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            if began.elapsed() > PATIENCE {
                self.shoot("failed");
                panic!("{what}: not on {}:\n{}", self.path(), self.text("body"));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The id of what has the focus; for what has none, its words.
    pub fn focused(&self) -> String {
        self.words_of("document.activeElement?.id || document.activeElement?.innerText")
    }

    /// Waits until what has this id, or these words, has the focus.
    pub fn focus_is_on(&self, wanted: &str) {
        self.until(&format!("the focus is on {wanted}"), || self.focused() == wanted);
    }

    /// Where downloads arrive.
    pub fn downloads(&self) -> PathBuf {
        downloads(self.folder.path())
    }

    /// The finished download, once it is there.
    pub fn downloaded(&self) -> PathBuf {
        let found = || {
            let entries = std::fs::read_dir(self.downloads()).ok()?;
            let mut files = entries.map(|entry| entry.unwrap().path());
            files.find(|path| path.extension().is_some_and(|extension| extension == "zip"))
        };
        self.until("a file has been downloaded", || found().is_some());
        found().expect("a file")
    }

    /// Switches the scripts of pages on or off.
    pub fn allow_scripts(&self, allowed: bool) {
        self.scripts.set(allowed);
        self.devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": !allowed }));
    }

    /// Does something for which scripts have to be on; those that the page did not run before, it does not run now.
    pub fn with_scripts<T>(&self, work: impl FnOnce() -> T) -> T {
        let allowed = self.scripts.get();
        self.allow_scripts(true);
        let done = work();
        self.allow_scripts(allowed);
        done
    }

    /// Cuts the connection to the server, or mends it.
    pub fn connect(&self, connected: bool) {
        let conditions =
            json!({ "offline": !connected, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.devtools("Network.enable", &json!({}));
        self.devtools("Network.emulateNetworkConditions", &conditions);
    }

    /// Does something in another tab of the same browser, which is closed again.
    pub fn in_another_tab(&self, work: impl FnOnce()) {
        let first = self.run(|client| async move { client.window().await });
        let other = self.run(|client| async move { client.new_window(true).await }).handle;
        self.run(|client| async move { client.switch_to_window(other).await });
        work();
        self.run(|client| async move { client.close_window().await });
        self.run(|client| async move { client.switch_to_window(first).await });
    }

    /// Comes back to the window, as from another program: an open page looks then whether it is up to date.
    pub fn comes_back(&self) {
        self.script("window.dispatchEvent(new Event('focus'))");
    }

    /// Looks at pages in another way.
    pub fn look(&self, look: Look) {
        let scheme = if look == Look::Dark { "dark" } else { "light" };
        let forced = if look == Look::Forced { "active" } else { "none" };
        let features = json!([
            { "name": "forced-colors", "value": forced },
            { "name": "prefers-color-scheme", "value": scheme },
            // A picture must not depend on how far a transition has come.
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "media": "", "features": features }));
        self.resize(look.size());
    }

    fn resize(&self, (width, height): (u32, u32)) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Takes a picture of the page as it stands, and checks that it keeps nobody out.
    pub fn picture(&self, name: &str) {
        self.shoot(name);
        self.accessible(name);
    }

    /// Takes a picture of the whole page, or of the window if a dialog is open: `target/screenshots/NAME.png`.
    fn shoot(&self, name: &str) {
        let (width, height) = self.size();
        let whole = self.script("return document.documentElement.scrollHeight").as_u64().unwrap_or_default();
        if !self.has("dialog[open]") {
            self.resize((width, height.max(u32::try_from(whole).unwrap())));
        }
        let picture = self.run(|client| async move { client.screenshot().await });
        self.resize((width, height));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    fn size(&self) -> (u32, u32) {
        let length = |name: &str| self.script(&format!("return window.{name}")).as_u64().unwrap_or_default();
        let [width, height] = ["innerWidth", "innerHeight"].map(length).map(|length| u32::try_from(length).unwrap());
        (width, height)
    }

    /// Takes a picture in every [`Look`], and checks that it keeps nobody out and that a narrow screen needs no scrolling to
    /// the side.
    pub fn pictures(&self, name: &str) {
        for look in [Look::Desktop, Look::Dark, Look::Phone, Look::Zoomed, Look::Forced] {
            self.look(look);
            let file = format!("{name}-{look:?}").to_lowercase();
            match look {
                // What is wrong with contrast there is the person's own choice; the rest has been looked at.
                Look::Forced => self.shoot(&file),
                Look::Zoomed => {
                    self.shoot(&file);
                    self.fits(name);
                }
                Look::Phone => {
                    self.picture(&file);
                    self.fits(name);
                }
                Look::Desktop | Look::Dark => self.picture(&file),
            }
        }
        self.look(Look::Desktop);
    }

    /// A picture of the documents: `docs/images/NAME.png` is a copy of it, made anew with `UPDATE_PICTURES=1`.
    pub fn published(&self, name: &str) {
        self.picture(name);
        if std::env::var_os("UPDATE_PICTURES").is_some() {
            let file = format!("{name}.png");
            let project = Path::new(env!("CARGO_MANIFEST_DIR"));
            std::fs::copy(project.join("target/screenshots").join(&file), project.join("docs/images").join(&file))
                .unwrap();
        }
    }

    fn fits(&self, name: &str) {
        let (width, _) = self.size();
        let page = self.script("return document.documentElement.scrollWidth").as_u64().unwrap();
        assert!(page <= u64::from(width), "{name} is {page} px wide on {width} px");
        // Nor may any box of the page need it.
        let boxes = self.script(
            "return [...document.querySelectorAll('*')]
                 .filter((it) => ['auto', 'scroll'].includes(getComputedStyle(it).overflowX))
                 .filter((it) => it.scrollWidth > it.clientWidth)
                 .map((it) => it.outerHTML.slice(0, 200))",
        );
        assert_eq!(boxes, json!([]), "{name}");
    }

    /// What the console has that should not be there: refusals of the Content Security Policy, failures of scripts. The
    /// browser also notes each refusal of the server, which the tests look at themselves.
    fn complaints(&self) -> Vec<String> {
        let command = Extension { path: "se/log", body: json!({ "type": "browser" }) };
        let log = self.try_to(|client| async move { client.issue_cmd(command).await });
        let Ok(Value::Array(entries)) = log else { return vec![format!("the console can't be read: {log:?}")] };
        let refusal = |text: &str| {
            let statuses = [401, 403, 404, 409, 410, 422];
            text.contains("ERR_INTERNET_DISCONNECTED")
                || statuses.iter().any(|s| text.contains(&format!("status of {s}")))
        };
        let texts = entries.iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned());
        // A part of an archive that was not unpacked is no fault of its pages: the search says so itself.
        texts.filter(|text| !refusal(text) && !text.contains("ERR_FILE_NOT_FOUND")).collect()
    }

    fn devtools(&self, command: &str, parameters: &Value) {
        let body = json!({ "cmd": command, "params": parameters });
        self.run(|client| async move { client.issue_cmd(Extension { path: "goog/cdp/execute", body }).await });
    }
}

impl Look {
    const fn size(self) -> (u32, u32) {
        match self {
            Self::Desktop | Self::Dark | Self::Forced => DESKTOP,
            Self::Zoomed => ZOOMED,
            Self::Phone => PHONE,
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let complaints = self.complaints();
        // Everything is ended before anything can fail.
        if let Some(client) = self.client.take() {
            // Whether or not it answers, its process is ended below.
            let _closed =
                self.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), client.close()).await });
        }
        self.driver.end();
        if let Some(browser) = self.browser.filter(|browser| Path::new(&format!("/proc/{browser}")).exists()) {
            let _ended = Command::new("kill").args(["-KILL", &browser.to_string()]).stderr(Stdio::null()).status();
        }
        if !std::thread::panicking() {
            assert!(complaints.is_empty(), "{complaints:#?}");
        }
    }
}

/// A chromedriver.
struct Driver {
    process: Child,
    address: String,
    /// Kept open: a driver that can't write ends.
    _lines: BufReader<ChildStdout>,
}

impl Driver {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(DRIVER)
            .arg("--port=0")
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let port = loop {
            let mut line = String::new();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "chromedriver did not start");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim().trim_end_matches('.').to_owned();
            }
        };
        Self { process, address: format!("http://127.0.0.1:{port}"), _lines: lines }
    }

    fn end(&mut self) {
        // Nothing is left to do for a driver that is already gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.end();
    }
}

fn downloads(folder: &Path) -> PathBuf {
    folder.join("downloads")
}

fn capabilities(folder: &Path) -> Value {
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    json!({
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": {
            "binary": CHROMIUM,
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--force-color-profile=srgb", "--hide-scrollbars", profile,
            ],
            "prefs": {
                "download.default_directory": downloads(folder),
                "download.prompt_for_download": false,
                "credentials_enable_service": false,
            },
        },
    })
}

/// A command that only Chromium's driver knows.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (reqwest::Method, Option<String>) {
        (reqwest::Method::POST, Some(self.body.to_string()))
    }
}
