//! Tests that requests that started before `reset()` get no response after it.

use std::time::Duration;

use mock_origin::{MockOrigin, Op, Operation};

use super::scene::{Request, Scene, Way, assert_works, read};
use crate::support::record::wait_for;
use crate::support::{Client, Ended, TIMEOUT};

/// Longer than any test, so that no wait ends by this limit.
const FOREVER: Duration = Duration::from_secs(3600);

/// The size of a file that exceeds the kernel's buffers.
const LARGE: usize = 64 << 20;

fn scene() -> Scene {
    Scene::with(|builder| builder.hold_limit(FOREVER).file("/videos/f", vec![0; LARGE]))
}

/// Resets the origin and asserts that the client hears fewer than `whole` bytes, and that the origin
/// has its initial state.
fn assert_no_response(scene: &Scene, mut client: Client, whole: usize) {
    scene.origin.reset();
    let (received, ended) = client.receive(usize::MAX);
    assert_ne!(ended, Ended::StillOpen);
    assert!(received.len() < whole, "{} bytes came after the reset", received.len());
    assert_works(&mut scene.client());
    assert_eq!(scene.origin.journal().exchanges().len(), 1);
    assert_eq!(scene.origin.uploads().len(), 1, "only the upload of the builder");
}

#[test]
fn a_delayed_request_gets_no_response_after_a_reset() {
    type MakeAsk = fn(&Scene) -> Request;
    type Arm = fn(&MockOrigin);
    let calls: [(MakeAsk, Arm); 6] = [
        (|scene| scene.create("b"), |origin| drop(origin.on(Op::create()).delay(FOREVER))),
        (|scene| scene.create("b"), |origin| drop(origin.on(Op::create()).respond_slowly(1))),
        (|scene| scene.piece(1), |origin| drop(origin.on(Op::piece(1)).read_slowly(1))),
        (
            |scene| scene.form("b"),
            |origin| drop(origin.on(Op::operation(Operation::PostFile)).delay(FOREVER)),
        ),
        (
            |scene| scene.rpc("noop", r#"["TOKEN"]"#),
            |origin| drop(origin.on(Op::method("noop")).delay(FOREVER)),
        ),
        // The origin itself rejects this request.
        (|_| read("/none"), |origin| drop(origin.on(Op::egress()).delay(FOREVER))),
    ];
    for (request, install) in calls {
        let scene = scene();
        install(&scene.origin);
        let mut client = scene.client();
        client.write(request(&scene).bytes(Way::Length));
        wait_for(&scene.origin, |journal| {
            let is_injected = journal.exchanges().first().is_some_and(|it| !it.faults.is_empty());
            is_injected.then_some(())
        });
        // The first byte of a slow response may have been sent before.
        assert_no_response(&scene, client, 10);
    }
}

#[test]
fn a_held_request_gets_no_response_after_a_reset() {
    let scene = scene();
    let held = scene.origin.on(Op::create()).hold();
    let mut client = scene.client();
    client.write(scene.create("b").bytes(Way::Length));
    assert!(held.wait(TIMEOUT));
    assert_no_response(&scene, client, 1);
    held.release();
}

#[test]
fn a_partial_request_gets_no_response_after_a_reset() {
    for reject in [false, true] {
        let scene = scene();
        if reject {
            scene.origin.on(Op::piece(1)).reject_after(1000, 503);
        }
        let mut client = scene.client();
        let whole = scene.piece(1).bytes(Way::Length);
        client.write(&whole[..whole.len() - 10]);
        wait_for(&scene.origin, |journal| {
            let received = journal.exchanges().first().map_or(0, |it| it.received);
            (received == 990).then_some(())
        });
        scene.origin.reset();
        client.write(&whole[whole.len() - 10..]);
        let (received, ended) = client.receive(usize::MAX);
        assert_eq!((&*received, ended != Ended::StillOpen), (&b""[..], true));
        scene.origin.finish();
    }
}

#[test]
fn a_reset_cuts_a_response_that_is_being_written() {
    let scene = scene();
    let mut client = scene.client();
    client.write(read("/videos/f").bytes(Way::Length));
    wait_for(&scene.origin, |journal| journal.exchanges().first()?.response_started);
    assert_no_response(&scene, client, LARGE);
}

#[test]
fn an_idle_connection_survives_a_reset() {
    let scene = scene();
    let mut client = scene.client();
    assert_works(&mut client);
    scene.origin.reset();
    assert_works(&mut client);
    scene.origin.finish();
}
