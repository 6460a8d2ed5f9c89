//! Plays the texts of `fixtures/faults`: which are accepted, and the error of each that is not.
//!
//! A case is a text, then either `=> ` and what was read, or `!! ` and the error. `UPDATE_GOLDEN=1`
//! writes the results anew; a `=>` that becomes `!!`, or the reverse, is a change of the format.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::Path;

/// Compares each case of a file with what `read` says.
pub(crate) fn assert_corpus(name: &str, read: impl Fn(&str) -> Result<Vec<String>, String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/faults/{name}.txt"));
    let recorded = std::fs::read_to_string(&path).unwrap();
    let (mut played, mut text) = (String::new(), String::new());
    for line in recorded.lines() {
        if !line.starts_with("=> ") && !line.starts_with("!! ") {
            text += line;
            text += "\n";
            continue;
        }
        if text.trim().is_empty() {
            continue;
        }
        let case = text.trim_matches('\n');
        let result = match read(case) {
            Ok(accepted) => format!("=> {}", accepted.join("\n=> ")),
            Err(error) => {
                assert!(!error.contains('\n'), "{case}: {error}");
                format!("!! {error}")
            }
        };
        let gap = if played.is_empty() { "" } else { "\n" };
        writeln!(played, "{gap}{case}\n{result}").unwrap();
        text.clear();
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return std::fs::write(&path, &played).unwrap();
    }
    assert!(played == recorded, "fixtures/faults/{name}.txt has other results");
}
