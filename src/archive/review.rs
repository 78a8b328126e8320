//! The two commands with which a reviewer checks an unpacked archive, with minisign and coreutils only.
//!
//! Here only are they put together: `key show` prints them, the page shows them, and tests run them as they are.

use super::names;
use super::sign::PublicKey;

/// The commands that check an archive of so many parts, unpacked over one another; to be run in its top folder, in this
/// order. The first checks that the server with this key has signed the list of check sums of part 1, the second
/// everything against the lists. Both end with another code than 0 when something is wrong.
#[must_use]
pub fn commands(key: &PublicKey, parts: u32) -> [String; 2] {
    let sums = names::sums_file(1);
    let signature = format!("minisign -V -P {} -m {sums}", key.line());
    // Signatures lie beside the lists: only names that end in a number are lists.
    let others = if parts > 1 { format!(" {sums}-part-*[0-9]") } else { String::new() };
    [signature, format!("sha256sum --quiet -c {sums}{others}")]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn several_parts_have_several_lists() {
        let line = "RWQBAgMEBQYHCNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
        let key = PublicKey::parse(line).unwrap();
        let [signature, one] = commands(&key, 1);
        assert_eq!(signature, format!("minisign -V -P {line} -m SHA256SUMS"));
        assert_eq!(one, "sha256sum --quiet -c SHA256SUMS");
        for parts in [2, 12] {
            let [same, several] = commands(&key, parts);
            assert_eq!(
                (same, several.as_str()),
                (signature.clone(), "sha256sum --quiet -c SHA256SUMS SHA256SUMS-part-*[0-9]")
            );
        }
    }
}
