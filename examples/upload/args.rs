//! What was asked for on the command line.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use lexopt::prelude::*;

use super::source::Source;

/// The exit status for a command line that cannot be followed.
pub(crate) const WRONG_USAGE: u8 = 2;

pub(crate) const HELP: &str = "\
Uploads a file to a mock origin in pieces, downloads it and compares.
Prints what the origin saw, one line for each exchange.

Usage: upload [--piece-size BYTES] [--parallel N] FILE

  --piece-size BYTES  cut the file into pieces of that size; K, M and G
                      stand for powers of 1024 (default: 2048)
  --parallel N        send so many pieces at a time (default: 4)
  -h, --help          print this help

Exit status: 0 if the file came back as it was, 1 or 101 if something
failed on the way, 2 if the command line is wrong.
";

/// Small, so that even a short text makes several pieces.
const PIECE_SIZE: u64 = 2048;
const PARALLEL: usize = 4;

/// A command line that makes sense.
#[derive(Debug)]
pub(crate) struct Args {
    /// The file, cut into pieces.
    pub(crate) source: Source,
    /// How many pieces are on their way at a time.
    pub(crate) parallel: usize,
}

/// Reads the command line; nothing if it asks for help.
pub(crate) fn parse(mut line: lexopt::Parser) -> Result<Option<Args>, lexopt::Error> {
    let (mut file, mut piece_size, mut parallel) = (None, PIECE_SIZE, PARALLEL);
    while let Some(arg) = line.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(None),
            Long("piece-size") => piece_size = bytes(&line.value()?)?,
            Long("parallel") => parallel = count(&line.value()?)?,
            Value(path) if file.is_none() => file = Some(path),
            other => return Err(other.unexpected()),
        }
    }
    let file: OsString = file.ok_or("no file is given; --help says more")?;
    Ok(Some(Args { source: Source::cut(Path::new(&file), piece_size)?, parallel }))
}

/// A number of bytes: `2048`, `64K`, `1M`, `2G`.
fn bytes(value: &OsStr) -> Result<u64, String> {
    let text = value.to_string_lossy().to_ascii_uppercase();
    let units = [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)];
    let suffixed =
        units.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)));
    let (digits, unit) = suffixed.unwrap_or((&text, 1));
    let bytes = digits.parse().ok().and_then(|number: u64| number.checked_mul(unit));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| {
        format!("--piece-size is a number of bytes, as in 2048, 64K or 1M: {}", value.display())
    })
}

fn count(value: &OsStr) -> Result<usize, String> {
    let count = value.to_str().and_then(|text| text.parse().ok());
    count
        .filter(|count| *count > 0)
        .ok_or_else(|| format!("--parallel is a number from 1 on, as in 4: {}", value.display()))
}
