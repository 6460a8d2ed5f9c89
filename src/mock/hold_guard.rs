//! Waits for held responses and releases them. Start with [`HoldGuard`].

use std::sync::Arc;
use std::time::Duration;

use crate::server::shared::Shared;
use crate::server::state::State;

/// Releases held responses: with [`HoldGuard::release`], or when dropped.
///
/// Responses are held no longer than [`Builder::hold_limit`](super::Builder::hold_limit);
/// `finish()` names the fault if that was reached.
///
/// ```
/// use std::time::Duration;
///
/// use mock_origin::{MockOrigin, Op};
///
/// let origin = MockOrigin::start();
/// let held = origin.on(Op::piece(2)).hold();
/// // Start the client here. This returns true when the response of piece 2 is held.
/// assert!(!held.wait(Duration::from_millis(1)));
/// held.release();
/// # origin.clear_faults();
/// ```
#[derive(Debug)]
#[must_use = "dropping it releases the responses: let held = origin.on(..).hold();"]
pub struct HoldGuard {
    pub(crate) shared: Arc<Shared>,
    pub(crate) fault: u64,
}

impl HoldGuard {
    /// Waits until a response is held. Returns `false` if none was before `timeout`. The call is
    /// committed or rejected by then. A response that was held before counts too; use
    /// [`wait_for`](Self::wait_for) for a later one.
    ///
    /// Blocks its thread; async code uses [`wait_async`](Self::wait_async).
    #[must_use = "it returns whether a response is held, or the timeout passed"]
    pub fn wait(&self, timeout: Duration) -> bool {
        self.wait_for(1, timeout)
    }

    /// Waits until `times` responses have been held in all. Returns `false` if they were not
    /// before `timeout`. A fault holds one response unless
    /// [`times`](crate::CallFaultBuilder::times) or a similar method says otherwise.
    ///
    /// Blocks its thread; async code uses [`wait_for_async`](Self::wait_for_async).
    ///
    /// # Panics
    ///
    /// If `times` is 0.
    #[track_caller]
    #[must_use = "it returns whether the responses are held, or the timeout passed"]
    pub fn wait_for(&self, times: u64, timeout: Duration) -> bool {
        assert!(times > 0, "invalid number of responses 0: .wait_for(1, timeout)");
        self.shared.lock_when(timeout, has_held(self.fault, times)).1
    }

    /// Does the same as [`wait`](Self::wait) without blocking the thread. Dropping the future ends
    /// the wait and changes nothing.
    ///
    /// ```no_run
    /// # async fn test(origin: mock_origin::MockOrigin) {
    /// let held = origin.on(mock_origin::Op::login()).hold();
    /// assert!(held.wait_async(std::time::Duration::from_secs(5)).await);
    /// # }
    /// ```
    #[must_use = "it returns whether a response is held, or the timeout passed"]
    pub async fn wait_async(&self, timeout: Duration) -> bool {
        self.wait_for_async(1, timeout).await
    }

    /// Does the same as [`wait_for`](Self::wait_for) without blocking the thread. Dropping the future
    /// ends the wait and changes nothing.
    ///
    /// # Panics
    ///
    /// If `times` is 0, before the future is polled.
    #[track_caller]
    #[must_use = "it returns whether the responses are held, or the timeout passed"]
    pub fn wait_for_async(
        &self,
        times: u64,
        timeout: Duration,
    ) -> impl Future<Output = bool> + Send + use<> {
        assert!(times > 0, "invalid number of responses 0: .wait_for_async(1, timeout)");
        let (shared, fault) = (Arc::clone(&self.shared), self.fault);
        async move { shared.lock_when_async(timeout, has_held(fault, times)).await.1 }
    }

    /// Returns how many responses were held so far, including those that were released.
    pub fn count(&self) -> u64 {
        self.shared.lock().faults.record(self.fault).map_or(0, |record| record.fired)
    }

    /// Releases the held responses, and holds no more.
    pub fn release(self) {
        drop(self);
    }
}

/// Tests whether a fault has held `times` responses.
fn has_held(fault: u64, times: u64) -> impl Fn(&State) -> bool + Send {
    move |state| state.faults.record(fault).is_some_and(|record| record.fired >= times)
}

impl Drop for HoldGuard {
    fn drop(&mut self) {
        self.shared.lock().release(self.fault);
    }
}
