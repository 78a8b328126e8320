//! Style sheet, scripts and icon: built into the binary and served under an address that holds their hash, so that
//! browsers may keep them for ever and never show an old one.

use std::io::Write as _;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{keys, sums};

/// A file that pages refer to.
#[derive(Debug)]
pub struct Asset {
    /// Path on this server: `/static/style.0a1b2c3d4e5f.css`.
    pub url: String,
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
    /// The same, compressed with gzip. Pages are not: they hold secrets beside what others may choose, and the size of
    /// what is compressed together reveals something about both.
    pub packed: Vec<u8>,
}

/// The one style sheet.
pub static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("style", "css", "text/css; charset=utf-8", include_bytes!("../../../static/style.css"))
});
/// The icon, also shown beside the product's name.
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_bytes!("../../../static/icon.svg")));
/// The scripts of every page: modules that do not import each other, so that each address can hold its own hash.
pub static SCRIPTS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        Asset::script("controls", include_bytes!("../../../static/controls.js")),
        Asset::script("dialog", include_bytes!("../../../static/dialog.js")),
        Asset::script("find", include_bytes!("../../../static/find.js")),
        Asset::script("history", include_bytes!("../../../static/history.js")),
    ]
});
/// Those of the form that requests an export: its page has them, and dialog.js fetches them with it.
pub static FORM_SCRIPTS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    [
        Asset::script("choice", include_bytes!("../../../static/choice.js")),
        Asset::script("preview", include_bytes!("../../../static/preview.js")),
    ]
});

/// Everything that pages refer to.
pub fn all() -> impl Iterator<Item = &'static Asset> {
    [&*STYLE, &*ICON].into_iter().chain(SCRIPTS.iter()).chain(FORM_SCRIPTS.iter())
}

/// The asset at `path` (with its leading `/static/`); none if there is none, or only an older or newer one.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    all().find(|asset| asset.url == path)
}

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        let mut hash = keys::hex(&sums::sha256(bytes));
        hash.truncate(12);
        Self { url: format!("/static/{name}.{hash}.{extension}"), content_type, bytes, packed: packed(bytes) }
    }

    fn script(name: &str, bytes: &'static [u8]) -> Self {
        Self::new(name, "js", "text/javascript; charset=utf-8", bytes)
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to a Vec cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_found_at_its_own_address_only() {
        for asset in all() {
            assert!(find(&asset.url).is_some_and(|found| std::ptr::eq(found, asset)), "{}", asset.url);
            assert!(asset.bytes.len() < 40_000, "{} makes pages slow", asset.url);
        }
        assert!(find("/static/style.000000000000.css").is_none());
        assert!(find("/static/../Cargo.toml").is_none());
    }
}
