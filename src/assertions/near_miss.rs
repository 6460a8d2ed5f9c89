//! Names that are stored and nearly equal a name that is missing. Start with [`near_misses`].

use crate::journal::Escaped;
use crate::storage::{Directory, File, Node, Path, PathEncoding, Tree};
use crate::wording::decompose;

/// The maximum number of entries that are compared, and of names in a message.
const MAX_COMPARED: usize = 10_000;
const MAX_NAMED: usize = 3;

/// A stored file whose path nearly equals the one that is missing.
#[derive(Clone, Debug)]
pub(super) struct NearMiss {
    pub(super) path: Path,
    pub(super) file: File,
    /// How the paths differ: `differs by case`.
    pub(super) difference: String,
}

/// Returns the stored files whose path differs from `wanted` only by quoting, composition, case, or
/// one directory.
pub(super) fn near_misses(tree: &Tree, wanted: &Path, account: &str) -> Vec<NearMiss> {
    let Ok(root) = tree.directory(&Path::root()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut left = MAX_COMPARED;
    let mut directories: Vec<(Path, &Directory)> = vec![(Path::root(), root)];
    while let Some((parent, directory)) = directories.pop() {
        for (name, node) in directory.entries(tree) {
            if left == 0 || found.len() == MAX_NAMED {
                return found;
            }
            left -= 1;
            let path = parent.child(name);
            match &**node {
                Node::Directory(directory) => directories.push((path, directory)),
                Node::File(file) => {
                    if let Some(difference) = difference(wanted, &path, account) {
                        found.push(NearMiss { path, file: file.clone(), difference });
                    }
                }
            }
        }
    }
    found
}

/// A way in which a client may alter a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alteration {
    Quoting,
    Composition,
    Case,
}

const ALL: [Alteration; 3] = [Alteration::Quoting, Alteration::Composition, Alteration::Case];

/// Returns how two paths differ, if they are alike.
fn difference(wanted: &Path, stored: &Path, account: &str) -> Option<String> {
    let is_equal =
        |without: Option<Alteration>| normalized(wanted, without) == normalized(stored, without);
    if is_equal(None) {
        let ways = ALL.into_iter().filter(|way| !is_equal(Some(*way)));
        let words: Vec<_> = ways.map(|way| in_words(way, wanted, stored)).collect();
        return Some(format!("differs by {}", words.join(" and by ")));
    }
    let (wanted, stored) = (normalized(wanted, None), normalized(stored, None));
    let (wanted, stored): (Vec<_>, Vec<_>) =
        (wanted.segments().collect(), stored.segments().collect());
    if let Some(extra) = inserted(&wanted, &stored) {
        let is_doubled = wanted.contains(&extra);
        let directory = Escaped::new(extra);
        return Some(match extra == account {
            true => format!("has the name of the account, {directory}, as a directory"),
            false if is_doubled => format!("has the directory {directory} twice"),
            false => format!("has the directory {directory} in addition"),
        });
    }
    let missing = inserted(&stored, &wanted)?;
    Some(format!("is without the directory {}", Escaped::new(missing)))
}

/// Returns the path with all alterations undone, except one.
fn normalized(path: &Path, without: Option<Alteration>) -> Path {
    let undoes = |way| without != Some(way);
    let mut path = path.clone();
    if undoes(Alteration::Quoting) {
        // A name may have been quoted twice.
        for _ in 0..2 {
            let text = path.to_string();
            path = Path::parse(text.as_bytes(), PathEncoding::PercentEncoded, u64::MAX)
                .unwrap_or(path);
        }
    }
    path.segments().fold(Path::root(), |path, name| {
        let name = if undoes(Alteration::Composition) { decompose(name) } else { name.to_owned() };
        path.child(&if undoes(Alteration::Case) { name.to_lowercase() } else { name })
    })
}

/// Returns the directory that `longer` has in addition to `shorter`. Their last names are equal.
fn inserted<'a>(shorter: &[&str], longer: &[&'a str]) -> Option<&'a str> {
    if longer.len() != shorter.len() + 1 || shorter.last() != longer.last() {
        return None;
    }
    let at = longer.iter().zip(shorter).position(|(one, other)| one != other);
    let at = at.unwrap_or(shorter.len() - 1);
    (longer[at + 1..] == shorter[at..]).then(|| longer[at])
}

fn in_words(way: Alteration, wanted: &Path, stored: &Path) -> String {
    match way {
        Alteration::Quoting => "quoting".to_owned(),
        Alteration::Case => "case".to_owned(),
        Alteration::Composition => {
            let (wanted, stored) = (wanted.to_string(), stored.to_string());
            let (wanted, stored) = (differing(&wanted, &stored), differing(&stored, &wanted));
            format!("composition ({stored} is stored, {wanted} is wanted)")
        }
    }
}

/// Returns the code points of the first letter in which `text` differs from `other`, with its base
/// letter.
fn differing(text: &str, other: &str) -> String {
    let (text, other): (Vec<_>, Vec<_>) = (text.chars().collect(), other.chars().collect());
    let start = text.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let is_mark = |char: &char| matches!(char, '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}');
    let is_joining = |char: &char| is_mark(char) || matches!(char, '\u{1161}'..='\u{11ff}');
    let start =
        if text.get(start).is_some_and(is_joining) { start.saturating_sub(1) } else { start };
    let rest = text.get(start..).unwrap_or_default();
    let length = 1 + rest.iter().skip(1).take_while(|char| is_joining(char)).count();
    let points = rest.iter().take(length).map(|char| format!("U+{:04X}", u32::from(*char)));
    points.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(wanted: &str, stored: &str) -> Option<String> {
        let path =
            |text: &str| Path::parse(text.as_bytes(), PathEncoding::Raw, u64::MAX).expect(text);
        difference(&path(wanted), &path(stored), "acme")
    }

    #[test]
    fn alike_paths_are_described() {
        for (wanted, stored, expected) in [
            ("/v/a b.txt", "/v/a%20b.txt", "differs by quoting"),
            ("/v/a b.txt", "/v/a+b.txt", "differs by quoting"),
            ("/v/a b.txt", "/v/a%2520b.txt", "differs by quoting"),
            ("/v/a b.txt", "/v/A%20b.txt", "differs by quoting and by case"),
            ("/v/a.txt", "/V/A.TXT", "differs by case"),
            (
                "/v/caf\u{e9}",
                "/v/cafe\u{301}",
                "differs by composition (U+0065 U+0301 is stored, U+00E9 is wanted)",
            ),
            (
                "/v/cafe\u{301}",
                "/v/caf\u{e9}",
                "differs by composition (U+00E9 is stored, U+0065 U+0301 is wanted)",
            ),
            ("/v/a", "/v/v/a", "has the directory v twice"),
            ("/v/a", "/acme/v/a", "has the name of the account, acme, as a directory"),
            ("/v/a", "/v/w/a", "has the directory w in addition"),
            ("/v/a", "/a", "is without the directory v"),
        ] {
            assert_eq!(between(wanted, stored).as_deref(), Some(expected), "{wanted} {stored}");
        }
    }

    #[test]
    fn other_paths_are_not_alike() {
        for (wanted, stored) in
            [("/v/a", "/v/b"), ("/v/a", "/w/a"), ("/v/a", "/v/a/b"), ("/a", "/")]
        {
            assert_eq!(between(wanted, stored), None, "{wanted} {stored}");
        }
    }
}
