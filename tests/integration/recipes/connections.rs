//! Broken connections
//!
//! The journal states exactly how many bytes the origin had read when the connection broke.

use mock_origin::{Disconnect, MockOrigin, Op, Outcome, ResponseLoss};

use crate::recipes::{upload, videos};

/// The response to a piece is lost
///
/// The origin stores the piece, but the client receives no response. The client must send the whole piece again under
/// the same part number.
#[test]
fn the_response_to_a_piece_is_lost() {
    let origin = videos();
    origin.on(Op::piece(2)).attempt(1).commit_then(ResponseLoss::Reset);

    upload(&origin).unwrap();

    let upload = origin.upload("/videos/movie.mp4");
    upload.assert_completed().assert_pieces(1..=4).piece(2).assert_attempts(2);
    origin.finish();
}

/// The response to complete is lost
///
/// The file exists, but the client receives no response. Its retry gets −8, because the upload is no longer open. A
/// client that treats −8 as a failure uploads everything again or reports an error.
#[test]
fn the_response_to_complete_is_lost() {
    let origin = videos();
    origin.on(Op::complete()).attempt(1).commit_then(ResponseLoss::Close);

    upload(&origin).unwrap();

    origin.requests().op(Op::create()).assert_count(1);
    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// The response to create is lost
///
/// An upload exists, but the client does not know its identifier. The client creates another one; the first one stays
/// open.
#[test]
fn the_response_to_create_is_lost() {
    let origin = videos();
    origin.on(Op::create()).attempt(1).commit_then(ResponseLoss::Reset);

    upload(&origin).unwrap();

    assert_eq!(origin.uploads().len(), 2);
    origin.finish();
}

/// The connection breaks during a piece
///
/// It breaks after exactly 700 bytes of the body. The origin stores nothing of the piece (§4.2). The journal has the
/// number of bytes received.
#[test]
fn the_connection_breaks_during_a_piece() {
    let origin = videos();
    origin.on(Op::piece(3)).attempt(1).cut_after(700, Disconnect::Reset);

    upload(&origin).unwrap();

    let cut = origin.requests().op(Op::piece(3));
    let cut = cut.iter().next().unwrap();
    assert_eq!((cut.received(), cut.outcome()), (700, Outcome::CutByFault));
    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// The origin stops reading during a piece
///
/// The connection stays open, but nothing moves. Only a client with a timeout of its own recovers early. The hold limit
/// closes the connection; here it is short.
#[test]
fn the_origin_stops_reading_during_a_piece() {
    let limit = std::time::Duration::from_millis(300);
    let origin = MockOrigin::builder().directory("/videos").hold_limit(limit).start();
    origin.on(Op::piece(1)).attempt(1).stall_after(500);

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed().piece(1).assert_attempts(2);
    origin.finish();
}

/// The body is read but not stored
///
/// The client cannot tell this from a lost response, but the piece does not exist. A client that lists the stored pieces
/// instead of sending this one again must notice that.
#[test]
fn the_body_is_read_but_not_stored() {
    let origin = videos();
    origin.on(Op::piece(2)).attempt(1).lose(ResponseLoss::Reset);

    upload(&origin).unwrap();

    let lost = origin.requests().op(Op::piece(2));
    let lost = lost.iter().next().unwrap().exchange().clone();
    assert_eq!((lost.received, lost.committed), (1000, None));
    origin.finish();
}

/// An idle connection is closed
///
/// The last response does not announce it, as with servers that close idle connections. The client notices when it
/// writes the next request. The fault skips responses that already say `Connection: close`.
#[test]
fn an_idle_connection_is_closed() {
    let origin = videos();
    origin.on_connection().close_after(2);

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// A new connection is reset
///
/// The client's first connection is reset before it can send anything.
#[test]
fn a_new_connection_is_reset() {
    let origin = videos();
    origin.on_connection().first().reset();

    upload(&origin).unwrap();

    origin.finish();
}

/// The origin is down for a while
///
/// Its ports are closed and later opened again. It keeps its state.
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
