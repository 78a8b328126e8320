//! `kill -9` at any moment, round after round (B3): in the end nothing is lost, doubled or left behind.
//!
//! A few rounds in every run of the tests; `scripts/crash-test` plays more of them. The moments are drawn from a seed
//! that is printed; what happens in them depends on the machine, so a seed only repeats the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use compliance_exports::keys::{self, hex};
use compliance_exports::sums;

use crate::browser::Browser;
use crate::support::{House, PASSWORD, wait_until};

/// Name, administrator, items.
const ACCOUNTS: [(&str, &str, usize); 2] =
    [("Acme", "ada@acme.example", 2_000), ("Brightwater", "bo@brightwater.example", 700)];
/// So many are queued or in progress at most, of both accounts.
const OPEN: usize = 6;
const COUNT_OPEN: &str =
    "SELECT CAST(id AS TEXT) AS value FROM export_requests WHERE status IN ('Accepted', 'InProgress')";

type Moment = (&'static str, fn(&House) -> Vec<String>, u64);

/// What a round waits for before it kills: something that was not there when it began. Then it waits again, by chance, up
/// to so many milliseconds.
const MOMENTS: [Moment; 6] = [
    ("asked", |_| vec![keys::new_key()], 5),
    ("claimed, planned", |_| vec![keys::new_key()], 400),
    ("building, checked", |house| house.list("data/tmp"), 1_000),
    ("moving", |house| house.list("data/archives"), 4),
    ("completing", completed, 10),
    ("mailing", mailed, 2),
];

fn completed(house: &House) -> Vec<String> {
    house.query("SELECT CAST(id AS TEXT) AS value FROM export_requests WHERE status = 'Completed'")
}

/// Once its file has its name, the mail is still to be noted as sent.
fn mailed(house: &House) -> Vec<String> {
    house.list("data/mail").into_iter().filter(|name| name.ends_with(".eml")).collect()
}

/// Chance that can be had again (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect(name))
}

/// Two accounts with an export that takes a while and has several parts. Workers may die as often as it takes.
fn house() -> House {
    let mut house = House::new();
    for (name, value) in
        [("LEASE_SECONDS", "5"), ("ATTEMPTS", "20"), ("MAX_OPEN_PER_ACCOUNT", "100"), ("PART_BYTES", "2 MiB")]
    {
        house.set(&format!("COMPLIANCE_EXPORTS_EXPORTS__{name}"), value);
    }
    for (account, email, items) in ACCOUNTS {
        house.ok(&format!("account create {account} --time-zone Europe/London --include-exports"));
        house.sign_in(account, "The Administrator", email, true);
        house.ok(&format!("exports on --account {account} --email {email}"));
        let mut events = String::new();
        for team in 0..4 {
            let event = serde_json::json!(
                {"type": "conversation", "id": format!("c{team}"), "kind": "Team", "name": "Harbour", "members": []});
            writeln!(events, "{event}").unwrap();
        }
        for number in 0..items {
            // Text that takes time to compress.
            let text: String = (0..128).map(|_| keys::new_key()).collect();
            let event = serde_json::json!({"type": "item_created", "conversation": format!("c{}", number % 4),
                "id": format!("m{number}"), "kind": "Message", "at": format!("2026-03-{:02}T10:00:00Z", 1 + number % 31),
                "content": {"text": text}});
            writeln!(events, "{event}").unwrap();
        }
        let run = house.run_with(&format!("import events --account {account} -"), events);
        assert_eq!(run.code, Some(0), "{run}");
    }
    house
}

/// Submits the form for March.
fn request(browser: &Browser, form_key: &str) {
    let days = [("first_day", "2026-03-01"), ("last_day", "2026-03-31"), ("form_key", form_key)];
    assert_eq!(browser.post("/administration/exports", &days).status, 303);
}

#[test]
#[expect(clippy::print_stderr, reason = "it tells the seed and how far it is")]
fn b3_whatever_moment_the_server_is_killed_at_nothing_is_lost_doubled_or_left_behind() {
    let rounds = variable("CRASH_ROUNDS").unwrap_or(MOMENTS.len() as u64);
    let seed = variable("CRASH_SEED")
        .unwrap_or_else(|| u64::from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().subsec_nanos()));
    eprintln!("CRASH_SEED={seed} CRASH_ROUNDS={rounds}");
    let mut chance = Chance(seed);
    let house = house();
    let mut browsers: Vec<Browser> = Vec::new();
    let mut last_form: Option<(usize, String)> = None;
    let mut cancelled = BTreeSet::new();
    let mut asked = 0;

    for round in 0..rounds {
        let (server, address) = house.serve();
        if browsers.is_empty() {
            for (_, email, _) in ACCOUNTS {
                let browser = Browser::new(&address);
                assert_eq!(browser.sign_in(email, PASSWORD).status, 303);
                request(&browser, &keys::new_key());
                asked += 1;
                browsers.push(browser);
            }
        }
        browsers.iter_mut().for_each(|browser| browser.move_to(&address));
        // Who was answered by a server that died at once asks again, to be sure: that makes no second request (B2).
        if let Some((account, form_key)) = last_form.take() {
            request(&browsers[account], &form_key);
        }
        // Every moment once before any comes twice, so that few rounds have met them all.
        let (moment, look, at_most) = MOMENTS[usize::try_from((round + seed) % MOMENTS.len() as u64).unwrap()];
        let before: BTreeSet<String> = look(&house).into_iter().collect();
        if house.query(COUNT_OPEN).len() < OPEN {
            let account = usize::try_from(chance.below(2)).unwrap();
            let form_key = keys::new_key();
            request(&browsers[account], &form_key);
            asked += 1;
            last_form = Some((account, form_key));
        }
        if chance.below(4) == 0
            && let Some(newest) = house.query(COUNT_OPEN).pop()
        {
            // It may have completed meanwhile. One of the other account is none that this one may cancel.
            browsers.iter().for_each(|browser| {
                browser.post(&format!("/administration/exports/{newest}/cancel"), &[]);
            });
            cancelled.insert(newest);
        }
        let patience = Instant::now() + Duration::from_secs(300);
        while look(&house).iter().all(|name| before.contains(name)) {
            assert!(Instant::now() < patience, "{moment} does not come:\n{}", server.log());
            std::thread::sleep(Duration::from_micros(200));
        }
        let wait = chance.below(at_most * 1_000);
        std::thread::sleep(Duration::from_micros(wait));
        server.kill();
        eprintln!("round {}: killed {} ms after: {moment}", round + 1, wait / 1_000);
    }

    let (server, _) = house.serve();
    wait_until("the end of all exports", || house.query(COUNT_OPEN).is_empty().then_some(()));
    server.signal("TERM");
    assert_eq!(server.wait().0, "exit 0");
    // A mail whose sender died waits for a quarter of an hour: it has passed.
    house.run_sql("UPDATE mails SET not_before = 0 WHERE sent_at IS NULL AND given_up_at IS NULL");
    let (server, _) = house.serve();
    wait_until("the last mail", || {
        house.query("SELECT event AS value FROM mails WHERE sent_at IS NULL").is_empty().then_some(())
    });
    wait_until("the sweep", || house.list("data/tmp").is_empty().then_some(()));
    server.signal("TERM");
    assert_eq!(server.wait().0, "exit 0");

    let ended = house.query("SELECT CAST(id AS TEXT) || ' ' || status AS value FROM export_requests ORDER BY id");
    assert_eq!(ended.len(), asked, "{ended:?}");
    let (completed, others): (Vec<_>, Vec<_>) =
        ended.iter().map(|ended| ended.split_once(' ').unwrap()).partition(|(_, status)| *status == "Completed");
    assert!(others.iter().all(|(id, status)| *status == "Cancelled" && cancelled.contains(*id)), "{others:?}");
    let completed: Vec<&str> = completed.into_iter().map(|(id, _)| id).collect();
    eprintln!("{} completed, {} cancelled", completed.len(), others.len());
    each_was_told_once(&house, &completed);
    nothing_is_left(&house);
    archives_are_right(&house, &completed);
}

/// Of each that completed one mail was sent and one entry made in the audit trail; of others none.
fn each_was_told_once(house: &House, completed: &[&str]) {
    let expected =
        |of: fn(&str) -> String| -> BTreeMap<String, usize> { completed.iter().map(|id| (of(id), 1)).collect() };
    let count = |sql: &str| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        house.query(sql).into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
        counts
    };
    let mails = count("SELECT CAST(request_id AS TEXT) || ' ' || event AS value FROM mails WHERE sent_at IS NOT NULL");
    assert_eq!(mails, expected(|id| format!("{id} Completed")));
    assert_eq!(mailed(house).len(), completed.len());
    let events = count("SELECT details AS value FROM audit_events WHERE action = 'export.completed'");
    assert_eq!(events, expected(|id| format!("{{\"export\":{id}}}")));
    assert_eq!(house.query("SELECT details AS value FROM audit_events WHERE action = 'export.failed'"), [""; 0]);
}

/// No file but those of completed exports, no hold on anything.
fn nothing_is_left(house: &House) {
    assert_eq!(house.list("data/tmp"), [""; 0]);
    let kept = house.query("SELECT storage_key AS value FROM export_parts");
    assert_eq!(house.list("data/archives"), kept.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>());
    let held = "SELECT CAST(id AS TEXT) AS value FROM export_requests
        WHERE lease_key IS NOT NULL OR lease_until IS NOT NULL
        UNION ALL SELECT CAST(request_id AS TEXT) FROM part_jobs
        UNION ALL SELECT CAST(request_id AS TEXT) FROM part_job_counts";
    assert_eq!(house.query(held), [""; 0]);
}

/// Every archive is whole and signed, is the file that the database speaks of, and holds the same as all others of its
/// account: nothing was recorded meanwhile.
fn archives_are_right(house: &House, completed: &[&str]) {
    let mut contents: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for id in completed {
        let parts = house.query(&format!(
            "SELECT storage_key || '|' || file_name || '|' || CAST(size AS TEXT) || '|' || sha256 AS value
             FROM export_parts WHERE request_id = {id} ORDER BY number"
        ));
        assert!(parts.len() > 1, "{parts:?}");
        let mut verify = String::from("verify");
        let mut sums = BTreeSet::new();
        for part in parts {
            let [key, name, size, sha256] = part.split('|').collect::<Vec<_>>().try_into().unwrap();
            let bytes = fs::read(house.path(&format!("data/archives/{key}"))).unwrap();
            assert_eq!((bytes.len().to_string(), hex(&sums::sha256(&bytes))), (size.to_owned(), sha256.to_owned()));
            fs::create_dir_all(house.path(id)).unwrap();
            fs::hard_link(house.path(&format!("data/archives/{key}")), house.path(id).join(name)).unwrap();
            write!(verify, " \"{id}/{name}\"").unwrap();
            sums.append(&mut sums_of(&house.path(id).join(name)));
        }
        let told = house.ok(&verify).stdout;
        let account = house.query(&format!(
            "SELECT accounts.name AS value FROM accounts JOIN export_requests
             ON export_requests.account_id = accounts.id WHERE export_requests.id = {id}"
        ));
        let items = ACCOUNTS.iter().find(|(name, ..)| account == [*name]).unwrap().2;
        assert!(told.contains(" unchanged, and signed by this server."), "{told}");
        assert!(told.replace(',', "").contains(&format!("items: {items} ")), "{told}");
        let first = contents.entry(account.concat()).or_insert_with(|| sums.clone());
        assert!(*first == sums, "export {id} holds something else than the first of {account:?}");
    }
}

/// Check sum and path of every list and day file of a part, of which `verify` has found that they are right.
fn sums_of(part: &Path) -> BTreeSet<String> {
    let mut zip = zip::ZipArchive::new(fs::File::open(part).unwrap()).unwrap();
    let name = zip.file_names().map(|name| name.unwrap().into_owned());
    let name = name.filter(|name| name.contains("/SHA256SUMS") && !name.ends_with(".minisig")).collect::<Vec<_>>();
    let [name] = name.as_slice() else { panic!("{name:?}") };
    let mut sums = String::new();
    zip.by_name(name).unwrap().read_to_string(&mut sums).unwrap();
    let of_this_export = |line: &&str| line.contains("  manifest") || line.contains("  SHA256SUMS");
    sums.lines().filter(|line| !of_this_export(line)).map(str::to_owned).collect()
}
