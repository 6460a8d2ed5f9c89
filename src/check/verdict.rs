//! Judges one scenario: what the client said against what is true, and what the referee found. Start with
//! [`judge`].
//!
//! This module reads no journal and runs nothing, so that every combination can be tested.

use crate::referee::Level;

use super::rules::rule_by_id;
use super::{
    CheckFinding, Claim, ClientRun, Ending, Event, Expected, Feature, Profile, Scenario, State,
};

/// What is known about a scenario that has run.
pub(crate) struct Facts<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) profile: &'a Profile,
    /// The runs of the client. The last one makes the claim.
    pub(crate) runs: &'a [ClientRun],
    pub(crate) truth: &'a Truth,
    /// Whether the exit status of the client says something: the control runs differ.
    pub(crate) status_counts: bool,
    /// Why the situation did not arise, if it did not.
    pub(crate) not_exercised: Option<String>,
    /// The findings of the referee of level should or must.
    pub(crate) findings: Vec<CheckFinding>,
}

/// What is stored at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Truth {
    /// Whether the file is stored as it was sent.
    pub(crate) is_stored: bool,
    /// What is stored, in words.
    pub(crate) text: String,
    /// The exchanges that show why, with their lines.
    pub(crate) exchanges: Vec<(u64, String)>,
}

/// The verdict on a scenario.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) state: State,
    pub(crate) findings: Vec<CheckFinding>,
    pub(crate) remark: Option<String>,
}

/// Rules about persistence. A client that does not claim the feature may violate them.
const EXCUSED_WITHOUT: &[(Feature, &str)] = &[
    (Feature::Retries, "retry.none"),
    (Feature::Retries, "complete.unverified"),
    (Feature::Abort, "orphan.left"),
    (Feature::Resume, "retry.acknowledged"),
];

/// Rules that a client violates because the suite kills it in the middle of a request.
const CAUSED_BY_KILLING: &[&str] =
    &["piece.length", "retry.none", "retry.partial", "orphan.left", "complete.unverified"];

/// Judges a scenario.
pub(crate) fn judge(facts: Facts<'_>) -> Verdict {
    let Facts { scenario, profile, runs, truth, .. } = facts;
    let Some(last) = runs.last() else {
        return without_findings(State::Error, "the client was not run".to_owned());
    };
    match &last.ending {
        Ending::NotStarted(why) => return without_findings(State::Error, why.clone()),
        Ending::Stopped => {
            return without_findings(State::NotMeasured, "the suite was interrupted".to_owned());
        }
        _ => {}
    }
    let mut findings: Vec<_> = runs.iter().flat_map(|run| endings(run, truth)).collect();
    let is_killed = matches!(scenario.event, Event::KillAndRunAgain | Event::Terminate)
        || runs.iter().any(|run| matches!(run.ending, Ending::TimedOut { .. }));
    findings.extend(facts.findings.into_iter().filter(|finding| {
        let is_excused = EXCUSED_WITHOUT
            .iter()
            .any(|(feature, rule)| *rule == finding.rule && !profile.claims(*feature));
        !(is_excused || is_killed && CAUSED_BY_KILLING.contains(&&*finding.rule))
    }));
    let claim = if facts.status_counts { last.claim(&profile.statuses) } else { Claim::Nothing };
    let claims_feature = scenario.feature.is_some_and(|feature| profile.claims(feature));
    let mut declined = None;
    match (claim, truth.is_stored) {
        (Claim::Stored, false) => {
            findings.push(claim_finding("check.lie", Level::Must, last, truth));
        }
        (Claim::NotStored | Claim::Unsupported, true) if scenario.expected != Expected::Either => {
            let level = if claims_feature { Level::Must } else { Level::Should };
            findings.push(claim_finding("check.false_alarm", level, last, truth));
        }
        // A client that crashed or hung has a finding already.
        (Claim::Nothing, false) if facts.status_counts => {}
        (Claim::Unsupported, false) if !claims_feature => {}
        (_, false) if scenario.expected == Expected::Stored => match scenario.feature {
            Some(feature) if !claims_feature => declined = Some(feature),
            _ => {
                let level = if claims_feature { Level::Must } else { scenario.level };
                findings.push(claim_finding("check.gave_up", level, last, truth));
            }
        },
        _ => {}
    }
    findings.sort_by_key(|finding| finding.level);
    let (state, remark) = match findings.first().map(|finding| finding.level) {
        Some(Level::Must) => (State::Fail, None),
        Some(_) => (State::Warn, None),
        None => match (facts.not_exercised, declined) {
            (Some(why), _) => (State::NotExercised, Some(why)),
            (None, Some(feature)) => {
                let name = feature.name();
                (State::Declined, Some(format!("the profile does not claim the feature {name}")))
            }
            (None, None) if claim == Claim::Unsupported => {
                (State::Declined, Some("the client says that it does not support this".to_owned()))
            }
            (None, None) => (State::Pass, None),
        },
    };
    Verdict { state, findings, remark }
}

fn without_findings(state: State, remark: String) -> Verdict {
    Verdict { state, findings: Vec::new(), remark: Some(remark) }
}

/// Returns the findings about how a run ended.
fn endings(run: &ClientRun, truth: &Truth) -> Vec<CheckFinding> {
    let mut found = Vec::new();
    let is_idle = |waiting_for: &str| waiting_for.is_empty();
    match &run.ending {
        Ending::Crashed(how) => found.push(finding(
            "check.crash",
            None,
            format!("the client was ended by {how}"),
            truth.text.clone(),
        )),
        Ending::TimedOut { after, waiting_for, .. } if is_idle(waiting_for) && truth.is_stored => {
            found.push(finding(
                "check.no_exit",
                None,
                format!("the client was still running after {after:.1?}, with no request open"),
                truth.text.clone(),
            ));
        }
        Ending::TimedOut { after, waiting_for, .. } => {
            let waiting = if is_idle(waiting_for) { "no request was open" } else { waiting_for };
            found.push(finding(
                "check.hang",
                None,
                format!("the client was still running after {after:.1?}: {waiting}"),
                truth.text.clone(),
            ));
        }
        _ => {}
    }
    if matches!(run.ending, Ending::TimedOut { after_terminate: false, .. }) {
        found.push(finding(
            "check.ignores_terminate",
            None,
            "the client was still running 2 s after SIGTERM".to_owned(),
            "it was ended by SIGKILL".to_owned(),
        ));
    }
    if !run.left_behind.is_empty() {
        found.push(finding(
            "check.left_behind",
            None,
            format!("the client ended: {}", run.ending),
            format!("these processes were still running: {}", run.left_behind.join(", ")),
        ));
    }
    found
}

/// Returns a finding about what the client said.
fn claim_finding(rule: &str, level: Level, run: &ClientRun, truth: &Truth) -> CheckFinding {
    let mut finding =
        finding(rule, Some(level), format!("the client said: {}", run.ending), truth.text.clone());
    (finding.exchanges, finding.lines) = truth.exchanges.iter().cloned().unzip();
    finding
}

/// Returns a finding of a rule of `check`, with the level of the rule unless `level` is given.
pub(crate) fn finding(
    id: &str,
    level: Option<Level>,
    because: String,
    however: String,
) -> CheckFinding {
    let rule = rule_by_id(id).unwrap_or_else(|| panic!("{id} is a rule of check"));
    CheckFinding {
        rule: rule.id.to_owned(),
        level: level.unwrap_or(rule.level),
        sentence: rule.sentence.to_owned(),
        because,
        however,
        exchanges: Vec::new(),
        lines: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::Output;

    const STORED: bool = true;
    const ABSENT: bool = false;

    fn run(ending: Ending) -> ClientRun {
        let (stdout, stderr) = (Output::default(), Output::default());
        let duration = Duration::from_millis(5);
        ClientRun {
            ending,
            duration,
            stdout,
            stderr,
            left_behind: Vec::new(),
            signalled_after: None,
        }
    }

    fn truth(is_stored: bool) -> Truth {
        Truth { is_stored, text: "what is true".to_owned(), exchanges: vec![(3, "#3".to_owned())] }
    }

    fn scenario(expected: Expected) -> Scenario {
        Scenario { feature: Some(Feature::Retries), expected, ..Scenario::DEFAULT }
    }

    /// Judges a scenario that needs retries, which the profile claims or not.
    fn judged(expected: Expected, claims: bool, ending: Ending, is_stored: bool) -> Verdict {
        let mut profile = Profile::default();
        profile.features.extend(claims.then_some(Feature::Retries));
        judge(Facts {
            scenario: &scenario(expected),
            profile: &profile,
            runs: &[run(ending)],
            truth: &truth(is_stored),
            status_counts: true,
            not_exercised: None,
            findings: Vec::new(),
        })
    }

    fn brief(verdict: &Verdict) -> (State, Vec<(&str, Level)>) {
        let findings = verdict.findings.iter().map(|it| (&*it.rule, it.level)).collect();
        (verdict.state, findings)
    }

    #[test]
    fn the_claim_is_compared_with_the_truth() {
        use Expected::{Either, NotStored, Stored};
        use Level::{Must, Should};
        type Row<'a> = (Expected, bool, i32, bool, State, &'a [(&'a str, Level)]);
        let rows: &[Row<'_>] = &[
            (Stored, true, 0, STORED, State::Pass, &[]),
            (Stored, true, 0, ABSENT, State::Fail, &[("check.lie", Must)]),
            (Stored, false, 0, ABSENT, State::Fail, &[("check.lie", Must)]),
            (NotStored, false, 0, ABSENT, State::Fail, &[("check.lie", Must)]),
            (Either, false, 0, ABSENT, State::Fail, &[("check.lie", Must)]),
            (Stored, false, 1, STORED, State::Warn, &[("check.false_alarm", Should)]),
            (Stored, true, 1, STORED, State::Fail, &[("check.false_alarm", Must)]),
            (Either, true, 1, STORED, State::Pass, &[]),
            (Stored, false, 1, ABSENT, State::Declined, &[]),
            (Stored, true, 1, ABSENT, State::Fail, &[("check.gave_up", Must)]),
            (NotStored, true, 1, ABSENT, State::Pass, &[]),
            (Either, true, 1, ABSENT, State::Pass, &[]),
            (Stored, false, 89, ABSENT, State::Declined, &[]),
            (Stored, true, 89, ABSENT, State::Fail, &[("check.gave_up", Must)]),
            (NotStored, true, 89, ABSENT, State::Declined, &[]),
        ];
        for (expected, claims, status, is_stored, state, findings) in rows {
            let verdict = judged(*expected, *claims, Ending::Exited(*status), *is_stored);
            let row = format!("{expected:?}, claims {claims}, exit {status}, stored {is_stored}");
            assert_eq!(brief(&verdict), (*state, findings.to_vec()), "{row}");
        }
    }

    #[test]
    fn an_unsupported_situation_is_declined_at_any_level() {
        let verdict = judge(Facts {
            scenario: &Scenario { level: Level::Must, ..Scenario::DEFAULT },
            profile: &Profile::default(),
            runs: &[run(Ending::Exited(89))],
            truth: &truth(ABSENT),
            status_counts: true,
            not_exercised: None,
            findings: Vec::new(),
        });
        assert_eq!(brief(&verdict), (State::Declined, Vec::new()));
    }

    #[test]
    fn crashes_and_hangs_fail_even_if_the_file_is_stored() {
        let timed_out = |waiting_for: &str, after_terminate| Ending::TimedOut {
            after: Duration::from_secs(10),
            waiting_for: waiting_for.to_owned(),
            after_terminate,
        };
        let of = |ending, is_stored| {
            let verdict = judged(Expected::Stored, false, ending, is_stored);
            let rules: Vec<_> = verdict.findings.iter().map(|it| it.rule.clone()).collect();
            (verdict.state, rules.join(" "))
        };
        let crash = Ending::Crashed("SIGSEGV".to_owned());
        assert_eq!(of(crash, ABSENT), (State::Fail, "check.crash".to_owned()));
        assert_eq!(of(timed_out("#3", true), STORED), (State::Fail, "check.hang".to_owned()));
        assert_eq!(of(timed_out("", true), ABSENT), (State::Fail, "check.hang".to_owned()));
        assert_eq!(of(timed_out("", true), STORED), (State::Fail, "check.no_exit".to_owned()));
        let ignored = of(timed_out("#3", false), ABSENT);
        assert_eq!(ignored, (State::Fail, "check.hang check.ignores_terminate".to_owned()));
    }

    #[test]
    fn an_exit_status_that_says_nothing_is_ignored() {
        let judged = |is_stored| {
            judge(Facts {
                scenario: &scenario(Expected::Stored),
                profile: &Profile::default(),
                runs: &[run(Ending::Exited(0))],
                truth: &truth(is_stored),
                status_counts: false,
                not_exercised: None,
                findings: Vec::new(),
            })
        };
        assert_eq!(brief(&judged(STORED)), (State::Pass, Vec::new()));
        assert_eq!(brief(&judged(ABSENT)), (State::Declined, Vec::new()));
    }

    #[test]
    fn a_situation_that_did_not_arise_does_not_pass() {
        let judged = |status, is_stored| {
            judge(Facts {
                scenario: &scenario(Expected::Stored),
                profile: &Profile::default(),
                runs: &[run(Ending::Exited(status))],
                truth: &truth(is_stored),
                status_counts: true,
                not_exercised: Some("the fault never acted".to_owned()),
                findings: Vec::new(),
            })
        };
        assert_eq!(brief(&judged(0, STORED)), (State::NotExercised, Vec::new()));
        // A lie is a lie in any situation.
        assert_eq!(judged(0, ABSENT).state, State::Fail);
    }

    #[test]
    fn persistence_is_excused_and_honesty_is_not() {
        let referee = |rule: &str, level| CheckFinding {
            rule: rule.to_owned(),
            level,
            sentence: String::new(),
            because: String::new(),
            however: String::new(),
            exchanges: Vec::new(),
            lines: Vec::new(),
        };
        let judged = |event, features: &[Feature]| {
            let mut profile = Profile::default();
            profile.features.extend(features);
            let verdict = judge(Facts {
                scenario: &Scenario { event, ..scenario(Expected::Stored) },
                profile: &profile,
                runs: &[run(Ending::Exited(0))],
                truth: &truth(STORED),
                status_counts: true,
                not_exercised: None,
                findings: vec![
                    referee("retry.none", Level::Should),
                    referee("piece.length", Level::Should),
                    referee("complete.early", Level::Must),
                ],
            });
            let rules: Vec<_> = verdict.findings.into_iter().map(|it| it.rule).collect();
            rules.join(" ")
        };
        assert_eq!(judged(Event::None, &[]), "complete.early piece.length");
        assert_eq!(judged(Event::Terminate, &[]), "complete.early");
        let claimed = judged(Event::None, &[Feature::Retries]);
        assert_eq!(claimed, "complete.early retry.none piece.length");
    }
}
