//! Whether an archive fits on the disk, and whether a failure was the disk's: full, or not to be written to.

use std::error::Error as StdError;
use std::io;
use std::path::Path;

use crate::archive::formats::List;
use crate::archive::formats::needs::{Extent, Needs};
use crate::error::{Context, Error, Kind, Result};
use crate::format;

/// Bytes of the archive for each item, at most in most companies: text, names and edits, compressed.
const BYTES_PER_ITEM: u64 = 600;
/// Bytes of an archive without items.
const BASE: u64 = 1 << 20;

/// Refuses to begin what would not fit: `items` items in `folder`, with these formats beside the
/// JSON, leaving `keep_free` bytes of its disk free.
pub(super) fn check_space(folder: &Path, items: u64, formats: &List, keep_free: u64) -> Result<()> {
    let others = formats.iter().map(|format| format.needs(Extent::default()).texts);
    let times = Needs::JSON.texts + others.sum::<u64>();
    let needed = BASE.saturating_add((BYTES_PER_ITEM * times).saturating_mul(items));
    let available =
        fs4::available_space(folder).context(|| format!("looking for free space in {}", folder.display()))?;
    if available >= needed.saturating_add(keep_free) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Conflict,
        format!(
            "There is not enough disk space on the server: about {} are needed beside the {} that stay free, and {} are \
             left. Ask the server's operator to free some, then retry.",
            size(needed),
            size(keep_free),
            size(available),
        ),
    ))
}

fn size(bytes: u64) -> String {
    format::size(bytes)
}

/// What an administrator is shown of a failure that the server's disk is the reason of, wherever among the causes that is found.
pub(super) fn trouble(error: &Error) -> Option<&'static str> {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    kinds(error).into_iter().find_map(|kind| match kind {
        StorageFull | QuotaExceeded => {
            Some("The server's disk is full. Ask the server's operator to free some space, then retry.")
        }
        ReadOnlyFilesystem | PermissionDenied => Some(
            "The server can't write to its data folder. Ask the server's operator to make it writable, then retry.",
        ),
        _ => None,
    })
}

/// Kinds of the system's errors among the causes.
fn kinds(error: &Error) -> Vec<io::ErrorKind> {
    let mut kinds = Vec::new();
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            kinds.push(io.kind());
            // One that wraps another shows the inner one only this way.
            kinds.extend(io.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()).map(io::Error::kind));
        }
        next = cause.source();
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::formats;

    #[test]
    fn a_full_or_read_only_disk_is_found_among_the_causes() {
        let full = || Error::internal("writing", io::Error::from(io::ErrorKind::StorageFull));
        let wrapped = io::Error::other(io::Error::from(io::ErrorKind::StorageFull));
        for error in [full(), Error::internal("building", full()), Error::internal("building", wrapped)] {
            assert!(trouble(&error).is_some_and(|reason| reason.contains("full")));
        }
        let read_only = Error::internal("writing", io::Error::from(io::ErrorKind::ReadOnlyFilesystem));
        assert!(trouble(&read_only).is_some_and(|reason| reason.contains("can't write")));
        assert_eq!(trouble(&Error::internal("reading", io::Error::from(io::ErrorKind::UnexpectedEof))), None);
    }

    #[test]
    fn what_does_not_fit_is_not_begun() {
        let folder = std::env::temp_dir();
        assert!(check_space(&folder, 10, &[], 0).is_ok());
        assert!(
            check_space(&folder, 10, &[], u64::MAX)
                .is_err_and(|error| error.message().contains("not enough disk space"))
        );
        assert!(check_space(&folder, u64::MAX / 1_000, formats::ALL, 0).is_err());
    }
}
