//! The control endpoint and the program: other programs control an origin, and invalid requests change
//! nothing.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod bad_input;
mod binary;
mod check;
mod check_library;
mod exit;
mod exports;
mod faults;
mod faults_in_files;
mod findings;
mod journal;
mod origin_state;
mod page;
mod samples;
mod storage;
mod waiting;

use std::sync::Arc;

use mock_origin::control::Control;
use mock_origin::{Builder, MockOrigin};
use serde_json::Value;
use support::{Client, Response};

/// An origin, its control endpoint, and a token of its user.
struct Stage {
    origin: Arc<MockOrigin>,
    control: Control,
    token: String,
}

fn stage() -> Stage {
    stage_of(MockOrigin::builder())
}

fn stage_of(builder: Builder) -> Stage {
    let origin = Arc::new(builder.directory("/videos").seed(5).start());
    let control = Control::start(Arc::clone(&origin), ([127, 0, 0, 1], 0).into()).unwrap();
    let token = origin.issue_token("jane");
    Stage { origin, control, token }
}

impl Stage {
    fn base(&self) -> String {
        self.control.url().strip_suffix("/__mock/").unwrap().to_owned()
    }

    /// Encodes one request. Adds a `Host` header of the control endpoint unless `headers` has one.
    fn bytes(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        let base = self.base();
        let host = base.strip_prefix("http://").unwrap();
        let own =
            if headers.contains("Host:") { String::new() } else { format!("Host: {host}\r\n") };
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\n{own}{headers}Content-Length: {length}\r\n\r\n");
        [head.as_bytes(), body].concat()
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Response {
        Client::to(&self.base()).write(self.bytes(method, path, headers, body)).read()
    }

    /// Sends a valid request and returns the JSON of its response.
    #[track_caller]
    fn call(&self, method: &str, path: &str, body: &str) -> Value {
        let response = self.send(method, path, "", body.as_bytes());
        assert_eq!(response.status, 200, "{method} {path} {body}: {}", response.text());
        assert_eq!(response.header("Content-Type"), Some("application/json"));
        serde_json::from_str(response.text()).unwrap()
    }

    /// Sends an invalid request and returns the status and the error line.
    #[track_caller]
    fn rejected(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        error(&self.send(method, path, "", body.as_bytes()))
    }

    fn put(&self, name: &str) -> Response {
        let headers = [
            ("X-Agile-Authorization", &*self.token),
            ("X-Agile-Directory", "/videos"),
            ("X-Agile-Basename", name),
        ];
        Client::new(&self.origin).send("POST", "/post/raw?token=hidden", &headers, b"text")
    }
}

#[track_caller]
fn error(response: &Response) -> (u16, String) {
    let value: Value = serde_json::from_str(response.text()).unwrap();
    let line = value["error"].as_str().unwrap().to_owned();
    assert!(!line.is_empty() && !line.contains('\n'), "{line}");
    (response.status, line)
}

#[test]
fn control_requests_are_not_recorded_or_served_by_the_origin() {
    let stage = stage();
    stage.call("GET", "/__mock/", "");
    assert_eq!(stage.origin.journal().connections().len(), 0);
    assert_eq!(Client::new(&stage.origin).send("GET", "/__mock/verdict", &[], b"").status, 404);
}

#[test]
fn start_rejects_non_loopback_addresses() {
    let origin = Arc::new(MockOrigin::start());
    let error = Control::start(origin, ([0, 0, 0, 0], 0).into()).unwrap_err().to_string();
    assert!(error.starts_with("the origin cannot be controlled at 0.0.0.0:0: "), "{error}");
}

#[test]
fn dropping_the_control_closes_its_port() {
    assert!(support::closes_its_port(|| {
        let stage = stage();
        let url = stage.control.url();
        (stage, url)
    }));
}

#[test]
fn dropping_the_control_releases_the_origin() {
    let Stage { origin, control, .. } = stage();
    let address = control.url().strip_prefix("http://").unwrap().replace("/__mock/", "");
    assert!(std::net::TcpStream::connect(&address).is_ok());
    drop(control);
    let deadline = std::time::Instant::now() + support::TIMEOUT;
    let mut origin = Some(origin);
    while let Some(held) = origin.take() {
        match Arc::try_unwrap(held) {
            Ok(origin) => origin.finish(),
            Err(held) => {
                assert!(std::time::Instant::now() < deadline);
                std::thread::sleep(std::time::Duration::from_millis(1));
                origin = Some(held);
            }
        }
    }
}
