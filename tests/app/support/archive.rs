//! A finished archive, opened.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use serde_json::Value;

/// Its files below the top folder, by path; folders end in `/`.
pub struct Archive {
    pub top: String,
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Archive {
    pub fn open(parts: impl IntoIterator<Item = impl Read + Seek>) -> Self {
        let mut archive = Self { top: String::new(), files: BTreeMap::new() };
        for part in parts {
            let mut zip = zip::ZipArchive::new(part).unwrap();
            for index in 0..zip.len() {
                let mut entry = zip.by_index(index).unwrap();
                let name = entry.name().unwrap().into_owned();
                let (top, path) = name.split_once('/').expect("one top folder");
                archive.top = top.to_owned();
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).unwrap();
                archive.files.insert(path.to_owned(), bytes);
            }
        }
        archive
    }

    /// A JSON file.
    pub fn json(&self, path: &str) -> Value {
        let bytes = self.files.get(path).unwrap_or_else(|| panic!("no {path} among {:?}", self.files.keys()));
        serde_json::from_slice(bytes).expect(path)
    }

    pub fn manifest(&self) -> Value {
        self.json("manifest.json")
    }

    /// Every listed conversation: first those of people, then teams.
    pub fn conversations(&self) -> Vec<Value> {
        let lists = ["People_And_Groups/users.json", "Teams/teams.json"];
        lists.iter().flat_map(|list| self.json(list).as_array().unwrap().clone()).collect()
    }

    /// Paths of the day files.
    pub fn day_files(&self) -> Vec<&str> {
        let chats = |path: &&str| path.contains("_Chats/") && path.ends_with(".json");
        self.files.keys().map(String::as_str).filter(chats).collect()
    }

    /// Every item, in the order of the files.
    pub fn items(&self) -> Vec<Value> {
        self.day_files().into_iter().flat_map(|path| self.json(path).as_array().unwrap().clone()).collect()
    }

    /// The text of every item; `null` is "(none)".
    pub fn texts(&self) -> Vec<String> {
        self.items().iter().map(|item| item["text"].as_str().unwrap_or("(none)").to_owned()).collect()
    }

    /// The item with this id.
    pub fn item(&self, id: &str) -> Value {
        self.items().into_iter().find(|item| item["id"] == id).unwrap_or_else(|| panic!("no item {id}"))
    }
}
