//! The options of `mock-origin serve`, and how the value of each is read. Start with [`OPTIONS`].

use std::time::Duration;

use mock_origin::MockOrigin;
use mock_origin::internals::wording::nearest;
use mock_origin::referee::Level;

use super::{Flag, Serve};

/// The options without a value.
pub(super) const FLAGS: &[(&str, Flag)] = &[
    ("expose", Flag::Expose),
    ("expose-control", Flag::ExposeControl),
    ("quiet", Flag::Quiet),
    ("strict", Flag::Strict),
    ("tls", Flag::Tls),
    ("exit-with-stdin", Flag::ExitWithStdin),
    ("exit-with-parent", Flag::ExitWithParent),
];

pub(super) fn flag(name: &str) -> Option<Flag> {
    FLAGS.iter().find(|(known, _)| *known == name).map(|(_, flag)| *flag)
}

pub(super) fn unknown_option(name: &str) -> String {
    let known =
        FLAGS.iter().map(|(known, _)| *known).chain(OPTIONS.iter().map(|(known, _)| *known));
    match nearest(name, known) {
        Some(meant) => format!("unknown option --{name}; did you mean --{meant}?"),
        None => format!("unknown option --{name}; see mock-origin --help"),
    }
}

type Set = fn(&mut Serve, &str) -> Option<()>;

/// The options that may be repeated.
pub(super) const REPEATED: &[&str] =
    &["listen", "tls-name", "user", "dir", "file", "upload", "set", "allow"];

/// The options with a value, and the setter of each.
pub(super) const OPTIONS: &[(&str, Set)] = &[
    ("listen", |serve, value| {
        serve.listen.push(value.parse().ok()?);
        Some(())
    }),
    ("tls-name", |serve, value| {
        serve.tls_names.push(value.to_owned());
        Some(())
    }),
    ("ca-out", |serve, value| {
        serve.ca_out = Some(value.to_owned()).filter(|file| !file.is_empty());
        serve.ca_out.as_ref().map(|_| ())
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
    ("journal-limit", |serve, value| {
        serve.journal_limit = Some(value.parse().ok().filter(|limit| *limit > 0)?);
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
    ("referee", |serve, value| {
        serve.referee = Some(Level::from_name(value).filter(|level| *level != Level::Info)?);
        Some(())
    }),
    ("allow", |serve, value| {
        serve.allowed.push(pair(value, '=')?);
        Some(())
    }),
    ("fail-on", |serve, value| {
        serve.fail_on = match value {
            "must" => Some(Level::Must),
            "should" => Some(Level::Should),
            "never" => None,
            _ => return None,
        };
        Some(())
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

pub(super) fn set(serve: &mut Serve, name: &str, value: &str) -> Result<(), String> {
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
        "faults" | "report" | "ca-out" => "the name of a file",
        "referee" => "must, should or off",
        "allow" => "ID=REASON",
        "fail-on" => "must, should or never",
        "hold-limit" => "SECONDS above 0",
        "journal-limit" => "a whole number from 1",
        _ => "a whole number from 0 to 18446744073709551615",
    }
}

/// Splits a text at `between` into two parts that are not empty.
fn pair(text: &str, between: char) -> Option<(String, String)> {
    let (one, other) = text.split_once(between)?;
    let is_whole = !one.is_empty() && !other.is_empty();
    is_whole.then(|| (one.to_owned(), other.to_owned()))
}
