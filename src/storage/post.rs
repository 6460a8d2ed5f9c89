//! Stores whole files (§5), and checks the disk quota (§1.12). Start with [`NewFile`].

use crate::blob::Blob;
use crate::protocol::ErrorKind;

use super::ids::Kind;
use super::tree::{File, Node, Stat};
use super::{Change, FileHistory, MissingParents, Path, Storage, Timestamp, UserId};

/// The parameters of a file that is stored as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// The directory of the destination.
    pub directory: Path,
    /// The name in the directory. If it is `None`, the origin generates one.
    pub name: Option<String>,
    /// The handling of missing parent directories.
    pub parents: MissingParents,
    /// The declared modification time, in seconds since the epoch.
    pub mtime: Option<u64>,
}

impl Storage {
    /// Checks whether a file can have that name. It changes nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::IsDirectory`] if the name is a directory.
    pub fn check_name(&self, new: &NewFile) -> Result<(), ErrorKind> {
        let path = new.name.as_deref().map(|name| new.directory.child(name));
        let taken = path.is_some_and(|path| self.tree.directory(&path).is_ok());
        if taken { Err(ErrorKind::IsDirectory) } else { Ok(()) }
    }

    /// Checks whether the directory of a file exists or can be created. It changes nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoParent`] or [`ErrorKind::FileInPath`].
    pub fn check_parent(&self, new: &NewFile) -> Result<(), ErrorKind> {
        match (self.tree.directory(&new.directory), new.parents) {
            (Ok(_), _)
            | (Err(ErrorKind::NotFound | ErrorKind::NoParent), MissingParents::Create) => Ok(()),
            (Err(ErrorKind::NotFound | ErrorKind::NoParent), MissingParents::Reject) => {
                Err(ErrorKind::NoParent)
            }
            (Err(_), _) => Err(ErrorKind::FileInPath),
        }
    }

    /// Stores a file, replaces an existing one, and returns its path.
    ///
    /// # Errors
    ///
    /// The errors of [`Storage::check_name`] and [`Storage::check_parent`].
    pub fn post(
        &mut self,
        change: Change,
        user: UserId,
        new: NewFile,
        content: Blob,
        content_type: Option<String>,
    ) -> Result<Path, ErrorKind> {
        self.check_name(&new)?;
        self.check_parent(&new)?;
        self.make_directory(change, user, &new.directory, new.parents)?;
        let owner = self.sessions.user(user);
        let (uid, gid, owner) = (owner.uid, owner.gid, owner.name.clone());
        let directory = new.directory.to_string();
        let name = new.name.unwrap_or_else(|| {
            format!("post-{}", self.ids.next(Kind::Basename, &owner, &directory).simple())
        });
        let mtime = new.mtime.filter(|secs| *secs > 0).map_or(change.at, Timestamp::from_secs);
        let path = new.directory.child(&name);
        let stat = Stat { uid, gid, ctime: change.at, mtime };
        let visible = change.at.after(self.options.egress_delay);
        let history = Box::new(FileHistory::posted(change));
        let file = File { stat, content, content_type, visible, history };
        self.tree.put(&path, Node::File(file), change)?;
        Ok(path)
    }

    /// Checks whether `declared` more bytes fit into the quota (§1.12). Without a length, it checks
    /// whether any byte fits.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DiskFull`].
    pub fn check_quota(&self, declared: Option<u64>) -> Result<(), ErrorKind> {
        let Some(quota) = self.options.disk_quota else { return Ok(()) };
        let used = self.used();
        let fits = declared.map_or(used < quota, |more| used.saturating_add(more) <= quota);
        if fits { Ok(()) } else { Err(ErrorKind::DiskFull) }
    }

    /// Returns the bytes in files and in pieces that may become files.
    pub fn used(&self) -> u64 {
        self.tree.bytes() + self.uploads.pending_bytes()
    }
}
