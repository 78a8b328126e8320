//! A server in the midst of an export: what survives `kill -9`, and how it stops (B3).

use std::fmt::Write;
use std::fs;
use std::time::{Duration, Instant};

use compliance_exports::model::{ExportRequest, Status};
use compliance_exports::{exports, keys};

use crate::browser::Browser;
use crate::support::{House, PASSWORD, Running, unpack, wait_until};

/// Enough to be caught at work.
pub const ITEMS: i64 = 3_000;

/// Acme with much to export, and leases that soon run out.
fn busy_house() -> House {
    let mut house = House::of_acme();
    busy(&mut house);
    house
}

/// Gives Acme much to export, and leases that soon run out.
pub fn busy(house: &mut House) {
    house.set("COMPLIANCE_EXPORTS_EXPORTS__LEASE_SECONDS", "5");
    let mut events = String::from(
        "{\"type\":\"conversation\",\"id\":\"c1\",\"kind\":\"Team\",\"name\":\"Harbour\",\"members\":[]}\n",
    );
    for number in 0..ITEMS {
        let day = 1 + number % 31;
        // Text that takes time to compress.
        let text: String = (0..128).map(|_| keys::new_key()).collect();
        writeln!(
            events,
            "{{\"type\":\"item_created\",\"conversation\":\"c1\",\"id\":\"m{number}\",\"kind\":\"Message\",\
             \"at\":\"2026-03-{day:02}T10:00:00Z\",\"content\":{{\"text\":\"{text}\"}}}}"
        )
        .unwrap();
    }
    house.write("events.jsonl", events);
    house.ok("import events --account Acme events.jsonl");
}

pub fn sign_in(address: &str) -> Browser {
    let browser = Browser::new(address);
    assert_eq!(browser.sign_in("ada@acme.example", PASSWORD).status, 303);
    browser
}

/// Serves, requests an export on the page, and waits until a worker is in the midst of it.
pub fn serve_and_begin(house: &House) -> (Running, Browser) {
    let (server, address) = house.serve();
    let browser = sign_in(&address);
    let key = browser.get("/administration/exports/new").field("form_key").unwrap();
    let days = [("first_day", "2026-03-01"), ("last_day", "2026-03-31"), ("form_key", &*key)];
    assert_eq!(browser.post("/administration/exports", &days).status, 303);
    wait_until("an archive that is being built", || house.list("data/tmp").pop());
    (server, browser)
}

/// The one request.
pub fn find_request(house: &House) -> ExportRequest {
    house.app().store.read(|c| exports::rows::exports::find(c, 1)).unwrap().expect("a request")
}

pub fn wait_for_completion(house: &House) -> ExportRequest {
    wait_until("the completion", || Some(find_request(house)).filter(|request| request.status == Status::Completed))
}

/// Items in the one Team of an archive.
fn items(house: &House, archive: &str) -> i64 {
    let unpacked = house.path("unpacked");
    unpack(&house.path(archive), &unpacked);
    let top = unpacked.read_dir().unwrap().next().unwrap().unwrap().path();
    let team = top.join("Team_Chats").read_dir().unwrap().next().unwrap().unwrap().path();
    let days = team.read_dir().unwrap().map(|day| {
        let day: Vec<serde_json::Value> = serde_json::from_slice(&fs::read(day.unwrap().path()).unwrap()).unwrap();
        i64::try_from(day.len()).unwrap()
    });
    days.sum()
}

#[test]
fn b3_an_export_survives_kill_9_of_the_server() {
    let house = busy_house();
    let (server, _browser) = serve_and_begin(&house);
    server.kill();
    assert_eq!(find_request(&house).status, Status::InProgress);
    assert_eq!(house.list("data/tmp").len(), 1);

    let (server, address) = house.serve();
    let request = wait_for_completion(&house);
    assert_eq!((request.attempts, request.items_total, request.items_done), (2, Some(ITEMS), ITEMS));
    house.write("export.zip", sign_in(&address).get("/administration/exports/1/parts/1").body);
    house.ok("verify export.zip");
    assert_eq!(items(&house, "export.zip"), ITEMS);

    // At the latest the next start clears away what the killed server left.
    server.signal("TERM");
    assert_eq!(server.wait().0, "exit 0");
    let (_server, _) = house.serve();
    wait_until("the sweep", || house.list("data/tmp").is_empty().then_some(()));
    assert_eq!(house.list("data/archives").len(), 1);
}

#[test]
fn b3_sigterm_stops_within_seconds_and_the_export_goes_back_into_the_queue() {
    let house = busy_house();
    // The browser stays open, as people's do.
    let (server, _browser) = serve_and_begin(&house);
    let began = Instant::now();
    server.signal("TERM");
    assert_eq!(server.wait().0, "exit 0");
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
    let request = find_request(&house);
    // Between two workers it is queued, or in progress if it had been planned already.
    assert!(matches!(request.status, Status::Accepted | Status::InProgress), "{request:?}");
    assert_eq!(house.list("data/tmp"), [""; 0]);

    // The next server takes it up at once.
    let (_server, _) = house.serve();
    assert_eq!(wait_for_completion(&house).attempts, 1);
}
