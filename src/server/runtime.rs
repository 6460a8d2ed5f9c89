//! The runtimes that all origins of a process share: at most one per core, each with one thread.
//!
//! A current-thread runtime serves a connection without waking another thread. More than one is
//! started only if connections are open at the same time, so that a large body on one connection
//! does not delay the others. Runtimes start when they are first needed and never stop; they do not
//! depend on the test's threads. Start with [`Worker`].

use std::io;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{OnceLock, mpsc};
use std::thread::{self, available_parallelism};
use std::time::Instant;

use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::Timeout;

use crate::error::Error;

/// A runtime and the number of connections that it serves.
#[derive(Debug)]
pub(crate) struct Worker {
    handle: Handle,
    connections: AtomicUsize,
}

/// In the order of their start.
static WORKERS: Mutex<Vec<&'static Worker>> = Mutex::new(Vec::new());

/// The number of polled tasks after which a runtime looks for events of sockets. Large bodies on
/// other connections are always ready, and a small request must not wait for more than one of them.
const TASKS_BETWEEN_EVENTS: u32 = 1;

impl Worker {
    /// Returns the worker with the fewest connections. Starts another one if all have connections
    /// and fewer than `limit` run.
    pub(crate) fn least_busy(limit: usize) -> io::Result<&'static Self> {
        let mut workers = WORKERS.lock();
        let least = workers.iter().copied().min_by_key(|worker| worker.connections());
        match least {
            Some(worker) if worker.connections() == 0 || workers.len() >= limit => Ok(worker),
            _ => {
                let worker: &Self = Box::leak(Box::new(Self::start()?));
                workers.push(worker);
                Ok(worker)
            }
        }
    }

    /// Starts the first worker, if it does not run yet. Its thread starts while the caller prepares an
    /// origin.
    pub(crate) fn start_early() -> Result<(), Error> {
        let error = |error| Error::io("the origin cannot start its runtime".to_owned(), error);
        Self::least_busy(1).map(drop).map_err(error)
    }

    fn start() -> io::Result<Self> {
        // The new thread starts while this one builds the runtime, so that less time passes in all.
        let (start, started) = mpsc::sync_channel::<Runtime>(1);
        let run = move || {
            if let Ok(runtime) = started.recv() {
                runtime.block_on(std::future::pending::<()>());
            }
        };
        thread::Builder::new().name("mock-origin".to_owned()).spawn(run)?;
        // The name of threads that may block.
        let runtime = Builder::new_current_thread()
            .thread_name("mock-origin-io")
            .event_interval(TASKS_BETWEEN_EVENTS)
            .enable_io()
            .enable_time()
            .build()?;
        let handle = runtime.handle().clone();
        start.send(runtime).map_err(io::Error::other)?;
        Ok(Self { handle, connections: AtomicUsize::new(0) })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// Counts a connection of a worker until it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionCount(&'static Worker);

impl ConnectionCount {
    pub(crate) fn new(worker: &'static Worker) -> Self {
        worker.connections.fetch_add(1, Ordering::Relaxed);
        Self(worker)
    }
}

impl Drop for ConnectionCount {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns the number of cores that this process may use.
pub(crate) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| available_parallelism().map_or(1, NonZero::get))
}

/// Returns the runtime for work that belongs to no connection.
pub(crate) fn handle() -> io::Result<&'static Handle> {
    let first = WORKERS.lock().first().copied();
    Ok(first.map_or_else(|| Worker::least_busy(1), Ok)?.handle())
}

/// Awaits `future` until `end`. The timer belongs to a runtime of the origins, so that any
/// executor can await it. It blocks no thread.
pub(crate) fn timeout_at<F: Future>(end: Instant, future: F) -> Timeout<F> {
    // A runtime exists wherever an origin exists.
    let _context = handle().ok().map(Handle::enter);
    tokio::time::timeout_at(end.into(), future)
}

/// Runs `work` on a thread that may block.
///
/// # Errors
///
/// Returns an error if `work` panics, or if there is no runtime.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    Ok(handle()?.spawn_blocking(work).await?)
}
