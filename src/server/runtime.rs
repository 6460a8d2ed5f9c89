//! The runtime that all origins of a process share. Start with [`handle`].

use std::panic::resume_unwind;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// Two workers, so that hashing one large body does not block every other connection.
const WORKERS: usize = 2;

/// Returns the runtime, which the first origin starts. It never stops: all origins share its two
/// threads, and it does not depend on the test's threads.
pub(crate) fn handle() -> std::io::Result<&'static Handle> {
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
    RUNTIME.get().map(Runtime::handle).ok_or_else(|| std::io::Error::other("no runtime"))
}

/// Runs blocking work on a thread of the runtime. Any executor can await it.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    match handle() {
        Ok(runtime) => {
            let done = runtime.spawn_blocking(work).await;
            done.unwrap_or_else(|error| resume_unwind(error.into_panic()))
        }
        // Without a runtime there is no origin.
        Err(_) => work(),
    }
}
