//! Guards the cost of a fixed workload: fails if an operation needs 5 % more instructions or
//! allocations than recorded in `figures.txt`.
//!
//! ```text
//! instructions                    counts and compares
//! instructions --update           counts and writes figures.txt
//! instructions run WORKLOAD N     runs N operations and prints the allocations of the process
//! ```
//!
//! Each workload runs twice in processes of its own, with no operation and with many; the difference
//! belongs to the operations. The client is in the same process; it is a blocking socket with
//! prepared requests. callgrind counts instructions, without those of the kernel. valgrind 3.19 reports
//! neither SHA nor AVX-512 instructions of the processor, so that all x86-64 machines with AVX2 run
//! the same code. Without valgrind only allocations are compared.

mod allocations;
#[path = "../../shared/piece_head.rs"]
mod piece_head;
mod workload;

use std::error::Error;
use std::fmt::Write as _;
use std::process::{Command, ExitCode};
use std::{env, fs};

use workload::WORKLOADS;

const FIGURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/figures.txt");

/// The growth, in percent, that fails.
const TOLERANCE: f64 = 5.0;

/// The smallest count of this many runs is used: wake-ups of threads differ from run to run by a few percent.
const RUNS: usize = 3;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["run", workload, operations] => {
            let workload = WORKLOADS.iter().find(|known| known.name == *workload);
            let workload = workload.ok_or("unknown workload")?;
            workload.run(operations.parse()?)?;
            println!("{}", allocations::count());
            Ok(ExitCode::SUCCESS)
        }
        [] => compare(),
        ["--update"] => {
            let mut text = String::new();
            for figure in count()? {
                writeln!(text, "{:<14}{:<14}{:.1}", figure.workload, figure.unit, figure.value)?;
            }
            fs::write(FIGURES, &text)?;
            print!("{text}");
            Ok(ExitCode::SUCCESS)
        }
        _ => Err("usage: see the first lines of main.rs".into()),
    }
}

/// What one operation of a workload costs.
struct Figure {
    workload: &'static str,
    unit: &'static str,
    value: f64,
}

fn compare() -> Result<ExitCode, Box<dyn Error>> {
    let recorded = fs::read_to_string(FIGURES)?;
    let mut has_grown = false;
    for Figure { workload, unit, value } in count()? {
        let line = recorded.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            let is_it = words.next() == Some(workload) && words.next() == Some(unit);
            is_it.then(|| words.next()?.parse::<f64>().ok()).flatten()
        });
        let recorded = line.ok_or_else(|| format!("figures.txt has no {workload} {unit}"))?;
        let growth = (value / recorded - 1.0) * 100.0;
        let is_over = growth > TOLERANCE;
        has_grown |= is_over;
        let note = if is_over { "  GROWN" } else { "" };
        println!("{workload:<14}{unit:<14}{value:>12.1}{recorded:>12.1}{growth:>+8.1} %{note}");
    }
    if has_grown {
        println!(
            "More than {TOLERANCE} % over figures.txt. If the growth is wanted: benches/instructions/run --update"
        );
    }
    Ok(if has_grown { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn count() -> Result<Vec<Figure>, Box<dyn Error>> {
    let has_valgrind = Command::new("valgrind").arg("--version").output().is_ok();
    if !has_valgrind {
        println!("valgrind is missing: instructions are skipped, only allocations are compared");
    }
    let mut figures = Vec::new();
    for workload in WORKLOADS {
        let (name, operations) = (workload.name, workload.operations);
        let mut add = |unit, count: &dyn Fn(usize) -> Result<f64, Box<dyn Error>>| {
            let value = (count(operations)? - count(0)?) / operations as f64;
            figures.push(Figure { workload: name, unit, value });
            Ok::<(), Box<dyn Error>>(())
        };
        add("allocations", &|operations| allocations(name, operations))?;
        if has_valgrind {
            add("instructions", &|operations| {
                let counts = (0..RUNS).map(|_| instructions(name, operations));
                counts.reduce(|least, next| Ok(least?.min(next?))).ok_or("no run")?
            })?;
        }
    }
    Ok(figures)
}

fn allocations(workload: &str, operations: usize) -> Result<f64, Box<dyn Error>> {
    let program = env::current_exe()?;
    let output = Command::new(program).args(["run", workload, &operations.to_string()]).output()?;
    let text = String::from_utf8(output.stdout)?;
    text.trim().parse().map_err(|_| String::from_utf8_lossy(&output.stderr).into())
}

fn instructions(workload: &str, operations: usize) -> Result<f64, Box<dyn Error>> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.arg(env::current_exe()?).args(["run", workload, &operations.to_string()]);
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split_once("Collected : "));
    let (_, collected) = collected.ok_or_else(|| format!("callgrind printed {text}"))?;
    Ok(collected.trim().parse()?)
}
