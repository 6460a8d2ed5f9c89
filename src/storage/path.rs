//! Paths of the origin (§3.1–§3.5). This module does not know which paths exist. Start with
//! [`Path`].

use std::fmt;

use percent_encoding::percent_decode;

use crate::protocol::ErrorKind;

/// A path in an account: the names from the root of the account down.
///
/// Leading, trailing and repeated slashes are removed. The path does not contain the name of the
/// account; [`Path::absolute`] adds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Vec<String>);

/// The form of a path on the wire (§3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathEncoding {
    /// Raw: US-ASCII, with other bytes read as UTF-8.
    Raw,
    /// URI-quoted: `%XX`, and `+` for a space.
    PercentEncoded,
}

impl Path {
    /// Returns the root of the account.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// Parses a path of at most `max` bytes in its form on the wire (§3.2).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PathTooLong`] if a segment or the whole path is longer than `max`. Otherwise
    /// [`ErrorKind::InvalidPath`] for a bad escape, bytes that are not UTF-8, and a name that is
    /// `.` or contains `..` (§3.5).
    pub fn parse(text: &[u8], path_encoding: PathEncoding, max: u64) -> Result<Self, ErrorKind> {
        let segments = split(text, path_encoding);
        let length: usize = segments.iter().map(|segment| segment.len() + 1).sum();
        if length as u64 > max {
            return Err(ErrorKind::PathTooLong);
        }
        segments
            .into_iter()
            .map(|segment| name(segment, path_encoding))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Returns the path that is `self` relative to `base` (§2.7).
    #[must_use]
    pub fn under(self, base: &Self) -> Self {
        let mut segments = base.0.clone();
        segments.extend(self.0);
        Self(segments)
    }

    /// Returns the path of the entry `name` in this directory.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let mut segments = self.0.clone();
        segments.push(name.to_owned());
        Self(segments)
    }

    /// Resolves a path in test code, wherever the API takes one.
    ///
    /// It may begin at the root of the account, `/videos/a.mp4`, or with the name of the account,
    /// as responses show it: `/acme/videos/a.mp4`. If a directory has the name of the account, the
    /// path is ambiguous. Then the path from the root of the account is used if it exists, so that
    /// `/acme/acme/a.mp4` and, if it exists, `/acme/a.mp4` name the file in that directory. In the
    /// builder and in the globs of faults, where no path exists yet, a path that begins with the
    /// name of the account always means the account.
    #[must_use]
    pub fn as_written(self, account: &str, is_there: impl Fn(&Self) -> bool) -> Self {
        if self.has_account(account) && !is_there(&self) {
            self.without_account(account)
        } else {
            self
        }
    }

    /// Parses a path as responses show it, if it belongs to that account.
    pub(crate) fn inside(absolute: &str, account: &str) -> Option<Self> {
        let path =
            Self(split(absolute.as_bytes(), PathEncoding::Raw).into_iter().map(text).collect());
        path.has_account(account).then(|| path.without_account(account))
    }

    /// Returns whether the first name is that of the account.
    fn has_account(&self, account: &str) -> bool {
        self.0.first().is_some_and(|first| first == account)
    }

    /// Removes the first name if it is the name of the account.
    #[must_use]
    pub(crate) fn without_account(mut self, account: &str) -> Self {
        if self.has_account(account) {
            self.0.remove(0);
        }
        self
    }

    /// Returns the parent directory and the last name, or `None` for the root.
    pub fn split_last(&self) -> Option<(Self, &str)> {
        let (last, parents) = self.0.split_last()?;
        Some((Self(parents.to_vec()), last))
    }

    /// Returns the path of the first `depth` names.
    pub(super) fn ancestor(&self, depth: usize) -> Self {
        Self(self.0[..depth.min(self.0.len())].to_vec())
    }

    /// Returns whether the path is below `directory`, at any depth.
    pub fn is_inside(&self, directory: &Self) -> bool {
        self.0.len() > directory.0.len() && self.0.starts_with(&directory.0)
    }

    /// Returns the names from the root down.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.0.iter().map(String::as_str)
    }

    /// Returns whether the path is the root of the account.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the path as responses show it: absolute, with the name of the account (§1.2).
    pub fn absolute(&self, account: &str) -> String {
        std::iter::once(account)
            .chain(self.segments())
            .fold(String::new(), |path, name| path + "/" + name)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str("/");
        }
        self.segments().try_for_each(|name| write!(f, "/{name}"))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns the last component of a name that contains slashes (§3.4), in its form on the wire.
pub(crate) fn last_component(text: &[u8], path_encoding: PathEncoding) -> &[u8] {
    split(text, path_encoding).pop().unwrap_or_default()
}

/// Returns the non-empty segments between slashes. A quoted slash separates like any other, because
/// names are unquoted first (§3.3). The segments stay quoted, because lengths are counted in the
/// quoted form.
fn split(text: &[u8], path_encoding: PathEncoding) -> Vec<&[u8]> {
    let mut segments = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        let width = slash_width(&text[at..], path_encoding);
        if width > 0 {
            segments.push(&text[start..at]);
            start = at + width;
        }
        at += width.max(1);
    }
    segments.push(&text[start..]);
    segments.retain(|segment| !segment.is_empty());
    segments
}

fn slash_width(text: &[u8], path_encoding: PathEncoding) -> usize {
    let quoted = path_encoding == PathEncoding::PercentEncoded
        && text.get(..3).is_some_and(|escape| escape.eq_ignore_ascii_case(b"%2f"));
    if quoted { 3 } else { usize::from(text[0] == b'/') }
}

fn name(segment: &[u8], path_encoding: PathEncoding) -> Result<String, ErrorKind> {
    let bytes = match path_encoding {
        PathEncoding::Raw => segment.to_vec(),
        PathEncoding::PercentEncoded => unquote(segment).ok_or(ErrorKind::InvalidPath)?,
    };
    let name = String::from_utf8(bytes).map_err(|_| ErrorKind::InvalidPath)?;
    if name == "." || name.contains("..") { Err(ErrorKind::InvalidPath) } else { Ok(name) }
}

/// Decodes `%XX` and `+`, or returns `None` if an escape is not two hexadecimal digits.
fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    let escapes_hold = text.iter().enumerate().filter(|(_, byte)| **byte == b'%').all(|(at, _)| {
        text.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    escapes_hold.then(|| percent_decode(&spaced).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn plain(text: &str) -> Result<String, ErrorKind> {
        Path::parse(text.as_bytes(), PathEncoding::Raw, 4096).map(|path| path.to_string())
    }

    fn quoted(text: &str) -> Result<String, ErrorKind> {
        Path::parse(text.as_bytes(), PathEncoding::PercentEncoded, 4096)
            .map(|path| path.to_string())
    }

    #[test]
    fn leading_trailing_and_repeated_slashes_are_ignored() {
        for text in ["/dir/a", "dir/a/", "//dir//a", "dir/a"] {
            assert_eq!(plain(text).unwrap(), "/dir/a");
        }
        assert_eq!(plain("").unwrap(), "/");
    }

    #[test]
    fn names_may_have_any_other_character() {
        assert_eq!(plain("/a\\b *?\t%2F+").unwrap(), "/a\\b *?\t%2F+");
    }

    #[test]
    fn names_of_periods_are_rejected() {
        for text in [".", "..", "/a/./b", "/a/../b", "a..b", "/..."] {
            assert_eq!(plain(text), Err(ErrorKind::InvalidPath), "{text}");
        }
        assert_eq!(plain(".hidden").unwrap(), "/.hidden");
    }

    #[test]
    fn quoted_paths_are_unquoted_and_then_split() {
        assert_eq!(quoted("/a%20b/c+d%2Fe%2ff").unwrap(), "/a b/c d/e/f");
        assert_eq!(quoted("%C3%BC").unwrap(), "/ü");
        assert_eq!(quoted("%2E%2E"), Err(ErrorKind::InvalidPath));
    }

    #[test]
    fn bad_escapes_and_invalid_utf_8_are_rejected() {
        for text in ["%", "%2", "%zz", "a%2", "%FF"] {
            assert_eq!(quoted(text), Err(ErrorKind::InvalidPath), "{text}");
        }
        assert_eq!(Path::parse(b"\xff", PathEncoding::Raw, 9), Err(ErrorKind::InvalidPath));
    }

    #[test]
    fn lengths_are_counted_in_the_form_on_the_wire() {
        let parse =
            |text: &str, path_encoding, max| Path::parse(text.as_bytes(), path_encoding, max);
        assert!(parse("/abc", PathEncoding::Raw, 4).is_ok());
        assert_eq!(parse("/abcd", PathEncoding::Raw, 4), Err(ErrorKind::PathTooLong));
        assert_eq!(parse("/%41b", PathEncoding::PercentEncoded, 4), Err(ErrorKind::PathTooLong));
    }

    #[test]
    fn last_component_drops_everything_before_a_slash() {
        assert_eq!(last_component(b"/a/test.mp3/", PathEncoding::Raw), b"test.mp3");
        assert_eq!(last_component(b"a%2Ftest%20x", PathEncoding::PercentEncoded), b"test%20x");
        assert_eq!(last_component(b"//", PathEncoding::Raw), b"");
    }
}
