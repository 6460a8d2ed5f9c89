//! What can be done with directories and stored files (§6, §7.2).

use crate::protocol::ErrorKind;

use super::tree::{Node, Stat};
use super::{Change, Path, Storage, Timestamp, UserId};

/// What is done about parents that do not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingParents {
    /// They must exist.
    Reject,
    /// They are made.
    Create,
}

/// What making a directory came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MkdirOutcome {
    /// It was made.
    Made,
    /// It was there already.
    Existed,
}

impl Storage {
    /// Whether a directory could be made; nothing is changed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::IsFile`] if a file has that name, [`ErrorKind::FileInPath`] if a file is on the way,
    /// [`ErrorKind::NoParent`] if parents are missing and required.
    pub fn check_directory(
        &self,
        path: &Path,
        parents: MissingParents,
    ) -> Result<MkdirOutcome, ErrorKind> {
        match self.tree.directory(path) {
            Ok(_) => Ok(MkdirOutcome::Existed),
            Err(ErrorKind::NotFound) => Ok(MkdirOutcome::Made),
            Err(ErrorKind::NoParent) if parents == MissingParents::Create => Ok(MkdirOutcome::Made),
            Err(cause) => Err(cause),
        }
    }

    /// Makes a directory, if it is not there.
    ///
    /// # Errors
    ///
    /// As [`Storage::check_directory`].
    pub fn make_directory(
        &mut self,
        change: Change,
        user: UserId,
        path: &Path,
        parents: MissingParents,
    ) -> Result<MkdirOutcome, ErrorKind> {
        let owner = self.sessions.user(user);
        let stat = Stat { uid: owner.uid, gid: owner.gid, ctime: change.at, mtime: change.at };
        self.tree.make_directory(path, parents, stat, change)
    }

    /// Removes the file at `path`.
    ///
    /// # Errors
    ///
    /// As [`super::Tree::file`].
    pub fn delete_file(&mut self, change: Change, path: &Path) -> Result<(), ErrorKind> {
        self.tree.file(path)?;
        self.tree.remove(path, change)
    }

    /// Removes the empty directory at `path`; open uploads that aim into it do not fill it (§4.4).
    ///
    /// # Errors
    ///
    /// As [`super::Tree::directory`], [`ErrorKind::NotEmpty`], and [`ErrorKind::IsRoot`] for what the
    /// caller sees as `/`.
    pub fn delete_directory(
        &mut self,
        change: Change,
        root: &Path,
        path: &Path,
    ) -> Result<(), ErrorKind> {
        if path == root {
            return Err(ErrorKind::IsRoot);
        }
        self.tree.directory(path)?;
        self.tree.remove(path, change)
    }

    /// Removes the file or the empty directory at `path`.
    ///
    /// # Errors
    ///
    /// As [`super::Tree::remove`], and [`ErrorKind::IsRoot`] for what the caller sees as `/`.
    pub fn delete_object(
        &mut self,
        change: Change,
        root: &Path,
        path: &Path,
    ) -> Result<(), ErrorKind> {
        if path == root {
            return Err(ErrorKind::IsRoot);
        }
        self.tree.remove(path, change)
    }

    /// Gives the file or the empty directory at `from` the path `to`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SameName`], [`ErrorKind::IsRoot`] for what the caller sees as `/`, else as
    /// [`super::Tree::rename`].
    pub fn rename(
        &mut self,
        change: Change,
        root: &Path,
        from: &Path,
        to: &Path,
    ) -> Result<(), ErrorKind> {
        if from == root {
            return Err(ErrorKind::IsRoot);
        }
        self.tree.get(from)?;
        if from == to {
            return Err(ErrorKind::SameName);
        }
        self.tree.rename(from, to, change)
    }

    /// Sets the modification time of a file or a directory.
    ///
    /// # Errors
    ///
    /// As [`super::Tree::get`].
    pub fn set_mtime(
        &mut self,
        change: Change,
        path: &Path,
        mtime: Timestamp,
    ) -> Result<(), ErrorKind> {
        let node = self.tree.get_mut(path)?;
        node.stat_mut().mtime = mtime;
        if let Node::File(file) = node {
            file.history.mtime_set = Some(change);
        }
        Ok(())
    }

    /// Sets the content type of a file; a directory has none, and stays as it is.
    ///
    /// # Errors
    ///
    /// As [`super::Tree::get`], and [`ErrorKind::ForeignGroup`] for a file of another group.
    pub fn set_content_type(
        &mut self,
        change: Change,
        user: UserId,
        path: &Path,
        content_type: &str,
    ) -> Result<(), ErrorKind> {
        let gid = self.sessions.user(user).gid;
        let Node::File(file) = self.tree.get_mut(path)? else { return Ok(()) };
        if file.stat.gid != gid {
            return Err(ErrorKind::ForeignGroup);
        }
        file.content_type = Some(content_type.to_owned());
        file.history.content_type_set = Some(change);
        Ok(())
    }

    /// Puts a copy of the file at `from` at `to`, in place of a file that is there. The copy is the
    /// user's, and new.
    ///
    /// # Errors
    ///
    /// As [`super::Tree::file`] for `from`; [`ErrorKind::NoTargetParent`] or [`ErrorKind::TargetExists`] if
    /// there is no place for the copy.
    pub fn copy(
        &mut self,
        change: Change,
        user: UserId,
        from: &Path,
        to: &Path,
    ) -> Result<(), ErrorKind> {
        let source = self.tree.file(from)?;
        let owner = self.sessions.user(user);
        let stat = Stat { uid: owner.uid, gid: owner.gid, ctime: change.at, mtime: change.at };
        let visible = change.at.after(self.options.egress_delay);
        let history = Box::new(source.history.copied(change, from));
        let copy = super::File { stat, visible, history, ..source.clone() };
        self.tree.put(to, Node::File(copy), change).map_err(|cause| match cause {
            ErrorKind::IsDirectory | ErrorKind::IsRoot => ErrorKind::TargetExists,
            _ => ErrorKind::NoTargetParent,
        })
    }
}
