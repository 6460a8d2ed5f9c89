//! The shell: it moves bytes and keeps the record. It decides nothing.
//!
//! A connection is served by hyper behind a [`tap`], which keeps every head as it came. Each request
//! is walked by [`exchange`]: open, body, commit, answer, each under the lock of [`shared`], which is
//! never held while anything waits.

mod accept;
mod builder;
mod connection;
mod dialect;
mod exchange;
mod given;
mod hashing;
mod intake;
mod line;
mod mock_origin;
mod respond;
mod runtime;
mod shared;
mod tap;

pub use accept::StartError;
pub use builder::Builder;
pub use given::{OpenUpload, UserSpec};
pub use mock_origin::MockOrigin;
