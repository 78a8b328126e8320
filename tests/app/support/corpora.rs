//! The real archives that tests may read, where they are there.

use std::path::{Path, PathBuf};

/// The folder of real archives; none when it is not there, which is said, and fails where `CI=true`.
pub fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let folder = std::env::var_os("CORPORA_DIR").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the real archives are missing: {}", folder.display());
    #[expect(clippy::print_stderr, reason = "whoever runs the tests must know that this one did not run")]
    {
        eprintln!("not run: the real archives are missing ({}); set CORPORA_DIR", folder.display());
    }
    None
}
