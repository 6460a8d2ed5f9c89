//! `MOCK_ORIGIN_REPORT`: each test that fails writes one file. Each case runs this test program
//! again as a child, in which the same test fails on purpose.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mock_origin::{MockOrigin, Op};

use super::page::Page;
use crate::support::Client;

const MODULE: &str = "html_report::failing::";

/// Set in the child process.
const CHILD: &str = "MOCK_ORIGIN_TEST_CHILD";

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Runs a test as a child, with the directory as the variable says.
fn run(test: &str, directory: &Path) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{MODULE}{test}"), "--nocapture", "--test-threads=2"])
        .env("MOCK_ORIGIN_REPORT", directory)
        .env(CHILD, "1")
        .output()
        .unwrap()
}

/// Fails verification: the fault is never injected.
fn fail_verification() {
    let origin = MockOrigin::start();
    origin.on(Op::piece(2)).reject(503);
    Client::new(&origin).send("OPTIONS", "/", &[], b"");
    origin.finish();
}

/// Returns the names of the files in a directory.
fn files(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn name_of(test: &str) -> String {
    format!("mock-origin.integration.html_report.failing.{test}")
}

#[test]
fn a_failed_verification_writes_one_report_and_names_it() {
    const NAME: &str = "a_failed_verification_writes_one_report_and_names_it";
    if is_child() {
        return fail_verification();
    }
    let directory = scratch();
    let nested = directory.path().join("new/reports");
    for _ in 0..2 {
        let output = run(NAME, &nested);
        assert!(!output.status.success());
        let file = format!("{}.html", name_of(NAME));
        assert_eq!(files(&nested), [&*file]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(&format!("report: {}", nested.join(&file).display())), "{text}");
        let page = Page::new(&std::fs::read_to_string(nested.join(&file)).unwrap());
        assert_eq!(page.text("h1"), format!("{MODULE}{NAME}"));
        assert_eq!(page.text("#verdict-title"), "No verdict: 1 fault was never injected");
    }
}

#[test]
fn a_panic_writes_one_report_per_origin() {
    const NAME: &str = "a_panic_writes_one_report_per_origin";
    if is_child() {
        let (_first, _second) = (MockOrigin::start(), MockOrigin::start());
        panic!("the test fails");
    }
    let directory = scratch();
    assert!(!run(NAME, directory.path()).status.success());
    let name = name_of(NAME);
    assert_eq!(files(directory.path()), [format!("{name}-2.html"), format!("{name}.html")]);
}

#[test]
fn a_test_that_passes_writes_no_report() {
    const NAME: &str = "a_test_that_passes_writes_no_report";
    if is_child() {
        let origin = MockOrigin::start();
        Client::new(&origin).send("OPTIONS", "/", &[], b"");
        return origin.finish();
    }
    let directory = scratch();
    let output = run(NAME, directory.path());
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
    assert!(files(directory.path()).is_empty());
}

#[test]
fn exploring_writes_one_report_of_the_smallest_run() {
    const NAME: &str = "exploring_writes_one_report_of_the_smallest_run";
    if is_child() {
        return mock_origin::explore(0..3, |origin| {
            origin.on(Op::piece(2)).reject(503);
        });
    }
    let directory = scratch();
    let output = run(NAME, directory.path());
    assert!(!output.status.success());
    assert_eq!(files(directory.path()), [format!("{}.html", name_of(NAME))]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("\nreport: "), "{output:?}");
}

#[test]
fn a_report_that_cannot_be_written_is_an_error() {
    const NAME: &str = "a_report_that_cannot_be_written_is_an_error";
    if is_child() {
        return fail_verification();
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = run(NAME, &file.path().join("reports"));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("fault was never injected") && text.contains("report: cannot write "),
        "{text}"
    );
    let path: PathBuf = file.path().join("report.html");
    let error = MockOrigin::start().write_html(&path).unwrap_err();
    assert!(error.is_io(), "{error}");
    assert_eq!(error.to_string(), format!("cannot write the report to {}", path.display()));
}
