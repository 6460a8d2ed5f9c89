//! The engine: it accepts connections, moves bytes and records what happens. It decides nothing about
//! the protocol: [`api`](crate::api) does.
//!
//! hyper serves a connection behind a recording stream, which keeps every head as it was sent. Start
//! with [`connection::serve`] and [`request::handler::serve`].

pub(crate) mod acceptor;
#[cfg(feature = "control")]
pub(crate) mod admin_listener;
pub(crate) mod connection;
pub(crate) mod deferred;
pub(crate) mod epoch;
pub(crate) mod holds;
pub(crate) mod listener;
pub(crate) mod pacing;
pub(crate) mod ports;
pub(crate) mod request;
pub(crate) mod runtime;
pub(crate) mod shared;
pub(crate) mod state;
pub(crate) mod state_guard;
#[cfg(feature = "tls")]
pub(crate) mod tls;
