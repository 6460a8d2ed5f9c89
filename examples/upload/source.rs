//! A file, cut into pieces. No more of it is ever in memory than what is on its way.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};

/// Pieces that an upload may have (§4.2).
const MOST_PIECES: u32 = 1_000;
/// Bytes that a piece may have (§4.2).
const LARGEST_PIECE: u64 = 100_000_000_000;

/// A stretch of the file that is sent under a part number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    /// Its part number, from 1 on.
    pub(crate) number: u32,
    /// Its length in bytes.
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
    /// Cuts a file into pieces of that size; the last one takes what is left. An upload needs a
    /// piece to be completed, so an empty file is one empty piece.
    pub(crate) fn cut(path: &Path, piece_size: u64) -> Result<Self, String> {
        let size = size_of(path).map_err(|error| format!("{}: {error}", path.display()))?;
        if piece_size > LARGEST_PIECE {
            return Err(format!(
                "--piece-size is at most {LARGEST_PIECE}, not {piece_size} (§4.2)"
            ));
        }
        let count = size.div_ceil(piece_size).max(1);
        let small = u32::try_from(count).ok().filter(|count| *count <= MOST_PIECES);
        let count = small.ok_or_else(|| too_many(path, size, piece_size, count))?;
        Ok(Self { path: path.to_owned(), size, piece_size, count })
    }

    /// Where the file lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file's own name, which it keeps on the origin.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Bytes in the file.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// How many pieces there are.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The pieces in order.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        let piece = |number| {
            let start = u64::from(number - 1) * self.piece_size;
            Piece { number, length: self.piece_size.min(self.size - start), start }
        };
        (1..=self.count).map(piece).collect()
    }

    /// The bytes of one piece, from its first one on. Every call opens the file anew: two readers
    /// of one handle would share its position.
    pub(crate) fn read(&self, piece: Piece) -> io::Result<Take<File>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(piece.start))?;
        Ok(file.take(piece.length))
    }

    /// All bytes of the file.
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
        "{}: {size} bytes are {count} pieces of {piece_size}, and an upload takes at most \
         {MOST_PIECES} (§4.2): use --piece-size {} or more",
        path.display(),
        size.div_ceil(u64::from(MOST_PIECES)),
    )
}
