//! Which findings fail a verification. Start with [`RefereeOptions`].

use super::finding::Finding;
use super::judge::Report;
use super::rule::{Level, Rule};
use super::rules::rule_by_id;

/// Which findings fail a verification, and which are allowed.
#[derive(Clone, Debug, Default)]
pub(crate) struct RefereeOptions {
    /// The threshold from which findings fail.
    pub(crate) level: Level,
    allowed: Vec<Allowed>,
    /// Whether an allowed rule need not be violated, because it is enough if another run does so.
    pub(crate) ignores_stale: bool,
}

/// A rule that the client may violate.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    pub(crate) rule: &'static Rule,
    pub(crate) reason: String,
}

impl RefereeOptions {
    /// Allows the client to violate a rule.
    ///
    /// # Errors
    ///
    /// Returns one line if the rule does not exist or is allowed already, or if the reason is empty.
    pub(crate) fn allow(&mut self, id: &str, reason: &str) -> Result<(), String> {
        let rule = rule_by_id(id).map_err(|error| error.to_string())?;
        if reason.trim().is_empty() {
            return Err(format!("the reason to allow {id} is empty"));
        }
        if self.is_allowed(rule.id) {
            return Err(format!("{id} is allowed already"));
        }
        self.allowed.push(Allowed { rule, reason: reason.to_owned() });
        Ok(())
    }

    /// Returns whether the client may violate the rule of that id.
    pub(crate) fn is_allowed(&self, id: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed.rule.id == id)
    }

    /// Returns the reason for which the client may violate the rule of that id, if it may.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    pub(crate) fn reason_to_allow(&self, id: &str) -> Option<&str> {
        let allowed = self.allowed.iter().find(|allowed| allowed.rule.id == id);
        allowed.map(|allowed| &*allowed.reason)
    }

    /// Returns the findings that are not allowed and have at least the level `threshold`.
    pub(crate) fn select(
        &self,
        findings: Vec<Finding>,
        threshold: Level,
    ) -> impl Iterator<Item = Finding> {
        findings.into_iter().filter(move |finding| {
            threshold.includes(finding.level()) && !self.is_allowed(finding.id())
        })
    }

    /// Returns the allowed rules that were not violated.
    pub(crate) fn stale<'s>(&'s self, report: &'s Report) -> impl Iterator<Item = &'s Allowed> {
        let is_stale = |allowed: &&Allowed| {
            report.findings.iter().all(|finding| finding.id() != allowed.rule.id)
        };
        self.allowed.iter().filter(move |_| !self.ignores_stale).filter(is_stale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_rules_are_allowed_once_with_a_reason() {
        let mut options = RefereeOptions::default();
        assert_eq!(options.allow("complete.early", "known bug"), Ok(()));
        for (id, reason, text) in [
            ("complete.eary", "known bug", "did you mean"),
            ("complete.early", "again", "complete.early is allowed already"),
            ("complete.gap", " ", "the reason to allow complete.gap is empty"),
        ] {
            let error = options.allow(id, reason).expect_err(id);
            assert!(error.contains(text), "{error}");
        }
    }
}
