//! One connection and how it ended.

use std::fmt;
use std::net::SocketAddr;

use super::{Escaped, Moment, Struck, shown_line};

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionEnd {
    /// It has not.
    Open,
    /// The client closed it between requests.
    ByClient,
    /// The origin closed it after an answer.
    ByOrigin,
    /// What came was no HTTP; the transport answered this status itself, or nothing (0).
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
    pub opened: Moment,
    /// When it was over.
    pub closed: Option<Moment>,
    /// How it ended.
    pub end: ConnectionEnd,
    /// The first bytes of a head that was never complete or no head at all.
    pub bad_head: Option<Box<[u8]>>,
    /// Bytes that were read and discarded after an early response (§1.9), or behind a fault that
    /// closes.
    pub drained: u64,
    /// The fault that struck it when it was accepted.
    pub fault: Option<Struck>,
}

impl fmt::Debug for Connection {
    /// Of a bad head only the first line is shown, up to a query: the rest may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bad_head = self.bad_head.as_deref().map(shown_line);
        let bad_head = bad_head.as_ref().map(Escaped::new);
        f.debug_struct("Connection")
            .field("index", &self.index)
            .field("peer", &self.peer)
            .field("local", &self.local)
            .field("end", &self.end)
            .field("bad_head", &bad_head)
            .field("drained", &self.drained)
            .finish_non_exhaustive()
    }
}
