//! Every cited section, such as `§4.2`, has an anchor in `docs/protocol.md`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is searched for cites, from the root of the repository.
const SEARCHED: &[&str] = &[
    "src",
    "tests",
    "fixtures",
    "docs",
    "examples",
    "benches",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
];

#[test]
fn every_cited_section_is_an_anchor_of_the_protocol_page() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/protocol.md")).unwrap();
    let anchors: BTreeSet<_> =
        page.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let mut files = Vec::new();
    for name in SEARCHED {
        collect_files(&root.join(name), &mut files);
    }
    let mut dangling = Vec::new();
    let mut count = 0;
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for (number, line) in text.lines().enumerate() {
            let cites = cited_sections(line);
            count += cites.len();
            let unknown = cites.iter().filter(|cite| !anchors.contains(cite.as_str()));
            let file = file.strip_prefix(&root).unwrap().display();
            dangling.extend(unknown.map(|cite| format!("{file}:{}: §{cite}", number + 1)));
        }
    }
    assert!(dangling.is_empty(), "no anchor in docs/protocol.md:\n{}", dangling.join("\n"));
    assert!(count > 1000, "only {count} cites were found");
}

#[test]
fn anchors_of_the_protocol_page_are_unique() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/protocol.md")).unwrap();
    let mut seen = BTreeSet::new();
    for rest in page.split("<a id=\"").skip(1) {
        let (anchor, rest) = rest.split_once('"').unwrap();
        assert!(seen.insert(anchor), "the anchor {anchor} is there twice");
        let heading = format!("></a>\u{a7}{anchor} ");
        assert!(rest.starts_with(&heading), "the anchor {anchor} stands before its section");
    }
}

#[test]
fn cites_of_an_rfc_are_skipped() {
    let sign = '\u{a7}';
    for (line, cited) in [
        (format!("see {sign}4.2."), vec!["4.2"]),
        (format!("({sign}7.2\u{2013}{sign}7.4)"), vec!["7.2", "7.4"]),
        (format!("({sign}2.4\u{2013}2.6)"), vec!["2.4", "2.6"]),
        (format!("RFC 9110 {sign}13, {sign}99.1 and {sign}8"), vec!["8"]),
        (format!("(RFC 9112 {sign}6.1) {sign}1.9"), vec!["1.9"]),
        (format!("a bare {sign} sign"), vec![]),
    ] {
        assert_eq!(cited_sections(&line), cited, "{line}");
    }
}

/// Returns the sections that a line cites, without those of an RFC: `RFC NNNN §a.b, §c.d`.
fn cited_sections(line: &str) -> Vec<String> {
    let mut cites = Vec::new();
    let mut is_rfc = false;
    let mut parts = line.split('\u{a7}');
    let mut before = parts.next().unwrap_or_default();
    for part in parts {
        is_rfc = ends_with_rfc(before) || (is_rfc && before.ends_with(", "));
        let (section, rest) = split_section(part);
        if !is_rfc && !section.is_empty() {
            cites.push(section.to_owned());
            // The second half of a range without a sign of its own.
            let end = rest.strip_prefix(['-', '\u{2013}']).map(|rest| split_section(rest).0);
            cites.extend(end.filter(|end| end.contains('.')).map(str::to_owned));
        }
        before = part;
    }
    cites
}

/// Splits the leading section number from a text.
fn split_section(text: &str) -> (&str, &str) {
    let end = text.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(text.len());
    let section = text[..end].trim_end_matches('.');
    text.split_at(section.len())
}

fn ends_with_rfc(text: &str) -> bool {
    let number = text.trim_end().trim_end_matches(|char: char| char.is_ascii_digit());
    number.ends_with("RFC ") && text.ends_with(' ')
}

fn collect_files(path: &Path, files: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        files.push(path.to_owned());
        return;
    }
    for entry in std::fs::read_dir(path).unwrap() {
        collect_files(&entry.unwrap().path(), files);
    }
}
