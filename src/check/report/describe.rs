//! The words that all formats share: how runs ended, what faults did, what the client wrote. Start with [`facts`].

use std::time::Duration;

use crate::check::{
    ClientRun, Ending, FaultUse, Output, ScenarioResult, State, SuiteReport, rule_by_id,
};
use crate::journal::{escape_line, redacted_output};
use crate::referee;
use crate::wording::{counted, shell_word};

/// The number of lines that are shown of an output.
const MAX_LINES: usize = 6;

/// The number of characters that are shown of a line of an output.
const MAX_WIDTH: usize = 160;

/// Returns what is known about a result, as pairs of a title and lines: the faults, what the client said, what is
/// true.
pub(super) fn facts(result: &ScenarioResult) -> Vec<(&'static str, Vec<String>)> {
    let mut facts = Vec::new();
    for fault in &result.faults {
        facts.push(("fault", vec![escape_line(&fault.rust), fault_use(fault)]));
    }
    for run in &result.runs {
        let mut lines = vec![ending(run)];
        for (name, output) in [("stderr", &run.stderr), ("stdout", &run.stdout)] {
            lines.extend(last_lines(output).into_iter().map(|line| format!("{name} | {line}")));
        }
        if !run.left_behind.is_empty() {
            let left = run.left_behind.join(", ");
            lines.push(escape_line(&format!("left running, and killed: {left}")));
        }
        facts.push(("client", lines));
    }
    if !result.truth.is_empty() {
        facts.push(("truth", vec![escape_line(&result.truth)]));
    }
    facts
}

/// Returns how a run ended.
pub(super) fn ending(run: &ClientRun) -> String {
    let seconds = seconds(run.duration);
    escape_line(&match &run.ending {
        Ending::TimedOut { after, waiting_for, after_terminate } => {
            let waiting = match waiting_for.as_str() {
                "" => "no request was open".to_owned(),
                request => format!("it waited for {request}"),
            };
            let signal =
                if *after_terminate { "SIGTERM" } else { "SIGKILL, after SIGTERM had no effect" };
            let deadline = self::seconds(*after);
            format!("stopped at its deadline of {deadline}: {waiting}; ended by {signal}")
        }
        Ending::NotStarted(_) | Ending::Stopped => run.ending.to_string(),
        ending => format!("{ending} after {seconds}"),
    })
}

/// Returns how often a fault acted, and when it first did.
fn fault_use(fault: &FaultUse) -> String {
    if fault.fired == 0 {
        let why = fault.skip_reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        return escape_line(&format!("never acted{why}"));
    }
    let first = match (fault.fired, fault.first_at) {
        (_, None) => String::new(),
        (1, Some(at)) => format!(" at {at:.3} s"),
        (_, Some(at)) => format!(", first at {at:.3} s,"),
    };
    let exchanges: Vec<_> = fault.exchanges.iter().map(|index| format!("#{index}")).collect();
    let on =
        if exchanges.is_empty() { String::new() } else { format!(" on {}", exchanges.join(", ")) };
    let times = if fault.fired == 1 { "once".to_owned() } else { counted(fault.fired, "time") };
    format!("acted {times}{first}{on}")
}

/// Returns the last lines of an output, redacted and escaped.
fn last_lines(output: &Output) -> Vec<String> {
    let tail = redacted_output(&output.tail);
    let lines: Vec<_> = tail.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown = &lines[lines.len().saturating_sub(MAX_LINES)..];
    let mut texts = Vec::new();
    if shown.len() < lines.len() || output.bytes > output.tail.len() as u64 {
        texts.push(format!("… the last lines of {}", counted(output.bytes, "byte")));
    }
    texts.extend(shown.iter().map(|line| {
        let line = escape_line(line.trim_end());
        match line.char_indices().nth(MAX_WIDTH) {
            Some((at, _)) => format!("{}…", &line[..at]),
            None => line,
        }
    }));
    texts
}

/// Returns how to mend a client that violates a rule.
pub(super) fn advice(rule: &str) -> Option<&'static str> {
    let own = rule_by_id(rule).map(|rule| rule.advice);
    own.or_else(|| referee::rule_by_id(rule).ok().map(|rule| rule.advice))
}

/// Returns the command of the client, to be pasted into a shell.
pub(super) fn command(report: &SuiteReport) -> String {
    let words: Vec<_> = report.command.iter().map(|word| shell_word(&escape_line(word))).collect();
    words.join(" ")
}

/// Returns the first line of a report: what happened to the suite as a whole.
pub(super) fn headline(report: &SuiteReport) -> String {
    let mut parts = vec![counted(report.results.len(), "run")];
    for state in State::ALL {
        let count = report.count(state);
        if count > 0 {
            parts.push(format!("{count} {}", state.name()));
        }
    }
    let status = match report {
        _ if report.is_incomplete => "interrupted",
        _ if report.not_measured.is_some() => "not measured",
        _ if !report.is_as_expected() => "failed",
        _ if report.expectations.entries().next().is_some() => "as expected",
        _ => "no failure",
    };
    format!("{status}: {} in {}", parts.join(", "), seconds(report.duration))
}

pub(super) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 { format!("{seconds:.2} s") } else { format!("{seconds:.1} s") }
}
