//! Other clients
//!
//! Another client changes the same upload, directory or token, either while a request is sent or right after it.

use mock_origin::{Interference, Op, UploadState};

use crate::recipes::{upload, videos};

/// Another client aborts the upload
///
/// The next piece gets −17. Retrying cannot help.
#[test]
fn another_client_aborts_the_upload() {
    let origin = videos();
    origin.on(Op::piece(2)).interfere_after(Interference::AbortUpload);

    upload(&origin).unwrap_err();

    origin.requests().op(Op::piece(3)).code(-17).assert_count(1);
    origin.upload("/videos/movie.mp4").assert_aborted();
    origin.finish();
}

/// The upload expires while a piece is sent
///
/// The piece gets −8. Retrying cannot help.
#[test]
fn the_upload_expires_while_a_piece_is_sent() {
    let origin = videos();
    origin.on(Op::piece(3)).interfere_before(Interference::ExpireUpload);

    upload(&origin).unwrap_err();

    origin.requests().op(Op::piece(3)).code(-8).assert_count(1);
    origin.upload("/videos/movie.mp4").assert_state(UploadState::Expired);
    origin.finish();
}

/// The directory is removed before the join
///
/// Completing succeeds, but the upload ends in the state FAILED (§4.4). Only a client that asks for the status notices.
#[test]
fn the_directory_is_removed_before_the_join() {
    let origin = videos();
    origin.on(Op::complete()).interfere_before(Interference::RemoveDirectory);

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_state(UploadState::Failed);
    origin.file("/videos/movie.mp4").assert_absent();
    origin.finish();
}
