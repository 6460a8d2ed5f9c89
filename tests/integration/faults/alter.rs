//! Tests responses with wrong headers and malformed responses.

use mock_origin::internals::fault::{CallMatcher, FaultAction};
use mock_origin::{ErrorResponse, Fault, HeaderMutation, MalformedResponse, Op};

use super::response::{Case, assert_cut, assert_whole, cases, head_length, text};
use super::scene::{Scene, WAYS, Way, assert_works};
use crate::support::Ended;

/// A mutation, and the function that applies it to an expected response.
type Change = (HeaderMutation, fn(&str) -> String);

/// Returns the value of a header in a response.
fn value<'a>(response: &'a str, name: &str) -> &'a str {
    let begin = response.find(&format!("\r\n{name}: ")).unwrap() + name.len() + 4;
    let length = response[begin..].find('\r').unwrap();
    &response[begin..begin + length]
}

fn changes_of_checksums() -> [Change; 4] {
    [
        (HeaderMutation::WrongChecksum, |response| {
            let right = value(response, "X-Agile-Checksum");
            let digit = if right.starts_with('0') { "1" } else { "0" };
            response.replace(right, &format!("{digit}{}", &right[1..]))
        }),
        (HeaderMutation::UpperCaseChecksum, |response| {
            let right = value(response, "X-Agile-Checksum");
            response.replace(right, &right.to_ascii_uppercase())
        }),
        (HeaderMutation::Without("X-Agile-Checksum".to_owned()), |response| {
            let line = format!("X-Agile-Checksum: {}\r\n", value(response, "X-Agile-Checksum"));
            response.replace(&line, "")
        }),
        (HeaderMutation::Twice("x-agile-checksum".to_owned()), |response| {
            let line = format!("X-Agile-Checksum: {}\r\n", value(response, "X-Agile-Checksum"));
            response.replace(&line, &line.repeat(2))
        }),
    ]
}

fn changes_of_a_piece() -> [Change; 6] {
    [
        (HeaderMutation::WrongSize, |response| {
            response.replace("X-Agile-Size: 1000", "X-Agile-Size: 1001")
        }),
        (HeaderMutation::Without("X-Agile-Size".to_owned()), |response| {
            response.replace("X-Agile-Size: 1000\r\n", "")
        }),
        (HeaderMutation::Without("X-Agile-Status".to_owned()), |response| {
            response.replace("X-Agile-Status: 0\r\n", "")
        }),
        (HeaderMutation::Code(-5), |response| {
            response.replace("X-Agile-Status: 0", "X-Agile-Status: -5")
        }),
        (HeaderMutation::Twice("X-Agile-Status".to_owned()), |response| {
            response.replace("X-Agile-Status: 0\r\n", &"X-Agile-Status: 0\r\n".repeat(2))
        }),
        (HeaderMutation::With("X-Agile-Status".to_owned(), "zero".to_owned()), |response| {
            response.replace("X-Agile-Status: 0", "X-Agile-Status: zero")
        }),
    ]
}

fn changes_of_all() -> [Change; 5] {
    [
        (HeaderMutation::Without("Date".to_owned()), |response| {
            response.replace("Date: Sun, 09 Sep 2001 01:46:40 GMT\r\n", "")
        }),
        (HeaderMutation::Twice("Server".to_owned()), |response| {
            response.replace("Server: Apache\r\n", &"Server: Apache\r\n".repeat(2))
        }),
        (HeaderMutation::With("server".to_owned(), "nginx".to_owned()), |response| {
            response.replace("Server: Apache", "server: nginx")
        }),
        (HeaderMutation::With("x-EXTRA".to_owned(), "a b".to_owned()), |response| {
            response.replace("Content-Length", "x-EXTRA: a b\r\nContent-Length")
        }),
        (HeaderMutation::Without("access-control-allow-origin".to_owned()), |response| {
            response.replace("Access-Control-Allow-Origin: *\r\n", "")
        }),
    ]
}

fn assert_altered(case: &Case, changes: &[Change]) {
    let plain = String::from_utf8(case.plain()).unwrap();
    for (change, make) in changes {
        let expected = make(&plain);
        assert_ne!(expected, plain, "{change:?}");
        for way in WAYS {
            let (scene, request) = case.scene();
            scene.origin.on(case.op.clone()).alter(change.clone());
            let mut client = scene.client();
            let seen = scene.play_on(&mut client, &request, way, expected.len());
            assert_eq!(seen.ended, Ended::StillOpen);
            assert_whole(&seen, &request, expected.as_bytes());
            let recorded = seen.exchange.response.as_ref().unwrap().to_bytes("HTTP/1.1");
            assert_eq!(text(&recorded), text(&expected.as_bytes()[..recorded.len()]));
            assert_works(&mut client);
            scene.origin.finish();
        }
    }
}

#[test]
fn an_altered_response_differs_only_in_that_header() {
    for case in &cases() {
        assert_altered(case, &changes_of_all());
    }
    let [piece, _, file] = &cases();
    assert_altered(piece, &changes_of_a_piece());
    assert_altered(piece, &changes_of_checksums());
    assert_altered(file, &changes_of_checksums());
}

#[test]
fn a_success_can_have_the_code_of_a_failure() {
    let scene = Scene::new();
    scene.origin.on(Op::complete()).alter(HeaderMutation::Code(-11));
    let response = scene.client().write(scene.complete().bytes(Way::Length)).read();
    assert_eq!((response.status, response.code()), (200, Some(-11)));
    scene.origin.upload(&scene.id).assert_completed();
    scene.origin.finish();
}

fn length_line(response: &str) -> String {
    format!("Content-Length: {}\r\n", value(response, "Content-Length"))
}

#[test]
fn a_response_with_a_wrong_length_ends_the_connection() {
    let length = || "Content-Length".to_owned();
    let changes: [Change; 3] = [
        (HeaderMutation::Without(length()), |response| {
            response.replace(&length_line(response), "")
        }),
        (HeaderMutation::Twice(length()), |response| {
            response.replace(&length_line(response), &length_line(response).repeat(2))
        }),
        (HeaderMutation::With(length(), "7".to_owned()), |response| {
            response.replace(&length_line(response), "Content-Length: 7\r\n")
        }),
    ];
    for case in &cases() {
        let plain = String::from_utf8(case.plain()).unwrap();
        for (change, make) in &changes {
            for way in WAYS {
                let (scene, request) = case.scene();
                scene.origin.on(case.op.clone()).alter(change.clone());
                let seen = scene.play(&request, way, usize::MAX);
                assert_cut(&seen, &request, make(&plain).as_bytes(), Ended::Fin);
                scene.origin.finish();
            }
        }
    }
}

#[test]
fn a_missing_header_cannot_be_altered() {
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).alter(HeaderMutation::Without("X-Nothing".to_owned()));
    let seen = scene.play(&scene.piece(1), Way::Length, 1);
    assert!(seen.exchange.faults.is_empty());
    let verdict = scene.origin.verify().unwrap_err().to_string();
    assert!(verdict.contains("the response has no X-Nothing"), "{verdict}");
}

#[test]
fn a_refusal_has_its_own_content_length() {
    for name in ["Content-Length", "transfer-encoding"] {
        let scene = Scene::new();
        let effect = FaultAction::Reject(ErrorResponse::raw(418).header(name, "7"));
        let fault = Fault::on_call(CallMatcher::new(Op::create()), effect);
        let rejected = scene.origin.try_add_fault(fault).unwrap_err().to_string();
        assert!(rejected.contains(&format!("invalid header {name}")), "{rejected}");
    }
}

#[test]
fn a_malformed_response_is_exact_and_ends_the_connection() {
    for case in &cases() {
        let plain = case.plain();
        for (garble, expected) in garbled(&plain) {
            for way in WAYS {
                let (scene, request) = case.scene();
                scene.origin.on(case.op.clone()).garble(garble.clone());
                let seen = scene.play(&request, way, usize::MAX);
                assert_cut(&seen, &request, &expected, Ended::Fin);
                scene.origin.finish();
            }
        }
    }
}

/// Returns every kind of malformed response with its expected bytes.
fn garbled(plain: &[u8]) -> Vec<(MalformedResponse, Vec<u8>)> {
    let (head, body) = plain.split_at(head_length(plain));
    let head = String::from_utf8(head.to_vec()).unwrap();
    let unsaid = head.replace(&length_line(&head), "");
    let saying = |line: &str| format!("{}{line}\r\n\r\n", &unsaid[..unsaid.len() - 2]);
    let with_body = |head: String| [head.as_bytes(), body].concat();
    let mut all = vec![
        (
            MalformedResponse::StatusLine,
            with_body(head.replacen("HTTP/1.1 200 OK\r\n", "200 OK HTTP/1.1\r\n", 1)),
        ),
        (MalformedResponse::Chunk, (saying("Transfer-Encoding: chunked") + "zz\r\n").into_bytes()),
        (
            MalformedResponse::Garbage(b"\x00\xffno HTTP\r\n\r\n".to_vec()),
            b"\x00\xffno HTTP\r\n\r\n".to_vec(),
        ),
    ];
    for lie in [0, 1, 1_000_000].into_iter().filter(|lie| *lie != body.len() as u64) {
        let expected = with_body(saying(&format!("Content-Length: {lie}")));
        all.push((MalformedResponse::ContentLength(lie), expected));
    }
    for kept in [0, 1, body.len().saturating_sub(1)].into_iter().filter(|kept| *kept < body.len()) {
        all.push((MalformedResponse::Truncate(kept as u64), plain[..head.len() + kept].to_vec()));
    }
    all
}
