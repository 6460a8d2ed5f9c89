//! Where and under which name the report of a failing test is written. Start with [`Reporting`].

use std::collections::BTreeMap;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{env, fs, thread};

use crate::blob::Digest;

/// The variable with the directory of the reports of failing tests.
const DIRECTORY: &str = "MOCK_ORIGIN_REPORT";

/// What an origin reports, and where it reports that its test failed.
#[derive(Debug, Default)]
pub(super) struct Reporting {
    /// The command that repeats the run.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    pub(super) run_command: Option<String>,
    /// Whether the origin is one of many that a test starts, so that it writes no report itself.
    pub(super) is_part_of_exploration: bool,
    /// The file, which a later failure of the same origin overwrites.
    pub(super) path: Option<PathBuf>,
    /// The line for the message of the test; empty if there is no report.
    pub(super) line: String,
}

/// Returns the name of the test, which is that of its thread, or the place where it started the
/// origin.
pub(super) fn test_name(started: &Location<'_>) -> String {
    let thread = thread::current();
    let name = thread.name().filter(|name| *name != "main" && !name.starts_with("tokio-"));
    name.map_or_else(|| format!("{}:{}", started.file(), started.line()), str::to_owned)
}

/// Returns the directory for the reports of failing tests, if the environment asks for them.
pub(super) fn directory() -> Option<PathBuf> {
    env::var_os(DIRECTORY).filter(|name| !name.is_empty()).map(PathBuf::from)
}

/// Returns a file for the report of a failing test, if the environment asks for reports.
pub(super) fn failure_report_path(test: &str) -> Option<PathBuf> {
    directory().map(|directory| directory.join(unused_file_name(test)))
}

/// Writes a page, and returns a line for the message of the test.
pub(super) fn write_page(path: &Path, page: &str) -> String {
    if cfg!(not(feature = "report")) {
        return "report: not written; enable the feature `report` of mock-origin\n".to_owned();
    }
    let directory = path.parent().map_or(Ok(()), fs::create_dir_all);
    match directory.and_then(|()| fs::write(path, page)) {
        Ok(()) => format!("report: {}\n", path.display()),
        Err(error) => format!("report: cannot write {}: {error}\n", path.display()),
    }
}

/// Returns the name of a file that no other origin of any test has.
fn unused_file_name(test: &str) -> String {
    static USED: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());
    let program = env::current_exe().unwrap_or_default();
    let program = program.file_stem().unwrap_or_default().to_string_lossy();
    let package = env::var("CARGO_PKG_NAME").unwrap_or_default();
    let stem = file_stem(&package, without_build_hash(&program), test);
    // A panic elsewhere leaves the map valid.
    let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
    let number = used.entry(stem.clone()).or_default();
    *number += 1;
    if *number == 1 { format!("{stem}.html") } else { format!("{stem}-{number}.html") }
}

/// Returns the name of a test program without the hash that cargo adds.
fn without_build_hash(program: &str) -> &str {
    let is_hash = |end: &str| end.len() == 16 && end.bytes().all(|it| it.is_ascii_hexdigit());
    program.rsplit_once('-').filter(|(_, end)| is_hash(end)).map_or(program, |(name, _)| name)
}

/// The longest name, in bytes, that is used as it is.
const LONGEST_NAME: usize = 120;

/// Returns a name that every file system accepts: `package.program.module.test`. Different tests
/// have different names, even if a file system ignores the case: a name that had to be changed ends
/// with a part of its digest.
fn file_stem(package: &str, program: &str, test: &str) -> String {
    let names = [package, program, test];
    let parts: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
    let whole = parts.join(".").replace("::", ".");
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "_-.".contains(char);
    let plain: String = whole.chars().map(|char| if is_plain(char) { char } else { '_' }).collect();
    let is_unchanged = plain == whole && whole.len() <= LONGEST_NAME;
    if is_unchanged && !whole.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return plain;
    }
    let digest = Digest::compute(parts.join("\0").as_bytes()).to_string();
    format!("{}-{}", &plain[..plain.len().min(LONGEST_NAME)], &digest[..8])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn plain_names_are_used_as_they_are() {
        assert_eq!(file_stem("my-client", "upload", "a::resumes"), "my-client.upload.a.resumes");
        assert_eq!(file_stem("", "upload", "resumes"), "upload.resumes");
        assert_eq!(without_build_hash("upload-all-0123456789abcdef"), "upload-all");
        assert_eq!(without_build_hash("upload-all"), "upload-all");
    }

    #[test]
    fn names_are_different_and_safe_for_file_systems() {
        let long = "x".repeat(4_096);
        let other = format!("{long}y");
        let tests = [
            "a/../../b",
            "a\\b",
            "a_b",
            "A_b",
            "a:b",
            "a::b",
            "ä",
            "ö",
            "<script>",
            "\u{1b}[2J",
            "\u{202e}x",
            "",
            "..",
            " ",
            "src/lib.rs - f (line 3)",
            &long,
            &other,
        ];
        let stems: BTreeSet<_> = tests.iter().map(|test| file_stem("p", "q", test)).collect();
        let without_case: BTreeSet<_> = stems.iter().map(|stem| stem.to_lowercase()).collect();
        assert_eq!(without_case.len(), tests.len(), "{stems:?}");
        for stem in &stems {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
            assert!(stem.bytes().all(is_plain) && stem.len() < 140, "{stem}");
        }
    }

    #[test]
    fn two_origins_of_a_test_have_two_files() {
        let names = [(); 2].map(|()| unused_file_name("two_origins"));
        assert!(names[0].ends_with("two_origins.html"), "{names:?}");
        assert!(names[1].ends_with("two_origins-2.html"), "{names:?}");
    }
}
