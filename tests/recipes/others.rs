//! Somebody else
//!
//! Uploads and directories belong to more than one client. What others do happens while a call is on
//! its way, or right behind it.

use mock_origin::{Interference, Op, UploadState};

use crate::{upload, videos};

/// Somebody aborts the upload
///
/// The next piece gets −17, and there is nothing left to retry.
#[test]
fn somebody_aborts_the_upload() {
    let origin = videos();
    origin.on(Op::piece(2)).interfere_after(Interference::AbortUpload);

    upload(&origin).unwrap_err();

    origin.requests().op(Op::piece(3)).code(-17).assert_count(1);
    origin.upload("/videos/movie.mp4").assert_aborted();
    origin.finish();
}

/// The upload expires while a piece is on its way
#[test]
fn the_upload_expires_while_a_piece_is_on_its_way() {
    let origin = videos();
    origin.on(Op::piece(3)).interfere_before(Interference::ExpireUpload);

    upload(&origin).unwrap_err();

    origin.requests().op(Op::piece(3)).code(-8).assert_count(1);
    origin.upload("/videos/movie.mp4").assert_state(UploadState::Expired);
    origin.finish();
}

/// The directory is removed before the file is joined
///
/// Completing is answered with success, and the upload ends in FAILED all the same (§4.4): only who
/// asks for the status finds out.
#[test]
fn the_directory_is_removed_before_the_file_is_joined() {
    let origin = videos();
    origin.on(Op::complete()).interfere_before(Interference::RemoveDirectory);

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_state(UploadState::Failed);
    origin.file("/videos/movie.mp4").assert_absent();
    origin.finish();
}
