//! SIGINT and SIGTERM set a flag. Reads and pauses look at it, so that the client can abort its upload in time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The longest time until a signal is seen.
pub(super) const STEP: Duration = Duration::from_millis(50);

static STOPPED: AtomicBool = AtomicBool::new(false);

/// Sets the handler.
pub(super) fn listen() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| STOPPED.store(true, Ordering::Relaxed))
}

/// Returns whether a signal has arrived.
pub(super) fn is_stopped() -> bool {
    STOPPED.load(Ordering::Relaxed)
}

/// Sleeps. Returns early if a signal arrives.
pub(super) fn pause(duration: Duration) {
    let end = Instant::now() + duration;
    while !is_stopped() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(STEP));
    }
}
