//! Chooses the thread on which the frames of a body are hashed and stored. Start with
//! [`SinkWorker::take`].
//!
//! A large body uses two cores: one reads it, and a helper thread that lives as long as the body
//! hashes and stores it. If there are as many large bodies as cores, every core has a body to
//! read, and helpers would only add hand-overs. Each frame is then taken on the thread that reads
//! it, unless it is large and goes to the temporary file: the disk may block its writer, and a
//! thread that serves connections must not block. A blocking thread takes such a frame and
//! returns.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::server::request::sink::BodySink;
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
    frames: mpsc::Sender<Vec<u8>>,
    /// Buffers whose frames were taken, for reuse.
    spare: mpsc::Receiver<Vec<u8>>,
    sink: JoinHandle<io::Result<Box<BodySink>>>,
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
        let (frames, mut waiting) = mpsc::channel::<Vec<u8>>(WAITING_FRAMES);
        let (back, spare) = mpsc::channel(WAITING_FRAMES);
        for _ in 0..WAITING_FRAMES {
            let _ = back.try_send(Vec::new());
        }
        let sink = spawn_blocking(move || {
            while let Some(frame) = waiting.blocking_recv() {
                sink.take(&frame)?;
                let _ = back.try_send(frame);
            }
            Ok(sink)
        });
        Self { frames, spare, sink }
    }

    /// Queues a frame for the helper.
    async fn hand_over(mut self, frame: &[u8]) -> io::Result<Self> {
        let mut buffer = self.spare.recv().await.unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(frame);
        match self.frames.send(buffer).await {
            Ok(()) => Ok(self),
            // The helper takes frames until its channel is closed, unless a write failed.
            Err(_) => Err(self.recall().await.err().unwrap_or_else(lost_body_error)),
        }
    }

    /// Waits until the helper is done and returns the sink.
    async fn recall(self) -> io::Result<Box<BodySink>> {
        drop(self.frames);
        self.sink.await.expect(NO_PANIC)
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
    use crate::server::runtime;

    /// Frames of both sizes, with helpers and without.
    #[test]
    fn a_body_is_whole_on_every_kind_of_thread() {
        let body: Vec<u8> = (0..9 << 20).map(|at: u32| (at % 251).to_le_bytes()[0]).collect();
        let length = Some(body.len() as u64);
        let store = BlobStore::new(1 << 20);
        let taken = runtime::handle().unwrap().block_on(async {
            let sink =
                BodySink::new(&store, false, &BodyPolicy::Store(u64::MAX), length, Vec::new());
            let mut worker = SinkWorker::new(sink, length);
            let mut others = Vec::new();
            let mut rest = Bytes::from(body.clone());
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
        });
        let BodyData::Stored(content) = taken.received.kept else { panic!("it is to be stored") };
        assert_eq!(taken.received.digest, Digest::compute(&body));
        assert_eq!(content.first_difference(&body).unwrap(), None);
    }
}
