//! Parses the command line.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use lexopt::prelude::*;

use super::source::Source;

/// The exit status for an invalid command line.
pub(crate) const USAGE_ERROR: u8 = 2;

pub(crate) const HELP: &str = "\
Uploads a file to a mock origin in pieces, downloads it and compares.
Prints each exchange that the origin recorded as one line.

Usage: upload [--piece-size BYTES] [--parallel N] FILE

  --piece-size BYTES  size of a piece; K, M and G are powers of 1024
                      (default: 2048)
  --parallel N        number of pieces to send at the same time (default: 4)
  -h, --help          print this help

Exit status: 0 if the downloaded file equals the local one, 1 or 101 if
something failed, 2 if the command line is invalid.
";

/// Small, so that even a short file has several pieces.
const PIECE_SIZE: u64 = 2048;
const PARALLEL: usize = 4;

/// A valid command line.
#[derive(Debug)]
pub(crate) struct Args {
    /// The file and its pieces.
    pub(crate) source: Source,
    /// The number of pieces to send at the same time.
    pub(crate) parallel: usize,
}

/// Parses the command line. Returns `None` if it asks for help.
pub(crate) fn parse(mut line: lexopt::Parser) -> Result<Option<Args>, lexopt::Error> {
    let (mut file, mut piece_size, mut parallel) = (None, PIECE_SIZE, PARALLEL);
    while let Some(arg) = line.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(None),
            Long("piece-size") => piece_size = parse_bytes(&line.value()?)?,
            Long("parallel") => parallel = parse_count(&line.value()?)?,
            Value(path) if file.is_none() => file = Some(path),
            other => return Err(other.unexpected()),
        }
    }
    let file: OsString = file.ok_or("missing argument FILE; see --help")?;
    Ok(Some(Args { source: Source::split(Path::new(&file), piece_size)?, parallel }))
}

/// Parses a number of bytes: `2048`, `64K`, `1M`, `2G`.
fn parse_bytes(value: &OsStr) -> Result<u64, String> {
    let text = value.to_string_lossy().to_ascii_uppercase();
    let units = [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)];
    let suffixed =
        units.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)));
    let (digits, unit) = suffixed.unwrap_or((&text, 1));
    let bytes = digits.parse().ok().and_then(|number: u64| number.checked_mul(unit));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| {
        format!(
            "invalid --piece-size {}: expected a number of bytes such as 2048, 64K or 1M",
            value.display()
        )
    })
}

fn parse_count(value: &OsStr) -> Result<usize, String> {
    let count = value.to_str().and_then(|text| text.parse().ok());
    count.filter(|count| *count > 0).ok_or_else(|| {
        format!("invalid --parallel {}: expected a number of 1 or more", value.display())
    })
}
