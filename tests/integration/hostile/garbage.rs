//! Sends random bytes and random calls from a seeded generator.

use std::time::{Duration, Instant};

use mock_origin::MockOrigin;
use mock_origin::internals::protocol::METHODS;
use mock_origin::journal::ConnectionEnd;

use crate::hostile::Scene;
use crate::support::payload::{Random, chunked};
use crate::support::record::all_closed;
use crate::support::{Client, request};

const CONNECTIONS: usize = 3_000;

/// The longest time to send garbage. A slow machine uses fewer connections.
const TIME: Duration = Duration::from_secs(4);

/// Returns well-formed requests that change nothing.
fn good_requests(scene: &Scene) -> Vec<Vec<u8>> {
    let ping = br#"{"jsonrpc": "2.0", "method": "ping", "params": [{"a": [1, "b"]}], "id": 1}"#;
    let chunks = b"POST /jsonrpc2 HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n";
    let piece = scene.piece_head().replace(&scene.token, "5b3dbe7e-4b5c-4d5e-8f10-0123456789ab");
    vec![
        b"GET /acme/a.txt HTTP/1.1\r\nHost: origin\r\nRange: bytes=1-3\r\n\r\n".to_vec(),
        b"HEAD /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".to_vec(),
        b"OPTIONS * HTTP/1.1\r\nHost: o\r\nContent-Length: 4\r\n\r\nbody".to_vec(),
        [&chunks[..], &chunked(ping, 9)].concat(),
        [piece.as_bytes(), b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"].concat(),
        b"POST /account/login HTTP/1.1\r\nHost: o\r\nX-Agile-Username: jane\r\nX-Agile-Password: no\r\n\r\n"
            .to_vec(),
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03".to_vec(),
        Vec::new(),
    ]
}

/// Returns a few requests in sequence, with a few random changes.
fn with_random_changes(random: &mut Random, good: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        (0..=random.below(3)).flat_map(|_| random.pick(good).clone()).collect();
    for _ in 0..random.below(5) {
        let (from, to) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
        let span = from.min(to)..(from.max(to)).min(from.min(to) + 30);
        match random.below(5) {
            0 => drop(bytes.drain(span)),
            1 => bytes.truncate(span.end),
            2 => bytes.extend_from_within(span),
            3 => drop(bytes.splice(span.start..span.start, breaking_bytes(random))),
            _ => drop(bytes.splice(span, breaking_bytes(random))),
        }
    }
    bytes
}

/// Returns bytes that are likely to break a parser.
fn breaking_bytes(random: &mut Random) -> Vec<u8> {
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

/// Sends bytes in a few writes and ends the connection at random. Returns the number of responses if
/// the client reads them.
fn play(random: &mut Random, mut client: Client, bytes: &[u8]) -> Option<usize> {
    for part in bytes.chunks(1 + random.below(bytes.len() + 1)) {
        client.write(part);
    }
    match random.below(4) {
        0 => client.reset(),
        1 => drop(client),
        _ => {
            let bytes = client.finish_writing().read_to_end().unwrap();
            // hyper's error responses do not have this header.
            let own = b"\r\nServer: Apache\r\n";
            return Some(bytes.windows(own.len()).filter(|window| window == own).count());
        }
    }
    None
}

/// Returns requests with a valid token and random values.
fn authorized_requests(scene: &Scene, random: &mut Random) -> Vec<Vec<u8>> {
    let token = ("X-Agile-Authorization", scene.token.as_str());
    let piece = [token, ("X-Agile-Multipart", &scene.upload), ("X-Agile-Part", "3")];
    let named = [token, ("X-Agile-Basename", "b.txt"), ("X-Agile-Directory", "/videos")];
    let form_type = [token, ("Content-Type", "multipart/form-data; boundary=xyz")];
    let form = b"--xyz\r\nContent-Disposition: form-data; name=\"directory\"\r\n\r\n/videos\r\n\
        --xyz\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"c.txt\"\r\n\
        Content-Type: text/plain\r\n\r\nhello\r\n--xyz--\r\n";
    let mut requests = vec![
        request("POST", "/multipart/create", &named, b""),
        request("POST", "/multipart/piece", &piece, b"hello"),
        request("POST", "/multipart/complete", &piece, b""),
        request("POST", "/post/raw", &named, b"hello"),
        request("POST", "/post/file", &form_type, form),
        request("POST", "/post/directory", &[token, ("X-Agile-Directory", "/d/e")], b""),
        request("GET", "/videos/b.txt", &[("Range", "bytes=1-")], b""),
    ];
    requests.extend((0..METHODS.len()).map(|_| call(scene, random)));
    requests
}

/// Returns a call of a random JSON-RPC method with random values.
fn call(scene: &Scene, random: &mut Random) -> Vec<u8> {
    let method = random.pick(METHODS);
    let long = format!("\"{}\"", "x".repeat(5_000));
    let (token, upload) = (format!("\"{}\"", scene.token), format!("\"{}\"", scene.upload));
    let values = [
        token.as_str(),
        &upload,
        &long,
        "null",
        "true",
        "\"\"",
        "0",
        "-1",
        "1.5",
        "1e308",
        "\"7\"",
        "18446744073709551615",
        "-9223372036854775808",
        "2147483648",
        "[]",
        "{\"a\": [1]}",
        "\"/\"",
        "\"/videos\"",
        "\"/videos/b.txt\"",
        "\"/d/e/\"",
        "\"..\"",
        "\"\\u0000\"",
        "\"piece\"",
        "\"http://acme/videos/b.txt\"",
        "\"AAAAAAAAAAEAAAAAAAAAAQ==\"",
        "\"text/plain\"",
    ];
    let count = random.below(method.params.len() + 2);
    let mut arguments: Vec<_> = (0..count).map(|_| *random.pick(&values)).collect();
    if let (Some(first), true) = (arguments.first_mut(), random.below(8) > 0) {
        *first = &token;
    }
    let (method, arguments) = (method.name, arguments.join(", "));
    let body = format!("{{\"method\": \"{method}\", \"params\": [{arguments}], \"id\": 1}}");
    request("POST", "/jsonrpc", &[], body.as_bytes())
}

/// Sends garbage on many connections, and asserts that all of it is recorded.
fn send_garbage(scene: &Scene, seed: u64, good: impl Fn(&mut Random) -> Vec<Vec<u8>>) {
    let (mut random, began, mut responses) = (Random::new(seed), Instant::now(), Vec::new());
    while responses.len() < CONNECTIONS && began.elapsed() < TIME {
        let good = good(&mut random);
        let bytes = with_random_changes(&mut random, &good);
        responses.push(play(&mut random, scene.client(), &bytes));
    }
    let journal = all_closed(&scene.origin, responses.len());
    assert_eq!(journal.internal_errors(), &[] as &[String], "seed {seed}");
    assert!(journal.exchanges().iter().all(|exchange| exchange.outcome.is_final()), "seed {seed}");
    for (connection, responses) in journal.connections().iter().zip(responses) {
        let index = connection.index;
        assert_ne!(connection.end, ConnectionEnd::Stopped, "seed {seed}, connection {index}");
        let recorded = journal.exchanges().iter().filter(|exchange| exchange.connection == index);
        if let Some(responses) = responses {
            assert_eq!(recorded.count(), responses, "seed {seed}, connection {index}");
        }
    }
}

/// Returns the seed. To try another one, run `SEED=7 cargo test --test integration garbage`.
fn seed() -> u64 {
    std::env::var("SEED").map_or(1, |seed| seed.parse().unwrap())
}

#[test]
fn random_bytes_do_not_harm_the_origin() {
    let scene = Scene::of(MockOrigin::builder().seed(seed()));
    send_garbage(&scene, seed(), |_| good_requests(&scene));
    scene.assert_unharmed();
}

#[test]
fn random_calls_of_a_logged_in_client_do_no_harm() {
    let scene = Scene::of(MockOrigin::builder().seed(seed()));
    send_garbage(&scene, seed(), |random| authorized_requests(&scene, random));
    scene.assert_serving();
}
