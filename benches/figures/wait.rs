//! The wait that a large piece adds to a small request on another connection.
//!
//! The wait without the large piece is measured just before, on the same connection, and its median is
//! subtracted. A part of the rest is unavoidable: the sender, the reader and the hasher of the large piece
//! use the same few cores as the small request. The figure of the bare server shows how much.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Effort;
use crate::client::{Client, PING, join_all};
use crate::rounds::{in_turns, median, percentile};
use crate::server::{Server, Side};
use crate::table::{Row, Target, Unit};

/// The pause between two small requests, so that they add no load.
const PAUSE: Duration = Duration::from_millis(1);

/// Small requests before the large piece begins.
const CALM: usize = 200;

pub(crate) fn measure(effort: &Effort) -> io::Result<Vec<Row>> {
    let bytes = u64::from(effort.large_mib) << 20;
    let [calm, typical, worst] = in_turns(effort.large_rounds, |side| added_wait(side, bytes))?;
    let name = format!("a ping during a piece of {} MiB: added, median", effort.large_mib);
    Ok(vec![
        Row::compared("a ping alone", Unit::Micros, &calm, Target::None),
        Row::compared(&name, Unit::Micros, &typical, Target::AtMost(300.0)),
        Row::compared("  99th percentile", Unit::Micros, &worst, Target::AtMost(5000.0)),
    ])
}

/// Returns the usual wait, and the median and the 99th percentile of the added wait, in µs.
fn added_wait(side: Side, bytes: u64) -> io::Result<[f64; 3]> {
    let server = Server::with_uploads(side, 1)?;
    let mut pinging = Client::connect(server.address)?;
    let mut sending = Client::connect(server.address)?.with_block();
    let calm = median((0..CALM).map(|_| wait(&mut pinging)).collect::<io::Result<_>>()?);
    let head = server.uploads[0].piece_head(1, bytes);
    let over = AtomicBool::new(false);
    let waits: Vec<f64> = thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let sent = sending.stream(&head, bytes);
            over.store(true, Ordering::Relaxed);
            sent
        });
        let ping = || (!over.load(Ordering::Relaxed)).then(|| wait(&mut pinging));
        let waits = std::iter::from_fn(ping).collect::<io::Result<_>>();
        join_all([sender]).and(waits)
    })?;
    let added: Vec<f64> = waits.into_iter().map(|wait| wait - calm).collect();
    Ok([calm, median(added.clone()), percentile(added, 99)])
}

fn wait(client: &mut Client) -> io::Result<f64> {
    thread::sleep(PAUSE);
    let before = Instant::now();
    client.ask(PING)?;
    Ok(before.elapsed().as_secs_f64() * 1e6)
}
