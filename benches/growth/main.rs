//! Measures how the cost of queries, assertions, listings, reports and control calls grows.
//!
//! ```text
//! cargo bench --bench growth                      1,000 to 100,000 exchanges, in about one minute
//! cargo bench --bench growth -- --large           10,000 to 1,000,000 exchanges, in about five minutes
//! cargo bench --bench growth -- --large --write   writes docs/growth.md
//! cargo bench --bench growth -- files listFile    only these groups, and rows with this text
//! ```
//!
//! Each row is measured at three sizes, each ten times the one before. The growth is the factor of
//! the time over the last step: 1 means that the size does not matter, 10 that the cost is
//! proportional, and much more that a step is repeated for each record. Start with
//! [`operations::GROUPS`].

// A benchmark prints its table.
#![allow(clippy::print_stdout)]

#[path = "../../tests/support/http.rs"]
mod http;
mod memory;
mod operations;
mod stage;

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use operations::{GROUPS, Group};

const INTRODUCTION: &str = "\
<!-- written by cargo bench --bench growth -- --large --write -->
# How cost grows

How the time of a query, an assertion, a listing, a report or a control call depends on what the origin has
recorded and stored.

Each row is measured at three sizes, each ten times the one before. `growth` is the factor of the time over the last
step: about 1 means that the size does not matter, and about 10 that the cost is proportional. A call that reads every
record grows by more where the records no longer fit into the caches of the processor, although callgrind counts about
ten times as many instructions. The first row that reads all records of a long journal also unpacks them.

Each time is the shortest of several runs in one process, in microseconds, or the time of the only run of a long call.
Calls over HTTP contain a new connection and the read of the whole response. \"fails\" marks an assertion that fails,
and the time contains its message. A time \"during wait_until\" contains 20 requests, after each of which a waiting
thread checks its condition.
";

/// The measured times of a row, one per size.
struct Row {
    name: &'static str,
    times: Vec<Duration>,
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    // `cargo test` runs this program without `--bench`, only to check that it builds.
    if !has("--bench") {
        return Ok(());
    }
    let words = arguments.iter().filter(|word| !word.starts_with("--"));
    let is_group = |word: &&&String| GROUPS.iter().any(|group| group.name == **word);
    let (groups, texts): (Vec<_>, Vec<_>) = words.partition(|word| is_group(&word));
    let mut page = INTRODUCTION.to_owned();
    for group in GROUPS {
        if !groups.is_empty() && !groups.iter().any(|name| *name == group.name) {
            continue;
        }
        let least = if has("--large") { group.large } else { group.least };
        let is_wanted =
            |row: &str| texts.is_empty() || texts.iter().any(|text| row.contains(*text));
        let section = measure(group, least, &is_wanted)?;
        println!("{section}");
        page += &section;
    }
    if has("--write") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/growth.md");
        std::fs::write(path, page)?;
    }
    Ok(())
}

/// Measures the rows of a group, and returns its section of the page.
fn measure(group: &Group, least: usize, is_wanted: &dyn Fn(&str) -> bool) -> io::Result<String> {
    let wanted = group.operations.iter().filter(|(name, _)| is_wanted(name));
    let mut rows: Vec<Row> = wanted.map(|(name, _)| Row { name, times: Vec::new() }).collect();
    let mut finish = Row { name: "finish()", times: Vec::new() };
    let sizes = [least, least * 10, least * 100];
    let mut streamed = Vec::new();
    for size in sizes {
        let stage = (group.make)(size)?;
        let operations = group.operations.iter().filter(|(name, _)| is_wanted(name));
        for ((_, operation), row) in operations.zip(&mut rows) {
            row.times.push(shortest(|| operation(&stage)));
        }
        if let Some(path) = group.streamed {
            streamed.extend(memory::while_running(|| stage.control(path)));
        }
        finish.times.push(stage.finish());
    }
    if is_wanted(finish.name) {
        rows.push(finish);
    }
    let mut section = format!("\n## {}\n\n| {} |", group.title, group.unit);
    for size in sizes {
        let _ = write!(section, " {} |", grouped(&size));
    }
    section += " growth |\n|---|---:|---:|---:|---:|\n";
    for Row { name, times } in rows {
        let _ = write!(section, "| `{name}` |");
        for time in &times {
            let _ = write!(section, " {} |", in_words(*time));
        }
        let _ = writeln!(section, " {:.1} |", times[2].as_secs_f64() / times[1].as_secs_f64());
    }
    if let (Some(path), [.., (before, peak)]) = (group.streamed, &streamed[..]) {
        let mib = |bytes: u64| grouped(&(bytes >> 20));
        let _ = writeln!(
            section,
            "\nWhile `GET /__mock/{path}` writes all {} exchanges, the resident memory of the process grows \
             from {} MiB to at most {} MiB.",
            grouped(&sizes[2]),
            mib(*before),
            mib(*peak)
        );
    }
    Ok(section)
}

/// Returns the shortest time of an operation over some runs. One that takes long is measured less often.
fn shortest(operation: impl Fn()) -> Duration {
    const BUDGET: Duration = Duration::from_millis(500);
    let (started, mut times) = (Instant::now(), Vec::new());
    while times.is_empty() || times.len() < 50 && started.elapsed() < BUDGET {
        let began = Instant::now();
        operation();
        times.push(began.elapsed());
    }
    times.into_iter().min().unwrap_or_default()
}

fn in_words(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 100.0 { format!("{micros:.1}") } else { grouped(&time.as_micros()) }
}

/// Returns a number with a comma after each three digits.
fn grouped(number: &impl ToString) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}
