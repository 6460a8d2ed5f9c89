//! Folders for the clients of a suite: nothing that a client writes there survives the suite, and two suites never
//! share one. Start with [`Scratch`] and [`Folder`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::error::Error;

/// The folder of a suite. It is removed when it is dropped, unless it is kept.
#[derive(Debug)]
pub(crate) struct Scratch(Folder);

/// A folder of one scenario, the working directory of its client. It is removed when it is dropped, unless the
/// folder of the suite is kept.
#[derive(Debug)]
pub(crate) struct Folder {
    folder: TempDir,
    is_kept: bool,
}

impl Scratch {
    /// Creates a folder below `root`, or below the folder for temporary files.
    ///
    /// # Errors
    ///
    /// If it cannot be created.
    pub(crate) fn new(root: Option<&Path>, is_kept: bool) -> Result<Self, Error> {
        let root = root.map_or_else(std::env::temp_dir, Path::to_owned);
        // A client runs in another directory, so a relative path would be wrong for it.
        let root = std::path::absolute(&root).unwrap_or(root);
        Folder::new(&root, "mock-origin-check-", is_kept).map(Self)
    }

    /// Creates a folder for a scenario.
    ///
    /// # Errors
    ///
    /// If it cannot be created.
    pub(crate) fn folder(&self, scenario: &str) -> Result<Folder, Error> {
        let prefix = format!("{}-", scenario.replace(|char: char| !char.is_alphanumeric(), "-"));
        let folder = Folder::new(self.path(), &prefix, self.0.is_kept)?;
        for name in [Folder::HOME, Folder::TMP, Folder::RUN, Folder::SOURCE] {
            let path = folder.path().join(name);
            fs::create_dir_all(&path).map_err(|error| failed(&path, error))?;
        }
        Ok(folder)
    }

    /// Returns the path of the folder.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Folder {
    /// The folder below it that is HOME.
    pub(crate) const HOME: &str = "home";
    /// The folder below it for temporary files.
    pub(crate) const TMP: &str = "tmp";
    /// The folder below it for sockets and locks.
    pub(crate) const RUN: &str = "run";
    /// The folder below it of the file to upload.
    const SOURCE: &str = "source";

    fn new(parent: &Path, prefix: &str, is_kept: bool) -> Result<Self, Error> {
        let folder =
            tempfile::Builder::new().prefix(prefix).disable_cleanup(true).tempdir_in(parent);
        Ok(Self { folder: folder.map_err(|error| failed(parent, error))?, is_kept })
    }

    /// Returns the path of the folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the path for the file to upload. A `/` in the name becomes `_`.
    pub(crate) fn source(&self, name: &str) -> PathBuf {
        self.path().join(Self::SOURCE).join(name.replace('/', "_"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_kept {
            // A process that was killed may still be writing.
            for pause in [0, 10, 100] {
                std::thread::sleep(Duration::from_millis(pause));
                if remove(self.path()) {
                    break;
                }
            }
        }
    }
}

/// Removes a folder, also if folders in it are read-only. Returns whether it is gone.
fn remove(folder: &Path) -> bool {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_writable(folder);
            fs::remove_dir_all(folder).is_ok()
        }
        removed => removed.is_ok() || !folder.exists(),
    }
}

fn make_writable(path: &Path) {
    let Ok(metadata) = fs::symlink_metadata(path) else { return };
    // Permissions of a link would be those of what it points to.
    if metadata.is_symlink() {
        return;
    }
    let mut permissions = metadata.permissions();
    #[cfg(unix)]
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o700);
    #[cfg(not(unix))]
    permissions.set_readonly(false);
    let _ = fs::set_permissions(path, permissions);
    if metadata.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            make_writable(&entry.path());
        }
    }
}

fn failed(folder: &Path, error: io::Error) -> Error {
    Error::io(format!("cannot create a folder for clients in {}", folder.display()), error)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn suites_and_scenarios_have_folders_of_their_own() {
        let root = tempfile::tempdir().unwrap();
        let suites = [0, 1].map(|_| Scratch::new(Some(root.path()), false).unwrap());
        assert_ne!(suites[0].path(), suites[1].path());
        let folders = [0, 1].map(|_| suites[0].folder("lost/piece").unwrap());
        assert_ne!(folders[0].path(), folders[1].path());
        let name = folders[0].path().file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("lost-piece-"), "{name}");
        assert!(folders[0].path().is_absolute() && folders[0].path().join("home").is_dir());
        assert_eq!(folders[0].source("a/b"), folders[0].path().join("source/a_b"));
    }

    #[test]
    fn everything_is_removed_unless_it_is_kept() {
        let root = tempfile::tempdir().unwrap();
        for is_kept in [false, true] {
            let scratch = Scratch::new(Some(root.path()), is_kept).unwrap();
            let path = scratch.path().to_owned();
            let folder = scratch.folder("a/b").unwrap();
            let home = folder.path().join("home");
            fs::write(home.join("file"), "text").unwrap();
            drop(folder);
            assert_eq!(home.exists(), is_kept);
            drop(scratch);
            assert_eq!(path.exists(), is_kept);
        }
    }

    /// Root may remove everything, so that only other users see the first try fail.
    #[cfg(unix)]
    #[test]
    fn read_only_folders_are_removed_and_links_not_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let root = tempfile::tempdir().unwrap();
        let outside = root.path().join("outside");
        fs::write(&outside, "text").unwrap();
        let mode = |mode| fs::Permissions::from_mode(mode);
        fs::set_permissions(&outside, mode(0o444)).unwrap();
        let scratch = Scratch::new(Some(root.path()), false).unwrap();
        let path = scratch.path().join("a/b");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("file"), "text").unwrap();
        symlink(&outside, path.join("link")).unwrap();
        fs::set_permissions(path.join("file"), mode(0o400)).unwrap();
        fs::set_permissions(&path, mode(0o500)).unwrap();
        fs::set_permissions(path.parent().unwrap(), mode(0o000)).unwrap();

        make_writable(scratch.path());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let kept = fs::metadata(&outside).unwrap().permissions().mode() & 0o777;
        assert_eq!(kept, 0o444);
        let folder = scratch.path().to_owned();
        drop(scratch);
        assert!(!folder.exists() && outside.exists());
    }

    #[test]
    fn a_root_that_does_not_exist_is_named() {
        let root = tempfile::tempdir().unwrap().path().join("missing");
        let error = Scratch::new(Some(&root), false).unwrap_err();
        assert!(error.is_io() && error.to_string().contains("missing"), "{error}");
    }
}
