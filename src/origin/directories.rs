//! What can be done with directories and stored files (§6, §7.2).

use crate::spec::Cause;

use super::tree::{Node, Stat};
use super::{Origin, Path, Timestamp, UserId};

/// What is done about parents that do not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parents {
    /// They must exist.
    Required,
    /// They are made.
    Made,
}

/// What making a directory came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Making {
    /// It was made.
    Made,
    /// It was there already.
    Existed,
}

impl Origin {
    /// Whether a directory could be made; nothing is changed.
    ///
    /// # Errors
    ///
    /// [`Cause::IsFile`] if a file has that name, [`Cause::FileInPath`] if a file is on the way,
    /// [`Cause::NoParent`] if parents are missing and required.
    pub fn check_directory(&self, path: &Path, parents: Parents) -> Result<Making, Cause> {
        match self.tree.directory(path) {
            Ok(_) => Ok(Making::Existed),
            Err(Cause::NotFound) => Ok(Making::Made),
            Err(Cause::NoParent) if parents == Parents::Made => Ok(Making::Made),
            Err(cause) => Err(cause),
        }
    }

    /// Makes a directory, if it is not there.
    ///
    /// # Errors
    ///
    /// As [`Origin::check_directory`].
    pub fn make_directory(
        &mut self,
        now: Timestamp,
        user: UserId,
        path: &Path,
        parents: Parents,
    ) -> Result<Making, Cause> {
        let making = self.check_directory(path, parents)?;
        let owner = self.sessions.user(user);
        let stat = Stat { uid: owner.uid, gid: owner.gid, ctime: now, mtime: now };
        let mut at = Path::root();
        for name in path.segments() {
            at = at.child(name);
            if self.tree.get(&at).is_err() {
                self.tree.put(&at, Node::directory(stat), now)?;
            }
        }
        Ok(making)
    }

    /// Removes the file at `path`.
    ///
    /// # Errors
    ///
    /// As [`super::Tree::file`].
    pub fn delete_file(&mut self, now: Timestamp, path: &Path) -> Result<(), Cause> {
        self.tree.file(path)?;
        self.tree.remove(path, now)
    }

    /// Removes the empty directory at `path`; open uploads that aim into it do not fill it (§4.4).
    ///
    /// # Errors
    ///
    /// As [`super::Tree::directory`], [`Cause::NotEmpty`], and [`Cause::IsRoot`] for what the
    /// caller sees as `/`.
    pub fn delete_directory(
        &mut self,
        now: Timestamp,
        root: &Path,
        path: &Path,
    ) -> Result<(), Cause> {
        if path == root {
            return Err(Cause::IsRoot);
        }
        self.tree.directory(path)?;
        self.tree.remove(path, now)
    }
}
