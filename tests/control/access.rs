//! The token of a control endpoint that other machines can reach.

use std::io::{BufRead as _, BufReader};
use std::sync::Arc;

use mock_origin::MockOrigin;
use mock_origin::control::Control;

use crate::support::{Client, Response};
use crate::{binary, error};

const TOKEN: &str = "0123456789abcdef";

fn send(base: &str, headers: &str) -> Response {
    let request = format!("GET /__mock/clock HTTP/1.1\r\n{headers}\r\n");
    Client::to(base).write(request).read()
}

#[test]
fn an_exposed_control_endpoint_requires_its_token() {
    let origin = Arc::new(MockOrigin::start());
    let address = ([0, 0, 0, 0], 0).into();
    let control = Control::start_exposed(origin, address, Some(TOKEN)).unwrap();
    let base = control.url().strip_suffix("/__mock/").unwrap().to_owned();
    for authorization in [
        String::new(),
        "Authorization: Bearer\r\n".to_owned(),
        "Authorization: Bearer \r\n".to_owned(),
        format!("Authorization: {TOKEN}\r\n"),
        format!("Authorization: Basic {TOKEN}\r\n"),
        format!("Authorization: Bearer {TOKEN}0\r\n"),
        format!("Authorization: Bearer {}\r\n", &TOKEN[1..]),
        format!("Authorization: Bearer {TOKEN}\r\nAuthorization: Bearer x\r\n"),
    ] {
        let response = send(&base, &format!("Host: mock\r\n{authorization}"));
        let (status, line) = error(&response);
        assert_eq!(status, 401, "{authorization}");
        assert!(line.contains(" header Authorization") && !line.contains(TOKEN), "{line}");
        assert_eq!(response.header("Www-Authenticate"), Some("Bearer"));
    }
    for scheme in ["Bearer", "bearer"] {
        let headers = format!("Host: mock.example:80\r\nAuthorization: {scheme} {TOKEN}\r\n");
        assert_eq!(send(&base, &headers).status, 200);
    }
    let page = format!("Host: mock\r\nOrigin: null\r\nAuthorization: Bearer {TOKEN}\r\n");
    assert_eq!(error(&send(&base, &page)).0, 403);
}

#[test]
fn a_weak_token_is_rejected() {
    for token in ["", "short", "0123456789 abcdef"] {
        let origin = Arc::new(MockOrigin::start());
        let error = Control::start_exposed(origin, ([127, 0, 0, 1], 0).into(), Some(token));
        let error = error.unwrap_err().to_string();
        assert!(
            error.ends_with("invalid token; expected at least 16 letters, digits and -._~+/="),
            "{error}"
        );
    }
}

#[cfg(unix)]
#[test]
fn the_program_prints_the_token_before_the_last_line() {
    for given in [Some(TOKEN), None] {
        let mut options = vec!["--control=0.0.0.0:0", "--expose-control"];
        options.extend(given.map(|token| ["--control-token", token]).iter().flatten());
        let mut child = binary::serve(&options).spawn().unwrap();
        let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines().take(3);
        let lines: Vec<_> = lines.map(|line| line.unwrap()).collect();
        let token = lines[1].strip_prefix("control-token ").unwrap();
        assert!(given.is_none_or(|given| given == token) && token.len() >= 16, "{token}");
        let base = lines[2].strip_prefix("control ").unwrap().strip_suffix("/__mock/").unwrap();
        assert_eq!(send(base, "Host: mock\r\n").status, 401);
        let headers = format!("Host: mock\r\nAuthorization: Bearer {token}\r\n");
        assert_eq!(send(base, &headers).status, 200);
        let ended = binary::terminate(child);
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert!(stderr.contains("curl -H \"Authorization: Bearer $TOKEN\" http://"), "{stderr}");
        assert!(!stderr.contains(token), "{stderr}");
    }
}
