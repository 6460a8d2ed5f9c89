//! Tests: every key is read and written.

#![allow(clippy::unwrap_used)]

mod corpus;
mod nonsense;

use std::time::Duration;

use super::selectors::{OPS, SUBJECTS};
use super::values::{ALTERATIONS, CUTS, INTERFERENCES, LISTINGS, LOSSES, MALFORMED_RESPONSES};
use super::{ACTIONS, SELECTORS};
use crate::fault::{
    CallContext, CallMatcher, Chaos, DeferredCommit, ErrorResponse, Fault, FaultAction,
    InterimSupport, MalformedResponse, PathGlob, Repeat, ResponseLoss, Stage,
};
use crate::journal::{Call, Op};
use crate::protocol::{ENDPOINTS, Interface, METHODS, Operation};

/// Faults as text, and their Rust expressions.
const FAULTS: &[(&str, &str)] = &[
    (r#""op":"login","reject":503"#, "on(Op::login()).reject(ErrorResponse::status(503))"),
    (
        r#""on":"calls","op":"create","interface":"http","reject":{"status":500,"code":-27}"#,
        "on(Op::create().over(Interface::Http)).reject(ErrorResponse::row(500, -27))",
    ),
    (r#""op":"abort","reject":{"code":-17}"#, "on(Op::abort()).reject(ErrorResponse::code(-17))"),
    (
        r#""op":"raw","reject":{"raw":418,"code":-99,"reason":"teapot","headers":{"X-A":"b"}}"#,
        "on(Op::raw()).reject(ErrorResponse::raw(418).with_code(-99).reason(\"teapot\").header(\"X-A\", \"b\"))",
    ),
    (
        r#""op":"any","reject":{"raw":418,"headers":[["X-B","1"],["X-A","2"],["X-A","3"]]}"#,
        "on(Op::any()).reject(ErrorResponse::raw(418).header(\"X-B\", \"1\").header(\"X-A\", \"2\").header(\"X-A\", \"3\"))",
    ),
    (
        r#""op":"any","reject":{"raw":502,"content_type":"text/html","body":"<p>\"no\"</p>"}"#,
        r#"on(Op::any()).reject(ErrorResponse::raw(502).body("text/html", "<p>\"no\"</p>"))"#,
    ),
    (
        r#""op":"any","reject":{"status":502,"content_type":"a/b","body":[0,255]}"#,
        r#"on(Op::any()).reject(ErrorResponse::status(502).body("a/b", b"\x00\xff"))"#,
    ),
    (
        r#""op":"piece","part":2,"attempt":1,"reject":{"status":429,"retry_after":1.5}"#,
        "on(Op::piece(2)).attempt(1).reject(ErrorResponse::status(429).header(\"Retry-After\", \"2\"))",
    ),
    (
        r#""op":"piece","part":"2..=4","attempts":"1..=2","reject_after":{"bytes":10,"reject":{"status":503,"code":-26}}"#,
        "on(Op::piece(2..=4)).attempts(1..=2).reject_after(10, ErrorResponse::row(503, -26))",
    ),
    (
        r#""op":"piece","times":3,"cut_after":{"bytes":100,"how":"half_close"}"#,
        "on(Op::any_piece()).times(3).cut_after(100, Disconnect::HalfClose)",
    ),
    (r#""op":"piece","cut_after":{"bytes":7,"how":"stall"}"#, "on(Op::any_piece()).stall_after(7)"),
    (r#""op":"file","stall_after":100"#, "on(Op::file()).stall_after(100)"),
    (
        r#""op":"raw","user":"jane","always":true,"read_slowly":1000"#,
        "on(Op::raw()).user(\"jane\").always().read_slowly(1000)",
    ),
    (
        r#""op":"piece","send_interim":102"#,
        "on(Op::any_piece()).send_interim(InterimResponse::status(102))",
    ),
    (
        r#""op":"piece","send_interim":{"status":103,"reason":"Hints","headers":{"link":"</a>"}}"#,
        "on(Op::any_piece()).send_interim(InterimResponse::status(103).reason(\"Hints\").header(\"link\", \"</a>\"))",
    ),
    (r#""op":"piece","withhold_continue":true"#, "on(Op::any_piece()).withhold_continue()"),
    (
        r#""op":"piece","delay_continue":0.5"#,
        "on(Op::any_piece()).delay_continue(Duration::from_millis(500))",
    ),
    (
        r#""op":"piece","garble_continue":{"garbage":"no"}"#,
        "on(Op::any_piece()).garble_continue(\"no\")",
    ),
    (
        r#""op":"piece","garble_continue":{"garbage":[0,255]}"#,
        r#"on(Op::any_piece()).garble_continue(b"\x00\xff")"#,
    ),
    (
        r#""op":"create","nth":2,"lose":"stall""#,
        "on(Op::create()).nth(2).lose(ResponseLoss::Stall)",
    ),
    (r#""op":"create","lose":502"#, "on(Op::create()).lose(ResponseLoss::Status(502))"),
    (
        r#""op":"piece","upload":"u1","interfere_before":"expire_upload""#,
        "on(Op::any_piece()).upload(\"u1\").interfere_before(Interference::ExpireUpload)",
    ),
    (
        r#""op":"egress","path":"/videos/**","first":true,"stale":true"#,
        "on(Op::egress()).path(\"/videos/**\").stale()",
    ),
    (
        r#""method":"listFile","attempt":1,"list":"never_ends""#,
        "on(Op::method(\"listFile\")).attempt(1).list(ListingFault::NeverEnds)",
    ),
    (
        r#""method":"stat","attempt":1,"first":true,"hold":true"#,
        "on(Op::method(\"stat\")).attempt(1).first().hold()",
    ),
    (
        r#""op":"list_pieces","list":"drops""#,
        "on(Op::operation(Operation::ListPieces)).list(ListingFault::Drops)",
    ),
    (r#""op":"complete","join":"fail""#, "on(Op::complete()).join(Join::Fail)"),
    (r#""op":"complete","join":"immediate""#, "on(Op::complete()).join(Join::Immediate)"),
    (r#""op":"complete","join":"polls:3""#, "on(Op::complete()).join(Join::Polls(3))"),
    (
        r#""op":"complete","join":"after:0.000000001""#,
        "on(Op::complete()).join(Join::After(Duration::from_nanos(1)))",
    ),
    (
        r#""op":"complete","join":"after:90""#,
        "on(Op::complete()).join(Join::After(Duration::from_secs(90)))",
    ),
    (
        r#""op":"complete","interface":"jsonrpc","commit_then":"reset""#,
        "on(Op::complete().over(Interface::JsonRpc)).commit_then(ResponseLoss::Reset)",
    ),
    (
        r#""op":"piece","commit_later":5"#,
        "on(Op::any_piece()).commit_later(DeferredCommit::after(Duration::from_secs(5)).then(ResponseLoss::Status(503)))",
    ),
    (
        r#""op":"piece","commit_later":{"seconds":0.25,"then":"close"}"#,
        "on(Op::any_piece()).commit_later(DeferredCommit::after(Duration::from_millis(250)).then(ResponseLoss::Close))",
    ),
    (
        r#""op":"create","interfere_after":"remove_directory""#,
        "on(Op::create()).interfere_after(Interference::RemoveDirectory)",
    ),
    (r#""op":"directory","delay":0.5"#, "on(Op::directory()).delay(Duration::from_millis(500))"),
    (
        r#""op":"piece","alter":"upper_case_checksum""#,
        "on(Op::any_piece()).alter(HeaderMutation::UpperCaseChecksum)",
    ),
    (
        r#""op":"login","reject":{"raw":200,"code":-1}"#,
        "on(Op::login()).reject(ErrorResponse::raw(200).with_code(-1))",
    ),
    (r#""op":"piece","alter":{"code":-1}"#, "on(Op::any_piece()).alter(HeaderMutation::Code(-1))"),
    (
        r#""op":"piece","alter":{"without":"X-A"}"#,
        "on(Op::any_piece()).alter(HeaderMutation::Without(\"X-A\".into()))",
    ),
    (
        r#""op":"piece","alter":{"twice":"X-A"}"#,
        "on(Op::any_piece()).alter(HeaderMutation::Twice(\"X-A\".into()))",
    ),
    (
        r#""op":"piece","alter":{"with":"X-A","value":"b"}"#,
        "on(Op::any_piece()).alter(HeaderMutation::With(\"X-A\".into(), \"b\".into()))",
    ),
    (r#""op":"egress","respond_slowly":10"#, "on(Op::egress()).respond_slowly(10)"),
    (
        r#""op":"egress","cut_response":{"bytes":0,"how":"close"}"#,
        "on(Op::egress()).cut_response(0, Disconnect::Close)",
    ),
    (r#""op":"login","garble":"chunk""#, "on(Op::login()).garble(MalformedResponse::Chunk)"),
    (
        r#""op":"login","garble":{"content_length":5}"#,
        "on(Op::login()).garble(MalformedResponse::ContentLength(5))",
    ),
    (
        r#""op":"login","garble":{"truncate":3}"#,
        "on(Op::login()).garble(MalformedResponse::Truncate(3))",
    ),
    (
        r#""op":"login","garble":{"garbage":"no\n"}"#,
        "on(Op::login()).garble(MalformedResponse::Garbage(b\"no\\n\".to_vec()))",
    ),
    (
        r#""op":"login","garble":{"garbage":[0,255]}"#,
        "on(Op::login()).garble(MalformedResponse::Garbage(b\"\\x00\\xff\".to_vec()))",
    ),
    (
        r#""op":"login","name":"latency \"one\"","hold":true"#,
        "on(Op::login()).named(\"latency \\\"one\\\"\").hold()",
    ),
    (r#""on":"connections","reset":true"#, "on_connection().reset()"),
    (r#""on":"connections","nth":2,"silence":true"#, "on_connection().nth(2).silence()"),
    (
        r#""on":"connections","always":true,"name":"a","close_after":3"#,
        "on_connection().always().named(\"a\").close_after(3)",
    ),
    (r#""on":"tokens","expire_after_requests":3"#, "on_token().expire_after_requests(3)"),
    (
        r#""on":"tokens","user":"jane","expire_after_bytes":1000"#,
        "on_token().user(\"jane\").expire_after_bytes(1000)",
    ),
    (
        r#""on":"tokens","name":"b","expire_after":60"#,
        "on_token().named(\"b\").expire_after(Duration::from_secs(60))",
    ),
];

#[track_caller]
fn assert_round_trip(fault: &Fault) {
    let json = fault.to_json();
    assert_eq!(&Fault::from_json(&json).unwrap(), fault, "{json}");
    assert!(!json.contains('\n'), "{json}");
}

#[test]
fn faults_parse_to_their_expressions_and_round_trip() {
    for (members, code) in FAULTS {
        let fault = Fault::from_json(&format!("{{{members}}}")).unwrap();
        assert_eq!(fault.to_string(), format!("origin.{code}"), "{members}");
        assert_round_trip(&fault);
    }
}

#[test]
fn every_key_of_both_tables_has_an_example() {
    let keys = SELECTORS.iter().map(|row| row.key).chain(ACTIONS.iter().map(|row| row.key));
    let mut seen = Vec::new();
    for key in keys {
        let quoted = format!("\"{key}\":");
        assert!(FAULTS.iter().any(|(members, _)| members.contains(&quoted)), "{key}");
        assert!(!seen.contains(&key), "{key} is in the tables twice");
        seen.push(key);
    }
}

#[test]
fn every_accepted_name_is_documented() {
    fn all<T>(key: &str, words: &[(&str, T)]) {
        let selector = SELECTORS.iter().find(|row| row.key == key).map(|row| row.values);
        let action = ACTIONS.iter().find(|row| row.key == key).map(|row| row.values);
        let values = selector.or(action).unwrap();
        let shown: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        assert!(values.contains(&shown.join("|")), "{key} takes {values}");
    }
    all("on", SUBJECTS);
    all("op", OPS);
    all("interface", super::selectors::INTERFACES);
    for key in ["cut_after", "cut_response"] {
        all(key, CUTS);
    }
    for key in ["lose", "commit_then"] {
        all(key, LOSSES);
    }
    for key in ["interfere_before", "interfere_after"] {
        all(key, INTERFERENCES);
    }
    all("list", LISTINGS);
    all("alter", ALTERATIONS);
    all("garble", MALFORMED_RESPONSES);
}

#[test]
fn every_operation_and_every_method_can_be_selected() {
    for (_, operation) in OPS {
        assert_round_trip(&Fault::on_call(
            CallMatcher::new(operation.map_or(Op::any(), Op::operation)),
            FaultAction::Hold,
        ));
    }
    for method in METHODS {
        assert_round_trip(&Fault::on_call(
            CallMatcher::new(Op::method(method.name)),
            FaultAction::Hold,
        ));
    }
    let endpoints = ENDPOINTS.iter().filter(|one| one.interface != Interface::JsonRpc);
    let asked = endpoints.map(|one| one.operation).chain(METHODS.iter().map(|one| one.operation));
    for operation in asked {
        assert!(OPS.iter().any(|(_, known)| *known == Some(operation)), "{operation:?}");
    }
}

#[test]
fn faults_built_by_tests_round_trip() {
    let matcher = CallMatcher {
        path: Some(PathGlob::new("/a \"b\"/*")),
        user: Some("ünï".to_owned()),
        upload: Some("u \\ 1".to_owned()),
        attempts: Some(2..=3),
        count: Some(Repeat::Times(2)),
        ..CallMatcher::new(Op::piece(1..=3).over(Interface::Http))
    };
    let patient = ErrorResponse::status(429).retry_after(Duration::from_secs(2)).header("A", "\t");
    for action in [
        FaultAction::Hold,
        FaultAction::Reject(patient.clone()),
        FaultAction::RejectAfter(0, patient),
        FaultAction::Delay(Duration::new(1_000_000, 1)),
        FaultAction::Delay(Duration::MAX.saturating_sub(Duration::from_nanos(999_999_999))),
        FaultAction::CommitLater(
            DeferredCommit::after(Duration::from_millis(1)).then(ResponseLoss::Status(500)),
        ),
        FaultAction::Garble(MalformedResponse::Garbage(vec![0x80])),
    ] {
        assert_round_trip(&Fault::on_call(matcher.clone(), action));
    }
}

#[test]
fn faults_of_chaos_round_trip() {
    // A method is known only after its body.
    let there = |call: &Call| {
        let at = if call.interface == Interface::JsonRpc { Stage::Commit } else { Stage::Head };
        let interim = InterimSupport::Expected;
        CallContext { at, refused: None, declared: Some(1 << 20), interim }
    };
    let of_jane = |call| Call { user: Some("jane".to_owned()), ..call };
    let calls = [
        Call {
            part: Some(2),
            path: Some("/acme/videos/a.mp4".to_owned()),
            ..Call::new(Operation::Piece, Interface::Http, "/multipart/piece")
        },
        of_jane(Call::new(Operation::Complete, Interface::JsonRpc, "completeMultipart")),
        of_jane(Call::new(Operation::Stat, Interface::JsonRpc, "stat")),
        of_jane(Call::new(Operation::Login, Interface::Http, "/account/login")),
    ];
    let chaos = (0..100).map(|seed| Chaos::new(seed).percent(100).max_per_operation(2));
    let decided = chaos.flat_map(|chaos| {
        calls.iter().map(move |call| chaos.decide(call, 1, there(call))).collect::<Vec<_>>()
    });
    let decided: Vec<_> = decided.flatten().collect();
    assert!(decided.len() > 100, "{}", decided.len());
    decided.iter().for_each(assert_round_trip);
}

#[test]
fn lists_have_three_forms() {
    let (one, two) = (r#"{"op":"login","hold":true}"#, r#"{"on":"tokens","expire_after":1}"#);
    let read = |text: &str| {
        let faults = Fault::list_from_json(text).unwrap();
        faults.iter().map(Fault::to_json).collect::<Vec<_>>()
    };
    assert_eq!(read(one), [one]);
    assert_eq!(read(&format!("[{one}, {two}]")), [one, two]);
    assert_eq!(read(&format!("{{\"fault\": [{one}, {two}]}}")), [one, two]);
}
