//! A temporary file that no path leads to, on Unix and on Windows. Only the system deletes it: when
//! it is closed, even if the process is killed. Start with [`create`].

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    path::Path,
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Creates an empty file in `folder`, readable and writable by this user alone.
///
/// On Unix the file is unlinked at once. A process that is killed between the two system calls leaves
/// an empty file behind.
///
/// # Errors
///
/// If the folder does not exist or cannot be written. The error names the folder.
pub(super) fn create(folder: &Path) -> io::Result<File> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut options = OpenOptions::new();
    // `create_new` follows no link and opens no existing file.
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt as _;
        const FILE_ATTRIBUTE_TEMPORARY: u32 = 0x100;
        const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
        options.share_mode(0).custom_flags(FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE);
    }
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("mock-origin-{}-{number}", process::id()));
        let created = options.open(&path).and_then(|file| {
            if cfg!(unix) {
                fs::remove_file(&path)?;
            }
            Ok(file)
        });
        match created {
            // Left by a killed process, or by one with the same id in another container.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                let folder = folder.display();
                let text = format!("cannot create a temporary file in {folder}: {error}");
                return Err(io::Error::new(error.kind(), text));
            }
            Ok(file) => return Ok(file),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::pread::Positional as _;
    use super::*;

    #[test]
    fn the_file_is_private_and_its_folder_stays_empty() {
        let folder = tempfile::tempdir().unwrap();
        let file = create(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), usize::from(cfg!(windows)));
        file.write_all_at(b"kept", 0).unwrap();
        let mut read = [0; 4];
        file.read_exact_at(&mut read, 0).unwrap();
        assert_eq!(&read, b"kept");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn files_of_earlier_processes_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        // More names than other tests of this process can have used.
        for number in 0..1_000 {
            let name = format!("mock-origin-{}-{number}", process::id());
            fs::write(folder.path().join(name), "earlier").unwrap();
        }
        create(folder.path()).unwrap();
        let mut left = fs::read_dir(folder.path()).unwrap().map(Result::unwrap);
        assert!(left.all(|entry| fs::read(entry.path()).unwrap() == b"earlier"));
    }

    #[test]
    fn an_error_names_the_folder() {
        let error = create(Path::new("/missing/folder")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("temporary file in /missing/folder: "), "{error}");
    }
}
