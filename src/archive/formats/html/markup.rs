//! The one way in which text reaches a page.
//!
//! Markup is `&'static str`, so it can only come from this program; everything else is escaped. Pages have no inline scripts
//! or styles, and a policy that forbids them.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::paths;
use crate::format;
use crate::model::Timestamp;

/// What every page may do: nothing, but be styled by the archive's own sheet. A browser takes a file that was opened from a
/// disk for `'self'` or for `file:`, so both are named.
const POLICY: &str = "default-src 'none'; style-src 'self' file:; base-uri 'none'; form-action 'none'";
/// As [`POLICY`], with the archive's own scripts.
const POLICY_SEARCH: &str =
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; base-uri 'none'; form-action 'none'";

/// Writes HTML into a buffer.
pub(super) struct Html<'a>(pub(super) &'a mut Vec<u8>);

impl Html<'_> {
    /// Markup of ours.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.extend_from_slice(markup.as_bytes());
        self
    }

    /// Text of anyone, within an element or a quoted attribute.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let mut plain = 0;
        for (at, character) in text.char_indices() {
            let escaped = match character {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&#39;",
                _ => match visible(character) {
                    Some(shown) => {
                        self.0.extend_from_slice(text.get(plain..at).unwrap_or_default().as_bytes());
                        self.0.extend_from_slice(shown.as_bytes());
                        plain = at + character.len_utf8();
                        continue;
                    }
                    None => continue,
                },
            };
            self.0.extend_from_slice(text.get(plain..at).unwrap_or_default().as_bytes());
            self.0.extend_from_slice(escaped.as_bytes());
            plain = at + character.len_utf8();
        }
        self.0.extend_from_slice(text.get(plain..).unwrap_or_default().as_bytes());
        self
    }

    /// A name of anyone, whose direction stays its own.
    pub(super) fn name(&mut self, name: &str) -> &mut Self {
        self.raw("<bdi>").text(name).raw("</bdi>")
    }

    /// An instant by the clocks of a zone, `shown` like this, with what it is in UTC.
    pub(super) fn time(&mut self, at: Timestamp, shown: &str) -> &mut Self {
        let utc = at.to_string();
        self.raw("<time datetime=\"").text(&utc).raw("\" title=\"").text(&utc).raw("\">").text(shown).raw("</time>")
    }

    /// An instant with its day.
    pub(super) fn instant(&mut self, at: Timestamp, zone: Tz) -> &mut Self {
        self.time(at, &format::exact_instant(at, zone))
    }

    /// A link to a file of the archive, or a place in one, from a page that lies `up` folders below the top.
    pub(super) fn link(&mut self, up: usize, path: &str, place: Option<&str>) -> &mut Self {
        self.raw("<a href=\"").text(&paths::address(up, path));
        if let Some(place) = place {
            self.raw("#").text(place);
        }
        self.raw("\">")
    }

    /// The beginning of a page, up to and with `<body>`.
    pub(super) fn begin(&mut self, up: usize, title: &str, searches: bool) -> &mut Self {
        self.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        self.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"");
        self.raw(if searches { POLICY_SEARCH } else { POLICY });
        self.raw("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        self.raw(
            "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n",
        );
        self.raw("<title>").text(title).raw("</title>\n");
        self.raw("<link rel=\"stylesheet\" href=\"")
            .text(&paths::address(up, crate::archive::formats::html::assets::STYLE.0))
            .raw("\">\n");
        if searches {
            self.raw("<script src=\"")
                .text(&paths::address(up, crate::archive::formats::html::assets::SCRIPT.0))
                .raw("\" defer></script>\n");
        }
        self.raw("</head>\n<body>\n")
    }

    /// A day in words, for machines too.
    pub(super) fn day(&mut self, day: NaiveDate, shown: &str) -> &mut Self {
        self.raw("<time datetime=\"").text(&day.to_string()).raw("\">").text(shown).raw("</time>")
    }
}

/// What is shown instead of a character that can't be seen or makes others be read in another order than they stand: the
/// picture of a control character, the number of an override of direction. Everything else shows itself.
#[must_use]
pub fn visible(character: char) -> Option<&'static str> {
    const PICTURES: [&str; 32] = [
        "␀", "␁", "␂", "␃", "␄", "␅", "␆", "␇", "␈", "␉", "␊", "␋", "␌", "␍", "␎", "␏", "␐", "␑", "␒", "␓", "␔", "␕",
        "␖", "␗", "␘", "␙", "␚", "␛", "␜", "␝", "␞", "␟",
    ];
    match character {
        '\t' | '\n' | '\r' => None,
        '\0'..='\x1F' => PICTURES.get(usize::try_from(u32::from(character)).unwrap_or_default()).copied(),
        '\x7F' => Some("␡"),
        '\u{80}'..='\u{9F}' => Some("\u{FFFD}"),
        '\u{202A}' => Some("[U+202A]"),
        '\u{202B}' => Some("[U+202B]"),
        '\u{202C}' => Some("[U+202C]"),
        '\u{202D}' => Some("[U+202D]"),
        '\u{202E}' => Some("[U+202E]"),
        _ => None,
    }
}
