//! Tests that early responses reach clients that first write their whole request (§1.9).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use mock_origin::journal::ConnectionEnd;
use mock_origin::{CallFaultBuilder, Disconnect, MockOrigin, Op};
use socket2::{Domain, Socket, Type};

use super::requests::status;
use crate::support::payload::chunk;
use crate::support::record::{closed_connection, closed_exchange};
use crate::support::{Client, TIMEOUT, request};

const MB: usize = 1_000_000;

/// Returns a blocking client with a small send buffer.
fn small_client(origin: &MockOrigin) -> TcpStream {
    let url = origin.url();
    let address: std::net::SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_send_buffer_size(64 * 1024).unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    // Otherwise each write waits for the delayed acknowledgement of the previous one.
    socket.set_tcp_nodelay(true).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.set_read_timeout(Some(TIMEOUT)).unwrap();
    socket.into()
}

/// Writes a piece with a body of `size` bytes, then reads until the connection ends. Returns the
/// response and the length of the body on the wire.
fn write_then_read(origin: &MockOrigin, headers: &[(&str, &str)], size: usize) -> (Vec<u8>, u64) {
    let is_chunked = headers.iter().any(|(name, _)| *name == "Transfer-Encoding");
    let mut client = small_client(origin);
    client.write_all(&request("POST", "/multipart/piece", headers, b"")).unwrap();
    let block = if is_chunked { chunk(&vec![7; MB]) } else { vec![7; MB] };
    for _ in 0..size / MB {
        client.write_all(&block).unwrap();
    }
    let mut came = Vec::new();
    client.read_to_end(&mut came).unwrap();
    let address = client.local_addr().unwrap();
    drop(client);
    closed_connection(origin, address);
    (came, (block.len() * (size / MB)) as u64)
}

#[test]
fn an_early_response_reaches_clients_that_write_first() {
    type Arm = fn(CallFaultBuilder<'_>);
    let cases: [(Option<Arm>, Option<u16>); 5] = [
        (None, Some(403)),
        (Some(|on| drop(on.reject(503))), Some(503)),
        (Some(|on| drop(on.reject_after(400, 503))), Some(503)),
        (Some(|on| drop(on.cut_after(400, Disconnect::Close))), None),
        (Some(|on| drop(on.cut_after(400, Disconnect::HalfClose))), None),
    ];
    for size in [5 * MB, 64 * MB] {
        let length = size.to_string();
        for framing in [("Content-Length", &*length), ("Transfer-Encoding", "chunked")] {
            for (install, expected) in cases {
                let scene = super::scene::Scene::new();
                match install {
                    Some(install) => install(scene.origin.on(Op::piece(2))),
                    None => scene.origin.expire_token(&scene.token),
                }
                let id =
                    [("X-Agile-Authorization", &*scene.token), ("X-Agile-Multipart", &scene.id)];
                let headers = [&id[..], &[("X-Agile-Part", "2"), framing]].concat();
                let (came, sent) = write_then_read(&scene.origin, &headers, size);
                assert_eq!(status(&came), expected, "{size} {framing:?}");
                let connection = scene.origin.journal().connections()[0].clone();
                let received = closed_exchange(&scene.origin, 0).received;
                // The framing of a partly read chunk counts neither as body nor as discarded.
                let framed = if framing.0 == "Content-Length" { 0 } else { 16 };
                let all = received + connection.drained;
                assert!(all <= sent && all + framed >= sent, "{all} of {sent} {framing:?}");
                scene.origin.finish();
            }
        }
    }
}

#[test]
fn going_offline_does_not_wait_for_lingering_connections() {
    let origin = MockOrigin::start();
    let mut client = Client::new(&origin);
    assert_eq!(client.send("POST", "/multipart/piece", &[], b"body").status, 401);
    let mut socket = client.socket().try_clone().unwrap();
    // Otherwise the origin would read from it for 30 s.
    let writing =
        thread::spawn(move || while socket.write_all(b"GET / HTTP/1.1\r\n\r\n").is_ok() {});
    origin.go_offline();
    writing.join().unwrap();
    assert_eq!(origin.journal().connections()[0].end, ConnectionEnd::Stopped);
    origin.finish();
}
