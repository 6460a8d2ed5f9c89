//! Bytes that are written instead of hyper's bytes, or before them.
//!
//! hyper writes response heads in its own format: names in title case, equal names together. If a
//! test needs other bytes, the recording stream drops hyper's and writes these. Start with
//! [`Outgoing::take`].

use crate::server::connection::raw_response::RawResponse;

/// The bytes that hyper writes to a client that expects `100 Continue`.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The end of a head.
const END: &[u8] = b"\r\n\r\n";

/// Bytes that one connection will write in addition to hyper's.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Bytes to write before anything else.
    queue: Vec<u8>,
    /// Whether hyper's `100 Continue` for the current request is dropped.
    withholds_continue: bool,
    /// The response head that replaces hyper's.
    head: Option<Vec<u8>>,
    /// The bytes to write after hyper has released the connection, instead of a response.
    raw_response: Option<RawResponse>,
}

impl Outgoing {
    /// Queues bytes to be written before hyper's next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.queue.extend_from_slice(bytes);
    }

    /// Sets whether hyper's `100 Continue` for the current request is dropped.
    pub(crate) fn withhold_continue(&mut self, withholds: bool) {
        self.withholds_continue = withholds;
    }

    /// Replaces the next head that hyper writes.
    pub(crate) fn replace_head(&mut self, head: Vec<u8>) {
        self.head = Some(head);
    }

    /// Sets the bytes to write after hyper has released the connection, instead of a response.
    pub(crate) fn set_raw_response(&mut self, raw_response: RawResponse) {
        self.raw_response = Some(raw_response);
    }

    /// Takes the bytes to write instead of a response.
    pub(crate) fn take_raw_response(&mut self) -> Option<RawResponse> {
        self.raw_response.take()
    }

    /// Returns whether hyper's bytes are written unchanged while it has the connection.
    pub(crate) fn is_plain(&self) -> bool {
        self.queue.is_empty() && self.head.is_none() && !self.withholds_continue
    }

    /// Returns the bytes that are written first.
    pub(crate) fn queued(&self) -> &[u8] {
        &self.queue
    }

    /// Removes the first `count` queued bytes after they were written.
    pub(crate) fn written(&mut self, count: usize) {
        self.queue.drain(..count);
    }

    /// Queues the replacement for hyper's `bytes`. Returns how many of `bytes` it replaces. hyper
    /// passes a head in one piece.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> usize {
        if bytes.starts_with(CONTINUE) {
            if !std::mem::take(&mut self.withholds_continue) {
                self.queue.extend_from_slice(CONTINUE);
            }
            return CONTINUE.len();
        }
        let Some(at) = bytes.windows(END.len()).position(|window| window == END) else { return 0 };
        let Some(head) = self.head.take() else { return 0 };
        self.queue.extend(head);
        at + END.len()
    }
}
