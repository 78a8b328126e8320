//! Sentences that people wrote: those of the documents in the local cargo registry, and our own. A made-up text of random
//! words compresses like nothing that is ever exported, and a copy of other people's texts has no place in this project.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Sentences taken at most.
const ENOUGH: usize = 40_000;
/// Folders within folders that are looked into.
const DEPTH: u32 = 5;

/// Sentences in an order that depends on nothing but the documents found.
pub fn sentences() -> Vec<String> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = Vec::new();
    find_documents(&ours.join("docs"), 0, &mut documents);
    documents.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|name| ours.join(name)));
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    if let Some(home) = home {
        find_documents(&home.join("registry/src"), DEPTH, &mut documents);
    }
    let mut found = BTreeSet::new();
    for document in documents {
        // Some are in no encoding that we read.
        if let Ok(text) = fs::read_to_string(&document) {
            collect_sentences(&text, &mut found);
        }
    }
    let step = found.len().div_ceil(ENOUGH).max(1);
    found.into_iter().step_by(step).collect()
}

fn find_documents(folder: &Path, depth: u32, documents: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            documents.push(path);
        } else if depth > 0 && path.is_dir() {
            find_documents(&path, depth - 1, documents);
        }
    }
}

fn collect_sentences(text: &str, found: &mut BTreeSet<String>) {
    let mut in_code = false;
    let mut paragraph = String::new();
    for line in text.lines().chain([""]) {
        let line = line.trim();
        if line.starts_with("```") {
            in_code = !in_code;
            continue;
        }
        let prose = !in_code && line.starts_with(|first: char| first.is_alphabetic()) && !line.contains('|');
        if prose {
            paragraph.push_str(line);
            paragraph.push(' ');
            continue;
        }
        for sentence in paragraph.split_inclusive(". ").map(str::trim) {
            let begins = sentence.starts_with(char::is_uppercase);
            if begins && sentence.ends_with(['.', '!', '?']) && (25..=400).contains(&sentence.len()) {
                found.insert(sentence.to_owned());
            }
        }
        paragraph.clear();
    }
}
