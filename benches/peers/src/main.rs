//! Measures mock-origin, other mock servers and a bare hyper server side by side.
//!
//! ```text
//! peers measure SERVER MEASURE ARGUMENTS     one measurement, in a process of its own
//! peers report DEV-BINARY [--quick] [--only MEASURE,…] [--servers SERVER,…]
//! ```
//!
//! `report` starts this program (release profile) and `DEV-BINARY` (the same program, dev profile)
//! again for each measurement: one round measures every server once, and rounds repeat. So all
//! servers see the same load of the machine, and peak memory and threads belong to one server. It
//! prints `docs/performance.md`. Start with `plan.rs`, which lists the measures.

mod bare;
mod clean_build;
mod client;
mod measure;
#[path = "../../shared/piece_head.rs"]
mod piece_head;
mod plan;
mod process;
mod report;
mod server;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let started = std::time::Instant::now();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["measure", server, measure, sizes @ ..] => {
            let server = server.parse()?;
            let sizes = sizes.iter().map(|size| size.parse()).collect::<Result<Vec<usize>, _>>()?;
            let figures = measure::run(server, measure, &sizes, started)?;
            let figures: Vec<String> = figures.iter().map(f64::to_string).collect();
            println!("{}", figures.join(" "));
        }
        ["report", dev_binary, options @ ..] => {
            print!("{}", report::report(dev_binary, &report::Selection::parse(options)?)?);
        }
        _ => return Err("usage: see the first lines of main.rs".into()),
    }
    Ok(())
}
