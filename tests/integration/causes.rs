//! Tests that a failure names its recorded cause: the exchange, the fault or the step of the clock. The
//! texts are golden files; `UPDATE_GOLDEN=1 cargo test --test integration causes` writes them.

use std::time::{Duration, UNIX_EPOCH};

use crate::support::golden::assert_fails;
use crate::support::{Client, TIMEOUT, complete, piece, piece_headers, request, upload_pieces};
use mock_origin::options::Join;
use mock_origin::{DeferredCommit, Interference, MockOrigin, Op, ResponseLoss};

/// Returns an origin with two users and fixed tokens, identifiers and clock.
fn origin() -> MockOrigin {
    MockOrigin::builder()
        .user("jane", "secret")
        .user("mark", "secret")
        .directory("/videos")
        .directory("/old")
        .seed(7)
        .clock_at(UNIX_EPOCH + Duration::from_secs(1_600_000_000))
        .clock_stopped()
        .start()
}

fn completed(origin: &MockOrigin, name: &str, pieces: &[&[u8]]) -> (Client, String, String) {
    let (mut client, token, id) = upload_pieces(origin, name, pieces);
    complete(&mut client, &token, &id);
    (client, token, id)
}

/// Calls a JSON-RPC method as `user`.
fn call(origin: &MockOrigin, user: &str, method: &str, params: &[&str]) {
    let token = origin.issue_token(user);
    let params: Vec<_> =
        std::iter::once(token.as_str()).chain(params.iter().copied()).map(quoted).collect();
    let text = format!(r#"{{"method": "{method}", "params": [{}], "id": 1}}"#, params.join(", "));
    Client::new(origin).send("POST", "/jsonrpc", &[], text.as_bytes());
}

fn quoted(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.to_owned()
    } else {
        format!("{text:?}")
    }
}

/// Stores a file whole as `user`.
fn post(origin: &MockOrigin, user: &str, directory: &str, name: &str, content: &[u8]) {
    let token = origin.issue_token(user);
    let headers = [
        ("X-Agile-Authorization", token.as_str()),
        ("X-Agile-Directory", directory),
        ("X-Agile-Basename", name),
    ];
    let response = Client::new(origin).send("POST", "/post/raw", &headers, content);
    assert_eq!(response.code(), Some(0));
}

#[test]
fn an_upload_expired_by_a_fault_names_it() {
    let origin = origin();
    origin.on(Op::piece(1)).named("early").interfere_after(Interference::ExpireUpload);
    let (_, _, id) = upload_pieces(&origin, "a.txt", &[b"one"]);
    assert_fails("cause_expired_by_fault", origin.upload(&id).try_completed());
    assert_fails("cause_file_of_expired_upload", origin.file("/videos/a.txt").try_exists());
}

#[test]
fn an_expired_upload_names_the_clock() {
    let origin = origin();
    let (_, _, id) = upload_pieces(&origin, "a.txt", &[]);
    origin.advance(Duration::from_secs(100_000));
    assert_fails("cause_expired_by_advance", origin.upload(&id).try_completed());
}

#[test]
fn an_open_upload_is_reported_as_never_aborted() {
    let origin = origin();
    let (mut client, token, id) = upload_pieces(&origin, "a.txt", &[b"one"]);
    assert_fails("cause_never_aborted", origin.upload(&id).try_aborted());
    complete(&mut client, &token, &id);
    call(&origin, "jane", "abortMultipart", &[&id]);
    assert_fails("cause_completed_not_aborted", origin.upload(&id).try_aborted());
}

#[test]
fn an_aborted_upload_names_who_aborted_it() {
    let origin = origin();
    let (_, _, id) = upload_pieces(&origin, "a.txt", &[b"one"]);
    call(&origin, "jane", "abortMultipart", &[&id]);
    assert_fails("cause_aborted_by_exchange", origin.upload(&id).try_completed());
    origin.on(Op::piece(1)).interfere_before(Interference::AbortUpload);
    let (_, _, id) = upload_pieces(&origin, "b.txt", &[b"one"]);
    assert_fails("cause_aborted_by_fault", origin.upload(&id).try_completed());
}

#[test]
fn a_completion_prevented_by_a_fault_names_it() {
    let origin = origin();
    origin.on(Op::complete()).named("down").reject(503);
    let (_, _, id) = completed(&origin, "a.txt", &[b"one"]);
    assert_fails("cause_completion_rejected", origin.upload(&id).try_completed());
}

#[test]
fn a_deferred_completion_is_explained_before_and_after() {
    let origin = origin();
    let hour = Duration::from_secs(3600);
    origin
        .on(Op::complete())
        .named("late")
        .commit_later(DeferredCommit::after(hour).then(ResponseLoss::Status(504)));
    let (_, _, id) = completed(&origin, "a.txt", &[b"one"]);
    assert_fails("cause_completion_not_due", origin.upload(&id).try_completed());
    origin.advance(hour);
    origin.upload(&id).assert_completed();
    assert_fails("cause_completed_late", origin.file("/videos/a.txt").try_absent());
}

#[test]
fn a_failed_join_names_who_removed_its_directory() {
    let origin = origin();
    let (mut client, token, id) = upload_pieces(&origin, "a.txt", &[b"one"]);
    call(&origin, "mark", "deleteDir", &["/videos"]);
    complete(&mut client, &token, &id);
    assert_fails("cause_join_without_directory", origin.upload(&id).try_completed());
    assert_fails("cause_file_of_failed_join", origin.file("/videos/a.txt").try_exists());
}

#[test]
fn a_failed_join_names_who_renamed_its_directory() {
    let origin = origin();
    let (mut client, token, id) = upload_pieces(&origin, "a.txt", &[b"one"]);
    call(&origin, "mark", "rename", &["/videos", "/films"]);
    complete(&mut client, &token, &id);
    assert_fails("cause_join_in_renamed_directory", origin.upload(&id).try_completed());
    assert_fails("cause_directory_renamed", origin.directory("/videos").try_exists());
    assert_fails("cause_directory_renamed_here", origin.directory("/films").try_absent());
}

#[test]
fn a_failed_join_names_its_fault() {
    let origin = origin();
    origin.on(Op::complete()).join(Join::Fail);
    let (_, _, id) = completed(&origin, "a.txt", &[b"one"]);
    assert_fails("cause_join_failed_by_fault", origin.upload(&id).try_completed());
}

#[test]
fn a_directory_removed_by_a_fault_names_it() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"one"]);
    origin.on(Op::piece(1)).named("gone").interfere_after(Interference::RemoveDirectory);
    upload_pieces(&origin, "b.txt", &[b"one"]);
    assert_fails("cause_file_removed_with_directory", origin.file("/videos/a.txt").try_exists());
    assert_fails("cause_directory_removed_by_fault", origin.directory("/videos").try_exists());
}

#[test]
fn a_replaced_file_names_who_replaced_it() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"first piece, ", b"second piece"]);
    post(&origin, "mark", "/videos", "a.txt", b"first piece, SECOND piece");
    let file = origin.file("/videos/a.txt");
    assert_fails("cause_replaced_by_post", file.try_content("first piece, second piece"));
}

#[test]
fn a_file_renamed_onto_a_deleted_one_names_the_rename() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"wanted"]);
    post(&origin, "mark", "/old", "b.txt", b"other!");
    call(&origin, "jane", "deleteFile", &["/videos/a.txt"]);
    call(&origin, "mark", "rename", &["/old/b.txt", "/videos/a.txt"]);
    assert_fails("cause_renamed_here", origin.file("/videos/a.txt").try_content("wanted"));
    assert_fails("cause_renamed_away", origin.file("/old/b.txt").try_exists());
}

#[test]
fn a_copy_names_who_copied_and_who_sent_the_bytes() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"wanted"]);
    completed(&origin, "b.txt", &[b"one", b"two"]);
    call(&origin, "mark", "copyFile", &["/videos/b.txt", "/videos/a.txt"]);
    assert_fails("cause_replaced_by_copy", origin.file("/videos/a.txt").try_content("onetoo"));
    let from = "http://acme/videos/a.txt";
    call(&origin, "mark", "fetchFileHTTP", &["/videos/c.txt", from]);
    assert_fails("cause_stored_by_fetch", origin.file("/videos/c.txt").try_content("wanted"));
}

#[test]
fn the_piece_whose_body_ends_last_is_stored() {
    let origin = origin();
    let (mut second, token, id) = upload_pieces(&origin, "a.txt", &[]);
    let bytes = request("POST", "/multipart/piece", &piece_headers(&token, &id, "1"), b"stale!");
    let mut first = Client::new(&origin);
    first.write(&bytes[..bytes.len() - 1]);
    let came = origin.wait_until(TIMEOUT, |all| all.clone().op(Op::piece(1)).len() == 1);
    assert!(came, "the first attempt was not recorded");
    piece(&mut second, &token, &id, 1, b"fresh!");
    first.write(&bytes[bytes.len() - 1..]);
    assert_eq!(first.read().code(), Some(0));
    complete(&mut second, &token, &id);
    assert_fails("cause_try_that_ended_last", origin.file("/videos/a.txt").try_content("fresh!"));
    let digest = mock_origin::journal::Digest::compute(b"fresh!").to_string();
    assert_fails("cause_piece_replaced", origin.upload(&id).piece(1).try_digest(&digest));
}

#[test]
fn an_attribute_names_who_set_it() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"one"]);
    call(&origin, "jane", "setContentType", &["/videos/a.txt", "video/mp4"]);
    call(&origin, "jane", "setMTime", &["/videos/a.txt", "5"]);
    assert_fails(
        "cause_content_type_set",
        origin.file("/videos/a.txt").try_content_type("text/plain"),
    );
    assert_fails("cause_mtime_set", origin.file("/videos/a.txt").try_mtime(6));
}

#[test]
fn wrong_names_in_a_directory_name_who_changed_it() {
    let origin = origin();
    completed(&origin, "a.txt", &[b"one"]);
    call(&origin, "jane", "deleteFile", &["/videos/a.txt"]);
    post(&origin, "mark", "/videos", "b.txt", b"x");
    assert_fails("cause_directory_names", origin.directory("/videos").try_names(&["a.txt"]));
}

#[test]
fn a_restarted_upload_names_who_opened_it_again() {
    let origin = origin();
    origin.on(Op::complete()).join(Join::Fail);
    let (_, _, id) = completed(&origin, "a.txt", &[b"one"]);
    call(&origin, "jane", "restartMultipart", &[&id]);
    assert_fails("cause_restarted", origin.upload(&id).try_completed());
}

/// Logs a token out.
fn log_out(origin: &MockOrigin, token: &str) {
    let text = format!(r#"{{"method": "logout", "params": ["{token}"], "id": 1}}"#);
    Client::new(origin).send("POST", "/jsonrpc", &[], text.as_bytes());
}

#[test]
fn a_rejected_token_names_who_ended_it() {
    let origin = origin();
    let (mut client, token, id) = upload_pieces(&origin, "a.txt", &[b"one"]);
    log_out(&origin, &token);
    complete(&mut client, &token, &id);
    assert_fails("cause_token_logged_out", origin.upload(&id).try_completed());
    assert_fails("cause_file_after_logout", origin.file("/videos/a.txt").try_exists());
    let (mut client, token, id) = upload_pieces(&origin, "b.txt", &[b"one"]);
    origin.expire_token(&token);
    piece(&mut client, &token, &id, 2, b"two");
    assert_fails("cause_token_expired_by_test", origin.upload(&id).piece(2).try_stored());
}

#[test]
fn expiry_and_faults_on_tokens_are_distinguished() {
    let origin = origin();
    let (mut client, token, id) = upload_pieces(&origin, "a.txt", &[b"one"]);
    origin.advance(Duration::from_secs(3600));
    complete(&mut client, &token, &id);
    assert_fails("cause_token_expired", origin.upload(&id).try_completed());
    origin.on_token().expire_after_requests(2);
    let (mut client, token, id) = upload_pieces(&origin, "b.txt", &[b"one"]);
    complete(&mut client, &token, &id);
    assert_fails("cause_token_ended_by_fault", origin.upload(&id).try_completed());
}

#[test]
fn a_missing_file_names_the_files_with_nearly_its_name() {
    let origin = origin();
    let (composed, decomposed) = ("/videos/caf\u{e9}.txt", "/videos/cafe\u{301}.txt");
    for name in ["a%20b.txt", "C.TXT", "cafe\u{301}.txt"] {
        post(&origin, "jane", "/videos", name, b"x");
    }
    origin.file(decomposed).assert_exists();
    post(&origin, "jane", "/", "d.txt", b"x");
    call(&origin, "mark", "copyFile", &["/d.txt", "/old/e.txt"]);
    for (name, path) in [
        ("near_quoting", "/videos/a b.txt"),
        ("near_case", "/videos/c.txt"),
        ("near_composition", composed),
        ("near_missing_directory", "/videos/d.txt"),
        ("near_other_directory", "/old/old/e.txt"),
    ] {
        assert_fails(name, origin.file(path).try_exists());
    }
    assert_fails("near_content", origin.file("/videos/a b.txt").try_content("x"));
}

#[test]
fn a_doubled_directory_and_the_account_are_named() {
    let origin = MockOrigin::builder()
        .file("/videos/videos/a.txt", "x")
        .file("/acme/acme/films/b.txt", "x")
        .start();
    assert_fails("near_doubled_directory", origin.file("/videos/a.txt").try_exists());
    assert_fails("near_account", origin.file("/films/b.txt").try_exists());
}
