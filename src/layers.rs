//! Which folder or file of `src` may use which others: a test reads every `use crate::…` and `crate::…` and compares.
//!
//! `ARCHITECTURE.md` draws the same.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom to the top: a module may use those of the lines above its own, and none of its own line or below.
const LAYERS: [&[&str]; 10] = [
    &["error", "keys", "model", "search_key", "sums", "terminal"],
    &["clock", "config", "days", "format", "numbers", "patience"],
    &["archive", "blobs", "db", "demo"],
    &["audit", "jobs", "mail"],
    &["identity"],
    &["capture"],
    &["exports"],
    &["http", "worker"],
    &["app"],
    &["cli"],
];

/// The only places outside of `db` and the features' `rows` that know Diesel: the audit trail is its rows, and the columns of a
/// lease are those of every job.
const DIESEL: [&str; 2] = ["audit/mod.rs", "jobs/rows.rs"];
/// The only place outside of `http` that knows actix-web: it runs the server.
const ACTIX: [&str; 1] = ["cli/serve.rs"];

fn layer(module: &str) -> usize {
    let found = LAYERS.iter().position(|layer| layer.contains(&module));
    found.unwrap_or_else(|| unreachable!("src/{module} is in no layer of src/layers.rs"))
}

/// The sources without their tests: path below `src`, and code without comments.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if name.ends_with(".rs")
                && !name.contains("tests")
                && !["lib.rs", "main.rs", "layers.rs"].contains(&&*name)
            {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
                let code =
                    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
                found.push((path.strip_prefix(&root).unwrap().to_owned(), code));
            }
        }
    }
    found
}

/// The modules of the top level that this code names.
fn used(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for after in code.split("crate::").skip(1) {
        let Some(list) = after.strip_prefix('{') else {
            used.push(first_name(after));
            continue;
        };
        let (mut depth, mut begins) = (0, true);
        for (at, character) in list.char_indices() {
            match character {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                _ if begins && character.is_alphabetic() => {
                    used.push(first_name(&list[at..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    used
}

fn first_name(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

#[test]
fn modules_use_only_those_of_lower_layers() {
    let mut wrong = Vec::new();
    for (path, code) in sources() {
        let first = path.iter().next().unwrap().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs");
        for other in used(&code) {
            // Macros stand at the top of the crate.
            if other != module && LAYERS.concat().contains(&&*other) && layer(other.as_str()) >= layer(module) {
                wrong.push(format!("{} uses {other}", path.display()));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_module_has_a_layer() {
    let modules = include_str!("lib.rs").lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    for module in modules {
        layer(module);
    }
}

#[test]
fn only_rows_know_diesel_and_only_http_knows_actix() {
    for (path, code) in sources() {
        let is_below = |folder: &str| path.iter().any(|part| part == folder);
        if code.contains("diesel::") {
            assert!(
                is_below("db") || is_below("rows") || DIESEL.iter().any(|file| path == Path::new(file)),
                "{path:?}"
            );
        }
        if code.contains("actix_web::") {
            assert!(is_below("http") || ACTIX.iter().any(|file| path == Path::new(file)), "{path:?}");
        }
    }
}
