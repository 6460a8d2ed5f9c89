//! What is kept of bodies that ended early, so that a later body can be compared with them.
//!
//! Bodies are not kept, and a digest of the whole says nothing about a part. So the journal remembers
//! at which lengths bodies for the same target ended early, and the digest of a later body is also
//! taken at these lengths. Other bodies cost nothing. Start with [`CutBodies`] and [`BodyPrefix`].

use std::collections::HashMap;
use std::sync::Arc;

use crate::blob::Digest;
use crate::protocol::Operation;

use super::Call;

/// The digest of the first bytes of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyPrefix {
    /// The number of bytes.
    pub length: u64,
    /// Their SHA-256 digest.
    pub digest: Digest,
}

impl BodyPrefix {
    /// Creates the digest of this many first bytes.
    pub(crate) const fn new(length: u64, digest: Digest) -> Self {
        Self { length, digest }
    }
}

/// The most lengths that are remembered for one target. The oldest is dropped first.
const MAX_LENGTHS: usize = 8;

/// The lengths at which bodies ended early. A clone shares them until they change.
#[derive(Clone, Debug, Default)]
pub(super) struct CutBodies(Arc<HashMap<Target, Vec<u64>>>);

/// The place for which a body was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Target {
    operation: Operation,
    upload: Option<Arc<str>>,
    path: Option<Arc<str>>,
    part: Option<u32>,
}

impl Target {
    /// Returns the target of a call, as far as its head names one.
    fn of(call: &Call) -> Option<Self> {
        let call = call.as_asked();
        if call.upload.is_none() && call.path.is_none() {
            return None;
        }
        let (upload, path) = (call.upload.clone(), call.path.clone());
        Some(Self { operation: call.operation, upload, path, part: call.part })
    }
}

impl CutBodies {
    /// Records that the body of a call ended early, after `length` bytes.
    pub(super) fn record(&mut self, call: &Call, length: u64) {
        let Some(target) = Target::of(call).filter(|_| length > 0) else { return };
        let lengths = Arc::make_mut(&mut self.0).entry(target).or_default();
        lengths.retain(|earlier| *earlier != length);
        lengths.push(length);
        if lengths.len() > MAX_LENGTHS {
            lengths.remove(0);
        }
    }

    /// Returns whether no body ended early.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the lengths at which earlier bodies for the target of a call ended early.
    pub(super) fn lengths(&self, call: &Call) -> &[u64] {
        if self.0.is_empty() {
            return &[];
        }
        let lengths = Target::of(call).and_then(|target| self.0.get(&target));
        lengths.map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Interface;

    fn piece(part: u32) -> Call {
        let (upload, part) = (Some("id".into()), Some(part));
        Call { upload, part, ..Call::new(Operation::Piece, Interface::Http, "/multipart/piece") }
    }

    #[test]
    fn lengths_are_kept_by_target() {
        let mut cut = CutBodies::default();
        cut.record(&piece(1), 5);
        cut.record(&piece(1), 0);
        cut.record(&piece(2), 7);
        cut.record(&Call::new(Operation::Login, Interface::Http, "/account/login"), 9);
        assert_eq!((cut.lengths(&piece(1)), cut.lengths(&piece(2))), (&[5][..], &[7][..]));
        assert_eq!((cut.lengths(&piece(3)), cut.0.len()), (&[][..], 2));
    }

    #[test]
    fn the_oldest_length_of_a_target_is_dropped() {
        let mut cut = CutBodies::default();
        (1..=9).chain([3]).for_each(|length| cut.record(&piece(1), length));
        assert_eq!(cut.lengths(&piece(1)), [2, 4, 5, 6, 7, 8, 9, 3]);
    }
}
