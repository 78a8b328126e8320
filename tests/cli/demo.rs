//! `demo`: starts clean each time, and touches nothing that is not its own.

use std::fs;

use crate::browser::Browser;
use crate::support::House;

#[test]
fn it_shows_the_product_and_each_time_starts_clean() {
    let mut house = House::new();
    house.set("COMPLIANCE_EXPORTS_SERVER__LISTEN", "127.0.0.1:0");
    let first = house.ok("demo --exit");
    assert!(first.stdout.contains("is ready:\n  "), "{first}");
    let archive = first.stdout.trim_end().rsplit('\n').next().unwrap().trim().to_owned();
    house.ok(&format!("--data-dir data/demo verify \"{archive}\""));
    house.write("data/demo/left-over", "");

    let mut demo = house.start("demo");
    let line = demo.wait_for_output("Administration page: ");
    assert!(!house.path("data/demo/left-over").exists(), "it starts clean");
    assert_eq!(house.list("data/demo/downloads").len(), 1);
    let address = line.trim_start_matches("Administration page: ").split("/administration").next().unwrap().to_owned();

    // Who can sign in is told, and can.
    let person = demo.wait_for_output("    ");
    let email = person.split_whitespace().next().unwrap();
    assert!(person.contains("(administrator with access)"), "{person}");
    let browser = Browser::new(&address);
    assert_eq!(browser.sign_in(email, "demonstration").status, 303);

    let second = house.run("demo --exit");
    insta::assert_snapshot!(second, @"
    2| error: Another demo runs in data/demo. Stop it first.
    [exit 1]
    ");
    assert_eq!(browser.get("/administration").status, 200, "the first is not disturbed");

    demo.signal("INT");
    assert_eq!(demo.wait().0, "exit 0");
}

#[test]
fn a_folder_that_is_not_the_demos_is_left_alone() {
    let house = House::new();
    house.write("data/demo/thesis.txt", "precious");
    insta::assert_snapshot!(house.run("demo --exit"), @"
    2| error: data/demo holds something that is not the demo's. Move it away, or choose another folder with --data-dir.
    [exit 1]
    ");
    assert_eq!(fs::read_to_string(house.path("data/demo/thesis.txt")).unwrap(), "precious");
    assert_eq!(house.list("data/demo"), ["thesis.txt"]);
}

#[test]
fn it_listens_on_this_machine_only() {
    let mut house = House::new();
    house.set("COMPLIANCE_EXPORTS_SERVER__LISTEN", "0.0.0.0:0");
    insta::assert_snapshot!(house.run("demo --exit"), @"
    2| error: The demo's passwords are no secret, so it does not listen on 0.0.0.0:0, but on 127.0.0.1 only.
    [exit 1]
    ");
    assert_eq!(house.list("data").len(), 0);
}
