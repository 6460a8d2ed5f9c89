//! The findings that the program prints while it serves. Start with [`FindingLog`].

use std::collections::HashSet;
use std::time::{Duration, Instant};

use mock_origin::MockOrigin;
use mock_origin::referee::Finding;

/// The rule and the first exchange of a finding.
type Key = (&'static str, Option<u64>);

/// The maximum number of findings that are remembered after exchanges were dropped.
const MAX_MADE: usize = 1_000;

/// Judges again after exchanges have ended, and remembers what was printed.
#[derive(Default)]
pub(crate) struct FindingLog {
    /// The rule and the first exchange of each printed finding.
    printed: HashSet<Key>,
    /// The printed findings, of which the journal may have dropped the exchanges meanwhile.
    made: Vec<Finding>,
    judged_events: usize,
    /// The number of the latest exchange that was judged.
    judged: Option<u64>,
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
        let ended = origin.ended_after(usize::MAX, Duration::ZERO).next;
        let events = ended + origin.connection_events_after(usize::MAX).next;
        if events == self.judged_events {
            return Vec::new();
        }
        self.judged_events = events;
        let findings = origin.findings();
        let journal = origin.journal();
        let has_ended = |index: &u64| {
            journal.exchange(*index).is_some_and(|exchange| exchange.outcome.is_final())
        };
        let is_certain = |finding: &&Finding| {
            !finding.rule().needs_end && finding.exchanges().iter().all(has_ended)
        };
        let has_dropped = journal.dropped().exchanges > 0;
        let mut lines = Vec::new();
        for finding in findings.iter().filter(is_certain) {
            let is_seen = has_dropped && self.is_rest(finding);
            if self.printed.insert(key(finding)) && !is_seen {
                lines.push(finding_line(finding));
                self.made.push(finding.clone());
            }
        }
        self.judged = journal.exchanges().last().map(|last| last.index);
        if has_dropped {
            let is_there = |index| journal.exchange(index).is_some();
            self.printed.retain(|(_, first)| first.is_none_or(is_there));
            self.made.truncate(MAX_MADE);
        }
        self.not_before = Some(Instant::now() + 9 * started.elapsed());
        lines
    }

    /// Returns whether a finding may be what is left of a printed one whose first exchanges were
    /// dropped: it names no new exchange, or a rule found the same many times.
    fn is_rest(&self, finding: &Finding) -> bool {
        let is_repeated = finding.count() > finding.exchanges().len() as u64
            && self.made.iter().any(|made| made.id() == finding.id());
        is_repeated || finding.exchanges().last().copied() <= self.judged
    }

    /// Returns the findings of the origin, and the printed ones that it cannot find any more.
    pub(crate) fn all(&self, origin: &MockOrigin) -> Vec<Finding> {
        let mut findings = origin.findings();
        let found: HashSet<Key> = findings.iter().map(key).collect();
        let earlier = self.made.iter().filter(|made| !found.contains(&key(made)));
        findings.extend(earlier.cloned());
        findings.sort_by_key(Finding::level);
        findings
    }
}

fn key(finding: &Finding) -> Key {
    (finding.id(), finding.exchanges().first().copied())
}

/// Returns the line of a finding.
pub(crate) fn finding_line(finding: &Finding) -> String {
    format!("finding: {finding}; see mock-origin explain {}", finding.id())
}
