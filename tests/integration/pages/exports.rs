//! The code of docs/exports.md.

use std::path::Path;

use crate::pages::client as my_client;
use crate::support::golden::assert_golden;

#[test]
fn a_run_is_written_to_files() {
    let directory = tempfile::tempdir().unwrap();
    write_files(directory.path());
    assert!(directory.path().join("upload.har").exists());
}

#[allow(clippy::print_stdout)]
fn write_files(directory: &Path) {
    // region: files
    use mock_origin::MockOrigin;

    let origin = MockOrigin::builder().seed(7).directory("/videos").start();
    my_client::upload(&origin.url(), "movie.mp4", &[7; 2500]).unwrap();

    origin.write_har(directory.join("upload.har")).unwrap();
    origin.write_trace(directory.join("upload.trace.json")).unwrap();
    println!("{}", origin.timeline());
    origin.finish();
    // endregion
}

#[test]
fn a_transcript_is_a_snapshot() {
    // region: transcript
    use mock_origin::{ErrorResponse, MockOrigin, Op};

    let origin = MockOrigin::builder().seed(7).directory("/videos").start();
    origin.on(Op::piece(2)).named("busy").reject(ErrorResponse::status(503));
    my_client::upload(&origin.url(), "movie.mp4", &[7; 2500]).unwrap();

    let transcript = origin.transcript(); // insta::assert_snapshot!(transcript)
    // endregion
    assert_golden("page_transcript", transcript.trim_end());
    origin.finish();
}
