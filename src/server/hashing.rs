//! Hashing a body, on a helper thread while that pays.
//!
//! One large body alone is read by one core and hashed by the other. When there are as many large
//! bodies as cores, every core has a body to read, and a second thread per body would only add
//! hand-overs: then each is hashed where it is read.

use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::content::{Digest, Hasher};

/// A body of so many bytes is large.
const LARGE: u64 = 4 << 20;

/// Buffers that go round between reader and helper. The reader copies a frame into a spare one and
/// has its own buffer free again: a frame that waited for the helper would make hyper read into
/// fresh memory each time, and the page faults of that cost more than the copy.
const WAITING_FRAMES: usize = 4;

/// Large bodies that are being read, in the whole process.
static LARGE_BODIES: AtomicUsize = AtomicUsize::new(0);

/// The hash of a body that is being read.
pub(super) struct Hashing {
    worker: Worker,
    large: Option<LargeBody>,
}

enum Worker {
    Here(Hasher),
    Helper {
        frames: mpsc::Sender<Vec<u8>>,
        /// Buffers that have been hashed, to be filled again.
        spare: mpsc::Receiver<Vec<u8>>,
        hasher: JoinHandle<Hasher>,
    },
}

impl Hashing {
    pub(super) fn new(declared: Option<u64>) -> Self {
        let large = declared.is_some_and(|length| length >= LARGE).then(LargeBody::begin);
        Self { worker: Worker::Here(Hasher::new()), large }
    }

    /// Adds a frame; the body is `length` bytes long with it.
    pub(super) async fn update(&mut self, frame: Bytes, length: u64) {
        if self.large.is_none() && length >= LARGE {
            self.large = Some(LargeBody::begin());
        }
        let wants_helper = self.large.is_some() && LargeBody::leaves_a_core_free();
        self.worker = match std::mem::replace(&mut self.worker, Worker::Here(Hasher::new())) {
            Worker::Here(hasher) if wants_helper => Worker::helper(hasher),
            Worker::Helper { frames, hasher, .. } if !wants_helper => {
                Worker::Here(recall(frames, hasher).await)
            }
            worker => worker,
        };
        match &mut self.worker {
            Worker::Here(hasher) => hasher.update(&frame),
            // The helper takes frames until its channel is closed, and we have not closed it.
            Worker::Helper { frames, spare, .. } => {
                let mut buffer = spare.recv().await.unwrap_or_default();
                buffer.clear();
                buffer.extend_from_slice(&frame);
                drop(frames.send(buffer).await);
            }
        }
    }

    pub(super) async fn finish(self) -> Digest {
        match self.worker {
            Worker::Here(hasher) => hasher.finish(),
            Worker::Helper { frames, hasher, .. } => recall(frames, hasher).await.finish(),
        }
    }
}

impl Worker {
    fn helper(mut hasher: Hasher) -> Self {
        let (frames, mut waiting) = mpsc::channel::<Vec<u8>>(WAITING_FRAMES);
        let (back, spare) = mpsc::channel(WAITING_FRAMES);
        for _ in 0..WAITING_FRAMES {
            let _ = back.try_send(Vec::new());
        }
        let hasher = spawn_blocking(move || {
            while let Some(frame) = waiting.blocking_recv() {
                hasher.update(&frame);
                let _ = back.try_send(frame);
            }
            hasher
        });
        Self::Helper { frames, spare, hasher }
    }
}

/// Lets the helper finish, and takes the hash back.
async fn recall(frames: mpsc::Sender<Vec<u8>>, hasher: JoinHandle<Hasher>) -> Hasher {
    drop(frames);
    // It ends by a panic only, which is then ours too and is recorded at the edge of this task.
    hasher.await.expect("hashing does not panic")
}

/// One large body, counted while it is read.
struct LargeBody;

impl LargeBody {
    fn begin() -> Self {
        LARGE_BODIES.fetch_add(1, Ordering::Relaxed);
        Self
    }

    fn leaves_a_core_free() -> bool {
        static CORES: OnceLock<usize> = OnceLock::new();
        let cores = *CORES.get_or_init(|| available_parallelism().map_or(1, NonZero::get));
        LARGE_BODIES.load(Ordering::Relaxed) < cores
    }
}

impl Drop for LargeBody {
    fn drop(&mut self) {
        LARGE_BODIES.fetch_sub(1, Ordering::Relaxed);
    }
}
