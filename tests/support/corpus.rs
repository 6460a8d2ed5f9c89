//! Runs the cases of `fixtures/faults`: texts of faults that are accepted or rejected.
//!
//! A case is a text, followed by `=> ` and the faults that were read, or by `!! ` and the error.
//! `UPDATE_GOLDEN=1` writes the results. If a `=>` becomes `!!` or the reverse, the format has changed.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/faults/{name}.txt"))
}

/// Returns the cases of a file: each text with its result.
pub(crate) fn cases(name: &str) -> Vec<(String, String)> {
    let mut cases: Vec<(String, String)> = Vec::new();
    let mut text = String::new();
    for line in std::fs::read_to_string(path(name)).unwrap().lines() {
        let is_result = line.starts_with("=> ") || line.starts_with("!! ");
        match cases.last_mut() {
            _ if !is_result => writeln!(text, "{line}").unwrap(),
            Some((_, result)) if text.is_empty() => write!(result, "\n{line}").unwrap(),
            _ => {
                let case = text.trim_matches('\n').to_owned();
                cases.push((case, line.to_owned()));
                text.clear();
            }
        }
    }
    cases
}

/// Asserts that `read` returns the recorded result of each case of a file.
pub(crate) fn assert_corpus(name: &str, read: impl Fn(&str) -> Result<Vec<String>, String>) {
    let recorded = cases(name);
    let played = recorded.iter().map(|(text, _)| {
        let result = match read(text) {
            Ok(accepted) => format!("=> {}", accepted.join("\n=> ")),
            Err(error) => {
                assert!(!error.contains('\n'), "{text}: {error}");
                format!("!! {error}")
            }
        };
        (text.clone(), result)
    });
    let played: Vec<_> = played.collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let written: Vec<_> =
            played.iter().map(|(text, result)| format!("{text}\n{result}\n")).collect();
        return std::fs::write(path(name), written.join("\n")).unwrap();
    }
    for (recorded, played) in recorded.iter().zip(&played) {
        assert_eq!(recorded, played, "fixtures/faults/{name}.txt");
    }
}
