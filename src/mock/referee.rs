//! The referee for tests: which findings fail the verification, and what was found. Start with
//! [`MockOrigin::findings`].

use crate::assertions::AssertionFailure;
use crate::error::Error;
use crate::journal::Journal;
#[cfg(feature = "control")]
use crate::referee::RefereeOptions;
use crate::referee::{Evidence, Finding, Level, Report, Rule, judge, rule_by_id};
use crate::wording::counted;

use crate::mock::builder::Builder;
use crate::mock::mock_origin::MockOrigin;
use crate::mock::panic_at_await::PanicAtAwait;
use crate::server::state_guard::StateGuard;

impl Builder {
    /// Sets the level from which the findings of the referee fail the verification. Default:
    /// [`Level::Must`]. With [`Level::Off`] none does; [`MockOrigin::findings`] still returns them.
    ///
    /// ```
    /// use mock_origin::MockOrigin;
    /// use mock_origin::referee::Level;
    ///
    /// let origin = MockOrigin::builder().referee(Level::Should).start();
    /// ```
    pub fn referee(mut self, level: Level) -> Self {
        self.referee.level = level;
        self
    }

    /// Allows the client to violate a rule of the referee, for a reason that the source shows. The
    /// verification fails if the client does not violate the rule, so that no allowance outlives its reason; under
    /// [`Builder::explore`] it need not be violated in every run.
    ///
    /// ```
    /// use mock_origin::MockOrigin;
    ///
    /// # let origin =
    /// MockOrigin::builder().allow("retry.unbounded", "the tool under test never gives up").start();
    /// # assert!(origin.verify().is_err()); // The client did not violate it.
    /// ```
    ///
    /// # Panics
    ///
    /// If the rule does not exist or is allowed already, or if the reason is empty.
    #[track_caller]
    pub fn allow(self, rule: &str, reason: &str) -> Self {
        let example = ".allow(\"complete.early\", \"fixed in the next version\")";
        self.apply_as(Error::invalid_argument, example, |builder| {
            builder.referee.allow(rule, reason)
        })
    }

    /// Allows a violation in some runs instead of each.
    pub(crate) fn ignore_stale_allowances(mut self) -> Self {
        self.referee.ignores_stale = true;
        self
    }
}

impl MockOrigin {
    /// Returns what the clients did wrong so far, worst first, without the rules that
    /// [`Builder::allow`](crate::Builder::allow) allows.
    ///
    /// A rule about something that a client has not done, such as an upload that is still open, counts
    /// as if the client were finished now.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`findings_async`](Self::findings_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// // Upload with the client under test, then:
    /// for finding in origin.findings() {
    ///     println!("{finding}");
    /// }
    /// ```
    pub fn findings(&self) -> Vec<Finding> {
        self.judged(self.shared.wait_idle()).1
    }

    /// Does the same as [`findings`](Self::findings) without blocking the thread. Dropping the future
    /// ends the wait and changes nothing.
    pub async fn findings_async(&self) -> Vec<Finding> {
        self.judged(self.shared.wait_idle_async().await).1
    }

    /// Asserts that no client violated a rule of level must or should. Remarks of level info and
    /// rules that [`Builder::allow`](crate::Builder::allow) allows do not count.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`assert_no_findings_async`](Self::assert_no_findings_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// // Upload with the client under test, then:
    /// origin.assert_no_findings();
    /// ```
    ///
    /// # Panics
    ///
    /// If there is a finding. The message lists all findings.
    #[track_caller]
    pub fn assert_no_findings(&self) {
        if let Err(failure) = self.try_no_findings() {
            failure.raise();
        }
    }

    /// Does the same as [`assert_no_findings`](Self::assert_no_findings) without blocking the thread.
    ///
    /// # Panics
    ///
    /// If there is a finding: at the line that awaits the future. The message lists all findings.
    pub fn assert_no_findings_async(&self) -> impl Future<Output = ()> + Send {
        PanicAtAwait::new(self.try_no_findings_async())
    }

    /// Does the same as [`assert_no_findings`](Self::assert_no_findings), but returns the error.
    ///
    /// # Errors
    ///
    /// Returns a failure that lists the findings.
    pub fn try_no_findings(&self) -> Result<(), Box<AssertionFailure>> {
        self.no_findings(self.shared.wait_idle())
    }

    /// Does the same as [`try_no_findings`](Self::try_no_findings) without blocking the thread.
    ///
    /// # Errors
    ///
    /// Returns a failure that lists the findings.
    pub async fn try_no_findings_async(&self) -> Result<(), Box<AssertionFailure>> {
        self.no_findings(self.shared.wait_idle_async().await)
    }

    /// Asserts that a client violated a rule, and returns the first such finding.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`assert_finding_async`](Self::assert_finding_async).
    ///
    /// ```should_panic
    /// let origin = mock_origin::MockOrigin::start();
    /// // Upload with a client that completes an upload too early, then:
    /// let finding = origin.assert_finding("complete.early");
    /// assert_eq!(finding.count(), 1);
    /// ```
    ///
    /// # Panics
    ///
    /// If the client did not violate the rule; the message lists what was found. If the rule does not exist.
    #[track_caller]
    pub fn assert_finding(&self, id: &str) -> Finding {
        match self.try_finding(id) {
            Ok(finding) => finding,
            Err(failure) => failure.raise(),
        }
    }

    /// Does the same as [`assert_finding`](Self::assert_finding) without blocking the thread.
    ///
    /// # Panics
    ///
    /// If the client did not violate the rule: at the line that awaits the future. If the rule does not exist:
    /// before the future is polled.
    #[track_caller]
    pub fn assert_finding_async(&self, id: &str) -> impl Future<Output = Finding> + Send {
        PanicAtAwait::new(self.try_finding_async(id))
    }

    /// Does the same as [`assert_finding`](Self::assert_finding), but returns the error.
    ///
    /// # Errors
    ///
    /// Returns a failure that lists the findings, or says that the rule was not applicable.
    ///
    /// # Panics
    ///
    /// If the rule does not exist.
    #[track_caller]
    pub fn try_finding(&self, id: &str) -> Result<Finding, Box<AssertionFailure>> {
        let rule = known_rule(id);
        finding_of(rule, self.shared.wait_idle())
    }

    /// Does the same as [`try_finding`](Self::try_finding) without blocking the thread.
    ///
    /// # Errors
    ///
    /// Returns a failure that lists the findings, or says that the rule was not applicable.
    ///
    /// # Panics
    ///
    /// If the rule does not exist, before the future is polled.
    #[track_caller]
    pub fn try_finding_async(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Finding, Box<AssertionFailure>>> + Send + use<'_> {
        let rule = known_rule(id);
        async move { finding_of(rule, self.shared.wait_idle_async().await) }
    }

    /// Returns the result of all rules, and which findings are allowed.
    #[cfg(feature = "control")]
    pub(crate) fn referee_report(&self) -> (Report, &RefereeOptions) {
        (report(self.shared.wait_idle()).1, &self.referee)
    }

    fn no_findings(&self, state: StateGuard<'_>) -> Result<(), Box<AssertionFailure>> {
        let (journal, findings) = self.judged(state);
        let is_wrong = |finding: &Finding| Level::Should.includes(finding.level());
        let wrong: Vec<_> = findings.into_iter().filter(is_wrong).collect();
        let Some(first) = wrong.first() else { return Ok(()) };
        let found = listed(&wrong);
        let failure = AssertionFailure::new("the referee finds nothing", "no finding", found);
        let exchanges = first.exchanges().iter().filter_map(|it| journal.exchange(*it).cloned());
        let failure = failure.showing(exchanges, |_| true).advising(first.rule().advice);
        Err(failure.lacking(journal.dropped()))
    }

    /// Returns the journal, and the findings that are not allowed, worst first.
    pub(super) fn judged(&self, state: StateGuard<'_>) -> (Journal, Vec<Finding>) {
        let (journal, report) = report(state);
        let mut findings: Vec<_> = self.referee.select(report.findings, Level::Info).collect();
        findings.sort_by_key(Finding::level);
        (journal, findings)
    }
}

/// Returns the rule of that id.
///
/// # Panics
///
/// If there is none: the test is wrong, not the client.
#[track_caller]
fn known_rule(id: &str) -> &'static Rule {
    match rule_by_id(id) {
        Ok(rule) => rule,
        Err(error) => panic!("{error}: .assert_finding(\"complete.early\")"),
    }
}

/// Judges an idle state, which is unlocked first: a journal may be long.
fn report(state: StateGuard<'_>) -> (Journal, Report) {
    let (journal, storage) = (state.journal.detached(), state.storage.clone());
    drop(state);
    let report = judge(&Evidence::new(&journal, storage.uploads()));
    (journal, report)
}

fn finding_of(rule: &Rule, state: StateGuard<'_>) -> Result<Finding, Box<AssertionFailure>> {
    let (journal, report) = report(state);
    let is_applicable = report.not_applicable.iter().all(|other| *other != rule.id);
    let mut findings = report.findings;
    if let Some(at) = findings.iter().position(|finding| finding.id() == rule.id) {
        return Ok(findings.swap_remove(at));
    }
    let found = match (is_applicable, findings.is_empty()) {
        (false, _) => "the rule was not applicable".to_owned(),
        (true, true) => "no finding".to_owned(),
        (true, false) => listed(&findings),
    };
    let claim = format!("the referee finds {}", rule.id);
    let expected = format!("a violation of: {}", rule.sentence);
    Err(AssertionFailure::new(claim, expected, found).lacking(journal.dropped()))
}

/// Returns findings as text: the first five, and the number of the others.
fn listed(findings: &[Finding]) -> String {
    const MAX: usize = 5;
    let shown: Vec<_> = findings.iter().take(MAX).map(ToString::to_string).collect();
    let more = match findings.len().saturating_sub(MAX) {
        0 => String::new(),
        more => format!("; and {}", counted(more, "more finding")),
    };
    shown.join("; ") + &more
}
