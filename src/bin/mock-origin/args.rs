//! Parses the command line. Start with [`parse`].

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;

use lexopt::{Arg, Parser};
use mock_origin::internals::wording::nearest;
use mock_origin::{Fault, MockOrigin};

use crate::explain::explain;
use crate::serve::describe_origin;
use crate::usage::{help, version};

/// What the program is to do.
pub(crate) enum Command {
    /// Print a text.
    Help(String),
    /// Serve an origin.
    Serve(Box<Serve>),
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
    pub(crate) flags: Vec<Flag>,
    /// The address of the control endpoint.
    pub(crate) control: Option<SocketAddr>,
    /// The token of an exposed control endpoint. Default: random.
    pub(crate) token: Option<String>,
    /// The file from which its faults were read.
    pub(crate) file: Option<String>,
    pub(crate) faults: Vec<Fault>,
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
    ExitWithStdin,
    ExitWithParent,
}

impl Serve {
    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }
}

/// Parses a command line.
pub(crate) fn parse(mut parser: Parser) -> Result<Command, String> {
    let wrong = |error: lexopt::Error| error.to_string();
    match parser.next().map_err(wrong)? {
        Some(Arg::Value(command)) if command == "serve" => serve(parser),
        Some(Arg::Value(command)) if command == "explain" => explain(parser).map(Command::Help),
        Some(Arg::Value(command)) if command == "help" => Ok(Command::Help(help())),
        Some(Arg::Short('h') | Arg::Long("help")) => Ok(Command::Help(help())),
        Some(Arg::Short('V') | Arg::Long("version")) => Ok(Command::Help(version())),
        Some(Arg::Value(command)) => Err(format!(
            "unknown command {:?}; expected mock-origin serve",
            command.to_string_lossy()
        )),
        Some(other) => Err(format!("{}; expected mock-origin serve", other.unexpected())),
        None => Err("missing command; expected mock-origin serve".to_owned()),
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

/// The options without a value.
const FLAGS: &[(&str, Flag)] = &[
    ("expose", Flag::Expose),
    ("expose-control", Flag::ExposeControl),
    ("quiet", Flag::Quiet),
    ("strict", Flag::Strict),
    ("exit-with-stdin", Flag::ExitWithStdin),
    ("exit-with-parent", Flag::ExitWithParent),
];

fn flag(name: &str) -> Option<Flag> {
    FLAGS.iter().find(|(known, _)| *known == name).map(|(_, flag)| *flag)
}

fn unknown_option(name: &str) -> String {
    let known =
        FLAGS.iter().map(|(known, _)| *known).chain(OPTIONS.iter().map(|(known, _)| *known));
    match nearest(name, known) {
        Some(meant) => format!("unknown option --{name}; did you mean --{meant}?"),
        None => format!("unknown option --{name}; see mock-origin --help"),
    }
}

type Set = fn(&mut Serve, &str) -> Option<()>;

/// The options that may be repeated.
const REPEATED: &[&str] = &["listen", "user", "dir", "file", "upload", "set"];

/// The options with a value, and the setter of each.
const OPTIONS: &[(&str, Set)] = &[
    ("listen", |serve, value| {
        serve.listen.push(value.parse().ok()?);
        Some(())
    }),
    ("account", |serve, value| {
        serve.account = Some(value.to_owned());
        Some(())
    }),
    ("user", |serve, value| {
        serve.users.push(pair(value, ':')?);
        Some(())
    }),
    ("dir", |serve, value| {
        serve.directories.push(value.to_owned());
        Some(())
    }),
    ("file", |serve, value| {
        serve.local_files.push(pair(value, '=')?);
        Some(())
    }),
    ("upload", |serve, value| {
        serve.uploads.push(value.to_owned());
        Some(())
    }),
    ("key-pair", |serve, value| {
        serve.key_pair = Some(pair(value, ':')?);
        Some(())
    }),
    ("set", |serve, value| {
        serve.options.push(pair(value, '=')?);
        Some(())
    }),
    ("seed", |serve, value| {
        serve.seed = Some(value.parse().ok()?);
        Some(())
    }),
    ("hold-limit", |serve, value| {
        serve.hold_limit = Some(Duration::try_from_secs_f64(value.parse().ok()?).ok()?);
        Some(())
    }),
    ("faults", |serve, value| {
        serve.file = Some(value.to_owned()).filter(|file| !file.is_empty());
        serve.file.as_ref().map(|_| ())
    }),
    ("report", |serve, value| {
        serve.report = Some(value.to_owned()).filter(|file| !file.is_empty());
        serve.report.as_ref().map(|_| ())
    }),
    ("control-token", |serve, value| {
        serve.token = Some(value.to_owned());
        Some(())
    }),
    ("control", |serve, value| {
        serve.control = Some(value.parse().ok()?);
        Some(())
    }),
];

fn set(serve: &mut Serve, name: &str, value: &str) -> Result<(), String> {
    let (_, set) = OPTIONS.iter().find(|(known, _)| *known == name).ok_or("no such option")?;
    set(serve, value).ok_or_else(|| {
        format!("invalid value {value:?} for --{name}; expected {}", form_of(name))
    })?;
    match serve.options.split_last().filter(|_| name == "set") {
        Some(((switch, _), before)) if before.iter().any(|(known, _)| known == switch) => {
            Err(format!("duplicate option --set {switch}"))
        }
        Some(((switch, value), _)) => {
            let builder = MockOrigin::builder().defer_errors().set(switch, value);
            builder.validate().map_err(|error| error.to_string())
        }
        None => Ok(()),
    }
}

/// Returns the form of an option's value.
fn form_of(name: &str) -> &'static str {
    match name {
        "listen" | "control" => "an IP address and a port, such as 127.0.0.1:8080",
        "user" => "NAME:PASSWORD",
        "file" => "PATH=LOCALFILE",
        "key-pair" => "ACCESS:SECRET",
        "set" => "NAME=VALUE",
        "faults" | "report" => "the name of a file",
        "hold-limit" => "SECONDS above 0",
        _ => "a whole number from 0 to 18446744073709551615",
    }
}

/// Splits a text at `between` into two parts that are not empty.
fn pair(text: &str, between: char) -> Option<(String, String)> {
    let (one, other) = text.split_once(between)?;
    let is_whole = !one.is_empty() && !other.is_empty();
    is_whole.then(|| (one.to_owned(), other.to_owned()))
}

fn text(value: OsString) -> Result<String, String> {
    value
        .into_string()
        .map_err(|value| format!("invalid argument {}; expected UTF-8", value.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use mock_origin::options::{LIMITS, OPTION_SPECS};

    use super::*;

    fn read(args: &[&str]) -> Result<Serve, String> {
        let words = std::iter::once("mock-origin").chain(args.iter().copied());
        match parse(Parser::from_iter(words))? {
            Command::Serve(serve) => Ok(*serve),
            Command::Help(text) => Err(text),
        }
    }

    #[test]
    fn every_option_is_read() {
        let serve = read(&[
            "serve",
            "--listen=127.0.0.1:80",
            "--listen",
            "[::1]:8080",
            "--account",
            "studio",
            "--user",
            "bob:p:w",
            "--dir",
            "/a b",
            "--key-pair",
            "a:s",
            "--set",
            "join=polls:3",
            "--seed",
            "7",
            "--control",
            "127.0.0.1:0",
            "--hold-limit",
            "0.5",
            "--quiet",
            "--strict",
            "--exit-with-stdin",
            "--exit-with-parent",
        ])
        .unwrap();
        assert_eq!(serve.listen.len(), 2);
        assert_eq!(serve.users, [("bob".to_owned(), "p:w".to_owned())]);
        assert_eq!(serve.options, [("join".to_owned(), "polls:3".to_owned())]);
        assert_eq!((serve.seed, serve.account.as_deref()), (Some(7), Some("studio")));
        assert_eq!(
            serve.flags,
            [Flag::Quiet, Flag::Strict, Flag::ExitWithStdin, Flag::ExitWithParent]
        );
        assert_eq!(serve.control, Some(SocketAddr::from(([127, 0, 0, 1], 0))));
        assert_eq!(serve.hold_limit, Some(Duration::from_millis(500)));
    }

    /// Invalid command lines with their errors.
    const NONSENSE: &[(&[&str], &str)] = &[
        (&[], "missing command; expected mock-origin serve"),
        (&["surf"], "unknown command \"surf\"; expected mock-origin serve"),
        (
            &["serve", "--listen", "x"],
            "invalid value \"x\" for --listen; expected an IP address and a port, such as 127.0.0.1:8080",
        ),
        (
            &["serve", "--listen", "0.0.0.0:0"],
            "other machines can reach 0.0.0.0:0; allow it with --expose",
        ),
        (
            &["serve", "--control", "8080"],
            "invalid value \"8080\" for --control; expected an IP address and a port, such as 127.0.0.1:8080",
        ),
        (
            &["serve", "--control", "0.0.0.0:0", "--expose"],
            "other machines can reach 0.0.0.0:0; allow it with --expose-control",
        ),
        (&["serve", "--file", "/a"], "invalid value \"/a\" for --file; expected PATH=LOCALFILE"),
        (&["serve", "--file=/a=/nowhere/a"], "/nowhere/a: No such file or directory (os error 2)"),
        (&["serve", "--file=/=Cargo.toml"], "--file: invalid path \"/\": a file needs a name"),
        (
            &["serve", "--upload=/../a"],
            "--upload: invalid path \"/../a\": no name may be \".\" or contain \"..\"",
        ),
        (&["serve", "--expose-control"], "--expose-control requires --control"),
        (
            &["serve", "--control=127.0.0.1:0", "--control-token=0123456789abcdef"],
            "--control-token requires --expose-control",
        ),
        (
            &["serve", "--faults", "/nowhere/a.toml"],
            "/nowhere/a.toml: No such file or directory (os error 2)",
        ),
        (&["serve", "--faults"], "missing argument for option '--faults'"),
        (&["serve", "--user", "jane"], "invalid value \"jane\" for --user; expected NAME:PASSWORD"),
        (&["serve", "--user", "a:b", "--user", "a:c"], "duplicate user \"a\""),
        (
            &["serve", "--account", "multipart"],
            "invalid account \"multipart\": the name is reserved for endpoints",
        ),
        (
            &["serve", "--account", "my acc"],
            "invalid account \"my acc\": expected one segment of a path, without whitespace and `%`",
        ),
        (
            &["serve", "--user", "a\nb:c"],
            "invalid user \"a\\nb\": the name and the password must be valid header values, and not empty",
        ),
        (
            &["serve", "--dir", "a/../b"],
            "--dir: invalid path \"a/../b\": no name may be \".\" or contain \"..\"",
        ),
        (
            &["serve", "--set", "join=soon"],
            "invalid value \"soon\" for `join`; expected immediate|polls:N|after:SECONDS|fail",
        ),
        (
            &["serve", "--seed", "-1"],
            "invalid value \"-1\" for --seed; expected a whole number from 0 to 18446744073709551615",
        ),
        (
            &["serve", "--hold-limit", "-1"],
            "invalid value \"-1\" for --hold-limit; expected SECONDS above 0",
        ),
        (&["serve", "--hold-limit", "0"], "invalid hold limit 0 s: expected more than zero"),
        (
            &["serve", "--key-pair", "a=b:c"],
            "invalid key pair with access key \"a=b\": expected two keys that are not empty, the \
             access key without whitespace, `&` and `=`",
        ),
        (
            &["serve", "--faults", ""],
            "invalid value \"\" for --faults; expected the name of a file",
        ),
        (&["serve", "--faults=a", "--faults=b"], "duplicate option --faults"),
        (&["serve", "--seed=1", "--quiet", "--seed=1"], "duplicate option --seed"),
        (
            &["serve", "--set=pieces=1", "--set=join=fail", "--set=pieces=2"],
            "duplicate option --set pieces",
        ),
        (&["serve", "--seed"], "missing argument for option '--seed'"),
        (&["serve", "--nonsense"], "unknown option --nonsense; see mock-origin --help"),
        (&["serve", "--strikt"], "unknown option --strikt; did you mean --strict?"),
        (&["serve", "--strict=no"], "unexpected argument for option '--strict': \"no\""),
        (
            &["serve", "--exit-with-stdin", "--exit-with-stdin"],
            "duplicate option --exit-with-stdin",
        ),
    ];

    #[test]
    fn nonsense_is_one_clear_line() {
        for (args, said) in NONSENSE {
            assert_eq!(read(args), Err((*said).to_owned()));
        }
    }

    #[test]
    fn the_help_names_every_option_switch_and_limit() {
        let text = help();
        let flags = FLAGS.iter().map(|(name, _)| name);
        for name in OPTIONS.iter().map(|(name, _)| name).chain(flags) {
            assert!(text.contains(&format!("--{name} ")), "{name}");
        }
        for name in OPTION_SPECS.iter().map(|row| row.name).chain(LIMITS.iter().map(|row| row.name))
        {
            assert!(text.contains(&format!("{name}=")), "{name}");
        }
    }
}
