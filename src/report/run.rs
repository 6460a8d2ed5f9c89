//! The input of every report: a journal, the attempt number of each call, and the findings. Start
//! with [`Run`].

use std::collections::HashMap;
use std::time::Duration;

use crate::fault::AttemptKey;
use crate::journal::{Exchange, Journal};
use crate::referee::{Finding, Level};

/// A recorded run, for reports.
#[derive(Debug)]
pub(crate) struct Run {
    pub(super) journal: Journal,
    /// The findings of at least the level `should`, worst first. Remarks are left out.
    pub(super) findings: Vec<Finding>,
    /// The positions in `findings` of those that name an exchange.
    marks: HashMap<u64, Vec<usize>>,
    /// Every call: its group, and its number and predecessor there.
    calls: Vec<(usize, u32, Option<u64>)>,
    /// The position in `calls` of the first call of each exchange.
    first_calls: HashMap<u64, usize>,
    /// The number of calls in each group.
    totals: Vec<u32>,
    /// When the next exchange on the same connection began, for each exchange that has one.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    next_starts: HashMap<u64, Duration>,
}

/// The place of a call among the attempts of the same request, as faults count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    /// The number, from 1.
    pub(super) number: u32,
    /// The number of all attempts.
    pub(super) total: u32,
    /// The exchange of the attempt before.
    pub(super) previous: Option<u64>,
}

impl Run {
    /// Creates the input from a journal and its findings, worst first.
    pub(crate) fn new(journal: Journal, findings: Vec<Finding>) -> Self {
        let is_shown = |finding: &Finding| Level::Should.includes(finding.level());
        let findings: Vec<_> = findings.into_iter().filter(is_shown).collect();
        let mut marks: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, finding) in findings.iter().enumerate() {
            for exchange in finding.exchanges() {
                marks.entry(*exchange).or_default().push(at);
            }
        }
        let (mut groups, mut totals, mut latest) = (HashMap::new(), Vec::new(), Vec::new());
        let (mut calls, mut first_calls) = (Vec::new(), HashMap::new());
        let (mut next_starts, mut latest_on) = (HashMap::new(), HashMap::new());
        for exchange in journal.exchanges() {
            if let Some(before) = latest_on.insert(exchange.connection, exchange.index) {
                next_starts.insert(before, exchange.opened.elapsed);
            }
            first_calls.insert(exchange.index, calls.len());
            for call in &exchange.calls {
                let next = totals.len();
                let group = *groups.entry(AttemptKey::new(&call.as_asked())).or_insert(next);
                if group == next {
                    totals.push(0);
                    latest.push(None);
                }
                totals[group] += 1;
                calls.push((group, totals[group], latest[group].replace(exchange.index)));
            }
        }
        Self { journal, findings, marks, calls, first_calls, totals, next_starts }
    }

    /// Returns the attempt of each call of an exchange.
    pub(super) fn attempts(&self, exchange: &Exchange) -> impl Iterator<Item = Attempt> {
        let from = self.first_calls.get(&exchange.index).map_or(self.calls.len(), |from| *from);
        self.calls.iter().skip(from).take(exchange.calls.len()).map(|(group, number, previous)| {
            Attempt { number: *number, total: self.totals[*group], previous: *previous }
        })
    }

    /// Returns when the next exchange on the connection of an exchange began.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    pub(super) fn next_start(&self, exchange: u64) -> Option<Duration> {
        self.next_starts.get(&exchange).copied()
    }

    /// Returns the findings that name an exchange.
    pub(super) fn findings_of(&self, exchange: u64) -> impl Iterator<Item = &Finding> {
        self.marks.get(&exchange).into_iter().flatten().map(|at| &self.findings[*at])
    }
}
