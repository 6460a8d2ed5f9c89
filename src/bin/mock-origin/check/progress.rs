//! The progress of a suite on a terminal. Start with [`ProgressLine`].

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mock_origin::check::{Progress, State};

use super::args::{Check, Flag};
use super::{paint, print_text, terminal_width};
use crate::colour::Colour;

/// A line on standard error that shows how far a suite is, if standard error is a terminal. With `--verbose` it
/// also prints each result to standard output.
pub(super) struct ProgressLine {
    columns: Option<usize>,
    is_verbose: bool,
    colour: Colour,
    state: Mutex<Status>,
}

#[derive(Default)]
struct Status {
    total: usize,
    ended: usize,
    failed: usize,
    warned: usize,
    running: Vec<(&'static str, u64)>,
}

impl ProgressLine {
    pub(super) fn new(check: &Check, colour: Colour) -> Self {
        let columns = terminal_width().filter(|_| !check.has(Flag::Quiet));
        let is_verbose = check.has(Flag::Verbose);
        Self { columns, is_verbose, colour, state: Mutex::default() }
    }

    /// Shows an event. Several runs may report at once.
    pub(super) fn show(&self, event: Progress<'_>) {
        let mut status = self.lock();
        let line = status.record(event);
        if let Some(line) = line.filter(|_| self.is_verbose) {
            self.write("");
            // If standard output fails, printing the report reports the error.
            let _ = print_text(&(paint(self.colour, &line) + "\n"));
        }
        self.write(&status.line(self.columns.unwrap_or_default()));
    }

    /// Removes the line.
    pub(super) fn clear(&self) {
        self.write("");
    }

    /// Replaces the line. Errors are ignored: the line is an extra.
    fn write(&self, line: &str) {
        if self.columns.is_some() {
            let _ = io::stderr().write_all(format!("\r\u{1b}[K{line}").as_bytes());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Status {
    /// Records an event, and returns the line of a result.
    fn record(&mut self, event: Progress<'_>) -> Option<String> {
        match event {
            Progress::Calibrated { runs, .. } => self.total = self.ended + runs,
            Progress::Started { scenario, seed } => self.running.push((scenario.id, seed)),
            Progress::Finished(result) => {
                let key = (result.scenario.id, result.seed);
                // A run that is repeated alone has started twice.
                self.running.retain(|running| *running != key);
                self.ended += 1;
                self.failed += usize::from(result.state == State::Fail);
                self.warned += usize::from(result.state == State::Warn);
                return Some(result.to_line());
            }
            _ => {}
        }
        None
    }

    /// Returns the line, shorter than `columns`, so that no terminal wraps it.
    fn line(&self, columns: usize) -> String {
        let mut line = match self.total {
            0 => "control runs".to_owned(),
            total => format!("{}/{}", self.ended.min(total), total),
        };
        for (count, noun) in [(self.failed, "failed"), (self.warned, "warned")] {
            if count > 0 {
                let _ = write!(line, ", {count} {noun}");
            }
        }
        let mut running: Vec<_> = self.running.iter().map(|(id, _)| *id).collect();
        running.dedup();
        if !running.is_empty() {
            let _ = write!(line, ": {}", running.join(" "));
        }
        let most = columns.saturating_sub(1);
        if line.chars().count() > most {
            line = line.chars().take(most.saturating_sub(1)).collect::<String>() + "…";
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_shorter_than_the_terminal() {
        let running = vec![("lost/complete", 1), ("chaos/network", 2), ("chaos/network", 3)];
        let status = Status { total: 50, ended: 12, failed: 2, warned: 0, running };
        assert_eq!(status.line(80), "12/50, 2 failed: lost/complete chaos/network");
        assert_eq!(status.line(20), "12/50, 2 failed: l…");
        assert_eq!(status.line(1), "…");
        assert_eq!(Status::default().line(80), "control runs");
    }
}
