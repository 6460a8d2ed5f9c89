//! Answers that are not right
//!
//! What was asked for is done. The answer says something else, or is none.

use mock_origin::{Disconnect, HeaderMutation, MalformedResponse, Op, ResponseLoss};

use crate::{upload, videos};

/// The checksum is that of other bytes
///
/// The origin has stored something else than was sent, as far as the client can tell: it must send the
/// piece again.
#[test]
fn the_checksum_is_that_of_other_bytes() {
    let origin = videos();
    origin.on(Op::piece(2)).attempt(1).alter(HeaderMutation::WrongChecksum);

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").piece(2).assert_attempts(2);
    origin.finish();
}

/// The checksum is in upper case
///
/// Which is the same one: a client that compares texts sends everything twice.
#[test]
fn the_checksum_is_in_upper_case() {
    let origin = videos();
    origin.on(Op::any_piece()).always().alter(HeaderMutation::UpperCaseChecksum);

    upload(&origin).unwrap();

    origin.requests().op(Op::any_piece()).assert_count(4);
    origin.finish();
}

/// The size is wrong
#[test]
fn the_size_is_wrong() {
    let origin = videos();
    origin.on(Op::piece(1)).attempt(1).alter(HeaderMutation::WrongSize);

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").piece(1).assert_attempts(2);
    origin.finish();
}

/// 200, and a code that says no
///
/// Some clients look at the status alone.
#[test]
fn status_200_and_a_code_that_says_no() {
    let origin = videos();
    origin.on(Op::login()).attempt(1).alter(HeaderMutation::Code(-10001));
    origin.on(Op::create()).attempt(1).alter(HeaderMutation::Without("X-Agile-Status".into()));

    upload(&origin).unwrap_err();

    origin.requests().op(Op::any_piece()).assert_count(0);
}

/// A header comes twice, or not at all
#[test]
fn a_header_comes_twice() {
    let origin = videos();
    origin.on(Op::create()).attempt(1).alter(HeaderMutation::Twice("X-Agile-Multipart".into()));

    upload(&origin).unwrap();

    origin.finish();
}

/// The answer breaks off
///
/// After exactly so many of its bytes, head included.
#[test]
fn the_answer_breaks_off() {
    let origin = videos();
    origin.on(Op::piece(2)).attempt(1).cut_answer(40, Disconnect::Close);

    upload(&origin).unwrap();

    let cut = origin.requests().op(Op::piece(2));
    assert_eq!(cut.iter().next().unwrap().exchange().written, 40);
    origin.upload("/videos/movie.mp4").piece(2).assert_attempts(2);
    origin.finish();
}

/// What comes is no HTTP
///
/// Or not the HTTP that it says it is: a first line that is none, a chunk without a size, a length that
/// lies, a body that is too short, anything at all.
#[test]
fn what_comes_is_no_http() {
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

/// It is done, and the answer says that it is not
///
/// The answer is the row that the operation's table has for the status: for a piece 500 is −49. The client
/// sends the piece again, and nothing is wrong with that. A status that the table does not have, like 502,
/// comes without a code, as by a proxy that had no patience.
#[test]
fn it_is_done_and_the_answer_says_that_it_is_not() {
    let origin = videos();
    origin.on(Op::any_piece()).attempt(1).commit_then(ResponseLoss::Status(500));

    upload(&origin).unwrap();

    origin.requests().op(Op::any_piece()).assert_count(8);
    origin.requests().status(500).code(-49).assert_count(4);
    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}
