//! Whatever comes out of a seeded random generator.

use std::time::{Duration, Instant};

use mock_origin::MockOrigin;
use mock_origin::journal::ConnectionEnd;

use crate::Scene;
use crate::support::Client;
use crate::support::payload::{Random, chunked};
use crate::support::record::all_closed;

const CONNECTIONS: usize = 3_000;

/// On a slow machine fewer connections have to do.
const TIME: Duration = Duration::from_secs(4);

/// What is good enough to be worth spoiling. None of it may change anything.
fn good_requests(scene: &Scene) -> Vec<Vec<u8>> {
    let ping = br#"{"jsonrpc": "2.0", "method": "ping", "params": [{"a": [1, "b"]}], "id": 1}"#;
    let chunks = b"POST /jsonrpc2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let piece = scene.piece_head().replace(&scene.token, "5b3dbe7e-4b5c-4d5e-8f10-0123456789ab");
    vec![
        b"GET /acme/a.txt HTTP/1.1\r\nHost: origin\r\nRange: bytes=1-3\r\n\r\n".to_vec(),
        b"HEAD /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".to_vec(),
        b"OPTIONS * HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody".to_vec(),
        [&chunks[..], &chunked(ping, 9)].concat(),
        [piece.as_bytes(), b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"].concat(),
        b"POST /account/login HTTP/1.1\r\nX-Agile-Username: jane\r\nX-Agile-Password: no\r\n\r\n"
            .to_vec(),
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03".to_vec(),
        Vec::new(),
    ]
}

/// A few good requests one behind the other, spoiled in a few places.
fn spoiled(random: &mut Random, good: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        (0..=random.below(3)).flat_map(|_| random.pick(good).clone()).collect();
    for _ in 0..random.below(5) {
        let (from, to) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
        let span = from.min(to)..(from.max(to)).min(from.min(to) + 30);
        match random.below(5) {
            0 => drop(bytes.drain(span)),
            1 => bytes.truncate(span.end),
            2 => bytes.extend_from_within(span),
            3 => drop(bytes.splice(span.start..span.start, spice(random))),
            _ => drop(bytes.splice(span, spice(random))),
        }
    }
    bytes
}

/// What hurts in the middle of a request.
fn spice(random: &mut Random) -> Vec<u8> {
    const SPICES: [&[u8]; 12] = [
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b":",
        b" ",
        b"0\r\n\r\n",
        b"\r\n\r\n",
        b"Content-Length: 7\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"ffffffffffffffff",
        b"HTTP/1.1\r\n",
    ];
    match random.below(3) {
        0 => {
            let count = random.below(300);
            random.bytes(count)
        }
        _ => random.pick(&SPICES).to_vec(),
    }
}

/// Sends bytes in a few writes and ends the connection in one way or another. Where that leaves
/// something to read: how many requests were answered.
fn play(random: &mut Random, mut client: Client, bytes: &[u8]) -> Option<usize> {
    for part in bytes.chunks(1 + random.below(bytes.len() + 1)) {
        client.write(part);
    }
    match random.below(4) {
        0 => client.reset(),
        1 => drop(client),
        _ => {
            let answers = client.finish_writing().rest().unwrap();
            // What hyper answers by itself does not say that.
            let said = b"\r\nServer: Apache\r\n";
            return Some(answers.windows(said.len()).filter(|window| window == said).count());
        }
    }
    None
}

#[test]
fn random_garbage_harms_nobody() {
    // Another seed is tried with `SEED=7 cargo test --test hostile garbage`.
    let seed = std::env::var("SEED").map_or(1, |seed| seed.parse().unwrap());
    let scene = Scene::of(MockOrigin::builder().seed(seed));
    let good = good_requests(&scene);
    let (mut random, began, mut answers) = (Random::new(seed), Instant::now(), Vec::new());
    while answers.len() < CONNECTIONS && began.elapsed() < TIME {
        let bytes = spoiled(&mut random, &good);
        answers.push(play(&mut random, scene.client(), &bytes));
    }
    let journal = all_closed(&scene.origin, answers.len());
    assert_eq!(journal.bugs(), &[] as &[String], "seed {seed}");
    assert!(journal.exchanges().iter().all(|exchange| exchange.outcome.is_final()), "seed {seed}");
    for (connection, answers) in journal.connections().iter().zip(answers) {
        let index = connection.index;
        assert_ne!(connection.end, ConnectionEnd::Stopped, "seed {seed}, connection {index}");
        let recorded = journal.exchanges().iter().filter(|exchange| exchange.connection == index);
        if let Some(answers) = answers {
            assert_eq!(recorded.count(), answers, "seed {seed}, connection {index}");
        }
    }
    scene.assert_unharmed();
}
