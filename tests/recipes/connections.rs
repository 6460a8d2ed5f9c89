//! Connections that break
//!
//! The classics of every network. What the origin had read by then is exact, and in the record.

use mock_origin::{Disconnect, MockOrigin, Op, Outcome, ResponseLoss};

use crate::{upload, videos};

/// The acknowledgement of a piece is lost
///
/// The piece is stored, and the client never hears of it. It must send the piece again: the same
/// number, the whole body.
#[test]
fn the_acknowledgement_of_a_piece_is_lost() {
    let origin = videos();
    origin.on(Op::piece(2)).attempt(1).commit_then(ResponseLoss::Reset);

    upload(&origin).unwrap();

    let upload = origin.upload("/videos/movie.mp4");
    upload.assert_completed().assert_pieces(1..=4).piece(2).assert_attempts(2);
    origin.finish();
}

/// The acknowledgement of the completion is lost
///
/// The file is there, and the retry gets −8, as the upload is open no more. A client that takes this
/// for a failure uploads everything again, or reports an error for a file that is there.
#[test]
fn the_acknowledgement_of_the_completion_is_lost() {
    let origin = videos();
    origin.on(Op::complete()).attempt(1).commit_then(ResponseLoss::Close);

    upload(&origin).unwrap();

    origin.requests().op(Op::create()).assert_count(1);
    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// The acknowledgement of the beginning is lost
///
/// An upload has begun of which nobody knows the identifier. The client begins another one, and the
/// first one stays open.
#[test]
fn the_acknowledgement_of_the_beginning_is_lost() {
    let origin = videos();
    origin.on(Op::create()).attempt(1).commit_then(ResponseLoss::Reset);

    upload(&origin).unwrap();

    assert_eq!(origin.uploads().len(), 2);
    origin.finish();
}

/// The connection breaks in the middle of a piece
///
/// After exactly so many bytes of the body. What came is not stored (§4.2), and the journal has the
/// figure.
#[test]
fn the_connection_breaks_in_the_middle_of_a_piece() {
    let origin = videos();
    origin.on(Op::piece(3)).attempt(1).cut_after(700, Disconnect::Reset);

    upload(&origin).unwrap();

    let cut = origin.requests().op(Op::piece(3));
    let cut = cut.iter().next().unwrap();
    assert_eq!((cut.received(), cut.outcome()), (700, Outcome::CutByFault));
    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// The origin stops reading in the middle of a piece
///
/// Nothing breaks, and nothing goes on. Only a client with a time limit of its own gets away; so that
/// this recipe ends for the others too, the origin lets go after a while.
#[test]
fn the_origin_stops_reading_in_the_middle_of_a_piece() {
    let limit = std::time::Duration::from_millis(300);
    let origin = MockOrigin::builder().directory("/videos").hold_limit(limit).start();
    origin.on(Op::piece(1)).attempt(1).stall_after(500);

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed().piece(1).assert_attempts(2);
    origin.finish();
}

/// The body was read, and nothing came of it
///
/// Looks like a lost acknowledgement to the client, but the piece is not there: whoever asks the
/// origin for its pieces instead of sending this one again must find that out.
#[test]
fn the_body_was_read_and_nothing_came_of_it() {
    let origin = videos();
    origin.on(Op::piece(2)).attempt(1).lose(ResponseLoss::Reset);

    upload(&origin).unwrap();

    let lost = origin.requests().op(Op::piece(2));
    let lost = lost.iter().next().unwrap().exchange().clone();
    assert_eq!((lost.received, lost.committed), (1000, None));
    origin.finish();
}

/// The origin closes the connection between two requests
///
/// Without a word about it in the last answer, as servers do with idle connections. The client finds
/// out when it writes the next request. An answer that says `Connection: close` itself leaves the fault
/// nothing to do.
#[test]
fn the_origin_closes_the_connection_between_two_requests() {
    let origin = videos();
    origin.on_connection().close_after(2);

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// A connection is reset as soon as it is there
///
/// The first try of everything.
#[test]
fn a_connection_is_reset_as_soon_as_it_is_there() {
    let origin = videos();
    origin.on_connection().first().reset();

    upload(&origin).unwrap();

    origin.finish();
}

/// The origin is down for a while
///
/// Its ports are closed, and open again later; it forgets nothing.
#[test]
fn the_origin_is_down_for_a_while() {
    let origin = videos();
    let url = origin.url();

    origin.go_offline();
    upload(&origin).unwrap_err();
    origin.go_online();
    upload(&origin).unwrap();

    assert_eq!(origin.url(), url);
    origin.finish();
}
