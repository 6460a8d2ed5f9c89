//! Tests clients that disconnect early, never read, or never leave.

use std::io::Read;

use mock_origin::journal::ConnectionEnd;
use mock_origin::{MockOrigin, Outcome};

use crate::hostile::Scene;
use crate::support::record::{all_closed, closed_connection, closed_exchange};
use crate::support::{Client, request};

#[test]
fn a_reset_in_a_head_does_not_harm_the_origin() {
    let scene = Scene::new();
    for begun in ["", "GET", "GET /a.txt HTTP/1.1\r\nHost: ori"] {
        let mut client = scene.client();
        let address = client.write(begun).address();
        client.reset();
        let record = closed_connection(&scene.origin, address);
        let expected = [ConnectionEnd::ByClient, ConnectionEnd::BadHead(0)];
        assert!(expected.contains(&record.end), "{:?}", record.end);
    }
    scene.assert_unharmed();
}

#[test]
fn a_reset_in_a_body_stores_nothing() {
    let scene = Scene::new();
    for framing in
        ["Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"]
    {
        let mut client = scene.client();
        client.write(scene.piece_head() + "Expect: 100-continue\r\n" + framing);
        assert_eq!(client.read().status, 100);
        let address = client.address();
        client.reset();
        assert_eq!(closed_connection(&scene.origin, address).end, ConnectionEnd::Broken);
    }
    for index in 0..2 {
        let exchange = closed_exchange(&scene.origin, index);
        assert_eq!((exchange.outcome, exchange.received), (Outcome::ClientGone, 5));
    }
    scene.assert_unharmed();
}

#[test]
fn a_reset_before_the_response_does_not_harm_the_origin() {
    let scene = Scene::new();
    for _ in 0..50 {
        let mut client = scene.client();
        client.write(request("GET", "/a.txt", &[], b""));
        client.reset();
        let mut client = scene.client();
        client.write(request("POST", "/multipart/piece", &[], &[0; 5_000]));
        client.reset();
    }
    all_closed(&scene.origin, 100);
    scene.assert_unharmed();
}

#[test]
fn a_client_that_never_reads_does_not_block_others() {
    const SIZE: usize = 50 << 20;
    let scene = Scene::of(MockOrigin::builder().file("/film", vec![0; SIZE]));
    let mut client = scene.client();
    client.write(request("GET", "/film", &[], b""));
    client.socket().read_exact(&mut [0; 9]).unwrap();
    for _ in 0..20 {
        assert_eq!(scene.client().send("GET", "/a.txt", &[], b"").text(), "hello");
    }
    let film = scene.origin.requests().iter().next().unwrap().clone();
    assert!(film.status() == Some(200) && !film.outcome().is_final(), "{:?}", film.outcome());
    client.reset();
    let film = closed_exchange(&scene.origin, 0);
    assert_eq!(film.outcome, Outcome::ClientGone);
    assert!(film.written > 9 && film.written < SIZE as u64, "{}", film.written);
    scene.origin.file("/film").assert_size(SIZE as u64);
    scene.assert_serving();
}

#[test]
fn two_hundred_connections_open_and_close_in_parallel() {
    let scene = Scene::new();
    let mut clients: Vec<Client> = (0..200).map(|_| scene.client()).collect();
    let begun = ["", "G", "GET / HTTP/1.1\r\nHost: o\r\n", &scene.piece_head()];
    for (client, begun) in clients.iter_mut().zip(begun.iter().cycle()) {
        client.write(begun);
    }
    for (number, client) in clients.into_iter().enumerate() {
        if number % 3 == 0 {
            client.reset();
        }
    }
    let journal = all_closed(&scene.origin, 200);
    assert!(journal.exchanges().is_empty());
    scene.assert_unharmed();
}

#[test]
fn dropping_an_origin_does_not_wait_for_clients() {
    let scene = Scene::new();
    let mut half_a_head = scene.client();
    half_a_head.write("GET /a.tx");
    let mut half_a_body = scene.client();
    half_a_body.write(scene.piece_head() + "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    assert_eq!(half_a_body.read().status, 100);
    drop(scene);
    half_a_head.assert_closed();
    half_a_body.assert_closed();
}
