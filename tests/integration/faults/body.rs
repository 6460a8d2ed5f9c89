//! Tests faults that apply before or in the body of a request.

use std::time::{Duration, Instant};

use mock_origin::internals::protocol::{PIECE, result_code_for};
use mock_origin::journal::ConnectionEnd;
use mock_origin::{CallFaultBuilder, Disconnect, ErrorResponse, Op, Outcome, ResponseLoss};

use super::scene::{
    Figures, LENGTH, Scene, Seen, WAYS, Way, assert_works, head, open_chunks, rejection,
    rejection_by_proxy, rejection_with,
};
use crate::support::record::{closed_connection, closed_exchange, wait_for};
use crate::support::{self, Ended};

const ALL: u64 = LENGTH as u64;
const CUTS: [(Disconnect, Ended); 4] = [
    (Disconnect::Reset, Ended::Reset),
    (Disconnect::Close, Ended::Fin),
    (Disconnect::HalfClose, Ended::Fin),
    (Disconnect::Stall, Ended::StillOpen),
];

/// Sends piece 1 to an origin with the fault of `install`.
fn injection(way: Way, ended: Ended, install: impl FnOnce(CallFaultBuilder<'_>)) -> (Scene, Seen) {
    let scene = Scene::new();
    install(scene.origin.on(Op::piece(1)));
    let count = if ended == Ended::StillOpen { 0 } else { usize::MAX };
    let seen = scene.play(&scene.piece(1), way, count);
    assert_eq!(seen.ended, ended, "{way:?}: {}", seen.bytes.escape_ascii());
    assert!(scene.origin.verify().is_ok(), "{way:?}: {:?}", scene.origin.verify());
    (scene, seen)
}

/// Asserts that nothing was stored and that the piece can be sent again.
fn assert_nothing_done(scene: &Scene) {
    scene.origin.upload(&scene.id).piece(1).assert_size(3);
    let response = scene.client().write(scene.piece(1).bytes(Way::Length)).read();
    assert_eq!(response.status, 200, "{response:?}");
    scene.origin.upload(&scene.id).piece(1).assert_size(ALL);
}

fn assert_rejected(scene: &Scene, seen: &Seen, expected: &[u8], received: u64) {
    assert_eq!(seen.bytes.escape_ascii().to_string(), expected.escape_ascii().to_string());
    let figures = Figures {
        received,
        written: expected.len() as u64,
        outcome: Outcome::Responded,
        committed: false,
        status: Some(std::str::from_utf8(&expected[9..12]).unwrap().parse().unwrap()),
        faults: 1,
    };
    assert_eq!(Figures::of(&seen.exchange), figures);
    assert_nothing_done(scene);
}

fn assert_cut(scene: &Scene, seen: &Seen, received: u64) {
    assert_eq!(seen.bytes, b"");
    let outcome = Outcome::CutByFault;
    let figures =
        Figures { received, written: 0, outcome, committed: false, status: None, faults: 1 };
    assert_eq!(Figures::of(&seen.exchange), figures);
    assert_nothing_done(scene);
}

#[test]
fn a_rejection_uses_the_result_codes_and_reads_no_body() {
    for way in WAYS {
        for status in [400, 403, 429, 500, 503] {
            if PIECE.results.iter().any(|row| row.http == status) {
                let (scene, seen) = injection(way, Ended::Fin, |on| drop(on.reject(status)));
                assert_rejected(&scene, &seen, &rejection(&PIECE, status), 0);
            }
        }
    }
}

#[test]
fn a_rejection_has_the_given_reason_code_and_headers() {
    for way in WAYS {
        let reject = ErrorResponse::raw(418).with_code(-99).reason("teapot");
        let reject = reject.header("x-BREW", "no").retry_after(Duration::from_millis(1200));
        let (scene, seen) = injection(way, Ended::Fin, |on| drop(on.reject(reject)));
        let own = [
            ("X-Agile-Status", "-99"),
            ("x-BREW", "no"),
            ("Retry-After", "2"),
            ("Content-Type", "text/json;charset=utf-8"),
            ("Connection", "close"),
            ("Content-Length", "0"),
        ];
        assert_rejected(&scene, &seen, &head("418 teapot", &own), 0);
        let (scene, seen) = injection(way, Ended::Fin, |on| drop(on.reject(502)));
        assert_rejected(&scene, &seen, &rejection_by_proxy(502), 0);
    }
}

#[test]
fn a_rejection_in_the_body_comes_at_the_exact_byte() {
    for way in WAYS {
        for bytes in [0, 1, 299, 300, 301, ALL - 1, ALL] {
            let (scene, seen) = injection(way, Ended::Fin, |on| drop(on.reject_after(bytes, 503)));
            assert_rejected(&scene, &seen, &rejection(&PIECE, 503), bytes);
        }
    }
}

#[test]
fn a_cut_in_the_body_comes_at_the_exact_byte() {
    for way in WAYS {
        for (cut, ended) in CUTS {
            for bytes in [0, 1, 300, ALL - 1, ALL] {
                let (scene, seen) = injection(way, ended, |on| drop(on.cut_after(bytes, cut)));
                assert_cut(&scene, &seen, bytes);
            }
        }
    }
}

#[test]
fn a_stall_in_the_body_comes_at_the_exact_byte() {
    for way in WAYS {
        for bytes in [0, 1, 600, ALL] {
            let (scene, seen) = injection(way, Ended::StillOpen, |on| drop(on.stall_after(bytes)));
            assert_cut(&scene, &seen, bytes);
        }
    }
}

#[test]
fn a_lost_request_is_read_completely_and_not_committed() {
    for way in WAYS {
        for (cut, ended) in CUTS {
            let (scene, seen) = injection(way, ended, |on| drop(on.lose(as_loss(cut))));
            assert_cut(&scene, &seen, ALL);
            assert!(seen.exchange.digest.is_some());
        }
        for status in [500, 503] {
            let lose = ResponseLoss::Status(status);
            let (scene, seen) = injection(way, Ended::Fin, |on| drop(on.lose(lose)));
            assert_rejected(&scene, &seen, &rejection(&PIECE, status), ALL);
        }
    }
}

fn as_loss(cut: Disconnect) -> ResponseLoss {
    match cut {
        Disconnect::Close => ResponseLoss::Close,
        Disconnect::HalfClose => ResponseLoss::HalfClose,
        Disconnect::Stall => ResponseLoss::Stall,
        _ => ResponseLoss::Reset,
    }
}

#[test]
fn a_slowly_read_body_is_stored() {
    let expected = Scene::plainly(|scene| scene.piece(1), |builder| builder);
    for way in WAYS {
        let scene = Scene::new();
        scene.origin.on(Op::piece(1)).read_slowly(10_000);
        let (mut client, started) = (scene.client(), Instant::now());
        let seen = scene.play_on(&mut client, &scene.piece(1), way, expected.len());
        assert!(started.elapsed() >= Duration::from_millis(100), "{:?}", started.elapsed());
        assert_eq!((&seen.bytes, seen.ended), (&expected, Ended::StillOpen));
        let figures = Figures {
            received: ALL,
            written: expected.len() as u64,
            outcome: Outcome::Responded,
            committed: true,
            status: Some(200),
            faults: 1,
        };
        assert_eq!(Figures::of(&seen.exchange), figures);
        assert_works(&mut client);
        scene.origin.finish();
    }
}

#[test]
fn a_rejection_sends_no_100_continue() {
    let rejects = [
        ErrorResponse::status(503),
        ErrorResponse::raw(503).with_code(-26).reason("service unavailable"),
    ];
    for way in WAYS {
        for reject in rejects.clone() {
            let scene = Scene::new();
            scene.origin.on(Op::piece(1)).reject(reject);
            let mut request = scene.piece(1);
            request.headers.push(("Expect", "100-continue".to_owned()));
            let request = request.bytes(way);
            let body = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
            let mut client = scene.client();
            let (bytes, ended) = client.write(&request[..body]).receive(usize::MAX);
            assert_eq!(ended, Ended::Fin);
            let expected = rejection(&PIECE, 503);
            assert_eq!(bytes.escape_ascii().to_string(), expected.escape_ascii().to_string());
            let record = closed_exchange(&scene.origin, 0);
            assert_eq!((record.received, record.written), (0, expected.len() as u64));
        }
    }
}

#[test]
fn a_fault_in_the_body_sends_100_continue_first() {
    const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    for way in [Way::Length, Way::Chunked] {
        for is_cut in [false, true] {
            let scene = Scene::new();
            let on = scene.origin.on(Op::piece(1));
            drop(if is_cut {
                on.cut_after(500, Disconnect::Close)
            } else {
                on.reject_after(500, 503)
            });
            let mut request = scene.piece(1);
            request.headers.push(("Expect", "100-continue".to_owned()));
            let request = request.bytes(way);
            let body = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
            let mut client = scene.client();
            assert_eq!(client.write(&request[..body]).read().status, 100);
            let (bytes, ended) = client.write(&request[body..]).receive(usize::MAX);
            assert_eq!(ended, Ended::Fin);
            let expected = if is_cut { Vec::new() } else { rejection(&PIECE, 503) };
            assert_eq!(bytes.escape_ascii().to_string(), expected.escape_ascii().to_string());
            let record = closed_exchange(&scene.origin, 0);
            // `100 Continue` was written too.
            let written = (CONTINUE.len() + expected.len()) as u64;
            assert_eq!((record.received, record.written), (500, written));
        }
    }
}

#[test]
fn requests_pipelined_after_a_cut_are_not_served() {
    let install: [fn(CallFaultBuilder<'_>); 4] = [
        |on| drop(on.reject(503)),
        |on| drop(on.reject_after(400, 503)),
        |on| drop(on.cut_after(400, Disconnect::Close)),
        |on| drop(on.lose(ResponseLoss::Close)),
    ];
    for (at, install) in install.into_iter().enumerate() {
        for way in WAYS {
            let scene = Scene::new();
            install(scene.origin.on(Op::piece(1)));
            let (first, next) = (scene.piece(1).bytes(way), scene.piece(2).bytes(way));
            let mut client = scene.client();
            let (bytes, ended) = client.write([first, next].concat()).receive(usize::MAX);
            let expected = if at < 2 { rejection(&PIECE, 503) } else { Vec::new() };
            assert_eq!((bytes, ended), (expected, Ended::Fin), "{at} {way:?}");
            let address = client.address();
            drop(client);
            closed_connection(&scene.origin, address);
            scene.origin.requests().assert_count(1);
            scene.origin.upload(&scene.id).assert_pieces([1]);
        }
    }
}

#[test]
fn requests_pipelined_before_a_cut_get_responses() {
    let first = Scene::plainly(|scene| scene.piece(2), |builder| builder);
    for way in WAYS {
        let scene = Scene::new();
        scene.origin.on(Op::piece(1)).cut_after(400, Disconnect::Close);
        let both = [scene.piece(2).bytes(way), scene.piece(1).bytes(way)].concat();
        let (bytes, ended) = scene.client().write(both).receive(usize::MAX);
        assert_eq!((bytes, ended), (first.clone(), Ended::Fin), "{way:?}");
        let (done, cut) = (closed_exchange(&scene.origin, 0), closed_exchange(&scene.origin, 1));
        assert_eq!((done.outcome, done.received), (Outcome::Responded, ALL));
        assert_eq!((cut.outcome, cut.received), (Outcome::CutByFault, 400));
        assert_eq!((done.written, cut.written), (first.len() as u64, 0));
        assert!(done.faults.is_empty());
    }
}

#[test]
fn a_waiting_cut_counts_the_bytes_that_still_arrive() {
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).cut_after(700, Disconnect::Reset);
    let request = scene.piece(1);
    let mut headers: Vec<_> =
        request.headers.iter().map(|(name, value)| (*name, &**value)).collect();
    headers.push(("Transfer-Encoding", "chunked"));
    let mut client = scene.client();
    client.write(support::request("POST", &request.target, &headers, b""));
    client.write(open_chunks(&request.body[..699]));
    wait_for(&scene.origin, |journal| {
        journal.exchanges().first().filter(|record| record.received == 699).map(|_| ())
    });
    client.write(open_chunks(&request.body[..2]));
    assert_eq!(client.receive(usize::MAX), (Vec::new(), Ended::Reset));
    let record = closed_exchange(&scene.origin, 0);
    assert_eq!((record.received, record.outcome), (700, Outcome::CutByFault));
}

#[test]
fn a_client_that_leaves_before_the_cut_does_not_use_the_fault() {
    let scene = Scene::new();
    let fault = scene.origin.on(Op::piece(1)).cut_after(700, Disconnect::Reset);
    let request = scene.piece(1).bytes(Way::Length);
    scene.client().write(&request[..request.len() - 500]);
    let record = closed_exchange(&scene.origin, 0);
    assert_eq!((record.received, record.faults.len()), (500, 0));
    assert_eq!(fault.fired(), 0);
    let seen = scene.play(&scene.piece(1), Way::Length, usize::MAX);
    assert_eq!((seen.exchange.received, seen.ended), (700, Ended::Reset));
    scene.origin.finish();
}

#[test]
fn a_fault_beyond_the_body_is_skipped_with_the_reason() {
    for (way, why) in [
        (Way::Length, "the body has only 1000 bytes"),
        (Way::Chunked, "the body had only 1000 bytes"),
    ] {
        let scene = Scene::new();
        scene.origin.on(Op::piece(1)).reject_after(ALL + 1, 503);
        let mut client = scene.client();
        let seen = scene.play_on(&mut client, &scene.piece(1), way, 1);
        assert!(seen.bytes.starts_with(b"HTTP/1.1 200 OK\r\n"));
        assert!(seen.exchange.faults.is_empty());
        assert_works(&mut client);
        let verdict = scene.origin.verify().unwrap_err().to_string();
        assert!(verdict.contains(why), "{verdict}");
    }
}

#[test]
fn request_faults_apply_to_http_1_0() {
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).nth(1).reject_after(400, 503);
    scene.origin.on(Op::piece(1)).nth(2).cut_after(400, Disconnect::Close);
    let request = String::from_utf8(scene.piece(1).bytes(Way::Length)).unwrap();
    let request = request.replacen("HTTP/1.1", "HTTP/1.0", 1);
    let (bytes, ended) = scene.client().write(&request).receive(usize::MAX);
    assert_eq!(ended, Ended::Fin);
    let (version, rest) = bytes.split_at(8);
    assert_eq!((version, rest), (&b"HTTP/1.0"[..], &rejection(&PIECE, 503)[8..]));
    assert_eq!(scene.client().write(&request).receive(usize::MAX), (Vec::new(), Ended::Fin));
    assert_eq!(closed_exchange(&scene.origin, 0).received, 400);
    assert_eq!(closed_exchange(&scene.origin, 1).received, 400);
    let bytes = scene.client().write(&request).receive(usize::MAX).0;
    assert!(bytes.starts_with(b"HTTP/1.0 200 OK\r\n"), "{}", bytes.escape_ascii());
    scene.origin.finish();
}

#[test]
fn a_connection_ended_by_a_fault_is_recorded() {
    for cut in [Disconnect::Reset, Disconnect::Close] {
        let scene = Scene::new();
        scene.origin.on(Op::piece(1)).cut_after(400, cut);
        let mut client = scene.client();
        let address = client.address();
        client.write(scene.piece(1).bytes(Way::Length)).receive(usize::MAX);
        drop(client);
        let record = closed_connection(&scene.origin, address);
        assert_eq!(record.end, ConnectionEnd::ByFault);
    }
}

#[test]
fn body_faults_apply_to_post_file() {
    for way in WAYS {
        for (name, is_form) in [("r.mp4", false), ("f.mp4", true)] {
            let scene = Scene::new();
            let op = if is_form { Op::file() } else { Op::raw() };
            scene.origin.on(op.clone()).nth(1).cut_after(500, Disconnect::Reset);
            scene.origin.on(op.clone()).nth(2).reject_after(500, 500);
            scene.origin.on(op).nth(3).lose(ResponseLoss::Close);
            let request = if is_form { scene.form(name) } else { scene.raw(name) };
            let cut = scene.play(&request, way, usize::MAX);
            assert_eq!((cut.bytes.len(), cut.ended, cut.exchange.received), (0, Ended::Reset, 500));
            let rejected = scene.play(&request, way, usize::MAX);
            assert_eq!((rejected.exchange.received, rejected.exchange.status()), (500, Some(500)));
            let lost = scene.play(&request, way, usize::MAX);
            assert_eq!((lost.bytes.len(), lost.ended), (0, Ended::Fin));
            assert_eq!(lost.exchange.received, request.body.len() as u64);
            let path = format!("/videos/{name}");
            scene.origin.file(&path).assert_absent();
            let done = scene.play(&request, way, 1);
            assert_eq!(done.exchange.status(), Some(200), "{:?}", done.exchange);
            scene.origin.file(&path).assert_size(ALL);
            scene.origin.finish();
        }
    }
}

#[test]
fn a_fault_on_the_path_of_a_form_applies_after_the_body() {
    for way in WAYS {
        let scene = Scene::new();
        scene.origin.on(Op::file()).path("/videos/f.mp4").nth(1).reject(503);
        scene.origin.on(Op::file()).path("/videos/f.mp4").nth(2).lose(ResponseLoss::Reset);
        let other = scene.play(&scene.form("other.mp4"), way, 1);
        assert_eq!((other.exchange.status(), other.exchange.faults.len()), (Some(200), 0));
        let request = scene.form("f.mp4");
        let rejected = scene.play(&request, way, usize::MAX);
        assert_eq!((rejected.exchange.status(), rejected.exchange.faults.len()), (Some(503), 1));
        assert_eq!(rejected.exchange.received, request.body.len() as u64);
        let lost = scene.play(&request, way, usize::MAX);
        assert_eq!((lost.bytes.len(), lost.ended), (0, Ended::Reset));
        scene.origin.file("/videos/f.mp4").assert_absent();
        scene.origin.finish();
    }
}

#[test]
fn result_codes_are_found_by_status_by_code_and_by_both() {
    let row = result_code_for(PIECE.results, mock_origin::internals::protocol::ErrorKind::Checksum)
        .unwrap();
    for reject in [ErrorResponse::code(row.code), ErrorResponse::row(row.http, row.code)] {
        let (scene, seen) = injection(Way::Length, Ended::Fin, |on| drop(on.reject(reject)));
        assert_rejected(&scene, &seen, &rejection_with(row, ""), 0);
    }
}
