//! What may reach a terminal: text in which nothing acts.
//!
//! Names, file names and texts come from strangers. Written to a terminal as they are, control characters move the cursor, forge
//! lines, set titles or type commands, and some letters of Unicode turn the order of others or show nothing at all. All that
//! the command line prints goes through [`printable`], and so does each line of the log.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// Zero width non-joiner and joiner: they belong to words of several scripts and to emoji, but hide in a Latin word.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// The text as one line in which nothing acts: what would is shown as what it is. C0 and DEL become the pictures that Unicode has
/// for them (`␛`), C1 the escape sequence that it stands for (`␛[`), what turns the order of letters or shows nothing its
/// number (`\u{202e}`).
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut before = ' ';
    for character in text.chars() {
        match replacement(character, before) {
            None => shown.push(character),
            Some(Replacement::Picture(picture)) => shown.push(picture),
            Some(Replacement::Escape(second)) => shown.extend(['␛', second]),
            Some(Replacement::Number) => {
                let _infallible = write!(shown, "{}", character.escape_unicode());
            }
        }
        before = shown.chars().next_back().unwrap_or(' ');
    }
    if shown == text { Cow::Borrowed(text) } else { Cow::Owned(shown) }
}

/// How something is shown that would act.
enum Replacement {
    Picture(char),
    Escape(char),
    Number,
}

fn replacement(character: char, before: char) -> Option<Replacement> {
    let code = u32::from(character);
    let picture = |code: u32| Some(Replacement::Picture(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)));
    match code {
        0..=0x1f => picture(0x2400 + code),
        0x7f => picture(0x2421),
        // ESC and the letter 64 before it.
        0x80..=0x9f => Some(Replacement::Escape(char::from_u32(code - 0x40).unwrap_or(char::REPLACEMENT_CHARACTER))),
        // Soft hyphen, marks and overrides of direction, spaces without width, separators of lines and paragraphs, tags.
        0xad
        | 0x61c
        | 0x180e
        | 0x200b
        | 0x200e
        | 0x200f
        | 0x2028..=0x202e
        | 0x2060..=0x206f
        | 0xfeff
        | 0xfff9..=0xfffb
        | 0xe0000..=0xe007f => Some(Replacement::Number),
        _ if JOINERS.contains(&character) && before.is_ascii() => Some(Replacement::Number),
        _ => None,
    }
}

/// Writes lines to a terminal, or to whatever stands in its place, through [`printable`].
#[derive(Debug)]
pub struct Lines<W> {
    to: W,
    /// Lines are objects of JSON: what acts is written as JSON writes any character, so that they stay what they were.
    json: bool,
}

impl<W: io::Write> Lines<W> {
    /// For people.
    pub fn text(to: W) -> Self {
        Self { to, json: false }
    }

    /// For machines.
    pub fn json(to: W) -> Self {
        Self { to, json: true }
    }

    fn shown<'a>(&self, line: &'a str) -> Cow<'a, str> {
        if !self.json {
            return printable(line);
        }
        let mut shown = String::with_capacity(line.len());
        let (mut before, mut units) = (' ', [0; 2]);
        for character in line.chars() {
            if replacement(character, before).is_some() {
                for unit in character.encode_utf16(&mut units) {
                    let _infallible = write!(shown, "\\u{unit:04x}");
                }
            } else {
                shown.push(character);
            }
            before = character;
        }
        Cow::Owned(shown)
    }
}

impl<W: io::Write> io::Write for Lines<W> {
    /// Takes one whole line, as `tracing` gives it: a line break within is somebody's.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let (line, end) = text.strip_suffix('\n').map_or((&*text, ""), |line| (line, "\n"));
        self.to.write_all(format!("{}{end}", self.shown(line)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_acts_is_shown_as_what_it_is() {
        for (text, shown) in [
            ("Ada Marsh", "Ada Marsh"),
            ("Zoë Ångström, 王芳, مريم", "Zoë Ångström, 王芳, مريم"),
            ("\u{1b}[2J\u{1b}]0;owned\u{7}", "␛[2J␛]0;owned␇"),
            ("one\ntwo\r\tthree\0\u{7f}", "one␊two␍␉three␀␡"),
            ("\u{9b}31m", "␛[31m"),
            ("invoice\u{202e}fdp.exe", "invoice\\u{202e}fdp.exe"),
            ("pay\u{200b}pal \u{feff}x\u{ad}", "pay\\u{200b}pal \\u{feff}x\\u{ad}"),
            ("pay\u{200d}pal", "pay\\u{200d}pal"),
            ("👩\u{200d}💻 می\u{200c}خواهم", "👩\u{200d}💻 می\u{200c}خواهم"),
            ("a\u{e0041}b\u{2028}", "a\\u{e0041}b\\u{2028}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn lines_of_a_log_stay_single_lines_and_objects_of_json_what_they_were() {
        let mut text = Vec::new();
        Lines::text(&mut text).write_all("one \u{1b}[2J\ntwo\u{202e}\n".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "one ␛[2J␊two\\u{202e}\n");
        let (mut json, name) = (Vec::new(), "\u{9b}31m\u{202e}\u{e0041}\u{7f}");
        let object = serde_json::json!({ "name": name }).to_string();
        Lines::json(&mut json).write_all(format!("{object}\n").as_bytes()).unwrap();
        let line = String::from_utf8(json).unwrap();
        assert!(line.is_ascii(), "{line}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["name"], name);
    }

    /// Text in which what acts is frequent.
    fn hostile() -> impl Strategy<Value = String> {
        let acts = prop_oneof![
            any::<char>(),
            (0_u32..0xa0).prop_map(|code| char::from_u32(code).unwrap()),
            (0x2000_u32..0x2070).prop_map(|code| char::from_u32(code).unwrap()),
            (0xe0000_u32..0xe0080).prop_map(|code| char::from_u32(code).unwrap()),
        ];
        proptest::collection::vec(acts, 0..60).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_left(text in hostile()) {
            let shown = printable(&text);
            prop_assert!(!shown.chars().any(char::is_control), "{shown:?}");
            let turns = |c: char| matches!(u32::from(c), 0x61c | 0x200b | 0x200e | 0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff);
            prop_assert!(!shown.chars().any(turns), "{shown:?}");
            prop_assert_eq!(printable(&shown), shown.as_ref(), "shown again it is the same");
        }

        #[test]
        fn what_does_not_act_stays(text in "[\\p{L}\\p{N}\\p{P}\\p{S} ]{0,60}") {
            prop_assert_eq!(printable(&text), text.as_str());
        }

        #[test]
        fn an_object_of_json_holds_the_same(text in hostile()) {
            let mut line = Vec::new();
            Lines::json(&mut line).write_all(serde_json::to_string(&text).unwrap().as_bytes()).unwrap();
            let line = String::from_utf8(line).unwrap();
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }
    }
}
