//! The file and its pieces. Pieces are streamed, never held in memory as a whole.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};

/// The maximum number of pieces (§4.2).
const MAX_PIECES: u32 = 1_000;
/// The maximum size of a piece in bytes (§4.2).
const MAX_PIECE_SIZE: u64 = 100_000_000_000;

/// A range of the file with its part number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    /// The part number, starting at 1.
    pub(crate) number: u32,
    /// The length in bytes.
    pub(crate) length: u64,
    start: u64,
}

/// The file to upload.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    size: u64,
    piece_size: u64,
    count: u32,
}

impl Source {
    /// Splits a file into pieces of `piece_size` bytes; the last one may be shorter. An empty file is one empty piece,
    /// because an upload without pieces cannot be completed.
    pub(crate) fn split(path: &Path, piece_size: u64) -> Result<Self, String> {
        let size = size_of(path).map_err(|error| format!("{}: {error}", path.display()))?;
        if piece_size > MAX_PIECE_SIZE {
            return Err(format!(
                "invalid --piece-size {piece_size}: the maximum is {MAX_PIECE_SIZE} (§4.2)"
            ));
        }
        let count = size.div_ceil(piece_size).max(1);
        let small = u32::try_from(count).ok().filter(|count| *count <= MAX_PIECES);
        let count = small.ok_or_else(|| too_many(path, size, piece_size, count))?;
        Ok(Self { path: path.to_owned(), size, piece_size, count })
    }

    /// Returns the local path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file name, which is also the name on the origin.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Returns the size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Returns the number of pieces.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Returns the pieces in order.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        let piece = |number| {
            let start = u64::from(number - 1) * self.piece_size;
            Piece { number, length: self.piece_size.min(self.size - start), start }
        };
        (1..=self.count).map(piece).collect()
    }

    /// Returns a reader of one piece. Every call opens the file again, because readers of one handle share its
    /// position.
    pub(crate) fn read(&self, piece: Piece) -> io::Result<Take<File>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(piece.start))?;
        Ok(file.take(piece.length))
    }

    /// Returns a reader of the whole file.
    pub(crate) fn reader(&self) -> io::Result<BufReader<File>> {
        File::open(&self.path).map(BufReader::new)
    }
}

fn size_of(path: &Path) -> io::Result<u64> {
    let metadata = File::open(path)?.metadata()?;
    if metadata.is_file() {
        Ok(metadata.len())
    } else {
        Err(io::Error::other("not a regular file"))
    }
}

fn too_many(path: &Path, size: u64, piece_size: u64, count: u64) -> String {
    format!(
        "{}: {size} bytes in pieces of {piece_size} are {count} pieces; the maximum is {MAX_PIECES} \
         (§4.2). Use --piece-size {} or more",
        path.display(),
        size.div_ceil(u64::from(MAX_PIECES)),
    )
}
