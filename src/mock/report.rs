//! The HTML report. Start with [`MockOrigin::write_html`].

use std::fs;
use std::path::Path;

use crate::assertions::verify;
use crate::error::Error;
use crate::referee::{Evidence, Level, judge};
use crate::report::HtmlReport;
use crate::server::state_guard::StateGuard;

use crate::mock::mock_origin::MockOrigin;

impl MockOrigin {
    /// Sets the command that repeats the run. Reports show it, with the seed of the origin in place
    /// of `{seed}`. Default: `cargo test` with the name of the test, which is that of the thread.
    ///
    /// Needs the feature `report`.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// origin.set_run_command("./upload-all.sh --seed {seed}");
    /// assert!(origin.html_report().contains("./upload-all.sh --seed "));
    /// ```
    pub fn set_run_command(&self, command: &str) {
        self.reporting.lock().run_command = Some(command.to_owned());
    }

    /// Returns a report of the run so far as an HTML page: the verdict, the findings, a picture of
    /// all tries over time, the uploads and the exchanges. The page needs no network and no script.
    /// Its size is bounded: it lists at most 1,000 exchanges and draws at most 100 requests, those
    /// of findings first. Its counts include all.
    ///
    /// Needs the feature `report`.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`html_report_async`](Self::html_report_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// assert!(origin.html_report().starts_with("<!doctype html>"));
    /// ```
    pub fn html_report(&self) -> String {
        self.render_html(self.shared.wait_idle())
    }

    /// Does the same as [`html_report`](Self::html_report) without blocking the thread. Dropping
    /// the future ends the wait and changes nothing.
    pub async fn html_report_async(&self) -> String {
        self.render_html(self.shared.wait_idle_async().await)
    }

    /// Writes the page of [`html_report`](Self::html_report) to a file. An existing file is
    /// overwritten.
    ///
    /// Needs the feature `report`.
    ///
    /// With the environment variable `MOCK_ORIGIN_REPORT=DIR`, each test that fails writes its
    /// report to a file of its own in `DIR`: when verification fails, and when an origin is dropped
    /// while its thread panics.
    ///
    /// ```
    /// # let directory = std::env::temp_dir();
    /// let origin = mock_origin::MockOrigin::start();
    /// // Upload with the client under test, then:
    /// origin.write_html(directory.join("report.html"))?;
    /// # Ok::<(), mock_origin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn write_html(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        fs::write(path, self.html_report()).map_err(|error| {
            Error::io(format!("cannot write the report to {}", path.display()), error)
        })
    }

    /// Renders the page. Unlocks the state first, because the journal may be long.
    pub(super) fn render_html(&self, state: StateGuard<'_>) -> String {
        let (storage, journal) = (state.storage.clone(), state.journal.detached());
        let (faults, chaos) = (state.faults.records().to_vec(), state.faults.render_chaos());
        drop(state);
        let judgement = judge(&Evidence::new(&journal, storage.uploads()));
        // The page has a list of all findings beside the failures.
        let mut without_findings = self.referee.clone();
        without_findings.level = Level::Off;
        let result = verify(&journal, &faults, &judgement, &without_findings);
        let (failures, omitted_failures) = match result {
            Ok(()) => (Vec::new(), 0),
            Err(error) => {
                (error.failures().iter().map(ToString::to_string).collect(), error.omitted())
            }
        };
        let run_command = self.reporting.lock().run_command.clone();
        let (title, repeat) = match &run_command {
            Some(command) => (
                format!("origin at {}", self.url()),
                vec![("The command:", command.replace("{seed}", &self.seed().to_string()))],
            ),
            None => (self.test_name(), self.test_commands()),
        };
        HtmlReport {
            title: &title,
            urls: &self.urls(),
            journal: &journal,
            storage: &storage,
            faults: &faults,
            judgement: &judgement,
            referee: &self.referee,
            failures: &failures,
            omitted_failures,
            chaos: &chaos,
            repeat: &repeat,
        }
        .render()
    }

    fn test_commands(&self) -> Vec<(&'static str, String)> {
        let name = self.test_name();
        let is_name = name.chars().all(|char| char.is_alphanumeric() || "_:".contains(char));
        let command = is_name.then(|| ("The test alone:", format!("cargo test -- --exact {name}")));
        let seed = format!("MockOrigin::builder().seed({})", self.seed());
        command.into_iter().chain([("With the same tokens and identifiers:", seed)]).collect()
    }
}
