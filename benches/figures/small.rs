//! Small pieces per second, over two connections that are kept alive.
//!
//! This measures the cost per request: heads, journal, locks and the response. Each connection has its
//! own uploads, because an upload has at most a thousand pieces.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Instant;

use crate::Effort;
use crate::client::{Client, join_all};
use crate::rounds::in_turns;
use crate::server::{Server, Side, Upload};
use crate::table::{Row, Target, Unit};

const CONNECTIONS: u32 = 2;
const UPLOADS_EACH: u32 = 3;
const PIECES: u32 = 1000;

pub(crate) fn measure(effort: &Effort) -> io::Result<Vec<Row>> {
    pieces_per_second(Side::Ours)?;
    pieces_per_second(Side::Bare)?;
    let [speed] = in_turns(effort.rounds, |side| Ok([pieces_per_second(side)?]))?;
    let name = "pieces of 1 to 4 KiB, 2 connections";
    Ok(vec![Row::compared(name, Unit::PerSecond, &speed, Target::RatioAtLeast(0.75))])
}

fn pieces_per_second(side: Side) -> io::Result<f64> {
    let server = Server::with_uploads(side, CONNECTIONS * UPLOADS_EACH)?;
    let address = server.address;
    let series: Vec<_> = server.uploads.chunks(UPLOADS_EACH as usize).map(requests).collect();
    let before = Instant::now();
    thread::scope(|scope| {
        let send = |requests| scope.spawn(move || send_all(address, requests));
        let clients: Vec<_> = series.iter().map(Vec::as_slice).map(send).collect();
        join_all(clients)
    })?;
    Ok(f64::from(CONNECTIONS * UPLOADS_EACH * PIECES) / before.elapsed().as_secs_f64())
}

/// Prepares the requests of one connection.
fn requests(uploads: &[Upload]) -> Vec<Vec<u8>> {
    let pieces = |upload| (1..=PIECES).map(move |number| piece(upload, number));
    uploads.iter().flat_map(pieces).collect()
}

fn piece(upload: &Upload, number: u32) -> Vec<u8> {
    upload.piece(number, 1024 * (1 + number % 4))
}

fn send_all(address: SocketAddr, requests: &[Vec<u8>]) -> io::Result<()> {
    let mut client = Client::connect(address)?;
    requests.iter().try_for_each(|request| client.ask(request))
}
