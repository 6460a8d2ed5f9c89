//! Runs one scenario: starts an origin, runs the client, compares and judges. Start with [`run_scenario`].

use std::path::PathBuf;

use crate::error::Error;
use crate::fault::{Fault, FaultRecord};
use crate::journal::Journal;
use crate::mock::{Builder, MockOrigin};
use crate::referee::{Finding, Level, rule_by_id};
use crate::report::describe;
use crate::wording::counted;

use super::context::{Context, PASSWORD, USER};
use super::report::reproduce::reproduction;
use super::scratch::Folder;
use super::source::Source;
use super::staging::Stage;
use super::verdict::{Facts, Truth, judge};
use super::{
    CheckFinding, Event, ExportKinds, Exports, FaultUse, Observed, Plan, Reproduction, Scenario,
    ScenarioResult, State, Target, Via,
};

/// A run of the catalogue: a scenario, a seed, and the faults that replace its own, if any.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) scenario: &'static Scenario,
    pub(crate) seed: u64,
    /// Replays these injections of chaos instead of chaos itself.
    pub(crate) replayed: Option<&'a [Fault]>,
    /// The size of the file, instead of that of the scenario.
    pub(crate) size: Option<u64>,
}

/// A run and what it showed about the client.
pub(crate) struct Performed {
    pub(crate) result: ScenarioResult,
    pub(crate) observed: Option<Observed>,
}

/// Runs a scenario once. An error of this program or its environment is a result of its own.
pub(crate) fn run_scenario(context: &Context<'_>, run: Run<'_>) -> Performed {
    perform(context, run).unwrap_or_else(|error| Performed {
        result: not_run(run.scenario, run.seed, State::Error, format!("{error:#}")),
        observed: None,
    })
}

/// Runs a scenario once.
///
/// # Errors
///
/// If the origin cannot start, or a file cannot be written.
fn perform(context: &Context<'_>, run: Run<'_>) -> Result<Performed, Error> {
    let Run { scenario, seed, .. } = run;
    let plan = context.plan(scenario, seed, run.size);
    let folder = context.scratch.folder(scenario.id)?;
    let source = Source::create(folder.source(scenario.name), plan.size, seed)?;
    let builder = builder(context, scenario, &plan)?;
    let origin = builder.clone().try_start()?;
    let ca = write_ca(context, &origin, &folder)?;
    let target = Target { ca, ..context.target(scenario, &origin, &folder, &source) };
    match run.replayed {
        Some(faults) => faults.iter().for_each(|it| origin.add_replayed(it.clone())),
        None => (scenario.faults)(&origin, &plan),
    }
    let added = origin.faults();
    let stage = Stage { context, scenario, plan: &plan, origin: &origin, target: &target };
    let staged = stage.perform(&source)?;
    if !scenario.settles.is_zero() {
        origin.advance(scenario.settles);
    }
    let truth = truth(&origin, &target.path, &source, staged.changed.as_ref());
    let journal = origin.journal();
    let (report, _) = origin.referee_report();
    let faults = fault_uses(&origin, &journal, &added);
    let not_exercised = staged
        .not_exercised
        .or_else(|| not_exercised(scenario, &faults, &journal, &report.not_applicable));
    let is_wrong = |finding: &&Finding| Level::Should.includes(finding.level());
    let findings = report.findings.iter().filter(is_wrong).map(|it| shown(it, &journal)).collect();
    let verdict = judge(Facts {
        scenario,
        profile: &context.suite.profile,
        runs: &staged.runs,
        truth: &truth,
        status_counts: context.status_counts,
        not_exercised,
        findings,
    });
    let seconds = staged.runs.iter().map(|it| it.duration.as_secs_f64()).sum();
    let observed = Observed::infer(&journal, plan.size, seconds);
    let added = added.iter().map(|record| (*record.fault).clone());
    let acted: Vec<_> = added.chain(origin.done_by_chaos()).collect();
    let reproduction = reproduction(scenario, seed, &builder, &acted);
    origin.set_run_command(&reproduction.check);
    let result = ScenarioResult {
        scenario,
        seed,
        state: verdict.state,
        remark: verdict.remark,
        findings: verdict.findings,
        faults,
        runs: staged.runs,
        injected: origin.done_by_chaos(),
        is_stored: truth.is_stored,
        truth: truth.text,
        reproduction,
        timeline: origin.timeline(),
        exports: exports(&origin, context.suite.exports),
    };
    Ok(Performed { result, observed })
}

/// Returns the run in the formats that were asked for.
fn exports(origin: &MockOrigin, kinds: ExportKinds) -> Exports {
    Exports {
        html: kinds.html.then(|| origin.html_report()),
        har: kinds.har.then(|| origin.har().collect()),
        trace: kinds.trace.then(|| origin.trace().collect()),
    }
}

/// Returns why the situation of a scenario did not arise, if it did not.
fn not_exercised(
    scenario: &Scenario,
    faults: &[FaultUse],
    journal: &Journal,
    not_applicable: &[&str],
) -> Option<String> {
    if scenario.event == Event::Chaos && faults.is_empty() {
        return Some("chaos injected nothing with this seed".to_owned());
    }
    if let Some(first) = faults.first().filter(|_| faults.iter().all(|it| it.fired == 0)) {
        let why = first.skip_reason.as_deref().unwrap_or("no request matched it");
        return Some(format!("the fault never acted: {}: {why}", first.rust));
    }
    if !(scenario.is_exercised)(journal) {
        return Some("the situation did not arise".to_owned());
    }
    let rule = rule_by_id(scenario.rule).ok()?;
    not_applicable.contains(&rule.id).then(|| format!("the rule {} did not apply", rule.id))
}

/// Returns the result of a scenario that was not run.
pub(crate) fn not_run(
    scenario: &'static Scenario,
    seed: u64,
    state: State,
    remark: String,
) -> ScenarioResult {
    ScenarioResult {
        scenario,
        seed,
        state,
        remark: Some(remark),
        findings: Vec::new(),
        faults: Vec::new(),
        injected: Vec::new(),
        runs: Vec::new(),
        is_stored: false,
        truth: String::new(),
        reproduction: Reproduction::default(),
        timeline: String::new(),
        exports: Exports::default(),
    }
}

/// Returns the builder of a scenario's origin.
fn builder(context: &Context<'_>, scenario: &Scenario, plan: &Plan) -> Result<Builder, Error> {
    let builder = MockOrigin::builder().user(USER, PASSWORD).seed(plan.seed).verify_on_drop(false);
    let options = &context.suite.profile.options;
    let builder =
        options.iter().fold(builder.defer_errors(), |it, (name, value)| it.set(name, value));
    let builder = scenario.prepare_origin(builder, plan);
    if context.suite.profile.via == Via::Tls { with_tls(builder) } else { Ok(builder) }
}

// Without the feature it fails.
#[allow(clippy::unnecessary_wraps)]
#[cfg(feature = "tls")]
fn with_tls(builder: Builder) -> Result<Builder, Error> {
    Ok(builder.tls())
}

#[cfg(not(feature = "tls"))]
fn with_tls(_: Builder) -> Result<Builder, Error> {
    Err(Error::invalid_argument("`via = \"tls\"` needs the feature `tls`".to_owned()))
}

/// Writes the certificate of the origin's authority for the client, if the origin has one.
#[cfg_attr(not(feature = "tls"), allow(clippy::unnecessary_wraps))]
fn write_ca(
    context: &Context<'_>,
    origin: &MockOrigin,
    folder: &Folder,
) -> Result<Option<PathBuf>, Error> {
    if context.suite.profile.via != Via::Tls {
        return Ok(None);
    }
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, authority(origin))
        .map_err(|error| Error::io(format!("cannot write {}", path.display()), error))?;
    Ok(Some(path))
}

#[cfg(feature = "tls")]
fn authority(origin: &MockOrigin) -> &str {
    origin.ca_pem()
}

#[cfg(not(feature = "tls"))]
fn authority(_: &MockOrigin) -> &'static str {
    ""
}

/// Compares the stored file with what was sent: the source, or the source as the scenario changed it.
fn truth(origin: &MockOrigin, path: &str, source: &Source, changed: Option<&Source>) -> Truth {
    let file = origin.file(path);
    let journal = origin.journal();
    let stored_by = file.stored_by().and_then(|index| journal.exchange(index));
    let when = stored_by.and_then(|it| Some((it.index, it.committed?.elapsed.as_secs_f64())));
    let when = when.map(|(index, time)| format!(" (#{index} stored it after {time:.3} s)"));
    let when = when.unwrap_or_default();
    let compare =
        |source: &Source| file.try_digest(&source.digest.to_string()).map(|_| source.size);
    let failure = match (compare(source), changed.map(compare)) {
        (Ok(size), _) | (_, Some(Ok(size))) => {
            let size = counted(size, "byte");
            let text = format!("{} is stored as it was sent, {size}{when}", file.path());
            return Truth { is_stored: true, text, exchanges: Vec::new() };
        }
        (Err(failure), _) => failure,
    };
    let size = file.size().map_or_else(String::new, |size| {
        format!(
            "a file of {size} bytes is stored{when}, and {} bytes were to be sent; ",
            source.size
        )
    });
    let text = format!("{}: {size}{}", file.path(), failure.found_and_cause());
    Truth { is_stored: false, text, exchanges: failure.shown_exchanges() }
}

/// Returns a finding of the referee as one of `check`.
fn shown(finding: &Finding, journal: &Journal) -> CheckFinding {
    let exchanges = finding.exchanges().iter().filter_map(|index| journal.exchange(*index));
    CheckFinding {
        rule: finding.id().to_owned(),
        level: finding.level(),
        sentence: finding.rule().sentence.to_owned(),
        because: finding.text().to_owned(),
        however: String::new(),
        exchanges: finding.exchanges().to_vec(),
        lines: exchanges.map(|it| format!("#{} {}", it.index, describe(it))).collect(),
    }
}

/// Returns what the faults of the scenario did, or the injections of its chaos.
fn fault_uses(origin: &MockOrigin, journal: &Journal, added: &[FaultRecord]) -> Vec<FaultUse> {
    let records = origin.faults();
    let of_scenario = records.iter().filter(|it| added.iter().any(|added| added.id == it.id));
    let uses = of_scenario.map(|record| {
        let acted = |it: &&std::sync::Arc<crate::journal::Exchange>| {
            it.faults.iter().any(|fault| fault.fault == Some(record.id))
        };
        let on_connection = |it: &std::sync::Arc<crate::journal::Connection>| {
            let is_ours = it.fault.as_ref().is_some_and(|fault| fault.fault == Some(record.id));
            it.fault_injected.filter(|_| is_ours)
        };
        let exchanges: Vec<_> = journal.exchanges().iter().filter(acted).collect();
        let first = exchanges.first().map(|it| it.opened);
        let first = first.or_else(|| journal.connections().iter().find_map(on_connection));
        FaultUse {
            rust: record.fault.to_string(),
            fired: record.fired,
            exchanges: exchanges.iter().map(|it| it.index).collect(),
            first_at: first.map(|it| it.elapsed.as_secs_f64()),
            skip_reason: record.skip_reason.as_deref().map(str::to_owned),
        }
    });
    let chaos = origin.done_by_chaos().into_iter().map(|fault| FaultUse {
        rust: fault.to_string(),
        fired: 1,
        exchanges: Vec::new(),
        first_at: None,
        skip_reason: None,
    });
    uses.chain(chaos).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_file_may_have_the_changed_content() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::create(folder.path().join("film.mp4"), 8, 1).unwrap();
        let read = || std::fs::read(&source.path).unwrap();
        let stored = |content: Vec<u8>, changed: Option<&Source>| {
            let builder = MockOrigin::builder().file("/videos/film.mp4", content);
            let truth = truth(&builder.start(), "/videos/film.mp4", &source, changed);
            (truth.is_stored, truth.text)
        };
        let old = read();
        let grown = source.grow(8).unwrap();
        let stored_as_sent =
            |size| format!("/acme/videos/film.mp4 is stored as it was sent, {size} bytes");
        assert_eq!(stored(old.clone(), Some(&grown)), (true, stored_as_sent(8)));
        assert_eq!(stored(read(), Some(&grown)), (true, stored_as_sent(16)));
        let (is_stored, text) = stored(read(), None);
        assert!(
            !is_stored && text.contains("a file of 16 bytes is stored, and 8 bytes were"),
            "{text}"
        );
    }
}
