//! Compares the cost of the origin with a bare server that does the minimum of the same work.
//!
//! ```text
//! cargo bench                       every figure, in about a minute
//! cargo bench -- --quick            smaller bodies and fewer rounds
//! cargo bench -- start wait         only these figures
//! ```
//!
//! Absolute times depend more on the machine than on the code. So each figure is measured on
//! both [sides](server::Side) in turns — ours, bare, ours, bare — in one run, over the loopback,
//! with the same bytes from the same blocking client. A slow machine slows both sides, and the ratio
//! stays. Every value is the median of its rounds, and a ratio is the median of the
//! rounds' ratios.
//!
//! The bare server is hyper's on a runtime like the origin's: it counts and hashes each body where
//! it is read, and sends eight headers. It stores nothing, implements no protocol and records no
//! journal: the difference is what the origin does for a test.

// A benchmark prints its table.
#![allow(clippy::print_stdout)]

mod bare;
mod client;
#[path = "../../tests/support/http.rs"]
mod http;
mod large;
mod memory;
mod parallel;
#[path = "../shared/piece_head.rs"]
mod piece_head;
mod record;
mod rounds;
mod server;
mod small;
mod start;
mod table;
mod wait;

use std::io;

use table::Row;

/// The size and the number of the measurements.
struct Effort {
    /// Rounds of the figures that are quick to measure.
    rounds: usize,
    /// Rounds of the figures with a large body.
    large_rounds: usize,
    /// MiB in a large body; the figures are meant for 1024.
    large_mib: u32,
}

const FULL: Effort = Effort { rounds: 31, large_rounds: 5, large_mib: 1024 };
const QUICK: Effort = Effort { rounds: 7, large_rounds: 3, large_mib: 128 };

/// A figure: its name on the command line, and what measures it.
type Figure = (&'static str, fn(&Effort) -> io::Result<Vec<Row>>);

const FIGURES: [Figure; 6] = [
    ("start", start::measure),
    ("small", small::measure),
    ("large", large::measure),
    ("parallel", parallel::measure),
    ("wait", wait::measure),
    ("record", record::measure),
];

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [memory::CHILD, "large", side, mib] => large::in_child(side, mib),
        [memory::CHILD, "record", request] => record::in_child(request),
        // `cargo test` runs this program without `--bench`, only to check that it builds.
        given if !given.contains(&"--bench") => Ok(()),
        given => print_figures(given),
    }
}

fn print_figures(arguments: &[&str]) -> io::Result<()> {
    let effort = if arguments.contains(&"--quick") { &QUICK } else { &FULL };
    let names: Vec<_> = arguments.iter().filter(|word| !word.starts_with("--")).collect();
    println!("{}", table::HEADING);
    for (name, measure) in FIGURES {
        if names.is_empty() || names.contains(&&name) {
            measure(effort)?.iter().for_each(|row| println!("{row}"));
        }
    }
    Ok(())
}
