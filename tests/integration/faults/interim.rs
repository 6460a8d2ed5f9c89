//! Tests interim responses: a withheld, delayed or malformed `100 Continue`, and additional ones.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mock_origin::journal::Exchange;
use mock_origin::{Disconnect, InterimResponse, Op, Outcome};

use super::response::text;
use super::scene::{Figures, LENGTH, Request, Scene, WAYS, Way, assert_works, read};
use crate::support::record::{closed_exchange, wait_for};
use crate::support::{Client, Ended};

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
const HINTS: &[u8] = b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\nX-Two: 2\r\n\r\n";

fn hints() -> InterimResponse {
    InterimResponse::status(103).header("link", "</a>; rel=preload").header("X-Two", "2")
}

/// Returns piece 1 with `Expect: 100-continue`.
fn expecting(scene: &Scene) -> Request {
    let mut request = scene.piece(1);
    request.headers.push(("Expect", "100-continue".to_owned()));
    request
}

/// Splits a request into head and body.
fn split(request: &[u8]) -> (&[u8], &[u8]) {
    request.split_at(request.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4)
}

/// Returns the response to the piece without a fault.
fn plain() -> Vec<u8> {
    Scene::plainly(|scene| scene.piece(1), |builder| builder)
}

fn assert_stored(record: &Exchange, written: usize) {
    let figures = Figures {
        received: LENGTH as u64,
        written: written as u64,
        outcome: Outcome::Responded,
        committed: true,
        status: Some(200),
        faults: 1,
    };
    assert_eq!(Figures::of(record), figures);
}

/// Asserts that the client receives exactly these bytes.
fn assert_received(client: &mut Client, expected: &[u8]) {
    let (bytes, ended) = client.receive(expected.len());
    assert_eq!((text(&bytes), ended), (text(expected), Ended::StillOpen));
}

fn record(scene: &Scene) -> Arc<Exchange> {
    closed_exchange(&scene.origin, 0)
}

#[test]
fn a_withheld_continue_is_not_sent_after_the_body_starts() {
    let response = plain();
    for way in [Way::Length, Way::Chunked] {
        let scene = Scene::new();
        let fault = scene.origin.on(Op::piece(1)).withhold_continue();
        let request = expecting(&scene).bytes(way);
        let (head, body) = split(&request);
        let mut client = scene.client();
        client.write(head);
        // The fault is injected while the client waits, not when the body arrives.
        wait_for(&scene.origin, |_| (fault.fired() == 1).then_some(()));
        assert_received(&mut client, b"");
        client.write(body);
        assert_received(&mut client, &response);
        assert_stored(&record(&scene), response.len());
        assert_works(&mut client);
        scene.origin.finish();
    }
}

#[test]
fn a_waiting_client_is_disconnected_at_the_hold_limit() {
    let limit = Duration::from_millis(60);
    for is_garbled in [false, true] {
        let scene = Scene::with(|builder| builder.hold_limit(limit));
        let on = scene.origin.on(Op::piece(1));
        let garbage = b"HTTP/1.1 1OO\r\n\r\n";
        drop(if is_garbled { on.garble_continue(garbage) } else { on.withhold_continue() });
        let request = expecting(&scene).bytes(Way::Length);
        let (mut client, started) = (scene.client(), Instant::now());
        let (bytes, ended) = client.write(split(&request).0).receive(usize::MAX);
        assert!(started.elapsed() >= limit);
        let expected: &[u8] = if is_garbled { garbage } else { b"" };
        assert_eq!((text(&bytes), ended), (text(expected), Ended::Fin));
        let figures = Figures {
            received: 0,
            written: expected.len() as u64,
            outcome: Outcome::CutByFault,
            committed: false,
            status: None,
            faults: 1,
        };
        assert_eq!(Figures::of(&record(&scene)), figures);
        scene.origin.finish();
    }
}

#[test]
fn a_client_that_does_not_wait_is_served_as_usual() {
    let response = plain();
    for way in WAYS {
        for fault in 0..3 {
            let scene = Scene::new();
            let on = scene.origin.on(Op::piece(1));
            let sent: &[u8] = if fault == 2 { b"100?\r\n" } else { b"" };
            drop(match fault {
                0 => on.withhold_continue(),
                1 => on.delay_continue(Duration::from_secs(3600)),
                _ => on.garble_continue(sent),
            });
            let mut client = scene.client();
            let expected = [sent, &response].concat();
            let seen = scene.play_on(&mut client, &expecting(&scene), way, expected.len());
            assert_eq!((text(&seen.bytes), seen.ended), (text(&expected), Ended::StillOpen));
            assert_stored(&seen.exchange, expected.len());
            assert_works(&mut client);
            scene.origin.finish();
        }
    }
}

#[test]
fn a_delayed_continue_is_sent_once_after_the_delay() {
    const DELAY: Duration = Duration::from_millis(60);
    let response = plain();
    for way in [Way::Length, Way::Chunked] {
        let scene = Scene::new();
        scene.origin.on(Op::piece(1)).delay_continue(DELAY);
        let request = expecting(&scene).bytes(way);
        let (head, body) = split(&request);
        let (mut client, started) = (scene.client(), Instant::now());
        assert_received(client.write(head), CONTINUE);
        assert!(started.elapsed() >= DELAY, "{:?}", started.elapsed());
        assert_received(client.write(body), &response);
        assert_stored(&record(&scene), CONTINUE.len() + response.len());
        scene.origin.finish();
    }
}

#[test]
fn garbage_replaces_continue() {
    let response = plain();
    for garbage in [&b"HTTP/1.1 100 Cont"[..], b"\x00\xff", b"HTTP/1.1 100\r\n"] {
        let scene = Scene::new();
        scene.origin.on(Op::piece(1)).garble_continue(garbage);
        let request = expecting(&scene).bytes(Way::Length);
        let (head, body) = split(&request);
        let mut client = scene.client();
        assert_received(client.write(head), garbage);
        assert_received(client.write(body), &response);
        assert_stored(&record(&scene), garbage.len() + response.len());
        scene.origin.finish();
    }
}

#[test]
fn an_interim_response_precedes_continue_and_response() {
    let response = plain();
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).send_interim(hints());
    let request = expecting(&scene).bytes(Way::Length);
    let (head, body) = split(&request);
    let mut client = scene.client();
    assert_received(client.write(head), &[HINTS, CONTINUE].concat());
    assert_received(client.write(body), &response);
    assert_stored(&record(&scene), HINTS.len() + CONTINUE.len() + response.len());
    assert_works(&mut client);
    scene.origin.finish();
}

#[test]
fn an_interim_response_precedes_any_response() {
    let response = plain();
    for way in WAYS {
        let scene = Scene::new();
        scene.origin.on(Op::piece(1)).send_interim(hints());
        let expected = [HINTS, &response].concat();
        let seen = scene.play(&scene.piece(1), way, expected.len());
        assert_eq!((text(&seen.bytes), seen.ended), (text(&expected), Ended::StillOpen));
        assert_stored(&seen.exchange, expected.len());
        scene.origin.finish();
    }
    // A rejection, a stored file, and a call that only its body identifies.
    let scene = Scene::with(|builder| builder.file("/a.txt", "abc"));
    scene.origin.on(Op::any()).times(3).send_interim(102);
    let no_token = Request { headers: Vec::new(), ..scene.piece(1) };
    for (request, status) in
        [(no_token, 401), (read("/a.txt"), 200), (scene.rpc("noop", "{}"), 200)]
    {
        let mut client = scene.client();
        let expected = format!("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 {status} ");
        let interim = client.write(request.bytes(Way::Length)).receive(expected.len()).0;
        assert!(interim.starts_with(expected.as_bytes()), "{}", text(&interim));
    }
    scene.origin.finish();
}

#[test]
fn continue_can_be_sent_without_an_expect_header() {
    let response = plain();
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).send_interim(100);
    let expected = [CONTINUE, &response].concat();
    let seen = scene.play(&scene.piece(1), Way::Length, expected.len());
    assert_eq!(text(&seen.bytes), text(&expected));
    scene.origin.finish();
}

#[test]
fn a_request_without_expect_is_skipped_with_a_reason() {
    let scene = Scene::new();
    let faults = [
        scene.origin.on(Op::piece(1)).nth(1).withhold_continue(),
        scene.origin.on(Op::piece(1)).nth(1).delay_continue(Duration::from_secs(1)),
        scene.origin.on(Op::piece(1)).nth(1).garble_continue("no"),
    ];
    let seen = scene.play(&scene.piece(1), Way::Length, 1);
    assert!(seen.exchange.faults.is_empty());
    for fault in faults {
        let record = fault.record().unwrap();
        let why = "the client did not expect 100 Continue";
        assert_eq!((record.fired, record.skip_reason.as_deref()), (0, Some(why)));
    }
    scene.origin.verify().unwrap_err();
}

#[test]
fn expect_is_ignored_without_a_body_or_in_http_1_0() {
    let scene = Scene::new();
    let fault = scene.origin.on(Op::piece(1)).withhold_continue();
    let mut empty = expecting(&scene);
    empty.body = Vec::new();
    scene.play(&empty, Way::Length, 1);
    let old = String::from_utf8(expecting(&scene).bytes(Way::Length)).unwrap();
    let old = old.replacen("HTTP/1.1", "HTTP/1.0", 1);
    assert_eq!(scene.client().write(old).read().status, 200);
    assert_eq!(fault.fired(), 0);
    let upper = String::from_utf8(expecting(&scene).bytes(Way::Length)).unwrap();
    let upper = upper.replacen("100-continue", "100-CONTINUE", 1);
    assert_eq!(scene.client().write(upper).read().status, 200);
    assert_eq!(fault.fired(), 1);
    scene.origin.finish();
}

#[test]
fn an_interim_response_is_not_sent_in_http_1_0() {
    let scene = Scene::new();
    let fault = scene.origin.on(Op::piece(1)).send_interim(103);
    let old = String::from_utf8(scene.piece(1).bytes(Way::Length)).unwrap();
    let old = old.replacen("HTTP/1.1", "HTTP/1.0", 1);
    assert_eq!(scene.client().write(old).read().status, 200);
    let why = "HTTP/1.0 has no interim responses";
    assert_eq!(fault.record().unwrap().skip_reason.as_deref(), Some(why));
    scene.origin.verify().unwrap_err();
}

#[test]
fn a_rejected_client_gets_no_100_continue_to_withhold() {
    let scene = Scene::new();
    let fault = scene.origin.on(Op::piece(1)).withhold_continue();
    let request =
        Request { headers: vec![("Expect", "100-continue".to_owned())], ..scene.piece(1) };
    let request = request.bytes(Way::Length);
    assert_eq!(scene.client().write(split(&request).0).read().status, 401);
    assert_eq!(fault.fired(), 0);
    scene.origin.verify().unwrap_err();
}

#[test]
fn a_later_continue_on_the_connection_is_sent_as_usual() {
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).withhold_continue();
    let mut client = scene.client();
    let request = expecting(&scene).bytes(Way::Length);
    assert_eq!(client.write(&request).read().status, 200);
    let (head, body) = split(&request);
    assert_eq!(client.write(head).read().status, 100);
    assert_eq!(client.write(body).read().status, 200);
    scene.origin.finish();
}

#[test]
fn pipelined_requests_each_get_their_interim_response() {
    let response = plain();
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).nth(2).send_interim(hints());
    let request = scene.piece(1).bytes(Way::Length);
    let mut client = scene.client();
    client.write([&request[..], &request, &request].concat());
    assert_received(&mut client, &[&response, HINTS, &response, &response].concat());
    scene.origin.finish();
}

#[test]
fn a_fault_in_the_body_still_sends_100_continue() {
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).cut_after(10, Disconnect::Close);
    let request = expecting(&scene).bytes(Way::Length);
    let (head, body) = split(&request);
    let mut client = scene.client();
    assert_received(client.write(head), CONTINUE);
    client.write(body).assert_closed();
    scene.origin.finish();
}
