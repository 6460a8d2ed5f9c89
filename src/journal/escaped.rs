//! Escapes text that a client chose, so that it is safe to print.
//!
//! Every text from the wire (method names, paths, targets, header values, user names, upload ids)
//! passes through [`Escaped`] before it is printed. No client can forge lines of a log, recolour a
//! terminal, reorder text or hide letters. Redaction of secrets is the task of `secrets`. Start
//! with [`is_unsafe`].

use std::fmt::{self, Write as _};
use std::ops::RangeInclusive;

/// Invisible characters that the escaping of the standard library does not cover. It covers all
/// other relevant ones: control characters (C0, DEL, C1), format characters (bidi controls,
/// zero-width characters, BOM, soft hyphen, tags), line and paragraph separators, white space other
/// than U+0020, and private, surrogate and unassigned characters.
const INVISIBLE: [(RangeInclusive<char>, &str); 8] = [
    ('\u{34f}'..='\u{34f}', "combining grapheme joiner: has no glyph"),
    ('\u{115f}'..='\u{1160}', "Hangul fillers: letters without a glyph"),
    ('\u{17b4}'..='\u{17b5}', "Khmer inherent vowels: have no glyph"),
    ('\u{180b}'..='\u{180f}', "Mongolian variation selectors and vowel separator"),
    ('\u{2800}'..='\u{2800}', "Braille blank: looks like a space"),
    ('\u{3164}'..='\u{3164}', "Hangul filler: looks like a space"),
    ('\u{fe00}'..='\u{fe0f}', "variation selectors: have no glyph"),
    ('\u{ffa0}'..='\u{ffa0}', "halfwidth Hangul filler: looks like a space"),
];

/// The variation selectors of plane 14 and everything after them: none of these has a glyph.
const PLANES_WITHOUT_GLYPHS: RangeInclusive<char> = '\u{e0000}'..=char::MAX;

/// A longer name is shortened in the middle.
const LONGEST: usize = 256;

/// The number of bytes that are shown from the start and from the end of a name that is too long.
const ENDS: (usize, usize) = (128, 64);

/// Returns whether a character must be escaped.
pub(crate) fn is_unsafe(char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_control();
    }
    let is_invisible = INVISIBLE.iter().any(|(range, _)| range.contains(&char));
    is_invisible || PLANES_WITHOUT_GLYPHS.contains(&char) || is_escaped_by_std(char)
}

/// Tests the character after another one, because the standard library escapes a combining
/// character at the start of a text, although many scripts use such characters.
fn is_escaped_by_std(char: char) -> bool {
    let mut buffer = [b'a'; 5];
    let end = 1 + char.encode_utf8(&mut buffer[1..]).len();
    std::str::from_utf8(&buffer[..end]).is_ok_and(|pair| pair.escape_debug().count() > 2)
}

/// Text from the wire, for output on one line of bounded length.
///
/// `Display` escapes the characters that [`is_unsafe`] selects and bytes that are not UTF-8;
/// `Debug` also quotes the text. Escaping is idempotent.
#[derive(Clone, Copy)]
pub(crate) struct Escaped<'a>(&'a [u8]);

impl<'a> Escaped<'a> {
    /// Wraps text or bytes.
    pub(crate) fn new<T: AsRef<[u8]> + ?Sized>(text: &'a T) -> Self {
        Self(text.as_ref())
    }
}

impl Escaped<'_> {
    /// Writes the text with a backslash before each of the `special` characters.
    fn write(self, f: &mut fmt::Formatter<'_>, special: &[char]) -> fmt::Result {
        let length = self.0.len();
        if length <= LONGEST {
            return write_escaped(f, self.0, special);
        }
        let (start, end) = (boundary(self.0, ENDS.0), boundary(self.0, length - ENDS.1));
        write_escaped(f, &self.0[..start], special)?;
        write!(f, "…[{} bytes left out]…", end - start)?;
        write_escaped(f, &self.0[end..], special)
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, &[])
    }
}

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        self.write(f, &['"', '\\'])?;
        f.write_char('"')
    }
}

/// Returns the start of the character that contains byte `at`.
fn boundary(bytes: &[u8], at: usize) -> usize {
    let is_start = |at: &usize| bytes[*at] & 0xc0 != 0x80;
    (at.saturating_sub(3)..=at).rev().find(is_start).unwrap_or(at)
}

fn write_escaped(f: &mut fmt::Formatter<'_>, bytes: &[u8], special: &[char]) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                _ if is_unsafe(char) => write!(f, "{}", char.escape_default())?,
                _ if special.contains(&char) => write!(f, "\\{char}")?,
                _ => f.write_char(char)?,
            }
        }
        chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
    }
    Ok(())
}

/// Escapes a message of our own, which may contain names from the wire, for output on one line of
/// any length.
pub(crate) fn escape_line(text: &str) -> String {
    escape(text, |_| false)
}

/// Same as [`escape_line`], for a message of several lines.
pub(crate) fn escape_lines(text: &str) -> String {
    escape(text, |char| char == '\n')
}

fn escape(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    if is_printable_ascii(text) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if is_unsafe(char) && !is_kept(char) {
            escaped.extend(char.escape_default());
        } else {
            escaped.push(char);
        }
    }
    escaped
}

/// Returns whether a text needs no escaping. Most do not, and this is faster than to look at each
/// character.
fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Returns a character as JSON can express it in ASCII: as one or two `\uXXXX`.
pub(crate) fn json_escape(char: char) -> impl Iterator<Item = String> {
    let mut units = [0; 2];
    let length = char.encode_utf16(&mut units).len();
    units.into_iter().take(length).map(|unit| format!("\\u{unit:04x}"))
}

/// Escapes every unsafe character in JSON. The meaning is the same: outside its strings JSON is
/// ASCII, and inside them `\u` can express any character.
#[cfg_attr(not(feature = "report"), allow(dead_code))]
pub(crate) fn escape_json(json: &str) -> String {
    if is_printable_ascii(json) {
        return json.to_owned();
    }
    let mut escaped = String::with_capacity(json.len());
    for char in json.chars() {
        if is_unsafe(char) {
            escaped.extend(json_escape(char));
        } else {
            escaped.push(char);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_characters_are_escaped() {
        let text = "\0\t\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{a0}\u{ad}\u{34f}\u{61c}\u{115f}\u{180b}\
                    \u{200b}\u{200d}\u{200e}\u{2028}\u{2029}\u{202e}\u{2060}\u{2069}\u{2800}\
                    \u{3000}\u{3164}\u{e000}\u{fdd0}\u{fe0f}\u{feff}\u{ffa0}\u{fff9}\u{e0041}\
                    \u{e0100}\u{10ffff}";
        for char in text.chars() {
            let shown = Escaped::new(&char.to_string()).to_string();
            assert!(shown.starts_with('\\') && shown.is_ascii(), "{char:?}: {shown}");
        }
    }

    #[test]
    fn readable_text_stays_as_it_is() {
        for text in ["", "/a b\\c\"d'", "ÄÖ €", "e\u{301}", "日本語", "नमस्ते", "🎬", "\u{fffd}"]
        {
            assert_eq!(Escaped::new(text).to_string(), text);
            assert_eq!(escape_json(text), text);
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_shown_as_bytes() {
        assert_eq!(Escaped::new(b"a\xffb\xe2\x80").to_string(), "a\\xffb\\xe2\\x80");
    }

    #[test]
    fn long_names_are_shortened_between_characters() {
        let shown = Escaped::new(&"ä".repeat(2048)).to_string();
        let (start, end) = ("ä".repeat(64), "ä".repeat(32));
        assert_eq!(shown, format!("{start}…[3904 bytes left out]…{end}"));
        assert_eq!(Escaped::new(&"a".repeat(256)).to_string().len(), 256);
        // No character has this many continuation bytes.
        assert!(Escaped::new(&[0x80; 300]).to_string().contains("[108 bytes left out]"));
    }

    #[test]
    fn escaping_twice_changes_nothing() {
        let once = Escaped::new("a\n\u{202e}b").to_string();
        assert_eq!(once, "a\\n\\u{202e}b");
        assert_eq!(escape_line(&once), once);
        assert_eq!(escape_lines("a\u{9b}\nb"), "a\\u{9b}\nb");
        assert_eq!(format!("{:?}", Escaped::new("\"\\\n")), r#""\"\\\n""#);
    }

    #[test]
    fn escaped_json_means_the_same() {
        let value = serde_json::json!({ "a\u{202e}": "\u{e0041}\u{9b}\n\u{7f}é" });
        let escaped = escape_json(&value.to_string());
        assert_eq!(escaped, r#"{"a\u202e":"\udb40\udc41\u009b\n\u007fé"}"#);
        assert_eq!(escaped.parse::<serde_json::Value>().ok(), Some(value));
    }
}
