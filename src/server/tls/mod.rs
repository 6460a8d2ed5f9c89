//! TLS below the recording stream (feature `tls`): the certificates of an origin, and a stream that
//! encrypts. It records nothing and decides nothing about HTTP; `server/connection/handshake.rs` runs
//! the handshake and records it. Start with [`TlsServer`] and [`TlsStream`].

mod certificates;
mod stream;

pub(crate) use certificates::{TlsServer, check_name};
pub(crate) use stream::{HandshakeError, TlsStream};
