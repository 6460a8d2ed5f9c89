//! The memory of a small recorded exchange: its head, its record, and the piece of a piece request.

use std::io;

use crate::Effort;
use crate::client::{Client, PING};
use crate::memory;
use crate::server::{Server, Side, Upload};
use crate::table::{Row, Target, Unit};

const EXCHANGES: u32 = 10_000;

/// The maximum number of pieces of an upload.
const PIECES: u32 = 1000;

pub(crate) fn measure(_: &Effort) -> io::Result<Vec<Row>> {
    let row = |name, request| -> io::Result<Row> {
        let [bytes] = memory::child(&["record", request])?;
        Ok(Row::alone(name, Unit::Bytes, bytes, Target::None))
    };
    Ok(vec![
        row("the record of a ping", "ping")?,
        row("the record of an empty piece, and the piece", "piece")?,
    ])
}

/// Prints bytes per exchange.
pub(crate) fn in_child(request: &str) -> io::Result<()> {
    let server = Server::with_uploads(Side::Ours, 1 + EXCHANGES / PIECES)?;
    let mut client = Client::connect(server.address)?;
    let requests = if request == "ping" { pings() } else { pieces(&server.uploads) };
    let (first, counted) = requests.split_at(PIECES as usize);
    first.iter().try_for_each(|request| client.ask(request))?;
    let before = memory::resident();
    counted.iter().try_for_each(|request| client.ask(request))?;
    println!("{}", (memory::resident() - before) * 1024.0 / f64::from(EXCHANGES));
    Ok(())
}

fn pings() -> Vec<Vec<u8>> {
    vec![PING.to_vec(); (PIECES + EXCHANGES) as usize]
}

fn pieces(uploads: &[Upload]) -> Vec<Vec<u8>> {
    let of_one = |upload| (1..=PIECES).map(move |number| Upload::piece(upload, number, 0));
    uploads.iter().flat_map(of_one).collect()
}
