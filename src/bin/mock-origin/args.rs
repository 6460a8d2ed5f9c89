//! Parses the command line. Start with [`parse`].

mod options;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;

use lexopt::{Arg, Parser};
use mock_origin::Fault;
use mock_origin::referee::Level;

use crate::check;
use crate::explain::explain;
use crate::serve::describe_origin;
use crate::usage::{help, version};

use options::{OPTIONS, REPEATED, flag, set, unknown_option};

/// What the program is to do.
pub(crate) enum Command {
    /// Print a text.
    Help(String),
    /// Serve an origin.
    Serve(Box<Serve>),
    /// Judge a client.
    Check(Box<check::args::Check>),
}

/// The origin that the command line describes.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Serve {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) account: Option<String>,
    pub(crate) users: Vec<(String, String)>,
    pub(crate) directories: Vec<String>,
    /// Paths in the origin, each with the local file that is stored there.
    local_files: Vec<(String, String)>,
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) uploads: Vec<String>,
    pub(crate) key_pair: Option<(String, String)>,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) seed: Option<u64>,
    pub(crate) hold_limit: Option<Duration>,
    pub(crate) journal_limit: Option<usize>,
    pub(crate) flags: Vec<Flag>,
    /// The names in the TLS certificate beside those of this machine.
    pub(crate) tls_names: Vec<String>,
    /// The file for the certificate of the authority.
    pub(crate) ca_out: Option<String>,
    /// The address of the control endpoint.
    pub(crate) control: Option<SocketAddr>,
    /// The token of an exposed control endpoint. Default: random.
    pub(crate) token: Option<String>,
    /// The file from which its faults were read.
    pub(crate) file: Option<String>,
    pub(crate) faults: Vec<Fault>,
    /// The level from which findings fail the verification.
    pub(crate) referee: Option<Level>,
    /// The rules that clients may violate, each with the reason.
    pub(crate) allowed: Vec<(String, String)>,
    /// The level from which findings make the exit status 1; `None` for never.
    pub(crate) fail_on: Option<Level>,
    /// The file for the HTML report.
    pub(crate) report: Option<String>,
}

/// An option without a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flag {
    Expose,
    ExposeControl,
    Quiet,
    Strict,
    Tls,
    ExitWithStdin,
    ExitWithParent,
}

impl Serve {
    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }
}

/// The end of the message for a wrong command.
const EXPECTED: &str = "expected mock-origin serve, check or explain";

/// Parses a command line.
pub(crate) fn parse(mut parser: Parser) -> Result<Command, String> {
    let wrong = |error: lexopt::Error| error.to_string();
    match parser.next().map_err(wrong)? {
        Some(Arg::Value(command)) if command == "serve" => serve(parser),
        Some(Arg::Value(command)) if command == "check" => check::args::parse(parser),
        Some(Arg::Value(command)) if command == "explain" => explain(parser).map(Command::Help),
        Some(Arg::Value(command)) if command == "help" => Ok(Command::Help(help())),
        Some(Arg::Short('h') | Arg::Long("help")) => Ok(Command::Help(help())),
        Some(Arg::Short('V') | Arg::Long("version")) => Ok(Command::Help(version())),
        Some(Arg::Value(command)) => {
            Err(format!("unknown command {:?}; {EXPECTED}", command.to_string_lossy()))
        }
        Some(other) => Err(format!("{}; {EXPECTED}", other.unexpected())),
        None => Err(format!("missing command; {EXPECTED}")),
    }
}

fn serve(mut parser: Parser) -> Result<Command, String> {
    let mut serve = Serve::default();
    let mut said = Vec::new();
    while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
        let name = match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(help())),
            Arg::Short('V') | Arg::Long("version") => return Ok(Command::Help(version())),
            Arg::Long(name) => name.to_owned(),
            other => return Err(other.unexpected().to_string()),
        };
        if flag(&name).is_none() && !OPTIONS.iter().any(|(known, _)| *known == name) {
            return Err(unknown_option(&name));
        }
        if said.contains(&name) && !REPEATED.contains(&&*name) {
            return Err(format!("duplicate option --{name}"));
        }
        said.push(name.clone());
        if let Some(flag) = flag(&name) {
            serve.flags.push(flag);
            continue;
        }
        let value = text(parser.value().map_err(|error| error.to_string())?)?;
        set(&mut serve, &name, &value)?;
    }
    check_addresses(&serve)?;
    for (option, is_given) in
        [("tls-name", !serve.tls_names.is_empty()), ("ca-out", serve.ca_out.is_some())]
    {
        if is_given && !serve.has(Flag::Tls) {
            return Err(format!("--{option} requires --tls"));
        }
    }
    if serve.has(Flag::ExitWithParent) && !cfg!(unix) {
        return Err(
            "--exit-with-parent requires Unix; --exit-with-stdin works everywhere".to_owned()
        );
    }
    for (path, local) in std::mem::take(&mut serve.local_files) {
        let content = std::fs::read(&local).map_err(|error| format!("{local}: {error}"))?;
        serve.files.push((path, content));
    }
    if let Some(file) = &serve.file {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        serve.faults = Fault::list_from_toml(file, &text).map_err(|error| error.to_string())?;
    }
    describe_origin(&serve).map(|_| Command::Serve(Box::new(serve)))
}

fn check_addresses(serve: &Serve) -> Result<(), String> {
    let is_outside = |address: &&SocketAddr| !address.ip().is_loopback();
    if let Some(address) = serve.listen.iter().find(is_outside).filter(|_| !serve.has(Flag::Expose))
    {
        return Err(format!("other machines can reach {address}; allow it with --expose"));
    }
    let exposed = serve.has(Flag::ExposeControl);
    if exposed && serve.control.is_none() {
        return Err("--expose-control requires --control".to_owned());
    }
    if serve.token.is_some() && !exposed {
        return Err("--control-token requires --expose-control".to_owned());
    }
    match serve.control.iter().find(is_outside).filter(|_| !exposed) {
        Some(address) => {
            Err(format!("other machines can reach {address}; allow it with --expose-control"))
        }
        None => Ok(()),
    }
}

/// Returns a value as text.
pub(crate) fn text(value: OsString) -> Result<String, String> {
    value
        .into_string()
        .map_err(|value| format!("invalid argument {}; expected UTF-8", value.display()))
}

#[cfg(test)]
mod tests;
