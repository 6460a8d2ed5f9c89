//! The file: its pieces, and whether it has changed since it was first read.

use std::fmt::Write as _;
use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ring::digest::{Context, SHA256};

/// The maximum number of pieces (§4.2).
const MAX_PIECES: u64 = 1_000;

/// The file to upload.
pub(super) struct Source {
    path: PathBuf,
    pub(super) size: u64,
    modified: Option<SystemTime>,
    pub(super) piece_size: u64,
    /// The SHA-256 of each piece. An empty file has one empty piece.
    pub(super) pieces: Vec<String>,
    /// The SHA-256 of the whole file.
    pub(super) digest: String,
}

impl Source {
    /// Reads the file once. Pieces are larger than `piece_size` if there would be too many.
    pub(super) fn read(path: &Path, piece_size: u64) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        let size = metadata.len();
        let piece_size = piece_size.max(size.div_ceil(MAX_PIECES));
        let (mut pieces, mut whole) = (Vec::new(), Context::new(&SHA256));
        let mut file = File::open(path)?;
        for _ in 0..size.div_ceil(piece_size).max(1) {
            let mut bytes = Vec::new();
            io::Read::by_ref(&mut file).take(piece_size).read_to_end(&mut bytes)?;
            pieces.push(sha256(&bytes));
            whole.update(&bytes);
        }
        let digest = hex(whole.finish().as_ref());
        let modified = metadata.modified().ok();
        Ok(Self { path: path.to_owned(), size, modified, piece_size, pieces, digest })
    }

    /// Returns the bytes of a piece, counted from 0.
    pub(super) fn piece(&self, index: usize) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(index as u64 * self.piece_size))?;
        let mut bytes = Vec::new();
        file.take(self.piece_size).read_to_end(&mut bytes)?;
        if sha256(&bytes) == self.pieces[index] { Ok(bytes) } else { Err(has_changed()) }
    }

    /// Returns the whole file.
    pub(super) fn whole(&self) -> io::Result<Vec<u8>> {
        let bytes = std::fs::read(&self.path)?;
        if sha256(&bytes) == self.digest { Ok(bytes) } else { Err(has_changed()) }
    }

    /// Fails if the file has changed since it was first read.
    pub(super) fn check_unchanged(&self) -> io::Result<()> {
        let is_same =
            |now: Metadata| now.len() == self.size && now.modified().ok() == self.modified;
        if std::fs::metadata(&self.path).map(is_same)? { Ok(()) } else { Err(has_changed()) }
    }
}

fn has_changed() -> io::Error {
    io::Error::other("the file has changed while it was read")
}

/// Returns the SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
