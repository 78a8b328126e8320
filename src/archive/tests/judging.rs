//! What `verify` finds in archives that somebody has changed, taken from, or made to deceive.

use super::*;
use crate::archive::source::Source;
use crate::archive::verify::read_manifest;

#[test]
fn the_first_parts_check_sums_vouch_for_the_others() {
    let made = make(2);
    let mut paths = made.paths();
    let sums = contents(paths.first().unwrap()).into_iter().find(|(name, _)| name.ends_with("/SHA256SUMS")).unwrap();
    let sums = String::from_utf8(sums.1).unwrap();
    for part in made.parts.iter().skip(1) {
        let line = format!("{}  SHA256SUMS-part-{}\n", part.written.sums_sha256, part.number);
        assert!(sums.contains(&line), "{sums}");
    }
    // Another archive's part 3, sound in itself.
    let mut header = header();
    header.cut = at("2026-04-01T09:00:02Z");
    let stranger = make_with(header, 2);
    *paths.get_mut(2).unwrap() = stranger.paths().remove(2);
    let problems = verify(&paths, None).unwrap().problems;
    assert!(problems.iter().any(|problem| problem.starts_with("SHA256SUMS-part-3: changed")), "{problems:?}");
}

#[test]
fn a_missing_part_is_noticed() {
    let made = make(2);
    let mut paths = made.paths();
    paths.remove(1);
    let problems = made.problems(&paths);
    assert!(problems.iter().any(|problem| problem.contains("part 2 is missing")), "{problems:?}");
    assert!(made.problems(paths.get(1..).unwrap()).contains(&"manifest.json: missing".to_owned()));
}

#[test]
fn a_part_of_another_export_is_noticed() {
    let made = make(2);
    let mut other = header();
    other.request.id = Id(13);
    let stranger = make_with(other, 2);
    let mut paths = made.paths();
    *paths.get_mut(1).unwrap() = stranger.paths().remove(1);
    let problems = verify(&paths, None).unwrap().problems;
    assert!(problems.iter().any(|problem| problem.contains("belongs to another export")), "{problems:?}");
}

#[test]
fn changes_in_an_unpacked_folder_are_named() {
    let made = make(WHOLE);
    let Some(tree) = made.unpack() else { return };
    let day = tree.join("Team_Chats/_CON.backup - 3/2026-03-28.json");
    let text = fs::read_to_string(&day).unwrap();
    let found = |expected: &str| {
        let problems = made.problems(std::slice::from_ref(&tree));
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected}: {problems:?}");
    };
    fs::write(&day, text.replace("line", "lime")).unwrap();
    found("2026-03-28.json: changed");
    fs::write(&day, text.replace("T00:00:00Z", "T00:00:00Z ")).unwrap();
    found("2026-03-28.json: line 2");
    fs::write(&day, text.replace("2026-03-28T00:00:00Z", "2026-03-27T00:00:00Z")).unwrap();
    found("outside the range");
    found("belongs to another day");
    fs::write(&day, text.lines().take(3).collect::<Vec<_>>().join("\n")).unwrap();
    found("2026-03-28.json: line 3");
    fs::remove_file(&day).unwrap();
    found("listed in the check sums, but missing");
    fs::write(&day, &text).unwrap();
    fs::write(tree.join("extra.txt"), "x").unwrap();
    found("extra.txt: not listed");
    fs::remove_file(tree.join("extra.txt")).unwrap();
    let sums = tree.join("SHA256SUMS");
    fs::write(&sums, fs::read_to_string(&sums).unwrap().replace("  manifest", "  manifesto")).unwrap();
    found("the signature does not fit");
    let manifest = tree.join("manifest.json");
    let newer = fs::read_to_string(&manifest).unwrap().replace("\"formatVersion\": 1", "\"formatVersion\": 2");
    fs::write(manifest, newer).unwrap();
    found("format version");
}

/// Programs that read a zip from its beginning go by what stands before each file, not by the directory at its end.
#[test]
fn what_stands_before_a_file_must_agree_with_the_directory() {
    let made = make(WHOLE);
    let path = made.paths().remove(0);
    let sound = fs::read(&path).unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&sound)).unwrap();
    let starts: Vec<_> = (0..zip.len()).map(|index| zip.by_index_raw(index).unwrap().header_start()).collect();
    // Flags, method, CRC, both sizes, the length of the name, the name.
    let places = [(6, 1 << 3), (7, 1 << 3), (8, 1 << 3), (14, 1), (18, 1), (22, 1), (26, 1), (30, 1), (31, 1)];
    for (start, (offset, bit)) in starts.iter().step_by(5).flat_map(|start| places.map(|place| (start, place))) {
        let mut bytes = sound.clone();
        *bytes.get_mut(usize::try_from(*start).unwrap() + offset).unwrap() ^= bit;
        fs::write(&path, bytes).unwrap();
        let problems = made.problems(std::slice::from_ref(&path));
        let found = problems.iter().any(|problem| problem.contains("is another file where it lies"));
        assert!(found, "byte {offset} of the entry at {start}: {problems:?}");
    }
}

/// Whoever has changed the manifest would also change the check sums: the counts must agree all the same.
#[test]
fn a_manifest_that_counts_otherwise_is_noticed() {
    let made = make(2);
    let Some(tree) = made.unpack() else { return };
    let manifest = tree.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let found = |changed: &str, expected: &[&str]| {
        assert_ne!(changed, text);
        fs::write(&manifest, changed).unwrap();
        let problems = verify(std::slice::from_ref(&tree), None).unwrap().problems;
        for expected in expected {
            assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected}: {problems:?}");
        }
    };
    let line = text.lines().find(|line| line.contains("_CON.backup - 3")).unwrap();
    found(
        &text.replace(line, &line.replacen("\"items\":4", "\"items\":5", 1)),
        &[
            "Team_Chats/_CON.backup - 3/2026-03-28.json: holds 4 items, 1 of them deleted; the manifest counts 5 and 1",
            "Team_Chats/_CON.backup - 3: the list and the manifest count differently",
        ],
    );
    found(
        &text.replace(line, &line.replacen("2026-03-28", "2026-03-27", 1)),
        &[
            "2026-03-28.json: not counted in the manifest",
            "2026-03-27.json: holds 0 items, 0 of them deleted; the manifest counts 4 and 1",
        ],
    );
    found(
        &text.replace(line, &line.replacen("2026-03-28", "2026-03-29", 1)),
        &["manifest.json: the days of", "out of order"],
    );
    found(&text.replace(line, &format!("{line}\n{line}")), &["manifest.json: ", "counted twice"]);
    found(
        &text.replace(line, &line.replace("_CON.backup - 3", "Nobody - 9")),
        &[
            "Team_Chats/Nobody - 9: has items but is not listed",
            "Team_Chats/_CON.backup - 3: the list and the manifest count differently",
        ],
    );
    found(&text.replacen("\"items\": 48", "\"items\": 49", 1), &["its totals are not those of the files"]);
    found(text.get(..text.len() - 9).unwrap(), &["manifest.json: EOF"]);
    let source = Source::find(&tree, &mut |problem| panic!("{problem}"), &mut |_| {}).unwrap();
    fs::write(&manifest, &text).unwrap();
    let read = |limit| read_manifest(&mut source.open().unwrap(), "manifest.json", limit).map(|_| ());
    assert_eq!(read(text.len() as u64 / 2), Err("far too large".to_owned()));
    assert_eq!(read(text.len() as u64 + 1), Ok(()));
}

#[test]
fn each_list_of_check_sums_stands_for_its_files_once() {
    let made = make(2);
    let Some(tree) = made.unpack() else { return };
    let sums = tree.join("SHA256SUMS-part-2");
    let text = fs::read_to_string(&sums).unwrap();
    let found = |changed: &str, expected: &str| {
        fs::write(&sums, changed).unwrap();
        let problems = verify(std::slice::from_ref(&tree), None).unwrap().problems;
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected}: {problems:?}");
        assert!(problems.contains(&"SHA256SUMS-part-2: changed: its check sum is wrong".to_owned()), "{problems:?}");
    };
    let line = text.lines().find(|line| line.contains("2026-03-29")).unwrap();
    found(&format!("{text}{line}\n"), "is listed twice");
    found(&text.replace(line, ""), "2026-03-29.json: not listed in the check sums");
    found(&text.replace(line, "what else"), "not a check sum and a file name");
    let sum = line.get(..64).unwrap();
    found(&format!("{text}{sum}  ../SHA256SUMS\n"), "../SHA256SUMS: listed in the check sums, but missing");
    fs::rename(&sums, tree.join("SHA256SUMS-part-5")).unwrap();
    let problems = verify(std::slice::from_ref(&tree), None).unwrap().problems;
    assert!(problems.contains(&"SHA256SUMS-part-5: the manifest knows no such part".to_owned()), "{problems:?}");
    assert!(problems.contains(&"SHA256SUMS-part-2: listed in the check sums, but missing".to_owned()), "{problems:?}");
    let paths = [made.paths(), made.paths().drain(1..2).collect()].concat();
    assert!(made.problems(&paths).iter().any(|problem| problem.contains("more than one part holds it")));
}

#[test]
fn a_hostile_zip_is_reported_and_nothing_is_extracted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    for name in ["top/../../escape", "/etc/passwd", "top/a\\b", "other/file"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"x").unwrap();
    }
    zip.finish().unwrap();
    let problems = verify(&[path], None).unwrap().problems;
    assert_eq!(problems.iter().filter(|problem| problem.contains("unsafe")).count(), 3, "{problems:?}");
    assert!(problems.iter().any(|problem| problem.contains("outside the one top folder")));
    fs::write(folder.path().join("no.zip"), "no zip").unwrap();
    assert!(
        verify(&[folder.path().join("no.zip")], None).unwrap().problems.iter().any(|p| p.contains("can't be opened"))
    );
    assert!(verify(&[], None).is_err());
}
