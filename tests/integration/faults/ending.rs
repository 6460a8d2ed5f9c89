//! Tests how a connection ends after a fault was injected.

use std::time::{Duration, Instant};

use mock_origin::journal::ConnectionEnd;
use mock_origin::{CallFaultBuilder, Disconnect, Op, Outcome, ResponseLoss};

use super::response::text;
use super::scene::{LENGTH, Scene, WAYS, Way};
use crate::support::record::{closed_connection, closed_exchange};
use crate::support::{Client, Ended, TIMEOUT};

type Arm = fn(CallFaultBuilder<'_>);

#[test]
fn data_after_an_orderly_close_is_discarded_and_counted() {
    const MORE: usize = 100_000;
    let arms: [(Arm, usize, ConnectionEnd); 7] = [
        (|on| drop(on.reject(503)), 0, ConnectionEnd::ByOrigin),
        (|on| drop(on.reject_after(400, 503)), 400, ConnectionEnd::ByOrigin),
        (|on| drop(on.cut_after(0, Disconnect::Close)), 0, ConnectionEnd::ByFault),
        (|on| drop(on.cut_after(400, Disconnect::Close)), 400, ConnectionEnd::ByFault),
        (|on| drop(on.cut_after(400, Disconnect::HalfClose)), 400, ConnectionEnd::ByFault),
        (|on| drop(on.lose(ResponseLoss::HalfClose)), LENGTH, ConnectionEnd::ByFault),
        (|on| drop(on.cut_response(10, Disconnect::Close)), LENGTH, ConnectionEnd::ByFault),
    ];
    for (install, read, end) in arms {
        let scene = Scene::new();
        install(scene.origin.on(Op::piece(1)));
        let mut client = scene.client();
        let address = client.address();
        let (_, ended) = client.write(scene.piece(1).bytes(Way::Length)).receive(usize::MAX);
        assert_eq!(ended, Ended::Fin);
        // The start of another request; other bytes would be recorded as invalid HTTP.
        client.write([b"GET /", &vec![b'a'; MORE - 5][..]].concat()).finish_writing();
        let record = closed_connection(&scene.origin, address);
        assert_eq!(record.end, end);
        assert_eq!(record.drained, (LENGTH - read + MORE) as u64);
        scene.origin.finish();
    }
}

#[test]
fn a_stall_ends_at_the_limit() {
    const LIMIT: Duration = Duration::from_millis(200);
    let arms: [Arm; 6] = [
        |on| drop(on.stall_after(400)),
        |on| drop(on.cut_after(1000, Disconnect::Stall)),
        |on| drop(on.lose(ResponseLoss::Stall)),
        |on| drop(on.commit_then(ResponseLoss::Stall)),
        |on| drop(on.cut_response(0, Disconnect::Stall)),
        |on| drop(on.cut_response(30, Disconnect::Stall)),
    ];
    for (install, way) in arms.into_iter().zip(WAYS.into_iter().cycle()) {
        let scene = Scene::with(|builder| builder.hold_limit(LIMIT));
        install(scene.origin.on(Op::piece(1)));
        let (mut client, started) = (scene.client(), Instant::now());
        let seen = scene.play_on(&mut client, &scene.piece(1), way, usize::MAX);
        assert!(started.elapsed() >= LIMIT);
        assert_ne!(seen.ended, Ended::StillOpen);
        assert_eq!(seen.exchange.outcome, Outcome::CutByFault);
        let record = closed_connection(&scene.origin, client.address());
        assert_eq!(record.end, ConnectionEnd::ByFault);
        scene.origin.finish();
    }
}

#[test]
fn a_stalled_connection_does_not_keep_the_origin_from_finishing() {
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).stall_after(400);
    scene.origin.on(Op::piece(2)).commit_then(ResponseLoss::Stall);
    let (mut one, mut two) = (scene.client(), scene.client());
    one.write(scene.piece(1).bytes(Way::Length));
    two.write(scene.piece(2).bytes(Way::Chunked));
    closed_exchange(&scene.origin, 0);
    closed_exchange(&scene.origin, 1);
    let started = Instant::now();
    scene.origin.finish();
    // Much less than the limit of 30 s.
    assert!(started.elapsed() < TIMEOUT);
    assert_ne!(one.receive(usize::MAX).1, Ended::StillOpen);
    assert_ne!(two.receive(usize::MAX).1, Ended::StillOpen);
}

#[test]
#[should_panic(expected = "the forgotten one")]
fn an_expired_hold_is_reported() {
    let scene = Scene::new();
    let held = scene.origin.on(Op::piece(1)).named("the forgotten one").hold();
    let mut client = scene.client();
    client.write(scene.piece(1).bytes(Way::Length));
    assert!(held.wait(TIMEOUT));
    scene.origin.finish();
}

#[test]
fn a_client_that_leaves_before_a_delayed_response_is_recorded() {
    for is_held in [false, true] {
        let scene = Scene::new();
        let held = is_held.then(|| scene.origin.on(Op::piece(1)).hold());
        if !is_held {
            scene.origin.on(Op::piece(1)).delay(Duration::from_millis(50));
        }
        let mut client = scene.client();
        let address = client.address();
        client.write(scene.piece(1).bytes(Way::Length));
        assert!(scene.origin.wait_until(TIMEOUT, |requests| {
            requests.iter().any(|it| it.exchange().outcome == Outcome::Held)
        }));
        client.reset();
        drop(held);
        closed_connection(&scene.origin, address);
        let record = closed_exchange(&scene.origin, 0);
        assert!(record.committed.is_some());
        assert_eq!(record.faults.len(), 1);
        scene.origin.upload(&scene.id).piece(1).assert_size(LENGTH as u64);
        scene.origin.finish();
    }
}

#[test]
fn several_faults_apply_in_turn_on_one_connection() {
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).nth(1).read_slowly(50_000);
    scene.origin.on(Op::piece(1)).nth(2).respond_slowly(4_000);
    scene.origin.on(Op::piece(1)).nth(3).delay(Duration::from_millis(20));
    scene.origin.on(Op::piece(1)).nth(4).alter(mock_origin::HeaderMutation::WrongSize);
    scene.origin.on(Op::piece(1)).nth(6).cut_response(17, Disconnect::Close);
    let mut client = scene.client();
    let mut sizes = Vec::new();
    for way in [Way::Length, Way::Chunked, Way::Length, Way::Chunked, Way::Length] {
        let response = client.write(scene.piece(1).bytes(way)).read();
        assert_eq!(response.status, 200);
        sizes.push(response.header("X-Agile-Size").unwrap().to_owned());
    }
    assert_eq!(sizes, ["1000", "1000", "1000", "1001", "1000"]);
    let (bytes, ended) = client.write(scene.piece(1).bytes(Way::Length)).receive(usize::MAX);
    assert_eq!((text(&bytes), ended), ("HTTP/1.1 200 OK\\r\\n".to_owned(), Ended::Fin));
    let fault_count = |at| closed_exchange(&scene.origin, at).faults.len();
    assert_eq!([0, 1, 2, 3, 4, 5].map(fault_count), [1, 1, 1, 1, 0, 1]);
    scene.origin.finish();
}

#[test]
fn a_half_close_waits_longer_than_a_close() {
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).cut_after(400, Disconnect::HalfClose);
    scene.origin.on(Op::piece(2)).cut_after(400, Disconnect::Close);
    let cut = |number| {
        let mut client = scene.client();
        assert_eq!(client.write(scene.piece(number).bytes(Way::Length)).receive(1).1, Ended::Fin);
        client
    };
    let (half, whole) = (cut(1), cut(2));
    closed_connection(&scene.origin, whole.address());
    let is_open = |client: &Client| {
        let journal = scene.origin.journal();
        let mut latest_first = journal.connections().iter().rev();
        latest_first.any(|known| known.peer == client.address() && known.closed.is_none())
    };
    assert!(is_open(&half), "the half-closed connection outlives the closed one");
    let address = half.address();
    drop(half);
    closed_connection(&scene.origin, address);
    scene.origin.finish();
}
