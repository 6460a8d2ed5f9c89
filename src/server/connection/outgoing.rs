//! What goes out in place of hyper's bytes, or in front of them.
//!
//! hyper writes response heads in its own way: names in title case, those of one name together. Where a
//! test wants other bytes, the tap takes hyper's and writes these instead. Start with
//! [`Outgoing::take`].

/// What hyper writes to a client that has asked whether it may send its body.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What ends a head.
const END: &[u8] = b"\r\n\r\n";

/// What one connection is about to write besides hyper's bytes.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Bytes that are written before anything else.
    queue: Vec<u8>,
    /// Whether hyper's `100 Continue` to the present request does not go out.
    withholds_continue: bool,
    /// The response head that takes the place of hyper's.
    head: Option<Vec<u8>>,
}

impl Outgoing {
    /// Writes these bytes in front of all that hyper writes next.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.queue.extend_from_slice(bytes);
    }

    /// Drops hyper's `100 Continue` to the present request, or lets it out.
    pub(crate) fn withhold_continue(&mut self, withholds: bool) {
        self.withholds_continue = withholds;
    }

    /// Writes this head in place of the next that hyper writes.
    pub(crate) fn replace_head(&mut self, head: Vec<u8>) {
        self.head = Some(head);
    }

    /// Whether hyper's bytes go out as they are.
    pub(crate) fn is_plain(&self) -> bool {
        self.queue.is_empty() && self.head.is_none() && !self.withholds_continue
    }

    /// The bytes that go out first.
    pub(crate) fn queued(&self) -> &[u8] {
        &self.queue
    }

    /// So many of the bytes that go out first have been written.
    pub(crate) fn written(&mut self, count: usize) {
        self.queue.drain(..count);
    }

    /// Takes those of hyper's bytes that others take the place of, and says how many they are; the others
    /// are in the queue then. hyper gives a head in one piece.
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
