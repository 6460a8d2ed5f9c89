//! What one rule found. Start with [`Violations`].

use crate::journal::escape_line;

/// The maximum number of findings of one rule.
const MAX_FINDINGS: usize = 20;

/// The maximum number of exchanges that a finding names.
const MAX_EXCHANGES: usize = 8;

/// One violation of a rule.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) text: String,
    pub(crate) exchanges: Vec<u64>,
    pub(crate) count: u64,
}

/// Collects the violations of one rule, up to a limit.
#[derive(Debug, Default)]
pub(crate) struct Violations {
    pub(crate) found: Vec<Violation>,
    /// The number of violations beyond the limit.
    pub(crate) omitted: u64,
}

impl Violations {
    /// Adds a violation that occurred `count` times. Beyond the limit it is only counted.
    pub(crate) fn add(
        &mut self,
        exchanges: impl IntoIterator<Item = u64>,
        count: usize,
        text: impl FnOnce() -> String,
    ) {
        if self.found.len() == MAX_FINDINGS {
            self.omitted += 1;
            return;
        }
        self.push(&mut exchanges.into_iter(), count, &text());
    }

    /// Does the work of [`add`](Self::add). It is compiled once, not once per rule.
    fn push(&mut self, exchanges: &mut dyn Iterator<Item = u64>, count: usize, text: &str) {
        let mut named: Vec<u64> = Vec::new();
        for exchange in exchanges {
            if named.contains(&exchange) {
                continue;
            }
            if named.len() == MAX_EXCHANGES {
                named.pop();
            }
            named.push(exchange);
        }
        named.sort_unstable();
        let text = escape_line(text);
        self.found.push(Violation { text, exchanges: named, count: count as u64 });
    }
}
