//! Files, uploads and tokens: the control endpoint reads, stores and expires them.

use mock_origin::UploadState;
use serde_json::json;

use crate::support::{Client, complete, create, piece};
use crate::{error, stage};

#[test]
fn stored_files_are_listed_and_read() {
    let stage = stage();
    assert_eq!(stage.put("b.txt").status, 200);
    let files = stage.call("GET", "/__mock/files", "");
    let file = &files["files"][0];
    assert_eq!(files["files"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&file["path"], &file["size"], &file["content_type"]),
        (&json!("/acme/videos/b.txt"), &json!(4), &json!("text/plain"))
    );
    stage.origin.file("/videos/b.txt").assert_digest(file["digest"].as_str().unwrap());
    for path in ["/videos/b.txt", "/acme/videos/b.txt", "/videos%2Fb.txt"] {
        let response = stage.send("GET", &format!("/__mock/files?path={path}"), "", b"");
        assert_eq!((response.status, response.text()), (200, "text"), "{path}");
        assert_eq!(response.header("Content-Type"), Some("application/octet-stream"));
    }
}

#[test]
fn a_file_above_the_body_limit_is_stored_and_read_back() {
    let stage = stage();
    let bytes: Vec<u8> = (0..5_u32 << 20).map(|at| (at % 251).to_le_bytes()[0]).collect();
    let target = "/__mock/files?path=/a/b+c/d%2Be.bin";
    let put = stage.send("PUT", target, "", &bytes);
    assert_eq!(put.status, 200, "{}", put.text());
    let put: serde_json::Value = serde_json::from_str(put.text()).unwrap();
    assert_eq!((&put["path"], &put["size"]), (&json!("/acme/a/b c/d+e.bin"), &json!(bytes.len())));
    stage.origin.file("/a/b c/d+e.bin").assert_content(&bytes);
    stage.origin.file("/a/b c/d+e.bin").assert_digest(put["digest"].as_str().unwrap());
    let got = stage.send("GET", target, "", b"");
    assert!(got.body == bytes, "{} bytes", got.body.len());
    assert_eq!(stage.send("PUT", &format!("{target}&user=jane"), "", b"new").status, 200);
    stage.origin.file("/a/b c/d+e.bin").assert_content(b"new");
    assert_eq!(stage.origin.journal().exchanges().len(), 0);
}

#[test]
fn a_client_resumes_an_upload_created_by_the_control() {
    let stage = stage();
    let body = r#"{"path": "/new/a.mp4", "user": "jane"}"#;
    let id = stage.call("POST", "/__mock/uploads", body)["id"].as_str().unwrap().to_owned();
    let put = stage.send("PUT", &format!("/__mock/uploads/{id}/pieces?part=1"), "", b"one ");
    assert_eq!(put.status, 200, "{}", put.text());
    let mut client = Client::new(&stage.origin);
    assert_eq!(piece(&mut client, &stage.token, &id, 2, b"two").status, 200);
    let upload = stage.call("GET", &format!("/__mock/uploads/{id}"), "");
    for (found, expected) in [
        (&upload["id"], json!(id)),
        (&upload["path"], json!("/acme/new/a.mp4")),
        (&upload["user"], json!("jane")),
        (&upload["state"], json!("READY")),
        (&upload["size"], json!(7)),
        (&upload["pieces"][0]["part"], json!(1)),
        (&upload["pieces"][1]["size"], json!(3)),
        (&upload["pieces"][1]["state"], json!("NEW")),
    ] {
        assert_eq!(*found, expected, "{upload}");
    }
    assert_eq!(stage.call("GET", "/__mock/uploads", ""), json!({ "uploads": [upload] }));
    assert_eq!(complete(&mut client, &stage.token, &id).status, 200);
    stage.origin.file("/new/a.mp4").assert_content(b"one two");
    stage.origin.upload(&id).assert_state(UploadState::Success);
    let late = stage.send("PUT", &format!("/__mock/uploads/{id}/pieces?part=3"), "", b"x");
    let expected = format!("upload {id} accepts no pieces in state SUCCESS");
    assert_eq!(error(&late), (409, expected));
}

/// Method, path, body, expected status, and how the error line begins.
const INVALID: &[(&str, &str, &str, u16, &str)] = &[
    ("GET", "/files?path=/x", "", 404, "no file at \"/x\""),
    ("GET", "/files?path=/videos", "", 404, "\"/videos\" is a directory"),
    ("GET", "/files?path=/../x", "", 400, "invalid path \"/../x\""),
    ("GET", "/files?name=x", "", 400, "unknown parameter `name`; known: path"),
    ("PUT", "/files", "x", 400, "missing parameter `path`; expected a path"),
    ("PUT", "/files?path=/", "x", 400, "invalid path \"/\"; a file needs a name"),
    ("PUT", "/files?path=/acme", "x", 400, "invalid path \"/acme\"; a file needs a name"),
    ("PUT", "/files?path=/videos", "x", 409, "\"/videos\" cannot be stored: a directory is there"),
    ("PUT", "/files?path=/videos/a/b", "x", 409, "\"/videos/a/b\" cannot be stored: a file is in"),
    ("PUT", "/files?path=/x&user=bob", "x", 400, "unknown user \"bob\"; known users: [\"jane\"]"),
    ("GET", "/uploads/x", "", 404, "no upload x"),
    ("POST", "/uploads", "{}", 400, "missing key `path` in the body"),
    ("POST", "/uploads", r#"{"path": 7}"#, 400, "invalid value 7 for `path`; expected a text"),
    ("POST", "/uploads", r#"{"path": "/"}"#, 400, "invalid path \"/\"; a file needs a name"),
    (
        "POST",
        "/uploads",
        r#"{"path": "/videos"}"#,
        409,
        "\"/videos\" cannot be stored: a directory",
    ),
    (
        "POST",
        "/uploads",
        r#"{"path": "/x", "part": 1}"#,
        400,
        "unknown key `part` in the body; expected `path` or",
    ),
    ("PUT", "/uploads/x/pieces?part=1", "x", 404, "no upload x"),
    (
        "PUT",
        "/uploads/ID/pieces?part=0",
        "x",
        400,
        "invalid part number 0; expected 1 to 2147483647",
    ),
    (
        "PUT",
        "/uploads/ID/pieces?part=a",
        "x",
        400,
        "invalid value \"a\" for parameter `part`; expected a part number",
    ),
    ("PUT", "/uploads/ID/pieces", "x", 400, "missing parameter `part`; expected a part number"),
    ("POST", "/tokens/expire", "{}", 400, "invalid body; expected "),
    ("POST", "/tokens/expire", r#"{"user": "bob"}"#, 400, "unknown user \"bob\""),
    ("POST", "/tokens/expire", r#"{"token": "x"}"#, 404, "that token is unknown, expired or"),
];

#[test]
fn invalid_storage_requests_return_one_line() {
    let stage = stage();
    assert_eq!(stage.put("a").status, 200);
    let id = create(&mut Client::new(&stage.origin), &stage.token, "/videos", "b.mp4");
    for (method, path, body, status, expected) in INVALID {
        let path = format!("/__mock{}", path.replace("ID", &id));
        let (found, line) = stage.rejected(method, &path, body);
        assert_eq!(found, *status, "{method} {path} {body}: {line}");
        assert!(line.starts_with(expected), "{method} {path} {body}: {line}");
    }
    stage.call("POST", "/__mock/options", r#"{"open_uploads": 1}"#);
    let full = stage.rejected("POST", "/__mock/uploads", r#"{"path": "/x"}"#);
    let expected = "as many uploads are open as the limit open_uploads allows";
    assert_eq!(full, (409, expected.to_owned()));
}

#[test]
fn a_request_with_an_origin_header_stores_nothing() {
    let stage = stage();
    let sent = stage.send("PUT", "/__mock/files?path=/x", "Origin: null\r\n", &vec![7; 2 << 20]);
    assert_eq!(error(&sent).0, 403);
    stage.origin.file("/x").assert_absent();
}

#[test]
fn one_token_or_all_of_a_user_are_expired() {
    let mut stage = stage();
    let others = [stage.origin.issue_token("jane"), stage.origin.issue_token("jane")];
    let one = json!({ "token": stage.token }).to_string();
    assert_eq!(stage.call("POST", "/__mock/tokens/expire", &one), json!({ "expired": 1 }));
    assert_eq!(stage.rejected("POST", "/__mock/tokens/expire", &one).0, 404);
    assert_eq!(stage.put("a.txt").status, 403);
    let all = r#"{"user": "jane"}"#;
    assert_eq!(stage.call("POST", "/__mock/tokens/expire", all), json!({ "expired": 2 }));
    for token in others {
        stage.token = token;
        assert_eq!(stage.put("a.txt").status, 403);
    }
    assert_eq!(stage.call("POST", "/__mock/tokens/expire", all), json!({ "expired": 0 }));
}
