//! The time to start a server and get its first response, and the time to stop it.
//!
//! Every test pays this. Both runtimes already exist.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::Effort;
use crate::client::{Client, OPTIONS};
use crate::rounds::{in_turns, median};
use crate::server::{Server, Side};
use crate::table::{Row, Target, Unit};

/// Starts in a round; a single one varies too much. Each leaves two ports in `TIME_WAIT` for a minute, and
/// with few free ports it takes long to find one.
const STARTS: usize = 25;

/// A pause after a stop, so that its cleanup is not measured with the next start.
const REST: Duration = Duration::from_micros(300);

pub(crate) fn measure(effort: &Effort) -> io::Result<Vec<Row>> {
    start_all(Side::Ours)?;
    start_all(Side::Bare)?;
    let [start, stop] = in_turns(effort.rounds, start_all)?;
    let target = Target::RatioAtMost(1.3);
    Ok(vec![
        Row::compared("start to first response", Unit::Micros, &start, target),
        Row::alone("stop, the port closed", Unit::Micros, stop.ours(), Target::None),
    ])
}

fn start_all(side: Side) -> io::Result<[f64; 2]> {
    let both = (0..STARTS).map(|_| start(side)).collect::<io::Result<Vec<_>>>()?;
    let (starts, stops) = both.into_iter().unzip();
    Ok([median(starts), median(stops)])
}

/// Returns the µs until the first response, and the µs of the stop.
fn start(side: Side) -> io::Result<(f64, f64)> {
    thread::sleep(REST);
    let before = Instant::now();
    let server = Server::start(side)?;
    let mut client = Client::connect(server.address)?;
    client.ask(OPTIONS)?;
    let answered = Instant::now();
    drop(server);
    let micros = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1e6;
    Ok((micros(before, answered), micros(answered, Instant::now())))
}
