//! Reading our own events: every kind of line, what is malformed, and the examples of the document.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up should stop")]

use std::path::Path;

use super::*;
use crate::capture::sources::{Finding, Sink, testing};
use crate::model::{Fact, OperatorFact};

/// What the operator's events are read as.
type Kept = testing::Kept<OperatorFact>;

fn read_text(text: impl AsRef<[u8]>) -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    std::fs::write(&path, text).unwrap();
    Kept::from(read, &path).unwrap()
}

#[test]
fn a_bad_line_is_refused_by_place_and_the_others_are_read() {
    let kept = read_text(concat!(
        "\u{feff}{\"type\":\"user\",\"id\":\"u1\",\"name\":\"Harper Quayle\"}\r\n",
        "\n   \n",
        "{\"type\":\"party\"}\n",
        "{\"type\":\"account\",\"id\":\"a\",\"name\":\"Halcyon Ports\",\"colour\":\"red\"}\n",
        "{\"type\":\"joined\",\"conversation\":\"c\",\"user\":\"u1\",\"at\":\"noon\"}\n",
        "{\"type\":\"left\"\n",
        "{\"type\":\"user\",\"id\":\"u2\",\"name\":\"Ines Marlow\"}",
    ));
    assert_eq!(kept.facts().len(), 2);
    insta::assert_snapshot!(kept.text());
    let (done, total) = kept.progress;
    assert_eq!(done, total);
}

#[test]
fn a_line_too_long_for_memory_is_refused_by_place() {
    let mut text = vec![b'x'; 17 * 1024 * 1024];
    text.extend(b"\n{\"type\":\"user\",\"id\":\"u1\"}\n");
    let kept = read_text(text);
    assert_eq!(kept.text(), "events.jsonl:1 ! the line is longer than 16 MiB\n");
    assert_eq!(kept.facts().len(), 1);
}

#[test]
fn a_folder_is_read_by_name_and_what_is_no_event_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let user = |id: &str| format!("{{\"type\":\"user\",\"id\":\"{id}\"}}");
    std::fs::write(folder.path().join("2.jsonl"), user("second")).unwrap();
    std::fs::write(folder.path().join("1.jsonl"), user("first")).unwrap();
    std::fs::write(folder.path().join("README"), "hello").unwrap();
    let kept = Kept::from(read, folder.path()).unwrap();
    assert_eq!(kept.text(), "README · not read: its name does not end in .jsonl\n");
    let files: Vec<_> = kept.findings.iter().skip(1).map(|(place, _)| place.file.as_str()).collect();
    assert_eq!(files, ["1.jsonl", "2.jsonl"]);
}

#[test]
fn what_is_not_there_or_a_zip_or_an_empty_folder_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let message = |path: &Path| Kept::from(read, path).err().unwrap().message().to_owned();
    assert!(message(&folder.path().join("none")).starts_with("There is no file or folder"));
    assert!(message(folder.path()).contains("ends in .jsonl"));
    let zip = folder.path().join("events.zip");
    std::fs::write(&zip, b"PK\x03\x04rest").unwrap();
    assert!(message(&zip).contains("unpack it"));
}

#[test]
fn an_error_of_the_sink_ends_the_reading() {
    struct Strict(u32);
    impl Sink<OperatorFact> for Strict {
        fn finding(&mut self, _: &FilePlace, finding: Finding<OperatorFact>) -> Result<()> {
            self.0 += 1;
            match finding {
                Finding::Problem(reason) => Err(crate::error::Error::new(crate::error::Kind::Invalid, reason)),
                Finding::Fact(_) | Finding::Note(_) => Ok(()),
            }
        }
        fn progress(&mut self, _: u64, _: u64) {}
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    std::fs::write(&path, "nonsense\n{\"type\":\"user\",\"id\":\"u1\"}\n").unwrap();
    let mut sink = Strict(0);
    assert!(read(&path, &mut sink).is_err());
    assert_eq!(sink.0, 1);
}

/// The example lines of the document.
fn examples() -> Vec<String> {
    let document = include_str!("../../../../docs/recording.md");
    let mut inside = false;
    let mut lines = Vec::new();
    for line in document.lines() {
        match line {
            "```json" => inside = true,
            "```" => inside = false,
            _ if inside => lines.push(line.to_owned()),
            _ => {}
        }
    }
    lines
}

#[test]
fn the_documents_examples_are_what_the_schema_and_the_reader_take() {
    let schema = serde_json::from_str(include_str!("../../../../docs/schemas/recording.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let examples = examples();
    for line in &examples {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(schema.is_valid(&value), "{line}: {:?}", schema.iter_errors(&value).collect::<Vec<_>>());
        let mut unknown = value.clone();
        unknown.as_object_mut().unwrap().insert("colour".to_owned(), "red".into());
        assert!(!schema.is_valid(&unknown), "{unknown}");
        assert!(parse::<OperatorFact>(unknown.to_string().as_bytes()).is_err(), "{line}");
    }
    let kept = read_text(examples.join("\n"));
    assert_eq!(kept.text(), "");
    let types = [
        kept.count(|fact| matches!(fact, OperatorFact::Account(_))),
        kept.count(|fact| matches!(fact, OperatorFact::Fact(Fact::User(_)) | OperatorFact::UserWithRole { .. })),
        kept.count(|fact| matches!(fact, OperatorFact::Fact(Fact::Conversation(_)))),
        kept.count(|fact| matches!(fact, OperatorFact::Fact(Fact::Joined(_) | Fact::Left(_)))),
        kept.count(|fact| matches!(fact, OperatorFact::Fact(Fact::ItemCreated(_)))),
        kept.count(|fact| matches!(fact, OperatorFact::Fact(Fact::ItemEdited(_)))),
        kept.count(|fact| matches!(fact, OperatorFact::Fact(Fact::ItemDeleted(_)))),
    ];
    assert!(types.iter().all(|count| *count > 0), "an example of each type: {types:?}");
}

/// What a connector is understood to say in a line, or why not.
fn connector(line: &str) -> std::result::Result<Fact, String> {
    parse(line.as_bytes())
}

#[test]
fn i12_no_line_of_a_connector_makes_an_administrator() {
    for role in ["true", "false"] {
        let line = format!(r#"{{"type":"user","id":"u1","name":"Harper","admin":{role}}}"#);
        let reason =
            "“admin” is for the operator to say: a connector can't give or take the admin role, so leave it out";
        assert_eq!(connector(&line), Err(reason.to_owned()));
        let is_admin = role == "true";
        let Ok(OperatorFact::UserWithRole { user, is_admin: fact }) = parse(line.as_bytes()) else { unreachable!() };
        assert_eq!((user.name.as_str(), fact), ("Harper", is_admin));
    }
    let without = [r#"{"type":"user","id":"u1"}"#, r#"{"type":"user","id":"u1","admin":null}"#];
    for line in without {
        assert!(matches!(connector(line), Ok(Fact::User(user)) if user.id == "u1"));
    }
}

#[test]
fn i12_a_company_of_a_connector_is_no_account() {
    let line = r#"{"type":"account","id":"halcyon","name":"Halcyon Ports"}"#;
    assert!(matches!(connector(line), Ok(Fact::Company(company)) if company.name == "Halcyon Ports"));
    assert!(matches!(parse(line.as_bytes()), Ok(OperatorFact::Account(company)) if company.id == "halcyon"));
}

#[test]
fn what_connector_and_operator_may_both_say_is_the_same_fact() {
    for line in examples() {
        let operators: OperatorFact = parse(line.as_bytes()).unwrap();
        match connector(&line) {
            Ok(Fact::Company(company)) => assert_eq!(operators, OperatorFact::Account(company)),
            Ok(fact) => assert_eq!(operators, OperatorFact::Fact(fact)),
            Err(_) => assert!(matches!(operators, OperatorFact::UserWithRole { .. }), "{line}"),
        }
    }
}

#[test]
fn every_reason_is_one_that_both_are_told() {
    let line = r#"{"type":"joined","conversation":"c","user":"u1","at":"noon"}"#;
    let reason = connector(line).unwrap_err();
    assert_eq!(parse::<OperatorFact>(line.as_bytes()), Err(reason.clone()));
    assert!(reason.starts_with("“noon” is not a time"), "{reason}");
}
