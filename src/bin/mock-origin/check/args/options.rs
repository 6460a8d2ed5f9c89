//! The options of `mock-origin check`, and how the value of each is read. Start with [`OPTIONS`].

use std::time::Duration;

use mock_origin::check::Via;

use super::{Check, Flag, When};

/// The options without a value.
pub(super) const FLAGS: &[(&str, Flag)] = &[
    ("print-profile", Flag::PrintProfile),
    ("list", Flag::List),
    ("strict", Flag::Strict),
    ("fail-fast", Flag::FailFast),
    ("keep", Flag::Keep),
    ("keep-proxies", Flag::KeepProxies),
    ("fix-expect", Flag::FixExpect),
    ("quiet", Flag::Quiet),
    ("verbose", Flag::Verbose),
    ("tls", Flag::Tls),
];

/// The options that may be repeated.
pub(super) const REPEATED: &[&str] = &["only", "skip"];

/// Reads a value, or returns `None` if it is invalid.
type Set = fn(&mut Check, &str) -> Option<()>;

/// The options with a value, and the setter of each. No value may be empty.
pub(super) const OPTIONS: &[(&str, Set)] = &[
    ("profile", |check, value| {
        check.profile_file = Some(value.to_owned());
        Some(())
    }),
    ("via", |check, value| {
        check.via = Some(match value {
            "url" => Via::Url,
            "proxy" => Via::Proxy,
            "tls" => Via::Tls,
            _ => return None,
        });
        Some(())
    }),
    ("only", |check, value| {
        check.only.push(value.to_owned());
        Some(())
    }),
    ("skip", |check, value| {
        check.skip.push(value.to_owned());
        Some(())
    }),
    ("explain", |check, value| {
        check.explain = Some(value.to_owned());
        Some(())
    }),
    ("seed", |check, value| {
        check.seed = Some(value.parse().ok()?);
        Some(())
    }),
    ("seeds", |check, value| {
        let (first, last) = value.split_once("..")?;
        let last = last.strip_prefix('=').unwrap_or(last);
        let seeds = first.parse().ok()?..=last.parse().ok()?;
        check.chaos_seeds = Some(seeds).filter(|seeds| !seeds.is_empty());
        check.chaos_seeds.as_ref().map(|_| ())
    }),
    ("jobs", |check, value| {
        check.jobs = value.parse().ok().filter(|jobs| *jobs > 0);
        check.jobs.map(|_| ())
    }),
    ("timeout", |check, value| {
        let timeout = Duration::try_from_secs_f64(value.parse().ok()?).ok();
        check.timeout = timeout.filter(|timeout| !timeout.is_zero());
        check.timeout.map(|_| ())
    }),
    ("color", |check, value| {
        check.colour = match value {
            "auto" => When::Auto,
            "always" => When::Always,
            "never" => When::Never,
            _ => return None,
        };
        Some(())
    }),
    ("expect", |check, value| {
        check.expect = Some(value.to_owned());
        Some(())
    }),
    ("junit", |check, value| {
        check.junit = Some(value.to_owned());
        Some(())
    }),
    ("html", |check, value| {
        check.html = Some(value.to_owned());
        Some(())
    }),
    ("json", |check, value| {
        check.json = Some(value.to_owned());
        Some(())
    }),
    ("md", |check, value| {
        check.markdown = Some(value.to_owned());
        Some(())
    }),
    ("har", |check, value| {
        check.har = Some(value.to_owned());
        Some(())
    }),
    ("trace", |check, value| {
        check.trace = Some(value.to_owned());
        Some(())
    }),
];

/// Returns the form of an option's value.
pub(super) fn form_of(name: &str) -> &'static str {
    match name {
        "profile" | "expect" | "junit" | "html" | "json" | "md" => "the name of a file",
        "har" | "trace" => "the name of a folder",
        "via" => "url, proxy or tls",
        "color" => "auto, always or never",
        "only" | "skip" | "explain" => "the id of a scenario, or a pattern such as lost/*",
        "seeds" => "FIRST..LAST, such as 1..20",
        "jobs" => "a number above 0",
        "timeout" => "SECONDS above 0",
        _ => "a whole number from 0 to 18446744073709551615",
    }
}
