//! Bytes that are written instead of hyper's bytes, or before them.
//!
//! hyper would write response heads in its own format, so it gets a response without headers, and the
//! recording stream writes the recorded head instead of hyper's. A fault may need other bytes too.
//! Start with [`Outgoing::take`].

use crate::journal::ResponseHead;

use crate::server::connection::raw_response::RawResponse;

/// The bytes that hyper writes to a client that expects `100 Continue`.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The end of a line.
const LINE_END: &[u8] = b"\r\n";

/// The end of a line and the start of the next one.
const CONNECTION: &[u8] = b"\nConnection: ";

/// Bytes that one connection will write in addition to hyper's.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Bytes to write before anything else.
    queue: Vec<u8>,
    /// Whether hyper's `100 Continue` for the current request is dropped.
    withholds_continue: bool,
    /// The response head that replaces hyper's; empty if there is none.
    head: Vec<u8>,
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
    pub(crate) fn replace_head(&mut self, head: &ResponseHead, version: &str) {
        self.head.clear();
        head.write(version, &mut self.head);
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
        self.queue.is_empty() && self.head.is_empty() && !self.withholds_continue
    }

    /// Returns the bytes that are written first.
    pub(crate) fn queued(&self) -> &[u8] {
        &self.queue
    }

    /// Removes the first `count` queued bytes after they were written.
    pub(crate) fn written(&mut self, count: usize) {
        self.queue.drain(..count);
    }

    /// Returns how many of hyper's `bytes` are not written. Appends their replacement to the queue, or
    /// to `head`, which must be empty. hyper passes a head in one piece.
    pub(crate) fn take(&mut self, bytes: &[u8], head: &mut Vec<u8>) -> usize {
        if bytes.starts_with(CONTINUE) {
            if !std::mem::take(&mut self.withholds_continue) {
                self.queue.extend_from_slice(CONTINUE);
            }
            return CONTINUE.len();
        }
        if self.head.is_empty() {
            return 0;
        }
        let Some((length, connection)) = find_end(bytes) else { return 0 };
        std::mem::swap(head, &mut self.head);
        // hyper adds this line if the client asked to close the connection, or to keep one of HTTP/1.0.
        if let Some(line) = connection
            && !head.windows(CONNECTION.len()).any(|it| it.eq_ignore_ascii_case(CONNECTION))
        {
            head.truncate(head.len() - LINE_END.len());
            head.extend_from_slice(line);
            head.extend_from_slice(LINE_END);
        }
        length
    }
}

/// Returns the length of the head at the start of hyper's bytes, and its `Connection` line.
fn find_end(bytes: &[u8]) -> Option<(usize, Option<&[u8]>)> {
    let (mut start, mut at, mut connection) = (0, 0, None);
    // An iterator is several times slower where a dependent is not optimised.
    while at < bytes.len() {
        if bytes[at] == b'\n' {
            let line = &bytes[start..=at];
            if line == LINE_END {
                return Some((at + 1, connection));
            }
            if line.starts_with(&CONNECTION[1..]) {
                connection = Some(line);
            }
            start = at + 1;
        }
        at += 1;
    }
    None
}
