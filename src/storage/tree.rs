//! The directory tree of an account. This module knows no users, options or protocol times except
//! those that it stores. Start with [`Tree`] and [`Node`].

use std::sync::Arc;

use crate::blob::Blob;
use crate::protocol::ErrorKind;

use super::entries::{Entries, NodeId};
use super::recent::Recent;
use super::records::Records;
use super::{
    Change, FileHistory, MissingParents, MkdirOutcome, Obstacle, Path, Removal, RemovalKind,
    Timestamp,
};

/// The owner and the times of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The number of the owner.
    pub uid: u32,
    /// The group of the owner.
    pub gid: u32,
    /// The creation time.
    pub ctime: Timestamp,
    /// The time of the last change, or the time that the client declared.
    pub mtime: Timestamp,
}

/// A stored file.
#[derive(Clone, Debug)]
pub struct File {
    /// Owner and times.
    pub stat: Stat,
    /// The bytes.
    pub content: Blob,
    /// The declared or derived type (§3.9); `None` if it is unknown (§3.10).
    pub content_type: Option<String>,
    /// The time from which readers see it (§8); `None` means never.
    pub visible: Option<Timestamp>,
    /// The changes that stored and altered it.
    pub history: Box<FileHistory>,
}

/// A directory with its named entries.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Owner and times.
    pub stat: Stat,
    /// The change that created it.
    pub created: Change,
    /// The path before the last rename, and the rename.
    pub renamed: Option<Box<(Path, Change)>>,
    entries: Entries,
}

impl Directory {
    /// Returns the names in the directory, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name)
    }

    /// Returns whether the directory has no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.len() == 0
    }

    /// Returns the node of a name. Every lookup in the tree uses it, so that tests can count
    /// lookups.
    fn entry(&self, name: &str) -> Option<NodeId> {
        #[cfg(test)]
        tests::LOOKUPS.with(|lookups| lookups.set(lookups.get() + 1));
        self.entries.get(name)
    }

    /// Returns the entries, as they are in `tree`, in the order of names.
    pub fn entries<'t>(&self, tree: &'t Tree) -> impl Iterator<Item = (&str, &'t Arc<Node>)> {
        self.entries.iter().map(|(name, id)| (name, tree.shared_node(id)))
    }

    /// Returns the subdirectories, or else the files, in the order of names, without the first
    /// `start`.
    pub fn entries_of_kind<'t>(
        &self,
        tree: &'t Tree,
        is_directory: bool,
        start: usize,
    ) -> impl Iterator<Item = (&str, &'t Node)> {
        let entries = self.entries.of_kind(is_directory, start);
        entries.map(|(name, id)| (name, tree.node(id)))
    }
}

/// An entry. A name belongs to a file or to a directory, never to both (§3.6).
#[derive(Clone, Debug)]
pub enum Node {
    /// A directory.
    Directory(Directory),
    /// A file.
    File(File),
}

impl Node {
    /// Creates an empty directory.
    pub fn directory(stat: Stat, created: Change) -> Self {
        Self::Directory(Directory { stat, created, renamed: None, entries: Entries::default() })
    }

    /// Returns owner and times.
    pub fn stat(&self) -> &Stat {
        match self {
            Self::Directory(directory) => &directory.stat,
            Self::File(file) => &file.stat,
        }
    }

    /// Returns the number of bytes of a file, or 0.
    fn bytes(&self) -> u64 {
        match self {
            Self::File(file) => file.content.len(),
            Self::Directory(_) => 0,
        }
    }

    /// Returns owner and times for changes.
    pub fn stat_mut(&mut self) -> &mut Stat {
        match self {
            Self::Directory(directory) => &mut directory.stat,
            Self::File(file) => &mut file.stat,
        }
    }
}

/// The tree. All nodes are in one list and all traversals are loops, so deep directories cannot
/// exhaust the stack. A clone shares the nodes until they change.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Records<Arc<Node>>,
    /// The bytes in all files. It is updated with each change, because every request checks the
    /// quota.
    bytes: u64,
    /// The last removal of each path.
    removals: Arc<Recent<Path, Removal>>,
}

const ROOT: NodeId = 0;

impl Tree {
    /// Creates a tree with an empty root.
    pub fn new(root: Stat) -> Self {
        let mut nodes = Records::default();
        nodes.push(Arc::new(Node::directory(root, Change::by_test(root.ctime))));
        Self { nodes, bytes: 0, removals: Arc::default() }
    }

    /// Returns the entry at `path`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if only the last name is missing, [`ErrorKind::NoParent`] if an
    /// earlier one is missing, [`ErrorKind::FileInPath`] if an earlier one is a file.
    pub fn get(&self, path: &Path) -> Result<&Node, ErrorKind> {
        self.find(path).map(|id| self.node(id))
    }

    /// Returns the file at `path`.
    ///
    /// # Errors
    ///
    /// The errors of [`Tree::get`], and [`ErrorKind::IsDirectory`].
    pub fn file(&self, path: &Path) -> Result<&File, ErrorKind> {
        match self.get(path)? {
            Node::File(file) => Ok(file),
            Node::Directory(_) => Err(ErrorKind::IsDirectory),
        }
    }

    /// Returns the directory at `path`.
    ///
    /// # Errors
    ///
    /// The errors of [`Tree::get`], and [`ErrorKind::IsFile`].
    pub fn directory(&self, path: &Path) -> Result<&Directory, ErrorKind> {
        match self.get(path)? {
            Node::Directory(directory) => Ok(directory),
            Node::File(_) => Err(ErrorKind::IsFile),
        }
    }

    /// Stores a new entry at `path`, or replaces the file there, and updates the mtime of the
    /// parent (§3.7).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoParent`] or [`ErrorKind::FileInPath`] if the parent is not a directory,
    /// [`ErrorKind::IsDirectory`] if the path is a directory, [`ErrorKind::IsRoot`] for the root.
    /// An error changes nothing.
    pub fn put(&mut self, path: &Path, mut node: Node, change: Change) -> Result<(), ErrorKind> {
        let (parent, name) = self.holder(path)?;
        let added = node.bytes();
        match self.entries(parent).get(name) {
            Some(taken) if matches!(self.node(taken), Node::Directory(_)) => {
                return Err(ErrorKind::IsDirectory);
            }
            Some(taken) => {
                self.bytes -= self.node(taken).bytes();
                if let (Node::File(new), Node::File(old)) = (&mut node, self.node(taken)) {
                    new.history.replaced = Some(old.history.stored);
                }
                if let Some(file) = self.nodes.by_number_mut(taken) {
                    *file = Arc::new(node);
                }
            }
            None => {
                self.insert(parent, name, node);
            }
        }
        self.bytes += added;
        self.touch(parent, change.at);
        Ok(())
    }

    /// Creates the directory at `path` if it is missing, and its missing parents if `parents`
    /// allows it. Every new directory gets `stat`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::IsFile`] if the path is a file, [`ErrorKind::FileInPath`] if a parent is a
    /// file, [`ErrorKind::NoParent`] if parents are missing and `parents` does not allow to create
    /// them. An error changes nothing.
    pub fn make_directory(
        &mut self,
        path: &Path,
        parents: MissingParents,
        stat: Stat,
        change: Change,
    ) -> Result<MkdirOutcome, ErrorKind> {
        let mut missing = path.segments().peekable();
        let mut at = ROOT;
        while let Some(name) = missing.peek() {
            let Node::Directory(directory) = self.node(at) else {
                return Err(ErrorKind::FileInPath);
            };
            let Some(next) = directory.entry(name) else { break };
            at = next;
            missing.next();
        }
        match (self.node(at), missing.len()) {
            (Node::File(_), _) => return Err(ErrorKind::IsFile),
            (Node::Directory(_), 0) => return Ok(MkdirOutcome::Existed),
            (_, 2..) if parents == MissingParents::Reject => {
                return Err(ErrorKind::NoParent);
            }
            _ => self.touch(at, change.at),
        }
        for name in missing {
            at = self.insert(at, name, Node::directory(stat, change));
        }
        Ok(MkdirOutcome::Made)
    }

    /// Removes the file or the empty directory at `path`, and updates the mtime of the parent
    /// (§3.7).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotEmpty`], [`ErrorKind::IsRoot`], or the errors of [`Tree::get`]. An error
    /// changes nothing.
    pub fn remove(&mut self, path: &Path, change: Change) -> Result<(), ErrorKind> {
        let id = self.find(path)?;
        let (parent, name) = self.holder(path)?;
        if matches!(self.node(id), Node::Directory(directory) if !directory.is_empty()) {
            return Err(ErrorKind::NotEmpty);
        }
        self.entries_mut(parent).remove(name);
        self.record_removal(id, path, change, RemovalKind::Deleted);
        self.free_all(id);
        self.touch(parent, change.at);
        Ok(())
    }

    /// Removes the entry at `path` with all its entries, and updates the mtime of the parent.
    ///
    /// # Errors
    ///
    /// The errors of [`Tree::remove`], except [`ErrorKind::NotEmpty`].
    pub(super) fn remove_all(&mut self, path: &Path, change: Change) -> Result<(), ErrorKind> {
        let id = self.find(path)?;
        let (parent, name) = self.holder(path)?;
        self.entries_mut(parent).remove(name);
        self.record_removal(id, path, change, RemovalKind::DeletedWithContents);
        self.free_all(id);
        self.touch(parent, change.at);
        Ok(())
    }

    /// Returns the bytes in all files.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Moves the file or the empty directory at `from` to `to`, and updates the mtime of both
    /// parents.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotEmpty`] or [`ErrorKind::IsRoot`] if the entry cannot be moved,
    /// [`ErrorKind::NoTargetParent`] or [`ErrorKind::TargetExists`] if the target cannot hold it,
    /// or the errors of [`Tree::get`]. An error changes nothing.
    pub fn rename(&mut self, from: &Path, to: &Path, change: Change) -> Result<(), ErrorKind> {
        let id = self.find(from)?;
        let (old_parent, old_name) = self.holder(from)?;
        let (parent, name) = self.holder(to).map_err(|cause| match cause {
            ErrorKind::IsRoot => ErrorKind::TargetExists,
            _ => ErrorKind::NoTargetParent,
        })?;
        if parent == id {
            return Err(ErrorKind::NoTargetParent);
        }
        if self.entries(parent).get(name).is_some() {
            return Err(ErrorKind::TargetExists);
        }
        if matches!(self.node(id), Node::Directory(directory) if !directory.is_empty()) {
            return Err(ErrorKind::NotEmpty);
        }
        let is_directory = matches!(self.node(id), Node::Directory(_));
        self.entries_mut(old_parent).remove(old_name);
        self.entries_mut(parent).insert(name, id, is_directory);
        self.touch(old_parent, change.at);
        self.touch(parent, change.at);
        self.record_removal(id, from, change, RemovalKind::RenamedTo(to.clone()));
        let renamed = Some(Box::new((from.clone(), change)));
        match self.node_mut(id) {
            Some(Node::Directory(directory)) => directory.renamed = renamed,
            Some(Node::File(file)) => file.history.renamed = renamed,
            None => {}
        }
        Ok(())
    }

    /// Returns the entry at `path` for changes of all but its bytes.
    ///
    /// # Errors
    ///
    /// The errors of [`Tree::get`].
    pub(super) fn get_mut(&mut self, path: &Path) -> Result<&mut Node, ErrorKind> {
        let id = self.find(path)?;
        self.node_mut(id).ok_or(ErrorKind::NotFound)
    }

    /// Returns the last removal of the entry at `path`: of the path itself, or of a parent
    /// directory with all its entries. The tree remembers the removals of the last
    /// [`REMEMBERED`](super::REMEMBERED) paths.
    pub fn removal(&self, path: &Path) -> Option<&Removal> {
        let took_it = |(_, removal): &(u64, &Removal)| {
            let with_contents = removal.kind == RemovalKind::DeletedWithContents;
            removal.path == *path || (with_contents && path.is_inside(&removal.path))
        };
        self.removals.iter().filter(took_it).max_by_key(|(number, _)| *number).map(|(_, it)| it)
    }

    /// Returns the remembered removals of entries of the directory at `path`.
    pub fn removals_from(&self, path: &Path) -> impl Iterator<Item = &Removal> {
        let is_in_it = move |removal: &&Removal| {
            let depth = removal.path.segments().len();
            depth == path.segments().len() + 1 && removal.path.is_inside(path)
        };
        self.removals.iter().map(|(_, removal)| removal).filter(is_in_it)
    }

    /// Returns whether removals were dropped because there were too many.
    pub fn has_forgotten_removals(&self) -> bool {
        self.removals.has_forgotten()
    }

    /// Returns the reason why a file cannot be stored at `path`, if there is one.
    pub fn obstacle(&self, path: &Path) -> Option<Obstacle> {
        let mut at = ROOT;
        for (index, name) in path.segments().enumerate() {
            let reached = || path.ancestor(index + 1);
            let is_last = index + 1 == path.segments().len();
            let entry = match self.node(at) {
                Node::Directory(directory) => directory.entry(name),
                Node::File(_) => None,
            };
            match entry.map(|id| (id, self.node(id))) {
                Some((_, Node::Directory(directory))) if is_last => {
                    return Some(Obstacle::Directory { created: directory.created });
                }
                _ if is_last => return None,
                Some((id, Node::Directory(_))) => at = id,
                Some((_, Node::File(file))) => {
                    return Some(Obstacle::File { path: reached(), stored: file.history.stored });
                }
                None => {
                    let path = reached();
                    let removal = self.removal(&path).cloned();
                    return Some(Obstacle::MissingDirectory { path, removal });
                }
            }
        }
        None
    }

    fn record_removal(&mut self, id: NodeId, path: &Path, change: Change, kind: RemovalKind) {
        let was_directory = matches!(self.node(id), Node::Directory(_));
        let removal = Removal { path: path.clone(), change, kind, was_directory };
        Arc::make_mut(&mut self.removals).record(path.clone(), removal);
    }

    fn find(&self, path: &Path) -> Result<NodeId, ErrorKind> {
        self.walk(path.segments())
    }

    fn walk<'p>(
        &self,
        mut names: impl ExactSizeIterator<Item = &'p str>,
    ) -> Result<NodeId, ErrorKind> {
        let mut at = ROOT;
        while let Some(name) = names.next() {
            let Node::Directory(directory) = self.node(at) else {
                return Err(ErrorKind::FileInPath);
            };
            let missing = if names.len() == 0 { ErrorKind::NotFound } else { ErrorKind::NoParent };
            at = directory.entry(name).ok_or(missing)?;
        }
        Ok(at)
    }

    /// Returns the node of the parent of `path`, and the last name.
    fn holder<'p>(&self, path: &'p Path) -> Result<(NodeId, &'p str), ErrorKind> {
        let mut parents = path.segments();
        let name = parents.next_back().ok_or(ErrorKind::IsRoot)?;
        let id = self.walk(parents).map_err(|cause| match cause {
            ErrorKind::NotFound => ErrorKind::NoParent,
            other => other,
        })?;
        match self.node(id) {
            Node::Directory(_) => Ok((id, name)),
            Node::File(_) => Err(ErrorKind::FileInPath),
        }
    }

    /// Adds a node under a free name to the directory `parent`.
    fn insert(&mut self, parent: NodeId, name: &str, node: Node) -> NodeId {
        let is_directory = matches!(node, Node::Directory(_));
        let id = self.nodes.push(Arc::new(node));
        self.entries_mut(parent).insert(name, id, is_directory);
        id
    }

    /// Frees a node that no entry refers to any more, and all nodes below it.
    fn free_all(&mut self, id: NodeId) {
        let mut doomed = vec![id];
        while let Some(id) = doomed.pop() {
            match self.nodes.remove(id).as_deref() {
                Some(Node::Directory(directory)) => {
                    doomed.extend(directory.entries.iter().map(|(_, id)| id));
                }
                Some(file @ Node::File(_)) => self.bytes -= file.bytes(),
                None => {}
            }
        }
    }

    fn node(&self, id: NodeId) -> &Node {
        self.shared_node(id)
    }

    fn shared_node(&self, id: NodeId) -> &Arc<Node> {
        self.nodes.by_number(id).expect("an entry leads to a node")
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.by_number_mut(id).map(Arc::make_mut)
    }

    fn entries(&self, id: NodeId) -> &Entries {
        match self.node(id) {
            Node::Directory(directory) => &directory.entries,
            Node::File(_) => unreachable!("a holder is a directory"),
        }
    }

    fn entries_mut(&mut self, id: NodeId) -> &mut Entries {
        match self.node_mut(id) {
            Some(Node::Directory(directory)) => &mut directory.entries,
            _ => unreachable!("a holder is a directory"),
        }
    }

    fn touch(&mut self, id: NodeId, now: Timestamp) {
        if let Some(Node::Directory(directory)) = self.node_mut(id) {
            directory.stat.mtime = now;
        }
    }
}

#[cfg(test)]
mod tests;
