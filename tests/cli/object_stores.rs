//! Archives in an object store, as an operator meets them: two servers that share it, and one that can't reach it.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::browser::Browser;
use crate::crashes::{ITEMS, busy, find_request, serve_and_begin, sign_in, wait_for_completion};
use crate::object_store::{ObjectStore, Proxy, Way};
use crate::support::{House, wait_until};

fn parts_built(house: &House) -> usize {
    house.query("SELECT 'x' AS value FROM part_jobs WHERE built_at IS NOT NULL").len()
}

/// Downloads all parts, and has them verified.
fn download_and_verify(house: &House, browser: &Browser) -> usize {
    let numbers = house.query("SELECT CAST(number AS TEXT) AS value FROM export_parts ORDER BY number");
    let mut line = "verify".to_owned();
    for number in &numbers {
        let page = browser.get(&format!("/administration/exports/1/parts/{number}"));
        assert_eq!(page.status, 200, "{}", page.text());
        house.write(&format!("part-{number}.zip"), page.body);
        line += &format!(" part-{number}.zip");
    }
    house.ok(&line);
    numbers.len()
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn b3_two_servers_share_an_export_and_a_bucket_and_one_is_killed() {
    let Some(store) = ObjectStore::find() else { return };
    if std::env::var_os("TEST_DATABASE_URL").is_none() {
        eprintln!("skipped: two servers on two machines need PostgreSQL");
        return;
    }
    let proxy = Proxy::to(&store.endpoint);
    let mut house = House::of_acme();
    busy(&mut house);
    house.set("COMPLIANCE_EXPORTS_EXPORTS__PART_BYTES", "1 MiB");
    house.set("COMPLIANCE_EXPORTS_EXPORTS__WORKERS", "1");
    for (name, value) in store.variables() {
        house.set(&name, &value);
    }
    // The other machine has the keys and the name of the folder, and nothing else.
    let copied = Command::new("sh")
        .args(["-c", "mkdir -m 700 other && cp -r data/keys data/installation other/"])
        .current_dir(house.path(""))
        .status();
    assert!(copied.unwrap().success());
    let mut other = house.start("--data-dir other serve --listen 127.0.0.1:0");
    let line = other.wait_for_output("Serving ");
    let address = line.split_whitespace().nth(1).unwrap().to_owned();

    // One that is killed in the midst of its uploads, most of the time.
    house.set("COMPLIANCE_EXPORTS_ARCHIVES__S3__ENDPOINT", &proxy.endpoint());
    proxy.set(Way::Slow(Duration::from_millis(10)));
    let (killed, _browser) = serve_and_begin(&house);
    let both = || (killed.log().contains("part built") && other.log().contains("part built")).then_some(());
    wait_until("parts that each of them has built", both);
    let before = parts_built(&house);
    killed.kill();
    house.set("COMPLIANCE_EXPORTS_ARCHIVES__S3__ENDPOINT", &store.endpoint);

    let request = wait_for_completion(&house);
    assert_eq!(request.items_done, ITEMS);
    let parts = download_and_verify(&house, &sign_in(&address));
    assert!(before < parts, "{before} of {parts} parts were built when one was killed");
    for folder in ["data/archives", "other/archives"] {
        assert_eq!(house.list(folder), [""; 0], "{folder}");
    }
    let listed = house.ok("archives list");
    assert!(listed.stderr.contains("Missing: 0. Damaged: 0."), "{listed}");
    assert_eq!(find_request(&house).items_total, Some(ITEMS));
}

#[test]
fn a_server_starts_without_its_store_says_so_and_serves_pages() {
    let mut house = House::of_acme();
    for (name, value) in [
        ("URL", "s3://exports/acme"),
        ("S3__ENDPOINT", "http://127.0.0.1:1"),
        ("S3__ACCESS_KEY_ID", "exports"),
        ("S3__SECRET_ACCESS_KEY", "not-to-be-shown"),
    ] {
        house.set(&format!("COMPLIANCE_EXPORTS_ARCHIVES__{name}"), value);
    }
    let (server, address) = house.serve();
    let told =
        "no archive can be kept or downloaded for now: The store of archives, s3://exports/acme, does not answer";
    assert!(server.log().contains(told), "{}", server.log());
    let browser = sign_in(&address);
    let begun = Instant::now();
    assert_eq!(browser.get("/administration").status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5));
    let run = house.run("archives list");
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("s3://exports/acme, does not answer"), "{run}");
    assert!(!format!("{run}{}", server.log()).contains("not-to-be-shown"));
    server.signal("TERM");
    assert_eq!(server.wait().0, "exit 0");
}
