//! The one runtime that all origins of a process share.

use std::panic::resume_unwind;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// Two, so that hashing one large body does not keep every other connection waiting.
const WORKERS: usize = 2;

/// The runtime, started with the first origin. It is never stopped: a thousand origins come and go
/// on the same two threads, and whatever the test does to its own threads does not stop them.
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
    // Of two that were started at once, the one that loses has nothing to do and may go.
    if let Err(spare) = RUNTIME.set(started) {
        spare.shutdown_background();
    }
    RUNTIME.get().map(Runtime::handle).ok_or_else(|| std::io::Error::other("no runtime"))
}

/// Does what blocks on a thread that nobody else waits for; any executor can await it.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    match handle() {
        Ok(runtime) => {
            let done = runtime.spawn_blocking(work).await;
            done.unwrap_or_else(|error| resume_unwind(error.into_panic()))
        }
        // There is a runtime wherever there is an origin.
        Err(_) => work(),
    }
}
