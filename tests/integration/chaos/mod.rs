//! Tests that a correct client survives chaos, that wrong clients are caught, and that printed faults
//! replay a run.

pub(crate) mod client;
mod decisions;
mod exploring;
mod facts;
mod mistakes;
mod operations;
mod parallel;
mod replay;
mod survival;

use crate::support::payload::random_bytes;
use mock_origin::{Builder, MockOrigin};

/// Returns a builder with fixed clock and seed, so that all origins are equal.
fn videos() -> Builder {
    MockOrigin::builder().directory("/videos")
}

/// Returns the pieces of a small file; each number gives other bytes.
pub(crate) fn pieces(number: u64) -> Vec<Vec<u8>> {
    let sizes = (0..2 + number % 3).map(|at| 1 + (number * 37 + at * 101) % 700);
    sizes
        .zip(number * 10..)
        .map(|(size, seed)| random_bytes(seed, size.try_into().unwrap()))
        .collect()
}
