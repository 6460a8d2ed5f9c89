//! Assertions on a directory.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::journal::{Escaped, Exchange};
use crate::protocol::ErrorKind;
use crate::storage::{Actor, Directory, Node, Obstacle, Path, Removal};
use crate::wording::counted;

use super::assertion_macro::assertions_with_try;
use super::causes;
use super::reason::{Reason, Words};
use super::state_view::{self, EndedTokens, listed};
use super::{AssertionFailure, StateView};

/// What lay at a path at the moment of asking: a directory, or none.
#[derive(Clone, Debug)]
pub struct DirectorySnapshot {
    path: String,
    location: Path,
    found: Result<Directory, ErrorKind>,
    /// Who put each entry there.
    entries: Vec<(String, Actor)>,
    /// What took away what was at the path, or what was in the directory.
    removal: Option<Removal>,
    removals: Vec<Removal>,
    /// The directory above it that is missing, or the file above it.
    obstacle: Option<Obstacle>,
    /// Who stored the file that has its path.
    file: Option<Actor>,
    /// The exchanges that the records above name.
    exchanges: Vec<Arc<Exchange>>,
    account: String,
}

impl DirectorySnapshot {
    /// Looks at `path`, which is read as [`Path::as_written`] says.
    ///
    /// # Panics
    ///
    /// If `path` cannot be a path.
    #[track_caller]
    pub fn take(state_view: StateView<'_>, path: &str) -> Self {
        let location = state_view.path_in_tree(path);
        let tree = state_view.storage.tree();
        let found = tree.directory(&location).cloned();
        let entries = found.iter().flat_map(|directory| directory.entries(tree));
        let mut snapshot = Self {
            path: state_view.absolute(&location),
            entries: entries.map(|(name, node)| (name.to_owned(), actor_of(node))).collect(),
            removal: tree.removal(&location).cloned(),
            removals: tree.removals_from(&location).cloned().collect(),
            obstacle: tree.obstacle(&location),
            file: tree.file(&location).ok().map(|file| file.history.stored.by),
            exchanges: Vec::new(),
            account: state_view.storage.account().to_owned(),
            location,
            found,
        };
        let recorded = snapshot.recorded_exchanges();
        let exchanges = recorded.into_iter().filter_map(|index| state_view.journal.exchange(index));
        snapshot.exchanges = exchanges.cloned().collect();
        snapshot
    }

    fn recorded_exchanges(&self) -> BTreeSet<u64> {
        let removals = self.removal.iter().chain(&self.removals).map(|removal| removal.change.by);
        let made = self.found.iter().flat_map(actors_of_directory);
        let entries = self.entries.iter().map(|(_, by)| *by);
        let obstacle = self.obstacle.as_ref().and_then(causes::actor_of_obstacle);
        let actors = removals.chain(made).chain(entries).chain(obstacle).chain(self.file);
        actors.filter_map(Actor::exchange).collect()
    }

    /// Whether there is a directory.
    pub fn exists(&self) -> bool {
        self.found.is_ok()
    }

    /// The names in it, in order; none if there is no directory.
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

        /// Asserts the names in it, in order.
        assert_names, try_names(self, expected: &[&str]) {
            let claim = "holds the expected names";
            self.directory(claim)?;
            let found = self.names();
            let reason = || self.why_other_names(expected, &found);
            let failure = || self.failure(claim, listed(expected), listed(&found), reason());
            if found == expected { Ok(()) } else { Err(failure()) }
        }
    }

    fn directory(&self, claim: &str) -> Result<&Directory, Box<AssertionFailure>> {
        let words = |cause: &ErrorKind| match cause {
            ErrorKind::IsFile => "a file of that name",
            ErrorKind::FileInPath => "a file on the way to it",
            ErrorKind::NoParent => "nothing, and no parent either",
            _ => "nothing",
        };
        let reason = || Some(self.why_missing());
        self.found
            .as_ref()
            .map_err(|cause| self.failure(claim, "a directory", words(cause), reason()))
    }

    fn words(&self) -> Words<'_> {
        const NONE: &EndedTokens = &EndedTokens::new();
        Words { exchanges: &self.exchanges, account: &self.account, ended_tokens: NONE }
    }

    /// Shows only the exchanges that the reason names: others are not about the directory.
    fn failure(
        &self,
        claim: &str,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
        reason: Option<Reason>,
    ) -> Box<AssertionFailure> {
        let named = reason.as_ref().map(Reason::exchanges).unwrap_or_default().to_vec();
        let is_named = move |exchange: &&Arc<Exchange>| named.contains(&exchange.index);
        let exchanges: Vec<_> = self.exchanges.iter().filter(is_named).cloned().collect();
        AssertionFailure::new(format!("directory {} {claim}", self.path), expected, found)
            .explained_by(reason, exchanges)
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
        const MAKERS: &str = "only makeDir, makeDir2 and /post/directory make directories (§4.1)";
        let words = self.words();
        match (&self.removal, &self.obstacle, self.file) {
            (_, _, Some(by)) => words.did(by, "stored a file of that name"),
            (Some(removal), ..) => words.removal(removal, &self.location),
            (None, Some(obstacle), _) => causes::of_obstacle(words, obstacle),
            (None, None, _) => Reason::plain(MAKERS),
        }
    }

    /// What became of the names that are missing, and who put the others there.
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
        let added = self.entries.iter().filter(|(name, _)| !wanted.contains(name.as_str()));
        let added = added.map(|(name, by)| {
            words.did(*by, "put it there").within(&format!("{:?}: ", Escaped::new(name)), "")
        });
        let who = Reason::join(removed.take(MOST).chain(added.take(MOST)));
        Reason::join(difference(expected, found).map(Reason::plain).into_iter().chain(who))
    }
}

/// Who put an entry where it is.
fn actor_of(node: &Node) -> Actor {
    let (stored, renamed) = match node {
        Node::File(file) => (file.history.stored, &file.history.renamed),
        Node::Directory(directory) => (directory.created, &directory.renamed),
    };
    renamed.as_deref().map_or(stored, |(_, change)| *change).by
}

fn actors_of_directory(directory: &Directory) -> impl Iterator<Item = Actor> {
    let renamed = directory.renamed.as_deref().map(|(_, change)| change.by);
    renamed.into_iter().chain([directory.created.by])
}

/// What two lists of names differ in, where they are too long to be shown whole.
fn difference(expected: &[&str], found: &[&str]) -> Option<String> {
    let is_long = expected.len().max(found.len()) > state_view::MOST_LISTED;
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
