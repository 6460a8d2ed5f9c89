//! From nothing to the first answer, in a process that has started one before; and back.
//!
//! It is what every test pays. The runtime is there by then, on both sides.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::Effort;
use crate::client::{Client, OPTIONS};
use crate::rounds::{in_turns, median};
use crate::server::{Server, Side};
use crate::table::{Row, Target, Unit};

/// Starts in a round: one alone is a matter of luck. Each leaves two ports behind that the system
/// gives to nobody for a minute, and where few are left it takes long to find one.
const STARTS: usize = 25;

/// What stopping leaves to be tidied up shall not be measured with the next start.
const REST: Duration = Duration::from_micros(300);

pub(crate) fn measure(effort: &Effort) -> io::Result<Vec<Row>> {
    start_all(Side::Ours)?;
    start_all(Side::Bare)?;
    let [start, stop] = in_turns(effort.rounds, start_all)?;
    let target = Target::RatioAtMost(1.3);
    Ok(vec![
        Row::compared("start to first answer", Unit::Micros, &start, target),
        Row::alone("stop, the port closed", Unit::Micros, stop.ours(), Target::None),
    ])
}

fn start_all(side: Side) -> io::Result<[f64; 2]> {
    let both = (0..STARTS).map(|_| start(side)).collect::<io::Result<Vec<_>>>()?;
    let (starts, stops) = both.into_iter().unzip();
    Ok([median(starts), median(stops)])
}

/// The µs until the first answer, and those until all is stopped again.
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
