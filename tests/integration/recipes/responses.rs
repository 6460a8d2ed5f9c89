//! Wrong responses
//!
//! The request takes effect, but its response is wrong or malformed.

use mock_origin::{Disconnect, HeaderMutation, MalformedResponse, Op, ResponseLoss};

use crate::recipes::{upload, videos};

/// The checksum is wrong
///
/// To the client it looks as if the origin had stored other bytes. The client must send the piece again.
#[test]
fn the_checksum_is_wrong() {
    let origin = videos();
    origin.on(Op::piece(2)).attempt(1).alter(HeaderMutation::WrongChecksum);

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").piece(2).assert_attempts(2);
    origin.finish();
}

/// The checksum is in upper case
///
/// It is the same checksum. A client that compares text sends every piece twice.
#[test]
fn the_checksum_is_in_upper_case() {
    let origin = videos();
    origin.on(Op::any_piece()).always().alter(HeaderMutation::UpperCaseChecksum);

    upload(&origin).unwrap();

    origin.requests().op(Op::any_piece()).assert_count(4);
    origin.finish();
}

/// The size is wrong
///
/// To the client it looks as if part of the piece was lost. The client must send the piece again.
#[test]
fn the_size_is_wrong() {
    let origin = videos();
    origin.on(Op::piece(1)).attempt(1).alter(HeaderMutation::WrongSize);

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").piece(1).assert_attempts(2);
    origin.finish();
}

/// Status 200 with an error code
///
/// A client that checks only the HTTP status misses the error.
#[test]
fn status_200_with_an_error_code() {
    let origin = videos();
    origin.on(Op::login()).attempt(1).alter(HeaderMutation::Code(-10001));

    upload(&origin).unwrap_err();

    origin.requests().op(Op::any_piece()).assert_count(0);
    origin.finish();
}

/// A header is repeated
///
/// `HeaderMutation::Without(name)` removes it instead.
#[test]
fn a_header_is_repeated() {
    let origin = videos();
    origin.on(Op::create()).attempt(1).alter(HeaderMutation::Twice("X-Agile-Multipart".into()));

    upload(&origin).unwrap();

    origin.finish();
}

/// The response is cut
///
/// The connection closes after exactly 40 bytes of the response, including the head.
#[test]
fn the_response_is_cut() {
    let origin = videos();
    origin.on(Op::piece(2)).attempt(1).cut_response(40, Disconnect::Close);

    upload(&origin).unwrap();

    let cut = origin.requests().op(Op::piece(2));
    assert_eq!(cut.iter().next().unwrap().exchange().written, 40);
    origin.upload("/videos/movie.mp4").piece(2).assert_attempts(2);
    origin.finish();
}

/// The response is malformed
///
/// The faults send an invalid status line, a chunk without a size, a wrong content length and arbitrary bytes.
#[test]
fn the_response_is_malformed() {
    let origin = videos();
    origin.on(Op::piece(1)).attempt(1).garble(MalformedResponse::StatusLine);
    origin.on(Op::piece(2)).attempt(1).garble(MalformedResponse::Chunk);
    origin.on(Op::piece(3)).attempt(1).garble(MalformedResponse::ContentLength(10));
    origin
        .on(Op::piece(4))
        .attempt(1)
        .garble(MalformedResponse::Garbage(b"\x15\x03\x01\x00\x02".to_vec()));

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// The request succeeds but reports an error
///
/// The response uses the table row for the status: for a piece, 500 is −49. The client sends the piece again, which is
/// correct. A status without a row, such as 502, has no code, like the response of a proxy that timed out.
#[test]
fn the_request_succeeds_but_reports_an_error() {
    let origin = videos();
    origin.on(Op::any_piece()).attempt(1).commit_then(ResponseLoss::Status(500));

    upload(&origin).unwrap();

    origin.requests().op(Op::any_piece()).assert_count(8);
    origin.requests().status(500).code(-49).assert_count(4);
    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}
