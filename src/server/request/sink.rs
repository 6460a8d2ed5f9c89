//! Hashes a body while it arrives and keeps its first bytes, or all of it.
//!
//! A [`BodySink`] blocks only on the disk and knows no socket: the [worker](super::sink_worker)
//! chooses the thread on which it takes a frame.

use std::cmp::Reverse;
use std::io;
use std::time::Duration;

use crate::api::{BodyData, BodyEnd, BodyPolicy, FormReader, RequestBody, START_BYTES};
use crate::blob::{Blob, BlobStore, BlobWriter, Hasher};
use crate::journal::{BodyPrefix, Outcome};

pub(crate) struct BodySink {
    /// Another thread may have it while this one stores.
    pub(crate) hashing: BodyHasher,
    start: Vec<u8>,
    whole: Option<Vec<u8>>,
    form: Option<FormReader>,
    writer: Option<BlobWriter>,
    is_stored: bool,
    is_recorded: bool,
}

/// Hashes a body, and its first bytes where asked.
#[derive(Default)]
pub(crate) struct BodyHasher {
    length: u64,
    hasher: Hasher,
    /// The lengths at which the digest of the first bytes is taken, the longest first.
    prefix_lengths: Vec<u64>,
    prefixes: Vec<BodyPrefix>,
}

/// A body that was read to its end, or until it was interrupted.
pub(crate) struct ReadBody {
    pub(crate) received: RequestBody,
    /// The whole body, if bodies are recorded.
    pub(crate) body: Option<Blob>,
    /// The digests of its first bytes.
    pub(crate) prefixes: Vec<BodyPrefix>,
    /// When its last byte was read, in real time since the origin started.
    pub(crate) last_byte: Option<Duration>,
}

impl ReadBody {
    /// Returns the outcome of its request when the response is written.
    pub(crate) fn outcome(&self) -> Outcome {
        match self.received.end {
            BodyEnd::Truncated => Outcome::RequestTruncated,
            _ => Outcome::Responded,
        }
    }
}

impl BodySink {
    /// Returns a sink that treats the body as `policy` requires. `declared` is the announced
    /// length. The digest of the first bytes is also taken at each of the `prefix_lengths`.
    pub(crate) fn new(
        store: &BlobStore,
        is_recorded: bool,
        policy: &BodyPolicy,
        declared: Option<u64>,
        mut prefix_lengths: Vec<u64>,
    ) -> Self {
        if prefix_lengths.len() > 1 {
            prefix_lengths.sort_unstable_by_key(|length| Reverse(*length));
        }
        let form = match policy {
            BodyPolicy::Form(boundary) => Some(FormReader::new(boundary, store.clone())),
            _ => None,
        };
        let is_stored = matches!(policy, BodyPolicy::Store(_));
        let is_whole = matches!(policy, BodyPolicy::Whole(_));
        Self {
            hashing: BodyHasher { prefix_lengths, ..BodyHasher::default() },
            start: Vec::new(),
            whole: if is_whole { Some(Vec::new()) } else { None },
            form,
            writer: if is_stored || is_recorded { Some(store.writer(declared)) } else { None },
            is_stored,
            is_recorded,
        }
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    ///
    /// Returns the error of writing to the temporary file. The body is lost then.
    pub(crate) fn take(&mut self, frame: &[u8]) -> io::Result<()> {
        self.store(frame)?;
        self.hashing.take(frame);
        Ok(())
    }

    /// Stores the next bytes of the body, and does not hash them.
    ///
    /// # Errors
    ///
    /// Returns the same error as [`BodySink::take`].
    pub(crate) fn store(&mut self, frame: &[u8]) -> io::Result<()> {
        let wanted = START_BYTES - self.start.len();
        self.start.extend_from_slice(&frame[..wanted.min(frame.len())]);
        if let Some(form) = &mut self.form {
            form.push(frame)?;
        }
        if let Some(whole) = &mut self.whole {
            whole.extend_from_slice(frame);
        }
        if let Some(writer) = &mut self.writer {
            writer.write(frame)?;
        }
        Ok(())
    }

    /// Returns whether the next bytes probably go to the temporary file.
    pub(crate) fn is_spooling(&self) -> bool {
        let writer = self.writer.as_ref().is_some_and(BlobWriter::is_spooling);
        writer || self.form.as_ref().is_some_and(FormReader::is_spooling)
    }

    /// Ends the body.
    pub(crate) fn finish(self, end: BodyEnd, last_byte: Option<Duration>) -> ReadBody {
        let BodyHasher { length, hasher, prefixes, .. } = self.hashing;
        let digest = hasher.finish();
        let content = self.writer.map(|writer| writer.finish(digest));
        let body = if self.is_recorded { content.clone() } else { None };
        let kept = match (self.whole, self.form, content) {
            (Some(whole), ..) => BodyData::Whole(whole),
            (_, Some(form), _) => BodyData::Form(form.finish()),
            (.., Some(content)) if self.is_stored => BodyData::Stored(content),
            _ => BodyData::Nothing,
        };
        let received = RequestBody { end, length, digest, start: self.start, kept };
        ReadBody { received, body, prefixes, last_byte }
    }
}

impl BodyHasher {
    /// Takes the next bytes of the body.
    pub(crate) fn take(&mut self, frame: &[u8]) {
        self.length += frame.len() as u64;
        if self.prefix_lengths.is_empty() {
            return self.hasher.update(frame);
        }
        let (mut rest, mut at) = (frame, self.length - frame.len() as u64);
        while let Some(length) = self.prefix_lengths.pop_if(|length| *length <= self.length) {
            let count = usize::try_from(length - at).unwrap_or(usize::MAX);
            let (before, after) = rest.split_at(count);
            self.hasher.update(before);
            self.prefixes.push(BodyPrefix::new(length, self.hasher.clone().finish()));
            (rest, at) = (after, length);
        }
        self.hasher.update(rest);
    }
}
