//! A fault that makes no sense is refused at once, where it is written, in one line that says what
//! there is instead.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::time::Duration;

use mock_origin::fault::{CallMatcher, ConnectionAction, Fault, FaultAction, Repeat};
use mock_origin::{
    Chaos, DeferredCommit, Disconnect, ErrorResponse, HeaderMutation, InProgressUpload, Interface,
    Interference, InterimResponse, Join, Limit, ListingFault, MalformedResponse, MockOrigin, Op,
    Operation, ResponseLoss, UploadSnapshot,
};

use super::videos;

/// What is asked for, and what is said against it.
type Case = (fn(&MockOrigin), &'static str);

thread_local! {
    /// Where the last panic was of which this thread wants to know.
    static WATCHED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Says nothing of panics in threads that watch for them, and lets all others be told as ever.
fn watch_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let told = take_hook();
        set_hook(Box::new(move |info| {
            let is_watched = WATCHED.with_borrow_mut(|watched| {
                let Some(location) = watched else { return false };
                *location = info.location().map(|at| at.file().to_owned()).unwrap_or_default();
                true
            });
            if !is_watched {
                told(info);
            }
        }));
    });
}

/// An upload without pieces.
fn with_upload() -> UploadSnapshot {
    MockOrigin::builder().upload(InProgressUpload::new("/a")).start().upload("/a")
}

/// The text with which `ask` panics, and the file in which.
fn refusal(origin: &MockOrigin, ask: fn(&MockOrigin)) -> (String, String) {
    watch_panics();
    WATCHED.set(Some(String::new()));
    let refused = catch_unwind(AssertUnwindSafe(|| ask(origin)));
    let location = WATCHED.take().unwrap();
    let Err(panic) = refused else { return ("nothing is said against it".to_owned(), location) };
    let text = match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().unwrap()).to_owned(),
    };
    (text, location)
}

/// All cases are tried before one fails, so that a changed text is seen with all of its kind.
fn assert_all_refused(cases: &[Case]) {
    let (origin, _) = videos();
    let mut wrong = Vec::new();
    for (ask, expected) in cases {
        let (text, location) = refusal(&origin, *ask);
        if text != *expected || location != file!() || text.contains('\n') {
            wrong.push(format!("said:     {text}\nexpected: {expected}\nat:       {location}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(origin.faults().is_empty(), "what is refused is not added");
    origin.finish();
}

/// Asserts that each of these is refused with that text.
macro_rules! assert_refused {
    (|$origin:ident| $($ask:expr => $said:expr,)*) => {
        assert_all_refused(&[$((|$origin| { let _ = (&$origin, $ask); }, $said)),*])
    };
}

#[test]
#[allow(clippy::reversed_empty_ranges)]
fn calls_that_there_are_not() {
    assert_refused! { |origin|
        origin.on(Op::method("getMultipartState")).reject(503) =>
            "unknown method \"getMultipartState\"; did you mean \"getMultipartStatus\"?",
        origin.on(Op::method("getMultipartState")).lose(ResponseLoss::Close) =>
            "unknown method \"getMultipartState\"; did you mean \"getMultipartStatus\"?",
        origin.on(Op::piece(0)).reject(503) =>
            "part: numbers go from 1 to 2147483647, and 0 is none",
        origin.on(Op::piece(4..=2)).reject(503) =>
            "part: numbers go from 1 to 2147483647, and 4..=2 is no range of them",
        origin.on(Op::piece(2_147_483_648)).reject(503) =>
            "part: numbers go from 1 to 2147483647, and 2147483648 is none",
        origin.on(Op::any_piece().over(Interface::JsonRpc)).reject(503) =>
            "there is no piece over jsonrpc, but over http",
        origin.on(Op::operation(Operation::Unmatched).over(Interface::JsonRpc)).reject(503) =>
            "there is no unmatched over jsonrpc, but over http",
        origin.on(Op::create()).user("jim").reject(503) =>
            "there is no user \"jim\", but [\"jane\"]",
        origin.on_token().user("jim").expire_after_requests(1) =>
            "there is no user \"jim\", but [\"jane\"]",
        origin.on(Op::create()).path("videos/*").reject(503) =>
            "path: it begins with a slash: \"/videos/*\"",
        origin.on(Op::create()).path("").reject(503) =>
            "path: it begins with a slash: \"/\"",
        origin.on(Op::create()).named("two\nlines").reject(503) =>
            "a name is one line of text, and this is \"two\\nlines\"",
        origin.on_connection().named("").reset() =>
            "a fault without a name is called by its sentence: leave it out",
    }
}

#[test]
fn paths_users_and_uploads_that_no_such_call_is_about() {
    assert_refused! { |origin|
        origin.on(Op::create()).path("/videos/").reject(503) =>
            "path: it has no empty names, and no slash at its end, and this is \"/videos/\"",
        origin.on(Op::create()).path("/videos//a").reject(503) =>
            "path: it has no empty names, and no slash at its end, and this is \"/videos//a\"",
        origin.on(Op::method("ping")).path("/videos").reject(503) =>
            "path: it is not known of ping when faults are decided",
        origin.on(Op::login()).upload("u1").reject(503) =>
            "upload: it is not known of login when faults are decided",
        origin.on(Op::piece(1)).upload("").reject(503) =>
            "upload: no multipart identifier is empty",
        origin.on(Op::create()).upload("u1").reject(503) =>
            "upload: it is not known of create when faults are decided",
        origin.on(Op::egress()).user("jane").reject(503) =>
            "user: it is not known of egress when faults are decided",
        origin.on(Op::operation(Operation::Preflight)).path("/videos").reject(503) =>
            "path: it is not known of preflight when faults are decided",
        origin.on(Op::operation(Operation::UnknownMethod)).user("jane").reject(503) =>
            "user: it is not known of unknown_method when faults are decided",
        origin.on(Op::method("stat").over(Interface::Http)).reject(503) =>
            "there is no stat over http, but over jsonrpc",
    }
}

#[test]
fn what_is_said_twice() {
    assert_refused! { |origin|
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
fn successes_as_refusals() {
    assert_refused! { |origin|
        origin.on(Op::piece(1)).reject(200) =>
            "reject: 200 is no status of a refusal: 300 to 599",
        origin.on(Op::piece(1)).commit_then(ResponseLoss::Status(200)) =>
            "commit_then: 200 is no status of a refusal: 300 to 599",
        origin.on(Op::complete().over(Interface::Http)).reject(ErrorResponse::code(0)) =>
            "reject: complete over http has no row 0, but 400/-17, 400/-8, 400/-5, 400/-4, 400/-2, 401/-10001, 403/-10001, 429/-26, 500/-13, 503/-26",
        origin.on(Op::method("logout")).reject(ErrorResponse::row(200, 0)) =>
            "reject: logout has no row 200/0, but 200/-32700, 200/-32603, 200/-32602, 200/-32601, 200/-32600, 200/-32099, 200/-32000, 200/-2, 200/-1",
    }
}

#[test]
#[allow(clippy::reversed_empty_ranges)]
fn counts_that_never_come() {
    assert_refused! { |origin|
        origin.on(Op::piece(1)).attempt(0).reject(503) =>
            "attempts go from 1 up, and 0 is none",
        origin.on(Op::piece(1)).attempts(3..=2).reject(503) =>
            "attempts go from 1 up, and 3..=2 is no range of them",
        origin.on(Op::piece(1)).nth(0).reject(503) =>
            "nth takes 1 or more, and the first is 1",
        origin.on(Op::piece(1)).times(0).reject(503) =>
            "times takes 1 or more: what acts 0 times is no fault",
        origin.on(Op::piece(1)).nth(1).nth(2).reject(503) =>
            ".nth(1) and .nth(2) exclude each other: keep one of them",
        origin.on(Op::piece(1)).first().always().reject(503) =>
            ".first() and .always() exclude each other: keep one of them",
        origin.on_connection().nth(0).reset() =>
            "nth takes 1 or more, and the first is 1",
        origin.on_connection().nth(1).always().reset() =>
            ".nth(1) and .always() exclude each other: keep one of them",
        origin.on_connection().first().times(2).reset() =>
            ".first() and .times(2) exclude each other: keep one of them",
        origin.on_connection().times(0).silence() =>
            "times takes 1 or more: what acts 0 times is no fault",
        origin.on_connection().close_after(0) =>
            "close_after takes 1 answer or more: reset has none",
        origin.on_token().expire_after_requests(0) =>
            "expire_after_requests takes 1 request or more, not 0",
        origin.on_token().expire_after_bytes(0) =>
            "expire_after_bytes takes 1 byte or more, not 0",
        origin.on_token().expire_after(Duration::ZERO) =>
            "expire_after takes more than 0 seconds: interfere_after, with expire_token, ends one at once",
    }
}

#[test]
#[allow(clippy::reversed_empty_ranges)]
fn zero_counts_and_empty_ranges_are_refused() {
    assert_refused! { |origin|
        origin.requests().assert_count(2..=1) =>
            "no number is in 2..=1: .assert_count(1..=2)",
        origin.requests().assert_count(0..0) =>
            "no number is in 0..0: .assert_count(1..=2)",
        origin.requests().try_count(..=0).unwrap().try_count(3..3) =>
            "no number is in 3..3: .assert_count(1..=2)",
        origin.requests().part(0) =>
            "part numbers go from 1 up: .part(1)",
        origin.requests().op(Op::piece(0)) =>
            "part numbers go from 1 up, in a range that is not empty: Op::piece(1..=4)",
        origin.requests().op(Op::piece(4..=2)) =>
            "part numbers go from 1 up, in a range that is not empty: Op::piece(1..=4)",
        with_upload().piece(0) =>
            "part numbers go from 1 up: .piece(1)",
        with_upload().assert_pieces([0]) =>
            "part numbers go from 1 up: .assert_pieces(1..=4)",
        with_upload().piece(1).assert_attempts(2..=1) =>
            "no number is in 2..=1: .assert_attempts(1..=2)",
        Chaos::new(1).max_per_operation(0) =>
            "chaos that strikes no attempt is none: .max_per_operation(1)",
        Chaos::new(1).percent(0) =>
            "chaos that strikes no attempt is none: .percent(1)",
        MockOrigin::builder().limit(Limit::Pieces, 0) =>
            "a limit is 1 or more: .limit(Limit::Pieces, 1)",
        MockOrigin::builder().hold_limit(Duration::ZERO) =>
            "nothing is held for no time: .hold_limit(Duration::from_secs(1))",
        MockOrigin::start().on(Op::any()).hold().wait_for(0, Duration::ZERO) =>
            "a wait for 0 responses ends at once: .wait_for(1, timeout)",
        MockOrigin::start().on(Op::any()).hold().wait_for_async(0, Duration::ZERO) =>
            "a wait for 0 responses ends at once: .wait_for_async(1, timeout)",
    }
}

#[test]
fn answers_that_no_table_has() {
    assert_refused! { |origin|
        origin.on(Op::create()).reject(ErrorResponse::code(-13)) =>
            "reject: create has no row -13, but 200/-32700, 200/-32603, 200/-32602, 200/-32601, 200/-32600, 200/-32099, 200/-32000, 200/-10001, 200/-27, 200/-23, 200/-21, 200/-20, 200/-16, 200/-1, 400/-51, 400/-23, 400/-21, 400/-20, 400/-16, 400/-1, 401/-10001, 403/-10001, 429/-26, 500/-27, 503/-26",
        origin.on(Op::piece(1)).reject_after(1, ErrorResponse::row(400, -22)) =>
            "reject_after: piece 1 has no row 400/-22, but 400/-25, 400/-24, 400/-17, 400/-11, 400/-10, 400/-8, 400/-7, 400/-6, 400/-3, 400/-2, 401/-10001, 403/-10001, 429/-26, 500/-49, 503/-26, 503/-22",
        origin.on(Op::method("logout")).reject(ErrorResponse::code(-13)) =>
            "reject: logout has no row -13, but 200/-32700, 200/-32603, 200/-32602, 200/-32601, 200/-32600, 200/-32099, 200/-32000, 200/-2, 200/-1",
        origin.on(Op::egress()).reject(ErrorResponse::code(-13)) =>
            "reject: egress has no row -13, nor any other, but takes any status",
        origin.on(Op::operation(Operation::Preflight)).reject(ErrorResponse::code(-13)) =>
            "reject: preflight has no row -13, nor any other, but takes any status",
        origin.on(Op::piece(1)).reject(99) =>
            "reject: 99 is no status of a refusal: 300 to 599",
        origin.on(Op::piece(1)).reject(ErrorResponse::raw(700)) =>
            "reject: 700 is no status of a final answer: 200 to 599",
        origin.on(Op::piece(1)).commit_then(ResponseLoss::Status(100)) =>
            "commit_then: 100 is no status of a refusal: 300 to 599",
        origin.on(Op::piece(1)).commit_later(DeferredCommit::after(Duration::ZERO).then(ResponseLoss::Status(600))) =>
            "commit_later: 600 is no status of a refusal: 300 to 599",
        origin.on(Op::piece(1)).reject(ErrorResponse::status(503).with_code(-1)) =>
            "the tables tell the code: ErrorResponse::raw(503).with_code(-1)",
        origin.on(Op::piece(1)).reject(ErrorResponse::raw(503).reason("two\r\nlines")) =>
            "reject: a reason phrase is one line",
        origin.on(Op::piece(1)).reject(ErrorResponse::raw(204).body("text/html", "<p>")) =>
            "reject: 204 has no body (RFC 9110), and this one has 3 bytes",
        origin.on(Op::piece(1)).reject(ErrorResponse::status(304).body("text/html", "<p>")) =>
            "reject: 304 has no body (RFC 9110), and this one has 3 bytes",
        origin.on(Op::piece(1)).reject(ErrorResponse::raw(502).body("text/\nhtml", "<p>")) =>
            "reject: \"text/\\nhtml\" is no value of a header",
        origin.on(Op::method("stat")).reject(ErrorResponse::code(-1).body("text/html", "<p>")) =>
            "reject: that cannot happen to stat: a row of stat is an error object in a 200, without a reason, headers or a body of its own: ErrorResponse::raw",
        origin.on(Op::method("stat")).reject(ErrorResponse::code(-1).header("X-Why", "ill")) =>
            "reject: that cannot happen to stat: a row of stat is an error object in a 200, without a reason, headers or a body of its own: ErrorResponse::raw",
        origin.on(Op::piece(1)).reject(ErrorResponse::raw(503).header("Retry After", "1")) =>
            "reject: \"Retry After\" is no name of a header",
        origin.on(Op::piece(1)).reject(ErrorResponse::raw(503).header("X", "a\r\nY: b")) =>
            "reject: \"a\\r\\nY: b\" is no value of a header",
        origin.on(Op::piece(1)).send_interim(101) =>
            "send_interim: 101 ends HTTP on the connection: garble can send it",
        origin.on(Op::piece(1)).send_interim(200) =>
            "send_interim: 200 is no status of an interim response: 100 to 199, but 101",
        origin.on(Op::piece(1)).send_interim(InterimResponse::status(103).reason("a\nb")) =>
            "send_interim: a reason phrase is one line",
        origin.on(Op::piece(1)).send_interim(InterimResponse::status(103).header("content-length", "1")) =>
            "send_interim: an interim response has no body, and so no content-length",
        origin.on(Op::piece(1)).send_interim(InterimResponse::status(103).header("X", "a\nb")) =>
            "send_interim: \"a\\nb\" is no value of a header",
        origin.on(Op::piece(1)).delay_continue(Duration::ZERO) =>
            "delay_continue: no time at all is no delay",
        origin.on(Op::piece(1)).garble_continue("") =>
            "garble_continue: garbage of no bytes withholds it: withhold_continue",
        origin.on(Op::piece(1)).garble_continue("HTTP/1.1 100 Continue\r\n\r\n") =>
            "garble_continue: that is 100 Continue as it is: write other bytes",
        origin.on(Op::method("stat")).withhold_continue() =>
            "withhold_continue: that cannot happen to stat: what it asks for is in its body, and known when that has been read",
        origin.on(Op::piece(1)).alter(HeaderMutation::Without(String::new())) =>
            "alter: \"\" is no name of a header",
        origin.on(Op::piece(1)).alter(HeaderMutation::With("X".into(), "\n".into())) =>
            "alter: \"\\n\" is no value of a header",
    }
}

#[test]
fn effects_that_cannot_happen_to_what_is_selected() {
    assert_refused! { |origin|
        origin.on(Op::piece(1)).list(ListingFault::Drops) =>
            "list: that cannot happen to piece 1: /multipart/piece gives no list",
        origin.on(Op::create()).join(Join::Fail) =>
            "join: that cannot happen to create: /multipart/create begins no join",
        origin.on(Op::complete()).alter(HeaderMutation::WrongChecksum) =>
            "alter: that cannot happen to complete: /multipart/complete answers without X-Agile-Checksum",
        origin.on(Op::egress()).alter(HeaderMutation::WrongSize) =>
            "alter: that cannot happen to egress: a stored file answers without X-Agile-Size",
        origin.on(Op::login()).interfere_before(Interference::AbortUpload) =>
            "interfere_before: that cannot happen to login: /account/login is about no upload",
        origin.on(Op::complete()).interfere_after(Interference::AbortUpload) =>
            "interfere_after: that cannot happen to complete: /multipart/complete leaves no upload that could be aborted",
        origin.on(Op::login()).interfere_after(Interference::RemoveDirectory) =>
            "interfere_after: that cannot happen to login: /account/login is about no path",
        origin.on(Op::method("ping")).interfere_after(Interference::ExpireToken) =>
            "interfere_after: that cannot happen to ping: ping comes without a token",
        origin.on(Op::login()).interfere_after(Interference::ExpireToken) =>
            "interfere_after: that cannot happen to login: /account/login comes without a token: the one that it gives is ended by a fault on tokens, or by expire_token in the test",
        origin.on(Op::create()).stale() =>
            "stale: that cannot happen to create: /multipart/create reads nothing that could be stale",
        origin.on(Op::piece(1)).cut_after(100_000_000_001, Disconnect::Reset) =>
            "cut_after: no body has 100000000001 bytes: the largest piece has 100000000000 (§4.2)",
        origin.on(Op::piece(1)).reject_after(100_000_000_001, 503) =>
            "reject_after: no body has 100000000001 bytes: the largest piece has 100000000000 (§4.2)",
        origin.on(Op::piece(1)).stall_after(100_000_000_001) =>
            "stall_after: no body has 100000000001 bytes: the largest piece has 100000000000 (§4.2)",
        origin.on(Op::method("stat")).cut_after(10, Disconnect::Close) =>
            "cut_after: that cannot happen to stat: what it asks for is in its body, and known when that has been read",
        origin.on(Op::method("stat")).stall_after(10) =>
            "stall_after: that cannot happen to stat: what it asks for is in its body, and known when that has been read",
        origin.on(Op::file()).path("/a").read_slowly(10) =>
            "read_slowly: that cannot happen to file: what it asks for is in its body, and known when that has been read",
        origin.on(Op::piece(1)).read_slowly(0) =>
            "read_slowly: 0 bytes a second are a stall: stall_after",
        origin.on(Op::piece(1)).answer_slowly(0) =>
            "answer_slowly: 0 bytes a second are a stall: cut_answer, which can stall",
        origin.on(Op::complete()).read_slowly(10) =>
            "read_slowly: that cannot happen to complete: /multipart/complete has no body that could be read slowly",
        origin.on(Op::egress()).commit_later(Duration::from_secs(1)) =>
            "commit_later: that cannot happen to egress: a stored file does nothing that could be late",
        origin.on(Op::method("stat")).commit_later(Duration::from_secs(1)) =>
            "commit_later: that cannot happen to stat: stat does nothing that could be late",
        origin.on(Op::method("stat")).alter(HeaderMutation::Code(-1)) =>
            "alter: that cannot happen to stat: stat answers without X-Agile-Status",
        origin.on(Op::create()).alter(HeaderMutation::Without("x-agile-checksum".into())) =>
            "alter: that cannot happen to create: /multipart/create answers without x-agile-checksum",
        origin.on(Op::piece(1)).delay(Duration::ZERO) =>
            "delay: no time at all is no delay",
        origin.on(Op::piece(1)).commit_later(Duration::MAX) =>
            "commit_later: 18446744073709551615 seconds never come: at most 253402300799, all there are from 1970 to 9999",
        origin.on(Op::piece(1)).garble(MalformedResponse::Garbage(Vec::new())) =>
            "garble: garbage of no bytes is a close: cut_answer, after 0 bytes",
    }
}

#[test]
fn effects_that_cannot_happen_to_what_has_no_name() {
    assert_refused! { |origin|
        origin.on(Op::operation(Operation::Unmatched)).commit_then(ResponseLoss::Close) =>
            "commit_then: that cannot happen to unmatched: the origin itself refused it: 404",
        origin.on(Op::operation(Operation::UnknownMethod)).commit_then(ResponseLoss::Close) =>
            "commit_then: that cannot happen to unknown_method: the origin itself refused it: 200",
        origin.on(Op::operation(Operation::Preflight)).commit_later(Duration::from_secs(1)) =>
            "commit_later: that cannot happen to preflight: OPTIONS does nothing that could be late",
        origin.on(Op::operation(Operation::Preflight)).interfere_after(Interference::RemoveDirectory) =>
            "interfere_after: that cannot happen to preflight: OPTIONS is about no path",
        origin.on(Op::operation(Operation::Unmatched)).interfere_before(Interference::ExpireToken) =>
            "interfere_before: that cannot happen to unmatched: what no endpoint takes comes without a token",
        origin.on(Op::operation(Operation::Preflight)).alter(HeaderMutation::Code(-1)) =>
            "alter: that cannot happen to preflight: OPTIONS answers without X-Agile-Status",
        origin.on(Op::operation(Operation::Unmatched)).alter(HeaderMutation::Code(-1)) =>
            "alter: that cannot happen to unmatched: what no endpoint takes answers without X-Agile-Status",
    }
}

#[test]
fn patience_without_end_is_a_number_too() {
    let patient = ErrorResponse::status(503).retry_after(Duration::MAX);
    assert_eq!(patient.own_headers(), [("Retry-After".to_owned(), u64::MAX.to_string())]);
}

#[test]
fn switches_that_there_are_not() {
    assert_refused! { |origin|
        origin.set("rate_limit", "often") =>
            "rate_limit takes off|N, not \"often\": .set(\"rate_limit\", \"5\")",
        origin.set("join", "sometimes") =>
            "join takes immediate|polls:N|after:SECONDS|fail, not \"sometimes\": .set(\"join\", \"polls:5\")",
        origin.set("jion", "fail") =>
            "unknown option \"jion\"; did you mean \"join\"?: .set(\"join\", \"polls:5\")",
        MockOrigin::builder().set("cors", "opne") =>
            "cors takes documented|open, not \"opne\"; did you mean \"open\"?: .set(\"cors\", \"open\")",
        origin.set("pieces", "-1") =>
            "pieces takes a number of 1 or more, not \"-1\": .set(\"pieces\", \"1000\")",
    }
}

#[test]
fn what_comes_as_text_is_refused_in_the_same_words_without_a_panic() {
    let (origin, _) = videos();
    let matcher = CallMatcher { attempts: Some(0..=0), ..CallMatcher::new(Op::create()) };
    let refused = origin.try_add_fault(Fault::on_call(matcher, FaultAction::Hold)).unwrap_err();
    assert_eq!(refused, "attempts go from 1 up, and 0 is none");
    let reset = Fault::on_connection(Repeat::Nth(0), ConnectionAction::Reset);
    assert_eq!(origin.try_add_fault(reset).unwrap_err(), "nth takes 1 or more, and the first is 1");
    origin.finish();
}
