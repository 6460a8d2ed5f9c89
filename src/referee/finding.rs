//! A violation of a rule, with its evidence. Start with [`Finding`].

use std::fmt;

use super::rule::{Level, Rule};
use super::violations::Violation;

/// A violation of a rule. One cause makes one finding, however often it occurred.
#[derive(Clone, Debug)]
pub struct Finding {
    rule: &'static Rule,
    violation: Violation,
}

impl Finding {
    pub(super) fn new(rule: &'static Rule, violation: Violation) -> Self {
        Self { rule, violation }
    }

    /// Returns the violated rule.
    pub fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// Returns the id of the violated rule, such as `complete.early`.
    pub fn id(&self) -> &'static str {
        self.rule.id
    }

    /// Returns the level of the violated rule.
    pub fn level(&self) -> Level {
        self.rule.level
    }

    /// Returns what the client did, with the numbers of the exchanges: one escaped line.
    pub fn text(&self) -> &str {
        &self.violation.text
    }

    /// Returns the numbers of the exchanges that prove it: at most 8, the last one included.
    pub fn exchanges(&self) -> &[u64] {
        &self.violation.exchanges
    }

    /// Returns how often it occurred.
    pub fn count(&self) -> u64 {
        self.violation.count
    }
}

impl fmt::Display for Finding {
    /// Writes the id, the level and the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule { id, level, .. } = self.rule;
        write!(f, "{id} ({level}): {}", self.text())
    }
}
