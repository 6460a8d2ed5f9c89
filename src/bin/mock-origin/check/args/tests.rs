//! Command lines that are read, and those that are rejected.

#![allow(clippy::unwrap_used)]

use super::*;

fn read(args: &[&str]) -> Result<Check, String> {
    match parse(Parser::from_args(args))? {
        Command::Check(check) => Ok(*check),
        Command::Help(text) => Err(text),
        Command::Serve(_) => Err("serve".to_owned()),
    }
}

#[test]
fn every_option_is_read() {
    let check = read(&[
        "--only=control/*",
        "--only",
        "lost/*",
        "--skip=lost/login",
        "--seed=7",
        "--seeds=3..5",
        "--jobs=2",
        "--timeout=1.5",
        "--strict",
        "--fail-fast",
        "--keep",
        "--keep-proxies",
        "--expect=known.txt",
        "--fix-expect",
        "--junit=a.xml",
        "--html=a.html",
        "--json=a.json",
        "--md=a.md",
        "--har=har",
        "--trace=trace",
        "--color=never",
        "--via=proxy",
        "-v",
        "--",
        "sh",
        "--only",
        "--",
        "{url}",
    ])
    .unwrap();
    assert_eq!(check.command, ["sh", "--only", "--", "{url}"]);
    assert_eq!((check.only.len(), check.skip.len(), check.seed), (2, 1, Some(7)));
    assert_eq!((check.chaos_seeds.clone(), check.jobs), (Some(3..=5), Some(2)));
    assert_eq!(check.timeout, Some(Duration::from_millis(1_500)));
    assert_eq!((check.profile.via, check.colour), (Via::Proxy, When::Never));
    assert_eq!(check.flags.len(), 6);
    assert!(check.has(Flag::Verbose) && check.har.as_deref() == Some("har"));
    assert_eq!(check.options_of_a_run(), " --via proxy --timeout 1.5 --keep-proxies");
    assert_eq!(read(&["--tls", "--", "a"]).unwrap().profile.via, Via::Tls);
}

/// Invalid command lines with their errors.
const NONSENSE: &[(&[&str], &str)] = &[
    (&[], "missing command; expected mock-origin check [OPTIONS] -- COMMAND [ARGS…]"),
    (&["--"], "missing command; expected mock-origin check [OPTIONS] -- COMMAND [ARGS…]"),
    (&["sh", "a.sh"], "unexpected argument \"sh\"; the client's command follows --"),
    (&["--onyl=a", "--", "a"], "unknown option --onyl; did you mean --only?"),
    (&["-x"], "invalid option '-x'"),
    (
        &["--only=los/complete", "--", "a"],
        "no scenario matches `los/complete`; did you mean `lost/complete`?",
    ),
    (
        &["--explain=lost/complte"],
        "no scenario matches `lost/complte`; did you mean `lost/complete`?",
    ),
    (&["--seeds=5..3"], "invalid value \"5..3\" for --seeds; expected FIRST..LAST, such as 1..20"),
    (&["--jobs=0"], "invalid value \"0\" for --jobs; expected a number above 0"),
    (&["--timeout=0"], "invalid value \"0\" for --timeout; expected SECONDS above 0"),
    (&["--color=red"], "invalid value \"red\" for --color; expected auto, always or never"),
    (&["--via=wire"], "invalid value \"wire\" for --via; expected url, proxy or tls"),
    (&["--junit="], "invalid value \"\" for --junit; expected the name of a file"),
    (&["--seed=1", "--seed=2"], "duplicate option --seed"),
    (&["-q", "--quiet"], "duplicate option --quiet"),
    (&["-qv", "--", "a"], "--quiet contradicts --verbose"),
    (&["--tls", "--via=url", "--", "a"], "--tls contradicts --via"),
    (&["--fix-expect", "--", "a"], "--fix-expect requires --expect"),
    (&["--profile=/nowhere/a.toml"], "/nowhere/a.toml: No such file or directory (os error 2)"),
    (&["--strict=no", "--", "a"], "unexpected argument for option '--strict': \"no\""),
];

#[test]
fn nonsense_is_one_clear_line() {
    for (args, said) in NONSENSE {
        assert_eq!(read(args), Err((*said).to_owned()), "{args:?}");
    }
}

#[test]
fn scenarios_are_listed_and_explained_without_a_command() {
    let list = read(&["--list", "--only=lost/complete"]).unwrap_err();
    let ids: Vec<_> = list.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(ids, ["control/plain", "control/refused", "lost/complete"]);
    let text = read(&["--explain", "lost/complete"]).unwrap_err();
    assert!(text.starts_with("lost/complete (") && text.contains("origin.on("), "{text}");
}

#[test]
fn the_help_names_every_option_and_exit_status() {
    let text = read(&["--help"]).unwrap_err();
    let flags = FLAGS.iter().map(|(name, _)| name);
    for name in OPTIONS.iter().map(|(name, _)| name).chain(flags) {
        assert!(text.contains(&format!("--{name} ")), "{name}");
    }
    for (status, meaning) in mock_origin::check::EXIT_STATUSES {
        assert!(text.contains(&format!("  {:<4} {meaning}\n", status.code())));
    }
    assert!(
        text.contains("{url}") && text.lines().all(|line| line.chars().count() <= 90),
        "{text}"
    );
}
