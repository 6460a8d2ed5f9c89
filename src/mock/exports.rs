//! The run as a text for snapshot tests, and what reports show. Start with
//! [`MockOrigin::transcript`].

use crate::journal::Secrets;
use crate::report::{Run, Transcript};
use crate::server::state_guard::StateGuard;

use crate::mock::builder::Builder;
use crate::mock::mock_origin::MockOrigin;

impl Builder {
    /// Sets whether the HAR file and the journal of the control endpoint show passwords, tokens and
    /// signatures. Default: they are replaced by `<redacted>`. Messages, the timeline, the
    /// transcript and `Debug` output never show them.
    ///
    /// ```
    /// # use mock_origin::MockOrigin;
    /// let origin = MockOrigin::builder().show_secrets(true).start();
    /// # origin.finish();
    /// ```
    pub fn show_secrets(mut self, show: bool) -> Self {
        self.journal.secrets = if show { Secrets::Shown } else { Secrets::Redacted };
        self
    }
}

impl MockOrigin {
    /// Returns the run so far as a text that is the same in every run with the same seed and the same
    /// client, for snapshot tests with insta or expect-test.
    ///
    /// It contains no times, ports, tokens, connections or exchange numbers, and names uploads by
    /// their order. Requests are grouped by path, operation and part, so that the order of parallel
    /// requests does not matter.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`transcript_async`](Self::transcript_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::builder().seed(1).start();
    /// // Upload with the client under test, then:
    /// assert_eq!(origin.transcript(), "no requests\n");
    /// ```
    pub fn transcript(&self) -> String {
        self.render_transcript(self.shared.wait_idle())
    }

    /// Does the same as [`transcript`](Self::transcript) without blocking the thread. Dropping the
    /// future ends the wait and changes nothing.
    pub async fn transcript_async(&self) -> String {
        self.render_transcript(self.shared.wait_idle_async().await)
    }

    /// Returns the run so far, for reports. Unlocks the state first, because the record may be long.
    pub(super) fn recorded_run(&self, state: StateGuard<'_>) -> Run {
        let (journal, findings) = self.judged(state);
        Run::new(journal, findings)
    }

    fn render_transcript(&self, state: StateGuard<'_>) -> String {
        let journal = state.journal.detached();
        drop(state);
        Transcript { journal: &journal, addresses: self.ports.addresses() }.to_string()
    }

    /// Returns whether reports show secrets.
    #[cfg(feature = "control")]
    pub(crate) fn secrets(&self) -> Secrets {
        self.shared.lock().journal.secrets()
    }
}
