//! Three good clients: sequential, parallel and resuming. The referee finds nothing, with or without
//! chaos.

use std::thread;

use crate::chaos::client::Uploader;
use crate::support::payload::random_bytes;
use mock_origin::referee::Level;
use mock_origin::{Chaos, MockOrigin};

/// The number of seeds.
const SEEDS: u64 = 500;

/// The number of origins that run in parallel, because chaos delays each client by up to a few tenths of a second.
const THREADS: u64 = 20;

/// A client that uploads a file in the given pieces and logs out.
type GoodClient = fn(&MockOrigin, &[Vec<u8>]);

fn one_after_another(origin: &MockOrigin, pieces: &[Vec<u8>]) {
    let mut client = Uploader::correct(origin);
    client.upload("/videos", "a.mp4", pieces).unwrap();
    client.log_out();
}

fn in_parallel(origin: &MockOrigin, pieces: &[Vec<u8>]) {
    let mut client = Uploader::correct(origin);
    client.upload_at_once("/videos", "a.mp4", pieces).unwrap();
    client.log_out();
}

/// Stops after the first piece; a new client resumes the upload.
fn resuming(origin: &MockOrigin, pieces: &[Vec<u8>]) {
    let mut stopped = Uploader::correct(origin);
    let id = stopped.begin("/videos", "a.mp4", &pieces[..1]).unwrap();
    drop(stopped);
    let mut client = Uploader::correct(origin);
    client.resume(&id, pieces).unwrap();
    client.log_out();
}

const GOOD_CLIENTS: [GoodClient; 3] = [one_after_another, in_parallel, resuming];

fn pieces() -> Vec<Vec<u8>> {
    [(1, 700), (2, 300), (3, 1)].map(|(seed, size)| random_bytes(seed, size)).into()
}

fn start(seed: u64) -> MockOrigin {
    MockOrigin::builder().directory("/videos").seed(seed).referee(Level::Should).start()
}

#[test]
fn the_referee_finds_nothing_in_good_clients() {
    for client in GOOD_CLIENTS {
        let origin = start(1);
        client(&origin, &pieces());
        assert!(origin.findings().is_empty(), "{:#?}", origin.findings());
        origin.finish();
    }
}

#[test]
fn the_referee_finds_nothing_in_good_clients_under_chaos() {
    let pieces = pieces();
    thread::scope(|scope| {
        for first in 0..THREADS {
            let pieces = &pieces;
            scope.spawn(move || {
                for seed in (0..SEEDS).filter(|seed| seed % THREADS == first) {
                    for client in GOOD_CLIENTS {
                        let origin = start(seed);
                        origin.chaos(Chaos::new(seed).percent(50));
                        client(&origin, pieces);
                        origin.file("/videos/a.mp4").assert_content(pieces.concat());
                        origin.finish();
                    }
                }
            });
        }
    });
}
