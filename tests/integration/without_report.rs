//! Failing tests in a build without the feature `report`. The case runs this test program again as a
//! child, in which the same test fails on purpose.

use std::env;
use std::process::Command;

use mock_origin::{MockOrigin, Op};

/// Set in the child process.
const CHILD: &str = "MOCK_ORIGIN_TEST_CHILD";

#[test]
fn a_failure_names_the_feature_that_writes_reports() {
    if env::var_os(CHILD).is_some() {
        let origin = MockOrigin::start();
        origin.on(Op::piece(2)).reject(503);
        return origin.finish();
    }
    let name = "without_report::a_failure_names_the_feature_that_writes_reports";
    let directory = tempfile::tempdir().unwrap();
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", name, "--nocapture"]).env(CHILD, "1");
    let failure = |child: &mut Command| {
        let output = child.output().unwrap();
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let text = failure(child.env("MOCK_ORIGIN_REPORT", directory.path()));
    let line = "\nreport: not written; enable the feature `report` of mock-origin\n";
    assert!(text.contains("fault was never injected") && text.contains(line), "{text}");
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
    let text = failure(child.env_remove("MOCK_ORIGIN_REPORT"));
    assert!(!text.contains("report: "), "{text}");
}
