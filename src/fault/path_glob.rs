//! Path patterns: [`PathGlob`].

use std::fmt;

/// A pattern of absolute paths: `*` matches any part of a name, `**` any part of a path.
///
/// A pattern starts at the account's root, `/videos/*.mp4`, or with the account, `/acme/videos/*.mp4`.
/// A directory with the name of the account therefore needs both: `/acme/acme/*.mp4`. The root is `/`
/// or `/acme`. `\*` matches a literal star and `\\` a backslash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathGlob(String);

impl PathGlob {
    /// Creates a pattern.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Creates a pattern that matches only `path`, which is absolute.
    pub fn exactly(path: &str) -> Self {
        Self(path.replace('\\', r"\\").replace('*', r"\*"))
    }

    /// Returns whether an absolute path, which starts with the account, matches.
    pub fn matches(&self, absolute: &str) -> bool {
        let account_ends = absolute.bytes().skip(1).position(|byte| byte == b'/');
        let (account, inside) = absolute.split_at(account_ends.map_or(absolute.len(), |at| at + 1));
        match inside {
            _ if self.starts_with(account) => matches_bytes(self.0.as_bytes(), absolute.as_bytes()),
            // The root has no name that `*` could match.
            "" => ["/", "/**", "**"].contains(&&*self.0),
            path => matches_bytes(self.0.as_bytes(), path.as_bytes()),
        }
    }

    /// Returns whether the first name is literally the account.
    fn starts_with(&self, account: &str) -> bool {
        let pattern = self.0.as_bytes();
        let behind = account.bytes().try_fold(0, |at, letter| {
            let is_star = pattern.get(at) == Some(&b'*');
            skip_letter(pattern, at, letter).filter(|_| !is_star)
        });
        behind.is_some_and(|at| matches!(pattern.get(at), None | Some(b'/')))
    }

    /// Returns the text of the pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PathGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

type Star = (usize, usize);

/// Returns whether `text` matches `pattern`. On a mismatch, the latest star takes one byte more.
fn matches_bytes(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut to) = (0, 0);
    // For each kind of star: the pattern behind it, and the text that it has taken so far.
    let (mut name, mut path): (Option<Star>, Option<Star>) = (None, None);
    while to < text.len() {
        if pattern[at..].starts_with(b"**") {
            (path, name) = (Some((at + 2, to)), None);
            at += 2;
        } else if pattern.get(at) == Some(&b'*') {
            name = Some((at + 1, to));
            at += 1;
        } else if let Some(behind) = skip_letter(pattern, at, text[to]) {
            (at, to) = (behind, to + 1);
        } else if let Some((behind, taken)) = name.filter(|(_, taken)| text[*taken] != b'/') {
            name = Some((behind, taken + 1));
            (at, to) = (behind, taken + 1);
        } else if let Some((behind, taken)) = path {
            (path, name) = (Some((behind, taken + 1)), None);
            (at, to) = (behind, taken + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// Returns the position after the next letter, if it is `letter`. The caller handles stars.
fn skip_letter(pattern: &[u8], at: usize, letter: u8) -> Option<usize> {
    let (wanted, behind) = match &pattern[at..] {
        [b'\\', wanted @ (b'*' | b'\\'), ..] => (wanted, at + 2),
        [wanted, ..] => (wanted, at + 1),
        [] => return None,
    };
    (*wanted == letter).then_some(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_matches_in_a_name_two_match_in_a_path() {
        for (pattern, path, fit) in [
            ("/videos/a.mp4", "/acme/videos/a.mp4", true),
            ("/acme/videos/a.mp4", "/acme/videos/a.mp4", true),
            ("/videos/a.mp4", "/acme/videos/b.mp4", false),
            ("/videos/*", "/acme/videos/b.mp4", true),
            ("/videos/*", "/acme/videos/old/b.mp4", false),
            ("/videos/*.mp4", "/acme/videos/a.b.mp4", true),
            ("/videos/*.mp4", "/acme/videos/a.mp3", false),
            ("/videos/**", "/acme/videos/old/b.mp4", true),
            ("/**/b.mp4", "/acme/videos/old/b.mp4", true),
            ("/**/*.mp4", "/acme/videos/old/b.mp4", true),
            ("/**/c*.mp4", "/acme/videos/old/b.mp4", false),
            ("**", "/acme", true),
            ("/a*", "/acme", false),
            ("/*/*/x", "/acme/a/b/x", true),
            ("/a*c*e", "/acme/abcde", true),
            ("", "/acme/a", false),
        ] {
            assert_eq!(PathGlob::new(pattern).matches(path), fit, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_starts_at_the_root_or_with_the_account() {
        for (pattern, path, fit) in [
            ("/acme/videos/a", "/acme/videos/a", true),
            ("/acme/videos/a", "/acme/acme/videos/a", false),
            ("/acme/acme/videos/a", "/acme/acme/videos/a", true),
            ("/acme/*.mp4", "/acme/a.mp4", true),
            ("/acme/*.mp4", "/acme/acme/a.mp4", false),
            ("/acme/**", "/acme/acme/a.mp4", true),
            ("/acmes/a.mp4", "/acme/acmes/a.mp4", true),
            ("/acm/a.mp4", "/acme/acm/a.mp4", true),
            ("/*/b.mp4", "/acme/videos/b.mp4", true),
            ("/*/b.mp4", "/acme/b.mp4", false),
            ("/acm*/b.mp4", "/acme/b.mp4", false),
            ("/acm*/b.mp4", "/acme/acme/b.mp4", true),
            ("/**/b.mp4", "/acme/b.mp4", false),
            (r"/a\*\\/b", r"/a*\/b", true),
            (r"/a\*\\/b", r"/a*\/a*\/b", false),
        ] {
            assert_eq!(PathGlob::new(pattern).matches(path), fit, "{pattern} {path}");
        }
    }

    #[test]
    fn the_root_of_the_account_is_a_slash_or_the_account() {
        for (pattern, fit) in [
            ("/", true),
            ("/acme", true),
            ("**", true),
            ("/**", true),
            ("/*", false),
            ("/a*", false),
            ("/acme/*", false),
            ("/acme/**", false),
            ("/acm", false),
            ("", false),
        ] {
            assert_eq!(PathGlob::new(pattern).matches("/acme"), fit, "{pattern}");
        }
        assert!(!PathGlob::new("/").matches("/acme/a"));
        assert!(!PathGlob::new("/acme").matches("/acme/acme"));
    }

    #[test]
    fn an_escaped_star_is_literal() {
        for (pattern, path, fit) in [
            (r"/a\*.mp4", "/acme/a*.mp4", true),
            (r"/a\*.mp4", "/acme/ab.mp4", false),
            (r"/a\*.mp4", r"/acme/a\*.mp4", false),
            (r"/a\\\*", r"/acme/a\*", true),
            (r"/a\\*", r"/acme/a\bc", true),
            (r"/*\**", "/acme/a*b", true),
            (r"/*\**", "/acme/ab", false),
            (r"/a\b", r"/acme/a\b", true),
            (r"/a\", r"/acme/a\", true),
        ] {
            assert_eq!(PathGlob::new(pattern).matches(path), fit, "{pattern} {path}");
        }
    }

    #[test]
    fn an_exact_pattern_matches_only_its_path() {
        let paths = [
            "/acme/a*",
            "/acme/**",
            r"/acme/\",
            r"/acme/\*",
            "/acme/a",
            r"/acme/\\**b",
            "/acme",
            "/acme/acme",
            "/acme/acme/a",
            "/acme/acme/acme/a",
        ];
        for path in paths {
            let pattern = PathGlob::exactly(path);
            let matched = paths.into_iter().filter(|other| pattern.matches(other));
            assert_eq!(matched.collect::<Vec<_>>(), [path]);
        }
    }
}
