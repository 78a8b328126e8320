//! `key show`: a reviewer, who has coreutils and minisign only, runs what it prints.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{House, mode, unpack};
use crate::verify::{day_file, house as house_with_parts, unpacked};

/// The commands that `key show` prints: for the signature, for one part, for several.
fn commands(house: &House) -> [String; 3] {
    let shown = house.ok("key show").stdout;
    let commands: Vec<String> = shown.lines().filter_map(|line| line.strip_prefix("  ").map(str::to_owned)).collect();
    commands.try_into().unwrap()
}

/// Whether a command succeeds in a folder.
fn succeeds(command: &str, folder: &Path) -> bool {
    Command::new("sh").args(["-c", command]).current_dir(folder).output().unwrap().status.success()
}

/// Whether minisign is there. In CI it must be.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn minisign_is_there() -> bool {
    let there = succeeds("command -v minisign", Path::new("/"));
    if !there {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "minisign is missing");
        eprintln!("skipped: minisign is missing");
    }
    there
}

#[test]
fn the_key_and_the_commands_are_shown() {
    let house = House::new();
    insta::assert_snapshot!(house.ok("key show"), @"
    [KEY]

    Give this key to those who check archives, by another way than the archives. They run, in the top folder of the
    unpacked archive:

      minisign -V -P [KEY] -m SHA256SUMS
      sha256sum --quiet -c SHA256SUMS

    For an archive of several parts, all unpacked into the same folder, the second command is:

      sha256sum --quiet -c SHA256SUMS SHA256SUMS-part-*[0-9]

    The first says “Signature and comment signature verified”, the second nothing, if all is well.
    ");
    assert_eq!(mode(&house.path("data/keys/archives.key")), "600");
    let line = house.ok("key show").stdout.lines().next().unwrap().to_owned();
    assert_eq!(commands(&house)[0], format!("minisign -V -P {line} -m SHA256SUMS"), "the key stays");
}

#[test]
fn a_key_that_cannot_be_read_is_told_and_not_replaced() {
    let house = House::new();
    house.ok("key show");
    house.write("data/keys/archives.key", "untrusted comment: a key\nnonsense\n");
    let run = house.run("key show");
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("archives.key: it should be an unencrypted minisign key"), "{run}");
    assert_eq!(fs::read(house.path("data/keys/archives.key")).unwrap().len(), 34);
}

/// Changes a file for as long as something is looked at.
fn while_changed<T>(path: &Path, change: impl FnOnce(&mut Vec<u8>), look: impl FnOnce() -> T) -> T {
    let before = fs::read(path).unwrap();
    let mut bytes = before.clone();
    change(&mut bytes);
    // Unpacked files may be write-protected.
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(path, bytes).unwrap();
    let seen = look();
    fs::write(path, before).unwrap();
    seen
}

/// Makes the list of check sums fit the files as they are, as a forger would.
fn forge(top: &Path, sums: &str) {
    let remade = format!("cut -c 67- {sums} > names && xargs -d '\\n' sha256sum < names > forged && mv forged {sums}");
    assert!(succeeds(&remade, top), "{remade}");
}

/// Expects that both commands accept an archive, that either refuses one with a changed byte, and that a forged list of
/// check sums does not help.
fn reviewed(top: &Path, file: &Path, signature: &str, sums: &str) {
    let (signed, whole) = (|| succeeds(signature, top), || succeeds(sums, top));
    assert!(signed() && whole());
    let flip = |bytes: &mut Vec<u8>| bytes[3] ^= 1;
    let list = top.join("SHA256SUMS");
    assert_eq!(while_changed(file, flip, || (signed(), whole())), (true, false), "a changed byte");
    assert_eq!(while_changed(&list, flip, || (signed(), whole())), (false, false), "a changed list");
    assert_eq!(while_changed(&list, Vec::clear, || (signed(), whole())), (false, false), "an empty list");
    let signature_file = top.join("SHA256SUMS.minisig");
    assert!(!while_changed(&signature_file, |bytes| bytes.truncate(60), signed), "no whole signature");
    assert!(signed() && whole(), "all is as it was");
}

#[test]
fn a_reviewer_checks_an_archive_of_one_part_and_sees_what_was_changed() {
    let house = House::of_acme();
    house.ok("export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31");
    unpack(&house.path("Acme-2026-03-01-to-2026-03-31-1.zip"), &house.path("unpacked"));
    let top = house.path("unpacked/Acme-2026-03-01-to-2026-03-31-1");
    let [signature, sums, _] = commands(&house);
    assert!(succeeds(&sums, &top));
    if !minisign_is_there() {
        return;
    }
    let manifest = top.join("manifest.json");
    reviewed(&top, &manifest, &signature, &sums);
    let [other, ..] = commands(&House::new());
    assert!(!succeeds(&other, &top), "another server's key");
    // A forger makes the sums right again, but can't sign them.
    let forged = while_changed(
        &manifest,
        |bytes| bytes[3] ^= 1,
        || {
            forge(&top, "SHA256SUMS");
            (succeeds(&signature, &top), succeeds(&sums, &top))
        },
    );
    assert_eq!(forged, (false, true));
}

#[test]
fn a_reviewer_checks_all_parts_of_an_archive_at_once() {
    let (house, parts) = house_with_parts();
    unpacked(&house, &parts);
    let file: PathBuf = day_file(&house);
    let top = file.ancestors().nth(3).unwrap();
    let [signature, _, sums] = commands(&house);
    assert!(succeeds(&sums, top));
    if !minisign_is_there() {
        return;
    }
    reviewed(top, &file, &signature, &sums);
    for name in parts.iter().skip(1).zip(2..).map(|(_, number)| format!("manifest-part-{number}.json")) {
        assert!(!while_changed(&top.join(&name), |bytes| bytes[3] ^= 1, || succeeds(&sums, top)), "{name}");
    }
}
