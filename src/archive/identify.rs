//! What a part's `.zip` says of itself: which export it belongs to, and, in part 1, which other parts there are.
//!
//! For whoever has a file and does not know what it is. Nothing of it is believed: [`crate::archive::verify()`] judges.

use std::io::{self, BufReader, Read, Seek};

use serde::de::{DeserializeOwned, IgnoredAny};
use zip::ZipArchive;

use super::manifest::{FORMAT_VERSION, Header, Manifest, PartInfo, PartManifest, Totals};
use crate::error::{Context, Result};
use crate::keys::hex;
use crate::model::Formats;
use crate::sums::Hashing;

/// The longest manifest that is read: it counts each file of the archive.
const MAX_MANIFEST: u64 = 1 << 30;
/// Bytes hashed at a time.
const CHUNK: usize = 256 * 1024;

/// What a part says of itself.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Which export it belongs to.
    pub header: Header,
    /// Its number, from 1.
    pub part: u32,
    /// What only part 1 says.
    pub whole: Option<PartList>,
}

/// What part 1 says of the whole archive.
#[derive(Clone, Debug)]
pub struct PartList {
    pub parts: Vec<PartInfo>,
    /// Sums over all of them.
    pub totals: Totals,
    /// In which formats it can be read beside the JSON.
    pub formats: Formats,
}

/// Reads what a part says of itself; `label` names it in failures.
///
/// # Errors
/// When it is no part of an archive of this format.
pub fn identify(part: impl Read + Seek, label: &str) -> Result<Identity> {
    let doing = || format!("{label} can't be read as a part of an archive.");
    let mut zip = ZipArchive::new(BufReader::new(part)).context(doing)?;
    let mut name = None;
    for entry in zip.file_names() {
        let entry = entry.context(doing)?;
        let file = entry.split_once('/').map_or("", |(_, file)| file);
        if file == "manifest.json" || (file.starts_with("manifest-part-") && !file.contains('/')) {
            name = Some(entry.into_owned());
            break;
        }
    }
    let name = name.ok_or("it has no manifest").context(doing)?;
    let entry = zip.by_name(&name).context(doing)?;
    if name.ends_with("/manifest.json") {
        let manifest: Manifest<IgnoredAny> = json(entry).context(doing)?;
        check_version(manifest.format_version).context(doing)?;
        let formats = manifest.copies.unwrap_or_default().iter().map(|(key, _)| key).collect();
        let whole = PartList { parts: manifest.parts, totals: manifest.totals, formats };
        return Ok(Identity { header: manifest.header, part: 1, whole: Some(whole) });
    }
    let manifest: PartManifest = json(entry).context(doing)?;
    check_version(manifest.format_version).context(doing)?;
    Ok(Identity { header: manifest.header, part: manifest.part, whole: None })
}

fn check_version(version: u32) -> Result<(), String> {
    if version == FORMAT_VERSION { Ok(()) } else { Err(format!("its format is of version {version}")) }
}

fn json<T: DeserializeOwned>(file: impl Read) -> Result<T, serde_json::Error> {
    serde_json::from_reader(BufReader::new(file.take(MAX_MANIFEST)))
}

/// SHA-256 of a whole file, in lower-case hexadecimal; `label` names it in failures.
///
/// # Errors
/// When it can't be read.
pub fn sha256_of(file: impl Read, label: &str) -> Result<String> {
    let doing = || format!("{label} can't be read.");
    let mut file = Hashing::new(BufReader::with_capacity(CHUNK, file));
    io::copy(&mut file, &mut io::sink()).context(doing)?;
    Ok(hex(&file.finish().1))
}
