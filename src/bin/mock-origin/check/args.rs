//! Parses the command line of `mock-origin check`. Start with [`parse`].

mod options;

use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::time::Duration;

use lexopt::{Arg, Parser};
use mock_origin::check::{Profile, Suite, Via};
use mock_origin::internals::wording::{nearest, shell_word};

use crate::args::{Command, text};
use crate::usage::version;

use super::usage::help;
use options::{FLAGS, OPTIONS, REPEATED, form_of};

/// What the command line asks for.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Check {
    /// The command of the client, with placeholders.
    pub(crate) command: Vec<String>,
    /// The profile, with `--via` and `--tls`.
    pub(crate) profile: Profile,
    /// The file of the profile.
    profile_file: Option<String>,
    via: Option<Via>,
    only: Vec<String>,
    skip: Vec<String>,
    /// A pattern of scenarios to explain.
    explain: Option<String>,
    seed: Option<u64>,
    chaos_seeds: Option<RangeInclusive<u64>>,
    jobs: Option<usize>,
    timeout: Option<Duration>,
    flags: Vec<Flag>,
    pub(crate) colour: When,
    /// The file of expectations.
    pub(crate) expect: Option<String>,
    pub(crate) junit: Option<String>,
    pub(crate) html: Option<String>,
    pub(crate) json: Option<String>,
    pub(crate) markdown: Option<String>,
    /// The folder for a HAR file of each run.
    pub(crate) har: Option<String>,
    /// The folder for a trace of each run.
    pub(crate) trace: Option<String>,
}

/// An option without a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flag {
    PrintProfile,
    List,
    Strict,
    FailFast,
    Keep,
    KeepProxies,
    FixExpect,
    Quiet,
    Verbose,
    Tls,
}

/// When lines are coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum When {
    #[default]
    Auto,
    Always,
    Never,
}

impl Check {
    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    /// Returns the options that change a run, to follow those that select it.
    pub(super) fn options_of_a_run(&self) -> String {
        let mut options = String::new();
        if let Some(file) = &self.profile_file {
            let _ = write!(options, " --profile {}", shell_word(file));
        }
        match self.via {
            _ if self.has(Flag::Tls) => options += " --tls",
            Some(Via::Tls) => options += " --via tls",
            Some(Via::Proxy) => options += " --via proxy",
            _ => {}
        }
        if let Some(timeout) = self.timeout {
            let _ = write!(options, " --timeout {}", timeout.as_secs_f64());
        }
        options + if self.has(Flag::KeepProxies) { " --keep-proxies" } else { "" }
    }

    /// Returns the suite that the options describe.
    pub(crate) fn suite(&self) -> Suite {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut suite = Suite::new(self.profile.clone())
            .jobs(self.jobs.unwrap_or(cores / 2))
            .strict(self.has(Flag::Strict))
            .fail_fast(self.has(Flag::FailFast))
            .keep_scratch(self.has(Flag::Keep))
            .keep_proxies(self.has(Flag::KeepProxies));
        if self.has(Flag::PrintProfile) {
            suite = suite.only("control/*");
        }
        suite = self.only.iter().fold(suite, |suite, pattern| suite.only(pattern));
        suite = self.skip.iter().fold(suite, |suite, pattern| suite.skip(pattern));
        suite = self.seed.into_iter().fold(suite, Suite::seed);
        suite = self.chaos_seeds.iter().cloned().fold(suite, Suite::chaos_seeds);
        self.timeout.into_iter().fold(suite, Suite::timeout)
    }
}

/// Parses the command line behind `check`.
pub(crate) fn parse(parser: Parser) -> Result<Command, String> {
    let mut check = Check::default();
    let command = match read_options(&mut check, parser)? {
        End::Text(text) => return Ok(Command::Help(text)),
        End::Command(command) => command,
        End::Nothing => Vec::new(),
    };
    check_combinations(&check)?;
    if let Some(file) = &check.profile_file {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        check.profile = Profile::from_toml(file, &text).map_err(|error| error.to_string())?;
    }
    check.profile.via = match check.via {
        _ if check.has(Flag::Tls) => Via::Tls,
        via => via.unwrap_or(check.profile.via),
    };
    let patterns = check.explain.iter().fold(check.suite(), |suite, id| suite.only(id));
    let selected = patterns.scenarios().map_err(|error| error.to_string())?;
    if let Some(pattern) = &check.explain {
        let explained = selected.iter().filter(|scenario| scenario.matches(pattern));
        let texts: Vec<_> = explained.map(|scenario| scenario.explain()).collect();
        return Ok(Command::Help(texts.join("\n")));
    }
    if check.has(Flag::List) {
        let mut list = String::new();
        for scenario in selected {
            let _ = writeln!(list, "{:<28} {}", scenario.id, scenario.situation);
        }
        return Ok(Command::Help(list));
    }
    check.command = if command.is_empty() { check.profile.command.clone() } else { command };
    if check.command.is_empty() {
        return Err(
            "missing command; expected mock-origin check [OPTIONS] -- COMMAND [ARGS…]".to_owned()
        );
    }
    Ok(Command::Check(Box::new(check)))
}

/// What the options are followed by.
enum End {
    /// A command behind `--`.
    Command(Vec<String>),
    /// Nothing.
    Nothing,
    /// An option asked for this text.
    Text(String),
}

/// Reads options into `check`, until `--` or the end.
fn read_options(check: &mut Check, mut parser: Parser) -> Result<End, String> {
    let mut said = Vec::new();
    loop {
        if let Some(mut rest) = parser.try_raw_args()
            && rest.next_if(|arg| arg == "--").is_some()
        {
            return rest.map(text).collect::<Result<_, _>>().map(End::Command);
        }
        let Some(arg) = parser.next().map_err(|error| error.to_string())? else {
            return Ok(End::Nothing);
        };
        let name = match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(End::Text(help())),
            Arg::Short('V') | Arg::Long("version") => return Ok(End::Text(version())),
            Arg::Short('q') => "quiet".to_owned(),
            Arg::Short('v') => "verbose".to_owned(),
            Arg::Long(name) => name.to_owned(),
            Arg::Value(value) => {
                let value = value.to_string_lossy();
                return Err(format!(
                    "unexpected argument {value:?}; the client's command follows --"
                ));
            }
            other @ Arg::Short(_) => return Err(other.unexpected().to_string()),
        };
        let flag = FLAGS.iter().find(|(known, _)| *known == name).map(|(_, flag)| *flag);
        let option = OPTIONS.iter().find(|(known, _)| *known == name).map(|(_, set)| set);
        if flag.is_none() && option.is_none() {
            return Err(unknown_option(&name));
        }
        if said.contains(&name) && !REPEATED.contains(&&*name) {
            return Err(format!("duplicate option --{name}"));
        }
        check.flags.extend(flag);
        if let Some(set) = option {
            let value = text(parser.value().map_err(|error| error.to_string())?)?;
            let form = form_of(&name);
            let invalid = || format!("invalid value {value:?} for --{name}; expected {form}");
            set(check, &value).filter(|()| !value.is_empty()).ok_or_else(invalid)?;
        }
        said.push(name);
    }
}

fn check_combinations(check: &Check) -> Result<(), String> {
    let is_via_other = check.via.is_some_and(|via| via != Via::Tls);
    for (is_wrong, message) in [
        (check.has(Flag::FixExpect) && check.expect.is_none(), "--fix-expect requires --expect"),
        (check.has(Flag::Tls) && is_via_other, "--tls contradicts --via"),
        (check.has(Flag::Quiet) && check.has(Flag::Verbose), "--quiet contradicts --verbose"),
    ] {
        if is_wrong {
            return Err(message.to_owned());
        }
    }
    Ok(())
}

fn unknown_option(name: &str) -> String {
    let flags = FLAGS.iter().map(|(known, _)| *known);
    match nearest(name, flags.chain(OPTIONS.iter().map(|(known, _)| *known))) {
        Some(meant) => format!("unknown option --{name}; did you mean --{meant}?"),
        None => format!("unknown option --{name}; see mock-origin check --help"),
    }
}

#[cfg(test)]
mod tests;
