//! Tests faults that delay, hold, slow down or cut a response.

use std::time::{Duration, Instant};

use mock_origin::{Builder, Disconnect, Op, Outcome};

use super::scene::{Figures, Request, Scene, Seen, WAYS, Way, assert_works, read};
use crate::support::record::{closed_exchange, wait_for};
use crate::support::{Ended, TIMEOUT};

/// An operation and its request.
pub(super) struct Case {
    pub(super) op: Op,
    pub(super) request: fn(&Scene) -> Request,
}

const TEXT: &str = "0123456789abcdef";

fn with_file(builder: Builder) -> Builder {
    builder.file("/small.txt", TEXT)
}

/// Returns one case without a response body, one with a JSON body, and one with a stored file.
pub(super) fn cases() -> [Case; 3] {
    [
        Case { op: Op::piece(1), request: |scene| scene.piece(1) },
        Case {
            op: Op::method("stat"),
            request: |scene| scene.rpc("stat", r#"["TOKEN", "/small.txt", true]"#),
        },
        Case { op: Op::egress(), request: |_| read("/small.txt") },
    ]
}

impl Case {
    /// Returns the response without a fault.
    pub(super) fn plain(&self) -> Vec<u8> {
        Scene::plainly(self.request, with_file)
    }

    pub(super) fn scene(&self) -> (Scene, Request) {
        let scene = Scene::with(with_file);
        let request = (self.request)(&scene);
        (scene, request)
    }
}

pub(super) fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

pub(super) fn head_length(response: &[u8]) -> usize {
    response.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4
}

pub(super) fn assert_whole(seen: &Seen, request: &Request, expected: &[u8]) {
    assert_eq!(text(&seen.bytes), text(expected));
    let figures = Figures {
        received: request.body.len() as u64,
        written: expected.len() as u64,
        outcome: Outcome::Responded,
        committed: true,
        status: Some(200),
        faults: 1,
    };
    assert_eq!(Figures::of(&seen.exchange), figures);
}

pub(super) fn assert_cut(seen: &Seen, request: &Request, expected: &[u8], ended: Ended) {
    assert_eq!((text(&seen.bytes), seen.ended), (text(expected), ended));
    let figures = Figures {
        received: request.body.len() as u64,
        written: expected.len() as u64,
        outcome: Outcome::CutByFault,
        committed: true,
        status: (!expected.is_empty()).then_some(200),
        faults: 1,
    };
    assert_eq!(Figures::of(&seen.exchange), figures);
}

#[test]
fn a_delayed_response_is_complete() {
    const DELAY: Duration = Duration::from_millis(150);
    for case in cases() {
        let expected = case.plain();
        for way in WAYS {
            let (scene, request) = case.scene();
            scene.origin.on(case.op.clone()).delay(DELAY);
            let (mut client, started) = (scene.client(), Instant::now());
            let seen = scene.play_on(&mut client, &request, way, expected.len());
            assert!(started.elapsed() >= DELAY, "{:?}", started.elapsed());
            assert_whole(&seen, &request, &expected);
            let record = &seen.exchange;
            let (committed, started) =
                (record.committed.unwrap(), record.response_started.unwrap());
            assert!(
                started.elapsed >= committed.elapsed + DELAY,
                "the response is delayed, not the commit"
            );
            assert_works(&mut client);
            scene.origin.finish();
        }
    }
}

#[test]
fn a_held_response_is_complete_after_release_or_drop() {
    for case in cases() {
        let expected = case.plain();
        for (at, way) in WAYS.into_iter().enumerate() {
            let (scene, request) = case.scene();
            let held = scene.origin.on(case.op.clone()).hold();
            let mut client = scene.client();
            if way.is_reused() {
                assert_works(&mut client);
            }
            client.write(request.bytes(way));
            assert!(held.wait(TIMEOUT));
            let journal = wait_for(&scene.origin, |journal| {
                let last = journal.exchanges().last()?;
                (last.outcome == Outcome::Held).then(|| journal.clone())
            });
            let record = journal.exchanges().last().unwrap();
            assert!(record.committed.is_some() && record.response.is_none());
            assert_eq!((held.count(), record.faults.len(), record.written), (1, 1, 0));
            assert_eq!(client.receive(0), (Vec::new(), Ended::StillOpen));
            if at % 2 == 0 {
                held.release();
            } else {
                drop(held);
            }
            let (bytes, ended) = client.receive(expected.len());
            assert_eq!(ended, Ended::StillOpen);
            let exchange = closed_exchange(&scene.origin, usize::from(way.is_reused()));
            assert_whole(&Seen { bytes, ended, exchange }, &request, &expected);
            assert_works(&mut client);
            scene.origin.finish();
        }
    }
}

#[test]
fn two_held_responses_are_released_separately() {
    let scene = Scene::new();
    let (first, second) =
        (scene.origin.on(Op::piece(1)).hold(), scene.origin.on(Op::piece(2)).hold());
    let (mut one, mut two) = (scene.client(), scene.client());
    one.write(scene.piece(1).bytes(Way::Length));
    two.write(scene.piece(2).bytes(Way::Chunked));
    assert!(first.wait(TIMEOUT) && second.wait(TIMEOUT));
    scene.origin.upload(&scene.id).assert_pieces([1, 2]);
    second.release();
    assert_eq!(two.read().status, 200);
    assert_eq!(one.receive(0), (Vec::new(), Ended::StillOpen));
    first.release();
    assert_eq!(one.read().status, 200);
    scene.origin.finish();
}

#[test]
fn one_fault_holds_several_responses_until_released() {
    let scene = Scene::new();
    let held = scene.origin.on(Op::any_piece()).always().hold();
    let mut clients = [scene.client(), scene.client(), scene.client()];
    for (client, number) in clients.iter_mut().zip(1..) {
        client.write(scene.piece(number).bytes(Way::Length));
    }
    let all_held = |requests: &mock_origin::RecordedRequests| {
        requests.iter().filter(|it| it.exchange().outcome == Outcome::Held).count() == 3
    };
    assert!(scene.origin.wait_until(TIMEOUT, all_held));
    assert_eq!(held.count(), 3);
    held.release();
    for client in &mut clients {
        assert_eq!(client.read().status, 200);
    }
    let response = scene.client().write(scene.piece(4).bytes(Way::Length)).read();
    assert_eq!(response.status, 200);
    scene.origin.finish();
}

#[test]
fn an_unreleased_response_is_sent_at_the_limit_and_reported() {
    const LIMIT: Duration = Duration::from_millis(200);
    for way in WAYS {
        let scene = Scene::with(|builder| builder.hold_limit(LIMIT));
        let held = scene.origin.on(Op::piece(1)).named("the forgotten one").hold();
        let (mut client, started) = (scene.client(), Instant::now());
        let seen = scene.play_on(&mut client, &scene.piece(1), way, 1);
        assert!(started.elapsed() >= LIMIT);
        assert!(seen.bytes.starts_with(b"HTTP/1.1 200 OK\r\n"));
        assert_works(&mut client);
        let verdict = scene.origin.verify().unwrap_err().to_string();
        assert!(verdict.contains("the forgotten one"), "{verdict}");
        drop(held);
    }
}

#[test]
fn removing_a_fault_releases_its_holds() {
    let scene = Scene::new();
    let held = scene.origin.on(Op::piece(1)).hold();
    let mut client = scene.client();
    client.write(scene.piece(1).bytes(Way::Length));
    assert!(held.wait(TIMEOUT));
    assert!(scene.origin.remove_fault(scene.origin.faults()[0].id));
    assert_eq!(client.read().status, 200);
    scene.origin.finish();
}

#[test]
fn a_slow_response_arrives_complete() {
    const RATE: u64 = 2000;
    for case in cases() {
        let expected = case.plain();
        // The bytes of the first 20 ms are sent at once.
        let millis = (expected.len() as u64 - RATE / 50) * 1000 / RATE;
        for way in WAYS {
            let (scene, request) = case.scene();
            scene.origin.on(case.op.clone()).respond_slowly(RATE);
            let (mut client, started) = (scene.client(), Instant::now());
            let seen = scene.play_on(&mut client, &request, way, expected.len());
            let took = started.elapsed();
            assert!(took >= Duration::from_millis(millis), "{took:?} for {millis} ms");
            assert_whole(&seen, &request, &expected);
            assert_works(&mut client);
            scene.origin.finish();
        }
    }
}

#[test]
fn a_response_is_cut_after_the_exact_number_of_bytes() {
    let cuts = [
        (Disconnect::Reset, Ended::Reset),
        (Disconnect::Close, Ended::Fin),
        (Disconnect::HalfClose, Ended::Fin),
        (Disconnect::Stall, Ended::StillOpen),
    ];
    for case in cases() {
        let plain = case.plain();
        let head = head_length(&plain);
        let mut places = vec![0, 1, 9, head - 1, head, plain.len() - 1, plain.len()];
        places.dedup();
        for (way, (cut, ended)) in WAYS.into_iter().flat_map(|way| cuts.map(|cut| (way, cut))) {
            for location in &places {
                let (scene, request) = case.scene();
                scene.origin.on(case.op.clone()).cut_response(*location as u64, cut);
                let count = if ended == Ended::StillOpen { *location } else { usize::MAX };
                let seen = scene.play(&request, way, count);
                assert_cut(&seen, &request, &plain[..*location], ended);
                scene.origin.finish();
            }
        }
    }
}

#[test]
fn a_cut_beyond_the_response_is_skipped() {
    for case in cases() {
        let expected = case.plain();
        let (scene, request) = case.scene();
        scene.origin.on(case.op).cut_response(expected.len() as u64 + 1, Disconnect::Close);
        let mut client = scene.client();
        let seen = scene.play_on(&mut client, &request, Way::Length, expected.len());
        assert_eq!(text(&seen.bytes), text(&expected));
        assert!(seen.exchange.faults.is_empty());
        assert_works(&mut client);
        let verdict = scene.origin.verify().unwrap_err().to_string();
        let why = format!("the response has only {} bytes", expected.len());
        assert!(verdict.contains(&why), "{verdict}");
    }
}
