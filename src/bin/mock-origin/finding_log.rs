//! The findings that the program prints while it serves. Start with [`FindingLog`].

use std::collections::HashSet;
use std::time::{Duration, Instant};

use mock_origin::MockOrigin;
use mock_origin::referee::Finding;

/// Judges again after exchanges have ended, and remembers what was printed.
#[derive(Default)]
pub(crate) struct FindingLog {
    /// The rule and the first exchange of each printed finding.
    printed: HashSet<(&'static str, Option<u64>)>,
    judged_events: usize,
    not_before: Option<Instant>,
}

impl FindingLog {
    /// Returns a line for each new finding that no later request can undo. To leave most of the time
    /// to the clients, it judges at most a tenth of the time.
    pub(crate) fn certain_lines(&mut self, origin: &MockOrigin) -> Vec<String> {
        let started = Instant::now();
        if self.not_before.is_some_and(|earliest| started < earliest) {
            return Vec::new();
        }
        let ended = origin.ended_after(0, Duration::ZERO).len();
        let events = ended + origin.connection_events_after(0).len();
        if events == self.judged_events {
            return Vec::new();
        }
        self.judged_events = events;
        let findings = origin.findings();
        let journal = origin.journal();
        let has_ended = |index: &u64| {
            journal.exchange(*index).is_some_and(|exchange| exchange.outcome.is_final())
        };
        let is_new = |finding: &&Finding| {
            let key = (finding.id(), finding.exchanges().first().copied());
            !finding.rule().needs_end
                && finding.exchanges().iter().all(has_ended)
                && self.printed.insert(key)
        };
        let lines = findings.iter().filter(is_new).map(finding_line).collect();
        self.not_before = Some(Instant::now() + 9 * started.elapsed());
        lines
    }
}

/// Returns the line of a finding.
pub(crate) fn finding_line(finding: &Finding) -> String {
    format!("finding: {finding}; see mock-origin explain {}", finding.id())
}
