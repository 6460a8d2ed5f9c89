//! The record of a connection. Start with [`Connection`].

use std::fmt;
use std::net::SocketAddr;

use super::{FaultRef, Instants, Tls, Unparsed, UnparsedKind};

/// The way in which a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionEnd {
    /// It is still open.
    Open,
    /// The client closed it between requests.
    ByClient,
    /// The origin closed it after a response.
    ByOrigin,
    /// The received bytes are not a request. The transport sent this status itself, or nothing (0).
    BadHead(u16),
    /// No request was read, because the TLS handshake failed.
    TlsFailed,
    /// It broke during a request or a response.
    Broken,
    /// A fault closed it, or kept it silent.
    ByFault,
    /// The origin was stopped first.
    Stopped,
}

/// The record of one connection.
#[derive(Clone)]
#[non_exhaustive]
pub struct Connection {
    /// The number of the connection in the order of acceptance, from 0.
    pub index: u64,
    /// The address of the client.
    pub peer: SocketAddr,
    /// The local address that accepted it.
    pub local: SocketAddr,
    /// When it was accepted.
    pub opened: Instants,
    /// When it ended.
    pub closed: Option<Instants>,
    /// How it ended.
    pub end: ConnectionEnd,
    /// The TLS handshake; `None` on a plain connection, and before a `ClientHello` was read.
    pub tls: Option<Tls>,
    /// The bytes from which no request could be read, if there were any.
    pub unparsed: Option<Unparsed>,
    /// Whether it ended without a single byte from the client, and without a fault. The bytes of a
    /// complete TLS handshake do not count.
    pub is_unused: bool,
    /// The number of bytes that were read and discarded after an early response (§1.9), or after a
    /// fault that closes the connection.
    pub drained: u64,
    /// The fault that closed it or kept it silent.
    pub fault: Option<FaultRef>,
    /// When that fault acted.
    pub fault_injected: Option<Instants>,
}

impl Connection {
    /// Returns whether a `ClientHello` was read and the handshake has neither succeeded nor failed.
    pub(crate) fn is_handshaking(&self) -> bool {
        let is_begun = self.tls.as_ref().is_some_and(|tls| tls.version.is_none());
        is_begun && self.unparsed.is_none() && self.closed.is_none()
    }

    /// Returns the bytes from which no request could be read, if the client made an error. A client that
    /// rejects a certificate that a fault made invalid made none.
    pub(crate) fn wrong_bytes(&self) -> Option<&Unparsed> {
        let unparsed = self.unparsed.as_ref().filter(|unparsed| unparsed.kind.is_wrong())?;
        let is_due_to_fault =
            self.fault_injected.is_some() && matches!(unparsed.kind, UnparsedKind::TlsHandshake(_));
        (!is_due_to_fault).then_some(unparsed)
    }

    /// Returns when something happened on it that belongs to no exchange: bytes that are not a
    /// request, a fault, or its end.
    pub fn event_at(&self) -> Instants {
        let unparsed = self.unparsed.as_ref().map(|unparsed| unparsed.at);
        unparsed.or(self.fault_injected).or(self.closed).unwrap_or(self.opened)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("index", &self.index)
            .field("peer", &self.peer)
            .field("local", &self.local)
            .field("end", &self.end)
            .field("tls", &self.tls)
            .field("unparsed", &self.unparsed)
            .field("drained", &self.drained)
            .finish_non_exhaustive()
    }
}
