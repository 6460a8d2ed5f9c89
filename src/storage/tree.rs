//! The directory tree of an account.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::blob::Blob;
use crate::protocol::ErrorKind;

use super::recent::Recent;
use super::{
    Change, FileHistory, MissingParents, MkdirOutcome, Obstacle, Path, Removal, RemovalKind,
    Timestamp,
};

/// Who an entry belongs to, and when it was made and changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The owner's number.
    pub uid: u32,
    /// The owner's group.
    pub gid: u32,
    /// When the entry came to be.
    pub ctime: Timestamp,
    /// When it was last changed, or what the client said.
    pub mtime: Timestamp,
}

/// A stored file.
#[derive(Clone, Debug)]
pub struct File {
    /// Owner and times.
    pub stat: Stat,
    /// What is in it.
    pub content: Blob,
    /// The type that was given or derived (§3.9); none where nothing is known (§3.10).
    pub content_type: Option<String>,
    /// From when on readers see it (§8); `None` is never.
    pub visible: Option<Timestamp>,
    /// Who stored it, and what has been done to it since.
    pub history: Box<FileHistory>,
}

/// A directory: names, and what they lead to.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Owner and times.
    pub stat: Stat,
    /// Who created it.
    pub created: Change,
    /// Where it was before it was last renamed, and who renamed it.
    pub renamed: Option<Box<(Path, Change)>>,
    entries: Arc<Entries>,
}

impl Directory {
    /// The names in it, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.keys().map(|name| &**name)
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every walk through the tree asks here, name by name: tests count what it costs.
    fn entry(&self, name: &str) -> Option<NodeId> {
        #[cfg(test)]
        tests::LOOKUPS.with(|lookups| lookups.set(lookups.get() + 1));
        self.entries.get(name).copied()
    }
}

impl Directory {
    /// What is in it, as one finds it in `tree`, in the order of names.
    pub fn entries<'t>(&self, tree: &'t Tree) -> impl ExactSizeIterator<Item = (&str, &'t Node)> {
        self.entries.iter().map(|(name, id)| (&**name, tree.node(*id)))
    }
}

/// An entry: a name is taken once, by a file or by a directory (§3.6).
#[derive(Clone, Debug)]
pub enum Node {
    /// A directory.
    Directory(Directory),
    /// A file.
    File(File),
}

impl Node {
    /// An empty directory.
    pub fn directory(stat: Stat, created: Change) -> Self {
        Self::Directory(Directory { stat, created, renamed: None, entries: Arc::default() })
    }

    /// Owner and times.
    pub fn stat(&self) -> &Stat {
        match self {
            Self::Directory(directory) => &directory.stat,
            Self::File(file) => &file.stat,
        }
    }

    /// Bytes in it, if it is a file.
    fn bytes(&self) -> u64 {
        match self {
            Self::File(file) => file.content.len(),
            Self::Directory(_) => 0,
        }
    }

    /// Owner and times, to be changed.
    pub fn stat_mut(&mut self) -> &mut Stat {
        match self {
            Self::Directory(directory) => &mut directory.stat,
            Self::File(file) => &mut file.stat,
        }
    }
}

type NodeId = usize;

type Entries = BTreeMap<Arc<str>, NodeId>;

/// The tree. Nodes lie flat in one list, and every walk is a loop, so that no depth of directories can
/// exhaust a stack. A clone shares them until they change.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Arc<Vec<Option<Arc<Node>>>>,
    free: Arc<Vec<NodeId>>,
    /// Bytes in all files: counted along, as a quota is checked with every request.
    bytes: u64,
    /// The last removal of each path.
    removals: Arc<Recent<Path, Removal>>,
}

const ROOT: NodeId = 0;

impl Tree {
    /// A tree with a root and nothing in it.
    pub fn new(root: Stat) -> Self {
        let root = Some(Arc::new(Node::directory(root, Change::by_test(root.ctime))));
        let (nodes, free, removals) = (Arc::new(vec![root]), Arc::default(), Arc::default());
        Self { nodes, free, bytes: 0, removals }
    }

    /// What lies at `path`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if only the last name is missing, [`ErrorKind::NoParent`] if an earlier one
    /// is, [`ErrorKind::FileInPath`] if an earlier one is a file.
    pub fn get(&self, path: &Path) -> Result<&Node, ErrorKind> {
        self.find(path).map(|id| self.node(id))
    }

    /// The file at `path`.
    ///
    /// # Errors
    ///
    /// As [`Tree::get`], and [`ErrorKind::IsDirectory`].
    pub fn file(&self, path: &Path) -> Result<&File, ErrorKind> {
        match self.get(path)? {
            Node::File(file) => Ok(file),
            Node::Directory(_) => Err(ErrorKind::IsDirectory),
        }
    }

    /// The directory at `path`.
    ///
    /// # Errors
    ///
    /// As [`Tree::get`], and [`ErrorKind::IsFile`].
    pub fn directory(&self, path: &Path) -> Result<&Directory, ErrorKind> {
        match self.get(path)? {
            Node::Directory(directory) => Ok(directory),
            Node::File(_) => Err(ErrorKind::IsFile),
        }
    }

    /// Puts a new entry at `path`, or replaces the file there; the parent was changed now (§3.7).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoParent`] or [`ErrorKind::FileInPath`] if there is no directory to hold it,
    /// [`ErrorKind::IsDirectory`] if a directory is there, [`ErrorKind::IsRoot`] for the root itself. The
    /// tree is then as it was.
    pub fn put(&mut self, path: &Path, mut node: Node, change: Change) -> Result<(), ErrorKind> {
        let (parent, name) = self.holder(path)?;
        let added = node.bytes();
        match self.entries(parent).get(name).copied() {
            Some(taken) if matches!(self.node(taken), Node::Directory(_)) => {
                return Err(ErrorKind::IsDirectory);
            }
            Some(taken) => {
                self.bytes -= self.node(taken).bytes();
                if let (Node::File(new), Node::File(old)) = (&mut node, self.node(taken)) {
                    new.history.replaced = Some(old.history.stored);
                }
                self.set(taken, node);
            }
            None => {
                self.insert(parent, name, node);
            }
        }
        self.bytes += added;
        self.touch(parent, change.at);
        Ok(())
    }

    /// Makes the directory at `path` if it is missing, and its missing parents if `parents` allows it.
    /// Every new directory gets `stat`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::IsFile`] if a file has that name, [`ErrorKind::FileInPath`] if a file is on the way,
    /// [`ErrorKind::NoParent`] if parents are missing and required. The tree is then as it was.
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

    /// Takes the file or the empty directory at `path` away; the parent was changed now (§3.7).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotEmpty`] or [`ErrorKind::IsRoot`], else as [`Tree::get`]. The tree is then as it was.
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

    /// Takes the entry at `path` away with all that is in it; the parent was changed now.
    ///
    /// # Errors
    ///
    /// As [`Tree::remove`], but for [`ErrorKind::NotEmpty`].
    pub(super) fn remove_all(&mut self, path: &Path, change: Change) -> Result<(), ErrorKind> {
        let id = self.find(path)?;
        let (parent, name) = self.holder(path)?;
        self.entries_mut(parent).remove(name);
        self.record_removal(id, path, change, RemovalKind::DeletedWithContents);
        self.free_all(id);
        self.touch(parent, change.at);
        Ok(())
    }

    /// Bytes in all files.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Moves the file or the empty directory at `from` to `to`; both parents were changed now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotEmpty`] or [`ErrorKind::IsRoot`] for what cannot be moved, [`ErrorKind::NoTargetParent`]
    /// or [`ErrorKind::TargetExists`] for where it cannot go, else as [`Tree::get`]. The tree is then as
    /// it was.
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
        if self.entries(parent).contains_key(name) {
            return Err(ErrorKind::TargetExists);
        }
        if matches!(self.node(id), Node::Directory(directory) if !directory.is_empty()) {
            return Err(ErrorKind::NotEmpty);
        }
        self.entries_mut(old_parent).remove(old_name);
        self.entries_mut(parent).insert(name.into(), id);
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

    /// What lies at `path`, to be changed in all but the content.
    ///
    /// # Errors
    ///
    /// As [`Tree::get`].
    pub(super) fn get_mut(&mut self, path: &Path) -> Result<&mut Node, ErrorKind> {
        let id = self.find(path)?;
        self.node_mut(id).ok_or(ErrorKind::NotFound)
    }

    /// Returns the last removal of what was at `path`: of the path itself, or of a directory above it
    /// with all its contents. The tree remembers the removals of the last
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

    /// Returns whether removals were forgotten because there were too many.
    pub fn has_forgotten_removals(&self) -> bool {
        self.removals.has_forgotten()
    }

    /// Returns what keeps a file from being at `path`, if anything does.
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

    /// The directory that holds, or would hold, `path`, and the name in it.
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

    /// Puts a node under a name that is free in the directory `parent`.
    fn insert(&mut self, parent: NodeId, name: &str, node: Node) -> NodeId {
        let id = self.place(node);
        self.entries_mut(parent).insert(name.into(), id);
        id
    }

    fn place(&mut self, node: Node) -> NodeId {
        let free = if self.free.is_empty() { None } else { Arc::make_mut(&mut self.free).pop() };
        if let Some(id) = free {
            self.set(id, node);
            return id;
        }
        Arc::make_mut(&mut self.nodes).push(Some(Arc::new(node)));
        self.nodes.len() - 1
    }

    fn set(&mut self, id: NodeId, node: Node) {
        Arc::make_mut(&mut self.nodes)[id] = Some(Arc::new(node));
    }

    /// Frees a node that no entry leads to any more, and all that is in it.
    fn free_all(&mut self, id: NodeId) {
        let mut doomed = vec![id];
        while let Some(id) = doomed.pop() {
            match Arc::make_mut(&mut self.nodes)[id].take().as_deref() {
                Some(Node::Directory(directory)) => doomed.extend(directory.entries.values()),
                Some(file @ Node::File(_)) => self.bytes -= file.bytes(),
                None => {}
            }
            Arc::make_mut(&mut self.free).push(id);
        }
    }

    fn node(&self, id: NodeId) -> &Node {
        self.nodes[id].as_ref().expect("an entry leads to a node")
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        Arc::make_mut(&mut self.nodes)[id].as_mut().map(Arc::make_mut)
    }

    fn entries(&self, id: NodeId) -> &Entries {
        match self.node(id) {
            Node::Directory(directory) => &directory.entries,
            Node::File(_) => unreachable!("a holder is a directory"),
        }
    }

    fn entries_mut(&mut self, id: NodeId) -> &mut Entries {
        match self.node_mut(id) {
            Some(Node::Directory(directory)) => Arc::make_mut(&mut directory.entries),
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
