//! Tests which calls and attempts a fault selects.

use mock_origin::{Disconnect, Op, ResponseLoss};

use super::requests;
use super::videos;
use crate::support::{Client, Ended, TIMEOUT, create, piece_headers, request};

#[test]
fn an_attempt_number_does_not_depend_on_when_faults_are_added() {
    let targets: [(_, _, &[u8]); 2] =
        [("/post/raw", Op::raw(), b"x"), ("/multipart/create", Op::create(), b"")];
    for (target, op, body) in targets {
        for is_early in [true, false] {
            let (origin, token) = videos();
            let install = || origin.on(op.clone()).attempt(3).reject(503);
            let early = is_early.then(install);
            let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Directory", "/videos")];
            // Without a basename the origin chooses one.
            let send = || requests::http(&origin, target, &headers, body).status;
            assert_eq!([send(), send()], [200, 200]);
            let fault = early.unwrap_or_else(install);
            assert_eq!((send(), fault.fired()), (503, 1), "{target}, early: {is_early}");
            origin.finish();
        }
    }
}

#[test]
fn attempts_are_counted_without_faults() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let send = || requests::piece(&origin, &token, &id, 1);
    let first = origin.on(Op::piece(1)).attempt(9).reject(503);
    assert_eq!([send(), send()], [Some(200); 2]);
    first.remove();
    assert_eq!(send(), Some(200));
    origin.on(Op::piece(1)).attempt(4).reject(503);
    assert_eq!([send(), send()], [Some(503), Some(200)]);
    origin.finish();
}

#[test]
fn nth_selects_one_call_and_first_the_first_applicable_call() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let nth = origin.on(Op::piece(1)).nth(1).commit_then(ResponseLoss::Reset);
    let first = origin.on(Op::piece(2)).first().commit_then(ResponseLoss::Reset);
    let sent = |id: &str, part| requests::piece(&origin, &token, id, part);
    assert_eq!([sent("no upload", 1), sent(&id, 1)], [Some(400), Some(200)]);
    assert_eq!([sent("no upload", 2), sent(&id, 2), sent(&id, 2)], [Some(400), None, Some(200)]);
    assert_eq!((nth.fired(), first.fired()), (0, 1));
    nth.remove();
    origin.finish();
}

#[test]
fn times_limits_simultaneous_injections() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let cut = origin.on(Op::any_piece()).times(2).cut_after(8, Disconnect::Reset);
    let half_sent = |part: u32| {
        let part = part.to_string();
        let headers =
            [&piece_headers(&token, &id, &part)[..], &[("Content-Length", "10")]].concat();
        let mut client = Client::new(&origin);
        client.write(request("POST", "/multipart/piece", &headers, b"")).write("12345");
        client
    };
    let mut clients = [1, 2, 3, 4].map(half_sent);
    assert!(origin.wait_until(TIMEOUT, |requests| {
        requests.iter().filter(|request| request.exchange().received == 5).count() == 4
    }));
    let ends = clients.iter_mut().map(|client| client.write("67890").receive(1).1);
    assert_eq!(ends.filter(|end| *end == Ended::Reset).count(), 2);
    assert_eq!(cut.fired(), 2);
    origin.finish();
}
