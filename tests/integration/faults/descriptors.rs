//! Tests going offline and online in a process without free file descriptors.

use std::fs::File;
use std::process::Command;

use mock_origin::MockOrigin;

use crate::support::Client;

/// Marks the child process, which runs only this test and may use up its descriptors.
const ALONE: &str = "MOCK_ORIGIN_TEST_USES_UP_DESCRIPTORS";

/// Opens files until the process has no descriptor left.
fn open_all_descriptors() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

fn works(url: &str) -> bool {
    std::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).is_ok()
        && Client::to(url).send("GET", "/acme/none", &[], b"").status == 404
}

fn go_online_without_descriptors() {
    let origin = MockOrigin::builder().port(0).port(0).port(0).start();
    let urls = origin.urls();
    let works = || urls.iter().map(|url| works(url)).collect::<Vec<_>>();
    for _ in 0..2 {
        let files = open_all_descriptors();
        origin.go_offline();
        drop(files);
        assert_eq!(works(), [false; 3]);
        let files = open_all_descriptors();
        origin.go_online();
        assert!(open_all_descriptors().is_empty(), "no descriptor became free");
        drop(files);
        assert_eq!(works(), [true; 3]);
    }
    origin.finish();
}

#[test]
fn an_origin_goes_online_without_free_descriptors() {
    if std::env::var_os(ALONE).is_some() {
        return go_online_without_descriptors();
    }
    let name = "faults::descriptors::an_origin_goes_online_without_free_descriptors";
    let run = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .env(ALONE, "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && output.contains("1 passed"), "{output}");
}
