//! Runs the measures in rounds and writes the page. Start with [`report`].

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::clean_build;
use crate::measure::{median, percentile};
use crate::plan::{MEASURES, Measure, Profile, Row};
use crate::process;
use crate::server::Kind;

/// What to measure, and how thoroughly.
pub(crate) struct Selection {
    pub(crate) quick: bool,
    only: Vec<String>,
    servers: Vec<Kind>,
}

impl Selection {
    pub(crate) fn parse(options: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut parsed = Self { quick: false, only: Vec::new(), servers: Kind::ALL.to_vec() };
        let mut options = options.iter();
        while let Some(option) = options.next() {
            let mut list = || options.next().map(|list| list.split(',')).ok_or("missing list");
            match *option {
                "--quick" => parsed.quick = true,
                "--only" => parsed.only = list()?.map(str::to_owned).collect(),
                "--servers" => {
                    parsed.servers = list()?.map(str::parse).collect::<Result<_, _>>()?
                }
                _ => return Err(format!("unknown option {option}").into()),
            }
        }
        if let Some(name) = parsed.only.iter().find(|name| !is_measure(name)) {
            return Err(format!("unknown measure {name}").into());
        }
        Ok(parsed)
    }

    fn includes(&self, measure: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == measure)
    }
}

fn is_measure(name: &str) -> bool {
    name == clean_build::NAME || MEASURES.iter().any(|measure| measure.name == name)
}

/// The figures of one measure: for each round and each server, if it ran.
type Rounds = Vec<Vec<Option<Vec<f64>>>>;

/// Returns the page.
pub(crate) fn report(dev_binary: &str, selection: &Selection) -> Result<String, Box<dyn Error>> {
    let mut page = String::from(INTRODUCTION);
    let effort =
        if selection.quick { ", with `--quick`: smaller bodies and fewer rounds" } else { "" };
    writeln!(page, "Measured on {}{effort}. {}.\n", process::machine(), versions()?)?;
    for (profile, title) in [(Profile::Dev, DEV), (Profile::Release, RELEASE)] {
        writeln!(page, "## {title}\n")?;
        write_heading(&mut page, "Measure", &selection.servers)?;
        for measure in MEASURES.iter().filter(|measure| selection.includes(measure.name)) {
            let Some(sizes) = measure.sizes(profile, selection.quick) else { continue };
            let rounds = run_rounds(measure, profile, dev_binary, &sizes, selection)?;
            for (at, row) in measure.rows.iter().enumerate() {
                write_row(&mut page, row, at, &rounds, &selection.servers)?;
            }
        }
        page.push('\n');
    }
    if selection.includes(clean_build::NAME) && !selection.quick {
        writeln!(page, "## Clean build\n\n{}\n", clean_build::EXPLANATION)?;
        clean_build::write_table(&mut page)?;
    }
    Ok(page)
}

const DEV: &str = "Dev profile, which tests use";
const RELEASE: &str = "Release profile";

const INTRODUCTION: &str = "\
<!-- written by benches/peers/run -->
# Performance

What the origin costs beside other mock servers and beside a bare hyper server, which does the minimum of the same
work: it counts and hashes each body, and stores and records nothing.

A cell with × is the ratio to the bare server in the first column: the median of the ratios of all rounds, and half the distance
of their quartiles. Other cells are medians in the unit of the row. `two workers` is the bare server on a runtime with two
worker threads instead of a current-thread runtime, `counting` the bare server without the hash. Each round measures
every server once, each in a process of its own, with the same client in that process. Heads of requests are the same for all, and
all send as many response headers. \"One core\" means that client and server are pinned to the same core. A small piece has 256 bytes; a
large body has 1 GiB (dev profile: 128 MiB); eight at once have 128 MiB each (dev profile: 16 MiB; beside a small request: 64 MiB).
httpmock, wiremock and mockito reuse a stopped server for the next start. mockito closes each connection after one
response, so that its client connects again.

";

fn run_rounds(
    measure: &Measure,
    profile: Profile,
    dev_binary: &str,
    sizes: &[usize],
    selection: &Selection,
) -> Result<Rounds, Box<dyn Error>> {
    let binary = match profile {
        Profile::Dev => PathBuf::from(dev_binary),
        Profile::Release => std::env::current_exe()?,
    };
    let count = if selection.quick { measure.quick_rounds } else { measure.rounds };
    let mut rounds = Rounds::new();
    for round in 0..count {
        eprintln!("{profile:?} {} {}/{count}", measure.name, round + 1);
        let figures = selection.servers.iter().map(|kind| {
            let runs = measure.runs(*kind, round);
            runs.then(|| in_child(&binary, *kind, measure, sizes)).transpose()
        });
        rounds.push(figures.collect::<Result<_, _>>()?);
    }
    Ok(rounds)
}

/// Runs one measurement in a process of its own.
fn in_child(
    binary: &PathBuf,
    kind: Kind,
    measure: &Measure,
    sizes: &[usize],
) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut command = match process::first_core().filter(|_| measure.pinned) {
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", &core]).arg(binary);
            command
        }
        None => Command::new(binary),
    };
    command.args(["measure", kind.name(), measure.command]);
    command.args(sizes.iter().map(usize::to_string));
    // So that httpmock does not wait for a server of its pool.
    command.env("HTTPMOCK_MAX_SERVERS", "2000");
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{kind} {} failed: {error}", measure.name).into());
    }
    Ok(text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?)
}

pub(crate) fn write_heading(page: &mut String, first: &str, servers: &[Kind]) -> std::fmt::Result {
    let titles = servers.iter().map(|kind| match kind {
        Kind::Hyper => "bare hyper",
        Kind::HyperTwoWorkers => "two workers",
        Kind::HyperCounting => "counting",
        other => other.name(),
    });
    writeln!(page, "| {first} | {} |", titles.collect::<Vec<_>>().join(" | "))?;
    writeln!(page, "|---|{}", "---:|".repeat(servers.len()))
}

fn write_row(
    page: &mut String,
    row: &Row,
    at: usize,
    rounds: &Rounds,
    servers: &[Kind],
) -> std::fmt::Result {
    let base = servers.iter().position(|kind| *kind == Kind::Hyper);
    let cells = (0..servers.len()).map(|server| {
        let figure = |round: &Vec<Option<Vec<f64>>>, server: usize| {
            round[server].as_ref().map(|figures| figures[at])
        };
        let values = |base: Option<usize>| -> Vec<f64> {
            let divided = |round| {
                let divisor = base.map_or(Some(1.0), |base| figure(round, base))?;
                Some(figure(round, server)? / divisor)
            };
            rounds.iter().filter_map(divided).collect()
        };
        if row.is_ratio && base.is_some_and(|base| base != server) {
            let ratios = values(base);
            format!("{:.2}×{}", median(ratios.clone()), spread(ratios))
        } else {
            let values = values(None);
            format!("{} {}", rounded(median(values)), row.unit).trim_end().to_owned()
        }
    });
    writeln!(page, "| {} | {} |", row.title, cells.collect::<Vec<_>>().join(" | "))
}

/// Returns half the distance of the quartiles. One value has no spread.
fn spread(values: Vec<f64>) -> String {
    if values.len() < 2 {
        return String::new();
    }
    let distance = percentile(values.clone(), 75) - percentile(values, 25);
    format!(" ±{:.2}", distance / 2.0)
}

/// Returns the value with three significant digits, and thousands separated by commas.
pub(crate) fn rounded(value: f64) -> String {
    if value.abs() < 100.0 {
        let decimals = if value.abs() < 9.995 { 2 } else { 1 };
        return format!("{value:.decimals$}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns the versions of the compiler and the measured crates.
fn versions() -> Result<String, Box<dyn Error>> {
    let rustc = String::from_utf8(Command::new("rustc").arg("--version").output()?.stdout)?;
    let rustc = rustc.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let names = ["mock-origin", "hyper", "tokio", "httptest", "httpmock", "wiremock", "mockito"];
    let crates = names.map(|name| format!("{name} {}", clean_build::locked_version(name)));
    Ok(format!("Versions: {rustc}, {}", crates.join(", ")))
}
