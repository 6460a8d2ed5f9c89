//! Tests faults on calls without an operation: preflights, requests to unknown endpoints, and unknown
//! methods.

use mock_origin::{
    Disconnect, ErrorResponse, HeaderMutation, Interface, MockOrigin, Op, Operation, ResponseLoss,
};

use super::requests::{self, rpc};
use super::videos;
use crate::support::{Client, request};

#[test]
fn faults_apply_to_calls_without_an_operation() {
    let send = |origin: &MockOrigin, operation: Operation| match operation {
        Operation::Preflight => {
            Client::new(origin).send("OPTIONS", "/multipart/piece", &[], b"").status
        }
        Operation::Unmatched => requests::http(origin, "/nope", &[], b"").status,
        _ => rpc(origin, "getMultipartState", "[]").status,
    };
    let all = [
        (Operation::Preflight, "preflight"),
        (Operation::Unmatched, "unmatched"),
        (Operation::UnknownMethod, "unknown_method"),
    ];
    for (meant, word) in all {
        let (origin, _) = videos();
        let fault = origin.on(Op::operation(meant)).times(2).reject(ErrorResponse::raw(418));
        origin.on(Op::operation(meant)).reject(503);
        let statuses = |operation| [send(&origin, operation), send(&origin, operation)];
        for (operation, _) in all {
            assert_eq!(statuses(operation) == [418; 2], operation == meant, "{operation:?} {word}");
        }
        assert_eq!(fault.fired(), 2);
        assert_eq!(send(&origin, meant), 503, "{word}");
        let verdict = origin.verify().unwrap_err().to_string();
        assert!(!verdict.contains("fault was never injected"), "{verdict}");
    }
}

#[test]
fn every_applicable_fault_works_on_preflights_and_rejections() {
    let (origin, _) = videos();
    let preflight = || Op::operation(Operation::Preflight);
    let options = |body: &[u8]| {
        let whole = request("OPTIONS", "/multipart/piece", &[], body);
        let mut client = Client::new(&origin);
        client.write(whole);
        client.read_to_end().unwrap_or_default()
    };
    origin.on(preflight()).commit_then(ResponseLoss::Close);
    assert_eq!(options(b""), b"");
    origin.on(preflight()).cut_after(3, Disconnect::Close);
    assert_eq!(options(b"a body"), b"");
    origin.on(preflight()).lose(ResponseLoss::Close);
    assert_eq!(options(b""), b"");
    origin.on(preflight()).alter(HeaderMutation::With("X-Why".into(), "ill".into()));
    let altered = Client::new(&origin).send("OPTIONS", "/multipart/piece", &[], b"");
    assert_eq!((altered.status, altered.header("X-Why")), (200, Some("ill")));
    origin.on(Op::operation(Operation::UnknownMethod)).lose(ResponseLoss::Status(503));
    assert_eq!(rpc(&origin, "getMultipartState", "[]").status, 503);
    origin.on(Op::operation(Operation::Unmatched)).lose(ResponseLoss::Status(503));
    assert_eq!(requests::http(&origin, "/nope", &[], b"body").status, 503);
    assert!(origin.faults().iter().all(|fault| fault.fired == 1));
    origin.verify().unwrap_err();
}

#[test]
fn a_rejection_without_a_result_code_has_the_standard_phrase() {
    let (origin, _) = videos();
    for (status, phrase) in
        [(301, "Moved Permanently"), (418, "I'm a Teapot"), (502, "Bad Gateway"), (599, "")]
    {
        origin.on(Op::egress()).reject(ErrorResponse::raw(status));
        let response = Client::new(&origin).send("GET", "/none", &[], b"");
        assert_eq!((response.status, &*response.reason), (status, phrase));
    }
    let timeline = origin.timeline();
    for shown in [" 301 Moved Permanently, fault: ", " 599, fault: "] {
        assert!(timeline.contains(shown), "{timeline}");
    }
}

#[test]
fn a_preflight_does_not_use_up_a_fault_on_any_operation() {
    let (origin, _) = videos();
    let status = |method: &str| Client::new(&origin).send(method, "/none", &[], b"").status;
    let everywhere = origin.on(Op::any()).reject(503);
    assert_eq!((status("OPTIONS"), status("GET"), status("OPTIONS")), (200, 503, 200));
    let over_http = origin.on(Op::any().over(Interface::Http)).reject(503);
    assert_eq!((status("OPTIONS"), status("POST")), (200, 503));
    origin.on(Op::any()).reject(503);
    assert_eq!((status("OPTIONS"), status("GET"), status("GET")), (200, 503, 404));
    assert_eq!((everywhere.fired(), over_http.fired()), (1, 1));
    origin.verify().unwrap_err();
}
