//! Whether two archives hold the same day files: only then their figures can be compared.

use std::collections::hash_map::DefaultHasher;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::BufReader;
use std::path::PathBuf;

use zip::ZipArchive;

/// The day files of an archive: how many, their bytes, and a digest of their names, check sums and lengths, whatever
/// their order.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DayFiles {
    pub files: u64,
    pub bytes: u64,
    digest: u64,
}

/// The day files in all of these parts.
pub fn day_files(parts: &[PathBuf]) -> DayFiles {
    let mut all = DayFiles::default();
    for part in parts {
        let mut archive = ZipArchive::new(BufReader::new(File::open(part).unwrap())).unwrap();
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).unwrap();
            let name = entry.name().unwrap();
            // Archives differ in what they put above these folders.
            let Some(start) = name.find("People_Chats/").or_else(|| name.find("Team_Chats/")) else { continue };
            if entry.is_dir() {
                continue;
            }
            let mut hasher = DefaultHasher::new();
            (&name[start..], entry.crc32(), entry.size()).hash(&mut hasher);
            all.files += 1;
            all.bytes += entry.size();
            all.digest = all.digest.wrapping_add(hasher.finish());
        }
    }
    all
}
