//! Tests going online in a process without free file descriptors: it fails and keeps the ports.

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
    origin.go_offline();
    let mut files = open_all_descriptors();
    for _ in 0..2 {
        let error = origin.try_go_online().unwrap_err().to_string();
        assert!(error.contains("cannot listen on 127.0.0.1:"), "{error}");
    }
    // One descriptor is left, but the origin has two ports.
    files.pop();
    for _ in 0..2 {
        assert!(origin.try_go_online().is_err(), "two of three ports are closed");
    }
    drop(files);
    let is_open = origin.urls().iter().map(|url| works(url)).collect::<Vec<_>>();
    assert_eq!(is_open, [true, false, false]);
    origin.go_online();
    assert!(origin.urls().iter().all(|url| works(url)));
    // Going offline again works after the failure.
    origin.go_offline();
    let files = open_all_descriptors();
    assert!(origin.try_go_online().is_err());
    origin.go_offline();
    drop(files);
    assert!(!origin.urls().iter().any(|url| works(url)));
    origin.go_online();
    assert!(origin.urls().iter().all(|url| works(url)));
    origin.finish();
}

#[test]
fn going_online_fails_until_every_port_listens() {
    if std::env::var_os(ALONE).is_some() {
        return go_online_without_descriptors();
    }
    let name = "faults::descriptors::going_online_fails_until_every_port_listens";
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
