//! Under chaos a correct client loses nothing, a wrong one is caught, and what is printed of it
//! happens again.

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

/// An origin that is like every other one, up to what it says of itself.
fn videos() -> Builder {
    MockOrigin::builder().directory("/videos")
}

/// A small file in pieces, which differ from those of other numbers.
pub(crate) fn pieces(number: u64) -> Vec<Vec<u8>> {
    let sizes = (0..2 + number % 3).map(|at| 1 + (number * 37 + at * 101) % 700);
    sizes
        .zip(number * 10..)
        .map(|(size, seed)| random_bytes(seed, size.try_into().unwrap()))
        .collect()
}
