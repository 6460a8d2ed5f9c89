//! Assertions on a directory.

use std::collections::{BTreeSet, HashSet};

use crate::journal::Escaped;
use crate::protocol::ErrorKind;
use crate::storage::{Actor, Directory, Node, Obstacle, Path, Removal, Tree};
use crate::wording::counted;

use super::assertion_macro::assertions_with_try;
use super::causes;
use super::reason::{Reason, Words};
use super::requests::RecordedRequests;
use super::state_view::{self, listed};
use super::{AssertionFailure, StateView};

/// A snapshot of the directory at a path, which may be missing.
#[derive(Clone, Debug)]
pub struct DirectorySnapshot {
    path: String,
    location: Path,
    found: Result<Directory, ErrorKind>,
    /// The tree, with the entries.
    tree: Tree,
    /// The latest removal at the path.
    removal: Option<Removal>,
    /// The removals from the directory.
    removals: Vec<Removal>,
    /// The directory above it that is missing, or the file above it.
    obstacle: Option<Obstacle>,
    /// Who stored the file that has its path.
    file: Option<Actor>,
    /// All requests, from which a failure shows those that the records above name.
    requests: RecordedRequests,
    account: String,
}

impl DirectorySnapshot {
    /// Takes a snapshot of `path`, which is read by [`Path::as_written`].
    ///
    /// # Panics
    ///
    /// Panics if `path` is not a valid path.
    #[track_caller]
    pub(crate) fn take(state_view: StateView<'_>, path: &str) -> Self {
        let location = state_view.path_in_tree(path);
        let tree = state_view.storage.tree();
        let found = tree.directory(&location).cloned();
        Self {
            path: state_view.absolute(&location),
            tree: tree.clone(),
            removal: tree.removal(&location).cloned(),
            removals: tree.removals_from(&location).cloned().collect(),
            obstacle: tree.obstacle(&location),
            file: tree.file(&location).ok().map(|file| file.history.stored.by),
            requests: RecordedRequests::new(state_view.journal),
            account: state_view.storage.account().to_owned(),
            location,
            found,
        }
    }

    /// Returns whether there is a directory.
    pub fn exists(&self) -> bool {
        self.found.is_ok()
    }

    /// Returns the names in the directory in order, or none if there is no directory.
    pub fn names(&self) -> Vec<&str> {
        self.found.iter().flat_map(Directory::names).collect()
    }

    assertions_with_try! {
        /// Asserts that there is a directory.
        assert_exists, try_exists(self) {
            self.directory("exists").map(|_| ())
        }

        /// Asserts that there is no directory.
        assert_absent, try_absent(self) {
            let found = format!("a directory with {}", counted(self.names().len(), "entry"));
            let Ok(directory) = &self.found else { return Ok(self) };
            let reason = self.how_it_was_made(directory);
            Err(self.failure("does not exist", "no directory", found, Some(reason)))
        }

        /// Asserts the names in the directory, in order.
        assert_names, try_names(self, expected: &[&str]) {
            let claim = "has the expected names";
            self.directory(claim)?;
            let found = self.names();
            let reason = || self.why_other_names(expected, &found);
            let failure = || self.failure(claim, listed(expected), listed(&found), reason());
            if found == expected { Ok(()) } else { Err(failure()) }
        }
    }

    fn directory(&self, claim: &str) -> Result<&Directory, Box<AssertionFailure>> {
        let words = |cause: &ErrorKind| match cause {
            ErrorKind::IsFile => "a file at this path",
            ErrorKind::FileInPath => "a file in place of a parent directory",
            ErrorKind::NoParent => "nothing, and no parent directory",
            _ => "nothing",
        };
        let reason = || Some(self.why_missing());
        self.found
            .as_ref()
            .map_err(|cause| self.failure(claim, "a directory", words(cause), reason()))
    }

    fn words(&self) -> Words<'_> {
        Words { exchanges: self.requests.all(), account: &self.account }
    }

    /// Shows only the exchanges that the reason names, because others are not about the directory.
    fn failure(
        &self,
        claim: &str,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
        reason: Option<Reason>,
    ) -> Box<AssertionFailure> {
        let named = reason.as_ref().map(Reason::exchanges).unwrap_or_default();
        let named: BTreeSet<u64> = named.iter().copied().collect();
        let exchanges = named.into_iter().filter_map(|it| self.requests.all().by_number(it));
        let exchanges: Vec<_> = exchanges.cloned().collect();
        AssertionFailure::new(format!("directory {} {claim}", self.path), expected, found)
            .explained_by(reason, exchanges)
            .lacking(self.requests.dropped())
    }

    fn how_it_was_made(&self, directory: &Directory) -> Reason {
        let words = self.words();
        match directory.renamed.as_deref() {
            Some((from, change)) => {
                words.did(change.by, &format!("renamed it from {}", words.absolute(from)))
            }
            None => words.did(directory.created.by, "created it"),
        }
    }

    fn why_missing(&self) -> Reason {
        const MAKERS: &str =
            "directories are created only by makeDir, makeDir2 and /post/directory (§4.1)";
        let words = self.words();
        match (&self.removal, &self.obstacle, self.file) {
            (_, _, Some(by)) => words.did(by, "stored a file at this path"),
            (Some(removal), ..) => words.removal(removal, &self.location),
            (None, Some(obstacle), _) => causes::of_obstacle(words, obstacle),
            (None, None, _) => Reason::plain(MAKERS),
        }
    }

    /// Returns who removed the missing names, and who created the unexpected ones.
    fn why_other_names(&self, expected: &[&str], found: &[&str]) -> Option<Reason> {
        const MOST: usize = 4;
        let words = self.words();
        let (wanted, there): (HashSet<&str>, HashSet<&str>) =
            (expected.iter().copied().collect(), found.iter().copied().collect());
        let missing = expected.iter().filter(|name| !there.contains(*name));
        let removed = missing.filter_map(|name| {
            let path = self.location.child(name);
            let removal = self.removals.iter().find(|removal| removal.path == path)?;
            Some(words.removal(removal, &path).within(&format!("{:?}: ", Escaped::new(name)), ""))
        });
        let entries = self.found.iter().flat_map(|directory| directory.entries(&self.tree));
        let added = entries.filter(|(name, _)| !wanted.contains(name)).map(|(name, node)| {
            let by = actor_of(node);
            words.did(by, "created it").within(&format!("{:?}: ", Escaped::new(name)), "")
        });
        let who = Reason::join(removed.take(MOST).chain(added.take(MOST)));
        Reason::join(difference(expected, found).map(Reason::plain).into_iter().chain(who))
    }
}

/// Returns who created an entry or renamed it to its path.
fn actor_of(node: &Node) -> Actor {
    let (stored, renamed) = match node {
        Node::File(file) => (file.history.stored, &file.history.renamed),
        Node::Directory(directory) => (directory.created, &directory.renamed),
    };
    renamed.as_deref().map_or(stored, |(_, change)| *change).by
}

/// Returns the difference of two lists, if they are too long to be shown whole.
fn difference(expected: &[&str], found: &[&str]) -> Option<String> {
    let is_long = expected.len().max(found.len()) > state_view::MAX_LISTED;
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
