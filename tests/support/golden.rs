//! Compares texts with the golden files in `fixtures/failures`. `UPDATE_GOLDEN=1` writes the files.

use std::path::PathBuf;

use mock_origin::AssertionFailure;

/// Asserts that `text` equals the golden file `name`.
#[track_caller]
pub fn assert_golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/failures").join(name);
    let path = path.with_extension("txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{text}\n")).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let golden = golden.trim_end_matches('\n');
    assert!(text == golden, "{} has changed. Now:\n{text}\nBefore:\n{golden}\n", path.display());
}

/// Asserts that an assertion failed with the text of the golden file `name`.
#[track_caller]
pub fn assert_fails<T>(name: &str, result: Result<T, Box<AssertionFailure>>) {
    let failure = result.err().unwrap_or_else(|| panic!("{name}: the assertion holds"));
    assert_golden(name, &failure.to_string());
}

/// Replaces line numbers of source files in `text`, so that edits of a test do not change its golden file.
pub fn without_lines(text: &str) -> String {
    let mut parts = text.split(".rs:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + ".rs:<line>" + part.trim_start_matches(|char: char| char.is_ascii_digit())
    })
}
