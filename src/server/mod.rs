//! The shell: it moves bytes and keeps the record. It decides nothing.
//!
//! A connection is served by hyper behind a [`tap`], which keeps every head as it came. Each request
//! is walked by [`exchange`]: open, body, commit, answer, each under the lock of [`shared`], which is
//! never held while anything waits.

mod accept;
mod builder;
mod connection;
mod dialect;
mod epoch;
mod exchange;
mod explore;
mod faults;
mod given;
mod hashing;
mod held;
mod intake;
mod late;
mod line;
mod lingering_close;
mod mock_origin;
mod on;
mod outgoing;
mod ports;
mod respond;
mod runtime;
mod script;
mod shared;
#[cfg(feature = "cli")]
mod side;
mod socket;
mod strike;
mod tap;
mod waiting;

pub use accept::StartError;
pub use builder::Builder;
pub use explore::explore;
pub use given::{OpenUpload, UserSpec};
pub use held::Held;
pub use mock_origin::MockOrigin;
pub use on::{Armed, On, OnConnections, OnTokens};
#[cfg(feature = "cli")]
pub(crate) use side::{Ask, Reply, Side};
