//! The files that exports write.

use std::path::PathBuf;

use mock_origin::{Error, MockOrigin};

/// A directory that is removed when the test ends.
pub(super) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Returns the text of the file that `write` writes.
pub(crate) fn exported(
    origin: &MockOrigin,
    write: fn(&MockOrigin, PathBuf) -> Result<(), Error>,
) -> String {
    let scratch = Scratch::new();
    let path = scratch.path("run");
    write(origin, path.clone()).unwrap();
    std::fs::read_to_string(path).unwrap()
}
