//! Assertions on a directory.

use std::collections::HashSet;

use crate::origin::Directory;
use crate::spec::Cause;

use super::evidence::{self, listed};
use super::twins::twins;
use super::{Evidence, Failure};

/// What lay at a path at the moment of asking: a directory, or none.
#[derive(Clone, Debug)]
pub struct DirectorySnapshot {
    path: String,
    found: Result<Directory, Cause>,
}

impl DirectorySnapshot {
    /// Looks at `path`, as seen from the account's root.
    ///
    /// # Panics
    ///
    /// If `path` cannot be a path.
    #[track_caller]
    pub fn take(evidence: Evidence<'_>, path: &str) -> Self {
        let path = evidence::path(path);
        Self {
            found: evidence.origin.tree().directory(&path).cloned(),
            path: evidence.absolute(&path),
        }
    }

    /// Whether there is a directory.
    pub fn exists(&self) -> bool {
        self.found.is_ok()
    }

    /// The names in it, in order; none if there is no directory.
    pub fn names(&self) -> Vec<&str> {
        self.found.iter().flat_map(Directory::names).collect()
    }

    twins! {
        /// Asserts that there is a directory.
        assert_exists, try_exists(self) {
            self.directory("exists").map(|_| ())
        }

        /// Asserts that there is no directory.
        assert_absent, try_absent(self) {
            let found = format!("a directory with {} entries", self.names().len());
            let failure = || Failure::new(self.claim("does not exist"), "no directory", found);
            if self.exists() { Err(failure()) } else { Ok(()) }
        }

        /// Asserts the names in it, in order.
        assert_names, try_names(self, expected: &[&str]) {
            let claim = "holds the expected names";
            self.directory(claim)?;
            let found = self.names();
            let failure = || Failure::new(self.claim(claim), listed(expected), listed(&found)).because(difference(expected, &found));
            if found == expected { Ok(()) } else { Err(failure()) }
        }
    }

    fn claim(&self, claim: &str) -> String {
        format!("directory {} {claim}", self.path)
    }

    fn directory(&self, claim: &str) -> Result<&Directory, Box<Failure>> {
        let words = |cause: &Cause| match cause {
            Cause::IsFile => "a file of that name",
            Cause::FileInPath => "a file on the way to it",
            Cause::NoParent => "nothing, and no parent either",
            _ => "nothing",
        };
        self.found.as_ref().map_err(|cause| {
            let is_missing = matches!(cause, Cause::NotFound | Cause::NoParent);
            let makers = "only makeDir, makeDir2 and /post/directory make directories (§4.1)";
            Failure::new(self.claim(claim), "a directory", words(cause))
                .because(is_missing.then(|| makers.to_owned()))
        })
    }
}

/// What two lists of names differ in, where they are too long to be shown whole.
fn difference(expected: &[&str], found: &[&str]) -> Option<String> {
    let is_long = expected.len().max(found.len()) > evidence::MOST_LISTED;
    let without = |names: &[&str], others: &[&str]| {
        let others: HashSet<&str> = others.iter().copied().collect();
        let left: Vec<_> = names.iter().filter(|name| !others.contains(*name)).collect();
        listed(&left)
    };
    is_long.then(|| {
        let (missing, surplus) = (without(expected, found), without(found, expected));
        format!("missing: {missing}; not expected: {surplus}")
    })
}
