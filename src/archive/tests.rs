//! Whole archives, written, checked, verified, and opened by other people's programs. What `verify` finds in those that are not
//! sound is in [`judging`].

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips"
)]

mod damage;
mod formats;
mod judging;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::formats::{Chat, Chunk, ExportInfo, List, ListedConversation, Part, PartCopy, Sink};
use super::manifest::*;
use super::names::{self, conversation_folder};
use super::pack::Packed;
use super::records::*;
use super::sign::SigningKey;
use super::{Bundle, ChunkPosition, Packer, PartWriter, WrittenPart, check, render, review, verify};
use crate::error::{Error, Kind};
use crate::keys::hex;
use crate::model::{Attachment, ConversationKind, ItemKind, TaskStatus, Timestamp};
use crate::sums;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn person(id: i64, name: &str) -> Person {
    Person {
        id: Id(id),
        name: name.into(),
        email: Some(format!("p{id}@northwind.example")),
        account: "Northwind".into(),
        bot: id == 9,
    }
}

fn header() -> Header {
    Header {
        request: RequestInfo {
            filters: None,
            id: Id(12),
            first_day: "2026-03-28".parse().unwrap(),
            last_day: "2026-03-30".parse().unwrap(),
            time_zone: "Europe/London".into(),
            range_start: at("2026-03-28T00:00:00Z"),
            range_end: at("2026-03-30T23:00:00Z"),
            requested_at: at("2026-04-01T09:00:00Z"),
            requested_by: person(1, "Ana Ruiz"),
        },
        account: AccountRef { id: Id(1), name: "Northwind: Traders*".into() },
        cut: at("2026-04-01T09:00:01.000123Z"),
        coverage: Coverage {
            captured: vec![Span { from: at("2026-03-29T00:00:00Z"), to: at("2026-03-30T23:00:00Z") }],
            gaps: vec![Span { from: at("2026-03-28T00:00:00Z"), to: at("2026-03-29T00:00:00Z") }],
        },
        capture: Some(Capture {
            enabled_at: at("2026-03-29T00:00:00Z"),
            enabled_by: Some(person(1, "Ana Ruiz")),
            disabled_at: Some(at("2026-04-01T09:00:01Z")),
            disabled_by: None,
        }),
        access: vec![person(1, "Ana Ruiz"), person(2, "Bo Lind")],
    }
}

fn entry(id: i64, kind: ConversationKind, name: Option<&str>, people: &[&str]) -> ConversationEntry {
    ConversationEntry {
        id: Id(id),
        kind,
        name: name.map(Into::into),
        public: (!kind.is_people()).then_some(false),
        folder: conversation_folder(kind, id, name, people),
        owner: AccountRef { id: Id(1), name: "Northwind".into() },
        created_at: Some(at("2025-01-01T08:00:00Z")),
        archived_at: None,
        started_by: Some(person(1, "Ana Ruiz")),
        members: (1..)
            .zip(people)
            .map(|(id, name)| Member {
                person: person(id, name),
                joined_at: Some(at("2025-01-01T08:00:00Z")),
                left_at: None,
            })
            .collect(),
        counts: Counts::default(),
    }
}

/// Two conversations of people and three teams with awkward names; the last team has nothing in the range.
fn conversations() -> (Vec<ConversationEntry>, Vec<ConversationEntry>) {
    let people = vec![
        entry(1, ConversationKind::Direct, None, &["Ana Ruiz", "Bo\u{308} O'Neill"]),
        entry(2, ConversationKind::Group, None, &["Ana Ruiz", "李雷", "مريم"]),
    ];
    let teams = vec![
        entry(3, ConversationKind::Team, Some("CON.backup"), &["Ana Ruiz"]),
        entry(4, ConversationKind::Team, Some("../../etc: \"passwd\"? 🎉 "), &["Ana Ruiz"]),
        entry(5, ConversationKind::Team, Some("Empty"), &[]),
    ];
    (people, teams)
}

/// An item of each kind for each of the range's three days; one of them deleted.
fn items(conversation: &ConversationEntry) -> Vec<(NaiveDate, ItemEntry)> {
    if conversation.id == Id(5) {
        return Vec::new();
    }
    // Clocks went forward on the 29th, so the 30th begins at 23:00 UTC (C6).
    let days = [
        ("2026-03-28", "2026-03-28T00:00:00Z"),
        ("2026-03-29", "2026-03-29T22:59:59.999Z"),
        ("2026-03-30", "2026-03-29T23:00:00Z"),
    ];
    let reference = Repeated::new(ConversationRef {
        id: conversation.id,
        name: conversation.name.clone().unwrap_or("Ana Ruiz".into()),
    });
    let mut items = Vec::new();
    for (number, (day, instant)) in (0..).zip(days) {
        for (index, kind) in (0..).zip([ItemKind::Message, ItemKind::Note, ItemKind::Task, ItemKind::Event]) {
            let log = vec![Edit {
                edited_at: at(instant),
                editor: None,
                text_before: None,
                title_before: Some("Old".into()),
            }];
            let mut item = ItemEntry::new(
                (conversation.id.0 * 100 + number * 10 + index).to_string(),
                kind,
                Arc::clone(&reference),
                at(instant),
                log,
            );
            item.author = (index > 0).then(|| Repeated::new(person(9, "Robot")));
            item.text = Some("Line one\nline \"two\" \u{2028} 🎉".into());
            item.parent_id = Some("1".to_owned());
            item.attachments =
                vec![Attachment { id: "F1".into(), name: "a/b.pdf".into(), media_type: None, size: Some(3) }];
            match kind {
                ItemKind::Message => {
                    item.deleted = Some(Deletion {
                        at: at("2026-03-30T12:00:00Z"),
                        by: Some(Repeated::new(person(1, "Ana Ruiz"))),
                    })
                }
                ItemKind::Note => item.title = Some("Minutes".into()),
                ItemKind::Task => {
                    item.status = Some(TaskStatus::InProgress);
                    item.due_at = Some(at(instant));
                    item.assignees = vec![Assignee { id: None, name: "李雷".into() }];
                }
                ItemKind::Event => {
                    (item.starts_at, item.ends_at, item.all_day) = (Some(at(instant)), Some(at(instant)), Some(true));
                    item.location = Some("Room 2".into());
                }
            }
            items.push((day.parse().unwrap(), item));
        }
    }
    items
}

struct Made {
    folder: TempDir,
    key: SigningKey,
    parts: Vec<MadePart>,
}

struct MadePart {
    number: u32,
    file_name: String,
    written: WrittenPart,
}

impl Made {
    fn paths(&self) -> Vec<PathBuf> {
        self.parts.iter().map(|part| part.written.path.clone()).collect()
    }

    fn problems(&self, paths: &[PathBuf]) -> Vec<String> {
        verify(paths, Some(&self.key.public())).unwrap().problems
    }

    /// Unpacks all parts over one another with Info-ZIP; the top folder.
    fn unpack(&self) -> Option<PathBuf> {
        let target = self.folder.path().join("unpacked");
        for path in self.paths() {
            run(Command::new("unzip").arg("-qo").arg(path).arg("-d").arg(&target))?;
        }
        Some(fs::read_dir(target).unwrap().next().unwrap().unwrap().path())
    }
}

fn make(per_part: usize) -> Made {
    make_with(header(), per_part)
}

const WHOLE: usize = usize::MAX;

/// A part on its way: as the worker makes it, but in one thread.
struct Draft {
    writer: PartWriter,
    packer: Packer,
}

impl Draft {
    fn begin(folder: &Path, header: &Header, number: u32) -> Self {
        let folder = folder.join(number.to_string());
        fs::create_dir(&folder).unwrap();
        let writer = PartWriter::create(&folder, &top_of(header), header.cut).unwrap();
        Self { writer, packer: Packer::default() }
    }

    fn directory(&mut self, path: &str) {
        let mut bundle = Bundle::default();
        bundle.directory(path);
        self.writer.write(&bundle).unwrap();
    }

    fn file(&mut self, path: &str, text: &[u8]) {
        // In chunks of a size that cuts some files and leaves others whole.
        let chunks = text.chunks(3_000).count();
        for (index, chunk) in text.chunks(3_000).enumerate() {
            let mut bundle = Bundle::default();
            let place = ChunkPosition { first: index == 0, last: index + 1 == chunks };
            bundle.add(path, place, chunk);
            self.packer.pack(&mut bundle, &mut || {}).unwrap();
            self.writer.write(&bundle).unwrap();
        }
    }
}

impl Sink for Draft {
    fn directory(&mut self, path: &str) -> Result<(), Error> {
        Draft::directory(self, path);
        Ok(())
    }

    fn text(&mut self, path: &str, place: ChunkPosition, text: &[u8]) -> Result<(), Error> {
        let mut bundle = Bundle::default();
        bundle.add(path, place, text);
        self.packer.pack(&mut bundle, &mut || {})?;
        self.writer.write(&bundle)
    }

    fn aside(&mut self, path: &str, place: ChunkPosition, text: &[u8]) -> Result<(), Error> {
        let mut bundle = Bundle::default();
        bundle.add_aside(path, place, text);
        self.packer.pack(&mut bundle, &mut || {})?;
        self.writer.write(&bundle)
    }
}

fn top_of(header: &Header) -> String {
    names::top_folder(&header.account.name, header.request.first_day, header.request.last_day, header.request.id.0)
}

fn list(entries: &[ConversationEntry]) -> Vec<u8> {
    let mut text = Vec::new();
    render::begin(&mut text);
    for (index, entry) in entries.iter().enumerate() {
        render::record(&mut text, index == 0, entry).unwrap();
    }
    render::end(&mut text, entries.is_empty());
    text
}

/// An archive with so many conversations in a part.
fn make_with(header: Header, per_part: usize) -> Made {
    make_in(header, per_part, &[])
}

/// Such an archive, in these formats beside its JSON.
fn make_in(header: Header, per_part: usize, formats: &List) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::load_or_create(&folder.path().join("key")).unwrap();
    let (mut people, mut teams) = conversations();
    let all = people.len() + teams.len();
    let count = if per_part >= all { 1 } else { u32::try_from(1 + all.div_ceil(per_part)).unwrap() };
    let top = top_of(&header);
    let mut first = Draft::begin(folder.path(), &header, 1);
    for path in ["", names::LISTS[0].0, names::LISTS[1].0, names::PEOPLE_CHATS, names::TEAM_CHATS] {
        first.directory(path);
    }
    for format in formats {
        format.shared(&mut first).unwrap();
    }
    let mut drafts = vec![first];
    for number in 2..=count {
        let mut draft = Draft::begin(folder.path(), &header, number);
        let about = PartManifest {
            format_version: FORMAT_VERSION,
            program: Program::this(),
            header: header.clone(),
            part: number,
        };
        let mut text = Vec::new();
        render::object(&mut text, &about).unwrap();
        draft.file(&names::manifest_file(number), &text);
        drafts.push(draft);
    }
    let zone = header.request.time_zone.parse().unwrap();
    let begin = |number| formats.iter().map(|format| format.part(Part { number, zone })).collect::<Vec<_>>();
    let mut copies: Vec<_> = (1..).zip(&drafts).map(|(number, _)| begin(number)).collect();
    let parts = i32::try_from(count).unwrap();
    let whole = ExportInfo { header: &header, zone, parts, folder: folder.path(), formats };
    let mut lists: Vec<_> = formats.iter().map(|format| (format.about().key, format.lists(whole).unwrap())).collect();
    let mut folders = Vec::new();
    for (index, entry) in people.iter_mut().chain(&mut teams).enumerate() {
        let part = if count == 1 { 0 } else { 1 + index / per_part };
        let (draft, copies) = (drafts.get_mut(part).unwrap(), copies.get_mut(part).unwrap());
        draft.directory(&entry.folder);
        copy_items(entry, index as u64, copies, draft);
        let mut days: Vec<(DayCount, Vec<u8>)> = Vec::new();
        for (day, item) in items(entry) {
            if days.last().is_none_or(|(count, _)| count.day != day) {
                days.push((DayCount { day, items: 0, deleted: 0 }, b"[\n".to_vec()));
            }
            let (count, text) = days.last_mut().unwrap();
            render::record(text, count.items == 0, &item).unwrap();
            count.items += 1;
            count.deleted += u64::from(item.deleted.is_some());
        }
        for (count, text) in &mut days {
            render::end(text, false);
            draft.file(&format!("{}/{}.json", entry.folder, count.day), text);
        }
        let days: Vec<_> = days.into_iter().map(|(count, _)| count).collect();
        entry.counts = Counts {
            item_count: days.iter().map(|day| day.items).sum(),
            deleted_count: days.iter().map(|day| day.deleted).sum(),
            days: days.len() as u64,
        };
        let (name, folder) = (entry.name.clone().unwrap_or_default(), entry.folder.clone());
        let chat = Chat { id: entry.id.0, name: &name, folder: &folder, rank: index as u64 };
        let portions: &[_] = if days.is_empty() { &[] } else { &[None] };
        for (_, list) in &mut lists {
            let listed = ListedConversation { chat, entry, days: &days, portions };
            list.add(&listed, drafts.first_mut().unwrap()).unwrap();
        }
        if !days.is_empty() {
            folders.push(FolderCount { folder: entry.folder.clone(), days });
        }
    }
    for (draft, copies) in drafts.iter_mut().zip(&mut copies).skip(usize::from(count > 1)) {
        copies.iter_mut().for_each(|copy| copy.finish(draft).unwrap());
    }
    let mut later = drafts.split_off(1);
    let mut draft = drafts.remove(0);
    for ((folder, file), entries) in names::LISTS.into_iter().zip([&people, &teams]) {
        draft.file(&format!("{folder}/{file}"), &list(entries));
    }
    let info = |number| PartInfo {
        number,
        file: names::part_file(&top, number, count),
        sums: names::sums_file(number),
        items: 0,
        size: None,
        sha256: None,
    };
    let sum = |of: fn(&DayCount) -> u64| folders.iter().flat_map(|folder| &folder.days).map(of).sum();
    let totals = Totals { conversations: all as u64, items: sum(|day| day.items), deleted: sum(|day| day.deleted) };
    let mut said = Vec::new();
    for (key, list) in lists {
        said.push((key, list.end(totals, &mut draft).unwrap()));
    }
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        program: Program::this(),
        header: header.clone(),
        part: 1,
        totals,
        parts: (1..=count).map(info).collect(),
        copies: (!said.is_empty()).then(|| said.into_iter().collect()),
        counts: Vec::new(),
    };
    let mut text = Vec::new();
    render::manifest_begin(&mut text, &manifest).unwrap();
    for (index, folder) in folders.iter().enumerate() {
        render::manifest_count(&mut text, index == 0, folder).unwrap();
    }
    render::manifest_end(&mut text, folders.is_empty());
    draft.file("manifest.json", &text);
    let finish = |draft: Draft, number, others: &[(String, String)]| MadePart {
        number,
        file_name: names::part_file(&top, number, count),
        written: draft.writer.finish(number, others, &key, &format!("compliance export 12, part {number}")).unwrap(),
    };
    let mut parts: Vec<_> = (2..).zip(later.drain(..)).map(|(number, draft)| finish(draft, number, &[])).collect();
    let sums: Vec<_> =
        parts.iter().map(|part| (names::sums_file(part.number), part.written.sums_sha256.clone())).collect();
    parts.insert(0, finish(draft, 1, &sums));
    Made { folder, key, parts }
}

/// What the formats write of a conversation's items: of each day in one chunk.
fn copy_items(entry: &ConversationEntry, rank: u64, copies: &mut [Box<dyn PartCopy>], draft: &mut Draft) {
    let items = items(entry);
    let chat = Chat { id: entry.id.0, name: entry.name.as_deref().unwrap_or("Ana"), folder: &entry.folder, rank };
    for copy in copies {
        copy.begin(&chat, draft).unwrap();
        for of_day in items.chunk_by(|(one, _), (other, _)| one == other) {
            let day = of_day.first().unwrap().0;
            let items: Vec<ItemEntry> = of_day.iter().map(|(_, item)| item.clone()).collect();
            let (previous, next, place, items) = (None, None, ChunkPosition::WHOLE, &items);
            let chunk = Chunk { chat, begins: true, day, previous, next, place, items };
            copy.items(&chunk, &mut |_| Ok(Default::default()), draft).unwrap();
        }
        copy.end(draft).unwrap();
    }
}

/// Names and texts of everything in a part.
fn contents(part: &Path) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(fs::File::open(part).unwrap()).unwrap();
    let length = zip.len();
    let read = |index| {
        let mut file = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..length).map(read).collect()
}

/// Runs a reviewer's tool. Where it is missing: `None`, but in CI a failure.
fn run(command: &mut Command) -> Option<String> {
    let tool = command.get_program().to_owned();
    match command.output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert!(output.status.success(), "{} failed: {text}", tool.display());
            Some(text)
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{} is needed in CI: {error}", tool.display());
            eprintln!("skipped: {} is missing", tool.display());
            None
        }
    }
}

#[test]
fn a_written_archive_passes_check_and_verify() {
    let made = make(WHOLE);
    let paths = made.paths();
    let [part] = made.parts.as_slice() else { panic!("one part was expected") };
    assert_eq!(part.file_name, "Northwind_ Traders_-2026-03-28-to-2026-03-30-12.zip");
    let checked = check(&part.written, &mut || Ok(())).unwrap();
    let whole = fs::read(&part.written.path).unwrap();
    assert_eq!((checked.size, checked.sha256), (whole.len() as u64, hex(&sums::sha256(&whole))));
    let report = verify(&paths, Some(&made.key.public())).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!((report.conversations, report.items, report.deleted), (5, 48, 12));
    assert!(report.signature_checked);
    assert!(!verify(&paths, None).unwrap().signature_checked);
}

#[test]
fn the_check_can_be_cancelled() {
    let made = make(WHOLE);
    let part = made.parts.first().unwrap();
    let error = check(&part.written, &mut || Err(Error::conflict("cancelled"))).unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
}

#[test]
fn several_parts_make_one_tree() {
    let made = make(2);
    assert_eq!(made.parts.len(), 4);
    for part in &made.parts {
        assert!(part.file_name.ends_with(&format!("-12-part-{}.zip", part.number)));
        check(&part.written, &mut || Ok(())).unwrap();
    }
    assert_eq!(made.problems(&made.paths()), Vec::<String>::new());
    let Some(tree) = made.unpack() else { return };
    assert_eq!(made.problems(std::slice::from_ref(&tree)), Vec::<String>::new());
    let one = make(WHOLE);
    let Some(whole) = one.unpack() else { return };
    run(Command::new("diff").arg("-r").args(["-x", "SHA256SUMS*", "-x", "manifest*"]).arg(whole).arg(tree));
}

#[test]
fn reviewers_tools_open_and_check_it() {
    let made = make(WHOLE);
    let part = made.paths().remove(0);
    let python =
        "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(len(z.namelist()))";
    if let Some(count) = run(Command::new("python3").args(["-c", python]).arg(&part)) {
        assert_eq!(count.trim(), contents(&part).len().to_string());
    }
    run(Command::new("unzip").arg("-tq").arg(&part));
    let Some(tree) = made.unpack() else { return };
    let sums = run(Command::new("sha256sum").args(["--strict", "-c", "SHA256SUMS"]).current_dir(&tree));
    assert!(sums.is_none_or(|sums| !sums.contains("FAILED")));
    let [signature, _] = review::commands(&made.key.public(), 1);
    let output = run(Command::new("minisign").args(signature.split(' ').skip(1)).current_dir(&tree));
    assert!(output.is_none_or(|output| output.contains("compliance export 12, part 1")));
    assert!(tree.join("Team_Chats/Empty - 5").is_dir());
    let people = fs::read_to_string(tree.join("Team_Chats/_CON.backup - 3/2026-03-30.json")).unwrap();
    assert_eq!(people.lines().count(), 6);
}

#[test]
fn the_first_archives_manifests_are_read_which_do_not_tell_of_access() {
    let mut manifest = serde_json::to_value(header()).unwrap();
    for field in ["capture", "access"] {
        assert!(manifest.as_object_mut().unwrap().remove(field).is_some(), "{field}");
    }
    let read: Header = serde_json::from_value(manifest).unwrap();
    assert_eq!(read, Header { capture: None, access: Vec::new(), ..header() });
}

#[test]
fn the_commands_of_the_description_work() {
    let (made, several) = (make(WHOLE), make(2));
    let (Some(whole), Some(parts)) = (made.unpack(), several.unpack()) else { return };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/archive-format.md");
    let text = fs::read_to_string(path).unwrap();
    let blocks: Vec<_> = text.split("```sh\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    let scratch = made.folder.path().join("scratch-");
    for block in &blocks {
        let script = block.replace("PUBLIC_KEY", &made.key.public().line()).replace("/tmp/", scratch.to_str().unwrap());
        let tools = ["jq", "minisign", "sha256sum"].into_iter().filter(|tool| script.contains(tool));
        if tools
            .filter(|tool| run(Command::new(tool).arg(if *tool == "minisign" { "-v" } else { "--version" })).is_none())
            .count()
            > 0
        {
            continue;
        }
        let tree = if script.contains("-part-") { &parts } else { &whole };
        let output = run(Command::new("sh").args(["-euc", &script]).current_dir(tree)).unwrap();
        let silent = script.contains("comm -3") || script.contains("-part-*");
        assert_eq!(output.is_empty(), silent, "{script}: {output}");
    }
    assert_eq!(blocks.len(), 9);
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let (one, other) = (make(2), make(2));
    for (one, other) in one.paths().iter().zip(other.paths()) {
        // Each has a key, and so signatures, of its own.
        let unsigned = |path: &Path| {
            let mut contents = contents(path);
            contents.retain(|(name, _)| !name.ends_with(".minisig"));
            contents
        };
        assert!(unsigned(one) == unsigned(&other), "{}", one.display());
    }
}

fn json_files(path: &Path) -> Vec<(String, String)> {
    let mut zip = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    let read = |name: String| {
        let mut text = String::new();
        zip.by_name(&name).unwrap().read_to_string(&mut text).unwrap();
        (name, text)
    };
    names.into_iter().filter(|name| name.ends_with(".json")).map(read).collect()
}

/// Forbids fields that a schema does not describe: readers must accept them within a version, but we don't write any.
fn strict(schema: &mut Value) {
    if let Value::Object(object) = schema {
        if object.get("type") == Some(&json!("object")) {
            object.insert("additionalProperties".into(), json!(false));
        }
        object.values_mut().for_each(strict);
    } else if let Value::Array(array) = schema {
        array.iter_mut().for_each(strict);
    }
}

#[test]
fn every_json_file_fits_its_schema() {
    let made = [make(WHOLE), make(2)];
    let validators = ["conversations", "day", "manifest"].map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schemas/{name}.schema.json"));
        let mut schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        strict(&mut schema);
        jsonschema::draft202012::new(&schema).unwrap()
    });
    let [list, day, manifest] = &validators;
    let mut seen = 0;
    for (name, text) in made.iter().flat_map(Made::paths).flat_map(|path| json_files(&path)) {
        let value = serde_json::from_str(&text).unwrap();
        let validator = match name.rsplit('/').next().unwrap() {
            "users.json" | "teams.json" => list,
            name if name.starts_with("manifest") => manifest,
            _ => day,
        };
        let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
        seen += 1;
    }
    assert!(seen > 30, "{seen} files");
}

#[test]
fn chunks_out_of_order_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut draft = Draft::begin(folder.path(), &header(), 1);
    let mut bundle = Bundle::default();
    bundle.add("a", ChunkPosition { first: false, last: true }, b"text");
    assert!(draft.writer.write(&bundle).is_err());
    draft.packer.pack(&mut bundle, &mut || {}).unwrap();
    assert!(draft.writer.write(&bundle).is_err());
    bundle.clear();
    bundle.add("a", ChunkPosition::WHOLE, b"text");
    assert!(draft.writer.write(&bundle).unwrap_err().to_string().contains("packed"));
    bundle.clear();
    bundle.add("a", ChunkPosition { first: true, last: false }, b"text");
    draft.packer.pack(&mut bundle, &mut || {}).unwrap();
    draft.writer.write(&bundle).unwrap();
    let key = SigningKey::load_or_create(&folder.path().join("key")).unwrap();
    assert!(draft.writer.finish(1, &[], &key, "unfinished").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the bytes and wherever they are cut: what is read is what was written.
    #[test]
    fn any_bytes_in_any_chunks_come_out_as_they_went_in(
        files in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(0_u8..4, 0..3_000), 1..4), 0..6),
        names in proptest::collection::vec("[a-zé/ ]{1,20}", 6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut draft = Draft::begin(folder.path(), &header(), 1);
        draft.directory("");
        let mut expected = Vec::new();
        for (index, (chunks, name)) in files.iter().zip(&names).enumerate() {
            let path = format!("{index}{name}.json");
            let mut bundle = Bundle::default();
            for (number, chunk) in chunks.iter().enumerate() {
                let place = ChunkPosition { first: number == 0, last: number + 1 == chunks.len() };
                bundle.add(&path, place, chunk);
            }
            draft.packer.pack(&mut bundle, &mut || {}).unwrap();
            draft.writer.write(&bundle).unwrap();
            expected.push((format!("{}/{path}", top_of(&header())), chunks.concat()));
        }
        let key = SigningKey::load_or_create(&folder.path().join("key")).unwrap();
        let written = draft.writer.finish(1, &[], &key, "any").unwrap();
        check(&written, &mut || Ok(())).unwrap();
        let mut found = contents(&written.path);
        found.retain(|(name, _)| !name.contains("SHA256SUMS") && !name.ends_with('/'));
        prop_assert!(found == expected);
    }

    /// Nor does it matter where in a file its bundle is full.
    #[test]
    fn what_is_begun_can_move_into_another_bundle(
        files in proptest::collection::vec(proptest::collection::vec(0_u8..4, 0..3_000), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut packer = Packer::default();
        let mut packed = |bundle: &mut Bundle| {
            packer.pack(bundle, &mut || {}).unwrap();
            let mut all = Vec::new();
            bundle
                .each(&mut |path, packed| {
                    let Packed::File { facts, hash, data, .. } = packed else { panic!("{path} is no file") };
                    all.push((path.to_owned(), facts.size, facts.crc, hash, data.to_vec()));
                    Ok(())
                })
                .unwrap();
            all
        };
        let (mut one, mut first, mut second) = (Bundle::default(), Bundle::default(), Bundle::default());
        for (number, file) in files.iter().enumerate() {
            let path = format!("{number}.json");
            one.add(&path, ChunkPosition::WHOLE, file);
            first.begin(format_args!("{path}"));
            if number + 1 < files.len() {
                first.text().extend(file);
                first.end(ChunkPosition::WHOLE);
                continue;
            }
            let (begun, rest) = file.split_at(cut.index(file.len() + 1));
            first.text().extend(begun);
            second.take_open(&mut first);
            prop_assert_eq!(second.open_bytes(), begun.len());
            second.text().extend(rest);
            second.end(ChunkPosition::WHOLE);
        }
        prop_assert_eq!(second.entries(), 1);
        let mut moved = packed(&mut first);
        moved.extend(packed(&mut second));
        prop_assert_eq!(moved, packed(&mut one));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_found_among_the_causes() {
    use std::error::Error as _;
    let error =
        fs::OpenOptions::new().write(true).open("/dev/full").and_then(|mut full| full.write_all(b"x")).unwrap_err();
    let error = Error::internal("writing", zip::result::ZipError::Io(error));
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let kind = causes.find_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    assert_eq!(kind, Some(std::io::ErrorKind::StorageFull));
}
