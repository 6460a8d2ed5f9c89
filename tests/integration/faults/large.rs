//! Tests response faults on large files, forms, HTTP/1.0 and pipelined requests.

use std::time::{Duration, Instant};

use mock_origin::{
    Builder, CallFaultBuilder, Disconnect, ErrorResponse, HeaderMutation, MalformedResponse, Op,
    Outcome, ResponseLoss,
};

use super::response::{head_length, text};
use super::scene::{Request, Scene, WAYS, Way, assert_works, read};
use crate::support::payload::random_bytes;
use crate::support::record::closed_exchange;
use crate::support::{self, Ended, TIMEOUT};

const SIZE: usize = 5 << 20;

/// Adds a file that exceeds the memory budget.
fn with_large(builder: Builder) -> Builder {
    builder.memory_budget(1 << 16).file("/large.bin", random_bytes(1, SIZE))
}

/// Returns the response for the large file without a fault.
fn plain() -> Vec<u8> {
    Scene::plainly(|_| read("/large.bin"), with_large)
}

#[test]
fn a_large_response_is_cut_in_its_middle() {
    let plain = plain();
    assert!(plain.ends_with(&random_bytes(1, SIZE)));
    let head = head_length(&plain);
    for location in [head + 1, head + 3_000_001, plain.len() - 1, plain.len()] {
        for (cut, ended) in [
            (Disconnect::Close, Ended::Fin),
            (Disconnect::HalfClose, Ended::Fin),
            (Disconnect::Stall, Ended::StillOpen),
        ] {
            let scene = Scene::with(with_large);
            scene.origin.on(Op::egress()).cut_response(location as u64, cut);
            let count = if ended == Ended::StillOpen { location } else { usize::MAX };
            let seen = scene.play(&read("/large.bin"), Way::Reused, count);
            assert!(seen.bytes == plain[..location], "{} of {location} bytes", seen.bytes.len());
            assert_eq!((seen.ended, seen.exchange.written), (ended, location as u64));
            assert_eq!(seen.exchange.outcome, Outcome::CutByFault);
            scene.origin.finish();
        }
    }
}

#[test]
fn a_reset_in_a_large_response_leaves_a_prefix() {
    let plain = plain();
    for location in [1_000_001, 4_000_000] {
        let scene = Scene::with(with_large);
        scene.origin.on(Op::egress()).cut_response(location as u64, Disconnect::Reset);
        let seen = scene.play(&read("/large.bin"), Way::Length, usize::MAX);
        // A reset loses bytes in flight.
        assert!(seen.bytes.len() <= location && plain.starts_with(&seen.bytes));
        assert_eq!((seen.ended, seen.exchange.written), (Ended::Reset, location as u64));
        scene.origin.finish();
    }
}

#[test]
fn a_large_response_is_truncated() {
    let plain = plain();
    let head = head_length(&plain);
    for kept in [0, 1, 2_500_000, SIZE - 1] {
        let scene = Scene::with(with_large);
        scene
            .origin
            .on(Op::egress())
            .path("/large.bin")
            .garble(MalformedResponse::Truncate(kept as u64));
        let seen = scene.play(&read("/large.bin"), Way::Length, usize::MAX);
        assert!(seen.bytes == plain[..head + kept], "{} for {kept}", seen.bytes.len());
        assert_eq!(seen.ended, Ended::Fin);
        assert_eq!(seen.exchange.written, (head + kept) as u64);
        scene.origin.finish();
    }
}

#[test]
fn a_large_delayed_held_or_altered_response_is_complete() {
    let plain = plain();
    let scene = Scene::with(with_large);
    scene.origin.on(Op::egress()).nth(1).delay(Duration::from_millis(30));
    let held = scene.origin.on(Op::egress()).nth(2).hold();
    scene.origin.on(Op::egress()).nth(3).alter(HeaderMutation::Without("Accept-Ranges".to_owned()));
    let (mut client, started) = (scene.client(), Instant::now());
    let request = read("/large.bin").bytes(Way::Length);
    assert!(client.write(&request).receive(plain.len()).0 == plain);
    assert!(started.elapsed() >= Duration::from_millis(30));
    client.write(&request);
    assert!(held.wait(TIMEOUT));
    held.release();
    assert!(client.receive(plain.len()).0 == plain);
    let line = b"Accept-Ranges: bytes\r\n";
    let altered = client.write(&request).receive(plain.len() - line.len()).0;
    assert_eq!(altered.len(), plain.len() - line.len());
    assert!(altered.ends_with(&random_bytes(1, SIZE)));
    assert_works(&mut client);
    scene.origin.finish();
}

#[test]
fn a_client_that_leaves_before_the_cut_is_recorded_as_gone() {
    let scene = Scene::with(with_large);
    scene.origin.on(Op::egress()).cut_response(SIZE as u64, Disconnect::Close);
    let mut client = scene.client();
    client.write(read("/large.bin").bytes(Way::Length));
    let mut some = [0; 100];
    std::io::Read::read_exact(&mut client.socket(), &mut some).unwrap();
    client.reset();
    let record = closed_exchange(&scene.origin, 0);
    assert_eq!(record.outcome, Outcome::ClientGone);
    assert!(record.written < SIZE as u64);
    scene.origin.finish();
}

#[test]
fn responses_to_range_and_head_requests_are_cut() {
    for (method, header) in [("GET", Some("bytes=10-19")), ("HEAD", None)] {
        let request = Request {
            method,
            headers: header.map(|range| ("Range", range.to_owned())).into_iter().collect(),
            ..read("/large.bin")
        };
        let scene = Scene::with(with_large);
        let count = scene.play(&request, Way::Length, 1).exchange.written;
        let plain = scene.play(&request, Way::Length, usize::try_from(count).unwrap()).bytes;
        let whole = head_length(&plain) + if header.is_some() { 10 } else { 0 };
        assert_eq!(plain.len(), whole);
        for location in [1, whole - 1, whole] {
            let cut =
                scene.origin.on(Op::egress()).cut_response(location as u64, Disconnect::Close);
            let seen = scene.play(&request, Way::Length, usize::MAX);
            assert_eq!((text(&seen.bytes), seen.ended), (text(&plain[..location]), Ended::Fin));
            assert_eq!((seen.exchange.written, cut.fired()), (location as u64, 1));
        }
        scene.origin.finish();
    }
}

/// A fault, how its connection ends, and the number of bytes before the end.
type Arm = (fn(CallFaultBuilder<'_>), Ended, usize);

#[test]
fn response_faults_apply_to_post_file() {
    let arms: [Arm; 6] = [
        (|on| drop(on.cut_response(100, Disconnect::Close)), Ended::Fin, 100),
        (|on| drop(on.cut_response(0, Disconnect::Reset)), Ended::Reset, 0),
        (|on| drop(on.garble(MalformedResponse::Garbage(b"?".to_vec()))), Ended::Fin, 1),
        (|on| drop(on.commit_then(ResponseLoss::Close)), Ended::Fin, 0),
        (|on| drop(on.commit_then(ResponseLoss::HalfClose)), Ended::Fin, 0),
        (|on| drop(on.alter(HeaderMutation::WrongSize)), Ended::StillOpen, 1),
    ];
    let kinds: [(Op, Option<&str>); 4] = [
        (Op::raw(), None),
        (Op::raw(), Some("/videos/x.mp4")),
        (Op::file(), None),
        (Op::file(), Some("/videos/x.mp4")),
    ];
    for (way, (op, path)) in WAYS.into_iter().flat_map(|way| kinds.clone().map(|kind| (way, kind)))
    {
        for (install, ended, bytes) in arms {
            let scene = Scene::new();
            let on = scene.origin.on(op.clone());
            install(match path {
                Some(path) => on.path(path),
                None => on,
            });
            let request = if op == Op::raw() { scene.raw("x.mp4") } else { scene.form("x.mp4") };
            let count = if ended == Ended::StillOpen { bytes } else { usize::MAX };
            let seen = scene.play(&request, way, count);
            assert_eq!(seen.ended, ended);
            assert_eq!(seen.exchange.written, seen.bytes.len() as u64);
            if ended == Ended::StillOpen {
                assert!(text(&seen.bytes).contains("X-Agile-Size: 1001"));
            } else {
                assert_eq!(seen.bytes.len(), bytes);
            }
            assert_eq!(seen.exchange.faults.len(), 1);
            assert!(seen.exchange.committed.is_some());
            scene.origin.file("/videos/x.mp4").assert_size(1000);
            scene.origin.finish();
        }
    }
}

#[test]
fn response_faults_apply_to_http_1_0() {
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).nth(1).cut_response(20, Disconnect::Close);
    scene.origin.on(Op::piece(1)).nth(2).delay(Duration::from_millis(30));
    scene.origin.on(Op::piece(1)).nth(3).commit_then(ResponseLoss::Reset);
    scene.origin.on(Op::piece(1)).nth(4).alter(HeaderMutation::UpperCaseChecksum);
    let request = String::from_utf8(scene.piece(1).bytes(Way::Length)).unwrap();
    let request = request.replacen("HTTP/1.1", "HTTP/1.0", 1);
    let (bytes, ended) = scene.client().write(&request).receive(usize::MAX);
    assert_eq!((&bytes[..], ended), (&b"HTTP/1.0 200 OK\r\nDat"[..], Ended::Fin));
    let (bytes, ended) = scene.client().write(&request).receive(usize::MAX);
    assert!(bytes.starts_with(b"HTTP/1.0 200 OK\r\n"), "{}", text(&bytes));
    assert_eq!(ended, Ended::Fin);
    assert_eq!(scene.client().write(&request).receive(usize::MAX), (Vec::new(), Ended::Reset));
    let (bytes, ended) = scene.client().write(&request).receive(usize::MAX);
    assert!(!text(&bytes).contains(&support::payload::sha256(&scene.piece(1).body)));
    assert_eq!(ended, Ended::Fin);
    for index in 0..4 {
        assert_eq!(closed_exchange(&scene.origin, index).faults.len(), 1);
    }
    scene.origin.finish();
}

#[test]
fn a_pipelined_request_waits_for_a_held_or_slow_response() {
    let scene = Scene::new();
    let held = scene.origin.on(Op::piece(1)).hold();
    scene.origin.on(Op::piece(2)).respond_slowly(4000);
    let both: Vec<u8> =
        [1, 2, 3].iter().flat_map(|number| scene.piece(*number).bytes(Way::Chunked)).collect();
    let mut client = scene.client();
    client.write(both);
    assert!(held.wait(TIMEOUT));
    assert_eq!(client.receive(0), (Vec::new(), Ended::StillOpen));
    scene.origin.requests().assert_count(1);
    held.release();
    for _ in 0..3 {
        assert_eq!(client.read().status, 200);
    }
    scene.origin.upload(&scene.id).assert_pieces([1, 2, 3]);
    assert_works(&mut client);
    scene.origin.finish();
}

#[test]
fn a_rejection_with_any_status_is_written_as_recorded() {
    for status in [200, 201, 204, 205, 302, 304, 418, 451, 599] {
        let scene = Scene::new();
        scene.origin.on(Op::piece(1)).reject(ErrorResponse::raw(status).reason("so be it"));
        let seen = scene.play(&scene.piece(1), Way::Length, usize::MAX);
        let recorded = seen.exchange.response.as_ref().unwrap().to_bytes("HTTP/1.1");
        assert_eq!(text(&seen.bytes), text(&recorded));
        assert_eq!((seen.ended, seen.exchange.received), (Ended::Fin, 0));
        scene.origin.finish();
    }
}
