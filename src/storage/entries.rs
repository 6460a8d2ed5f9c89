//! The names in a directory, in order, each with its node.
//!
//! Subdirectories and files are listed apart, in sorted blocks that clones share: a page of a listing
//! begins at any position without a walk over the names before it, and a change copies one block. Start
//! with [`Entries`].

use std::iter::Peekable;
use std::sync::Arc;

/// The number of a node of the tree.
pub(super) type NodeId = u64;

/// The maximum number of names in a block.
const MAX_BLOCK: usize = 256;

/// The entries of a directory.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    directories: Names,
    files: Names,
}

type Entry = (Arc<str>, NodeId);

/// Names in order. No block is empty.
#[derive(Clone, Debug, Default)]
struct Names {
    blocks: Vec<Arc<Vec<Entry>>>,
    len: usize,
}

impl Entries {
    pub(super) fn len(&self) -> usize {
        self.directories.len + self.files.len
    }

    pub(super) fn get(&self, name: &str) -> Option<NodeId> {
        self.files.get(name).or_else(|| self.directories.get(name))
    }

    /// Adds a free name.
    pub(super) fn insert(&mut self, name: &str, id: NodeId, is_directory: bool) {
        let names = if is_directory { &mut self.directories } else { &mut self.files };
        names.insert(name, id);
    }

    pub(super) fn remove(&mut self, name: &str) {
        if !self.files.remove(name) {
            self.directories.remove(name);
        }
    }

    /// Returns all entries in the order of names.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (&str, NodeId)> {
        let (directories, files) = (self.directories.from(0), self.files.from(0));
        Merged { directories: directories.peekable(), files: files.peekable(), left: self.len() }
    }

    /// Returns the subdirectories, or else the files, in the order of names, without the first
    /// `start`.
    pub(super) fn of_kind(
        &self,
        is_directory: bool,
        start: usize,
    ) -> impl Iterator<Item = (&str, NodeId)> {
        if is_directory { self.directories.from(start) } else { self.files.from(start) }
    }
}

impl Names {
    /// Returns the place of a name: its block, and its position there if it is there, else the one to
    /// insert it at.
    fn place(&self, name: &str) -> (usize, Result<usize, usize>) {
        let is_before = |block: &Arc<Vec<Entry>>| block.last().is_some_and(|last| *last.0 < *name);
        let block = self.blocks.partition_point(is_before).min(self.blocks.len().max(1) - 1);
        let at = self
            .blocks
            .get(block)
            .map_or(Err(0), |entries| entries.binary_search_by(|(other, _)| (**other).cmp(name)));
        (block, at)
    }

    fn get(&self, name: &str) -> Option<NodeId> {
        let (block, Ok(at)) = self.place(name) else { return None };
        Some(self.blocks[block][at].1)
    }

    fn insert(&mut self, name: &str, id: NodeId) {
        let (block, Err(at)) = self.place(name) else { return };
        if self.blocks.is_empty() {
            self.blocks.push(Arc::default());
        }
        let entries = Arc::make_mut(&mut self.blocks[block]);
        entries.insert(at, (name.into(), id));
        if entries.len() > MAX_BLOCK {
            let upper = entries.split_off(MAX_BLOCK / 2);
            self.blocks.insert(block + 1, Arc::new(upper));
        }
        self.len += 1;
    }

    fn remove(&mut self, name: &str) -> bool {
        let (block, Ok(at)) = self.place(name) else { return false };
        let entries = Arc::make_mut(&mut self.blocks[block]);
        entries.remove(at);
        if entries.is_empty() {
            self.blocks.remove(block);
        }
        self.len -= 1;
        true
    }

    fn from(&self, start: usize) -> impl Iterator<Item = (&str, NodeId)> {
        let (mut block, mut left) = (0, start);
        while let Some(entries) = self.blocks.get(block).filter(|entries| entries.len() <= left) {
            left -= entries.len();
            block += 1;
        }
        self.blocks[block..]
            .iter()
            .flat_map(|it| it.iter())
            .skip(left)
            .map(|(name, id)| (&**name, *id))
    }
}

/// Both lists in the order of names.
struct Merged<D: Iterator, F: Iterator> {
    directories: Peekable<D>,
    files: Peekable<F>,
    left: usize,
}

impl<'a, D, F> Iterator for Merged<D, F>
where
    D: Iterator<Item = (&'a str, NodeId)>,
    F: Iterator<Item = (&'a str, NodeId)>,
{
    type Item = (&'a str, NodeId);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.saturating_sub(1);
        match (self.directories.peek(), self.files.peek()) {
            (Some((directory, _)), Some((file, _))) if file < directory => self.files.next(),
            (Some(_), _) => self.directories.next(),
            (None, _) => self.files.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<'a, D, F> ExactSizeIterator for Merged<D, F>
where
    D: Iterator<Item = (&'a str, NodeId)>,
    F: Iterator<Item = (&'a str, NodeId)>,
{
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns entries with every fifth name a directory, added in an order unlike that of names.
    fn entries() -> (Entries, Vec<String>) {
        let mut entries = Entries::default();
        let mut names: Vec<String> =
            (0..2_000).map(|it| format!("{:04}", it * 7_919 % 10_007)).collect();
        for (id, name) in names.iter().enumerate() {
            entries.insert(name, id as u64, id % 5 == 0);
        }
        for (id, name) in names.iter().enumerate() {
            assert_eq!(entries.get(name), Some(id as u64));
        }
        names.sort();
        (entries, names)
    }

    #[test]
    fn entries_are_in_the_order_of_names() {
        let (mut entries, mut names) = entries();
        assert!(entries.iter().map(|(name, _)| name).eq(names.iter()));
        assert_eq!((entries.len(), entries.iter().len()), (2_000, 2_000));
        for name in names.extract_if(.., |name| name.ends_with(['1', '2', '3'])) {
            entries.remove(&name);
            assert_eq!(entries.get(&name), None);
            entries.remove(&name);
        }
        assert!(entries.iter().map(|(name, _)| name).eq(names.iter()));
        assert_eq!(entries.len(), names.len());
        for name in &names {
            entries.remove(name);
        }
        assert_eq!((entries.len(), entries.iter().next()), (0, None));
        entries.insert("again", 1, false);
        assert_eq!(entries.get("again"), Some(1));
    }

    #[test]
    fn a_page_begins_at_any_position_of_a_kind() {
        let (entries, _) = entries();
        for is_directory in [true, false] {
            let is_of_kind = |(_, id): &(&str, NodeId)| (id % 5 == 0) == is_directory;
            let all: Vec<_> = entries.iter().filter(is_of_kind).collect();
            for start in (0..=all.len()).step_by(7).chain([all.len(), all.len() + 1, usize::MAX]) {
                let page: Vec<_> = entries.of_kind(is_directory, start).take(3).collect();
                let expected: Vec<_> = all.iter().copied().skip(start).take(3).collect();
                assert_eq!(page, expected, "{start}");
            }
        }
    }

    #[test]
    fn a_change_copies_one_block_of_a_clone() {
        let (mut entries, _) = entries();
        let clone = entries.clone();
        entries.insert("0000a", 1, false);
        let shared =
            |name: &Arc<Vec<Entry>>| clone.files.blocks.iter().any(|it| Arc::ptr_eq(it, name));
        let copied = entries.files.blocks.iter().filter(|block| !shared(block)).count();
        assert!(copied <= 2 && entries.files.blocks.len() > 5, "{copied}");
        assert_eq!((entries.len(), clone.len()), (2_001, 2_000));
    }
}
