//! One connection and how it ended.

use std::net::SocketAddr;

use super::Moment;

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
    /// The origin was stopped first.
    Stopped,
}

/// The record of one connection.
#[derive(Clone, Debug)]
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
    /// Bytes that were thrown away after an early refusal (§1.9).
    pub drained: u64,
}
