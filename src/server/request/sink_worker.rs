//! Chooses the thread on which the frames of a body are hashed and stored. Start with
//! [`SinkWorker::take`].
//!
//! A large body uses two cores: one reads it, and a helper that lives as long as the body hashes and
//! stores it. The helper has a second thread if the body goes to the temporary file, because one thread
//! takes longer for hash and file than another one for reading. If there are as many large bodies as
//! cores, every core has a body to read, and helpers would only add hand-overs. Each frame is then taken
//! on the thread that reads it, unless it is large and goes to the temporary file: the disk may block its
//! writer, and a thread that serves connections must not block. A blocking thread takes such a frame and
//! returns.

use std::io;
use std::mem::take;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::server::request::sink::{BodyHasher, BodySink};
use crate::server::runtime::cores;

/// A body of this many bytes is large.
const LARGE_BODY: u64 = 4 << 20;

/// A write of this many bytes is large: it normally takes as long as a hand-over to another
/// thread.
const LARGE_WRITE: usize = 64 << 10;

/// Number of buffers between reader and helper. The reader copies each frame into a spare buffer,
/// so that its own buffer is free again. If frames waited for the helper without a copy, hyper
/// would read into fresh memory each time, and the page faults cost more than the copy.
const WAITING_FRAMES: usize = 4;

/// The number of large bodies that are being read in this process.
static LARGE_BODIES: AtomicUsize = AtomicUsize::new(0);

/// A sink and the thread that fills it.
pub(crate) struct SinkWorker {
    /// `None` when the body is lost.
    executor: Option<Executor>,
    large: Option<LargeBodyGuard>,
    length: u64,
}

enum Executor {
    Here(Box<BodySink>),
    Helper(Helper),
}

struct Helper {
    sink: HelperThread<Box<BodySink>>,
    /// Hashes, if the other thread writes to the temporary file.
    hashing: Option<HelperThread<BodyHasher>>,
    /// Buffers whose frames were taken, for reuse.
    spare: mpsc::Receiver<Vec<u8>>,
}

/// A thread that takes each frame, and returns what it has filled when no more frames can come.
struct HelperThread<T> {
    frames: mpsc::Sender<Arc<Vec<u8>>>,
    filled: JoinHandle<io::Result<T>>,
}

impl SinkWorker {
    pub(crate) fn new(sink: BodySink, declared: Option<u64>) -> Self {
        let is_large = declared.is_some_and(|length| length >= LARGE_BODY);
        let large = is_large.then(LargeBodyGuard::begin);
        Self { executor: Some(Executor::Here(Box::new(sink))), large, length: 0 }
    }

    /// Takes a small frame of a small body at once, or returns `false`.
    ///
    /// # Errors
    ///
    /// Returns the error of writing this frame to the temporary file. The body is lost then.
    pub(crate) fn take_small(&mut self, frame: &[u8]) -> io::Result<bool> {
        let length = self.length + frame.len() as u64;
        let is_small = frame.len() < LARGE_WRITE && length < LARGE_BODY && self.large.is_none();
        match &mut self.executor {
            Some(Executor::Here(sink)) if is_small => {
                self.length = length;
                sink.take(frame)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Returns the sink after it has taken all frames, unless a helper has it or the body is lost.
    pub(crate) fn finish_here(mut self) -> Result<Box<BodySink>, Self> {
        match self.executor.take() {
            Some(Executor::Here(sink)) => Ok(sink),
            executor => Err(Self { executor, ..self }),
        }
    }

    /// Takes a frame, or queues it for the helper.
    ///
    /// # Errors
    ///
    /// Returns the error of writing this frame or an earlier one to the temporary file.
    pub(crate) async fn take(&mut self, frame: Bytes) -> io::Result<()> {
        self.length += frame.len() as u64;
        if self.large.is_none() && self.length >= LARGE_BODY {
            self.large = Some(LargeBodyGuard::begin());
        }
        let wants_helper = self.large.is_some() && LargeBodyGuard::leaves_a_core_free();
        let executor = match self.executor.take().ok_or_else(lost_body_error)? {
            Executor::Here(sink) if wants_helper => Executor::Helper(Helper::start(sink)),
            Executor::Helper(helper) if !wants_helper => Executor::Here(helper.recall().await?),
            executor => executor,
        };
        self.executor = Some(match executor {
            Executor::Here(sink) => Executor::Here(take_on_this_thread(sink, frame).await?),
            Executor::Helper(helper) => Executor::Helper(helper.hand_over(&frame).await?),
        });
        Ok(())
    }

    /// Returns the sink after it has taken all frames.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`SinkWorker::take`].
    pub(crate) async fn finish(self) -> io::Result<Box<BodySink>> {
        match self.executor.ok_or_else(lost_body_error)? {
            Executor::Here(sink) => Ok(sink),
            Executor::Helper(helper) => helper.recall().await,
        }
    }
}

fn lost_body_error() -> io::Error {
    io::Error::other("an earlier frame of this body could not be written")
}

async fn take_on_this_thread(mut sink: Box<BodySink>, frame: Bytes) -> io::Result<Box<BodySink>> {
    let may_block = frame.len() >= LARGE_WRITE && sink.is_spooling();
    let fill = move || sink.take(&frame).map(|()| sink);
    if may_block { spawn_blocking(fill).await.expect(NO_PANIC) } else { fill() }
}

impl Helper {
    fn start(mut sink: Box<BodySink>) -> Self {
        let (back, spare) = mpsc::channel(WAITING_FRAMES);
        for _ in 0..WAITING_FRAMES {
            let _ = back.try_send(Vec::new());
        }
        if !sink.is_spooling() {
            let sink = HelperThread::start(sink, |sink, frame| sink.take(frame), back);
            return Self { sink, hashing: None, spare };
        }
        let hash = |hashing: &mut BodyHasher, frame: &[u8]| {
            hashing.take(frame);
            Ok(())
        };
        let hashing = HelperThread::start(take(&mut sink.hashing), hash, back.clone());
        let sink = HelperThread::start(sink, |sink, frame| sink.store(frame), back);
        Self { sink, hashing: Some(hashing), spare }
    }

    /// Queues a frame for the helper.
    async fn hand_over(mut self, frame: &[u8]) -> io::Result<Self> {
        let mut buffer = self.spare.recv().await.unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(frame);
        let frame = Arc::new(buffer);
        if let Some(hashing) = &self.hashing {
            let _ = hashing.frames.send(Arc::clone(&frame)).await;
        }
        match self.sink.frames.send(frame).await {
            Ok(()) => Ok(self),
            // The helper takes frames until its channel is closed, unless a write failed.
            Err(_) => Err(self.recall().await.err().unwrap_or_else(lost_body_error)),
        }
    }

    /// Waits until the helper is done and returns the sink.
    async fn recall(self) -> io::Result<Box<BodySink>> {
        let mut sink = self.sink.end().await?;
        if let Some(hashing) = self.hashing {
            sink.hashing = hashing.end().await?;
        }
        Ok(sink)
    }
}

impl<T: Send + 'static> HelperThread<T> {
    /// Starts a thread that passes each frame to `take`. The last thread that has taken a frame returns its
    /// buffer to `back`.
    fn start(
        mut filled: T,
        take: fn(&mut T, &[u8]) -> io::Result<()>,
        back: mpsc::Sender<Vec<u8>>,
    ) -> Self {
        let (frames, mut waiting) = mpsc::channel::<Arc<Vec<u8>>>(WAITING_FRAMES);
        let filled = spawn_blocking(move || {
            while let Some(frame) = waiting.blocking_recv() {
                take(&mut filled, &frame)?;
                if let Some(buffer) = Arc::into_inner(frame) {
                    let _ = back.try_send(buffer);
                }
            }
            Ok(filled)
        });
        Self { frames, filled }
    }

    async fn end(self) -> io::Result<T> {
        drop(self.frames);
        self.filled.await.expect(NO_PANIC)
    }
}

/// The helper ends early only by a panic. The panic is propagated and recorded by the recorder of
/// this connection.
const NO_PANIC: &str = "taking a frame does not panic";

/// Counts one large body while it is read.
struct LargeBodyGuard;

impl LargeBodyGuard {
    fn begin() -> Self {
        LARGE_BODIES.fetch_add(1, Ordering::Relaxed);
        Self
    }

    fn leaves_a_core_free() -> bool {
        LARGE_BODIES.load(Ordering::Relaxed) < cores()
    }
}

impl Drop for LargeBodyGuard {
    fn drop(&mut self) {
        LARGE_BODIES.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::api::{BodyData, BodyEnd, BodyPolicy};
    use crate::blob::{BlobStore, Digest};
    use crate::journal::BodyPrefix;
    use crate::server::request::sink::ReadBody;
    use crate::server::runtime;

    /// Frames of both sizes, with helpers of one and two threads, and without.
    #[test]
    fn a_body_is_whole_on_every_kind_of_thread() {
        let body: Vec<u8> = (0..9 << 20).map(|at: u32| (at % 251).to_le_bytes()[0]).collect();
        for budget in [1 << 20, 64 << 20] {
            let taken = take_in_turns(&BlobStore::new(budget), &body);
            let BodyData::Stored(content) = taken.received.kept else { panic!("not stored") };
            assert_eq!(taken.received.digest, Digest::compute(&body));
            let prefix = BodyPrefix::new(5_000_000, Digest::compute(&body[..5_000_000]));
            assert_eq!(taken.prefixes, [prefix]);
            assert_eq!(content.first_difference(&body).unwrap(), None);
        }
    }

    fn take_in_turns(store: &BlobStore, body: &[u8]) -> ReadBody {
        let length = Some(body.len() as u64);
        runtime::handle().unwrap().block_on(async {
            let sink =
                BodySink::new(store, false, &BodyPolicy::Store(u64::MAX), length, vec![5_000_000]);
            let mut worker = SinkWorker::new(sink, length);
            let mut others = Vec::new();
            let mut rest = Bytes::copy_from_slice(body);
            for size in [LARGE_WRITE, LARGE_WRITE - 1].repeat(200) {
                if others.len() < cores() {
                    others.push(LargeBodyGuard::begin());
                } else {
                    others.clear();
                }
                worker.take(rest.split_to(size.min(rest.len()))).await.unwrap();
            }
            assert!(rest.is_empty());
            worker.finish().await.unwrap().finish(BodyEnd::Complete, None)
        })
    }
}
