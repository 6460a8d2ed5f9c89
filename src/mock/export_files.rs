//! The files of a run for other programs: HAR and trace. Start with [`MockOrigin::write_har`].

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::error::Error;
use crate::report::{har, trace};
use crate::server::runtime::run_blocking;

use crate::mock::mock_origin::MockOrigin;

impl MockOrigin {
    /// Writes the run so far as a HAR file (HTTP Archive 1.2), which the developer tools of browsers
    /// and other viewers read. An existing file is overwritten.
    ///
    /// Needs the feature `report`.
    ///
    /// Sizes are exact; what the origin cannot know is -1. `_fault`, `_outcome`, `_attempt`, `_part`,
    /// `_upload` and `_finding` add what HAR has no field for. Bodies are left out.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`write_har_async`](Self::write_har_async).
    ///
    /// ```
    /// # let directory = std::env::temp_dir();
    /// let origin = mock_origin::MockOrigin::start();
    /// // Upload with the client under test, then:
    /// origin.write_har(directory.join("mock-origin-doc.har"))?;
    /// # std::fs::remove_file(directory.join("mock-origin-doc.har")).unwrap();
    /// # Ok::<(), mock_origin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be written ([`Error::is_io`]).
    pub fn write_har(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        write_file(path.as_ref(), har(self.recorded_run(self.shared.wait_idle())))
    }

    /// Does the same as [`write_har`](Self::write_har) without blocking the thread. Dropping the
    /// future ends the wait; a file that is being written is completed.
    ///
    /// # Errors
    ///
    /// If the file cannot be written ([`Error::is_io`]).
    pub async fn write_har_async(&self, path: impl AsRef<Path> + Send) -> Result<(), Error> {
        let run = self.recorded_run(self.shared.wait_idle_async().await);
        write_file_async(path.as_ref(), har(run)).await
    }

    /// Writes the run so far as a file for [Perfetto](https://ui.perfetto.dev) or `chrome://tracing`
    /// (Trace Event format): a row per connection with its exchanges, arrows from each attempt to the
    /// next, and marks. An existing file is overwritten.
    ///
    /// Needs the feature `report`.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`write_trace_async`](Self::write_trace_async).
    ///
    /// ```
    /// # let directory = std::env::temp_dir();
    /// let origin = mock_origin::MockOrigin::start();
    /// // Upload with the client under test, then:
    /// origin.write_trace(directory.join("mock-origin-doc.trace.json"))?;
    /// # std::fs::remove_file(directory.join("mock-origin-doc.trace.json")).unwrap();
    /// # Ok::<(), mock_origin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be written ([`Error::is_io`]).
    pub fn write_trace(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        write_file(path.as_ref(), trace(self.recorded_run(self.shared.wait_idle())))
    }

    /// Does the same as [`write_trace`](Self::write_trace) without blocking the thread. Dropping the
    /// future ends the wait; a file that is being written is completed.
    ///
    /// # Errors
    ///
    /// If the file cannot be written ([`Error::is_io`]).
    pub async fn write_trace_async(&self, path: impl AsRef<Path> + Send) -> Result<(), Error> {
        let run = self.recorded_run(self.shared.wait_idle_async().await);
        write_file_async(path.as_ref(), trace(run)).await
    }
}

#[cfg(feature = "control")]
impl MockOrigin {
    /// Returns the HAR file in pieces.
    pub(crate) fn har(&self) -> impl Iterator<Item = String> + Send + use<> {
        har(self.recorded_run(self.shared.wait_idle()))
    }

    /// Returns the trace in pieces.
    pub(crate) fn trace(&self) -> impl Iterator<Item = String> + Send + use<> {
        trace(self.recorded_run(self.shared.wait_idle()))
    }
}

fn write_file(path: &Path, pieces: impl Iterator<Item = String>) -> Result<(), Error> {
    write_pieces(path, pieces).map_err(|error| not_written(path, error))
}

async fn write_file_async(
    path: &Path,
    pieces: impl Iterator<Item = String> + Send + 'static,
) -> Result<(), Error> {
    let file = path.to_owned();
    let written = run_blocking(move || write_pieces(&file, pieces)).await;
    written.flatten().map_err(|error| not_written(path, error))
}

fn write_pieces(path: &Path, mut pieces: impl Iterator<Item = String>) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    pieces.try_for_each(|piece| file.write_all(piece.as_bytes()))?;
    file.flush()
}

fn not_written(path: &Path, error: io::Error) -> Error {
    Error::io(format!("cannot write {}", path.display()), error)
}
