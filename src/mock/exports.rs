//! The recorded run, for reports. Start with [`MockOrigin::recorded_run`].

use crate::report::Run;
use crate::server::state_guard::StateGuard;

use crate::mock::mock_origin::MockOrigin;

impl MockOrigin {
    /// Returns the run so far, for reports. Unlocks the state first, because the record may be long.
    pub(super) fn recorded_run(&self, state: StateGuard<'_>) -> Run {
        let (journal, findings) = self.judged(state);
        Run::new(journal, findings)
    }
}
