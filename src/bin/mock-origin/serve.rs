//! Serves an origin until it is stopped. Start with [`serve`].

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mock_origin::control::Control;
use mock_origin::journal::Exchange;
use mock_origin::referee::Finding;
use mock_origin::{Builder, Error, InProgressUpload, MockOrigin, VerificationError};

use crate::args::{Flag, Serve};
use crate::colour::Colour;
use crate::command_line;
use crate::diagnostics::Diagnostics;
use crate::finding_log::{FindingLog, finding_line};
use crate::log::{self, Log};
use crate::stop::Stop;

/// How often the program checks whether it must stop.
const TURN: Duration = Duration::from_millis(100);

/// The longest time that the end of the program waits for a reader of standard error.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The number of exchanges that the journal keeps by default.
const JOURNAL_LIMIT: usize = 100_000;

/// Serves until it is stopped and prints each exchange. Returns whether the exit status
/// must report a failure: of the verification, or findings from the level of `--fail-on` on.
pub(crate) fn serve(serve: &Serve) -> Result<bool, Box<dyn std::error::Error>> {
    let quiet = serve.has(Flag::Quiet);
    let stop = watch(serve)?;
    let diagnostics = Diagnostics::start(io::stderr())?;
    let origin = Arc::new(describe_origin(serve)?.try_start()?);
    origin.set_run_command(&command_line::shown(std::env::args()));
    // A file that cannot be written is reported now and not after the run.
    write_report(&origin, serve)?;
    if let Some(path) = &serve.ca_out {
        std::fs::write(path, origin.ca_pem())
            .map_err(|error| format!("--ca-out: {path}: {error}"))?;
    }
    let control = serve.control.map(|address| start_control(&origin, address, serve));
    let control = control.transpose().map_err(|error| format!("--control: {error:#}"))?;
    print_addresses(&origin, control.as_ref())?;
    if let Some(control) = control.as_ref().filter(|control| control.token().is_some()) {
        let url = control.url();
        diagnostics.print(format!(
            "control from other machines: curl -H \"Authorization: Bearer $TOKEN\" {url}, with the token of \
             the line control-token"
        ));
    }
    let mut log = Log::new(Colour::for_terminal(io::stderr().is_terminal()));
    let mut findings = FindingLog::default();
    while !stop.is_requested() {
        let lines = log.wait_for_lines(&origin, TURN);
        let lines = lines.into_iter().chain(findings.certain_lines(&origin));
        lines.filter(|_| !quiet).for_each(|line| diagnostics.print(line));
    }
    drop(control);
    let verdict = origin.verify_at_end();
    // Exchanges may have ended since the last turn, for example while the findings were judged.
    let lines = log.wait_for_lines(&origin, Duration::ZERO).into_iter();
    lines.filter(|_| !quiet).for_each(|line| diagnostics.print(line));
    let report = write_report(&origin, serve);
    let found = findings.all(&origin);
    diagnostics.finish(summary(&origin, verdict.as_ref().err(), &found, quiet), LAST_WORDS);
    report?;
    let is_failing =
        |finding: &Finding| serve.fail_on.is_some_and(|level| level.includes(finding.level()));
    let fails_strictly = serve.has(Flag::Strict) && verdict.is_err();
    Ok(fails_strictly || found.iter().any(is_failing))
}

fn write_report(origin: &MockOrigin, serve: &Serve) -> Result<(), Error> {
    serve.report.as_ref().map_or(Ok(()), |path| origin.write_html(path))
}

fn start_control(
    origin: &Arc<MockOrigin>,
    address: SocketAddr,
    serve: &Serve,
) -> Result<Control, Error> {
    let origin = Arc::clone(origin);
    if serve.has(Flag::ExposeControl) {
        Control::start_exposed(origin, address, serve.token.as_deref())
    } else {
        Control::start(origin, address)
    }
}

fn watch(serve: &Serve) -> io::Result<Stop> {
    let mut stop = Stop::on_signals()?;
    if serve.has(Flag::ExitWithStdin) {
        stop = stop.or_end_of_stdin()?;
    }
    if serve.has(Flag::ExitWithParent) {
        stop = stop.or_end_of_parent();
    }
    Ok(stop)
}

/// Builds the origin that the command line describes.
pub(crate) fn describe_origin(serve: &Serve) -> Result<Builder, String> {
    let mut builder = MockOrigin::builder().verify_on_drop(false).allow_non_loopback();
    builder = builder.defer_errors().journal_limit(serve.journal_limit.unwrap_or(JOURNAL_LIMIT));
    if let Some(account) = &serve.account {
        builder = builder.account(account);
    }
    if let Some((access_key, secret_key)) = &serve.key_pair {
        builder = builder.key_pair(access_key, secret_key);
    }
    if let Some(seed) = serve.seed {
        builder = builder.seed(seed);
    }
    if let Some(limit) = serve.hold_limit {
        builder = builder.hold_limit(limit);
    }
    for address in &serve.listen {
        builder = builder.listen(&address.to_string());
    }
    if serve.has(Flag::Tls) {
        builder = builder.tls();
    }
    builder = serve.tls_names.iter().fold(builder, |builder, name| builder.tls_name(name));
    for (name, password) in &serve.users {
        builder = builder.user(name, password);
    }
    for (name, value) in &serve.options {
        builder = builder.set(name, value);
    }
    builder.validate().map_err(|error| error.to_string())?;
    builder = serve.directories.iter().fold(builder, |builder, path| builder.directory(path));
    builder.validate().map_err(|error| format!("--dir: {error}"))?;
    for (path, content) in &serve.files {
        builder = builder.file(path, content.clone());
    }
    builder.validate().map_err(|error| format!("--file: {error}"))?;
    for path in &serve.uploads {
        builder = builder.upload(InProgressUpload::new(path));
    }
    builder.validate().map_err(|error| format!("--upload: {error}"))?;
    builder = serve.referee.into_iter().fold(builder, Builder::referee);
    builder = serve.allowed.iter().fold(builder, |builder, (id, reason)| builder.allow(id, reason));
    builder.validate().map_err(|error| format!("--allow: {error}"))?;
    builder = builder.faults(serve.faults.clone());
    let file = serve.file.as_deref().unwrap_or_default();
    builder.validate().map_err(|error| format!("{file}: {error}"))?;
    Ok(builder)
}

/// Prints one URL per line, the first listener first. Flushed at once, because scripts read it.
fn print_addresses(origin: &MockOrigin, control: Option<&Control>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for url in origin.urls() {
        writeln!(out, "{url}")?;
    }
    if let Some(control) = control {
        if let Some(token) = control.token() {
            writeln!(out, "control-token {token}")?;
        }
        writeln!(out, "control {}", control.url())?;
    }
    out.flush()
}

/// Returns a number with its noun.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Returns the last lines: unfinished exchanges and the result of the run.
fn summary(
    origin: &MockOrigin,
    verdict: Option<&VerificationError>,
    findings: &[Finding],
    quiet: bool,
) -> Vec<String> {
    let (journal, dropped) = (origin.journal(), origin.journal().dropped());
    let is_open = |exchange: &&Arc<Exchange>| !exchange.outcome.is_final();
    let open: Vec<_> = journal.exchanges().iter().filter(is_open).collect();
    let shown = open.iter().filter(|_| !quiet);
    let mut lines: Vec<_> = shown.map(|exchange| log::line(exchange)).collect();
    let done = journal.exchanges().iter().filter(|exchange| exchange.outcome.is_final());
    let rejected = done.filter(|exchange| exchange.is_rejected()).count();
    let total = |kept: usize, dropped: u64| kept.saturating_add(dropped.try_into().unwrap_or(0));
    let rejected = total(rejected, dropped.rejected);
    let unfinished = match open.len() {
        0 => String::new(),
        count => format!(", {count} unfinished"),
    };
    lines.push(format!(
        "{} on {}, {rejected} rejected{unfinished}; {} (seed {})",
        counted(total(journal.exchanges().len(), dropped.exchanges), "exchange"),
        counted(total(journal.connections().len(), dropped.connections), "connection"),
        counted(origin.uploads().len(), "upload"),
        origin.seed(),
    ));
    if dropped.exchanges > 0 {
        let (kept, older) = (journal.exchanges().len(), dropped.exchanges);
        lines.push(format!(
            "the journal keeps {kept} of them; {older} older ones were dropped (--journal-limit)"
        ));
    }
    lines.extend(chaos(origin));
    lines.extend(findings.iter().map(finding_line));
    lines.extend(verdict.map(ToString::to_string));
    lines
}

/// Returns the injections of chaos as faults, in the form that `--faults` and the control endpoint
/// accept.
fn chaos(origin: &MockOrigin) -> Vec<String> {
    let (chaos, done) = (origin.active_chaos(), origin.done_by_chaos());
    if chaos.is_none() && done.is_empty() {
        return Vec::new();
    }
    let active = chaos.map(|chaos| format!(" {}", chaos.to_json())).unwrap_or_default();
    let what = if done.is_empty() { "nothing" } else { "these faults:" };
    let title = format!("chaos{active} injected {what}");
    let faults = done.iter().map(|fault| format!("    {}", fault.to_json()));
    std::iter::once(title).chain(faults).collect()
}
