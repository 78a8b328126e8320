//! `serve`: how it starts, what it says, how it stops.

use std::io::Write;
use std::net::{TcpListener, TcpStream};

use crate::browser::Browser;
use crate::support::{House, PASSWORD};

#[test]
fn it_stops_cleanly_on_sigterm_and_on_ctrl_c() {
    let house = House::new();
    for signal in ["TERM", "INT"] {
        let (server, address) = house.serve();
        assert_eq!(Browser::new(&address).get("/health").status, 200);
        server.signal(signal);
        assert_eq!(server.wait(), ("exit 0".to_owned(), String::new()), "{signal}");
    }
}

#[test]
fn a_second_signal_stops_it_at_once() {
    let house = House::new();
    let (server, address) = house.serve();
    // A visitor in the midst of a form keeps a server that stops cleanly waiting.
    let mut visitor = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    visitor.write_all(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nemail").unwrap();
    assert_eq!(Browser::new(&address).get("/health").status, 200);
    server.signal("TERM");
    server.wait_for_log("stopping");
    server.signal("TERM");
    assert_eq!(server.wait().0, "exit 143");
}

#[test]
fn an_address_that_is_taken_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = format!("serve --listen {}", taken.local_addr().unwrap());
    insta::assert_snapshot!(House::new().run(&line), @r#"
    2| [TIME]  INFO compliance_exports::app: tables brought up to date migration="20261123000001"
    2| [TIME]  INFO compliance_exports::app: tables brought up to date migration="20261123000002"
    2| [TIME]  INFO compliance_exports::app: tables brought up to date migration="20261125000003"
    2| [TIME]  INFO compliance_exports::app: tables brought up to date migration="20261125000004"
    2| [TIME]  INFO compliance_exports::app: tables brought up to date migration="20261125000005"
    2| [TIME]  INFO compliance_exports::app: tables brought up to date migration="20261125000006"
    2| [TIME]  INFO compliance_exports::app: tables brought up to date migration="20261126000007"
    2| [TIME]  INFO compliance_exports::app: tables brought up to date migration="20261128000009"
    2| error: The server can't listen on 127.0.0.1:[PORT]. Another program listens there: stop it, or choose another address or port with --listen.
    2|   because: Address already in use (os error 98)
    [exit 1]
    "#);
    insta::assert_snapshot!(House::new().run("serve --listen 192.0.2.1:8080").stderr.lines().last().unwrap(), @"  because: Cannot assign requested address (os error 99)");
}

#[test]
fn a_public_address_that_is_probably_not_meant_is_warned_of() {
    let mut house = House::new();
    house.set("COMPLIANCE_EXPORTS_PUBLIC_ADDRESS", "http://exports.acme.example");
    let (server, address) = house.serve();
    assert_eq!(address, "http://exports.acme.example");
    assert!(server.log().contains("WARN"), "{}", server.log());
    assert!(server.log().contains("http://exports.acme.example is not encrypted"), "{}", server.log());

    let house = House::new();
    let (server, _) = house.serve();
    assert!(!server.log().contains("WARN"), "{}", server.log());
}

#[test]
fn logs_for_machines_are_json_to_the_last_line() {
    let mut house = House::new();
    house.set("COMPLIANCE_EXPORTS_LOG__FORMAT", "json");
    let (server, address) = house.serve();
    Browser::new(&address).get("/nowhere");
    server.signal("TERM");
    server.wait_for_log("\"stopped\"");
    let log = server.log();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.len() >= 3, "{log}");
}

#[test]
fn a_new_password_ends_the_sessions_and_the_old_one() {
    let house = House::of_acme();
    let (_server, address) = house.serve();
    let browser = Browser::new(&address);
    assert_eq!(browser.sign_in("ada@acme.example", PASSWORD).status, 303);
    assert_eq!(browser.get("/administration").status, 200);

    let line = "user create --account Acme --email ada@acme.example --name \"Ada Marsh\"";
    assert_eq!(house.run_with(line, "another good password").code, Some(0));
    assert_eq!(browser.get("/administration").status, 303, "signed out");
    assert_ne!(browser.sign_in("ada@acme.example", PASSWORD).status, 303, "the old password is dead");
    assert_eq!(browser.sign_in("ada@acme.example", "another good password").status, 303);
}

#[test]
fn a5_what_the_operator_takes_is_gone_at_the_next_request() {
    let house = House::of_acme();
    house.sign_in("Acme", "Bo Lind", "bo@acme.example", true);
    house.ok("access grant --account Acme --email bo@acme.example");
    let (_server, address) = house.serve();
    let browser = Browser::new(&address);
    assert_eq!(browser.sign_in("bo@acme.example", PASSWORD).status, 303);
    assert_eq!(browser.get("/administration/exports/new").status, 200);
    house.ok("access revoke --account Acme --email bo@acme.example");
    assert_eq!(browser.get("/administration/exports/new").status, 403);
}
