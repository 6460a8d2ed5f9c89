//! The tests of docs/tutorial.md: the first one passes, the second one finds the bug.

use mock_origin::{MockOrigin, Op};

use crate::pages::{client, first_client};
use crate::support::golden::assert_golden;

mod without_fault {
    use crate::pages::first_client::upload;

    // region: first
    use mock_origin::MockOrigin;

    #[test]
    fn a_file_is_uploaded() {
        let origin = MockOrigin::builder().directory("/videos").start();
        let content = vec![7; 2500];

        upload(&origin.url(), "movie.mp4", &content).unwrap();

        origin.file("/videos/movie.mp4").assert_content(&content).assert_content_type("video/mp4");
        origin.upload("/videos/movie.mp4").assert_completed().assert_pieces(1..=3);
        origin.finish();
    }
    // endregion
}

mod with_fault {
    use crate::pages::client::upload;
    use mock_origin::MockOrigin;

    // region: second
    use mock_origin::Op;

    #[test]
    fn a_rejected_piece_is_sent_again() {
        let origin = MockOrigin::builder().directory("/videos").start();
        origin.on(Op::piece(2)).attempt(1).reject(503);

        upload(&origin.url(), "movie.mp4", &[7; 2500]).unwrap();

        origin.upload("/videos/movie.mp4").assert_completed();
        origin.finish();
    }
    // endregion
}

#[test]
fn the_second_test_fails_with_the_first_client() {
    let origin = MockOrigin::builder()
        .directory("/videos")
        .allow("complete.early", "the first client has this bug")
        .start();
    origin.on(Op::piece(2)).attempt(1).reject(503);

    first_client::upload(&origin.url(), "movie.mp4", &[7; 2500]).unwrap();

    let failure = origin.upload("/videos/movie.mp4").try_completed().unwrap_err();
    assert_golden("page_tutorial", &failure.to_string());
}

#[test]
fn the_fixed_client_sends_the_piece_twice() {
    let origin = MockOrigin::builder().directory("/videos").start();
    origin.on(Op::piece(2)).attempt(1).reject(503);

    client::upload(&origin.url(), "movie.mp4", &[7; 2500]).unwrap();

    origin.upload("/videos/movie.mp4").piece(2).assert_attempts(2);
    origin.finish();
}

#[test]
fn the_referee_finds_the_bug_of_the_first_client() {
    let origin = MockOrigin::builder().directory("/videos").verify_on_drop(false).start();
    origin.on(Op::piece(2)).attempt(1).reject(503);
    first_client::upload(&origin.url(), "movie.mp4", &[7; 2500]).unwrap();
    origin.assert_finding("complete.early");
    assert!(origin.verify().unwrap_err().to_string().contains("complete.early"));
}
