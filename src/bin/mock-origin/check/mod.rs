//! `mock-origin check`: judges an upload client. Start with [`check`].

pub(crate) mod args;
mod progress;
mod reports;
mod usage;

use std::env;
use std::fs;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mock_origin::check::{Ending, ExitStatus, Expectations, ScenarioResult, SuiteReport};

use crate::colour::{Colour, Kind};
use crate::stop::interrupt_flag;

use args::{Check, Flag, When};
use progress::ProgressLine;

/// A message for standard error, and the exit status.
type Failure = (ExitStatus, String);

/// Runs the suite, prints and writes its reports, and returns the exit status.
pub(crate) fn check(check: &Check) -> ExitStatus {
    let stop = match interrupt_flag() {
        Ok(stop) => stop,
        Err(error) => return fail((ExitStatus::NotMeasured, error.to_string())),
    };
    run(check, stop).unwrap_or_else(fail)
}

fn fail((status, message): Failure) -> ExitStatus {
    let _ = writeln!(io::stderr(), "mock-origin: {message}");
    status
}

fn run(check: &Check, stop: Arc<AtomicBool>) -> Result<ExitStatus, Failure> {
    let expectations = read_expectations(check).map_err(|message| (ExitStatus::Usage, message))?;
    reports::prepare(check).map_err(not_measured)?;
    let is_terminal = io::stdout().is_terminal();
    let colour = match check.colour {
        When::Auto => Colour::for_terminal(is_terminal),
        When::Always => Colour::Always,
        When::Never => Colour::Never,
    };
    let progress = ProgressLine::new(check, colour);
    let suite = check.suite().expectations(expectations).stop_on(stop);
    let suite = suite.exports(reports::export_kinds(check));
    let ran = suite.run_command(&check.command, &|event| progress.show(event));
    progress.clear();
    let mut report = ran.map_err(|error| {
        let status = if error.is_io() { ExitStatus::NotMeasured } else { ExitStatus::Usage };
        (status, format!("{error:#}"))
    })?;
    let options = check.options_of_a_run();
    for result in report.results.iter_mut().filter(|it| !it.reproduction.check.is_empty()) {
        result.reproduction.check += &options;
    }
    if check.has(Flag::FixExpect) {
        fix_expectations(check, &mut report).map_err(not_measured)?;
    }
    let written = reports::write(check, &report);
    if let Some(observed) = report.observed.as_ref().filter(|_| check.has(Flag::PrintProfile)) {
        print_text(&observed.to_profile(&report.command)).map_err(not_measured)?;
        written.map_err(not_measured)?;
        return Ok(report.exit_status());
    }
    if let Some(why) = report.results.iter().find_map(why_not_started) {
        return Err(not_measured(why.to_owned()));
    }
    let text = if check.has(Flag::Quiet) { report.to_summary() } else { report.to_text() };
    let lines: String = text.lines().map(|line| paint(colour, line) + "\n").collect();
    let annotations = env::var_os("GITHUB_ACTIONS").map(|_| report.to_github());
    print_text(&(lines + &annotations.unwrap_or_default())).map_err(not_measured)?;
    written.map_err(not_measured)?;
    Ok(report.exit_status())
}

/// Returns why the control run could not start the command.
fn why_not_started(result: &ScenarioResult) -> Option<&str> {
    match &result.runs.last()?.ending {
        Ending::NotStarted(why) if result.scenario.id == "control/plain" => Some(why),
        _ => None,
    }
}

fn not_measured(message: String) -> Failure {
    (ExitStatus::NotMeasured, message)
}

/// Reads the file of expectations. A file that is to be fixed need not exist.
fn read_expectations(check: &Check) -> Result<Expectations, String> {
    let Some(file) = &check.expect else { return Ok(Expectations::default()) };
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound && check.has(Flag::FixExpect) => {
            String::new()
        }
        read => read.map_err(|error| format!("{file}: {error}"))?,
    };
    Expectations::parse(file, &text).map_err(|error| error.to_string())
}

/// Rewrites the file of expectations, and judges the report by the new entries.
fn fix_expectations(check: &Check, report: &mut SuiteReport) -> Result<(), String> {
    let file = check.expect.as_deref().unwrap_or_default();
    if report.is_incomplete || report.not_measured.is_some() {
        let _ = writeln!(io::stderr(), "mock-origin: {file} stays as it is: the run is incomplete");
        return Ok(());
    }
    let text = report.expectations.updated(report);
    let updated = Expectations::parse(file, &text).map_err(|error| error.to_string())?;
    if updated != report.expectations || !Path::new(file).exists() {
        fs::write(file, text).map_err(|error| format!("{file}: {error}"))?;
        let _ = writeln!(io::stderr(), "mock-origin: {file} was rewritten");
    }
    report.expectations = updated;
    Ok(())
}

/// Prints a text. Ignores a closed pipe: its reader may have stopped early, and the exit status states the result.
pub(crate) fn print_text(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("standard output: {error}"))
        }
        _ => Ok(()),
    }
}

/// Returns a line of a report in the colour of its first word.
fn paint(colour: Colour, line: &str) -> String {
    let kind = match line.split([' ', ':']).next().unwrap_or_default() {
        "fail" | "failed" | "error" => Kind::Failure,
        "warn" | "interrupted" => Kind::Fault,
        "" => Kind::Success,
        _ if line.ends_with(':') => Kind::Mark,
        _ => Kind::Success,
    };
    colour.paint(kind, line.to_owned())
}

/// Returns the number of columns of standard error if it is a terminal.
fn terminal_width() -> Option<usize> {
    if !io::stderr().is_terminal() {
        return None;
    }
    #[cfg(unix)]
    let columns = rustix::termios::tcgetwinsize(io::stderr()).map_or(0, |size| size.ws_col);
    #[cfg(not(unix))]
    let columns = 0_u16;
    Some(if columns == 0 { 80 } else { columns.into() })
}
