//! Eight pieces in parallel, compared with the same eight in sequence: hashing must use every core.
//!
//! Both sides are the origin, with one connection for each piece.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Instant;

use crate::Effort;
use crate::client::{Client, join_all};
use crate::rounds::in_turns_of;
use crate::server::{Server, Side, Upload};
use crate::table::{Row, Target, Unit};

const PIECES: u32 = 8;

/// How the pieces are sent.
type Send = fn(SocketAddr, &Upload, u64) -> io::Result<()>;

pub(crate) fn measure(effort: &Effort) -> io::Result<Vec<Row>> {
    let mib = effort.large_mib / PIECES;
    let [speed] = in_turns_of(
        effort.large_rounds,
        || Ok([mib_per_second(mib, at_once)?]),
        || Ok([mib_per_second(mib, one_by_one)?]),
    )?;
    let name = format!("{PIECES} pieces of {mib} MiB at once / one by one");
    Ok(vec![Row::compared(&name, Unit::MibPerSecond, &speed, Target::RatioAtLeast(1.1))])
}

fn mib_per_second(mib: u32, send: Send) -> io::Result<f64> {
    let server = Server::with_uploads(Side::Ours, 1)?;
    let before = Instant::now();
    for upload in &server.uploads {
        send(server.address, upload, u64::from(mib) << 20)?;
    }
    Ok(f64::from(PIECES * mib) / before.elapsed().as_secs_f64())
}

fn one_by_one(address: SocketAddr, upload: &Upload, size: u64) -> io::Result<()> {
    (1..=PIECES).try_for_each(|number| send_piece(address, upload, number, size))
}

fn at_once(address: SocketAddr, upload: &Upload, size: u64) -> io::Result<()> {
    thread::scope(|scope| {
        let send = |number| scope.spawn(move || send_piece(address, upload, number, size));
        let clients: Vec<_> = (1..=PIECES).map(send).collect();
        join_all(clients)
    })
}

fn send_piece(address: SocketAddr, upload: &Upload, number: u32, size: u64) -> io::Result<()> {
    let mut client = Client::connect(address)?.with_block();
    client.stream(&upload.piece_head(number, size), size)
}
