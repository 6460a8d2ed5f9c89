//! The report of a failing test, which the environment asks for. Start with
//! [`MockOrigin::write_failure_report`].

use crate::mock::mock_origin::MockOrigin;
use crate::mock::reporting::{directory, failure_report_path, test_name, write_page};

impl MockOrigin {
    pub(super) fn test_name(&self) -> String {
        test_name(self.location)
    }

    /// Writes the report of a failing test, if the environment asks for it. Waits for nothing.
    pub(super) fn write_failure_report(&self) {
        let known = {
            let reporting = self.reporting.lock();
            if reporting.is_part_of_exploration {
                return;
            }
            reporting.path.clone()
        };
        if let Some(path) = known.or_else(|| failure_report_path(&self.test_name())) {
            let line = write_page(&path, &page(self));
            let mut reporting = self.reporting.lock();
            (reporting.path, reporting.line) = (Some(path), line);
        }
    }

    /// Returns the line about the report of the failing test, or nothing.
    pub(super) fn failure_report_line(&self) -> String {
        self.reporting.lock().line.clone()
    }

    /// Returns the page of this run, if the environment asks for reports.
    pub(super) fn failure_page(&self) -> Option<String> {
        directory().map(|_| page(self))
    }
}

#[cfg(feature = "report")]
fn page(origin: &MockOrigin) -> String {
    origin.render_html(origin.shared.lock())
}

/// Returns nothing, because only the feature `report` renders pages. [`write_page`] names it.
#[cfg(not(feature = "report"))]
fn page(_: &MockOrigin) -> String {
    String::new()
}
