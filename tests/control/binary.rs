//! `mock-origin serve`: its output, options, summary and report.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};

use tempfile::NamedTempFile;

use crate::support::{self, Client};

pub(crate) fn serve(options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-origin"));
    command.arg("serve").args(options).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// Sends SIGTERM and returns the output and the exit status.
#[cfg(unix)]
pub(crate) fn terminate(child: Child) -> Output {
    let done = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(done.success());
    child.wait_with_output().unwrap()
}

#[cfg(unix)]
#[test]
fn the_summary_names_faults_that_were_never_injected() {
    let faults = file(
        "[[fault]]\nname = \"the lost ack\"\nop = \"complete\"\ncommit_then = \"close\"\n\n\
         [[fault]]\nname = \"the dead login\"\nop = \"login\"\nreject = 503\n",
    );
    let mut child = serve(&[
        "--listen=127.0.0.1:0",
        "--listen=127.0.0.1:0",
        "--control=127.0.0.1:0",
        "--faults",
        faults.path().to_str().unwrap(),
    ])
    .spawn()
    .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let (url, other, control) = (line(), line(), line());
    assert!(url.starts_with("http://127.0.0.1:") && other.starts_with("http://127.0.0.1:"));
    let base = control.strip_prefix("control ").and_then(|rest| rest.strip_suffix("/__mock/"));
    assert_eq!(Client::to(&url).send("GET", "/account/login", &[], b"").status, 503);
    let verdict = "GET /__mock/verdict HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert!(Client::to(base.unwrap()).write(verdict).read().text().contains("the lost ack"));
    let ended = terminate(child);
    let stderr = String::from_utf8(ended.stderr).unwrap();
    let unmet: Vec<_> = stderr.lines().filter(|line| line.contains("was never injected")).collect();
    assert_eq!(unmet, ["fault was never injected: the lost ack"], "{stderr}");
    assert_eq!(ended.status.code(), Some(0));
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[cfg(unix)]
#[test]
fn the_summary_names_held_responses_and_chaos_faults() {
    let faults = file("[[fault]]\nname = \"the held login\"\nop = \"login\"\nhold = true\n");
    let options = ["--control=127.0.0.1:0", "--faults", faults.path().to_str().unwrap()];
    let mut child = serve(&options).spawn().unwrap();
    let lines: Vec<_> = BufReader::new(child.stdout.as_mut().unwrap())
        .lines()
        .take(2)
        .map(|line| line.unwrap())
        .collect();
    let base = lines[1].strip_prefix("control ").unwrap().strip_suffix("/__mock/").unwrap();
    let send = |request: &str, body: &str| {
        let length = body.len();
        let head =
            format!("{request} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
        Client::to(base).write(head + body).read().text().to_owned()
    };
    send("POST /__mock/chaos", r#"{"seed": 41, "profile": "server_errors", "percent": 100}"#);
    let login = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];
    let mut held = Client::to(&lines[0]);
    held.write(support::request("GET", "/account/login", &login, b""));
    while !send("GET /__mock/faults", "").contains("\"fired\":1") {
        std::thread::yield_now();
    }
    assert!(Client::to(&lines[0]).send("GET", "/account/login", &login, b"").status >= 400);
    let ended = terminate(child);
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert!(stderr.contains("GET /account/login by jane"), "{stderr}");
    assert!(stderr.contains("response held"), "{stderr}");
    assert!(stderr.contains("held response was never released: the held login"), "{stderr}");
    assert!(
        stderr.contains("\"seed\":41")
            && stderr.contains(" injected these faults:\n    {\"op\":\"login\""),
        "{stderr}"
    );
    drop(held);
}

#[cfg(unix)]
#[test]
fn the_summary_counts_rejected_and_unfinished_requests() {
    let mut child = serve(&["--control=127.0.0.1:0"]).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.as_mut().unwrap());
    let lines: Vec<_> = stdout.lines().take(2).map(|line| line.unwrap()).collect();
    let base = lines[1].strip_prefix("control ").unwrap().strip_suffix("/__mock/").unwrap();
    assert_eq!(Client::to(&lines[0]).send("POST", "/account/login", &[], b"").status, 400);
    let mut half = Client::to(&lines[0]);
    half.write("POST /jsonrpc HTTP/1.1\r\nHost: o\r\nContent-Length: 9\r\n\r\nhalf");
    let journal = "GET /__mock/journal HTTP/1.1\r\nHost: localhost\r\n\r\n";
    while !Client::to(base).write(journal).read().text().contains("/jsonrpc") {
        std::thread::yield_now();
    }
    let ended = terminate(child);
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert!(
        stderr.contains("2 exchanges on 2 connections, 1 rejected, 1 unfinished; "),
        "{stderr}"
    );
    drop(half);
}

#[cfg(unix)]
#[test]
fn the_summary_counts_dropped_exchanges_and_their_findings() {
    let mut child = serve(&["--journal-limit=3", "--fail-on=should"]).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    let mut client = Client::to(url.trim_end());
    client.send("GET", "/account/login?password=secret", &[], b"");
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let finding = stderr.find(|line| line.starts_with("finding: ")).unwrap();
    assert!(finding.starts_with("finding: secret.in_target "), "{finding}");
    for _ in 0..9 {
        client = Client::to(url.trim_end());
        assert_eq!(client.send("GET", "/acme/absent", &[], b"").status, 404);
        // Its record is complete: an exchange that had not ended would stay for a while.
        client.finish_writing().assert_closed();
    }
    let ended = terminate(child);
    let rest: Vec<_> = stderr.collect();
    let has = |text: &str| rest.iter().any(|line| line.contains(text));
    assert!(has("10 exchanges on 10 connections, 10 rejected; "), "{rest:#?}");
    assert!(
        has("the journal keeps 3 of them; 7 older ones were dropped (--journal-limit)"),
        "{rest:#?}"
    );
    assert!(rest.contains(&finding), "{rest:#?}");
    assert_eq!(ended.status.code(), Some(1));
}

#[cfg(unix)]
#[test]
fn file_and_upload_options_store_files_and_create_uploads() {
    let local = file("the bytes of a file");
    let option = format!("--file=/a/b.txt={}", local.path().display());
    let options = ["--control=127.0.0.1:0", &option, "--upload=/a/c.mp4"];
    let mut child = serve(&options).spawn().unwrap();
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines().take(2);
    let lines: Vec<_> = lines.map(|line| line.unwrap()).collect();
    let base = lines[1].strip_prefix("control ").unwrap().strip_suffix("/__mock/").unwrap();
    let get = |target: &str| {
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Client::to(base).write(request).read().text().to_owned()
    };
    assert_eq!(get("/__mock/files?path=/a/b.txt"), "the bytes of a file");
    let uploads: serde_json::Value = serde_json::from_str(&get("/__mock/uploads")).unwrap();
    let upload = &uploads["uploads"][0];
    assert_eq!((&upload["path"], &upload["state"]), (&"/acme/a/c.mp4".into(), &"NEW".into()));
    assert_eq!(terminate(child).status.code(), Some(0));
}

#[test]
fn invalid_options_print_one_line_and_exit_with_2() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let unknown = file("[[fault]]\nop = \"raw\"\nuser = \"nobody\"\nreject = 503\n");
    let nonsense = file("[[fault]]\nop = \"raw\"\nreject = 503\nhold = true\n");
    let (unknown, nonsense) = (unknown.path().to_str().unwrap(), nonsense.path().to_str().unwrap());
    for (options, expected) in [
        (
            ["--faults", unknown],
            format!("{unknown}: fault 1: unknown user \"nobody\"; known users: [\"jane\"]"),
        ),
        (
            ["--faults", nonsense],
            format!("{nonsense}:1: conflicting actions `hold` and `reject`; expected exactly one"),
        ),
        (
            ["--file=/a=Cargo.toml", "--dir=/a"],
            "--file: invalid fixtures: file /a: a directory is there, or another file".to_owned(),
        ),
        (["--control", &taken], format!("--control: the origin cannot listen on {taken}: ")),
        (
            ["--control", "[::]:0"],
            "other machines can reach [::]:0; allow it with --expose-control".to_owned(),
        ),
    ] {
        let ended = serve(&options).output().unwrap();
        let error = String::from_utf8(ended.stderr).unwrap();
        assert!(error.starts_with(&format!("mock-origin: {expected}")), "{error}");
        assert_eq!((error.lines().count(), ended.status.code()), (1, Some(2)), "{error}");
        assert!(ended.stdout.is_empty());
    }
}

#[cfg(unix)]
#[test]
fn the_log_and_the_summary_report_bytes_that_are_not_http() {
    let mut child = serve(&[]).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    let mut client = Client::to(url.trim_end());
    client.write(b"\x16\x03\x01\x02\0\x01\0\x1b[31m").finish_writing().read_to_end().unwrap();
    let mut log = BufReader::new(child.stderr.as_mut().unwrap());
    let mut line = String::new();
    // The line must appear before the program ends.
    log.read_line(&mut line).unwrap();
    assert!(line.contains("no request: TLS ClientHello: \\u{16}\\u{3}"), "{line}");
    drop(log);
    let stderr = String::from_utf8(terminate(child).stderr).unwrap();
    assert!(stderr.contains("not an HTTP request") && !stderr.contains('\u{1b}'), "{stderr}");
}

#[cfg(unix)]
#[test]
fn the_report_shows_the_run_without_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.html");
    let report = format!("--report={}", path.display());
    let mut child = serve(&[&*report, "--user", "jane:hunter2", "--seed=7"]).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    let early = std::fs::read_to_string(&path).unwrap();
    assert!(early.contains("No verdict: no client connected"), "{early}");
    let login = [("X-Agile-Username", "jane"), ("X-Agile-Password", "hunter2")];
    assert_eq!(Client::to(url.trim_end()).send("POST", "/account/login", &login, b"").status, 200);
    assert_eq!(terminate(child).status.code(), Some(0));
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("POST /account/login"), "{page}");
    assert!(page.contains("--user &#39;jane:&lt;redacted&gt;&#39; --seed=7"), "{page}");
    assert!(!page.contains("hunter2"));
}

#[test]
fn an_unwritable_report_path_is_rejected_at_start() {
    let ended = serve(&["--report", "/nowhere/report.html"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert!(stderr.contains("cannot write the report to /nowhere/report.html: "), "{stderr}");
    assert_eq!(ended.stdout, b"");
}

#[cfg(unix)]
#[test]
fn serve_writes_the_authority_before_the_first_line() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let out = format!("--ca-out={}", ca.display());
    let mut child = serve(&["--tls", "--tls-name=upload.example.com", &out]).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("https://127.0.0.1:"), "{first}");
    let pem = std::fs::read_to_string(&ca).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    let url = first.trim_end().replace("https://", "http://");
    let response = Client::to(&url).send("OPTIONS", "/", &[], b"");
    assert_eq!(response.text(), "This port uses TLS: the URL must begin with https.\n");
    let stderr = String::from_utf8(terminate(child).stderr).unwrap();
    let found = "plain HTTP on a TLS port: \"OPTIONS / HTTP/1.1\", response 400";
    assert!(stderr.contains(found), "{stderr}");
}

#[test]
fn serve_reports_an_authority_that_cannot_be_written() {
    let output = serve(&["--tls", "--ca-out=/nowhere/ca.pem"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        (output.stdout.len(), String::from_utf8(output.stderr).unwrap()),
        (
            0,
            "mock-origin: --ca-out: /nowhere/ca.pem: No such file or directory (os error 2)\n"
                .to_owned()
        )
    );
}
