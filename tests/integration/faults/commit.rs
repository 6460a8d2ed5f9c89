//! Tests committed calls whose response is lost, lost requests, and deferred commits.

use std::time::Duration;

use mock_origin::internals::protocol::{COMPLETE, CREATE, DIRECTORY, Endpoint, FILE, PIECE, RAW};
use mock_origin::{DeferredCommit, Op, Outcome, ResponseLoss, UploadState};

use super::scene::{Figures, LENGTH, Request, Scene, Seen, WAYS, Way, rejection};
use crate::support::Ended;
use crate::support::payload::sha256;
use crate::support::record::closed_exchange;

pub(super) const LOSSES: [(ResponseLoss, Ended); 6] = [
    (ResponseLoss::Reset, Ended::Reset),
    (ResponseLoss::Close, Ended::Fin),
    (ResponseLoss::HalfClose, Ended::Fin),
    (ResponseLoss::Stall, Ended::StillOpen),
    (ResponseLoss::Status(500), Ended::Fin),
    (ResponseLoss::Status(503), Ended::Fin),
];

/// An operation, and the check that it was committed.
struct Case {
    endpoint: &'static Endpoint,
    op: Op,
    request: fn(&Scene) -> Request,
    is_done: fn(&Scene) -> bool,
}

fn cases() -> [Case; 6] {
    [
        Case {
            endpoint: &CREATE,
            op: Op::create(),
            request: |scene| scene.create("b.mp4"),
            is_done: |scene| scene.origin.uploads().len() == 2,
        },
        Case {
            endpoint: &PIECE,
            op: Op::piece(1),
            request: |scene| scene.piece(1),
            is_done: |scene| scene.origin.upload(&scene.id).piece(1).try_size(1000).is_ok(),
        },
        Case {
            endpoint: &COMPLETE,
            op: Op::complete(),
            request: Scene::complete,
            is_done: |scene| scene.origin.file("/videos/a.mp4").try_content("one").is_ok(),
        },
        Case {
            endpoint: &RAW,
            op: Op::raw(),
            request: |scene| scene.raw("r.mp4"),
            is_done: |scene| scene.origin.file("/videos/r.mp4").try_size(1000).is_ok(),
        },
        Case {
            endpoint: &FILE,
            op: Op::file(),
            request: |scene| scene.form("f.mp4"),
            is_done: |scene| scene.origin.file("/videos/f.mp4").try_size(1000).is_ok(),
        },
        Case {
            endpoint: &DIRECTORY,
            op: Op::directory(),
            request: Scene::directory,
            is_done: |scene| scene.origin.directory("/new").try_exists().is_ok(),
        },
    ]
}

/// Returns the bytes that the client receives if the response of an endpoint is lost.
fn seen_of(lose: ResponseLoss, endpoint: &Endpoint) -> Vec<u8> {
    match lose {
        ResponseLoss::Status(status) => rejection(endpoint, status),
        _ => Vec::new(),
    }
}

pub(super) fn count(ended: Ended) -> usize {
    if ended == Ended::StillOpen { 0 } else { usize::MAX }
}

pub(super) fn assert_figures(seen: &Seen, lose: ResponseLoss, received: usize, committed: bool) {
    let status = match lose {
        ResponseLoss::Status(status) => Some(status),
        _ => None,
    };
    let figures = Figures {
        received: received as u64,
        written: seen.bytes.len() as u64,
        outcome: if status.is_some() { Outcome::Responded } else { Outcome::CutByFault },
        committed,
        status,
        faults: 1,
    };
    assert_eq!(Figures::of(&seen.exchange), figures);
}

#[test]
fn commit_then_commits_before_the_response_is_lost() {
    for case in cases() {
        for way in WAYS {
            for (lose, ended) in LOSSES {
                let scene = Scene::new();
                scene.origin.on(case.op.clone()).commit_then(lose);
                assert!(!(case.is_done)(&scene));
                let request = (case.request)(&scene);
                let seen = scene.play(&request, way, count(ended));
                let expected = seen_of(lose, case.endpoint);
                assert_eq!(
                    seen.bytes.escape_ascii().to_string(),
                    expected.escape_ascii().to_string()
                );
                assert_eq!(seen.ended, ended, "{} {way:?} {lose:?}", case.endpoint.path);
                assert_figures(&seen, lose, request.body.len(), true);
                assert!((case.is_done)(&scene), "{} {way:?} {lose:?}", case.endpoint.path);
                scene.origin.finish();
            }
        }
    }
}

#[test]
fn lose_does_not_commit() {
    for case in cases() {
        for (lose, ended) in LOSSES {
            let scene = Scene::new();
            scene.origin.on(case.op.clone()).lose(lose);
            let request = (case.request)(&scene);
            let seen = scene.play(&request, Way::Chunked, count(ended));
            assert_eq!((&seen.bytes, seen.ended), (&seen_of(lose, case.endpoint), ended));
            assert_figures(&seen, lose, request.body.len(), false);
            assert!(!(case.is_done)(&scene));
            scene.origin.finish();
        }
    }
}

/// Returns everything that a client can read from an origin.
pub(super) fn known(scene: &Scene) -> Vec<String> {
    let asks = [
        ("login", r#"["jane", "secret"]"#),
        ("listPath", r#"["NEW", "/", 100, "", true]"#),
        ("listPath", r#"["NEW", "/docs", 100, "", true]"#),
        ("listMultipart", r#"["NEW"]"#),
        ("checkToken", r#"["TOKEN"]"#),
        ("updateSession", r#"["TOKEN", 100]"#),
    ];
    let new = scene.origin.issue_token("jane");
    let mut client = scene.client();
    let mut tell = |(method, params): (&str, &str)| {
        let request = scene.rpc(method, &params.replace("NEW", &new));
        client.write(request.bytes(Way::Length)).read().text().to_owned()
    };
    asks.map(&mut tell).to_vec()
}

#[test]
fn a_response_is_not_lost_if_the_origin_rejects_the_call() {
    for way in WAYS {
        let scene = Scene::new();
        scene.origin.on(Op::complete()).times(2).commit_then(ResponseLoss::Reset);
        let gap = scene.client().write(scene.piece(3).bytes(way)).read();
        assert_eq!(gap.status, 200);
        let seen = scene.play(&scene.complete(), way, usize::MAX);
        assert!(seen.bytes.starts_with(b"HTTP/1.1 4"), "{}", seen.bytes.escape_ascii());
        assert!(seen.exchange.faults.is_empty() && seen.exchange.committed.is_none());
        let verdict = scene.origin.verify().unwrap_err().to_string();
        assert!(verdict.contains("the origin rejected the request: 4"), "{verdict}");
    }
}

/// Returns the index of an exchange in the journal.
fn index(seen: &Seen) -> usize {
    usize::try_from(seen.exchange.index).unwrap()
}

const LATER: Duration = Duration::from_secs(10);
const NEARLY: Duration = Duration::from_millis(9_999);

#[test]
fn a_deferred_create_makes_a_second_upload_after_the_retry() {
    for way in WAYS {
        let scene = Scene::new();
        scene.origin.on(Op::create()).commit_later(LATER);
        let seen = scene.play(&scene.create("b.mp4"), way, usize::MAX);
        assert_eq!((seen.bytes, seen.ended), (rejection(&CREATE, 503), Ended::Fin));
        assert_eq!(scene.origin.uploads().len(), 1);
        let retry = scene.client().write(scene.create("b.mp4").bytes(way)).read();
        assert_eq!(retry.status, 200);
        assert_eq!(scene.origin.uploads().len(), 2);
        scene.origin.advance(NEARLY);
        assert_eq!(scene.origin.uploads().len(), 2);
        scene.origin.advance(Duration::from_millis(1));
        assert_eq!(scene.origin.uploads().len(), 3);
        scene.origin.finish();
    }
}

#[test]
fn a_deferred_piece_replaces_the_retried_one() {
    for way in WAYS {
        for (lose, ended) in LOSSES {
            let scene = Scene::new();
            scene.origin.on(Op::piece(1)).commit_later(DeferredCommit::after(LATER).then(lose));
            let seen = scene.play(&scene.piece(1), way, count(ended));
            assert_eq!((&seen.bytes, seen.ended), (&seen_of(lose, &PIECE), ended));
            assert_figures(&seen, lose, LENGTH, false);
            scene.origin.upload(&scene.id).piece(1).assert_size(3);
            let mut retry = scene.piece(1);
            retry.body = b"the retry".to_vec();
            assert_eq!(scene.client().write(retry.bytes(way)).read().status, 200);
            scene.origin.upload(&scene.id).piece(1).assert_digest(&sha256(b"the retry"));
            let before = scene.origin.now();
            scene.origin.advance(LATER);
            let digest = sha256(&scene.piece(1).body);
            scene.origin.upload(&scene.id).piece(1).assert_digest(&digest);
            let record = closed_exchange(&scene.origin, index(&seen));
            let committed = record.committed.unwrap().protocol.to_system_time();
            assert_eq!(committed, before + LATER);
            assert_eq!(record.outcome, seen.exchange.outcome);
            scene.origin.finish();
        }
    }
}

#[test]
fn a_deferred_complete_after_a_successful_one_has_no_effect() {
    for way in WAYS {
        let scene = Scene::new();
        scene.origin.on(Op::complete()).commit_later(LATER);
        let seen = scene.play(&scene.complete(), way, usize::MAX);
        assert_eq!((&seen.bytes, seen.ended), (&rejection(&COMPLETE, 503), Ended::Fin));
        scene.origin.file("/videos/a.mp4").assert_absent();
        let retry = scene.client().write(scene.complete().bytes(way)).read();
        assert_eq!(retry.status, 200);
        let before = known(&scene);
        scene.origin.advance(LATER);
        let after = known(&scene);
        assert_eq!(before[1..4], after[1..4]);
        scene.origin.upload(&scene.id).assert_completed();
        let record = closed_exchange(&scene.origin, index(&seen));
        assert_eq!(record.committed, None);
        scene.origin.finish();
    }
}

#[test]
fn a_deferred_complete_completes_an_open_upload() {
    for way in WAYS {
        let scene = Scene::new();
        scene
            .origin
            .on(Op::complete())
            .commit_later(DeferredCommit::after(LATER).then(ResponseLoss::Close));
        let request = scene.rpc("completeMultipart", r#"["TOKEN", "MPID"]"#);
        let seen = scene.play(&request, way, usize::MAX);
        assert_eq!((seen.bytes.len(), seen.ended), (0, Ended::Fin));
        scene.origin.upload(&scene.id).assert_state(UploadState::Ready);
        scene.origin.advance(LATER);
        scene.origin.upload(&scene.id).assert_completed();
        scene.origin.file("/videos/a.mp4").assert_content("one");
        scene.origin.finish();
    }
}

#[test]
fn deferred_pieces_are_stored_in_the_order_of_their_times() {
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).nth(1).commit_later(2 * LATER);
    scene.origin.on(Op::piece(1)).nth(2).commit_later(LATER);
    for body in ["the later one", "the earlier one"] {
        let mut request = scene.piece(1);
        request.body = body.as_bytes().to_vec();
        assert_eq!(scene.client().write(request.bytes(Way::Length)).read().status, 503);
    }
    scene.origin.advance(LATER);
    scene.origin.upload(&scene.id).piece(1).assert_digest(&sha256(b"the earlier one"));
    scene.origin.advance(LATER);
    scene.origin.upload(&scene.id).piece(1).assert_digest(&sha256(b"the later one"));
    scene.origin.finish();
}

#[test]
fn a_deferred_piece_for_a_finished_upload_has_no_effect() {
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).commit_later(LATER);
    assert_eq!(scene.client().write(scene.piece(1).bytes(Way::Length)).read().status, 503);
    assert_eq!(scene.client().write(scene.complete().bytes(Way::Length)).read().status, 200);
    scene.origin.advance(LATER);
    scene.origin.file("/videos/a.mp4").assert_content("one");
    assert_eq!(closed_exchange(&scene.origin, 0).committed, None);
    scene.origin.finish();
}
