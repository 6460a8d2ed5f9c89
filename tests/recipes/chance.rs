//! What nobody thought of

use mock_origin::{Chaos, MockOrigin, Profile};

use crate::{upload, videos};

/// Chaos that is the same every time
///
/// Each decision is a hash of seed, operation, path, user, part number and attempt. No more than two
/// attempts of anything are struck, so that a client that tries three times must succeed. Where the
/// origin itself refuses a request, or its body ends too soon, what was decided may come to nothing.
/// A test that panics prints the chaos and what it has done as code; one that returns an error does
/// not.
#[test]
fn chaos_that_is_the_same_every_time() {
    let origin = videos();
    origin.chaos(Chaos::new(41).profile(Profile::Network).max_per_operation(2));

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_pieces(1..=4);
    origin.finish();
}

/// Many seeds
///
/// The first run that fails is run again, 200 times at most, with fewer and fewer of the faults that
/// struck it. Those that are left, without any one of which it passes, are printed as they are written
/// in a test, and so is the chaos. An async client is explored in a test that is not async, by the
/// `block_on` of a runtime of its own.
#[test]
fn many_seeds() {
    let videos = MockOrigin::builder().directory("/videos");
    let chaos = Chaos::new(0).profile(Profile::All).max_per_operation(2);

    videos.explore(chaos, 0..20, |origin| {
        upload(origin).unwrap();
        origin.file("/videos/movie.mp4").assert_exists();
    });
}
