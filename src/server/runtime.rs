//! The runtime that all origins of a process share. Start with [`handle`].

use std::io;
use std::sync::OnceLock;
use std::time::Instant;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::Timeout;

/// Two workers, so that hashing one large body does not block every other connection.
const WORKERS: usize = 2;

/// Returns the runtime, which the first origin starts. It never stops: all origins share its two
/// threads, and it does not depend on the test's threads.
pub(crate) fn handle() -> io::Result<&'static Handle> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime.handle());
    }
    let started = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("mock-origin")
        .enable_io()
        .enable_time()
        .build()?;
    // If two threads start one at the same time, the second runtime is dropped.
    if let Err(spare) = RUNTIME.set(started) {
        spare.shutdown_background();
    }
    RUNTIME.get().map(Runtime::handle).ok_or_else(|| io::Error::other("no runtime"))
}

/// Awaits `future` until `end`. The timer belongs to the runtime of the origins, so that any
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
