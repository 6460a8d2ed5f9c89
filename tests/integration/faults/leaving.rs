//! Tests that the origin notices a client that leaves while a fault makes it wait.

use std::time::Duration;

use mock_origin::{
    CallFaultBuilder, Disconnect, FaultHandle, Op, Operation, Outcome, ResponseLoss,
};

use super::scene::{Request, Scene, Way, assert_works, read};
use crate::support::record::{closed_connection, closed_exchange, wait_for};
use crate::support::{Client, request};

/// Longer than any test, so that no wait ends by this limit.
const FOREVER: Duration = Duration::from_secs(3600);

/// How a client leaves. The socket is dropped unless the function returns it.
type Leave = fn(Client) -> Option<Client>;

/// Includes closing only the sending direction, which the origin cannot tell from leaving.
const WAYS_TO_LEAVE: [Leave; 3] = [
    |_| None,
    |client| {
        client.reset();
        None
    },
    |mut client| {
        client.finish_writing();
        Some(client)
    },
];

fn scene() -> Scene {
    Scene::with(|builder| builder.hold_limit(FOREVER).file("/videos/f", vec![0; 1000]))
}

/// Sends a request and the bytes `behind` it, leaves when the fault is injected, and asserts that the
/// origin notices.
fn assert_noticed(scene: &Scene, request: &Request, behind: &[u8], leave: Leave, outcome: Outcome) {
    let mut client = scene.client();
    let address = client.address();
    client.write([&request.bytes(Way::Length), behind].concat());
    wait_for(&scene.origin, |journal| {
        let exchange = journal.exchanges().first()?;
        // A cut closes the exchange before its connection.
        let is_cut = outcome != Outcome::CutByFault || exchange.outcome == outcome;
        (!exchange.faults.is_empty() && is_cut).then_some(())
    });
    let kept = leave(client);
    closed_connection(&scene.origin, address);
    let record = closed_exchange(&scene.origin, 0);
    assert_eq!((record.outcome, record.faults.len()), (outcome, 1), "{}", request.target);
    assert_eq!(scene.origin.journal().exchanges().len(), 1);
    drop(kept);
}

#[test]
fn a_leaving_client_is_noticed_in_every_wait() {
    type Arm = fn(CallFaultBuilder<'_>) -> FaultHandle;
    let arms: [(Arm, Outcome); 7] = [
        (|on| on.delay(FOREVER), Outcome::ClientGone),
        (|on| on.read_slowly(1), Outcome::ClientGone),
        (|on| on.respond_slowly(1), Outcome::ClientGone),
        (|on| on.stall_after(400), Outcome::CutByFault),
        (|on| on.commit_then(ResponseLoss::Stall), Outcome::CutByFault),
        (|on| on.cut_after(400, Disconnect::HalfClose), Outcome::CutByFault),
        (|on| on.cut_response(10, Disconnect::Stall), Outcome::CutByFault),
    ];
    let pipelined = request("OPTIONS", "/multipart/piece", &[], b"");
    for (install, outcome) in arms {
        for leave in WAYS_TO_LEAVE {
            for behind in [&[][..], &pipelined] {
                let scene = scene();
                let fault = install(scene.origin.on(Op::piece(1)));
                assert_noticed(&scene, &scene.piece(1), behind, leave, outcome);
                assert_eq!(fault.fired(), 1);
                scene.origin.finish();
            }
        }
    }
}

#[test]
fn a_client_that_leaves_a_held_response_is_noticed() {
    type MakeAsk = fn(&Scene) -> Request;
    let calls: [(MakeAsk, Op); 5] = [
        (|scene| scene.create("b.mp4"), Op::create()),
        (|scene| scene.form("f.mp4"), Op::operation(Operation::PostFile)),
        (|scene| scene.rpc("noop", r#"["TOKEN"]"#), Op::method("noop")),
        (|_| read("/videos/f"), Op::egress()),
        // The origin itself rejects this request.
        (|_| read("/videos/none"), Op::egress()),
    ];
    for (request, op) in calls {
        for leave in WAYS_TO_LEAVE {
            let scene = scene();
            let held = scene.origin.on(op.clone()).hold();
            assert_noticed(&scene, &request(&scene), b"", leave, Outcome::ClientGone);
            assert_eq!(held.count(), 1);
            // The hold is still installed but holds no response.
            scene.origin.finish();
            drop(held);
        }
    }
}

#[test]
fn a_client_that_leaves_a_silent_connection_is_noticed() {
    for leave in WAYS_TO_LEAVE {
        let scene = scene();
        let fault = scene.origin.on_connection().silence();
        let mut client = scene.client();
        let address = client.address();
        client.write(scene.piece(1).bytes(Way::Length));
        wait_for(&scene.origin, |_| (fault.fired() == 1).then_some(()));
        let kept = leave(client);
        closed_connection(&scene.origin, address);
        drop(kept);
        scene.origin.finish();
    }
}

#[test]
fn a_slowly_read_request_counts_from_its_first_byte() {
    let scene = scene();
    let fault = scene.origin.on(Op::piece(1)).read_slowly(1);
    let mut client = scene.client();
    client.write(scene.piece(1).bytes(Way::Length));
    wait_for(&scene.origin, |_| (fault.fired() == 1).then_some(()));
    assert!(scene.origin.journal().exchanges()[0].received < 1000);
    scene.origin.finish();
}

#[test]
fn watching_a_client_does_not_lose_its_next_requests() {
    let scene = scene();
    scene.origin.on(Op::piece(1)).times(2).delay(Duration::from_millis(50));
    let mut client = scene.client();
    let piece = scene.piece(1).bytes(Way::Length);
    client.write([&*piece, &piece, &request("OPTIONS", "/multipart/piece", &[], b"")].concat());
    assert_eq!([(); 3].map(|()| client.read().status), [200, 200, 200]);
    assert_works(&mut client);
    scene.origin.upload(&scene.id).piece(1).assert_size(1000);
    scene.origin.finish();
}
