//! `verify`: what is whole, and what is not.

use std::fs;

use crate::support::{House, unpack};

/// Acme with an export of March in several parts; also their names.
pub fn house() -> (House, Vec<String>) {
    let mut house = House::of_acme();
    house.set("COMPLIANCE_EXPORTS_EXPORTS__PART_ENTRIES", "16");
    let mut events = String::from(
        "{\"type\":\"user\",\"id\":\"u1\",\"name\":\"Ada Marsh\"}\n\
         {\"type\":\"conversation\",\"id\":\"c1\",\"kind\":\"Team\",\"name\":\"Leases\",\"startedBy\":\"u1\",\"members\":[{\"user\":\"u1\"}]}\n",
    );
    for day in 1..=20 {
        events += &format!(
            "{{\"type\":\"item_created\",\"conversation\":\"c1\",\"id\":\"m{day}\",\"kind\":\"Message\",\"at\":\"2026-03-{day:02}T09:15:00Z\",\"by\":\"u1\",\"content\":{{\"text\":\"Renew the lease.\"}}}}\n"
        );
    }
    let run = house.run_with("import events --account Acme -", events);
    assert_eq!(run.code, Some(0), "{run}");
    house.ok("export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31");
    let parts: Vec<_> = house.list(".").into_iter().filter(|name| name.ends_with(".zip")).collect();
    assert!(parts.len() > 1, "{parts:?}");
    (house, parts)
}

/// Unpacks all parts over one another.
pub fn unpacked(house: &House, parts: &[String]) {
    for part in parts {
        unpack(&house.path(part), &house.path("unpacked"));
    }
}

pub fn day_file(house: &House) -> std::path::PathBuf {
    let find = |folder: std::path::PathBuf, start: &str| {
        let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        names.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with(start)).unwrap()
    };
    let top = find(house.path("unpacked"), "Acme");
    find(find(top.join("Team_Chats"), "Leases"), "2026-03-05")
}

#[test]
fn all_parts_of_an_archive_are_complete_and_unchanged() {
    let (house, parts) = house();
    insta::assert_snapshot!(house.run(&format!("verify {}", parts.join(" "))), @"
    Complete and unchanged, and signed by this server. Conversations: 1, items: 20 (0 deleted), files: 27.
    Others check the signature with: minisign -V -P [KEY] -m SHA256SUMS
    ");
    unpacked(&house, &parts);
    insta::assert_snapshot!(house.run("verify unpacked"), @"
    Complete and unchanged, and signed by this server. Conversations: 1, items: 20 (0 deleted), files: 27.
    Others check the signature with: minisign -V -P [KEY] -m SHA256SUMS
    ");
}

#[test]
fn without_a_key_it_says_that_the_signature_was_not_checked() {
    let (house, parts) = house();
    fs::remove_file(house.path("data/keys/archives.key")).unwrap();
    insta::assert_snapshot!(house.run(&format!("verify {}", parts.join(" "))), @"
    Complete and unchanged. Conversations: 1, items: 20 (0 deleted), files: 27.
    2| The signature was not checked: there is no key at data/keys/archives.key.
    ");
    assert!(!house.path("data/keys/archives.key").exists(), "no key is made for checking");
}

#[test]
fn nothing_is_made_where_there_was_nothing() {
    let house = House::new();
    insta::assert_snapshot!(house.run("verify none.zip"), @"
    none.zip: can't be opened: No such file or directory (os error 2)
    2| The signature was not checked: there is no key at data/keys/archives.key.
    [exit 1]
    ");
    assert_eq!(house.list("data").len(), 0);
}

#[test]
fn another_servers_signature_does_not_fit() {
    let ((house, parts), other) = (house(), House::of_acme());
    other.run("export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31");
    fs::copy(other.path("data/keys/archives.key"), house.path("data/keys/archives.key")).unwrap();
    let run = house.run(&format!("verify {}", parts.join(" ")));
    assert_eq!(run.code, Some(1));
    for line in run.stdout.lines() {
        assert!(line.starts_with("SHA256SUMS") && line.contains("the signature does not fit"), "{run}");
    }
}

#[test]
fn a_missing_part_is_named() {
    let (house, parts) = house();
    let run = house.run(&format!("verify {}", parts[0]));
    assert_eq!(run.code, Some(1));
    assert!(run.stdout.contains(&format!("{}: part 2 is missing\n", parts[1])), "{run}");
}

#[test]
fn a_changed_a_missing_and_a_strange_file_have_a_line_each() {
    let (house, parts) = house();
    unpacked(&house, &parts);
    let day = day_file(&house);
    let text = fs::read_to_string(&day).unwrap();
    fs::write(&day, text.replace("Renew", "renew")).unwrap();
    fs::remove_file(day.with_file_name("2026-03-07.json")).unwrap();
    fs::write(day.with_file_name("notes.txt"), "mine").unwrap();
    insta::assert_snapshot!(house.run("verify unpacked"), @"
    Team_Chats/Leases - 1/2026-03-05.json: changed: its check sum is wrong
    Team_Chats/Leases - 1/2026-03-07.json: listed in the check sums, but missing
    Team_Chats/Leases - 1/notes.txt: not listed in the check sums
    Team_Chats/Leases - 1/2026-03-07.json: holds 0 items, 0 of them deleted; the manifest counts 1 and 0
    manifest.json: its totals are not those of the files
    [exit 1]
    ");
}

#[test]
fn a_flipped_bit_of_any_file_in_a_zip_is_found() {
    let (house, parts) = house();
    let good = fs::read(house.path(&parts[0])).unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&good)).unwrap();
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).unwrap();
        if entry.is_dir() {
            continue;
        }
        let (name, at) =
            (entry.name().unwrap().into_owned(), entry.data_start().unwrap() + entry.compressed_size() / 2);
        let mut bad = good.clone();
        bad[usize::try_from(at).unwrap()] ^= 1;
        house.write(&parts[0], bad);
        let run = house.run(&format!("verify {}", parts.join(" ")));
        let file = name.split_once('/').unwrap().1.trim_end_matches(".minisig");
        assert!(run.code == Some(1) && run.stdout.contains(file) && run.stderr.is_empty(), "{name}: {run}");
    }
}

#[test]
fn what_is_no_archive_is_told() {
    let (house, parts) = house();
    let zip = fs::read(house.path(&parts[0])).unwrap();
    house.write("cut.zip", &zip[..zip.len() / 2]);
    house.write("hello.zip", "hello");
    house.write("empty/README.txt", "");
    let shown = house.session(
        "verify none.zip
         verify cut.zip
         verify hello.zip
         verify empty
         verify",
    );
    insta::assert_snapshot!(shown, @"
    $ verify none.zip
    none.zip: can't be opened: No such file or directory (os error 2)
    [exit 1]
    $ verify cut.zip
    cut.zip: can't be opened: damaged, cut short, or no zip at all: invalid Zip archive: Could not find EOCD
    [exit 1]
    $ verify hello.zip
    hello.zip: can't be opened: damaged, cut short, or no zip at all: invalid Zip archive: Could not find EOCD
    [exit 1]
    $ verify empty
    manifest.json: missing
    README.txt: not listed in the check sums
    [exit 1]
    $ verify
    2| error: the following required arguments were not provided:
    2|   <ARCHIVE>...
    2|
    2| Usage: compliance-exports verify <ARCHIVE>...
    2|
    2| For more information, try '--help'.
    [exit 2]
    ");
}
