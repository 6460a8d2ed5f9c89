//! One connection and how it ended.

use std::fmt;
use std::net::SocketAddr;

use super::{FaultRef, Instants, Unparsed};

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionEnd {
    /// It has not.
    Open,
    /// The client closed it between requests.
    ByClient,
    /// The origin closed it after an answer.
    Normal,
    /// No request could be read from what came; the transport answered this status itself, or
    /// nothing (0).
    BadHead(u16),
    /// It broke in the middle of something.
    Broken,
    /// A fault ended it, or kept it silent.
    ByFault,
    /// The origin was stopped first.
    Stopped,
}

/// The record of one connection.
#[derive(Clone)]
#[non_exhaustive]
pub struct Connection {
    /// Its number in the order of acceptance, from 0.
    pub index: u64,
    /// The client's address.
    pub peer: SocketAddr,
    /// The address it came in at.
    pub local: SocketAddr,
    /// When it was accepted.
    pub opened: Instants,
    /// When it was over.
    pub closed: Option<Instants>,
    /// How it ended.
    pub end: ConnectionEnd,
    /// The bytes from which no request could be read, if any came.
    pub unparsed: Option<Unparsed>,
    /// Bytes that were read and discarded after an early response (§1.9), or behind a fault that
    /// closes.
    pub drained: u64,
    /// The fault that ended it or kept it silent.
    pub fault: Option<FaultRef>,
    /// When that fault acted.
    pub struck: Option<Instants>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("index", &self.index)
            .field("peer", &self.peer)
            .field("local", &self.local)
            .field("end", &self.end)
            .field("unparsed", &self.unparsed)
            .field("drained", &self.drained)
            .finish_non_exhaustive()
    }
}
