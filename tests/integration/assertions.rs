//! Tests assertions and the texts of their failures. The texts are golden files in `fixtures/failures`;
//! `UPDATE_GOLDEN=1 cargo test --test integration assertions` writes them.

use std::io::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use crate::support::golden::{assert_fails, assert_golden};
use crate::support::{Client, complete, create, piece, piece_headers, request, upload_pieces};
use mock_origin::journal::Digest;
use mock_origin::referee::Level;
use mock_origin::{
    Interface, MockOrigin, Op, Operation, Outcome, RecordedRequest, RecordedRequests, UploadState,
};

/// Returns an origin with fixed clock and seed, so that its texts are reproducible. The referee is off:
/// the assertions find the mistakes of the clients.
fn origin() -> MockOrigin {
    MockOrigin::builder()
        .referee(Level::Off)
        .directory("/videos")
        .seed(7)
        .clock_at(UNIX_EPOCH + Duration::from_secs(1_600_000_000))
        .clock_stopped()
        .start()
}

fn completed(origin: &MockOrigin, name: &str, pieces: &[&[u8]]) {
    let (mut client, token, id) = upload_pieces(origin, name, pieces);
    assert_eq!(complete(&mut client, &token, &id).code(), Some(0));
}

#[test]
fn every_assertion_on_a_file_can_pass() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"one", b"two"]);
    let digest = Digest::compute(b"onetwo").to_string().to_uppercase();
    let mut local = tempfile::NamedTempFile::new().unwrap();
    local.write_all(b"onetwo").unwrap();
    origin
        .file("/videos/a.txt")
        .assert_exists()
        .assert_content("onetwo")
        .assert_content_of(local.path())
        .assert_digest(&digest)
        .assert_size(6)
        .assert_content_type("text/plain")
        .assert_mtime(1_600_000_000);
    origin.file("/videos/b.txt").assert_absent();
    origin.directory("/videos").assert_exists().assert_names(&["a.txt"]);
    origin.directory("/films").assert_absent();
}

#[test]
fn every_assertion_on_an_upload_can_pass() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"one", b"two"]);
    let upload = origin.upload("/videos/a.txt");
    upload
        .assert_completed()
        .assert_state(UploadState::Success)
        .assert_pieces([2, 1])
        .assert_bytes_sent(6)
        .assert_sequential();
    upload.piece(2).assert_stored().assert_attempts(1).assert_attempts(..=2).assert_size(3);
    upload.piece(3).assert_attempts(0);
    assert_eq!(origin.upload(upload.id()).path(), "/acme/videos/a.txt");
    assert_eq!(upload.size(), 6);
    assert_eq!(origin.uploads().len(), 1);
}

#[test]
fn every_assertion_on_requests_can_pass() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"one", b"two"]);
    let requests = origin.requests();
    requests.assert_count(4).assert_count(2..).assert_count(1..=4).assert_count(0..5);
    requests.clone().op(Op::piece(1..=2)).assert_count(2).assert_header("Content-Length", "3");
    requests.clone().op(Op::create()).iter().for_each(|request| {
        request.assert_header("X-Agile-Basename", "a.txt").assert_code(0);
    });
    requests.clone().op(Op::complete().over(Interface::JsonRpc)).assert_count(0);
    requests.clone().op(Op::method("completeMultipart")).assert_count(0);
    requests
        .clone()
        .path("/acme/videos/a.txt")
        .user("jane")
        .connection(0)
        .status(200)
        .assert_count(4);
    requests.upload(origin.upload("/videos/a.txt").id()).code(0).part(2).assert_count(1);
}

#[test]
fn aborted_uploads_and_pieces_out_of_order_are_explained() {
    let origin = origin();
    let (mut client, token, id) = upload_pieces(&origin, "a.txt", &[]);
    piece(&mut client, &token, &id, 2, b"two");
    piece(&mut client, &token, &id, 1, b"one");
    assert_fails("upload_out_of_order", origin.upload(&id).try_sequential());
    let abort =
        format!(r#"{{"method": "abortMultipart", "params": ["{token}", "{id}"], "id": 1}}"#);
    client.send("POST", "/jsonrpc", &[], abort.as_bytes());
    origin.upload(&id).assert_aborted();
}

#[test]
fn a_missing_file_is_explained_by_its_upload() {
    let origin = origin();
    assert_fails("file_never_begun", origin.file("/videos/a.txt").try_exists());
    let (mut client, token, id) = upload_pieces(&origin, "a.txt", &[b"one", b"two"]);
    assert_fails("file_not_completed", origin.file("/videos/a.txt").try_content("onetwo"));
    complete(&mut client, &token, &id);
    assert_fails("file_that_should_not_be", origin.file("/videos/a.txt").try_absent());
    assert_fails("file_that_is_a_directory", origin.file("/videos").try_exists());
}

#[test]
fn wrong_content_shows_the_first_differing_offset() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"first piece, ", b"second piece"]);
    let file = origin.file("/videos/a.txt");
    assert_fails("file_content_differs", file.try_content("first piece, SECOND piece"));
    assert_fails("file_content_shorter", file.try_content("first piece, second piece and more"));
    assert_fails("file_size", file.try_size(3));
    assert_fails("file_content_type", file.try_content_type("video/mp4"));
    assert_fails("file_mtime", file.try_mtime(1));
    assert_fails("file_digest", file.try_digest(&"0".repeat(64)));
}

#[test]
fn an_incomplete_upload_shows_the_rejected_requests() {
    let origin = origin();
    assert_fails("upload_none", origin.try_upload("/videos/a.txt"));
    let (mut client, token, id) = upload_pieces(&origin, "a.txt", &[b"one"]);
    assert_fails("upload_not_completed", origin.upload(&id).try_completed());
    piece(&mut client, &token, &id, 4, b"four");
    complete(&mut client, &token, &id);
    assert_fails("upload_rejected", origin.upload(&id).try_completed());
    assert_fails("upload_pieces", origin.upload(&id).try_pieces(1..=3));
    assert_fails("upload_bytes", origin.upload(&id).try_bytes_sent(9));
    assert_fails("piece_never_sent", origin.upload(&id).piece(2).try_stored());
    assert_fails("piece_attempts", origin.upload(&id).piece(4).try_attempts(2..));
    assert_fails("upload_other_path", origin.try_upload("/acme/videos/b.txt"));
}

#[test]
fn a_missing_request_lists_all_requests() {
    let origin = origin();
    let (_, token, _) = upload_pieces(&origin, "a.txt", &[b"one"]);
    let pieces = origin.requests().op(Op::piece(1));
    assert_fails("requests_count", pieces.try_count(2));
    assert_fails("requests_count_of_all", origin.requests().try_count(5..));
    assert_fails("requests_count_none", origin.requests().op(Op::piece(7)).try_count(1));
    assert_fails("requests_header", pieces.try_header("X-Agile-Part", "2"));
    assert_fails("requests_secret", pieces.try_header("X-Agile-Authorization", "something else"));
    let text = pieces.try_header("X-Agile-Authorization", "x").unwrap_err().to_string();
    assert!(!text.contains(&token), "{text}");
}

#[test]
fn only_relevant_exchanges_are_shown() {
    let origin = origin();
    let pieces: Vec<Vec<u8>> = (0..20).map(|number| vec![number; 10]).collect();
    let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
    let (_, _, id) = upload_pieces(&origin, "a.txt", &pieces);
    assert_fails("upload_many_exchanges", origin.upload(&id).try_completed());
}

#[test]
fn a_deleted_file_names_the_exchange_that_removed_it() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"one"]);
    let token = origin.issue_token("jane");
    let call = format!(r#"{{"method": "deleteFile", "params": ["{token}", "/videos/a.txt"]}}"#);
    Client::new(&origin).send("POST", "/jsonrpc", &[], call.as_bytes());
    assert_fails("file_deleted", origin.file("/videos/a.txt").try_exists());
}

#[test]
fn a_rejected_json_rpc_call_is_named_as_the_cause() {
    let origin = origin();
    let (mut client, token, id) = upload_pieces(&origin, "a.txt", &[]);
    piece(&mut client, &token, &id, 2, b"two");
    let call = format!(r#"{{"method": "completeMultipart", "params": ["{token}", "{id}"]}}"#);
    client.send("POST", "/jsonrpc", &[], call.as_bytes());
    assert_fails("file_rejected_over_json_rpc", origin.file("/videos/a.txt").try_exists());
    assert_fails("upload_rejected_over_json_rpc", origin.upload(&id).try_completed());
}

#[test]
fn a_fixture_file_has_no_pieces() {
    let origin = MockOrigin::builder().file("/g.txt", "abc").start();
    let text = origin.file("/g.txt").try_content("xbc").unwrap_err().to_string();
    assert!(text.ends_with("because: the test stored it"), "{text}");
}

#[test]
fn pieces_on_several_connections_can_be_sequential() {
    for _ in 0..50 {
        let origin = MockOrigin::start();
        let token = origin.issue_token("jane");
        let id = create(&mut Client::new(&origin), &token, "/", "a.txt");
        for number in 1..=4 {
            piece(&mut Client::new(&origin), &token, &id, number, b"x");
        }
        origin.upload(&id).assert_sequential();
    }
}

#[test]
fn an_empty_selection_of_requests_has_no_header() {
    let origin = origin();
    assert!(origin.requests().op(Op::login()).try_header("X-Agile-Username", "jane").is_err());
}

#[test]
fn a_wrong_directory_is_explained() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"one"]);
    assert_fails("directory_missing", origin.directory("/films").try_exists());
    assert_fails("directory_there", origin.directory("/videos").try_absent());
    assert_fails("directory_names", origin.directory("/videos").try_names(&["b.txt"]));
    assert_fails("directory_is_a_file", origin.directory("/videos/a.txt").try_exists());
}

#[test]
fn a_truncated_piece_shows_the_received_bytes() {
    let origin = origin();
    let (mut client, token, id) = upload_pieces(&origin, "a.txt", &[]);
    let headers = piece_headers(&token, &id, "1");
    let whole = request("POST", "/multipart/piece", &headers, &[b'x'; 100]);
    client.write(&whole[..whole.len() - 60]).finish_writing();
    assert_eq!(client.read().code(), Some(-49));
    assert_fails("piece_cut_short", origin.upload(&id).piece(1).try_stored());
}

#[test]
fn finish_lists_requests_without_an_endpoint() {
    let origin = origin();
    Client::new(&origin).send("POST", "/multipart/peice", &[], b"");
    Client::new(&origin).send("DELETE", "/videos/a.txt", &[], b"");
    Client::new(&origin).send("GET", "/acount/login", &[], b"");
    Client::new(&origin).send("GET", "/multipart/piece", &[], b"");
    Client::new(&origin).send("POST", "/jsonrpc", &[], br#"{"method": "getStatus", "id": 1}"#);
    assert_golden("verdict_unmatched", &origin.verify().unwrap_err().to_string());
}

#[test]
fn finish_passes_for_a_correct_client() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"one"]);
    Client::new(&origin).send("GET", "/videos/not-there-yet.txt", &[], b"");
    origin.finish();
}

#[test]
fn a_recorded_request_has_all_its_facts() {
    let origin = MockOrigin::builder().record_bodies().start();
    let (mut client, token) = (Client::new(&origin), origin.issue_token("jane"));
    let id = create(&mut client, &token, "/", "a.txt");
    let fault = origin.on(Op::piece(1)).delay(Duration::from_millis(1));
    piece(&mut client, &token, &id, 1, b"content");
    drop(fault);
    let requests = origin.requests().op(Op::piece(1));
    let request = requests.single();
    assert_eq!((&*request.method(), &*request.target()), ("POST", "/multipart/piece"));
    assert_eq!((request.version(), request.path()), ("HTTP/1.1", Some("/acme/a.txt")));
    assert_eq!((request.upload(), request.part()), (Some(&*id), Some(1)));
    assert_eq!((request.user(), request.operation()), (Some("jane"), Operation::Piece));
    assert_eq!((request.status(), request.code()), (Some(200), Some(0)));
    assert_eq!(request.response_header("x-agile-STATUS").as_deref(), Some("0"));
    assert_eq!(request.header("x-agile-multipart").as_deref(), Some(&*id));
    assert!(request.headers().any(|header| header == ("X-Agile-Part".into(), "1".into())));
    assert_eq!((request.received(), request.declared()), (7, Some(7)));
    assert_eq!(request.digest(), Some(Digest::compute(b"content")));
    assert_eq!(request.body().unwrap().as_deref(), Some(&b"content"[..]));
    assert_eq!(request.outcome(), Outcome::Responded);
    assert_eq!(request.faults().len(), 1);
    let times = [request.committed(), request.response_started(), request.closed()];
    let times = times.map(|time| time.unwrap().elapsed);
    assert!(request.opened().elapsed <= times[0] && times.is_sorted(), "{times:?}");
}

#[test]
fn a_body_is_absent_if_bodies_are_not_recorded() {
    let origin = MockOrigin::start();
    Client::new(&origin).send("OPTIONS", "/", &[], b"");
    assert_eq!(origin.requests().single().body().unwrap(), None);
}

#[test]
fn requests_are_selected_by_position() {
    let origin = MockOrigin::start();
    assert!(origin.requests().first().is_none() && origin.requests().last().is_none());
    for method in ["OPTIONS", "HEAD", "GET"] {
        Client::new(&origin).send(method, "/", &[], b"");
    }
    let requests = origin.requests();
    let methods = |found: [Option<&RecordedRequest>; 3]| {
        found.map(|request| request.unwrap().method().into_owned())
    };
    let found = methods([requests.first(), requests.get(1), requests.last()]);
    assert_eq!(found, ["OPTIONS", "HEAD", "GET"]);
    assert!(requests.get(3).is_none());
    let borrowed = (&requests).into_iter().count();
    let owned: Vec<RecordedRequest> = requests.into_iter().collect();
    assert_eq!((borrowed, owned.len()), (3, 3));
}

#[test]
fn single_fails_like_a_count_of_one() {
    let origin = origin();
    let text = |requests: RecordedRequests| {
        let expected = requests.try_count(1).unwrap_err().to_string();
        assert_eq!(requests.try_single().unwrap_err().to_string(), expected);
    };
    text(origin.requests().status(418));
    let mut client = Client::new(&origin);
    client.send("OPTIONS", "/", &[], b"");
    assert_eq!(origin.requests().try_single().unwrap().method(), "OPTIONS");
    client.send("OPTIONS", "/", &[], b"");
    text(origin.requests());
}
