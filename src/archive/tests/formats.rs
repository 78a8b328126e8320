//! What every format promises, and how one is added: [`Plain`] is a fourth, which is written, listed and verified like those of
//! the house without a line of theirs.

use std::io::BufRead;

use super::*;
use crate::archive::formats::needs::{Extent, Needs};
use crate::archive::formats::{
    self, About, Check, Days, FindDays, Format, ListCopy, PartCopy, Record, Tally, owned_by_json,
};
use crate::archive::verify_with;

/// A line for each item, in a file beside that of the JSON.
struct Plain;

static ABOUT: About = About {
    key: "plain",
    label: "Plain text",
    description: "A line for each item.",
    help: "Add plain text, a line for each item",
    start: None,
    pointer: None,
};

const WITH_PLAIN: &List = &[&formats::html::Html, &formats::csv::Csv, &Plain];

impl Format for Plain {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self, _: Extent) -> Needs {
        Needs { entries_per_day: 1, per_day: 500, per_record: 20, texts: 1, ..Needs::default() }
    }

    fn owns(&self, path: &str) -> bool {
        path.ends_with(".txt")
    }

    fn shared(&self, _: &mut dyn Sink) -> Result<(), Error> {
        Ok(())
    }

    fn part(&self, _: Part) -> Box<dyn PartCopy> {
        Box::new(Lines)
    }

    fn lists<'a>(&self, _: ExportInfo<'a>) -> Result<Box<dyn ListCopy + 'a>, Error> {
        Ok(Box::new(Count(0)))
    }

    fn check(&self, said: &FormatInfo) -> Result<Box<dyn Check>, String> {
        Ok(Box::new(Found { declared: said.number("days")?, days: Days::default() }))
    }
}

struct Lines;

impl PartCopy for Lines {
    fn items(&mut self, chunk: &Chunk<'_>, _: &mut FindDays<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        let line =
            |item: &ItemEntry| format!("{} {}\n", item.id, item.text.clone().unwrap_or_default().replace('\n', " "));
        let text: String = chunk.items.iter().map(line).collect();
        sink.aside(&format!("{}/{}.txt", chunk.chat.folder, chunk.day), chunk.place, text.as_bytes())
    }
}

struct Count(u64);

impl ListCopy for Count {
    fn add(&mut self, listed: &ListedConversation<'_>, _: &mut dyn Sink) -> Result<(), Error> {
        self.0 += listed.days.len() as u64;
        Ok(())
    }

    fn end(self: Box<Self>, _: Totals, _: &mut dyn Sink) -> Result<FormatInfo, Error> {
        Ok(FormatInfo::from_iter([("days", FormatValue::from(self.0))]))
    }
}

struct Found {
    declared: u64,
    days: Days,
}

impl Check for Found {
    fn read(&mut self, path: &str, record: &Record<'_>, reader: &mut dyn BufRead) -> Result<(), String> {
        let (folder, file) = path.rsplit_once('/').ok_or("lies in no folder")?;
        let day = file.strip_suffix(".txt").and_then(|day| day.parse().ok()).ok_or("is not named after a day")?;
        let (mut text, mut tally) = (String::new(), Tally::default());
        reader.read_to_string(&mut text).map_err(|e| e.to_string())?;
        text.lines().for_each(|line| tally.add(line.split(' ').next().unwrap_or_default()));
        self.days.insert(record.day(folder, day).ok_or("is of a day that is not counted")?, tally);
        Ok(())
    }

    fn compare(&self, record: &Record<'_>, problem: &mut dyn FnMut(String)) {
        if self.declared != record.day_files() {
            problem("manifest.json: counts other days".to_owned());
        }
        for (folder, day, number, found) in record.days() {
            if self.days.get(&number) != Some(found) {
                problem(format!("{folder}/{day}.txt: has not the items of the JSON"));
            }
        }
    }
}

fn files(made: &Made) -> Vec<String> {
    let all = made.parts.iter().flat_map(|part| contents(&part.written.path));
    let below = all.map(|(path, _)| path.split_once('/').map_or(String::new(), |(_, path)| path.to_owned()));
    below.filter(|path| !path.is_empty() && !path.ends_with('/')).collect()
}

#[test]
fn a_fourth_format_is_a_type_and_a_line_in_a_list() {
    for per_part in [WHOLE, 2] {
        let made = make_in(header(), per_part, WITH_PLAIN);
        for part in &made.parts {
            check(&part.written, &mut || Ok(())).unwrap();
        }
        assert_eq!(files(&made).iter().filter(|path| path.ends_with(".txt")).count(), 12);
        let key = Some(&made.key.public());
        let report = verify_with(&made.paths(), key, WITH_PLAIN).unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
        // One who does not know it says so, rather than that all is well.
        let problems = verify(&made.paths(), key).unwrap().problems;
        assert!(problems.contains(&"manifest.json: this program does not know its format “plain”".to_owned()));
    }
}

#[test]
fn a_fourth_format_is_held_against_the_json() {
    let made = make_in(header(), WHOLE, &[&Plain]);
    let Some(top) = made.unpack() else { return };
    let file = top.join("Team_Chats/Empty - 5/2026-03-28.txt");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let name = files(&made).into_iter().find(|path| path.ends_with(".txt")).unwrap();
    let text = fs::read_to_string(top.join(&name)).unwrap();
    fs::write(top.join(&name), text.replacen(' ', "x ", 1)).unwrap();
    fs::write(&file, "1 One\n").unwrap();
    let problems = verify_with(&[top], None, WITH_PLAIN).unwrap().problems;
    for problem in [format!("{name}: has not the items of the JSON"), "28.txt: not listed in the check sums".to_owned()]
    {
        assert!(problems.iter().any(|found| found.ends_with(&problem)), "{problem}: {problems:?}");
    }
}

#[test]
fn a_manifest_that_says_too_little_of_a_format_is_a_problem() {
    for format in WITH_PLAIN {
        assert!(format.check(&FormatInfo::default()).is_err_and(|problem| problem.starts_with("says no number of")));
    }
}

#[test]
fn what_the_manifest_says_keeps_its_order() {
    let text = r#"{"zip":{"files":2,"folder":"Zips"},"ant":{}}"#;
    let said: Copied = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&said).unwrap(), text);
    let zip = said.get("zip").unwrap();
    assert_eq!(zip.number("files"), Ok(2));
    assert!(zip.number("folder").is_err() && zip.number("days").is_err());
    assert!(serde_json::from_str::<FormatInfo>(r#"{"files":2,"files":3}"#).is_err());
}

#[test]
fn formats_have_names_of_their_own() {
    let keys: Vec<_> = WITH_PLAIN.iter().map(|format| format.about().key).collect();
    for format in WITH_PLAIN {
        let About { key, label, description, help, .. } = format.about();
        assert_eq!(keys.iter().filter(|other| *other == key).count(), 1);
        assert!(!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{key}");
        assert!(label.starts_with(char::is_uppercase) && description.ends_with('.') && !help.ends_with('.'), "{key}");
    }
    let every = formats::every();
    assert_eq!(every.to_string().parse(), Ok(every.clone()));
    let chosen = formats::chosen(formats::ALL, &every).unwrap();
    assert!(chosen.iter().map(|format| format.about().key).eq(["html", "csv"]));
    assert!(formats::chosen(formats::ALL, &["plain"].into_iter().collect()).is_err());
}

#[test]
fn every_file_is_of_one_format() {
    for per_part in [WHOLE, 2] {
        let made = make_in(header(), per_part, WITH_PLAIN);
        for path in files(&made) {
            let owners = WITH_PLAIN.iter().filter(|format| format.owns(&path)).count();
            assert_eq!(owners + usize::from(owned_by_json(&path)), 1, "{path}");
        }
        // And each has some.
        for format in WITH_PLAIN {
            assert!(files(&made).iter().any(|path| format.owns(path)), "{}", format.about().key);
        }
    }
}

#[test]
fn no_format_takes_more_than_it_needs() {
    for formats in [WITH_PLAIN, formats::ALL, &[], &[&formats::html::Html], &[&formats::csv::Csv], &[&Plain]] {
        let made = make_in(header(), WHOLE, formats);
        let (people, teams) = conversations();
        let all: Vec<_> = people.iter().chain(&teams).collect();
        let stays = all.iter().map(|entry| entry.members.len() as u64).sum();
        let extent = Extent { conversations: all.len() as u64, stays };
        let needs = formats.iter().map(|format| format.needs(extent)).fold(Needs::JSON, |all, one| all.and(&one));
        let (mut entries, mut bytes) = (needs.own, extent.stays * needs.per_stay);
        for entry in all {
            let (items, days) = (items(entry), 3);
            (entries, bytes) = (entries + 1, bytes + needs.per_conversation);
            if !items.is_empty() {
                entries += days * needs.entries_per_day + needs.entries_per_portion;
                bytes += days as u64 * needs.per_day;
            }
            for (_, item) in items {
                let records = 1 + item.edits().len() as u64;
                bytes += records * needs.per_record + item.text.map_or(0, |text| text.len() as u64) * needs.texts;
            }
        }
        let part = made.parts.first().unwrap();
        assert!(contents(&part.written.path).len() <= entries);
        assert!(fs::metadata(&part.written.path).unwrap().len() <= bytes);
    }
}
