//! The letters as snapshots, and that hostile names change nothing but themselves.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use chrono_tz::Europe;

use super::*;
use crate::model::{Filters, Formats, Status};

fn request(status: Status) -> ExportRequest {
    let at = |text: &str| text.parse().unwrap();
    ExportRequest {
        id: 7,
        account_id: 1,
        requester_id: 1,
        first_day: "2026-11-01".parse().unwrap(),
        last_day: "2026-11-22".parse().unwrap(),
        time_zone: Europe::London,
        filters: Filters::default(),
        status,
        reason: Some("The disk is full.".into()),
        attempts: 1,
        requested_at: at("2026-11-23T13:58:12Z"),
        started_at: None,
        planned_at: None,
        cut: None,
        finished_at: None,
        expires_at: Some(at("2026-12-23T14:05:00Z")),
        deleted_at: None,
        items_total: Some(5000),
        items_done: 5000,
        formats: Formats::default(),
    }
}

fn part(number: i32, size: i64) -> Part {
    Part { number, file_name: format!("halden-part-{number}.zip"), size, sha256: "3f2a9c1b".into() }
}

fn letter(event: MailEvent, recipient: &str, parts: &[Part]) -> Letter {
    let status = if event == MailEvent::Completed { Status::Completed } else { Status::Failed };
    let public_address = &"https://exports.halden.example".parse().unwrap();
    let request = &request(status);
    write(event, &LetterData { recipient, account: "Halden Logistics", request, parts, public_address }).unwrap()
}

fn shown(letter: &Letter) -> String {
    format!("Subject: {}\n\n{}\n\n=== HTML ===\n{}", letter.subject, letter.text, letter.html)
}

#[test]
fn a_letter_says_how_to_read_the_pages() {
    let public_address = &"https://exports.halden.example".parse().unwrap();
    let request = &ExportRequest { formats: formats::every(), ..request(Status::Completed) };
    let facts =
        LetterData { recipient: "Ana", account: "Halden", request, parts: &[part(1, 12_413_952)], public_address };
    let letter = write(MailEvent::Completed, &facts).unwrap();
    assert!(letter.text.contains("\nTo read it:       unpack it, and open index.html in a browser\n"));
    assert!(letter.html.contains("open <strong>index.html</strong> in a browser"));
}

#[test]
fn letters_are_as_they_were() {
    let completed = letter(MailEvent::Completed, "Ana Prior", &[part(1, 12_413_952)]);
    insta::assert_snapshot!("completed", shown(&completed));
    let several = letter(MailEvent::Completed, "Ana Prior", &[part(1, 4_000_000_000), part(2, 1_999_999)]);
    assert!(several.text.contains("4.0 GB in 2 files"));
    insta::assert_snapshot!("failed", shown(&letter(MailEvent::Failed, "Ana Prior", &[])));
}

#[test]
fn b5_one_link_to_the_page_and_none_to_the_data() {
    for event in [MailEvent::Completed, MailEvent::Failed] {
        let letter = letter(event, "Ana Prior", &[part(1, 1)]);
        for version in [&letter.text, &letter.html] {
            assert_eq!(version.matches("://").count(), 1, "{version}");
            assert!(version.contains("https://exports.halden.example/administration"), "{version}");
            assert!(!version.contains(".zip") && !version.contains("/parts/"), "{version}");
        }
        assert_eq!(letter.html.matches("href=").count(), 1);
    }
}

#[test]
fn hostile_names_add_no_header_and_no_markup() {
    let hostile = "Ana\r\nBcc: all@x.example <script>\u{202e}";
    for event in [MailEvent::Completed, MailEvent::Failed] {
        let letter = letter(event, hostile, &[]);
        assert!(!letter.subject.contains(['\r', '\n']));
        assert!(letter.text.starts_with("Hello Ana Bcc: all@x.example <script>,\n"), "{}", letter.text);
        assert!(!letter.html.contains("<script>") && !letter.html.contains('\u{202e}'));
    }
}
