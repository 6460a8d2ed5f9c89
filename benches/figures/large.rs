//! One large piece whose content is stored: throughput and memory.
//!
//! The bare server discards the bytes; the origin writes them to a file and may use its second thread.

use std::io;
use std::time::Instant;

use crate::Effort;
use crate::client::{Client, OPTIONS};
use crate::memory;
use crate::rounds::in_turns;
use crate::server::{Server, Side};
use crate::table::{Row, Target, Unit};

const MIB: u64 = 1 << 20;

pub(crate) fn measure(effort: &Effort) -> io::Result<Vec<Row>> {
    let mib = effort.large_mib.to_string();
    let [speed, growth] =
        in_turns(effort.large_rounds, |side| memory::child(&["large", side.name(), &mib]))?;
    let name = format!("one piece of {mib} MiB, kept");
    Ok(vec![
        Row::compared(&name, Unit::MibPerSecond, &speed, Target::RatioAtLeast(0.9)),
        Row::compared("  peak memory growth", Unit::Mib, &growth, Target::AtMost(16.0)),
    ])
}

/// Prints MiB per second and MiB of growth.
pub(crate) fn in_child(side: &str, mib: &str) -> io::Result<()> {
    let mib: u32 = mib.parse().map_err(io::Error::other)?;
    let server = Server::with_uploads(Side::named(side), 1)?;
    let mut client = Client::connect(server.address)?.with_block();
    client.ask(OPTIONS)?;
    let resident = memory::resident();
    let before = Instant::now();
    for upload in &server.uploads {
        let bytes = u64::from(mib) * MIB;
        client.stream(&upload.piece_head(1, bytes), bytes)?;
    }
    let speed = f64::from(mib) / before.elapsed().as_secs_f64();
    println!("{speed} {}", (memory::peak() - resident) / 1024.0);
    Ok(())
}
