//! The measurements. Each runs in a process of its own and returns its figures in a fixed order.

use std::error::Error;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Block, Client, OPTIONS, discarded_head, piece_head, small_piece};
use crate::process;
use crate::server::{Kind, Server};

/// Pieces that one upload may have.
const PIECES_PER_UPLOAD: usize = 1000;

const MIB: usize = 1 << 20;

/// Runs one measurement. `started` is when the process started.
pub(crate) fn run(
    kind: Kind,
    measure: &str,
    sizes: &[usize],
    started: Instant,
) -> Result<Vec<f64>, Box<dyn Error>> {
    Ok(match (measure, sizes) {
        ("start", [warm, kept]) => start(kind, *warm, *kept, started)?,
        ("small", [connections, requests]) => small(kind, *connections, *requests)?,
        ("large", [mib]) => large(kind, *mib, true)?,
        ("discarded", [mib]) => large(kind, *mib, false)?,
        ("parallel", [bodies, mib]) => parallel(kind, *bodies, *mib)?,
        ("wait", [bodies, mib]) => wait(kind, *bodies, *mib)?,
        ("record", [requests]) => record(kind, *requests)?,
        ("many", [servers]) => many(kind, *servers)?,
        _ => return Err(format!("unknown measure {measure} {sizes:?}").into()),
    })
}

/// Returns the µs until the first response of the process's first server; of a later one, after
/// all earlier ones were dropped; of a later one, while all are kept; and the µs of a drop.
fn start(kind: Kind, warm: usize, kept: usize, started: Instant) -> io::Result<Vec<f64>> {
    /// After a drop, so that its cleanup is not measured with the next start.
    const REST: Duration = Duration::from_micros(300);
    let first = answering(kind)?;
    let cold = micros(started);
    drop(first);
    let (mut warm_starts, mut drops) = (Vec::new(), Vec::new());
    for _ in 0..warm {
        thread::sleep(REST);
        let before = Instant::now();
        let server = answering(kind)?;
        warm_starts.push(micros(before));
        let before = Instant::now();
        drop(server);
        drops.push(micros(before));
    }
    let (mut servers, mut kept_starts) = (Vec::new(), Vec::new());
    for _ in 0..kept {
        thread::sleep(REST);
        let before = Instant::now();
        servers.push(answering(kind)?);
        kept_starts.push(micros(before));
    }
    Ok(vec![cold, median(warm_starts), median(kept_starts), median(drops)])
}

/// Returns a server that has answered a request, and the client's connection.
fn answering(kind: Kind) -> io::Result<(Client, Server)> {
    let server = Server::start(kind, 0)?;
    let mut client = Client::connect(server.address)?;
    client.ask(OPTIONS)?;
    Ok((client, server))
}

/// Returns small pieces per second. One thread sends a request on each connection before it reads
/// the responses.
fn small(kind: Kind, connections: usize, requests: usize) -> io::Result<Vec<f64>> {
    let server = Server::start(kind, requests.div_ceil(PIECES_PER_UPLOAD))?;
    let prepared = prepare(&server, requests);
    let mut clients = (0..connections)
        .map(|_| Client::connect(server.address))
        .collect::<io::Result<Vec<_>>>()?;
    clients.iter_mut().try_for_each(|client| client.ask(OPTIONS))?;
    let before = Instant::now();
    for turn in prepared.chunks(connections) {
        for (client, request) in clients.iter_mut().zip(turn) {
            client.send(request)?;
        }
        for (client, _) in clients.iter_mut().zip(turn) {
            client.receive()?;
        }
    }
    Ok(vec![requests as f64 / before.elapsed().as_secs_f64()])
}

fn prepare(server: &Server, requests: usize) -> Vec<Vec<u8>> {
    let (uploads, number) = (&server.uploads, |index| index % PIECES_PER_UPLOAD + 1);
    (0..requests).map(|at| small_piece(&uploads[at / PIECES_PER_UPLOAD], number(at))).collect()
}

/// Returns the MiB per second of one large body, and the MiB by which the memory grew at its peak.
fn large(kind: Kind, mib: usize, kept: bool) -> io::Result<Vec<f64>> {
    let server = Server::start(kind, 1)?;
    let (mut client, block) = (Client::connect(server.address)?, Block::new());
    client.ask(OPTIONS)?;
    let size = mib * MIB;
    let head = if kept { piece_head(&server.uploads[0], 1, size) } else { discarded_head(size) };
    let (resident, before) = (process::resident_kib(), Instant::now());
    client.stream(&head, size, &block)?;
    let speed = mib as f64 / before.elapsed().as_secs_f64();
    Ok(vec![speed, (process::peak_kib() - resident) / 1024.0])
}

/// Returns the MiB per second of several bodies at once, the ratio of that to the same bodies one
/// after another, and the MiB by which the memory grew at its peak.
fn parallel(kind: Kind, bodies: usize, mib: usize) -> io::Result<Vec<f64>> {
    let server = Server::start(kind, 1)?;
    let block = Block::new();
    let send = |number| {
        let head = piece_head(&server.uploads[0], number, mib * MIB);
        Client::connect(server.address)?.stream(&head, mib * MIB, &block)
    };
    send(1)?;
    let resident = process::resident_kib();
    let before = Instant::now();
    (1..=bodies).try_for_each(send)?;
    let in_sequence = before.elapsed();
    let before = Instant::now();
    thread::scope(|scope| {
        let clients: Vec<_> =
            (1..=bodies).map(|number| scope.spawn(move || send(number))).collect();
        clients.into_iter().try_for_each(|client| client.join().expect("no client panics"))
    })?;
    let at_once = before.elapsed().as_secs_f64();
    let speed = (bodies * mib) as f64 / at_once;
    let growth = (process::peak_kib() - resident) / 1024.0;
    Ok(vec![speed, in_sequence.as_secs_f64() / at_once, growth])
}

/// Returns the median and the 99th percentile of the ms that a small request waits for its response
/// while large bodies are sent on other connections.
fn wait(kind: Kind, bodies: usize, mib: usize) -> io::Result<Vec<f64>> {
    /// The pause between two small requests, so that they add no load.
    const PAUSE: Duration = Duration::from_millis(1);
    let server = Server::start(kind, 1)?;
    let (block, is_over) = (Block::new(), AtomicBool::new(false));
    let mut client = Client::connect(server.address)?;
    client.ask(OPTIONS)?;
    let send = |number| {
        let head = piece_head(&server.uploads[0], number, mib * MIB);
        let sent = Client::connect(server.address)?.stream(&head, mib * MIB, &block);
        is_over.store(true, Ordering::Relaxed);
        sent
    };
    let mut waits = Vec::new();
    thread::scope(|scope| {
        let senders: Vec<_> =
            (1..=bodies).map(|number| scope.spawn(move || send(number))).collect();
        while !is_over.load(Ordering::Relaxed) {
            thread::sleep(PAUSE);
            let before = Instant::now();
            client.ask(OPTIONS)?;
            waits.push(micros(before) / 1000.0);
        }
        senders.into_iter().try_for_each(|sender| sender.join().expect("no sender panics"))
    })?;
    Ok(vec![percentile(waits.clone(), 50), percentile(waits, 99)])
}

/// Returns the bytes by which the memory grows with each small request. The pieces replace each
/// other, so that a server that stores them keeps only its record of the requests.
fn record(kind: Kind, requests: usize) -> io::Result<Vec<f64>> {
    let server = Server::start(kind, 1)?;
    let mut client = Client::connect(server.address)?;
    let prepared = prepare(&server, PIECES_PER_UPLOAD);
    // The first round fills buffers and pools.
    prepared.iter().try_for_each(|request| client.ask(request))?;
    let resident = process::resident_kib();
    prepared.iter().cycle().take(requests).try_for_each(|request| client.ask(request))?;
    Ok(vec![(process::resident_kib() - resident) * 1024.0 / requests as f64])
}

/// Returns threads, KiB of memory and descriptors that each living server adds to the first.
fn many(kind: Kind, servers: usize) -> io::Result<Vec<f64>> {
    let start = || Server::start_one_of_many(kind);
    let facts = || [process::threads(), process::resident_kib(), process::descriptors()];
    let _first = start()?;
    let before = facts();
    let _living = (1..servers).map(|_| start()).collect::<io::Result<Vec<_>>>()?;
    let grown = facts().into_iter().zip(before).map(|(after, before)| after - before);
    Ok(grown.map(|growth| growth / (servers - 1) as f64).collect())
}

fn micros(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}

pub(crate) fn median(values: Vec<f64>) -> f64 {
    percentile(values, 50)
}

pub(crate) fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() * percent / 100).copied().unwrap_or(f64::NAN)
}
