//! Verifies the run: when a test asks for it, when it finishes the origin, and when it drops it.
//! Start with [`MockOrigin::finish`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use crate::assertions::{VerificationError, verify};
use crate::journal::escape_lines;
use crate::referee::{Evidence, judge};
use crate::server::state_guard::StateGuard;

use crate::mock::mock_origin::MockOrigin;
use crate::mock::panic_at_await::PanicAtAwait;

impl MockOrigin {
    /// Verifies the run so far.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`verify_async`](Self::verify_async).
    ///
    /// It fails because of bytes that are not a request, such as a TLS `ClientHello` or more body
    /// than announced; a POST to an unknown path; a method that an endpoint does not support; and
    /// an unknown JSON-RPC method. It does not fail because of an incomplete head, as its client
    /// may have been stopped. A GET or HEAD of any other path asks for a stored file and may get
    /// 404, unless the path is almost that of an endpoint.
    ///
    /// After this call the origin does not verify itself when it is dropped, whatever the result.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// origin.on(mock_origin::Op::piece(2)).reject(503);
    /// let error = origin.verify().unwrap_err();
    /// assert!(error.to_string().contains("fault was never injected"));
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the failures: requests without an endpoint, faults that were never injected or
    /// never released, internal errors, and findings of the referee of level must; see
    /// [`Builder::referee`](crate::Builder::referee).
    pub fn verify(&self) -> Result<(), VerificationError> {
        self.verify_state(self.shared.wait_idle())
    }

    /// Does the same as [`verify`](Self::verify) without blocking the thread. Dropping the future
    /// ends the wait and verifies nothing.
    ///
    /// ```no_run
    /// # async fn test(origin: mock_origin::MockOrigin) {
    /// origin.verify_async().await.unwrap();
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the same failures as `verify`.
    pub async fn verify_async(&self) -> Result<(), VerificationError> {
        self.verify_state(self.shared.wait_idle_async().await)
    }

    /// Verifies the run as if the origin stopped now: responses that are still held and commits
    /// that are still deferred count as never released or committed, and their faults are named.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`verify_at_end_async`](Self::verify_at_end_async).
    ///
    /// # Errors
    ///
    /// Returns the same failures as [`verify`](Self::verify).
    pub fn verify_at_end(&self) -> Result<(), VerificationError> {
        let mut state = self.shared.wait_idle();
        state.record_unreleased();
        self.verify_state(state)
    }

    /// Does the same as [`verify_at_end`](Self::verify_at_end) without blocking the thread.
    /// Dropping the future ends the wait and verifies nothing.
    ///
    /// # Errors
    ///
    /// Returns the same failures as [`verify`](Self::verify).
    pub async fn verify_at_end_async(&self) -> Result<(), VerificationError> {
        let mut state = self.shared.wait_idle_async().await;
        state.record_unreleased();
        self.verify_state(state)
    }

    /// Stops the origin and verifies the run.
    ///
    /// Waits up to 1 s for responses that are being written, and up to 1 s for connections to close;
    /// async code uses [`finish_async`](Self::finish_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// // Upload with the client under test, then:
    /// origin.finish();
    /// ```
    ///
    /// # Panics
    ///
    /// If [`MockOrigin::verify`] fails, with its report and the timeline.
    #[track_caller]
    pub fn finish(mut self) {
        self.finished = true;
        if let Err(report) = self.stop_and_verify() {
            panic!("{report}");
        }
    }

    /// Does the same as [`finish`](Self::finish) without blocking the thread. Dropping the future
    /// drops the origin, which verifies it on the thread that drops it.
    ///
    /// ```no_run
    /// # async fn test() {
    /// let origin = mock_origin::MockOrigin::start();
    /// // Upload with the client under test, then:
    /// origin.finish_async().await;
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If [`MockOrigin::verify`] fails, with its report and the timeline, at the line that awaits
    /// the future.
    pub fn finish_async(mut self) -> impl Future<Output = ()> + Send {
        PanicAtAwait::new(async move {
            drop(self.shared.wait_idle_async().await);
            self.stop();
            self.shared.wait_disconnected_async().await;
            let result = self.verify_async().await;
            self.finished = true;
            self.with_events(result)
        })
    }

    /// Verifies an idle state, which is unlocked first: a journal may be long.
    fn verify_state(&self, state: StateGuard<'_>) -> Result<(), VerificationError> {
        let (journal, storage) = (state.journal.detached(), state.storage.clone());
        let faults = state.faults.records().to_vec();
        drop(state);
        self.verified.store(true, Ordering::Relaxed);
        let report = judge(&Evidence::new(&journal, storage.uploads()));
        let result = verify(&journal, &faults, &report, &self.referee);
        if result.is_err() {
            self.write_failure_report();
        }
        result
    }

    /// Waits for responses that are being written, stops the origin and verifies it.
    fn stop_and_verify(&mut self) -> Result<(), String> {
        drop(self.shared.wait_idle());
        self.stop();
        self.shared.wait_disconnected();
        let result = self.verify();
        self.with_events(result)
    }

    /// Stops an origin that has completed its responses, so that nothing happens afterwards.
    fn stop(&mut self) {
        self.shared.lock().record_unreleased();
        self.shared.stop();
        self.ports.close();
    }

    /// Adds the timeline to a failure.
    fn with_events(&self, result: Result<(), VerificationError>) -> Result<(), String> {
        result.map_err(|error| format!("{error}\n\n{}", self.account_of_events()))
    }

    fn account_of_events(&self) -> String {
        let chaos = self.shared.lock().faults.render_chaos();
        escape_lines(&chaos) + &self.timeline_excerpt() + &self.failure_report_line()
    }
}

impl Drop for MockOrigin {
    fn drop(&mut self) {
        // A panic during unwinding would abort the process.
        let is_panicking = std::thread::panicking();
        if self.verifies_on_drop && !is_panicking && !self.verified.load(Ordering::Relaxed) {
            if let Err(report) = self.stop_and_verify() {
                panic!(
                    "the origin was dropped without `finish()` (started at {}:{}), and the run \
                     fails verification.\nIf the test returned an error, this panic hides it; \
                     `.verify_on_drop(false)` on the builder shows it.\n\n{report}",
                    self.location.file(),
                    self.location.line(),
                );
            }
            return;
        }
        self.shared.stop();
        self.ports.close();
        if is_panicking && !self.finished {
            // A closed standard error must not turn a failing test into an abort.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                self.write_failure_report();
                print_to_stderr(&self.account_of_events());
            }));
        }
    }
}

/// The test is failing already: this is what its author needs.
#[allow(clippy::print_stderr)]
fn print_to_stderr(text: &str) {
    eprintln!("{text}");
}
