//! Code and text on a page that is copied from a file.
//!
//! A page marks a copy with `<!-- copied from FILE -->` or `<!-- copied from FILE: REGION -->`, followed by a
//! fenced block. A region of a file stands between the lines `// region: REGION` and `// endregion`.

use std::fs;
use std::path::{Path, PathBuf};

const MARK: &str = "<!-- copied from ";

#[test]
fn every_copy_on_a_page_equals_its_source() {
    let mut copies = 0;
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        copies += page.matches(MARK).count();
        let updated = update(&page);
        if std::env::var_os("UPDATE_GOLDEN").is_some() && updated != page {
            fs::write(&path, &updated).unwrap();
        } else {
            assert!(updated == page, "{} differs from the files it copies", path.display());
        }
    }
    assert!(copies > 5, "only {copies} copies found");
}

/// Returns README.md and every page in docs/.
pub(crate) fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .chain([root().join("README.md"), root().join("CONTRIBUTING.md")])
        .collect()
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the page with every copy read from its source again.
fn update(page: &str) -> String {
    let mut parts = page.split(MARK);
    let mut updated = parts.next().unwrap().to_owned();
    for part in parts {
        let (source, rest) = part.split_once(" -->\n").unwrap();
        let (fence, rest) = rest.split_once('\n').unwrap();
        let (_, rest) = rest.split_once("\n```\n").unwrap();
        assert!(fence.starts_with("```"), "no code block follows the mark of {source}");
        let copy = copy(source);
        updated += &[MARK, source, " -->\n", fence, "\n", copy.trim_matches('\n'), "\n```\n", rest]
            .concat();
    }
    updated
}

/// Reads `FILE` or `FILE: REGION`.
fn copy(source: &str) -> String {
    let (file, region) = source.split_once(": ").map_or((source, None), |(f, r)| (f, Some(r)));
    let text = fs::read_to_string(root().join(file)).unwrap_or_else(|_| panic!("no file {file}"));
    let Some(region) = region else { return text };
    let is_begin =
        |line: &str| line.trim().split_once(" region: ").is_some_and(|(_, name)| name == region);
    let is_end = |line: &str| line.trim().ends_with(" endregion");
    let lines = text.lines().skip_while(|line| !is_begin(line)).skip(1);
    let lines: Vec<_> = lines.take_while(|line| !is_end(line)).collect();
    assert!(!lines.is_empty(), "{file} has no region {region}");
    let indents = lines.iter().filter(|line| !line.is_empty());
    let indent = indents.map(|line| line.len() - line.trim_start().len()).min().unwrap();
    lines.iter().map(|line| line.get(indent..).unwrap_or_default().to_owned() + "\n").collect()
}
