//! Parses the command line.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;

use super::mistake::{self, Mistake};

pub(super) const HELP: &str = "\
Uploads one file. The exit status is 0 only if the file is stored.

Usage: check_client [OPTIONS] --user NAME --password WORD URL DIRECTORY NAME FILE PIECE_SIZE

  --flavour FLAVOUR   multipart (default), rpc, raw or form
  --timeout SECONDS   the longest silence of the origin (default: 4)
  --patience SECONDS  the longest time for all tries (default: 25)
  --mistake ID        make this mistake
  --list-mistakes     print each mistake, the scenario that shows it, and its rule

Exit status: 0 if the file is stored, 1 if not or unknown, 2 if the command line
is invalid, 89 if the URL is not http://.
";

/// The interface that is used for the upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    Multipart,
    /// Multipart, with JSON-RPC for all requests but the pieces.
    Rpc,
    Raw,
    Form,
}

/// A valid command line.
#[derive(Debug)]
pub(super) struct Args {
    pub(super) url: String,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) directory: String,
    pub(super) name: String,
    pub(super) file: PathBuf,
    pub(super) piece_size: u64,
    pub(super) flavour: Flavour,
    pub(super) timeout: Duration,
    pub(super) patience: Duration,
    pub(super) mistake: Option<&'static Mistake>,
}

/// What a command line asks for.
pub(super) enum Parsed {
    Help,
    List,
    Run(Box<Args>),
}

pub(super) fn parse(mut line: lexopt::Parser) -> Result<Parsed, lexopt::Error> {
    let (mut user, mut password, mut mistake) = (None, None, None);
    let mut flavour = Flavour::Multipart;
    let (mut timeout, mut patience) = (Duration::from_secs(4), Duration::from_secs(25));
    let mut places = Vec::new();
    while let Some(arg) = line.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Parsed::Help),
            Long("list-mistakes") => return Ok(Parsed::List),
            Long("user") => user = Some(line.value()?.string()?),
            Long("password") => password = Some(line.value()?.string()?),
            Long("timeout") => timeout = seconds(&mut line)?,
            Long("patience") => patience = seconds(&mut line)?,
            Long("mistake") => {
                let id = line.value()?.string()?;
                let known = mistake::by_id(&id);
                mistake = Some(
                    known.ok_or_else(|| format!("unknown mistake {id}; see --list-mistakes"))?,
                );
            }
            Long("flavour") => {
                flavour = match &*line.value()?.string()? {
                    "multipart" => Flavour::Multipart,
                    "rpc" => Flavour::Rpc,
                    "raw" => Flavour::Raw,
                    "form" => Flavour::Form,
                    other => return Err(format!("unknown flavour {other}").into()),
                };
            }
            Value(value) => places.push(value),
            other => return Err(other.unexpected()),
        }
    }
    let places: [_; 5] = places
        .try_into()
        .map_err(|_| "expected URL DIRECTORY NAME FILE PIECE_SIZE; see --help".to_owned())?;
    let [url, directory, name, file, piece_size] = places;
    let piece_size: u64 = piece_size.parse()?;
    if piece_size == 0 {
        return Err("PIECE_SIZE is 0".into());
    }
    Ok(Parsed::Run(Box::new(Args {
        url: url.string()?,
        user: user.ok_or("missing --user")?,
        password: password.ok_or("missing --password")?,
        directory: directory.string()?,
        name: name.string()?,
        file: file.into(),
        piece_size,
        flavour,
        timeout,
        patience,
        mistake,
    })))
}

fn seconds(line: &mut lexopt::Parser) -> Result<Duration, lexopt::Error> {
    let value: f64 = line.value()?.parse()?;
    Duration::try_from_secs_f64(value).map_err(|error| error.to_string().into())
}
