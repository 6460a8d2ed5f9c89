//! Tests that an impossible fault panics at the caller's line, with one line that names the
//! alternative.

use std::time::Duration;

use mock_origin::internals::fault::{CallMatcher, ConnectionAction, FaultAction, Repeat};
use mock_origin::options::{Join, Limit};
use mock_origin::{
    Chaos, DeferredCommit, Disconnect, ErrorResponse, Fault, HeaderMutation, InProgressUpload,
    Interface, Interference, InterimResponse, ListingFault, MalformedResponse, MockOrigin, Op,
    Operation, ResponseLoss, UploadSnapshot,
};

use super::videos;
use crate::support::panics::catch_panic;

/// An invalid fault, and the expected message.
type Case = (fn(&MockOrigin), &'static str);

/// Returns an upload without pieces.
fn with_upload() -> UploadSnapshot {
    MockOrigin::builder().upload(InProgressUpload::new("/a")).start().upload("/a")
}

/// Asserts all cases before it fails, so that the output lists every changed text.
fn assert_all_rejected(cases: &[Case]) {
    let (origin, _) = videos();
    let mut wrong = Vec::new();
    for (build, expected) in cases {
        let (text, location) = catch_panic(|| build(&origin)).unwrap_or_default();
        if text != *expected || location != file!() || text.contains('\n') {
            wrong.push(format!("found:    {text}\nexpected: {expected}\nat:       {location}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(origin.faults().is_empty(), "a rejected fault is not added");
    origin.finish();
}

/// Asserts that each call panics with its message.
macro_rules! assert_rejected {
    (|$origin:ident| $($fault:expr => $message:expr,)*) => {
        assert_all_rejected(&[$((|$origin| { let _ = (&$origin, $fault); }, $message)),*])
    };
}

#[test]
#[allow(clippy::reversed_empty_ranges)]
fn unknown_calls_are_rejected() {
    assert_rejected! { |origin|
        origin.on(Op::method("getMultipartState")).reject(503) =>
            "unknown method `getMultipartState`; did you mean `getMultipartStatus`?",
        origin.on(Op::method("getMultipartState")).lose(ResponseLoss::Close) =>
            "unknown method `getMultipartState`; did you mean `getMultipartStatus`?",
        origin.on(Op::piece(0)).reject(503) =>
            "part: invalid part number 0; expected 1 to 2147483647",
        origin.on(Op::piece(4..=2)).reject(503) =>
            "part: empty range 4..=2; expected the smaller number first",
        origin.on(Op::piece(2_147_483_648)).reject(503) =>
            "part: invalid part number 2147483648; expected 1 to 2147483647",
        origin.on(Op::any_piece().over(Interface::JsonRpc)).reject(503) =>
            "piece over jsonrpc does not exist; it is available over http",
        origin.on(Op::operation(Operation::Unmatched).over(Interface::JsonRpc)).reject(503) =>
            "unmatched over jsonrpc does not exist; it is available over http",
        origin.on(Op::create()).user("jim").reject(503) =>
            "unknown user \"jim\"; known users: [\"jane\"]",
        origin.on_token().user("jim").expire_after_requests(1) =>
            "unknown user \"jim\"; known users: [\"jane\"]",
        origin.on(Op::create()).path("videos/*").reject(503) =>
            "path: invalid path \"videos/*\"; did you mean \"/videos/*\"?",
        origin.on(Op::create()).path("").reject(503) =>
            "path: invalid path \"\"; did you mean \"/\"?",
        origin.on(Op::create()).named("two\nlines").reject(503) =>
            "invalid name \"two\\nlines\"; expected one line of text",
        origin.on_connection().named("").reset() =>
            "invalid name \"\"; without a name, a fault is shown as its Rust expression",
    }
}

#[test]
fn selectors_without_a_value_are_rejected() {
    assert_rejected! { |origin|
        origin.on(Op::create()).path("/videos/").reject(503) =>
            "path: invalid path \"/videos/\"; expected no empty names and no trailing slash",
        origin.on(Op::create()).path("/videos//a").reject(503) =>
            "path: invalid path \"/videos//a\"; expected no empty names and no trailing slash",
        origin.on(Op::method("ping")).path("/videos").reject(503) =>
            "path: not known for ping when faults are selected",
        origin.on(Op::login()).upload("u1").reject(503) =>
            "upload: not known for login when faults are selected",
        origin.on(Op::piece(1)).upload("").reject(503) =>
            "upload: invalid multipart id \"\"; expected the id of an upload",
        origin.on(Op::create()).upload("u1").reject(503) =>
            "upload: not known for create when faults are selected",
        origin.on(Op::egress()).user("jane").reject(503) =>
            "user: not known for egress when faults are selected",
        origin.on(Op::operation(Operation::Preflight)).path("/videos").reject(503) =>
            "path: not known for preflight when faults are selected",
        origin.on(Op::operation(Operation::UnknownMethod)).user("jane").reject(503) =>
            "user: not known for unknown_method when faults are selected",
        origin.on(Op::method("stat").over(Interface::Http)).reject(503) =>
            "stat over http does not exist; it is available over jsonrpc",
    }
}

#[test]
fn conflicting_selectors_are_rejected() {
    assert_rejected! { |origin|
        origin.on(Op::create()).path("/a").path("/b").reject(503) =>
            ".path(\"/a\") and .path(\"/b\") exclude each other: keep one of them",
        origin.on(Op::create()).user("jane").user("jim").reject(503) =>
            ".user(\"jane\") and .user(\"jim\") exclude each other: keep one of them",
        origin.on(Op::piece(1)).upload("u1").upload("u2").reject(503) =>
            ".upload(\"u1\") and .upload(\"u2\") exclude each other: keep one of them",
        origin.on(Op::piece(1)).nth(1).times(2).reject(503) =>
            ".nth(1) and .times(2) exclude each other: keep one of them",
        origin.on(Op::create()).named("a").named("b").reject(503) =>
            ".named(\"a\") and .named(\"b\") exclude each other: keep one of them",
        origin.on_token().user("jane").user("jim").expire_after_requests(1) =>
            ".user(\"jane\") and .user(\"jim\") exclude each other: keep one of them",
        origin.on(Op::create()).attempt(1).attempt(2).reject(503) =>
            ".attempt(1) and .attempt(2) exclude each other: keep one of them",
        origin.on(Op::create()).attempts(1..=2).attempt(3).reject(503) =>
            ".attempts(1..=2) and .attempt(3) exclude each other: keep one of them",
    }
}

#[test]
fn a_rejection_with_a_success_code_is_rejected() {
    assert_rejected! { |origin|
        origin.on(Op::piece(1)).reject(200) =>
            "reject: invalid status 200; expected 300 to 599",
        origin.on(Op::piece(1)).commit_then(ResponseLoss::Status(200)) =>
            "commit_then: invalid status 200; expected 300 to 599",
        origin.on(Op::complete().over(Interface::Http)).reject(ErrorResponse::code(0)) =>
            "reject: complete over http has no result code 0; available: 400/-17, 400/-8, 400/-5, 400/-4, 400/-2, 401/-10001, 403/-10001, 429/-26, 500/-13, 503/-26",
        origin.on(Op::method("logout")).reject(ErrorResponse::row(200, 0)) =>
            "reject: logout has no result code 200/0; available: 200/-32700, 200/-32603, 200/-32602, 200/-32601, 200/-32600, 200/-32099, 200/-32000, 200/-2, 200/-1",
    }
}

#[test]
#[allow(clippy::reversed_empty_ranges)]
fn zero_counts_are_rejected() {
    assert_rejected! { |origin|
        origin.on(Op::piece(1)).attempt(0).reject(503) =>
            "attempts: invalid attempt 0; expected 1 or more",
        origin.on(Op::piece(1)).attempts(3..=2).reject(503) =>
            "attempts: invalid attempt 3..=2; expected 1 or more",
        origin.on(Op::piece(1)).nth(0).reject(503) =>
            "nth: invalid count 0; expected 1 or more",
        origin.on(Op::piece(1)).times(0).reject(503) =>
            "times: invalid count 0; expected 1 or more",
        origin.on(Op::piece(1)).nth(1).nth(2).reject(503) =>
            ".nth(1) and .nth(2) exclude each other: keep one of them",
        origin.on(Op::piece(1)).first().always().reject(503) =>
            ".first() and .always() exclude each other: keep one of them",
        origin.on_connection().nth(0).reset() =>
            "nth: invalid count 0; expected 1 or more",
        origin.on_connection().nth(1).always().reset() =>
            ".nth(1) and .always() exclude each other: keep one of them",
        origin.on_connection().first().times(2).reset() =>
            ".first() and .times(2) exclude each other: keep one of them",
        origin.on_connection().times(0).silence() =>
            "times: invalid count 0; expected 1 or more",
        origin.on_connection().close_after(0) =>
            "close_after: invalid count 0; expected 1 or more, or use reset",
        origin.on_token().expire_after_requests(0) =>
            "expire_after_requests: invalid count 0; expected 1 or more",
        origin.on_token().expire_after_bytes(0) =>
            "expire_after_bytes: invalid count 0; expected 1 or more",
        origin.on_token().expire_after(Duration::ZERO) =>
            "expire_after: invalid time of 0 seconds; to expire a token at once, use interfere_after with expire_token",
    }
}

#[test]
#[allow(clippy::reversed_empty_ranges)]
fn zero_counts_and_empty_ranges_are_rejected() {
    assert_rejected! { |origin|
        origin.requests().assert_count(2..=1) =>
            "empty range 2..=1; use for example .assert_count(1..=2)",
        origin.requests().assert_count(0..0) =>
            "empty range 0..0; use for example .assert_count(1..=2)",
        origin.requests().try_count(..=0).unwrap().try_count(3..3) =>
            "empty range 3..3; use for example .assert_count(1..=2)",
        origin.requests().part(0) =>
            "part numbers go from 1 up: .part(1)",
        origin.requests().op(Op::piece(0)) =>
            "part numbers go from 1 up, in a range that is not empty: Op::piece(1..=4)",
        origin.requests().op(Op::piece(4..=2)) =>
            "part numbers go from 1 up, in a range that is not empty: Op::piece(1..=4)",
        with_upload().piece(0) =>
            "invalid part number 0; part numbers start at 1: .piece(1)",
        with_upload().assert_pieces([0]) =>
            "invalid part number 0; part numbers start at 1: .assert_pieces(1..=4)",
        with_upload().piece(1).assert_attempts(2..=1) =>
            "empty range 2..=1; use for example .assert_attempts(1..=2)",
        Chaos::new(1).max_per_operation(0) =>
            "invalid maximum 0; expected 1 or more: .max_per_operation(1)",
        Chaos::new(1).percent(0) =>
            "invalid percent 0; expected 1 to 100: .percent(1)",
        MockOrigin::builder().limit(Limit::Pieces, 0) =>
            "invalid value 0 for Limit::Pieces: expected 1 or more: .limit(Limit::Pieces, 1)",
        MockOrigin::builder().hold_limit(Duration::ZERO) =>
            "invalid hold limit 0 s: expected more than zero: .hold_limit(Duration::from_secs(1))",
        MockOrigin::start().on(Op::any()).hold().wait_for(0, Duration::ZERO) =>
            "invalid number of responses 0: .wait_for(1, timeout)",
        MockOrigin::start().on(Op::any()).hold().wait_for_async(0, Duration::ZERO) =>
            "invalid number of responses 0: .wait_for_async(1, timeout)",
    }
}

#[test]
fn invalid_responses_are_rejected() {
    assert_rejected! { |origin|
        origin.on(Op::create()).reject(ErrorResponse::code(-13)) =>
            "reject: create has no result code -13; available: 200/-32700, 200/-32603, 200/-32602, 200/-32601, 200/-32600, 200/-32099, 200/-32000, 200/-10001, 200/-27, 200/-23, 200/-21, 200/-20, 200/-16, 200/-1, 400/-51, 400/-23, 400/-21, 400/-20, 400/-16, 400/-1, 401/-10001, 403/-10001, 429/-26, 500/-27, 503/-26",
        origin.on(Op::piece(1)).reject_after(1, ErrorResponse::row(400, -22)) =>
            "reject_after: piece 1 has no result code 400/-22; available: 400/-25, 400/-24, 400/-17, 400/-11, 400/-10, 400/-8, 400/-7, 400/-6, 400/-3, 400/-2, 401/-10001, 403/-10001, 429/-26, 500/-49, 503/-26, 503/-22",
        origin.on(Op::method("logout")).reject(ErrorResponse::code(-13)) =>
            "reject: logout has no result code -13; available: 200/-32700, 200/-32603, 200/-32602, 200/-32601, 200/-32600, 200/-32099, 200/-32000, 200/-2, 200/-1",
        origin.on(Op::egress()).reject(ErrorResponse::code(-13)) =>
            "reject: egress has no result code -13; it has no result codes, so use a status",
        origin.on(Op::operation(Operation::Preflight)).reject(ErrorResponse::code(-13)) =>
            "reject: preflight has no result code -13; it has no result codes, so use a status",
        origin.on(Op::piece(1)).reject(99) =>
            "reject: invalid status 99; expected 300 to 599",
        origin.on(Op::piece(1)).reject(ErrorResponse::raw(700)) =>
            "reject: invalid status 700; expected 200 to 599",
        origin.on(Op::piece(1)).commit_then(ResponseLoss::Status(100)) =>
            "commit_then: invalid status 100; expected 300 to 599",
        origin.on(Op::piece(1)).commit_later(DeferredCommit::after(Duration::ZERO).then(ResponseLoss::Status(600))) =>
            "commit_later: invalid status 600; expected 300 to 599",
        origin.on(Op::piece(1)).reject(ErrorResponse::status(503).with_code(-1)) =>
            "only a raw response takes a code: ErrorResponse::raw(503).with_code(-1)",
        origin.on(Op::piece(1)).reject(ErrorResponse::raw(503).reason("two\r\nlines")) =>
            "reject: invalid reason phrase \"two\\r\\nlines\"; expected one line",
        origin.on(Op::piece(1)).reject(ErrorResponse::raw(204).body("text/html", "<p>")) =>
            "reject: status 204 must not have a body (RFC 9110), but this body has 3 bytes",
        origin.on(Op::piece(1)).reject(ErrorResponse::status(304).body("text/html", "<p>")) =>
            "reject: status 304 must not have a body (RFC 9110), but this body has 3 bytes",
        origin.on(Op::piece(1)).reject(ErrorResponse::raw(502).body("text/\nhtml", "<p>")) =>
            "reject: invalid header value \"text/\\nhtml\"",
        origin.on(Op::method("stat")).reject(ErrorResponse::code(-1).body("text/html", "<p>")) =>
            "reject: cannot apply to stat: a result code of stat is an error object with status 200, which cannot have a reason, headers or a body; use ErrorResponse::raw",
        origin.on(Op::method("stat")).reject(ErrorResponse::code(-1).header("X-Why", "ill")) =>
            "reject: cannot apply to stat: a result code of stat is an error object with status 200, which cannot have a reason, headers or a body; use ErrorResponse::raw",
        origin.on(Op::piece(1)).reject(ErrorResponse::raw(503).header("Retry After", "1")) =>
            "reject: invalid header name \"Retry After\"",
        origin.on(Op::piece(1)).reject(ErrorResponse::raw(503).header("X", "a\r\nY: b")) =>
            "reject: invalid header value \"a\\r\\nY: b\"",
        origin.on(Op::piece(1)).send_interim(101) =>
            "send_interim: invalid status 101: it ends HTTP on the connection; to send it, use garble",
        origin.on(Op::piece(1)).send_interim(200) =>
            "send_interim: invalid status 200; expected 100 to 199, except 101",
        origin.on(Op::piece(1)).send_interim(InterimResponse::status(103).reason("a\nb")) =>
            "send_interim: invalid reason phrase \"a\\nb\"; expected one line",
        origin.on(Op::piece(1)).send_interim(InterimResponse::status(103).header("content-length", "1")) =>
            "send_interim: invalid header content-length: an interim response has no body",
        origin.on(Op::piece(1)).send_interim(InterimResponse::status(103).header("X", "a\nb")) =>
            "send_interim: invalid header value \"a\\nb\"",
        origin.on(Op::piece(1)).delay_continue(Duration::ZERO) =>
            "delay_continue: invalid delay of 0 seconds",
        origin.on(Op::piece(1)).garble_continue("") =>
            "garble_continue: empty garbage; to send nothing, use withhold_continue",
        origin.on(Op::piece(1)).garble_continue("HTTP/1.1 100 Continue\r\n\r\n") =>
            "garble_continue: these bytes are a valid 100 Continue; expected other bytes",
        origin.on(Op::method("stat")).withhold_continue() =>
            "withhold_continue: cannot apply to stat: the operation is known only after the body has been read",
        origin.on(Op::piece(1)).alter(HeaderMutation::Without(String::new())) =>
            "alter: invalid header name \"\"",
        origin.on(Op::piece(1)).alter(HeaderMutation::With("X".into(), "\n".into())) =>
            "alter: invalid header value \"\\n\"",
    }
}

#[test]
fn inapplicable_actions_are_rejected() {
    assert_rejected! { |origin|
        origin.on(Op::piece(1)).list(ListingFault::Drops) =>
            "list: cannot apply to piece 1: /multipart/piece returns no list",
        origin.on(Op::create()).join(Join::Fail) =>
            "join: cannot apply to create: /multipart/create starts no join",
        origin.on(Op::complete()).alter(HeaderMutation::WrongChecksum) =>
            "alter: cannot apply to complete: the response to /multipart/complete has no X-Agile-Checksum",
        origin.on(Op::egress()).alter(HeaderMutation::WrongSize) =>
            "alter: cannot apply to egress: the response to a stored file has no X-Agile-Size",
        origin.on(Op::login()).interfere_before(Interference::AbortUpload) =>
            "interfere_before: cannot apply to login: /account/login has no upload",
        origin.on(Op::complete()).interfere_after(Interference::AbortUpload) =>
            "interfere_after: cannot apply to complete: /multipart/complete leaves no upload to abort",
        origin.on(Op::login()).interfere_after(Interference::RemoveDirectory) =>
            "interfere_after: cannot apply to login: /account/login has no path",
        origin.on(Op::method("ping")).interfere_after(Interference::ExpireToken) =>
            "interfere_after: cannot apply to ping: ping has no token",
        origin.on(Op::login()).interfere_after(Interference::ExpireToken) =>
            "interfere_after: cannot apply to login: /account/login has no token; to expire the token that it returns, use a fault on tokens, or expire_token in the test",
        origin.on(Op::create()).stale() =>
            "stale: cannot apply to create: /multipart/create reads nothing that can be stale",
        origin.on(Op::piece(1)).cut_after(100_000_000_001, Disconnect::Reset) =>
            "cut_after: invalid offset 100000000001; the largest piece has 100000000000 bytes (§4.2)",
        origin.on(Op::piece(1)).reject_after(100_000_000_001, 503) =>
            "reject_after: invalid offset 100000000001; the largest piece has 100000000000 bytes (§4.2)",
        origin.on(Op::piece(1)).stall_after(100_000_000_001) =>
            "stall_after: invalid offset 100000000001; the largest piece has 100000000000 bytes (§4.2)",
        origin.on(Op::method("stat")).cut_after(10, Disconnect::Close) =>
            "cut_after: cannot apply to stat: the operation is known only after the body has been read",
        origin.on(Op::method("stat")).stall_after(10) =>
            "stall_after: cannot apply to stat: the operation is known only after the body has been read",
        origin.on(Op::file()).path("/a").read_slowly(10) =>
            "read_slowly: cannot apply to file: the operation is known only after the body has been read",
        origin.on(Op::piece(1)).read_slowly(0) =>
            "read_slowly: invalid rate of 0 bytes per second; to stall, use stall_after",
        origin.on(Op::piece(1)).respond_slowly(0) =>
            "respond_slowly: invalid rate of 0 bytes per second; to stall, use cut_response",
        origin.on(Op::complete()).read_slowly(10) =>
            "read_slowly: cannot apply to complete: /multipart/complete has no body to read slowly",
        origin.on(Op::egress()).commit_later(Duration::from_secs(1)) =>
            "commit_later: cannot apply to egress: a stored file changes nothing that can be deferred",
        origin.on(Op::method("stat")).commit_later(Duration::from_secs(1)) =>
            "commit_later: cannot apply to stat: stat changes nothing that can be deferred",
        origin.on(Op::method("stat")).alter(HeaderMutation::Code(-1)) =>
            "alter: cannot apply to stat: the response to stat has no X-Agile-Status",
        origin.on(Op::create()).alter(HeaderMutation::Without("x-agile-checksum".into())) =>
            "alter: cannot apply to create: the response to /multipart/create has no x-agile-checksum",
        origin.on(Op::piece(1)).delay(Duration::ZERO) =>
            "delay: invalid delay of 0 seconds",
        origin.on(Op::piece(1)).commit_later(Duration::MAX) =>
            "commit_later: invalid time of 18446744073709551615 seconds; expected at most 253402300799, the seconds from 1970 to 9999",
        origin.on(Op::piece(1)).garble(MalformedResponse::Garbage(Vec::new())) =>
            "garble: empty garbage; to close without a response, use cut_response with 0 bytes",
    }
}

#[test]
fn inapplicable_actions_on_unknown_calls_are_rejected() {
    assert_rejected! { |origin|
        origin.on(Op::operation(Operation::Unmatched)).commit_then(ResponseLoss::Close) =>
            "commit_then: cannot apply to unmatched: the origin rejected the request: 404",
        origin.on(Op::operation(Operation::UnknownMethod)).commit_then(ResponseLoss::Close) =>
            "commit_then: cannot apply to unknown_method: the origin rejected the request: 200",
        origin.on(Op::operation(Operation::Preflight)).commit_later(Duration::from_secs(1)) =>
            "commit_later: cannot apply to preflight: OPTIONS changes nothing that can be deferred",
        origin.on(Op::operation(Operation::Preflight)).interfere_after(Interference::RemoveDirectory) =>
            "interfere_after: cannot apply to preflight: OPTIONS has no path",
        origin.on(Op::operation(Operation::Unmatched)).interfere_before(Interference::ExpireToken) =>
            "interfere_before: cannot apply to unmatched: a request to an unknown endpoint has no token",
        origin.on(Op::operation(Operation::Preflight)).alter(HeaderMutation::Code(-1)) =>
            "alter: cannot apply to preflight: the response to OPTIONS has no X-Agile-Status",
        origin.on(Op::operation(Operation::Unmatched)).alter(HeaderMutation::Code(-1)) =>
            "alter: cannot apply to unmatched: the response to a request to an unknown endpoint has no X-Agile-Status",
    }
}

#[test]
fn invalid_options_are_rejected() {
    assert_rejected! { |origin|
        origin.set("rate_limit", "often") =>
            "invalid value \"often\" for `rate_limit`; expected off|N: .set(\"rate_limit\", \"5\")",
        origin.set("join", "sometimes") =>
            "invalid value \"sometimes\" for `join`; expected immediate|polls:N|after:SECONDS|fail: .set(\"join\", \"polls:5\")",
        origin.set("jion", "fail") =>
            "unknown option `jion`; did you mean `join`?: .set(\"join\", \"polls:5\")",
        MockOrigin::builder().set("cors", "opne") =>
            "invalid value \"opne\" for `cors`; expected documented|open; did you mean `open`?: .set(\"cors\", \"open\")",
        origin.set("pieces", "-1") =>
            "invalid value \"-1\" for `pieces`; expected a number of 1 or more: .set(\"pieces\", \"1000\")",
    }
}

#[test]
fn invalid_faults_from_text_return_the_same_errors() {
    let (origin, _) = videos();
    let matcher = CallMatcher { attempts: Some(0..=0), ..CallMatcher::new(Op::create()) };
    let rejected = origin.try_add_fault(Fault::on_call(matcher, FaultAction::Hold)).unwrap_err();
    assert!(rejected.is_invalid_fault());
    assert_eq!(rejected.to_string(), "attempts: invalid attempt 0; expected 1 or more");
    let reset = Fault::on_connection(Repeat::Nth(0), ConnectionAction::Reset);
    assert_eq!(
        origin.try_add_fault(reset).unwrap_err().to_string(),
        "nth: invalid count 0; expected 1 or more"
    );
    origin.finish();
}
