//! The sample exchanges in `docs/control.md`: at least one of each endpoint, recorded from an origin.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use mock_origin::MockOrigin;
use mock_origin::control::{Control, ENDPOINTS};
use serde_json::Value;

use crate::support::page::assert_block;
use crate::support::record::closed_connection;
use crate::support::{Client, create, piece};
use crate::{Stage, stage};

/// Method, target after `/__mock/`, and body. `ID` is the identifier of the first upload.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("POST", "faults", r#"{"op": "piece", "part": 2, "attempt": 1, "reject": 503}"#),
    ("POST", "faults", r#"[{"op": "complete", "hold": true}, {"op": "raw", "delay": 1}]"#),
    ("DELETE", "faults/2", ""),
    ("PUT", "files?path=/videos/old.txt", "stored"),
    ("GET", "files", ""),
    ("GET", "files?path=/videos/old.txt", ""),
    ("POST", "uploads", r#"{"path": "/videos/a.mp4"}"#),
    ("PUT", "uploads/ID/pieces?part=1", "first"),
    ("GET", "wait?op=piece&status=200&timeout=10", ""),
    ("GET", "wait?quiet=0&timeout=10", ""),
    ("GET", "uploads/ID", ""),
    ("GET", "uploads", ""),
    ("GET", "faults", ""),
    ("POST", "faults/1/release", ""),
    ("GET", "journal?limit=1", ""),
    ("GET", "connections", ""),
    ("POST", "marks", r#"{"note": "second upload"}"#),
    ("GET", "marks", ""),
    ("GET", "timeline", ""),
    ("GET", "report", ""),
    ("GET", "transcript", ""),
    ("GET", "har", ""),
    ("GET", "trace", ""),
    ("GET", "verdict", ""),
    ("GET", "findings", ""),
    ("DELETE", "faults", ""),
    ("GET", "clock", ""),
    ("POST", "clock", r#"{"advance": 3600}"#),
    ("POST", "tokens/expire", r#"{"user": "jane"}"#),
    ("GET", "options", ""),
    ("POST", "options", r#"{"join": "polls:3", "pieces": 2}"#),
    ("POST", "chaos", r#"{"seed": 41, "profile": "network"}"#),
    ("GET", "chaos", ""),
    ("DELETE", "chaos", ""),
    ("DELETE", "journal", ""),
    ("POST", "offline", ""),
    ("POST", "online", ""),
    ("POST", "reset", ""),
    ("GET", "", ""),
];

/// Keys whose values differ in every run.
const LEFT_OUT: &[&str] = &[
    "opened",
    "last_byte",
    "committed",
    "response_started",
    "at",
    "closed",
    "digest",
    // In HAR and in the trace.
    "startedDateTime",
    "time",
    "wait",
    "receive",
    "url",
    "version",
    "ts",
    "dur",
];

/// The longest response that is shown in full, in characters.
const LONGEST: usize = 900;

/// `UPDATE_GOLDEN=1 cargo test --features cli --test control` regenerates it.
#[test]
fn the_page_has_a_sample_of_every_endpoint() {
    for endpoint in ENDPOINTS {
        let path = endpoint.path.strip_prefix("/__mock/").unwrap();
        let path: Vec<_> = path.split('/').collect();
        let is_it = |method: &str, target: &str| {
            let target = target.split('?').next().unwrap_or_default();
            let asked: Vec<_> = target.split('/').collect();
            let same = asked.iter().zip(&path).all(|(asked, path)| asked == path || *path == "ID");
            method == endpoint.method && asked.len() == path.len() && same
        };
        let has_sample = REQUESTS.iter().any(|(method, target, _)| is_it(method, target));
        assert!(has_sample, "{} {}", endpoint.method, endpoint.path);
    }
    assert_block("docs/control.md", "samples", &samples());
}

#[test]
fn the_page_names_every_field_of_an_exchange() {
    let page = include_str!("../../docs/control.md");
    let stage = stage();
    create(&mut Client::new(&stage.origin), &stage.token, "/videos", "a.mp4");
    let journal: Value =
        serde_json::from_slice(&stage.send("GET", "/__mock/journal", "", b"").body).unwrap();
    let fields: BTreeSet<&str> =
        journal["exchanges"][0].as_object().unwrap().keys().map(String::as_str).collect();

    let (_, table) = page.split_once("| Field | Content |\n|---|---|\n").unwrap();
    let rows = table.lines().take_while(|line| !line.is_empty());
    let cells = rows.filter_map(|row| row.strip_prefix("| ")?.split_once(" | "));
    let names: BTreeSet<&str> =
        cells.flat_map(|(names, _)| names.split(", ").map(|name| name.trim_matches('`'))).collect();
    assert_eq!(names, fields);
}

fn samples() -> String {
    let origin = MockOrigin::builder().directory("/videos").seed(5).clock_stopped();
    let origin = Arc::new(origin.clock_at(UNIX_EPOCH + Duration::from_secs(1_800_000_000)).start());
    let control = Control::start(Arc::clone(&origin), ([127, 0, 0, 1], 0).into()).unwrap();
    let token = origin.issue_token("jane");
    let stage = Stage { origin, control, token };
    let mut id = String::new();
    let mut written = "```text\n".to_owned();
    for (method, target, body) in REQUESTS {
        if target.starts_with("wait?op=piece") {
            send_pieces(&stage, &id);
        }
        let target = format!("/__mock/{}", target.replace("ID", &id));
        let response = stage.send(method, &target, "", body.as_bytes());
        assert_eq!(response.status, 200, "{method} {target}: {}", response.text());
        if target == "/__mock/uploads" && *method == "POST" {
            let response: Value = serde_json::from_str(response.text()).unwrap();
            response["id"].as_str().unwrap().clone_into(&mut id);
        }
        let gap = if body.is_empty() { "" } else { "\n" };
        writeln!(written, "{method} {target}{gap}{body}\n{}\n", shown(response.text())).unwrap();
    }
    written.truncate(written.trim_end().len());
    written + "\n```\n"
}

/// Acts as the client under test: tries HTTPS, and sends piece 2, which is rejected once.
fn send_pieces(stage: &Stage, id: &str) {
    let mut client = Client::new(&stage.origin);
    client.write(b"\x16\x03\x01\x02\0\x01\0").finish_writing().read_to_end().unwrap();
    closed_connection(&stage.origin, client.address());
    for status in [503, 200] {
        let mut client = Client::new(&stage.origin);
        assert_eq!(piece(&mut client, &stage.token, id, 2, b"second").status, status);
    }
}

/// Formats a response with an arrow before each line, without the values of [`LEFT_OUT`].
fn shown(text: &str) -> String {
    let shown = match serde_json::from_str(text) {
        Ok(mut value) => {
            leave_out(&mut value);
            value.to_string()
        }
        // Only the first line of a report is the same in every run.
        Err(_) if text.starts_with("<!doctype html>") => "<!doctype html>…".to_owned(),
        Err(_) => without_times(text.trim_end()),
    };
    let cut = match shown.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &shown[..at]),
        None => shown,
    };
    cut.lines().map(|line| format!("=> {line}")).collect::<Vec<_>>().join("\n")
}

fn leave_out(value: &mut Value) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(key, value)| {
            if LEFT_OUT.contains(&key.as_str()) && !value.is_null() {
                *value = "…".into();
            } else {
                leave_out(value);
            }
        }),
        Value::Array(items) => items.iter_mut().for_each(leave_out),
        _ => {}
    }
}

/// Replaces the times of a timeline, such as `0.0123 s`, and its port.
fn without_times(text: &str) -> String {
    let word = |word: &str| {
        let is_time = word.contains('.') && word.parse::<f64>().is_ok();
        match word.split_once("127.0.0.1:") {
            Some((scheme, _)) => format!("{scheme}127.0.0.1:…"),
            None if is_time => "…".to_owned(),
            None => word.to_owned(),
        }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(|text| line(text).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
