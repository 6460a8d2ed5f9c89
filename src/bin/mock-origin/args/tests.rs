//! Command lines that are read, and those that are rejected.

#![allow(clippy::unwrap_used)]
use mock_origin::options::{LIMITS, OPTION_SPECS};

use super::options::{FLAGS, OPTIONS};
use super::*;
use crate::usage::help;

fn read(args: &[&str]) -> Result<Serve, String> {
    let words = std::iter::once("mock-origin").chain(args.iter().copied());
    match parse(Parser::from_iter(words))? {
        Command::Serve(serve) => Ok(*serve),
        Command::Help(text) => Err(text),
        Command::Check(_) => Err("check".to_owned()),
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
        "--journal-limit",
        "20",
        "--quiet",
        "--strict",
        "--tls",
        "--tls-name=upload.example.com",
        "--tls-name=*.example.com",
        "--ca-out=ca.pem",
        "--exit-with-stdin",
        "--exit-with-parent",
    ])
    .unwrap();
    assert_eq!(serve.listen.len(), 2);
    assert_eq!(serve.users, [("bob".to_owned(), "p:w".to_owned())]);
    assert_eq!(serve.options, [("join".to_owned(), "polls:3".to_owned())]);
    assert_eq!((serve.seed, serve.account.as_deref()), (Some(7), Some("studio")));
    let flags = [Flag::Quiet, Flag::Strict, Flag::Tls, Flag::ExitWithStdin, Flag::ExitWithParent];
    assert_eq!(serve.flags, flags);
    assert_eq!(serve.tls_names, ["upload.example.com", "*.example.com"]);
    assert_eq!(serve.ca_out.as_deref(), Some("ca.pem"));
    assert_eq!(serve.control, Some(SocketAddr::from(([127, 0, 0, 1], 0))));
    assert_eq!(serve.hold_limit, Some(Duration::from_millis(500)));
    assert_eq!(serve.journal_limit, Some(20));
}

/// Invalid command lines with their errors.
const NONSENSE: &[(&[&str], &str)] = &[
    (&[], "missing command; expected mock-origin serve, check or explain"),
    (&["surf"], "unknown command \"surf\"; expected mock-origin serve, check or explain"),
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
    (&["serve", "--tls-name=a"], "--tls-name requires --tls"),
    (&["serve", "--ca-out=ca.pem"], "--ca-out requires --tls"),
    (
        &["serve", "--tls", "--tls-name=https://a"],
        "invalid TLS name \"https://a\": expected a DNS name, such as \"upload.example.com\" or \
         \"*.example.com\", or an IP address",
    ),
    (
        &["serve", "--tls", "--ca-out="],
        "invalid value \"\" for --ca-out; expected the name of a file",
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
    (
        &["serve", "--journal-limit", "0"],
        "invalid value \"0\" for --journal-limit; expected a whole number from 1",
    ),
    (&["serve", "--hold-limit", "0"], "invalid hold limit 0 s: expected more than zero"),
    (
        &["serve", "--key-pair", "a=b:c"],
        "invalid key pair with access key \"a=b\": expected two keys that are not empty, the \
         access key without whitespace, `&` and `=`",
    ),
    (&["serve", "--faults", ""], "invalid value \"\" for --faults; expected the name of a file"),
    (&["serve", "--faults=a", "--faults=b"], "duplicate option --faults"),
    (&["serve", "--seed=1", "--quiet", "--seed=1"], "duplicate option --seed"),
    (
        &["serve", "--set=pieces=1", "--set=join=fail", "--set=pieces=2"],
        "duplicate option --set pieces",
    ),
    (
        &["serve", "--referee=info"],
        "invalid value \"info\" for --referee; expected must, should or off",
    ),
    (
        &["serve", "--fail-on=off"],
        "invalid value \"off\" for --fail-on; expected must, should or never",
    ),
    (
        &["serve", "--allow=complete.eary=known"],
        "--allow: unknown rule `complete.eary`; did you mean `complete.early`?",
    ),
    (
        &["serve", "--allow=complete.early"],
        "invalid value \"complete.early\" for --allow; expected ID=REASON",
    ),
    (&["serve", "--seed"], "missing argument for option '--seed'"),
    (&["serve", "--nonsense"], "unknown option --nonsense; see mock-origin --help"),
    (&["serve", "--strikt"], "unknown option --strikt; did you mean --strict?"),
    (&["serve", "--strict=no"], "unexpected argument for option '--strict': \"no\""),
    (&["serve", "--exit-with-stdin", "--exit-with-stdin"], "duplicate option --exit-with-stdin"),
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
    for name in OPTION_SPECS.iter().map(|row| row.name).chain(LIMITS.iter().map(|row| row.name)) {
        assert!(text.contains(&format!("{name}=")), "{name}");
    }
}
