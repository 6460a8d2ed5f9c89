//! `MOCK_ORIGIN_REPORT`: each test that fails writes one file. Each case runs this test program
//! again, with one of the tests below that fail on purpose.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mock_origin::{MockOrigin, Op};

use super::page::Page;
use crate::support::Client;

const MODULE: &str = "html_report::failing::";

/// Runs a test that fails on purpose, with the directory as the variable says.
fn run(test: &str, directory: &Path) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("{MODULE}{test}"),
            "--ignored",
            "--nocapture",
            "--test-threads=2",
        ])
        .env("MOCK_ORIGIN_REPORT", directory)
        .output()
        .unwrap()
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
#[ignore = "fails on purpose: `run` starts it"]
fn fails_verification() {
    let origin = MockOrigin::start();
    origin.on(Op::piece(2)).reject(503);
    Client::new(&origin).send("OPTIONS", "/", &[], b"");
    origin.finish();
}

#[test]
#[ignore = "fails on purpose: `run` starts it"]
fn panics_with_two_origins() {
    let _first = MockOrigin::start();
    let _second = MockOrigin::start();
    panic!("on purpose");
}

#[test]
#[ignore = "`run` starts it"]
fn passes() {
    let origin = MockOrigin::start();
    Client::new(&origin).send("OPTIONS", "/", &[], b"");
    origin.finish();
}

#[test]
#[ignore = "fails on purpose: `run` starts it"]
fn fails_under_every_seed() {
    mock_origin::explore(0..3, |origin| {
        origin.on(Op::piece(2)).reject(503);
    });
}

#[test]
fn a_failed_verification_writes_one_report_and_names_it() {
    let directory = scratch();
    let nested = directory.path().join("new/reports");
    for _ in 0..2 {
        let output = run("fails_verification", &nested);
        assert!(!output.status.success());
        let file = format!("{}.html", name_of("fails_verification"));
        assert_eq!(files(&nested), [&*file]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(&format!("report: {}", nested.join(&file).display())), "{text}");
        let page = Page::new(&std::fs::read_to_string(nested.join(&file)).unwrap());
        assert_eq!(page.text("h1"), format!("{MODULE}fails_verification"));
        assert_eq!(page.text("#verdict-title"), "No verdict: 1 fault was never injected");
    }
}

#[test]
fn a_panic_writes_one_report_per_origin() {
    let directory = scratch();
    assert!(!run("panics_with_two_origins", directory.path()).status.success());
    let name = name_of("panics_with_two_origins");
    assert_eq!(files(directory.path()), [format!("{name}-2.html"), format!("{name}.html")]);
}

#[test]
fn a_test_that_passes_writes_no_report() {
    let directory = scratch();
    let output = run("passes", directory.path());
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
    assert!(files(directory.path()).is_empty());
}

#[test]
fn exploring_writes_one_report_of_the_smallest_run() {
    let directory = scratch();
    let output = run("fails_under_every_seed", directory.path());
    assert!(!output.status.success());
    assert_eq!(files(directory.path()), [format!("{}.html", name_of("fails_under_every_seed"))]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("\nreport: "), "{output:?}");
}

#[test]
fn a_report_that_cannot_be_written_is_an_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = run("fails_verification", &file.path().join("reports"));
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
