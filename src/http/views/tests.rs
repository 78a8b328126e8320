//! What every page keeps to: snapshots of each state, escaping, and what assistive technology needs.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]
#![allow(clippy::print_stdout, reason = "shown by --nocapture")]

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;

use super::assets;
use super::fixtures::{HOSTILE, every_page, fragment, request};
use super::history::{Row, State};
use crate::model::Status;

/// Hashes of assets change with every change of style; the pages do not.
fn without_hashes(page: &str) -> String {
    Regex::new(r"\.[0-9a-f]{12}\.").unwrap().replace_all(page, ".HASH.").into_owned()
}

/// Every match of the first group of `pattern`.
fn all(pattern: &str, page: &str) -> Vec<String> {
    let matches = Regex::new(pattern).unwrap();
    matches.captures_iter(page).map(|found| found.get(1).unwrap().as_str().to_owned()).collect()
}

#[test]
fn pages_are_as_they_were() {
    for (name, page) in every_page() {
        insta::assert_snapshot!(name, without_hashes(&page));
    }
}

#[test]
fn every_page_has_what_assistive_technology_needs() {
    for (name, page) in every_page() {
        assert_eq!(page.matches("<h1").count(), 1, "{name}: one h1");
        assert!(page.contains("<html lang=\"en\">"), "{name}: language");
        assert!(page.contains("<main id=\"main\""), "{name}: main");
        assert_eq!(all("<title>([^<]+) · Compliance Exports</title>", &page).len(), 1, "{name}: title");

        let ids = all(r#"\sid="([^"]+)""#, &page);
        let unique: BTreeSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: ids are unique");
        for input in all(r#"<input id="([^"]+)""#, &page) {
            assert!(page.contains(&format!("<label for=\"{input}\"")), "{name}: {input} has a label");
        }
        for reference in all(r#"aria-(?:describedby|labelledby)="([^"]+)""#, &page) {
            for id in reference.split(' ') {
                assert!(unique.contains(&id.to_owned()), "{name}: {id} is on the page");
            }
        }
    }
}

#[test]
fn every_page_does_with_a_strict_content_security_policy() {
    for (name, page) in every_page() {
        assert!(!page.contains(" style="), "{name}: inline style");
        assert!(!page.contains("<style"), "{name}: inline style");
        assert!(
            all("<script([^>]*)>", &page).iter().all(|attributes| attributes.contains("src=\"/static/")),
            "{name}: inline script"
        );
        assert!(all(r"\s(on[a-z]+)=", &page).is_empty(), "{name}: inline handler");
        assert!(all(r#"(?:src|href|action)="([a-z]+://[^"]*)""#, &page).is_empty(), "{name}: another host");
    }
}

/// What a browser fetches for a page that it sees for the first time, but for the icon: style sheet and scripts, compressed
/// as they are sent, and the page itself.
#[test]
fn every_page_is_below_50_kb() {
    for (name, page) in every_page() {
        let fetched = assets::all().filter(|asset| asset.url != assets::ICON.url && page.contains(&asset.url));
        let whole = page.len() + fetched.map(|asset| asset.packed.len()).sum::<usize>();
        println!("{whole:>6} bytes: {name}");
        assert!(whole < 50_000, "{name}: {whole} bytes");
    }
}

#[test]
fn every_form_that_changes_something_carries_the_token() {
    for (name, page) in every_page() {
        let forms: Vec<_> = page.split("<form ").skip(1).filter_map(|rest| rest.split("</form>").next()).collect();
        for form in forms.iter().filter(|form| form.contains("method=\"post\"")) {
            assert!(form.contains(r#"name="csrf" value="csrf-token""#), "{name}: {form}");
        }
    }
}

#[test]
fn hostile_names_are_shown_and_harmless() {
    for (name, page) in every_page() {
        assert!(!page.contains("<script>"), "{name}");
        assert!(!page.contains(HOSTILE), "{name}");
        // Whatever turns the text around is locked into an element that keeps its direction to itself.
        for (place, _) in page.match_indices('\u{202e}') {
            let before = page.get(..place).unwrap();
            assert!(
                before.rfind("<bdi>") > before.rfind("</bdi>") || before.rfind("<pre") > before.rfind("</pre>"),
                "{name}"
            );
        }
    }
}

#[test]
fn b4_the_fragment_is_the_same_part_of_the_page() {
    let fragment = fragment();
    assert!(fragment.starts_with("<div id=\"live\" data-live=\"/administration/exports/history\" data-active>"));
    assert!(!fragment.contains("<html"));
    for words in ["1,234 of 5,000 items", "Waiting for its turn", "Counting items", "Checking the archive", "12.4 MB"] {
        assert!(fragment.contains(words), "{words}");
    }
}

#[test]
fn the_live_part_of_an_export_is_the_same_part_of_its_page() {
    let (page, fragment) = crate::http::views::export_fixtures::live();
    assert!(page.contains(&fragment));
    assert!(
        fragment
            .starts_with(r#"<div id="live" class="export" data-live="/administration/exports/10/live" data-active>"#)
    );
    assert!(!fragment.contains("<html") && fragment.contains("1,234 of 5,000 items"));
}

#[test]
fn b6_label_and_purge_use_one_instant() {
    let export = request(1, Status::Completed);
    let until = export.expires_at.unwrap();
    let state = |now| Row::new(&export, "Ana Prior", &[], &[], export.time_zone, now).state;
    assert!(matches!(state(until.plus(chrono::TimeDelta::microseconds(-1))), State::Completed { .. }));
    assert!(matches!(state(until), State::Expired { .. }));
}

/// Leaves every page in `target/preview`, to be looked at with a browser.
#[test]
fn preview() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/preview");
    std::fs::create_dir_all(folder.join("static")).unwrap();
    for asset in assets::all() {
        std::fs::write(folder.join(asset.url.trim_start_matches('/')), asset.bytes).unwrap();
    }
    for (name, page) in every_page() {
        std::fs::write(folder.join(format!("{name}.html")), page.replace("\"/static/", "\"static/")).unwrap();
    }
}
