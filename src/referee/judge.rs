//! Applies all rules to the evidence. Start with [`judge`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::conduct::Conduct;
use super::evidence::Evidence;
use super::finding::Finding;
use super::rule::Rule;
use super::rules::RULES;
use super::violations::Violations;

/// The result of all rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// The findings in the order of the rules.
    pub(crate) findings: Vec<Finding>,
    /// The rules with more findings than a report keeps, and the number of omitted ones.
    pub(crate) omitted: Vec<(&'static str, u64)>,
    /// The rules about which the client did nothing. They did not pass.
    pub(crate) not_applicable: Vec<&'static str>,
    /// Rules that failed: a bug of mock-origin, never of the client.
    pub(crate) internal_errors: Vec<String>,
}

/// Judges the conduct of the clients by all rules.
pub(crate) fn judge(evidence: &Evidence<'_>) -> Report {
    judge_by(RULES, evidence)
}

fn judge_by(rules: &'static [&'static Rule], evidence: &Evidence<'_>) -> Report {
    let mut report = Report::default();
    let conduct = match catch_unwind(AssertUnwindSafe(|| Conduct::new(evidence))) {
        Ok(conduct) => conduct,
        Err(panic) => {
            report.internal_errors.push(format!("the referee panicked: {}", message(&*panic)));
            return report;
        }
    };
    for rule in rules {
        let judged = catch_unwind(AssertUnwindSafe(|| {
            (rule.applies)(&conduct).then(|| {
                let mut violations = Violations::default();
                (rule.judge)(&conduct, &mut violations);
                violations
            })
        }));
        match judged {
            Ok(None) => report.not_applicable.push(rule.id),
            Ok(Some(Violations { found, omitted })) => {
                report.findings.extend(found.into_iter().map(|it| Finding::new(rule, it)));
                report.omitted.extend((omitted > 0).then_some((rule.id, omitted)));
            }
            Err(panic) => {
                let why = message(&*panic);
                report.internal_errors.push(format!("rule {} panicked: {why}", rule.id));
            }
        }
    }
    report
}

/// Returns the message of a panic.
fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::example::Example;
    use super::super::rule::{Basis, Level};
    use super::*;

    static BROKEN: Rule = Rule {
        id: "test.broken",
        level: Level::Info,
        sentence: "",
        advice: "",
        section: "",
        basis: Basis::Assumed,
        needs_end: false,
        applies: |_| true,
        judge: |_, _| panic!("out of range"),
    };
    static REPEATING: Rule = Rule {
        id: "test.repeating",
        judge: |_, violations| {
            for number in 0..100 {
                violations.add(0..number, 1, || "\u{1b}[2J".to_owned());
            }
        },
        ..BROKEN
    };
    static ABSENT: Rule = Rule { id: "test.absent", applies: |_| false, ..BROKEN };
    static BROKEN_AND_ABSENT: [&Rule; 2] = [&BROKEN, &ABSENT];
    static ONLY_REPEATING: [&Rule; 1] = [&REPEATING];

    #[test]
    fn a_rule_that_panics_is_an_internal_error() {
        let example = Example::default().login().finished();
        let report = judge_by(&BROKEN_AND_ABSENT, &example.evidence());
        assert_eq!(report.internal_errors, ["rule test.broken panicked: out of range"]);
        assert!(report.findings.is_empty() && report.not_applicable == ["test.absent"]);
    }

    #[test]
    fn findings_and_their_exchanges_are_bounded_and_escaped() {
        let example = Example::default().finished();
        let report = judge_by(&ONLY_REPEATING, &example.evidence());
        assert_eq!((report.findings.len(), &*report.omitted), (20, &[("test.repeating", 80)][..]));
        let last = report.findings.last().unwrap();
        assert_eq!(last.exchanges(), [0, 1, 2, 3, 4, 5, 6, 18]);
        assert_eq!(last.to_string(), "test.repeating (info): \\u{1b}[2J");
    }

    #[test]
    fn a_large_journal_is_judged_in_one_pass() {
        let mut example = Example::default().login().create();
        for number in 1..=20_000 {
            example = example.piece(1 + number % 1000, b"bytes");
        }
        let example = example.finished();
        let report = judge(&example.evidence());
        assert!(report.internal_errors.is_empty() && report.findings.len() < 100);
    }
}
