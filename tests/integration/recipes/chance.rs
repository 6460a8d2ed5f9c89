//! Random faults

use mock_origin::{Chaos, MockOrigin, Profile};

use crate::recipes::{upload, videos};

/// Repeatable chaos
///
/// Each decision is a hash of the seed, operation, path, user, part number and attempt. At most two attempts of each
/// operation are affected, so a client that tries three times must succeed. A chosen fault has no effect if the origin
/// rejects the request anyway, or if the body ends before the fault applies. A test that panics prints the chaos and
/// what it injected as code; a test that returns an error does not.
#[test]
fn repeatable_chaos() {
    let origin = videos();
    origin.chaos(Chaos::new(41).profile(Profile::Network).max_per_operation(2));

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_pieces(1..=4);
    origin.finish();
}

/// Try many seeds
///
/// If a seed fails, `explore` repeats the run with fewer and fewer of its faults, at most 200 times. It prints the
/// remaining faults, all of which are needed to make the run fail, and the chaos, both as code. For an async client, use
/// a test that is not async and call `block_on` of a runtime inside.
#[test]
fn try_many_seeds() {
    let videos = MockOrigin::builder().directory("/videos");
    let chaos = Chaos::new(0).profile(Profile::All).max_per_operation(2);

    videos.explore(chaos, 0..20, |origin| {
        upload(origin).unwrap();
        origin.file("/videos/movie.mp4").assert_exists();
    });
}
