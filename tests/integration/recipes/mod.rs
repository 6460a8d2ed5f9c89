//! One recipe for each failure. `docs/faults.md` is generated from these tests:
//! `UPDATE_GOLDEN=1 cargo test --test integration recipes` updates it.

mod chance;
mod connections;
mod others;
mod page;
mod rejections;
mod responses;
mod sessions;
mod timing;

use mock_origin::MockOrigin;

use crate::chaos::client;

/// Returns an origin with a directory.
fn videos() -> MockOrigin {
    MockOrigin::builder().directory("/videos").start()
}

/// Runs the client under test, which uploads `/videos/movie.mp4` in four pieces of 1,000 bytes.
fn upload(origin: &MockOrigin) -> Result<(), client::GaveUp> {
    let pieces: Vec<_> = (1..=4).map(|number| vec![number; 1000]).collect();
    client::Uploader::correct(origin).upload("/videos", "movie.mp4", &pieces)
}

/// Runs the same client, which waits 50 ms for `100 Continue` before it sends a piece.
fn upload_expecting(origin: &MockOrigin) -> Result<(), client::GaveUp> {
    let pieces: Vec<_> = (1..=4).map(|number| vec![number; 1000]).collect();
    let timeout = Some(std::time::Duration::from_millis(50));
    let mut client = client::Uploader::correct(origin);
    client.expects = timeout;
    client.upload("/videos", "movie.mp4", &pieces)
}
