//! Tests that every method reads a path in the same way: from the account's root, or with the account
//! in front, as responses show it.

use crate::support::{Client, complete, create, piece};
use mock_origin::{InProgressUpload, MockOrigin, Op, User};

fn uploaded(origin: &MockOrigin, directory: &str, name: &str, content: &[u8]) {
    let (mut client, token) = (Client::new(origin), origin.issue_token("jane"));
    let id = create(&mut client, &token, directory, name);
    piece(&mut client, &token, &id, 1, content);
    complete(&mut client, &token, &id);
}

#[test]
fn the_path_of_a_snapshot_finds_the_same_snapshot() {
    let origin = MockOrigin::builder().directory("/videos").start();
    uploaded(&origin, "/videos", "a.mp4", b"one");
    let path = origin.upload("/videos/a.mp4").path().to_owned();
    assert_eq!(path, "/acme/videos/a.mp4");
    for path in [path.as_str(), "/videos/a.mp4", "videos/a.mp4", "acme/videos/a.mp4"] {
        assert_eq!(origin.upload(path).path(), "/acme/videos/a.mp4");
        origin.file(path).assert_content("one");
        assert_eq!(origin.file(path).path(), "/acme/videos/a.mp4");
        origin.requests().path(path).assert_count(3);
        assert!(origin.try_upload(path).is_ok());
    }
    for path in ["/videos", "/acme/videos"] {
        origin.directory(path).assert_names(&["a.mp4"]);
    }
    for path in ["/", "/acme", ""] {
        origin.directory(path).assert_names(&["videos"]);
    }
}

#[test]
fn a_builder_reads_both_forms_of_a_path() {
    let origin = MockOrigin::builder()
        .user_with(User::new("jane", "secret").root("/acme/home"))
        .directory("/acme/videos")
        .file("/acme/old/a.mp4", "one")
        .upload(InProgressUpload::new("/acme/videos/b.mp4").piece(1, "two"))
        .start();
    origin.directory("/").assert_names(&["home", "old", "videos"]);
    origin.file("/old/a.mp4").assert_content("one");
    origin.upload("/videos/b.mp4").assert_pieces([1]);
}

#[test]
fn faults_read_both_forms_of_a_path() {
    for pattern in ["/videos/*.mp4", "/acme/videos/*.mp4"] {
        let origin = MockOrigin::builder().directory("/videos").start();
        origin.on(Op::create()).path(pattern).reject(503);
        let token = origin.issue_token("jane");
        let headers = [
            ("X-Agile-Authorization", token.as_str()),
            ("X-Agile-Directory", "/videos"),
            ("X-Agile-Basename", "a.mp4"),
        ];
        let response = Client::new(&origin).send("POST", "/multipart/create", &headers, b"");
        assert_eq!(response.status, 503, "{pattern}");
    }
}

#[test]
fn a_directory_named_like_the_account_is_found_first() {
    let origin = MockOrigin::builder().file("/a.mp4", "outer").file("/b.mp4", "outer").start();
    assert!(!origin.directory("/acme/acme").exists());
    uploaded(&origin, "/", "c.mp4", b"outer");
    let token = origin.issue_token("jane");
    let make = [("X-Agile-Authorization", token.as_str()), ("X-Agile-Directory", "/acme")];
    Client::new(&origin).send("POST", "/post/directory", &make, b"");
    uploaded(&origin, "/acme", "a.mp4", b"inner");
    for (path, content) in [
        ("/acme/a.mp4", "inner"),
        ("/acme/acme/a.mp4", "inner"),
        ("/a.mp4", "outer"),
        ("/acme/b.mp4", "outer"),
        ("/acme/c.mp4", "outer"),
    ] {
        origin.file(path).assert_content(content);
    }
    origin.requests().path("/acme/a.mp4").assert_count(3);
    origin.requests().path("/acme/c.mp4").assert_count(3);
    origin.requests().path("/a.mp4").assert_count(0);
    assert_eq!(origin.upload("/acme/a.mp4").path(), "/acme/acme/a.mp4");
    assert_eq!(origin.upload("/acme/c.mp4").path(), "/acme/c.mp4");
}

#[test]
fn a_missing_path_gets_no_hint_about_the_account() {
    let origin = MockOrigin::start();
    for path in ["/videos/a.mp4", "/acme/videos/a.mp4"] {
        let file = origin.file(path).try_exists().unwrap_err().to_string();
        let upload = origin.try_upload(path).unwrap_err().to_string();
        assert!(file.starts_with("assertion failed: file /acme/videos/a.mp4 exists"), "{file}");
        assert!(!file.contains("account") && !upload.contains("account"), "{file}\n{upload}");
    }
}

#[test]
fn a_path_does_not_select_requests_without_paths() {
    let origin = MockOrigin::start();
    Client::new(&origin).send("POST", "/jsonrpc", &[], br#"{"method": "ping", "id": 1}"#);
    origin.requests().path("/acme").assert_count(0);
    origin.requests().path("/a..b").assert_count(0);
}
