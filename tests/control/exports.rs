//! HAR, trace and transcript over HTTP, and secrets on request.

use std::sync::Arc;

use mock_origin::MockOrigin;
use mock_origin::control::Control;

use crate::journal::unchunked;
use crate::support::Client;
use crate::{Stage, stage};

#[test]
fn long_exports_are_streamed_and_equal_the_files() {
    let stage = stage();
    (0..200).for_each(|number| assert_eq!(stage.put(&format!("{number}.txt")).status, 200));
    let (origin, directory) = (&stage.origin, tempfile::tempdir().unwrap());
    let paths = ["har", "trace"].map(|name| directory.path().join(name));
    origin.write_har(&paths[0]).unwrap();
    origin.write_trace(&paths[1]).unwrap();
    for (path, name) in paths.iter().zip(["har", "trace"]) {
        let request = stage.bytes("GET", &format!("/__mock/{name}"), "Connection: close\r\n", b"");
        let response = Client::to(&stage.base()).write(request).read_to_end().unwrap();
        let response = String::from_utf8(response).unwrap();
        let (head, chunked) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("Transfer-Encoding: chunked"), "{head}");
        assert!(unchunked(chunked) == std::fs::read_to_string(path).unwrap(), "{name}");
    }
    let transcript = stage.send("GET", "/__mock/transcript", "", b"");
    assert_eq!(transcript.text(), origin.transcript());
}

#[test]
fn secrets_are_shown_if_the_builder_says_so() {
    let origin = Arc::new(MockOrigin::builder().show_secrets(true).start());
    let control = Control::start(Arc::clone(&origin), ([127, 0, 0, 1], 0).into()).unwrap();
    let stage = Stage { origin, control, token: String::new() };
    let headers = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];
    Client::new(&stage.origin).send("POST", "/account/login?password=secret", &headers, b"");
    let journal = stage.call("GET", "/__mock/journal", "");
    let login = &journal["exchanges"][0];
    assert_eq!(login["target"], "/account/login?password=secret");
    assert!(login["headers"].to_string().contains(r#"["X-Agile-Password","secret"]"#), "{login}");
    stage.origin.reset();
    Client::new(&stage.origin).send("POST", "/account/login", &headers, b"");
    let journal = stage.call("GET", "/__mock/journal", "");
    assert!(journal.to_string().contains(r#"["X-Agile-Password","secret"]"#), "{journal}");
}
