//! The operations on directories and stored files (§6, §7.2). They check the rules of users and
//! roots and leave the structure to [`Tree`](super::Tree).

use crate::protocol::ErrorKind;

use super::tree::{Node, Stat};
use super::{Change, Path, Storage, Timestamp, UserId};

/// The handling of missing parent directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingParents {
    /// Missing parents are an error.
    Reject,
    /// Missing parents are created.
    Create,
}

/// The result of creating a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MkdirOutcome {
    /// It was created.
    Made,
    /// It existed before.
    Existed,
}

impl Storage {
    /// Checks whether a directory can be created. It changes nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::IsFile`] if the path is a file, [`ErrorKind::FileInPath`] if a parent is a
    /// file, [`ErrorKind::NoParent`] if parents are missing and `parents` does not allow to create
    /// them.
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

    /// Creates a directory if it does not exist.
    ///
    /// # Errors
    ///
    /// The errors of [`Storage::check_directory`].
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
    /// The errors of [`super::Tree::file`].
    pub fn delete_file(&mut self, change: Change, path: &Path) -> Result<(), ErrorKind> {
        self.tree.file(path)?;
        self.tree.remove(path, change)
    }

    /// Removes the empty directory at `path`. Open uploads to it do not count as entries (§4.4).
    ///
    /// # Errors
    ///
    /// The errors of [`super::Tree::directory`], [`ErrorKind::NotEmpty`], and [`ErrorKind::IsRoot`]
    /// for the directory that the caller sees as `/`.
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
    /// The errors of [`super::Tree::remove`], and [`ErrorKind::IsRoot`] for the directory that the
    /// caller sees as `/`.
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

    /// Moves the file or the empty directory at `from` to `to`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SameName`], [`ErrorKind::IsRoot`] for the directory that the caller sees as
    /// `/`, and the errors of [`super::Tree::rename`].
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
    /// The errors of [`super::Tree::get`].
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

    /// Sets the content type of a file. A directory has none and stays unchanged.
    ///
    /// # Errors
    ///
    /// The errors of [`super::Tree::get`], and [`ErrorKind::ForeignGroup`] for a file of another
    /// group.
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

    /// Copies the file at `from` to `to` and replaces a file there. The copy belongs to the user
    /// and has new times.
    ///
    /// # Errors
    ///
    /// The errors of [`super::Tree::file`] for `from`; [`ErrorKind::NoTargetParent`] or
    /// [`ErrorKind::TargetExists`] if `to` cannot hold the copy.
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
